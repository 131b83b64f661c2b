//! Dates: what of the newest release is too late or soon will be. After its deadline a task cannot be run again; what it
//! needs expires before it does; and so do what it recorded, and the hooks of its actions.

use globset::{Glob, GlobSetBuilder};
use jiff::{SignedDuration, Timestamp};

use super::{
    actions, artifacts,
    asked::{At, left},
    examination::Examination,
};
use crate::{
    domain::{
        finding::{CheckId, Finding, Owner},
        task::{Task, TaskState},
        written::time,
    },
    log::sanitise::plain,
};

/// Longer than this no task waits for a worker where all is well.
const LONG: SignedDuration = SignedDuration::from_mins(30);

pub(super) async fn check(examination: &Examination) -> Finding {
    let at = match examination.taskcluster() {
        Ok(at) => at,
        Err(finding) => return finding,
    };
    let newest = match examination.newest(at).await {
        Ok(newest) => newest,
        Err(finding) => return finding,
    };
    let now = Timestamp::now();
    let tasks = ours(at, &newest.tasks);
    let mut findings = vec![Finding::pass(format!(
        "the newest release is {}; its tasks: {}, those that make the image: {} (queue, task-group: 200)",
        newest.group,
        newest.tasks.len(),
        tasks.len()
    ))];
    findings.extend(tasks.iter().filter_map(|task| of_task(task, &newest.tasks, now)));
    findings.extend(artifacts::look(at, &tasks, now).await);
    findings.extend(actions::look(at, newest).await);
    Finding::together(findings)
}

/// The tasks that make a release, as windlass.toml names them; all where it names none of these.
fn ours<'a>(at: At<'_>, tasks: &'a [Task]) -> Vec<&'a Task> {
    let mut globs = GlobSetBuilder::new();
    for glob in at.config.tasks.iter().filter_map(|glob| Glob::new(glob).ok()) {
        globs.add(glob);
    }
    let named: Vec<&Task> = match globs.build() {
        Ok(globs) => tasks.iter().filter(|task| globs.is_match(task.name())).collect(),
        Err(_) => Vec::new(),
    };
    if named.is_empty() { tasks.iter().collect() } else { named }
}

