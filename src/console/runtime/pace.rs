//! When the next frame may go to the terminal. Pure.
//!
//! That the system took a frame says little: a connection holds seconds of them, and a key's frame would wait behind
//! all. So each frame ends with a question that every terminal answers once it got there (DSR 5, ECMA-48 §8.3.35), and a
//! change in the background is drawn only when no frame is under way any more. A terminal that does not answer is given
//! no more than a slow connection carries.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// Frames a second for changes in the background, here and over SSH.
const FRAMES: u32 = 30;
const FRAMES_OVER_SSH: u32 = 5;
/// Bytes that may be under way when a key is drawn: less than half a second of a slow connection.
const UNDER_WAY: usize = 8 * 1024;
/// Bytes a second for a terminal that does not answer.
const SLOW: u32 = 16 * 1024;
/// After this an answer will not come: the terminal never answers, or somebody else got it.
const PATIENCE: Duration = Duration::from_secs(3);

/// The question. Its answer is [`super::decode::Input::Answer`].
pub const QUESTION: &[u8] = b"\x1b[5n";

/// What a frame is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Haste {
    /// A change in the background.
    Soon,
    /// A key.
    Now,
}

pub struct Pace {
    /// Between two frames for changes in the background.
    gap: Duration,
    last: Option<Instant>,
    /// Frames that the terminal may not have yet: when each counts as taken without an answer, and its bytes.
    under_way: VecDeque<(Instant, usize)>,
    terminal: Terminal,
}

enum Terminal {
    /// It may answer what it was asked first at this time.
    Unknown(Option<Instant>),
    Answers,
    Silent,
}

impl Pace {
    pub fn new(over_ssh: bool) -> Self {
        let frames = if over_ssh { FRAMES_OVER_SSH } else { FRAMES };
        let gap = Duration::from_secs(1) / frames;
        Self { gap, last: None, under_way: VecDeque::new(), terminal: Terminal::Unknown(None) }
    }

    /// Whether the next frame is to end with the question.
    pub fn asks(&mut self, now: Instant) -> bool {
        if let Terminal::Unknown(asked) = &mut self.terminal
            && now.saturating_duration_since(*asked.get_or_insert(now)) >= PATIENCE
        {
            self.terminal = Terminal::Silent;
        }
        !matches!(self.terminal, Terminal::Silent)
    }

    /// A frame of so many bytes has gone.
    pub fn sent(&mut self, bytes: usize, now: Instant) {
        self.last = Some(now);
        let taken = match self.terminal {
            Terminal::Answers => now + PATIENCE,
            // One after the other, at the pace of a slow connection.
            Terminal::Unknown(_) | Terminal::Silent => {
                let before = self.under_way.back().map_or(now, |(taken, _)| (*taken).max(now));
                before + Duration::from_secs(1) * u32::try_from(bytes).unwrap_or(u32::MAX) / SLOW
            }
        };
        self.under_way.push_back((taken, bytes));
    }

    /// The terminal has the oldest frame.
    pub fn answered(&mut self) {
        self.terminal = Terminal::Answers;
        self.under_way.pop_front();
    }

    /// Somebody else had the terminal, and whatever it answered.
    pub fn forget(&mut self) {
        self.under_way.clear();
    }

    /// When a frame may go, as far as it is known now: an answer changes that.
    pub fn may_go(&mut self, haste: Haste, now: Instant) -> Instant {
        while self.under_way.front().is_some_and(|(taken, _)| *taken <= now) {
            self.under_way.pop_front();
        }
        let bytes: usize = self.under_way.iter().map(|(_, bytes)| bytes).sum();
        let taken = |frame: Option<&(Instant, usize)>| frame.map_or(now, |(taken, _)| *taken);
        match haste {
            Haste::Now if matches!(self.terminal, Terminal::Answers) && bytes >= UNDER_WAY => {
                taken(self.under_way.front())
            }
            Haste::Now => now,
            Haste::Soon => taken(self.under_way.back()).max(self.last.map_or(now, |last| last + self.gap)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// A terminal that has answered its first frame.
    fn answering(over_ssh: bool, start: Instant) -> Pace {
        let mut pace = Pace::new(over_ssh);
        assert!(pace.asks(start));
        pace.sent(3000, start);
        pace.answered();
        pace
    }

    #[test]
    fn the_background_has_thirty_frames_a_second_and_five_over_ssh() {
        let start = Instant::now();
        for (over_ssh, millis) in [(false, 33), (true, 200)] {
            let gap = answering(over_ssh, start).may_go(Haste::Soon, start) - start;
            assert_eq!(gap.as_millis(), millis);
        }
    }

    #[test]
    fn the_background_waits_until_the_terminal_has_the_frame_and_a_key_does_not() {
        let start = Instant::now();
        let mut pace = answering(false, start);
        pace.sent(3000, start);
        let later = start + 400 * MS;
        assert!(pace.may_go(Haste::Soon, later) > later);
        assert_eq!(pace.may_go(Haste::Now, later), later);
        pace.answered();
        assert!(pace.may_go(Haste::Soon, later) <= later);
    }

    #[test]
    fn keys_pile_up_no_more_than_a_slow_connection_carries() {
        let start = Instant::now();
        let mut pace = answering(true, start);
        for _ in 0..3 {
            assert_eq!(pace.may_go(Haste::Now, start), start);
            pace.sent(3000, start);
        }
        assert!(pace.may_go(Haste::Now, start) > start);
        pace.answered();
        assert_eq!(pace.may_go(Haste::Now, start), start);
    }

    #[test]
    fn an_answer_that_does_not_come_holds_nothing_up_for_ever() {
        let start = Instant::now();
        let mut pace = answering(false, start);
        pace.sent(9000, start);
        let later = start + PATIENCE;
        assert_eq!(pace.may_go(Haste::Soon, start), later);
        assert!(pace.may_go(Haste::Soon, later) <= later);
    }

    #[test]
    fn a_terminal_that_never_answers_is_asked_no_more_and_gets_what_a_slow_connection_carries() {
        let start = Instant::now();
        let mut pace = Pace::new(false);
        let mut now = start;
        let mut bytes = 0;
        while now < start + 10 * PATIENCE {
            assert_eq!(pace.asks(now), now < start + PATIENCE);
            pace.sent(3000, now);
            bytes += 3000;
            assert_eq!(pace.may_go(Haste::Now, now), now, "keys are drawn at once");
            now = pace.may_go(Haste::Soon, now);
        }
        assert!(bytes <= 30 * SLOW + 3000, "{bytes}");
        pace.answered();
        assert!(pace.asks(now), "late is not never");
    }
}
