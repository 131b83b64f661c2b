//! `windlass action`: what the decision task of a release on Taskcluster offers, and one of it done: its hook is shown with
//! what it is fired with, fired once, and what it made is followed.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    args::ActionArgs,
    begin_hook::read,
    cluster_again::{left, rows},
    ground::Ground,
    json,
    output::{Cell, Style, Tone, columns},
    release::{confirm, who},
    seen::{Seen, There, seen, seen_to_change},
    watch::{TaskTeller, tasks_to_their_end, told_to_its_end},
};
use crate::{
    domain::{
        action::{Offer, On},
        failure::Failure,
        task::{Task, TaskId, TaskState},
    },
    log::sanitise::plain,
    release::{
        cluster::{Cluster, Detailed},
        cluster_action::{self, Offered, Prepared, Wanted},
        cluster_hook::{self, Fired},
    },
};

/// Names of tasks beside an action.
const NAMES: usize = 4;

pub async fn run(ground: &Ground, args: &ActionArgs) -> Result<u8, Failure> {
    match &args.name {
        None => Box::pin(list(ground, args)).await,
        Some(name) => Box::pin(act(ground, name, args)).await,
    }
}

fn there(seen: Seen) -> Result<There, Failure> {
    match seen {
        Seen::There(there) => Ok(*there),
        Seen::Here(release) => Err(Failure::usage(
            format!("release {} has no actions", release.plan.release),
            "it ran on this machine; decision tasks on Taskcluster offer some",
            format!("take it up again: windlass rerun {}", release.plan.release),
        )),
    }
}

async fn list(ground: &Ground, args: &ActionArgs) -> Result<u8, Failure> {
    let journal = ground.journal().await?;
    let there = there(seen(ground, &journal, &args.release).await?)?;
    let offered = cluster_action::offered(&there.cluster, &there.detailed, ground.hook_groups()).await?;
    let alone = there.task().and_then(|id| there.detailed.tasks.iter().find(|task| task.id() == id));
    let tasks: Vec<&Task> = match alone {
        Some(task) => vec![task],
        None => there.detailed.tasks.iter().collect(),
    };
    let offers = offered.offers(&tasks);
    ground.output.result(|| list_json(&offered, &offers), |style| table(style, &offered, &offers))?;
    Ok(0)
}

async fn act(ground: &Ground, name: &str, args: &ActionArgs) -> Result<u8, Failure> {
    if !args.dry_run {
        ground.permit("action")?;
    }
    let journal = ground.journal().await?;
    let input = args.input_stdin.then(|| read("input", "action RELEASE NAME --input-stdin")).transpose()?;
    let there = there(seen_to_change(ground, &journal, &args.release).await?)?;
    let (cluster, detailed) = (&there.cluster, &there.detailed);
    let offered = cluster_action::offered(cluster, detailed, ground.hook_groups()).await?;
    let task = match &args.task {
        Some(task) => Some(detailed.named(task)?),
        // Whoever names a task of the release may mean what is done to the group.
        None => there.task().filter(|id| offered.is_for(name, &detailed.tasks, id)).cloned(),
    };
    let wanted = Wanted { name, task: task.as_ref(), input };
    let prepared = cluster_action::prepare(cluster, detailed, &offered, wanted).await?;
    if args.dry_run {
        ground.output.result(|| plan_json(&prepared), |style| rows(style, prepared.rows()))?;
        return prepared.refused().map_or(Ok(0), Err);
    }
    let permit = ground.permit("action")?;
    if let Some(refused) = prepared.refused() {
        return Err(refused);
    }
    if !args.yes {
        let next = format!("look at `windlass action {} {name} --dry-run`, then say --yes", prepared.decision);
        confirm(ground, async || Ok(rows(ground.output.err, prepared.rows())), &next).await?;
    }
    let fired = cluster_hook::fire(cluster, &prepared.hook, &journal, &who(), permit).await?;
    tell(ground, &prepared, &fired, args.detach)?;
    if args.detach {
        return Ok(0);
    }
    tokio::select! {
        followed = Box::pin(followed(ground, cluster, &prepared, &fired)) => followed,
        left = left(ground) => left,
    }
}

/// What was begun.
fn tell(ground: &Ground, prepared: &Prepared, fired: &Fired, detach: bool) -> Result<(), Failure> {
    let (output, task) = (ground.output, &fired.task);
    if !output.json {
        let remark = fired.remark.map(|remark| format!(" ({remark})")).unwrap_or_default();
        let hook = prepared.hook.name();
        output.note(&format!(
            "{}: the hook {hook} made the task {task}{remark}\n  watch it: windlass show {task} --watch\n  end it:   windlass cancel {task}.0",
            prepared.name
        ));
    }
    if detach || output.json {
        output.result(|| begun_json(prepared, fired), |_| task.to_string())?;
    }
    Ok(())
}

