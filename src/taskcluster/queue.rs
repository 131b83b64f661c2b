//! The queue: tasks, the groups that they are in, how they stand, and how many wait for a pool of workers.

use jiff::Timestamp;
use reqwest::{Method, StatusCode, header::ETAG};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    error::TaskclusterError,
    pages::Page,
    service::{Service, segment},
    transport::{Call, Deployment},
};
use crate::domain::task::{Definition, Status, Task, TaskId};

/// Entries in a page: the most that a service gives.
pub(super) const LIMIT: &str = "1000";
/// Tasks that are asked about at once. Each stands with a scope in a header, and headers may have some 8 KB.
const BATCH: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TasksPage {
    tasks: Vec<Task>,
    continuation_token: Option<String>,
}

impl Page for TasksPage {
    type Item = Task;

    fn parts(self) -> (Vec<Task>, Option<String>) {
        (self.tasks, self.continuation_token)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusesPage {
    statuses: Vec<StatusJson>,
    continuation_token: Option<String>,
}

#[derive(Deserialize)]
struct StatusJson {
    status: Status,
}

impl Page for StatusesPage {
    type Item = Status;

    fn parts(self) -> (Vec<Status>, Option<String>) {
        (self.statuses.into_iter().map(|entry| entry.status).collect(), self.continuation_token)
    }
}

/// A group of tasks, without them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    #[serde(rename = "taskGroupId")]
    pub id: TaskId,
    #[serde(default)]
    pub scheduler_id: String,
    /// Since then no task can be added.
    #[serde(default)]
    pub sealed: Option<Timestamp>,
    pub expires: Timestamp,
}

/// The tasks of a group as they were last listed, where a service can say whether anything has changed since.
#[derive(Debug, Clone, Default)]
pub struct Known(Option<String>);

/// How many tasks are there for a pool of workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    #[serde(rename = "pendingTasks")]
    pub pending: u64,
    /// Those that workers have; `None` where we may not know.
    #[serde(rename = "claimedTasks", default)]
    pub claimed: Option<u64>,
}

fn path(task: &TaskId) -> String {
    format!("/task/{task}")
}

impl Deployment {
    /// What a task is to do, and how it stands.
    ///
    /// # Errors
    /// When there is no such task, when it has expired, or when we may not know.
    pub async fn task(&self, id: &TaskId) -> Result<Task, TaskclusterError> {
        let (definition, status) = tokio::try_join!(self.definition(id), self.status(id))?;
        Ok(Task { status, definition })
    }

    async fn definition(&self, id: &TaskId) -> Result<Definition, TaskclusterError> {
        self.call(&definition_call(id)).await?.json()
    }

    /// What a task is to do, with all that its definition says, also what is not known here.
    ///
    /// # Errors
    /// As [`Deployment::task`].
    pub async fn whole_definition(&self, id: &TaskId) -> Result<Value, TaskclusterError> {
        self.call(&definition_call(id)).await?.json()
    }

    /// How a task stands.
    ///
    /// # Errors
    /// As [`Deployment::task`].
    pub async fn status(&self, id: &TaskId) -> Result<Status, TaskclusterError> {
        let act = format!("say how the task {id} stands");
        let call = Call::get(Service::Queue, format!("{}/status", path(id)), format!("queue:status:{id}"), act);
        Ok(self.call(&call).await?.json::<StatusJson>()?.status)
    }

    /// How these tasks stand. Those that the queue does not know are left out.
    ///
    /// # Errors
    /// When the queue does not say.
    pub async fn statuses(&self, ids: &[TaskId]) -> Result<Vec<Status>, TaskclusterError> {
        let mut statuses = Vec::with_capacity(ids.len());
        for batch in ids.chunks(BATCH) {
            let call = Call::get(Service::Queue, "/tasks/status", "", format!("say how {} tasks stand", batch.len()));
            let scopes = batch.iter().map(|id| format!("queue:status:{id}")).collect();
            let call = Call { scopes: Some(scopes), ..call }.method(Method::POST).json(&json!({"taskIds": batch}));
            statuses.extend(self.pages::<StatusesPage>(call, usize::MAX).await?);
        }
        Ok(statuses)
    }

    /// The tasks of a group, in the order in which they were made.
    ///
    /// # Errors
    /// When there is no such group, or we may not know.
    pub async fn task_group(&self, group: &TaskId) -> Result<Vec<Task>, TaskclusterError> {
        Ok(self.task_group_if_changed(group, &mut Known::default()).await?.unwrap_or_default())
    }

