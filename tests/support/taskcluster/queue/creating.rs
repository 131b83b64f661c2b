//! `createTask`: what is filled in, what is checked, and in which order.

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::{Value, json};

use super::{groups::Group, task::Task};
use crate::support::taskcluster::{
    call::Call,
    moment,
    refusal::Refusal,
    reply::Reply,
    route::{Route, SLUG},
    schema::{Kind, Shape},
    scopes::Expression,
    world::World,
};

const PRIORITIES: &[&str] = &["highest", "very-high", "high", "medium", "low", "very-low", "lowest"];

const METADATA: Shape = Shape {
    required: &["name", "description", "owner", "source"],
    fields: &[
        ("name", Kind::ShortText(255)),
        ("description", Kind::ShortText(32768)),
        ("owner", Kind::ShortText(255)),
        ("source", Kind::Matching("^(https?://|ssh://|git@)")),
    ],
    closed: true,
};

const TASK: Shape = Shape {
    required: &["created", "deadline", "payload", "metadata"],
    fields: &[
        ("provisionerId", Kind::Matching("^[a-zA-Z0-9-_]{1,38}$")),
        ("workerType", Kind::Matching("^[a-z]([-a-z0-9]{0,36}[a-z0-9])?$")),
        ("taskQueueId", Kind::Matching("^[a-zA-Z0-9-_]{1,38}/[a-z]([-a-z0-9]{0,36}[a-z0-9])?$")),
        ("schedulerId", Kind::Matching("^([a-zA-Z0-9-_]*)$")),
        ("projectId", Kind::Matching("^([a-zA-Z0-9._/-]*)$")),
        ("taskGroupId", Kind::Matching(SLUG)),
        ("dependencies", Kind::List(&Kind::Matching(SLUG))),
        ("requires", Kind::OneOf(&["all-completed", "all-resolved"])),
        ("routes", Kind::List(&Kind::ShortText(249))),
        ("priority", Kind::OneOf(PRIORITIES)),
        ("retries", Kind::Integer(0, 49)),
        ("expires", Kind::Time),
        ("created", Kind::Time),
        ("deadline", Kind::Time),
        ("scopes", Kind::List(&Kind::Matching("^[\\x20-\\x7e]*$"))),
        ("payload", Kind::Object),
        ("metadata", Kind::Of(&METADATA)),
        ("tags", Kind::Object),
        ("extra", Kind::Object),
    ],
    closed: true,
};

const PRIORITY: Shape =
    Shape { required: &["newPriority"], fields: &[("newPriority", Kind::OneOf(PRIORITIES))], closed: true };

pub const ROUTES: &[Route] = &[
    Route::put("task/<taskId>", "createTask", create)
        .asks_later()
        .input("queue/v1/create-task-request.json#", Kind::Of(&TASK))
        .defaults(defaults),
    Route::post("task/<taskId>/priority", "changeTaskPriority", change_priority)
        .asks_later()
        .input("queue/v1/change-task-priority-request.json#", Kind::Of(&PRIORITY)),
];

fn parse(definition: &Value, field: &str) -> Timestamp {
    moment::parse(definition[field].as_str().unwrap()).unwrap()
}

/// What the schema fills in.
pub fn defaults(definition: &mut Value) {
    let Some(fields) = definition.as_object_mut() else { return };
    for (name, value) in [
        ("schedulerId", json!("-")),
        ("projectId", json!("none")),
        ("dependencies", json!([])),
        ("requires", json!("all-completed")),
        ("routes", json!([])),
        ("priority", json!("lowest")),
        ("retries", json!(5)),
        ("scopes", json!([])),
        ("tags", json!({})),
        ("extra", json!({})),
    ] {
        fields.entry(name).or_insert(value);
    }
}

/// The task queue, by its two names or by its one.
fn name_queue(definition: &mut Value) -> Result<(), Refusal> {
    let field = |name: &str| definition[name].as_str().map(str::to_owned);
    match (field("provisionerId"), field("workerType"), field("taskQueueId")) {
        (Some(provisioner), Some(worker), Some(queue)) if format!("{provisioner}/{worker}") != queue => {
            return Err(Refusal::input("taskQueueId must match \"provisionerId/workerType\""));
        }
        (Some(provisioner), Some(worker), _) => definition["taskQueueId"] = format!("{provisioner}/{worker}").into(),
        (_, _, Some(queue)) => {
            let (provisioner, worker) = queue.split_once('/').unwrap();
            definition["provisionerId"] = provisioner.into();
            definition["workerType"] = worker.into();
        }
        _ => {
            return Err(Refusal::input(
                "at least a provisionerId and a workerType or a taskQueueId must be provided\"",
            ));
        }
    }
    Ok(())
}

/// The group and the expiry; and times in milliseconds.
fn complete(id: &str, definition: &mut Value) {
    if definition["taskGroupId"].is_null() {
        definition["taskGroupId"] = id.into();
    }
    if definition["expires"].is_null() {
        let year = parse(definition, "deadline").to_zoned(TimeZone::UTC).checked_add(1.year()).unwrap();
        definition["expires"] = moment::text(year.timestamp()).into();
    }
    for name in ["created", "deadline", "expires"] {
        definition[name] = moment::text(parse(definition, name)).into();
    }
}

/// All that a definition lacks.
pub fn fill_in(id: &str, definition: &mut Value) {
    defaults(definition);
    name_queue(definition).unwrap();
    complete(id, definition);
}

