//! The text of rows: what is seen of a line, its colours, and what was found in it.

use std::ops::Range;

use super::{Row, Source, Window, walk::byte_at};
use crate::log::{
    escape::{colour_code, is_reset},
    pattern::Pattern,
    wrap::{Piece, Pieces, SEGMENT},
};

/// Bytes before a row in which the colours are looked for that are on where it begins.
const BEFORE: u64 = SEGMENT;
/// Bytes after it in which what was found there may end.
const AFTER: u64 = 4096;
/// Colour codes that are on at once.
const CODES: usize = 16;

/// Adds rows of one line, which follow each other there, to a window.
pub(super) fn rows<S: Source>(
    source: &mut S,
    window: &mut Window,
    line: u64,
    rows: &[Range<u64>],
    marks: Option<&Pattern>,
) -> Result<(), S::Error> {
    let time = source.time(line);
    let mut column = 0;
    let mut seen = rows.to_vec();
    if !window.layout.wrap {
        let first = byte_at(source, line, window.columns.start, (0, 0))?;
        let end = byte_at(source, line, window.columns.end, first)?;
        column = first.1;
        seen = std::iter::once(first.0..end.0).collect();
    }
    let (Some(first), Some(last)) = (seen.first(), seen.last()) else { return Ok(()) };
    let start = first.start.saturating_sub(BEFORE);
    let length = source.length(line)?;
    let text = source.read(line, start..last.end.saturating_add(AFTER).min(length))?;
    let found = marks.map_or_else(Vec::new, |pattern| pattern.found_in(&text));
    let in_text = |byte: u64| usize::try_from(byte - start).unwrap_or(usize::MAX).min(text.len());
    for bytes in seen {
        let here = in_text(bytes.start)..in_text(bytes.end);
        let mut row =
            Row { line, byte: bytes.start, column, text: colours(&text[..here.start]), time, marks: Vec::new() };
        write(&mut row, &text, here, &found);
        window.rows.push(row);
    }
    Ok(())
}

fn write(row: &mut Row, text: &[u8], here: Range<usize>, found: &[Range<usize>]) {
    for (bytes, piece) in Pieces::of(&text[here.clone()]) {
        let at = here.start + bytes.start;
        let begin = row.text.len();
        match piece {
            Piece::Text(text, _) | Piece::Code(text) => row.text.push_str(text),
            Piece::Tab => row.text.push('\t'),
            Piece::Nothing => {}
        }
        let nearest = found[..found.partition_point(|range| range.start <= at)].last();
        if nearest.is_some_and(|range| range.contains(&at)) {
            match row.marks.last_mut() {
                Some(mark) if mark.end == begin => mark.end = row.text.len(),
                _ => row.marks.push(begin..row.text.len()),
            }
        }
    }
}

/// The colour codes that are on after this text.
fn colours(before: &[u8]) -> String {
    let mut on: Vec<&[u8]> = Vec::new();
    for escape in memchr::memchr_iter(b'\x1b', before) {
        let Some(length) = colour_code(&before[escape..]) else { continue };
        let code = &before[escape..escape + length];
        if is_reset(&code[2..]) {
            on.clear();
        } else {
            on.push(code);
        }
    }
    String::from_utf8_lossy(&on[on.len().saturating_sub(CODES)..].concat()).into_owned()
}
