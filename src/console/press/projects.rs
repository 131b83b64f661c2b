//! The known projects: opening one, forgetting one, making one of this folder.

use crate::{
    console::{
        effect::{Effect, Guest, Ours},
        model::{Confirm, KnownProject, Layer, Line, Loaded, Model, Past, Reload, Screen},
        press::{read_only, unseen},
    },
    domain::sign::Tone,
};

/// Looks at the known projects, and at the last release of each.
pub fn look(model: &mut Model) -> Vec<Effect> {
    if model.projects.ask() { vec![Effect::LoadKnown] } else { Vec::new() }
}

/// The chosen one, in this console: what belongs to the former is let go, and what runs goes on.
pub fn open(model: &mut Model) -> Vec<Effect> {
    match model.projects.selected() {
        Some(chosen) if chosen.open => {
            model.screen = Screen::Releases;
            Vec::new()
        }
        Some(chosen) => vec![Effect::OpenProject(chosen.name.clone())],
        None => Vec::new(),
    }
}

pub fn cannot_open(model: &Model) -> Option<String> {
    match model.projects.selected() {
        None => Some(none_known(model)),
        Some(KnownProject { name, past: Past::Gone, .. }) => {
            Some(format!("{name} is not where it was: use windlass once where it is now, or forget it"))
        }
        Some(_) => None,
    }
}

pub fn forget(model: &mut Model) -> Vec<Effect> {
    let Some(chosen) = model.projects.selected() else { return Vec::new() };
    let confirm = Confirm {
        title: format!("Forget project {}?", chosen.name),
        lines: vec![
            Line::new("folder", &chosen.folder, Tone::Plain),
            Line::plain(""),
            Line::plain(
                "It leaves the list of known projects. Its folder, its releases and its secrets stay as they are; \
                 whoever uses windlass in its folder enters it again.",
            ),
        ],
        command: None,
        typed: None,
        other: None,
        then: vec![Effect::Forget(chosen.name.clone())],
        said: format!("project {} is being forgotten", chosen.name),
    };
    model.layers.push(Layer::Confirm(Box::new(confirm)));
    Vec::new()
}

pub fn cannot_forget(model: &Model) -> Option<String> {
    read_only(model).or_else(|| model.projects.selected().is_none().then(|| none_known(model)))
}

fn none_known(model: &Model) -> String {
    let pane = &model.projects;
    unseen(&pane.known, "the known projects", pane.reload != Reload::Idle)
        .unwrap_or_else(|| "no project is known".to_owned())
}

/// Finds out what `windlass init` would write here, to be asked about.
pub fn init(_: &mut Model) -> Vec<Effect> {
    vec![Effect::DraftProject]
}

pub fn cannot_init(model: &Model) -> Option<String> {
    read_only(model).or_else(|| match (&model.project, model.projects.nowhere) {
        (Loaded::Not, _) => Some("the project is still being read".to_owned()),
        (_, true) => None,
        (_, false) => Some("there is a windlass.toml already".to_owned()),
    })
}

/// What would be written, for a yes or no.
pub fn drafted(model: &mut Model, file: &str, text: String) {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(Line::plain);
    let lines = std::iter::once(Line::new("file", file, Tone::Bold)).chain(lines).chain([Line::new(
        "",
        "and comments that show every default",
        Tone::Dim,
    )]);
    let confirm = Confirm {
        title: "Make this folder a project?".to_owned(),
        lines: lines.collect(),
        command: Some(vec!["init".to_owned(), "--yes".to_owned()]),
        typed: None,
        other: None,
        then: vec![Effect::WriteProject { file: file.to_owned(), text }],
        said: format!("{file} is being written"),
    };
    model.layers.push(Layer::Confirm(Box::new(confirm)));
}

/// What `windlass init` has to ask is asked at the terminal.
pub fn asks(model: &mut Model, untold: String) {
    let confirm = Confirm {
        title: "Make this folder a project?".to_owned(),
        lines: vec![
            Line::plain(untold),
            Line::new("", "windlass init asks at the terminal, and shows what it would write", Tone::Dim),
        ],
        command: Some(Ours::Init.words()),
        typed: None,
        other: None,
        then: vec![Effect::Lend(Guest::Ours(Ours::Init))],
        said: "windlass init has the terminal".to_owned(),
    };
    model.layers.push(Layer::Confirm(Box::new(confirm)));
}

#[cfg(test)]
pub(in crate::console) mod tests;
