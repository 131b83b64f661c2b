//! The last row of the log, while something is typed or looked for:
//!
//! ```text
//! │ /error:█                                                 │
//! │ /error:(  unclosed group                                 │
//! │ /error:  searching 43 %                                  │
//! ```

use std::slice;

use ratatui::{Frame, layout::Rect, text::Line};

use super::{
    coloured,
    text::{fit, width},
};
use crate::{
    console::{
        model::{Layer, Model, runs},
        search::{Search, Standing},
    },
    domain::{release::Release, sign::Tone, written::count},
};

pub fn render(model: &Model, release: &Release, frame: &mut Frame<'_>, area: Rect) {
    if area.is_empty() {
        return;
    }
    let look = model.look;
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let columns = usize::from(area.width).saturating_sub(1);
    let (mut line, said) = match (model.layers.first(), &model.log.search) {
        (Some(Layer::Search { typed, wrong }), _) => {
            let said = wrong.as_deref().map(|why| (Tone::Bad, fit(why, columns / 2, look.signs)));
            // What is said stands beside what was typed.
            let room = columns.saturating_sub(said.as_ref().map_or(0, |(_, why)| width(why) + 2)).max(1);
            let mut text = typed.value().to_owned();
            let cursor = text.char_indices().nth(typed.cursor()).map_or(text.len(), |(at, _)| at);
            text.push(' ');
            let under = text[cursor..].chars().next().map_or(0, char::len_utf8);
            let left = typed.visual_scroll(room.saturating_sub(1));
            (coloured::line(&text, left, room, look.colour, slice::from_ref(&(cursor..cursor + under))), said)
        }
        (_, Some(search)) => {
            let said = said(search, model, release).map(|(tone, words)| (tone, fit(&words, columns, look.signs)));
            let room = columns.saturating_sub(said.as_ref().map_or(0, |(_, words)| width(words) + 2));
            (Line::from(fit(search.pattern.as_str(), room, look.signs)), said)
        }
        (_, None) => return,
    };
    line.spans.insert(0, look.span(Tone::Bold, "/"));
    if let Some((tone, words)) = said {
        line.push_span(look.span(tone, format!("  {words}")));
    }
    frame.render_widget(line, area);
}

fn said(search: &Search, model: &Model, release: &Release) -> Option<(Tone, String)> {
    Some(match search.standing() {
        Standing::Matches => return None,
        Standing::Searching(lines) => {
            let percent = lines.saturating_mul(100).checked_div(model.log.total()).unwrap_or(0).min(100);
            (Tone::Dim, format!("searching {percent} %"))
        }
        Standing::Nothing if runs(release) => (Tone::Notice, "no match yet".to_owned()),
        Standing::Nothing => (Tone::Notice, "no match".to_owned()),
        Standing::TooMany(kept) => (Tone::Dim, format!("n and N go through the first {}", count(kept as u64))),
        Standing::Failed(failure) => (Tone::Bad, format!("{}: {}", failure.what, failure.why)),
    })
}
