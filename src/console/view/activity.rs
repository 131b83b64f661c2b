//! What was done and said here, and the audit trail, newest first; below it all of the selected row.
//!
//! ```text
//! ╭ Activity ──────────────────────────────────────────────────────────────╮
//! │▌09:31:07  ✓ here           release k3v… of balrog succeeded: match      │
//! │ 09:30:02  ✓ ada@host       release k3v… done                            │
//! │ 20 Nov    ✗ ada@host       point docker.io/mozilla/balrog:latest failed │
//! ├ 2026-11-21 09:31:07 UTC ────────────────────────────────────────────────┤
//! │ said     release k3v… of balrog succeeded: match                        │
//! │ as       windlass release --image balrog --yes                          │
//! ╰ 1 of 40 · /k3v ─────────────────────────────────────────────────────────╯
//! ```

use jiff::{Timestamp, tz::TimeZone};
use ratatui::{Frame, text::Line, widgets::Paragraph};

use super::{
    one_list,
    text::{fit, line_with_cursor, padded, width},
};
use crate::{
    console::{
        action::Id,
        model::{
            Layer, Loaded, Look, Model,
            activity::{Entry, TRAIL},
        },
        view::geometry::Geometry,
    },
    domain::{audit::Outcome, sign::Tone, written::time},
};

const LABEL: usize = 12;
/// Columns of who did it.
const WHO: usize = 18;
/// Who did it is left out in less.
const ROOM_FOR_WHO: usize = 72;

pub fn render(model: &Model, frame: &mut Frame<'_>, geometry: &Geometry) {
    let split = geometry.split;
    if split.area.is_empty() {
        return;
    }
    let (look, activity) = (model.look, &model.activity);
    let columns = usize::from(split.rows.width.max(split.detail.width));
    let rows = activity.rows(model.narrowed());
    let here = activity.position(&rows);
    one_list::boxed(look, frame, split.area, "Activity", &state(model, here, rows.len(), columns));
    let Some(selected) = rows.get(here) else {
        frame.render_widget(Paragraph::new(nothing(model, columns)), split.rows);
        return;
    };
    one_list::rows(look, frame, split.rows, here, rows.iter(), |row, here| line(model, *row, here, columns));
    one_list::rule(look, frame, split.rule, &format!("{} UTC", time(selected.at())));
    frame.render_widget(Paragraph::new(detail(look, *selected, columns)), split.detail);
}

/// Where in the list, what narrows it, and what is missing of it.
fn state(model: &Model, here: usize, count: usize, columns: usize) -> String {
    let mut words = Vec::new();
    if count > 0 {
        words.push(format!("{} of {count}", here + 1));
    }
    if let Some(Layer::Narrow { typed }) = model.layers.last() {
        let taken = words.iter().map(|words| width(words) + width(model.look.dot())).sum::<usize>();
        // Beside them two columns at each side, and the slash.
        let room = columns.saturating_sub(taken + 5);
        words.push(format!("/{}", line_with_cursor(typed, room, model.look.signs)));
    } else if !model.narrowed().is_empty() {
        words.push(format!("/{}", model.narrowed()));
    }
    match &model.activity.trail {
        Loaded::Not => words.push("reading the audit trail".to_owned()),
        Loaded::Failed(failure) => words.push(format!("no audit trail: {}", failure.what)),
        Loaded::Yes(trail) if trail.len() >= TRAIL => {
            words.push(format!("the newest {TRAIL} of the trail: windlass audit has all"));
        }
        Loaded::Yes(_) => {}
    }
    if words.is_empty() { "this session and the audit trail".to_owned() } else { words.join(model.look.dot()) }
}

