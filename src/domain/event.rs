//! The events of a release: the only truth about it. Everything shown is a fold over these.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    archive::Archived,
    digest::Digest,
    failure::Failure,
    plan::{Plan, TagKind},
    record::{IdKind, Record},
    reference::{Platform, Tag},
    verdict::Verdict,
};

/// The steps of a release, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    Preflight,
    Secret,
    Build,
    /// In place of a build: the image is read from an archive.
    Archive,
    Push,
    Record,
    Verify,
}

impl Step {
    pub const ALL: [Self; 7] =
        [Self::Preflight, Self::Secret, Self::Build, Self::Archive, Self::Push, Self::Record, Self::Verify];
    /// Those of a release that builds its image.
    pub const BUILDING: [Self; 6] =
        [Self::Preflight, Self::Secret, Self::Build, Self::Push, Self::Record, Self::Verify];
    /// Those of a release whose image is in an archive.
    pub const ARCHIVED: [Self; 6] =
        [Self::Preflight, Self::Secret, Self::Archive, Self::Push, Self::Record, Self::Verify];

    /// The step of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Secret => "secret",
            Self::Build => "build",
            Self::Archive => "archive",
            Self::Push => "push",
            Self::Record => "record",
            Self::Verify => "verify",
        }
    }
}

/// What the engine built, or an archive holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Built {
    pub image_id: Digest,
    pub id_kind: IdKind,
    pub diff_ids: Vec<Digest>,
    pub platform: Option<Platform>,
    /// Which builder answered: known from what arrived, not from what was asked for.
    pub builder: String,
    /// `Docker 20.10.24 (API 1.41)`.
    pub engine: String,
    pub dockerfile_digest: Option<Digest>,
    pub context_digest: Option<Digest>,
    pub log_digest: Option<Digest>,
    pub log_clipped: bool,
    /// Steps of the Dockerfile and how many of them came from the cache.
    pub steps: u32,
    pub cached: u32,
    /// Where it was not built but read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<Box<Archived>>,
}

/// A layer that the registry has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedLayer {
    /// Of its content.
    pub diff_id: Digest,
    /// Of the bytes that the registry keeps.
    pub digest: Digest,
    pub size: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Always the first.
    Planned {
        plan: Box<Plan>,
    },
    StepStarted {
        step: Step,
    },
    /// `note` is what the step found, in the maintainer's words.
    StepSucceeded {
        step: Step,
        note: String,
    },
    StepFailed {
        step: Step,
        failure: Failure,
    },
    /// Not needed: the parent's result stands.
    StepReused {
        step: Step,
        note: String,
    },
    StepSkipped {
        step: Step,
        note: String,
    },
    /// Durable before any push.
    Built(Built),
    /// No tag shows it yet. Whoever takes the release up again need not send it.
    LayerPushed(PushedLayer),
    /// Durable before the engine is asked: a push that dies here may or may not have written the tag.
    PushIntended {
        tag: Tag,
        kind: TagKind,
    },
    Pushed {
        tag: Tag,
        kind: TagKind,
        digest: Digest,
        size: u64,
    },
    /// A moving tag that shows a release we do not descend from was left alone.
    TagLeft {
        tag: Tag,
        why: String,
    },
    /// `path` of the folder that holds the record's files; `sha256` of `release.json`.
    Recorded {
        path: String,
        sha256: Digest,
        record: Box<Record>,
    },
    Verified {
        tag: Tag,
        verdict: Verdict,
        why: String,
    },
    /// Always the last.
    Finished,
}

impl Event {
    /// Must be on the disk before the release goes on (`synchronous=FULL`).
    #[must_use]
    pub fn durable(&self) -> bool {
        matches!(self, Self::Built(_) | Self::PushIntended { .. } | Self::Recorded { .. })
    }
}

/// An event with its place in its release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamped {
    /// From 1, without gaps.
    pub seq: u64,
    pub at: Timestamp,
    #[serde(flatten)]
    pub event: Event,
}
