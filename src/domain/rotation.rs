//! The rotation of a secret as a machine: what is checked where, and what follows from what is found.
//!
//! ```text
//!   Opened ──new proven──▶ Stored ──read back──▶ ReadBack ──stored proven──▶ rotated
//!     │                      │                      │
//!     └─not proven─▶         └──────not so──────────┴──▶ Restored ──old looked at──▶ rolled back
//!        withdrawn                                  (also when asked for, from anywhere)
//! ```
//!
//! Each stage is in the vault before its check begins, so that whoever comes after a crash finds the check that
//! is due. Somebody else who changes a secret that others can reach ends its rotation: theirs is what is there then.
//! A check may be repeated; a change of the secret is one write together with its stage.

mod account;

use serde::{Deserialize, Serialize};

pub use account::{Account, Standing, StepState, StepView, revoked_by};

use super::{
    failure::{Failure, FailureKind},
    holdings::StoreKind,
    name::SecretName,
};

/// Where an open rotation stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The new document lies beside the secret. Due: to prove it at the registries.
    Opened,
    /// The new document is the secret. Due: to read it back.
    Stored,
    /// The vault gave it back. Due: to prove what is stored.
    ReadBack,
    /// The old document is the secret again. Due: to see whether it still works.
    Restored(Reason),
}

/// Why the old document was restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    Asked,
    Failed(Failure),
}

/// How a rotation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The new one is the secret, and the old one was dropped.
    Rotated,
    /// The new one was not proven, and never stored.
    Withdrawn(Failure),
    /// The old one is the secret; `old` is what its registries said.
    RolledBack { reason: Reason, old: Result<(), Failure> },
    /// Somebody else changed the secret meanwhile: neither of the two is it.
    Overtaken(Failure),
}

/// What follows on a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    To(Stage),
    End(End),
}

/// Which of the two documents is the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    Old,
    New,
}

/// What a rotation does, as people are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    VerifyNew,
    Store,
    ReadBack,
    VerifyStored,
    Restore,
    VerifyOld,
}

impl Stage {
    /// The stage or the end that follows on what its check found.
    #[must_use]
    pub fn after(self, found: Result<(), Failure>) -> Next {
        match (self, found) {
            (Self::Opened, Ok(())) => Next::To(Self::Stored),
            (Self::Opened, Err(failure)) => Next::End(End::Withdrawn(failure)),
            (Self::Stored, Ok(())) => Next::To(Self::ReadBack),
            (Self::ReadBack, Ok(())) => Next::End(End::Rotated),
            (Self::Stored | Self::ReadBack, Err(failure)) => Next::To(Self::Restored(Reason::Failed(failure))),
            (Self::Restored(reason), old) => Next::End(End::RolledBack { reason, old }),
        }
    }

    /// The stage that follows when somebody asks for the old one.
    #[must_use]
    pub fn rolled_back(self) -> Self {
        match self {
            restored @ Self::Restored(_) => restored,
            Self::Opened | Self::Stored | Self::ReadBack => Self::Restored(Reason::Asked),
        }
    }

    #[must_use]
    pub fn holds(&self) -> Holds {
        match self {
            Self::Opened | Self::Restored(_) => Holds::Old,
            Self::Stored | Self::ReadBack => Holds::New,
        }
    }

    /// The steps that led here. Those before a restoration are not known any more.
    #[must_use]
    pub fn behind(&self) -> &'static [Step] {
        match self {
            Self::Opened => &[],
            Self::Stored => &[Step::VerifyNew, Step::Store],
            Self::ReadBack => &[Step::VerifyNew, Step::Store, Step::ReadBack],
            Self::Restored(_) => &[Step::Restore],
        }
    }

    /// The steps to the end that is hoped for; the first is the check that is due.
    #[must_use]
    pub fn ahead(&self) -> &'static [Step] {
        match self {
            Self::Opened => &[Step::VerifyNew, Step::Store, Step::ReadBack, Step::VerifyStored],
            Self::Stored => &[Step::ReadBack, Step::VerifyStored],
            Self::ReadBack => &[Step::VerifyStored],
            Self::Restored(_) => &[Step::VerifyOld],
        }
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Stored => "stored",
            Self::ReadBack => "read-back",
            Self::Restored(_) => "restored",
        }
    }
}

impl Next {
    #[must_use]
    pub fn holds(&self) -> Holds {
        match self {
            Self::To(stage) => stage.holds(),
            Self::End(end) => end.holds(),
        }
    }

