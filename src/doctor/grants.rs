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
    of: Of,
}

/// What would get a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// The commit that is checked out.
    Here,
    /// Another branch that is there.
    Branch,
    /// Something that policy names, whether it is there or not.
    Named,
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
    let there = examination.branches(at).await;
    let roles = roles(&at.config.trigger, at.config.github.as_deref(), &at.project.policy, branch, there)?;
    let asked = roles.into_iter().map(|role| async move {
        let scopes = at.deployment.expand(&[format!("assume:{}", role.id)]).await;
        (role, scopes)
    });
    Ok(judged(at.deployment.root(), secrets, join_all(asked).await))
}

/// The roles that a release of this project gets. Source: taskcluster-github, "roles"; hooks, "role of a hook".
fn roles(
    trigger: &Trigger,
    github: Option<&str>,
    policy: &Policy,
    branch: Option<&str>,
    there: &[String],
) -> Result<Vec<Role>, Finding> {
    let role = |id: String, of: Of| Role { id, of };
    if let Trigger::Hook { group, id } = trigger {
        return Ok(vec![role(format!("hook-id:{group}/{id}"), Of::Here)]);
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
        let tags = policy.git_tags.iter().map(|tag| role(of(&format!("tag:{}", one_of(tag))), Of::Named));
        return Ok(std::iter::once(role(of("release:published"), Of::Named)).chain(tags).collect());
    }
    let ours = branch.filter(|branch| policy.allows_branch(branch));
    let others = there.iter().map(String::as_str).filter(|branch| Some(*branch) != ours);
    let named = policy.named_branches();
    let named = named.filter(|branch| Some(*branch) != ours && !there.iter().any(|it| it == branch));
    let branches: Vec<(&str, Of)> = ours
        .map(|branch| (branch, Of::Here))
        .into_iter()
        .chain(others.map(|branch| (branch, Of::Branch)))
        .chain(named.map(|branch| (branch, Of::Named)))
        .collect();
    if branches.is_empty() {
        let fix = "fetch the branches that are released (git fetch), or run it on one: windlass doctor grants";
        let evidence = "[policy] names branches by patterns alone, and none of them is there";
        return Err(Finding::cannot_tell(evidence, Owner::You, fix));
    }
    Ok(branches.into_iter().map(|(branch, kind)| role(of(&format!("branch:{branch}")), kind)).collect())
}

/// One role that may do it is enough where none of them is that of the branch here: not every branch that a policy
/// allows is there, and not every one that is there is released.
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
    let lacks =
        |(role, missing): &(Role, Vec<String>)| format!("the role {} lacks {} {asked}", role.id, missing.join(", "));
    let fix = |(role, missing): &(Role, Vec<String>)| grant(root, &role.id, &missing.join(", "));
    let is = |kind: Of| move |(role, _): &(Role, Vec<String>)| role.of == kind;
    if may.is_empty() || lacking.iter().any(is(Of::Here)) {
        // The gravest kind alone: where the branch here may not, the others are not what matters.
        let kind = [Of::Here, Of::Branch, Of::Named].into_iter().find(|kind| lacking.iter().any(is(*kind)));
        lacking.retain(|(role, _)| Some(role.of) == kind);
        let (lacks, fixes): (Vec<String>, Vec<String>) = lacking.iter().map(|one| (lacks(one), fix(one))).unzip();
        return Finding::fail(lacks.join("\n"), Owner::TaskclusterAdmin, fixes.join("\n"));
    }
    let names = |roles: Vec<Role>| roles.into_iter().map(|role| role.id).collect::<Vec<_>>().join(", ");
    let mut findings = vec![Finding::pass(format!("{} may read {} {asked}", names(may), listed(secrets)))];
    findings.extend(lacking.iter().filter(|one| is(Of::Branch)(one)).map(|one| {
        let fix = format!("{}; or take the branch out of [policy], if it is not released any more", fix(one));
        Finding::warn(lacks(one), Owner::TaskclusterAdmin, fix)
    }));
    lacking.retain(is(Of::Named));
    if !lacking.is_empty() {
        let others = names(lacking.into_iter().map(|(role, _)| role).collect());
        findings.push(Finding::pass(format!("{others} may not, and is not what a release from here gets")));
    }
    Finding::together(findings)
}

