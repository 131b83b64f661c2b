//! A key, or two that are pressed one after the other, as they come from the terminal and as people write them.

use std::{fmt, str::FromStr};

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::domain::nearest::nearest;

/// A key with what is held down beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Stroke {
    code: KeyCode,
    modifiers: KeyModifiers,
}

/// What is pressed for an action: a key, and in some cases another before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    before: Option<Stroke>,
    last: Stroke,
}

/// Keys that are no character, by the names that people give them.
const NAMES: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("space", KeyCode::Char(' ')),
    ("tab", KeyCode::Tab),
    ("shift-tab", KeyCode::BackTab),
    ("backspace", KeyCode::Backspace),
    ("insert", KeyCode::Insert),
    ("delete", KeyCode::Delete),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("page-up", KeyCode::PageUp),
    ("page-down", KeyCode::PageDown),
    ("f1", KeyCode::F(1)),
    ("f2", KeyCode::F(2)),
    ("f3", KeyCode::F(3)),
    ("f4", KeyCode::F(4)),
    ("f5", KeyCode::F(5)),
    ("f6", KeyCode::F(6)),
    ("f7", KeyCode::F(7)),
    ("f8", KeyCode::F(8)),
    ("f9", KeyCode::F(9)),
    ("f10", KeyCode::F(10)),
    ("f11", KeyCode::F(11)),
    ("f12", KeyCode::F(12)),
];
const MODIFIERS: &[(&str, KeyModifiers)] = &[("ctrl-", KeyModifiers::CONTROL), ("alt-", KeyModifiers::ALT)];

impl Key {
    pub const fn of(code: KeyCode) -> Self {
        Self { before: None, last: Stroke { code, modifiers: KeyModifiers::NONE } }
    }

    pub const fn char(c: char) -> Self {
        Self::of(KeyCode::Char(c))
    }

    pub const fn ctrl(c: char) -> Self {
        Self { before: None, last: Stroke { code: KeyCode::Char(c), modifiers: KeyModifiers::CONTROL } }
    }

    /// This key, and then that one.
    #[must_use]
    pub const fn then(self, next: Self) -> Self {
        Self { before: Some(self.last), last: next.last }
    }

    /// The key of an event. What shift did to a character is in the character already.
    pub fn pressed(event: &KeyEvent) -> Option<Self> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        let last = Stroke { code: event.code, modifiers: event.modifiers.difference(KeyModifiers::SHIFT) };
        Some(Self { before: None, last })
    }

    /// The one that is pressed first, of two.
    pub fn prefix(self) -> Option<Self> {
        Some(Self { before: None, last: self.before? })
    }

    /// The one that is pressed last.
    #[must_use]
    pub fn last(self) -> Self {
        Self { before: None, last: self.last }
    }

    /// Where text is typed this is text, or changes it.
    pub fn is_typing(self) -> bool {
        let plain = matches!(self.last.code, KeyCode::Char(_)) && self.last.modifiers.is_empty();
        let edits = [KeyCode::Backspace, KeyCode::Delete, KeyCode::Left, KeyCode::Right, KeyCode::Home, KeyCode::End];
        self.before.is_some() || plain || edits.contains(&self.last.code)
    }
}

/// As people write it: `n`, `ctrl-c`, `page-down`, `g p`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(before) = self.before {
            write!(f, "{before} ")?;
        }
        self.last.fmt(f)
    }
}

impl fmt::Display for Stroke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (word, _) in MODIFIERS.iter().filter(|(_, modifier)| self.modifiers.contains(*modifier)) {
            f.write_str(word)?;
        }
        match (NAMES.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, KeyCode::Char(c)) => write!(f, "{c}"),
            (None, other) => f.write_str(&other.to_string().to_lowercase()),
        }
    }
}

/// Why a text is no key, and which was probably meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAKey {
    pub message: String,
    pub suggestion: Option<String>,
}

impl FromStr for Key {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let strokes = text.split_whitespace().map(stroke).collect::<Result<Vec<_>, _>>()?;
        match strokes[..] {
            [last] => Ok(Self { before: None, last }),
            [before, last] if matches!(before.code, KeyCode::Char(_)) => Ok(Self { before: Some(before), last }),
            [_, _] => Err(NotAKey::because("the first of two keys is a character", None)),
            _ => Err(NotAKey::because("a key is one, or two that follow each other", None)),
        }
    }
}

impl NotAKey {
    fn because(message: impl Into<String>, suggestion: Option<String>) -> Self {
        Self { message: message.into(), suggestion }
    }
}

