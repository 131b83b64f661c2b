//! What the tasks of a release on Taskcluster left: a list of it, and one of it as a file.

use std::{io, path::Path};

use futures_util::{StreamExt as _, stream};

use super::cluster::{Cluster, Detailed};
use crate::{
    domain::{
        artifact::{Got, Left, Written},
        failure::Failure,
        task::{Task, TaskId},
    },
    log::sanitise::plain,
    taskcluster::{Deployment, Downloaded, TaskclusterError},
};

/// Nobody keeps more in one file of a release.
const CAP: u64 = 64 * 1024 * 1024 * 1024;
/// Services that are asked at the same time why there is nothing.
const AT_ONCE: usize = 4;

/// What the last run of each of these tasks left, or of the one that is named: its last run, or the run that is named.
///
/// # Errors
/// When there is no such run, or the queue does not say.
pub async fn left(
    cluster: &Cluster,
    detailed: &Detailed,
    named: Option<(&TaskId, Option<u32>)>,
) -> Result<Vec<Left>, Failure> {
    let one = named.and_then(|(id, run)| Some((detailed.tasks.iter().find(|task| task.id() == id)?, run)));
    let tasks: Vec<(&Task, Option<u32>)> = match one {
        Some(task) => vec![task],
        None => detailed.steps().map(|task| (task, None)).collect(),
    };
    let mut left = Vec::new();
    for (task, run) in tasks {
        let Some(run) = run.or_else(|| task.status.last_run().map(|run| run.id)) else { continue };
        let artifacts = cluster.deployment.artifacts(task.id(), Some(run)).await?;
        left.extend(artifacts.into_iter().map(|artifact| Left {
            task: task.id().clone(),
            task_name: plain(task.name()),
            run,
            storage: artifact.storage.word().to_owned(),
            name: artifact.name,
            content_type: artifact.content_type,
            size: artifact.content_length,
            expires: artifact.expires,
            unmade: None,
        }));
    }
    let told = stream::iter(left).map(|left| async {
        let unmade = if left.is_error() { why(&cluster.deployment, &left).await } else { None };
        Left { unmade, ..left }
    });
    Ok(told.buffered(AT_ONCE).collect().await)
}

/// The list does not say why there is nothing of an artifact: whoever asks for it is told, if they may.
async fn why(deployment: &Deployment, left: &Left) -> Option<String> {
    match deployment.read_small(&left.task, Some(left.run), &left.name, 1).await {
        Err(TaskclusterError::NotMade { why, .. }) => Some(why),
        _ => None,
    }
}

/// Writes an artifact to a file: all of it, or nothing. Over one that is there only if `over`.
///
/// # Errors
/// When it does not arrive whole, and when the file cannot be written.
pub async fn get(deployment: &Deployment, left: &Left, file: &Path, over: bool) -> Result<Got, Failure> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unwritten = |e: io::Error| {
        let next = "choose another file, in a folder that can be written";
        Failure::failed(format!("{} is not written", file.display()), e.to_string(), next)
    };
    if !over && file.symlink_metadata().is_ok() {
        return Ok(Got::Exists);
    }
    let temporary = tempfile::Builder::new().prefix(".windlass-").tempfile_in(folder).map_err(unwritten)?;
    let mut sink = tokio::fs::File::from_std(temporary.reopen().map_err(unwritten)?);
    let arrived = deployment.download(&left.task, Some(left.run), &left.name, CAP, &mut sink).await?;
    sink.sync_all().await.map_err(unwritten)?;
    let kept = if over { temporary.persist(file) } else { temporary.persist_noclobber(file) };
    match kept {
        Ok(_) => {
            let Downloaded { bytes, sha256, checked, .. } = arrived;
            Ok(Got::Written(Written { bytes, sha256, checked }))
        }
        // Somebody made it meanwhile.
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(Got::Exists),
        Err(error) => Err(unwritten(error.error)),
    }
}
