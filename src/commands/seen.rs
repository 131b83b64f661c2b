//! Which release is meant, where some run here and some on Taskcluster: an id or its beginning, a commit, `@`; of
//! Taskcluster also a task, a group of tasks, or the address of one of their pages.

use std::fmt;

use jiff::Timestamp;

use super::{args::ReleaseArg, ground::Ground};
use crate::{
    domain::{failure::Failure, name::ReleaseId, plan::Runner, release::Release, root_url::RootUrl, task::TaskId},
    journal::Journal,
    release::cluster::{Cluster, Detailed},
};

/// The release that is meant.
pub enum Seen {
    /// Of this machine, as the journal has it.
    Here(Box<Release>),
    /// On Taskcluster, as its services show it.
    There(Box<There>),
}

pub struct There {
    pub cluster: Cluster,
    pub detailed: Detailed,
    /// What was named: its group, a task of it, or one run of a task.
    pub named: Named,
}

impl There {
    /// The task that was named alone; `None`: its whole group.
    pub fn task(&self) -> Option<&TaskId> {
        // A run is of one task, also of the first, which has the group's id.
        (self.named.run.is_some() || !self.is_group()).then_some(&self.named.id)
    }

    /// The group was named, or the release by its commit: all of its tasks are meant.
    pub fn is_group(&self) -> bool {
        // The first task of a group may have its name: then the group is meant, but where a run of the task is named.
        self.named.run.is_none() && self.detailed.tasks.iter().any(|task| task.status.task_group_id == self.named.id)
    }
}

/// What of Taskcluster somebody named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub id: TaskId,
    pub run: Option<u32>,
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.run {
            Some(run) => write!(f, "{}.{run}", self.id),
            None => write!(f, "{}", self.id),
        }
    }
}

/// The release that these words name.
///
/// # Errors
/// When they name none or several, or it cannot be read.
pub async fn seen(ground: &Ground, journal: &Journal, wanted: &ReleaseArg) -> Result<Seen, Failure> {
    Box::pin(found(ground, journal, wanted, async || ground.remote().await)).await
}

/// The same, by whoever has credentials to change it.
///
/// # Errors
/// As [`seen`].
pub async fn seen_to_change(ground: &Ground, journal: &Journal, wanted: &ReleaseArg) -> Result<Seen, Failure> {
    Box::pin(found(ground, journal, wanted, async || ground.remote_to_change().await)).await
}

async fn found(
    ground: &Ground,
    journal: &Journal,
    wanted: &ReleaseArg,
    cluster: impl AsyncFnOnce() -> Result<Cluster, Failure>,
) -> Result<Seen, Failure> {
    let text = wanted.release.as_str();
    let project = ground.project();
    let taskcluster = project.as_ref().ok().and_then(|project| project.taskcluster.as_ref());
    let Some(at) = taskcluster else {
        return Ok(Seen::Here(Box::new(ground.release(journal, wanted).await?)));
    };
    if let Some(named) = named(text, &at.root_url)? {
        return there(cluster().await?, named).await;
    }
    let newest = text == "@";
    let there_first = newest && project.as_ref().is_ok_and(|project| project.runner == Runner::Taskcluster);
    if !there_first {
        match ground.found(journal, wanted).await {
            Ok(Some(release)) => return Ok(Seen::Here(Box::new(release))),
            Ok(None) => {}
            Err(failure) => return Err(failure),
        }
    }
    let cluster = cluster().await?;
    let releases = cluster.releases(200).await?;
    let fits = |release: &&Release| newest || release.plan.source.commit.as_str().starts_with(text);
    match releases.iter().find(fits).filter(|_| newest || text.len() >= 7) {
        Some(release) => {
            let (id, run) = release.plan.release.task().ok_or_else(|| super::ground::no_release(text))?;
            there(cluster, Named { id, run }).await
        }
        None => Err(super::ground::no_release(text)),
    }
}

async fn there(cluster: Cluster, named: Named) -> Result<Seen, Failure> {
    let detailed = cluster.detailed(&named.id, Timestamp::now()).await?;
    Ok(Seen::There(Box::new(There { cluster, detailed, named })))
}

/// What of Taskcluster this text names; `None` where it names something else.
///
/// # Errors
/// When it is a page of another deployment than the project's.
fn named(text: &str, root: &RootUrl) -> Result<Option<Named>, Failure> {
    if text.starts_with("https://") || text.starts_with("http://") {
        let Some(path) = text.strip_prefix(&root.to_string()) else {
            return Err(Failure::usage(
                format!("`{text}` is no page of {}", root.host()),
                "this project's releases are on that deployment alone",
                "name a task or a group of it, or go to the project that it is of",
            ));
        };
        // `/tasks/ID`, `/tasks/ID/runs/0/logs/live.log`, `/tasks/groups/ID`. Source: Taskcluster's web UI.
        let mut words = path.trim_start_matches('/').split(['/', '?', '#']);
        let task = match (words.next(), words.next()) {
            (Some("tasks"), Some("groups")) => words.next(),
            (Some("tasks"), id) => id,
            _ => None,
        };
        let run =
            words.next().filter(|word| *word == "runs").and_then(|_| words.next()).and_then(|run| run.parse().ok());
        return match task.and_then(|id| id.parse().ok()) {
            Some(id) => Ok(Some(Named { id, run })),
            None => Err(Failure::usage(
                format!("`{text}` is no page of a task or of a group of tasks"),
                "such pages are /tasks/ID and /tasks/groups/ID",
                "name the task by its id",
            )),
        };
    }
    Ok(text.parse::<ReleaseId>().ok().and_then(|id| id.task()).map(|(id, run)| Named { id, run }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_groups_runs_and_pages_are_known() {
        let root = "https://tc.example".parse().unwrap();
        let id: TaskId = "f18OCIBgRoSL6-8OrQg82Q".parse().unwrap();
        for (text, run) in [
            ("f18OCIBgRoSL6-8OrQg82Q", None),
            ("f18OCIBgRoSL6-8OrQg82Q.1", Some(1)),
            ("https://tc.example/tasks/f18OCIBgRoSL6-8OrQg82Q", None),
            ("https://tc.example/tasks/groups/f18OCIBgRoSL6-8OrQg82Q?x", None),
            ("https://tc.example/tasks/f18OCIBgRoSL6-8OrQg82Q/runs/2/logs/public/logs/live.log", Some(2)),
        ] {
            assert_eq!(named(text, &root).unwrap(), Some(Named { id: id.clone(), run }), "{text}");
        }
        for text in ["@", "abcdefghij", "3f2c1ab", &"a".repeat(40)] {
            assert_eq!(named(text, &root).unwrap(), None, "{text}");
        }
        for text in ["https://other.example/tasks/f18OCIBgRoSL6-8OrQg82Q", "https://tc.example/secrets"] {
            assert_eq!(named(text, &root).unwrap_err().kind.exit_code(), 2, "{text}");
        }
    }
}
