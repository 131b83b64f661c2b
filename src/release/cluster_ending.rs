//! The end of a release on Taskcluster before its time: its tasks are cancelled, each an act of its own in the audit trail.
//! Asking twice changes nothing; what had ended meanwhile stays as it is, and only the queue's answer tells.

use jiff::Timestamp;

use super::{cluster::Cluster, cluster_again::By};
use crate::{
    domain::{
        again::Turn,
        audit::{Act, AuditRow, Ended},
        ending::Ending,
        failure::Failure,
        task::{Status, TaskId},
    },
    log::sanitise::plain,
};

/// A task, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Over {
    pub id: TaskId,
    pub name: String,
    /// Not of itself.
    pub cancelled: bool,
    pub words: String,
}

/// Ends what is to be ended.
///
/// # Errors
/// When one is refused: the others are ended all the same. And when all had ended of themselves meanwhile.
pub async fn carry_out(cluster: &Cluster, ending: &Ending, by: By<'_>) -> Result<Vec<Over>, Failure> {
    if let Some(refused) = ending.refused() {
        return Err(refused);
    }
    let (mut ended, mut failed) = (Vec::new(), None);
    if let Some(narrowed) = &ending.seal {
        ended = seal(cluster, ending, narrowed.as_deref(), by).await?;
    } else {
        for turn in &ending.turns {
            match cancel(cluster, turn, by).await {
                Ok(over) => ended.push(over),
                Err(failure) => failed = failed.or(Some((turn, failure))),
            }
        }
    }
    if let Some((turn, failure)) = failed {
        let cancelled: Vec<&str> = ended.iter().filter(|over| over.cancelled).map(|over| over.name.as_str()).collect();
        let others = if cancelled.is_empty() { "nothing else".to_owned() } else { cancelled.join(", ") };
        let why = format!("{}: {}\n{others} was cancelled", failure.what, failure.why);
        return Err(Failure { what: format!("{} is not cancelled", turn.name), why, ..failure });
    }
    if ending.seal.is_none() && !ended.iter().any(|over| over.cancelled) {
        let how: Vec<String> = ended.iter().map(|over| format!("{} {}", over.name, over.words)).collect();
        return Err(Failure::failed(
            format!("release {} ended before it could be cancelled", ending.group),
            how.join(", "),
            format!("see what it did: windlass show {}", ending.group),
        ));
    }
    Ok(ended)
}

async fn cancel(cluster: &Cluster, turn: &Turn, by: By<'_>) -> Result<Over, Failure> {
    let row = AuditRow::begun(Timestamp::now(), by.who, Act::Cancel, turn.id.as_str());
    let work = async {
        let status = cluster.deployment.cancel(&turn.id, turn.narrowed.as_deref(), by.permit).await?;
        let over = over(turn, &status);
        let why = (!over.cancelled).then(|| Failure::failed("it was not cancelled", over.words.clone(), ""));
        Ok((over, Ended::with(why.as_ref(), None)))
    };
    by.journal.audited(row, work).await
}

fn over(turn: &Turn, status: &Status) -> Over {
    let reason = status.last_run().and_then(|run| run.reason_resolved.as_deref());
    let words = plain(&status.words(Timestamp::now()));
    Over { id: turn.id.clone(), name: turn.name.clone(), cancelled: reason == Some("canceled"), words }
}

/// The whole group at once, which nothing can be added to any more.
async fn seal(
    cluster: &Cluster,
    ending: &Ending,
    narrowed: Option<&[String]>,
    by: By<'_>,
) -> Result<Vec<Over>, Failure> {
    let row = AuditRow::begun(Timestamp::now(), by.who, Act::Cancel, ending.group.as_str());
    let work = async {
        let deployment = &cluster.deployment;
        deployment.seal(&ending.group, narrowed, by.permit).await?;
        deployment.cancel_group(&ending.group, narrowed, by.permit).await.map_err(|error| {
            let failure = Failure::from(error);
            Failure { why: format!("{}\nthe group is sealed all the same", failure.why), ..failure }
        })?;
        let ids: Vec<TaskId> = ending.turns.iter().map(|turn| turn.id.clone()).collect();
        let statuses = deployment.statuses(&ids).await?;
        let told = ending.turns.iter().filter_map(|turn| {
            let status = statuses.iter().find(|status| status.task_id == turn.id)?;
            Some(over(turn, status))
        });
        Ok((told.collect(), Ended::with(None, None)))
    };
    by.journal.audited(row, work).await
}
