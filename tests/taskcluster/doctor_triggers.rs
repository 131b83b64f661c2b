//! `windlass doctor` of releases that something other than a push begins.

use serde_json::json;

use super::doctor::{MAKES, World};
use crate::support::{project::SECRET, taskcluster::asking::Question};

/// The project of these tests, whose releases this begins.
fn begun_by(trigger: &str) -> World {
    let world = World::new();
    let toml = std::fs::read_to_string(world.project.path("windlass.toml")).unwrap();
    world.project.write("windlass.toml", &toml.replace("github = ", &format!("trigger = {{ {trigger} }}\ngithub = ")));
    world
}

#[test]
fn a_hook_is_looked_at_with_its_role_and_its_last_fire() {
    let world = begun_by("hook = \"project-x/docker\"");
    let says = |check: &str, code: i32| world.says(check, code);
    says("cluster", 0).is("pass", "github, hooks (__heartbeat__: 200)");
    says("yml", 1).is("fail", "there is no hook project-x/docker").fixed_by("have the hook made again");
    let task = json!({
        "taskQueueId": "proj/ci", "scopes": [format!("secrets:get:{SECRET}")],
        "payload": {"image": "skopeo", "command": ["/push.sh"], "features": {"taskclusterProxy": true}, "maxRunTime": 600},
        "metadata": {"name": "push-app", "owner": "ada@example.org", "source": "https://example.org/", "description": ""},
    });
    let token = world.double.hook("project-x", "docker", &task, &json!({"type": "object"}));
    let lacks = format!("the role hook-id:project-x/docker lacks secrets:get:{SECRET}");
    says("grants", 1).is("fail", &lacks).fixed_by("/auth/roles");
    says("yml", 1).is("fail", &lacks);
    says("dates", 0).is("pass", "there was no release yet");
    let trigger = format!("/api/hooks/v1/hooks/project-x/docker/trigger/{token}");
    let fire = || Question::new("POST", &trigger).json(&json!({})).ask(&world.double.root).unwrap();
    fire();
    let said = says("dates", 1);
    said.is("fail", "the last fire of the hook project-x/docker made no task").fixed_by("fire it again");
    assert_eq!(said.owner, "the deployment's admin");
    let scopes = [&MAKES[..], &["secrets:get:*", "queue:scheduler-id:*"]].concat();
    world.double.role("hook-id:project-x/docker", &scopes);
    fire();
    says("dates", 0).is("pass", "push-app pending: waits for a worker");
    says("grants", 0).is("pass", "hook-id:project-x/docker may read");
    says("yml", 0).is("pass", "the hook project-x/docker makes push-app");
}

#[test]
fn a_tag_that_is_not_as_policy_says_begins_no_release() {
    let world = begun_by("git = \"tag\"");
    world.project.commit("1.0");
    world.says("github", 0).is("pass", "has no tag");
    world.project.git(&["tag", "1.0"]);
    world.says("github", 0).is("warn", "is tagged 1.0, and that is no release's tag").fixed_by("git-tags says: v*");
    world.project.git(&["tag", "v1.0"]);
    world.says("github", 0).is("warn", "is v1.0 and was not built yet").fixed_by("push the tag");
}
