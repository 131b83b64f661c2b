//! The releases on Taskcluster: what was seen of them, when they are looked at again, and which task's log is on the
//! screen. While one of them runs its tasks are looked at every few seconds, the list once a minute as long as it is on
//! the screen; nothing otherwise.

use std::{collections::BTreeMap, time::Duration};

use jiff::{SignedDuration, Timestamp};

use crate::{
    console::{
        effect::Effect,
        model::{Loaded, Model, Screen, runs},
    },
    domain::{
        failure::Failure,
        name::ReleaseId,
        plan::Runner,
        release::{Release, StepState, StepView},
        sign::Tone,
    },
};

/// Between two looks at the tasks of a release that runs.
const TASKS: SignedDuration = SignedDuration::from_secs(3);
/// Between two looks at the list.
const LIST: SignedDuration = SignedDuration::from_secs(60);
/// Between two looks after one that failed.
const AFTER_FAILURE: SignedDuration = SignedDuration::from_secs(60);

#[derive(Debug, Default)]
pub struct Remote {
    listed: Vec<Release>,
    list: Look,
    tasks: BTreeMap<ReleaseId, Tasks>,
    /// The logs of runs that were asked for, by their key.
    logs: BTreeMap<ReleaseId, Fetch>,
}

/// A release with its tasks.
#[derive(Debug, Default)]
struct Tasks {
    look: Look,
    release: Option<Release>,
    /// Whose log is shown, where somebody chose.
    chosen: Option<usize>,
    /// It may have changed although it had ended.
    doubted: bool,
    /// The services' list does not have it: its tasks were made from here, in a group of their own.
    begun_here: bool,
}

/// A look that is had now and then.
#[derive(Debug, Default)]
struct Look {
    /// What was begun last; earlier answers are of no use.
    turn: u64,
    on_its_way: bool,
    /// `None`: as soon as somebody wants it.
    due: Option<Timestamp>,
    failed: bool,
}

/// What is known of the log of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetch {
    /// It comes in.
    Comes,
    /// All there is of it is here; why there is no more, where something is missing.
    Ended(Option<String>),
    Failed(Failure),
}

impl Look {
    /// When the next look is to be begun, unless one is on its way.
    fn wants(&mut self, now: Timestamp) -> Option<(u64, Duration)> {
        if self.on_its_way {
            return None;
        }
        self.on_its_way = true;
        self.turn += 1;
        let wait = self.due.map_or(SignedDuration::ZERO, |due| due.duration_since(now));
        Some((self.turn, Duration::try_from(wait).unwrap_or_default()))
    }

    /// Whether this answer is that of the last look.
    fn answered(&mut self, turn: u64, next: SignedDuration, now: Timestamp) -> bool {
        if turn != self.turn {
            return false;
        }
        self.on_its_way = false;
        self.due = now.checked_add(next).ok();
        true
    }

    fn again(&mut self) {
        self.on_its_way = false;
        self.due = None;
    }
}

/// It runs on Taskcluster.
pub fn is_remote(release: &Release) -> bool {
    release.plan.runner == Runner::Taskcluster
}

/// Why no tag is pointed to it.
pub fn not_of_here(release: &Release) -> Option<String> {
    is_remote(release).then(|| {
        format!("release {} runs on Taskcluster: tags are pointed to releases of this machine", release.plan.release)
    })
}

/// Why nothing of it is run again: it runs, and all is well so far.
pub fn still_well(release: &Release) -> Option<String> {
    let ended_badly = |step: &StepView| matches!(step.state, StepState::Failed | StepState::Cancelled);
    let well = runs(release) && !release.steps.iter().any(ended_badly);
    well.then(|| format!("release {} still runs, and none of its tasks has failed", release.plan.release))
}

/// Something of it was changed from here: it is looked at now, also where it had ended, and where the list does not have it.
pub fn changed(model: &mut Model, id: &ReleaseId) -> Vec<Effect> {
    if id.task().is_none() {
        return Vec::new();
    }
    let listed = model.list().iter().any(|known| known.plan.release == *id);
    let now = model.now;
    let tasks = model.remote.tasks.entry(id.clone()).or_default();
    tasks.look.again();
    tasks.doubted = true;
    tasks.begun_here |= !listed;
    if listed {
        // As soon as it is selected.
        return Vec::new();
    }
    let look = tasks.look.wants(now);
    look.map(|(turn, after)| Effect::LookAtTasks { release: id.clone(), turn, after }).into_iter().collect()
}

/// Looks at everything anew, as soon as it is wanted.
pub fn again(model: &mut Model) {
    model.remote.list.again();
    if let Some(tasks) = model.selected.as_ref().and_then(|id| model.remote.tasks.get_mut(id)) {
        tasks.look.again();
    }
}

/// What is to be looked at: the list where it is on the screen, the tasks of the selected release, and its log.
pub fn wants(model: &mut Model) -> Vec<Effect> {
    if model.cluster().is_none() || model.screen != Screen::Releases {
        return Vec::new();
    }
    let now = model.now;
    let mut effects = Vec::new();
    if let Some((turn, after)) = model.remote.list.wants(now) {
        effects.push(Effect::LookAtCluster { turn, after });
    }
    let selected = model.selected().filter(|release| is_remote(release));
    if let Some((id, listed)) = selected.map(|release| (release.plan.release.clone(), release.seq)) {
        let tasks = model.remote.tasks.entry(id.clone()).or_default();
        let ended = tasks.release.as_ref().is_some_and(|known| !runs(known) && known.seq >= listed);
        let settled = ended && !tasks.doubted;
        if !settled && let Some((turn, after)) = tasks.look.wants(now) {
            effects.push(Effect::LookAtTasks { release: id, turn, after });
        }
    }
    let key = if model.selected().is_some_and(is_remote) { log_of(model) } else { None };
    if let Some(key) = key.filter(|key| !model.remote.logs.contains_key(key)) {
        model.remote.logs.insert(key.clone(), Fetch::Comes);
        effects.push(Effect::FetchLog { run: key });
    }
    effects
}

