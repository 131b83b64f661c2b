//! Which rows of a log are on the screen. Only a window of the log is here, however long it is and its lines are: what is
//! missing is asked for, one request at a time, and until it comes what is there stays on the screen.

mod moving;
mod searching;

use std::ops::RangeInclusive;

use super::{
    marking::Marking,
    search::{Scan, Search},
    step_tree::{StepTree, StepsRead},
};
use crate::{
    domain::{failure::Failure, name::ReleaseId},
    log::{
        pattern::{Filter, Pattern},
        viewport::{Layout, Place, Spot, Window},
    },
};

/// The selected release's log, as far as it is seen.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct LogPane {
    pub release: Option<ReleaseId>,
    pub state: LogState,
    /// What is on top, unless the end is in sight.
    spot: Spot,
    pub mode: Mode,
    pub wrap: bool,
    /// Columns that are scrolled out to the left where lines are not wrapped.
    pub left: usize,
    /// When a line was said is shown beside it.
    pub times: bool,
    pub search: Option<Search>,
    pub filter: Option<Scan>,
    pub tree: StepTree,
    pub marking: Option<Marking>,
    /// The line that a key went to: a match, an error, the beginning of a step, or where a build says why it failed.
    pub gone_to: Option<u64>,
    /// Columns and rows of the text.
    size: (usize, usize),
    /// The place on top is brought into sight sideways, too.
    reveal: bool,
    /// The reader goes down: at the end, the log is followed.
    descends: bool,
    /// A request is on its way.
    waiting: bool,
    /// What was asked for last, of how many lines: the same is not asked for twice.
    asked: Option<(Sight, u64, u64)>,
}

#[derive(Debug, Default)]
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
pub enum LogState {
    #[default]
    Loading,
    /// There is no log (yet).
    Absent,
    Failed(Failure),
    Open(Seen),
}

/// Some rows of a log that has `total` lines.
#[derive(Debug, Default)]
pub struct Seen {
    pub window: Window,
    pub total: u64,
    /// Lines that the filter had left by then.
    pub found: u64,
    /// What was asked for.
    pub sight: Sight,
}

/// Which rows are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sight {
    pub spot: Spot,
    pub layout: Layout,
    pub reveal: bool,
    /// Of the lines that it leaves.
    pub filter: Option<Filter>,
    /// Marked where it is found.
    pub marks: Option<Pattern>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The end of the log stays in sight.
    #[default]
    Following,
    /// The reader scrolled up when the log had this many lines, or saw that many since.
    Paused { at: u64 },
}

impl LogPane {
    /// The log of another release, at its end.
    pub fn open(&mut self, release: Option<ReleaseId>) {
        *self = Self { release, wrap: self.wrap, times: self.times, ..Self::default() };
    }

    pub fn total(&self) -> u64 {
        match &self.state {
            LogState::Open(seen) => seen.total,
            LogState::Loading | LogState::Absent | LogState::Failed(_) => 0,
        }
    }

    /// The rows that are here, and the one of them that is on top.
    pub fn shown(&self) -> Option<(&Window, usize)> {
        let LogState::Open(Seen { window, .. }) = &self.state else { return None };
        let last = window.rows.len().saturating_sub(window.layout.height);
        let top = window.covers(self.spot(), &self.layout());
        Some((
            window,
            top.unwrap_or(match self.spot() {
                Spot::End => last,
                Spot::At { rows, .. } if rows > 0 => last,
                Spot::At { rows, .. } if rows < 0 => 0,
                Spot::At { .. } => window.top.min(last),
            }),
        ))
    }

    /// The line on top, from 0.
    pub fn top_line(&self) -> u64 {
        self.shown().and_then(|(window, top)| window.rows.get(top)).map_or(0, |row| row.line)
    }

