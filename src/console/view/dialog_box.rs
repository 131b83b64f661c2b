//! What a dialog says, laid out in a box over everything. Where that is higher than the screen, its lines scroll; what is
//! typed, the command and the keys stay.

use std::ops::Range;

use ratatui::{crossterm::event::KeyCode, layout::Rect, text};

use super::text::{fit, width, wrap};
use crate::{
    console::{
        action::{Id, keymap::Key},
        model::{Line, Look, Model},
        view::geometry::inside,
    },
    domain::sign::Tone,
};

const WIDEST: usize = 84;
/// Columns that a label has at least.
const LABEL: usize = 8;

/// Its keys, each with what it does in a word.
pub type Answers = &'static [(Id, &'static str)];

/// What a dialog says.
pub struct Words {
    pub title: String,
    pub lines: Vec<Line>,
    /// In sight whatever else there is no room for.
    pub foot: Vec<Line>,
    pub answers: Vec<(Id, String)>,
    /// In a list it is enter that people press: it is named, where it is one of the keys.
    pub of_list: bool,
}

impl Words {
    pub fn new(title: impl Into<String>, lines: Vec<Line>, foot: Vec<Line>, answers: &[(Id, &str)]) -> Self {
        let answers = answers.iter().map(|(id, word)| (*id, (*word).to_owned())).collect();
        Self { title: title.into(), lines, foot, answers, of_list: false }
    }
}

/// A dialog with everything in its place.
pub struct Placed {
    pub title: String,
    pub area: Rect,
    pub lines: Vec<Laid>,
    pub extent: Extent,
    pub keys: text::Line<'static>,
    pub key_row: Rect,
    pub answers: Vec<(Rect, Id)>,
}

/// A line as it is drawn, with the number of what it is a line of.
pub type Laid = (Option<usize>, text::Line<'static>);

/// Of the lines of a dialog, or of the choices of a menu.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Extent {
    /// So many are seen at once.
    pub seen: usize,
    /// The last one that can be the first of those.
    pub last: usize,
}

/// What is where in a dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    Answer(Id),
    /// The choice of this number in a menu, or the action of this number in the help.
    Choice(usize),
}

impl Placed {
    /// Where the lines are that there is room for.
    pub fn rows(&self) -> impl Iterator<Item = Rect> + use<> {
        let inner = inside(self.area);
        // The keys stay in sight whatever else there is no room for.
        (inner.y..inner.bottom().saturating_sub(1)).map(move |y| Rect { y, height: 1, ..inner })
    }
}

/// Columns for words without a label.
pub fn room(screen: Rect) -> usize {
    usize::from(screen.width).saturating_sub(4).min(WIDEST).saturating_sub(4)
}

pub fn boxed(model: &Model, screen: Rect, words: &Words) -> Placed {
    let Words { title, lines, foot, answers, of_list } = words;
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
        let enter = Some(Key::of(KeyCode::Enter)).filter(|enter| *of_list && model.keymap.keys(*id).contains(enter));
        let key = enter.unwrap_or_else(|| model.keymap.first(*id));
        keys.push_span(look.span(Tone::Bold, format!(" {key}")));
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
