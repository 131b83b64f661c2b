//! The pools of workers that releases run on: are they there, how many tasks wait, do workers come, and do they take what
//! the tasks ask of them.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{asked::At, draft::Draft, examination::Examination, untold::untold};
use crate::{
    domain::finding::{Finding, Owner},
    log::sanitise::plain,
    taskcluster::{Counts, PoolError, TaskclusterError, WorkerPool},
};

/// Each is three requests.
const MOST: usize = 8;
/// An error that is older was got over.
const LATELY: SignedDuration = SignedDuration::from_hours(1);

/// What the services say of a pool.
struct Told {
    pool: Result<WorkerPool, TaskclusterError>,
    counts: Result<Counts, TaskclusterError>,
    errors: Result<Vec<PoolError>, TaskclusterError>,
}

pub(super) async fn check(examination: &Examination) -> Finding {
    let at = match examination.taskcluster() {
        Ok(at) => at,
        Err(finding) => return finding,
    };
    let next = examination.next_tasks(at).await;
    let drafts: Vec<Draft<'_>> = next.as_ref().map(|next| next.tasks.iter().map(Draft).collect()).unwrap_or_default();
    let pools: BTreeSet<String> =
        at.config.pools.iter().cloned().chain(drafts.iter().filter_map(|draft| draft.pool())).collect();
    if pools.is_empty() {
        return next.err().unwrap_or_else(|| {
            let fix = "name them where releases run on few: [taskcluster] pools = [\"provisioner/worker-type\"]";
            Finding::cannot_tell("neither windlass.toml nor the next tasks name a pool", Owner::You, fix)
        });
    }
    let looked_at = pools.iter().take(MOST).map(|pool| look(at, pool, &drafts));
    let mut findings: Vec<Finding> = join_all(looked_at).await.into_iter().flatten().collect();
    if pools.len() > MOST {
        findings.push(Finding::pass(format!("{} more pools were not looked at", pools.len() - MOST)));
    }
    Finding::together(findings)
}

async fn look(at: At<'_>, id: &str, drafts: &[Draft<'_>]) -> Vec<Finding> {
    let (pool, counts, errors) =
        tokio::join!(at.deployment.pool(id), at.deployment.counts(id), at.deployment.pool_errors(id));
    let ours: Vec<Draft<'_>> = drafts.iter().copied().filter(|draft| draft.pool().as_deref() == Some(id)).collect();
    judged(id, Told { pool, counts, errors }, &ours, Timestamp::now())
}

