//! The tasks of a release on Taskcluster once more: what has to be known before, and then the calls, each an act of its own
//! in the audit trail.
//!
//! Nothing is done twice where an answer is lost. A new task has its id before it is asked for, and to ask again for the same
//! changes nothing. Of a rerun the task's runs tell: only where there is no new one is it asked for again.

use std::{collections::BTreeMap, time::Duration};

use futures_util::{StreamExt as _, TryStreamExt as _, future::join_all, stream};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::sleep;

use super::{
    cluster::{Cluster, Detailed, LOOK},
    preview::shown,
};
use crate::{
    domain::{
        again::{Again, Facts, Kept, Manner, Turn, Which, again},
        audit::{Act, AuditRow, Ended},
        failure::Failure,
        finding::CheckId,
        name::ReleaseId,
        permission::MayWrite,
        plan::Plan,
        task::{Status, Task, TaskId, TaskState},
        task_clone::{NewTask, clones},
        task_inputs::Input,
    },
    journal::Journal,
    log::sanitise::plain,
    registry::Client,
    taskcluster::{Deployment, TaskclusterError},
};

/// Inputs that are looked at: each is a request.
const MOST_INPUTS: usize = 16;
/// Definitions that are read at the same time.
const AT_ONCE: usize = 4;
/// Times that a rerun is asked for, and how long after one without an answer the runs are looked at.
const TRIES: usize = 3;
const PAUSE: Duration = Duration::from_millis(500);

/// Who does it.
#[derive(Clone, Copy)]
pub struct By<'a> {
    pub journal: &'a Journal,
    /// `user@host`.
    pub who: &'a str,
    pub permit: MayWrite,
}

/// What is to be done, made up to the last id.
pub struct Prepared {
    pub again: Again,
    /// Whole definitions of what is cloned, and the ids of the clones.
    originals: Vec<(TaskId, Value)>,
    ids: Vec<TaskId>,
}

impl Prepared {
    /// The group in which it happens.
    pub fn group(&self) -> &TaskId {
        match (&self.again.place.new_group, self.ids.first()) {
            (Some(_), Some(first)) => first,
            _ => &self.again.group,
        }
    }

    /// All whose end is waited for.
    pub fn ids(&self) -> Vec<TaskId> {
        match self.again.manner {
            Manner::Rerun => self.again.ids().cloned().collect(),
            Manner::Clone => self.ids.clone(),
        }
    }
}

/// A task that runs again, or a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    pub id: TaskId,
    pub name: String,
    /// What it was made from.
    pub of: Option<TaskId>,
    pub run: Option<u32>,
    /// What was not as usual.
    pub remark: Option<&'static str>,
}

/// What is told while it goes on.
pub enum News<'a> {
    Begun(&'a Begun),
    /// All is asked for that can be before something of it has completed.
    Underway(&'a TaskId),
    /// What is waited for was looked at.
    Looked(&'a Detailed),
}

/// What has to be known of a release, and of whoever asks, before anything of it is run again or ended.
///
/// # Errors
/// When the deployment does not answer, or does not accept the credentials.
pub async fn facts(cluster: &Cluster, detailed: &Detailed) -> Result<Facts, Failure> {
    let deployment = &cluster.deployment;
    let (group, _) = detailed.release.plan.release.task().ok_or_else(|| no_group(&detailed.release.plan.release))?;
    let (scopes, known) = tokio::join!(deployment.current_scopes(), deployment.group(&group));
    let scopes = match scopes {
        Err(error) if error.is_denied() => None,
        scopes => Some(scopes?),
    };
    let sealed = match known {
        Err(error) if error.is_denied() => false,
        known => known?.sealed.is_some(),
    };
    Ok(Facts {
        now: services_now(deployment),
        host: deployment.root().host(),
        group,
        sealed,
        ours: detailed.release.steps.iter().filter_map(|step| step.step.task().cloned()).collect(),
        tasks: detailed.tasks.clone(),
        signed: deployment.credentials().is_some(),
        scopes,
        inputs: BTreeMap::new(),
        clean: plain,
    })
}

fn no_group(release: &ReleaseId) -> Failure {
    Failure::usage(
        format!("{release} is of no group of tasks"),
        "only those are changed at Taskcluster",
        "windlass releases",
    )
}

/// The services judge times by their own clock.
pub(super) fn services_now(deployment: &Deployment) -> Timestamp {
    let now = Timestamp::now();
    deployment.ahead().and_then(|ahead| now.checked_sub(ahead).ok()).unwrap_or(now)
}

/// Looks at what the tasks of the release, and those that are meant, begin with; first at what has not completed.
pub async fn look_at_inputs(cluster: &Cluster, facts: &mut Facts, meant: &Which) {
    let done = |task: &&Task| task.status.state == TaskState::Completed;
    let meant = match meant {
        Which::Whole => &[],
        Which::Only(tasks) => tasks.as_slice(),
        Which::From(task) => std::slice::from_ref(task),
    };
    let mut tasks: Vec<&Task> = meant.iter().filter_map(|id| facts.task(id)).chain(facts.ours()).collect();
    tasks.sort_by_key(done);
    let mut inputs: Vec<Input> = Vec::new();
    for input in tasks.into_iter().flat_map(|task| task.definition.inputs()) {
        let made = facts.task(&input.task).is_none_or(|maker| done(&maker));
        if made && !inputs.contains(&input) {
            inputs.push(input);
        }
    }
    let looked = inputs.into_iter().take(MOST_INPUTS).map(|input| async {
        let kept = match cluster.deployment.artifact(&input.task, None, &input.name).await {
            Ok(artifact) => Kept::Until(artifact.expires),
            Err(error) if error.is_absent() => Kept::Gone,
            Err(error) => Kept::Untold(error.to_string()),
        };
        (input, kept)
    });
    facts.inputs = join_all(looked).await.into_iter().collect();
}

/// What running these tasks again, or making them anew, would do. Nothing is changed.
///
/// # Errors
/// When there is nothing to be run again, or a definition cannot be read.
pub async fn prepare(cluster: &Cluster, facts: &Facts, which: &Which, manner: Manner) -> Result<Prepared, Failure> {
    let again = again(facts, which, manner)?;
    if manner == Manner::Rerun || again.refused().is_some() {
        return Ok(Prepared { again, originals: Vec::new(), ids: Vec::new() });
    }
    let ids: Vec<TaskId> = again.turns().map(|turn| turn.id.clone()).collect();
    let originals = stream::iter(ids).map(|id| async {
        let definition = cluster.deployment.whole_definition(&id).await?;
        Ok::<_, TaskclusterError>((id, definition))
    });
    let originals: Vec<(TaskId, Value)> = originals.buffered(AT_ONCE).try_collect().await?;
    let ids = originals.iter().map(|_| new_id()).collect::<Result<_, _>>()?;
    Ok(Prepared { again, originals, ids })
}

fn new_id() -> Result<TaskId, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|e| Failure::failed("there are no random bytes", e.to_string(), "report this system"))?;
    Ok(TaskId::from_random(bytes))
}

