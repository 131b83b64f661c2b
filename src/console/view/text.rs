//! Words in a place of a given width. Text from elsewhere is made harmless here before it is laid out.

use ratatui::{
    Frame,
    buffer::CellWidth as _,
    layout::Rect,
    style::Style,
    text::{Line, Span},
};
use tui_input::Input;
use unicode_width::UnicodeWidthChar as _;

use crate::{domain::sign::Signs, log::sanitise::plain};

/// Lines of one text; no box has room for as many.
const MOST: usize = 500;

#[cfg(test)]
thread_local! {
    /// Texts that were laid out: what a frame costs.
    pub static MEASURED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Columns that it has where it is drawn. What is drawn as one may have others than its characters have one by one.
pub fn width(text: &str) -> usize {
    #[cfg(test)]
    MEASURED.set(MEASURED.get() + 1);
    if text.is_ascii() {
        text.len()
    } else {
        Span::raw(text).styled_graphemes(Style::new()).map(|g| columns(g.symbol)).sum()
    }
}

/// Draws a line, each part where the one before it ends. As a widget each begins as far behind as the characters of that
/// one are wide together, which of letters that are written as one is less than what they have where they are drawn.
pub fn put(frame: &mut Frame<'_>, line: &Line<'_>, area: Rect) {
    let area = area.intersection(frame.area());
    frame.buffer_mut().set_style(area, line.style);
    if !area.is_empty() {
        frame.buffer_mut().set_line(area.x, area.y, line, area.width);
    }
}

/// Of what is drawn as one.
fn columns(grapheme: &str) -> usize {
    usize::from(grapheme.cell_width())
}

/// Without what has no columns of its own, nor is part of what has: its cell would be nowhere, and those after it would be
/// drawn in others' places. The same holds for the sound marks beside narrow katakana, which terminals and libraries
/// count differently; they are put on the character instead, as Unicode decomposes them.
pub fn seen(text: String) -> String {
    if text.is_ascii() {
        return text;
    }
    let text = text.replace('\u{ff9e}', "\u{3099}").replace('\u{ff9f}', "\u{309a}");
    let graphemes = Span::raw(&text);
    graphemes.styled_graphemes(Style::new()).map(|g| g.symbol).filter(|symbol| columns(symbol) > 0).collect()
}

/// The text in at most so many columns, with a sign that something is missing.
pub fn fit(text: &str, most: usize, signs: Signs) -> String {
    let mut text = seen(plain(text));
    if width(&text) <= most {
        return text;
    }
    let mark = signs.glyph("…", "~");
    let (mut end, mut used) = (0, width(mark));
    for grapheme in Span::raw(&text).styled_graphemes(Style::new()) {
        used += columns(grapheme.symbol);
        if used > most {
            break;
        }
        end += grapheme.symbol.len();
    }
    text.truncate(end);
    if most > 0 {
        text.push_str(mark);
    }
    text
}

/// [`fit`], where the end tells more than what is before it: of `master-2026-11-21-09-30-00` the time.
pub fn fit_ends(text: &str, most: usize, signs: Signs) -> String {
    let text = seen(plain(text));
    let mark = signs.glyph("…", "~");
    let room = most.saturating_sub(width(mark));
    if width(&text) <= most || room == 0 {
        return fit(&text, most, signs);
    }
    let whole = Span::raw(&text);
    let graphemes: Vec<&str> = whole.styled_graphemes(Style::new()).map(|g| g.symbol).collect();
    let (mut before, mut after, mut used) = (0, graphemes.len(), 0);
    while before < after && used + columns(graphemes[before]) <= room / 3 {
        used += columns(graphemes[before]);
        before += 1;
    }
    while before < after && used + columns(graphemes[after - 1]) <= room {
        after -= 1;
        used += columns(graphemes[after]);
    }
    format!("{}{mark}{}", graphemes[..before].concat(), graphemes[after..].concat())
}

/// [`fit`], with spaces up to the width.
pub fn padded(text: &str, columns: usize, signs: Signs) -> String {
    let mut text = fit(text, columns, signs);
    text.push_str(&" ".repeat(columns.saturating_sub(width(&text))));
    text
}

/// What is typed, as much of it as there is room for, with a cursor.
pub fn line_with_cursor(typed: &Input, columns: usize, signs: Signs) -> String {
    let is_at_end = typed.cursor() >= typed.value().chars().count();
    // Where there is text behind it, the sign that it goes on has a column too.
    let skip = typed.visual_scroll(columns.saturating_sub(if is_at_end { 1 } else { 2 }));
    let mut used = 0;
    let mut line = String::new();
    for (number, c) in typed.value().chars().enumerate() {
        if number == typed.cursor() {
            line.push_str(signs.glyph("▏", "_"));
        }
        used += c.width().unwrap_or(0);
        if used > skip + columns {
            break;
        }
        if used > skip {
            line.push(c);
        }
    }
    if is_at_end {
        line.push_str(signs.glyph("▏", "_"));
    }
    fit(&line, columns, signs)
}

/// The text in lines of at most so many columns, broken between words where that is possible; its own line breaks
/// stay, and so do the gaps of a line that fits.
pub fn wrap(text: &str, most: usize) -> Vec<String> {
    let most = most.max(1);
    let mut lines = Vec::new();
    for paragraph in text.lines().take(MOST) {
        let indent = paragraph.len() - paragraph.trim_start_matches(' ').len();
        let paragraph = seen(plain(paragraph));
        if indent + width(&paragraph) <= most {
            lines.push(" ".repeat(indent) + &paragraph);
            continue;
        }
        let (mut line, mut used) = (String::new(), 0);
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            if !line.is_empty() && used + 1 + width(word) > most {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            if !line.is_empty() {
                line.push(' ');
                used += 1;
            }
            for grapheme in Span::raw(word).styled_graphemes(Style::new()) {
                let wide = columns(grapheme.symbol);
                if wide == 0 {
                    // The mark was on a space.
                    continue;
                }
                if !line.is_empty() && used + wide > most {
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                line.push_str(grapheme.symbol);
                used += wide;
            }
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::log::hostile;

    #[test]
    fn parts_of_a_line_lie_side_by_side_also_behind_letters_that_are_written_as_one() {
        let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(6, 1)).unwrap();
        let line = Line::from(vec![Span::raw("\u{644}\u{627}"), Span::raw("日"), Span::raw("'")]);
        terminal.draw(|frame| put(frame, &line, frame.area())).unwrap();
        let cells: Vec<&str> =
            terminal.backend().buffer().content().iter().map(ratatui::buffer::Cell::symbol).collect();
        assert_eq!(cells, ["\u{644}", "\u{627}", "日", " ", "'", " "]);
    }

    #[test]
    fn the_cursor_is_seen_wherever_it_is() {
        for text in ["", "ab", "0123456789", "日本語日本語"] {
            for at in 0..=text.chars().count() {
                for columns in 4..14 {
                    let typed = Input::new(text.to_owned()).with_cursor(at);
                    let line = line_with_cursor(&typed, columns, Signs::Unicode);
                    assert!(line.contains('▏') && width(&line) <= columns, "{text} {at} {columns}: {line}");
                }
            }
        }
        let typed = Input::new("0123456789".to_owned()).with_cursor(7);
        assert_eq!(line_with_cursor(&typed, 6, Signs::Unicode), "3456▏…");
    }

    #[test]
    fn what_does_not_fit_is_marked() {
        assert_eq!(fit("master", 6, Signs::Unicode), "master");
        assert_eq!(fit("master", 5, Signs::Unicode), "mast…");
        assert_eq!(fit("日本語", 5, Signs::Unicode), "日本…");
        assert_eq!(fit("日本語", 4, Signs::Ascii), "日~");
        assert_eq!(fit("x", 0, Signs::Unicode), "");
        assert_eq!(padded("ab", 4, Signs::Unicode), "ab  ");
        assert_eq!(fit("a\x1b[2Jb\u{202e}", 9, Signs::Unicode), "ab");
    }

    #[test]
    fn of_what_ends_in_a_time_the_end_is_kept() {
        let tag = "master-2026-11-21-09-30-00";
        for (most, seen) in [(26, tag), (18, "maste…-21-09-30-00"), (9, "ma…-30-00"), (2, "…0"), (1, "…"), (0, "")]
        {
            assert_eq!(fit_ends(tag, most, Signs::Unicode), seen);
        }
        assert_eq!(fit_ends("日本語日本", 7, Signs::Ascii), "日~日本");
    }

    #[test]
    fn lines_break_between_words_or_where_they_must() {
        assert_eq!(wrap("the tag is taken", 8), ["the tag", "is taken"]);
        assert_eq!(wrap("sha256:0123456789", 10), ["sha256:012", "3456789"]);
        assert_eq!(wrap("one\n\ntwo", 8), ["one", "", "two"]);
        assert_eq!(wrap("a   b", 5), ["a   b"]);
        assert_eq!(wrap("  a", 5), ["  a"]);
        assert_eq!(wrap("a   b", 4), ["a b"]);
    }

    #[test]
    fn what_is_drawn_as_one_has_its_own_columns() {
        assert_eq!(fit(&"❤\u{fe0f}".repeat(4), 4, Signs::Unicode), "❤\u{fe0f}…");
        assert_eq!(fit("👩\u{200d}👩\u{200d}👧x", 3, Signs::Unicode), "👩\u{200d}👩\u{200d}👧x");
        assert_eq!(wrap(&"❤\u{fe0f}".repeat(3), 5), ["❤\u{fe0f}❤\u{fe0f}", "❤\u{fe0f}"]);
        assert_eq!(wrap("日本", 1), ["日", "本"]);
        assert_eq!(fit("\u{301}ｶ\u{ff9e}日\u{200b}", 9, Signs::Unicode), "ｶ\u{3099}日");
        assert_eq!(wrap(&"\n".repeat(9000), 9).len(), MOST);
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_its_place(text in hostile::line(), most in 0_usize..40, signs in prop::sample::select(vec![Signs::Unicode, Signs::Ascii])) {
            let text = String::from_utf8_lossy(&text);
            prop_assert!(width(&fit(&text, most, signs)) <= most);
            prop_assert!(width(&fit_ends(&text, most, signs)) <= most);
            prop_assert_eq!(width(&padded(&text, most, signs)), most);
            let lines = wrap(&text, most);
            prop_assert!(lines.iter().all(|line| width(line) <= most.max(4)), "{:?}", lines);
            let odd = |c: char| c.is_whitespace() || c.width() == Some(0) || matches!(c, '\u{ff9e}' | '\u{ff9f}');
            let letters = |text: &str| text.chars().filter(|c| !odd(*c)).collect::<String>();
            let kept: String = text.lines().map(plain).collect();
            prop_assert_eq!(letters(&lines.concat()), letters(&kept));
        }
    }
}
