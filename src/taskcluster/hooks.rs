//! The Hooks service: what a hook makes, what it takes, and what came of it when it was fired.

use std::cmp::Reverse;

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::{
    error::{TaskclusterError, one_line},
    pages::Page,
    service::{Service, segment},
    transport::{Call, Deployment, Manner},
};
use crate::{
    domain::{
        permission::MayWrite,
        task::{Metadata, TaskId, TaskState},
    },
    log::sanitise::plain,
};

/// The last fires that are asked for.
const FIRES: usize = 100;

/// A hook. Source: hooks, `hook-definition`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hook {
    pub hook_group_id: String,
    pub hook_id: String,
    pub metadata: Metadata,
    /// JSON-e: what is made of a payload.
    #[serde(default)]
    pub task: Value,
    /// JSON Schema of the payload; without one nothing but `{}` is taken.
    #[serde(default)]
    pub trigger_schema: Value,
}

/// A hook was fired.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fire {
    /// The task that it was to make, which is there only where no error is.
    #[serde(rename = "taskId")]
    pub task: TaskId,
    /// `triggerHook`, `schedule`, `pulseMessage` and more.
    #[serde(default)]
    pub fired_by: String,
    #[serde(rename = "taskCreateTime")]
    pub at: Timestamp,
    /// Why no task was made: sanitised, without what the services add below.
    #[serde(default, deserialize_with = "told")]
    pub error: Option<String>,
    /// `unknown` where there is no task, or not yet.
    pub task_state: TaskState,
}

/// An error as the service keeps it: nothing, JSON of an error with a message, or any text.
fn told<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let kept = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
    let json = serde_json::from_str::<Value>(&kept).ok();
    let text = json.as_ref().and_then(|error| error.get("message")).and_then(Value::as_str).unwrap_or(&kept);
    Ok(Some(plain(&one_line(text))).filter(|text| !text.is_empty()))
}

/// Empty where the template came to nothing.
#[derive(Deserialize)]
struct FiredJson {
    #[serde(rename = "taskId")]
    task: Option<TaskId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FiresPage {
    last_fires: Vec<Fire>,
    continuation_token: Option<String>,
}

impl Page for FiresPage {
    type Item = Fire;

    fn parts(self) -> (Vec<Fire>, Option<String>) {
        (self.last_fires, self.continuation_token)
    }
}

fn path(group: &str, id: &str) -> String {
    format!("/hooks/{}/{}", segment(group), segment(id))
}

impl Deployment {
    /// # Errors
    /// When there is no such hook, or we may not know.
    pub async fn hook(&self, group: &str, id: &str) -> Result<Hook, TaskclusterError> {
        let (scope, act) = (format!("hooks:get:{group}:{id}"), format!("show the hook {group}/{id}"));
        self.call(&Call::get(Service::Hooks, path(group, id), scope, act)).await?.json()
    }

    /// Fires a hook with this. Gives the task that it made; `None`: its template made none of it.
    ///
    /// It is asked for once: each time the hook fires anew.
    ///
    /// # Errors
    /// When we may not, when the payload is not as the hook's schema says, and when the hook's role may not make the task.
    pub async fn trigger_hook(
        &self,
        group: &str,
        id: &str,
        payload: &Value,
        scopes: Option<&[String]>,
        _: MayWrite,
    ) -> Result<Option<TaskId>, TaskclusterError> {
        let call = Call::get(
            Service::Hooks,
            format!("{}/trigger", path(group, id)),
            "",
            format!("fire the hook {group}/{id}"),
        );
        let call = call.method(Method::POST).manner(Manner::Once).json(payload);
        let call = Call { scopes: scopes.map(<[String]>::to_vec), ..call };
        Ok(self.call(&call).await?.json::<FiredJson>()?.task)
    }

    /// The last times that a hook was fired, the newest first; none where there is no such hook.
    ///
    /// # Errors
    /// When we may not know.
    pub async fn last_fires(&self, group: &str, id: &str) -> Result<Vec<Fire>, TaskclusterError> {
        let scope = format!("hooks:list-last-fires:{group}/{id}");
        let act = format!("list what came of the hook {group}/{id}");
        let call = Call::get(Service::Hooks, format!("{}/last-fires", path(group, id)), scope, act);
        match self.pages::<FiresPage>(call.query("limit", FIRES.to_string()), FIRES).await {
            // One that was never fired is not told from one that is not there.
            Err(error) if error.is_absent() => Ok(Vec::new()),
            fires => {
                let mut fires = fires?;
                fires.sort_by_key(|fire| Reverse(fire.at));
                Ok(fires)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_of_a_fire_that_failed_is_one_line() {
        let page: FiresPage = serde_json::from_str(include_str!("recorded/fire-failed.json")).unwrap();
        let error = page.last_fires[0].error.clone().unwrap();
        assert!(
            error.starts_with(
                "Client ID static/taskcluster/hooks does not have sufficient scopes and is missing the following scopes:"
            ) && error.contains("secrets:get:repo:github.com/mozilla/balrog:dockerhub"),
            "{error}"
        );
        assert!(!error.contains("statusCode") && !error.contains("```"), "{error}");
        let fired = |error: &str| {
            let text = serde_json::json!({"lastFires": [{"taskId": "cP0vkI0kSkmkII8UFs2KuA", "firedBy": "a",
                "taskCreateTime": "2026-11-23T06:15:41.034Z", "result": "x", "error": error, "taskState": "unknown"}]});
            serde_json::from_value::<FiresPage>(text).unwrap().last_fires.remove(0)
        };
        assert_eq!(fired("").error, None);
        assert_eq!(fired("TypeError:\u{1b}[2J no").error.as_deref(), Some("TypeError: no"));
        assert_eq!(fired("").task_state, TaskState::Other("unknown".into()));
    }
}