    /// The lines on the screen, unless others are on their way there.
    fn seen(&self) -> Option<RangeInclusive<u64>> {
        let (LogState::Open(Seen { window, sight, .. }), (_, top)) = (&self.state, self.shown()?) else { return None };
        // The end of a log that grows is seen, too.
        let end = (self.spot(), sight.spot) == (Spot::End, Spot::End);
        if !end && window.covers(self.spot(), &self.layout()).is_none() {
            return None;
        }
        let mut lines = window.rows.iter().skip(top).take(self.size.1).map(|row| row.line);
        let first = lines.next()?;
        Some(first..=lines.next_back().unwrap_or(first))
    }

    /// The lines that are to be on the screen, about.
    fn around(&self) -> RangeInclusive<u64> {
        self.seen().unwrap_or_else(|| {
            let (last, rows) = (self.total().saturating_sub(1), self.size.1.saturating_sub(1) as u64);
            let top = match self.spot() {
                Spot::At { place, rows } => place.line.saturating_add_signed(rows).min(last),
                Spot::End => last.saturating_sub(rows),
            };
            top..=top.saturating_add(rows).min(last)
        })
    }

    fn layout(&self) -> Layout {
        Layout { width: self.size.0, height: self.size.1, wrap: self.wrap, left: self.left }
    }

    fn spot(&self) -> Spot {
        if self.mode == Mode::Following { Spot::End } else { self.spot }
    }

    fn filtered(&self) -> Option<&Filter> {
        self.filter.as_ref().map(|scan| &scan.wanted.filter)
    }

    /// The log has this many lines by now.
    pub fn grown(&mut self, lines: u64) {
        match &mut self.state {
            LogState::Open(seen) if lines > seen.total => {
                seen.total = lines;
                if self.filter.is_none() {
                    seen.window.at_end = false;
                }
            }
            LogState::Absent | LogState::Failed(_) => self.look_again(),
            LogState::Open(_) | LogState::Loading => {}
        }
    }

    /// A log that could not be read may be there by now.
    pub fn look_again(&mut self) {
        if matches!(self.state, LogState::Absent | LogState::Failed(_)) {
            self.state = LogState::Loading;
            self.asked = None;
        }
    }

    /// The answer to what [`Self::wants`] asked for.
    pub fn take(&mut self, answer: Result<Option<Seen>, Failure>) {
        self.waiting = false;
        let seen = match answer {
            Ok(Some(seen)) => seen,
            Ok(None) => {
                self.state = LogState::Absent;
                return;
            }
            Err(failure) => {
                self.state = LogState::Failed(failure);
                return;
            }
        };
        let window = &seen.window;
        if seen.sight.reveal && self.reveal && seen.sight.spot == self.spot() {
            (self.left, self.reveal) = (window.layout.left, false);
        }
        if let (Some(place), Spot::At { place: asked, .. }, Spot::At { place: ours, .. }) =
            (window.place, seen.sight.spot, &mut self.spot)
            && asked == *ours
        {
            *ours = place;
        }
        if let (Spot::At { place, rows: asked }, Spot::At { place: ours, rows }) = (seen.sight.spot, self.spot)
            && place == ours
            && asked != 0
            && window.covers(seen.sight.spot, &window.layout).is_none()
            && window.top < window.rows.len()
        {
            // It was so far away that it is not among these rows.
            self.spot = Spot::At { place: self.place_of(window, window.top), rows: rows.saturating_sub(asked) };
        }
        let mut seen = seen;
        // Of an earlier look at what the filter leaves?
        seen.window.at_end &= self.filter.as_ref().is_none_or(|filter| filter.count <= seen.found);
        self.state = LogState::Open(seen);
        self.settle();
    }

    /// Settles what is on top in a pane of this size, and gives what is missing for it.
    pub fn wants(&mut self, columns: usize, rows: usize) -> Option<Sight> {
        let size = (columns.max(1), rows.max(1));
        if self.size != size {
            self.anchor();
            self.size = size;
        }
        self.see();
        let wanted = match &self.state {
            LogState::Loading => true,
            LogState::Absent | LogState::Failed(_) => false,
            LogState::Open(seen) => {
                self.reveal
                    || seen.sight.filter.as_ref() != self.filtered()
                    || seen.sight.marks.as_ref() != self.search.as_ref().map(Search::pattern)
                    || seen.window.covers(self.spot(), &self.layout()).is_none()
            }
        };
        if self.waiting || !wanted {
            return None;
        }
        let sight = Sight {
            spot: self.spot(),
            layout: self.layout(),
            reveal: self.reveal,
            filter: self.filtered().cloned(),
            marks: self.search.as_ref().map(|search| search.pattern().clone()),
        };
        let asked = Some((sight.clone(), self.total(), self.filter.as_ref().map_or(0, |filter| filter.count)));
        if self.asked == asked {
            return None;
        }
        self.asked = asked;
        self.waiting = true;
        Some(sight)
    }

