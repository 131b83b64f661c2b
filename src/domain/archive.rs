//! Image archives that are released: where they are, and what is kept of them in a record.

use std::{convert::Infallible, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{digest::Digest, root_url::RootUrl, task::TaskId};

/// Where an image archive is. Of an artifact written as `TASK.RUN:NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum ArchiveSource {
    /// A file of this machine.
    File(String),
    /// What a task left; without a run, its last one.
    Artifact { task: TaskId, run: Option<u32>, name: String },
}

impl FromStr for ArchiveSource {
    type Err = Infallible;

    /// Whatever does not begin with the id of a task is a file; `./` in front makes one of what does.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let artifact = || {
            let (task, name) = text.split_once(':')?;
            let (task, run) = match task.split_once('.') {
                Some((task, run)) => (task, Some(run.parse().ok()?)),
                None => (task, None),
            };
            let name = Some(name).filter(|name| !name.is_empty())?.to_owned();
            Some(Self::Artifact { task: task.parse().ok()?, run, name })
        };
        Ok(artifact().unwrap_or_else(|| Self::File(text.to_owned())))
    }
}

impl From<String> for ArchiveSource {
    fn from(text: String) -> Self {
        match text.parse() {
            Ok(source) => source,
            Err(never) => match never {},
        }
    }
}

impl From<ArchiveSource> for String {
    fn from(source: ArchiveSource) -> Self {
        source.to_string()
    }
}

impl fmt::Display for ArchiveSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.write_str(path),
            Self::Artifact { task, run: Some(run), name } => write!(f, "{task}.{run}:{name}"),
            Self::Artifact { task, run: None, name } => write!(f, "{task}:{name}"),
        }
    }
}

/// The archive that a release is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedArchive {
    pub source: ArchiveSource,
    /// The deployment that the task is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<RootUrl>,
    /// Why what the task left may be something else than what is released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
}

/// The archive that an image came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archived {
    #[serde(flatten)]
    pub from: PlannedArchive,
    /// How it says what is in it: `docker-archive`, `oci-archive`.
    pub layout: String,
    /// Of the file, as it was given.
    pub sha256: Digest,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_artifact_is_named_by_its_task_and_everything_else_is_a_file() {
        let artifact = |run| ArchiveSource::Artifact {
            task: "f18OCIBgRoSL6-8OrQg82Q".parse().unwrap(),
            run,
            name: "public/image.tar.zst".to_owned(),
        };
        for (text, expected) in [
            ("f18OCIBgRoSL6-8OrQg82Q:public/image.tar.zst", artifact(None)),
            ("f18OCIBgRoSL6-8OrQg82Q.2:public/image.tar.zst", artifact(Some(2))),
            ("image.tar", ArchiveSource::File("image.tar".to_owned())),
            ("./f18OCIBgRoSL6-8OrQg82Q:x", ArchiveSource::File("./f18OCIBgRoSL6-8OrQg82Q:x".to_owned())),
            ("f18OCIBgRoSL6-8OrQg82Q.x:y", ArchiveSource::File("f18OCIBgRoSL6-8OrQg82Q.x:y".to_owned())),
            ("f18OCIBgRoSL6-8OrQg82Q:", ArchiveSource::File("f18OCIBgRoSL6-8OrQg82Q:".to_owned())),
        ] {
            assert_eq!(ArchiveSource::from(text.to_owned()), expected);
            assert_eq!(expected.to_string(), text);
            let json = serde_json::to_string(&expected).unwrap();
            assert_eq!(serde_json::from_str::<ArchiveSource>(&json).unwrap(), expected);
        }
    }
}
