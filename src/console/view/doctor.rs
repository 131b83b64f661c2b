//! The checks, and what the selected one found. Zoomed, what it found has all the room.
//!
//! ```text
//! ╭ Doctor · 11 pass, 1 warn, 1 fail ────────────────────────────────────────────╮
//! │▌✓ pass         config     /srv/balrog/windlass.toml: releases from master     │
//! │ ✗ fail         engine     the container engine does not answer: nothing lis…  │
//! │ ? cannot tell  clock      needs engine                                        │
//! │ ◐ checking     disk                                                           │
//! ├ engine · the container engine ────────────────────────────────────────────────┤
//! │ found  the container engine does not answer: nothing listens at …              │
//! │ fix    start it: systemctl start docker                                        │
//! │ owner  you                                                                     │
//! │ as     windlass doctor engine                                                  │
//! ╰ as of 09:31:00 UTC · 3 of 13 ─────────────────────────────────────────────────╯
//! ```

use ratatui::{Frame, text::Line, widgets::Paragraph};

use super::{
    one_list,
    text::{fit, padded, width, wrap},
};
use crate::{
    console::{
        action::Id,
        model::{CheckRow, Loaded, Look, Model, Which},
        view::geometry::Geometry,
    },
    domain::{finding::Outcome, sign::Tone},
};

const WORD: usize = "? cannot tell".len();
const NAME: usize = "leftovers".len();
const IMAGE: usize = 12;
const LABEL: usize = 7;

pub fn render(model: &Model, frame: &mut Frame<'_>, geometry: &Geometry) {
    let split = geometry.split;
    if split.area.is_empty() {
        return;
    }
    let (look, doctor) = (model.look, &model.doctor);
    let columns = usize::from(split.rows.width.max(split.detail.width));
    let mut title = vec!["Doctor".to_owned()];
    title.extend(doctor.counts());
    one_list::boxed(look, frame, split.area, &title.join(look.dot()), &state(model));
    let Some(selected) = doctor.selected() else {
        let words = match model.project {
            Loaded::Not => "reading windlass.toml".to_owned(),
            Loaded::Yes(_) | Loaded::Failed(_) => {
                format!("nothing was checked yet: press {}", model.keymap.text(Id::Examine))
            }
        };
        let lines = one_list::said(look, vec![(Tone::Dim, words)], columns);
        frame.render_widget(Paragraph::new(lines), split.rows);
        return;
    };
    let several = doctor.of_several_images();
    one_list::rows(look, frame, split.rows, doctor.position(), doctor.checks.iter(), |checked, here| {
        line(look, checked, several, here, columns)
    });
    let check = selected.subject.check;
    let mut heading = vec![check.to_string(), check.title().to_owned()];
    heading.extend(selected.subject.image.clone().filter(|_| several));
    one_list::rule(look, frame, split.rule, &heading.join(look.dot()));
    let detail = detail(model, selected, columns, usize::from(split.detail.height));
    frame.render_widget(Paragraph::new(detail), split.detail);
}

/// When the selected one was run, and where it is in the list.
fn state(model: &Model) -> String {
    let doctor = &model.doctor;
    let mut words = Vec::new();
    let left = doctor.checks.iter().filter(|checked| checked.runs).count();
    if left > 0 {
        words.push(format!("{left} still to be told"));
    }
    if let Some((_, at)) = doctor.selected().and_then(|checked| checked.found.as_ref()) {
        words.push(one_list::as_of(*at, model.now));
    }
    if !doctor.checks.is_empty() {
        words.push(format!("{} of {}", doctor.position() + 1, doctor.checks.len()));
    }
    if words.is_empty() { "what a release stands on".to_owned() } else { words.join(model.look.dot()) }
}

/// Sign and word of a check as it stands.
fn mark(look: Look, checked: &CheckRow) -> (String, Tone) {
    if checked.runs {
        return (format!("{} checking", look.signs.glyph("◐", "~")), Tone::Notice);
    }
    let Some(outcome) = checked.outcome() else {
        return (format!("{} not run", look.signs.glyph("·", ".")), Tone::Dim);
    };
    let (tone, word) = match outcome {
        Outcome::Pass => (Tone::Good, "pass"),
        Outcome::Warn(_) => (Tone::Notice, "warn"),
        Outcome::Fail(_) => (Tone::Bad, "fail"),
        Outcome::CannotTell(_) | Outcome::Blocked(_) => return ("? cannot tell".to_owned(), Tone::Notice),
    };
    (format!("{} {word}", look.signs.tone(tone)), tone)
}

fn line(look: Look, checked: &CheckRow, several: bool, here: bool, columns: usize) -> Line<'static> {
    // The sign has the colour: not every word can be read in every colour on every background.
    let (mark, tone) = mark(look, checked);
    let (sign, word) = mark.split_once(' ').unwrap_or((&mark, ""));
    let before = if here { look.signs.glyph("▌", ">") } else { " " };
    let name = format!("  {:<NAME$}  ", checked.subject.check);
    let image = if several {
        format!("{}  ", padded(checked.subject.image.as_deref().unwrap_or_default(), IMAGE, look.signs))
    } else {
        String::new()
    };
    let room = columns.saturating_sub(1 + WORD + width(&name) + width(&image));
    let found = checked.found.as_ref().map(|(finding, _)| finding.evidence.replace('\n', "; ")).unwrap_or_default();
    let found_tone = if checked.runs { Tone::Dim } else { Tone::Plain };
    Line::from(vec![
        look.span(Tone::Bold, before),
        look.span(tone, format!("{sign} ")),
        look.span(if tone == Tone::Bad { tone } else { Tone::Plain }, padded(word, WORD - 2, look.signs)),
        look.span(Tone::Bold, name),
        look.span(Tone::Plain, image),
        look.span(found_tone, fit(&found, room, look.signs)),
    ])
}

/// What was found, what to do and who can, in at most so many rows: what was found is shortened first.
fn detail(model: &Model, checked: &CheckRow, columns: usize, most: usize) -> Vec<Line<'static>> {
    let look = model.look;
    let room = columns.saturating_sub(LABEL + 2);
    let part = |label: &'static str, text: &str| {
        let lines = wrap(text, room).into_iter().enumerate();
        lines.map(|(i, line)| (if i == 0 { label } else { "" }, line)).collect::<Vec<_>>()
    };
    let mut found = match &checked.found {
        Some((finding, _)) => part("found", &finding.evidence),
        None if checked.runs => part("found", "it is being looked at"),
        None => part("found", "it was not looked at yet"),
    };
    let mut rest = Vec::new();
    if let Some(remedy) = checked.outcome().and_then(Outcome::remedy) {
        rest.extend(part("fix", &remedy.fix));
        rest.extend(part("owner", remedy.owner.name()));
    }
    let command = part("as", &model.command_line(&Which::One(checked.subject.clone()).words()));
    // The first to go: the help has it too.
    if found.len().min(2) + rest.len() + command.len() <= most {
        rest.extend(command);
    }
    let more = look.signs.glyph("…", "~");
    shorten(&mut found, most.saturating_sub(rest.len()).max(1), more);
    shorten(&mut rest, most.saturating_sub(found.len()), more);
    found.into_iter().chain(rest).map(|(label, text)| one_list::line(look, LABEL, label, Tone::Plain, text)).collect()
}

/// To at most so many lines, with a sign that something is missing.
fn shorten(lines: &mut Vec<(&'static str, String)>, most: usize, more: &str) {
    if lines.len() > most {
        lines.truncate(most);
        if let Some((_, last)) = lines.last_mut() {
            last.push_str(more);
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