    /// The same, or `None` where nothing has changed since it was last asked for with this `known`.
    ///
    /// # Errors
    /// As [`Deployment::task_group`].
    pub async fn task_group_if_changed(
        &self,
        group: &TaskId,
        known: &mut Known,
    ) -> Result<Option<Vec<Task>>, TaskclusterError> {
        let call = group_call(group, "/list", format!("list the tasks of the group {group}"));
        let call = Call { known: known.0.clone(), ..call.query("limit", LIMIT) };
        let first = self.call(&call).await?;
        if first.status == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        let tag = first.header(ETAG.as_str()).map(ToOwned::to_owned);
        let listed = self.pages_from::<TasksPage>(call, &first, usize::MAX).await?;
        // That the first of several pages is as it was says nothing about the others.
        known.0 = tag.filter(|_| listed.in_one);
        Ok(Some(by_creation(listed.entries)))
    }

    /// A group itself.
    ///
    /// # Errors
    /// As [`Deployment::task_group`].
    pub async fn group(&self, group: &TaskId) -> Result<Group, TaskclusterError> {
        self.call(&group_call(group, "", format!("show the group {group}"))).await?.json()
    }

    /// The tasks that wait for a task, in the order in which they were made.
    ///
    /// # Errors
    /// As [`Deployment::task`].
    pub async fn dependents(&self, id: &TaskId) -> Result<Vec<Task>, TaskclusterError> {
        let (scope, act) = (format!("queue:list-dependent-tasks:{id}"), format!("list what waits for the task {id}"));
        let call = Call::get(Service::Queue, format!("{}/dependents", path(id)), scope, act).query("limit", LIMIT);
        Ok(by_creation(self.pages::<TasksPage>(call, usize::MAX).await?))
    }

    /// How many tasks wait for a pool of workers, and how many its workers have, as far as we may know.
    ///
    /// # Errors
    /// When we may know neither.
    pub async fn counts(&self, pool: &str) -> Result<Counts, TaskclusterError> {
        let (pool_path, act) = (segment(pool), format!("say how many tasks wait for {pool}"));
        let pending = format!("queue:pending-count:{pool}");
        let call = Call::get(Service::Queue, format!("/task-queues/{pool_path}/counts"), &pending, &act);
        let both = vec![pending.clone(), format!("queue:claimed-count:{pool}")];
        match self.call(&Call { scopes: Some(both), ..call }).await {
            // Whoever may know how many wait may not always know how many are claimed.
            Err(error) if error.is_denied() => {
                self.call(&Call::get(Service::Queue, format!("/pending/{pool_path}"), pending, act)).await?.json()
            }
            answer => answer?.json(),
        }
    }
}

fn definition_call(id: &TaskId) -> Call {
    Call::get(Service::Queue, path(id), format!("queue:get-task:{id}"), format!("show the task {id}"))
}

fn group_call(group: &TaskId, below: &str, act: String) -> Call {
    let path = format!("/task-group/{group}{below}");
    Call::get(Service::Queue, path, format!("queue:list-task-group:{group}"), act)
}

/// The queue lists tasks by their ids, which say nothing.
fn by_creation(mut tasks: Vec<Task>) -> Vec<Task> {
    tasks.sort_by(|a, b| (a.definition.created, a.id()).cmp(&(b.definition.created, b.id())));
    tasks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_may_be_known_in_part() {
        let counts = |text: String| serde_json::from_str::<Counts>(&text).unwrap();
        let pool = r#""provisionerId":"proj-balrog","workerType":"ci","taskQueueId":"proj-balrog/ci""#;
        let both = counts(format!(r#"{{{pool},"pendingTasks":3,"claimedTasks":0}}"#));
        assert_eq!(both, Counts { pending: 3, claimed: Some(0) });
        assert_eq!(counts(format!(r#"{{{pool},"pendingTasks":3}}"#)), Counts { pending: 3, claimed: None });
    }

    #[test]
    fn a_group_says_whether_it_is_sealed() {
        let open = r#"{"taskGroupId":"f18OCIBgRoSL6-8OrQg82Q","schedulerId":"taskcluster-github",
            "expires":"2026-11-25T07:14:15.898Z"}"#;
        assert_eq!(serde_json::from_str::<Group>(open).unwrap().sealed, None);
        let sealed = open.replace(r#""expires""#, r#""sealed":"2026-11-23T06:14:30.100Z","expires""#);
        assert!(serde_json::from_str::<Group>(&sealed).unwrap().sealed.is_some());
    }
}
