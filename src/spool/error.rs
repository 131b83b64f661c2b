//! What can go wrong with a log's file, in the maintainer's words.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::domain::failure::Failure;

/// Can be cloned because a writer gives its first error as the answer to everything after it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpoolError {
    #[error("there is a log {} already", file.display())]
    Exists { file: PathBuf },
    #[error("there is no log {}", file.display())]
    Missing { file: PathBuf },
    #[error("the disk of {} is full", file.display())]
    Full { file: PathBuf },
    #[error("{} became shorter while it was read", file.display())]
    Shrunk { file: PathBuf },
    #[error("{}: {why}", file.display())]
    Io { file: PathBuf, why: String },
}

impl SpoolError {
    pub(super) fn at(file: &Path, error: &io::Error) -> Self {
        let file = file.to_path_buf();
        match error.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists { file },
            io::ErrorKind::NotFound => Self::Missing { file },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { file },
            _ => Self::Io { file, why: error.to_string() },
        }
    }
}

impl From<SpoolError> for Failure {
    fn from(error: SpoolError) -> Self {
        let why = error.to_string();
        let (what, next) = match &error {
            SpoolError::Exists { .. } => {
                ("the log cannot be written", "start a new release: a log is never written over".to_owned())
            }
            SpoolError::Missing { .. } => {
                ("the log cannot be read", "the release ended before its build, or its log was removed".to_owned())
            }
            SpoolError::Full { .. } => (
                "the log cannot be written",
                "free space on that disk, then run the release again; what was written before is kept".to_owned(),
            ),
            SpoolError::Shrunk { .. } => {
                ("the log cannot be read", "somebody changed the file: compare its sha256 with the record".to_owned())
            }
            SpoolError::Io { file, .. } => {
                ("the log cannot be used", format!("look at the disk and at the permissions of {}", file.display()))
            }
        };
        Self::failed(what, why, next)
    }
}
