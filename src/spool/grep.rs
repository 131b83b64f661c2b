//! Searching a log, a chunk at a time.

use std::{
    borrow::Cow,
    ops::{ControlFlow, Range},
};

use memchr::{memchr, memchr_iter, memrchr};
use regex::Regex;

use super::{
    error::SpoolError,
    read::{Chunk, Chunks, Reader},
};
use crate::log::{
    bare::bare,
    pattern::{Part, Pattern},
};

/// What is searched at once by who has other things to do: milliseconds where the log is in memory, and not long from a
/// disk either.
const PART: u64 = 16 * 1024 * 1024;

/// A line that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text<'a> {
    Whole(&'a str),
    /// It is too long to be held: its bytes in the log, for [`Reader::bytes_at`].
    Long(Range<u64>),
}

impl Reader {
    /// Gives every line in which the pattern is found, or with `invert` every other line, with its
    /// number from 0, until `found` has enough. Colour codes inside of what is looked for do not hide it.
    pub fn grep(
        &self,
        pattern: &Regex,
        invert: bool,
        mut found: impl FnMut(u64, Text<'_>) -> ControlFlow<()>,
    ) -> Result<(), SpoolError> {
        self.grep_between((0, 0), self.index.bytes(), pattern, invert, &mut found)
    }

    /// Searches a part of the log, about 16 MiB of it, from this line on. Gives the line that the next part
    /// begins with; where that is [`Self::lines`], this was the last.
    pub fn grep_part(
        &self,
        first: u64,
        pattern: &Regex,
        invert: bool,
        mut found: impl FnMut(u64, Text<'_>),
    ) -> Result<u64, SpoolError> {
        let Some((start, end, next)) = self.part(first) else { return Ok(first) };
        self.grep_between(start, end, pattern, invert, &mut |number, line| {
            if number >= first {
                found(number, line);
            }
            ControlFlow::Continue(())
        })?;
        Ok(next)
    }

    /// Hands on the lines of a part of the log, as [`Self::grep_part`] cuts it, from this line on; in place of one that is
    /// too long to be held, nothing. Gives the line that the next part begins with.
    pub fn lines_part(&self, first: u64, mut on: impl FnMut(u64, &str)) -> Result<u64, SpoolError> {
        let Some(((byte, mut number), end, next)) = self.part(first) else { return Ok(first) };
        let mut on = |number, line: &str| {
            if number >= first {
                on(number, line);
            }
        };
        let mut chunks = Chunks::new(&self.path, &self.log, byte, end);
        while let Some(chunk) = chunks.next()? {
            match chunk {
                Chunk::Lines(lines) => {
                    for line in text(lines).split_terminator('\n') {
                        on(number, line);
                        number += 1;
                    }
                }
                Chunk::Part { text, .. } if text.ends_with(b"\n") => {
                    on(number, "");
                    number += 1;
                }
                Chunk::Part { .. } => {}
            }
        }
        Ok(next)
    }

    /// About 16 MiB of the log in which this line is: byte and line where they begin, the byte where they end, and the
    /// line after them. `None` after the end.
    fn part(&self, first: u64) -> Option<((u64, u64), u64, u64)> {
        let start = self.index.before(first).filter(|_| first < self.lines())?;
        let after = self.index.entries().partition_point(|entry| entry.byte < start.byte + PART);
        let next = self.index.entries().get(after).map(|entry| (entry.byte, entry.line));
        let (end, next) = next.unwrap_or((self.index.bytes(), self.lines()));
        Some(((start.byte, start.line), end, next))
    }

    /// From the beginning of a line, which has this number, up to the beginning of another.
    pub(super) fn grep_between(
        &self,
        (start, mut number): (u64, u64),
        end: u64,
        pattern: &Regex,
        invert: bool,
        found: &mut impl FnMut(u64, Text<'_>) -> ControlFlow<()>,
    ) -> Result<(), SpoolError> {
        let across = can_search_across(pattern.as_str());
        let mut chunks = Chunks::new(&self.path, &self.log, start, end);
        let mut at = start;
        let mut long = None;
        while let Some(chunk) = chunks.next()? {
            let flow = match chunk {
                Chunk::Lines(lines) => {
                    let text = text(lines);
                    let first = number;
                    at += lines.len() as u64;
                    number += memchr_iter(b'\n', lines).count() as u64;
                    match bare(&text) {
                        Cow::Borrowed(text) => {
                            search(text, first, pattern, invert, across, &mut |n, line| found(n, Text::Whole(line)))
                        }
                        Cow::Owned(bare) => {
                            let mut coloured = Lines { text: &text, number: first };
                            search(&bare, first, pattern, invert, across, &mut |n, _| {
                                found(n, Text::Whole(coloured.line(n)))
                            })
                        }
                    }
                }
                Chunk::Part { text, seen } => {
                    let (begun, hit) = long.get_or_insert((at, false));
                    *hit = *hit || part(text, seen).first(pattern).is_some();
                    at += (text.len() - seen) as u64;
                    if !text.ends_with(b"\n") {
                        continue;
                    }
                    let (line, hit) = (*begun..at - 1, *hit);
                    long = None;
                    number += 1;
                    if hit == invert { ControlFlow::Continue(()) } else { found(number - 1, Text::Long(line)) }
                }
            };
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Where in a line the pattern is found first, in bytes of the line.
    pub fn first_in(&self, line: u64, pattern: &Pattern) -> Result<Option<u64>, SpoolError> {
        let Some((lines, bytes)) = self.index.group(line) else { return Ok(None) };
        let mut chunks = Chunks::new(&self.path, &self.log, bytes.start, bytes.end);
        let (mut number, mut passed) = (lines.start, 0);
        while let Some(chunk) = chunks.next()?.filter(|_| number <= line) {
            match chunk {
                Chunk::Lines(text) => {
                    for text in text.split_inclusive(|byte| *byte == b'\n') {
                        if number == line {
                            let found = pattern.first_in(text.strip_suffix(b"\n").unwrap_or(text));
                            return Ok(found.map(|found| found.start as u64));
                        }
                        number += 1;
                    }
                }
                Chunk::Part { text, seen } => {
                    if number == line
                        && let Some(at) = part(text, seen).first(pattern.regex())
                    {
                        return Ok(Some(passed + at as u64 - seen as u64));
                    }
                    passed += (text.len() - seen) as u64;
                    if text.ends_with(b"\n") {
                        (number, passed) = (number + 1, 0);
                    }
                }
            }
        }
        Ok(None)
    }

    /// Whether this is found in a line that was found for something else.
    pub(super) fn is_in(&self, text: &Text<'_>, pattern: &Regex) -> Result<bool, SpoolError> {
        match text {
            Text::Whole(line) => Ok(pattern.is_match(&bare(line))),
            Text::Long(bytes) => {
                let mut hit = false;
                let found = &mut |_, _: Text<'_>| {
                    hit = true;
                    ControlFlow::Break(())
                };
                self.grep_between((bytes.start, 0), bytes.end + 1, pattern, false, found)?;
                Ok(hit)
            }
        }
    }
}

/// As `from_utf8_lossy`, which looks at bytes one by one, but for what is text already at the speed of memory.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    simdutf8::basic::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// The lines of a chunk, gone through forwards.
struct Lines<'a> {
    text: &'a str,
    /// Of the line that the text begins with.
    number: u64,
}

impl<'a> Lines<'a> {
    fn line(&mut self, number: u64) -> &'a str {
        while self.number < number {
            self.text = self.text.split_once('\n').map_or("", |(_, rest)| rest);
            self.number += 1;
        }
        self.text.split_once('\n').map_or(self.text, |(line, _)| line)
    }
}

/// The part of a line that is in a chunk.
fn part(text: &[u8], seen: usize) -> Part<'_> {
    let line = text.strip_suffix(b"\n");
    Part { text: line.unwrap_or(text), begins: seen == 0, ends: line.is_some() }
}

fn search(
    text: &str,
    number: u64,
    pattern: &Regex,
    invert: bool,
    across: bool,
    found: &mut impl FnMut(u64, &str) -> ControlFlow<()>,
) -> ControlFlow<()> {
    if across {
        return search_across(text, number, pattern, invert, found);
    }
    every_line(text, number, &mut |n, line| {
        if pattern.is_match(line) == invert { ControlFlow::Continue(()) } else { found(n, line) }
    })
}

fn every_line(text: &str, mut number: u64, visit: &mut impl FnMut(u64, &str) -> ControlFlow<()>) -> ControlFlow<()> {
    let mut start = 0;
    for line_feed in memchr_iter(b'\n', text.as_bytes()) {
        visit(number, &text[start..line_feed])?;
        number += 1;
        start = line_feed + 1;
    }
    ControlFlow::Continue(())
}

/// One search runs over many lines, so that lines without a match cost next to nothing.
fn search_across(
    text: &str,
    mut number: u64,
    pattern: &Regex,
    invert: bool,
    found: &mut impl FnMut(u64, &str) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        // `at` is the beginning of a line. What matches a line matches here too, and not later; what
        // matches here may reach over the line's end, so the line is asked again alone.
        let hit = pattern.find_at(text, at);
        let start = hit.map_or(bytes.len(), |hit| memrchr(b'\n', &bytes[at..hit.start()]).map_or(at, |lf| at + lf + 1));
        if invert {
            every_line(&text[at..start], number, found)?;
        }
        if start == bytes.len() {
            break;
        }
        number += memchr_iter(b'\n', &bytes[at..start]).count() as u64;
        let end = memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |lf| start + lf);
        let line = &text[start..end];
        if pattern.is_match(line) != invert {
            found(number, line)?;
        }
        number += 1;
        at = end + 1;
    }
    ControlFlow::Continue(())
}

