//! Grants: whether the roles that a release's tasks get may read its secrets. A role's scopes are expanded by the auth
//! service without having the role, so that this is known before a push fails.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::{asked::At, examination::Examination, untold::untold};
use crate::{
    config::Trigger,
    domain::{
        finding::{Finding, Owner},
        name::SecretName,
        policy::Policy,
        root_url::RootUrl,
        scope::Scopes,
    },
    taskcluster::TaskclusterError,
};

/// A role, without the `assume:` that gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Role {
    id: String,
    /// The commit that is checked out would get this one.
    here: bool,
}

pub(super) async fn check(examination: &Examination) -> Finding {
    let at = match examination.taskcluster() {
        Ok(at) => at,
        Err(finding) => return finding,
    };
    let secrets = at.secrets();
    if secrets.is_empty() {
        return Finding::pass("no task reads a secret: the logins are in the vault of this machine");
    }
    match found(examination, at, &secrets).await {
        Ok(finding) | Err(finding) => finding,
    }
}

async fn found(examination: &Examination, at: At<'_>, secrets: &BTreeSet<&SecretName>) -> Result<Finding, Finding> {
    // A detached HEAD, or no checkout: then no branch is ours.
    let branch = examination.head(at).await.ok().and_then(|head| head.branch.as_deref());
    let roles = roles(&at.config.trigger, at.config.github.as_deref(), &at.project.policy, branch)?;
    let asked = roles.into_iter().map(|role| async move {
        let scopes = at.deployment.expand(&[format!("assume:{}", role.id)]).await;
        (role, scopes)
    });
    Ok(judged(at.deployment.root(), secrets, join_all(asked).await))
}

/// The roles that a release of this project gets. Source: taskcluster-github, "roles"; hooks, "role of a hook".
fn roles(trigger: &Trigger, github: Option<&str>, policy: &Policy, branch: Option<&str>) -> Result<Vec<Role>, Finding> {
    let role = |id: String, here: bool| Role { id, here };
    if let Trigger::Hook { group, id } = trigger {
        return Ok(vec![role(format!("hook-id:{group}/{id}"), true)]);
    }
    if let Trigger::Yml(file) = trigger {
        return Err(Finding::pass(format!(
            "the tasks of {file} are made by whoever releases, with their own scopes: no role gives any"
        )));
    }
    let Some(github) = github else {
        let fix = "name it where GitHub's events make tasks: [taskcluster] github = \"owner/repository\"";
        return Err(Finding::cannot_tell("windlass.toml names no repository at GitHub", Owner::You, fix));
    };
    let of = |event: &str| format!("repo:github.com/{github}:{event}");
    // A glob stands for many names: each that is asked for is one of them.
    let one_of = |glob: &str| glob.replace(['*', '?'], "0");
    if *trigger == Trigger::GitTag {
        let tags = policy.git_tags.iter().map(|tag| role(of(&format!("tag:{}", one_of(tag))), false));
        return Ok(std::iter::once(role(of("release:published"), false)).chain(tags).collect());
    }
    let ours = branch.filter(|branch| policy.allows_branch(branch));
    let mut branches: Vec<&str> = ours.into_iter().collect();
    let literal = policy.branches.iter().map(String::as_str).filter(|branch| !branch.contains(['*', '?', '[', '{']));
    branches.extend(literal.filter(|branch| Some(*branch) != ours));
    if branches.is_empty() {
        let fix = "run it on a branch that is released: windlass doctor grants";
        return Err(Finding::cannot_tell("[policy] names branches by patterns alone", Owner::You, fix));
    }
    Ok(branches.into_iter().map(|branch| role(of(&format!("branch:{branch}")), Some(branch) == ours)).collect())
}

/// One role that may do it is enough where none of them is that of the branch here: not every branch that a policy
/// allows is there.
fn judged(
    root: &RootUrl,
    secrets: &BTreeSet<&SecretName>,
    expanded: Vec<(Role, Result<Scopes, TaskclusterError>)>,
) -> Finding {
    let wanted: Vec<String> = secrets.iter().map(|name| format!("secrets:get:{name}")).collect();
    let (mut may, mut lacking) = (Vec::new(), Vec::new());
    for (role, scopes) in expanded {
        let scopes = match scopes {
            Ok(scopes) => scopes,
            Err(error) => return untold(&format!("what the role {} may do", role.id), error),
        };
        let missing: Vec<String> =
            scopes.missing(wanted.iter().map(String::as_str)).into_iter().map(ToOwned::to_owned).collect();
        if missing.is_empty() {
            may.push(role);
        } else {
            lacking.push((role, missing));
        }
    }
    let asked = "(auth, scopes/expand: 200)";
    if may.is_empty() || lacking.iter().any(|(role, _)| role.here) {
        lacking.retain(|(role, _)| may.is_empty() || role.here);
        let lacks =
            lacking.iter().map(|(role, missing)| format!("the role {} lacks {} {asked}", role.id, missing.join(", ")));
        let fixes: Vec<String> =
            lacking.iter().map(|(role, missing)| grant(root, &role.id, &missing.join(", "))).collect();
        return Finding::fail(lacks.collect::<Vec<_>>().join("\n"), Owner::TaskclusterAdmin, fixes.join("\n"));
    }
    let names = |roles: Vec<Role>| roles.into_iter().map(|role| role.id).collect::<Vec<_>>().join(", ");
    let mut evidence = format!("{} may read {} {asked}", names(may), listed(secrets));
    if !lacking.is_empty() {
        let others = names(lacking.into_iter().map(|(role, _)| role).collect());
        evidence = format!("{evidence}\n{others} may not, and is not what a release from here gets");
    }
    Finding::pass(evidence)
}

