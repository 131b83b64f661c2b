//! An action that a decision task offers: its hook is fired with what its template makes of the task and the input.
//!
//! Whoever writes the tasks of a group writes its actions, also in a pull request. One is done only where a push or a release
//! that policy allows began the group, where the user's settings name the group of its hook, and after it was shown.
//! What an action does, a task does that its hook makes; that one's end says nothing of what it makes in turn.

use std::path::PathBuf;

use serde_json::Value;

use super::{
    cluster::{Cluster, Detailed},
    cluster_hook::{self, Advice, Fired},
};
use crate::{
    domain::{
        action::{self, Action, Actions, Hook, Offer, On, level_of_scheduler, made_by},
        failure::Failure,
        finding::CheckId,
        payload,
        task::{Task, TaskId, TaskState},
    },
    log::sanitise::plain,
    taskcluster::{Deployment, TaskclusterError},
};

/// Those of the largest projects have some hundred kilobytes.
const CAP: u32 = 4 * 1024 * 1024;

const ADVICE: Advice = Advice {
    gone: "it went with the definition that its decision task was made by: run its tasks again (windlass rerun), or take \
           the action of a newer decision task (windlass releases)",
    unfit: "give it another input, or take the action of a newer decision task",
};

/// The groups of hooks that somebody allows.
#[derive(Debug, Clone)]
pub struct Allowed {
    pub groups: Vec<String>,
    /// The file that says so.
    pub file: PathBuf,
}

/// What the decision task of a release offers.
pub struct Offered {
    pub decision: TaskId,
    pub host: String,
    actions: Actions,
    /// Of the scheduler that it is of.
    level: Option<u8>,
    /// Why none of it is done.
    untrusted: Option<String>,
    allowed: Allowed,
}

/// Which action, to what, and what it is given.
#[derive(Clone)]
pub struct Wanted<'a> {
    pub name: &'a str,
    /// `None`: to the group, or to the only one of its tasks that it is for.
    pub task: Option<&'a TaskId>,
    pub input: Option<Value>,
}

/// Reads what the decision task of a release offers.
///
/// # Errors
/// When it offers nothing, or the services do not say.
pub async fn offered(cluster: &Cluster, detailed: &Detailed, allowed: Allowed) -> Result<Offered, Failure> {
    let group = detailed.tasks.first().map(|task| &task.status.task_group_id);
    // The task that began a group has its name. Source: Taskcluster, "Task graphs".
    let decision = detailed.tasks.iter().find(|task| Some(task.id()) == group).ok_or_else(|| {
        offers_nothing(&detailed.release.plan.release.to_string(), "no task began its group that is still there")
    })?;
    let (file, untrusted) = tokio::join!(file_of(&cluster.deployment, decision), cluster.not_released(&detailed.tasks));
    let id = decision.id().as_str();
    let file = file?.ok_or_else(|| {
        let over = decision.status.state.is_over();
        let left = if over { "none of its runs left" } else { "it has not completed, and left no" };
        offers_nothing(id, &format!("{left} {}", action::FILE))
    })?;
    let actions = Actions::read(&file, plain)
        .map_err(|why| offers_nothing(id, &format!("its {} is none: {}", action::FILE, plain(&why))))?;
    Ok(Offered {
        decision: decision.id().clone(),
        host: cluster.deployment.root().host(),
        actions,
        level: level_of_scheduler(&decision.definition.scheduler_id),
        untrusted: untrusted?.map(|why| plain(&why)),
        allowed,
    })
}