fn stroke(word: &str) -> Result<Stroke, NotAKey> {
    let (mut name, mut modifiers) = (word, KeyModifiers::NONE);
    // `-` alone is a key too, and `ctrl--` one with it.
    while let Some((rest, held)) = MODIFIERS.iter().find_map(|(word, held)| {
        let rest = name.strip_prefix(word).filter(|rest| !rest.is_empty())?;
        Some((rest, *held))
    }) {
        name = rest;
        modifiers |= held;
    }
    let mut characters = name.chars();
    let code = match (characters.next(), characters.next()) {
        (Some(c), None) if !c.is_control() => Some(KeyCode::Char(c)),
        _ => NAMES.iter().find(|(known, _)| *known == name).map(|(_, code)| *code),
    };
    let held = &word[..word.len() - name.len()];
    match code {
        Some(KeyCode::Char(c))
            if modifiers.contains(KeyModifiers::CONTROL)
                && let Some(sent) = instead(c, held) =>
        {
            let message = format!("`{word}` never comes: terminals send `{sent}` for it");
            Err(NotAKey::because(message, Some(format!("did you mean `{sent}`?"))))
        }
        Some(code) => Ok(Stroke { code, modifiers }),
        None => {
            let near = meant(word).or_else(|| {
                let near = nearest(name, NAMES.iter().map(|(known, _)| *known));
                near.map(|near| format!("{held}{near}"))
            });
            let suggestion = near.map_or_else(
                || "a character, or a name such as `enter`, `page-down`, `ctrl-x`, `f5`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            Err(NotAKey::because(format!("`{word}` is no key"), Some(suggestion)))
        }
    }
}

/// What terminals send for this character with ctrl, where that is something else. Source: ECMA-48 §5.2, ISO 646: ctrl takes
/// bits off, and what is left has one code.
fn instead(c: char, held: &str) -> Option<String> {
    match c {
        'A'..='Z' => Some(format!("{held}{}", c.to_ascii_lowercase())),
        'i' => Some("tab".to_owned()),
        'm' => Some("enter".to_owned()),
        '[' => Some("esc".to_owned()),
        _ => None,
    }
}

/// A key as others write it: `Ctrl-N`, `shift-n`.
fn meant(word: &str) -> Option<String> {
    if let Some(letter) = word.strip_prefix("shift-").filter(|letter| letter.chars().count() == 1) {
        return Some(letter.to_uppercase());
    }
    let lower = word.to_lowercase();
    (lower != word && stroke(&lower).is_ok()).then_some(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shift_is_in_the_character_and_releases_are_no_keys() {
        let shifted = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(Key::pressed(&shifted), Some(Key::char('G')));
        let up = KeyEvent::new_with_kind(KeyCode::Char('q'), KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(Key::pressed(&up), None);
    }

    #[test]
    fn keys_are_written_and_read_as_people_write_them() {
        let alt = Key { before: None, last: Stroke { code: KeyCode::Enter, modifiers: KeyModifiers::ALT } };
        for (key, written) in [
            (Key::char('G'), "G"),
            (Key::ctrl('c'), "ctrl-c"),
            (Key::ctrl('-'), "ctrl--"),
            (Key::char('-'), "-"),
            (Key::char(' '), "space"),
            (Key::of(KeyCode::PageDown), "page-down"),
            (Key::of(KeyCode::BackTab), "shift-tab"),
            (Key::of(KeyCode::Enter), "enter"),
            (Key::of(KeyCode::F(12)), "f12"),
            (alt, "alt-enter"),
            (Key::char('g').then(Key::char('p')), "g p"),
            (Key::ctrl('x').then(Key::of(KeyCode::Up)), "ctrl-x up"),
        ] {
            assert_eq!(key.to_string(), written);
            assert_eq!(written.parse::<Key>(), Ok(key), "{written}");
        }
    }

    #[test]
    fn what_no_terminal_sends_is_no_key() {
        for (text, sent) in [("ctrl-N", "ctrl-n"), ("ctrl-i", "tab"), ("ctrl-m", "enter"), ("ctrl-alt-[", "esc")] {
            let wrong = text.parse::<Key>().unwrap_err();
            assert_eq!(wrong.message, format!("`{text}` never comes: terminals send `{sent}` for it"));
            assert_eq!(wrong.suggestion, Some(format!("did you mean `{sent}`?")));
        }
        for text in ["N", "i", "alt-N", "alt-i", "ctrl-n", "ctrl-j"] {
            assert!(text.parse::<Key>().is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_key_is_told_with_what_was_meant() {
        let meant = |text: &str| text.parse::<Key>().unwrap_err().suggestion.unwrap_or_default();
        assert!(meant("pagedown").contains("`page-down`"));
        assert!(meant("ctrl-entre").contains("`ctrl-enter`"));
        assert!(meant("whatever").contains("a character"));
        for (text, near) in [("Ctrl-N", "ctrl-n"), ("ENTER", "enter"), ("shift-n", "N"), ("shfit-tab", "shift-tab")] {
            assert_eq!(meant(text), format!("did you mean `{near}`?"), "{text}");
        }
        for text in ["", " ", "a b c", "enter x", "\u{1b}"] {
            assert!(text.parse::<Key>().is_err(), "{text:?}");
        }
    }
}
