//! The log of a release: what of it is seen, and what is looked for in it.

use tui_input::Input;

use crate::{
    console::{
        effect::Effect,
        model::{Ask, Layer, Line, LogState, Model, Pane, Prompt},
        press::moving::{half, page},
    },
    domain::{sign::Tone, written::count},
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

pub fn next_step(model: &mut Model) -> Vec<Effect> {
    model.focus = Pane::Log;
    model.log.step(true);
    Vec::new()
}

pub fn previous_step(model: &mut Model) -> Vec<Effect> {
    model.focus = Pane::Log;
    model.log.step(false);
    Vec::new()
}

pub fn no_steps(model: &Model) -> Option<String> {
    let tree = &model.log.tree;
    let unread = tree.failure.as_ref().map(|failure| format!("{}: {}", failure.what, failure.why));
    no_log(model)
        .or_else(|| tree.list().is_empty().then(|| unread.unwrap_or_else(|| "the log tells of no step yet".to_owned())))
}

pub fn steps(model: &mut Model) -> Vec<Effect> {
    model.focus = Pane::Log;
    model.log.toggle_tree();
    Vec::new()
}

pub fn step_down(model: &mut Model) -> Vec<Effect> {
    model.log.choose_step(1);
    Vec::new()
}

pub fn step_up(model: &mut Model) -> Vec<Effect> {
    model.log.choose_step(-1);
    Vec::new()
}

pub fn go_to_step(model: &mut Model) -> Vec<Effect> {
    model.log.choose_step(0);
    hide_steps(model)
}

pub fn hide_steps(model: &mut Model) -> Vec<Effect> {
    model.log.tree.chosen = None;
    Vec::new()
}

pub fn mark(model: &mut Model) -> Vec<Effect> {
    model.log.mark();
    Vec::new()
}

pub fn mark_down(model: &mut Model) -> Vec<Effect> {
    model.log.mark_to(1);
    Vec::new()
}

pub fn mark_up(model: &mut Model) -> Vec<Effect> {
    model.log.mark_to(-1);
    Vec::new()
}

pub fn mark_page_down(model: &mut Model) -> Vec<Effect> {
    model.log.mark_to(page(model));
    Vec::new()
}

pub fn mark_page_up(model: &mut Model) -> Vec<Effect> {
    model.log.mark_to(-page(model));
    Vec::new()
}

pub fn mark_half_down(model: &mut Model) -> Vec<Effect> {
    model.log.mark_to(half(model));
    Vec::new()
}

pub fn mark_half_up(model: &mut Model) -> Vec<Effect> {
    model.log.mark_to(-half(model));
    Vec::new()
}

pub fn mark_to_beginning(model: &mut Model) -> Vec<Effect> {
    model.log.mark_all(false);
    Vec::new()
}

pub fn mark_to_end(model: &mut Model) -> Vec<Effect> {
    model.log.mark_all(true);
    Vec::new()
}

pub fn unmark(model: &mut Model) -> Vec<Effect> {
    model.log.marking = None;
    Vec::new()
}

/// The marked lines are read, and then copied.
pub fn copy(model: &mut Model) -> Vec<Effect> {
    match (model.log.marking.take(), model.log.release.clone()) {
        (Some(marking), Some(release)) => {
            vec![Effect::TakeLines { release, lines: marking.lines(), filter: filter(model) }]
        }
        _ => Vec::new(),
    }
}

/// The dialog that asks for a file.
pub const SAVE: &str = "Save the log";

/// Asks for the file that the lines are written to which are shown.
pub fn type_path(model: &mut Model) -> Vec<Effect> {
    let (log, Some(release)) = (&model.log, &model.log.release) else { return Vec::new() };
    let what = match &log.filter {
        Some(scan) if scan.whole => format!("the {} lines that the filter leaves", count(scan.count)),
        Some(_) => "the lines that the filter leaves".to_owned(),
        None => format!("the log so far, {} lines", count(log.total())),
    };
    let ask = Ask {
        title: SAVE.to_owned(),
        lines: vec![
            Line::new("what", format!("{what}; without colours"), Tone::Plain),
            Line::new("where", "a file; ~/ is your home, else from the folder where windlass was started", Tone::Plain),
        ],
        typed: Input::new(format!("{release}.log")),
        wrong: None,
        take: Box::new(save),
    };
    model.layers.push(Layer::Ask(Box::new(ask)));
    Vec::new()
}

fn save(model: &Model, typed: &str) -> Result<Vec<Effect>, String> {
    let path = typed.trim().to_owned();
    match &model.log.release {
        _ if path.is_empty() => Err("which file?".to_owned()),
        Some(release) => {
            Ok(vec![Effect::SaveLog { release: release.clone(), path, filter: filter(model), over: false }])
        }
        None => Err("there is no log here".to_owned()),
    }
}

/// What leaves the lines that are shown.
fn filter(model: &Model) -> Filter {
    model.log.filter.as_ref().map_or_else(Filter::none, |scan| scan.wanted.filter.clone())
}

/// Looks for errors; once they are looked for, goes to the next one.
pub fn errors(model: &mut Model) -> Vec<Effect> {
    model.focus = Pane::Log;
    let pattern = Pattern::errors();
    match &model.log.search {
        Some(search) if *search.pattern() == pattern => model.log.go_to_match(true),
        _ => model.log.search(pattern),
    }
    Vec::new()
}

pub fn next_match(model: &mut Model) -> Vec<Effect> {
    model.log.go_to_match(true);
    Vec::new()
}

pub fn previous_match(model: &mut Model) -> Vec<Effect> {
    model.log.go_to_match(false);
    Vec::new()
}

pub fn no_match(model: &Model) -> Option<String> {
    let matches = model.log.search.as_ref().map_or(0, |search| search.scan.count);
    (matches == 0).then(|| "no line matches".to_owned())
}

pub fn end_search(model: &mut Model) -> Vec<Effect> {
    (model.log.search, model.log.gone_to) = (None, None);
    Vec::new()
}
