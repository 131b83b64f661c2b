//! Every action that can be done here; what is typed narrows them down, enter does the chosen one.
//!
//! ```text
//! ╭ Find an action: canc▏ ───────────────────────────────────────╮
//! │▌x        cancel the release that runs   asks first           │
//! │                                                              │
//! │ windlass cancel k3v…                                         │
//! │ enter do it   esc close                                      │
//! ╰──────────────────────────────────────────────────────────────╯
//! ```

use ratatui::{Frame, layout::Rect, style::Modifier, text::Line, widgets::Clear};
use tui_input::Input;

use super::text::{fit, padded, width};
use crate::{
    console::{
        action::{Action, Danger, Id},
        model::Model,
        press::layers::found,
    },
    domain::sign::Tone,
};

const WIDEST: u16 = 78;
const KEYS: usize = 16;

pub fn render(model: &Model, frame: &mut Frame<'_>, typed: &Input, at: usize) {
    let look = model.look;
    let screen = frame.area();
    let actions = found(model, typed.value());
    let columns = screen.width.saturating_sub(4).min(WIDEST);
    // As high as the list of all actions, so that it does not jump while somebody types.
    let rows = u16::try_from(found(model, "").len() + 5).unwrap_or(u16::MAX).min(screen.height.saturating_sub(2));
    let area = Rect::new((screen.width - columns) / 2, (screen.height.saturating_sub(rows)) / 2, columns, rows);
    frame.render_widget(Clear, area);
    let title = format!("Find an action: {}{}", typed.value(), look.signs.glyph("▏", "_"));
    let block = look.boxed(&title, false).border_style(look.style(Tone::Bold));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let room = usize::from(inner.height.saturating_sub(3));
    let first = at.saturating_sub(room.saturating_sub(1));
    let row = |y: usize| {
        let y = u16::try_from(y).unwrap_or(u16::MAX).min(inner.height.saturating_sub(1));
        Rect { y: inner.y + y, height: inner.height.min(1), ..inner }
    };
    for (i, action) in actions.iter().enumerate().skip(first).take(room) {
        let line = line(model, action, i == at, usize::from(inner.width));
        frame.render_widget(line, row(i - first));
    }
    if actions.is_empty() {
        frame.render_widget(look.span(Tone::Dim, " nothing is called that"), row(0));
    }
    if let Some(words) = actions.get(at).and_then(|action| equivalent(model, action)) {
        let words = fit(&words, usize::from(inner.width).saturating_sub(2), look.signs);
        frame.render_widget(look.span(Tone::Plain, format!(" {words}")), row(room + 1));
    }
    let keys = [(Id::HelpRun, "do it"), (Id::HelpUp, ""), (Id::HelpDown, "choose"), (Id::HelpClose, "close")];
    let mut line = Line::default();
    for (id, word) in keys {
        line.push_span(look.span(Tone::Bold, format!(" {}", Action::of(id).keys[0])));
        if !word.is_empty() {
            line.push_span(look.span(Tone::Dim, format!(" {word}  ")));
        }
    }
    frame.render_widget(line, row(room + 2));
}

fn line(model: &Model, action: &Action, here: bool, columns: usize) -> Line<'static> {
    let look = model.look;
    let mark = if here { look.signs.glyph("▌", ">") } else { " " };
    let refused = (action.refused)(model);
    let (about, tone) = match (&refused, action.danger) {
        (Some(reason), _) => (fit(reason, columns / 2, look.signs) + " ", Tone::Dim),
        (None, Danger::Asks) => ("asks first ".to_owned(), Tone::Notice),
        (None, Danger::None) => (String::new(), Tone::Plain),
    };
    let room = columns.saturating_sub(2 + KEYS + width(&about));
    let title = if refused.is_some() { Tone::Dim } else { Tone::Plain };
    let line = Line::from(vec![
        look.span(Tone::Bold, mark),
        look.span(Tone::Bold, padded(&action.keys_text(), KEYS, look.signs)),
        look.span(title, padded(action.title, room, look.signs)),
        look.span(tone, about),
    ]);
    if here { line.patch_style(Modifier::REVERSED) } else { line }
}

/// The command that does the same to what is selected.
fn equivalent(model: &Model, action: &Action) -> Option<String> {
    Some(model.command_line(&action.command_words(|word| model.means(word))?))
}
