//! What can go wrong with the journal, in the maintainer's words.

use std::{
    io,
    path::{Path, PathBuf},
};

use rusqlite::ErrorCode;

use crate::domain::{
    failure::Failure,
    finding::CheckId,
    name::{NotAName, ReleaseId},
    reference::NotAReference,
};

/// An event that cannot be read: of another version of windlass, or damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event {seq} of release {release} cannot be read: {why}")]
pub struct Damaged {
    pub release: ReleaseId,
    pub seq: u64,
    pub why: String,
}

#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("the journal {} has schema {found}; this windlass knows schemas up to {known}", file.display())]
    Newer { file: PathBuf, found: i64, known: i64 },
    #[error("{} is not a journal of windlass: {why}", file.display())]
    NotAJournal { file: PathBuf, why: String },
    #[error("the journal {} is damaged: {why}", file.display())]
    Corrupt { file: PathBuf, why: String },
    #[error("the disk of the journal {} is full", file.display())]
    Full { file: PathBuf },
    #[error("the journal {} is on a disk, or has permissions, that only allow reading", file.display())]
    ReadOnly { file: PathBuf },
    #[error("the journal {} has been locked by another process for {} seconds", file.display(), super::schema::PATIENCE.as_secs())]
    Busy { file: PathBuf },
    #[error("the journal {} cannot be used: {source}", file.display())]
    Io { file: PathBuf, source: io::Error },
    #[error("the journal {} cannot be used: {source}", file.display())]
    Sqlite { file: PathBuf, source: rusqlite::Error },
    #[error(transparent)]
    Damaged(#[from] Damaged),
    #[error("release {release} has no plan yet, and its first event must be one")]
    NotPlanned { release: ReleaseId },
    #[error("release {release} is planned already")]
    PlannedTwice { release: ReleaseId },
    #[error("release {release} has ended")]
    AfterFinished { release: ReleaseId },
    #[error("the event of release {release} speaks of release {other}")]
    OtherRelease { release: ReleaseId, other: ReleaseId },
    #[error("the journal's thread has ended")]
    Ended,
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        let why = error.to_string();
        let (what, next) = match &error {
            JournalError::Newer { .. } => (
                "the journal cannot be opened",
                "use the newer windlass that wrote it; nothing was changed in the file".to_owned(),
            ),
            JournalError::NotAJournal { file, .. } => (
                "the journal cannot be opened",
                format!(
                    "move {} away, or set WINDLASS_HOME to a folder of its own; nothing was changed in the file",
                    file.display()
                ),
            ),
            JournalError::Corrupt { file, .. } => (
                "the journal cannot be read",
                format!(
                    "copy {0} with its -wal and -shm files, then save what is readable: sqlite3 {0} .recover | sqlite3 saved.db",
                    file.display()
                ),
            ),
            JournalError::Full { .. } => {
                ("the journal cannot be written", "free space on that disk; what was written before is safe".to_owned())
            }
            JournalError::ReadOnly { file } => (
                "the journal cannot be written",
                format!("make {} and its folder writable, or set WINDLASS_HOME to a folder that is", file.display()),
            ),
            JournalError::Busy { file } => (
                "the journal cannot be used now",
                format!("see who holds it (fuser {}), then try again", file.display()),
            ),
            JournalError::Io { .. } | JournalError::Sqlite { .. } => {
                ("the journal cannot be used", "look at the disk and at the permissions of that file".to_owned())
            }
            JournalError::Damaged(damaged) => (
                "a release cannot be read from the journal",
                format!(
                    "if a newer windlass wrote it, use that one; other releases than {} are not touched",
                    damaged.release
                ),
            ),
            JournalError::NotPlanned { .. }
            | JournalError::PlannedTwice { .. }
            | JournalError::AfterFinished { .. }
            | JournalError::OtherRelease { .. } => (
                "an event was refused by the journal",
                "nothing was written; this is a mistake in windlass: please report it".to_owned(),
            ),
            JournalError::Ended => (
                "the journal cannot be used",
                "start windlass again; this is a mistake in windlass: please report it".to_owned(),
            ),
        };
        Self::failed(what, why, next).explained_by(CheckId::Journal)
    }
}

/// What goes wrong inside a job, which does not know its file.
#[derive(Debug)]
pub(super) enum Fault {
    Sqlite(rusqlite::Error),
    Io(io::Error),
    /// A value that only a damaged file can hold.
    Unreadable(String),
    Journal(JournalError),
}

impl Fault {
    pub(super) fn at(self, file: &Path) -> JournalError {
        let file = file.to_path_buf();
        match self {
            Self::Journal(error) => error,
            Self::Unreadable(why) => JournalError::Corrupt { file, why },
            Self::Io(source) => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => JournalError::Full { file },
                io::ErrorKind::ReadOnlyFilesystem => JournalError::ReadOnly { file },
                _ => JournalError::Io { file, source },
            },
            Self::Sqlite(source) => match source.sqlite_error_code() {
                Some(ErrorCode::NotADatabase) => {
                    JournalError::NotAJournal { file, why: "it is no SQLite database".to_owned() }
                }
                Some(ErrorCode::DatabaseCorrupt) => JournalError::Corrupt { file, why: source.to_string() },
                Some(ErrorCode::DiskFull) => JournalError::Full { file },
                // SQLite says "I/O error" or "unable to open" when there is no room for its -wal and -shm files.
                Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) if no_room_beside(&file) => {
                    JournalError::Full { file }
                }
                Some(ErrorCode::ReadOnly) => JournalError::ReadOnly { file },
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => JournalError::Busy { file },
                _ => JournalError::Sqlite { file, source },
            },
        }
    }

    pub(super) fn is_busy(&self) -> bool {
        matches!(self, Self::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy))
    }
}

/// Less than the 32 KiB that SQLite asks for at once for its -shm file.
fn no_room_beside(file: &Path) -> bool {
    file.parent()
        .and_then(|folder| rustix::fs::statvfs(folder).ok())
        .is_some_and(|disk| disk.f_bavail.saturating_mul(disk.f_frsize) < 32 * 1024)
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<JournalError> for Fault {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl From<Damaged> for Fault {
    fn from(damaged: Damaged) -> Self {
        Self::Journal(damaged.into())
    }
}

impl From<NotAName> for Fault {
    fn from(error: NotAName) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl From<NotAReference> for Fault {
    fn from(error: NotAReference) -> Self {
        Self::Unreadable(error.to_string())
    }
}
