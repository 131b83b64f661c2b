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
    text,
};

use super::{
    help, over, secret_dialogs,
    text::{fit, line_with_cursor, padded, width, wrap},
};
use crate::{
    console::{
        action::Id,
        geometry::inside,
        masked::Masked,
        model::{Ask, Choice, Confirm, Layer, Line, Look, Menu, Model},
    },
    domain::{failure::Failure, sign::Tone},
};

const WIDEST: usize = 84;
/// Columns that a label has at least.
const LABEL: usize = 8;

pub fn render(model: &Model, frame: &mut Frame<'_>, layer: &Layer) {
    let Some(placed) = place(model, layer, frame.area()) else { return };
    over::clear(frame, placed.area);
    frame.render_widget(model.look.boxed(&placed.title, true), placed.area);
    for (row, (_, line)) in placed.rows().zip(placed.lines) {
        frame.render_widget(line, row);
    }
    frame.render_widget(placed.keys, placed.key_row);
}

/// What is where in a dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    Answer(Id),
    /// The choice of this number in a menu, or the action of this number in the help.
    Choice(usize),
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

/// Of the lines of a dialog, or of the choices of a menu.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// So many are seen at once.
    pub seen: usize,
    /// The last one that can be the first of those.
    pub last: usize,
}

/// How much there is to scroll.
pub fn extent(model: &Model, layer: &Layer) -> Extent {
    let screen = Rect::new(0, 0, model.size.0, model.size.1);
    match layer {
        Layer::Menu(menu) => Extent { seen: seen(menu, screen).len(), last: 0 },
        layer => place(model, layer, screen).map_or_else(Extent::default, |placed| placed.extent),
    }
}

/// A dialog with everything in its place.
struct Placed {
    title: String,
    area: Rect,
    lines: Vec<Laid>,
    extent: Extent,
    keys: text::Line<'static>,
    key_row: Rect,
    answers: Vec<(Rect, Id)>,
}

