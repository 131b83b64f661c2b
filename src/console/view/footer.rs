//! ```text
//!  n release  x cancel  enter log  f follow  z zoom  ? help  q quit
//!  /master-2026▏  3 of 240   enter keep  esc show all        or the name of a tag while it is typed
//! ```
//! A hint that is clicked on is done.

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};
use tui_input::Input;

use super::text::{line_with_cursor, width};
use crate::{
    console::{
        action::{Action, Id, Scope, scopes},
        model::{Layer, Model, Pane, Screen},
        view::geometry::Geometry,
    },
    domain::{digest::Digest, sign::Tone},
};

/// What stands beside the next one, with the action that it is a hint of.
type Part = (Option<&'static Action>, Vec<Span<'static>>);

pub fn render(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let parts = parts(model, usize::from(area.width));
    frame.render_widget(Line::from(parts.into_iter().flat_map(|(_, spans)| spans).collect::<Vec<_>>()), area);
}

/// The action whose hint is in this column.
pub fn hit(model: &Model, column: u16) -> Option<&'static Action> {
    let mut end = 0;
    parts(model, usize::from(model.size.0)).into_iter().find_map(|(action, spans)| {
        end += spans.iter().map(Span::width).sum::<usize>();
        (usize::from(column) < end).then_some(action)
    })?
}

fn parts(model: &Model, columns: usize) -> Vec<Part> {
    if let (Screen::Tags, Some(Layer::Narrow { typed })) = (model.screen, model.layers.last()) {
        return name(model, typed, columns);
    }
    let look = model.look;
    let mut hints = hints(model);
    let room = |hints: &[(&'static Action, String, &'static str)]| -> usize {
        hints.iter().map(|(_, key, hint)| width(key) + 1 + width(hint) + 2).sum()
    };
    // Whoever searches goes from match to match; what counts for a while is nowhere else to be read. Whoever reads does
    // that, and begins nothing.
    let for_a_while = [Scope::Matches, Scope::Marking, Scope::Steps, Scope::Filtered, Scope::History];
    let reading = model.screen == Screen::Releases && model.focus == Pane::Log;
    hints.sort_by_key(|(action, ..)| match action.id {
        id if for_a_while.contains(&action.scope) || leads_back(model, id) => 0,
        Id::Follow | Id::Search | Id::Filter | Id::Steps | Id::Wrap if reading => 1,
        _ => 2,
    });
    while room(&hints) > columns + 1 {
        // The way to all that is not shown is the last to go; the help is one to the palette too.
        let palette = hints.iter().position(|(action, ..)| action.id == Id::Commands);
        let stays = |action: &Action| action.scope == Scope::Everywhere && !(reading && action.id == Id::NextImage);
        let last = palette.or_else(|| hints.iter().rposition(|(action, ..)| !stays(action)));
        hints.remove(last.unwrap_or(hints.len() - 1));
    }
    let part = |(action, key, hint)| {
        let spans = vec![look.span(Tone::Bold, format!(" {key}")), look.span(Tone::Dim, format!(" {hint} "))];
        (Some(action), spans)
    };
    hints.into_iter().map(part).collect()
}

/// What it came from is not on the screen now.
fn leads_back(model: &Model, id: Id) -> bool {
    match id {
        Id::Back => Geometry::of(model).list.is_empty(),
        Id::Zoom => model.zoom,
        Id::Found => model.doctor.zoom,
        Id::TagsBack => model.tags.whole.is_some(),
        _ => false,
    }
}

/// What it shows is on the screen already; what leads back from there is named.
fn is_seen(model: &Model, id: Id) -> bool {
    id == Id::Evidence && model.tags.whole.is_some()
}

fn name(model: &Model, typed: &Input, columns: usize) -> Vec<Part> {
    let (look, tags) = (model.look, &model.tags);
    let sought = tags.shown().len() == 0 && Digest::digits(typed.value()).is_some();
    let said = format!("  {} of {}   ", tags.shown().len(), tags.rows().len());
    let [keep, all] = [(Id::NarrowKeep, "  "), (Id::NarrowEnd, "")].map(|(id, gap)| {
        let action = Action::of(id);
        let hint =
            if sought && id == Id::NarrowKeep { "says what this digest is" } else { action.hint.unwrap_or_default() };
        (Some(action), vec![look.span(Tone::Dim, format!("{} {hint}{gap}", model.keymap.first(id)))])
    });
    let taken: usize = [&keep, &all].iter().flat_map(|(_, spans)| spans).map(Span::width).sum();
    let room = columns.saturating_sub(width(&said) + taken + 2);
    let typed = look.span(Tone::Plain, line_with_cursor(typed, room, look.signs));
    vec![(None, vec![look.span(Tone::Bold, " /"), typed, look.span(Tone::Bold, said)]), keep, all]
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
        .filter(|action| (action.refused)(model).is_none() && !is_seen(model, action.id))
        .filter_map(|action| Some((action, keymap.first(action.id).to_string(), action.hint?)))
        .collect()
}
