//! Task groups: listed, sealed, cancelled.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{collation, task::Task};
use crate::support::taskcluster::{call::Call, moment, refusal::Refusal, reply::Reply, route::Route};

#[derive(Debug, Clone)]
pub struct Group {
    pub scheduler: String,
    /// Of the task that lives longest.
    pub expires: Timestamp,
    pub sealed: Option<Timestamp>,
}

pub const ROUTES: &[Route] = &[
    Route::get("task-group/<taskGroupId>/list", "listTaskGroup", list)
        .scopes(&["queue:list-task-group:<taskGroupId>"])
        .paged(),
    Route::get("task-group/<taskGroupId>", "getTaskGroup", get).scopes(&["queue:list-task-group:<taskGroupId>"]),
    Route::post("task-group/<taskGroupId>/seal", "sealTaskGroup", seal).asks_later(),
    Route::post("task-group/<taskGroupId>/cancel", "cancelTaskGroup", cancel).asks_later(),
];

impl Group {
    fn json(&self, id: &str) -> Value {
        let mut json = json!({
            "taskGroupId": id,
            "schedulerId": self.scheduler,
            // The group outlives its tasks by an hour.
            "expires": moment::text(self.expires + moment::hours(1)),
        });
        if let Some(sealed) = self.sealed {
            json["sealed"] = moment::text(sealed).into();
        }
        json
    }
}

fn group<'c>(call: &'c Call) -> Result<(&'c str, &'c Group), Refusal> {
    let id = call.parameter("taskGroupId");
    let found = call.world.queue.groups.get(id).map(|group| (id, group));
    found.ok_or_else(|| Refusal::not_found(format!("No task-group with taskGroupId: `{id}`")))
}

fn members<'c>(call: &'c Call, id: &str) -> Vec<&'c Task> {
    let tasks = call.world.queue.tasks.values().filter(|task| task.text("taskGroupId") == id);
    let mut tasks: Vec<&Task> = tasks.collect();
    tasks.sort_by_key(|task| collation(&task.id));
    tasks
}

fn list(call: &mut Call) -> Result<Reply, Refusal> {
    let (id, group) = group(call)?;
    let page = call.page(members(call, id), "queue/v1/list-task-group-response.json#")?;
    let mut json = page.json("tasks", |task| json!({"status": task.status(), "task": task.definition}));
    for (name, value) in group.json(id).as_object().unwrap() {
        json[name] = value.clone();
    }
    Ok(json.into())
}

fn get(call: &mut Call) -> Result<Reply, Refusal> {
    let (id, group) = group(call)?;
    Ok(group.json(id).into())
}

fn seal(call: &mut Call) -> Result<Reply, Refusal> {
    let (id, group) = group(call)?;
    call.authorize(&format!("queue:seal-task-group:{}/{id}", group.scheduler).into())?;
    let (id, now) = (id.to_owned(), call.now);
    let group = call.world.queue.groups.get_mut(&id).unwrap();
    group.sealed.get_or_insert(now);
    Ok(group.json(&id).into())
}

fn cancel(call: &mut Call) -> Result<Reply, Refusal> {
    let (id, group) = group(call)?;
    if group.sealed.is_none() {
        return Err(Refusal::conflict(format!("Cannot cancel unsealed task group: `{id}`")));
    }
    call.authorize(&format!("queue:cancel-task-group:{}/{id}", group.scheduler).into())?;
    let (id, now) = (id.to_owned(), call.now);
    let all = members(call, &id);
    let size = all.len();
    let open: Vec<String> = all.into_iter().filter(|task| !task.is_resolved()).map(|task| task.id.clone()).collect();
    for task in &open {
        call.world.queue.tasks.get_mut(task).unwrap().cancel(now);
        call.world.resolved(task, now);
    }
    let json = json!({"taskGroupId": id, "taskGroupSize": size, "cancelledCount": open.len(), "taskIds": open});
    Ok(json.into())
}
