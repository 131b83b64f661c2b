//! The checks of the doctor, and the way to them from what failed.

use crate::{
    console::{
        effect::Effect,
        model::{Layer, Model, Screen, Subject, Which},
    },
    domain::failure::Failure,
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
