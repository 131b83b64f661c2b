//! The same of several releases on Taskcluster at once. Those of this machine wait for each other and are taken up one by
//! one.

use super::Request;
use crate::domain::name::ReleaseId;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Rerun,
    Cancel,
}

/// What is found out of each, and why nothing is of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Several {
    pub deed: Deed,
    pub each: Vec<(ReleaseId, Request)>,
    pub refused: Vec<(ReleaseId, String)>,
}

impl Several {
    /// The words after `windlass` that do it.
    pub fn words(&self) -> Vec<String> {
        self.words_of(self.each.iter().map(|(id, _)| id))
    }

    /// The same of these alone.
    pub fn words_of<'a>(&self, releases: impl Iterator<Item = &'a ReleaseId>) -> Vec<String> {
        let deed = match self.deed {
            Deed::Rerun => "rerun",
            Deed::Cancel => "cancel",
        };
        let words = std::iter::once(deed.to_owned()).chain(releases.map(ToString::to_string));
        words.chain(["--yes".to_owned()]).collect()
    }

    pub fn title(&self) -> String {
        let deed = match self.deed {
            Deed::Rerun => "Re-run tasks of",
            Deed::Cancel => "Cancel",
        };
        format!("{deed} marked releases")
    }

    pub fn said(&self) -> String {
        match self.deed {
            Deed::Rerun => "taking up marked releases again",
            Deed::Cancel => "marked releases are being cancelled",
        }
        .to_owned()
    }
}
