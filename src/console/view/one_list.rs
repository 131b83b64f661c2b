//! What screens have in common that are one list, with all about the selected row below it: the box, the rows, the line
//! between, words with their labels, and what is said where there is no row. What they show is in their own files.

use jiff::{Timestamp, tz::TimeZone};
use ratatui::{
    Frame,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
};

use super::text::{fit, padded, put, wrap};
use crate::{
    console::{model::Look, view::geometry::top_row},
    domain::sign::Tone,
};

/// The box, with what is said of the whole list at its bottom.
pub fn boxed(look: Look, frame: &mut Frame<'_>, area: Rect, title: &str, state: &str) {
    let columns = usize::from(area.width).saturating_sub(2 + 4);
    let [title, state] = [title, state].map(|words| fit(words, columns, look.signs));
    let block = look.boxed(&title, true).title_bottom(look.span(Tone::Dim, format!(" {state} ")));
    frame.render_widget(block, area);
}

/// Those of the rows that are seen around the selected one, which is in reverse.
pub fn rows<T>(
    look: Look,
    frame: &mut Frame<'_>,
    area: Rect,
    here: usize,
    all: impl Iterator<Item = T>,
    line: impl Fn(T, bool) -> Line<'static>,
) {
    let first = top_row(Some(here), area.height);
    for (y, (i, row)) in (area.top()..area.bottom()).zip(all.enumerate().skip(first)) {
        let mut line = line(row, i == here);
        if i == here {
            // In reverse its colours would be blocks of colour.
            let bar = Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD);
            line = Line::styled(padded(&line.to_string(), usize::from(area.width), look.signs), bar);
        }
        put(frame, &line, Rect { y, height: 1, ..area });
    }
}

/// The line above what is told of the selected row, with its name.
pub fn rule(look: Look, frame: &mut Frame<'_>, area: Rect, name: &str) {
    let (place, words, style) = look.rule(area, name, true);
    frame.render_widget(Span::styled(words, style), place);
}

/// `as of 14:03:12 UTC`; of another day than today with that, since a console may be open for long.
pub fn as_of(at: Timestamp, now: Timestamp) -> String {
    let [at, now] = [at, now].map(|t| t.to_zoned(TimeZone::UTC));
    let form = if at.date() == now.date() { "as of %H:%M:%S UTC" } else { "as of %-d %b, %H:%M:%S UTC" };
    at.strftime(form).to_string()
}

/// What is said where there is no row.
pub fn said(look: Look, said: Vec<(Tone, String)>, columns: usize) -> Vec<Line<'static>> {
    let line = |(tone, words): (Tone, String)| {
        let lines = wrap(&words, columns.saturating_sub(2)).into_iter();
        lines.map(move |words| Line::from(look.span(tone, format!(" {words}"))))
    };
    said.into_iter().flat_map(line).collect()
}

/// Words with a label of so many columns before each, in lines.
pub fn labelled<'a>(
    look: Look,
    label: usize,
    parts: impl IntoIterator<Item = (&'a str, Tone, String)>,
    columns: usize,
) -> Vec<Line<'static>> {
    let lines = |(name, tone, words): (&'a str, Tone, String)| {
        let lines = wrap(&words, columns.saturating_sub(label + 2)).into_iter().enumerate();
        lines.map(move |(i, words)| line(look, label, if i == 0 { name } else { "" }, tone, words))
    };
    parts.into_iter().flat_map(lines).collect()
}

/// A line of it.
pub fn line(look: Look, label: usize, name: &str, tone: Tone, words: String) -> Line<'static> {
    Line::from(vec![look.span(Tone::Dim, format!(" {name:<label$}")), look.span(tone, words)])
}
