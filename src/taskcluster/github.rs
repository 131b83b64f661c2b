//! The GitHub service: whether it has a repository, and what a `.taskcluster.yml` would make of an event. Nothing here
//! starts a build: GitHub's own events do.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    error::TaskclusterError,
    service::{Service, segment},
    transport::{Call, Deployment},
};
use crate::domain::{scope::Scopes, task::TaskId};

#[derive(Deserialize)]
struct InstalledJson {
    installed: bool,
}

/// An event of GitHub, made up.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    /// As `tasks_for` has it: `github-push`, `github-release`.
    pub tasks_for: &'a str,
    /// `published` of a release; pushes have none.
    pub action: Option<&'a str>,
    /// What of the event is not to be as the service makes it up: `{"ref": "refs/tags/v1.0"}`.
    pub overrides: Value,
}

/// What a `.taskcluster.yml` makes of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// The tasks as they would be made: the queue has not looked at them.
    pub tasks: Vec<(TaskId, Value)>,
    /// What the service would claim for them: the role of the event, and what their routes and so on need.
    pub scopes: Scopes,
}

#[derive(Deserialize)]
struct RenderedJson {
    tasks: Vec<RenderedTask>,
    scopes: Scopes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RenderedTask {
    task_id: TaskId,
    task: Value,
}

impl From<RenderedJson> for Rendered {
    fn from(json: RenderedJson) -> Self {
        Self { tasks: json.tasks.into_iter().map(|made| (made.task_id, made.task)).collect(), scopes: json.scopes }
    }
}

impl Deployment {
    /// Whether the deployment's app may see this repository: without it there are no builds.
    ///
    /// # Errors
    /// When the service does not say.
    pub async fn is_installed(&self, owner: &str, repo: &str) -> Result<bool, TaskclusterError> {
        let path = format!("/repository/{}/{}", segment(owner), segment(repo));
        let (scope, act) =
            (format!("github:get-repository:{owner}:{repo}"), format!("say whether it has {owner}/{repo}"));
        Ok(self.call(&Call::get(Service::Github, path, scope, act)).await?.json::<InstalledJson>()?.installed)
    }

    /// What this text of a `.taskcluster.yml` would make of an event. No task is made.
    ///
    /// # Errors
    /// When it cannot be rendered; the service says why.
    pub async fn render(
        &self,
        text: &str,
        event: &Event<'_>,
        owner: &str,
        repo: &str,
    ) -> Result<Rendered, TaskclusterError> {
        let mut made_up = json!({"type": event.tasks_for, "overrides": event.overrides});
        if let Some(action) = event.action {
            made_up["action"] = action.into();
        }
        let body = json!({"body": text, "fakeEvent": made_up, "organization": owner, "repository": repo});
        let call = Call::get(Service::Github, "/taskcluster-yml", "", "render .taskcluster.yml");
        // Anybody may ask.
        let call = Call { scopes: Some(Vec::new()), ..call }.method(Method::POST).json(&body);
        Ok(self.call(&call).await?.json::<RenderedJson>()?.into())
    }
}
