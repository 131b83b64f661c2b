//! The releases: beginning one, ending one, and what is shown of them. What is done with one that has ended is in
//! `again.rs`.

use tui_input::Input;

use crate::{
    console::{
        action::Id,
        dialogs::beginning,
        effect::Effect,
        model::{Ask, Confirm, Layer, Line, Loaded, Model, Pane, fault, remote, runs},
        press::{
            read_only,
            several::{self, none_of},
        },
        request::{Deed, Request},
    },
    domain::{beginning::By, release::Release, sign::Tone, wishes::Wishes},
};

/// Plans a release of the image that is meant.
pub fn new(model: &mut Model) -> Vec<Effect> {
    // Which tag is pushed, somebody has to say.
    if model.begun() == Some(By::Tag) {
        return new_of(model);
    }
    prepare(model, Wishes::default()).into_iter().collect()
}

fn prepare(model: &Model, wishes: Wishes) -> Option<Effect> {
    let image = model.image()?.name.clone();
    Some(Effect::Prepare(Request::Release { image, wishes }))
}

/// Asks what is to be released instead of what is checked out; where a hook begins it, what that is fired with.
pub fn new_of(model: &mut Model) -> Vec<Effect> {
    let image = model.image().map_or("", |image| &image.name);
    match model.begun() {
        Some(By::Hook) => return vec![Effect::Prepare(Request::Payload)],
        Some(by) => {
            let ask = beginning::of(image, by);
            model.layers.push(Layer::Ask(Box::new(ask)));
            return Vec::new();
        }
        None => {}
    }
    let option = |option: &str, words: &str| Line::new(option, words, Tone::Dim);
    let ask = Ask {
        title: format!("Release {image}: what of?"),
        lines: vec![
            Line::plain("a commit, branch or tag; the checkout is left alone"),
            option("--branch NAME", "the branch it counts as, where git cannot tell"),
            option("--platform OS/ARCH", "what it is built for"),
            option("--from-archive FILE", "an image that was built elsewhere, without an engine"),
            option("--move", "point moving tags back, too"),
        ],
        typed: Input::default(),
        wrong: None,
        take: Box::new(|model, typed| match typed.parse::<Wishes>() {
            Ok(wishes) if wishes == Wishes::default() => {
                let [close, new] = [Id::TypedClose, Id::New].map(|id| model.keymap.first(id));
                Err(format!("nothing is typed: {close}, then {new}, releases what is here"))
            }
            Ok(wishes) => Ok(prepare(model, wishes).into_iter().collect()),
            Err(error) => Err(error.to_string()),
        }),
    };
    model.layers.push(Layer::Ask(Box::new(ask)));
    Vec::new()
}

pub fn cannot_release(model: &Model) -> Option<String> {
    read_only(model).or_else(|| match &model.project {
        Loaded::Not => Some("the project is still being read".to_owned()),
        Loaded::Failed(failure) => Some(format!("{}: {}", failure.what, failure.next)),
        Loaded::Yes(_) => None,
    })
}

pub fn cancel(model: &mut Model) -> Vec<Effect> {
    let end = |release: &Release| {
        let (release, repository) = (release.plan.release.clone(), release.plan.repository.clone());
        Request::End { release, repository }
    };
    if model.marked().next().is_some() {
        let several = several::each(model, Deed::Cancel, end, has_ended);
        return vec![Effect::Prepare(Request::Several(several))];
    }
    if let Some(release) = model.selected().filter(|release| remote::is_remote(release)) {
        return vec![Effect::Prepare(end(release))];
    }
    if let Some(confirm) = model.selected().map(Confirm::cancel) {
        model.layers.push(Layer::Confirm(Box::new(confirm)));
    }
    Vec::new()
}

pub fn cannot_cancel(model: &Model) -> Option<String> {
    read_only(model).or_else(|| {
        if model.marked().next().is_some() {
            return none_of(model.marked(), has_ended);
        }
        match model.selected() {
            Some(release) => has_ended(release),
            None => Some("nothing to cancel: there is no release".to_owned()),
        }
    })
}

fn has_ended(release: &Release) -> Option<String> {
    (!runs(release)).then(|| format!("nothing to cancel: release {} has ended", release.plan.release))
}

pub fn none_selected(model: &Model) -> Option<String> {
    model.selected().is_none().then(|| "there is no release".to_owned())
}

/// The log; of a build that failed, where it says why.
pub fn open(model: &mut Model) -> Vec<Effect> {
    model.focus = Pane::Log;
    if let Some(line) = fault::place(model) {
        model.log.jump(line, 0);
    }
    Vec::new()
}

/// The log of the next task of a release on Taskcluster.
pub fn next_task(model: &mut Model) -> Vec<Effect> {
    remote::choose(model, true);
    Vec::new()
}

pub fn previous_task(model: &mut Model) -> Vec<Effect> {
    remote::choose(model, false);
    Vec::new()
}

pub fn no_tasks(model: &Model) -> Option<String> {
    match model.selected() {
        Some(release) if remote::is_remote(release) => {
            release.steps.is_empty().then(|| "its tasks are not known yet".to_owned())
        }
        Some(_) => Some("only a release on Taskcluster has tasks".to_owned()),
        None => Some("there is no release".to_owned()),
    }
}

/// What its tasks left, from the task on whose log is shown.
pub fn artifacts(model: &mut Model) -> Vec<Effect> {
    let Some(release) = model.selected().filter(|release| remote::is_remote(release)) else { return Vec::new() };
    let chosen = remote::chosen(model, release).and_then(|at| release.steps.get(at)?.step.task().cloned());
    vec![Effect::Prepare(Request::Artifacts { release: release.plan.release.clone(), chosen })]
}

pub fn no_artifacts(model: &Model) -> Option<String> {
    match model.selected() {
        Some(release) if remote::is_remote(release) => None,
        Some(_) => Some("only a release on Taskcluster leaves artifacts: this one ran on this machine".to_owned()),
        None => Some("there is no release".to_owned()),
    }
}

/// What its decision task offers, from the task on whose log is shown.
pub fn actions(model: &mut Model) -> Vec<Effect> {
    let Some(release) = model.selected().filter(|release| remote::is_remote(release)) else { return Vec::new() };
    let chosen = remote::chosen(model, release).and_then(|at| release.steps.get(at)?.step.task().cloned());
    vec![Effect::Prepare(Request::Actions { release: release.plan.release.clone(), chosen })]
}

pub fn no_actions(model: &Model) -> Option<String> {
    read_only(model).or_else(|| match model.selected() {
        Some(release) if remote::is_remote(release) => None,
        Some(_) => Some("only decision tasks on Taskcluster offer actions: this one ran on this machine".to_owned()),
        None => Some("there is no release".to_owned()),
    })
}

pub fn back(model: &mut Model) -> Vec<Effect> {
    model.focus = Pane::List;
    Vec::new()
}

pub fn next_pane(model: &mut Model) -> Vec<Effect> {
    model.focus = if model.focus == Pane::List { Pane::Log } else { Pane::List };
    Vec::new()
}

pub fn zoom(model: &mut Model) -> Vec<Effect> {
    model.zoom = !model.zoom;
    Vec::new()
}

pub fn reload(model: &mut Model) -> Vec<Effect> {
    model.project = Loaded::Not;
    remote::again(model);
    vec![Effect::LoadProject]
}

/// The list has the releases of all images, or of the one that is meant.
pub fn only_image(model: &mut Model) -> Vec<Effect> {
    model.only_image = !model.only_image;
    model.list_again()
}

#[cfg(test)]
mod tests;
