//! What a maintainer is told when something fails: what, why as far as known, what to do next.

use serde::{Deserialize, Serialize};

use super::finding::CheckId;

/// The kind of a failure decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The operation failed, a verdict is bad, a lock is held, a frozen tag is taken.
    Failed,
    /// Usage or configuration; nothing was touched.
    Usage,
    /// 401, 403, missing scope, policy, read-only.
    NotAllowed,
    /// Engine, registry, Taskcluster or network do not answer.
    Unreachable,
    Cancelled,
}

impl FailureKind {
    /// The exit code of a command that ends with this failure.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotAllowed => 3,
            Self::Unreachable => 4,
            Self::Cancelled => 130,
        }
    }
}

/// An error in the maintainer's words. Printed as three lines, or as one JSON object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{what}: {why}")]
pub struct Failure {
    pub kind: FailureKind,
    pub what: String,
    pub why: String,
    pub next: String,
    /// The check of `windlass doctor` that looks at the cause. Journals of earlier versions do not have it.
    #[serde(default)]
    pub check: Option<CheckId>,
}

impl Failure {
    pub fn new(kind: FailureKind, what: impl Into<String>, why: impl Into<String>, next: impl Into<String>) -> Self {
        Self { kind, what: what.into(), why: why.into(), next: next.into(), check: None }
    }

    pub fn failed(what: impl Into<String>, why: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(FailureKind::Failed, what, why, next)
    }

    pub fn usage(what: impl Into<String>, why: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(FailureKind::Usage, what, why, next)
    }

    pub fn not_allowed(what: impl Into<String>, why: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(FailureKind::NotAllowed, what, why, next)
    }

    pub fn unreachable(what: impl Into<String>, why: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(FailureKind::Unreachable, what, why, next)
    }

    /// Somebody asked for an end; nothing is wrong.
    pub fn cancelled(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(FailureKind::Cancelled, what, "cancelled on request", next)
    }

    /// The same, with the check that looks at its cause.
    #[must_use]
    pub fn explained_by(self, check: impl Into<Option<CheckId>>) -> Self {
        Self { check: check.into(), ..self }
    }

    /// What to do next, the check included.
    #[must_use]
    pub fn advice(&self) -> String {
        match self.check {
            Some(check) => format!("{} (windlass doctor {check})", self.next),
            None => self.next.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_earlier_journals_are_read() {
        let old = r#"{"kind":"unreachable","what":"a","why":"b","next":"c"}"#;
        let failure: Failure = serde_json::from_str(old).unwrap();
        assert_eq!(failure, Failure::unreachable("a", "b", "c"));
        assert_eq!(failure.advice(), "c");
        let explained = failure.explained_by(CheckId::Engine);
        assert_eq!(explained.advice(), "c (windlass doctor engine)");
        let json = serde_json::to_string(&explained).unwrap();
        assert_eq!(serde_json::from_str::<Failure>(&json).unwrap(), explained);
    }
}
