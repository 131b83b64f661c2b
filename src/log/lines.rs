//! Lines out of chunks: a build's output is not cut at line ends, and its lines may have no end at all.

use std::sync::Arc;

use memchr::{memchr, memrchr};

use super::{
    decoded::Decoded,
    redact::Redactor,
    sanitise::{clean_line, is_plain, sanitise_into},
};

/// What the longest line takes in memory before it is cut, in bytes.
pub const MAX_LINE: usize = 1 << 20;

/// The least that a line may take, in the longest forms of a secret and in bytes: what is held back of a line
/// that is cut must fit in half of it.
const LEAST: (usize, usize) = (4, 1024);

/// Most bytes of an escape sequence that are kept until its end arrives. Of a longer one its beginning is
/// enough to know that what follows goes as well.
const UNFINISHED: usize = 256;

/// Collects the chunks of one stream and hands on its lines, sanitised and redacted, without their LF.
///
/// A line of more than `max_line` bytes is handed on in pieces, cut neither inside a character or an escape
/// sequence nor inside a secret. How the chunks were cut makes no difference to what comes out.
#[derive(Debug)]
pub struct LineAssembler {
    limit: usize,
    redactor: Arc<Redactor>,
    /// The line that has not ended yet; never longer than `limit`.
    partial: Vec<u8>,
    /// A line's sanitised text, kept for its memory.
    clean: String,
}

impl LineAssembler {
    /// `max_line` in bytes, [`MAX_LINE`] where nothing else is wanted; raised where the secrets are so long
    /// that a shorter line could not be cut around them.
    #[must_use]
    pub fn new(max_line: usize, redactor: impl Into<Arc<Redactor>>) -> Self {
        let redactor = redactor.into();
        let limit = limit(max_line, &redactor);
        Self { limit, redactor, partial: Vec::new(), clean: String::new() }
    }

    /// From here on another redactor, which knows more.
    pub fn redact_by(&mut self, redactor: Arc<Redactor>) {
        self.limit = limit(self.limit, &redactor);
        self.redactor = redactor;
    }

    /// Takes a chunk and hands on the lines that it completes.
    pub fn push(&mut self, bytes: &[u8], out: &mut impl FnMut(&str)) {
        let mut rest = bytes;
        while let Some(end) = memchr(b'\n', rest) {
            let line = &rest[..end];
            rest = &rest[end + 1..];
            if self.partial.is_empty() && line.len() <= self.limit {
                hand_on(line, &self.redactor, &mut self.clean, out);
            } else {
                self.collect(line, out);
                self.end_line(out);
            }
        }
        self.collect(rest, out);
    }

    /// Hands on a last line that had no LF.
    pub fn finish(&mut self, out: &mut impl FnMut(&str)) {
        if !self.partial.is_empty() {
            self.end_line(out);
        }
    }

    fn end_line(&mut self, out: &mut impl FnMut(&str)) {
        hand_on(&self.partial, &self.redactor, &mut self.clean, out);
        self.partial.clear();
    }

    fn collect(&mut self, mut part: &[u8], out: &mut impl FnMut(&str)) {
        while !part.is_empty() {
            if self.partial.len() >= self.limit {
                self.make_room(out);
            }
            let (fits, rest) = part.split_at(part.len().min(self.limit - self.partial.len()));
            self.partial.extend_from_slice(fits);
            part = rest;
        }
    }

    /// Hands on a piece of a line that became too long, unless dropping what can never show is enough.
    fn make_room(&mut self, out: &mut impl FnMut(&str)) {
        let (whole, half_character) = self.partial.split_at(whole_characters(&self.partial));
        let text = String::from_utf8_lossy(whole);
        let ending = clean_line(&text, &mut self.clean);
        let cut = if self.clean.len() > self.limit / 2 { self.cut() } else { 0 };
        let piece = self.clean[..cut].to_owned();
        let mut kept = Vec::with_capacity(self.limit);
        kept.extend_from_slice(&self.clean.as_bytes()[cut..]);
        if ending.overwritten {
            kept.push(b'\r');
        }
        if let Some(at) = ending.unfinished {
            let sequence = &text.as_bytes()[at..];
            // ESC and the byte after it tell the kind.
            kept.extend_from_slice(if sequence.len() > UNFINISHED { &sequence[..2] } else { sequence });
        }
        kept.extend_from_slice(half_character);
        self.partial = kept;
        if cut > 0 {
            hand_on(piece.as_bytes(), &self.redactor, &mut self.clean, out);
        }
    }

