//! How a tone looks: the sixteen colours of the terminal, bold and dim, so that light and dark both work.

use ratatui::{
    layout::Rect,
    style::{Color, Modifier, Style},
    symbols::border,
    text::Span,
    widgets::{Block, Borders},
};

use crate::{
    console::model::Look,
    domain::sign::{Signs, Tone},
};

const ASCII: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

impl Look {
    pub(super) fn style(self, tone: Tone) -> Style {
        let painted = |colour| if self.colour { Style::new().fg(colour) } else { Style::new() };
        match tone {
            Tone::Plain => Style::new(),
            Tone::Dim => Style::new().add_modifier(Modifier::DIM),
            Tone::Bold => Style::new().add_modifier(Modifier::BOLD),
            Tone::Good => painted(Color::Green),
            // Yellow on white cannot be read.
            Tone::Notice => painted(if self.light { Color::Magenta } else { Color::Yellow }),
            Tone::Bad => painted(Color::Red).add_modifier(Modifier::BOLD),
        }
    }

    pub(super) fn span<'a>(self, tone: Tone, text: impl Into<std::borrow::Cow<'a, str>>) -> Span<'a> {
        Span::styled(text, self.style(tone))
    }

    /// ` · ` between words of a line.
    pub(super) fn dot(self) -> &'static str {
        self.signs.glyph(" · ", " - ")
    }

    /// A box, with a title where that is not empty. The one that has the focus has a bright border and its title in reverse.
    pub(super) fn boxed(self, title: &str, focus: bool) -> Block<'_> {
        let set = if self.signs == Signs::Ascii { ASCII } else { border::ROUNDED };
        let (edge, words) = if focus {
            (self.style(Tone::Bold), Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED))
        } else {
            (self.style(Tone::Dim), Style::new())
        };
        let block = Block::new().borders(Borders::ALL).border_set(set).border_style(edge);
        if title.is_empty() { block } else { block.title(Span::styled(format!(" {title} "), words)) }
    }

    /// The line across a box, from border to border, at the row of `rule`: `├ Log ─────┤`.
    pub(super) fn rule(self, rule: Rect, title: &str, focus: bool) -> (Rect, String, Style) {
        let [left, dash, right] = ["├", "─", "┤"].map(|c| c);
        let glyph = |c| if self.signs == Signs::Ascii { if c == dash { "-" } else { "+" } } else { c };
        let area = Rect { x: rule.x.saturating_sub(1), width: rule.width + 2, ..rule };
        let title = super::text::fit(title, usize::from(rule.width).saturating_sub(3), self.signs);
        let used = super::text::width(&title) + 2;
        let rest = usize::from(rule.width).saturating_sub(used);
        let line = format!("{} {title} {}{}", glyph(left), glyph(dash).repeat(rest), glyph(right));
        (area, line, self.style(if focus { Tone::Bold } else { Tone::Dim }))
    }
}
