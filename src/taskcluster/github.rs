//! The GitHub service: the builds of a repository, each with its group of tasks, and what a `.taskcluster.yml` would
//! make of an event. Nothing here starts a build: GitHub's own events do.

use std::cmp::Reverse;

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    error::TaskclusterError,
    pages::Page,
    queue::LIMIT,
    service::{Service, segment},
    transport::{Call, Deployment},
};
use crate::domain::{scope::Scopes, task::TaskId};

/// What an event of a repository led to. Source: github, `builds`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Build {
    /// The commit.
    pub sha: String,
    pub state: BuildState,
    #[serde(rename = "taskGroupId")]
    pub group: TaskId,
    /// `push`, `release.published`, `pull_request.opened` and more.
    #[serde(rename = "eventType", default)]
    pub event: String,
    pub created: Timestamp,
    pub updated: Timestamp,
    #[serde(rename = "pullRequestNumber", default)]
    pub pull_request: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum BuildState {
    Pending,
    Success,
    /// No task could be made: the reason is in a comment on the commit alone.
    Error,
    Failure,
    Cancelled,
    Other(String),
}

impl From<String> for BuildState {
    fn from(word: String) -> Self {
        match word.as_str() {
            "pending" => Self::Pending,
            "success" => Self::Success,
            "error" => Self::Error,
            "failure" => Self::Failure,
            "cancelled" => Self::Cancelled,
            _ => Self::Other(word),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BuildsPage {
    builds: Vec<Build>,
    continuation_token: Option<String>,
}

impl Page for BuildsPage {
    type Item = Build;

    fn parts(self) -> (Vec<Build>, Option<String>) {
        (self.builds, self.continuation_token)
    }
}

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
    /// At most `limit` builds of a repository, the newest first; of one commit where one is given.
    ///
    /// # Errors
    /// When we may not know.
    pub async fn builds(
        &self,
        owner: &str,
        repo: &str,
        sha: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Build>, TaskclusterError> {
        let act = format!("list the builds of {owner}/{repo}");
        let mut call = Call::get(Service::Github, "/builds", "github:list-builds", act)
            .query("limit", LIMIT)
            .query("organization", stored(owner))
            .query("repository", stored(repo));
        if let Some(sha) = sha {
            call = call.query("sha", sha);
        }
        // The service begins with the oldest and has no other order, so that all pages are needed.
        let mut builds = self.pages::<BuildsPage>(call, usize::MAX).await?;
        builds.sort_by_key(|build| Reverse((build.created, build.updated)));
        builds.truncate(limit);
        Ok(builds)
    }

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

/// A name as the service keeps it. Source: github, `sanitizeGitHubField`.
fn stored(name: &str) -> String {
    name.replace('.', "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_of_new_kinds_are_read() {
        let page = r#"{"builds":[{"organization":"mozilla","repository":"balrog","sha":"abc","state":"success",
            "taskGroupId":"f18OCIBgRoSL6-8OrQg82Q","eventType":"release.published","eventId":"Unknown",
            "created":"2026-11-23T06:14:14.898Z","updated":"2026-11-23T06:20:00.000Z"},
            {"organization":"mozilla","repository":"balrog","sha":"abd","state":"dreaming",
            "taskGroupId":"LHIFqN2-Twa_NSAVguP9dw","eventType":"merge_group.checks_requested","eventId":"Unknown",
            "created":"2026-11-23T06:14:14.898Z","updated":"2026-11-23T06:20:00.000Z","pullRequestNumber":7}],
            "continuationToken":"qzxkXG8ZWa"}"#;
        let (builds, token) = serde_json::from_str::<BuildsPage>(page).unwrap().parts();
        assert_eq!(token.as_deref(), Some("qzxkXG8ZWa"));
        assert_eq!((&builds[0].state, builds[0].event.as_str()), (&BuildState::Success, "release.published"));
        assert_eq!((&builds[1].state, builds[1].pull_request), (&BuildState::Other("dreaming".into()), Some(7)));
    }

    #[test]
    fn a_dot_in_a_name_is_a_percent_sign_at_the_service() {
        assert_eq!(stored("a.b-c_d"), "a%b-c_d");
    }
}
