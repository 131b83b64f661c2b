//! The worker's side: claims, with credentials for the task, and reports.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    ITSELF,
    task::{Outcome, Task},
};
use crate::support::taskcluster::{
    call::Call,
    credentials::Credentials,
    moment,
    refusal::Refusal,
    reply::Reply,
    route::Route,
    schema::{Kind, Shape},
    scopes::Expression,
    world::World,
};

const NAME: Kind = Kind::Matching("^([a-zA-Z0-9-_]*)$");

const CLAIM: Shape = Shape {
    required: &["workerGroup", "workerId", "tasks"],
    fields: &[("workerGroup", NAME), ("workerId", NAME), ("tasks", Kind::Integer(1, 32))],
    closed: true,
};

/// The reasons that a worker may give.
const REASONS: &[&str] =
    &["worker-shutdown", "malformed-payload", "resource-unavailable", "internal-error", "intermittent-task"];

const EXCEPTION: Shape = Shape { required: &["reason"], fields: &[("reason", Kind::OneOf(REASONS))], closed: true };

pub const ROUTES: &[Route] = &[
    Route::post("claim-work/<taskQueueId*>", "claimWork", claim_work)
        .asks_later()
        .input("queue/v1/claim-work-request.json#", Kind::Of(&CLAIM)),
    Route::post("task/<taskId>/runs/<runId>/reclaim", "reclaimTask", reclaim)
        .scopes(&["queue:reclaim-task:<taskId>/<runId>"]),
    Route::post("task/<taskId>/runs/<runId>/completed", "reportCompleted", completed)
        .scopes(&["queue:resolve-task:<taskId>/<runId>"]),
    Route::post("task/<taskId>/runs/<runId>/failed", "reportFailed", failed)
        .scopes(&["queue:resolve-task:<taskId>/<runId>"]),
    Route::post("task/<taskId>/runs/<runId>/exception", "reportException", exception)
        .scopes(&["queue:resolve-task:<taskId>/<runId>"])
        .input("queue/v1/task-exception-request.json#", Kind::Of(&EXCEPTION)),
];

impl World {
    /// Temporary credentials that the queue gives away.
    pub fn queue_credentials(&self, name: &str, scopes: &[&str], now: Timestamp, expiry: Timestamp) -> Credentials {
        let token = &self.client(ITSELF, now).unwrap().token;
        Credentials::new(ITSELF, token).temporary(Some(name), scopes, now, expiry)
    }

    /// What a task may do while a worker has it, and until the claim ends, resolved or not.
    fn task_credentials(&self, task: &Task, run: usize, now: Timestamp) -> Credentials {
        let until = task.taken_until(run);
        let claimed = &task.runs[run];
        let name = format!(
            "task-client/{}/{run}/on/{}/{}/until/{}",
            task.id,
            claimed.worker_group.as_ref().unwrap(),
            claimed.worker_id.as_ref().unwrap(),
            seconds(until)
        );
        let own = ["reclaim-task", "resolve-task", "create-artifact"].map(|v| format!("queue:{v}:{}/{run}", task.id));
        let scopes: Vec<&str> = own.iter().map(String::as_str).chain(task.strings("scopes")).collect();
        self.queue_credentials(&name, &scopes, now, until)
    }
}

