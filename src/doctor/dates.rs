//! Dates: what of the newest release is too late or soon will be. After its deadline a task cannot be run again; what it
//! needs expires before it does; and so does what it recorded.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use globset::{Glob, GlobSetBuilder};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{
    asked::{At, left},
    draft::Draft,
    examination::Examination,
    untold::untold,
};
use crate::{
    domain::{
        finding::{CheckId, Finding, Owner},
        task::{Definition, Task, TaskId, TaskState},
        written::time,
    },
    log::sanitise::plain,
    taskcluster::{Artifact, TaskclusterError},
};

/// Each is a request.
const MOST: usize = 16;
/// Longer than this no task waits for a worker where all is well.
const LONG: SignedDuration = SignedDuration::from_mins(30);
/// Who is told in time can keep what is to go.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// An artifact that a task needs, or made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Needed {
    task: TaskId,
    name: String,
}

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
    let open: Vec<&Task> = tasks.iter().copied().filter(|task| task.status.state != TaskState::Completed).collect();
    let inputs: BTreeSet<(Needed, SignedDuration)> = open
        .iter()
        .flat_map(|task| {
            let longest = max_run_time(&task.definition);
            inputs(&task.definition).into_iter().map(move |needed| (needed, longest))
        })
        .collect();
    let inputs = inputs.into_iter().take(MOST).map(|(needed, longest)| async move {
        let artifact = at.deployment.artifact(&needed.task, None, &needed.name).await;
        of_input(&needed, artifact, longest, now)
    });
    let recorded =
        tasks.iter().filter(|task| task.status.state == TaskState::Completed).take(MOST).map(|task| async {
            of_record(at.deployment.artifact(task.id(), None, &at.config.artifact).await, task, now)
        });
    let (inputs, recorded) = tokio::join!(join_all(inputs), join_all(recorded));
    findings.extend(inputs.into_iter().chain(recorded.into_iter().flatten()));
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

