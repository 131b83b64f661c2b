//! What would be released now: the commit that is checked out, and whether policy lets it go.

use super::examination::Examination;
use crate::{
    domain::{
        failure::{Failure, FailureKind},
        finding::{CheckId, Finding, Owner},
        plan::Source,
        policy::{GitFacts, Policy, Wanted, judge},
    },
    git::Checkout,
};

pub(super) async fn check(examination: &Examination) -> Finding {
    let Ok(project) = &examination.machine.project else { return Finding::needs(CheckId::Config) };
    let facts = async { Checkout::open(&project.root).await?.facts(&Wanted::default(), &project.policy).await };
    match facts.await {
        Err(error) => Finding::failed(&error.into(), Owner::You),
        Ok(facts) => judged(&project.policy, &facts),
    }
}

fn judged(policy: &Policy, facts: &GitFacts) -> Finding {
    let source = match judge(policy, facts, &Wanted::default()) {
        Ok(source) => source,
        Err(refusal) => {
            let failure = Failure::from(refusal);
            return match failure.kind {
                FailureKind::Unreachable => Finding::blocked(failure.why, Owner::You, failure.next),
                _ => Finding::failed(&failure, Owner::You),
            };
        }
    };
    let evidence = told(&source, facts);
    if source.dirty {
        return Finding::warn(evidence, Owner::You, "commit them: what is released cannot be found again in git");
    }
    match (&facts.remote, source.reviewed) {
        (_, true) => Finding::pass(evidence),
        (None, false) => {
            let fix = "push the repository somewhere: without a remote, records say that nobody reviewed the commit";
            Finding::warn(evidence, Owner::You, fix)
        }
        (Some(_), false) => Finding::warn(evidence, Owner::You, "push the commit: [policy] lets it pass, records tell"),
    }
}

fn told(source: &Source, facts: &GitFacts) -> String {
    let mut told = vec![format!("{} of {}", source.commit.short(), source.branch.as_deref().unwrap_or("no branch"))];
    if facts.git_ref.is_none() {
        told.push("HEAD is detached".to_owned());
    }
    if facts.shallow {
        told.push("a shallow clone".to_owned());
    }
    told.push(if source.dirty { "with uncommitted changes" } else { "clean" }.to_owned());
    told.push(match (&facts.remote, source.reviewed) {
        (Some(remote), true) => format!("on its branch at {} ({})", remote.name, remote.url),
        (Some(remote), false) => format!("not on its branch at {} ({})", remote.name, remote.url),
        (None, _) => "there is no remote".to_owned(),
    });
    told.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::{self, BranchFact, Contained, Untold};

    fn facts(contains: Contained) -> GitFacts {
        GitFacts { branches: vec![BranchFact { name: "master".into(), contains }], ..policy::tests::facts() }
    }

    #[test]
    fn policy_decides_and_facts_are_told() {
        let strict = Policy::default();
        let lax = Policy { clean: false, pushed: false, ..Policy::default() };
        let silent = Contained::Unknown(Untold::NoAnswer("could not resolve host".into()));
        let dirty = || GitFacts { dirty: vec!["a".into()], ..facts(Contained::Yes) };
        let detached = GitFacts { git_ref: None, shallow: true, branch: None, ..facts(Contained::Yes) };
        for (policy, facts, word, said) in [
            (&strict, facts(Contained::Yes), "pass", "a88b0c2 of master, clean, on its branch at origin"),
            (&strict, detached, "pass", "of master, HEAD is detached, a shallow clone, clean"),
            (&strict, facts(Contained::No), "fail", "not on the branch master"),
            (&strict, facts(silent), "cannot-tell", "could not resolve host"),
            (&strict, dirty(), "fail", "uncommitted changes: a"),
            (&lax, dirty(), "warn", "with uncommitted changes"),
            (&lax, facts(Contained::No), "warn", "not on its branch"),
            (&strict, GitFacts { remote: None, ..facts(Contained::Yes) }, "warn", "there is no remote"),
        ] {
            let finding = judged(policy, &facts);
            assert_eq!(finding.outcome.word(), word, "{finding:?}");
            assert!(finding.evidence.contains(said), "{finding:?}");
        }
    }
}
