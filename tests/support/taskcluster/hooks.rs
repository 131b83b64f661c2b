//! Hooks: definitions, triggers and their history. Of what a template can say only a group is looked for in the payload
//! (`{"$eval": "payload…"}`); all else is created as it is.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Double,
    call::{Call, Caller, authorize},
    moment,
    queue::creating,
    random,
    refusal::Refusal,
    reply::Reply,
    route::{Route, SLUG},
    schema::{Kind, Shape},
};

#[derive(Debug, Clone)]
pub struct Hook {
    /// As answers show it.
    json: Value,
    token: String,
    /// The newest first.
    fires: Vec<Value>,
}

/// By group and id.
pub type Hooks = BTreeMap<(String, String), Hook>;

const ANYTHING: Shape = Shape { required: &[], fields: &[], closed: false };

pub const ROUTES: &[Route] = &[
    Route::get("hooks/<hookGroupId>/<hookId>", "hook", hook).scopes(&["hooks:get:<hookGroupId>:<hookId>"]),
    Route::get("hooks/<hookGroupId>/<hookId>/last-fires", "listLastFires", last_fires)
        .scopes(&["hooks:list-last-fires:<hookGroupId>/<hookId>"])
        .paged(),
    Route::get("hooks/<hookGroupId>/<hookId>/token", "getTriggerToken", token)
        .scopes(&["hooks:get-trigger-token:<hookGroupId>/<hookId>"]),
    Route::post("hooks/<hookGroupId>/<hookId>/trigger", "triggerHook", trigger)
        .scopes(&["hooks:trigger-hook:<hookGroupId>/<hookId>"])
        .input("hooks/v1/trigger-hook.json#", Kind::Of(&ANYTHING)),
    Route::post("hooks/<hookGroupId>/<hookId>/trigger/<token>", "triggerHookWithToken", trigger_with_token)
        .input("hooks/v1/trigger-hook.json#", Kind::Of(&ANYTHING)),
];

fn key(call: &Call) -> (String, String) {
    (call.parameter("hookGroupId").to_owned(), call.parameter("hookId").to_owned())
}

fn found<'c>(call: &'c Call) -> Result<&'c Hook, Refusal> {
    call.world.hooks.get(&key(call)).ok_or_else(|| Refusal::not_found("No such hook"))
}

fn hook(call: &mut Call) -> Result<Reply, Refusal> {
    Ok(found(call)?.json.clone().into())
}

fn last_fires(call: &mut Call) -> Result<Reply, Refusal> {
    let fires = call.world.hooks.get(&key(call)).map(|hook| hook.fires.clone()).unwrap_or_default();
    if fires.is_empty() {
        return Err(Refusal::not_found("No such hook or never fired"));
    }
    let state = |fire: &Value| {
        let task = call.world.queue.tasks.get(fire["taskId"].as_str().unwrap());
        task.map_or("unknown", super::queue::task::Task::state)
    };
    let with_state = |mut fire: Value| {
        fire["taskState"] = state(&fire).into();
        fire
    };
    Ok(call.page(fires, "hooks/v1/list-lastFires-response.json#")?.json("lastFires", with_state).into())
}

fn token(call: &mut Call) -> Result<Reply, Refusal> {
    Ok(json!({"token": found(call)?.token}).into())
}

fn trigger(call: &mut Call) -> Result<Reply, Refusal> {
    fire(call, "triggerHook")
}

fn trigger_with_token(call: &mut Call) -> Result<Reply, Refusal> {
    if found(call)?.token != call.parameter("token") {
        return Err(Refusal::unauthenticated("invalid hook token"));
    }
    fire(call, "triggerHookWithToken")
}