/// Follows the task of the action to its end, and then those that it made: its own end says nothing of theirs.
async fn followed(ground: &Ground, cluster: &Cluster, prepared: &Prepared, fired: &Fired) -> Result<u8, Failure> {
    let output = ground.output;
    let task = std::slice::from_ref(&fired.task);
    to_the_end(ground, cluster, &fired.group, task).await?;
    let Some((group, made)) = cluster_action::made(cluster, prepared, fired).await? else {
        if !output.json {
            output.note(&format!(
                "{} has completed; of no task in {} it is said that it was made by it",
                fired.task, prepared.decision
            ));
        }
        return Ok(0);
    };
    if !output.json {
        let ids: Vec<&str> = made.iter().map(TaskId::as_str).collect();
        output.note(&format!("{} has completed, and made {}", fired.task, ids.join(", ")));
    }
    let detailed = to_the_end(ground, cluster, &group, &made).await?;
    told_to_its_end(ground, &detailed.release)?;
    Ok(0)
}

/// Follows these tasks to their end, which must be a good one.
async fn to_the_end(ground: &Ground, cluster: &Cluster, group: &TaskId, tasks: &[TaskId]) -> Result<Detailed, Failure> {
    let detailed = cluster.detailed(group, Timestamp::now()).await?;
    tasks_to_their_end(cluster, group, detailed, tasks, TaskTeller::new(ground.output)).await?;
    let detailed = cluster.detailed(group, Timestamp::now()).await?;
    let is_bad = |task: &&Task| tasks.contains(task.id()) && task.status.state != TaskState::Completed;
    let Some(bad) = detailed.tasks.iter().find(is_bad) else { return Ok(detailed) };
    Err(Failure::failed(
        format!("{} did not complete", plain(bad.name())),
        plain(&bad.status.words(Timestamp::now())),
        format!("its log tells why: windlass log {}", bad.id()),
    ))
}

fn table(style: Style, offered: &Offered, offers: &[Offer]) -> String {
    if offers.is_empty() {
        return format!("{} offers no actions", offered.decision);
    }
    let row = |offer: &Offer| {
        let tone = if offer.refused.is_some() { Tone::Dim } else { Tone::Bold };
        let said = match &offer.refused {
            Some(why) => Cell::toned(why.clone(), Tone::Notice),
            None => Cell::new("offered"),
        };
        vec![
            Cell::toned(offer.name.clone(), tone),
            Cell::new(offer.title.clone()),
            Cell::toned(on(&offer.on), Tone::Dim),
            Cell::toned(offer.hook.clone().unwrap_or_default(), Tone::Dim),
            said,
        ]
    };
    columns(style, &offers.iter().map(row).collect::<Vec<_>>())
}

fn on(on: &On) -> String {
    match on {
        On::Group => "the group".to_owned(),
        On::Tasks(tasks) => {
            let names: Vec<&str> = tasks.iter().take(NAMES).map(|(_, name)| name.as_str()).collect();
            let more = tasks.len().saturating_sub(NAMES);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            format!("{}{more}", names.join(", "))
        }
    }
}

/// `windlass.actions/1`.
fn list_json(offered: &Offered, offers: &[Offer]) -> Value {
    let action = |offer: &Offer| {
        let tasks: Option<Vec<Value>> = match &offer.on {
            On::Group => None,
            On::Tasks(tasks) => Some(tasks.iter().map(|(id, name)| json!({"task": id, "name": name})).collect()),
        };
        json!({
            "name": offer.name,
            "title": offer.title,
            "description": offer.description,
            "tasks": tasks,
            "hook": offer.hook,
            "schema": offer.schema,
            "offered": offer.refused.is_none(),
            "why": offer.refused,
        })
    };
    json!({
        "schema": "windlass.actions/1",
        "release": offered.decision,
        "deployment": offered.host,
        "untrusted": offered.untrusted(),
        "actions": offers.iter().map(action).collect::<Vec<_>>(),
    })
}

fn action_json(schema: &str, prepared: &Prepared) -> Value {
    json!({
        "schema": schema,
        "release": prepared.decision,
        "action": prepared.name,
        "task": prepared.task.as_ref().map(|(id, _)| id),
        "hook": prepared.hook.name(),
        "payload": prepared.hook.payload,
    })
}

/// `windlass.action-plan/1`.
fn plan_json(prepared: &Prepared) -> Value {
    let mut plan = action_json("windlass.action-plan/1", prepared);
    plan["deployment"] = prepared.hook.host.clone().into();
    plan["scopes"] = json::scopes(&prepared.hook.scopes);
    plan["warnings"] = prepared.hook.warnings.clone().into();
    plan["refused"] = json!(prepared.refused());
    plan
}

/// `windlass.action/1`.
fn begun_json(prepared: &Prepared, fired: &Fired) -> Value {
    let mut begun = action_json("windlass.action/1", prepared);
    begun["made"] = json!(fired.task);
    begun["group"] = json!(fired.group);
    begun["remark"] = json!(fired.remark);
    begun
}
