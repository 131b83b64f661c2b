//! From a key to the action it means where the reader is.

use std::fmt;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::action::{ACTIONS, Action, Scope};

/// A key with what is held down beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    modifiers: KeyModifiers,
}

impl Key {
    pub const fn of(code: KeyCode) -> Self {
        Self { code, modifiers: KeyModifiers::NONE }
    }

    pub const fn char(c: char) -> Self {
        Self::of(KeyCode::Char(c))
    }

    pub const fn ctrl(c: char) -> Self {
        Self { code: KeyCode::Char(c), modifiers: KeyModifiers::CONTROL }
    }

    /// The key of an event. What shift did to a character is in the character already.
    pub fn pressed(event: &KeyEvent) -> Option<Self> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        Some(Self { code: event.code, modifiers: event.modifiers.difference(KeyModifiers::SHIFT) })
    }
}

/// As people write it: `n`, `ctrl-c`, `page down`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            f.write_str("ctrl-")?;
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("space"),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::BackTab => f.write_str("shift-tab"),
            KeyCode::PageDown => f.write_str("page-down"),
            KeyCode::PageUp => f.write_str("page-up"),
            other => f.write_str(&other.to_string().to_lowercase()),
        }
    }
}

/// What this key means in these scopes; the first that knows it decides.
pub fn action(key: Key, scopes: &[Scope]) -> Option<&'static Action> {
    scopes.iter().find_map(|scope| ACTIONS.iter().find(|a| a.scope == *scope && a.keys.contains(&key)))
}

/// The actions that have their key in these scopes, in the order of the table.
pub fn reachable(scopes: &'static [Scope]) -> impl Iterator<Item = &'static Action> {
    ACTIONS.iter().filter(|row| action(row.keys[0], scopes).is_some_and(|meant| meant.id == row.id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::action::Id;

    #[test]
    fn shift_is_in_the_character_and_releases_are_no_keys() {
        let shifted = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(Key::pressed(&shifted), Some(Key::char('G')));
        let up = KeyEvent::new_with_kind(KeyCode::Char('q'), KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(Key::pressed(&up), None);
    }

    #[test]
    fn keys_read_as_people_write_them() {
        let keys = [
            Key::char('G'),
            Key::ctrl('c'),
            Key::of(KeyCode::PageDown),
            Key::of(KeyCode::BackTab),
            Key::of(KeyCode::Enter),
            Key::of(KeyCode::Esc),
        ];
        assert_eq!(keys.map(|key| key.to_string()), ["G", "ctrl-c", "page-down", "shift-tab", "enter", "esc"]);
    }

    #[test]
    fn a_dialog_hides_what_is_below_it() {
        let below = action(Key::char('x'), &[Scope::Log, Scope::Releases, Scope::Always]);
        assert_eq!(below.map(|a| a.id), Some(Id::Cancel));
        assert!(action(Key::char('x'), &[Scope::Dialog, Scope::Always]).is_none());
    }
}