/// Seconds since 1970 with as many decimals as they need.
fn seconds(time: Timestamp) -> String {
    let text = format!("{}.{:03}", time.as_second(), time.as_millisecond().rem_euclid(1000));
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The other spelling of times, which only claims have.
fn with_offset(time: Timestamp) -> String {
    let text = moment::text(time);
    let text = text.trim_end_matches('Z').trim_end_matches('0').trim_end_matches('.');
    format!("{text}+00:00")
}

fn claim_work(call: &mut Call) -> Result<Reply, Refusal> {
    let queue = call.parameter("taskQueueId").to_owned();
    let (group, worker) = (call.text("workerGroup").to_owned(), call.text("workerId").to_owned());
    call.authorize(&Expression::all([
        format!("queue:claim-work:{queue}"),
        format!("queue:worker-id:{group}/{worker}"),
    ]))?;
    let most = usize::try_from(call.body["tasks"].as_i64().unwrap()).unwrap();
    let tasks = call.world.queue.tasks.values();
    let mut pending: Vec<(Timestamp, String)> = tasks
        .filter(|task| task.text("taskQueueId") == queue && task.state() == "pending")
        .map(|task| (task.time("created"), task.id.clone()))
        .collect();
    pending.sort();
    let now = call.now;
    let claimed: Vec<Value> = pending
        .into_iter()
        .take(most)
        .map(|(_, id)| {
            let run = call.world.queue.tasks.get_mut(&id).unwrap().claim(&group, &worker, now).unwrap();
            let task = &call.world.queue.tasks[&id];
            json!({
                "status": task.status(),
                "runId": run,
                "workerGroup": group,
                "workerId": worker,
                "takenUntil": with_offset(task.taken_until(run)),
                "task": task.definition,
                "credentials": call.world.task_credentials(task, run, now),
            })
        })
        .collect();
    let is_empty = claimed.is_empty();
    let json = json!({"tasks": claimed});
    Ok(if is_empty { Reply::later(json) } else { json.into() })
}

/// The task and the number of the run that the path names.
fn run<'c>(call: &'c Call) -> Result<(&'c Task, usize), Refusal> {
    let task = call.task(|id| format!("Task `{id}` not found. Are you sure it was created?"))?;
    let run = call.parameter("runId").parse().unwrap_or(usize::MAX);
    if task.runs.len() > run {
        return Ok((task, run));
    }
    Err(Refusal::not_found(format!("Run {} not found on task `{}`.", call.parameter("runId"), task.id)))
}

fn reclaim(call: &mut Call) -> Result<Reply, Refusal> {
    let (task, run) = run(call)?;
    if task.time("deadline") <= call.now {
        return Err(Refusal::conflict(format!(
            "Task `{}` can't be reclaimed past its deadline of {}.",
            task.id,
            task.text("deadline")
        )));
    }
    let (id, now) = (task.id.clone(), call.now);
    let until = call
        .world
        .queue
        .tasks
        .get_mut(&id)
        .unwrap()
        .reclaim(run, now)
        .ok_or_else(|| Refusal::conflict(format!("Run {run} on task `{id}` is resolved or not running.")))?;
    let task = &call.world.queue.tasks[&id];
    let json = json!({
        "status": task.status(),
        "runId": run,
        "workerGroup": task.runs[run].worker_group,
        "workerId": task.runs[run].worker_id,
        "takenUntil": moment::text(until),
        "credentials": call.world.task_credentials(task, run, now),
    });
    Ok(json.into())
}

fn report(call: &mut Call, outcome: Outcome) -> Result<Reply, Refusal> {
    let (task, run) = run(call)?;
    let (id, now) = (task.id.clone(), call.now);
    call.world.queue.tasks.get_mut(&id).unwrap().resolve(run, outcome, now)?;
    call.world.resolved(&id, now);
    Ok(json!({"status": call.world.queue.tasks[&id].status()}).into())
}

/// As [`report`], with the other message that these two have.
fn report_result(call: &mut Call, outcome: Outcome, name: &str) -> Result<Reply, Refusal> {
    let (task, run) = run(call)?;
    if !["running", name].contains(&task.runs[run].state) {
        let id = &task.id;
        return Err(Refusal::conflict(format!("Run {run} of task `{id}` is not running or {name}.")));
    }
    report(call, outcome)
}

fn completed(call: &mut Call) -> Result<Reply, Refusal> {
    report_result(call, Outcome::Completed, "completed")
}

fn failed(call: &mut Call) -> Result<Reply, Refusal> {
    report_result(call, Outcome::Failed, "failed")
}

fn exception(call: &mut Call) -> Result<Reply, Refusal> {
    let reason = REASONS.iter().find(|reason| **reason == call.text("reason")).unwrap();
    report(call, Outcome::Exception(reason))
}
