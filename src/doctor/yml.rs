//! The tasks that the next release would begin with, as the services themselves render them: what their workers, the
//! queue or the role that makes them would refuse.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::{
    asked::{At, Next},
    draft::Draft,
    examination::Examination,
    grants::grant,
    outsiders,
    untold::untold,
};
use crate::{
    domain::{
        finding::{Finding, Owner},
        name::SecretName,
        scope::{Expression, Scopes},
    },
    log::sanitise::plain,
    taskcluster::TaskclusterError,
};

/// Source: taskcluster, changes of version 89.
const GONE: [&str; 2] = ["dind", "dockerSave"];
/// What the docker format has, and nothing else. Source: d2g, `docker-worker/v1/payload`, of 2026.
const FEATURES: [&str; 7] =
    ["allowPtrace", "artifacts", "bulkLog", "chainOfTrust", "interactive", "localLiveLog", "taskclusterProxy"];
/// From the highest. Source: queue, `task.priority`.
const PRIORITIES: [&str; 7] = ["highest", "very-high", "high", "medium", "low", "very-low", "lowest"];
/// Source: queue, `createTask`, measured on v106.
const LONGEST: SignedDuration = SignedDuration::from_hours(5 * 24);
/// What a task lives longer than its deadline where it does not say. Source: queue, `createTask`.
const USUAL: SignedDuration = SignedDuration::from_hours(365 * 24);
const PRIVILEGED: &str = "docker-worker:capability:privileged";

pub(super) async fn check(examination: &Examination) -> Finding {
    let at = match examination.taskcluster() {
        Ok(at) => at,
        Err(finding) => return finding,
    };
    let next = match examination.next_tasks(at).await {
        Ok(next) => next,
        Err(finding) => return finding,
    };
    let granted = match &next.claims {
        Some(claims) => at.deployment.expand(claims).await,
        None => at.deployment.current_scopes().await,
    };
    let mut findings = judged(at, next, &granted);
    if let Some(text) = &next.text {
        findings.extend(outsiders::look(at, text, &at.secrets()).await);
    }
    Finding::together(findings)
}

fn judged(at: At<'_>, next: &Next, granted: &Result<Scopes, TaskclusterError>) -> Vec<Finding> {
    let drafts: Vec<Draft<'_>> = next.tasks.iter().map(Draft).collect();
    let from = &next.from;
    if drafts.is_empty() {
        let fix = "correct its conditions (`tasks_for`, branches), or `trigger` in [taskcluster] of windlass.toml";
        return vec![Finding::fail(format!("{from} makes no task"), Owner::You, fix)];
    }
    let names: Vec<String> = drafts.iter().map(|draft| draft.name()).collect();
    let mut findings = vec![Finding::pass(format!("{from} makes {} (rendered: 200)", names.join(", ")))];
    let secrets = at.secrets();
    findings.extend(drafts.iter().flat_map(|draft| wrong(*draft, &secrets)));
    findings.extend(readers(&drafts, &secrets));
    let role = next.claims.iter().flatten().find_map(|claim| claim.strip_prefix("assume:"));
    findings.extend(drafts.iter().filter_map(|draft| {
        let missing = match granted {
            Ok(granted) => needs(*draft).into_iter().filter(|need| !need.satisfied_by(granted)),
            Err(_) => return None,
        };
        let missing: Vec<String> = missing.map(|need| plain(&need.to_string())).collect();
        (!missing.is_empty()).then(|| {
            let missing = missing.join(", ");
            let (who, fix) = match role {
                Some(role) => (format!("the role {role}"), grant(at.deployment.root(), role, &missing)),
                None => ("your credentials".to_owned(), format!("sign in with {missing}: windlass signin")),
            };
            let owner = if role.is_some() { Owner::TaskclusterAdmin } else { Owner::You };
            Finding::fail(format!("{}: {who} lacks {missing}", draft.name()), owner, fix)
        })
    }));
    if let Err(error) = granted {
        findings.push(untold("whether it may make them", error.clone()));
    }
    findings
}

