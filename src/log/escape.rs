//! Where an escape sequence ends, and whether it is a colour code.
//!
//! Source: ECMA-48, and the state machine of DEC's terminals as vt100.net describes it. Tested through
//! [`super::sanitise`].

/// Parameters of one colour code, in bytes: foreground, background and underline in 24 bits fit.
const SGR_BYTES: usize = 64;

/// One escape sequence or C1 control at the beginning of a text.
pub(super) struct Sequence {
    pub kind: SequenceKind,
    /// Bytes that go with it.
    pub length: usize,
}

pub(super) enum SequenceKind {
    /// SGR with parameters that a terminal knows. `reset`: it turns everything off.
    Colour { reset: bool },
    /// Complete.
    Whole,
    /// Ended by something that cannot belong to it.
    Broken,
    /// The text ends inside it.
    Unfinished,
}

impl Sequence {
    fn new(kind: SequenceKind, length: usize) -> Self {
        Self { kind, length }
    }

    /// `text` begins with ESC or a C1 control.
    pub fn at(text: &str) -> Self {
        let mut chars = text.chars();
        let first = chars.next();
        if first != Some('\x1b') {
            let introducer = first.map_or(0, char::len_utf8);
            let sequence = match first {
                Some('\u{9b}') => Self::control(text, introducer),
                Some('\u{9d}') => Self::string(text, introducer, true),
                Some('\u{90}' | '\u{98}' | '\u{9e}' | '\u{9f}') => Self::string(text, introducer, false),
                _ => Self::new(SequenceKind::Whole, introducer),
            };
            // C1 controls are mostly text in a wrong encoding (U+009D is a quotation mark decoded twice): what
            // follows is given up only where it is a sequence beyond doubt.
            return match sequence.kind {
                SequenceKind::Whole => sequence,
                _ => Self::new(SequenceKind::Broken, introducer),
            };
        }
        match chars.next() {
            None => Self::new(SequenceKind::Unfinished, 1),
            Some('[') => Self::control(text, 2),
            Some(']') => Self::string(text, 2, true),
            Some('P' | 'X' | '^' | '_') => Self::string(text, 2, false),
            // ESC, intermediates, one final byte: `ESC ( B`, `ESC 7`.
            Some(_) => {
                let bytes = text.as_bytes();
                let end = 1 + bytes[1..].iter().take_while(|b| (0x20..=0x2f).contains(*b)).count();
                match bytes.get(end) {
                    None => Self::new(SequenceKind::Unfinished, end),
                    Some(0x30..=0x7e) => Self::new(SequenceKind::Whole, end + 1),
                    Some(_) => Self::new(SequenceKind::Broken, end),
                }
            }
        }
    }

    /// CSI: parameters, intermediates, one final byte.
    fn control(text: &str, introducer: usize) -> Self {
        let bytes = text.as_bytes();
        let parameters = introducer + bytes[introducer..].iter().take_while(|b| (0x30..=0x3f).contains(*b)).count();
        let end = parameters + bytes[parameters..].iter().take_while(|b| (0x20..=0x2f).contains(*b)).count();
        match bytes.get(end) {
            None => Self::new(SequenceKind::Unfinished, end),
            Some(b'm') if end == parameters && bytes[0] == 0x1b => Self::new(colour(&bytes[introducer..end]), end + 1),
            Some(0x40..=0x7e) => Self::new(SequenceKind::Whole, end + 1),
            Some(_) => Self::new(SequenceKind::Broken, end),
        }
    }

    /// OSC, DCS, SOS, PM, APC: everything up to the terminator. As in a terminal, the beginning of another
    /// sequence ends it too.
    fn string(text: &str, introducer: usize, bell_ends: bool) -> Self {
        for (at, c) in text[introducer..].char_indices().map(|(at, c)| (introducer + at, c)) {
            match c {
                '\x07' if bell_ends => return Self::new(SequenceKind::Whole, at + 1),
                '\x18' | '\x1a' | '\u{9c}' => return Self::new(SequenceKind::Whole, at + c.len_utf8()),
                '\x1b' if at + 1 == text.len() => break,
                '\x1b' if text[at + 1..].starts_with('\\') => return Self::new(SequenceKind::Whole, at + 2),
                '\x1b' | '\u{80}'..='\u{9f}' => return Self::new(SequenceKind::Broken, at),
                _ => {}
            }
        }
        Self::new(SequenceKind::Unfinished, text.len())
    }
}

/// Bytes of the colour code that sanitised text begins with.
pub(super) fn colour_code(text: &[u8]) -> Option<usize> {
    let parameters = text.strip_prefix(b"\x1b[")?;
    let sane = |byte: &&u8| matches!(byte, b'0'..=b'9' | b';' | b':');
    let length = parameters.iter().take(SGR_BYTES).take_while(sane).count();
    (parameters.get(length) == Some(&b'm')).then_some(3 + length)
}

/// Whether this colour code turns everything off.
pub(super) fn is_reset(code: &[u8]) -> bool {
    !code.iter().any(|byte| matches!(byte, b'1'..=b'9'))
}

/// What an SGR code with these parameters is. Numbers above 255 mean nothing to any terminal, and `<`, `=`,
/// `>` and `?` make it another function (`CSI > 4 ; 2 m` changes what the keyboard sends).
fn colour(parameters: &[u8]) -> SequenceKind {
    let sane = parameters.len() <= SGR_BYTES
        && parameters.split(|b| matches!(b, b';' | b':')).all(|number| {
            number.iter().all(u8::is_ascii_digit)
                && number.iter().fold(0_u32, |n, digit| (n * 10 + u32::from(digit - b'0')).min(1000)) <= 255
        });
    if sane { SequenceKind::Colour { reset: is_reset(parameters) } } else { SequenceKind::Whole }
}
