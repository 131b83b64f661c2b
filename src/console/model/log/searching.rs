//! What is looked for in a log, and which of its lines are shown.

use super::{LogPane, LogState};
use crate::{
    console::model::{Goal, Match, Scan, Scanned, Search},
    domain::failure::Failure,
    log::pattern::{Filter, Pattern, Wanted},
};

impl LogPane {
    /// Looks for this from the line on top on.
    pub fn search(&mut self, pattern: Pattern) {
        let from = *self.around().start();
        self.search = Some(Search::new(pattern, self.filtered().cloned(), Some(from)));
    }

    /// To the next match or the previous one.
    pub fn go_to_match(&mut self, forward: bool) {
        let around = self.around();
        if let Some(search) = &mut self.search {
            search.go(forward, &around);
        }
    }

    /// Shows the lines that this leaves, or all of them. A search is one among them.
    pub fn filter(&mut self, filter: Option<Filter>) {
        if self.filtered() == filter.as_ref() {
            return;
        }
        self.hold_line();
        if let Some(search) = &self.search {
            self.search = Some(Search::new(search.pattern().clone(), filter.clone(), None));
        }
        self.marking = None;
        self.filter = filter.map(|filter| Scan::new(Wanted { filter, within: None }));
    }

    /// Lines that the log is to be searched for next.
    pub fn wants_searched(&mut self) -> Vec<Wanted> {
        let LogState::Open(seen) = &self.state else { return Vec::new() };
        let total = seen.total;
        let scans = self.filter.iter_mut().chain(self.search.iter_mut().map(|search| &mut search.scan));
        scans.filter_map(|scan| scan.wants(total).then(|| scan.wanted.clone())).collect()
    }

    /// The answer to what [`Self::wants_searched`] asked for.
    pub fn searched(&mut self, wanted: &Wanted, answer: Result<Scanned, Failure>) {
        if let Some(scan) = self.filter.as_mut().filter(|scan| scan.wanted == *wanted) {
            let before = scan.count;
            scan.take(answer);
            if scan.count > before
                && let LogState::Open(seen) = &mut self.state
            {
                seen.window.at_end = false;
            }
        } else if let Some(search) = self.search.as_mut().filter(|search| search.scan.wanted == *wanted) {
            search.scan.take(answer);
        }
    }

    /// The match that is to be found next.
    pub fn wants_found(&mut self) -> Option<(Wanted, Goal)> {
        let search = self.search.as_mut()?;
        let which = search.wants()?;
        Some((search.scan.wanted.clone(), which))
    }

    /// The answer to what [`Self::wants_found`] asked for.
    pub fn found(&mut self, wanted: &Wanted, which: Goal, answer: Result<Option<Match>, Failure>) {
        let search = self.search.as_mut().filter(|search| search.scan.wanted == *wanted);
        if let Some(found) = search.and_then(|search| search.take(which, answer)) {
            self.jump(found.line, found.byte);
            if let Some(marking) = &mut self.marking {
                marking.to = found.line;
            }
        }
    }
}