/// What is wrong with a task whoever makes it.
fn wrong(draft: Draft<'_>, secrets: &BTreeSet<&SecretName>) -> Vec<Finding> {
    let name = draft.name();
    let mut findings = Vec::new();
    let mut fail = |what: String, fix: &str| findings.push(Finding::fail(format!("{name}: {what}"), Owner::You, fix));
    let two_tasks = "build in one task with an image builder (docker-image: kaniko, no secret), push in another \
                     (push-image: skopeo, with the secret)";
    let mut unknown = Vec::new();
    if draft.is_for_docker() {
        for (feature, _) in draft.object("/payload/features") {
            if GONE.contains(&feature) {
                fail(format!("`features.{feature}` was removed: malformed-payload at the worker"), two_tasks);
            } else if !FEATURES.contains(&feature) {
                unknown.push(plain(feature));
            }
        }
        let command = draft.command();
        let engine = ["docker build", "docker buildx", "docker push", "docker login", "docker tag"]
            .into_iter()
            .find(|words| command.contains(words));
        if let Some(words) = engine.filter(|_| !draft.has("dind") && !draft.is_privileged()) {
            fail(format!("its command has `{words}`, and no Docker daemon is there"), two_tasks);
        }
    }
    if draft.is_privileged() {
        let pool = draft.pool().unwrap_or_default();
        let scopes: Scopes = draft.scopes().collect();
        if !scopes.satisfy(PRIVILEGED) && !scopes.satisfy(&format!("{PRIVILEGED}:{pool}")) {
            fail(
                format!("it wants `capabilities.privileged` without the scope {PRIVILEGED}"),
                "add it to its `scopes`",
            );
        }
    }
    let reads = draft.command().contains("/secrets/v1/secret/") || secrets.iter().any(|secret| draft.may_read(secret));
    if reads && !draft.has("taskclusterProxy") {
        fail(
            "it reads a secret without the proxy that signs for it".to_owned(),
            "set `features.taskclusterProxy: true` in its payload",
        );
    }
    if let (Some(created), Some(deadline)) = (draft.time("/created"), draft.time("/deadline")) {
        let within = deadline.duration_since(created);
        if within > LONGEST {
            fail(
                "its deadline is more than 5 days after it is made: 400 at the queue".to_owned(),
                "set an earlier one",
            );
        }
        if let Some(longest) = draft.max_run_time().filter(|longest| *longest > within) {
            findings.push(Finding::warn(
                format!(
                    "{name}: it may run for {} min, and its deadline is {} min after it is made",
                    longest.as_mins(),
                    within.as_mins()
                ),
                Owner::You,
                "set a later `deadline`, or a smaller `maxRunTime`",
            ));
        }
        let end = draft.time("/expires").unwrap_or_else(|| deadline.saturating_add(USUAL).unwrap_or(deadline));
        for (artifact, _) in draft.artifacts().into_iter().filter(|(_, expires)| *expires > end) {
            findings.push(Finding::fail(
                format!("{name}: its artifact {artifact} is to outlive it: 400 at the queue, when all else is done"),
                Owner::You,
                "let the artifact expire with the task: task `expires`, artifact `expires`",
            ));
        }
    }
    let builder = ["docker build", "docker buildx", "buildah", "podman build", "executor", "--context="]
        .into_iter()
        .find(|words| draft.command().contains(words))
        .or_else(|| builds_with_windlass(&draft.command()).then_some("windlass release"));
    if let Some(words) = builder.filter(|_| secrets.iter().any(|secret| draft.may_read(secret))) {
        findings.push(Finding::warn(
            format!("{name}: it builds (`{words}`) and may read the login: so can each RUN step of a Dockerfile"),
            Owner::You,
            "leave the secret to a task that runs no code of the project: windlass init --taskcluster --print shows how",
        ));
    }
    if !unknown.is_empty() {
        findings.push(Finding::warn(
            format!("{name}: workers of today know no feature {}: malformed-payload", unknown.join(", ")),
            Owner::You,
            "correct its `features`, unless its pool has older workers",
        ));
    }
    findings
}

/// Where it is not told to take an archive, it builds.
fn builds_with_windlass(command: &str) -> bool {
    command.contains("windlass release") && !command.contains("--from-archive")
}

