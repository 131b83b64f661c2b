//! Releases on Taskcluster whose tasks we make ourselves, of what the project's file makes of a push.

use std::process::Command;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::site::Site;
use crate::support::{
    project::{Ran, SECRET, ran, told},
    registry::Registry,
    taskcluster::{fault::Fault, queue::task::Outcome},
};

pub const ME: &str = "github/1|ada";
pub const TOKEN: &str = "tokentokentokentoken44";
const MAKES: [&str; 4] =
    ["queue:create-task:project:none", "queue:create-task:lowest:proj/ci", "queue:scheduler-id:taskcluster-github", ""];

const YML: &str = r#"
version: 1
reporting: checks-v1
tasks:
  $if: 'tasks_for == "github-push" && event.ref == "refs/heads/master"'
  then:
    - taskId: {$eval: as_slugid("build")}
      taskQueueId: proj/ci
      created: {$fromNow: ""}
      deadline: {$fromNow: "1 hour"}
      payload: {command: ["build", "${event.after}"]}
      metadata: {name: docker-image, owner: ada@example.org, source: "https://example.org/", description: ""}
    - taskId: {$eval: as_slugid("push")}
      taskQueueId: proj/ci
      dependencies: [{$eval: as_slugid("build")}]
      created: {$fromNow: ""}
      deadline: {$fromNow: "1 hour"}
      scopes: ["secrets:get:SECRET"]
      payload: {}
      metadata: {name: push-image, owner: ada@example.org, source: "https://example.org/", description: ""}
"#;

pub fn site(registry: &Registry, scopes: &[&str]) -> Site {
    let site = Site::new(registry);
    let text = std::fs::read_to_string(site.project.path("windlass.toml")).expect("the file");
    site.project.write("windlass.toml", &format!("{text}trigger = {{ yml = \".taskcluster.yml\" }}\n"));
    site.project.write(".taskcluster.yml", &YML.replace("SECRET", SECRET));
    site.project.commit("its tasks");
    site.double.client(ME, TOKEN, scopes);
    site
}

fn program(site: &Site, more: &[&str]) -> Command {
    let arguments = [&["release", "--on", "taskcluster"], more].concat();
    let mut program = site.project.program(&arguments);
    program.env("TASKCLUSTER_ROOT_URL", &site.double.root);
    program.env("TASKCLUSTER_CLIENT_ID", ME).env("TASKCLUSTER_ACCESS_TOKEN", TOKEN);
    program
}

fn run(site: &Site, more: &[&str]) -> Ran {
    ran(&mut program(site, more))
}

fn made(site: &Site) -> usize {
    site.double.requests().iter().filter(|asked| asked.method == "PUT").count()
}

pub fn all(secret: &str) -> Vec<&str> {
    MAKES.into_iter().filter(|scope| !scope.is_empty()).chain([secret]).collect()
}

#[test]
fn the_tasks_of_the_file_are_made_once() {
    let registry = Registry::with_login();
    let get = format!("secrets:get:{SECRET}");
    let site = site(&registry, &all(&get));
    let plan = run(&site, &["--dry-run", "--json"]).exits(0).json();
    let names: Vec<&Value> = plan["tasks"].as_array().expect("a list").iter().map(|task| &task["name"]).collect();
    assert_eq!(names, ["docker-image", "push-image"]);
    assert!(plan["tasks"][1]["scopes"]["needs"].as_str().expect("text").contains(&get), "{plan}");
    run(&site, &[]).exits(2);
    run(&site, &["--yes", "--read-only"]).exits(3);
    assert_eq!(made(&site), 0);
    // An answer that is lost makes none of them twice.
    site.double.fault("PUT", "/api/queue/v1/task/", Fault::Lost, 1);
    let begun = run(&site, &["--yes", "--detach", "--json"]).exits(0).json();
    let task = |n: usize| begun["tasks"][n]["task"].as_str().expect("an id").to_owned();
    let built = site.elsewhere(&["show", &task(0), "--json"]).exits(0).json();
    assert_eq!(built["id"], begun["release"]);
    site.run(&task(0), Outcome::Completed);
    site.run(&task(1), Outcome::Completed);
    let lines = site.project.windlass(&["audit", "--json"]).exits(0).stdout;
    let row: Value = serde_json::from_str(lines.lines().next().expect("a row")).expect("JSON");
    assert_eq!((&row["what"], &row["outcome"]), (&json!("trigger"), &json!("done")));
    assert_eq!(row["subject"], format!("tasks {} {}", task(0), task(1)));
}

