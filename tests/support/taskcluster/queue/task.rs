//! A task and its runs, and how they move.

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::support::taskcluster::{moment, refusal::Refusal};

/// A task has no more runs than this.
pub const MOST_RUNS: usize = 50;

#[derive(Debug, Clone)]
pub struct Task {
    pub id: String,
    /// With everything that the queue filled in.
    pub definition: Value,
    pub runs: Vec<Run>,
    retries_left: i64,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    #[serde(rename = "runId")]
    pub number: usize,
    pub state: &'static str,
    reason_created: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_resolved: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    taken_until: Option<Timestamp>,
    #[serde(serialize_with = "as_text")]
    scheduled: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    started: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_text")]
    pub resolved: Option<Timestamp>,
}

#[expect(clippy::ref_option, reason = "serde hands fields over like this")]
fn as_text<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(moment::text).serialize(serializer)
}

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Completed,
    Failed,
    /// For this reason; `worker-shutdown`, `claim-expired` and `intermittent-task` are tried again while retries are
    /// left.
    Exception(&'static str),
}

impl Outcome {
    fn state(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Exception(_) => "exception",
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::Completed | Self::Failed => self.state(),
            Self::Exception(reason) => reason,
        }
    }

    fn retry(self) -> Option<&'static str> {
        match self {
            Self::Exception("worker-shutdown" | "claim-expired") => Some("retry"),
            Self::Exception("intermittent-task") => Some("task-retry"),
            _ => None,
        }
    }
}

/// The status as answers and messages show it, in this order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status<'a> {
    task_id: &'a str,
    provisioner_id: &'a Value,
    worker_type: &'a Value,
    task_queue_id: &'a Value,
    scheduler_id: &'a Value,
    project_id: &'a Value,
    task_group_id: &'a Value,
    priority: &'a Value,
    deadline: &'a Value,
    expires: &'a Value,
    retries_left: i64,
    state: &'static str,
    runs: &'a [Run],
}

impl Task {
    pub fn new(id: &str, definition: Value) -> Self {
        let retries_left = definition["retries"].as_i64().unwrap();
        Self { id: id.to_owned(), definition, runs: Vec::new(), retries_left }
    }

    pub fn text(&self, field: &str) -> &str {
        self.definition[field].as_str().unwrap()
    }

    pub fn time(&self, field: &str) -> Timestamp {
        moment::parse(self.text(field)).unwrap()
    }

    pub fn strings(&self, field: &str) -> impl Iterator<Item = &str> {
        self.definition[field].as_array().into_iter().flatten().filter_map(Value::as_str)
    }

    pub fn state(&self) -> &'static str {
        self.runs.last().map_or("unscheduled", |run| run.state)
    }

    pub fn is_resolved(&self) -> bool {
        matches!(self.state(), "completed" | "failed" | "exception")
    }

    pub fn status(&self) -> Status<'_> {
        let field = |name: &str| &self.definition[name];
        Status {
            task_id: &self.id,
            provisioner_id: field("provisionerId"),
            worker_type: field("workerType"),
            task_queue_id: field("taskQueueId"),
            scheduler_id: field("schedulerId"),
            project_id: field("projectId"),
            task_group_id: field("taskGroupId"),
            priority: field("priority"),
            deadline: field("deadline"),
            expires: field("expires"),
            retries_left: self.retries_left,
            state: self.state(),
            runs: &self.runs,
        }
    }

    fn add_run(&mut self, state: &'static str, reason: &'static str, now: Timestamp) {
        self.runs.push(Run {
            number: self.runs.len(),
            state,
            reason_created: reason,
            reason_resolved: None,
            worker_group: None,
            worker_id: None,
            taken_until: None,
            scheduled: Some(now),
            started: None,
            resolved: None,
        });
    }

    /// A first run, if there is none.
    pub fn schedule(&mut self, reason: &'static str, now: Timestamp) {
        if self.runs.is_empty() {
            self.add_run("pending", reason, now);
        }
    }

    /// `None` if nothing is pending.
    pub fn claim(&mut self, group: &str, worker: &str, now: Timestamp) -> Option<usize> {
        let run = self.runs.last_mut().filter(|run| run.state == "pending")?;
        run.state = "running";
        (run.worker_group, run.worker_id) = (Some(group.to_owned()), Some(worker.to_owned()));
        (run.taken_until, run.started) = (Some(now + moment::minutes(20)), Some(now));
        Some(run.number)
    }

    /// Extends a claim. `None` if it is not running.
    pub fn reclaim(&mut self, run: usize, now: Timestamp) -> Option<Timestamp> {
        let last = self.runs.last_mut().filter(|last| last.number == run && last.state == "running")?;
        last.taken_until = Some(now + moment::minutes(20));
        last.taken_until
    }

    pub fn taken_until(&self, run: usize) -> Timestamp {
        self.runs[run].taken_until.unwrap()
    }

    /// Ends a run; ending it again in the same way is fine.
    pub fn resolve(&mut self, run: usize, outcome: Outcome, now: Timestamp) -> Result<(), Refusal> {
        let is_last = self.runs.len() == run + 1;
        let resolved = &mut self.runs[run];
        if is_last && resolved.state == "running" {
            resolved.state = outcome.state();
            resolved.reason_resolved = Some(outcome.reason().to_owned());
            resolved.resolved = Some(now);
            if let Some(reason) = outcome.retry().filter(|_| self.retries_left > 0) {
                self.retries_left -= 1;
                self.add_run("pending", reason, now);
            }
            return Ok(());
        }
        if resolved.state == outcome.state() && resolved.reason_resolved.as_deref() == Some(outcome.reason()) {
            return Ok(());
        }
        Err(Refusal::conflict(format!("Run {run} on task `{}` is resolved or not running.", self.id)))
    }

    /// Ends whatever is not over yet, also what never began.
    fn end(&mut self, reason: &str, now: Timestamp) {
        if self.runs.is_empty() {
            self.add_run("pending", "exception", now);
        }
        let run = self.runs.last_mut().unwrap();
        run.state = "exception";
        run.reason_resolved = Some(reason.to_owned());
        run.resolved = Some(now);
    }

    pub fn cancel(&mut self, now: Timestamp) {
        if !self.is_resolved() {
            self.end("canceled", now);
        }
    }

    /// A new run of what is resolved or was never scheduled.
    pub fn rerun(&mut self, now: Timestamp) -> Result<(), Refusal> {
        if matches!(self.state(), "pending" | "running") {
            return Ok(());
        }
        if self.runs.len() >= MOST_RUNS {
            return Err(Refusal::conflict(format!("Maximum number of runs reached ({MOST_RUNS}).")));
        }
        self.retries_left = self.definition["retries"].as_i64().unwrap();
        self.add_run("pending", "rerun", now);
        Ok(())
    }

    /// Ends a claim that was not extended (the queue looks two seconds later), and a task whose deadline is over (a
    /// minute later). True if the task is resolved by that.
    pub fn expire(&mut self, now: Timestamp) -> bool {
        if self.is_resolved() {
            return false;
        }
        if now > self.time("deadline") + moment::minutes(1) {
            self.end("deadline-exceeded", now);
            return true;
        }
        let last = self.runs.last().filter(|run| run.state == "running");
        let over =
            last.and_then(|run| run.taken_until).is_some_and(|until| now > until + std::time::Duration::from_secs(2));
        if over {
            self.resolve(self.runs.len() - 1, Outcome::Exception("claim-expired"), now).unwrap();
        }
        over && self.is_resolved()
    }
}
