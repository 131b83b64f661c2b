//! The project that is shown, and the others that are known.

use crate::{
    console::{
        action::Id,
        effect::Effect,
        message::Drafted,
        model::{KnownProject, Loaded, Model, Project, Screen},
        press::{projects, screens},
        update::begin,
    },
    domain::{failure::Failure, name::ProjectName, sign::Tone},
};

pub(super) fn read(model: &mut Model, project: Result<Project, Failure>) -> Vec<Effect> {
    model.project = project.into();
    model.look_at_releases()
}

/// Whoever opens the console where there is nothing to release chooses what it is to be about.
pub(super) fn nowhere(model: &mut Model, failure: Failure) -> Vec<Effect> {
    let first = matches!(model.releases, Loaded::Not) && model.screen == Screen::Releases;
    model.projects.nowhere = true;
    model.project = Loaded::Failed(failure);
    let mut effects = model.look_at_releases();
    if first && model.layers.is_empty() {
        effects.extend(screens::projects(model));
    }
    effects
}

pub(super) fn known(model: &mut Model, known: Result<Vec<KnownProject>, Failure>) -> Vec<Effect> {
    model.projects.take(known).then_some(Effect::LoadKnown).into_iter().collect()
}

/// The console begins anew, with these words after `windlass`.
pub(super) fn opened(model: &mut Model, flags: Vec<String>) -> Vec<Effect> {
    model.begin_anew(flags);
    begin(model)
}

pub(super) fn forgotten(model: &mut Model, name: &ProjectName) -> Vec<Effect> {
    model.say(Tone::Notice, format!("project {name} is forgotten"));
    projects::look(model)
}

/// What would be written is shown, where the question is still wanted.
pub(super) fn drafted(model: &mut Model, drafted: Drafted) -> Vec<Effect> {
    if model.screen == Screen::Projects && model.layers.is_empty() {
        match drafted {
            Drafted::File { file, text } => projects::drafted(model, &file, text),
            Drafted::Asks(untold) => projects::asks(model, untold),
        }
    }
    Vec::new()
}

/// There is a project by now: the console begins anew with it.
pub(super) fn written(model: &mut Model, file: &str) -> Vec<Effect> {
    model.begin_anew(model.flags.clone());
    let [secrets, set] = [Id::Secrets, Id::SecretSet].map(|id| model.keymap.first(id));
    let next = format!("press {secrets}, then {set}, for the registry's login");
    model.say(Tone::Good, format!("{file} is written; {next}"));
    begin(model)
}
