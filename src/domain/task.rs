//! A task of Taskcluster as its queue has it: what it is to do, its runs, and how it stands, in the maintainer's words.
//! States and reasons that are not known here are kept as they came: the services may get more of them.

use std::{collections::BTreeMap, fmt, str::FromStr};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// 22 characters of base64url: the name of a task, and of the group that it began. Source: Taskcluster, `slugid`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TaskId(String);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a task id: 22 letters, digits, `-` and `_`")]
pub struct NotATaskId(String);

impl TaskId {
    /// The id that these random bytes stand for: a random UUID, as the queue demands it, of those that begin with a letter.
    #[must_use]
    pub fn from_random(mut bytes: [u8; 16]) -> Self {
        bytes[0] &= 0x7f;
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Self(BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TaskId {
    type Err = NotATaskId;

    fn from_str(text: &str) -> Result<Self, NotATaskId> {
        let valid = text.len() == 22 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if valid { Ok(Self(text.to_owned())) } else { Err(NotATaskId(text.chars().take(100).collect())) }
    }
}

impl TryFrom<String> for TaskId {
    type Error = NotATaskId;

    fn try_from(text: String) -> Result<Self, NotATaskId> {
        text.parse()
    }
}

impl From<TaskId> for String {
    fn from(id: TaskId) -> Self {
        id.0
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Of a task, and of each of its runs. Source: queue, `task-status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum TaskState {
    /// What it depends on has not ended well yet.
    Unscheduled,
    /// A worker is waited for.
    Pending,
    Running,
    Completed,
    Failed,
    /// It was ended by something other than its own command: see the reason.
    Exception,
    Other(String),
}

impl TaskState {
    /// Nothing more happens by itself.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Exception)
    }
}

impl From<String> for TaskState {
    fn from(word: String) -> Self {
        match word.as_str() {
            "unscheduled" => Self::Unscheduled,
            "pending" => Self::Pending,
            "running" => Self::Running,
            "completed" => Self::Completed,
            "failed" => Self::Failed,
            "exception" => Self::Exception,
            _ => Self::Other(word),
        }
    }
}

impl From<TaskState> for String {
    fn from(state: TaskState) -> Self {
        match state {
            TaskState::Unscheduled => "unscheduled".to_owned(),
            TaskState::Pending => "pending".to_owned(),
            TaskState::Running => "running".to_owned(),
            TaskState::Completed => "completed".to_owned(),
            TaskState::Failed => "failed".to_owned(),
            TaskState::Exception => "exception".to_owned(),
            TaskState::Other(word) => word,
        }
    }
}

/// One attempt at a task.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    #[serde(rename = "runId")]
    pub id: u32,
    pub state: TaskState,
    /// `scheduled`, `retry`, `task-retry`, `rerun`, `exception`.
    #[serde(default)]
    pub reason_created: String,
    /// `completed`, `failed`, `deadline-exceeded`, `canceled`, `claim-expired` and more.
    #[serde(default)]
    pub reason_resolved: Option<String>,
    #[serde(default)]
    pub scheduled: Option<Timestamp>,
    #[serde(default)]
    pub started: Option<Timestamp>,
    #[serde(default)]
    pub resolved: Option<Timestamp>,
    /// Until then its worker has to give a sign of life.
    #[serde(default)]
    pub taken_until: Option<Timestamp>,
    #[serde(default)]
    pub worker_group: Option<String>,
    #[serde(default)]
    pub worker_id: Option<String>,
}

/// How a task stands. Source: queue, `task-status`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    pub task_id: TaskId,
    pub task_group_id: TaskId,
    #[serde(default)]
    pub scheduler_id: String,
    #[serde(default)]
    pub project_id: String,
    /// `provisioner/worker-type`: the pool of workers that it is for.
    #[serde(default)]
    pub task_queue_id: String,
    pub deadline: Timestamp,
    #[serde(default)]
    pub expires: Option<Timestamp>,
    #[serde(default)]
    pub retries_left: u32,
    pub state: TaskState,
    #[serde(default)]
    pub runs: Vec<Run>,
}

/// What a task is to do. Source: queue, `task`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Definition {
    #[serde(default)]
    pub task_queue_id: String,
    #[serde(default)]
    pub scheduler_id: String,
    #[serde(default)]
    pub project_id: String,
    pub task_group_id: TaskId,
    #[serde(default)]
    pub dependencies: Vec<TaskId>,
    /// `all-completed`, which is usual, or `all-resolved`: whether it begins also after what did not end well.
    #[serde(default)]
    pub requires: String,
    #[serde(default)]
    pub routes: Vec<String>,
    #[serde(default)]
    pub priority: String,
    #[serde(default)]
    pub scopes: Vec<String>,
    pub created: Timestamp,
    pub deadline: Timestamp,
    #[serde(default)]
    pub expires: Option<Timestamp>,
    pub metadata: Metadata,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Of the worker; the queue does not look at it.
    #[serde(default)]
    pub payload: Value,
    #[serde(default)]
    pub extra: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Metadata {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub owner: String,
    #[serde(default)]
    pub source: String,
}

/// A task with how it stands.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Task {
    pub status: Status,
    #[serde(rename = "task")]
    pub definition: Definition,
}

impl Task {
    #[must_use]
    pub fn id(&self) -> &TaskId {
        &self.status.task_id
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.definition.metadata.name
    }
}

impl Status {
    #[must_use]
    pub fn last_run(&self) -> Option<&Run> {
        self.runs.last()
    }

    /// How it stands at this time, in a few words.
    #[must_use]
    pub fn words(&self, now: Timestamp) -> String {
        let Some(run) = self.last_run() else {
            return match self.state {
                TaskState::Unscheduled => "waits for the tasks that it depends on".to_owned(),
                _ => String::from(self.state.clone()),
            };
        };
        let told = match &self.state {
            TaskState::Pending => match run.reason_created.as_str() {
                "retry" | "task-retry" => {
                    format!("pending: the queue tries it again ({} tries left)", self.retries_left)
                }
                "rerun" => "pending: it was asked for once more".to_owned(),
                _ => "pending: waits for a worker".to_owned(),
            },
            TaskState::Running => match run.taken_until {
                // The queue waits for twenty minutes before it gives a worker up.
                Some(until) if until < now => format!("no sign of life from its worker since {}", hour(until)),
                _ => "running".to_owned(),
            },
            TaskState::Completed => "completed".to_owned(),
            TaskState::Failed | TaskState::Exception => run.reason_resolved.as_deref().map_or_else(
                || String::from(self.state.clone()),
                |reason| reason_words(reason).map_or_else(|| reason.to_owned(), ToOwned::to_owned),
            ),
            TaskState::Unscheduled => "waits for the tasks that it depends on".to_owned(),
            TaskState::Other(word) => word.clone(),
        };
        if run.id == 0 { told } else { format!("{told}, run {}", run.id) }
    }
}

fn hour(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// What a reason of the queue means to a maintainer. Source: queue, `reasonResolved`.
#[must_use]
pub fn reason_words(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "completed" => "completed",
        "failed" => "its command failed",
        "deadline-exceeded" => "its deadline passed before it ended",
        "canceled" => "cancelled",
        "claim-expired" => "its worker vanished",
        "worker-shutdown" => "its worker was shut down",
        "malformed-payload" => "the worker does not take its payload",
        "resource-unavailable" => "something that the worker needs could not be reached",
        "internal-error" => "an error of the worker itself",
        "intermittent-task" => "it asked to be run again",
        "superseded" => "a newer task took its place",
        _ => return None,
    })
}

/// Whether this names a pool of workers: `provisioner/worker-type`.
#[must_use]
pub fn is_pool(text: &str) -> bool {
    text.split_once('/').is_some_and(|(p, w)| !p.is_empty() && !w.is_empty() && !w.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(text: &str) -> Status {
        let base = r#"{"taskId":"f18OCIBgRoSL6-8OrQg82Q","taskGroupId":"f18OCIBgRoSL6-8OrQg82Q","deadline":
            "2026-11-23T07:14:15.898Z","retriesLeft":4,"#;
        serde_json::from_str(&format!("{base}{text}}}")).unwrap()
    }

    #[test]
    fn states_are_told_in_words() {
        let now = "2026-11-23T06:40:00Z".parse().unwrap();
        for (text, told) in [
            (r#""state":"unscheduled","runs":[]"#, "waits for the tasks that it depends on"),
            (
                r#""state":"pending","runs":[{"runId":0,"state":"pending","reasonCreated":"scheduled"}]"#,
                "pending: waits for a worker",
            ),
            (
                r#""state":"pending","runs":[{"runId":0,"state":"exception","reasonResolved":"worker-shutdown"},
               {"runId":1,"state":"pending","reasonCreated":"retry"}]"#,
                "pending: the queue tries it again (4 tries left), run 1",
            ),
            (
                r#""state":"running","runs":[{"runId":0,"state":"running","takenUntil":"2026-11-23T06:34:16.7+00:00"}]"#,
                "no sign of life from its worker since 06:34:16",
            ),
            (
                r#""state":"running","runs":[{"runId":0,"state":"running","takenUntil":"2026-11-23T06:54:16.700Z"}]"#,
                "running",
            ),
            (
                r#""state":"exception","runs":[{"runId":0,"state":"exception","reasonResolved":"canceled"}]"#,
                "cancelled",
            ),
            (
                r#""state":"exception","runs":[{"runId":2,"state":"exception","reasonResolved":"new-reason"}]"#,
                "new-reason, run 2",
            ),
            (r#""state":"sleeping","runs":[{"runId":0,"state":"sleeping"}]"#, "sleeping"),
        ] {
            assert_eq!(status(text).words(now), told, "{text}");
        }
    }

    #[test]
    fn ids_are_22_characters_of_base64url() {
        assert!("f18OCIBgRoSL6-8OrQg82Q".parse::<TaskId>().is_ok());
        for random in [[0; 16], [0xff; 16], [0xa5; 16]] {
            let id = TaskId::from_random(random).to_string();
            assert!(id.parse::<TaskId>().is_ok());
            // What the queue takes. Source: its schemas, `slugid-pattern`.
            let slug = "^[A-Za-z0-9_-]{8}[Q-T][A-Za-z0-9_-][CGKOSWaeimquy26-][A-Za-z0-9_-]{10}[AQgw]$";
            assert!(regex::Regex::new(slug).unwrap().is_match(&id), "{id}");
            assert!(id.starts_with(|c: char| c.is_ascii_alphabetic()), "{id}");
        }
        for text in ["notaslug", "f18OCIBgRoSL6/8OrQg82Q", "../../../../etc/passwd", ""] {
            assert!(text.parse::<TaskId>().is_err(), "{text}");
        }
    }
}