/// Which of the tasks may read the secrets: the one that pushes, and no other.
fn readers(drafts: &[Draft<'_>], secrets: &BTreeSet<&SecretName>) -> Option<Finding> {
    // Decision tasks make the others, with what their role gives.
    let decides = drafts.iter().any(|draft| draft.scopes().any(|scope| scope.starts_with("assume:")));
    for secret in secrets {
        let readers: Vec<String> =
            drafts.iter().filter(|draft| draft.may_read(secret)).map(|draft| draft.name()).collect();
        match readers.as_slice() {
            [] if !decides => {
                return Some(Finding::fail(
                    format!("no task of it has the scope secrets:get:{secret}: its push would be told 403"),
                    Owner::You,
                    format!("add secrets:get:{secret} to the `scopes` of the task that pushes"),
                ));
            }
            [] | [_] => {}
            several => {
                return Some(Finding::warn(
                    format!("{} tasks may read {secret}: {}", several.len(), several.join(", ")),
                    Owner::You,
                    "leave the scope to the task that pushes: whoever writes the others' code could read it",
                ));
            }
        }
    }
    None
}

impl Draft<'_> {
    pub(super) fn may_read(self, secret: &SecretName) -> bool {
        self.scopes().collect::<Scopes>().satisfy(&format!("secrets:get:{secret}"))
    }
}

