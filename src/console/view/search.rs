//! The last row of the log, while something is typed or looked for, or not all lines are shown:
//!
//! ```text
//! │ /error:█                                                 │
//! │ /error:(  unclosed group                                 │
//! │ /error:  searching 43 %                                  │
//! │ &!warning  /error:                                       │
//! ```

use std::slice;

use ratatui::{Frame, layout::Rect, text::Line};

use super::{
    coloured,
    text::{fit, width},
};
use crate::{
    console::model::{
        Layer, Model, Prompt, Scan, runs,
        search::{Search, Standing},
    },
    domain::{release::Release, sign::Tone},
};

pub fn render(model: &Model, release: &Release, frame: &mut Frame<'_>, area: Rect) {
    if area.is_empty() {
        return;
    }
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let columns = usize::from(area.width);
    let line = match model.layers.first() {
        Some(Layer::Prompt { prompt, typed, wrong }) => typing(model, *prompt, typed, wrong.as_deref(), columns),
        _ => looking(model, release, columns),
    };
    frame.render_widget(line, area);
}

fn sign(prompt: Prompt) -> &'static str {
    match prompt {
        Prompt::Search => "/",
        Prompt::Filter => "&",
    }
}

/// What is typed, and what is wrong with it.
fn typing(
    model: &Model,
    prompt: Prompt,
    typed: &tui_input::Input,
    wrong: Option<&str>,
    columns: usize,
) -> Line<'static> {
    let look = model.look;
    let progress =
        model.log.filter.as_ref().filter(|_| prompt == Prompt::Filter).and_then(|scan| searching(model, scan));
    let said = match wrong {
        Some(why) => Some((Tone::Bad, fit(why, columns / 2, look.signs))),
        None => progress.map(|words| (Tone::Dim, fit(&words, columns / 2, look.signs))),
    };
    // What is said stands beside what was typed.
    let room = columns.saturating_sub(1 + said.as_ref().map_or(0, |(_, why)| width(why) + 2)).max(1);
    let mut text = typed.value().to_owned();
    let cursor = text.char_indices().nth(typed.cursor()).map_or(text.len(), |(at, _)| at);
    text.push(' ');
    let under = text[cursor..].chars().next().map_or(0, char::len_utf8);
    let left = typed.visual_scroll(room.saturating_sub(1));
    let mut line = coloured::line(&text, 0, left, room, look.colour, slice::from_ref(&(cursor..cursor + under)));
    line.spans.insert(0, look.span(Tone::Bold, sign(prompt)));
    if let Some((tone, words)) = said {
        line.push_span(look.span(tone, format!("  {words}")));
    }
    line
}

/// What is looked for, and how far that is.
fn looking(model: &Model, release: &Release, columns: usize) -> Line<'static> {
    let look = model.look;
    let log = &model.log;
    let filter = log.filter.as_ref().map(|scan| (Prompt::Filter, &scan.wanted.filter));
    let search = log.search.as_ref().map(|search| (Prompt::Search, &search.scan.wanted.filter));
    let said = match (&log.search, &log.filter) {
        (Some(search), _) => said(search, model, release),
        (None, Some(filter)) => match filter.failure() {
            Some(failure) => Some((Tone::Bad, format!("{}: {}", failure.what, failure.why))),
            None => searching(model, filter).map(|words| (Tone::Dim, words)),
        },
        (None, None) => None,
    };
    let said = said.map(|(tone, words)| (tone, fit(&words, columns, look.signs)));
    let mut room = columns.saturating_sub(said.as_ref().map_or(0, |(_, words)| width(words) + 2));
    let mut line = Line::default();
    for (prompt, filter) in filter.into_iter().chain(search) {
        let apart = if line.spans.is_empty() { "" } else { "  " };
        let sign = format!("{apart}{}{}", sign(prompt), if filter.invert { "!" } else { "" });
        let share = if prompt == Prompt::Filter && search.is_some() { room / 2 } else { room };
        let words = fit(filter.pattern.as_str(), share.saturating_sub(width(&sign)), look.signs);
        room = room.saturating_sub(width(&sign) + width(&words));
        line.push_span(look.span(Tone::Bold, sign));
        line.push_span(look.span(Tone::Plain, words));
    }
    if let Some((tone, words)) = said {
        line.push_span(look.span(tone, format!("  {words}")));
    }
    line
}

fn said(search: &Search, model: &Model, release: &Release) -> Option<(Tone, String)> {
    match search.standing() {
        Standing::Matches => None,
        Standing::Searching => searching(model, &search.scan).map(|words| (Tone::Dim, words)),
        Standing::Nothing if runs(release) => Some((Tone::Notice, "no match yet".to_owned())),
        Standing::Nothing => Some((Tone::Notice, "no match".to_owned())),
        Standing::Failed(failure) => Some((Tone::Bad, format!("{}: {}", failure.what, failure.why))),
    }
}

/// How far a log is searched, until that was all of it once.
fn searching(model: &Model, scan: &Scan) -> Option<String> {
    let percent = scan.searched.saturating_mul(100).checked_div(model.log.total()).unwrap_or(0).min(100);
    (!scan.whole).then(|| format!("searching {percent} %"))
}
