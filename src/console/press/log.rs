//! The log of a release: what of it is seen, and what is looked for in it.

use tui_input::Input;

use crate::{
    console::{
        effect::Effect,
        model::{Layer, LogState, Model, Pane, Prompt},
    },
    log::pattern::{Filter, Pattern},
};

/// Columns that one step to the right or left scrolls.
const SIDEWAYS: isize = 8;

pub fn follow(model: &mut Model) -> Vec<Effect> {
    model.log.toggle_follow();
    Vec::new()
}

pub fn wrap(model: &mut Model) -> Vec<Effect> {
    model.log.toggle_wrap();
    Vec::new()
}

pub fn times(model: &mut Model) -> Vec<Effect> {
    model.log.times = !model.log.times;
    Vec::new()
}

pub fn right(model: &mut Model) -> Vec<Effect> {
    model.log.shift(Some(SIDEWAYS));
    Vec::new()
}

pub fn left(model: &mut Model) -> Vec<Effect> {
    model.log.shift(Some(-SIDEWAYS));
    Vec::new()
}

pub fn line_start(model: &mut Model) -> Vec<Effect> {
    model.log.shift(None);
    Vec::new()
}

pub fn no_log(model: &Model) -> Option<String> {
    (!matches!(model.log.state, LogState::Open(_))).then(|| "there is no log here".to_owned())
}

pub fn wrapped(model: &Model) -> Option<String> {
    model.log.wrap.then(|| "long lines are wrapped: nothing is to the right".to_owned())
}

pub fn type_search(model: &mut Model) -> Vec<Effect> {
    prompt(model, Prompt::Search, Input::default())
}

/// The filter that is there can be changed.
pub fn type_filter(model: &mut Model) -> Vec<Effect> {
    let typed = model.log.filter.as_ref().map_or_else(Input::default, |scan| {
        let Filter { pattern, invert } = &scan.wanted.filter;
        Input::new(format!("{}{}", if *invert { "!" } else { "" }, pattern.as_str()))
    });
    prompt(model, Prompt::Filter, typed)
}

fn prompt(model: &mut Model, prompt: Prompt, typed: Input) -> Vec<Effect> {
    model.focus = Pane::Log;
    model.layers.push(Layer::Prompt { prompt, typed, wrong: None });
    Vec::new()
}

/// Looks for what was typed; nothing typed keeps the search that was there.
pub fn search(model: &mut Model) -> Vec<Effect> {
    let Some(Layer::Prompt { typed, wrong, .. }) = model.layers.last_mut() else { return Vec::new() };
    if typed.value().is_empty() {
        model.layers.pop();
        return Vec::new();
    }
    match Pattern::new(typed.value()) {
        Ok(pattern) => {
            model.layers.pop();
            model.log.search(pattern);
        }
        Err(error) => *wrong = Some(refusal(&error)),
    }
    Vec::new()
}

/// Shows the lines that have what is typed, or with `!` before it those that do not; all of them when nothing is.
pub fn filter_as_typed(model: &mut Model) {
    let Some(Layer::Prompt { prompt: Prompt::Filter, typed, wrong }) = model.layers.last_mut() else { return };
    let (invert, text) = typed.value().strip_prefix('!').map_or((false, typed.value()), |text| (true, text));
    if text.is_empty() {
        model.log.filter(None);
        return;
    }
    match Pattern::new(text) {
        Ok(pattern) => model.log.filter(Some(Filter { pattern, invert })),
        // The lines stay until it is one again.
        Err(error) => *wrong = Some(refusal(&error)),
    }
}

/// Its last line says why; those before draw an arrow below the pattern.
fn refusal(error: &impl ToString) -> String {
    let error = error.to_string();
    let why = error.lines().last().unwrap_or_default();
    why.strip_prefix("error: ").unwrap_or(why).to_owned()
}

pub fn keep_filter(model: &mut Model) -> Vec<Effect> {
    model.layers.pop();
    Vec::new()
}

pub fn end_filter(model: &mut Model) -> Vec<Effect> {
    if matches!(model.layers.last(), Some(Layer::Prompt { .. })) {
        model.layers.pop();
    }
    model.log.filter(None);
    Vec::new()
}

/// Looks for errors; once they are looked for, goes to the next one.
pub fn errors(model: &mut Model) -> Vec<Effect> {
    model.focus = Pane::Log;
    let pattern = Pattern::errors();
    match model.log.search.as_mut().filter(|search| *search.pattern() == pattern) {
        Some(search) => search.go(true),
        None => model.log.search(pattern),
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
    if let Some(search) = &mut model.log.search {
        search.go(forward);
    }
    Vec::new()
}

pub fn no_match(model: &Model) -> Option<String> {
    let matches = model.log.search.as_ref().map_or(0, |search| search.scan.count);
    (matches == 0).then(|| "no line matches".to_owned())
}

pub fn end_search(model: &mut Model) -> Vec<Effect> {
    model.log.search = None;
    Vec::new()
}