/// The list was looked at.
pub fn listed(model: &mut Model, turn: u64, seen: Result<Vec<Release>, Failure>) {
    let pace = if seen.is_ok() { LIST } else { AFTER_FAILURE };
    let now = model.now;
    if !model.remote.list.answered(turn, pace, now) {
        return;
    }
    match seen {
        Ok(releases) => {
            model.remote.list.failed = false;
            model.standing.cluster_answered();
            model.remote.listed = releases;
            merge(model);
        }
        Err(failure) => {
            // Said once: what was seen before stays in sight.
            let news = !std::mem::replace(&mut model.remote.list.failed, true);
            model.standing.cluster_failed(&failure);
            if news {
                model.say(Tone::Bad, format!("{}: {}", failure.what, failure.why));
            }
        }
    }
}

/// The tasks of a release were looked at.
pub fn tasks(model: &mut Model, id: &ReleaseId, turn: u64, seen: Result<Box<Release>, Failure>) {
    let now = model.now;
    let Some(tasks) = model.remote.tasks.get_mut(id) else { return };
    let pace = if seen.is_ok() { TASKS } else { AFTER_FAILURE };
    if !tasks.look.answered(turn, pace, now) {
        return;
    }
    match seen {
        Ok(release) => {
            let began = tasks.release.replace(*release);
            tasks.look.failed = false;
            tasks.doubted = false;
            let ended = began.as_ref().is_some_and(runs) && tasks.release.as_ref().is_some_and(|known| !runs(known));
            merge(model);
            let known = model.remote.tasks.get(id).and_then(|tasks| tasks.release.as_ref());
            if let Some((tone, words)) = known.filter(|_| ended).and_then(crate::console::model::toasts::ending) {
                model.say(tone, words);
            }
        }
        Err(failure) => {
            if !std::mem::replace(&mut tasks.look.failed, true) {
                model.say(Tone::Bad, format!("{}: {}", failure.what, failure.why));
            }
        }
    }
}

/// All there is of a log is here, or it does not come.
pub fn fetched(model: &mut Model, run: &ReleaseId, ended: Result<Option<String>, Failure>) {
    let fetch = match ended {
        Ok(said) => Fetch::Ended(said),
        Err(failure) => Fetch::Failed(failure),
    };
    model.remote.logs.insert(run.clone(), fetch);
    if model.log.release.as_ref() == Some(run) {
        model.log.look_again();
    }
}

/// Puts what was seen into the list, which has the releases of this machine.
pub fn merge(model: &mut Model) {
    let wanted = model.repositories();
    let Loaded::Yes(releases) = &mut model.releases else { return };
    releases.retain(|release| !is_remote(release));
    let ours = |release: &&Release| wanted.is_empty() || wanted.contains(&release.plan.repository);
    for listed in model.remote.listed.iter().filter(ours) {
        let known = model.remote.tasks.get(&listed.plan.release).and_then(|tasks| tasks.release.clone());
        releases.push(known.unwrap_or_else(|| listed.clone()));
    }
    let unlisted =
        |release: &&Release| model.remote.listed.iter().all(|known| known.plan.release != release.plan.release);
    let begun = model.remote.tasks.values().filter(|tasks| tasks.begun_here).filter_map(|tasks| tasks.release.as_ref());
    releases.extend(begun.filter(unlisted).filter(ours).cloned());
    // Stable: those of this machine stay in the order of the journal, whatever its clock did.
    let newest = |release: &Release| std::cmp::Reverse(release.started);
    if releases.iter().any(is_remote) {
        releases.sort_by_key(newest);
    }
    if model.selected.is_none() {
        model.selected = model.list().first().map(|release| release.plan.release.clone());
    }
}

/// The key of the log that belongs to the selected release: its own, or that of a run of one of its tasks.
pub fn log_of(model: &Model) -> Option<ReleaseId> {
    let release = model.selected()?;
    if !is_remote(release) {
        return Some(release.plan.release.clone());
    }
    let step = release.steps.get(chosen(model, release)?)?;
    let run = step.run.filter(|_| step.started.is_some())?;
    Some(ReleaseId::of_run(step.step.task()?, run))
}

/// Which of its tasks is meant: the chosen one, else the one whose log tells the most.
pub fn chosen(model: &Model, release: &Release) -> Option<usize> {
    let chosen = model.remote.tasks.get(&release.plan.release).and_then(|tasks| tasks.chosen);
    chosen.filter(|at| *at < release.steps.len()).or_else(|| release.telling_task())
}

/// The log of the task after or before that one.
pub fn choose(model: &mut Model, forward: bool) {
    let Some(release) = model.selected().filter(|release| is_remote(release)) else { return };
    let (id, count) = (release.plan.release.clone(), release.steps.len());
    let at = chosen(model, release).unwrap_or(0);
    let next = if forward { (at + 1).min(count.saturating_sub(1)) } else { at.saturating_sub(1) };
    model.remote.tasks.entry(id).or_default().chosen = Some(next);
}

/// What is known of the log on the screen, where it comes from Taskcluster.
pub fn fetch(model: &Model) -> Option<&Fetch> {
    model.remote.logs.get(model.log.release.as_ref()?)
}

#[cfg(test)]
mod tests;
