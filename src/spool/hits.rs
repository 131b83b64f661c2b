//! Which lines of a log are wanted, in memory that does not grow with their number.
//!
//! The log is searched part by part, and counted for each entry of the index how many lines there are wanted. Which ones
//! they are is found out again when somebody asks: that is never more than the lines between two entries.

use std::{
    collections::BTreeMap,
    ops::{ControlFlow, Range},
};

use super::{
    error::SpoolError,
    grep::Text,
    read::{HELD, Reader},
};
use crate::log::pattern::Wanted;

/// Lines that are wanted, as far as the log was searched.
#[derive(Debug)]
pub struct Hits {
    wanted: Wanted,
    /// Those with at least one such line, rising.
    groups: Vec<Group>,
    count: u64,
    last: Option<u64>,
    /// The line that is searched next.
    next: u64,
    /// The lines of the group that was asked for last.
    known: Option<(usize, Vec<u64>)>,
    /// Those of groups in which a line is too long to be held, by the first line of each: to find them out again would be
    /// to search all of that line. There are few such groups.
    long: BTreeMap<u64, Vec<u64>>,
}

/// Lines that share an entry of the index.
#[derive(Debug)]
struct Group {
    /// The first of them, wanted or not.
    line: u64,
    /// Wanted lines before it.
    before: u64,
}

impl Hits {
    pub fn new(wanted: Wanted) -> Self {
        Self { wanted, groups: Vec::new(), count: 0, last: None, next: 0, known: None, long: BTreeMap::new() }
    }

    pub fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// The last one.
    pub fn last(&self) -> Option<u64> {
        self.last
    }

    /// Lines of the log that were searched.
    pub fn searched(&self) -> u64 {
        self.next
    }

