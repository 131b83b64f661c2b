//! The tags of an image.

use tui_input::Input;

use crate::{
    console::{
        dialogs::verify::how_thoroughly,
        effect::Effect,
        model::{Choice, Depth, Inquiry, Layer, Loaded, Menu, Model},
        press::{read_only, unseen},
        request::Request,
    },
    domain::{digest::Digest, page::Page, plan::TagKind, sign::Tone, written::time},
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
    let menu = Menu { title: format!("Point {} to which release?", row.tag), choices, at, stays: false };
    model.layers.push(Layer::Menu(menu));
    Vec::new()
}

pub fn cannot_point(model: &Model) -> Option<String> {
    read_only(model).or_else(|| none_selected(model)).or_else(|| {
        let row = model.tags.selected()?;
        match row.kind {
            Some(TagKind::Moving) => None,
            Some(TagKind::Frozen) => Some(format!("{} is frozen: it is written once", row.tag)),
            None => Some(format!("{} is no tag that releases move", row.tag)),
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

/// Finds out what the selected tag showed before.
pub fn history(model: &mut Model) -> Vec<Effect> {
    let (Some(row), Some(image)) = (model.tags.selected(), model.image()) else { return Vec::new() };
    let moving = row.kind == Some(TagKind::Moving) && !model.read_only;
    vec![Effect::Prepare(Request::History { image: image.name.clone(), tag: row.tag.clone(), moving })]
}

/// All that is known of the selected tag, or the table again.
pub fn evidence(model: &mut Model) -> Vec<Effect> {
    model.tags.whole = if model.tags.whole.is_none() { Some(0) } else { None };
    Vec::new()
}

/// Back to the table; there, to all tags.
pub fn back(model: &mut Model) -> Vec<Effect> {
    if model.tags.whole.take().is_none() {
        model.tags.show_all();
    }
    Vec::new()
}

pub fn nowhere_back(model: &Model) -> Option<String> {
    let tags = &model.tags;
    (tags.whole.is_none() && !tags.filters()).then(|| "all tags are shown".to_owned())
}

pub fn next_class(model: &mut Model) -> Vec<Effect> {
    model.tags.whole = None;
    model.tags.next_class();
    Vec::new()
}

/// The names of tags narrow down while they are typed.
pub fn type_name(model: &mut Model) -> Vec<Effect> {
    model.tags.whole = None;
    model.layers.push(Layer::Narrow { typed: Input::new(model.tags.name.clone()) });
    Vec::new()
}

/// Keeps what is typed; a digest that is in no name is looked up.
pub fn keep_name(model: &mut Model) -> Vec<Effect> {
    model.layers.pop();
    let typed = model.tags.name.clone();
    if model.tags.shown().len() > 0 || Digest::digits(&typed).is_none() {
        return Vec::new();
    }
    model.tags.name("");
    vec![Effect::Prepare(Request::Find { digest: typed })]
}

pub fn end_name(model: &mut Model) -> Vec<Effect> {
    model.layers.pop();
    model.tags.name("");
    Vec::new()
}

/// `docker.io/team/app@sha256:…`, which pulls what the tag shows whatever becomes of the tag.
pub fn copy(model: &mut Model) -> Vec<Effect> {
    let (Some(row), Some(image)) = (model.tags.selected(), model.image()) else { return Vec::new() };
    let Some(content) = row.content() else { return Vec::new() };
    let text = format!("{}@{}", image.repository, content.digest);
    vec![Effect::Copy(text)]
}

pub fn shows_nothing(model: &Model) -> Option<String> {
    none_selected(model).or_else(|| {
        let nothing = model.tags.selected().is_none_or(|row| row.content().is_none());
        nothing.then(|| "the tag shows nothing that has a digest".to_owned())
    })
}

/// Opens the registry's page of the tag.
pub fn browse(model: &mut Model) -> Vec<Effect> {
    page(model).map(Effect::Browse).into_iter().collect()
}

pub fn no_page(model: &Model) -> Option<String> {
    none_selected(model).or_else(|| {
        let host = model.image().map_or("it", |image| image.repository.host());
        page(model).is_none().then(|| format!("no page for people is known of {host}"))
    })
}

fn page(model: &Model) -> Option<Page> {
    Page::of_tag(&model.image()?.repository, &model.tags.selected()?.tag)
}

pub fn no_tags(model: &Model) -> Option<String> {
    not_seen(model).or_else(|| model.tags.rows().is_empty().then(|| "there are no tags".to_owned()))
}

pub fn none_selected(model: &Model) -> Option<String> {
    not_seen(model).or_else(|| model.tags.selected().is_none().then(|| "there is no tag".to_owned()))
}

fn not_seen(model: &Model) -> Option<String> {
    unseen(&model.tags.table, "the tags", model.tags.inquiry != Inquiry::None)
}
