//! Out of the console.

use crate::{
    console::{effect::Effect, model::Model, press::layers},
    domain::sign::Tone,
};

/// Ctrl-C closes the console's own business; a second one leaves.
pub fn interrupt(model: &mut Model) -> Vec<Effect> {
    if std::mem::take(&mut model.leaving) {
        return vec![Effect::Quit];
    }
    if model.layers.is_empty() || model.rotation.is_some() {
        asks_to_leave(model);
    }
    model.leaving = true;
    layers::close(model)
}

/// Leaves; where a rotation has not ended, at the second key.
pub fn quit(model: &mut Model) -> Vec<Effect> {
    if std::mem::take(&mut model.leaving) || model.rotation.is_none() {
        return vec![Effect::Quit];
    }
    asks_to_leave(model);
    model.leaving = true;
    Vec::new()
}

/// Says what the next key will leave.
fn asks_to_leave(model: &mut Model) {
    let words = match &model.rotation {
        None => "once more leaves the console; what runs goes on".to_owned(),
        Some(open) => format!("once more leaves the {open}"),
    };
    model.hint(Tone::Notice, words);
}

pub fn suspend(_: &mut Model) -> Vec<Effect> {
    vec![Effect::Suspend]
}
