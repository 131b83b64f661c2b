//! Lines of the log that are marked, to be copied: from the one where marking began to the one that the reader went to.

use std::ops::RangeInclusive;

use crate::log::viewport::Window;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marking {
    /// The line where it began, and the line that moves.
    pub from: u64,
    pub to: u64,
}

impl Marking {
    pub fn lines(self) -> RangeInclusive<u64> {
        self.from.min(self.to)..=self.from.max(self.to)
    }

    /// Goes so many of the lines that are shown further, as far as they are at hand. Gives how many rows the window has to
    /// be moved so that the line is seen.
    pub fn go(&mut self, by: i64, window: &Window, top: usize) -> i64 {
        let Some(mut at) = window.rows.iter().position(|row| row.line >= self.to) else { return 0 };
        for _ in 0..by.unsigned_abs() {
            let line = window.rows[at].line;
            let next = if by > 0 {
                window.rows[at..].iter().position(|row| row.line != line).map(|more| at + more)
            } else {
                window.rows[..at].iter().rposition(|row| row.line != line)
            };
            let Some(next) = next else { break };
            // The first row of that line that is here.
            let line = window.rows[next].line;
            at = window.rows.iter().position(|row| row.line == line).unwrap_or(next);
        }
        self.to = window.rows[at].line;
        let (at, top) = (i64::try_from(at).unwrap_or(0), i64::try_from(top).unwrap_or(0));
        let last = top + i64::try_from(window.layout.height).unwrap_or(1) - 1;
        if at < top { at - top } else { (at - last).max(0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::viewport::{Layout, Row};

    #[test]
    fn it_goes_from_line_to_line_and_the_window_goes_along() {
        // The line 12 has three rows, 13 is not shown.
        let rows = [10, 11, 12, 12, 12, 14, 15, 16].map(|line| Row { line, ..Row::default() }).to_vec();
        let window = Window { rows, layout: Layout { height: 4, ..Layout::default() }, ..Window::default() };
        let mut marking = Marking { from: 12, to: 12 };
        assert_eq!((marking.go(1, &window, 1), marking.to), (1, 14));
        assert_eq!((marking.go(1, &window, 2), marking.to), (1, 15));
        assert_eq!(marking.lines(), 12..=15);
        assert_eq!((marking.go(-3, &window, 3), marking.to), (-2, 11));
        assert_eq!(marking.lines(), 11..=12);
        assert_eq!((marking.go(-9, &window, 0), marking.to), (0, 10));
        assert_eq!((marking.go(99, &window, 0), marking.to), (4, 16));
    }
}
