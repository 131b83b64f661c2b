//! ```text
//!  n release  x cancel  enter log  f follow  z zoom  ? help  q quit        or one line about what was done
//! ```

use ratatui::{Frame, layout::Rect, text::Line};

use super::text::{fit, width};
use crate::{
    console::{
        action::{ACTIONS, Id},
        model::{Model, Pane, runs},
        press::scopes,
    },
    domain::sign::Tone,
};

pub fn render(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let look = model.look;
    let columns = usize::from(area.width);
    if let Some((tone, words)) = &model.notice {
        let words = fit(words, columns.saturating_sub(1), look.signs);
        frame.render_widget(Line::from(look.span(*tone, format!(" {words}"))), area);
        return;
    }
    let mut spans = Vec::new();
    let mut used = 1;
    for action in ACTIONS.iter().filter(|action| scopes(model).contains(&action.scope) && useful(model, action.id)) {
        let Some(hint) = action.hint else { continue };
        let key = action.keys[0].to_string();
        used += width(&key) + 1 + width(hint) + 2;
        if used > columns + 2 {
            break;
        }
        spans.push(look.span(Tone::Bold, format!(" {key}")));
        spans.push(look.span(Tone::Dim, format!(" {hint} ")));
    }
    frame.render_widget(Line::from(spans), area);
}

/// A hint for what can be done now.
fn useful(model: &Model, id: Id) -> bool {
    match id {
        Id::New => !model.read_only && !model.images().is_empty(),
        Id::Cancel => !model.read_only && model.selected().is_some_and(runs),
        Id::Open => model.focus == Pane::List && model.selected().is_some(),
        Id::NextImage => model.images().len() > 1,
        Id::Follow => model.focus == Pane::Log && model.selected().is_some_and(runs),
        _ => true,
    }
}