/// What is there to say without a row, and what to do.
fn nothing(model: &Model, columns: usize) -> Vec<Line<'static>> {
    let key = |id| model.keymap.first(id);
    let said: Vec<(Tone, String)> = match &model.activity.trail {
        _ if !model.narrowed().is_empty() => vec![
            (Tone::Plain, "no row has these words".to_owned()),
            (Tone::Dim, format!("press {} to type others", key(Id::Narrow))),
        ],
        Loaded::Not => vec![(Tone::Dim, "reading the audit trail".to_owned())],
        Loaded::Failed(failure) => vec![
            (Tone::Bad, failure.what.clone()),
            (Tone::Plain, failure.why.clone()),
            (Tone::Bold, failure.next.clone()),
            (Tone::Dim, format!("then press {}", key(Id::ReadTrail))),
        ],
        Loaded::Yes(_) => vec![
            (Tone::Plain, "nothing was changed yet, and nothing was done here".to_owned()),
            (Tone::Bold, format!("press {}, then {} to release", key(Id::Releases), key(Id::New))),
        ],
    };
    one_list::said(model.look, said, columns)
}

fn line(model: &Model, row: Entry<'_>, here: bool, columns: usize) -> Line<'static> {
    let look = model.look;
    let (sign, tone, who, words) = match row {
        Entry::Said(said) => (look.signs.tone(said.tone), said.tone, "here", said.words.clone()),
        Entry::Trail(audit) => {
            let (sign, tone) = outcome(look, &audit.outcome);
            let mut words = format!("{} {} {}", audit.what.name(), audit.subject, audit.outcome.name());
            if let Outcome::Failed { why } = &audit.outcome {
                words.push_str(": ");
                words.push_str(why);
            }
            (sign, tone, audit.who.as_str(), words)
        }
    };
    let who = if columns >= ROOM_FOR_WHO { format!("{}  ", padded(who, WHO, look.signs)) } else { String::new() };
    let before = if here { look.signs.glyph("▌", ">") } else { " " };
    let at = format!("{:<8}  ", brief(row.at(), model.now));
    let room = columns.saturating_sub(1 + width(&at) + 2 + width(&who));
    Line::from(vec![
        look.span(Tone::Bold, before),
        look.span(Tone::Dim, at),
        look.span(tone, format!("{sign} ")),
        look.span(Tone::Dim, who),
        look.span(Tone::Plain, fit(&words.replace('\n', " "), room, look.signs)),
    ])
}

fn outcome(look: Look, outcome: &Outcome) -> (&'static str, Tone) {
    match outcome {
        Outcome::Begun => (look.signs.glyph("◐", "~"), Tone::Notice),
        Outcome::Done => (look.signs.tone(Tone::Good), Tone::Good),
        Outcome::Failed { .. } => (look.signs.tone(Tone::Bad), Tone::Bad),
        Outcome::Cancelled => (look.signs.glyph("■", "#"), Tone::Notice),
    }
}

/// UTC, in eight columns: the time of today, else the day.
fn brief(at: Timestamp, now: Timestamp) -> String {
    let [at, now] = [at, now].map(|t| t.to_zoned(TimeZone::UTC));
    let form = match () {
        () if at.date() == now.date() => "%H:%M:%S",
        () if at.year() == now.year() => "%e %b",
        () => "%b %Y",
    };
    at.strftime(form).to_string()
}

fn detail(look: Look, row: Entry<'_>, columns: usize) -> Vec<Line<'static>> {
    let parts: Vec<(&str, String)> = match row {
        Entry::Said(said) => {
            let command = said.command.clone().map(|command| ("as", command));
            std::iter::once(("said", said.words.clone())).chain(command).collect()
        }
        Entry::Trail(audit) => {
            let outcome = match &audit.outcome {
                Outcome::Failed { why } => format!("failed: {why}"),
                other => other.name().to_owned(),
            };
            vec![
                ("who", audit.who.clone()),
                ("what", format!("{} {}", audit.what.name(), audit.subject)),
                ("outcome", outcome),
                ("fingerprint", audit.fingerprint.clone().unwrap_or_else(|| "-".to_owned())),
            ]
        }
    };
    let parts = parts.into_iter().map(|(label, text)| (label, Tone::Plain, text));
    one_list::labelled(look, LABEL, parts, columns)
}

#[cfg(test)]
pub(super) mod tests;
