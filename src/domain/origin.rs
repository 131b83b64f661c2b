//! Where a group of tasks comes from, and whether what one of its tasks recorded counts.
//!
//! Anybody who may open a pull request can have a task of any name say any digest. A task's digest counts only where the
//! queue itself vouches for it: the group comes from a push or a release of what policy allows, the task holds the scope
//! that reads the registry's login (which pull requests are not given), and its pool is one that the configuration names.

use jiff::Timestamp;

use super::{
    name::{Commit, SecretName},
    plan::Trigger,
    policy::Policy,
    scope::Scopes,
    task::{Definition, Task, TaskId, TaskState},
};

/// A group of tasks, and the event that began it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub group: TaskId,
    pub trigger: Trigger,
    /// As the host of the repository tells it; `None` where the event is of none, as with a hook.
    pub commit: Option<Commit>,
    /// `https://github.com/mozilla/balrog`.
    pub remote: Option<String>,
    pub began: Timestamp,
    /// When something of it changed last.
    pub changed: Timestamp,
    /// As the service that began it sums it up.
    pub state: TaskState,
}

/// What a record has to satisfy.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    pub secret: &'a SecretName,
    /// Empty: any.
    pub pools: &'a [String],
    pub policy: &'a Policy,
}

/// The branch or the git tag that a group was begun for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Began {
    Branch(String),
    Tag(String),
    /// A release at the host, which is always of a tag.
    Release,
}

/// The roles that the GitHub service gives to what it begins. Source: taskcluster-github, "Roles and scopes".
#[must_use]
pub fn began_for(github: &str, tasks: &[Task]) -> Option<Began> {
    let role = format!("assume:repo:github.com/{github}:");
    let scopes = tasks.iter().flat_map(|task| &task.definition.scopes);
    scopes.filter_map(|scope| scope.strip_prefix(&role)).find_map(|rest| {
        let named = |kind: &str| rest.strip_prefix(kind).filter(|name| !name.is_empty() && !name.ends_with('*'));
        named("branch:")
            .map(|branch| Began::Branch(branch.to_owned()))
            .or_else(|| named("tag:").map(|tag| Began::Tag(tag.to_owned())))
            .or_else(|| rest.starts_with("release:").then_some(Began::Release))
    })
}

/// Why what a task of this group recorded is only claimed; `None` where it counts.
#[must_use]
pub fn only_claimed(origin: &Origin, began: Option<&Began>, task: &Definition, terms: Terms<'_>) -> Option<String> {
    not_released(origin, began, terms.policy).or_else(|| task_only_claims(task, terms))
}

/// Why a file that a task of this group left is only claimed; `None` where it counts: where what the task recorded would,
/// and where a task of which that is so depends on it. What builds has no secret; and who may join the group without one
/// cannot have a task with it wait for theirs.
#[must_use]
pub fn left_only_claimed(
    origin: &Origin,
    began: Option<&Began>,
    task: &Task,
    group: &[Task],
    terms: Terms<'_>,
) -> Option<String> {
    not_released(origin, began, terms.policy).or_else(|| {
        let why = task_only_claims(&task.definition, terms)?;
        let mut dependents = group.iter().filter(|other| other.definition.dependencies.contains(task.id()));
        let counts = dependents.any(|other| task_only_claims(&other.definition, terms).is_none());
        (!counts).then(|| format!("{why}, and no task that counts depends on it"))
    })
}

fn task_only_claims(task: &Definition, terms: Terms<'_>) -> Option<String> {
    let needed = format!("secrets:get:{}", terms.secret);
    if !task.scopes.iter().map(String::as_str).collect::<Scopes>().satisfy(&needed) {
        return Some(format!("its scopes do not give {needed}"));
    }
    let pool = &task.task_queue_id;
    if !terms.pools.is_empty() && !terms.pools.contains(pool) {
        return Some(format!("it ran in the pool {pool}, which is none of `pools`"));
    }
    None
}

