//! Where lines begin: an entry for every 256 lines or 64 KiB, and for the first line said a second or more after the last
//! entry. A cache of the log, made again by any reader that finds it missing, short or wrong; times are in it alone.
//!
//! The file: 16 bytes of header (the magic, version 1 as u32, four zeros), then 24 bytes an entry
//! (byte u64, line u64, milliseconds since 1970 i64), all little-endian.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    ops::Range,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use super::{
    error::SpoolError,
    folder::folder_of,
    read::{CHUNK, read_at},
};

pub(super) const HEADER: [u8; 16] = *b"WLSPOOL\0\x01\0\0\0\0\0\0\0";
const ENTRY: usize = 24;
/// In place of a time: not known.
const NO_TIME: i64 = i64::MIN;

/// At most this many lines, and about this many bytes, are between two entries.
const LINES: u64 = 256;
pub(super) const BYTES: u64 = 64 * 1024;
/// Milliseconds of silence after which a line is worth an entry: so exact is the time of every line.
const SILENCE: i64 = 1000;

/// The beginning of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    pub byte: u64,
    /// From 0.
    pub line: u64,
    /// When it was said, in milliseconds since 1970. `None` when the index had to be made from the log.
    pub unix_ms: Option<i64>,
}

impl Entry {
    pub(super) fn to_bytes(self) -> [u8; ENTRY] {
        let mut bytes = [0; ENTRY];
        bytes[..8].copy_from_slice(&self.byte.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.line.to_le_bytes());
        bytes[16..].copy_from_slice(&self.unix_ms.unwrap_or(NO_TIME).to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; ENTRY]) -> Self {
        let field = |at: usize| -> [u8; 8] { bytes[at..at + 8].try_into().expect("a range of eight bytes") };
        let time = i64::from_le_bytes(field(16));
        Self {
            byte: u64::from_le_bytes(field(0)),
            line: u64::from_le_bytes(field(8)),
            unix_ms: (time != NO_TIME).then_some(time),
        }
    }

    /// Whether the next entry can be this one.
    fn precedes(&self, next: &Self) -> bool {
        let (Some(bytes), Some(lines)) = (next.byte.checked_sub(self.byte), next.line.checked_sub(self.line)) else {
            return false;
        };
        // A line has at least its LF.
        let due = lines == LINES || bytes >= BYTES || is_later(self.unix_ms, next.unix_ms);
        (1..=LINES).contains(&lines) && bytes >= lines && due
    }
}

/// Whether the line that begins here gets an entry. The one rule of writer and reader.
pub(super) fn is_due(last: Option<&Entry>, next: &Entry) -> bool {
    last.is_none_or(|last| {
        let (lines, bytes) = (next.line - last.line, next.byte - last.byte);
        lines >= LINES || bytes >= BYTES || is_later(last.unix_ms, next.unix_ms)
    })
}

fn is_later(last: Option<i64>, next: Option<i64>) -> bool {
    last.zip(next).is_some_and(|(last, next)| next.saturating_sub(last) >= SILENCE)
}

/// Where the index of a log is.
pub(super) fn path_beside(log: &Path) -> PathBuf {
    log.with_extension("idx")
}

/// The beginnings of lines of one log, as far as it was written when last looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    entries: Vec<Entry>,
    lines: u64,
    bytes: u64,
    /// The file lacks entries or has wrong ones: it is not read on.
    stale: bool,
}

impl Index {
    /// The index of a log that is open: from its file as far as that is right, the rest from the log.
    pub fn load(path: &Path, log: &File) -> Result<Self, SpoolError> {
        let mut index = Self { entries: Vec::new(), lines: 0, bytes: 0, stale: false };
        index.extend(path, log)?;
        Ok(index)
    }

    /// Counts lines that were added to the log since. Gives their number.
    pub fn extend(&mut self, path: &Path, log: &File) -> Result<u64, SpoolError> {
        let before = self.lines;
        // The length first: entries are written before the lines they are for, so none can be missing below it.
        let end = log.metadata().map_err(|error| SpoolError::at(path, &error))?.len();
        if end < self.bytes {
            return Err(SpoolError::Shrunk { file: path.to_path_buf() });
        }
        self.read_on(path, log, end);
        self.extend_to(path, log, end)?;
        Ok(self.lines - before)
    }

