//! What comes of the log of a run.

use std::fmt;

use bytes::Bytes;
use jiff::Timestamp;

use crate::domain::task::Status;

/// What comes of a log, in this order: any number of texts and notes, then one end.
#[derive(Debug, Clone, PartialEq)]
pub enum LogPiece {
    Text(Bytes),
    Note(LogNote),
    End(LogEnd),
}

/// What somebody who waits for the log wants to know.
#[derive(Debug, Clone, PartialEq)]
pub enum LogNote {
    /// The run has not begun.
    Waiting(Box<Status>),
    Live,
    /// It cannot be followed.
    NoLiveLog(String),
    /// A connection broke, or could not be made; it is tried again.
    Broken(String),
    /// What was kept is not what came live.
    Differs,
}

impl LogNote {
    /// In words, at this time.
    #[must_use]
    pub fn told(&self, now: Timestamp) -> String {
        match self {
            Self::Waiting(status) => status.words(now),
            Self::Live => "following what its worker writes".to_owned(),
            Self::NoLiveLog(why) => format!("there is no live log ({why}): the log comes when the run is over"),
            Self::Broken(why) => format!("{why}; trying again"),
            Self::Differs => "the log that was kept is not the one that came live".to_owned(),
        }
    }
}

/// How a log ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogEnd {
    /// To the last byte that its worker kept.
    Whole,
    /// None was kept. What came live is all there is.
    NotKept(String),
    /// There was one.
    Expired,
    /// Nobody was there to keep it.
    WorkerVanished,
}

impl fmt::Display for LogEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("the log is whole"),
            Self::NotKept(why) => write!(f, "no log was kept: {why}"),
            Self::Expired => f.write_str("the log has expired"),
            Self::WorkerVanished => f.write_str("its worker vanished, and no log was uploaded"),
        }
    }
}