    /// Where to cut the sanitised text: what stays may still grow into a secret, what goes holds none in part.
    fn cut(&self) -> usize {
        let text = self.clean.as_str();
        // One byte at least, so that the rest of the line is never empty.
        let hold = self.redactor.longest().max(1);
        let cut = match Decoded::without_colours(text.as_bytes()) {
            None => text.len().saturating_sub(hold),
            Some(bare) => match bare.bytes.len().checked_sub(hold) {
                None => 0,
                Some(at) => bare.source(&(at..at + 1)).start,
            },
        };
        // Colour codes by the hundred between a few characters would keep everything here.
        let cut = cut.max(before_colour(text, text.len().saturating_sub(self.limit / 2)));
        let cut = text.floor_char_boundary(cut);
        match self.redactor.find(text).into_iter().find(|secret| secret.start < cut && cut < secret.end) {
            None => cut,
            Some(secret) if secret.start > 0 && text.len() - secret.start <= self.limit / 2 => secret.start,
            Some(secret) => secret.end,
        }
    }
}

fn limit(max_line: usize, redactor: &Redactor) -> usize {
    max_line.max(LEAST.0 * redactor.longest()).max(LEAST.1)
}

/// Sanitises and redacts one line. Most lines are plain text without a secret: nothing of them is copied.
fn hand_on(line: &[u8], redactor: &Redactor, clean: &mut String, out: &mut impl FnMut(&str)) {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text = match std::str::from_utf8(line) {
        Ok(text) if is_plain(line) => text,
        _ => {
            sanitise_into(line, clean);
            clean
        }
    };
    out(&redactor.redact(text));
}

/// How many bytes there are before a character at the end whose last bytes are missing.
fn whole_characters(bytes: &[u8]) -> usize {
    let last = bytes.len().saturating_sub(3);
    let begun = bytes[last..].iter().rposition(|byte| *byte >= 0xc0).map(|at| last + at);
    match begun {
        Some(at) if std::str::from_utf8(&bytes[at..]).is_err_and(|error| error.error_len().is_none()) => at,
        _ => bytes.len(),
    }
}

/// This place in sanitised text, or the beginning of the colour code that it is in.
fn before_colour(text: &str, at: usize) -> usize {
    let before = &text.as_bytes()[..at];
    match memrchr(b'\x1b', before) {
        Some(escape) if memchr(b'm', &before[escape..]).is_none() => escape,
        _ => at,
    }
}

#[cfg(test)]
#[expect(clippy::format_collect, reason = "reads best, and is no hot path")]
mod tests {
    use proptest::prelude::*;
    use secrecy::SecretString;

    use super::*;
    use crate::log::{redact::REDACTED, sanitise::sanitise};

    const SECRET: &str = "hunter2/Swordfish+77";

    fn assembler(max_line: usize) -> LineAssembler {
        LineAssembler::new(max_line, Redactor::new(&[SecretString::from(SECRET)], []))
    }

    /// What comes out of these chunks.
    fn lines(max_line: usize, chunks: &[&[u8]]) -> Vec<String> {
        let mut assembler = assembler(max_line);
        let mut lines = Vec::new();
        let mut out = |line: &str| lines.push(line.to_owned());
        for chunk in chunks {
            assembler.push(chunk, &mut out);
            assert!(assembler.partial.len() <= assembler.limit);
        }
        assembler.finish(&mut out);
        lines
    }

    #[test]
    fn chunks_become_lines() {
        assert_eq!(
            lines(
                MAX_LINE,
                &[b"one\ntw", b"o\r", b"\n\n", b"hunter2/Sw", b"ordfish+77\nl\xc3", b"\xa9st \x1b[3", b"1mred"]
            ),
            ["one", "two", "", "[redacted]", "lést \x1b[31mred\x1b[0m"]
        );
        assert!(lines(MAX_LINE, &[b"", b""]).is_empty());
        assert_eq!(lines(MAX_LINE, &[b"a\n"]), ["a"]);
    }

    #[test]
    fn a_progress_bar_without_line_ends_stays_one_line() {
        let bar: Vec<u8> = (0..100_000).flat_map(|n| format!("\r\x1b[K{n} of 100000").into_bytes()).collect();
        assert_eq!(lines(4096, &bar.chunks(1000).collect::<Vec<_>>()), ["99999 of 100000"]);
    }

