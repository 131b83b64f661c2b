//! GitHub: whether the deployment hears of pushes to the repository, and what it made of the commit that is checked out.
//! Why a build made no task is told in a comment on the commit alone.

use super::{asked::At, examination::Examination, untold::untold};
use crate::{
    config::Trigger,
    domain::{
        finding::{CheckId, Finding, Owner},
        policy::Policy,
        written::time,
    },
    git::{Checkout, Head},
    log::sanitise::plain,
    taskcluster::{Build, BuildState},
};

/// What keeps GitHub's events from making tasks, where a commit's message has it. Source: taskcluster-github, `skip ci`.
const SKIPS: [&str; 2] = ["[ci skip]", "[skip ci]"];

pub(super) async fn check(examination: &Examination) -> Finding {
    let at = match examination.taskcluster() {
        Ok(at) => at,
        Err(finding) => return finding,
    };
    if let Trigger::Hook { group, id } = &at.config.trigger
        && at.config.github.is_none()
    {
        return Finding::pass(format!("releases are begun by the hook {group}/{id}, not by GitHub"));
    }
    match found(examination, at).await {
        Ok(finding) | Err(finding) => finding,
    }
}

async fn found(examination: &Examination, at: At<'_>) -> Result<Finding, Finding> {
    let (owner, repository) = at.github()?;
    let (installed, builds) = tokio::join!(at.deployment.is_installed(owner, repository), examination.builds(at));
    let name = format!("{owner}/{repository}");
    let installed = match installed {
        Ok(installed) => app(&name, &at.deployment.root().host(), installed),
        Err(error) => untold(&format!("whether the deployment's app has {name}"), error),
    };
    let mut findings = vec![installed];
    match builds {
        Err(finding) => findings.push(finding),
        Ok(builds) => {
            findings.push(newest(&name, builds.iter().find(|build| build.is_release())));
            if matches!(at.config.trigger, Trigger::GitPush | Trigger::GitTag) {
                findings.push(match examination.head(at).await {
                    Ok(head) => here(at, head, builds).await,
                    Err(finding) => finding,
                });
            }
        }
    }
    Ok(Finding::together(findings))
}

async fn here(at: At<'_>, head: &Head, builds: &[Build]) -> Finding {
    let policy = &at.project.policy;
    if at.config.trigger == Trigger::GitPush {
        return of_head(head, policy.allows_branch(head.branch.as_deref().unwrap_or_default()), builds);
    }
    let tags = async { Checkout::open(&at.project.root).await?.tags_at(&head.commit).await };
    match tags.await {
        Ok(tags) => of_tags(head, &tags, policy, builds),
        Err(_) => Finding::needs(CheckId::Git),
    }
}

fn app(name: &str, host: &str, installed: bool) -> Finding {
    if installed {
        return Finding::pass(format!("{host} hears of {name} (github, repository: 200)"));
    }
    Finding::fail(
        format!("{host} hears nothing of {name}: its app is not installed there (github, repository: 200)"),
        Owner::You,
        format!("install the app of {host} for it: https://github.com/{name}/settings/installations"),
    )
}

fn newest(name: &str, build: Option<&Build>) -> Finding {
    let Some(build) = build else {
        return Finding::warn(
            format!("{name} has no build there yet (github, builds: 200)"),
            Owner::You,
            "push something, or publish a release; then look again",
        );
    };
    let sha: String = plain(&build.sha).chars().take(7).collect();
    let (event, group) = (plain(&build.event), &build.group);
    let evidence =
        |word: &str| format!("the newest build, of {event} {sha} at {} UTC, {word} ({group})", time(build.created));
    match &build.state {
        BuildState::Success => Finding::pass(evidence("went well")),
        BuildState::Pending => Finding::pass(evidence("is under way")),
        BuildState::Cancelled => Finding::pass(evidence("was cancelled")),
        BuildState::Other(state) => Finding::pass(evidence(&plain(state))),
        BuildState::Failure => {
            Finding::warn(evidence("failed"), Owner::You, format!("see where: windlass show {group}"))
        }
        BuildState::Error => Finding::warn(
            evidence("made no task"),
            Owner::You,
            format!(
                "read the comment on https://github.com/{name}/commit/{}; windlass doctor {} and {} look for the cause",
                plain(&build.sha),
                CheckId::Yml,
                CheckId::Grants
            ),
        ),
    }
}

fn of_head(head: &Head, is_released: bool, builds: &[Build]) -> Finding {
    let commit = head.commit.short();
    if let Some(build) = builds.iter().find(|build| build.sha == head.commit.as_str()) {
        return Finding::pass(format!("{commit}, which is checked out, was built ({})", build.group));
    }
    let branch = head.branch.as_deref().unwrap_or("no branch");
    if let Some(skip) = SKIPS.iter().find(|skip| head.message.contains(**skip)) {
        return Finding::warn(
            format!("{commit}, which is checked out, says {skip}: a push of it makes no task"),
            Owner::You,
            "release another commit, or take that out of its message",
        );
    }
    if !is_released {
        return Finding::pass(format!("{commit} of {branch}, which is checked out, is not released from there"));
    }
    Finding::pass(format!("{commit} of {branch}, which is checked out, was not built yet"))
}

