//! What a release will do, fixed in its first event. Nothing here is decided again later.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    archive::PlannedArchive,
    event::Step,
    holdings::StoreKind,
    name::{Commit, ReleaseId, SecretName},
    recipe::Recipe,
    reference::{Platform, Repository, Tag},
    task_run::TaskRun,
};

/// Where a release runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Runner {
    /// The Docker engine of this machine.
    #[default]
    Local,
    Taskcluster,
}

/// What started a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trigger {
    #[serde(rename = "by hand")]
    ByHand,
    /// An earlier release once more, or from one of its steps on.
    #[serde(rename = "rerun")]
    Rerun,
    /// A moving tag is pointed to the image of an earlier release.
    #[serde(rename = "point")]
    Point,
    /// A push to a branch, of which Taskcluster heard.
    #[serde(rename = "push")]
    Push,
    /// A git tag.
    #[serde(rename = "tag")]
    Tag,
    /// A release at the host of the repository.
    #[serde(rename = "github release")]
    GithubRelease,
    /// Somebody asks to have something merged: what it makes is no release.
    #[serde(rename = "pull request")]
    PullRequest,
    /// A hook of Taskcluster.
    #[serde(rename = "hook")]
    Hook,
    #[serde(rename = "other")]
    Other,
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ByHand => "by hand",
            Self::Rerun => "rerun",
            Self::Point => "point",
            Self::Push => "push",
            Self::Tag => "tag",
            Self::GithubRelease => "github release",
            Self::PullRequest => "pull request",
            Self::Hook => "hook",
            Self::Other => "another event",
        })
    }
}

/// What a release does to a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TagKind {
    /// Written once: the date tag. Sorts first because frozen tags are pushed first.
    Frozen,
    /// Re-pointed by each release: the branch tag.
    Moving,
}

impl TagKind {
    /// As people and programs read it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Frozen => "frozen",
            Self::Moving => "moving",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedTag {
    pub tag: Tag,
    pub kind: TagKind,
}

/// Which of the engine's builders is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Builder {
    /// BuildKit where the engine has it, else classic.
    #[default]
    Auto,
    BuildKit,
    Classic,
}

/// How the image is built. Paths are relative to the project's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildDefinition {
    pub context: String,
    /// Relative to `context`, as `docker build -f` means it when run inside the context.
    pub dockerfile: String,
    pub target: Option<String>,
    pub platform: Option<Platform>,
    /// Templates are rendered. Never a secret: engines show build arguments in the image's history.
    pub args: BTreeMap<String, String>,
    pub labels: BTreeMap<String, String>,
    pub builder: Builder,
}

/// What git says about the commit that is released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub commit: Commit,
    /// As a full reference where known: `refs/heads/master`, `refs/tags/v1.2`.
    pub git_ref: Option<String>,
    pub branch: Option<String>,
    /// The remote's URL without credentials.
    pub remote: Option<String>,
    /// The commit was found on an allowed branch or tag at the remote.
    pub reviewed: bool,
    /// There were uncommitted changes (policy allowed them).
    pub dirty: bool,
    /// Seconds since 1970, of the commit.
    pub committed: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub release: ReleaseId,
    /// The name of the `[[image]]`.
    pub image: String,
    pub repository: Repository,
    pub runner: Runner,
    /// The run of a task that it runs in, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskRun>,
    pub trigger: Trigger,
    /// The release that this one repeats or points to.
    pub parent: Option<ReleaseId>,
    pub source: Source,
    /// Frozen tags first, the order in which they are pushed.
    pub tags: Vec<PlannedTag>,
    pub build: BuildDefinition,
    /// Nothing is built: the image is in this archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<PlannedArchive>,
    pub secret: SecretName,
    /// Where that secret is kept.
    #[serde(default, skip_serializing_if = "StoreKind::is_vault")]
    pub store: StoreKind,
    pub recipe: Recipe,
    /// Move a moving tag although it shows a release of a commit that is no ancestor of ours.
    #[serde(rename = "move")]
    pub move_tags: bool,
    /// `user@host` of who started it.
    pub who: String,
    /// The `{date}` of the tags.
    pub planned: Timestamp,
}

impl Plan {
    /// The steps of the release.
    #[must_use]
    pub fn steps(&self) -> [Step; 6] {
        if self.archive.is_some() { Step::ARCHIVED } else { Step::BUILDING }
    }
}
