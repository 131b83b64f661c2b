//! What was done and said: read, narrowed, and copied as commands.

use tui_input::Input;

use crate::console::{
    effect::Effect,
    model::{Layer, Model, Screen, activity::Entry},
};

pub fn open(model: &mut Model) -> Vec<Effect> {
    if model.screen != Screen::Activity {
        model.screen = Screen::Activity;
        model.activity.ask();
    }
    Vec::new()
}

pub fn read(model: &mut Model) -> Vec<Effect> {
    model.activity.ask();
    Vec::new()
}

/// Types the words that the shown rows have, those that are there already before the cursor.
pub fn narrow(model: &mut Model) -> Vec<Effect> {
    let typed = Input::new(model.activity.narrowed.clone());
    model.layers.push(Layer::Narrow { typed });
    Vec::new()
}

pub(super) fn keep(model: &mut Model) -> Vec<Effect> {
    if let Some(Layer::Narrow { typed }) = model.layers.pop() {
        typed.value().clone_into(&mut model.activity.narrowed);
    }
    Vec::new()
}

pub(super) fn end(model: &mut Model) -> Vec<Effect> {
    model.layers.pop();
    model.activity.narrowed.clear();
    Vec::new()
}

pub fn copy(model: &mut Model) -> Vec<Effect> {
    let command = selected(model).and_then(Entry::command).map(ToOwned::to_owned);
    let Some(command) = command else { return Vec::new() };
    vec![Effect::Copy(command)]
}

pub fn no_command(model: &Model) -> Option<String> {
    match selected(model).map(Entry::command) {
        None => Some("nothing is selected".to_owned()),
        Some(None) => Some("no command stands behind this row".to_owned()),
        Some(Some(_)) => None,
    }
}

fn selected(model: &Model) -> Option<Entry<'_>> {
    let rows = model.activity.rows(model.narrowed());
    rows.get(model.activity.position(&rows)).copied()
}

#[cfg(test)]
mod tests;
