//! The reader's place in a log: what brings another to the screen, and what keeps it.

use super::{LogPane, LogState, Mode, Seen};
use crate::log::viewport::{Offset, Place, Spot, Window};

impl LogPane {
    /// Up or down by rows; following pauses above the end, and goes on there.
    pub fn scroll(&mut self, rows: i64) {
        let Some((window, top)) = self.shown() else { return };
        let all = window.at_start && window.at_end && window.rows.len() <= self.size.1;
        if all || window.rows.is_empty() {
            return;
        }
        let known = window.covers(self.spot(), &self.layout()).is_some();
        let wanted = i64::try_from(top).unwrap_or(i64::MAX).saturating_add(rows);
        let there = usize::try_from(wanted).ok().filter(|at| *at < window.rows.len());
        self.spot = match (known, self.spot(), there) {
            (false, Spot::At { place, rows: before }, _) => Spot::At { place, rows: before.saturating_add(rows) },
            (_, _, Some(at)) => Spot::At { place: self.place_of(window, at), rows: 0 },
            (_, _, None) if wanted < 0 && window.at_start => Spot::At { place: self.place_of(window, 0), rows: 0 },
            _ => Spot::At { place: self.place_of(window, top), rows },
        };
        self.pause();
        self.descends = rows > 0;
        self.settle();
    }

    pub(super) fn place_of(&self, window: &Window, row: usize) -> Place {
        let row = &window.rows[row];
        let offset = if window.layout.wrap { Offset::Byte(row.byte) } else { Offset::Column(self.left) };
        Place { line: row.line, offset }
    }

    /// Whoever came down to the end follows the log again.
    pub(super) fn settle(&mut self) {
        let LogState::Open(Seen { window, .. }) = &self.state else { return };
        let top = window.covers(self.spot(), &self.layout());
        if self.descends && top.is_some_and(|top| window.at_end && top + self.size.1 >= window.rows.len()) {
            self.follow();
        }
    }

    fn pause(&mut self) {
        if self.mode == Mode::Following {
            // Of a log that is still to be opened nothing is new.
            let at = if matches!(self.state, LogState::Open(_)) { self.total() } else { u64::MAX };
            self.mode = Mode::Paused { at };
        }
    }

    /// What is on the screen is new no longer.
    pub(super) fn see(&mut self) {
        if let (Some(lines), Mode::Paused { at }) = (self.seen(), &mut self.mode) {
            *at = lines.end().saturating_add(1).max(*at);
        }
    }

    fn follow(&mut self) {
        (self.mode, self.spot, self.descends) = (Mode::Following, Spot::End, false);
        self.gone_to = None;
    }

    pub fn to_start(&mut self) {
        self.show(Place::line(0), 0);
    }

    pub fn to_end(&mut self) {
        self.follow();
    }

    pub fn toggle_follow(&mut self) {
        if self.mode == Mode::Following {
            self.hold();
        } else {
            self.follow();
        }
    }

    /// What is on top stays there.
    pub(super) fn hold(&mut self) {
        if let Some((window, top)) = self.shown()
            && self.mode == Mode::Following
            && top < window.rows.len()
        {
            self.spot = Spot::At { place: self.place_of(window, top), rows: 0 };
            self.pause();
        }
    }

    /// The place is the one on top, before rows become others.
    pub(super) fn anchor(&mut self) {
        if let (Spot::At { rows, .. }, Some((window, top))) = (self.spot, self.shown())
            && rows != 0
            && top < window.rows.len()
        {
            self.spot = Spot::At { place: self.place_of(window, top), rows: 0 };
        }
    }

    /// The reader's place stays in sight.
    pub fn toggle_wrap(&mut self) {
        self.anchor();
        self.wrap = !self.wrap;
        self.reveal = !self.wrap && self.mode != Mode::Following;
    }

    /// Sideways by columns; `None` goes to the beginning of the lines.
    pub fn shift(&mut self, columns: Option<isize>) {
        self.left = columns.map_or(0, |columns| self.left.saturating_add_signed(columns));
        if let Spot::At { place, .. } = &mut self.spot {
            place.offset = Offset::Column(self.left);
        }
    }

    /// Brings a place to the screen, so many rows below its top. The log does not follow any more.
    pub(super) fn show(&mut self, place: Place, below: usize) {
        self.spot = Spot::At { place, rows: -i64::try_from(below).unwrap_or(0) };
        self.descends = false;
        self.pause();
    }

    /// Brings a line to where the reader sees what is around it.
    pub fn jump(&mut self, line: u64, byte: u64) {
        let place = Place { line, offset: Offset::Byte(byte) };
        let third = self.size.1 / 3;
        let seen = self.shown().and_then(|(window, top)| {
            let at = window.rows.iter().rposition(|row| row.line == line && (!self.wrap || row.byte <= byte))?;
            let there = !self.wrap || byte < window.rows[at].byte + self.size.0 as u64;
            let below = at.checked_sub(top).filter(|below| (third..self.size.1 - third).contains(below))?;
            there.then_some(below)
        });
        self.show(place, seen.unwrap_or(self.size.1 / 2));
        self.gone_to = Some(line);
        self.reveal = !self.wrap && (byte > 0 || self.left > 0);
    }

    /// The line on top is where the reader was, whatever lines are shown.
    pub(super) fn hold_line(&mut self) {
        if self.mode != Mode::Following {
            self.spot = Spot::At { place: Place::line(self.top_line()), rows: 0 };
        }
    }
}