/// The file that the newest run left which left one; `None`: none of them did, or it has expired.
///
/// # Errors
/// When the services do not say.
pub async fn file_of(deployment: &Deployment, decision: &Task) -> Result<Option<Vec<u8>>, TaskclusterError> {
    for run in decision.status.runs.iter().rev().filter(|run| run.state == TaskState::Completed) {
        match deployment.read_small(decision.id(), Some(run.id), action::FILE, CAP).await {
            Ok(bytes) => return Ok(Some(bytes)),
            Err(TaskclusterError::NotMade { .. } | TaskclusterError::NotUploaded { .. }) => {}
            Err(error) if error.is_absent() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn offers_nothing(id: &str, why: &str) -> Failure {
    Failure::failed(
        format!("{id} offers no actions"),
        why,
        "only decision tasks offer some, and only as long as what they left is kept; see what there is: windlass artifacts",
    )
    .explained_by(CheckId::Dates)
}

impl Offered {
    /// All of them, each with those of these tasks that it is for.
    #[must_use]
    pub fn offers(&self, tasks: &[&Task]) -> Vec<Offer> {
        self.actions.offers(tasks, plain, |hook| self.refused(hook).map(|refused| refused.why))
    }

    /// Why nothing of it is done, whatever it is.
    #[must_use]
    pub fn untrusted(&self) -> Option<&str> {
        self.untrusted.as_deref()
    }

    /// Why this hook is not fired.
    fn refused(&self, hook: &Hook) -> Option<Failure> {
        let decision = &self.decision;
        if let Some(why) = &self.untrusted {
            return Some(Failure::not_allowed(
                format!("no action of {decision} is done"),
                format!("{why}; whoever began it wrote what its actions do"),
                "take the action of a group that a push or a release began: windlass releases",
            ));
        }
        let Allowed { groups, file } = &self.allowed;
        if !groups.contains(&hook.group) {
            let all: Vec<String> = groups.iter().chain([&hook.group]).map(|group| format!("\"{group}\"")).collect();
            return Some(Failure::not_allowed(
                format!("the hook {} is not fired", hook.name()),
                format!("your settings do not name its group, {}", hook.group),
                format!(
                    "if its hooks are yours to fire, write into {}, under [taskcluster]: hook-groups = [{}]",
                    file.display(),
                    all.join(", ")
                ),
            ));
        }
        let (of_task, of_hook) = (self.level?, hook.level()?);
        (of_hook > of_task).then(|| {
            Failure::not_allowed(
                format!("the hook {} is not fired", hook.name()),
                format!("it is of level {of_hook}, and the scheduler of {decision} of level {of_task}"),
                "take the action of a decision task of that level: windlass releases",
            )
        })
    }

    /// The action of this name for this task, or for the group, where it can be done.
    #[must_use]
    pub fn offer(&self, name: &str, task: Option<&Task>) -> Option<Offer> {
        let tasks: Vec<&Task> = task.into_iter().collect();
        let fits = |offer: &Offer| {
            offer.name == name && offer.refused.is_none() && matches!(offer.on, On::Group) == task.is_none()
        };
        self.offers(&tasks).into_iter().find(fits)
    }

    /// There is an action of this name for this task.
    #[must_use]
    pub fn is_for(&self, name: &str, tasks: &[Task], id: &TaskId) -> bool {
        let task = tasks.iter().find(|task| task.id() == id);
        task.is_some_and(|task| self.actions.named(&plain(name), Some(task)).is_some())
    }

    /// The action of this name and what it is done to.
    fn named<'a>(&'a self, tasks: &'a [Task], wanted: &Wanted<'_>) -> Result<(&'a Action, Option<&'a Task>), Failure> {
        let name = plain(wanted.name);
        let none = |why: String, next: &str| Err(Failure::usage(format!("there is no action `{name}`"), why, next));
        let list = format!("see which there are: windlass action {}", self.decision);
        if let Some(id) = wanted.task {
            let task = tasks.iter().find(|task| task.id() == id);
            return match task.and_then(|task| Some((self.actions.named(&name, Some(task))?, Some(task)))) {
                Some(found) => Ok(found),
                None => none(format!("none of that name is for the task {id}"), &list),
            };
        }
        if let Some(action) = self.actions.named(&name, None) {
            return Ok((action, None));
        }
        let of_task = |task| Some((self.actions.named(&name, Some(task))?, Some(task)));
        let found: Vec<(&Action, Option<&Task>)> = tasks.iter().filter_map(of_task).collect();
        match found[..] {
            [only] => Ok(only),
            [] => none(format!("{} offers none of that name for the group or any of its tasks", self.decision), &list),
            _ => Err(Failure::usage(
                format!("it is not said which task {name} is done to"),
                format!("it is for {} of them", found.len()),
                format!("name one: --task TASK; {list}"),
            )),
        }
    }
}

/// An action, with all that is shown of it before.
pub struct Prepared {
    pub name: String,
    pub decision: TaskId,
    /// What it is done to; `None`: the group.
    pub task: Option<(TaskId, String)>,
    pub hook: cluster_hook::Prepared,
    title: String,
    input: Value,
}

impl Prepared {
    /// Why it is not done.
    #[must_use]
    pub fn refused(&self) -> Option<Failure> {
        self.hook.refused()
    }

    /// Labels and what stands beside them. What the hook is fired with is shown whole, however long it is.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let on = match &self.task {
            None => format!("the group {}", self.decision),
            Some((id, name)) => format!("{name} ({id})"),
        };
        let mut rows = vec![("action", format!("{}: {}", self.name, self.title)), ("of", on)];
        if !self.input.is_null() {
            rows.push(("input", self.input.to_string()));
        }
        for (label, words) in self.hook.rows() {
            match label {
                "payload" => {
                    let leaves = payload::leaves(&self.hook.payload).into_iter();
                    rows.extend(leaves.map(|(at, value)| (label, format!("{at} {value}").trim().to_owned())));
                }
                "tags" => {
                    let what =
                        "the hook makes a task; which others that one makes, and what they write, its script decides";
                    rows.push(("then", what.to_owned()));
                }
                label => rows.push((label, words)),
            }
        }
        rows
    }
}

