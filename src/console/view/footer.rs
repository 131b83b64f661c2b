//! ```text
//!  n release  x cancel  enter log  f follow  z zoom  ? help  q quit
//!  /master-2026▏  3 of 240   enter keep  esc show all        or the name of a tag while it is typed
//! ```

use ratatui::{Frame, layout::Rect, text::Line};
use tui_input::Input;

use super::text::{line_with_cursor, width};
use crate::{
    console::{
        action::{Action, Id, Scope},
        model::{Layer, Model, Screen},
        press::scopes,
    },
    domain::{digest::Digest, sign::Tone},
};

pub fn render(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let look = model.look;
    let columns = usize::from(area.width);
    if let (Screen::Tags, Some(Layer::Narrow { typed })) = (model.screen, model.layers.last()) {
        frame.render_widget(name(model, typed, columns), area);
        return;
    }
    let mut hints = hints(model);
    let room = |hints: &[(&'static Action, String, &'static str)]| -> usize {
        hints.iter().map(|(_, key, hint)| width(key) + 1 + width(hint) + 2).sum()
    };
    // Whoever searches goes from match to match; what counts for a while is nowhere else to be read.
    let for_a_while = [Scope::Matches, Scope::Marking, Scope::Steps, Scope::Filtered, Scope::History];
    hints.sort_by_key(|(action, ..)| !for_a_while.contains(&action.scope));
    while room(&hints) > columns + 1 {
        // The way to all that is not shown is the last to go; the help is one to the palette too.
        let palette = hints.iter().position(|(action, ..)| action.id == Id::Commands);
        let last = palette.or_else(|| hints.iter().rposition(|(action, ..)| action.scope != Scope::Everywhere));
        hints.remove(last.unwrap_or(hints.len() - 1));
    }
    let mut spans = Vec::new();
    for (_, key, hint) in hints {
        spans.push(look.span(Tone::Bold, format!(" {key}")));
        spans.push(look.span(Tone::Dim, format!(" {hint} ")));
    }
    frame.render_widget(Line::from(spans), area);
}

fn name(model: &Model, typed: &Input, columns: usize) -> Line<'static> {
    let (look, tags) = (model.look, &model.tags);
    let keys = [Id::NarrowKeep, Id::NarrowEnd].map(Action::of);
    let [keep, all] = keys.map(|action| (model.keymap.first(action.id).to_string(), action.hint.unwrap_or_default()));
    let sought = tags.shown().len() == 0 && Digest::digits(typed.value()).is_some();
    let kept = if sought { "says what this digest is" } else { keep.1 };
    let said = format!("  {} of {}   ", tags.shown().len(), tags.rows().len());
    let rest = format!("{} {kept}  {} {}", keep.0, all.0, all.1);
    let room = columns.saturating_sub(width(&said) + width(&rest) + 2);
    Line::from(vec![
        look.span(Tone::Bold, " /"),
        look.span(Tone::Plain, line_with_cursor(typed, room, look.signs)),
        look.span(Tone::Bold, said),
        look.span(Tone::Dim, rest),
    ])
}

/// What can be done now, with its key: after the first key of two, what can follow it.
fn hints(model: &Model) -> Vec<(&'static Action, String, &'static str)> {
    let keymap = &model.keymap;
    if let Some(first) = model.pending {
        let follows = keymap.after(first, scopes(model)).into_iter();
        return follows.map(|(key, row)| (row, first.then(key).to_string(), row.hint.unwrap_or(row.title))).collect();
    }
    keymap
        .reachable(scopes(model))
        .filter(|action| (action.refused)(model).is_none())
        .filter_map(|action| Some((action, keymap.first(action.id).to_string(), action.hint?)))
        .collect()
}
