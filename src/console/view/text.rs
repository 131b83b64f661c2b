//! Words in a place of a given width. Text from elsewhere is made harmless here before it is laid out.

use tui_input::Input;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::{domain::sign::Signs, log::sanitise::plain};

pub fn width(text: &str) -> usize {
    text.width()
}

/// The text in at most so many columns, with a sign that something is missing.
pub fn fit(text: &str, columns: usize, signs: Signs) -> String {
    let text = plain(text);
    if text.width() <= columns {
        return text;
    }
    let mark = signs.glyph("…", "~");
    let mut cut = String::new();
    let mut used = mark.width();
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        cut.push(c);
    }
    if columns > 0 {
        cut.push_str(mark);
    }
    cut
}

/// [`fit`], with spaces up to the width.
pub fn padded(text: &str, columns: usize, signs: Signs) -> String {
    let mut text = fit(text, columns, signs);
    text.push_str(&" ".repeat(columns.saturating_sub(text.width())));
    text
}

/// What is typed, as much of it as there is room for, with a cursor.
pub fn line_with_cursor(typed: &Input, columns: usize, signs: Signs) -> String {
    let skip = typed.visual_scroll(columns.saturating_sub(1));
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
    if typed.cursor() >= typed.value().chars().count() {
        line.push_str(signs.glyph("▏", "_"));
    }
    fit(&line, columns, signs)
}

/// The text in lines of at most so many columns, broken between words where that is possible; its own line breaks
/// stay, and so do the gaps of a line that fits.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let indent = paragraph.len() - paragraph.trim_start_matches(' ').len();
        let paragraph = plain(paragraph);
        if indent + paragraph.width() <= columns {
            lines.push(" ".repeat(indent) + &paragraph);
            continue;
        }
        let mut line = String::new();
        for word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            if !line.is_empty() && line.width() + 1 + word.width() > columns {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            for c in word.chars() {
                if line.width() + c.width().unwrap_or(0) > columns {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(c);
            }
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn lines_break_between_words_or_where_they_must() {
        assert_eq!(wrap("the tag is taken", 8), ["the tag", "is taken"]);
        assert_eq!(wrap("sha256:0123456789", 10), ["sha256:012", "3456789"]);
        assert_eq!(wrap("one\n\ntwo", 8), ["one", "", "two"]);
        assert_eq!(wrap("a   b", 5), ["a   b"]);
        assert_eq!(wrap("  a", 5), ["  a"]);
        assert_eq!(wrap("a   b", 4), ["a b"]);
    }
}
