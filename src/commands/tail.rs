//! The text of a release's log from its first line on, while it is being written.

use super::{ground::Ground, log};
use crate::{
    domain::{failure::Failure, release::Release},
    spool::{Reader, SpoolError},
};

/// Lines that are held at once.
const BATCH: usize = 4096;

pub struct Tail {
    file: std::path::PathBuf,
    /// `None` until there is a log.
    log: Option<Reader>,
    /// The first line that was not given yet.
    next: u64,
}

impl Tail {
    pub fn of(ground: &Ground, release: &Release) -> Self {
        Self::at(log::file(ground, release))
    }

    /// Of the log that is there, or will be.
    pub fn at(file: std::path::PathBuf) -> Self {
        Self { file, log: None, next: 0 }
    }

    /// The next lines; `None` when there are no more by now.
    pub fn more(&mut self) -> Result<Option<Vec<String>>, Failure> {
        let log = match &mut self.log {
            Some(log) => log,
            none => match Reader::open(&self.file) {
                Ok(log) => none.insert(log),
                Err(SpoolError::Missing { .. }) => return Ok(None),
                Err(error) => return Err(error.into()),
            },
        };
        if self.next == log.lines() {
            log.refresh()?;
        }
        let lines = log.lines_at(self.next, BATCH)?;
        self.next += lines.len() as u64;
        Ok((!lines.is_empty()).then_some(lines))
    }

    /// The torn line that a release left behind whose process died while it wrote.
    pub fn rest(&self) -> Result<Option<String>, Failure> {
        Ok(self.log.as_ref().map(Reader::rest).transpose()?.flatten())
    }
}
