//! Which lines of a log are on the screen. Only a window of the log is here, however long it is: what is missing
//! is asked for, one request at a time.

use super::search::{Found, Search};
use crate::{
    domain::{failure::Failure, name::ReleaseId},
    log::pattern::Pattern,
};

/// The selected release's log, as far as it is seen.
#[derive(Debug, Default)]
pub struct LogPane {
    pub release: Option<ReleaseId>,
    pub state: LogState,
    /// The line at the top of the pane, from 0.
    pub top: u64,
    /// Columns that are scrolled out to the left.
    pub left: usize,
    pub mode: Mode,
    pub search: Option<Search>,
    /// A request is on its way.
    waiting: bool,
}

#[derive(Debug, Default)]
pub enum LogState {
    #[default]
    Loading,
    /// There is no log (yet).
    Absent,
    Failed(Failure),
    Open(Window),
}

/// Some lines of a log that has `total` of them.
#[derive(Debug, Default)]
pub struct Window {
    pub first: u64,
    pub lines: Vec<String>,
    pub total: u64,
}

/// Which lines are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogPart {
    /// So many from this one on.
    From(u64, usize),
    /// The last so many.
    End(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The end of the log stays in sight.
    #[default]
    Following,
    /// The reader scrolled up when the log had this many lines.
    Paused { at: u64 },
}

impl LogPane {
    /// The log of another release, at its end.
    pub fn open(&mut self, release: Option<ReleaseId>) {
        *self = Self { release, ..Self::default() };
    }

    pub fn total(&self) -> u64 {
        match &self.state {
            LogState::Open(window) => window.total,
            LogState::Loading | LogState::Absent | LogState::Failed(_) => 0,
        }
    }

    /// The log has this many lines by now.
    pub fn grown(&mut self, lines: u64) {
        match &mut self.state {
            LogState::Open(window) => window.total = window.total.max(lines),
            LogState::Absent | LogState::Failed(_) => self.state = LogState::Loading,
            LogState::Loading => {}
        }
    }

    /// The answer to what [`Self::wants`] asked for.
    pub fn take(&mut self, answer: Result<Option<Window>, Failure>) {
        self.waiting = false;
        self.state = match answer {
            Ok(Some(window)) => LogState::Open(window),
            Ok(None) => LogState::Absent,
            Err(failure) => LogState::Failed(failure),
        };
    }

    /// Settles what is on top in a pane of this height, and gives the part of the log that is missing for it.
    pub fn wants(&mut self, height: usize) -> Option<LogPart> {
        let height = height.max(1);
        let part = match &self.state {
            LogState::Loading => Some(LogPart::End(3 * height)),
            LogState::Absent | LogState::Failed(_) => None,
            LogState::Open(window) => {
                let end = window.total.saturating_sub(height as u64);
                self.top = if self.mode == Mode::Following { end } else { self.top.min(end) };
                let last = window.total.min(self.top + height as u64);
                let have = window.first..=window.first + window.lines.len() as u64;
                let there = have.contains(&self.top) && have.contains(&last);
                (!there).then(|| match self.mode {
                    Mode::Following => LogPart::End(3 * height),
                    Mode::Paused { .. } => LogPart::From(self.top.saturating_sub(height as u64), 3 * height),
                })
            }
        };
        if self.waiting || part.is_none() {
            return None;
        }
        self.waiting = true;
        part
    }

    /// Up or down by lines; following pauses above the end, and goes on there.
    pub fn scroll(&mut self, lines: i64, height: usize) {
        let end = self.total().saturating_sub(height as u64);
        self.top = self.top.saturating_add_signed(lines).min(end);
        self.mode = match self.mode {
            _ if self.top >= end => Mode::Following,
            Mode::Following => Mode::Paused { at: self.total() },
            paused @ Mode::Paused { .. } => paused,
        };
    }

    pub fn toggle_follow(&mut self) {
        self.mode = match self.mode {
            Mode::Following => Mode::Paused { at: self.total() },
            Mode::Paused { .. } => Mode::Following,
        };
    }

