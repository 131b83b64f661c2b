//! A box over everything, which says exactly what will happen, and its keys. Where it is higher than the screen, its
//! lines scroll; what is typed, the command and the keys stay.
//!
//! ```text
//! ╭ Release balrog? ─────────────────────────────────╮
//! │ image   balrog to docker.io/mozilla/balrog       │
//! │ frozen  master-2026-11-21-09-30-00  new          │
//! │ ↓ 4 more lines                                   │
//! │ as      windlass release --image balrog --yes    │
//! │ y yes   esc no                                   │
//! ╰──────────────────────────────────────────────────╯
//! ```

use std::ops::Range;

use ratatui::{
    Frame,
    layout::{Position, Rect},
};

use super::{
    dialog_box::{Extent, Hit, Placed, Words, boxed, room},
    help, over, secret_form,
    text::{fit, line_with_cursor, padded, width, wrap},
    wizard,
};
use crate::{
    console::{
        action::Id,
        model::{Ask, Choice, Confirm, Layer, Line, Loaded, Menu, Model, masked::Masked},
    },
    domain::{failure::Failure, sign::Tone},
};

pub fn render(model: &Model, frame: &mut Frame<'_>, layer: &Layer) {
    let Some(placed) = place(model, layer, frame.area()) else { return };
    over::clear(frame, placed.area);
    frame.render_widget(model.look.boxed(&placed.title, true), placed.area);
    for (row, (_, line)) in placed.rows().zip(placed.lines) {
        frame.render_widget(line, row);
    }
    frame.render_widget(placed.keys, placed.key_row);
}

/// What is drawn at this place of the screen.
pub fn hit(model: &Model, layer: &Layer, screen: Rect, at: Position) -> Option<Hit> {
    if let Layer::Help { typed, at: chosen, reach } = layer {
        return help::hit(model, typed, *chosen, *reach, at);
    }
    let placed = place(model, layer, screen)?;
    if let Some((_, id)) = placed.answers.iter().find(|(place, _)| place.contains(at)) {
        return Some(Hit::Answer(*id));
    }
    let (_, (of, _)) = placed.rows().zip(&placed.lines).find(|(row, _)| row.contains(at))?;
    let (Layer::Menu(menu), Some(of)) = (layer, of) else { return None };
    let seen = seen(menu, screen);
    seen.contains(&(seen.start + of)).then_some(Hit::Choice(seen.start + of))
}

/// How much there is to scroll.
pub fn extent(model: &Model, layer: &Layer) -> Extent {
    let screen = Rect::new(0, 0, model.size.0, model.size.1);
    match layer {
        Layer::Menu(menu) => Extent { seen: seen(menu, screen).len(), last: 0 },
        layer => place(model, layer, screen).map_or_else(Extent::default, |placed| placed.extent),
    }
}

fn place(model: &Model, layer: &Layer, screen: Rect) -> Option<Placed> {
    let words = match layer {
        Layer::Waiting(request) => {
            Words::new(request.title(), vec![Line::new("", request.waiting(), Tone::Dim)], Vec::new(), &WAIT)
        }
        Layer::Secret { question, typed } => secret(model, question, typed),
        Layer::Form(form) => secret_form::form(model, form),
        Layer::Wizard(wizard) => wizard::wizard(model, wizard),
        Layer::Menu(menu) => {
            let answers: &[_] = match menu {
                menu if menu.choices.iter().all(|choice| choice.refused.is_some()) => &SEEN,
                Menu { stays: true, .. } => &AGAIN,
                _ => &CHOOSE,
            };
            let words = Words::new(&menu.title, choices(model, menu, screen), Vec::new(), answers);
            Words { of_list: true, ..words }
        }
        Layer::Confirm(confirm) => question(model, confirm, screen),
        Layer::Ask(ask) => asked(model, ask, screen),
        Layer::Told { title, lines } => Words::new(title, lines.clone(), Vec::new(), &SEEN),
        Layer::Failure(failure) => refusal(model, failure),
        Layer::Prompt { .. } | Layer::Narrow { .. } | Layer::Help { .. } => return None,
    };
    Some(boxed(model, screen, &words))
}

const YES_NO: [(Id, &str); 2] = [(Id::Confirm, "yes"), (Id::Close, "no, change nothing")];
const TYPED: [(Id, &str); 2] = [(Id::TypedConfirm, "yes, for good"), (Id::TypedClose, "no, change nothing")];
const CHOOSE: [(Id, &str); 2] = [(Id::Confirm, "this one"), (Id::Close, "none")];
const AGAIN: [(Id, &str); 2] = [(Id::Confirm, "this one"), (Id::Close, "close")];
const TAKE: [(Id, &str); 2] = [(Id::TypedConfirm, "go on"), (Id::TypedClose, "no, change nothing")];
const WAIT: [(Id, &str); 1] = [(Id::Close, "do not wait")];
const ANSWER: [(Id, &str); 2] = [(Id::Answer, "open it"), (Id::NoAnswer, "change nothing")];
const EXPLAINED: [(Id, &str); 2] = [(Id::Close, "close"), (Id::ExplainCard, "what explains it")];
const SEEN: [(Id, &str); 1] = [(Id::Close, "close")];

