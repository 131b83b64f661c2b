//! A group of tasks as the steps of a release.

use jiff::Timestamp;

use super::{
    failure::{Failure, FailureKind},
    finding::CheckId,
    name::ReleaseId,
    release::{Release, ReleaseState, StepId, StepState, StepView},
    task::{Task, TaskState},
};

impl Release {
    /// What these tasks, which make the release, show of it at this time.
    pub fn show_tasks(&mut self, tasks: &[&Task], now: Timestamp) {
        self.steps = tasks.iter().map(|task| step(task, now)).collect();
        self.failure = self.steps.iter().find_map(|step| step.failure.clone());
        if let Some(first) = tasks.iter().map(|task| task.definition.created).min() {
            self.started = first;
        }
        let all = |is: fn(&TaskState) -> bool| tasks.iter().all(|task| is(&task.status.state));
        let any = |is: fn(&TaskState) -> bool| tasks.iter().any(|task| is(&task.status.state));
        let going = |state: &TaskState| matches!(state, TaskState::Running | TaskState::Completed);
        self.state = match self.failure.as_ref().map(|failure| failure.kind) {
            // What only depends on a task that failed will never begin.
            Some(kind) if !any(|state| matches!(state, TaskState::Running | TaskState::Pending)) => match kind {
                FailureKind::Cancelled => ReleaseState::Cancelled,
                _ => ReleaseState::Failed,
            },
            _ if tasks.is_empty() => self.state,
            _ if all(|state| *state == TaskState::Completed) => ReleaseState::Succeeded,
            _ if any(going) => ReleaseState::Running,
            _ => ReleaseState::Pending,
        };
        let over = !matches!(self.state, ReleaseState::Running | ReleaseState::Pending);
        self.ended = if over { self.steps.iter().filter_map(|step| step.ended).max() } else { None };
    }

    /// The task whose log tells the most: the first that failed, else one that runs, else the last that did something.
    #[must_use]
    pub fn telling_task(&self) -> Option<usize> {
        let first = |state| self.steps.iter().position(|step| step.state == state && step.step.task().is_some());
        let newest = || {
            let begun = self.steps.iter().enumerate().filter(|(_, step)| step.started.is_some());
            begun.max_by_key(|(at, step)| (step.started, *at)).map(|(at, _)| at)
        };
        first(StepState::Failed)
            .or_else(|| first(StepState::Running))
            .or_else(newest)
            .or_else(|| first(StepState::Pending))
    }
}

fn step(task: &Task, now: Timestamp) -> StepView {
    let status = &task.status;
    let run = status.last_run();
    let words = status.words(now);
    let reason = run.and_then(|run| run.reason_resolved.as_deref());
    let state = match (&status.state, reason) {
        (TaskState::Completed, _) => StepState::Succeeded,
        (TaskState::Running, _) => StepState::Running,
        (TaskState::Exception, Some("canceled")) => StepState::Cancelled,
        (TaskState::Failed | TaskState::Exception, _) => StepState::Failed,
        _ => StepState::Pending,
    };
    let failure = match state {
        StepState::Cancelled => {
            let again = format!("have it run again: windlass rerun {}", status.task_id);
            Some(Failure::cancelled(format!("{} was cancelled", task.name()), again))
        }
        StepState::Failed => Some(failed(task, &words, reason)),
        _ => None,
    };
    StepView {
        step: StepId::Task { id: status.task_id.clone(), name: task.name().to_owned() },
        run: run.map(|run| run.id),
        state,
        started: run.and_then(|run| run.started),
        ended: run.and_then(|run| run.resolved),
        note: format!("{words}  {}", status.task_queue_id),
        failure,
    }
}