    /// The step that this write is, where people are told of it, and what it comes to.
    #[must_use]
    pub fn write(&self, store: &StoreKind) -> Option<(Step, String)> {
        match self {
            Self::To(Stage::Stored) => {
                let beside = match store {
                    StoreKind::Vault => "beside it",
                    StoreKind::Taskcluster(_) => "in the vault of this machine",
                };
                let words = format!("in {}, with the old one {beside} until the end", store.place());
                Some((Step::Store, words))
            }
            Self::To(Stage::Restored(_)) => Some((Step::Restore, "the old one is the secret again".to_owned())),
            Self::To(Stage::Opened | Stage::ReadBack) | Self::End(_) => None,
        }
    }
}

impl End {
    #[must_use]
    pub fn holds(&self) -> Holds {
        match self {
            Self::Rotated => Holds::New,
            // Of the two that the rotation knows, the old one is what it leaves to others.
            Self::Withdrawn(_) | Self::RolledBack { .. } | Self::Overtaken(_) => Holds::Old,
        }
    }

    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Rotated => "rotated",
            Self::Withdrawn(_) => "withdrawn",
            Self::RolledBack { .. } => "rolled-back",
            Self::Overtaken(_) => "overtaken",
        }
    }

    /// What went wrong, if anything did; of the kind of what failed first.
    #[must_use]
    pub fn failure(&self, secret: &SecretName) -> Option<Failure> {
        // A reason that names the matter itself is not told twice.
        let said = |failure: &Failure| {
            if failure.why.starts_with(&failure.what) { failure.why.clone() } else { failure.to_string() }
        };
        match self {
            Self::Rotated | Self::RolledBack { reason: Reason::Asked, old: Ok(()) } => None,
            Self::Overtaken(failure) => Some(Failure::new(
                failure.kind,
                format!("{secret} is not rotated: somebody else changed it meanwhile"),
                said(failure),
                format!(
                    "see what is there: windlass secret show {secret}; whether it works: windlass secret check {secret}"
                ),
            )),
            Self::Withdrawn(failure) => Some(Failure::new(
                failure.kind,
                format!("the new login of {secret} was not proven, and nothing was stored"),
                said(failure),
                match failure.kind {
                    FailureKind::Unreachable => format!("{}; then: windlass secret rotate {secret}", failure.next),
                    _ => format!("correct the login or its rights, then: windlass secret rotate {secret}"),
                },
            )),
            Self::RolledBack { reason: Reason::Failed(failure), old } => {
                let (old, next) = match old {
                    Ok(()) => (
                        "the old login was verified again and still works".to_owned(),
                        format!("find out what changed, then: windlass secret rotate {secret}"),
                    ),
                    Err(old) => {
                        (format!("the old login could not be verified either: {}", said(old)), set_another(secret))
                    }
                };
                Some(Failure::new(
                    failure.kind,
                    format!("{secret} is rolled back: its old login is the secret again"),
                    format!("{}; {old}", said(failure)),
                    next,
                ))
            }
            Self::RolledBack { reason: Reason::Asked, old: Err(old) } => Some(Failure::new(
                old.kind,
                format!("{secret} is rolled back, but its old login could not be verified"),
                said(old),
                set_another(secret),
            )),
        }
    }
}

fn set_another(secret: &SecretName) -> String {
    format!("ask again: windlass secret check {secret}; if it is refused, set one that works: windlass secret set")
}

impl Step {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::VerifyNew => "verify new",
            Self::Store => "store",
            Self::ReadBack => "read back",
            Self::VerifyStored => "verify stored",
            Self::Restore => "restore old",
            Self::VerifyOld => "verify old",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn refused() -> Failure {
        Failure::not_allowed("the registry does not accept the login of bot", "401", "set the right one")
    }

    fn silent() -> Failure {
        Failure::unreachable("the registry cannot be reached", "no route", "check the network")
    }

    fn stages() -> [Stage; 5] {
        let failed = Reason::Failed(refused());
        [Stage::Opened, Stage::Stored, Stage::ReadBack, Stage::Restored(Reason::Asked), Stage::Restored(failed)]
    }

