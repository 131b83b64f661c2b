//! From the bytes that a terminal sends to keys, pastes and the mouse. Pure. Of escape sequences that nobody asked for
//! nothing is left.
//!
//! Sources: ECMA-48 §5.4 (control sequences), xterm's ctlseqs (keys, modifiers, SGR mouse, bracketed paste).

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use zeroize::Zeroizing;

/// Bytes of a paste that are kept; no field takes as many.
const LONGEST_PASTE: usize = 16 << 20;
/// Bytes of an escape sequence; none that we know has as many.
const LONGEST_SEQUENCE: usize = 4096;
const PASTE_ENDS: &[u8] = b"\x1b[201~";

/// What somebody at the terminal did, or the terminal itself.
pub enum Input {
    Key(KeyEvent),
    Mouse(MouseEvent),
    Paste(Zeroizing<String>),
    /// The terminal has taken what was written before it was asked.
    Answer,
}

/// Bytes whose meaning is not complete yet. Wiped: they may be of a secret.
#[derive(Default)]
pub struct Decoder {
    bytes: Zeroizing<Vec<u8>>,
    /// Up to here they were given out.
    given: usize,
    paste: Option<Paste>,
}

/// A paste of which the end is still to come.
struct Paste {
    /// It begins here.
    from: usize,
    /// Its end is not before here.
    searched: usize,
}

/// What the first bytes are.
enum Token {
    Input(Input, usize),
    /// Nothing that counts here.
    Skip(usize),
    PasteBegins(usize),
    /// Their meaning depends on what comes next.
    Incomplete,
}

