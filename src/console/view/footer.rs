//! ```text
//!  n release  x cancel  enter log  f follow  z zoom  ? help  q quit
//! ```

use ratatui::{Frame, layout::Rect, text::Line};

use super::text::width;
use crate::{
    console::{
        action::{Action, Scope},
        keymap::reachable,
        model::Model,
        press::scopes,
    },
    domain::sign::Tone,
};

pub fn render(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let look = model.look;
    let columns = usize::from(area.width);
    let mut hints: Vec<(&Action, String, &str)> = reachable(scopes(model))
        .filter(|action| (action.refused)(model).is_none())
        .filter_map(|action| Some((action, action.keys[0].to_string(), action.hint?)))
        .collect();
    let room = |hints: &[(&Action, String, &str)]| -> usize {
        hints.iter().map(|(_, key, hint)| width(key) + 1 + width(hint) + 2).sum()
    };
    // Whoever searches goes from match to match.
    hints.sort_by_key(|(action, ..)| action.scope != Scope::Matches);
    while room(&hints) > columns + 1 {
        // The way to all that is not shown is the last to go.
        let last = hints.iter().rposition(|(action, ..)| action.scope != Scope::Everywhere);
        hints.remove(last.unwrap_or(hints.len() - 1));
    }
    let mut spans = Vec::new();
    for (_, key, hint) in hints {
        spans.push(look.span(Tone::Bold, format!(" {key}")));
        spans.push(look.span(Tone::Dim, format!(" {hint} ")));
    }
    frame.render_widget(Line::from(spans), area);
}