/// What whoever makes this task has to have. Source: queue, `createTask`.
fn needs(draft: Draft<'_>) -> Vec<Expression> {
    let scope = |text: String| Expression::Scope(text);
    let mut needs: Vec<Expression> = draft.scopes().map(|text| scope(text.to_owned())).collect();
    needs.extend(draft.routes().map(|route| scope(format!("queue:route:{route}"))));
    needs.push(scope(format!("queue:create-task:project:{}", draft.text("/projectId").unwrap_or("none"))));
    needs.push(scope(format!("queue:scheduler-id:{}", draft.text("/schedulerId").unwrap_or("-"))));
    if let Some(pool) = draft.pool() {
        let priority = draft.text("/priority").unwrap_or("lowest");
        let upto = PRIORITIES.iter().position(|known| *known == priority).unwrap_or(PRIORITIES.len() - 1);
        let any = PRIORITIES[..=upto].iter().rev().map(|known| scope(format!("queue:create-task:{known}:{pool}")));
        needs.push(Expression::Any { any: any.collect() });
    }
    needs
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A task that pushes, and is as it should be, with this merged into it.
    fn task(more: &Value) -> Value {
        fn merge(into: &mut Value, more: &Value) {
            match (into, more) {
                (Value::Object(into), Value::Object(more)) => {
                    more.iter().for_each(|(key, value)| merge(into.entry(key).or_insert(Value::Null), value));
                }
                (into, more) => into.clone_from(more),
            }
        }
        let mut task = json!({
            "taskQueueId": "proj/ci", "schedulerId": "taskcluster-github", "priority": "low",
            "created": "2026-11-23T06:00:00.000Z", "deadline": "2026-11-23T08:00:00.000Z",
            "expires": "2026-12-23T06:00:00.000Z",
            "scopes": ["secrets:get:project/x"], "routes": ["checks"],
            "metadata": {"name": "push-image"},
            "payload": {"image": "skopeo", "command": ["/push.sh"], "maxRunTime": 3600,
                "features": {"taskclusterProxy": true}},
        });
        merge(&mut task, more);
        task
    }

    fn told(findings: &[Finding]) -> String {
        let told: Vec<String> = findings.iter().map(|f| format!("{} {}", f.outcome.word(), f.evidence)).collect();
        told.join("; ")
    }

    #[test]
    fn what_workers_and_queue_would_refuse_is_found_before() {
        let secret: SecretName = "project/x".parse().unwrap();
        let secrets = BTreeSet::from([&secret]);
        let payload = |payload: Value| json!({"payload": payload});
        for (more, expected) in [
            (json!({}), ""),
            (payload(json!({"features": {"dind": true}})), "fail push-image: `features.dind` was removed"),
            (payload(json!({"features": {"dind": false}})), "fail push-image: `features.dind` was removed"),
            (payload(json!({"features": {"dockerSave": true}})), "fail push-image: `features.dockerSave` was removed"),
            (
                payload(json!({"features": {"balrogVPN": true}})),
                "warn push-image: workers of today know no feature balrogVPN",
            ),
            (
                payload(json!({"command": ["sh", "-c", "docker build ."]})),
                "fail push-image: its command has `docker build`, and no Docker daemon is there",
            ),
            (
                payload(
                    json!({"image": null, "command": [["docker build ."]], "features": {"runAsAdministrator": true}}),
                ),
                "warn push-image: it builds (`docker build`) and may read the login",
            ),
            (
                payload(json!({"capabilities": {"privileged": true}})),
                "fail push-image: it wants `capabilities.privileged` without the scope docker-worker:capability:privileged",
            ),
            (
                json!({"payload": {"capabilities": {"privileged": true}, "command": ["docker build ."]},
                    "scopes": ["docker-worker:capability:privileged:proj/ci"]}),
                "",
            ),
            (
                payload(json!({"features": {"taskclusterProxy": false}})),
                "fail push-image: it reads a secret without the proxy that signs for it",
            ),
            (
                json!({"scopes": [], "payload": {"command": ["curl taskcluster/secrets/v1/secret/project/x"],
                    "features": {"taskclusterProxy": false}}}),
                "fail push-image: it reads a secret without the proxy",
            ),
            (json!({"deadline": "2026-11-28T06:00:01.000Z"}), "fail push-image: its deadline is more than 5 days"),
            (
                json!({"deadline": "2026-11-23T06:30:00.000Z"}),
                "warn push-image: it may run for 60 min, and its deadline is 30 min after it is made",
            ),
            (
                payload(json!({"artifacts": {"public/a": {"expires": "2026-12-23T06:00:00.001Z"}}})),
                "fail push-image: its artifact public/a is to outlive it",
            ),
            (
                payload(json!({"artifacts": [{"name": "public/b", "expires": "2027-12-23T06:00:00.000Z"}]})),
                "fail push-image: its artifact public/b is to outlive it",
            ),
            (payload(json!({"artifacts": [{"name": "public/b", "expires": "2026-12-23T06:00:00.000Z"}]})), ""),
            // A hook's template has expressions in the place of times.
            (json!({"deadline": {"$fromNow": "9 days"}, "created": {"$fromNow": ""}}), ""),
        ] {
            let task = task(&more);
            let found = told(&wrong(Draft(&task), &secrets));
            assert!(found.starts_with(expected) && found.is_empty() == expected.is_empty(), "{more}: {found}");
        }
    }

    #[test]
    fn the_secret_is_for_the_task_that_pushes_alone() {
        let secret: SecretName = "project/x".parse().unwrap();
        let secrets = BTreeSet::from([&secret]);
        let of = |scopes: &[&[&str]]| {
            let tasks: Vec<Value> = scopes.iter().map(|scopes| task(&json!({"scopes": scopes}))).collect();
            let drafts: Vec<Draft<'_>> = tasks.iter().map(Draft).collect();
            readers(&drafts, &secrets).map_or_else(String::new, |finding| told(&[finding]))
        };
        assert_eq!(of(&[&["secrets:get:project/x"], &[]]), "");
        assert_eq!(of(&[&["assume:repo:github.com/o/r:branch:main"]]), "");
        assert!(
            of(&[&["secrets:get:project/y"]]).starts_with("fail no task of it has the scope secrets:get:project/x")
        );
        assert!(of(&[&["secrets:get:project/x"], &["secrets:get:*"]]).starts_with("warn 2 tasks may read project/x"));
        let task = task(&json!({"scopes": []}));
        assert_eq!(readers(&[Draft(&task)], &BTreeSet::new()), None);
    }

    #[test]
    fn whoever_makes_a_task_needs_a_scope_for_all_that_is_in_it() {
        let task = task(&json!({}));
        let needed: Vec<String> = needs(Draft(&task)).iter().map(ToString::to_string).collect();
        assert_eq!(
            needed,
            [
                "secrets:get:project/x",
                "queue:route:checks",
                "queue:create-task:project:none",
                "queue:scheduler-id:taskcluster-github",
                "one of (queue:create-task:low:proj/ci, queue:create-task:medium:proj/ci, \
                 queue:create-task:high:proj/ci, queue:create-task:very-high:proj/ci, \
                 queue:create-task:highest:proj/ci)",
            ]
        );
        let old = json!({"provisionerId": "proj", "workerType": "ci"});
        assert!(
            needs(Draft(&old)).last().unwrap().to_string().starts_with("one of (queue:create-task:lowest:proj/ci,")
        );
    }
}
