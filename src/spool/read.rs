//! Reading a log, also while it grows, in memory that does not grow with it.

use std::{
    fs::File,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use super::{error::SpoolError, index::Index};

/// Read at once.
const CHUNK: usize = 128 * 1024;

/// A log that is being read. Lines are counted from 0.
#[derive(Debug)]
pub struct Reader {
    pub(super) path: PathBuf,
    pub(super) log: File,
    pub(super) index: Index,
}

impl Reader {
    /// Opens a log as it is now; [`Self::refresh`] sees what is added later.
    pub fn open(log: &Path) -> Result<Self, SpoolError> {
        let file = File::open(log).map_err(|error| SpoolError::at(log, &error))?;
        let index = Index::load(log, &file)?;
        // Only speed is lost where the index cannot be kept: on a disk that is full or read-only.
        let _ = index.save(log);
        Ok(Self { path: log.to_path_buf(), log: file, index })
    }

    /// Lines that are complete.
    pub fn lines(&self) -> u64 {
        self.index.lines()
    }

    /// The end of the last complete line.
    pub fn bytes(&self) -> u64 {
        self.index.bytes()
    }

    /// Sees what was added to the log since. Gives the number of new lines: to follow a log, take these
    /// with [`Self::lines_at`] whenever somebody says that there is more.
    pub fn refresh(&mut self) -> Result<u64, SpoolError> {
        self.index.extend(&self.path, &self.log)
    }

    /// About when a line was said, in milliseconds since 1970: the time of the last entry at or before it.
    pub fn time_of(&self, line: u64) -> Option<i64> {
        self.index.before(line)?.unix_ms
    }

    /// At most `count` lines from `first` on; fewer at the end of the log.
    pub fn lines_at(&self, first: u64, count: usize) -> Result<Vec<String>, SpoolError> {
        let mut found = Vec::new();
        let Some(entry) = self.index.before(first).filter(|_| first < self.lines() && count > 0) else {
            return Ok(found);
        };
        let mut number = entry.line;
        let mut chunks = Chunks::new(&self.path, &self.log, entry.byte, self.index.bytes());
        while let Some(chunk) = chunks.next()? {
            let mut start = 0;
            for line_feed in memchr::memchr_iter(b'\n', chunk) {
                if number >= first {
                    found.push(String::from_utf8_lossy(&chunk[start..line_feed]).into_owned());
                    if found.len() == count {
                        return Ok(found);
                    }
                }
                number += 1;
                start = line_feed + 1;
            }
        }
        Ok(found)
    }

    /// The last `count` lines.
    pub fn tail(&self, count: usize) -> Result<Vec<String>, SpoolError> {
        self.lines_at(self.lines().saturating_sub(count as u64), count)
    }

    /// What is after the last complete line: a line that is being written, or one that was torn when its
    /// writer died or the disk was full.
    pub fn rest(&self) -> Result<Option<String>, SpoolError> {
        let mut bytes = Vec::new();
        let mut part = [0; 4096];
        loop {
            let at = self.index.bytes() + bytes.len() as u64;
            match self.log.read_at(&mut part, at).map_err(|error| SpoolError::at(&self.path, &error))? {
                0 => break,
                count => bytes.extend_from_slice(&part[..count]),
            }
            if let Some(line_feed) = memchr::memchr(b'\n', &bytes) {
                // Complete in the meantime: then it is for `refresh`.
                bytes.truncate(line_feed);
                break;
            }
        }
        Ok((!bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// A part of a log in pieces that end with a line. Memory: one piece, or the longest line if that is longer.
pub(super) struct Chunks<'a> {
    path: &'a Path,
    log: &'a File,
    /// What is read next, and where to stop.
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    /// The part of `buffer` that was given out, and the part that was read.
    given: usize,
    filled: usize,
}

impl<'a> Chunks<'a> {
    /// From the beginning of a line. What follows the last LF before `end` is left out.
    pub(super) fn new(path: &'a Path, log: &'a File, at: u64, end: u64) -> Self {
        Self { path, log, at, end, buffer: Vec::new(), given: 0, filled: 0 }
    }

    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, SpoolError> {
        self.buffer.copy_within(self.given..self.filled, 0);
        self.filled -= self.given;
        self.given = 0;
        while self.at < self.end {
            let wanted = usize::try_from(self.end - self.at).unwrap_or(CHUNK).min(CHUNK);
            if self.buffer.len() < self.filled + wanted {
                self.buffer.resize(self.filled + wanted, 0);
            }
            let space = &mut self.buffer[self.filled..self.filled + wanted];
            let count = match self.log.read_at(space, self.at) {
                Ok(0) => return Err(SpoolError::Shrunk { file: self.path.to_path_buf() }),
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(SpoolError::at(self.path, &error)),
            };
            let new = self.filled..self.filled + count;
            self.at += count as u64;
            self.filled = new.end;
            if let Some(last) = memchr::memrchr(b'\n', &self.buffer[new.clone()]) {
                self.given = new.start + last + 1;
                return Ok(Some(&self.buffer[..self.given]));
            }
        }
        Ok(None)
    }
}