/// What a trigger schema says against a payload: types, required and additional properties, one level deep.
fn problems(schema: &Value, payload: &Value) -> Vec<String> {
    let fields = payload.as_object().unwrap();
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut found: Vec<String> = required
        .filter(|name| !fields.contains_key(*name))
        .map(|name| format!("data must have required property '{name}'"))
        .collect();
    for (name, value) in fields {
        match schema["properties"].get(name) {
            None if schema["additionalProperties"] == false => {
                found.push("data must NOT have additional properties".to_owned());
            }
            None => {}
            Some(property) => {
                let kind = property["type"].as_str().unwrap_or("any");
                let fits = match kind {
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_i64(),
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    _ => true,
                };
                found.extend((!fits).then(|| format!("data/{name} must be {kind}")));
            }
        }
    }
    found
}

fn fire(call: &mut Call, by: &'static str) -> Result<Reply, Refusal> {
    let (key, hook) = (key(call), found(call)?.clone());
    let problems = problems(&hook.json["triggerSchema"], &call.body);
    if !problems.is_empty() {
        return Err(Refusal::input(problems.join("; ")));
    }
    if hook.json["task"].is_null() {
        // A template may come to nothing.
        return Ok(json!({}).into());
    }
    let id = match call.body["taskId"].as_str() {
        Some(id) if !super::pattern::pattern(SLUG).is_match(id) => {
            return Err(Refusal::input(format!("Invalid taskId format: {id}")));
        }
        Some(id) => id.to_owned(),
        None => random::slug(),
    };
    let now = call.now;
    let mut task = hook.json["task"].clone();
    task["created"] = moment::text(now).into();
    task["deadline"] = moment::text(now + moment::days(1)).into();
    // A task is in a group of its own, unless its template says which. Source: hooks, "Firing hooks".
    let group = match task["taskGroupId"]["$eval"].as_str() {
        None => id.clone().into(),
        Some(expression) => json_e::render(&json!({"$eval": expression}), &json!({"payload": call.body}))
            .map_err(|e| Refusal::input(e.to_string()))?,
    };
    task["taskGroupId"] = group;
    creating::defaults(&mut task);
    let role = format!("hook-id:{}/{}", key.0, key.1);
    let client = "static/taskcluster/hooks".to_owned();
    let caller: Result<Caller, String> = Ok(call.world.caller(Some(client), vec![format!("assume:{role}")]));
    let outcome = creating::checked(call.world, &id, &mut task, now, |required| authorize(&caller, required));
    let failed = outcome.err().map(|refusal| (refusal.full_message("createTask", now), refusal));
    let error = failed.as_ref().map(|(message, _)| json!({"message": message}).to_string()).unwrap_or_default();
    let fire = json!({
        "hookGroupId": key.0,
        "hookId": key.1,
        "firedBy": by,
        "taskId": id,
        "taskCreateTime": moment::text(now),
        "result": if failed.is_some() { "error" } else { "success" },
        "error": error,
    });
    call.world.hooks.get_mut(&key).unwrap().fires.insert(0, fire);
    match failed {
        None => Ok(json!({"taskId": id, "status": {"taskId": id}}).into()),
        Some((message, refusal)) if refusal.code == "InsufficientScopes" => Err(Refusal::new(
            refusal.code,
            format!("The role `{role}` does not have sufficient scopes to create the task:\n\n{message}"),
        )),
        Some((message, refusal)) => {
            Err(Refusal::input(format!("While calling createTask: {}\n\n{message}", refusal.code)))
        }
    }
}

impl Double {
    /// A hook with this task (`null`: it creates none) and schema of what triggers it. Gives its trigger token.
    pub fn hook(&self, group: &str, id: &str, task: &Value, trigger_schema: &Value) -> String {
        let json = json!({
            "hookId": id, "hookGroupId": group, "bindings": [], "schedule": [],
            "metadata": {"name": id, "owner": "nobody@mozilla.com", "description": "builds", "emailOnError": false},
            "task": task, "triggerSchema": trigger_schema,
        });
        let token = random::slug();
        let hook = Hook { json, token: token.clone(), fires: Vec::new() };
        self.world().hooks.insert((group.to_owned(), id.to_owned()), hook);
        token
    }
}
