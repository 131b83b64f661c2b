//! What a rotation has to tell: its steps, where it stands, and the fingerprints of old and new.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    domain::{
        failure::Failure,
        name::SecretName,
        reference::Repository,
        rotation::{End, Holds, Stage, Step},
    },
    secrets::{OpenRotation, Vault},
};

#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    pub secret: SecretName,
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
    /// `note` is what was found; an earlier process took it along.
    Done {
        note: Option<String>,
    },
    Failed(Failure),
}

impl Account {
    /// As the vault tells it.
    pub(super) fn of(vault: &Vault, name: &SecretName, rotation: &OpenRotation) -> Self {
        let fingerprints =
            |document| vault.fingerprints(&rotation.recipe, document).iter().map(ToString::to_string).collect();
        let stage = &rotation.stage;
        let view = |state: StepState| move |step: &Step| StepView { step: *step, state: state.clone() };
        let behind = stage.behind().iter().map(view(StepState::Done { note: None }));
        Self {
            secret: name.clone(),
            begun: rotation.begun,
            by: rotation.by.clone(),
            repositories: rotation.old.bindings.clone(),
            old: fingerprints(&rotation.old.document),
            new: fingerprints(&rotation.new),
            stands: Standing::Open(stage.clone()),
            steps: behind.chain(stage.ahead().iter().map(view(StepState::Pending))).collect(),
        }
    }

    /// A step has ended: one that was due, or one that nobody had hoped for.
    pub(super) fn set(&mut self, view: StepView) {
        match self.steps.iter_mut().find(|known| known.step == view.step && known.state == StepState::Pending) {
            Some(known) => *known = view,
            None => self.steps.push(view),
        }
    }

    /// What went wrong, if it ended and anything did.
    pub fn failure(&self) -> Option<Failure> {
        match &self.stands {
            Standing::Open(_) => None,
            Standing::Ended(end) => end.failure(&self.secret),
        }
    }

    /// The fingerprints of what is the secret now.
    pub fn in_force(&self) -> String {
        match self.stands.holds() {
            Holds::Old => self.old.join(", "),
            Holds::New => self.new.join(", "),
        }
    }
}

impl Standing {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Open(stage) => stage.name(),
            Self::Ended(end) => end.name(),
        }
    }

    fn holds(&self) -> Holds {
        match self {
            Self::Open(stage) => stage.holds(),
            Self::Ended(end) => end.holds(),
        }
    }
}