    /// Takes the entries that are new in the file: when lines were said is told there alone.
    fn read_on(&mut self, path: &Path, log: &File, end: u64) {
        if self.stale || end <= self.bytes {
            return;
        }
        let known = self.entries.len();
        let start = HEADER.len() + ENTRY * known;
        match stored(&path_beside(path), if known == 0 { 0 } else { start }) {
            Ok(bytes) => {
                let body = if known == 0 { bytes.strip_prefix(&HEADER) } else { Some(&*bytes) };
                self.stale = body.is_none_or(|body| !self.take(body, log, end));
            }
            Err(_) => self.stale = true,
        }
        if let Some(last) = self.entries[known..].last() {
            (self.lines, self.bytes) = (last.line, last.byte);
        }
    }

    /// Takes the entries that can be right for a log of this length. Gives whether no others are there.
    fn take(&mut self, body: &[u8], log: &File, end: u64) -> bool {
        let known = self.entries.len();
        // A torn entry at the end is one that is being written, unless its writer died; then the log has more.
        let (whole, _) = body.as_chunks::<ENTRY>();
        let mut right = true;
        for entry in whole.iter().map(Entry::from_bytes) {
            let fits = match self.entries.last() {
                None => entry.byte == 0 && entry.line == 0,
                // Lines that were counted already have none.
                Some(last) => {
                    let counted = (entry.line.cmp(&self.lines), entry.byte.cmp(&self.bytes));
                    last.precedes(&entry) && counted.0 == counted.1 && counted.0.is_ge()
                }
            };
            if !fits {
                right = false;
                break;
            }
            // Of lines that are on their way, or were when their writer died.
            if entry.byte >= end {
                break;
            }
            self.entries.push(entry);
        }
        // The index of another log would rarely have a line begin here too.
        let begins = |entry: &Entry| {
            let mut before = [0];
            entry.byte == 0 || (log.read_exact_at(&mut before, entry.byte - 1).is_ok() && before == *b"\n")
        };
        if self.entries[known..].last().is_some_and(|last| !begins(last)) {
            self.entries.truncate(known);
            return false;
        }
        right
    }

    fn extend_to(&mut self, path: &Path, log: &File, end: u64) -> Result<(), SpoolError> {
        let mut at = self.bytes;
        let mut part = vec![0; usize::try_from(end - at).unwrap_or(CHUNK).min(CHUNK)];
        while at < end {
            let wanted = usize::try_from(end - at).unwrap_or(CHUNK).min(CHUNK);
            let count = read_at(path, log, &mut part[..wanted], at)?;
            for line_feed in memchr::memchr_iter(b'\n', &part[..count]) {
                let entry = Entry { byte: self.bytes, line: self.lines, unix_ms: None };
                if is_due(self.entries.last(), &entry) {
                    self.entries.push(entry);
                    self.stale = true;
                }
                self.lines += 1;
                self.bytes = at + line_feed as u64 + 1;
            }
            at += count as u64;
        }
        Ok(())
    }

    /// Writes what was found out, when the file does not have it.
    pub fn save(&self, log: &Path) -> Result<(), SpoolError> {
        if !self.stale {
            return Ok(());
        }
        let path = path_beside(log);
        let replace = || -> io::Result<()> {
            let mut file = tempfile::Builder::new().prefix(".idx-").tempfile_in(folder_of(&path))?;
            let mut bytes = HEADER.to_vec();
            bytes.extend(self.entries.iter().flat_map(|entry| entry.to_bytes()));
            file.write_all(&bytes)?;
            file.persist(&path)?;
            Ok(())
        };
        replace().map_err(|error| SpoolError::at(&path, &error))
    }

    /// Lines that are complete, which is: ended by LF.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// The end of the last complete line.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The lines that share an entry with this one, and their bytes with the last LF: from the entry at or before it up
    /// to the next. `None` after the log's end.
    pub fn group(&self, line: u64) -> Option<(Range<u64>, Range<u64>)> {
        let after = self.entries.partition_point(|entry| entry.line <= line);
        let first = self.entries[..after].last().filter(|_| line < self.lines)?;
        let (next, end) = self.entries.get(after).map_or((self.lines, self.bytes), |next| (next.line, next.byte));
        Some((first.line..next, first.byte..end))
    }

    /// The last entry at or before a line. `None` in an empty log.
    pub fn before(&self, line: u64) -> Option<&Entry> {
        self.entries[..self.entries.partition_point(|entry| entry.line <= line)].last()
    }
}

/// What an index file has from this byte on.
fn stored(path: &Path, start: usize) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(start as u64))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
