//! Untrusted text made harmless for a terminal, with its colours kept.
//!
//! Not for hiding secrets: that is [`super::redact`], which works on what comes out here.

use unicode_width::UnicodeWidthChar as _;

use super::escape::{Sequence, SequenceKind};

/// Ends every colour that a line left on.
const RESET: &str = "\x1b[0m";
/// Colour codes in a row with no character between them; more change nothing that can be seen.
const SGR_RUN: usize = 8;
/// Colour codes in one line.
const SGR_LINE: usize = 1024;
/// Marks on one character. Written languages need up to four; floods of them paint over other lines.
pub(super) const MARKS: usize = 4;
/// Characters that are joined to the one before. Families need three; a flood of them has no end in two columns.
const JOINED: usize = 4;
const JOINER: char = '\u{200d}';
/// Characters of a name or message from elsewhere, and bytes that are looked at for them.
const PLAIN_CHARS: usize = 2000;
const PLAIN_BYTES: usize = 16 * PLAIN_CHARS;

/// One line of a log, without its LF, as it may be stored and shown.
///
/// Keeps text, tabs and SGR (colour) codes, and closes colours that the line leaves on. Every other escape
/// sequence and control character goes, as do marks that reorder text; other line separators become a space.
/// Of what a carriage return overwrites, the last segment that shows something stays.
#[must_use]
pub fn sanitise(line: &[u8]) -> String {
    let mut out = String::with_capacity(line.len() + RESET.len());
    sanitise_into(line, &mut out);
    out
}

/// [`sanitise`] into a buffer that is used again for every line.
pub(super) fn sanitise_into(line: &[u8], out: &mut String) {
    if clean_line(&String::from_utf8_lossy(line), out).colour_on {
        out.push_str(RESET);
    }
}

/// A name or message from elsewhere, for one place on one line: no colours, no line breaks, at most 2000
/// characters. However long it is, no more than its beginning is looked at.
#[must_use]
pub fn plain(text: &str) -> String {
    let beginning = &text[..text.floor_char_boundary(PLAIN_BYTES)];
    let mut out = String::with_capacity(beginning.len().min(4 * PLAIN_CHARS));
    clean(beginning, Keep::Text, &mut out);
    let trimmed = out.trim();
    if beginning.len() == text.len() && trimmed.char_indices().nth(PLAIN_CHARS).is_none() {
        return trimmed.to_owned();
    }
    trimmed.chars().take(PLAIN_CHARS - 1).chain(['…']).collect()
}

/// Printable ASCII and tabs alone: such a line is its own sanitised form.
pub(super) fn is_plain(line: &[u8]) -> bool {
    // Whole blocks without an early exit, so that the compiler can use vector instructions.
    line.chunks(64).all(|block| block.iter().fold(true, |plain, byte| plain & is_plain_byte(*byte)))
}

fn is_plain_byte(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte) || byte == b'\t'
}

/// How a cleaned line ended: what the caller needs to close it or to go on with it.
#[derive(Default)]
pub(super) struct Ending {
    /// A colour is still on.
    pub colour_on: bool,
    /// A carriage return stands after the text that was kept: whatever shows next replaces it.
    pub overwritten: bool,
    /// Where, in the text that came in, an escape sequence begins that had not ended.
    pub unfinished: Option<usize>,
}

/// Cleans a line into `out` (emptied first) and leaves its colours as they are.
pub(super) fn clean_line(line: &str, out: &mut String) -> Ending {
    let mut ending = Ending::default();
    let mut blank: Option<(String, Ending)> = None;
    for (from_right, segment) in line.rsplit('\r').enumerate() {
        out.clear();
        let seen = clean(segment, Keep::Colours, out);
        if from_right == 0 {
            ending.unfinished = seen.unfinished.map(|at| line.len() - segment.len() + at);
        }
        let here = Ending { colour_on: seen.colour_on, overwritten: from_right > 0, unfinished: ending.unfinished };
        if seen.ink {
            return here;
        }
        if seen.text && blank.is_none() {
            blank = Some((out.clone(), here));
        }
    }
    out.clear();
    if let Some((text, here)) = blank {
        out.push_str(&text);
        return here;
    }
    ending
}

#[derive(Clone, Copy, PartialEq)]
enum Keep {
    Colours,
    Text,
}

#[derive(Default)]
struct Seen {
    colour_on: bool,
    /// Something other than white space was written.
    ink: bool,
    /// Any character was written.
    text: bool,
    unfinished: Option<usize>,
}

