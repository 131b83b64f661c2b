//! The actions that the decision task of the newest release offers: whether the hooks are still there that do them. They
//! are made anew whenever the definition of tasks changes, and old ones are cleaned up.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::{
    asked::{At, Newest},
    untold::untold,
};
use crate::{
    domain::{
        action::{Actions, FILE},
        finding::{Finding, Owner},
        task::TaskState,
    },
    log::sanitise::plain,
    release::cluster_action::file_of,
    taskcluster::TaskclusterError,
};

/// Each is a request; those of a project are two or three.
const MOST: usize = 8;

/// Nothing where it offers none.
pub(super) async fn look(at: At<'_>, newest: &Newest) -> Vec<Finding> {
    let decision = newest.tasks.iter().find(|task| *task.id() == newest.group);
    let Some(decision) = decision.filter(|task| task.status.state == TaskState::Completed) else { return Vec::new() };
    let actions = match file_of(at.deployment, decision).await {
        Ok(None) => return Vec::new(),
        Ok(Some(bytes)) => Actions::read(&bytes, plain),
        Err(error) => return vec![untold(&format!("which actions {} offers", decision.id()), error)],
    };
    let actions = match actions {
        Ok(actions) => actions,
        Err(why) => {
            let evidence = format!("{FILE} of {} is none: {}", decision.id(), plain(&why));
            return vec![Finding::warn(evidence, Owner::You, "look at what its decision task writes")];
        }
    };
    let mut hooks: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for (name, hook) in actions.hooks() {
        hooks.entry((&hook.group, &hook.id)).or_default().push(name);
    }
    let looked = hooks.into_iter().take(MOST).map(|((group, id), names)| async move {
        of_hook(&format!("{group}/{id}"), &names.join(", "), at.deployment.hook(group, id).await.err())
    });
    join_all(looked).await
}

fn of_hook(hook: &str, names: &str, error: Option<TaskclusterError>) -> Finding {
    match error {
        None => Finding::pass(format!("the hook {hook} of its actions ({names}) is there")),
        Some(error) if error.is_absent() => Finding::warn(
            format!("the hook {hook} of its actions ({names}) is gone: {error}"),
            Owner::You,
            "run its tasks again instead (windlass rerun), or begin another release: its decision task has newer ones",
        ),
        Some(error) => untold(&format!("whether the hook {hook} is there"), error),
    }
}
