//! Which releases on Taskcluster are marked, so that the same can be done with several at once.

use crate::{
    console::{
        effect::Effect,
        model::{Model, remote},
        press::moving,
        request::{Deed, Request, Several},
    },
    domain::release::Release,
};

/// The same of every marked release, except of those that it cannot be done with.
pub fn each(
    model: &Model,
    deed: Deed,
    request: impl Fn(&Release) -> Request,
    cannot: impl Fn(&Release) -> Option<String>,
) -> Several {
    let (mut each, mut refused) = (Vec::new(), Vec::new());
    for release in model.marked() {
        let id = release.plan.release.clone();
        match cannot(release) {
            None => each.push((id, request(release))),
            Some(reason) => refused.push((id, reason)),
        }
    }
    Several { deed, each, refused }
}

/// Why it can be done with none of these.
pub fn none_of<'m>(
    releases: impl Iterator<Item = &'m Release>,
    cannot: impl Fn(&Release) -> Option<String>,
) -> Option<String> {
    let reasons: Option<Vec<String>> = releases.map(cannot).collect();
    reasons?.into_iter().next()
}

/// Marks the selected release, or takes its mark away, and goes on to the next one.
pub fn mark(model: &mut Model) -> Vec<Effect> {
    if let Some(id) = model.selected.clone()
        && !model.marked.remove(&id)
    {
        model.marked.insert(id);
    }
    moving::down(model)
}

pub fn unmark(model: &mut Model) -> Vec<Effect> {
    model.marked.clear();
    Vec::new()
}

pub fn none_marked(model: &Model) -> Option<String> {
    model.marked().next().is_none().then(|| "no release is marked".to_owned())
}

pub fn cannot_mark(model: &Model) -> Option<String> {
    match model.selected() {
        None => Some("there is no release".to_owned()),
        Some(release) if remote::is_remote(release) => None,
        Some(release) => {
            Some(format!("release {} is of this machine, whose releases wait for each other", release.plan.release))
        }
    }
}