fn clean(text: &str, keep: Keep, out: &mut String) -> Seen {
    let mut seen = Seen::default();
    let (mut marks, mut joined, mut run, mut codes) = (0, 0, 0, 0);
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let plain = rest.bytes().take_while(|byte| is_plain_byte(*byte) && *byte != b'\t').count();
        if plain > 0 {
            out.push_str(&rest[..plain]);
            seen.text = true;
            seen.ink |= rest.as_bytes()[..plain].iter().any(|byte| *byte != b' ');
            (marks, run) = (0, 0);
            at += plain;
            continue;
        }
        let Some(c) = rest.chars().next() else { break };
        let mut length = c.len_utf8();
        match c {
            '\x1b' | '\u{80}'..='\u{84}' | '\u{86}'..='\u{9f}' => {
                let sequence = Sequence::at(rest);
                length = sequence.length;
                match sequence.kind {
                    SequenceKind::Colour { reset } if keep == Keep::Colours && run < SGR_RUN && codes < SGR_LINE => {
                        out.push_str(&rest[..length]);
                        seen.colour_on = !reset;
                        run += 1;
                        codes += 1;
                    }
                    SequenceKind::Unfinished => seen.unfinished = Some(at),
                    SequenceKind::Colour { .. } | SequenceKind::Whole | SequenceKind::Broken => {}
                }
            }
            '\t' if keep == Keep::Colours => {
                out.push('\t');
                seen.text = true;
                (marks, run) = (0, 0);
            }
            '\t' | '\n' | '\x0b' | '\x0c' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                out.push(' ');
                seen.text = true;
                (marks, run) = (0, 0);
            }
            c if c.is_control() || reorders(c) => {}
            c if c.width() == Some(0) => {
                let fits = marks < MARKS && (c != JOINER || joined < JOINED);
                if fits {
                    out.push(c);
                    seen.text = true;
                    marks += 1;
                }
                joined += usize::from(fits && c == JOINER);
            }
            c => {
                joined = if out.ends_with(JOINER) { joined } else { 0 };
                out.push(c);
                seen.text = true;
                seen.ink |= !c.is_whitespace();
                (marks, run) = (0, 0);
            }
        }
        at += length;
    }
    seen
}