fn listed(secrets: &BTreeSet<&SecretName>) -> String {
    secrets.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ")
}

/// How a scope gets into a role: some deployments keep their grants in a repository.
pub fn grant(root: &RootUrl, role: &str, scopes: &str) -> String {
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
                    let sign = match role.of {
                        Of::Here => "!",
                        Of::Branch => "+",
                        Of::Named => "",
                    };
                    format!("{}{sign}", role.id.replace("repo:github.com/o/r:", ""))
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
        for (trigger, github, policy, branch, there, expected) in [
            (push.clone(), github, &usual, Some("main"), &[][..], "branch:main! branch:master"),
            (push.clone(), github, &usual, Some("main"), &["main"], "branch:main! branch:master"),
            (push.clone(), github, &usual, Some("topic"), &[], "branch:master branch:main"),
            (push.clone(), github, &usual, Some("topic"), &["main"], "branch:main+ branch:master"),
            (push.clone(), github, &usual, None, &[], "branch:master branch:main"),
            (push.clone(), github, &globs, Some("release/1"), &[], "branch:release/1!"),
            (push.clone(), github, &globs, None, &["release/2", "release/1"], "branch:release/2+ branch:release/1+"),
            (
                push.clone(),
                github,
                &globs,
                None,
                &[],
                "cannot-tell: [policy] names branches by patterns alone, and none of them is there",
            ),
            (push, None, &usual, None, &[], "cannot-tell: windlass.toml names no repository at GitHub"),
            (Trigger::GitTag, github, &usual, None, &["main"], "release:published tag:v0"),
            (hook, None, &usual, None, &[], "hook-id:g/a/b!"),
        ] {
            let there: Vec<String> = there.iter().copied().map(str::to_owned).collect();
            assert_eq!(told(roles(&trigger, github, policy, branch, &there)), expected);
        }
        assert!(told(roles(&Trigger::Yml("x.yml".into()), None, &usual, None, &[])).starts_with("pass: "));
    }

    #[test]
    fn a_role_that_lacks_the_scope_is_named_with_it() {
        let name: SecretName = "project/x".parse().unwrap();
        let secrets = BTreeSet::from([&name]);
        let tc: RootUrl = "https://tc.example".parse().unwrap();
        let firefox: RootUrl = "https://firefox-ci-tc.services.mozilla.com".parse().unwrap();
        let role = |id: &str, of| Role { id: id.to_owned(), of };
        let gives = |scopes: &[&str]| Ok(scopes.iter().copied().collect::<Scopes>());
        let reads = ["secrets:get:project/*"];
        for (root, expanded, word, said) in [
            (&tc, vec![(role("a", Of::Here), gives(&reads))], "pass", "a may read project/x"),
            (&tc, vec![(role("a", Of::Here), gives(&[]))], "fail", "the role a lacks secrets:get:project/x"),
            (
                &tc,
                vec![(role("a", Of::Here), gives(&[])), (role("b", Of::Named), gives(&reads))],
                "fail",
                "the role a lacks",
            ),
            (&tc, vec![(role("a", Of::Named), gives(&[])), (role("b", Of::Named), gives(&reads))], "pass", "a may not"),
            (
                &tc,
                vec![(role("a", Of::Named), gives(&[])), (role("b", Of::Named), gives(&[]))],
                "fail",
                "the role b lacks",
            ),
            (
                &tc,
                vec![(role("a", Of::Branch), gives(&[])), (role("b", Of::Here), gives(&reads))],
                "warn",
                "the role a lacks",
            ),
            (
                &tc,
                vec![(role("a", Of::Branch), gives(&[])), (role("b", Of::Named), gives(&[]))],
                "fail",
                "the role a lacks",
            ),
            (&firefox, vec![(role("a", Of::Here), gives(&["secrets:set:project/x"]))], "fail", "lacks"),
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
