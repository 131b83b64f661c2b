//! The checks of the doctor, and the way to them from what failed.

use crate::{
    console::{
        effect::{Effect, Guest, Ours},
        model::{Choice, Layer, Menu, Model, Screen, Subject, Which},
        press::read_only,
    },
    domain::{failure::Failure, finding::CheckId},
};

/// Everything is run when it is looked at for the first time.
pub fn open(model: &mut Model) -> Vec<Effect> {
    model.screen = Screen::Doctor;
    if !model.doctor.was_asked() {
        model.doctor.ask(Which::All);
    }
    Vec::new()
}

pub fn all(model: &mut Model) -> Vec<Effect> {
    model.doctor.ask(Which::All);
    Vec::new()
}

pub fn one(model: &mut Model) -> Vec<Effect> {
    if let Some(checked) = model.doctor.selected() {
        let subject = checked.subject.clone();
        model.doctor.select(subject.clone());
        model.doctor.ask(Which::One(subject));
    }
    Vec::new()
}

pub fn no_check(model: &Model) -> Option<String> {
    model.doctor.selected().is_none().then(|| "the checks are not listed yet".to_owned())
}

pub fn zoom(model: &mut Model) -> Vec<Effect> {
    model.doctor.zoom = !model.doctor.zoom;
    Vec::new()
}

/// Asks how the tasks of releases are to be defined. What else that takes is asked at the terminal.
pub fn define(model: &mut Model) -> Vec<Effect> {
    let way = |label: &str, note: &str, options| Choice {
        label: label.to_owned(),
        note: note.to_owned(),
        refused: None,
        then: vec![Effect::Lend(Guest::Ours(Ours::Define(options)))],
    };
    let choices = vec![
        way("two tasks", "one builds without the login, one pushes and runs nothing of the project", &[]),
        way("two tasks, granted", "and the roles are given what they lack, once that is agreed to", &["--apply"]),
        way("one task", "it builds and pushes: what it builds could read the login", &["--single-task"]),
        way("print them", "nothing is written", &["--print"]),
    ];
    let title = "Define the tasks of releases: .taskcluster.yml".to_owned();
    model.layers.push(Layer::Menu(Menu { title, choices, at: 0, stays: false }));
    Vec::new()
}

pub fn cannot_define(model: &Model) -> Option<String> {
    read_only(model).or_else(|| {
        let none = "windlass.toml names no deployment: root-url in [taskcluster]";
        model.cluster().is_none().then(|| none.to_owned())
    })
}

/// The definition may be another: whatever looked at it looks again.
pub fn defined(model: &mut Model) -> Vec<Effect> {
    let subject = Subject { check: CheckId::Yml, image: None };
    model.doctor.select(subject.clone());
    model.doctor.ask(Which::One(subject));
    Vec::new()
}

/// What failed in the selected release.
pub fn explain(model: &mut Model) -> Vec<Effect> {
    let Some(release) = model.selected() else { return Vec::new() };
    let image = release.plan.image.clone();
    if let Some(failure) = release.failure.clone() {
        look_into(model, &failure, Some(&image));
    }
    Vec::new()
}

pub fn unexplained(model: &Model) -> Option<String> {
    match model.selected().map(|release| &release.failure) {
        None => Some("there is no release".to_owned()),
        Some(None) => Some("this release did not fail".to_owned()),
        Some(Some(failure)) => no_check_of(failure),
    }
}

/// What the card on top tells of.
pub fn explain_card(model: &mut Model) -> Vec<Effect> {
    if let Some(Layer::Failure(failure)) = model.layers.pop() {
        // What was typed would hide it.
        model.layers.pop_if(|below| matches!(below, Layer::Ask(_)));
        look_into(model, &failure, None);
    }
    Vec::new()
}

pub fn unexplained_card(model: &Model) -> Option<String> {
    match model.layers.last() {
        Some(Layer::Failure(failure)) => no_check_of(failure),
        _ => Some("nothing has failed".to_owned()),
    }
}

fn no_check_of(failure: &Failure) -> Option<String> {
    failure.check.is_none().then(|| "no check looks at the cause of this".to_owned())
}

/// Selects the check that looks at the cause, and runs it.
fn look_into(model: &mut Model, failure: &Failure, image: Option<&str>) {
    let Some(check) = failure.check else { return };
    let subject = Subject::of(check, image, model.images());
    model.screen = Screen::Doctor;
    model.doctor.select(subject.clone());
    model.doctor.ask(Which::One(subject));
}

#[cfg(test)]
mod tests;