/// Marks, embeddings, overrides and isolates of the bidirectional algorithm (Unicode UAX 9): they make text
/// show in another order than it is stored, so that a digest or a file name reads as another.
pub fn reorders(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::log::hostile;

    fn clean(line: &str) -> String {
        sanitise(line.as_bytes())
    }

    #[test]
    fn colours_stay_and_are_closed() {
        for (line, expected) in [
            ("\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
            ("\x1b[31mred\x1b[m", "\x1b[31mred\x1b[m"),
            ("\x1b[31mred", "\x1b[31mred\x1b[0m"),
            ("\x1b[1;38;5;0mbold", "\x1b[1;38;5;0mbold\x1b[0m"),
            ("\x1b[38:2::1:2:3mx\x1b[0m", "\x1b[38:2::1:2:3mx\x1b[0m"),
            ("\x1b[0m plain", "\x1b[0m plain"),
            ("\x1b[31m\x1b[0m", ""),
        ] {
            assert_eq!(clean(line), expected, "{line:?}");
        }
    }

    #[test]
    fn every_other_sequence_goes_whole() {
        for line in [
            "a\x1b[2Jb",
            "a\x1b[?25lb",
            "a\x1b[1;1Hb",
            "a\x1b[ qb",
            "a\x1b[>4;2mb",
            "a\x1b[256mb",
            "a\x1b[99999999999mb",
            "a\x1b]0;title\x07b",
            "a\x1b]52;c;ZXZpbA==\x1b\\b",
            "a\x1b]8;;https://example.com\u{9c}b",
            "a\x1bPq#0;2\x1b\\b",
            "a\x1bXsos\x1b\\b",
            "a\x1b^pm\x1b\\b",
            "a\x1b_apc\x1b\\b",
            "a\x1b(Bb",
            "a\x1b7b",
            "a\x1bcb",
            "a\u{9b}31mb",
            "a\u{9b}2Jb",
            "a\u{9d}0;title\u{9c}b",
            "a\u{90}q\x1b\\b",
            "a\u{80}b",
            "a\x1b\x1b[2Jb",
            "a\x1b]0;never ended by its own\x1b[Kb",
            "a\0b\x07\x08\x7f",
            "\u{202e}a\u{2066}\u{200f}b\u{061c}",
        ] {
            assert_eq!(clean(line), "ab", "{line:?}");
        }
    }

    #[test]
    fn what_never_ends_takes_the_rest() {
        for line in ["ab\x1b", "ab\x1b[", "ab\x1b[31", "ab\x1b]0;title", "ab\x1bPdata\x1b", "ab\x1b("] {
            assert_eq!(clean(line), "ab", "{line:?}");
        }
    }

    #[test]
    fn quotation_marks_decoded_twice_do_not_hide_the_line() {
        assert_eq!(clean("said â\u{80}\u{9c}yesâ\u{80}\u{9d} and went on"), "said âyesâ and went on");
    }

    #[test]
    fn what_a_carriage_return_overwrites_goes() {
        for (line, expected) in [
            ("10%\r50%\rdone", "done"),
            ("10%\r100%\r", "100%"),
            ("100%\r\x1b[K", "100%"),
            ("100%\r      ", "100%"),
            ("100%\r      \rdone", "done"),
            ("\x1b[31mold\rnew", "new"),
            ("  \r", "  "),
            ("\r\r", ""),
        ] {
            assert_eq!(clean(line), expected, "{line:?}");
        }
    }

    #[test]
    fn line_separators_are_spaces() {
        assert_eq!(clean("a\u{85}b\u{2028}c\u{2029}d\x0be"), "a b c d e");
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_as_such() {
        assert_eq!(sanitise(b"a\xffb\x9bc\xe2\x82"), "a\u{fffd}b\u{fffd}c\u{fffd}");
    }

    #[test]
    fn floods_are_capped() {
        let marks = format!("e{}x", "\u{301}".repeat(500));
        assert_eq!(clean(&marks), format!("e{}x", "\u{301}".repeat(MARKS)));
        let parted = format!("e{}\x1b[1m{}\x1b[0m", "\u{301}".repeat(3), "\u{301}".repeat(3));
        assert_eq!(clean(&parted).matches('\u{301}').count(), MARKS);
        assert_eq!(clean(&format!("{}x", "\x1b[1m".repeat(500))).matches("\x1b[1m").count(), SGR_RUN);
        assert_eq!(clean(&"\x1b[1mx".repeat(5000)).matches("\x1b[1m").count(), SGR_LINE);
        assert_eq!(clean(&"\x1b[1mx".repeat(5000)).matches('x').count(), 5000);
    }

    #[test]
    fn so_many_characters_are_joined_and_no_more() {
        let family = "👩\u{200d}".repeat(JOINED) + "👩";
        assert_eq!(plain(&family), family);
        let crowd = plain(&"👩\u{200d}".repeat(500));
        assert_eq!(crowd.matches('👩').count(), 500);
        assert!(crowd.split("👩👩").all(|joined| joined.matches(JOINER).count() <= JOINED));
    }

    #[test]
    fn of_a_long_message_the_beginning_is_looked_at() {
        assert_eq!(plain(&("a".to_owned() + &"\0".repeat(1 << 20) + "b")), "a…");
        assert_eq!(plain(&"日".repeat(1 << 20)).chars().count(), PLAIN_CHARS);
    }

    #[test]
    fn joined_emoji_and_accents_survive() {
        let text = "é e\u{301} 👩\u{200d}👩\u{200d}👧 हिन्दी";
        assert_eq!(clean(text), text);
    }

    #[test]
    fn plain_text_is_one_short_line() {
        assert_eq!(plain("\x1b[31mno such\r\nhost\t\x1b]0;x\x07name\n"), "no such  host name");
        let long = plain(&"é".repeat(5000));
        assert_eq!((long.chars().count(), long.chars().last()), (PLAIN_CHARS, Some('…')));
        assert_eq!(plain(&long), long);
        assert_eq!(plain(&"x".repeat(PLAIN_CHARS)).len(), PLAIN_CHARS);
    }

    /// The text without its colour codes; panics where something only begins like one.
    fn without_colours(text: &str) -> String {
        let mut parts = text.split("\x1b[");
        let mut bare = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (parameters, rest) = part.split_once('m').expect("a colour code ends in m");
            assert!(parameters.bytes().all(|b| b.is_ascii_digit() || matches!(b, b';' | b':')), "{parameters:?}");
            bare.push_str(rest);
        }
        bare
    }

    proptest! {
        #[test]
        fn nothing_but_text_tabs_and_colours_comes_out(line in hostile::line()) {
            let out = sanitise(&line);
            prop_assert!(without_colours(&out).chars().all(|c| c == '\t' || !(c.is_control() || reorders(c))), "{:?}", out);
        }

        #[test]
        fn sanitising_twice_changes_nothing(line in hostile::line()) {
            let once = sanitise(&line);
            prop_assert_eq!(sanitise(once.as_bytes()), once);
        }

        #[test]
        fn printable_ascii_is_unchanged(line in "[ -~\t]{0,300}") {
            prop_assert!(is_plain(line.as_bytes()));
            prop_assert_eq!(clean(&line), line);
        }

        #[test]
        fn plain_has_no_controls_and_is_stable(line in hostile::line()) {
            let once = plain(&String::from_utf8_lossy(&line));
            prop_assert!(!once.chars().any(|c| c.is_control() || reorders(c)));
            prop_assert_eq!(plain(&once), once);
        }
    }
}
