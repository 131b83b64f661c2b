//! From screen to screen.

use crate::{
    console::{
        action::Scope,
        effect::Effect,
        model::{Depth, Model, Mouse, Pane, Screen},
        press::{
            activity, doctor, projects, secrets,
            tags::{end_name, keep_name},
        },
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

pub fn projects(model: &mut Model) -> Vec<Effect> {
    model.screen = Screen::Projects;
    projects::look(model)
}

/// To where actions of this scope count.
pub fn go(model: &mut Model, scope: Scope) -> Vec<Effect> {
    match scope {
        Scope::Releases => releases(model),
        Scope::List | Scope::Log | Scope::Marking | Scope::Steps | Scope::Matches | Scope::Filtered => {
            model.focus = if scope == Scope::List { Pane::List } else { Pane::Log };
            releases(model)
        }
        Scope::Tags => tags(model),
        Scope::Projects => projects(model),
        Scope::Secrets | Scope::History => secrets::open(model),
        Scope::Doctor => doctor::open(model),
        Scope::Activity | Scope::Narrow => activity::open(model),
        // They count on every screen, or over it.
        Scope::Rows
        | Scope::Dialog
        | Scope::Pages
        | Scope::Typed
        | Scope::Form
        | Scope::Wizard
        | Scope::Secret
        | Scope::Search
        | Scope::Filter
        | Scope::Help
        | Scope::Everywhere
        | Scope::Always => Vec::new(),
    }
}

/// The terminal selects text only while the mouse is not ours.
pub fn mouse(model: &mut Model) -> Vec<Effect> {
    let words;
    (model.mouse, words) = match model.mouse {
        Mouse::Ours => (Mouse::Terminals, "the mouse is the terminal's: select text"),
        Mouse::Terminals => (Mouse::Ours, "the mouse is the console's"),
    };
    model.say(Tone::Notice, words);
    vec![Effect::Capture(model.mouse)]
}

/// The project's next image is meant, on every screen.
pub fn next_image(model: &mut Model) -> Vec<Effect> {
    model.image = (model.image + 1) % model.images().len().max(1);
    model.tags.of_another_image();
    if let Some(image) = model.image().map(|image| image.name.clone()) {
        model.hint(Tone::Plain, format!("{image} is what is shown and released now"));
    }
    if model.only_image { model.list_again() } else { Vec::new() }
}

pub fn one_image(model: &Model) -> Option<String> {
    (model.images().len() < 2).then(|| "the project has no other image".to_owned())
}

/// Keeps to the rows that have what is typed.
pub fn keep_narrowed(model: &mut Model) -> Vec<Effect> {
    if model.screen == Screen::Tags { keep_name(model) } else { activity::keep(model) }
}

pub fn end_narrowed(model: &mut Model) -> Vec<Effect> {
    if model.screen == Screen::Tags { end_name(model) } else { activity::end(model) }
}
