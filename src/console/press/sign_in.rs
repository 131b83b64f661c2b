//! The sign-in at the project's Taskcluster deployment: by the command, which has the terminal for it. What is in the vault
//! already is opened, so that what goes on by itself has it, too.

use crate::{
    console::{
        effect::{Effect, Guest, Ours},
        model::{Choice, Layer, Loaded, Menu, Model, Subject, Which, remote},
        press::{read_only, secrets},
    },
    domain::finding::CheckId,
};

/// Has the vault opened.
pub fn unlock(model: &mut Model) -> Vec<Effect> {
    model.standing.unlocks = true;
    vec![Effect::Unlock]
}

pub fn not_locked(model: &Model) -> Option<String> {
    if model.standing.unlocks {
        return Some("the vault is being opened already".to_owned());
    }
    (!model.standing.is_locked()).then(|| "no sign-in waits in a locked vault".to_owned())
}

/// Asks how.
pub fn ways(model: &mut Model) -> Vec<Effect> {
    let Some(host) = model.cluster() else { return Vec::new() };
    let refused = read_only(model);
    let way = |label: &str, note: &str, options, changes: bool| Choice {
        label: label.to_owned(),
        note: note.to_owned(),
        refused: refused.clone().filter(|_| changes),
        then: vec![Effect::Lend(Guest::Ours(Ours::SignIn(options)))],
    };
    let choices = vec![
        way("sign in", "the browser of this machine shows what is asked for", &[], true),
        way(
            "sign in elsewhere",
            "you bring the address at which a browser on another machine ends",
            &["--paste"],
            true,
        ),
        way("who is asked as", "until when, and with which scopes", &["--status"], false),
        way("forget the sign-in", "the vault of this machine has it no more", &["--forget"], true),
    ];
    let title = format!("Sign in at {host}");
    let at = if refused.is_some() { 2 } else { 0 };
    model.layers.push(Layer::Menu(Menu { title, choices, at, stays: false }));
    Vec::new()
}

pub fn nowhere(model: &Model) -> Option<String> {
    let none = "windlass.toml names no deployment: root-url in [taskcluster]";
    model.cluster().is_none().then(|| none.to_owned())
}

/// Somebody else may be asked as: whatever depends on that is looked at again.
pub fn returned(model: &mut Model) -> Vec<Effect> {
    remote::again(model);
    if model.doctor.was_asked() {
        let subject = Subject { check: CheckId::Client, image: None };
        model.doctor.select(subject.clone());
        model.doctor.ask(Which::One(subject));
    }
    let mut effects = vec![Effect::SeeAsker];
    if matches!(model.secrets.holdings, Loaded::Yes(_)) {
        effects.extend(secrets::look(model));
    }
    effects
}

#[cfg(test)]
mod tests;