/// How a task that has not ended well stands, where that is something to know of.
fn of_task(task: &Task, all: &[Task], now: Timestamp) -> Option<Finding> {
    let (name, status) = (plain(task.name()), &task.status);
    let (deadline, id) = (status.deadline, task.id());
    if status.state == TaskState::Completed {
        return None;
    }
    if deadline <= now {
        return Some(Finding::warn(
            format!(
                "{name} ({}) had its deadline at {} UTC: it cannot be run again",
                status.words(now),
                time(deadline)
            ),
            Owner::You,
            "begin another release: a push, or windlass release --on taskcluster",
        ));
    }
    if status.state == TaskState::Unscheduled
        && let Some(failed) = all.iter().find(|other| {
            let over = matches!(other.status.state, TaskState::Failed | TaskState::Exception);
            over && task.definition.dependencies.contains(other.id())
        })
    {
        let fix = format!("run that one again: windlass rerun {}", failed.id());
        let evidence = format!("{name} waits for {}, which did not end well", plain(failed.name()));
        return Some(Finding::warn(evidence, Owner::You, fix));
    }
    if let Some(run) = status.last_run()
        && run.reason_resolved.as_deref() == Some("malformed-payload")
    {
        let fix = format!("see what is wrong with it: windlass doctor {}", CheckId::Yml);
        return Some(Finding::warn(format!("{name}: {}", status.words(now)), Owner::You, fix));
    }
    if let Some(run) = status.last_run()
        && run.reason_resolved.as_deref() == Some("resource-unavailable")
    {
        let fix = format!(
            "see whether the services are well (windlass doctor {}), then run it again, which is safe: windlass rerun {id}",
            CheckId::Cluster
        );
        return Some(Finding::warn(format!("{name}: {}", status.words(now)), Owner::You, fix));
    }
    let longest = task.definition.max_run_time();
    if deadline.duration_since(now) < longest {
        return Some(Finding::warn(
            format!(
                "{name} may run for {} min, and its deadline is at {} UTC, {}",
                longest.as_mins(),
                time(deadline),
                left(deadline, now)
            ),
            Owner::You,
            "begin another release rather than running this one again",
        ));
    }
    let waits_since = status.last_run().and_then(|run| run.scheduled);
    if status.state == TaskState::Pending && waits_since.is_some_and(|since| now.duration_since(since) > LONG) {
        let fix = format!("see what its pool has: windlass doctor {}", CheckId::Pool);
        return Some(Finding::warn(format!("{name} {}", status.words(now)), Owner::You, fix));
    }
    let evidence = format!("{name} {}; it can be run again until {} UTC ({id})", status.words(now), time(deadline));
    Some(Finding::pass(evidence))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "f18OCIBgRoSL6-8OrQg82Q";
    const OTHER: &str = "LHIFqN2-Twa_NSAVguP9dw";

    fn now() -> Timestamp {
        "2026-11-23T07:00:00Z".parse().unwrap()
    }

    fn task(id: &str, state: &str, resolved: Option<&str>, deadline: &str) -> Task {
        since(id, state, resolved, deadline, "2026-11-23T06:45:00Z")
    }

    fn since(id: &str, state: &str, resolved: Option<&str>, deadline: &str, scheduled: &str) -> Task {
        let runs = if state == "unscheduled" {
            json!([])
        } else {
            json!([{"runId": 0, "state": state, "reasonCreated": "scheduled", "reasonResolved": resolved,
                "scheduled": scheduled}])
        };
        serde_json::from_value(json!({
            "status": {"taskId": id, "taskGroupId": ID, "deadline": deadline, "state": state, "runs": runs},
            "task": {"taskGroupId": ID, "created": "2026-11-23T06:00:00Z", "deadline": deadline,
                "dependencies": if id == ID { json!([OTHER]) } else { json!([]) },
                "metadata": {"name": if id == ID { "push" } else { "build" }}, "payload": {"maxRunTime": 3600}},
        }))
        .unwrap()
    }

    #[test]
    fn a_task_is_told_of_where_it_is_late_or_waits_in_vain() {
        let (past, near, far) = ("2026-11-23T06:59:00Z", "2026-11-23T07:30:00Z", "2026-11-24T07:00:00Z");
        for (state, resolved, deadline, other, expected) in [
            ("completed", Some("completed"), past, "completed", ""),
            ("failed", Some("failed"), past, "completed", "warn push (its command failed) had its deadline at"),
            ("failed", Some("failed"), near, "completed", "warn push may run for 60 min, and its deadline is at"),
            ("failed", Some("failed"), far, "completed", "pass push its command failed; it can be run again until"),
            (
                "exception",
                Some("malformed-payload"),
                far,
                "completed",
                "warn push: the worker does not take its payload",
            ),
            (
                "exception",
                Some("resource-unavailable"),
                far,
                "completed",
                "warn push: something that the worker needs could not be reached",
            ),
            ("pending", None, far, "completed", "pass push pending: waits for a worker; it can be run again until"),
            ("unscheduled", None, far, "failed", "warn push waits for build, which did not end well"),
            ("unscheduled", None, far, "running", "pass push waits for the tasks that it depends on"),
        ] {
            let tasks = [task(ID, state, resolved, deadline), task(OTHER, other, None, far)];
            let told = of_task(&tasks[0], &tasks, now())
                .map_or_else(String::new, |found| format!("{} {}", found.outcome.word(), found.evidence));
            assert!(told.starts_with(expected) && told.is_empty() == expected.is_empty(), "{state}: {told}");
        }
        let waits = [since(ID, "pending", None, far, "2026-11-23T06:29:59Z")];
        let remedy = of_task(&waits[0], &waits, now()).unwrap().outcome.remedy().unwrap().clone();
        assert_eq!(remedy.fix, "see what its pool has: windlass doctor pool");
    }
}
