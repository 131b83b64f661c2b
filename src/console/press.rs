//! What a key does: which action of the table it means, or what it types. What the actions do is in the files of this
//! folder, one an area of the console; what a click does, in `mouse.rs`. Pure.

pub mod activity;
pub mod again;
pub mod doctor;
pub mod layers;
pub mod leaving;
pub mod log;
pub mod mouse;
pub mod moving;
pub mod outside;
pub mod projects;
pub mod releases;
pub mod screens;
pub mod secret_form;
pub mod secrets;
pub mod several;
pub mod sign_in;
pub mod tags;
pub mod wizard;

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent};
use tui_input::backend::crossterm::EventHandler as _;

use super::{
    action::{Action, Id, Scope, keymap::Key, scopes},
    effect::Effect,
    model::{
        Layer, Loaded, Model, Screen,
        typing::{self, LONGEST, NOT_HERE},
    },
};
use crate::domain::{digest::Digest, sign::Tone};

pub(super) fn press(model: &mut Model, event: &KeyEvent) -> Vec<Effect> {
    let Some(key) = Key::pressed(event) else { return Vec::new() };
    model.toasts.fade(model.now, true);
    let scopes = scopes(model);
    let first = model.pending.take();
    let action = match first {
        None => model.keymap.action(key, scopes),
        // Two keys that mean nothing do nothing, but for what can be done whatever else goes on.
        Some(first) => {
            model.keymap.action(first.then(key), scopes).or_else(|| model.keymap.action(key, &[Scope::Always]))
        }
    };
    // A second one leaves only where it comes right after the first.
    model.leaving &= action.is_some_and(|action| matches!(action.id, Id::Interrupt | Id::Quit));
    match (action, first) {
        (Some(action), _) => return act(model, action),
        (None, Some(_)) if key == Key::of(KeyCode::Esc) => {}
        (None, Some(first)) => {
            model.hint(Tone::Notice, format!("{} means nothing here", first.then(key)));
        }
        (None, None) if !model.keymap.after(key, scopes).is_empty() => model.pending = Some(key),
        (None, None) => type_in(model, event),
    }
    Vec::new()
}

/// Does it, or says why it cannot be done now.
pub(super) fn act(model: &mut Model, action: &Action) -> Vec<Effect> {
    if let Some(reason) = (action.refused)(model) {
        model.hint(Tone::Notice, reason);
        return Vec::new();
    }
    (action.run)(model)
}

/// Keys that mean no action are text for whatever is typed. What there is no room for is said.
fn type_in(model: &mut Model, event: &KeyEvent) {
    let Some(layer) = model.layers.last_mut() else { return };
    let full = match layer {
        Layer::Secret { typed, .. } => !typed.type_in(event),
        Layer::Form(form) => !form.type_in(event),
        layer => {
            let Some(input) = layer.input() else { return };
            let full = typing::typed(event).is_some() && input.value().chars().count() >= LONGEST;
            if !full {
                input.handle_event(&Event::Key(*event));
                layer.edited();
            }
            full
        }
    };
    if full {
        model.hint(Tone::Notice, "there is no room for more characters");
    }
    typed(model);
}

/// What follows while it is typed.
fn typed(model: &mut Model) {
    if let (Screen::Tags, Some(Layer::Narrow { typed })) = (model.screen, model.layers.last()) {
        model.tags.name(typed.value());
    }
    if matches!(model.layers.last(), Some(Layer::Form(_))) {
        // Its fields are at the top.
        model.scrolled = 0;
    }
    log::filter_as_typed(model);
}

/// What is pasted is text, never keys.
pub(super) fn paste(model: &mut Model, text: &str) {
    // A digest is pasted to learn what it is.
    if model.layers.is_empty() && model.screen == Screen::Tags && Digest::digits(text).is_some() {
        tags::type_name(model);
    }
    let taken = model.layers.last_mut().map_or_else(|| Err(NOT_HERE.to_owned()), |top| top.paste(text));
    if let Err(reason) = taken {
        model.hint(Tone::Notice, reason);
    }
    typed(model);
}

/// Why nothing can be said of what a screen shows that nobody has looked at, as long as the answer is not there.
fn unseen<T>(what: &Loaded<T>, name: &str, looks: bool) -> Option<String> {
    let state = if looks { "still being read" } else { "not looked at yet" };
    matches!(what, Loaded::Not).then(|| format!("{name} are {state}"))
}

/// Why nothing outside is changed.
fn read_only(model: &Model) -> Option<String> {
    model.read_only.then(|| "refused: windlass runs read-only".to_owned())
}

#[cfg(test)]
mod tests;
