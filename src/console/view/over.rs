//! Room for what lies over the screen.

use ratatui::{Frame, buffer::CellWidth as _, layout::Rect, widgets::Clear};

/// Takes away what is drawn here. A wide character that reaches into it from the left goes whole: else it would hide the
/// border of what is drawn next.
pub fn clear(frame: &mut Frame<'_>, area: Rect) {
    let area = area.intersection(frame.area());
    frame.render_widget(Clear, area);
    for y in area.top()..area.bottom() {
        let mut x = 0;
        while x < area.x {
            let cell = &mut frame.buffer_mut()[(x, y)];
            x = x.saturating_add(cell.cell_width().max(1));
            if x > area.x {
                cell.set_symbol(" ");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::{Terminal, backend::TestBackend, text::Span};

    use super::*;

    #[test]
    fn no_half_of_a_character_is_left() {
        let mut terminal = Terminal::new(TestBackend::new(6, 1)).unwrap();
        let mut row = |x| {
            let drawn = terminal.draw(|frame| {
                frame.render_widget(Span::raw("日本語"), frame.area());
                clear(frame, Rect::new(x, 0, 2, 1));
                frame.render_widget(Span::raw("||"), Rect::new(x, 0, 2, 1));
            });
            drawn.unwrap().buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect::<String>()
        };
        assert_eq!(row(1), " || 語 ");
        assert_eq!(row(2), "日 ||語 ");
    }
}