/// What this action would be. Nothing is changed.
///
/// # Errors
/// When there is none, when it is not to be trusted or not allowed, when it is not given this, and when its hook is gone.
pub async fn prepare(
    cluster: &Cluster,
    detailed: &Detailed,
    offered: &Offered,
    wanted: Wanted<'_>,
) -> Result<Prepared, Failure> {
    let (action, task) = offered.named(&detailed.tasks, &wanted)?;
    let name = &action.name;
    let hook = action.hook.as_ref().map_err(|why| {
        Failure::usage(
            format!("the action {name} is not done from here"),
            why.clone(),
            "do it in the deployment's own pages",
        )
    })?;
    if let Some(refused) = offered.refused(hook) {
        return Err(refused);
    }
    let input = action.input(wanted.input).map_err(|why| {
        let next = "give it as its schema says, as JSON: --input-stdin";
        Failure::usage(format!("the action {name} does not take this input"), plain(&why), next)
    })?;
    let context = offered.actions.context(&offered.decision, task.map(Task::id), input.clone());
    let fired_with = json_e::render(&hook.payload, &context).map_err(|error| {
        let next = "take the action of a newer decision task, or have its template corrected";
        Failure::failed(
            format!("the action {name} comes to nothing that could be sent"),
            plain(&error.to_string()),
            next,
        )
        .explained_by(CheckId::Yml)
    })?;
    let unchecked = action.unchecked(&input);
    let mut prepared = cluster_hook::prepare_any(cluster, (&hook.group, &hook.id), fired_with, ADVICE).await?;
    if !unchecked.is_empty() {
        let words = plain(&unchecked.join(", "));
        prepared.warnings.push(format!("of the schema of its input {words} is not looked at before its task runs"));
    }
    Ok(Prepared {
        name: name.clone(),
        decision: offered.decision.clone(),
        task: task.map(|task| (task.id().clone(), plain(task.name()))),
        hook: prepared,
        title: action.title.clone(),
        input,
    })
}

/// The tasks that the task of an action made, as far as they say so: in the group where the action was taken, or in its own.
///
/// # Errors
/// When the services do not say.
pub async fn made(
    cluster: &Cluster,
    prepared: &Prepared,
    fired: &Fired,
) -> Result<Option<(TaskId, Vec<TaskId>)>, Failure> {
    let own = (fired.group != prepared.decision).then_some(&fired.group);
    for group in [Some(&prepared.decision), own].into_iter().flatten() {
        let tasks = cluster.deployment.task_group(group).await?;
        let made: Vec<TaskId> = made_by(&fired.task, &tasks).map(|task| task.id().clone()).collect();
        if !made.is_empty() {
            return Ok(Some((group.clone(), made)));
        }
    }
    Ok(None)
}