    /// Searches the next part of the log, about 16 MiB; nothing where there is no more of it.
    pub fn extend(&mut self, log: &Reader) -> Result<(), SpoolError> {
        let (mut group, mut is_long) = (0..0, false);
        let mut failed = Ok(());
        let Self { wanted, groups, count, last, next: first, long, .. } = self;
        let next = log.grep_part(*first, wanted.filter.pattern.regex(), wanted.filter.invert, |line, text| {
            match is_among(log, wanted, &text) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    failed = Err(error);
                    return;
                }
            }
            if !group.contains(&line) {
                let bytes;
                (group, bytes) = log.index.group(line).unwrap_or((line..line + 1, 0..0));
                // Not one of which a part was searched when it was shorter.
                is_long = bytes.end - bytes.start > HELD as u64 && group.start >= *first;
            }
            if is_long {
                long.entry(group.start).or_default().push(line);
            }
            if groups.last().is_none_or(|last| last.line != group.start) {
                groups.push(Group { line: group.start, before: *count });
            }
            *count += 1;
            *last = Some(line);
        })?;
        failed?;
        self.next = next;
        // The last group may have grown.
        self.known = None;
        Ok(())
    }

    /// The line that is the n-th, from 0.
    pub fn nth(&mut self, log: &Reader, n: u64) -> Result<Option<u64>, SpoolError> {
        let Some(group) = self.groups.partition_point(|group| group.before <= n).checked_sub(1) else {
            return Ok(None);
        };
        let within = usize::try_from(n - self.groups[group].before).unwrap_or(usize::MAX);
        Ok(self.lines(log, group)?.get(within).copied())
    }

    /// How many of them are before this line.
    pub fn rank(&mut self, log: &Reader, line: u64) -> Result<u64, SpoolError> {
        let Some(group) = self.groups.partition_point(|group| group.line <= line).checked_sub(1) else { return Ok(0) };
        let before = self.groups[group].before;
        Ok(before + self.lines(log, group)?.partition_point(|wanted| *wanted < line) as u64)
    }

    pub fn at_or_after(&mut self, log: &Reader, line: u64) -> Result<Option<u64>, SpoolError> {
        let n = self.rank(log, line)?;
        self.nth(log, n)
    }

    pub fn before(&mut self, log: &Reader, line: u64) -> Result<Option<u64>, SpoolError> {
        match self.rank(log, line)?.checked_sub(1) {
            Some(n) => self.nth(log, n),
            None => Ok(None),
        }
    }

    /// The wanted lines of a group.
    fn lines(&mut self, log: &Reader, group: usize) -> Result<&[u64], SpoolError> {
        let first = self.groups[group].line;
        if let Some(lines) = self.long.get(&first) {
            return Ok(lines);
        }
        if self.known.as_ref().is_none_or(|(known, _)| *known != group) {
            let found = match log.index.group(first) {
                Some((lines, bytes)) => self.search(log, &lines, &bytes)?,
                None => Vec::new(),
            };
            self.known = Some((group, found));
        }
        Ok(self.known.as_ref().map_or(&[], |(_, lines)| lines))
    }

    fn search(&self, log: &Reader, lines: &Range<u64>, bytes: &Range<u64>) -> Result<Vec<u64>, SpoolError> {
        let filter = &self.wanted.filter;
        let mut found = Vec::new();
        let mut failed = Ok(());
        let begin = (bytes.start, lines.start);
        log.grep_between(begin, bytes.end, filter.pattern.regex(), filter.invert, &mut |line, text| {
            if line >= self.next {
                return ControlFlow::Break(());
            }
            match is_among(log, &self.wanted, &text) {
                Ok(true) => found.push(line),
                Ok(false) => {}
                Err(error) => {
                    failed = Err(error);
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        })?;
        failed?;
        Ok(found)
    }
}

/// Whether a line in which the pattern was found is one of those that are wanted.
fn is_among(log: &Reader, Wanted { filter, within }: &Wanted, text: &Text<'_>) -> Result<bool, SpoolError> {
    if let Text::Whole(line) = text
        && filter.pattern.leaves_out(line)
    {
        return Ok(false);
    }
    within.as_ref().map_or(Ok(true), |within| Ok(log.is_in(text, within.pattern.regex())? != within.invert))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        log::pattern::{Filter, Pattern},
        spool::Writer,
    };

    fn filter(typed: &str, invert: bool) -> Filter {
        Filter { pattern: Pattern::new(typed).unwrap(), invert }
    }

    #[test]
    fn a_command_that_speaks_of_errors_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        let mut writer = Writer::create(&path).unwrap();
        for line in ["#4 [2/3] RUN echo error: x", "#4 0.1 error: x", "Step 1/2 : RUN echo error: x", "error: y"] {
            writer.line(line).unwrap();
        }
        writer.finish().unwrap();
        let log = Reader::open(&path).unwrap();
        let filter = Filter { pattern: Pattern::errors(), invert: false };
        let mut hits = Hits::new(Wanted { filter, within: None });
        hits.extend(&log).unwrap();
        let found = [hits.nth(&log, 0).unwrap(), hits.nth(&log, 1).unwrap()];
        assert_eq!((hits.count(), found), (2, [Some(1), Some(3)]));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        /// Lines are appended in two goes, and asked for after each.
        #[test]
        fn lines_are_counted_and_found_again(
            texts in prop::collection::vec(("(\x1b\\[31m)?[ab]{0,3}(\x1b\\[0m)?c?", 1..300_usize), 1..12),
            typed in prop::sample::select(vec!["a", "ab", "^a", "c$", "x", ""]),
            within in prop::sample::select(vec![None, Some("b"), Some("c")]),
            inverted: (bool, bool),
            split in any::<prop::sample::Index>(),
            asked in 0_u64..3000,
        ) {
            let lines: Vec<String> = texts.iter().flat_map(|(text, times)| vec![text.clone(); *times]).collect();
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a.log");
            let mut writer = Writer::create(&path).unwrap();
            writer.flush().unwrap();
            let wanted = Wanted { filter: filter(typed, inverted.0), within: within.map(|typed| filter(typed, inverted.1)) };
            let mut hits = Hits::new(wanted.clone());
            let mut log = Reader::open(&path).unwrap();
            let split = split.index(lines.len() + 1);
            for part in [0..split, split..lines.len()] {
                let end = part.end;
                for line in &lines[part] {
                    writer.line(line).unwrap();
                }
                writer.flush().unwrap();
                log.refresh().unwrap();
                while hits.searched() < log.lines() {
                    hits.extend(&log).unwrap();
                }
                let passes = |filter: &Filter, line: &str| {
                    filter.pattern.regex().is_match(&crate::log::bare::bare(line)) != filter.invert
                };
                let expected: Vec<u64> = (0..).zip(&lines[..end])
                    .filter(|(_, line)| passes(&wanted.filter, line) && wanted.within.as_ref().is_none_or(|w| passes(w, line)))
                    .map(|(number, _)| number)
                    .collect();
                prop_assert_eq!((hits.count(), hits.last()), (expected.len() as u64, expected.last().copied()));
                let below = expected.partition_point(|line| *line < asked);
                prop_assert_eq!(hits.rank(&log, asked).unwrap(), below as u64);
                prop_assert_eq!(hits.at_or_after(&log, asked).unwrap(), expected.get(below).copied());
                prop_assert_eq!(hits.before(&log, asked).unwrap(), below.checked_sub(1).map(|at| expected[at]));
                prop_assert_eq!(hits.nth(&log, asked).unwrap(), expected.get(usize::try_from(asked).unwrap()).copied());
            }
        }
    }
}
