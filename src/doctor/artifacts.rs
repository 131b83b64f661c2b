//! The artifacts of the newest release: what its open tasks begin with, what they recorded, and what their workers could
//! not make. Until when each is there; and whether it is: what is listed need not have been uploaded.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::{
    asked::{At, left},
    untold::untold,
};
use crate::{
    domain::{
        failure::Failure,
        finding::{Finding, Owner},
        task::{Task, TaskId, TaskState},
        task_inputs::Input,
        written::time,
    },
    log::sanitise::plain,
    taskcluster::{Artifact, Storage, TaskclusterError},
};

/// Each is a request or two.
const MOST: usize = 16;
/// Of one task: a request each.
const MOST_ERRORS: usize = 4;
/// Who is told in time can keep what is to go.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What is to be said of the artifacts of these tasks, which make the release.
pub(super) async fn look(at: At<'_>, tasks: &[&Task], now: Timestamp) -> Vec<Finding> {
    let open = tasks.iter().filter(|task| task.status.state != TaskState::Completed);
    let begun_with: BTreeSet<(Input, SignedDuration)> = open
        .flat_map(|task| {
            let longest = task.definition.max_run_time();
            task.definition.inputs().into_iter().map(move |needed| (needed, longest))
        })
        .collect();
    let begun_with = begun_with.into_iter().take(MOST).map(|(needed, longest)| async move {
        let artifact = at.deployment.artifact(&needed.task, None, &needed.name).await;
        let trouble = match &artifact {
            Ok(artifact) if artifact.expires > now => trouble(at, &needed.task, artifact).await,
            _ => None,
        };
        of_input(&needed, artifact, trouble, longest, now)
    });
    let over = tasks.iter().filter(|task| task.status.state.is_over()).take(MOST);
    let (begun_with, left) = tokio::join!(join_all(begun_with), join_all(over.map(|task| left_by(at, task, now))));
    begun_with.into_iter().chain(left.into_iter().flatten()).collect()
}

/// Why something that is listed cannot be had. Only a bucket has less than the queue says, and only where nothing was
/// made has the queue a reason.
async fn trouble(at: At<'_>, task: &TaskId, artifact: &Artifact) -> Option<TaskclusterError> {
    if !matches!(artifact.storage, Storage::S3 | Storage::Error) {
        return None;
    }
    at.deployment.is_kept(task, None, &artifact.name).await.err()
}

fn of_input(
    needed: &Input,
    artifact: Result<Artifact, TaskclusterError>,
    trouble: Option<TaskclusterError>,
    longest: SignedDuration,
    now: Timestamp,
) -> Finding {
    let (task, name) = (&needed.task, plain(&needed.name));
    let fix = "begin another release, which makes it anew: running a task again does not";
    let artifact = match artifact {
        Ok(artifact) => artifact,
        Err(error) if error.is_absent() => {
            let evidence = format!("{name} of {task}, which a task begins with, is gone: {error}");
            return Finding::fail(evidence, Owner::You, fix);
        }
        Err(error) => return untold(&format!("until when {name} of {task} is there"), error),
    };
    if let Some(trouble) = trouble {
        return not_had(&format!("{name} of {task}"), trouble, |why| {
            Finding::fail(format!("{why}; a task begins with it"), Owner::You, fix)
        });
    }
    let until = time(artifact.expires);
    // The queue tells of it until somebody collects it, and gives it to nobody.
    if artifact.expires <= now {
        let evidence = format!("{name} of {task}, which a task begins with, expired at {until} UTC");
        return Finding::fail(evidence, Owner::You, fix);
    }
    if artifact.expires.duration_since(now) < longest {
        let evidence = format!("{name} of {task}, which a task begins with, expires at {until} UTC");
        return Finding::warn(evidence, Owner::You, fix);
    }
    Finding::pass(format!("{name} of {task} is there until {until} UTC"))
}

/// What an artifact is that cannot be had: `lacks` says it of one that is not there, for the reason it is given.
fn not_had(what: &str, trouble: TaskclusterError, lacks: impl FnOnce(String) -> Finding) -> Finding {
    match trouble {
        TaskclusterError::NotMade { .. } | TaskclusterError::NotUploaded { .. } => lacks(trouble.to_string()),
        trouble if trouble.is_absent() => lacks(format!("{what} is gone: {trouble}")),
        // Of a bucket: the deployment answers.
        TaskclusterError::Unreachable { .. } => {
            let Failure { what: host, why, .. } = trouble.into();
            let evidence = format!("whether {what} was uploaded cannot be told: {host}: {why}");
            Finding::blocked(evidence, Owner::You, "check the network and HTTPS_PROXY, then try again")
        }
        trouble => untold(&format!("whether {what} was uploaded"), trouble),
    }
}