/// Of a commit whose tag begins a release.
fn of_tags(head: &Head, tags: &[String], policy: &Policy, builds: &[Build]) -> Finding {
    let commit = head.commit.short();
    let (released, other): (Vec<&String>, Vec<&String>) = tags.iter().partition(|tag| policy.allows_tag(tag));
    let listed = |tags: &[&String]| tags.iter().map(|tag| tag.as_str()).collect::<Vec<_>>().join(", ");
    match (released.as_slice(), other.as_slice()) {
        ([], []) => Finding::pass(format!("{commit}, which is checked out, has no tag: none was released of it")),
        ([], other) => Finding::warn(
            format!("{commit}, which is checked out, is tagged {}, and that is no release's tag", listed(other)),
            Owner::You,
            format!("tag it as [policy] git-tags says: {}", policy.git_tags.join(", ")),
        ),
        (released, _) if builds.iter().any(|build| build.sha == head.commit.as_str()) => {
            Finding::pass(format!("{commit}, which is checked out, is {} and was built", listed(released)))
        }
        (released, _) => Finding::warn(
            format!("{commit}, which is checked out, is {} and was not built yet", listed(released)),
            Owner::You,
            "push the tag, or publish its release at GitHub; then look again",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(state: BuildState) -> Build {
        Build {
            sha: "a88b0c2a88b0c2a88b0c2a88b0c2a88b0c2a88b0".into(),
            state,
            group: "f18OCIBgRoSL6-8OrQg82Q".parse().unwrap(),
            event: "push".into(),
            created: "2026-11-23T06:14:14Z".parse().unwrap(),
            updated: "2026-11-23T06:14:14Z".parse().unwrap(),
            pull_request: None,
        }
    }

    #[test]
    fn the_newest_build_is_told_with_where_its_reason_is() {
        for (state, word, said) in [
            (
                BuildState::Success,
                "pass",
                "push a88b0c2 at 2026-11-23 06:14:14 UTC, went well (f18OCIBgRoSL6-8OrQg82Q)",
            ),
            (BuildState::Failure, "warn", "failed"),
            (BuildState::Error, "warn", "made no task"),
            (BuildState::Other("dreaming\u{1b}[2J".into()), "pass", "UTC, dreaming ("),
        ] {
            let finding = newest("o/r", Some(&build(state)));
            assert_eq!(finding.outcome.word(), word, "{finding:?}");
            assert!(finding.evidence.contains(said), "{finding:?}");
        }
        let error = newest("o/r", Some(&build(BuildState::Error)));
        let fix = &error.outcome.remedy().unwrap().fix;
        assert!(fix.contains("https://github.com/o/r/commit/a88b0c2a88b0c2a8"), "{fix}");
        assert_eq!(newest("o/r", None).outcome.word(), "warn");
    }

    #[test]
    fn a_commit_that_asks_to_be_skipped_is_warned_about() {
        let head = |message: &str| Head {
            commit: "b88b0c2a88b0c2a88b0c2a88b0c2a88b0c2a88b0".parse().unwrap(),
            branch: Some("main".into()),
            message: message.into(),
        };
        let builds = [build(BuildState::Success)];
        for (message, word, said) in [
            ("Fix it", "pass", "was not built yet"),
            ("Fix it [ci skip]", "warn", "says [ci skip]"),
            ("Fix it\n\nnot now [skip ci]", "warn", "says [skip ci]"),
        ] {
            let finding = of_head(&head(message), true, &builds);
            assert_eq!(finding.outcome.word(), word, "{finding:?}");
            assert!(finding.evidence.contains(said), "{finding:?}");
        }
        let built = Head { commit: builds[0].sha.parse().unwrap(), ..head("[ci skip]") };
        assert!(of_head(&built, true, &builds).evidence.contains("was built (f18OCIBgRoSL6-8OrQg82Q)"));
        assert!(of_head(&head("x"), false, &builds).evidence.contains("not released from there"));
    }

    #[test]
    fn a_tag_that_begins_no_release_is_warned_about() {
        let head = |commit: &str| Head { commit: commit.parse().unwrap(), branch: None, message: String::new() };
        let builds = [build(BuildState::Success)];
        let (built, other) = (head(&builds[0].sha), head("b88b0c2a88b0c2a88b0c2a88b0c2a88b0c2a88b0"));
        for (head, tags, word, said) in [
            (&built, vec!["v1"], "pass", "a88b0c2, which is checked out, is v1 and was built"),
            (&other, vec!["1.0", "v1"], "warn", "is v1 and was not built yet"),
            (&other, vec!["1.0"], "warn", "is tagged 1.0, and that is no release's tag"),
            (&other, vec![], "pass", "has no tag"),
        ] {
            let tags: Vec<String> = tags.into_iter().map(str::to_owned).collect();
            let finding = of_tags(head, &tags, &Policy::default(), &builds);
            assert_eq!(finding.outcome.word(), word, "{finding:?}");
            assert!(finding.evidence.contains(said), "{finding:?}");
        }
    }

    #[test]
    fn an_app_that_is_not_installed_hears_nothing() {
        assert_eq!(app("o/r", "tc.example", true).outcome.word(), "pass");
        assert_eq!(app("o/r", "tc.example", false).outcome.word(), "fail");
    }
}
