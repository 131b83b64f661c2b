//! What was said last, in the upper right corner, where it hides what changes least, until a key or some time takes it away.
//! Beside a dialog, or where there is no room for a box, the newest takes the line at the bottom.
//!
//! ```text
//!                 ╭──────────────────────────────────────────────╮
//!                 │ ✓ release k3v… of balrog succeeded: match    │
//!                 │ • release 7fa… was told to cancel            │
//!                 ╰──────────────────────────────────────────────╯
//! ```

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{
    over,
    text::{fit, width, wrap},
};
use crate::{console::model::Model, domain::sign::Tone};

const WIDEST: usize = 66;
/// Lines of one.
const LINES: usize = 2;
/// The border, and the sign with a space at each side.
const AROUND: usize = 2 + 3 + 1;
const ROOM: (u16, u16) = (88, 20);

pub fn render(model: &Model, frame: &mut Frame<'_>, bottom: Rect) {
    let (look, screen) = (model.look, frame.area());
    if model.toasts.is_empty() {
        return;
    }
    if screen.width < ROOM.0 || screen.height < ROOM.1 {
        newest(model, frame, bottom);
        return;
    }
    let most = usize::from(screen.width).saturating_sub(2).min(WIDEST).saturating_sub(AROUND);
    let mut lines = Vec::new();
    for toast in model.toasts.iter() {
        let mut words = wrap(&toast.words, most);
        if words.len() > LINES {
            let rest = words.split_off(LINES - 1).join(" ");
            words.push(fit(&rest, most, look.signs));
        }
        for (i, words) in words.into_iter().enumerate() {
            lines.push((toast.tone, (i == 0).then(|| look.signs.tone(toast.tone)), words));
        }
    }
    let widest = lines.iter().map(|(.., words)| width(words)).max().unwrap_or(0) + AROUND;
    let columns = u16::try_from(widest).unwrap_or(u16::MAX).min(screen.width);
    let rows = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let area = Rect::new(screen.width - columns, 0, columns, rows).intersection(screen);
    over::clear(frame, area);
    let block = look.boxed("", false);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let lines: Vec<Line<'_>> = lines.into_iter().map(|(tone, sign, words)| line(model, tone, sign, words)).collect();
    frame.render_widget(Paragraph::new(lines), inner);
}

/// The newest one in a line.
pub fn newest(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let signs = model.look.signs;
    let Some(toast) = model.toasts.newest() else { return };
    let words = fit(&toast.words, usize::from(area.width).saturating_sub(4), signs);
    over::clear(frame, area);
    frame.render_widget(line(model, toast.tone, Some(signs.tone(toast.tone)), words), area);
}

fn line(model: &Model, tone: Tone, sign: Option<&'static str>, words: String) -> Line<'static> {
    let sign = format!(" {} ", sign.unwrap_or(" "));
    Line::from(vec![model.look.span(tone, sign), Span::raw(words)])
}

#[cfg(test)]
pub(super) mod tests;
