//! What a rotation has to tell: its steps, where it stands, and the fingerprints of old and new.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{End, Holds, Reason, Stage, Step};
use crate::domain::{
    failure::Failure,
    holdings::StoreKind,
    name::SecretName,
    reference::{DOCKER_HUB, Repository},
};

#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    pub secret: SecretName,
    pub store: StoreKind,
    pub begun: Timestamp,
    /// `user@host` who began it.
    pub by: String,
    pub repositories: BTreeSet<Repository>,
    /// Of the values that the recipe marks, before and after.
    pub old: Vec<String>,
    pub new: Vec<String>,
    pub stands: Standing,
    pub steps: Vec<StepView>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Standing {
    Open(Stage),
    Ended(End),
}

#[derive(Debug, Clone, PartialEq)]
pub struct StepView {
    pub step: Step,
    pub state: StepState,
}

#[derive(Debug, Clone, PartialEq)]
pub enum StepState {
    Pending,
    /// `note` is what was found; what an earlier process found is not known any more.
    Done {
        note: Option<String>,
    },
    Failed(Failure),
}

impl Account {
    /// The steps of a rotation that stands here: what led here is done, what its checks found is not known any more.
    #[must_use]
    pub fn steps(stage: &Stage) -> Vec<StepView> {
        let view = |state: StepState| move |step: &Step| StepView { step: *step, state: state.clone() };
        let behind = stage.behind().iter().map(view(StepState::Done { note: None }));
        behind.chain(stage.ahead().iter().map(view(StepState::Pending))).collect()
    }

    /// A step has ended: one that was due, or one that nobody had hoped for.
    pub fn note(steps: &mut Vec<StepView>, view: StepView) {
        match steps.iter_mut().find(|known| known.step == view.step && known.state == StepState::Pending) {
            Some(known) => *known = view,
            None => steps.push(view),
        }
    }

    /// Where it stands, in a sentence.
    #[must_use]
    pub fn said(&self) -> String {
        match &self.stands {
            Standing::Open(Stage::Opened) => "open: nothing is stored, the old one is still the secret".to_owned(),
            Standing::Open(Stage::Stored) => "open: the new one is stored, and was not read back yet".to_owned(),
            Standing::Open(Stage::ReadBack) => {
                "open: the new one is stored and was read back; what is stored was not verified yet".to_owned()
            }
            Standing::Open(Stage::Restored(reason)) => {
                let why = match reason {
                    Reason::Asked => "as was asked for".to_owned(),
                    Reason::Failed(failure) => format!("since {}", failure.what),
                };
                format!("open: the old one is the secret again, {why}; whether it works was not verified yet")
            }
            Standing::Ended(End::Rotated) => {
                "rotated: the new one is the secret, and the old one is in the vault no more".to_owned()
            }
            Standing::Ended(End::Withdrawn(_)) => "not rotated: nothing was stored".to_owned(),
            Standing::Ended(End::RolledBack { old: Ok(()), .. }) => {
                "rolled back: the old one is the secret, and it still works; revoke the new one if it is not used"
                    .to_owned()
            }
            Standing::Ended(End::RolledBack { old: Err(_), .. }) => {
                "rolled back: the old one is the secret, but it could not be verified".to_owned()
            }
            Standing::Ended(End::Overtaken(_)) => {
                "not rotated: what somebody else stored meanwhile is the secret".to_owned()
            }
        }
    }

    /// What went wrong, if it ended and anything did.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        match &self.stands {
            Standing::Open(_) => None,
            Standing::Ended(end) => end.failure(&self.secret),
        }
    }

    /// The fingerprints of what is the secret now, as far as the rotation knows it.
    #[must_use]
    pub fn in_force(&self) -> Option<String> {
        match (&self.stands, self.stands.holds()) {
            (Standing::Ended(End::Overtaken(_)), _) => None,
            (_, Holds::Old) => Some(self.old.join(", ")),
            (_, Holds::New) => Some(self.new.join(", ")),
        }
    }
}

impl Standing {
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open(stage) => stage.name(),
            Self::Ended(end) => end.name(),
        }
    }

    #[must_use]
    pub fn holds(&self) -> Holds {
        match self {
            Self::Open(stage) => stage.holds(),
            Self::Ended(end) => end.holds(),
        }
    }
}

/// Who can take the old password back, and where: a registry takes it until then. One line a registry.
#[must_use]
pub fn revoked_by(repositories: &BTreeSet<Repository>) -> Vec<String> {
    let hosts: BTreeSet<&str> = repositories.iter().map(Repository::host).collect();
    let line = |host| match host {
        DOCKER_HUB => "docker.io: its account, at https://app.docker.com/settings/personal-access-tokens".to_owned(),
        "ghcr.io" => "ghcr.io: its account, at https://github.com/settings/tokens".to_owned(),
        "quay.io" => "quay.io: an administrator of its organization, under Robot Accounts".to_owned(),
        host => format!("{host}: whoever runs that registry"),
    };
    hosts.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_registry_is_named_with_who_revokes_there() {
        let repositories = ["a/b", "a/c", "ghcr.io/a/b", "10.0.0.1:5000/a/b"];
        let lines = revoked_by(&repositories.iter().map(|r| r.parse().unwrap()).collect());
        let hosts: Vec<_> = lines.iter().map(|line| line.split(": ").next().unwrap()).collect();
        assert_eq!(hosts, ["10.0.0.1:5000", "docker.io", "ghcr.io"]);
        assert!(lines[1].contains("personal-access-tokens"));
    }
}