/// What the creator must be allowed.
fn required(definition: &Value) -> Expression {
    let strings = |name: &str| definition[name].as_array().into_iter().flatten().filter_map(Value::as_str);
    let text = |name: &str| definition[name].as_str().unwrap();
    let mut all: Vec<Expression> = strings("scopes").map(Expression::from).collect();
    all.extend(strings("routes").map(|route| format!("queue:route:{route}").into()));
    all.push(format!("queue:create-task:project:{}", text("projectId")).into());
    all.push(format!("queue:scheduler-id:{}", text("schedulerId")).into());
    let lowest = PRIORITIES.iter().position(|name| *name == text("priority")).unwrap();
    let (provisioner, worker) = (text("provisionerId"), text("workerType"));
    let priorities = PRIORITIES[..=lowest].iter();
    all.push(Expression::any(priorities.map(|name| format!("queue:create-task:{name}:{provisioner}/{worker}"))));
    Expression::all(all)
}

fn check_times(definition: &Value, now: Timestamp) -> Result<(), Refusal> {
    let drift = moment::minutes(15);
    let (created, deadline) = (parse(definition, "created"), parse(definition, "deadline"));
    let wrong = |message: &str| Err(Refusal::input(message));
    if created < now - drift {
        return wrong("`created` cannot be in the past (max 15min drift)");
    }
    if created > now + drift {
        return wrong("`created` cannot be in the future (max 15min drift)");
    }
    if created > deadline {
        return wrong("`deadline` cannot be later than `created`");
    }
    if deadline < now {
        return wrong("`deadline` cannot be in the past");
    }
    if deadline > now + moment::days(5) + drift {
        return wrong("`deadline` cannot be more than 5 days into the future");
    }
    if definition["expires"].is_string() && parse(definition, "expires") < deadline {
        return wrong("`expires` cannot be before `deadline`");
    }
    Ok(())
}

/// Everything that `createTask` does behind its schema, for this body by somebody with these scopes. What is filled in
/// stays in the body.
pub fn checked(
    world: &mut World,
    id: &str,
    body: &mut Value,
    now: Timestamp,
    authorize: impl FnOnce(&Expression) -> Result<(), Refusal>,
) -> Result<Value, Refusal> {
    name_queue(body)?;
    authorize(&required(body))?;
    check_times(body, now)?;
    complete(id, body);
    world.create_task(id, body.clone(), now)?;
    Ok(json!({"status": world.queue.tasks[id].status()}))
}

fn create(call: &mut Call) -> Result<Reply, Refusal> {
    let id = call.parameter("taskId").to_owned();
    let mut body = std::mem::take(&mut call.body);
    // The body is needed while who asks is looked at, and errors show what became of it.
    let caller = call.caller.clone();
    let authorize = |required: &Expression| super::super::call::authorize(&caller, required);
    let outcome = checked(call.world, &id, &mut body, call.now, authorize);
    call.body = body;
    outcome.map(Reply::from)
}

impl World {
    /// A task that nobody needs to be allowed.
    pub fn create_task(&mut self, id: &str, definition: Value, now: Timestamp) -> Result<(), Refusal> {
        let text = |name: &str| definition[name].as_str().unwrap().to_owned();
        let (group_id, scheduler) = (text("taskGroupId"), text("schedulerId"));
        let expires = parse(&definition, "expires");
        let fresh = Group { scheduler: scheduler.clone(), expires, sealed: None };
        let group = self.queue.groups.entry(group_id.clone()).or_insert(fresh);
        if group.scheduler != scheduler {
            return Err(Refusal::conflict(format!(
                "Task group `{group_id}` contains tasks with a schedulerId other\nthan `{scheduler}`. All tasks in the \
                 same task-group must have\nthe same schedulerId."
            )));
        }
        if group.sealed.is_some() {
            return Err(Refusal::conflict(format!("Task group `{group_id}` is sealed and does not accept new tasks.")));
        }
        group.expires = group.expires.max(expires);
        if let Some(existing) = self.queue.tasks.get(id) {
            if existing.definition == definition {
                return Ok(());
            }
            return Err(Refusal::conflict(format!(
                "taskId `{id}` already used by another task.\nThis could be the result of faulty idempotency!"
            )));
        }
        let task = Task::new(id, definition);
        let unknown =
            task.strings("dependencies").filter(|other| *other != id && !self.queue.tasks.contains_key(*other));
        let unknown: Vec<String> = unknown.map(|other| format!("\n * {other}")).collect();
        self.queue.tasks.insert(id.to_owned(), task);
        if !unknown.is_empty() {
            // The task stays, unscheduled: its id is used up.
            return Err(Refusal::input(format!(
                "`task.dependencies` references non-existing tasks: {}\nAll taskIds in `task.dependencies` \
                 **must** exist\nbefore the task is created.\n",
                unknown.concat()
            )));
        }
        self.schedule_if_ready(id, now);
        Ok(())
    }
}

fn change_priority(call: &mut Call) -> Result<Reply, Refusal> {
    let task = call.task(|id| format!("Task `{id}` not found. Are you sure it was created?"))?;
    call.authorize(&Expression::any([
        format!("queue:change-task-priority:{}", task.id),
        format!("queue:change-task-priority-in-queue:{}", task.text("taskQueueId")),
    ]))?;
    if task.is_resolved() {
        return Err(Refusal::conflict(format!("Task `{}` is already resolved and cannot be reprioritized.", task.id)));
    }
    let (id, priority) = (task.id.clone(), call.body["newPriority"].clone());
    let task = call.world.queue.tasks.get_mut(&id).unwrap();
    task.definition["priority"] = priority;
    Ok(json!({"status": task.status()}).into())
}
