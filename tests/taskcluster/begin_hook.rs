//! Releases on Taskcluster that a hook begins: what it does not take is told before, it is fired once whatever becomes of the
//! answer, and what it made is followed.

use serde_json::{Value, json};

use super::site::Site;
use crate::support::{
    project::{Ran, ran, told},
    registry::Registry,
    running::Running,
    taskcluster::{fault::Fault, queue::task::Outcome},
};

const ME: &str = "github/1|ada";
const TOKEN: &str = "tokentokentokentoken44";
const TRIGGER: &str = "/hooks/project-x/docker/trigger";
const MAY: &str = "hooks:trigger-hook:project-x/docker";

/// A project whose releases a hook with this task and schema begins, and somebody with these scopes.
fn site(registry: &Registry, task: &Value, schema: &Value, scopes: &[&str]) -> Site {
    let site = Site::new(registry);
    site.project.configure(&format!(
        "\n[runner]\nkind = \"taskcluster\"\n\n[taskcluster]\nroot-url = \"{}\"\ntasks = [\"push-app\"]\n\
         trigger = {{ hook = \"project-x/docker\" }}\n",
        site.double.root
    ));
    site.double.hook("project-x", "docker", task, schema);
    site.double.role("hook-id:project-x/docker", &["queue:*"]);
    site.double.client(ME, TOKEN, scopes);
    site
}

fn task() -> Value {
    json!({
        "taskQueueId": "proj/ci", "payload": {},
        "metadata": {"name": "push-app", "owner": "ada@example.org", "source": "https://example.org/", "description": ""},
    })
}

fn program(site: &Site, arguments: &[&str]) -> std::process::Command {
    let mut program = site.project.program(arguments);
    program.env("TASKCLUSTER_ROOT_URL", &site.double.root);
    program.env("TASKCLUSTER_CLIENT_ID", ME).env("TASKCLUSTER_ACCESS_TOKEN", TOKEN);
    program
}

fn run(site: &Site, arguments: &[&str]) -> Ran {
    ran(&mut program(site, arguments))
}

/// The requests that fire it.
fn fired(site: &Site) -> usize {
    site.double.requests().iter().filter(|asked| asked.path.ends_with(TRIGGER)).count()
}

fn outcome(site: &Site) -> [String; 3] {
    let lines = site.project.windlass(&["audit", "--json"]).exits(0).stdout;
    let row: Value = serde_json::from_str(lines.lines().next().expect("a row")).expect("JSON");
    ["what", "subject", "outcome"].map(|name| row[name].as_str().expect("text").to_owned())
}

#[track_caller]
fn says(error: &Value, key: &str, wanted: &str) {
    assert!(error[key].as_str().expect("text").contains(wanted), "{key} says nothing of `{wanted}`: {error}");
}

#[test]
fn a_hook_is_fired_and_what_it_made_is_followed() {
    let registry = Registry::with_login();
    let site = site(&registry, &task(), &json!({"type": "object"}), &[MAY]);
    let plan = run(&site, &["release", "--dry-run", "--json"]).exits(0).json();
    assert_eq!((&plan["hook"], &plan["payload"]), (&json!("project-x/docker"), &json!({})));
    assert_eq!(plan["scopes"], json!({"needs": MAY, "lacks": null, "known": true}));
    run(&site, &["release"]).exits(2);
    run(&site, &["release", "--yes", "--read-only"]).exits(3);
    run(&site, &["release", "--yes", "--ref", "HEAD"]).exits(2);
    assert_eq!(fired(&site), 0);
    let mut release = Running::start(&mut program(&site, &["release", "--yes"]));
    let line = loop {
        let line = release.line().expect("it tells what it began");
        if line.starts_with("build ") {
            break line;
        }
    };
    let group = line.split(' ').nth(1).expect("its group").to_owned();
    site.run(&group, Outcome::Completed);
    let ended = release.end().exits(0);
    assert!(ended.stdout.contains("push-app") && ended.stdout.contains("completed"), "{ended:?}");
    assert_eq!(fired(&site), 1);
    assert_eq!(outcome(&site), ["trigger", "hook project-x/docker", "done"]);
    let asked = site.double.requests().into_iter().find(|asked| asked.path.ends_with(TRIGGER)).expect("it was fired");
    assert_eq!(asked.authorized_scopes, Some(vec![MAY.to_owned()]));
}

