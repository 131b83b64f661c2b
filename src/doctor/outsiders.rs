//! What the same file makes of events of others: a pull request, and a push to a branch that is not released. Anybody may
//! bring code into those. None of their tasks is to have the scope of a secret, whether or not a role would give it.

use std::collections::BTreeSet;

use serde_json::json;

use super::{asked::At, draft::Draft};
use crate::{
    domain::{
        finding::{Finding, Owner},
        name::SecretName,
    },
    taskcluster::Event,
};

/// A branch of this name is hardly there; one that policy allows is another's.
const ELSEWHERE: &str = "not-a-branch-that-is-released";

/// What is wrong with the tasks of others; nothing where they can read no secret, or are not made at all.
pub(super) async fn look(at: At<'_>, text: &str, secrets: &BTreeSet<&SecretName>) -> Vec<Finding> {
    let Ok((owner, repository)) = at.github() else { return Vec::new() };
    let elsewhere = json!({"ref": format!("refs/heads/{ELSEWHERE}")});
    let mut events = vec![("a pull request", "github-pull-request", json!({}))];
    if !at.project.policy.allows_branch(ELSEWHERE) {
        events.push(("a push to any other branch", "github-push", elsewhere));
    }
    let mut findings = Vec::new();
    for (what, tasks_for, overrides) in events {
        let event = Event { tasks_for, action: None, overrides };
        // A file that cannot be rendered for these makes no task of them.
        let Ok(made) = at.deployment.render(text, &event, owner, repository).await else { continue };
        let drafts = made.tasks.iter().map(|(_, task)| Draft(task));
        for (draft, secret) in drafts.flat_map(|draft| secrets.iter().map(move |secret| (draft, secret))) {
            if draft.may_read(secret) {
                findings.push(Finding::fail(
                    format!("{what} makes {} with the scope secrets:get:{secret}", draft.name()),
                    Owner::You,
                    "leave it to pushes to the branches that are released: windlass init --taskcluster --print shows how",
                ));
            }
        }
    }
    findings
}
