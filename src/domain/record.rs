//! What was built, as recorded at release time: `release.json` and `docker-image-shasum256.txt`.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    archive::Archived,
    digest::Digest,
    name::{Commit, ReleaseId},
    plan::{PlannedTag, Runner, TagKind},
    reference::{Platform, Repository, Tag},
    task::TaskId,
    task_run::TaskRun,
};

/// The name of the artifact that consumers check images against, as the first such releases called it.
pub const SHASUM_FILE: &str = "docker-image-shasum256.txt";
/// The name of the whole record.
pub const RECORD_FILE: &str = "release.json";
/// Version of the record's JSON.
pub const RECORD_SCHEMA: &str = "windlass.record/1";

/// Which bytes an engine's image id is the digest of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdKind {
    /// The image's config: the classic stores of docker and podman.
    Config,
    /// The manifest: docker's containerd store, single platform.
    Manifest,
    /// The index: docker's containerd store, several platforms or attestations.
    Index,
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub schema: String,
    pub release: ReleaseId,
    pub image: String,
    pub repository: Repository,
    pub image_id: Digest,
    pub id_kind: IdKind,
    /// What the registry said its manifest's config is, hashed after the first push.
    pub config_digest: Option<Digest>,
    pub manifest_digest: Option<Digest>,
    pub index_digest: Option<Digest>,
    /// Digests of the uncompressed layers, lowest first.
    pub diff_ids: Vec<Digest>,
    /// Digests of the layers as the registry keeps them, lowest first. Earlier records do not have them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<Digest>,
    pub platform: Option<Platform>,
    pub tags: Vec<PlannedTag>,
    pub commit: Commit,
    #[serde(rename = "ref")]
    pub git_ref: Option<String>,
    pub remote: Option<String>,
    /// `reviewed` when the commit was on an allowed branch or tag at the remote, else `unreviewed`.
    pub review: Review,
    pub dirty: bool,
    pub dockerfile_digest: Option<Digest>,
    pub context_digest: Option<Digest>,
    /// Where the image was not built by the release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<Archived>,
    pub log_digest: Option<Digest>,
    /// The builder dropped output, so the log is not the whole log.
    pub log_clipped: bool,
    pub runner: Runner,
    /// The run of a task that made it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskRun>,
    pub engine: String,
    pub who: String,
    pub when: Timestamp,
}

/// Where a record was found. Named in every verdict's why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordSource {
    /// The journal of this machine.
    Journal,
    /// A folder with the files of a record.
    Folder(String),
    /// An artifact, or the log, of a task of Taskcluster.
    Task { task: TaskId, run: u32, place: String },
}

impl fmt::Display for RecordSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Journal => f.write_str("journal"),
            Self::Folder(path) => write!(f, "folder {path}"),
            Self::Task { task, run, place } => write!(f, "{place} of task {task}, run {run}"),
        }
    }
}

/// A record and where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub record: Record,
    pub source: RecordSource,
}

impl Known {
    /// `release abcdefghij (journal)`.
    #[must_use]
    pub fn cite(&self) -> String {
        format!("release {} ({})", self.record.release, self.source)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Review {
    Reviewed,
    Unreviewed,
}

impl Record {
    #[must_use]
    pub fn names(&self, tag: &Tag) -> bool {
        self.tags.iter().any(|t| &t.tag == tag)
    }

    /// It names the tags that were written once, too: one that was found in a task's artifact may know nothing of them.
    #[must_use]
    pub fn knows_its_tags(&self) -> bool {
        self.tags.iter().any(|tag| tag.kind == TagKind::Frozen)
    }

    /// The digest of the image's config, from the engine or from the registry.
    #[must_use]
    pub fn config(&self) -> Option<&Digest> {
        match self.id_kind {
            IdKind::Config => Some(&self.image_id),
            _ => self.config_digest.as_ref(),
        }
    }

    /// Digests that, under a tag, are this very image: its manifest or its index.
    pub fn top_digests(&self) -> impl Iterator<Item = &Digest> {
        let id = matches!(self.id_kind, IdKind::Manifest | IdKind::Index).then_some(&self.image_id);
        [self.manifest_digest.as_ref(), self.index_digest.as_ref(), id].into_iter().flatten()
    }
}
