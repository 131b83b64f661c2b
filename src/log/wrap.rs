//! Lines broken into rows of a given width, from bytes as they are in the spool.
//!
//! A line of any length is looked at in segments, and no row reaches over the end of one. Where a row begins is so told
//! from the bytes around it alone: no place in a line of 100 MB is farther than another.

use std::ops::Range;

use memchr::memrchr;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::{
    escape::colour_code,
    sanitise::{MARKS, reorders},
};

/// Bytes of a segment, nearly: [`cut`] says where it really ends.
pub const SEGMENT: u64 = 32 * 1024;
/// Bytes to both sides of a cut that decide where it is.
pub const AROUND: u64 = 128;
const TAB: usize = 8;
/// Makes the character before it an emoji, which is wider.
const EMOJI: &[u8] = "\u{fe0f}".as_bytes();

/// The smallest part of a line that can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A character, and its columns: none for a mark that belongs to the one before.
    Text(&'a str, usize),
    Tab,
    /// A colour code.
    Code(&'a str),
    /// What must not reach a terminal. The spool has none of it.
    Nothing,
}

impl Piece<'_> {
    /// Columns that it takes in this one.
    pub fn columns(&self, column: usize) -> usize {
        match self {
            Self::Text(_, columns) => *columns,
            Self::Tab => TAB - column % TAB,
            Self::Code(_) | Self::Nothing => 0,
        }
    }
}

/// The pieces of a line, each with its bytes. Together they are all of the line.
pub struct Pieces<'a> {
    line: &'a [u8],
    at: usize,
    /// On the last character.
    marks: usize,
}

impl<'a> Pieces<'a> {
    pub fn of(line: &'a [u8]) -> Self {
        Self { line, at: 0, marks: 0 }
    }

    /// Passes over printable ASCII, whose bytes are a piece and a column each.
    fn pass_plain(&mut self) -> Range<usize> {
        let start = self.at;
        let rest = &self.line[start..];
        // Whole blocks without an early exit, so that the compiler can use vector instructions.
        let blocks = rest.chunks_exact(64).take_while(|block| block.iter().fold(true, |all, b| all & is_plain(*b)));
        let blocks = 64 * blocks.count();
        let mut length = blocks + rest[blocks..].iter().take_while(|byte| is_plain(**byte)).count();
        if rest.get(length).is_some_and(|byte| !byte.is_ascii()) {
            // What follows may belong to the last one.
            length = length.saturating_sub(1);
        }
        self.at += length;
        start..self.at
    }

    fn other(&mut self, rest: &'a [u8]) -> (usize, Piece<'a>) {
        let near = &rest[..rest.len().min(4)];
        let Some(chunk) = near.utf8_chunks().next() else { return (1, Piece::Nothing) };
        let Some(c) = chunk.valid().chars().next() else {
            self.marks = 0;
            return (chunk.invalid().len(), Piece::Text("\u{fffd}", 1));
        };
        let length = c.len_utf8();
        let piece = match c.width() {
            _ if matches!(c, '\u{2028}' | '\u{2029}') => Piece::Text(" ", 1),
            None => Piece::Nothing,
            _ if reorders(c) => Piece::Nothing,
            Some(0) if self.marks >= MARKS => Piece::Nothing,
            Some(0) => {
                self.marks += 1;
                Piece::Text(&chunk.valid()[..length], 0)
            }
            Some(columns) => return self.character(rest, length, columns),
        };
        (length, piece)
    }

    /// A character of so many bytes and columns, with the mark that makes an emoji of it.
    fn character(&mut self, rest: &'a [u8], length: usize, columns: usize) -> (usize, Piece<'a>) {
        self.marks = 0;
        let emoji = rest[length..].starts_with(EMOJI);
        let length = if emoji { length + EMOJI.len() } else { length };
        let text = std::str::from_utf8(&rest[..length]).unwrap_or_default();
        (length, Piece::Text(text, if emoji { text.width() } else { columns }))
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = (Range<usize>, Piece<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = &self.line[self.at..];
        let (length, piece) = match *rest.first()? {
            b'\t' => (1, Piece::Tab),
            byte if is_plain(byte) => self.character(rest, 1, 1),
            b'\x1b' => match colour_code(rest) {
                Some(length) => (length, Piece::Code(std::str::from_utf8(&rest[..length]).unwrap_or_default())),
                None => (1, Piece::Nothing),
            },
            byte if byte.is_ascii() => (1, Piece::Nothing),
            _ => self.other(rest),
        };
        if piece == Piece::Tab {
            self.marks = 0;
        }
        let start = self.at;
        self.at += length;
        Some((start..self.at, piece))
    }
}

fn is_plain(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte)
}