#[test]
fn what_it_does_not_take_is_told_with_its_place_and_not_sent() {
    let registry = Registry::with_login();
    let schema = json!({"type": "object", "additionalProperties": false, "properties": {"ref": {"type": "string"}}});
    let site = site(&registry, &task(), &schema, &[MAY]);
    let give = |payload: &str, more: &[&str]| {
        let arguments = [&["release", "--yes", "--payload-stdin", "--json"], more].concat();
        told(&mut program(&site, &arguments), payload)
    };
    for (payload, place) in
        [(r#"{"ref": 1}"#, "/ref: it must be string"), (r#"{"refs": "v1"}"#, "/refs: "), ("{", "line 1")]
    {
        says(&give(payload, &[]).exits(2).error(), "why", place);
    }
    assert_eq!(fired(&site), 0);
    let begun = give(r#"{"ref": "v1"}"#, &["--detach"]).exits(0).json();
    assert_eq!((&begun["hook"], &begun["begun"]), (&json!("project-x/docker"), &json!(true)));
    assert_eq!(site.double.status(begun["release"].as_str().expect("its group"))["state"], "pending");
}

#[test]
fn who_may_not_and_a_role_that_may_not_are_told_apart() {
    let registry = Registry::with_login();
    let site = site(&registry, &task(), &json!({"type": "object"}), &["queue:*"]);
    let error = run(&site, &["release", "--yes", "--json"]).exits(3).error();
    says(&error, "why", MAY);
    says(&error, "next", "windlass signin --scope");
    assert_eq!(fired(&site), 0);
    site.double.client(ME, TOKEN, &[MAY]);
    site.double.role("hook-id:project-x/docker", &["queue:nothing"]);
    let error = run(&site, &["release", "--yes", "--json"]).exits(3).error();
    says(&error, "what", "its role may not");
    says(&error, "next", "the role hook-id:project-x/docker");
    assert_eq!(outcome(&site)[2], "failed");
}

#[test]
fn a_hook_that_makes_no_task_declined() {
    let registry = Registry::with_login();
    let site = site(&registry, &Value::Null, &json!({"type": "object"}), &[MAY]);
    says(&run(&site, &["release", "--yes", "--json"]).exits(1).error(), "what", "declined");
    assert_eq!(fired(&site), 1);
}

#[test]
fn a_hook_of_which_the_answer_is_lost_is_not_fired_twice() {
    let registry = Registry::with_login();
    let site = site(&registry, &task(), &json!({"type": "object"}), &[MAY]);
    let fault = |fault| site.double.fault("POST", &format!("/api/hooks/v1{TRIGGER}"), fault, 1);
    fault(Fault::Lost);
    let begun = run(&site, &["release", "--yes", "--detach", "--json"]).exits(0).json();
    says(&begun, "remark", "the answer was lost");
    assert_eq!(fired(&site), 1);
    assert_eq!(site.double.status(begun["release"].as_str().expect("its group"))["state"], "pending");
    // Whether it was fired, nobody tells.
    fault(Fault::Reset);
    let error = run(&site, &["release", "--yes", "--json"]).exits(4).error();
    says(&error, "what", "is not known");
    says(&error, "next", "windlass releases");
    assert_eq!(fired(&site), 2);
}

#[test]
fn a_hook_that_is_not_there_is_told() {
    let registry = Registry::with_login();
    let site = site(&registry, &task(), &Value::Null, &[MAY]);
    let text = std::fs::read_to_string(site.project.path("windlass.toml")).expect("the file");
    site.project.write("windlass.toml", &text.replace("x/docker", "x/other"));
    let error = run(&site, &["release", "--yes", "--json"]).exits(1).error();
    says(&error, "what", "there is no hook project-x/other");
}

#[test]
fn a_hook_is_fired_once_by_a_process_that_goes_on_alone() {
    let registry = Registry::with_login();
    let schema = json!({"type": "object", "additionalProperties": false, "properties": {"ref": {"type": "string"}}});
    let site = site(&registry, &task(), &schema, &[MAY]);
    // Without a passphrase its line is empty.
    let alone = |payload: &str| {
        let arguments = ["release", "--payload-stdin", "--yes", "--detached"];
        told(&mut program(&site, &arguments), &format!("\n{payload}"))
    };
    let refused = alone(r#"{"ref": 1}"#).exits(2);
    says(&refused.error(), "why", "/ref: it must be string");
    assert_eq!((refused.stdout.as_str(), fired(&site)), ("{\"left\":true}\n", 0));
    let begun = alone(r#"{"ref": "v1"}"#).exits(0);
    assert_eq!(begun.stderr, "");
    let group = begun.ready().as_str().expect("its group").to_owned();
    assert_eq!(site.double.status(&group)["state"], "pending");
    assert_eq!(fired(&site), 1);
    assert_eq!(outcome(&site), ["trigger", "hook project-x/docker", "done"]);
    // With nothing to give it nothing is read.
    let bare = run(&site, &["release", "--yes", "--detached"]).exits(0).ready();
    assert_ne!(bare, group.as_str());
    assert_eq!(fired(&site), 2);
}
