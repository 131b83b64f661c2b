//! The tasks of a release on Taskcluster once more: which of them, in which order, what is in the way of it, and what has to
//! be known before. Pure: what the services know of it are the [`Facts`].
//!
//! A **rerun** is one more run of the same task, with the scopes that it has. The queue begins it at once, whatever the task
//! depends on: those that depend on each other are asked for one after the other. A **clone** is a new task of the same
//! definition ([`super::task_clone`]), which the queue begins once what it depends on has completed.

mod asked;
mod facts;
mod obstacles;
mod ways;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

pub use self::{
    asked::Asked,
    facts::{Facts, Kept, named},
    ways::{Way, ways},
};
use super::{
    failure::{Failure, FailureKind},
    preview::Change,
    scope::Expression,
    task::{Task, TaskId, TaskState},
    task_scopes::{to_create, to_rerun},
    written::time,
};

/// Of tasks without a scheduler. Source: queue, the default of `schedulerId`.
const NO_SCHEDULER: &str = "-";

/// Which tasks of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Those that did not end well; all of them where there are none.
    Whole,
    Only(Vec<TaskId>),
    /// This one and those that depend on it.
    From(TaskId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    Rerun,
    Clone,
}

/// One task that is run again, or made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub id: TaskId,
    pub name: String,
    /// How it stands, in words.
    pub stands: String,
    pub deadline: Timestamp,
    /// That it has had.
    pub runs: usize,
    /// What the call needs.
    pub needs: Expression,
    /// What it is narrowed to; `None`: what we have is not known.
    pub narrowed: Option<Vec<String>>,
}

/// Where clones go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub scheduler: String,
    /// A group of their own, for this reason.
    pub new_group: Option<String>,
}

/// What is to be done, and why it cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Again {
    pub manner: Manner,
    pub host: String,
    pub group: TaskId,
    /// Those of a wave are asked for once those of the wave before have completed. Clones are one wave: the queue waits.
    pub waves: Vec<Vec<Turn>>,
    /// What has not begun yet and does so by itself after them: names.
    pub follows: Vec<(TaskId, String)>,
    pub place: Place,
    pub scopes: Asked,
    pub warnings: Vec<String>,
    /// The tags that the image has as far as they are known, and what they show now.
    pub tags: Vec<Change>,
    refused: Vec<Failure>,
}

/// What running these once more is, and what is in its way.
///
/// # Errors
/// When there is nothing to be run again.
pub fn again(facts: &Facts, which: &Which, manner: Manner) -> Result<Again, Failure> {
    let mut chosen = facts.chosen(which, manner)?;
    let mut follows = BTreeSet::new();
    if manner == Manner::Rerun {
        // The queue begins these itself; asked for, they would not wait.
        let waiting = |task: &&Task| task.status.state == TaskState::Unscheduled && facts.depends(task, &chosen);
        let waiting: BTreeSet<TaskId> = facts.ours().filter(waiting).map(|task| task.id().clone()).collect();
        chosen.retain(|id| !waiting.contains(id));
        follows = waiting;
    }
    let place = place(facts, &chosen);
    let turns: Vec<Turn> = facts.in_order(&chosen).into_iter().map(|task| turn(facts, task, manner, &place)).collect();
    let scopes = Asked::of(facts, turns.iter().map(|turn| turn.needs.clone()));
    let act = match manner {
        Manner::Rerun => "run this again",
        Manner::Clone => "make these tasks",
    };
    let mut refused: Vec<Failure> = scopes.refused(facts, act).into_iter().collect();
    let mut warnings = Vec::new();
    for task in facts.in_order(&chosen) {
        let remade: BTreeSet<&TaskId> = chosen.iter().chain(&follows).collect();
        match manner {
            Manner::Rerun => obstacles::rerun(facts, task, &chosen, &mut refused, &mut warnings),
            Manner::Clone => obstacles::clone(facts, task, &chosen, &mut refused),
        }
        obstacles::payload(facts, task, &mut warnings);
        obstacles::inputs(facts, task, &remade, &mut refused, &mut warnings);
    }
    if manner == Manner::Clone && place.new_group.is_some() {
        let why = "no push began the new group: what its tasks record is only claimed, and compared with nothing";
        warnings.push(why.to_owned());
    }
    let follows =
        facts.in_order(&follows).into_iter().map(|task| (task.id().clone(), (facts.clean)(task.name()))).collect();
    let waves = match manner {
        Manner::Rerun => waves(facts, &chosen, turns),
        Manner::Clone => vec![turns],
    };
    let (host, group) = (facts.host.clone(), facts.group.clone());
    Ok(Again { manner, host, group, waves, follows, place, scopes, warnings, tags: Vec::new(), refused })
}

fn turn(facts: &Facts, task: &Task, manner: Manner, place: &Place) -> Turn {
    let needs = match manner {
        Manner::Rerun => to_rerun(&task.status),
        Manner::Clone => {
            let mut clone = task.definition.clone();
            clone.scheduler_id.clone_from(&place.scheduler);
            to_create(&clone)
        }
    };
    Turn::of(facts, task, needs)
}