/// The rows of a segment, each at most so many columns wide, by the bytes that are theirs: at least one, and together
/// all of the segment. A tab that does not fit is cut; a character that is wider than the row has one of its own.
#[must_use]
pub fn rows(segment: &[u8], width: usize) -> Vec<Range<usize>> {
    let width = width.max(1);
    let mut rows = Vec::new();
    let (mut start, mut column) = (0, 0);
    let mut pieces = Pieces::of(segment);
    loop {
        let mut plain = pieces.pass_plain();
        while plain.len() > width.saturating_sub(column) {
            plain.start += width.saturating_sub(column);
            rows.push(start..plain.start);
            (start, column) = (plain.start, 0);
        }
        column += plain.len();
        let Some((bytes, piece)) = pieces.next() else { break };
        let mut columns = piece.columns(column);
        if piece == Piece::Tab && column < width {
            columns = columns.min(width - column);
        }
        if column > 0 && column + columns > width {
            rows.push(start..bytes.start);
            (start, column) = (bytes.start, 0);
            columns = piece.columns(0).min(width);
        }
        column += columns;
    }
    rows.push(start..segment.len());
    rows
}

/// The column after this text, which begins in `column`.
#[must_use]
pub fn column_after(text: &[u8], mut column: usize) -> usize {
    let mut pieces = Pieces::of(text);
    loop {
        column += pieces.pass_plain().len();
        let Some((_, piece)) = pieces.next() else { return column };
        column += piece.columns(column);
    }
}

/// Where in this text, which begins in `column`, the character is that has the column `wanted`, and the column in which
/// it begins. The text's end, if it is not reached.
#[must_use]
pub fn at_column(text: &[u8], mut column: usize, wanted: usize) -> (usize, usize) {
    let mut pieces = Pieces::of(text);
    loop {
        let plain = pieces.pass_plain();
        if column + plain.len() > wanted {
            let more = wanted.saturating_sub(column);
            return (plain.start + more, column + more);
        }
        column += plain.len();
        let Some((bytes, piece)) = pieces.next() else { return (text.len(), column) };
        let columns = piece.columns(column);
        if column + columns > wanted {
            return (bytes.start, column);
        }
        column += columns;
    }
}