    #[test]
    fn an_escape_sequence_larger_than_a_line_goes_whole() {
        let picture = format!("before\x1b]1337;File=:{}\x07after\n", "QUJD".repeat(10_000));
        assert_eq!(lines(4096, &[picture.as_bytes()]), ["beforeafter"]);
    }

    #[test]
    fn what_shows_nothing_leaves_nothing() {
        let noise = [b"a".to_vec(), vec![0; 50_000], b"b\n".to_vec()].concat();
        assert_eq!(lines(4096, &[&noise]), ["ab"]);
    }

    #[test]
    fn secrets_on_end_are_redacted_to_the_last() {
        let text = SECRET.repeat(2000);
        for piece in lines(4096, &[text.as_bytes()]) {
            assert_eq!(piece, REDACTED);
        }
    }

    #[test]
    fn colours_by_the_hundred_do_not_stop_the_cut() {
        let text = "\x1b[38;2;100;100;100m\x1b[48;2;200;200;200mé".repeat(20_000);
        let pieces = lines(4096, &[text.as_bytes()]);
        assert_eq!(pieces.concat().matches('é').count(), 20_000);
        for piece in pieces {
            assert_eq!(sanitise(piece.as_bytes()), piece);
        }
    }

    /// Text of long lines with secrets, colours and characters of several bytes everywhere.
    fn output() -> impl Strategy<Value = Vec<u8>> {
        let coloured: String = SECRET.chars().map(|c| format!("\x1b[33m{c}")).collect();
        let piece = prop_oneof![
            8 => "[ -~é😀]{1,60}",
            2 => Just(SECRET.to_owned()),
            1 => Just(SECRET.replace('/', "%2F").replace('+', "\\u002b")),
            1 => Just(coloured),
            2 => prop::sample::select(vec!["\x1b[31m", "\x1b[0m", "\x1b]0;title\x07", "\r", "\r\n", "\n", "\0", "\x1b"])
                .prop_map(str::to_owned),
        ];
        let invalid = prop::collection::vec(any::<u8>(), 0..4);
        prop::collection::vec((piece, invalid), 0..150).prop_map(|pieces| {
            pieces.into_iter().flat_map(|(text, bytes)| [text.into_bytes(), bytes].concat()).collect()
        })
    }

    proptest! {
        #[test]
        fn how_chunks_are_cut_makes_no_difference(output in output(), sizes in prop::collection::vec(1_usize..400, 1..20)) {
            let mut chunks = Vec::new();
            let mut rest = output.as_slice();
            for size in sizes.iter().cycle() {
                if rest.is_empty() { break }
                let (chunk, after) = rest.split_at(rest.len().min(*size));
                chunks.push(chunk);
                rest = after;
            }
            prop_assert_eq!(lines(1024, &chunks), lines(1024, &[&output]));
        }

        #[test]
        fn lines_that_fit_come_out_as_if_alone(output in output()) {
            let redactor = Redactor::new(&[SecretString::from(SECRET)], []);
            let mut expected: Vec<String> = output
                .split(|byte| *byte == b'\n')
                .map(|line| redactor.redact(&sanitise(line)).into_owned())
                .collect();
            if output.is_empty() || output.ends_with(b"\n") {
                expected.pop();
            }
            prop_assert_eq!(lines(MAX_LINE, &[&output]), expected);
        }

        /// One line, cut many times at places that the filling moves about.
        #[test]
        fn no_cut_is_inside_a_secret_or_a_character(
            fillings in prop::collection::vec("[a-zé😀]{1,150}", 20..60),
            form in prop::sample::select(vec![
                SECRET.to_owned(),
                SECRET.replace('/', "%2f"),
                SECRET.chars().map(|c| format!("\x1b[1;38;2;1;2;3m{c}")).collect(),
                SECRET.bytes().map(|b| format!("\\u{b:04x}")).collect(),
                SECRET.bytes().map(|b| format!("{b:02x}")).collect(),
            ]),
        ) {
            let text = fillings.join(&form);
            let pieces = lines(1024, &[text.as_bytes()]);
            let whole: String = pieces.concat();
            let mut bare = String::new();
            for part in whole.split("\x1b[") {
                bare.push_str(if bare.is_empty() && whole.starts_with(part) { part } else { part.split_once('m').map_or("", |(_, text)| text) });
            }
            prop_assert_eq!(bare, fillings.join(REDACTED));
        }
    }
}