/// What to do depends on what ended it. Source: the worker's and the queue's documentation of `reasonResolved`.
fn failed(task: &Task, words: &str, reason: Option<&str>) -> Failure {
    let status = &task.status;
    let log = format!("windlass log {}", ReleaseId::from(&status.task_id));
    let next = match reason {
        Some("malformed-payload") => format!("its log says what the worker does not take: {log}"),
        Some("deadline-exceeded") => {
            format!("it is too late to run it again; make it anew: windlass rerun {} --clone", status.task_id)
        }
        Some("claim-expired" | "worker-shutdown" | "internal-error" | "resource-unavailable") => {
            format!("the reason is outside of it, have it run again: windlass rerun {}", status.task_id)
        }
        _ => format!("its log tells why: {log}"),
    };
    let check = match reason {
        Some("malformed-payload") => Some(CheckId::Yml),
        Some("deadline-exceeded") => Some(CheckId::Dates),
        Some("claim-expired" | "worker-shutdown" | "internal-error") => Some(CheckId::Pool),
        Some("resource-unavailable") => Some(CheckId::Cluster),
        _ => None,
    };
    Failure::failed(format!("the task {} failed", task.name()), words, next).explained_by(check)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan::Plan;

    fn task(name: &str, state: &str, reason: Option<&str>) -> Task {
        let id = format!("{name}-2345678901234567890123")[..22].to_owned();
        let resolved = reason.map(|_| "2026-11-23T06:20:00Z");
        let run = serde_json::json!({
            "runId": 0, "state": state, "reasonResolved": reason, "started": "2026-11-23T06:15:00Z", "resolved": resolved,
        });
        let runs = if state == "unscheduled" { vec![] } else { vec![run] };
        serde_json::from_value(serde_json::json!({
            "status": {
                "taskId": id, "taskGroupId": id, "deadline": "2026-11-23T07:14:15Z", "state": state, "runs": runs,
                "taskQueueId": "releng-3/linux",
            },
            "task": {
                "taskGroupId": id, "created": "2026-11-23T06:14:15Z", "deadline": "2026-11-23T07:14:15Z",
                "metadata": { "name": name },
            },
        }))
        .unwrap()
    }

    fn plan() -> Plan {
        serde_json::from_value(serde_json::json!({
            "release": "f18OCIBgRoSL6-8OrQg82Q", "image": "app", "repository": "docker.io/team/app",
            "runner": "taskcluster", "trigger": "push", "parent": null,
            "source": {
                "commit": "a".repeat(40), "git_ref": null, "branch": null, "remote": null,
                "reviewed": true, "dirty": false, "committed": Timestamp::UNIX_EPOCH,
            },
            "tags": [],
            "build": {
                "context": ".", "dockerfile": "Dockerfile", "target": null, "platform": null,
                "args": {}, "labels": {}, "builder": "auto",
            },
            "secret": "dockerhub", "recipe": { "username": "/u", "password": "/p" },
            "move": false, "who": "tc.example", "planned": Timestamp::UNIX_EPOCH,
        }))
        .unwrap()
    }

    fn shown(tasks: &[Task]) -> Release {
        let mut release = Release::new(plan(), Timestamp::UNIX_EPOCH, 1);
        release.show_tasks(&tasks.iter().collect::<Vec<_>>(), "2026-11-23T06:30:00Z".parse().unwrap());
        release
    }

    #[test]
    fn the_state_is_that_of_all_tasks() {
        let (done, runs) = (task("build", "completed", Some("completed")), task("push", "running", None));
        let (waits, fails) = (task("push", "unscheduled", None), task("build", "failed", Some("failed")));
        let cancelled = task("build", "exception", Some("canceled"));
        for (tasks, state) in [
            (vec![done.clone(), task("push", "completed", Some("completed"))], ReleaseState::Succeeded),
            (vec![done.clone(), runs.clone()], ReleaseState::Running),
            (vec![done.clone(), waits.clone()], ReleaseState::Running),
            (vec![task("build", "pending", None), waits.clone()], ReleaseState::Pending),
            (vec![fails.clone(), waits.clone()], ReleaseState::Failed),
            (vec![fails.clone(), runs.clone()], ReleaseState::Running),
            (vec![cancelled, waits], ReleaseState::Cancelled),
        ] {
            let release = shown(&tasks);
            assert_eq!(release.state, state, "{:?}", release.steps);
            let over = !matches!(state, ReleaseState::Running | ReleaseState::Pending);
            assert_eq!(release.ended.is_some(), over);
        }
        let release = shown(&[done, fails]);
        assert_eq!(release.telling_task(), Some(1));
        assert_eq!(release.failure.unwrap().what, "the task build failed");
        for (reason, next) in [("canceled", "windlass rerun build-"), ("deadline-exceeded", "--clone")] {
            let failure = shown(&[task("build", "exception", Some(reason))]).failure.unwrap();
            assert!(failure.next.contains(next), "{failure:?}");
        }
        assert_eq!(shown(&[]).telling_task(), None);
        for (reason, check) in [
            ("failed", None),
            ("malformed-payload", Some(CheckId::Yml)),
            ("deadline-exceeded", Some(CheckId::Dates)),
            ("claim-expired", Some(CheckId::Pool)),
        ] {
            let release = shown(&[task("build", "exception", Some(reason))]);
            assert_eq!(release.failure.unwrap().check, check, "{reason}");
        }
    }
}
