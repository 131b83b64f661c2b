//! What is in the way of a task that is to be run again or made anew, and what may go wrong.

use std::collections::BTreeSet;

use super::facts::{Facts, Kept, is_bad};
use crate::domain::{
    failure::Failure,
    finding::CheckId,
    task::{Status, Task, TaskId, TaskState},
    written::time,
};

/// The queue gives a task no more runs. Source: queue, `MAX_RUNS_ALLOWED`.
const MOST_RUNS: usize = 50;

/// What keeps the queue from giving this task another run.
pub(super) fn rerun(
    facts: &Facts,
    task: &Task,
    chosen: &BTreeSet<TaskId>,
    refused: &mut Vec<Failure>,
    warnings: &mut Vec<String>,
) {
    let (name, status) = ((facts.clean)(task.name()), &task.status);
    let what = format!("{name} cannot be run again");
    let clone = format!("make a new task of it: windlass rerun {} --task {} --clone", facts.group, task.id());
    if let Some(failure) = still_open(facts, &name, status) {
        return refused.push(failure);
    }
    if status.deadline <= facts.now {
        let why = format!("its deadline was at {} UTC, and the queue runs nothing after that", time(status.deadline));
        return refused.push(Failure::failed(what, why, clone).explained_by(CheckId::Dates));
    }
    if status.runs.len() >= MOST_RUNS {
        return refused.push(Failure::failed(what, format!("it has had {MOST_RUNS} runs, and gets no more"), clone));
    }
    let longest = task.definition.max_run_time();
    if status.deadline.duration_since(facts.now) < longest {
        warnings.push(format!(
            "{name} may take {} min, and its deadline is at {} UTC: it may be ended before it is done",
            longest.as_mins(),
            time(status.deadline)
        ));
    }
    for other in task.definition.dependencies.iter().filter(|id| !chosen.contains(id)) {
        let Some(other) = facts.task(other).filter(|other| other.status.state != TaskState::Completed) else {
            continue;
        };
        let stands = other.status.words(facts.now);
        warnings.push(format!(
            "{name} depends on {}, which is not waited for: {}",
            (facts.clean)(other.name()),
            (facts.clean)(&stands)
        ));
    }
}

/// What no worker took is the same once more, also in a clone.
pub(super) fn payload(facts: &Facts, task: &Task, warnings: &mut Vec<String>) {
    let reason = task.status.last_run().and_then(|run| run.reason_resolved.as_deref());
    if reason == Some("malformed-payload") {
        warnings.push(format!(
            "the worker did not take the payload of {}, and it stays as it is: correct it where the task is defined",
            (facts.clean)(task.name())
        ));
    }
}

/// What runs, or will by itself, is not begun once more.
fn still_open(facts: &Facts, name: &str, status: &Status) -> Option<Failure> {
    match status.state {
        TaskState::Unscheduled => Some(Failure::failed(
            format!("{name} cannot be run again"),
            "it has not run yet: it waits for what it depends on",
            "have that run again: windlass rerun, without --task",
        )),
        _ if status.state.is_over() => None,
        _ => Some(Failure::failed(
            format!("{name} is not run twice at a time"),
            (facts.clean)(&status.words(facts.now)),
            format!(
                "wait for it, windlass show {} --watch; or end it, windlass cancel {}",
                facts.group, status.task_id
            ),
        )),
    }
}

/// What keeps a clone of this task from being of use.
pub(super) fn clone(facts: &Facts, task: &Task, chosen: &BTreeSet<TaskId>, refused: &mut Vec<Failure>) {
    let name = (facts.clean)(task.name());
    if task.status.state != TaskState::Unscheduled {
        refused.extend(still_open(facts, &name, &task.status));
    }
    let waits_for_ever = |id: &&TaskId| {
        let bad = facts.task(id).is_some_and(|other| is_bad(&other.status.state));
        bad && !chosen.contains(id) && task.definition.requires != "all-resolved"
    };
    if let Some(other) = task.definition.dependencies.iter().find(waits_for_ever).and_then(|id| facts.task(id)) {
        refused.push(Failure::failed(
            format!("a clone of {name} would wait for ever"),
            format!("it depends on {}, which did not end well", (facts.clean)(other.name())),
            format!("make a new one of that, too: windlass rerun {} --from {} --clone", facts.group, other.id()),
        ));
    }
}

/// What the task begins with has to be there when it does. What is made anew before that is.
pub(super) fn inputs(
    facts: &Facts,
    task: &Task,
    remade: &BTreeSet<&TaskId>,
    refused: &mut Vec<Failure>,
    warnings: &mut Vec<String>,
) {
    let (name, longest) = ((facts.clean)(task.name()), task.definition.max_run_time());
    for input in task.definition.inputs() {
        let maker = facts.task(&input.task);
        // What is not made yet cannot be gone.
        let made = maker.is_none_or(|maker| maker.status.state == TaskState::Completed);
        if remade.contains(&input.task) || !made {
            continue;
        }
        let (artifact, by) =
            ((facts.clean)(&input.name), maker.map_or(input.task.to_string(), |maker| (facts.clean)(maker.name())));
        match facts.inputs.get(&input) {
            Some(Kept::Until(until)) if *until > facts.now => {
                if until.duration_since(facts.now) < longest {
                    let until = time(*until);
                    warnings.push(format!("{artifact} of {by}, which {name} begins with, expires at {until} UTC"));
                }
            }
            Some(Kept::Until(_) | Kept::Gone) => {
                let next = match maker {
                    Some(_) => {
                        format!("have that run again, too: windlass rerun {} --from {}", facts.group, input.task)
                    }
                    None => "begin another release, which makes it anew".to_owned(),
                };
                let what = format!("{name} cannot be run again");
                let why = format!("{artifact} of {by}, which it begins with, has expired");
                refused.push(Failure::failed(what, why, next).explained_by(CheckId::Dates));
            }
            Some(Kept::Untold(why)) => {
                warnings.push(format!(
                    "whether {artifact} of {by} is there, which {name} begins with, is not known: {why}"
                ));
            }
            None => warnings
                .push(format!("whether {artifact} of {by} is there, which {name} begins with, was not looked at")),
        }
    }
}