/// Finds out what the tags of this plan show now, which the tasks overwrite. What keeps it from being known is a warning.
pub async fn look_at_tags(again: &mut Again, plan: &Plan, client: Result<Client, Failure>, journal: &Journal) {
    let looked = async { shown(&plan.repository, &plan.tags, &client?, journal).await };
    match looked.await {
        Ok(tags) => again.tags = tags,
        Err(failure) => {
            let names: Vec<&str> = plan.tags.iter().map(|planned| planned.tag.as_str()).collect();
            again.warnings.push(format!("what {} shows is not known: {failure}", names.join(", ")));
        }
    }
}

/// Does it. Of reruns those that depend on each other one after the other: this ends once the last is asked for.
///
/// # Errors
/// When one is refused, when what was to come before another did not complete, and when it is not known what came of a call.
/// What was begun before that goes on.
pub async fn carry_out(
    cluster: &Cluster,
    prepared: &Prepared,
    by: By<'_>,
    told: &mut (dyn FnMut(News<'_>) + Send),
) -> Result<Vec<Begun>, Failure> {
    if let Some(refused) = prepared.again.refused() {
        return Err(refused);
    }
    // By now somebody may have thought about it for long: the queue takes no task that is not new.
    let now = services_now(&cluster.deployment);
    let new = clones(&prepared.originals, &prepared.ids, &prepared.again.place, now)?;
    let mut all: Vec<Begun> = Vec::new();
    for (n, wave) in prepared.again.waves.iter().enumerate() {
        if let Some(before) = n.checked_sub(1).and_then(|before| prepared.again.waves.get(before)) {
            completed(cluster, &prepared.again.group, before, wave, told).await?;
        }
        for (at, turn) in wave.iter().enumerate() {
            let begun = match new.get(at) {
                None => rerun(&cluster.deployment, turn, by).await,
                Some(new) => create(&cluster.deployment, new, turn, by).await,
            };
            let begun = begun.map_err(|failure| with_begun(failure, &all, prepared.again.manner))?;
            told(News::Begun(&begun));
            all.push(begun);
        }
        if n == 0 {
            told(News::Underway(prepared.group()));
        }
    }
    Ok(all)
}

/// What was begun before something failed is said with it.
fn with_begun(failure: Failure, begun: &[Begun], manner: Manner) -> Failure {
    if begun.is_empty() {
        return failure;
    }
    let names: Vec<&str> = begun.iter().map(|begun| begun.name.as_str()).collect();
    let (names, first) = (names.join(", "), &begun[0].id);
    let (why, next) = match manner {
        Manner::Rerun => {
            (format!("{names} runs again all the same"), format!("{}; see it: windlass show {first}", failure.next))
        }
        Manner::Clone => {
            let ids: Vec<&str> = begun.iter().map(|begun| begun.id.as_str()).collect();
            let end: Vec<String> = ids.iter().map(|id| format!("windlass cancel {id}.0")).collect();
            (format!("{names} was made all the same"), format!("end it before you try again: {}", end.join("; ")))
        }
    };
    Failure { why: format!("{}\n{why}", failure.why), next, ..failure }
}

/// Waits until all of these have completed.
async fn completed(
    cluster: &Cluster,
    group: &TaskId,
    before: &[Turn],
    then: &[Turn],
    told: &mut (dyn FnMut(News<'_>) + Send),
) -> Result<(), Failure> {
    loop {
        let detailed = cluster.detailed(group, Timestamp::now()).await?;
        told(News::Looked(&detailed));
        let tasks = || detailed.tasks.iter().filter(|task| before.iter().any(|turn| turn.id == *task.id()));
        if let Some(bad) = tasks().find(|task| matches!(task.status.state, TaskState::Failed | TaskState::Exception)) {
            let names: Vec<&str> = then.iter().map(|turn| turn.name.as_str()).collect();
            return Err(Failure::failed(
                format!("{} is not run again", names.join(", ")),
                format!("{}, which it depends on: {}", plain(bad.name()), plain(&bad.status.words(Timestamp::now()))),
                format!("its log tells why: windlass log {}", bad.id()),
            ));
        }
        if tasks().all(|task| task.status.state == TaskState::Completed) {
            return Ok(());
        }
        sleep(LOOK).await;
    }
}

async fn rerun(deployment: &Deployment, turn: &Turn, by: By<'_>) -> Result<Begun, Failure> {
    let row = AuditRow::begun(Timestamp::now(), by.who, Act::Rerun, turn.id.as_str());
    let work = async {
        let before = deployment.status(&turn.id).await?;
        let (status, remark) = if !before.state.is_over() {
            (before, Some("it was run again by somebody else meanwhile"))
        } else if before.runs.len() != turn.runs {
            return Err(Failure::failed(
                format!("{} is not run again", turn.name),
                format!(
                    "somebody else did that meanwhile, and it has ended: {}",
                    plain(&before.words(Timestamp::now()))
                ),
                format!("look at it anew: windlass show {}", turn.id),
            ));
        } else {
            ask_for_run(deployment, turn, by.permit).await?
        };
        let run = status.last_run().map(|run| run.id);
        let begun = Begun { id: turn.id.clone(), name: turn.name.clone(), of: None, run, remark };
        Ok((begun, Ended::with(None, None)))
    };
    by.journal.audited(row, work).await
}

/// The answer may be lost when it was done.
pub(super) fn is_lost(error: &TaskclusterError) -> bool {
    error.is_passing() || matches!(error, TaskclusterError::Unreadable { .. })
}

async fn ask_for_run(
    deployment: &Deployment,
    turn: &Turn,
    permit: MayWrite,
) -> Result<(Status, Option<&'static str>), Failure> {
    let mut tries = 1;
    loop {
        let error = match deployment.rerun(&turn.id, turn.narrowed.as_deref(), permit).await {
            Ok(status) => return Ok((status, None)),
            Err(error) if is_lost(&error) => error,
            Err(error) => return Err(error.into()),
        };
        sleep(PAUSE).await;
        match deployment.status(&turn.id).await {
            Ok(status) if status.runs.len() > turn.runs => {
                return Ok((status, Some("the answer was lost; its runs show that it was done, once")));
            }
            Ok(_) if tries < TRIES => tries += 1,
            Ok(_) => return Err(error.into()),
            Err(unknown) => {
                return Err(Failure::unreachable(
                    format!("whether {} runs again is not known", turn.name),
                    format!("the answer was lost ({error}), and its runs are not told ({unknown})"),
                    format!("look before you try again: windlass show {}", turn.id),
                )
                .explained_by(CheckId::Cluster));
            }
        }
    }
}

async fn create(deployment: &Deployment, new: &NewTask, turn: &Turn, by: By<'_>) -> Result<Begun, Failure> {
    let row = AuditRow::begun(Timestamp::now(), by.who, Act::Rerun, new.id.as_str());
    let work = async {
        let made = deployment.create_task(&new.id, &new.definition, turn.narrowed.as_deref(), by.permit).await;
        let status = made.map_err(|error| {
            if !is_lost(&error) {
                return Failure::from(error);
            }
            Failure::unreachable(
                format!("whether a clone of {} was made is not known", turn.name),
                error.to_string(),
                format!("look before you try again: windlass show {}", new.id),
            )
            .explained_by(CheckId::Cluster)
        })?;
        let run = status.last_run().map(|run| run.id);
        let begun = Begun { id: new.id.clone(), name: turn.name.clone(), of: Some(new.of.clone()), run, remark: None };
        Ok((begun, Ended::with(None, None)))
    };
    by.journal.audited(row, work).await
}
