//! The tags of an image.

use crate::{
    console::{
        effect::Effect,
        model::{Choice, Depth, Layer, Loaded, Menu, Model, Request},
        press::{again::how_thoroughly, read_only},
    },
    domain::{plan::TagKind, sign::Tone, written::time},
};

pub fn look_again(model: &mut Model) -> Vec<Effect> {
    if !model.tags.ask(Depth::Fresh) {
        model.hint(Tone::Notice, "the registry is being asked already");
    }
    if matches!(model.project, Loaded::Failed(_)) {
        model.project = Loaded::Not;
        return vec![Effect::LoadProject];
    }
    Vec::new()
}

pub fn identity(model: &mut Model) -> Vec<Effect> {
    model.tags.identity = model.tags.identity.other();
    Vec::new()
}

/// Asks to which release the selected tag is to be pointed: the newest that it does not show is chosen.
pub fn point(model: &mut Model) -> Vec<Effect> {
    let (Some(row), Some(image)) = (model.tags.selected(), model.image()) else { return Vec::new() };
    let shown = row.content().map(|content| &content.digest);
    let recorded = model.list().iter().filter(|release| release.plan.image == image.name);
    let mut here = Vec::new();
    let choices = recorded.filter_map(|release| {
        let (plan, record) = (&release.plan, &release.record.as_ref()?.record);
        let now = record.top_digests().any(|digest| Some(digest) == shown);
        here.push(now);
        let branch = plan.source.branch.as_deref().unwrap_or("-");
        Some(Choice {
            label: format!("{}  {} {branch}", time(release.started), plan.source.commit.short()),
            note: format!("release {}{}", plan.release, if now { ", shown now" } else { "" }),
            refused: None,
            then: vec![Effect::Prepare(Request::Point { tag: row.tag.clone(), release: plan.release.clone() })],
        })
    });
    let choices: Vec<Choice> = choices.collect();
    if choices.is_empty() {
        model.say(Tone::Notice, "no release in the list left a record that it could be pointed to");
        return Vec::new();
    }
    let at = here.iter().position(|now| !now).unwrap_or(0);
    let menu = Menu { title: format!("Point {} to which release?", row.tag), choices, at };
    model.layers.push(Layer::Menu(menu));
    Vec::new()
}

pub fn cannot_point(model: &Model) -> Option<String> {
    read_only(model).or_else(|| {
        let row = model.tags.selected();
        match row.map(|row| (row, row.kind)) {
            None => Some("there is no tag".to_owned()),
            Some((_, Some(TagKind::Moving))) => None,
            Some((row, Some(TagKind::Frozen))) => Some(format!("{} is frozen: it is written once", row.tag)),
            Some((row, None)) => Some(format!("{} is no tag that releases move", row.tag)),
        }
    })
}

/// Asks how thoroughly the selected tag is to be looked at.
pub fn verify(model: &mut Model) -> Vec<Effect> {
    let (Some(row), Some(image)) = (model.tags.selected(), model.image()) else { return Vec::new() };
    let (tag, image) = (row.tag.clone(), image.name.clone());
    let then = |deep| Effect::Verify { image: image.clone(), release: None, tags: vec![tag.clone()], deep };
    let menu = how_thoroughly(format!("Verify {tag}"), then);
    model.layers.push(Layer::Menu(menu));
    Vec::new()
}

pub fn none_selected(model: &Model) -> Option<String> {
    model.tags.selected().is_none().then(|| "there is no tag".to_owned())
}
