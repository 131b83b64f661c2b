//! Every action that can be done here, or on any screen; what is typed narrows them down, enter does the chosen one. One
//! that cannot be done now is dimmed, and says why; so does the whole of a title that is cut.
//!
//! ```text
//! ╭ Find an action of any screen: canc▏ ─────────────────────────╮
//! │▌x          releases  cancel the release that runs            │   its screen, where actions of others are found, too
//! │                                                              │
//! │ nothing to cancel: release k3v… has ended                    │
//! │ windlass cancel k3v…                                         │
//! │ enter do it   up down choose   esc close              1 of 7 │
//! ╰──────────────────────────────────────────────────────────────╯
//! ```

use ratatui::{
    Frame,
    layout::{Alignment, Position, Rect},
    style::Modifier,
    text::{Line, Span},
};
use tui_input::Input;

use super::{
    dialog_box::Hit,
    over,
    text::{fit, line_with_cursor, padded, width},
};
use crate::{
    console::{
        action::{Action, Danger, Id, found},
        model::{Model, Reach},
        view::geometry::{inside, palette, palette_rows},
    },
    domain::sign::Tone,
};

/// Columns from which on there is room for two keys of an action.
const WIDE: u16 = 72;
/// Of the name of a screen.
const PLACE: usize = 8;
/// What can be done here, with a word for each or for two together.
const KEYS: [(Id, &str); 4] =
    [(Id::HelpRun, "do it"), (Id::HelpUp, ""), (Id::HelpDown, "choose"), (Id::HelpClose, "close")];

pub fn render(model: &Model, frame: &mut Frame<'_>, typed: &Input, at: usize, reach: Reach) {
    let look = model.look;
    let actions = found(model, typed.value(), reach);
    let area = palette(model.size).intersection(frame.area());
    over::clear(frame, area);
    let what = match reach {
        Reach::Here => "Find an action here",
        Reach::Everywhere => "Find an action of any screen",
    };
    let room = usize::from(area.width).saturating_sub(width(what) + 7);
    let title = format!("{what}: {}", line_with_cursor(typed, room, look.signs));
    let block = look.boxed(&title, false).border_style(look.style(Tone::Bold));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let room = usize::from(palette_rows(model.size));
    let first = first(model, at);
    let row = |y: usize| row(inner, y);
    // The same for whatever is found, so that nothing jumps while somebody types.
    let keys = found(model, "", reach).iter().map(|action| width(&keys_of(model, action, reach))).max().unwrap_or(0);
    let place = if reach == Reach::Everywhere { PLACE } else { 0 };
    let columns = Columns { keys, place, title: usize::from(inner.width).saturating_sub(1 + keys + 2 + gapped(place)) };
    for (i, action) in actions.iter().enumerate().skip(first).take(room) {
        let line = line(model, action, i == at, reach, columns);
        frame.render_widget(line, row(i - first));
    }
    if actions.is_empty() {
        frame.render_widget(look.span(Tone::Dim, " nothing is called that"), row(0));
    }
    let told = |tone, words: &str| {
        look.span(tone, format!(" {}", fit(words, usize::from(inner.width).saturating_sub(2), look.signs)))
    };
    if let Some(action) = actions.get(at) {
        match (action.refused)(model) {
            Some(reason) => frame.render_widget(told(Tone::Notice, &reason), row(room)),
            None if width(action.title) > columns.title => {
                frame.render_widget(told(Tone::Plain, action.title), row(room));
            }
            None => {}
        }
        if let Some(words) = equivalent(model, action) {
            frame.render_widget(told(Tone::Plain, &words), row(room + 1));
        }
    }
    let keys: Line<'_> = KEYS.iter().flat_map(|key| hint(model, key)).collect();
    frame.render_widget(keys, row(room + 2));
    if !actions.is_empty() {
        let count = Line::from(look.span(Tone::Dim, format!("{} of {} ", at + 1, actions.len())));
        frame.render_widget(count.alignment(Alignment::Right), row(room + 2));
    }
}