fn max_run_time(definition: &Definition) -> SignedDuration {
    definition.payload.get("maxRunTime").and_then(Value::as_i64).map_or(SignedDuration::ZERO, SignedDuration::from_secs)
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
    let longest = max_run_time(&task.definition);
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

/// The artifacts of other tasks that this one begins with. Source: taskgraph, `MOZ_FETCHES` and docker-image tasks;
/// docker-worker, `task-image`.
fn inputs(definition: &Definition) -> BTreeSet<Needed> {
    let payload = serde_json::json!({"payload": definition.payload});
    let draft = Draft(&payload);
    let needed = |task: &str, name: &str| Some(Needed { task: task.parse().ok()?, name: plain(name) });
    let mut found = BTreeSet::new();
    if let (Some("task-image"), Some(task), Some(name)) =
        (draft.text("/payload/image/type"), draft.text("/payload/image/taskId"), draft.text("/payload/image/path"))
    {
        found.extend(needed(task, name));
    }
    if let (Some(task), Some(name)) =
        (draft.text("/payload/env/CONTEXT_TASK_ID"), draft.text("/payload/env/CONTEXT_PATH"))
    {
        found.extend(needed(task, name));
    }
    let fetches = draft.text("/payload/env/MOZ_FETCHES").and_then(|text| serde_json::from_str::<Value>(text).ok());
    for fetch in fetches.as_ref().and_then(Value::as_array).into_iter().flatten() {
        if let (Some(task), Some(name)) =
            (fetch.get("task").and_then(Value::as_str), fetch.get("artifact").and_then(Value::as_str))
        {
            found.extend(needed(task, name));
        }
    }
    found
}

fn of_input(
    needed: &Needed,
    artifact: Result<Artifact, TaskclusterError>,
    longest: SignedDuration,
    now: Timestamp,
) -> Finding {
    let Needed { task, name } = needed;
    let fix = "begin another release, which makes it anew: running a task again does not";
    match artifact {
        Err(error) if error.is_absent() => {
            Finding::fail(format!("{name} of {task}, which a task begins with, is gone: {error}"), Owner::You, fix)
        }
        Err(error) => untold(&format!("until when {name} of {task} is there"), error),
        // The queue tells of it until somebody collects it, and gives it to nobody.
        Ok(artifact) if artifact.expires <= now => {
            let evidence =
                format!("{name} of {task}, which a task begins with, expired at {} UTC", time(artifact.expires));
            Finding::fail(evidence, Owner::You, fix)
        }
        Ok(artifact) if artifact.expires.duration_since(now) < longest => {
            let evidence =
                format!("{name} of {task}, which a task begins with, expires at {} UTC", time(artifact.expires));
            Finding::warn(evidence, Owner::You, fix)
        }
        Ok(artifact) => Finding::pass(format!("{name} of {task} is there until {} UTC", time(artifact.expires))),
    }
}

/// The digest that a task recorded. Not each task of a release has one.
fn of_record(artifact: Result<Artifact, TaskclusterError>, task: &Task, now: Timestamp) -> Option<Finding> {
    let name = plain(task.name());
    match artifact {
        Err(error) if error.status() == Some(410) => Some(expired(&name)),
        Ok(Artifact { expires, .. }) if expires <= now => Some(expired(&name)),
        Err(error) if error.is_absent() || error.status() == Some(424) => None,
        Err(error) => Some(untold(&format!("until when the record of {name} is there"), error)),
        Ok(Artifact { expires, .. }) if expires.duration_since(now) < SOON => Some(Finding::warn(
            format!("what {name} recorded expires at {} UTC, {}", time(expires), left(expires, now)),
            Owner::You,
            "look at it before that, so that it is kept here: windlass tags --fresh; and let it expire later",
        )),
        Ok(Artifact { expires, .. }) => {
            Some(Finding::pass(format!("what {name} recorded is there until {} UTC", time(expires))))
        }
    }
}

fn expired(name: &str) -> Finding {
    Finding::warn(
        format!("what {name} recorded has expired"),
        Owner::You,
        "release again where tags are to be compared with a record",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::taskcluster::Storage;

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

    #[test]
    fn what_a_task_begins_with_is_found_in_its_definition() {
        let mut task = task(ID, "pending", None, "2026-11-24T07:00:00Z");
        task.definition.payload = json!({
            "image": {"type": "task-image", "taskId": OTHER, "path": "public/image.tar.zst"},
            "env": {
                "CONTEXT_TASK_ID": OTHER, "CONTEXT_PATH": "public/docker-contexts/x.tar.gz",
                "MOZ_FETCHES": format!(r#"[{{"artifact":"public/a","task":"{ID}"}},{{"artifact":"b"}},{{"task":"no id","artifact":"c"}}]"#),
            },
        });
        let told: Vec<String> = inputs(&task.definition).iter().map(|n| format!("{} {}", n.task, n.name)).collect();
        let others = ["public/docker-contexts/x.tar.gz", "public/image.tar.zst"].map(|name| format!("{OTHER} {name}"));
        assert_eq!(told.iter().collect::<BTreeSet<_>>(), others.iter().chain([&format!("{ID} public/a")]).collect());
    }

    fn artifact(expires: &str) -> Artifact {
        Artifact {
            name: "public/a".into(),
            storage: Storage::S3,
            content_type: String::new(),
            content_length: None,
            expires: expires.parse().unwrap(),
        }
    }

    #[test]
    fn what_expires_before_it_is_needed_is_told_before() {
        let needed = Needed { task: OTHER.parse().unwrap(), name: "public/a".into() };
        let hour = SignedDuration::from_hours(1);
        for (expires, input, record) in [
            ("2026-11-23T07:00:00Z", "fail", "warn"),
            ("2026-11-23T07:59:00Z", "warn", "warn"),
            ("2026-11-23T08:00:00Z", "pass", "warn"),
            ("2026-12-07T06:59:59Z", "pass", "warn"),
            ("2026-12-07T07:00:00Z", "pass", "pass"),
        ] {
            assert_eq!(of_input(&needed, Ok(artifact(expires)), hour, now()).outcome.word(), input, "{expires}");
            let task = task(ID, "completed", None, "2026-11-24T07:00:00Z");
            let recorded = of_record(Ok(artifact(expires)), &task, now()).unwrap();
            assert_eq!(recorded.outcome.word(), record, "{expires}");
        }
    }
}
