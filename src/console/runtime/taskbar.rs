//! Tells terminals that show it beside their title how far the release is (OSC 9;4, ConEmu's specification). Others take
//! OSC 9 for a message to their user: so only those are told that are known to take it silently.

use super::terminal;
use crate::{console::view::bar::Bar, release::Environment};

pub struct Taskbar {
    understood: bool,
    shown: Option<Bar>,
}

/// Nothing goes on any more.
pub const CLEAR: &[u8] = b"\x1b]9;4;0\x1b\\";

impl Taskbar {
    pub fn new(environment: &Environment) -> Self {
        let is = |name: &str, wanted: &str| environment(name).is_some_and(|value| value == wanted);
        let there = |name: &str| environment(name).is_some();
        let vte = environment("VTE_VERSION").and_then(|v| v.to_str().and_then(|v| v.parse::<u32>().ok()));
        let understood = there("WT_SESSION")
            || is("ConEmuANSI", "ON")
            || is("TERM_PROGRAM", "ghostty")
            // Since VTE 0.80.
            || vte.is_some_and(|version| version >= 8000);
        // tmux keeps it to itself, or hands it to whatever is around it.
        Self { understood: understood && !there("TMUX"), shown: None }
    }

    /// The bytes that show this, where something else is shown.
    pub fn show(&mut self, bar: Option<Bar>) -> Option<Vec<u8>> {
        if !self.understood || bar == self.shown {
            return None;
        }
        self.shown = bar;
        terminal::shows_progress(bar.is_some());
        Some(match bar {
            None => CLEAR.to_vec(),
            Some(Bar::Busy) => b"\x1b]9;4;3\x1b\\".to_vec(),
            Some(Bar::Percent(percent)) => format!("\x1b]9;4;1;{percent}\x1b\\").into_bytes(),
        })
    }

    /// It was cleared with the terminal.
    pub fn forget(&mut self) {
        self.shown = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_told_once_and_only_to_those_who_know_it() {
        let mut ghostty = Taskbar::new(&|name: &str| (name == "TERM_PROGRAM").then(|| "ghostty".into()));
        assert_eq!(ghostty.show(None), None);
        assert_eq!(ghostty.show(Some(Bar::Busy)).as_deref(), Some(&b"\x1b]9;4;3\x1b\\"[..]));
        assert_eq!(ghostty.show(Some(Bar::Busy)), None);
        assert_eq!(ghostty.show(Some(Bar::Percent(62))).as_deref(), Some(&b"\x1b]9;4;1;62\x1b\\"[..]));
        assert_eq!(ghostty.show(None).as_deref(), Some(CLEAR));
        let mut other = Taskbar::new(&|name: &str| (name == "TERM").then(|| "xterm".into()));
        assert_eq!(other.show(Some(Bar::Busy)), None);
        let old = |name: &str| (name == "VTE_VERSION").then(|| "7600".into());
        assert_eq!(Taskbar::new(&old).show(Some(Bar::Busy)), None);
    }
}
