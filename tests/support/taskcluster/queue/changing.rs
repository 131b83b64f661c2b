//! What maintainers do to a task: schedule, rerun, cancel.

use jiff::Timestamp;
use serde_json::json;

use super::task::Task;
use crate::support::taskcluster::{call::Call, refusal::Refusal, reply::Reply, route::Route, scopes::Expression};

pub const ROUTES: &[Route] = &[
    Route::post("task/<taskId>/schedule", "scheduleTask", schedule).asks_later(),
    Route::post("task/<taskId>/rerun", "rerunTask", rerun).asks_later(),
    Route::post("task/<taskId>/cancel", "cancelTask", cancel).asks_later(),
];

/// One of the scopes for this verb, among them a pair of old ones.
fn required(verb: &str, task: &Task) -> Expression {
    let (scheduler, group) = (task.text("schedulerId"), task.text("taskGroupId"));
    Expression::any([
        format!("queue:{verb}-task:{scheduler}/{group}/{}", task.id).into(),
        format!("queue:{verb}-task-in-project:{}", task.text("projectId")).into(),
        Expression::all([format!("queue:{verb}-task"), format!("assume:scheduler-id:{scheduler}/{group}")]),
    ])
}

/// Does it to the task, unless the caller may not or the deadline is over.
fn change(
    call: &mut Call,
    verb: &str,
    missing: fn(&str) -> String,
    too_late: &str,
    change: fn(&mut Task, Timestamp) -> Result<(), Refusal>,
) -> Result<Reply, Refusal> {
    let task = call.task(missing)?;
    call.authorize(&required(verb, task))?;
    if task.time("deadline") < call.now {
        return Err(Refusal::conflict(format!("Task `{}` can't be {too_late} {}.", task.id, task.text("deadline"))));
    }
    let (id, now, was_resolved) = (task.id.clone(), call.now, task.is_resolved());
    change(call.world.queue.tasks.get_mut(&id).unwrap(), now)?;
    if call.world.queue.tasks[&id].is_resolved() && !was_resolved {
        call.world.resolved(&id, now);
    }
    Ok(json!({"status": call.world.queue.tasks[&id].status()}).into())
}

fn schedule(call: &mut Call) -> Result<Reply, Refusal> {
    let missing = |id: &str| format!("taskId `{id}` not found. Are you sure it exists?");
    change(call, "schedule", missing, "scheduled past its deadline at", |task, now| {
        task.schedule("scheduled", now);
        Ok(())
    })
}

fn rerun(call: &mut Call) -> Result<Reply, Refusal> {
    let missing = |id: &str| {
        format!("`{id}` does not correspond to a task that exists.\nAre you sure this task has been submitted before?")
    };
    change(call, "rerun", missing, "rescheduled past its deadline of", Task::rerun)
}

fn cancel(call: &mut Call) -> Result<Reply, Refusal> {
    let missing = |id: &str| format!("Task `{id}` not found. Are you sure it was created?");
    change(call, "cancel", missing, "canceled past its deadline of", |task, now| {
        task.cancel(now);
        Ok(())
    })
}