/// A line as it is drawn, with the number of what it is a line of.
type Laid = (Option<usize>, text::Line<'static>);

/// What a dialog says.
pub struct Words {
    pub title: String,
    pub lines: Vec<Line>,
    /// In sight whatever else there is no room for.
    pub foot: Vec<Line>,
    pub answers: Vec<(Id, String)>,
}

impl Words {
    pub fn new(title: impl Into<String>, lines: Vec<Line>, foot: Vec<Line>, answers: &[(Id, &str)]) -> Self {
        let answers = answers.iter().map(|(id, word)| (*id, (*word).to_owned())).collect();
        Self { title: title.into(), lines, foot, answers }
    }
}

impl Placed {
    /// Where the lines are that there is room for.
    fn rows(&self) -> impl Iterator<Item = Rect> + use<> {
        let inner = inside(self.area);
        // The keys stay in sight whatever else there is no room for.
        (inner.y..inner.bottom().saturating_sub(1)).map(move |y| Rect { y, height: 1, ..inner })
    }
}

fn place(model: &Model, layer: &Layer, screen: Rect) -> Option<Placed> {
    let words = match layer {
        Layer::Waiting(request) => {
            Words::new(request.title(), vec![Line::new("", request.waiting(), Tone::Dim)], Vec::new(), &WAIT)
        }
        Layer::Secret { question, typed } => secret(model, question, typed),
        Layer::Form(form) => secret_dialogs::form(model, form),
        Layer::Wizard(wizard) => secret_dialogs::wizard(model, wizard),
        Layer::Menu(menu) => {
            Words::new(&menu.title, choices(model, menu, screen), Vec::new(), if menu.stays { &AGAIN } else { &CHOOSE })
        }
        Layer::Confirm(confirm) => question(model, confirm),
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

/// Columns for words without a label.
fn room(screen: Rect) -> usize {
    usize::from(screen.width).saturating_sub(4).min(WIDEST).saturating_sub(4)
}

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
    let dots = secret_dialogs::dots(model.look, typed, true);
    let mut foot = vec![Line::new("", dots, Tone::Bold)];
    if typed.trimmed() {
        foot.push(Line::new("", "the line break at the end of what was pasted is left out", Tone::Dim));
    }
    foot.push(blank());
    Words::new("The vault is locked", vec![Line::plain(question.trim_end())], foot, &ANSWER)
}

fn question(model: &Model, confirm: &Confirm) -> Words {
    let mut foot = Vec::new();
    // Before the command, which may be long: what is typed has to be in sight.
    if let Some((wanted, typed)) = &confirm.typed {
        let cursor = model.look.signs.glyph("▏", "_");
        foot.push(blank());
        foot.push(Line::plain(format!("this cannot be undone: type {wanted}")));
        foot.push(Line::new("", format!("{}{cursor}", typed.value()), Tone::Bold));
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

/// In at most so many columns, with this one for the words of labelled lines.
fn laid(look: Look, lines: &[Line], most: usize, column: usize) -> Vec<Laid> {
    let mut all = Vec::new();
    for (number, Line { label, words, tone }) in lines.iter().enumerate() {
        let labelled = !label.is_empty();
        let indent = if labelled { column } else { 0 };
        for (i, part) in wrap(words, most.saturating_sub(4 + indent)).into_iter().enumerate() {
            let before = if i == 0 { label.as_str() } else { "" };
            let line = text::Line::from(vec![
                look.span(Tone::Dim, if labelled { format!(" {before:<column$}") } else { " ".to_owned() }),
                look.span(*tone, part),
            ]);
            all.push((Some(number), line));
        }
        if words.is_empty() {
            let label = if labelled { format!(" {label}") } else { String::new() };
            all.push((Some(number), text::Line::from(look.span(Tone::Dim, label))));
        }
    }
    all
}

/// That there are more lines than are seen.
fn more(look: Look, above: usize, below: usize) -> text::Line<'static> {
    let (up, down) = (look.signs.glyph("↑", "^"), look.signs.glyph("↓", "v"));
    let lines = |count| if count == 1 { "line" } else { "lines" };
    let words = match (above, below) {
        (0, below) => format!(" {down} {below} more {}", lines(below)),
        (above, 0) => format!(" {up} {above} more {}", lines(above)),
        (above, below) => format!(" {up} {above}, {down} {below} more {}", lines(below)),
    };
    text::Line::from(look.span(Tone::Notice, words))
}

fn boxed(model: &Model, screen: Rect, words: &Words) -> Placed {
    let Words { title, lines, foot, answers } = words;
    let look = model.look;
    let most = usize::from(screen.width).saturating_sub(4).min(WIDEST);
    let column = lines.iter().chain(foot).map(|line| width(&line.label) + 1).max().unwrap_or(0).max(LABEL);
    let [mut lines, mut foot] = [lines, foot].map(|lines| laid(look, lines, most, column));
    let mut widest = lines.iter().chain(&foot).map(|(_, line)| line.width() + 3).max().unwrap_or(0);
    let title = fit(title, most.saturating_sub(4), look.signs);
    widest = widest.max(width(&title) + 4);
    let mut keys = text::Line::default();
    let mut parts = Vec::new();
    for (id, word) in answers {
        let from = keys.width();
        keys.push_span(look.span(Tone::Bold, format!(" {}", model.keymap.first(*id))));
        keys.push_span(look.span(Tone::Dim, format!(" {word}  ")));
        parts.push((from..keys.width() - 1, *id));
    }
    widest = widest.max(keys.width() + 2);
    // Where there is little room, gaps go before words, the one above the keys last.
    let tallest = usize::from(screen.height.saturating_sub(4));
    let gap = |lines: &[Laid]| lines.iter().rposition(|(_, line)| line.width() == 0);
    while lines.len() + foot.len() > tallest {
        if let Some(at) = gap(&foot) {
            foot.remove(at);
        } else if let Some(at) = gap(&lines) {
            lines.remove(at);
        } else {
            break;
        }
    }
    let room = tallest + 1;
    if foot.len() + 2 > room {
        // It leaves no room for anything else.
        lines.append(&mut foot);
    }
    let mut extent = Extent { seen: lines.len(), last: 0 };
    if lines.len() + foot.len() > room {
        let seen = room.saturating_sub(foot.len() + 1).max(1);
        extent = Extent { seen, last: lines.len().saturating_sub(seen) };
        let above = model.scrolled.min(extent.last);
        lines.drain(..above);
        lines.truncate(seen);
        lines.push((None, more(look, above, extent.last - above)));
    }
    lines.append(&mut foot);
    let columns = u16::try_from(widest.min(most)).unwrap_or(screen.width).min(screen.width);
    let rows = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX).min(screen.height);
    let area = Rect::new((screen.width - columns) / 2, (screen.height - rows) / 2, columns, rows);
    let inner = inside(area);
    let key_row = Rect { y: inner.bottom().saturating_sub(1), height: inner.height.min(1), ..inner };
    let column = |column: usize| key_row.x.saturating_add(u16::try_from(column).unwrap_or(u16::MAX));
    let place = |part: Range<usize>| {
        let (from, to) = (column(part.start), column(part.end));
        Rect { x: from, width: to - from, ..key_row }.intersection(key_row)
    };
    let answers = parts.into_iter().map(|(part, id)| (place(part), id)).collect();
    Placed { title, area, lines, extent, keys, key_row, answers }
}

#[cfg(test)]
mod tests;