/// The first action that is seen where this one is chosen.
fn first(model: &Model, at: usize) -> usize {
    at.saturating_sub(usize::from(palette_rows(model.size).saturating_sub(1)))
}

/// One of the rows within the border; the last one where there are not as many.
fn row(inner: Rect, y: usize) -> Rect {
    let y = u16::try_from(y).unwrap_or(u16::MAX).min(inner.height.saturating_sub(1));
    Rect { y: inner.y + y, height: inner.height.min(1), ..inner }
}

fn hint(model: &Model, (id, word): &(Id, &str)) -> [Span<'static>; 2] {
    let word = if word.is_empty() { String::new() } else { format!(" {word}  ") };
    [model.look.span(Tone::Bold, format!(" {}", model.keymap.first(*id))), model.look.span(Tone::Dim, word)]
}

/// What is drawn at this place.
pub fn hit(model: &Model, typed: &Input, chosen: usize, reach: Reach, at: Position) -> Option<Hit> {
    let inner = inside(palette(model.size));
    let room = usize::from(palette_rows(model.size));
    if row(inner, room + 2).contains(at) {
        let mut end = usize::from(inner.x);
        return KEYS.iter().find_map(|key| {
            end += hint(model, key).iter().map(Span::width).sum::<usize>();
            (usize::from(at.x) < end).then_some(Hit::Answer(key.0))
        });
    }
    let of = (0..room).find(|y| row(inner, *y).contains(at))?;
    let choice = first(model, chosen) + of;
    (choice < found(model, typed.value(), reach).len()).then_some(Hit::Choice(choice))
}

/// The first of its keys; two where there is room.
fn keys_of(model: &Model, action: &Action, reach: Reach) -> String {
    let one = palette(model.size).width < WIDE || reach == Reach::Everywhere;
    let keys = model.keymap.keys(action.id).iter().take(if one { 1 } else { 2 });
    keys.map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Columns of a row; what there are none for is not shown.
#[derive(Clone, Copy)]
struct Columns {
    keys: usize,
    place: usize,
    /// With what is said beside it.
    title: usize,
}

/// With the gap behind it, if it is shown.
fn gapped(columns: usize) -> usize {
    if columns > 0 { columns + 2 } else { 0 }
}

fn line(model: &Model, action: &Action, here: bool, reach: Reach, columns: Columns) -> Line<'static> {
    let look = model.look;
    let mark = if here { look.signs.glyph("▌", ">") } else { " " };
    let refused = (action.refused)(model);
    let (about, tone) = match (&refused, action.danger) {
        (Some(reason), _) => (fit(reason, columns.title, look.signs), Tone::Dim),
        (None, Danger::Asks) => ("asks first".to_owned(), Tone::Notice),
        (None, Danger::None) => (String::new(), Tone::Plain),
    };
    // The title comes first; what there is no room for beside it is said below, of the chosen one.
    let left = columns.title.saturating_sub(width(action.title) + 3);
    let about = if width(&about) <= left { format!("{about} ") } else { String::new() };
    let title = if refused.is_some() { Tone::Dim } else { Tone::Plain };
    let place = padded(action.scope.place(), gapped(columns.place), look.signs);
    let line = Line::from(vec![
        look.span(Tone::Bold, mark),
        look.span(Tone::Bold, padded(&keys_of(model, action, reach), columns.keys + 2, look.signs)),
        look.span(Tone::Dim, place),
        look.span(title, padded(action.title, columns.title.saturating_sub(width(&about)), look.signs)),
        look.span(tone, about),
    ]);
    if here { line.patch_style(Modifier::REVERSED) } else { line }
}

/// The command that does the same to what is selected.
fn equivalent(model: &Model, action: &Action) -> Option<String> {
    Some(model.command_line(&action.command_words(|word| model.means(word))?))
}