/// Whether one search over many lines finds what a search of each line alone would, and costs no more.
///
/// Found is the same when nothing in the pattern looks at what is around a match: everything that does is
/// written with `^`, `$` or an escaped letter (regex-syntax 0.8, `AssertionKind`). It costs no more when
/// nothing in it reaches over a line's end, else every line could be a search to the chunk's end. Escapes
/// and flags are refused but for the common ones that are known to be neither. A pattern that is refused
/// is searched line by line: slower, with the same result.
fn can_search_across(pattern: &str) -> bool {
    let mut rest = pattern;
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        match character {
            '^' | '$' | '\n' => return false,
            '\\' => match rest.chars().next() {
                Some(escaped)
                    if "dwS".contains(escaped) || (escaped.is_ascii_punctuation() && !"<>".contains(escaped)) =>
                {
                    rest = &rest[1..];
                }
                _ => return false,
            },
            '(' if rest.starts_with('?') && !rest.starts_with("?:") && !rest.starts_with("?i)") => return false,
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn searched(text: &str, pattern: &Regex, invert: bool) -> Vec<(u64, String)> {
        let mut lines = Vec::new();
        let flow = search_across(text, 10, pattern, invert, &mut |number, line| {
            lines.push((number, line.to_owned()));
            ControlFlow::Continue(())
        });
        assert!(flow.is_continue());
        lines
    }

    #[test]
    fn patterns_that_look_around_are_searched_line_by_line() {
        for safe in ["error", "a.*b", r"\d+\.\d", "(x|y)?z", "(?i)a(?:b)", r"\[4\]", r"\^", "[0-9é]"] {
            assert!(can_search_across(safe), "{safe}");
        }
        for unsafe_ in [
            "^a", "a$", r"\ba", r"a\z", r"\A", r"\B", r"\<a", r"a\>", "[^x]", r"\\^", r"\D", r"\s", r"\n", "\n",
            "(?s)a.*b", "(?m:a)", "\\",
        ] {
            assert!(!can_search_across(unsafe_), "{unsafe_}");
        }
    }

    proptest! {
        #[test]
        fn searching_across_finds_what_every_line_alone_gives(
            lines in prop::collection::vec("[ab é]{0,6}", 0..20),
            pattern in prop::sample::select(vec![
                "a", "ab", "a*", "", r"a\s+b", "a.b", r"\s", "(?s)a.*b", "é", r"b\sa", "a|b", "(?i)B", "[a\n]b", "\n",
            ]),
            invert: bool,
        ) {
            let pattern = Regex::new(pattern).unwrap();
            let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
            let expected: Vec<(u64, String)> = (10..)
                .zip(lines)
                .filter(|(_, line)| pattern.is_match(line) != invert)
                .collect();
            prop_assert_eq!(searched(&text, &pattern, invert), expected);
        }
    }
}
