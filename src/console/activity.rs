//! What was done and said since the console was opened, with the command that does the same.

use std::collections::VecDeque;

use jiff::Timestamp;

use crate::domain::sign::Tone;

/// Older ones go.
const KEPT: usize = 1000;

/// Newest first.
#[derive(Debug, Default)]
pub struct Activity(VecDeque<Said>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub at: Timestamp,
    pub tone: Tone,
    pub words: String,
    /// As a shell takes it.
    pub command: Option<String>,
}

impl Activity {
    pub fn add(&mut self, at: Timestamp, tone: Tone, words: String, command: Option<String>) {
        self.0.truncate(KEPT - 1);
        self.0.push_front(Said { at, tone, words, command });
    }

    pub fn said(&self) -> impl ExactSizeIterator<Item = &Said> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_come_first_and_the_oldest_go() {
        let mut activity = Activity::default();
        for n in 0..KEPT + 5 {
            activity.add(Timestamp::UNIX_EPOCH, Tone::Plain, n.to_string(), None);
        }
        assert_eq!(activity.said().len(), KEPT);
        assert_eq!(activity.said().next().map(|said| said.words.as_str()), Some("1004"));
    }
}