/// The nearest place from `at` on where a segment may end: not inside a character or a colour code, nor before a mark.
/// What is [`AROUND`] it has to be there, as far as the line has it.
#[must_use]
pub fn cut(around: &[u8], at: usize) -> usize {
    let mut at = at.min(around.len());
    if let Some(escape) = memrchr(b'\x1b', &around[..at])
        && let Some(length) = colour_code(&around[escape..])
    {
        at = at.max(escape + length);
    }
    at += around[at..].iter().take(3).take_while(|byte| (0x80..0xc0).contains(*byte)).count();
    let marks = Pieces::of(&around[at..]).take(MARKS + 1).take_while(|(_, piece)| matches!(piece, Piece::Text(_, 0)));
    at + marks.last().map_or(0, |(bytes, _)| bytes.end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::log::hostile;

    fn wrapped(text: &str, width: usize) -> Vec<&str> {
        rows(text.as_bytes(), width).into_iter().map(|row| &text[row]).collect()
    }

    #[test]
    fn rows_end_where_the_next_character_has_no_room() {
        assert_eq!(wrapped("0123456789", 4), ["0123", "4567", "89"]);
        assert_eq!(wrapped("01234567", 4), ["0123", "4567"]);
        assert_eq!(wrapped("", 4), [""]);
        assert_eq!(wrapped("日本語", 5), ["日本", "語"]);
        assert_eq!(wrapped("日x本", 1), ["日", "x", "本"]);
        assert_eq!(wrapped("a\tbc\td", 10), ["a\tbc", "\td"]);
        assert_eq!(wrapped("a\tb", 5), ["a\t", "b"], "a tab is cut at the row's end");
        assert_eq!(wrapped("abe\u{301}cd", 3), ["abe\u{301}", "cd"]);
        assert_eq!(wrapped("ab1\u{fe0f}\u{20e3}cd", 4), ["ab1\u{fe0f}\u{20e3}", "cd"]);
        assert_eq!(wrapped("\x1b[31mabcd\x1b[0mef", 4), ["\x1b[31mabcd\x1b[0m", "ef"]);
    }

    #[test]
    fn columns_are_found_and_counted() {
        let text = "ab\t日x\x1b[1mé";
        assert_eq!(column_after(text.as_bytes(), 0), 12);
        assert_eq!(column_after(b"\t", 5), 8);
        for (wanted, found) in [(0, (0, 0)), (1, (1, 1)), (5, (2, 2)), (9, (3, 8)), (10, (6, 10)), (11, (11, 11))] {
            assert_eq!(at_column(text.as_bytes(), 0, wanted), found, "{wanted}");
        }
        assert_eq!(at_column(text.as_bytes(), 0, 12), (text.len(), 12));
    }

    #[test]
    fn a_cut_is_beside_what_belongs_together() {
        for (text, at, expected) in [
            ("abcd", 2, 2),
            ("ab日cd", 3, 5),
            ("ab\x1b[31mcd", 4, 7),
            ("ab\x1b[31mcd", 2, 2),
            ("abe\u{301}\u{302}cd", 3, 7),
            ("ab", 9, 2),
        ] {
            assert_eq!(cut(text.as_bytes(), at), expected, "{text:?} {at}");
        }
    }

    #[test]
    fn what_acts_on_a_terminal_is_no_text() {
        let hostile = b"a\x1b]52;c;eA==\x07\x1b[2J\x9b\x00\r\xe2\x80\xaeb\xc2\x9bc\xff";
        let shown: String = Pieces::of(hostile)
            .map(|(_, piece)| match piece {
                Piece::Text(text, _) => text,
                _ => "",
            })
            .collect();
        assert_eq!(shown, "a]52;c;eA==[2J\u{fffd}bc\u{fffd}");
        let flood = format!("e{}", "\u{301}".repeat(500));
        let marks = Pieces::of(flood.as_bytes()).filter(|(_, piece)| matches!(piece, Piece::Text(_, 0))).count();
        assert_eq!(marks, MARKS);
    }

    proptest! {
        #[test]
        fn rows_put_together_are_the_line_and_none_is_too_wide(line in hostile::line(), width in 1_usize..40) {
            let rows = rows(&line, width);
            let mut at = 0;
            for row in &rows {
                prop_assert_eq!(row.start, at);
                at = row.end;
                let mut column = 0;
                for (_, piece) in Pieces::of(&line[row.clone()]) {
                    column += match piece {
                        Piece::Tab => piece.columns(column).min(width - column),
                        _ => piece.columns(column),
                    };
                }
                prop_assert!(column <= width.max(2), "{} columns", column);
            }
            prop_assert_eq!(at, line.len());
            prop_assert!(rows.iter().all(|row| !row.is_empty() || line.is_empty()));
        }

        #[test]
        fn pieces_are_all_of_the_line_and_harmless(line in hostile::line()) {
            let mut at = 0;
            for (bytes, piece) in Pieces::of(&line) {
                prop_assert_eq!(bytes.start, at);
                prop_assert!(!bytes.is_empty());
                at = bytes.end;
                if let Piece::Text(text, columns) = piece {
                    prop_assert!(!text.chars().any(|c| c.is_control() || reorders(c)));
                    prop_assert!(columns <= 2);
                }
            }
            prop_assert_eq!(at, line.len());
        }

        #[test]
        fn a_column_is_found_where_it_was_counted(line in hostile::line(), wanted in 0_usize..200) {
            let (at, column) = at_column(&line, 0, wanted);
            prop_assert_eq!(column_after(&line[..at], 0), column);
            prop_assert!(column <= wanted);
            prop_assert!(at == line.len() || column_after(&line[..=at], 0) <= wanted + 2 || column + TAB > wanted);
        }

        #[test]
        fn cutting_changes_neither_columns_nor_pieces(line in hostile::line(), at in any::<prop::sample::Index>()) {
            let at = cut(&line, at.index(line.len() + 1));
            let (before, after) = line.split_at(at);
            prop_assert_eq!(column_after(after, column_after(before, 0)), column_after(&line, 0));
        }
    }
}
