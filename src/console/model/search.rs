//! What is looked for in a log, and how far that is. The log is searched part by part, each asked for once the one before
//! has come: whoever looks for something else, or ends it, asks for no more. Which lines were found is known where the
//! log is read; here is their number, and the one that the reader was brought to.

use std::{mem, ops::RangeInclusive};

use crate::{
    domain::failure::Failure,
    log::pattern::{Filter, Pattern, Wanted},
};

/// A log that is searched for lines, to its end and on as it grows.
#[derive(Debug)]
pub struct Scan {
    pub wanted: Wanted,
    /// Lines that were found, and lines that were searched for them.
    pub count: u64,
    pub searched: u64,
    /// The last one that was found.
    last: Option<u64>,
    stage: Stage,
    /// The end of the log was reached once.
    pub whole: bool,
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

/// How far a log was searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scanned {
    pub searched: u64,
    /// The log goes on after it.
    pub more: bool,
    pub count: u64,
    pub last: Option<u64>,
}

impl Scan {
    pub fn new(wanted: Wanted) -> Self {
        Self { wanted, count: 0, searched: 0, last: None, stage: Stage::More, whole: false }
    }

    pub fn failure(&self) -> Option<&Failure> {
        if let Stage::Failed(failure) = &self.stage { Some(failure) } else { None }
    }

    /// Whether a log of this length is to be searched on. Then that was asked for.
    pub fn wants(&mut self, total: u64) -> bool {
        let due = match self.stage {
            Stage::More => true,
            Stage::Ended { total: before } => total > before,
            Stage::Asked { .. } | Stage::Failed(_) => false,
        };
        if due {
            self.stage = Stage::Asked { total };
        }
        due
    }

    /// The answer.
    pub fn take(&mut self, answer: Result<Scanned, Failure>) {
        let Stage::Asked { total } = self.stage else { return };
        match answer {
            Ok(scanned) => {
                (self.count, self.searched, self.last) = (scanned.count, scanned.searched, scanned.last);
                self.stage = if scanned.more { Stage::More } else { Stage::Ended { total } };
                self.whole |= !scanned.more;
            }
            Err(failure) => self.stage = Stage::Failed(failure),
        }
    }
}

/// A line that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// It is the so-manieth, from 0.
    pub number: u64,
    pub line: u64,
    /// Where in the line it begins.
    pub byte: u64,
}

/// Which of the lines that were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    Number(u64),
    /// The first one from this line on.
    From(u64),
    /// The last one before this line, or else the last of all.
    Before(u64),
}

#[derive(Debug)]
pub struct Search {
    pub scan: Scan,
    /// Where the reader is to be brought, and whether that was asked for.
    goal: Option<Goal>,
    asked: bool,
    /// Matches that he is to be brought further once it is known which one that is.
    further: i64,
    /// Where the reader was brought.
    pub at: Option<Match>,
}

/// How far a search is.
#[derive(Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    /// The end was not reached yet.
    Searching,
    Nothing,
    Matches,
    Failed(&'a Failure),
}

impl Search {
    /// Looks for this among the lines that a filter leaves; the reader is brought to the first match from a line on, or
    /// else to the first of all.
    pub fn new(pattern: Pattern, within: Option<Filter>, goal: Option<u64>) -> Self {
        let wanted = Wanted { filter: Filter { pattern, invert: false }, within };
        Self { scan: Scan::new(wanted), goal: goal.map(Goal::From), asked: false, further: 0, at: None }
    }

    pub fn pattern(&self) -> &Pattern {
        &self.scan.wanted.filter.pattern
    }

