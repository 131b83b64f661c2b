//! Dialogs: yes, no, choosing, and what is typed into them.

use tui_input::Input;

use crate::{
    console::{
        action::{Action, Id},
        effect::Effect,
        keymap::reachable,
        model::{Layer, Model},
        press::{act, below},
    },
    domain::sign::Tone,
};

/// The actions that the help lists: those of the screen below it that match what was typed.
pub fn found(model: &Model, typed: &str) -> Vec<&'static Action> {
    let wanted = typed.to_lowercase();
    let matches = |action: &&Action| {
        action.id != Id::Help && (action.title.to_lowercase().contains(&wanted) || action.keys_text() == typed)
    };
    reachable(below(model)).filter(matches).collect()
}

pub fn help(model: &mut Model) -> Vec<Effect> {
    model.layers.push(Layer::Help { typed: Input::default(), at: 0 });
    Vec::new()
}

/// Does what is chosen in the help.
pub fn run_chosen(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Help { typed, at }) = model.layers.last() else { return Vec::new() };
    let Some(chosen) = found(model, typed.value()).get(*at).copied() else { return Vec::new() };
    model.layers.pop();
    act(model, chosen)
}

/// Yes to the dialog on top.
pub fn confirm(model: &mut Model) -> Vec<Effect> {
    match model.layers.pop() {
        Some(Layer::Confirm(confirm)) if confirm.can_be_done() => {
            model.did(confirm.said, confirm.command.as_deref());
            confirm.then
        }
        Some(Layer::Ask(mut ask)) => match (ask.take)(model, ask.typed.value()) {
            Ok(effects) => effects,
            Err(reason) => {
                ask.wrong = Some(reason);
                model.layers.push(Layer::Ask(ask));
                Vec::new()
            }
        },
        Some(Layer::Menu(menu)) => match menu.choices.get(menu.at) {
            Some(choice) if choice.refused.is_none() => choice.then.clone(),
            Some(choice) => {
                let reason = choice.refused.clone().unwrap_or_default();
                model.layers.push(Layer::Menu(menu));
                model.hint(Tone::Notice, reason);
                Vec::new()
            }
            None => Vec::new(),
        },
        Some(open @ (Layer::Waiting(_) | Layer::Confirm(_))) => {
            model.layers.push(open);
            Vec::new()
        }
        Some(_) | None => Vec::new(),
    }
}

/// Does what the dialog on top offers instead.
pub fn other(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Confirm(confirm)) = model.layers.last_mut() else { return Vec::new() };
    let Some(other) = confirm.other.take() else { return Vec::new() };
    model.layers.pop();
    vec![other.then]
}

pub fn no_other(model: &Model) -> Option<String> {
    let offered = matches!(model.layers.last(), Some(Layer::Confirm(confirm)) if confirm.other.is_some());
    (!offered).then(|| "there is no other way to do this".to_owned())
}

/// Closes the dialog on top. Whoever waits for an answer is told that there is none.
pub fn close(model: &mut Model) -> Vec<Effect> {
    match model.layers.pop() {
        Some(Layer::Secret { .. }) => vec![Effect::Answer(None)],
        _ => Vec::new(),
    }
}

pub fn answer(model: &mut Model) -> Vec<Effect> {
    match model.layers.pop() {
        Some(Layer::Secret { typed, .. }) => vec![Effect::Answer(Some(typed))],
        _ => Vec::new(),
    }
}

pub fn wipe(model: &mut Model) -> Vec<Effect> {
    if let Some(Layer::Secret { typed, .. }) = model.layers.last_mut() {
        typed.clear();
    }
    Vec::new()
}

pub fn down(model: &mut Model) -> Vec<Effect> {
    choose(model, 1)
}

pub fn up(model: &mut Model) -> Vec<Effect> {
    choose(model, -1)
}

fn choose(model: &mut Model, step: isize) -> Vec<Effect> {
    let actions = match model.layers.last() {
        Some(Layer::Help { typed, .. }) => found(model, typed.value()).len(),
        _ => 0,
    };
    let (at, count) = match model.layers.last_mut() {
        Some(Layer::Menu(menu)) => (&mut menu.at, menu.choices.len()),
        Some(Layer::Help { at, .. }) => (at, actions),
        _ => return Vec::new(),
    };
    *at = at.saturating_add_signed(step).min(count.saturating_sub(1));
    Vec::new()
}
