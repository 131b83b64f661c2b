//! The first line of a failed build's log that says what went wrong.

use crate::{
    console::{
        effect::Effect,
        model::{LogState, Model},
    },
    domain::{
        event::Step,
        failure::Failure,
        release::{Release, ReleaseState, StepState},
    },
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The log is searched for it.
    Sought,
    /// No line of the log says it, or there is no log.
    Unsaid,
    /// Its number, from 0, and what it says.
    Line { line: u64, text: String },
}

impl Fault {
    /// The answer of whoever searched.
    pub fn of(found: Result<Option<(u64, String)>, Failure>) -> Self {
        match found {
            Ok(Some((line, text))) => Self::Line { line, text },
            // That a log cannot be read is said where the log is.
            Ok(None) | Err(_) => Self::Unsaid,
        }
    }
}

/// Only a build says in its log why it failed.
fn failed_in_build(release: &Release) -> bool {
    let failed = |state| matches!(state, StepState::Failed | StepState::Interrupted);
    matches!(release.state, ReleaseState::Failed | ReleaseState::Interrupted)
        && release.steps.iter().any(|step| step.step == Step::Build && failed(step.state))
}

/// Asks for what the selected release's log says, once.
pub fn wants(model: &mut Model) -> Option<Effect> {
    let selected = model.selected().filter(|release| failed_in_build(release));
    let release = selected.map(|release| release.plan.release.clone())?;
    if model.faults.contains_key(&release) {
        return None;
    }
    model.faults.insert(release.clone(), Fault::Sought);
    Some(Effect::FindFault { release })
}

/// Where the selected release's log says it, if that is known and can be shown.
pub fn place(model: &Model) -> Option<u64> {
    let release = model.selected()?;
    match (model.faults.get(&release.plan.release), &model.log.state) {
        (Some(Fault::Line { line, .. }), LogState::Open(_)) => Some(*line),
        _ => None,
    }
}