fn blank() -> Line {
    Line::plain("")
}

/// Lines that are said of the chosen one where they do not fit beside it.
const SAID: usize = 2;
/// Choices that there are columns for wherever the reader is.
const FIRST: usize = 100;

/// The choices that there is room for, around the chosen one; with borders, keys, a gap and what is said around them.
fn seen(menu: &Menu, screen: Rect) -> Range<usize> {
    let rows = usize::from(screen.height).saturating_sub(2 + 1 + 1 + SAID).max(1);
    let last = menu.choices.len().saturating_sub(rows);
    let first = menu.at.saturating_sub(rows / 2).min(last);
    first..(first + rows).min(menu.choices.len())
}

/// A row a choice, as many as there is room for around the chosen one; what is said of that one is below in full where
/// it is too long for its row.
fn choices(model: &Model, menu: &Menu, screen: Rect) -> Vec<Line> {
    let signs = model.look.signs;
    let columns = room(screen);
    let seen = seen(menu, screen);
    // What is laid out for: not all of what may be a thousand, and yet seldom other columns while somebody chooses.
    let sample = || menu.choices.iter().take(FIRST).chain(&menu.choices[seen.clone()]);
    let label = |choice: &Choice| width(&fit(&choice.label, columns, signs));
    let longest = sample().map(label).max().unwrap_or(0).min(columns * 2 / 3);
    let beside = columns.saturating_sub(longest + 3);
    let row = |(i, choice): (usize, &Choice)| {
        let here = i == menu.at;
        let mark = if here { signs.glyph("▌", ">") } else { " " };
        let tone = match (&choice.refused, here) {
            (Some(_), _) => Tone::Dim,
            (None, true) => Tone::Bold,
            (None, false) => Tone::Plain,
        };
        let label = padded(&choice.label, longest, signs);
        Line::new("", format!("{mark}{label}  {}", fit(words(choice), beside, signs)), tone)
    };
    let mut lines: Vec<Line> = menu.choices.iter().enumerate().skip(seen.start).take(seen.len()).map(row).collect();
    if sample().any(|choice| width(&fit(words(choice), columns + 1, signs)) > beside) {
        let chosen = menu.choices.get(menu.at).map(words).unwrap_or_default();
        let mut said = wrap(chosen, columns);
        said.resize(SAID, String::new());
        lines.push(blank());
        lines.extend(said.into_iter().map(|line| Line::new("", line, Tone::Dim)));
    }
    lines
}

/// Why it cannot be chosen, or what it means.
fn words(choice: &Choice) -> &str {
    choice.refused.as_deref().unwrap_or(&choice.note)
}

fn asked(model: &Model, ask: &Ask, screen: Rect) -> Words {
    let typed = line_with_cursor(&ask.typed, room(screen), model.look.signs);
    let mut foot = vec![blank(), Line::new("", typed, Tone::Bold)];
    foot.extend(ask.wrong.iter().map(|wrong| Line::new("", wrong, Tone::Bad)));
    Words::new(&ask.title, ask.lines.clone(), foot, &TAKE)
}

fn secret(model: &Model, question: &str, typed: &Masked) -> Words {
    let dots = secret_form::dots(model.look, typed, true);
    let mut foot = vec![Line::new("", dots, Tone::Bold)];
    if typed.trimmed() {
        foot.push(Line::new("", "the line break at the end of what was pasted is left out", Tone::Dim));
    }
    // Before there is a vault, what is to open it is asked about.
    let vault = !matches!(&model.secrets.holdings, Loaded::Yes(holdings) if holdings.key.is_none());
    let title = if vault { "The vault is locked" } else { "The key is locked" };
    Words::new(title, vec![Line::plain(question.trim_end())], foot, &ANSWER)
}

fn question(model: &Model, confirm: &Confirm, screen: Rect) -> Words {
    let mut foot = Vec::new();
    // Before the command, which may be long: what is typed has to be in sight.
    if let Some((wanted, typed)) = &confirm.typed {
        foot.push(blank());
        foot.push(Line::plain(format!("this cannot be undone: type {wanted}")));
        foot.push(Line::new("", line_with_cursor(typed, room(screen), model.look.signs), Tone::Bold));
    }
    if let Some(command) = &confirm.command {
        foot.push(blank());
        foot.push(Line::new("as", model.command_line(command), Tone::Plain));
    }
    let mut answers = if confirm.typed.is_some() { TYPED.to_vec() } else { YES_NO.to_vec() };
    answers.extend(confirm.other.iter().map(|other| (Id::Other, other.words.as_str())));
    Words::new(&confirm.title, confirm.lines.clone(), foot, &answers)
}

fn refusal(model: &Model, failure: &Failure) -> Words {
    let lines = vec![Line::new("", &failure.what, Tone::Bad), Line::new("why", &failure.why, Tone::Plain)];
    let mut foot = vec![Line::new("next", model.next_after(failure), Tone::Plain)];
    foot.extend(failure.check.map(|check| Line::new("check", format!("{check}: {}", check.title()), Tone::Plain)));
    let answers: &[_] = if failure.check.is_some() { &EXPLAINED } else { &SEEN };
    Words::new("This did not work", lines, foot, answers)
}

#[cfg(test)]
mod tests;