    /// Brings the step after the line on top to the top, or the one before it.
    pub fn step(&mut self, forward: bool) {
        let mut begins = self.tree.list().iter().map(|step| step.line);
        // At the log's end, the line on top is one before the step that was gone to.
        let from = match self.spot() {
            Spot::At { place, rows: 0 } => place.line,
            _ => self.top_line(),
        };
        let line = if forward { begins.find(|line| *line > from) } else { begins.rev().find(|line| *line < from) };
        if let Some(line) = line {
            self.show(Place::line(line), 0);
            self.gone_to = Some(line);
        }
    }

    /// The steps so far. Of a log that is followed, the one is chosen that began last.
    pub fn steps_read(&mut self, answer: Result<Box<StepsRead>, Failure>) {
        self.tree.take(answer);
        if self.mode == Mode::Following && self.tree.chosen.is_some() {
            self.tree.chosen = self.tree.steps.at(u64::MAX);
        }
    }

    /// Shows or hides the tree of steps, with the one chosen that is on the screen.
    pub fn toggle_tree(&mut self) {
        let line = if self.mode == Mode::Following { u64::MAX } else { self.top_line() };
        self.tree.toggle(self.tree.steps.at(line).unwrap_or(0));
    }

    /// Chooses another step, which is brought to the top of the log.
    pub fn choose_step(&mut self, by: isize) {
        if let Some(line) = self.tree.choose(by).map(|step| step.line) {
            self.show(Place::line(line), 0);
            self.gone_to = Some(line);
        }
    }

    /// Chooses this one.
    pub fn go_to_step(&mut self, at: usize) {
        self.tree.chosen = self.tree.chosen.map(|_| at);
        self.choose_step(0);
    }

    /// Begins to mark lines: at the one that a key went to where it is seen, else at the end that is followed or the line on
    /// top.
    pub fn mark(&mut self) {
        let Some((window, top)) = self.shown() else { return };
        let seen = || window.rows.iter().skip(top).take(self.size.1).map(|row| row.line);
        let found = self.gone_to.filter(|found| seen().any(|line| line == *found));
        let edge = if self.mode == Mode::Following { seen().next_back() } else { seen().next() };
        let Some(line) = self.marking.map(|marking| marking.to).or(found).or(edge) else { return };
        self.marking = Some(Marking { from: line, to: line });
        self.hold();
    }

    /// Marks all lines from the first marked one to the end, or to the beginning.
    pub fn mark_all(&mut self, down: bool) {
        let line = if down { self.total().saturating_sub(1) } else { 0 };
        let Some(marking) = &mut self.marking else { return };
        marking.to = line;
        self.show(Place::line(line), if down { self.size.1.saturating_sub(1) } else { 0 });
    }

    /// Marks so many lines more, up or down.
    pub fn mark_to(&mut self, by: i64) {
        let (Some(mut marking), Some((window, top))) = (self.marking, self.shown()) else { return };
        let rows = marking.go(by, window, top);
        self.marking = Some(marking);
        if rows != 0 {
            self.scroll(rows);
            // Whoever marks the last line does not want another one below it.
            self.hold();
        }
    }

    /// Lines that came since the reader scrolled up, and that he has not seen.
    pub fn unseen(&self) -> u64 {
        match self.mode {
            Mode::Following => 0,
            Mode::Paused { at } => self.total().saturating_sub(at),
        }
    }
}

#[cfg(test)]
mod tests;
