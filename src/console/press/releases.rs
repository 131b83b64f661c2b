//! The releases: beginning one, ending one, and what is shown of them.

use crate::console::{
    effect::Effect,
    model::{Choice, Confirm, Layer, Loaded, Menu, Model, Pane, Request, runs},
    press::read_only,
};

/// Plans a release of the only image, or of the one that is chosen.
pub fn new(model: &mut Model) -> Vec<Effect> {
    let prepare = |image: &str| Effect::Prepare(Request::Release { image: image.to_owned() });
    if let [only] = model.images() {
        return vec![prepare(&only.name)];
    }
    let choices = model.images().iter().map(|image| Choice {
        label: image.name.clone(),
        note: image.repository.to_string(),
        refused: None,
        then: vec![prepare(&image.name)],
    });
    let choices = choices.collect();
    model.layers.push(Layer::Menu(Menu { title: "Release which image?".to_owned(), choices, at: 0 }));
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
    if let Some(confirm) = model.selected().map(Confirm::cancel) {
        model.layers.push(Layer::Confirm(Box::new(confirm)));
    }
    Vec::new()
}

pub fn cannot_cancel(model: &Model) -> Option<String> {
    read_only(model).or_else(|| match model.selected() {
        Some(release) if runs(release) => None,
        Some(release) => Some(format!("nothing to cancel: release {} has ended", release.plan.release)),
        None => Some("nothing to cancel: there is no release".to_owned()),
    })
}

pub fn none_selected(model: &Model) -> Option<String> {
    model.selected().is_none().then(|| "there is no release".to_owned())
}

pub fn open(model: &mut Model) -> Vec<Effect> {
    model.focus = Pane::Log;
    Vec::new()
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
    vec![Effect::LoadProject]
}
