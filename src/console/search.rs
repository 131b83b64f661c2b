//! What is looked for in a log, and where it was found. The log is searched part by part, each asked for once the one
//! before has come: whoever looks for something else, or ends it, asks for no more.

use std::ops::Range;

use crate::{domain::failure::Failure, log::pattern::Pattern};

/// Lines that can be gone to; those after them are counted.
const KEPT: usize = 100_000;

#[derive(Debug)]
pub struct Search {
    pub pattern: Pattern,
    /// The first of the lines that match, from 0, rising.
    lines: Vec<u64>,
    /// All lines that match, as far as the log was searched.
    count: u64,
    /// The line to search from next.
    next: u64,
    stage: Stage,
    /// The end of the log was reached once.
    whole: bool,
    /// The reader is brought to the first match from this line on, or to the first of all.
    goal: Option<u64>,
    /// Which of `lines` the reader was brought to.
    at: Option<usize>,
}

#[derive(Debug)]
enum Stage {
    More,
    /// A part is searched; the log was known to have so many lines.
    Asked {
        total: u64,
    },
    /// Up to the end, when the log was known to have so many lines.
    Ended {
        total: u64,
    },
    Failed(Failure),
}

/// What a part of the log has.
#[derive(Debug, Default)]
pub struct Found {
    /// The part: its first line, and the one after its last.
    pub part: Range<u64>,
    /// The log goes on after it.
    pub more: bool,
    /// At most as many as were asked for.
    pub lines: Vec<u64>,
    pub count: u64,
}

/// How far a search is.
#[derive(Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    /// Lines that were searched so far, before the end was reached for the first time.
    Searching(u64),
    Nothing,
    Matches,
    /// There are more matches than those so many that can be gone to.
    TooMany(usize),
    Failed(&'a Failure),
}

impl Search {
    pub fn new(pattern: Pattern, goal: u64) -> Self {
        Self {
            pattern,
            lines: Vec::new(),
            count: 0,
            next: 0,
            stage: Stage::More,
            whole: false,
            goal: Some(goal),
            at: None,
        }
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// Which match the reader was brought to, from 0.
    pub fn at(&self) -> Option<usize> {
        self.at
    }

    /// The line that the reader was brought to.
    pub fn here(&self) -> Option<u64> {
        self.lines.get(self.at?).copied()
    }

    pub fn standing(&self) -> Standing<'_> {
        match &self.stage {
            Stage::Failed(failure) => Standing::Failed(failure),
            _ if !self.whole => Standing::Searching(self.next),
            _ if self.count == 0 => Standing::Nothing,
            _ if self.count > self.lines.len() as u64 => Standing::TooMany(self.lines.len()),
            _ => Standing::Matches,
        }
    }

    /// Where in a line it is, in bytes.
    pub fn matches(&self, line: &str) -> Vec<Range<usize>> {
        self.pattern.regex().find_iter(line).map(|found| found.range()).filter(|range| !range.is_empty()).collect()
    }

    /// From which line on a log of this length is to be searched next, and how many lines are wanted of it.
    pub fn wants(&mut self, total: u64) -> Option<(u64, usize)> {
        let due = match self.stage {
            Stage::More => true,
            Stage::Ended { total: before } => total > before,
            Stage::Asked { .. } | Stage::Failed(_) => false,
        };
        due.then(|| {
            self.stage = Stage::Asked { total };
            (self.next, KEPT - self.lines.len())
        })
    }

    /// Takes the matches of the part that was asked for. Gives the line that the reader is to be brought to.
    pub fn take(&mut self, answer: Result<Found, Failure>) -> Option<u64> {
        let Stage::Asked { total } = self.stage else { return None };
        let found = match answer {
            Ok(found) if found.part.start == self.next => found,
            // Of an earlier search for the same.
            Ok(_) => return None,
            Err(failure) => {
                self.stage = Stage::Failed(failure);
                return None;
            }
        };
        self.lines.extend(found.lines);
        self.count += found.count;
        self.next = found.part.end;
        self.stage = if found.more { Stage::More } else { Stage::Ended { total } };
        self.whole |= !found.more;
        let goal = self.goal?;
        let below = self.lines.partition_point(|line| *line < goal);
        if below == self.lines.len() && !self.whole {
            return None;
        }
        self.bring(if below == self.lines.len() { 0 } else { below })
    }

