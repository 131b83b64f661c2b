//! The tasks of a release on Taskcluster that are to be ended: which, in which order, and what is in the way of it. Pure, as
//! [`super::again`] is.

use std::collections::BTreeSet;

use super::{
    again::{Asked, Facts, Turn, together},
    failure::Failure,
    finding::CheckId,
    scope::Expression,
    task::{Task, TaskId},
    task_scopes::{to_cancel, to_end_group},
    written::time,
};

/// What is to be ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    pub host: String,
    pub group: TaskId,
    /// What depends on another before it: some begin as soon as what they wait for is over, however that ended.
    pub turns: Vec<Turn>,
    /// The group is sealed first: nothing can be added to it any more. What the calls for that are narrowed to.
    pub seal: Option<Option<Vec<String>>>,
    pub scopes: Asked,
    /// What has ended already: names, and how.
    pub over: Vec<(String, String)>,
    refused: Vec<Failure>,
}

/// What ending these is: the tasks of a release, or one alone; with `seal` whatever else is in the group.
///
/// # Errors
/// When all of it is over.
pub fn ending(facts: &Facts, only: Option<&TaskId>, seal: bool) -> Result<Ending, Failure> {
    let wanted: BTreeSet<TaskId> = match only {
        _ if seal => facts.tasks.iter().map(|task| task.id().clone()).collect(),
        Some(task) => BTreeSet::from([task.clone()]),
        None => facts.ours.iter().cloned().collect(),
    };
    let (over, open): (Vec<&Task>, Vec<&Task>) =
        facts.in_order(&wanted).into_iter().partition(|task| task.status.state.is_over());
    let group = &facts.group;
    if open.is_empty() && !seal {
        let states: Vec<String> = over.iter().map(|task| told(facts, task)).collect();
        return Err(Failure::failed(
            format!("nothing of release {group} is there to be cancelled"),
            format!("all of it has ended: {}", states.join(", ")),
            format!("see what it did: windlass show {group}"),
        ));
    }
    let scheduler = facts.tasks.first().map_or("", |task| &task.definition.scheduler_id);
    let to_seal = seal.then(|| to_end_group(scheduler, group));
    let turns: Vec<Turn> = open.iter().rev().map(|task| Turn::of(facts, task, to_cancel(&task.status))).collect();
    let needs: Vec<Expression> = match &to_seal {
        Some(needs) => vec![needs.clone()],
        None => turns.iter().map(|turn| turn.needs.clone()).collect(),
    };
    let scopes = Asked::of(facts, needs);
    let mut refused: Vec<Failure> = scopes.refused(facts, "end this").into_iter().collect();
    if !seal {
        refused.extend(open.iter().filter(|task| task.status.deadline <= facts.now).map(|task| too_late(facts, task)));
    }
    let narrowed = |needs: &Expression| facts.scopes.as_ref().and_then(|scopes| needs.narrowed(scopes));
    Ok(Ending {
        host: facts.host.clone(),
        group: group.clone(),
        turns,
        seal: to_seal.as_ref().map(narrowed),
        scopes,
        over: over
            .iter()
            .map(|task| ((facts.clean)(task.name()), (facts.clean)(&task.status.words(facts.now))))
            .collect(),
        refused,
    })
}

fn told(facts: &Facts, task: &Task) -> String {
    (facts.clean)(&format!("{} {}", task.name(), task.status.words(facts.now)))
}

/// Source: queue, `cancelTask`: 409 past the deadline, which ends the task a minute later.
fn too_late(facts: &Facts, task: &Task) -> Failure {
    Failure::failed(
        format!("{} cannot be cancelled", (facts.clean)(task.name())),
        format!("its deadline was at {} UTC, at which the queue ends it itself", time(task.status.deadline)),
        format!("see whether it has: windlass show {}", facts.group),
    )
    .explained_by(CheckId::Dates)
}

impl Ending {
    /// Why nothing of it is done; `None`: it can be.
    #[must_use]
    pub fn refused(&self) -> Option<Failure> {
        together(&self.group, &self.refused)
    }

    /// Labels and what stands beside them.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![("release", format!("{} at {}", self.group, self.host))];
        rows.extend(self.turns.iter().map(|turn| ("ends", format!("{} ({})", turn.name, turn.stands))));
        rows.extend(self.over.iter().map(|(name, how)| ("stays", format!("{name}: {how}"))));
        if self.seal.is_some() {
            rows.push(("group", "is sealed: no task can be added to it any more, by nobody, ever".to_owned()));
        }
        rows.push(("pushed", "what its tasks pushed stays pushed".to_owned()));
        rows.push(("scopes", self.scopes.words()));
        rows
    }
}

#[cfg(test)]
mod tests;