fn listed(secrets: &BTreeSet<&SecretName>) -> String {
    secrets.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
}

/// How a scope gets into a role: some deployments keep their grants in a repository.
pub(super) fn grant(root: &RootUrl, role: &str, scopes: &str) -> String {
    if root.host() == "firefox-ci-tc.services.mozilla.com" {
        return format!(
            "have {scopes} granted to {role}: a pull request to grants.d/ of https://github.com/mozilla-releng/fxci-config"
        );
    }
    format!("have {scopes} granted to the role {role}: {}", root.below("/auth/roles"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(roles: Result<Vec<Role>, Finding>) -> String {
        match roles {
            Ok(roles) => roles
                .iter()
                .map(|role| {
                    format!("{}{}", role.id.replace("repo:github.com/o/r:", ""), if role.here { "!" } else { "" })
                })
                .collect::<Vec<_>>()
                .join(" "),
            Err(finding) => format!("{}: {}", finding.outcome.word(), finding.evidence),
        }
    }

    #[test]
    fn roles_are_those_of_the_event_that_begins_a_release() {
        let usual = Policy::default();
        let globs = Policy { branches: vec!["release/*".into()], ..Policy::default() };
        let hook = Trigger::Hook { group: "g".into(), id: "a/b".into() };
        let (push, github) = (Trigger::GitPush, Some("o/r"));
        for (trigger, github, policy, branch, expected) in [
            (push.clone(), github, &usual, Some("main"), "branch:main! branch:master"),
            (push.clone(), github, &usual, Some("topic"), "branch:master branch:main"),
            (push.clone(), github, &usual, None, "branch:master branch:main"),
            (push.clone(), github, &globs, Some("release/1"), "branch:release/1!"),
            (push.clone(), github, &globs, None, "cannot-tell: [policy] names branches by patterns alone"),
            (push, None, &usual, None, "cannot-tell: windlass.toml names no repository at GitHub"),
            (Trigger::GitTag, github, &usual, None, "release:published tag:v0"),
            (hook, None, &usual, None, "hook-id:g/a/b!"),
        ] {
            assert_eq!(told(roles(&trigger, github, policy, branch)), expected);
        }
        assert!(told(roles(&Trigger::Yml("x.yml".into()), None, &usual, None)).starts_with("pass: "));
    }

    #[test]
    fn a_role_that_lacks_the_scope_is_named_with_it() {
        let name: SecretName = "project/x".parse().unwrap();
        let secrets = BTreeSet::from([&name]);
        let tc: RootUrl = "https://tc.example".parse().unwrap();
        let firefox: RootUrl = "https://firefox-ci-tc.services.mozilla.com".parse().unwrap();
        let role = |id: &str, here| Role { id: id.to_owned(), here };
        let gives = |scopes: &[&str]| Ok(scopes.iter().copied().collect::<Scopes>());
        let reads = ["secrets:get:project/*"];
        for (root, expanded, word, said) in [
            (&tc, vec![(role("a", true), gives(&reads))], "pass", "a may read project/x"),
            (&tc, vec![(role("a", true), gives(&[]))], "fail", "the role a lacks secrets:get:project/x"),
            (&tc, vec![(role("a", true), gives(&[])), (role("b", false), gives(&reads))], "fail", "the role a lacks"),
            (&tc, vec![(role("a", false), gives(&[])), (role("b", false), gives(&reads))], "pass", "a may not"),
            (&tc, vec![(role("a", false), gives(&[])), (role("b", false), gives(&[]))], "fail", "the role b lacks"),
            (&firefox, vec![(role("a", true), gives(&["secrets:set:project/x"]))], "fail", "lacks"),
        ] {
            let finding = judged(root, &secrets, expanded);
            assert_eq!(finding.outcome.word(), word, "{finding:?}");
            assert!(finding.evidence.contains(said), "{finding:?}");
            if let Some(remedy) = finding.outcome.remedy() {
                assert_eq!(remedy.owner, Owner::TaskclusterAdmin);
                assert_eq!(remedy.fix.contains("mozilla-releng/fxci-config"), root == &firefox, "{}", remedy.fix);
            }
        }
    }
}