    /// The next match or the previous one; after the last comes the first.
    pub fn go(&mut self, forward: bool) -> Option<u64> {
        let last = self.lines.len().checked_sub(1)?;
        self.bring(match (self.at, forward) {
            (Some(at), true) if at < last => at + 1,
            (Some(at), false) if at > 0 => at - 1,
            (_, true) => 0,
            (_, false) => last,
        })
    }

    fn bring(&mut self, to: usize) -> Option<u64> {
        self.goal = None;
        let line = *self.lines.get(to)?;
        self.at = Some(to);
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(goal: u64) -> Search {
        Search::new(Pattern::new("error").unwrap(), goal)
    }

    fn found(part: Range<u64>, more: bool, lines: &[u64]) -> Found {
        Found { part, more, lines: lines.to_vec(), count: lines.len() as u64 }
    }

    #[test]
    fn a_log_is_searched_part_by_part_to_its_end_and_on_from_there_once_it_grows() {
        let mut search = search(0);
        assert_eq!(search.wants(100), Some((0, KEPT)));
        assert_eq!(search.wants(100), None, "one part at a time");
        assert_eq!(search.take(Ok(found(0..60, true, &[7, 9]))), Some(7));
        assert_eq!(search.standing(), Standing::Searching(60));
        assert_eq!(search.wants(100), Some((60, KEPT - 2)));
        assert_eq!(search.take(Ok(found(0..60, true, &[7, 9]))), None, "the answer to another question");
        assert_eq!(search.take(Ok(found(60..100, false, &[]))), None);
        assert_eq!(search.standing(), Standing::Matches);
        assert_eq!(search.wants(100), None);
        assert_eq!(search.wants(120), Some((100, KEPT - 2)));
        assert_eq!(search.take(Ok(found(100..100, false, &[]))), None, "the lines are on their way");
        assert_eq!(search.wants(120), None, "nobody asks in a circle");
        assert_eq!(search.wants(121), Some((100, KEPT - 2)));
        assert_eq!(
            search.take(Ok(found(100..121, false, &[120]))),
            None,
            "nobody is moved by a match that comes later"
        );
        assert_eq!((search.count(), search.at()), (3, Some(0)));
    }

    #[test]
    fn the_reader_is_brought_to_the_first_match_below_or_else_to_the_first() {
        let mut below = search(50);
        below.wants(100);
        assert_eq!(below.take(Ok(found(0..40, true, &[7, 9]))), None);
        below.wants(100);
        assert_eq!(below.take(Ok(found(40..100, false, &[45, 50, 60]))), Some(50));
        assert_eq!(below.at(), Some(3));
        assert_eq!([true, true, true, false].map(|forward| below.go(forward)), [60, 7, 9, 7].map(Some));
        assert_eq!([false, false].map(|forward| below.go(forward)), [60, 50].map(Some));
        let mut above = search(50);
        above.wants(100);
        assert_eq!(above.take(Ok(found(0..100, false, &[7, 9]))), Some(7));
    }

    #[test]
    fn nothing_found_too_much_found_and_a_search_that_fails() {
        let mut none = search(0);
        none.wants(10);
        assert_eq!(none.take(Ok(found(0..10, false, &[]))), None);
        assert_eq!(none.standing(), Standing::Nothing);
        assert_eq!((none.go(true), none.go(false)), (None, None));
        let mut many = search(0);
        many.wants(10);
        let answer = Found { part: 0..10, more: false, lines: vec![1, 2], count: 5 };
        assert_eq!(many.take(Ok(answer)), Some(1));
        assert_eq!(many.standing(), Standing::TooMany(2));
        let mut failed = search(0);
        failed.wants(10);
        failed.take(Err(Failure::failed("the log cannot be read", "it shrank", "look")));
        assert!(matches!(failed.standing(), Standing::Failed(_)));
        assert_eq!(failed.wants(20), None);
    }

    #[test]
    fn an_empty_match_marks_nothing() {
        let search = Search::new(Pattern::new("a*").unwrap(), 0);
        assert_eq!(search.matches("baabba"), [1..3, 5..6]);
    }
}
