//! The sign that stands before a word, and how much the word stands out: the same wherever people look.
//! Not for colours: those are for whoever writes to a terminal.

use super::{
    release::{ReleaseState, StepState},
    verdict::{Class, Verdict},
};

/// The few ways in which a word stands out. The word itself always says it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Dim,
    Bold,
    Good,
    Notice,
    Bad,
}

impl Tone {
    #[must_use]
    pub fn of(class: Class) -> Self {
        match class {
            Class::Good => Self::Good,
            Class::Notice | Class::Unknown => Self::Notice,
            Class::Bad => Self::Bad,
        }
    }
}

/// The characters that the reader's locale has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signs {
    Unicode,
    Ascii,
}

impl Signs {
    /// `unicode`, or `ascii` where the locale has no more.
    #[must_use]
    pub fn glyph<'a>(self, unicode: &'a str, ascii: &'a str) -> &'a str {
        match self {
            Self::Unicode => unicode,
            Self::Ascii => ascii,
        }
    }

    #[must_use]
    pub fn class(self, class: Class) -> &'static str {
        match class {
            Class::Good => self.glyph("✓", "+"),
            Class::Notice => self.glyph("•", "*"),
            Class::Bad => self.glyph("✗", "x"),
            Class::Unknown => "?",
        }
    }

    /// Before words that stand out so.
    #[must_use]
    pub fn tone(self, tone: Tone) -> &'static str {
        match tone {
            Tone::Good => self.class(Class::Good),
            Tone::Notice => self.class(Class::Notice),
            Tone::Bad => self.class(Class::Bad),
            Tone::Plain | Tone::Dim | Tone::Bold => self.glyph("·", "."),
        }
    }

    #[must_use]
    pub fn verdict(self, verdict: Verdict) -> (String, Tone) {
        (format!("{} {verdict}", self.class(verdict.class())), Tone::of(verdict.class()))
    }

    #[must_use]
    pub fn step(self, state: StepState) -> (&'static str, Tone) {
        match state {
            StepState::Pending => (self.glyph("·", "."), Tone::Dim),
            StepState::Running => (self.glyph("◐", "~"), Tone::Notice),
            StepState::Succeeded => (self.glyph("✓", "+"), Tone::Good),
            StepState::Reused | StepState::Skipped => (self.glyph("↷", "="), Tone::Dim),
            StepState::Failed => (self.glyph("✗", "x"), Tone::Bad),
            StepState::Cancelled | StepState::Interrupted => (self.glyph("■", "#"), Tone::Bad),
        }
    }

    #[must_use]
    pub fn release(self, state: ReleaseState) -> (&'static str, Tone) {
        match state {
            ReleaseState::Pending | ReleaseState::Running => (self.glyph("◐", "~"), Tone::Notice),
            ReleaseState::Succeeded => (self.glyph("✓", "+"), Tone::Good),
            ReleaseState::Failed => (self.glyph("✗", "x"), Tone::Bad),
            ReleaseState::Cancelled | ReleaseState::Interrupted => (self.glyph("■", "#"), Tone::Bad),
        }
    }
}
