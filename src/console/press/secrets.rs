//! The secrets: what is done with the selected one. Values go into the form that is opened here, and no further.

use crate::{
    console::{
        action::Id,
        effect::Effect,
        model::{Change, Confirm, Errand, Layer, Line, Loaded, Model, Reload, Screen, SecretForm, Wizard},
        press::{read_only, unseen},
    },
    domain::{
        failure::FailureKind,
        holdings::{Held, Row},
        sign::Tone,
    },
};

fn errand(errand: Errand) -> Vec<Effect> {
    vec![Effect::Secrets(errand)]
}

/// The screen. The vault is read now and not before.
pub fn open(model: &mut Model) -> Vec<Effect> {
    if model.screen == Screen::Secrets {
        return Vec::new();
    }
    model.screen = Screen::Secrets;
    look(model)
}

/// Another look at vault, project and trail; one that is under way is followed by it.
pub fn look(model: &mut Model) -> Vec<Effect> {
    model.activity.ask();
    if model.secrets.ask() { errand(Errand::Look) } else { Vec::new() }
}

pub fn looking(model: &Model) -> Option<String> {
    (model.secrets.reload != Reload::Idle).then(|| "the vault is being read already".to_owned())
}

fn selected<'a>(model: &'a Model, what: impl FnOnce(&'a Row) -> Option<String>) -> Option<String> {
    let pane = &model.secrets;
    if let Some(row) = pane.selected() {
        return what(row);
    }
    if let Some(why) = unseen(&pane.holdings, "the secrets", pane.reload != Reload::Idle) {
        return Some(why);
    }
    Some(match &pane.holdings {
        Loaded::Yes(_) | Loaded::Not => "there is no secret".to_owned(),
        Loaded::Failed(failure) if failure.kind == FailureKind::Cancelled => {
            format!("the vault is locked: {} asks for its passphrase", model.keymap.first(Id::SecretsAgain))
        }
        Loaded::Failed(failure) => failure.to_string(),
    })
}

/// Why the login of this secret cannot be replaced or asked about.
fn not_ours(row: &Row) -> Option<String> {
    row.needed.is_none().then(|| format!("no image of this project uses {}", row.name))
}

fn missing(row: &Row) -> Option<String> {
    let why = || row.untold.as_ref().map(|untold| format!("{}: {}", untold.what, untold.why));
    row.held.is_none().then(|| why().unwrap_or_else(|| format!("there is no secret {} yet", row.name)))
}

fn rotating(row: &Row) -> Option<String> {
    row.rotation.is_some().then(|| format!("a rotation of {} is open: finish it, or roll it back", row.name))
}

pub fn cannot_set(model: &Model) -> Option<String> {
    read_only(model).or_else(|| selected(model, |row| not_ours(row).or_else(|| rotating(row))))
}

pub fn cannot_bind(model: &Model) -> Option<String> {
    read_only(model).or_else(|| {
        selected(model, |row| {
            not_ours(row).or_else(|| rotating(row)).or_else(|| match (&row.held, &row.untold) {
                // What a deployment does not show here may be shown to whoever releases.
                (None, None) => missing(row),
                (held, _) => {
                    let all = unbound(row, held.as_ref()).is_empty();
                    all.then(|| format!("{} may be used for all that need it already", row.name))
                }
            })
        })
    })
}

/// The repositories that need this secret and that it may not be used for.
fn unbound(row: &Row, held: Option<&Held>) -> Vec<String> {
    let needed = row.needed.iter().flat_map(|needed| &needed.repositories);
    let unbound = needed.filter(|repository| !held.is_some_and(|held| held.bindings.contains(repository)));
    unbound.map(ToString::to_string).collect()
}

pub fn cannot_check(model: &Model) -> Option<String> {
    selected(model, |row| {
        let busy = model.secrets.checking.contains(&row.name);
        not_ours(row).or_else(|| missing(row)).or_else(|| busy.then(|| "it is being checked already".to_owned()))
    })
}

pub fn cannot_rotate(model: &Model) -> Option<String> {
    read_only(model).or_else(|| {
        selected(model, |row| {
            if row.rotation.is_some() {
                return None;
            }
            not_ours(row).or_else(|| missing(row)).or_else(|| {
                let unbound = !row.needed.as_ref()?.repositories.is_subset(&row.held.as_ref()?.bindings);
                unbound.then(|| {
                    "it is not bound to every repository that it is used for: bind it, or set it anew".to_owned()
                })
            })
        })
    })
}

