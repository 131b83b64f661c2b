//! A release as a fold over its events. There is no other state.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    digest::Digest,
    event::{Built, Event, PushedLayer, Stamped, Step},
    failure::{Failure, FailureKind},
    plan::{Plan, TagKind},
    record::Record,
    reference::Tag,
    task::TaskId,
    verdict::Verdict,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReleaseState {
    Pending,
    Running,
    Succeeded,
    Failed,
    Cancelled,
    /// Its process died: no lock and no last event.
    Interrupted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    Pending,
    Running,
    Succeeded,
    Failed,
    Cancelled,
    Interrupted,
    Reused,
    Skipped,
}

/// A step of a release: one that windlass itself takes, or a task of Taskcluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepId {
    Own(Step),
    Task { id: TaskId, name: String },
}

impl StepId {
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Own(step) => step.name(),
            Self::Task { name, .. } => name,
        }
    }

    #[must_use]
    pub fn own(&self) -> Option<Step> {
        match self {
            Self::Own(step) => Some(*step),
            Self::Task { .. } => None,
        }
    }

    #[must_use]
    pub fn task(&self) -> Option<&TaskId> {
        match self {
            Self::Own(_) => None,
            Self::Task { id, .. } => Some(id),
        }
    }
}

impl PartialEq<Step> for StepId {
    fn eq(&self, step: &Step) -> bool {
        self.own() == Some(*step)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepView {
    pub step: StepId,
    /// Which attempt it is, where there may be several: of a task.
    pub run: Option<u32>,
    pub state: StepState,
    pub started: Option<Timestamp>,
    pub ended: Option<Timestamp>,
    pub note: String,
    pub failure: Option<Failure>,
}

impl StepView {
    /// How long it took, once it has ended; not known where the clock was set back meanwhile.
    #[must_use]
    pub fn seconds(&self) -> Option<f64> {
        let took = self.ended?.duration_since(self.started?);
        (!took.is_negative()).then(|| took.as_secs_f64())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Push {
    pub tag: Tag,
    pub kind: TagKind,
    /// `None`: the push was begun and its end is not known.
    pub digest: Option<Digest>,
    pub size: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    pub plan: Plan,
    pub state: ReleaseState,
    pub started: Timestamp,
    pub ended: Option<Timestamp>,
    pub steps: Vec<StepView>,
    pub built: Option<Built>,
    /// What the registry has of an archive's image, whether a tag shows it or not.
    pub layers: Vec<PushedLayer>,
    pub pushes: Vec<Push>,
    pub left: Vec<(Tag, String)>,
    pub record: Option<Recorded>,
    pub verdicts: Vec<(Tag, Verdict, String)>,
    pub failure: Option<Failure>,
    /// `seq` of the last event seen.
    pub seq: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub path: String,
    pub sha256: Digest,
    pub record: Record,
}

/// Events that tell no release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHistory {
    #[error("the first event is not the plan")]
    NoPlan,
    #[error("event {found} follows event {last}")]
    Gap { last: u64, found: u64 },
}

impl Release {
    /// Folds the events of one release, oldest first.
    ///
    /// # Errors
    /// When the first event is not `planned`, or numbers are missing.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Stamped>) -> Result<Self, BadHistory> {
        let mut events = events.into_iter();
        let first = events.next().ok_or(BadHistory::NoPlan)?;
        let Event::Planned { plan } = &first.event else { return Err(BadHistory::NoPlan) };
        let mut release = Self::new((**plan).clone(), first.at, first.seq);
        for event in events {
            release.apply(event)?;
        }
        Ok(release)
    }

    /// A release of which only the plan is known.
    #[must_use]
    pub fn new(plan: Plan, at: Timestamp, seq: u64) -> Self {
        let step = |step| StepView {
            step: StepId::Own(step),
            run: None,
            state: StepState::Pending,
            started: None,
            ended: None,
            note: String::new(),
            failure: None,
        };
        let steps = plan.steps().map(step).to_vec();
        Self {
            plan,
            state: ReleaseState::Pending,
            started: at,
            ended: None,
            steps,
            built: None,
            layers: Vec::new(),
            pushes: Vec::new(),
            left: Vec::new(),
            record: None,
            verdicts: Vec::new(),
            failure: None,
            seq,
        }
    }

    /// One more event.
    ///
    /// # Errors
    /// When it is not the next one.
    pub fn apply(&mut self, stamped: &Stamped) -> Result<(), BadHistory> {
        if stamped.seq != self.seq + 1 {
            return Err(BadHistory::Gap { last: self.seq, found: stamped.seq });
        }
        self.seq = stamped.seq;
        let at = stamped.at;
        match &stamped.event {
            Event::Planned { .. } => return Err(BadHistory::NoPlan),
            Event::StepStarted { step } => {
                self.state = ReleaseState::Running;
                if let Some(view) = self.step_mut(*step) {
                    view.state = StepState::Running;
                    view.started = Some(at);
                }
            }
            Event::StepSucceeded { step, note } => self.end_step(*step, StepState::Succeeded, at, note),
            Event::StepReused { step, note } => self.end_step(*step, StepState::Reused, at, note),
            Event::StepSkipped { step, note } => self.end_step(*step, StepState::Skipped, at, note),
            Event::StepFailed { step, failure } => {
                let cancelled = failure.kind == FailureKind::Cancelled;
                self.end_step(*step, if cancelled { StepState::Cancelled } else { StepState::Failed }, at, "");
                if let Some(view) = self.step_mut(*step) {
                    view.failure = Some(failure.clone());
                }
                self.failure.get_or_insert_with(|| failure.clone());
            }
            Event::Built(built) => self.built = Some(built.clone()),
            Event::LayerPushed(layer) => self.layers.push(layer.clone()),
            Event::PushIntended { tag, kind } => {
                self.pushes.push(Push { tag: tag.clone(), kind: *kind, digest: None, size: None });
            }
            Event::Pushed { tag, kind, digest, size } => {
                self.pushes.retain(|p| &p.tag != tag);
                self.pushes.push(Push {
                    tag: tag.clone(),
                    kind: *kind,
                    digest: Some(digest.clone()),
                    size: Some(*size),
                });
            }
            Event::TagLeft { tag, why } => self.left.push((tag.clone(), why.clone())),
            Event::Recorded { path, sha256, record } => {
                self.record = Some(Recorded { path: path.clone(), sha256: sha256.clone(), record: (**record).clone() });
            }
            Event::Verified { tag, verdict, why } => self.verdicts.push((tag.clone(), *verdict, why.clone())),
            Event::Finished => {
                self.ended = Some(at);
                self.state = match &self.failure {
                    None => ReleaseState::Succeeded,
                    Some(f) if f.kind == FailureKind::Cancelled => ReleaseState::Cancelled,
                    Some(_) => ReleaseState::Failed,
                };
            }
        }
        Ok(())
    }

    /// The worst verdict of the verify step, once there is one.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        self.verdicts.iter().map(|(_, verdict, _)| *verdict).max_by_key(|verdict| verdict.class().weight())
    }

    /// `None` for a step that this release does not have.
    fn step_mut(&mut self, step: Step) -> Option<&mut StepView> {
        self.steps.iter_mut().find(|view| view.step == step)
    }

    fn end_step(&mut self, step: Step, state: StepState, at: Timestamp, note: &str) {
        let Some(view) = self.step_mut(step) else { return };
        view.state = state;
        view.started = view.started.or(Some(at));
        view.ended = Some(at);
        note.clone_into(&mut view.note);
    }
}
