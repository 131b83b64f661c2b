//! Writing a log.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    mem,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::{
    error::SpoolError,
    folder::folder_of,
    index::{self, Entry},
};
use crate::domain::digest::Digest;

/// Lines are gathered up to this many bytes before they are written.
const BUFFER: usize = 64 * 1024;

/// What was written, once all of it is on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The sha256 of the log's file.
    pub digest: Digest,
    pub bytes: u64,
    pub lines: u64,
}

/// Appends lines to a new log. After an error it writes nothing more, and answers everything with that error.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    log: File,
    index: File,
    /// Whole lines that are not in the file yet, and the entries that belong to them.
    pending: Vec<u8>,
    pending_entries: Vec<u8>,
    hasher: Sha256,
    bytes: u64,
    lines: u64,
    last: Option<Entry>,
    unix_ms: Option<i64>,
    failed: Option<SpoolError>,
}

impl Writer {
    /// Makes the log (0600, its folder 0700) and its index beside it, which ends in `.idx`.
    ///
    /// # Errors
    /// When there is such a log already: no log is written over.
    pub fn create(log: &Path) -> Result<Self, SpoolError> {
        let folder = folder_of(log);
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| SpoolError::at(folder, &error))?;
        let made = OpenOptions::new().append(true).create_new(true).mode(0o600).open(log);
        let file = made.map_err(|error| SpoolError::at(log, &error))?;
        let index = new_index(&index::path_beside(log)).inspect_err(|_| {
            // The error is told; that an empty log could not be removed either is of no use to anybody.
            let _ = fs::remove_file(log);
        })?;
        Ok(Self {
            path: log.to_path_buf(),
            log: file,
            index,
            pending: Vec::with_capacity(BUFFER + 4096),
            pending_entries: Vec::new(),
            hasher: Sha256::new(),
            bytes: 0,
            lines: 0,
            last: None,
            unix_ms: None,
            failed: None,
        })
    }

    /// Adds a line that was said at this time, in milliseconds since 1970. The text has no LF and is
    /// sanitised and redacted.
    pub fn line_at(&mut self, text: &str, unix_ms: i64) -> Result<(), SpoolError> {
        self.unix_ms = Some(unix_ms);
        self.line(text)
    }

    /// Adds a line that was said at the time of the one before.
    pub fn line(&mut self, text: &str) -> Result<(), SpoolError> {
        debug_assert!(!text.contains('\n'), "a line feed inside a line: {text:?}");
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let entry = Entry { byte: self.bytes, line: self.lines, unix_ms: self.unix_ms };
        if index::is_due(self.last.as_ref(), &entry) {
            self.pending_entries.extend_from_slice(&entry.to_bytes());
            self.last = Some(entry);
        }
        self.pending.extend_from_slice(text.as_bytes());
        self.pending.push(b'\n');
        self.bytes += text.len() as u64 + 1;
        self.lines += 1;
        if self.pending.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    /// What was added so far: bytes and lines. Readers see all of it after [`Self::flush`].
    pub fn size(&self) -> (u64, u64) {
        (self.bytes, self.lines)
    }

    /// Hands everything to the kernel, where readers see it.
    pub fn flush(&mut self) -> Result<(), SpoolError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        // The index first: a reader drops entries beyond the log's end, but would have to search for missing ones.
        let entries = mem::take(&mut self.pending_entries);
        let written = self.index.write_all(&entries).and_then(|()| self.log.write_all(&self.pending));
        self.hasher.update(&self.pending);
        self.pending.clear();
        written.map_err(|error| self.fail(&error))
    }

    /// Brings everything to the disk.
    pub fn finish(mut self) -> Result<Summary, SpoolError> {
        self.flush()?;
        self.log.sync_all().map_err(|error| self.fail(&error))?;
        // The file's name is in the folder, which is a file of its own.
        let folder = File::open(folder_of(&self.path));
        folder.and_then(|folder| folder.sync_all()).map_err(|error| self.fail(&error))?;
        let digest = Digest::finish(mem::take(&mut self.hasher));
        Ok(Summary { digest, bytes: self.bytes, lines: self.lines })
    }

    fn fail(&mut self, error: &io::Error) -> SpoolError {
        self.failed.insert(SpoolError::at(&self.path, error)).clone()
    }
}

/// One that is there without its log is worth nothing: it is replaced.
fn new_index(path: &Path) -> Result<File, SpoolError> {
    let open = || {
        let mut index = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        index.write_all(&index::HEADER)?;
        Ok(index)
    };
    open().map_err(|error: io::Error| SpoolError::at(path, &error))
}

impl Drop for Writer {
    /// A log that is given up keeps what was said until then.
    fn drop(&mut self) {
        // Whoever cares for the outcome calls `finish`; after it, or after an error, there is nothing left to write.
        let _ = self.flush();
    }
}