pub fn cannot_remove(model: &Model) -> Option<String> {
    read_only(model).or_else(|| selected(model, |row| missing(row).or_else(|| rotating(row))))
}

pub fn set(model: &mut Model) -> Vec<Effect> {
    fill_in(model, Change::Set)
}

/// Asks whether the secret may be used for what this project says.
pub fn bind(model: &mut Model) -> Vec<Effect> {
    let Some(row) = model.secrets.selected() else { return Vec::new() };
    let name = &row.name;
    let command = ["secret", "bind", name.as_str()].map(str::to_owned).to_vec();
    let confirm = Confirm {
        title: format!("Use {name} for this project?"),
        lines: vec![
            Line::new("kept at", row.store().place(), Tone::Plain),
            Line::new("for", unbound(row, row.held.as_ref()).join(", "), Tone::Bold),
            Line::new("", "releases send its login there from now on", Tone::Dim),
        ],
        command: Some(command),
        typed: None,
        other: None,
        then: vec![Effect::Secrets(Errand::Bind(name.clone()))],
        said: format!("binding {name}"),
    };
    model.layers.push(Layer::Confirm(Box::new(confirm)));
    Vec::new()
}

/// Takes up the rotation that is open, or begins one.
pub fn rotate(model: &mut Model) -> Vec<Effect> {
    match model.secrets.selected().and_then(|row| row.rotation.clone()) {
        Some(open) => {
            model.layers.push(Layer::Wizard(Box::new(Wizard::found(open))));
            Vec::new()
        }
        None => fill_in(model, Change::Rotate),
    }
}

fn fill_in(model: &mut Model, change: Change) -> Vec<Effect> {
    let Loaded::Yes(holdings) = &model.secrets.holdings else { return Vec::new() };
    let Some(row) = model.secrets.selected() else { return Vec::new() };
    // A rotation keeps both documents in the vault, wherever the secret is.
    let makes_vault = holdings.key.is_none() && (change == Change::Rotate || row.store().is_vault());
    let form = SecretForm::new(row, change, makes_vault, holdings.ssh_key.as_deref());
    let secret = form.secret.clone();
    model.layers.push(Layer::Form(Box::new(form)));
    errand(Errand::AskDocker(secret))
}

pub fn check(model: &mut Model) -> Vec<Effect> {
    let Some(name) = model.secrets.selected().map(|row| row.name.clone()) else { return Vec::new() };
    model.secrets.checking.insert(name.clone());
    let words = ["secret", "check", name.as_str()].map(str::to_owned);
    // Its row says that it goes on.
    model.seen(Tone::Notice, format!("asking the registry about {name}"), &words);
    errand(Errand::Check(name))
}

pub fn remove(model: &mut Model) -> Vec<Effect> {
    if let Some(confirm) = model.secrets.selected().and_then(|row| Some(removal(row, row.held.as_ref()?))) {
        model.layers.push(Layer::Confirm(Box::new(confirm)));
    }
    Vec::new()
}

fn removal(row: &Row, held: &Held) -> Confirm {
    let name = &row.name;
    let joined = |words: Vec<String>| if words.is_empty() { "-".to_owned() } else { words.join(", ") };
    let mut lines = vec![
        Line::new("deleted", joined(held.keys.iter().map(|key| key.at.clone()).collect()), Tone::Bold),
        Line::new("bound to", joined(held.bindings.iter().map(ToString::to_string).collect()), Tone::Plain),
    ];
    if let Some(needed) = &row.needed {
        let images = needed.images.join(", ");
        lines.push(Line::new("after it", format!("no release of {images} until another is set"), Tone::Notice));
    }
    lines.push(Line::new("", "the registry takes the login until it is revoked there", Tone::Dim));
    let command = ["secret", "remove", name.as_str(), "--confirm", name.as_str()].map(str::to_owned).to_vec();
    Confirm {
        title: format!("Remove {name} from {}?", held.store.place()),
        lines,
        command: Some(command),
        typed: Some((name.to_string(), tui_input::Input::default())),
        other: None,
        then: vec![Effect::Secrets(Errand::Remove(name.clone()))],
        said: format!("removing {name}"),
    }
}

/// The history of the selected one, or the list again.
pub fn history(model: &mut Model) -> Vec<Effect> {
    model.secrets.history = if model.secrets.history.is_some() { None } else { Some(0) };
    Vec::new()
}

pub fn no_history(model: &Model) -> Option<String> {
    selected(model, |_| None)
}

pub fn list(model: &mut Model) -> Vec<Effect> {
    model.secrets.history = None;
    Vec::new()
}