impl Turn {
    /// What this needs is done to this task.
    pub(super) fn of(facts: &Facts, task: &Task, needs: Expression) -> Self {
        Self {
            id: task.id().clone(),
            name: (facts.clean)(task.name()),
            stands: (facts.clean)(&task.status.words(facts.now)),
            deadline: task.status.deadline,
            runs: task.status.runs.len(),
            narrowed: facts.scopes.as_ref().and_then(|scopes| needs.narrowed(scopes)),
            needs,
        }
    }
}

/// The same group and scheduler where that can be: what is said of the group is true of its clones then.
fn place(facts: &Facts, chosen: &BTreeSet<TaskId>) -> Place {
    let own = facts.in_order(chosen).first().map(|task| task.definition.scheduler_id.clone()).unwrap_or_default();
    let may = |scheduler: &str| {
        facts.scopes.as_ref().is_none_or(|scopes| scopes.satisfy(&format!("queue:scheduler-id:{scheduler}")))
    };
    if !may(&own) && may(NO_SCHEDULER) {
        let why = format!("the credentials are not for its scheduler, {}", (facts.clean)(&own));
        return Place { scheduler: NO_SCHEDULER.to_owned(), new_group: Some(why) };
    }
    Place { scheduler: own, new_group: facts.sealed.then(|| "the group is sealed".to_owned()) }
}

/// Each one after all that it depends on.
fn waves(facts: &Facts, chosen: &BTreeSet<TaskId>, turns: Vec<Turn>) -> Vec<Vec<Turn>> {
    let levels = facts.levels(chosen);
    let mut waves: BTreeMap<usize, Vec<Turn>> = BTreeMap::new();
    for turn in turns {
        waves.entry(levels.get(&turn.id).copied().unwrap_or(0)).or_default().push(turn);
    }
    waves.into_values().collect()
}

impl Again {
    /// Why nothing of it is done; `None`: it can be.
    #[must_use]
    pub fn refused(&self) -> Option<Failure> {
        together(&self.group, &self.refused)
    }

    pub fn turns(&self) -> impl Iterator<Item = &Turn> {
        self.waves.iter().flatten()
    }

    /// All whose end is waited for.
    pub fn ids(&self) -> impl Iterator<Item = &TaskId> {
        self.turns().map(|turn| &turn.id).chain(self.follows.iter().map(|(id, _)| id))
    }

    /// Labels and what stands beside them. Scopes are as they are written: whoever shows them makes them harmless.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![("release", format!("{} at {}", self.group, self.host))];
        for (n, wave) in self.waves.iter().enumerate() {
            rows.extend(wave.iter().map(|turn| (if n == 0 { "task" } else { "then" }, self.told(turn, n))));
        }
        let after = "the queue begins it after them";
        rows.extend(self.follows.iter().map(|(_, name)| ("then", format!("{name}: {after}"))));
        if self.manner == Manner::Clone {
            let kept = "definition, scopes, routes, tags, priority, project, retries; dependencies on other tasks";
            rows.push(("kept", kept.to_owned()));
            let new = "id; times, moved to now; what says the id of one of them says that of its clone";
            rows.push(("new", new.to_owned()));
            let group = match &self.place.new_group {
                None => "the same, where each clone takes the place of its task".to_owned(),
                Some(why) => format!("a new one, scheduler {}: {why}", self.place.scheduler),
            };
            rows.push(("group", group));
        }
        rows.push(("scopes", self.scopes.words()));
        rows.extend(self.tags.iter().map(|change| (change.kind.word(), change.told())));
        rows.extend(self.warnings.iter().map(|warning| ("mind", warning.clone())));
        rows
    }

    fn told(&self, turn: &Turn, wave: usize) -> String {
        let Turn { name, stands, deadline, runs, .. } = turn;
        match self.manner {
            Manner::Clone => format!("{name} ({stands}): a new one"),
            Manner::Rerun => {
                let when = if wave == 0 { String::new() } else { "once those before have completed, ".to_owned() };
                format!("{name} ({stands}): {when}run {runs}; until {} UTC", time(*deadline))
            }
        }
    }
}

/// One failure of several; the first says what to do.
pub(super) fn together(group: &TaskId, refused: &[Failure]) -> Option<Failure> {
    match refused {
        [] => None,
        [only] => Some(only.clone()),
        [first, ..] => {
            let kinds = refused.iter().map(|failure| failure.kind);
            let kind = kinds.max_by_key(|kind| *kind == FailureKind::NotAllowed).unwrap_or(first.kind);
            let why: Vec<String> = refused.iter().map(ToString::to_string).collect();
            let what = format!("nothing of release {group} is touched: {} things are in the way", refused.len());
            Some(Failure::new(kind, what, why.join("\n"), first.next.clone()).explained_by(first.check))
        }
    }
}

#[cfg(test)]
mod tests;