#[test]
fn scopes_that_are_missing_are_told_before_anything_is_made() {
    let registry = Registry::with_login();
    let site = site(&registry, &all("secrets:get:another"));
    let error = run(&site, &["--yes", "--json"]).exits(3).error();
    assert!(error["why"].as_str().expect("text").contains(&format!("secrets:get:{SECRET}")), "{error}");
    assert_eq!(made(&site), 0);
}

#[test]
fn a_file_that_makes_nothing_of_the_push_is_told() {
    let registry = Registry::with_login();
    let get = format!("secrets:get:{SECRET}");
    let site = site(&registry, &all(&get));
    site.project.write(".taskcluster.yml", "version: 1\ntasks: []\n");
    site.project.commit("no tasks");
    let error = run(&site, &["--yes", "--json"]).exits(1).error();
    assert!(error["what"].as_str().expect("text").contains("makes no task"), "{error}");
    // What is not committed is not what is released.
    site.project.git(&["rm", "--quiet", ".taskcluster.yml"]);
    site.project.commit("no file");
    let error = run(&site, &["--yes", "--json"]).exits(2).error();
    assert!(error["what"].as_str().expect("text").contains("is not there"), "{error}");
}

#[test]
fn a_process_that_goes_on_alone_makes_the_very_tasks_that_were_agreed_to() {
    const IDS: [&str; 2] = ["f18OCIBgRoSL6-8OrQg82Q", "f18OCIBgRoSL6-8OrQg83Q"];
    let registry = Registry::with_login();
    let get = format!("secrets:get:{SECRET}");
    let site = site(&registry, &all(&get));
    let plan = run(&site, &["--dry-run", "--json"]).exits(0).json();
    let now = Timestamp::now();
    let task = |name: &str, id: &str| {
        json!([id, {
            "taskQueueId": "proj/ci", "taskGroupId": IDS[0], "schedulerId": "taskcluster-github", "payload": {},
            "created": now.to_string(), "deadline": (now + SignedDuration::from_hours(1)).to_string(),
            "metadata": {"name": name, "owner": "ada@example.org", "source": "https://example.org/", "description": ""},
        }])
    };
    let tasks = [task("docker-image", IDS[0]), task("push-image", IDS[1])];
    let agreed = |commit: &Value| json!({"branch": "master", "commit": commit, "tasks": tasks}).to_string();
    let alone = |agreed: &str| told(&mut program(&site, &["--yes", "--detached"]), &format!("\n{agreed}"));
    let other = alone(&agreed(&json!("a".repeat(40)))).exits(1).error();
    assert_eq!(other["what"], "nothing was begun");
    assert!(other["why"].as_str().expect("text").contains("a push of aaaaaaa to master was agreed to"), "{other}");
    alone("[]").exits(1);
    assert_eq!(made(&site), 0);
    let begun = alone(&agreed(&plan["commit"])).exits(0);
    assert_eq!((begun.ready(), begun.stderr.as_str()), (json!(IDS[0]), ""));
    for id in IDS {
        assert_eq!(site.double.status(id)["taskGroupId"], IDS[0]);
    }
    assert_eq!(made(&site), 2);
    // Where nothing was agreed to elsewhere, its own are made.
    let own = run(&site, &["--yes", "--detached"]).exits(0).ready();
    assert!(own.is_string() && own != IDS[0], "{own}");
}
