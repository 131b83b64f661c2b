//! The log of a release: what of it is seen, and what is looked for in it.

use tui_input::Input;

use crate::{
    console::{
        effect::Effect,
        geometry::Geometry,
        model::{Layer, LogState, Model, Pane, Search},
    },
    log::pattern::Pattern,
};

/// Columns that one step to the right or left scrolls.
const SIDEWAYS: usize = 8;

pub fn follow(model: &mut Model) -> Vec<Effect> {
    model.log.toggle_follow();
    Vec::new()
}

pub fn right(model: &mut Model) -> Vec<Effect> {
    model.log.left += SIDEWAYS;
    Vec::new()
}

pub fn left(model: &mut Model) -> Vec<Effect> {
    model.log.left = model.log.left.saturating_sub(SIDEWAYS);
    Vec::new()
}

pub fn line_start(model: &mut Model) -> Vec<Effect> {
    model.log.left = 0;
    Vec::new()
}

pub fn type_search(model: &mut Model) -> Vec<Effect> {
    model.focus = Pane::Log;
    model.layers.push(Layer::Search { typed: Input::default(), wrong: None });
    Vec::new()
}

pub fn no_log(model: &Model) -> Option<String> {
    (!matches!(model.log.state, LogState::Open(_))).then(|| "there is no log here".to_owned())
}

/// Looks for what was typed; nothing typed keeps the search that was there.
pub fn search(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Search { typed, wrong }) = model.layers.last_mut() else { return Vec::new() };
    if typed.value().is_empty() {
        model.layers.pop();
        return Vec::new();
    }
    match Pattern::new(typed.value()) {
        Ok(pattern) => {
            model.layers.pop();
            model.log.search(pattern);
        }
        Err(error) => {
            // Its last line says why; those before draw an arrow below the pattern.
            let error = error.to_string();
            let why = error.lines().last().unwrap_or_default();
            *wrong = Some(why.strip_prefix("error: ").unwrap_or(why).to_owned());
        }
    }
    Vec::new()
}

pub fn next_match(model: &mut Model) -> Vec<Effect> {
    go(model, true)
}

pub fn previous_match(model: &mut Model) -> Vec<Effect> {
    go(model, false)
}

fn go(model: &mut Model, forward: bool) -> Vec<Effect> {
    let height = usize::from(Geometry::of(model).log.height);
    model.log.go(forward, height);
    Vec::new()
}

pub fn no_match(model: &Model) -> Option<String> {
    let matches = model.log.search.as_ref().map_or(0, Search::count);
    (matches == 0).then(|| "no line matches".to_owned())
}

pub fn end_search(model: &mut Model) -> Vec<Effect> {
    model.log.search = None;
    Vec::new()
}