impl Decoder {
    pub fn feed(&mut self, bytes: &[u8]) {
        // The end of a paste may be lost on its way. Terminals leave Ctrl-C out of what they paste, so by itself it is the
        // key of somebody who waits.
        if bytes == [3] && self.paste.take().is_some() {
            self.give(self.bytes.len() - self.given);
        }
        let kept = self.bytes.len() - self.given;
        if self.bytes.capacity() - self.bytes.len() < bytes.len() {
            // By hand: what a vector leaves behind when it grows is not wiped.
            let mut room = Zeroizing::new(Vec::with_capacity((kept + bytes.len()).next_power_of_two().max(4096)));
            room.extend_from_slice(&self.bytes[self.given..]);
            self.bytes = room;
            if let Some(paste) = &mut self.paste {
                *paste = Paste { from: paste.from - self.given, searched: paste.searched - self.given };
            }
            self.given = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next one that is complete.
    pub fn next(&mut self) -> Option<Input> {
        loop {
            if self.paste.is_some() {
                return self.pasted();
            }
            match token(&self.bytes[self.given..]) {
                Token::Input(input, length) => {
                    self.give(length);
                    return Some(input);
                }
                Token::Skip(length) => self.give(length),
                Token::PasteBegins(length) => {
                    let from = self.given + length;
                    self.paste = Some(Paste { from, searched: from });
                }
                Token::Incomplete => return None,
            }
        }
    }

    /// Whether what is there is a key by itself, and also how an escape sequence begins. What has gone on longer is one:
    /// its rest is waited for, however long that takes, since a paste must never be taken for keys.
    pub fn is_unsure(&self) -> bool {
        self.paste.is_none() && matches!(self.bytes.get(self.given..), Some([0x1b] | [0x1b, _]))
    }

    /// Nothing came for a while: the escape was the key, or held down beside one.
    pub fn settle(&mut self) -> Option<Input> {
        let key = match self.bytes.get(self.given..)? {
            [0x1b] => plain(KeyCode::Esc),
            [0x1b, byte] => key(KeyCode::Char(char::from(*byte)), KeyModifiers::ALT),
            _ => return None,
        };
        self.give(self.bytes.len() - self.given);
        Some(key)
    }

    fn pasted(&mut self) -> Option<Input> {
        let Paste { from, searched } = self.paste.take()?;
        let Some(at) = memchr::memmem::find(&self.bytes[searched..], PASTE_ENDS) else {
            if self.bytes.len() - from > LONGEST_PASTE + PASTE_ENDS.len() {
                // The end may be in what is thrown away, as far as it came.
                let rest = self.bytes.len() - PASTE_ENDS.len()..;
                self.bytes.copy_within(rest, from + LONGEST_PASTE);
                self.bytes.truncate(from + LONGEST_PASTE + PASTE_ENDS.len());
            }
            let searched = self.bytes.len().saturating_sub(PASTE_ENDS.len()).max(from);
            self.paste = Some(Paste { from, searched });
            return None;
        };
        let end = searched + at;
        let text = Zeroizing::new(String::from_utf8_lossy(&self.bytes[from..end]).into_owned());
        self.give(end + PASTE_ENDS.len() - self.given);
        Some(Input::Paste(text))
    }

    fn give(&mut self, length: usize) {
        self.given += length;
        if self.given == self.bytes.len() {
            // All of it is wiped; a paste's memory is not kept.
            self.bytes = Zeroizing::default();
            self.given = 0;
        }
    }
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Input {
    Input::Key(KeyEvent::new(code, modifiers))
}

fn plain(code: KeyCode) -> Input {
    key(code, KeyModifiers::NONE)
}

fn token(bytes: &[u8]) -> Token {
    match bytes {
        [] | [0x1b] => Token::Incomplete,
        // The second begins something else.
        [0x1b, 0x1b, ..] => Token::Input(plain(KeyCode::Esc), 1),
        [0x1b, b'[', rest @ ..] => control_sequence(rest),
        [0x1b, b'O', rest @ ..] => match rest.first() {
            None => Token::Incomplete,
            Some(..0x20 | 0x7f..) => Token::Skip(2),
            Some(letter) => named(*letter).map_or(Token::Skip(3), |code| Token::Input(plain(code), 3)),
        },
        // The answer to a question that somebody else asked: up to its end.
        [0x1b, b']' | b'P' | b'_' | b'^' | b'X', rest @ ..] => match string_end(rest) {
            Some(length) => Token::Skip(2 + length),
            None if rest.len() > LONGEST_SEQUENCE => Token::Skip(bytes.len()),
            None => Token::Incomplete,
        },
        [0x1b, rest @ ..] => match token(rest) {
            Token::Input(Input::Key(event), length) => {
                Token::Input(key(event.code, event.modifiers | KeyModifiers::ALT), length + 1)
            }
            Token::Skip(length) => Token::Skip(length + 1),
            other => other,
        },
        [byte @ (..0x20 | 0x7f), ..] => Token::Input(control(*byte), 1),
        _ => character(bytes),
    }
}

/// A key that is one control character.
fn control(byte: u8) -> Input {
    match byte {
        b'\r' => plain(KeyCode::Enter),
        b'\t' => plain(KeyCode::Tab),
        0x7f => plain(KeyCode::Backspace),
        0 => key(KeyCode::Char(' '), KeyModifiers::CONTROL),
        1..=26 => key(KeyCode::Char(char::from(byte - 1 + b'a')), KeyModifiers::CONTROL),
        _ => key(KeyCode::Char(char::from(byte - 0x1c + b'4')), KeyModifiers::CONTROL),
    }
}

fn character(bytes: &[u8]) -> Token {
    let first = match bytes[0] {
        ..0x80 => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Token::Skip(1),
    };
    match std::str::from_utf8(&bytes[..first.min(bytes.len())]) {
        Ok(text) => text.chars().next().map_or(Token::Incomplete, |c| Token::Input(plain(KeyCode::Char(c)), first)),
        // Its end is still to come, and not behind what is no part of it.
        Err(error) if error.error_len().is_none() => Token::Incomplete,
        Err(_) => Token::Skip(1),
    }
}

/// Where a string ends: after BEL or ST, and before what is in no string (ECMA-48 §5.6), as Ctrl-C is.
fn string_end(bytes: &[u8]) -> Option<usize> {
    let at = bytes.iter().position(|byte| matches!(byte, ..0x08 | 0x0e..0x20))?;
    match &bytes[at..] {
        [0x07, ..] => Some(at + 1),
        [0x1b, b'\\', ..] => Some(at + 2),
        [0x1b] => None,
        _ => Some(at),
    }
}

/// After `ESC [`: parameters, and a last byte that says what they are of.
fn control_sequence(rest: &[u8]) -> Token {
    let parameters = rest.iter().take_while(|byte| matches!(byte, 0x20..=0x3f)).count();
    let Some(last) = rest.get(parameters) else {
        return if parameters > LONGEST_SEQUENCE { Token::Skip(2 + parameters) } else { Token::Incomplete };
    };
    if !matches!(last, 0x40..=0x7e) {
        // It is the next key: nobody ended the sequence.
        return Token::Skip(2 + parameters);
    }
    let (length, given) = (2 + parameters + 1, &rest[..parameters]);
    let more = rest.len() - parameters - 1;
    match (given, last) {
        // The Linux console's F1 to F5.
        ([], b'[') => match rest.get(1) {
            Some(letter @ b'A'..=b'E') => Token::Input(plain(KeyCode::F(letter - b'A' + 1)), length + 1),
            Some(..0x20 | 0x7f..) => Token::Skip(length),
            Some(_) => Token::Skip(length + 1),
            None => Token::Incomplete,
        },
        // The mouse of a terminal that knows no better: three bytes that may be anything.
        ([], b'M') if more < 3 => Token::Incomplete,
        ([], b'M') => Token::Skip(length + 3),
        ([b'<', numbers @ ..], b'M' | b'm') => {
            mouse(numbers, *last == b'm').map_or(Token::Skip(length), |event| Token::Input(Input::Mouse(event), length))
        }
        (b"0", b'n') => Token::Input(Input::Answer, length),
        (b"200", b'~') => Token::PasteBegins(length),
        (numbers, last) => key_sequence(numbers, *last).map_or(Token::Skip(length), |key| Token::Input(key, length)),
    }
}

/// `1;5C` and the like: what, then what is held down beside it.
fn key_sequence(given: &[u8], last: u8) -> Option<Input> {
    let given = std::str::from_utf8(given).ok()?;
    // After a colon: what else the key could be, and whether it was released.
    let mut fields = given.split(';').map(|field| field.split(':'));
    let mut number = || -> Option<(u32, u32)> {
        let mut parts = fields.next()?;
        let of = |text: Option<&str>| text.and_then(|text| text.parse().ok()).unwrap_or(0);
        Some((of(parts.next()), of(parts.next())))
    };
    let (what, _) = number().unwrap_or_default();
    let (held, kind) = number().unwrap_or((1, 0));
    if kind == 3 {
        return None;
    }
    let code = match last {
        b'~' if what == 27 => from_unicode(number()?.0)?,
        b'~' => match what {
            1 | 7 => KeyCode::Home,
            2 => KeyCode::Insert,
            3 => KeyCode::Delete,
            4 | 8 => KeyCode::End,
            5 => KeyCode::PageUp,
            6 => KeyCode::PageDown,
            11..=15 => KeyCode::F(u8::try_from(what).ok()? - 10),
            17..=21 => KeyCode::F(u8::try_from(what).ok()? - 11),
            23 | 24 => KeyCode::F(u8::try_from(what).ok()? - 12),
            _ => return None,
        },
        b'u' => from_unicode(what)?,
        b'Z' => KeyCode::BackTab,
        // F3 with a number is the place of the cursor.
        b'R' if what > 1 => return None,
        letter => named(letter)?,
    };
    let held = held.saturating_sub(1);
    let modifiers = [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)];
    let modifiers = modifiers.into_iter().filter(|(bit, _)| held & bit != 0).map(|(_, modifier)| modifier).collect();
    Some(key(code, modifiers))
}

/// Keys that a terminal in another mode names by their character.
fn from_unicode(number: u32) -> Option<KeyCode> {
    Some(match char::from_u32(number)? {
        '\r' => KeyCode::Enter,
        '\t' => KeyCode::Tab,
        '\x1b' => KeyCode::Esc,
        '\x7f' => KeyCode::Backspace,
        c if c.is_control() => return None,
        c => KeyCode::Char(c),
    })
}

fn named(letter: u8) -> Option<KeyCode> {
    Some(match letter {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'M' => KeyCode::Enter,
        b'P'..=b'S' => KeyCode::F(letter - b'P' + 1),
        _ => return None,
    })
}

/// `button;column;row`, counted from 1.
fn mouse(numbers: &[u8], released: bool) -> Option<MouseEvent> {
    let mut numbers = std::str::from_utf8(numbers).ok()?.split(';').map(str::parse::<u16>);
    let mut number = || numbers.next()?.ok();
    let (what, column, row) = (number()?, number()?.checked_sub(1)?, number()?.checked_sub(1)?);
    let button = match what & 3 {
        0 => MouseButton::Left,
        1 => MouseButton::Middle,
        _ => MouseButton::Right,
    };
    let kind = match what & !0b1_1100 {
        0..=2 if released => MouseEventKind::Up(button),
        0..=2 => MouseEventKind::Down(button),
        32..=34 => MouseEventKind::Drag(button),
        64 => MouseEventKind::ScrollUp,
        65 => MouseEventKind::ScrollDown,
        66 => MouseEventKind::ScrollLeft,
        67 => MouseEventKind::ScrollRight,
        _ => return None,
    };
    let held = [(4, KeyModifiers::SHIFT), (8, KeyModifiers::ALT), (16, KeyModifiers::CONTROL)];
    let modifiers = held.into_iter().filter(|(bit, _)| what & bit != 0).map(|(_, modifier)| modifier).collect();
    Some(MouseEvent { kind, column, row, modifiers })
}

#[cfg(test)]
mod tests;
