//! What is done with a release that has ended: it is taken up again, a moving tag is pointed to it, its tags are
//! verified.

use crate::{
    console::{
        action::Id,
        dialogs::verify::how_thoroughly,
        effect::Effect,
        model::{Choice, Layer, Loaded, Menu, Model, remote, runs},
        press::{
            read_only,
            several::{self, none_of},
        },
        request::{Deed, Request},
    },
    domain::{
        again::{Manner, Which},
        plan::{TagKind, Trigger},
        reference::Tag,
        release::Release,
    },
};

/// Finds out in which ways the selected release can be taken up again.
pub fn rerun(model: &mut Model) -> Vec<Effect> {
    if model.marked().next().is_some() {
        let again = |release: &Release| Request::Again {
            release: release.plan.release.clone(),
            which: Which::Whole,
            manner: Manner::Rerun,
        };
        let several = several::each(model, Deed::Rerun, again, remote::still_well);
        return vec![Effect::Prepare(Request::Several(several))];
    }
    let ways = model.selected().map(|release| {
        let id = release.plan.release.clone();
        if remote::is_remote(release) { Request::TaskWays(id) } else { Request::Ways(id) }
    });
    ways.map(Effect::Prepare).into_iter().collect()
}

pub fn cannot_rerun(model: &Model) -> Option<String> {
    if model.marked().next().is_some() {
        return read_only(model).or_else(|| none_of(model.marked(), remote::still_well));
    }
    if let Some(release) = model.selected().filter(|release| remote::is_remote(release)) {
        return read_only(model).or_else(|| remote::still_well(release));
    }
    read_only(model).or_else(|| match ended(model) {
        Ok(release) if release.plan.trigger == Trigger::Point => {
            let key = model.keymap.first(Id::Point);
            Some(format!("release {} only pointed a tag: {key} points one again", release.plan.release))
        }
        Ok(release) => of_another_project(model, release),
        Err(reason) => Some(reason),
    })
}

/// Points a moving tag of the selected release back to it.
pub fn point(model: &mut Model) -> Vec<Effect> {
    let Some(release) = model.selected() else { return Vec::new() };
    let tags: Vec<&Tag> = moving(release).collect();
    let id = &release.plan.release;
    let prepare = |tag: &Tag| Effect::Prepare(Request::Point { tag: tag.clone(), release: id.clone() });
    if let [only] = tags[..] {
        return vec![prepare(only)];
    }
    let choices = tags.iter().map(|tag| Choice {
        label: tag.to_string(),
        note: format!("of {}", release.plan.repository),
        refused: None,
        then: vec![prepare(tag)],
    });
    let menu =
        Menu { title: format!("Point which tag to release {id}?"), choices: choices.collect(), at: 0, stays: false };
    model.layers.push(Layer::Menu(menu));
    Vec::new()
}

pub fn cannot_point(model: &Model) -> Option<String> {
    read_only(model).or_else(|| model.selected().and_then(remote::not_of_here)).or_else(|| match ended(model) {
        Ok(release) if release.record.is_none() => {
            Some(format!("release {} left no record of what it built", release.plan.release))
        }
        Ok(release) if moving(release).next().is_none() => {
            Some(format!("release {} has no moving tag", release.plan.release))
        }
        Ok(release) => of_another_project(model, release),
        Err(reason) => Some(reason),
    })
}

/// Asks how thoroughly the selected release's tags are to be looked at.
pub fn verify(model: &mut Model) -> Vec<Effect> {
    let Some(release) = model.selected() else { return Vec::new() };
    let plan = &release.plan;
    let tags: Vec<Tag> = plan.tags.iter().map(|planned| planned.tag.clone()).collect();
    let then = |deep| Effect::Verify {
        image: plan.image.clone(),
        release: Some(plan.release.clone()),
        tags: tags.clone(),
        deep,
    };
    let menu = how_thoroughly(format!("Verify the tags of release {}", plan.release), then);
    model.layers.push(Layer::Menu(menu));
    Vec::new()
}

pub fn cannot_verify(model: &Model) -> Option<String> {
    match model.selected() {
        Some(release) if release.plan.tags.is_empty() => {
            Some(format!("which tags release {} pushed is not known: see all of them", release.plan.release))
        }
        Some(release) => of_another_project(model, release),
        None => Some("there is no release".to_owned()),
    }
}

fn moving(release: &Release) -> impl Iterator<Item = &Tag> {
    release.plan.tags.iter().filter(|planned| planned.kind == TagKind::Moving).map(|planned| &planned.tag)
}

/// The selected release, if nothing of it is still to come.
fn ended(model: &Model) -> Result<&Release, String> {
    match model.selected() {
        Some(release) if runs(release) => Err(format!("release {} is still running", release.plan.release)),
        Some(release) => Ok(release),
        None => Err("there is no release".to_owned()),
    }
}

/// Login and rules are the project's.
fn of_another_project(model: &Model, release: &Release) -> Option<String> {
    match &model.project {
        Loaded::Not => Some("the project is still being read".to_owned()),
        Loaded::Failed(failure) => Some(format!("{}: {}", failure.what, failure.next)),
        Loaded::Yes(project) => {
            let known = project.images.iter().any(|image| image.name == release.plan.image);
            (!known).then(|| format!("{} is no image of this project", release.plan.image))
        }
    }
}
