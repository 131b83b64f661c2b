//! What was found out about the tasks of a release and about whoever asks, and which of them are meant.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Manner, Which};
use crate::domain::{
    failure::Failure,
    nearest::nearest,
    scope::Scopes,
    task::{Task, TaskId, TaskState},
    task_inputs::Input,
};

/// What was found out about a release and about whoever asks.
#[derive(Debug, Clone)]
pub struct Facts {
    /// By the services' clock.
    pub now: Timestamp,
    /// Of the deployment.
    pub host: String,
    pub group: TaskId,
    /// Nothing can be added to the group.
    pub sealed: bool,
    /// All of the group.
    pub tasks: Vec<Task>,
    /// Those that make the release, what depends on another after it.
    pub ours: Vec<TaskId>,
    /// Somebody asks who has credentials.
    pub signed: bool,
    /// What they may do; `None`: the deployment does not tell.
    pub scopes: Option<Scopes>,
    /// What the tasks begin with, as far as it was looked at.
    pub inputs: BTreeMap<Input, Kept>,
    /// Makes harmless what others wrote.
    pub clean: fn(&str) -> String,
}

/// Until when an artifact is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    Until(Timestamp),
    Gone,
    Untold(String),
}

impl Facts {
    #[must_use]
    pub fn task(&self, id: &TaskId) -> Option<&Task> {
        self.tasks.iter().find(|task| task.id() == id)
    }

    pub fn ours(&self) -> impl Iterator<Item = &Task> {
        self.ours.iter().filter_map(|id| self.task(id))
    }

    /// The task of the group that somebody names: see [`named`].
    ///
    /// # Errors
    /// When there is none, or there are several.
    pub fn named(&self, text: &str) -> Result<TaskId, Failure> {
        named(self.group.as_str(), &self.tasks, &self.ours, self.clean, text)
    }

    /// The task waits for one of these, or for one that does.
    #[must_use]
    pub fn depends(&self, task: &Task, on: &BTreeSet<TaskId>) -> bool {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&TaskId> = task.definition.dependencies.iter().collect();
        while let Some(id) = open.pop() {
            if id == task.id() || !seen.insert(id) {
                continue;
            }
            if on.contains(id) {
                return true;
            }
            open.extend(self.task(id).into_iter().flat_map(|task| &task.definition.dependencies));
        }
        false
    }

    /// Of each task how many of these there are on the longest way through what it depends on.
    pub(in crate::domain) fn levels(&self, of: &BTreeSet<TaskId>) -> BTreeMap<TaskId, usize> {
        fn level(facts: &Facts, of: &BTreeSet<TaskId>, id: &TaskId, known: &mut BTreeMap<TaskId, usize>) -> usize {
            if let Some(level) = known.get(id) {
                return *level;
            }
            // Some depend on themselves, until somebody schedules them.
            known.insert(id.clone(), 0);
            let before = facts.task(id).into_iter().flat_map(|task| &task.definition.dependencies);
            let found = before
                .filter(|before| *before != id)
                .map(|before| level(facts, of, before, known) + usize::from(of.contains(before)));
            let found = found.max().unwrap_or(0);
            known.insert(id.clone(), found);
            found
        }
        let mut known = BTreeMap::new();
        for id in of {
            level(self, of, id, &mut known);
        }
        known
    }

    /// These, what depends on another after it.
    pub(in crate::domain) fn in_order(&self, wanted: &BTreeSet<TaskId>) -> Vec<&Task> {
        let levels = self.levels(wanted);
        let others = self.tasks.iter().filter(|task| !self.ours.contains(task.id()));
        let mut tasks: Vec<&Task> = self.ours().chain(others).filter(|task| wanted.contains(task.id())).collect();
        tasks.sort_by_key(|task| levels.get(task.id()));
        tasks
    }

    pub(super) fn chosen(&self, which: &Which, manner: Manner) -> Result<BTreeSet<TaskId>, Failure> {
        let ids = |is: &dyn Fn(&Task) -> bool| -> BTreeSet<TaskId> {
            self.ours().filter(|task| is(task)).map(|task| task.id().clone()).collect()
        };
        let with_dependents = |of: BTreeSet<TaskId>| -> BTreeSet<TaskId> {
            ids(&|task| self.depends(task, &of)).into_iter().chain(of.clone()).collect()
        };
        Ok(match which {
            Which::Only(only) => only.iter().cloned().collect(),
            Which::From(first) => with_dependents(BTreeSet::from([first.clone()])),
            Which::Whole => {
                let failed = ids(&|task| is_bad(&task.status.state));
                match manner {
                    _ if failed.is_empty() && !self.ours().all(|task| task.status.state == TaskState::Completed) => {
                        return Err(Failure::failed(
                            format!("release {} still runs", self.group),
                            "none of its tasks has failed",
                            format!("wait for it: windlass show {} --watch", self.group),
                        ));
                    }
                    _ if failed.is_empty() => ids(&|_| true),
                    Manner::Rerun => failed,
                    // What waits for the old ones would wait for ever.
                    Manner::Clone => with_dependents(failed),
                }
            }
        })
    }
}

/// The task that somebody names of those of a release: by its id or by its name, those first that make it (`ours`).
///
/// # Errors
/// When there is none, or there are several.
pub fn named(
    release: &str,
    tasks: &[Task],
    ours: &[TaskId],
    clean: fn(&str) -> String,
    text: &str,
) -> Result<TaskId, Failure> {
    if let Some(task) = tasks.iter().find(|task| task.id().as_str() == text) {
        return Ok(task.id().clone());
    }
    let ours = || ours.iter().filter_map(|id| tasks.iter().find(|task| task.id() == id));
    let of_release: Vec<&Task> = ours().filter(|task| task.name() == text).collect();
    let others = || tasks.iter().filter(|task| task.name() == text).collect();
    match if of_release.is_empty() { others() } else { of_release }[..] {
        [only] => Ok(only.id().clone()),
        [] => {
            let names: Vec<&str> = ours().map(Task::name).collect();
            let next = match nearest(text, names.iter().copied()) {
                Some(near) => format!("did you mean {}?", clean(near)),
                None => format!("its tasks: {}", clean(&names.join(", "))),
            };
            Err(Failure::usage(format!("{release} has no task `{text}`"), "none of that name or id is in it", next))
        }
        ref several => Err(Failure::usage(
            format!("`{text}` is not one task"),
            format!("{} are called so", several.len()),
            format!(
                "name one by its id: {}",
                several.iter().map(|task| task.id().as_str()).collect::<Vec<_>>().join(", ")
            ),
        )),
    }
}

pub(super) fn is_bad(state: &TaskState) -> bool {
    matches!(state, TaskState::Failed | TaskState::Exception)
}