    pub fn standing(&self) -> Standing<'_> {
        match self.scan.failure() {
            Some(failure) => Standing::Failed(failure),
            None if !self.scan.whole => Standing::Searching,
            None if self.scan.count == 0 => Standing::Nothing,
            None => Standing::Matches,
        }
    }

    /// The line that is to be found, once it is known that there is one. Then that was asked for.
    pub fn wants(&mut self) -> Option<Goal> {
        let which = match self.goal? {
            _ if self.scan.count == 0 => {
                // What comes later moves nobody.
                self.goal = self.goal.filter(|_| !self.scan.whole);
                return None;
            }
            _ if self.asked => return None,
            Goal::From(line) if self.scan.last.is_some_and(|last| last >= line) => Goal::From(line),
            Goal::From(_) if self.scan.whole => Goal::Number(0),
            Goal::Before(line) if self.scan.whole || self.scan.searched >= line => Goal::Before(line),
            Goal::From(_) | Goal::Before(_) => return None,
            number @ Goal::Number(_) => number,
        };
        self.goal = Some(which);
        self.asked = true;
        Some(which)
    }

    /// The answer: a line that the reader is to be brought to.
    pub fn take(&mut self, which: Goal, answer: Result<Option<Match>, Failure>) -> Option<Match> {
        self.asked = false;
        match answer {
            Ok(Some(found)) => {
                self.at = Some(found);
                if self.goal == Some(which) {
                    let further = mem::take(&mut self.further);
                    self.goal = (further != 0).then(|| self.beside(found.number, further));
                }
                Some(found)
            }
            Ok(None) => {
                self.goal = None;
                None
            }
            Err(failure) => {
                self.scan.stage = Stage::Failed(failure);
                None
            }
        }
    }

    /// To the next match or the previous one, from the one that the reader was brought to: if he went away from it, which
    /// is where these lines are, from what he sees. After the last comes the first.
    pub fn go(&mut self, forward: bool, seen: &RangeInclusive<u64>) {
        if self.scan.count == 0 {
            return;
        }
        let by = if forward { 1 } else { -1 };
        self.goal = Some(match (self.goal, self.at) {
            (Some(Goal::Number(number)), _) => self.beside(number, by),
            (Some(unknown), _) => {
                self.further += by;
                unknown
            }
            (None, Some(at)) if seen.contains(&at.line) => self.beside(at.number, by),
            (None, _) if forward => Goal::From(*seen.start()),
            (None, _) => Goal::Before(seen.end().saturating_add(1)),
        });
    }

    fn beside(&self, number: u64, by: i64) -> Goal {
        let there = (i128::from(number) + i128::from(by)).rem_euclid(i128::from(self.scan.count.max(1)));
        Goal::Number(u64::try_from(there).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(goal: u64) -> Search {
        Search::new(Pattern::new("error").unwrap(), None, Some(goal))
    }

    fn scanned(searched: u64, more: bool, count: u64, last: u64) -> Scanned {
        Scanned { searched, more, count, last: (count > 0).then_some(last) }
    }

    fn found(number: u64, line: u64) -> Match {
        Match { number, line, byte: 0 }
    }

    #[test]
    fn a_log_is_searched_part_by_part_to_its_end_and_on_from_there_once_it_grows() {
        let mut scan = search(0).scan;
        assert!(scan.wants(100) && !scan.wants(100), "one part at a time");
        scan.take(Ok(scanned(60, true, 2, 9)));
        assert!((scan.searched, scan.count, scan.whole) == (60, 2, false) && scan.wants(100));
        scan.take(Ok(scanned(100, false, 2, 9)));
        assert!(scan.whole && !scan.wants(100) && scan.wants(120));
        scan.take(Ok(scanned(100, false, 2, 9)));
        assert!(!scan.wants(120), "the lines are on their way: nobody asks in a circle");
        assert!(scan.wants(121));
        scan.take(Ok(scanned(121, false, 3, 120)));
        assert_eq!(scan.count, 3);
        scan.wants(130);
        scan.take(Err(Failure::failed("the log cannot be read", "it shrank", "look")));
        assert!(scan.failure().is_some() && !scan.wants(200));
    }

    #[test]
    fn the_reader_is_brought_to_the_first_match_below_or_else_to_the_first() {
        let mut below = search(50);
        below.scan.wants(100);
        below.scan.take(Ok(scanned(40, true, 2, 9)));
        assert_eq!(below.wants(), None, "what is below was not searched");
        below.scan.wants(100);
        below.scan.take(Ok(scanned(100, false, 5, 60)));
        assert_eq!((below.wants(), below.wants()), (Some(Goal::From(50)), None));
        assert_eq!(below.take(Goal::From(50), Ok(Some(found(3, 50)))), Some(found(3, 50)));
        for (forward, number) in [(true, 4), (true, 0), (true, 1), (false, 0), (false, 4), (false, 3)] {
            below.go(forward, &(0..=99));
            assert_eq!(below.wants(), Some(Goal::Number(number)));
            below.take(Goal::Number(number), Ok(Some(found(number, number))));
        }
        let mut above = search(50);
        above.scan.wants(100);
        above.scan.take(Ok(scanned(100, false, 2, 9)));
        assert_eq!(above.wants(), Some(Goal::Number(0)));
    }

    #[test]
    fn whoever_is_faster_than_the_disk_gets_where_the_last_key_says() {
        let mut search = search(0);
        search.scan.wants(9);
        search.scan.take(Ok(scanned(9, false, 5, 8)));
        assert_eq!(search.wants(), Some(Goal::From(0)));
        search.take(Goal::From(0), Ok(Some(found(0, 1))));
        search.go(true, &(0..=9));
        assert_eq!(search.wants(), Some(Goal::Number(1)));
        search.go(true, &(0..=9));
        search.go(true, &(0..=9));
        assert_eq!(search.take(Goal::Number(1), Ok(Some(found(1, 2)))), Some(found(1, 2)));
        assert_eq!(search.wants(), Some(Goal::Number(3)));
    }

    #[test]
    fn whoever_went_elsewhere_goes_on_from_there() {
        let mut search = search(0);
        search.scan.wants(100);
        search.scan.take(Ok(scanned(100, false, 9, 90)));
        search.wants();
        search.take(Goal::From(0), Ok(Some(found(0, 10))));
        search.go(false, &(70..=79));
        search.go(false, &(70..=79));
        assert_eq!(search.wants(), Some(Goal::Before(80)));
        search.go(false, &(70..=79));
        assert_eq!(search.take(Goal::Before(80), Ok(Some(found(6, 70)))), Some(found(6, 70)));
        assert_eq!(search.wants(), Some(Goal::Number(4)), "two keys more came before it was known");
        search.take(Goal::Number(4), Ok(Some(found(4, 50))));
        search.go(true, &(95..=99));
        assert_eq!(search.wants(), Some(Goal::Number(0)), "below there is none");
        search.take(Goal::Number(0), Ok(Some(found(0, 10))));
        search.go(true, &(40..=49));
        assert_eq!(search.wants(), Some(Goal::From(40)));
    }

    #[test]
    fn nothing_found_and_a_search_that_fails() {
        let mut none = search(0);
        none.scan.wants(10);
        none.scan.take(Ok(scanned(10, false, 0, 0)));
        none.go(true, &(0..=9));
        assert_eq!(none.wants(), None);
        assert_eq!(none.standing(), Standing::Nothing);
        let mut failed = search(0);
        failed.scan.wants(10);
        failed.scan.take(Err(Failure::failed("the log cannot be read", "it shrank", "look")));
        assert!(matches!(failed.standing(), Standing::Failed(_)));
    }
}