/// What a task that is over left: its record, and what its worker could not make.
async fn left_by(at: At<'_>, task: &Task, now: Timestamp) -> Vec<Finding> {
    let name = plain(task.name());
    let listed = match at.deployment.artifacts(task.id(), None).await {
        Ok(listed) => listed,
        // It never began, or all of it has expired.
        Err(error) if error.is_absent() => return Vec::new(),
        Err(error) => return vec![untold(&format!("what {name} left"), error)],
    };
    let record = listed.iter().find(|artifact| artifact.name == at.config.artifact);
    let not_made = listed.iter().filter(|artifact| artifact.storage == Storage::Error).take(MOST_ERRORS);
    let looked_at = not_made.chain(record.filter(|record| record.storage != Storage::Error));
    let looked_at = looked_at.map(|artifact| async move {
        let trouble = if artifact.expires > now { trouble(at, task.id(), artifact).await } else { None };
        (artifact, trouble)
    });
    let mut findings = Vec::new();
    for (artifact, trouble) in join_all(looked_at).await {
        let is_record = artifact.name == at.config.artifact;
        findings.extend(match trouble {
            Some(trouble) => Some(not_had(&format!("{} of {name}", plain(&artifact.name)), trouble, |why| {
                lacking(&why, is_record, task)
            })),
            None if is_record && task.status.state == TaskState::Completed => Some(of_record(artifact, &name, now)),
            None => None,
        });
    }
    findings
}

fn lacking(why: &str, is_record: bool, task: &Task) -> Finding {
    let log = format!("see why in its log: windlass log {}", task.id());
    let fix = if is_record {
        format!("{log}; release again where tags are to be compared with a record")
    } else {
        format!("{log}; have it made, or taken out of the task's `artifacts`")
    };
    Finding::warn(format!("{}: {why}", plain(task.name())), Owner::You, fix)
}

/// The digest that a task recorded. Not each task of a release has one.
fn of_record(Artifact { expires, .. }: &Artifact, name: &str, now: Timestamp) -> Finding {
    if *expires <= now {
        return Finding::warn(
            format!("what {name} recorded has expired"),
            Owner::You,
            "release again where tags are to be compared with a record",
        );
    }
    let until = time(*expires);
    if expires.duration_since(now) < SOON {
        return Finding::warn(
            format!("what {name} recorded expires at {until} UTC, {}", left(*expires, now)),
            Owner::You,
            "look at it before that, so that it is kept here: windlass tags --fresh; and let it expire later",
        );
    }
    Finding::pass(format!("what {name} recorded is there until {until} UTC; windlass verify compares the tags with it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHER: &str = "LHIFqN2-Twa_NSAVguP9dw";

    fn now() -> Timestamp {
        "2026-11-23T07:00:00Z".parse().unwrap()
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
        let needed = Input { task: OTHER.parse().unwrap(), name: "public/a".into() };
        let hour = SignedDuration::from_hours(1);
        for (expires, input, record) in [
            ("2026-11-23T07:00:00Z", "fail", "warn"),
            ("2026-11-23T07:59:00Z", "warn", "warn"),
            ("2026-11-23T08:00:00Z", "pass", "warn"),
            ("2026-12-07T06:59:59Z", "pass", "warn"),
            ("2026-12-07T07:00:00Z", "pass", "pass"),
        ] {
            assert_eq!(of_input(&needed, Ok(artifact(expires)), None, hour, now()).outcome.word(), input, "{expires}");
            assert_eq!(of_record(&artifact(expires), "push", now()).outcome.word(), record, "{expires}");
        }
    }

    #[test]
    fn a_bucket_that_is_silent_says_nothing_of_what_it_has() {
        let silent = TaskclusterError::Unreachable { host: "bucket.example".into(), why: "refused".into() };
        let finding = not_had("a of b", silent, |why| panic!("{why}"));
        assert_eq!(finding.outcome.word(), "cannot-tell");
        assert!(finding.evidence.ends_with("bucket.example cannot be reached: refused"), "{}", finding.evidence);
    }
}
