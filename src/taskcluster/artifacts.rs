//! The artifacts of a task's runs: which there are, and where each is. A run that was asked for again makes "the latest"
//! mean something else, so that whoever knows the run says so.

use jiff::Timestamp;
use reqwest::Url;
use serde::Deserialize;

use super::{
    credentials::Credentials,
    error::{TaskclusterError, one_line},
    pages::Page,
    queue::LIMIT,
    service::{Service, segment},
    transport::{Call, Deployment},
};
use crate::domain::{document::SecretValue, task::TaskId};

/// Where the bytes of an artifact are, if anywhere. Source: queue, `storageType`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum Storage {
    /// A bucket. It is listed before it is uploaded.
    S3,
    /// The object service, which knows its hashes.
    Object,
    /// Any address; that of a worker while it writes its log.
    Reference,
    /// Another artifact of the run.
    Link,
    /// Nowhere: the worker says why.
    Error,
    Other(String),
}

impl From<String> for Storage {
    fn from(word: String) -> Self {
        match word.as_str() {
            "s3" => Self::S3,
            "object" => Self::Object,
            "reference" => Self::Reference,
            "link" => Self::Link,
            "error" => Self::Error,
            _ => Self::Other(word),
        }
    }
}

impl Storage {
    /// As the queue writes it.
    pub fn word(&self) -> &str {
        match self {
            Self::S3 => "s3",
            Self::Object => "object",
            Self::Reference => "reference",
            Self::Link => "link",
            Self::Error => "error",
            Self::Other(word) => word,
        }
    }
}

/// An artifact, as it is listed. There is no hash of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    pub name: String,
    #[serde(rename = "storageType")]
    pub storage: Storage,
    #[serde(default)]
    pub content_type: String,
    /// In bytes, unpacked, where the worker said it.
    #[serde(default)]
    pub content_length: Option<u64>,
    pub expires: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactsPage {
    artifacts: Vec<Artifact>,
    continuation_token: Option<String>,
}

impl Page for ArtifactsPage {
    type Item = Artifact;

    fn parts(self) -> (Vec<Artifact>, Option<String>) {
        (self.artifacts, self.continuation_token)
    }
}

/// How to get at an artifact. An address may let whoever has it in, and is not shown.
pub(super) enum Content {
    Url { storage: Storage, url: Url },
    Object { name: String, credentials: Credentials },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContentJson {
    storage_type: Storage,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    credentials: Option<SecretValue>,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    message: String,
}

/// An artifact of a run, or of the last one, in words.
pub(super) fn named(task: &TaskId, run: Option<u32>, name: &str) -> String {
    match run {
        Some(run) => format!("{name} of the task {task}, run {run}"),
        None => format!("{name} of the task {task}"),
    }
}

fn call(task: &TaskId, run: Option<u32>, below: &str, act: &str) -> Call {
    let (runs, scope) = match run {
        Some(run) => (format!("/runs/{run}"), format!("queue:list-artifacts:{task}:{run}")),
        None => (String::new(), format!("queue:list-artifacts:{task}")),
    };
    Call::get(Service::Queue, format!("/task/{task}{runs}{below}"), scope, act)
}

impl Deployment {
    /// The artifacts of a run, or of the last one.
    ///
    /// # Errors
    /// When there is no such run, or we may not know.
    pub async fn artifacts(&self, task: &TaskId, run: Option<u32>) -> Result<Vec<Artifact>, TaskclusterError> {
        let call = call(task, run, "/artifacts", &format!("list the artifacts of the task {task}"));
        self.pages::<ArtifactsPage>(call.query("limit", LIMIT), usize::MAX).await
    }

    /// What is known of an artifact, whether we may read it or not.
    ///
    /// # Errors
    /// When there is none, or it has expired.
    pub async fn artifact(&self, task: &TaskId, run: Option<u32>, name: &str) -> Result<Artifact, TaskclusterError> {
        let act = format!("tell of {}", named(task, run, name));
        self.call(&call(task, run, &format!("/artifact-info/{}", segment(name)), &act)).await?.json()
    }

    /// Where an artifact is; links are followed by the queue. Its bytes are got in a second step, without our
    /// credentials: a redirect would take them along, or lose what it was signed with.
    pub(super) async fn content(
        &self,
        task: &TaskId,
        run: Option<u32>,
        name: &str,
    ) -> Result<Content, TaskclusterError> {
        let what = named(task, run, name);
        let call = call(task, run, &format!("/artifact-content/{}", segment(name)), &format!("hand out {what}"));
        // A link leads to names that are not known here, each with a scope of its own.
        let json: ContentJson = self.call(&Call { scopes: None, ..call }).await?.json()?;
        let unreadable = |why: String| TaskclusterError::Unreadable { what: format!("the place of {what}"), why };
        match (json.storage_type, json.url, json.name, json.credentials) {
            (Storage::Error, ..) => {
                let (reason, said) = (one_line(&json.reason), one_line(&json.message));
                Err(TaskclusterError::NotMade { what, why: format!("{reason}: {said}") })
            }
            (Storage::Object, _, Some(name), Some(credentials)) => {
                let credentials = Credentials::given(self.root(), &credentials).map_err(unreadable)?;
                Ok(Content::Object { name, credentials })
            }
            (storage, Some(url), ..) => {
                let url = Url::parse(&url).map_err(|e| unreadable(e.to_string()))?;
                Ok(Content::Url { storage, url })
            }
            _ => Err(unreadable("it has no address".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_that_are_new_are_kept_as_they_came() {
        let newer = r#"{"storageType":"tape","name":"a","expires":"2026-11-24T06:14:16.815Z","contentType":"a/b",
            "contentLength":17}"#;
        let newer: Artifact = serde_json::from_str(newer).unwrap();
        assert_eq!((newer.storage, newer.content_length), (Storage::Other("tape".into()), Some(17)));
    }

    #[test]
    fn runs_are_named_where_they_are_known() {
        let task: TaskId = "f18OCIBgRoSL6-8OrQg82Q".parse().unwrap();
        let by_run = call(&task, Some(0), "/artifacts", "a");
        assert_eq!(by_run.path, "/task/f18OCIBgRoSL6-8OrQg82Q/runs/0/artifacts");
        assert_eq!(by_run.scopes, Some(vec!["queue:list-artifacts:f18OCIBgRoSL6-8OrQg82Q:0".to_owned()]));
        assert_eq!(call(&task, None, "/artifacts", "a").path, "/task/f18OCIBgRoSL6-8OrQg82Q/artifacts");
    }
}