/// Why no push or release of what policy allows began this group; `None`: one did.
#[must_use]
pub fn not_released(origin: &Origin, began: Option<&Began>, policy: &Policy) -> Option<String> {
    match origin.trigger {
        Trigger::Push | Trigger::Tag | Trigger::GithubRelease => {}
        other => return Some(format!("its group comes from {other}, not from a push or a release")),
    }
    match began {
        None if origin.trigger == Trigger::GithubRelease => {}
        None => return Some("which branch or tag it was begun for is not known here".to_owned()),
        Some(Began::Release) => {}
        Some(Began::Branch(branch)) if policy.allows_branch(branch) => {}
        Some(Began::Branch(branch)) => {
            return Some(format!("it was begun for the branch {branch}, which is not released"));
        }
        Some(Began::Tag(tag)) if policy.allows_tag(tag) => {}
        Some(Began::Tag(tag)) => return Some(format!("it was begun for the tag {tag}, which is not released")),
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(trigger: Trigger) -> Origin {
        let now = "2026-11-23T06:14:16Z".parse().unwrap();
        Origin {
            group: "f18OCIBgRoSL6-8OrQg82Q".parse().unwrap(),
            trigger,
            commit: Some("a".repeat(40).parse().unwrap()),
            remote: None,
            began: now,
            changed: now,
            state: TaskState::Completed,
        }
    }

    fn task(scopes: &[&str], pool: &str) -> Task {
        let id = "f18OCIBgRoSL6-8OrQg82Q";
        serde_json::from_value(serde_json::json!({
            "status": { "taskId": id, "taskGroupId": id, "deadline": "2026-11-23T07:14:15Z", "state": "completed" },
            "task": {
                "taskGroupId": id, "created": "2026-11-23T06:14:15Z", "deadline": "2026-11-23T07:14:15Z",
                "taskQueueId": pool, "scopes": scopes, "metadata": { "name": "push-image" },
            },
        }))
        .unwrap()
    }

    /// Why a task with these scopes, of this pool, begun by this event for this, does not count.
    fn why(trigger: Trigger, began: Option<&Began>, scopes: &[&str], pool: &str) -> String {
        let secret = "repo:github.com/mozilla/balrog:dockerhub".parse().unwrap();
        let (pools, policy) = (["releng-3/linux".to_owned()], Policy::default());
        let terms = Terms { secret: &secret, pools: &pools, policy: &policy };
        let task = task(scopes, pool).definition;
        only_claimed(&origin(trigger), began, &task, terms).unwrap_or_default()
    }

    const GIVEN: &str = "secrets:get:repo:github.com/mozilla/balrog:dockerhub";

    fn branch(name: &str) -> Began {
        Began::Branch(name.to_owned())
    }

    #[test]
    fn a_task_of_a_push_with_the_secrets_scope_counts() {
        for scope in [GIVEN, "secrets:get:repo:github.com/mozilla/balrog:*", "*"] {
            assert_eq!(why(Trigger::Push, Some(&branch("master")), &["x", scope], "releng-3/linux"), "");
        }
        assert_eq!(why(Trigger::GithubRelease, None, &[GIVEN], "releng-3/linux"), "");
        assert_eq!(why(Trigger::Tag, Some(&Began::Tag("v1.2".into())), &[GIVEN], "releng-3/linux"), "");
    }

    #[test]
    fn a_pull_requests_task_of_the_same_name_does_not() {
        let said = why(Trigger::PullRequest, Some(&branch("master")), &[GIVEN], "releng-3/linux");
        assert_eq!(said, "its group comes from pull request, not from a push or a release");
        let said = why(Trigger::Push, Some(&branch("master")), &["secrets:get:other"], "releng-3/linux");
        assert_eq!(said, format!("its scopes do not give {GIVEN}"));
    }

    #[test]
    fn branch_tag_and_pool_have_to_be_those_that_are_released() {
        for (trigger, began, pool, said) in [
            (
                Trigger::Push,
                Some(branch("feature")),
                "releng-3/linux",
                "it was begun for the branch feature, which is not",
            ),
            (Trigger::Push, None, "releng-3/linux", "which branch or tag it was begun for is not known here"),
            (Trigger::Tag, Some(Began::Tag("x".into())), "releng-3/linux", "it was begun for the tag x, which is not"),
            (
                Trigger::Push,
                Some(branch("master")),
                "releng-1/linux",
                "it ran in the pool releng-1/linux, which is none of",
            ),
            (Trigger::Hook, Some(branch("master")), "releng-3/linux", "its group comes from hook, not"),
        ] {
            assert!(why(trigger, began.as_ref(), &[GIVEN], pool).starts_with(said), "{said}");
        }
    }

    #[test]
    fn what_a_build_left_counts_where_the_task_that_may_push_depends_on_it() {
        let build = task(&[], "builders/linux");
        let after = |scopes: &[&str], pool: &str, depends: bool| {
            let mut other = task(scopes, pool);
            other.status.task_id = "c-De678pQN6Sgw7PuBPhkw".parse().unwrap();
            other.definition.dependencies = if depends { vec![build.id().clone()] } else { Vec::new() };
            other
        };
        let secret = "repo:github.com/mozilla/balrog:dockerhub".parse().unwrap();
        let (pools, policy) = (["releng-3/linux".to_owned()], Policy::default());
        let terms = Terms { secret: &secret, pools: &pools, policy: &policy };
        let of = |trigger, other: Task| {
            let group = [build.clone(), other];
            left_only_claimed(&origin(trigger), Some(&branch("master")), &build, &group, terms).unwrap_or_default()
        };
        assert_eq!(of(Trigger::Push, after(&[GIVEN], "releng-3/linux", true)), "");
        let unwanted = format!("its scopes do not give {GIVEN}, and no task that counts depends on it");
        for other in [
            after(&[GIVEN], "releng-3/linux", false),
            after(&["secrets:get:other"], "releng-3/linux", true),
            after(&[GIVEN], "releng-1/linux", true),
        ] {
            assert_eq!(of(Trigger::Push, other), unwanted);
        }
        let said = of(Trigger::PullRequest, after(&[GIVEN], "releng-3/linux", true));
        assert_eq!(said, "its group comes from pull request, not from a push or a release");
        // What builds and pushes at once counts by itself.
        let both = task(&[GIVEN], "releng-3/linux");
        assert_eq!(left_only_claimed(&origin(Trigger::Push), Some(&branch("master")), &both, &[], terms), None);
    }

    #[test]
    fn roles_tell_what_a_group_was_begun_for() {
        for (scope, began) in [
            ("assume:repo:github.com/mozilla/balrog:branch:master", Some(branch("master"))),
            ("assume:repo:github.com/mozilla/balrog:tag:v1", Some(Began::Tag("v1".into()))),
            ("assume:repo:github.com/mozilla/balrog:release:published", Some(Began::Release)),
            ("assume:repo:github.com/mozilla/balrog:pull-request", None),
            ("assume:repo:github.com/mozilla/balrog:branch:*", None),
            ("assume:repo:github.com/mozilla/balrog-evil:branch:master", None),
            ("repo:github.com/mozilla/balrog:branch:master", None),
        ] {
            assert_eq!(began_for("mozilla/balrog", &[task(&["x", scope], "")]), began, "{scope}");
        }
    }
}
