//! A text as it reads with one kind of writing undone, and the way back to the places it came from.
//!
//! Searching what an escape stands for finds every way of writing it: which characters a program escapes,
//! and in which case of digits, differs from one to the next.

use std::ops::Range;

use memchr::{memchr, memchr_iter};
use zeroize::Zeroizing;

use super::escape::colour_code;

/// The decoded text. It may hold secrets that the escapes hid.
pub(super) struct Decoded {
    pub bytes: Zeroizing<Vec<u8>>,
    /// In order; each goes up to the next one.
    pieces: Vec<Piece>,
    source_length: usize,
}

/// Decoded bytes that came from one place.
struct Piece {
    at: usize,
    source: usize,
    /// Copied byte by byte; otherwise all of them stand for one escape.
    copied: bool,
}

impl Decoded {
    /// Without the colour codes of sanitised text.
    pub fn without_colours(text: &[u8]) -> Option<Self> {
        Self::new(text, b'\x1b', |escape| Some((colour_code(escape)?, Unit::NOTHING)))
    }

    /// Of `%41`, as in URLs.
    pub fn of_percent(text: &[u8]) -> Option<Self> {
        Self::new(text, b'%', |escape| {
            let byte = u8::try_from(hex(escape.get(1..3)?)?).ok()?;
            Some((3, Unit::byte(byte)))
        })
    }

    /// Of `\"`, `\/`, `\u0041`, as in JSON and the source text of many languages.
    pub fn of_backslashes(text: &[u8]) -> Option<Self> {
        Self::new(text, b'\\', |escape| {
            Some(match escape.get(1)? {
                b'u' => return unicode(escape),
                b'x' => (4, Unit::byte(u8::try_from(hex(escape.get(2..4)?)?).ok()?)),
                b'b' => (2, Unit::byte(0x08)),
                b'f' => (2, Unit::byte(0x0c)),
                b'n' => (2, Unit::byte(b'\n')),
                b'r' => (2, Unit::byte(b'\r')),
                b't' => (2, Unit::byte(b'\t')),
                mark if mark.is_ascii_punctuation() => (2, Unit::byte(*mark)),
                _ => return None,
            })
        })
    }

    /// `None` when nothing is escaped. `decode` gets the text from an introducer on.
    fn new(text: &[u8], introducer: u8, decode: impl Fn(&[u8]) -> Option<(usize, Unit)>) -> Option<Self> {
        let mut decoded = None;
        let mut copied = 0;
        for at in memchr_iter(introducer, text) {
            if at < copied {
                continue;
            }
            let Some((length, unit)) = decode(&text[at..]) else { continue };
            let into = decoded.get_or_insert_with(|| Self {
                // Room for all of it: a vector that grows would leave unwiped copies behind.
                bytes: Zeroizing::new(Vec::with_capacity(text.len())),
                pieces: Vec::new(),
                source_length: text.len(),
            });
            into.copy(text, copied..at);
            into.pieces.push(Piece { at: into.bytes.len(), source: at, copied: false });
            into.bytes.extend_from_slice(unit.as_bytes());
            copied = at + length;
        }
        if let Some(into) = &mut decoded {
            into.copy(text, copied..text.len());
        }
        decoded
    }

    fn copy(&mut self, text: &[u8], source: Range<usize>) {
        self.pieces.push(Piece { at: self.bytes.len(), source: source.start, copied: true });
        self.bytes.extend_from_slice(&text[source]);
    }

    /// Where these decoded bytes (at least one) stand in the text they came from.
    pub fn source(&self, decoded: &Range<usize>) -> Range<usize> {
        let (first, last) = (self.piece(decoded.start), self.piece(decoded.end - 1));
        let start = |index: usize, at: usize| {
            let piece = &self.pieces[index];
            if piece.copied { piece.source + at - piece.at } else { piece.source }
        };
        let end = if self.pieces[last].copied {
            start(last, decoded.end)
        } else {
            self.pieces.get(last + 1).map_or(self.source_length, |next| next.source)
        };
        start(first, decoded.start)..end
    }

    /// The last piece that begins at or before this decoded byte: the ones before it that begin there too are
    /// empty.
    fn piece(&self, at: usize) -> usize {
        self.pieces.partition_point(|piece| piece.at <= at).saturating_sub(1)
    }
}

/// What one escape stands for: up to one character.
struct Unit {
    bytes: [u8; 4],
    length: usize,
}

impl Unit {
    const NOTHING: Self = Self { bytes: [0; 4], length: 0 };

    fn byte(byte: u8) -> Self {
        Self { bytes: [byte, 0, 0, 0], length: 1 }
    }

    fn char(c: char) -> Self {
        let mut bytes = [0; 4];
        let length = c.encode_utf8(&mut bytes).len();
        Self { bytes, length }
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// `\u0041`, a surrogate pair of them, or `\u{41}`.
fn unicode(escape: &[u8]) -> Option<(usize, Unit)> {
    if let Some(braced) = escape.strip_prefix(b"\\u{") {
        let length = memchr(b'}', &braced[..braced.len().min(7)])?;
        return Some((length + 4, Unit::char(char::from_u32(hex(&braced[..length])?)?)));
    }
    let unit = hex(escape.get(2..6)?)?;
    if let Some(c) = char::from_u32(unit) {
        return Some((6, Unit::char(c)));
    }
    let low = hex(escape.get(6..12)?.strip_prefix(b"\\u")?)?;
    if !(0xd800..0xdc00).contains(&unit) || !(0xdc00..0xe000).contains(&low) {
        return None;
    }
    Some((12, Unit::char(char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00))?)))
}

/// At most six hexadecimal digits of either case.
fn hex(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 6 {
        return None;
    }
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(decoded: Option<Decoded>, bytes: &str, part: Range<usize>, source: Range<usize>) {
        let decoded = decoded.expect("something is escaped");
        assert_eq!(String::from_utf8_lossy(&decoded.bytes), bytes);
        assert_eq!(decoded.source(&part), source);
    }

    #[test]
    fn escapes_are_read_and_found_again() {
        check(Decoded::of_percent(b"a%3fb%3Fc 50% %zz"), "a?b?c 50% %zz", 1..4, 1..8);
        check(Decoded::of_percent(b"%41%42"), "AB", 1..2, 3..6);
        check(Decoded::of_backslashes(br#"\"a\/b\u003c\\\q"#), r#""a/b<\\q"#, 0..4, 0..6);
        check(Decoded::of_backslashes(br"x\ud83d\ude00y\u00e9"), "x😀yé", 1..5, 1..13);
        check(Decoded::of_backslashes(br"\u{e9}\x41"), "éA", 0..2, 0..6);
        check(Decoded::without_colours(b"a\x1b[31mb\x1b[0m\x1b[1mc"), "abc", 0..2, 0..7);
        check(Decoded::without_colours(b"a\x1b[31mb\x1b[0m\x1b[1mc"), "abc", 1..3, 6..16);
        check(Decoded::without_colours(b"\x1b[31mb\x1b[0m"), "b", 0..1, 5..6);
    }

    #[test]
    fn what_is_no_escape_is_left_alone() {
        assert!(Decoded::of_percent(b"100% of 5%x %").is_none());
        assert!(Decoded::of_backslashes(br"C:\dir \ud83d \u12").is_none());
        assert!(Decoded::without_colours(b"\x1b[2J").is_none());
    }
}