fn judged(id: &str, told: Told, drafts: &[Draft<'_>], now: Timestamp) -> Vec<Finding> {
    let pool = match told.pool {
        Ok(pool) => pool,
        Err(error) if error.is_absent() => {
            return vec![Finding::fail(
                format!("there is no pool {id}: {error}; tasks for it stay pending"),
                Owner::You,
                "correct the pool of the task, or `pools` in [taskcluster] of windlass.toml",
            )];
        }
        Err(error) => return vec![untold(&format!("whether there is a pool {id}"), error)],
    };
    let mut findings = vec![waiting(&pool, told.counts)];
    if pool.provider_id == "null-provider" {
        let fix = "move the tasks to another pool";
        findings.push(Finding::fail(
            format!("{id} is being taken away: no worker comes"),
            Owner::TaskclusterAdmin,
            fix,
        ));
    }
    findings.push(match told.errors {
        Ok(errors) => lately(id, &errors, now),
        Err(error) => untold(&format!("whether workers of {id} can be had"), error),
    });
    findings.extend(drafts.iter().filter_map(|draft| refused(id, &pool.config, *draft)));
    if let Some(program) = setting(&pool.config, "livelogExecutable").and_then(Value::as_str)
        && !program.contains("livelog")
    {
        findings.push(Finding::pass(format!("{id} has no live log: a log is there when its run has ended")));
    }
    findings
}

fn waiting(pool: &WorkerPool, counts: Result<Counts, TaskclusterError>) -> Finding {
    let (id, running) = (plain(&pool.worker_pool_id), pool.running_count);
    let coming = pool.requested_count;
    match counts {
        Err(error) => untold(&format!("how many tasks wait for {id}"), error),
        Ok(Counts { pending, claimed }) => {
            let claimed = claimed.map_or_else(String::new, |claimed| format!(", that run: {claimed}"));
            let evidence = format!(
                "{id}: tasks that wait: {pending}{claimed}; workers that run: {running}, that come: {coming} (queue, counts: \
                 200)"
            );
            // Workers that nobody provisions are not counted.
            let provisioned = !matches!(pool.provider_id.as_str(), "static" | "standalone" | "");
            if pending > 0 && provisioned && running + coming == 0 {
                let fix = "wait, or ask whoever runs the pool: its workers do not come";
                return Finding::warn(evidence, Owner::TaskclusterAdmin, fix);
            }
            Finding::pass(evidence)
        }
    }
}

fn lately(id: &str, errors: &[PoolError], now: Timestamp) -> Finding {
    let mut lately = errors.iter().filter(|error| now.duration_since(error.reported) < LATELY);
    let Some(newest) = lately.next() else {
        return Finding::pass(format!("{id}: no error of provisioning in the last hour"));
    };
    let (title, description) = (plain(&newest.title), plain(&newest.description));
    let description: String = description.chars().take(200).collect();
    Finding::warn(
        format!(
            "{id}: errors of provisioning in the last hour: {}, the last: {title}: {description}",
            1 + lately.count()
        ),
        Owner::TaskclusterAdmin,
        "tell whoever runs the pool, or wait: tasks stay pending meanwhile",
    )
}

/// What the workers of the pool would not take of this task.
fn refused(id: &str, config: &Value, draft: Draft<'_>) -> Option<Finding> {
    let is = |key: &str, value: bool| setting(config, key).and_then(Value::as_bool) == Some(value);
    let name = draft.name();
    let why = match draft.is_for_docker() {
        true if draft.is_privileged() && is("allowPrivileged", false) => {
            "forbids privileged containers, which it asks for"
        }
        true if is("enableD2G", false) => "takes no payload in docker's format, which it has",
        false if is("disableNativePayloads", true) => "takes payloads in docker's format alone, and it has none",
        _ => return None,
    };
    Some(Finding::fail(
        format!("{name}: the pool {id} {why}"),
        Owner::You,
        "move the task to a pool that takes it, or write its payload as the pool takes it",
    ))
}

/// A setting of the workers, wherever a provider's configuration has it: each kind of provider nests it otherwise.
fn setting<'a>(config: &'a Value, key: &str) -> Option<&'a Value> {
    match config {
        Value::Object(entries) => entries.get(key).or_else(|| entries.values().find_map(|value| setting(value, key))),
        Value::Array(values) => values.iter().find_map(|value| setting(value, key)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: &str = "2026-11-23T06:15:41Z";

    fn pool(more: &Value) -> WorkerPool {
        let mut pool = json!({"workerPoolId": "proj/ci", "providerId": "gcp", "runningCount": 2});
        for (key, value) in more.as_object().unwrap() {
            pool[key] = value.clone();
        }
        serde_json::from_value(pool).unwrap()
    }

    fn error(reported: &str) -> PoolError {
        PoolError {
            reported: reported.parse().unwrap(),
            kind: "creation-error".into(),
            title: "Instance Creation Error".into(),
            description: "quota\u{1b}[2J exceeded".into(),
        }
    }

    fn found(pool_json: &Value, pending: u64, errors: &[&str], task: &Value) -> (String, String) {
        let told = Told {
            pool: Ok(pool(pool_json)),
            counts: Ok(Counts { pending, claimed: Some(1) }),
            errors: Ok(errors.iter().map(|at| error(at)).collect()),
        };
        let finding = Finding::together(judged("proj/ci", told, &[Draft(task)], NOW.parse().unwrap()));
        (finding.outcome.word().to_owned(), finding.evidence)
    }

    #[test]
    fn a_pool_is_judged_by_what_waits_what_comes_and_what_it_takes() {
        let config = |key: &str, value: Value| json!({"config": {"launchConfigs": [{"workerConfig": {"genericWorker": {"config": {key: value}}}}]}});
        let docker = json!({"metadata": {"name": "t"}, "payload": {"image": "x"}});
        let native = json!({"metadata": {"name": "t"}, "payload": {"command": [["x"]]}});
        let privileged =
            json!({"metadata": {"name": "t"}, "payload": {"image": "x", "capabilities": {"privileged": true}}});
        let (recent, old) = ("2026-11-23T05:30:00Z", "2026-11-23T05:00:00Z");
        for (pool, pending, errors, task, word, said) in [
            (
                json!({}),
                0,
                vec![],
                &docker,
                "pass",
                "proj/ci: tasks that wait: 0, that run: 1; workers that run: 2, that come: 0",
            ),
            (json!({}), 12, vec![old], &docker, "pass", "tasks that wait: 12"),
            (json!({"runningCount": 0}), 12, vec![], &docker, "warn", "tasks that wait: 12"),
            (json!({"runningCount": 0, "requestedCount": 1}), 12, vec![], &docker, "pass", "that come: 1"),
            (json!({"runningCount": 0, "providerId": "static"}), 12, vec![], &docker, "pass", "tasks that wait: 12"),
            (
                json!({}),
                0,
                vec![recent, recent, old],
                &docker,
                "warn",
                "errors of provisioning in the last hour: 2, the last: Instance Creation Error: quota exceeded",
            ),
            (json!({"providerId": "null-provider"}), 0, vec![], &docker, "fail", "is being taken away"),
            (config("livelogExecutable", json!("/bin/true")), 0, vec![], &docker, "pass", "has no live log"),
            (
                config("enableD2G", json!(false)),
                0,
                vec![],
                &docker,
                "fail",
                "t: the pool proj/ci takes no payload in docker's format",
            ),
            (config("enableD2G", json!(true)), 0, vec![], &docker, "pass", "tasks that wait: 0"),
            (config("disableNativePayloads", json!(true)), 0, vec![], &native, "fail", "docker's format alone"),
            (config("disableNativePayloads", json!(true)), 0, vec![], &docker, "pass", "tasks that wait: 0"),
            (config("allowPrivileged", json!(false)), 0, vec![], &privileged, "fail", "forbids privileged containers"),
            (config("allowPrivileged", json!(false)), 0, vec![], &docker, "pass", "tasks that wait: 0"),
        ] {
            let (outcome, evidence) = found(&pool, pending, &errors, task);
            assert_eq!(outcome, word, "{pool}: {evidence}");
            assert!(evidence.contains(said), "{pool}: {evidence}");
        }
        let livelog = config("livelogExecutable", json!("/usr/local/bin/livelog"));
        assert!(!found(&livelog, 0, &[], &docker).1.contains("live log"));
    }
}
