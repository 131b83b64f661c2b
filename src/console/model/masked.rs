//! A secret while it is typed: on memory that is never moved and is wiped when it goes, shown as a dot a character.

use std::fmt;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use zeroize::Zeroizing;

use super::typing::typed;

/// Bytes. The memory is taken once: growing would leave a copy behind.
const LONGEST: usize = 1024;

/// Why nothing of a paste was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTaken {
    NoRoom,
    /// Line breaks or other control characters are within it: it is more than the secret.
    Controls,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Masked {
    text: Zeroizing<String>,
    trimmed: bool,
}

impl Default for Masked {
    fn default() -> Self {
        Self { text: Zeroizing::new(String::with_capacity(LONGEST)), trimmed: false }
    }
}

impl Masked {
    /// One more character. Gives whether there was room.
    pub fn push(&mut self, c: char) -> bool {
        let room = self.text.len() + c.len_utf8() <= LONGEST;
        if room {
            self.text.push(c);
        }
        room
    }

    /// What a key does to it. Gives whether there was room. Ctrl-H is what some terminals send for Backspace; a character
    /// that somebody took back unseen must be gone.
    pub fn type_in(&mut self, event: &KeyEvent) -> bool {
        let takes_back = match event.code {
            KeyCode::Backspace => true,
            KeyCode::Char('h') => event.modifiers.contains(KeyModifiers::CONTROL),
            _ => false,
        };
        if takes_back {
            self.text.pop();
        }
        typed(event).is_none_or(|c| self.push(c))
    }

    /// What was pasted, without the line break at its end: all of it or nothing, since of a secret no part is of use.
    ///
    /// # Errors
    /// When there is no room for all of it, or it is not one line of text.
    pub fn paste(&mut self, pasted: &str) -> Result<(), NotTaken> {
        let line = pasted.trim_end_matches(['\r', '\n']);
        if self.text.len() + line.len() > LONGEST {
            return Err(NotTaken::NoRoom);
        }
        if line.contains(char::is_control) {
            return Err(NotTaken::Controls);
        }
        self.trimmed = line.len() < pasted.len();
        self.text.push_str(line);
        Ok(())
    }

    pub fn clear(&mut self) {
        self.text.clear();
        self.trimmed = false;
    }

    /// In characters.
    pub fn count(&self) -> usize {
        self.text.chars().count()
    }

    /// A line break was left out.
    pub fn trimmed(&self) -> bool {
        self.trimmed
    }

    pub fn expose(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Masked(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_back_is_gone_whatever_the_terminal_sends_for_it() {
        let mut masked = Masked::default();
        for (code, modifiers, expected) in [
            (KeyCode::Char('h'), KeyModifiers::NONE, "h"),
            (KeyCode::Char('É'), KeyModifiers::SHIFT, "hÉ"),
            (KeyCode::Char('x'), KeyModifiers::CONTROL, "hÉ"),
            (KeyCode::Left, KeyModifiers::NONE, "hÉ"),
            (KeyCode::Char('h'), KeyModifiers::CONTROL, "h"),
            (KeyCode::Backspace, KeyModifiers::NONE, ""),
        ] {
            assert!(masked.type_in(&KeyEvent::new(code, modifiers)));
            assert_eq!(masked.expose(), expected, "{code} {modifiers}");
        }
    }

    #[test]
    fn it_stays_where_it_is_and_is_never_shown() {
        let mut masked = Masked::default();
        let place = masked.expose().as_ptr();
        assert_eq!(masked.paste("correct horse\n"), Ok(()));
        for _ in 0..LONGEST {
            masked.push('é');
        }
        assert!(!masked.push('é') && masked.paste("staple") == Err(NotTaken::NoRoom), "there is no room");
        assert!(masked.expose().starts_with("correct horseé") && masked.expose().len() <= LONGEST);
        assert_eq!(masked.expose().as_ptr(), place);
        assert!(masked.trimmed());
        assert_eq!(format!("{masked:?}"), "Masked(…)");
        masked.clear();
        for more in ["bot\nzebra", "a\tb", "a\x1b[2Jb\n", "a\0"] {
            assert_eq!((masked.paste(more), masked.expose()), (Err(NotTaken::Controls), ""), "{more:?}");
        }
        assert_eq!(masked.count(), 0);
    }
}
