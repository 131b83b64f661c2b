//! `windlass doctor` where the deployment is in trouble, and of what the tasks of the newest release left.

use serde_json::{Value, json};

use super::doctor::{ROLE, World};
use crate::support::{
    project::{SECRET, ran},
    taskcluster::{
        Double,
        fault::Fault,
        moment,
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
fn what_is_no_deployment_is_shown_with_what_it_says() {
    let world = World::new();
    let page = "<html><head><title>Welcome to our\u{1b}[2J intranet</title></head></html>";
    world.double.fault("GET", "/api/auth/v1/ping", Fault::Status { code: 200, media: "text/html", body: page }, 1);
    let said = world.says("cluster", 1);
    said.is("fail", "it is not what a Taskcluster deployment says: Welcome to our intranet")
        .fixed_by("check that `root-url`");
    world.double.fault("GET", "/api/auth/v1/ping", Fault::Status { code: 404, media: "text/html", body: page }, 1);
    world.says("cluster", 1).is("fail", "auth answers 404: Welcome to our intranet").fixed_by("check that `root-url`");
    // A deployment may lack the service that has workers come.
    let unknown = Fault::Status { code: 404, media: "application/json", body: r#"{"error":"Not found"}"# };
    world.double.fault("GET", "/api/worker-manager/v1/worker-pool/", unknown, 1);
    let said = world.says("pool", 0);
    said.is("cannot-tell", "whether there is a pool proj/ci cannot be told: worker-manager answers 404: Not found");
    said.fixed_by("that it has this service");
}

#[test]
fn credentials_that_are_too_small_are_told_with_what_they_lack() {
    let world = World::on(Double::start());
    let me = world.double.client("me", &"t".repeat(44), &[&format!("secrets:set:{SECRET}"), "auth:current-scopes"]);
    let said = world.says_to(Some(&me), "secret", 0);
    said.is("cannot-tell", &format!("the credentials lack secrets:get:{SECRET}"));
    said.is("cannot-tell", "you can replace it, and not read it");
    assert!(!world.says("secret", 0).evidence.contains("replace it"));
    let (now, all) = (world.double.now(), world.double.client("all", &"t".repeat(44), &["*"]));
    let narrow = all.temporary(None, &["auth:current-scopes"], now - moment::hours(1), now + moment::hours(1));
    let lacked = "worker-manager:get-worker-pool:proj/ci";
    let toml = std::fs::read_to_string(world.project.path("windlass.toml")).unwrap();
    world.project.write("windlass.toml", &format!("{toml}pools = [\"proj/ci\"]\n"));
    world.says_to(Some(&narrow), "pool", 0).is("cannot-tell", lacked).fixed_by(lacked);
    world.says_to(Some(&all), "pool", 0).is("pass", "proj/ci: tasks that wait");
}

#[test]
fn a_role_that_may_not_make_the_task_is_named_with_each_scope() {
    let world = World::new();
    world.double.role(ROLE, &["secrets:get:*", "queue:create-task:project:none"]);
    let said = world.says("yml", 1);
    said.is("fail", &format!("push-app: the role {ROLE} lacks one of (queue:create-task:lowest:proj/ci, "));
    said.fixed_by("have one of (queue:create-task:lowest:proj/ci, ").fixed_by(ROLE);
}

#[test]
fn what_waits_for_a_task_that_failed_says_which() {
    let world = World::new();
    let build = release(&world, &json!({"metadata": named("docker-image")}), Outcome::Failed);
    world.task(&json!({"dependencies": [build], "taskGroupId": build}));
    let said = world.says("dates", 0);
    said.is("warn", "push-app waits for docker-image, which did not end well")
        .fixed_by(&format!("windlass rerun {build}"));
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

#[test]
fn hooks_of_actions_that_are_gone_are_told() {
    let world = World::new();
    let decision = release(&world, &json!({"metadata": named("docker-image")}), Outcome::Completed);
    let action = |name: &str, id: &str| json!({"name": name, "context": [], "kind": "hook", "hookGroupId": "project-x", "hookId": id, "hookPayload": {}});
    let actions =
        json!([action("retrigger", "in-tree/old"), action("rerun", "in-tree/old"), action("backfill", "in-tree/new")]);
    let document = json!({"version": 1, "actions": actions}).to_string().into_bytes();
    let stored = Stored::S3 { bytes: document, media: "application/json", gzip: true };
    world.double.artifact(&decision, 0, "public/actions.json", stored);
    world.double.hook("project-x", "in-tree/new", &Value::Null, &Value::Null);
    world
        .says("dates", 0)
        .is("warn", "the hook project-x/in-tree/old of its actions (retrigger, rerun) is gone")
        .fixed_by("begin another release");
    world.double.hook("project-x", "in-tree/old", &Value::Null, &Value::Null);
    world.says("dates", 0).is("pass", "the hook project-x/in-tree/new of its actions (backfill) is there");
}
