//! What others may do to the console: say what acts on a terminal, say it ten thousand times, set the clock, paste a
//! book. Nothing of it stops the console, reaches the terminal, or takes away what was typed.

mod clocks;
mod crowds;
mod names;
mod pastes;

use ratatui::{
    Terminal,
    backend::TestBackend,
    buffer::{Buffer, CellWidth as _},
};
use unicode_width::UnicodeWidthStr as _;

use super::{message::Message, model::Model, sample::tell, view::view};
use crate::log::sanitise::reorders;

/// Those that people have, one with hardly any room, and one with none.
pub const SIZES: [(u16, u16); 5] = [(60, 16), (100, 30), (180, 50), (20, 5), (1, 1)];
/// Characters in one cell: one, what is joined to it, and the marks of each.
const MOST: usize = 32;

/// The frame.
pub fn drawn(model: &Model) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(model.size.0, model.size.1)).unwrap();
    terminal.draw(|frame| view(model, frame)).unwrap().buffer.clone()
}

/// Says which cell of a frame acts on the terminal, or takes other columns there than here.
///
/// # Errors
/// What is wrong with the frame.
pub fn harmless(frame: &Buffer) -> Result<(), String> {
    let columns = frame.area.width;
    for (y, row) in frame.content.chunks(usize::from(columns)).enumerate() {
        let mut hidden = 0;
        for (x, cell) in (0..columns).zip(row) {
            let symbol = cell.symbol();
            let (width, count) = (cell.cell_width(), symbol.chars().count());
            let separates = |c| matches!(c, '\u{2028}' | '\u{2029}');
            let wrong = if symbol.chars().any(|c| c.is_control() || reorders(c) || separates(c)) {
                "acts on the terminal"
            } else if symbol.width() == 0 {
                "has no width"
            } else if hidden > 0 && symbol != " " {
                "is under a wide one"
            } else if hidden == 0 && width > columns - x {
                "reaches over the edge"
            } else if count > MOST * usize::from(width) {
                "is a flood"
            } else {
                hidden = if hidden > 0 { hidden - 1 } else { width - 1 };
                continue;
            };
            return Err(format!("{symbol:?} in row {y}, column {x} {wrong}"));
        }
    }
    Ok(())
}

/// The console as it is, on a terminal of this size for a while.
#[track_caller]
pub fn is_harmless(model: &mut Model, (columns, rows): (u16, u16), what: &str) {
    let size = model.size;
    tell(model, Message::Resized(columns, rows));
    if let Err(wrong) = harmless(&drawn(model)) {
        panic!("{what} at {columns}×{rows}: {wrong}");
    }
    tell(model, Message::Resized(size.0, size.1));
}
