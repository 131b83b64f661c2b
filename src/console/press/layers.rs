//! Dialogs: yes, no, choosing, and what is typed into them.

use tui_input::Input;

use crate::{
    console::{
        action::{below, found},
        effect::Effect,
        model::{Layer, Menu, Model, Reach},
        press::{act, screens},
        view::{dialog::extent, geometry::palette_rows},
    },
    domain::sign::Tone,
};

pub fn help(model: &mut Model) -> Vec<Effect> {
    find(model, Reach::Here)
}

pub fn commands(model: &mut Model) -> Vec<Effect> {
    find(model, Reach::Everywhere)
}

fn find(model: &mut Model, reach: Reach) -> Vec<Effect> {
    model.layers.push(Layer::Help { typed: Input::default(), at: 0, reach });
    Vec::new()
}

/// Does what is chosen, on the screen where it counts.
pub fn run_chosen(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Help { typed, at, reach }) = model.layers.last() else { return Vec::new() };
    let Some(chosen) = found(model, typed.value(), *reach).get(*at).copied() else { return Vec::new() };
    model.layers.pop();
    let mut effects = if below(model).contains(&chosen.scope) { Vec::new() } else { screens::go(model, chosen.scope) };
    effects.extend(act(model, chosen));
    effects
}

/// Yes to the dialog on top.
pub fn confirm(model: &mut Model) -> Vec<Effect> {
    match model.layers.pop() {
        Some(Layer::Confirm(confirm)) if confirm.can_be_done() => {
            // It is about what was typed there.
            if let Some(Layer::Ask(ask)) = model.layers.pop_if(|below| matches!(below, Layer::Ask(_))) {
                model.carried_out = Some(ask);
            }
            model.did(confirm.said, confirm.command.as_deref());
            confirm.then
        }
        Some(Layer::Ask(mut ask)) => match (ask.take)(model, ask.typed.value()) {
            Ok(effects) => {
                // Where it is refused after all, what was typed is there to be corrected.
                if effects.iter().any(|effect| matches!(effect, Effect::Prepare(_))) {
                    model.layers.push(Layer::Ask(ask));
                } else {
                    model.carried_out = Some(ask);
                }
                effects
            }
            Err(reason) => {
                ask.wrong = Some(reason);
                model.layers.push(Layer::Ask(ask));
                Vec::new()
            }
        },
        Some(Layer::Menu(menu)) => match menu.choices.get(menu.at) {
            Some(choice) if choice.refused.is_none() => {
                let then = choice.then.clone();
                if menu.stays {
                    model.layers.push(Layer::Menu(menu));
                }
                then
            }
            Some(choice) => {
                let reason = choice.refused.clone().unwrap_or_default();
                model.layers.push(Layer::Menu(menu));
                model.hint(Tone::Notice, reason);
                Vec::new()
            }
            None => Vec::new(),
        },
        Some(open @ Layer::Confirm(_)) => {
            model.layers.push(open);
            model.hint(Tone::Notice, "not done: what is typed is not what is asked for");
            Vec::new()
        }
        Some(open @ (Layer::Waiting(_) | Layer::Form(_) | Layer::Wizard(_))) => {
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

/// Rows that are seen of what is over the screen; `None`: nothing is.
pub(super) fn rows(model: &Model) -> Option<usize> {
    let over = model.layers.last().filter(|layer| layer.is_over())?;
    Some(if let Layer::Help { .. } = over { palette_rows(model.size).into() } else { extent(model, over).seen })
}

/// Another choice, or other lines of a dialog that is higher than the screen. False: nothing is over that.
pub(super) fn scroll(model: &mut Model, steps: isize) -> bool {
    let Some(over) = model.layers.last().filter(|layer| layer.is_over()) else { return false };
    let last = match over {
        Layer::Help { typed, reach, .. } => found(model, typed.value(), *reach).len().saturating_sub(1),
        Layer::Menu(menu) => menu.choices.len().saturating_sub(1),
        over => extent(model, over).last,
    };
    let at = match model.layers.last_mut() {
        Some(Layer::Help { at, .. } | Layer::Menu(Menu { at, .. })) => at,
        _ => &mut model.scrolled,
    };
    *at = (*at).min(last).saturating_add_signed(steps).min(last);
    true
}
