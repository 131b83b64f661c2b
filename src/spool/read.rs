//! Reading a log, also while it grows, in memory that does not grow with it.

use std::{
    fs::File,
    ops::Range,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use super::{error::SpoolError, index::Index};
use crate::log::lines::MAX_LINE;

/// Read at once.
pub(super) const CHUNK: usize = 128 * 1024;
/// Bytes of a line that is held whole: more than a build's line can have in the spool.
pub(super) const HELD: usize = MAX_LINE + CHUNK;
/// Bytes that two parts of a longer line have in common, so that what is looked for is whole in one of them. What is
/// longer than this is found where it is within one part.
const OVERLAP: usize = 64 * 1024;

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
        let mut long = Vec::new();
        let mut chunks = Chunks::new(&self.path, &self.log, entry.byte, self.index.bytes());
        while let Some(chunk) = chunks.next()? {
            let (text, whole) = match chunk {
                Chunk::Lines(text) => (text, true),
                Chunk::Part { text, seen } => (&text[seen..], text.ends_with(b"\n")),
            };
            let mut start = 0;
            for line_feed in memchr::memchr_iter(b'\n', text).filter(|_| whole) {
                if number >= first {
                    long.extend_from_slice(&text[start..line_feed]);
                    found.push(String::from_utf8_lossy(&long).into_owned());
                    long.clear();
                    if found.len() == count {
                        return Ok(found);
                    }
                }
                number += 1;
                start = line_feed + 1;
            }
            if !whole && number >= first {
                long.extend_from_slice(text);
            }
        }
        Ok(found)
    }

    /// Hands on these bytes of the log, part by part.
    pub fn bytes_at(&self, bytes: Range<u64>, mut on: impl FnMut(&[u8])) -> Result<(), SpoolError> {
        let mut at = bytes.start;
        let mut part = vec![0; usize::try_from(bytes.end - at).unwrap_or(CHUNK).min(CHUNK)];
        while at < bytes.end {
            let wanted = usize::try_from(bytes.end - at).unwrap_or(CHUNK).min(CHUNK);
            let count = read_at(&self.path, &self.log, &mut part[..wanted], at)?;
            on(&part[..count]);
            at += count as u64;
        }
        Ok(())
    }

    /// The last `count` lines.
    pub fn tail(&self, count: usize) -> Result<Vec<String>, SpoolError> {
        self.lines_at(self.lines().saturating_sub(count as u64), count)
    }

    /// What is after the last complete line: a line that is being written, or one that was torn when its
    /// writer died or the disk was full. Of one that is longer than a build's can be, its beginning.
    pub fn rest(&self) -> Result<Option<String>, SpoolError> {
        let mut bytes = Vec::new();
        let mut part = [0; 4096];
        while bytes.len() < MAX_LINE {
            let at = self.index.bytes() + bytes.len() as u64;
            let count = self.log.read_at(&mut part, at).map_err(|error| SpoolError::at(&self.path, &error))?;
            // Complete in the meantime: then it is for `refresh`.
            let line_feed = memchr::memchr(b'\n', &part[..count]);
            bytes.extend_from_slice(&part[..line_feed.unwrap_or(count)]);
            if count == 0 || line_feed.is_some() {
                break;
            }
        }
        Ok((!bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).into_owned()))
    }
}

/// What is read of a log at once.
pub(super) enum Chunk<'a> {
    /// Whole lines, each with its LF.
    Lines(&'a [u8]),
    /// A part of a line that is too long to be held. Its first `seen` bytes were the last ones of the part before; the
    /// last part ends with LF.
    Part { text: &'a [u8], seen: usize },
}

/// A part of a log in pieces that end with a line. Memory: a line of [`HELD`] bytes and one piece.
pub(super) struct Chunks<'a> {
    path: &'a Path,
    log: &'a File,
    /// What is read next, and where to stop.
    at: u64,
    end: u64,
    buffer: Vec<u8>,
    /// The part of `buffer` that was given out, the part in which there is no LF, and the part that was read.
    given: usize,
    searched: usize,
    filled: usize,
    /// The buffer begins with so many bytes of a long line that were in its last part.
    inside: Option<usize>,
}

impl<'a> Chunks<'a> {
    /// From the beginning of a line. What follows the last LF before `end` is left out.
    pub(super) fn new(path: &'a Path, log: &'a File, at: u64, end: u64) -> Self {
        Self { path, log, at, end, buffer: Vec::new(), given: 0, searched: 0, filled: 0, inside: None }
    }

    pub(super) fn next(&mut self) -> Result<Option<Chunk<'_>>, SpoolError> {
        self.buffer.copy_within(self.given..self.filled, 0);
        self.filled -= self.given;
        self.searched -= self.given;
        self.given = 0;
        loop {
            let new = &self.buffer[self.searched..self.filled];
            let (end, long) = match self.inside {
                Some(_) => (memchr::memchr(b'\n', new), true),
                None => (memchr::memrchr(b'\n', new), false),
            };
            if let Some(end) = end {
                self.given = self.searched + end + 1;
                // After a long line there may be whole ones.
                self.searched = self.given;
                let text = &self.buffer[..self.given];
                return Ok(Some(match self.inside.take().filter(|_| long) {
                    Some(seen) => Chunk::Part { text, seen },
                    None => Chunk::Lines(text),
                }));
            }
            self.searched = self.filled;
            if self.filled >= HELD {
                self.given = self.filled - OVERLAP;
                let seen = self.inside.replace(OVERLAP).unwrap_or(0);
                return Ok(Some(Chunk::Part { text: &self.buffer[..self.filled], seen }));
            }
            if !self.read()? {
                return Ok(None);
            }
        }
    }

    /// Reads more, unless that was all.
    fn read(&mut self) -> Result<bool, SpoolError> {
        let wanted = usize::try_from(self.end - self.at).unwrap_or(CHUNK).min(CHUNK);
        if wanted == 0 {
            return Ok(false);
        }
        if self.buffer.len() < self.filled + wanted {
            self.buffer.resize(self.filled + wanted, 0);
        }
        let count = read_at(self.path, self.log, &mut self.buffer[self.filled..self.filled + wanted], self.at)?;
        self.at += count as u64;
        self.filled += count;
        Ok(true)
    }
}

#[cfg(test)]
thread_local! {
    /// Bytes that were read of logs.
    pub(super) static READ: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Reads what is there of a log that must not end here.
pub(super) fn read_at(path: &Path, log: &File, into: &mut [u8], at: u64) -> Result<usize, SpoolError> {
    loop {
        return match log.read_at(into, at) {
            Ok(0) => Err(SpoolError::Shrunk { file: path.to_path_buf() }),
            Ok(count) => {
                #[cfg(test)]
                READ.set(READ.get() + count as u64);
                Ok(count)
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => Err(SpoolError::at(path, &error)),
        };
    }
}
