//! From screen to screen, and out.

use crate::{
    console::{
        effect::Effect,
        model::{Depth, Model, Screen},
        press::layers,
    },
    domain::sign::Tone,
};

pub fn releases(model: &mut Model) -> Vec<Effect> {
    model.screen = Screen::Releases;
    Vec::new()
}

pub fn tags(model: &mut Model) -> Vec<Effect> {
    // A release may have ended since the last look; whoever is looking already sees that.
    if model.screen != Screen::Tags {
        model.screen = Screen::Tags;
        model.tags.ask(Depth::Known);
    }
    Vec::new()
}

/// Ctrl-C closes the console's own business; a second one leaves.
pub fn interrupt(model: &mut Model) -> Vec<Effect> {
    let again = model.interrupted;
    model.interrupted = !again;
    if again {
        return vec![Effect::Quit];
    }
    if model.layers.is_empty() {
        model.say(Tone::Notice, "once more leaves the console; what runs goes on");
    }
    layers::close(model)
}

pub fn quit(_: &mut Model) -> Vec<Effect> {
    vec![Effect::Quit]
}

pub fn suspend(_: &mut Model) -> Vec<Effect> {
    vec![Effect::Suspend]
}