    /// Looks for this from the line on top on.
    pub fn search(&mut self, pattern: Pattern) {
        self.search = Some(Search::new(pattern, self.top));
    }

    /// The part of the log that is to be searched next, as far as it is known how long the log is.
    pub fn wants_searched(&mut self) -> Option<(Pattern, u64, usize)> {
        let LogState::Open(window) = &self.state else { return None };
        let search = self.search.as_mut()?;
        let (from, most) = search.wants(window.total)?;
        Some((search.pattern.clone(), from, most))
    }

    /// The answer to what [`Self::wants_searched`] asked for.
    pub fn found(&mut self, pattern: &Pattern, answer: Result<Found, Failure>, height: usize) {
        let search = self.search.as_mut().filter(|search| search.pattern == *pattern);
        if let Some(line) = search.and_then(|search| search.take(answer)) {
            self.show(line, height);
        }
    }

    /// To the next match, or to the previous one.
    pub fn go(&mut self, forward: bool, height: usize) {
        if let Some(line) = self.search.as_mut().and_then(|search| search.go(forward)) {
            self.show(line, height);
        }
    }

    /// Brings a line to where the reader sees what is around it. The log does not follow any more.
    pub fn show(&mut self, line: u64, height: usize) {
        let (rows, third) = (height as u64, height as u64 / 3);
        if !(self.top + third..self.top + rows - third).contains(&line) {
            self.top = line.saturating_sub(rows / 2);
        }
        if self.mode == Mode::Following {
            self.mode = Mode::Paused { at: self.total() };
        }
    }

    /// Lines that came since the reader scrolled up.
    pub fn unseen(&self) -> u64 {
        match self.mode {
            Mode::Following => 0,
            Mode::Paused { at } => self.total().saturating_sub(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(first: u64, count: u64, total: u64) -> Window {
        Window { first, lines: (first..first + count).map(|n| n.to_string()).collect(), total }
    }

    /// A pane of ten rows that shows the end of a log of 100 lines.
    fn opened() -> LogPane {
        let mut log = LogPane::default();
        assert_eq!(log.wants(10), Some(LogPart::End(30)));
        assert_eq!(log.wants(10), None, "one request at a time");
        log.take(Ok(Some(window(70, 30, 100))));
        assert_eq!((log.wants(10), log.top), (None, 90));
        log
    }

    #[test]
    fn following_keeps_the_end_in_sight() {
        let mut log = opened();
        log.grown(105);
        assert_eq!((log.wants(10), log.top), (Some(LogPart::End(30)), 95));
        log.grown(200);
        assert_eq!(log.wants(10), None);
        log.take(Ok(Some(window(80, 30, 110))));
        assert_eq!((log.wants(10), log.top), (None, 100), "the answer says how long the log is");
    }

    #[test]
    fn scrolling_up_pauses_and_the_end_goes_on() {
        let mut log = opened();
        log.scroll(-3, 10);
        log.grown(112);
        assert_eq!((log.wants(10), log.top, log.unseen()), (None, 87, 12));
        log.scroll(-40, 10);
        assert_eq!((log.wants(10), log.top), (Some(LogPart::From(37, 30)), 47));
        log.take(Ok(Some(window(37, 30, 112))));
        log.scroll(1000, 10);
        assert_eq!((log.wants(10), log.top, log.unseen()), (Some(LogPart::End(30)), 102, 0));
    }

    #[test]
    fn a_log_that_is_shorter_than_the_pane_begins_at_its_top() {
        let mut log = LogPane::default();
        log.wants(10);
        log.take(Ok(Some(window(0, 3, 3))));
        assert_eq!((log.wants(10), log.top), (None, 0));
        log.scroll(-1, 10);
        assert_eq!(log.mode, Mode::Following, "there is nothing above");
    }

    #[test]
    fn a_log_that_was_not_there_is_looked_for_when_it_grows() {
        let mut log = LogPane::default();
        log.wants(10);
        log.take(Ok(None));
        assert_eq!(log.wants(10), None);
        log.grown(1);
        assert_eq!(log.wants(10), Some(LogPart::End(30)));
    }
}