    #[test]
    fn every_transition() {
        let asked = || Stage::Restored(Reason::Asked);
        let failed = || Stage::Restored(Reason::Failed(refused()));
        let back = |reason, old| Next::End(End::RolledBack { reason, old });
        let table = [
            (Stage::Opened, Next::To(Stage::Stored), Next::End(End::Withdrawn(silent())), asked()),
            (Stage::Stored, Next::To(Stage::ReadBack), Next::To(Stage::Restored(Reason::Failed(silent()))), asked()),
            (Stage::ReadBack, Next::End(End::Rotated), Next::To(Stage::Restored(Reason::Failed(silent()))), asked()),
            (asked(), back(Reason::Asked, Ok(())), back(Reason::Asked, Err(silent())), asked()),
            (
                failed(),
                back(Reason::Failed(refused()), Ok(())),
                back(Reason::Failed(refused()), Err(silent())),
                failed(),
            ),
        ];
        assert_eq!(table.clone().map(|(stage, ..)| stage), stages());
        for (stage, succeeded, did_not, rolled_back) in table {
            assert_eq!(stage.clone().after(Ok(())), succeeded, "{stage:?}");
            assert_eq!(stage.clone().after(Err(silent())), did_not, "{stage:?}");
            assert_eq!(stage.clone().rolled_back(), rolled_back, "{stage:?}");
        }
    }

    #[test]
    fn steps_told_are_those_of_the_machine() {
        for stage in stages() {
            let mut told = stage.behind().to_vec();
            let mut at = stage.clone();
            loop {
                told.push(at.ahead()[0]);
                let next = at.after(Ok(()));
                told.extend(next.write(&StoreKind::Vault).map(|(step, _)| step));
                match next {
                    Next::To(stage) => at = stage,
                    Next::End(_) => break,
                }
            }
            assert_eq!(told, [stage.behind(), stage.ahead()].concat(), "{stage:?}");
        }
    }

    #[test]
    fn the_exit_follows_what_failed_first() {
        let name = "dockerhub".parse().unwrap();
        let kind = |end: End| end.failure(&name).map(|failure| failure.kind);
        let back = |reason, old| End::RolledBack { reason, old };
        assert_eq!(kind(End::Rotated), None);
        assert_eq!(kind(back(Reason::Asked, Ok(()))), None);
        assert_eq!(kind(End::Withdrawn(silent())), Some(FailureKind::Unreachable));
        assert_eq!(kind(End::Overtaken(refused())), Some(FailureKind::NotAllowed));
        assert_eq!(kind(back(Reason::Asked, Err(refused()))), Some(FailureKind::NotAllowed));
        for old in [Ok(()), Err(silent())] {
            let failure = back(Reason::Failed(refused()), old.clone()).failure(&name).unwrap();
            assert_eq!(failure.kind, FailureKind::NotAllowed);
            assert_eq!(failure.why.contains("still works"), old.is_ok(), "{failure:?}");
        }
    }

    #[test]
    fn a_stage_survives_the_vault() {
        for stage in stages() {
            let text = serde_json::to_string(&stage).unwrap();
            assert_eq!(serde_json::from_str::<Stage>(&text).unwrap(), stage, "{text}");
        }
    }

    proptest! {
        /// Whatever registries answer, whoever rolls back and however often a crash repeats a check: the new one is
        /// in force only after it was proven, at the end only if it was proven as stored; and there is an end.
        #[test]
        fn the_new_one_counts_only_when_proven(happenings in prop::collection::vec(0..4_u8, 0..40)) {
            let mut stage = Stage::Opened;
            let (mut proven_new, mut proven_stored) = (false, false);
            let mut end = None;
            for happening in happenings {
                let next = match happening {
                    // A crash: the check is due again.
                    0 => Next::To(stage.clone()),
                    1 => Next::To(stage.clone().rolled_back()),
                    2 => stage.clone().after(Err(silent())),
                    _ => {
                        proven_new |= stage == Stage::Opened;
                        proven_stored |= stage == Stage::ReadBack;
                        stage.clone().after(Ok(()))
                    }
                };
                prop_assert!(next.holds() == Holds::Old || proven_new);
                match next {
                    Next::To(to) => stage = to,
                    Next::End(found) => { end = Some(found); break }
                }
            }
            if let Some(end) = end {
                prop_assert_eq!(end == End::Rotated, end.holds() == Holds::New);
                prop_assert!(end != End::Rotated || proven_stored);
            } else {
                // Nobody is kept in it: three checks that are answered end it from anywhere.
                for _ in 0..3 {
                    match stage.clone().after(Ok(())) {
                        Next::To(to) => stage = to,
                        Next::End(found) => { end = Some(found); break }
                    }
                }
                prop_assert!(end.is_some());
            }
        }
    }
}
