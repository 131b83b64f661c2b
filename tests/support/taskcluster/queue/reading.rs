//! Definitions, statuses, and how busy task queues are.

use serde_json::{Value, json};

use super::task::Task;
use crate::support::taskcluster::{
    call::Call,
    refusal::Refusal,
    reply::Reply,
    route::{Route, SLUG},
    schema::{Kind, Shape},
    scopes::Expression,
};

const TASK_IDS: Shape =
    Shape { required: &[], fields: &[("taskIds", Kind::List(&Kind::Matching(SLUG)))], closed: true };

pub const ROUTES: &[Route] = &[
    Route::get("task/<taskId>", "task", task).scopes(&["queue:get-task:<taskId>"]),
    Route::get("task/<taskId>/status", "status", status).scopes(&["queue:status:<taskId>"]),
    Route::post("tasks", "tasks", tasks)
        .asks_later()
        .paged()
        .input("queue/v1/tasks-request.json#", Kind::Of(&TASK_IDS)),
    Route::post("tasks/status", "statuses", statuses)
        .asks_later()
        .paged()
        .input("queue/v1/tasks-request.json#", Kind::Of(&TASK_IDS)),
    Route::get("task/<taskId>/dependents", "listDependentTasks", dependents)
        .scopes(&["queue:list-dependent-tasks:<taskId>"])
        .paged(),
    Route::get("pending/<taskQueueId*>", "pendingTasks", pending_tasks).scopes(&["queue:pending-count:<taskQueueId>"]),
    Route::get("task-queues/<taskQueueId*>/counts", "taskQueueCounts", counts)
        .scopes(&["queue:pending-count:<taskQueueId>", "queue:claimed-count:<taskQueueId>"]),
];

impl Call<'_> {
    /// The task that the path names, or a 404 in the words of this method.
    pub fn task(&self, missing: impl FnOnce(&str) -> String) -> Result<&Task, Refusal> {
        let id = self.parameter("taskId");
        self.world.queue.tasks.get(id).ok_or_else(|| Refusal::not_found(missing(id)))
    }
}

fn task(call: &mut Call) -> Result<Reply, Refusal> {
    let missing = |id: &str| {
        format!("`{id}` does not correspond to a task that exists.\nAre you sure this task has already been submitted?")
    };
    Ok(call.task(missing)?.definition.clone().into())
}

fn status(call: &mut Call) -> Result<Reply, Refusal> {
    let missing =
        |id: &str| format!("`{id}` does not correspond to a task that exists.\nAre you sure this task exists?");
    Ok(json!({"status": call.task(missing)?.status()}).into())
}

/// The tasks of the body that exist; the others are left out.
fn known<'c>(call: &'c Call, scope: &str) -> Result<Vec<&'c Task>, Refusal> {
    let ids: Vec<&str> = call.body["taskIds"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    call.authorize(&Expression::all(ids.iter().map(|id| format!("{scope}:{id}"))))?;
    Ok(ids.iter().filter_map(|id| call.world.queue.tasks.get(*id)).collect())
}

fn tasks(call: &mut Call) -> Result<Reply, Refusal> {
    let page = call.page(known(call, "queue:get-task")?, "queue/v1/tasks-response.json#")?;
    Ok(page.json("tasks", |task| json!({"taskId": task.id, "task": task.definition})).into())
}

fn statuses(call: &mut Call) -> Result<Reply, Refusal> {
    let page = call.page(known(call, "queue:status")?, "queue/v1/tasks-statuses-response.json#")?;
    Ok(page.json("statuses", |task| json!({"taskId": task.id, "status": task.status()})).into())
}

fn dependents(call: &mut Call) -> Result<Reply, Refusal> {
    let id = call.task(|id| format!("Task with taskId: `{id}` was not found"))?.id.clone();
    let found: Vec<&Task> = call.world.dependents(&id).collect();
    let page = call.page(found, "queue/v1/list-dependent-tasks-response.json#")?;
    let mut json = page.json("tasks", |task| json!({"status": task.status(), "task": task.definition}));
    json["taskId"] = id.into();
    Ok(json.into())
}

/// How many of the task queue's tasks are in this state.
fn count(call: &Call, state: &str) -> usize {
    let queue = call.parameter("taskQueueId");
    let tasks = call.world.queue.tasks.values();
    tasks.filter(|task| task.text("taskQueueId") == queue && task.state() == state).count()
}

fn pending_tasks(call: &mut Call) -> Result<Reply, Refusal> {
    let queue = call.parameter("taskQueueId");
    let Some((provisioner, worker)) = queue.split_once('/') else {
        return Err(Refusal::internal(&format!("AssertionError: invalid taskQueueId {queue}")));
    };
    let json = json!({
        "provisionerId": provisioner, "workerType": worker, "taskQueueId": queue,
        "pendingTasks": count(call, "pending"),
    });
    Ok(json.into())
}

fn counts(call: &mut Call) -> Result<Reply, Refusal> {
    let claimed = count(call, "running");
    let mut reply = pending_tasks(call)?;
    if let crate::support::taskcluster::reply::Content::Json(json) = &mut reply.content {
        json["claimedTasks"] = claimed.into();
    }
    Ok(reply)
}
