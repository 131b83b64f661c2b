//! Which part of a log is on the screen, in rows.
//!
//! A reader's place is a line and a place in that line, never a row's number: rows depend on the width, and counting
//! them would need all of the log. Wrapping may be switched and the screen resized around the place, and nothing moves.
//!
//! A [`Window`] is some rows around what is wanted, so that small steps find theirs there already. [`window`] makes it of
//! a [`Source`] in memory and time that depend neither on the length of the log nor on that of its lines; only a column
//! is counted from its line's beginning.

mod fill;
#[cfg(test)]
pub mod memory;
#[cfg(test)]
mod tests;
mod walk;

use std::ops::Range;

pub use self::walk::window;

/// The lines of a log, those that are left out by a filter apart.
pub trait Source {
    type Error;

    /// The first line that is shown, from this one on.
    fn at_or_after(&mut self, line: u64) -> Result<Option<u64>, Self::Error>;
    /// The last line that is shown, before this one.
    fn before(&mut self, line: u64) -> Result<Option<u64>, Self::Error>;
    /// Bytes of a line, without its LF.
    fn length(&mut self, line: u64) -> Result<u64, Self::Error>;
    /// These bytes of a line.
    fn read(&mut self, line: u64, bytes: Range<u64>) -> Result<Vec<u8>, Self::Error>;
    /// About when the line was said, in milliseconds since 1970.
    fn time(&self, line: u64) -> Option<i64>;
}

/// How lines are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Layout {
    pub height: usize,
    pub width: usize,
    /// Long lines have several rows; else one, of which a part is seen.
    pub wrap: bool,
    /// Columns that are scrolled out to the left; where lines are wrapped, for later.
    pub left: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub line: u64,
    pub offset: Offset,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offset {
    Byte(u64),
    /// The character in this column, from 0, of the line as it is without wrapping.
    Column(usize),
}

impl Place {
    /// The beginning of a line.
    pub fn line(line: u64) -> Self {
        Self { line, offset: Offset::Byte(0) }
    }
}

/// What is wanted at the top of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Spot {
    /// The last row is the last on the screen.
    #[default]
    End,
    /// The row that has this place, moved down by so many rows.
    At { place: Place, rows: i64 },
}

/// Consecutive rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Window {
    /// What they are laid out for.
    pub layout: Layout,
    /// The columns that rows have where lines are not wrapped; at least those on the screen.
    pub columns: Range<usize>,
    pub rows: Vec<Row>,
    /// The row that was wanted at the top.
    pub top: usize,
    /// The place that was asked for, in bytes: where it is known now, and was not before.
    pub place: Option<Place>,
    /// There are no rows before or after these.
    pub at_start: bool,
    pub at_end: bool,
}

/// A row as it is drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    pub line: u64,
    /// The first of its bytes in the line.
    pub byte: u64,
    /// The column in which its text begins; 0 where lines are wrapped.
    pub column: usize,
    /// Characters, tabs and colour codes; those that were on before it at its beginning.
    pub text: String,
    /// Where in the text something was looked for and found.
    pub marks: Vec<Range<usize>>,
    /// About when its line was said, in milliseconds since 1970.
    pub time: Option<i64>,
}

impl Window {
    /// Which row is to be on top, if all that is to be on the screen is here.
    pub fn covers(&self, spot: Spot, layout: &Layout) -> Option<usize> {
        let same = (self.layout.wrap, self.layout.height) == (layout.wrap, layout.height)
            && (self.layout.width == layout.width || !layout.wrap);
        let sideways = layout.wrap
            || (self.columns.start <= layout.left && layout.left.saturating_add(layout.width) <= self.columns.end);
        let top = match spot {
            Spot::End if self.at_end => i64::MAX,
            Spot::End => return None,
            Spot::At { place, rows } => i64::try_from(self.row_of(place)?).ok()?.saturating_add(rows),
        };
        if !same || !sideways || (top < 0 && !self.at_start) {
            return None;
        }
        let end = self.rows.len().saturating_sub(layout.height);
        let top = usize::try_from(top.max(0)).unwrap_or(usize::MAX);
        if top > end && !self.at_end {
            return None;
        }
        Some(top.min(end))
    }

    /// The row that has this place.
    fn row_of(&self, place: Place) -> Option<usize> {
        let byte = match place.offset {
            _ if !self.layout.wrap => u64::MAX,
            Offset::Byte(byte) => byte,
            Offset::Column(0) => 0,
            Offset::Column(_) => return None,
        };
        let at = self.rows.partition_point(|row| (row.line, row.byte) <= (place.line, byte)).checked_sub(1);
        match at {
            // The last of these rows may not be its line's last one.
            Some(at) if at + 1 == self.rows.len() && self.layout.wrap && !self.at_end => None,
            // A line that is not shown: the next one is.
            Some(at) if self.rows[at].line == place.line => Some(at),
            Some(at) if at + 1 < self.rows.len() => Some(at + 1),
            Some(at) => self.at_end.then_some(at),
            None => (self.at_start && !self.rows.is_empty()).then_some(0),
        }
    }
}
