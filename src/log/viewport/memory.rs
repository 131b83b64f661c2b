//! A log in memory, for tests of whatever walks through one.

use std::{convert::Infallible, ops::Range};

use super::Source;

/// Lines, and which of them are shown.
pub struct Log {
    pub lines: Vec<Vec<u8>>,
    pub shown: Box<dyn Fn(u64) -> bool>,
    /// Bytes that were read.
    pub read: u64,
}

impl Log {
    pub fn of(lines: impl IntoIterator<Item = impl Into<Vec<u8>>>) -> Self {
        Self { lines: lines.into_iter().map(Into::into).collect(), shown: Box::new(|_| true), read: 0 }
    }
}

impl Source for Log {
    type Error = Infallible;

    fn at_or_after(&mut self, line: u64) -> Result<Option<u64>, Infallible> {
        Ok((line..self.lines.len() as u64).find(|line| (self.shown)(*line)))
    }

    fn before(&mut self, line: u64) -> Result<Option<u64>, Infallible> {
        Ok((0..line.min(self.lines.len() as u64)).rev().find(|line| (self.shown)(*line)))
    }

    fn length(&mut self, line: u64) -> Result<u64, Infallible> {
        Ok(self.lines[usize::try_from(line).unwrap()].len() as u64)
    }

    fn read(&mut self, line: u64, bytes: Range<u64>) -> Result<Vec<u8>, Infallible> {
        self.read += bytes.end - bytes.start;
        let bytes = usize::try_from(bytes.start).unwrap()..usize::try_from(bytes.end).unwrap();
        Ok(self.lines[usize::try_from(line).unwrap()][bytes].to_vec())
    }

    fn time(&self, line: u64) -> Option<i64> {
        i64::try_from(line).ok()
    }
}
