//! The audit trail: who changed what, when, and what came of it. Values of secrets are in none of it.

use std::str::FromStr;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::failure::{Failure, FailureKind};

/// One act of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditRow {
    pub at: Timestamp,
    /// `user@host`.
    pub who: String,
    pub what: Act,
    /// What it was done to: a secret's name, a release's id, `REPOSITORY:TAG`, a root URL.
    pub subject: String,
    /// Of the secret's values that were in force after the act, or that it removed.
    pub fingerprint: Option<String>,
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl AuditRow {
    /// An act that is about to happen.
    #[must_use]
    pub fn begun(at: Timestamp, who: &str, what: Act, subject: &str) -> Self {
        let (who, subject) = (who.to_owned(), subject.to_owned());
        Self { at, who, what, subject, fingerprint: None, outcome: Outcome::Begun }
    }
}

/// What is told of an act when it has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub outcome: Outcome,
    pub fingerprint: Option<String>,
}

impl Ended {
    /// Ended with this failure, or well without one.
    #[must_use]
    pub fn with(failure: Option<&Failure>, fingerprint: Option<String>) -> Self {
        let outcome = match failure {
            None => Outcome::Done,
            Some(failure) if failure.kind == FailureKind::Cancelled => Outcome::Cancelled,
            Some(failure) => Outcome::Failed { why: failure.to_string() },
        };
        Self { outcome, fingerprint }
    }
}

/// What became of an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "Told")]
pub enum Outcome {
    /// It goes on, or its process died before it could tell.
    Begun,
    Done,
    Failed {
        why: String,
    },
    Cancelled,
}

/// An [`Outcome`] as two fields: the word, and the reason where there is one.
#[derive(Serialize)]
struct Told {
    outcome: &'static str,
    why: Option<String>,
}

impl From<Outcome> for Told {
    fn from(outcome: Outcome) -> Self {
        let word = outcome.name();
        let why = match outcome {
            Outcome::Failed { why } => Some(why),
            Outcome::Begun | Outcome::Done | Outcome::Cancelled => None,
        };
        Self { outcome: word, why }
    }
}

impl Outcome {
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Done => "done",
            Self::Failed { .. } => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The outcome of this name; `why` belongs to a failure alone.
    #[must_use]
    pub fn from_parts(name: &str, why: Option<String>) -> Option<Self> {
        match (name, why) {
            ("begun", None) => Some(Self::Begun),
            ("done", None) => Some(Self::Done),
            ("failed", Some(why)) => Some(Self::Failed { why }),
            ("cancelled", None) => Some(Self::Cancelled),
            _ => None,
        }
    }
}

/// What somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    SecretSet,
    /// A secret may be used for more repositories.
    SecretBind,
    SecretRemove,
    SecretRotate,
    /// An open rotation was taken up again.
    SecretResume,
    SecretRollback,
    Release,
    Rerun,
    /// A release of somebody was told to end.
    Cancel,
    /// A moving tag was pointed to another release.
    Point,
    /// Credentials for a Taskcluster deployment were got: the subject is its root URL.
    SignIn,
    /// These were forgotten.
    SignOut,
    /// A role of a deployment was given scopes: the subject is its name.
    Grant,
    /// Something was done that begins a release on Taskcluster: the subject is what.
    Trigger,
}

impl Act {
    pub const ALL: [Self; 14] = [
        Self::SecretSet,
        Self::SecretBind,
        Self::SecretRemove,
        Self::SecretRotate,
        Self::SecretResume,
        Self::SecretRollback,
        Self::Release,
        Self::Rerun,
        Self::Cancel,
        Self::Point,
        Self::SignIn,
        Self::SignOut,
        Self::Grant,
        Self::Trigger,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SecretSet => "secret-set",
            Self::SecretBind => "secret-bind",
            Self::SecretRemove => "secret-remove",
            Self::SecretRotate => "secret-rotate",
            Self::SecretResume => "secret-resume",
            Self::SecretRollback => "secret-rollback",
            Self::Release => "release",
            Self::Rerun => "rerun",
            Self::Cancel => "cancel",
            Self::Point => "point",
            Self::SignIn => "sign-in",
            Self::SignOut => "sign-out",
            Self::Grant => "grant",
            Self::Trigger => "trigger",
        }
    }

    /// Whether a release comes of it: the subject is its id.
    #[must_use]
    pub fn makes_a_release(self) -> bool {
        matches!(self, Self::Release | Self::Rerun | Self::Point)
    }

    /// Whether it is done to a secret: the subject is its name.
    #[must_use]
    pub fn is_of_secret(self) -> bool {
        match self {
            Self::SecretSet
            | Self::SecretBind
            | Self::SecretRemove
            | Self::SecretRotate
            | Self::SecretResume
            | Self::SecretRollback => true,
            Self::Release
            | Self::Rerun
            | Self::Cancel
            | Self::Point
            | Self::SignIn
            | Self::SignOut
            | Self::Grant
            | Self::Trigger => false,
        }
    }
}

impl Serialize for Act {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A word that no act has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no act that this windlass knows")]
pub struct NoAct(String);

impl FromStr for Act {
    type Err = NoAct;

    fn from_str(text: &str) -> Result<Self, NoAct> {
        Self::ALL.into_iter().find(|act| act.name() == text).ok_or_else(|| NoAct(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for act in Act::ALL {
            assert_eq!(act.name().parse(), Ok(act));
        }
        assert!("secret-show".parse::<Act>().is_err());
        for outcome in [Outcome::Begun, Outcome::Done, Outcome::Failed { why: "401".into() }, Outcome::Cancelled] {
            let Told { outcome: name, why } = outcome.clone().into();
            assert_eq!(Outcome::from_parts(name, why), Some(outcome));
        }
        assert_eq!(Outcome::from_parts("failed", None), None);
    }

    #[test]
    fn what_is_unknown_is_null() {
        let row = AuditRow::begun(Timestamp::UNIX_EPOCH, "ada@host", Act::SecretRotate, "dockerhub");
        assert_eq!(
            serde_json::to_value(row).unwrap(),
            serde_json::json!({
                "at": "1970-01-01T00:00:00Z", "who": "ada@host", "what": "secret-rotate", "subject": "dockerhub",
                "fingerprint": null, "outcome": "begun", "why": null,
            })
        );
    }

    #[test]
    fn a_cancelled_act_did_not_fail() {
        let cancelled = Failure::cancelled("the build step was cancelled", "start it again");
        assert_eq!(Ended::with(Some(&cancelled), None).outcome, Outcome::Cancelled);
        let failed = Failure::failed("it is full", "no space", "make room");
        assert_eq!(Ended::with(Some(&failed), None).outcome, Outcome::Failed { why: "it is full: no space".into() });
        assert_eq!(Ended::with(None, None).outcome, Outcome::Done);
    }
}
