//! A rotation that goes on or stands: finished, rolled back, or begun anew with what was typed.

use crate::console::{
    effect::Effect,
    model::{Errand, Layer, Model, Wizard},
    press::read_only,
};

fn wizard(model: &Model) -> Option<&Wizard> {
    match model.layers.last() {
        Some(Layer::Wizard(wizard)) => Some(wizard),
        _ => None,
    }
}

pub fn stands_still(model: &Model) -> Option<String> {
    match wizard(model) {
        Some(wizard) if wizard.is_open() => read_only(model),
        Some(wizard) if wizard.running => Some("it goes on".to_owned()),
        _ => Some("no rotation is open here".to_owned()),
    }
}

pub fn resume(model: &mut Model) -> Vec<Effect> {
    take_up(model, false)
}

pub fn roll_back(model: &mut Model) -> Vec<Effect> {
    take_up(model, true)
}

fn take_up(model: &mut Model, back: bool) -> Vec<Effect> {
    let Some(Layer::Wizard(wizard)) = model.layers.last_mut() else { return Vec::new() };
    wizard.goes_on(back);
    let name = wizard.secret.clone();
    let (words, flag) = if back { ("rolling back", "--rollback") } else { ("going on with", "--resume") };
    let command = ["secret", "rotate", name.as_str(), flag].map(str::to_owned);
    model.did(format!("{words} the rotation of {name}"), Some(&command));
    vec![Effect::Secrets(if back { Errand::RollBack(name) } else { Errand::Resume(name) })]
}

pub fn nothing_typed(model: &Model) -> Option<String> {
    let back = wizard(model).is_some_and(Wizard::can_go_back);
    (!back).then(|| "nothing was typed that could be corrected".to_owned())
}

/// Back to what was typed.
pub fn correct(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Wizard(wizard)) = model.layers.last_mut() else { return Vec::new() };
    if let Some(form) = wizard.back() {
        model.layers.pop();
        model.layers.push(Layer::Form(form));
    }
    Vec::new()
}
