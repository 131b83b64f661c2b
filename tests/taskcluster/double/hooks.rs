//! Hooks.

use serde_json::{Value, json};

use super::{
    asking::{Question, Signing},
    queue::{World, status, world},
    recorded::{Recorded, without_ids},
};

/// The recorded hook, and one whose role may nothing.
fn hooks(world: &World) -> String {
    let double = &world.double;
    let hook = Recorded::named("hooks-hook").answered();
    let mut task = hook["task"].clone();
    for template in ["created", "deadline", "expires"] {
        task.as_object_mut().unwrap().remove(template);
    }
    let scopes = [
        "queue:create-task:highest:proj-balrog/ci",
        "queue:create-task:project:none",
        "queue:scheduler-id:-",
        "secrets:get:repo:github.com/mozilla/balrog:dockerhub",
    ];
    double.role("hook-id:project-balrog/docker", &scopes);
    double.hook("project-balrog", "noscopes", &task, &hook["triggerSchema"]);
    double.hook("project-balrog", "docker", &task, &hook["triggerSchema"])
}

/// Asks as an administrator and compares all but ids.
fn again(world: &World, name: &str) -> Value {
    let recorded = Recorded::named(name);
    recorded.set_clock(&world.double);
    let question = recorded.question().signed(&world.double, &recorded.signing(&world.admin, None));
    let said = question.ask(&world.double.root).unwrap();
    recorded.check_as(&world.double, &said, without_ids);
    said.json()
}

#[test]
fn hooks_are_triggered_and_refused_as_recorded() {
    let world = world();
    let World { double, admin, few } = &world;
    let token = hooks(&world);
    let fired = again(&world, "hooks-triggerHook");
    assert_eq!(status(double, fired["taskId"].as_str().unwrap())["state"], "pending");
    let history = Recorded::named("hooks-listLastFires");
    history.check_as(double, &history.question().ask(&double.root).unwrap(), without_ids);
    Recorded::again("hooks-triggerHook-400-schema", double, Some(admin));
    Recorded::again("hooks-triggerHook-404", double, Some(admin));
    Recorded::again("hooks-triggerHook-403", double, Some(few));
    Recorded::again("hooks-triggerHook-noscopes", double, Some(admin));
    let path = "/api/hooks/v1/hooks/project-balrog/noscopes/last-fires";
    let failed = Question::get(path).ask(&double.root).unwrap().json();
    assert_eq!(failed["lastFires"][0]["result"], "error");
    assert!(failed["lastFires"][0]["error"].as_str().unwrap().contains("does not have sufficient scopes"));

    let shown = Recorded::again("hooks-getTriggerToken", double, Some(admin)).json();
    assert_eq!(shown["token"], token.as_str());
    let recorded = Recorded::named("hooks-triggerHookWithToken");
    let mut question = recorded.question();
    question.path = question.path.replace("FAKEtoken0000000000000", &token);
    recorded.check_as(double, &question.ask(&double.root).unwrap(), without_ids);
    let wrong = Recorded::named("hooks-triggerHookWithToken-401");
    wrong.set_clock(double);
    let said = wrong.question().ask(&double.root).unwrap();
    assert_eq!((said.status, said.message().as_str()), (401, "invalid hook token"));
}

#[test]
fn a_hook_is_shown_as_it_was_made() {
    let world = world();
    let recorded = Recorded::named("hooks-hook");
    let hook = recorded.answered();
    world.double.hook("project-balrog", "docker", &hook["task"], &hook["triggerSchema"]);
    world.by_anyone("hooks-hook");
}

#[test]
fn a_template_may_come_to_nothing_and_a_task_id_may_be_chosen() {
    let world = world();
    let World { double, admin, .. } = &world;
    hooks(&world);
    double.hook("g", "nothing", &Value::Null, &json!({"type": "object", "additionalProperties": true}));
    let trigger = |path: &str, body: Value| {
        let question = Question::new("POST", &format!("/api/hooks/v1/hooks/{path}/trigger")).json(&body);
        question.signed(double, &Signing::by(admin)).ask(&double.root).unwrap()
    };
    assert_eq!(trigger("g/nothing", json!({"x": 1})).json(), json!({}));
    let schema = json!({"type": "object", "properties": {"msg": {"type": "string"}}});
    let task = Recorded::named("hooks-hook").answered()["task"].clone();
    let task = json!({"metadata": task["metadata"], "payload": {}, "taskQueueId": "proj-balrog/ci"});
    double.hook("project-balrog", "docker", &task, &schema);
    let id = super::queue::PUSH;
    assert_eq!(trigger("project-balrog/docker", json!({"taskId": id})).json()["taskId"], id);
    let refused = trigger("project-balrog/docker", json!({"taskId": "short", "msg": "x"}));
    assert_eq!(refused.message(), "Invalid taskId format: short");
    assert_eq!(trigger("project-balrog/docker", json!({"msg": 1})).message(), "data/msg must be string");
}
