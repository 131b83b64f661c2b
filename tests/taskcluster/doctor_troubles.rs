//! `windlass doctor` where the deployment is in trouble, and of what the tasks of the newest release left.

use serde_json::{Value, json};

use super::doctor::World;
use crate::support::{
    project::ran,
    taskcluster::{
        fault::Fault,
        queue::{artifacts::Stored, task::Outcome},
    },
};

const SHASUM: &str = "public/docker-image-shasum256.txt";
/// As often as a request is tried.
const TRIES: usize = 4;

/// A release of one task with these parts, which is the newest.
fn release(world: &World, parts: &Value, outcome: Outcome) -> String {
    let task = world.task(parts);
    world.double.claim(&task);
    world.double.resolve(&task, outcome);
    world.build("c88b0c2a88b0c2a88b0c2a88b0c2a88b0c2a88b0", &task);
    task
}

fn named(name: &str) -> Value {
    json!({"name": name, "owner": "ada@example.org", "source": "https://example.org/", "description": ""})
}

#[test]
fn a_service_that_is_not_well_is_named() {
    let world = World::new();
    let body = r#"{"code":"InternalServerError","message":"Internal Server Error, incidentId e2f7a2a4","incidentId":"e2f7a2a4"}"#;
    let unwell = Fault::Status { code: 500, media: "application/json", body };
    world.double.fault("GET", "/api/queue/v1/__heartbeat__", unwell, TRIES);
    let said = world.says("cluster", 1);
    said.is("fail", "does not say that queue is well: queue answers 500 InternalServerError");
    said.fixed_by("of e2f7a2a4; a task that ended as resource-unavailable meanwhile is safe to run again");
    assert_eq!(said.owner, "the deployment's admin");
    assert!(!said.evidence.contains("that object is well"), "{}", said.evidence);
    world.double.fault("GET", "/api/object/v1/__heartbeat__", Fault::NonsenseJson, 1);
    world.says("cluster", 1).is("fail", "our request to say that object is well is unreadable");
    world.says("cluster", 0).is("pass", "are well: auth, secrets, queue, object, github");
}

#[test]
fn a_task_whose_worker_could_not_reach_something_is_safe_to_run_again() {
    let world = World::new();
    let task = release(&world, &json!({}), Outcome::Exception("resource-unavailable"));
    let said = world.says("dates", 0);
    said.is("warn", "push-app: something that the worker needs could not be reached");
    said.fixed_by(&format!("windlass doctor cluster), then run it again, which is safe: windlass rerun {task}"));
    let shown = ran(&mut world.program(&["show", &task, "--json"], None)).json();
    assert_eq!(shown["failure"]["check"], "cluster");
}

#[test]
fn what_a_worker_could_not_make_is_told_with_its_reason() {
    let world = World::new();
    for (outcome, name, fix) in [
        (Outcome::Completed, SHASUM, "release again where tags are to be compared"),
        (Outcome::Failed, "public/image.tar.zst", "taken out of the task's `artifacts`"),
    ] {
        let task = release(&world, &json!({}), outcome);
        let message = "could not\u{1b}[2J find it";
        world.double.artifact(&task, 0, name, Stored::Error { reason: "file-missing-on-worker", message });
        let said = world.says("dates", 0);
        said.is(
            "warn",
            &format!("push-app: {name} of the task {task} was not made: file-missing-on-worker: could not find it"),
        );
        said.fixed_by(&format!("windlass log {task}")).fixed_by(fix);
    }
}

#[test]
fn what_is_listed_and_was_never_uploaded_is_told() {
    let world = World::new();
    let task = release(&world, &json!({}), Outcome::Completed);
    world.double.artifact(&task, 0, SHASUM, Stored::NeverUploaded);
    let said = world.says("dates", 0);
    said.is("warn", &format!("{SHASUM} of the task {task} was recorded but is not there: 127.0.0.1:"));
    said.is("warn", "answers 404").fixed_by("release again");

    let before = world.task(&json!({"metadata": named("docker-image")}));
    world.double.claim(&before);
    world.double.resolve(&before, Outcome::Completed);
    let image = json!({"type": "task-image", "taskId": before, "path": "public/image.tar.zst"});
    let push = release(&world, &json!({"payload": {"image": image, "maxRunTime": 3600}}), Outcome::Failed);
    let says = |code: i32| world.says("dates", code);
    world.double.artifact(&before, 0, "public/image.tar.zst", Stored::NeverUploaded);
    says(1)
        .is("fail", "answers 404: The specified key does not exist.; a task begins with it")
        .fixed_by("another release");
    let message = "it has 9 GB";
    world.double.artifact(
        &before,
        0,
        "public/image.tar.zst",
        Stored::Error { reason: "too-large-file-on-worker", message },
    );
    says(1).is("fail", "was not made: too-large-file-on-worker: it has 9 GB; a task begins with it");
    world.double.artifact(&before, 0, "public/image.tar.zst", Stored::log("an image"));
    says(0).is("pass", &format!("public/image.tar.zst of {before} is there until"));
    let asked = world.double.bucket_requests();
    assert!(asked.iter().all(|asked| asked.client_id.is_none()), "{asked:?}");
    // A bucket in trouble says nothing of what it has.
    world.double.fault("GET", &format!("/{before}/0/"), Fault::Html500, TRIES);
    says(4).is("cannot-tell", "was uploaded cannot be told").fixed_by("check the network");

    // Whoever asks for the file itself is told which check looks at it.
    world.double.artifact(&push, 0, "public/never.txt", Stored::NeverUploaded);
    let mut get = world.program(&["artifacts", &push, "--get", "public/never.txt", "--json"], None);
    assert_eq!(ran(&mut get).exits(1).error()["check"], "dates");
}
