//! Builds of a repository, and what else the small services know, asked of the double.

use jiff::SignedDuration;
use serde_json::json;
use windlass::taskcluster::{BuildState, Event};

use super::deployment::nobody;
use crate::support::taskcluster::{Double, github::Build};

fn build(group: &str, event: &'static str) -> Build {
    Build {
        owner: "mozilla-releng",
        repository: "balrog",
        sha: "0123456789012345678901234567890123456789",
        task_group: group.to_owned(),
        state: "success",
        event,
        pull_request: None,
    }
}

#[tokio::test]
async fn a_hundred_builds_and_a_group_of_five_hundred_tasks_take_a_dozen_requests() {
    let double = Double::open();
    let group = double.task(&json!({}));
    for _ in 1..500 {
        double.task(&json!({"taskGroupId": group}));
    }
    for _ in 0..120 {
        double.build(&build(&group, "push"));
    }
    let deployment = nobody(&double);
    let builds = deployment.builds("mozilla-releng", "balrog", None, 100).await.unwrap();
    assert_eq!(builds.len(), 100);
    assert!(builds.is_sorted_by(|a, b| a.created >= b.created), "the newest first");
    let tasks = deployment.task_group(&builds[0].group).await.unwrap();
    assert_eq!(tasks.len(), 500);
    let ids: Vec<_> = tasks.iter().map(|task| task.id().clone()).collect();
    assert_eq!(deployment.statuses(&ids).await.unwrap().len(), 500);
    assert!(double.requests().len() <= 12, "{}", double.requests().len());
}

#[tokio::test]
async fn builds_are_those_of_a_repository_and_a_commit() {
    let double = Double::open();
    let group = double.task(&json!({}));
    double.clock(SignedDuration::from_mins(10));
    double.build(&build(&group, "release.published"));
    double.clock(SignedDuration::ZERO);
    double.build(&Build {
        sha: "9876543210987654321098765432109876543210",
        state: "sleeping",
        ..build(&group, "new.kind")
    });
    double.build(&Build { repository: "other%site", ..build(&group, "push") });
    let deployment = nobody(&double);
    let events = async |repo, sha| {
        let builds = deployment.builds("mozilla-releng", repo, sha, 10).await.unwrap();
        builds.iter().map(|build| (build.event.clone(), build.state.clone())).collect::<Vec<_>>()
    };
    let (released, new) = (
        ("release.published".to_owned(), BuildState::Success),
        ("new.kind".to_owned(), BuildState::Other("sleeping".into())),
    );
    assert_eq!(events("balrog", None).await, [released.clone(), new], "the newest first");
    assert_eq!(events("balrog", Some("0123456789012345678901234567890123456789")).await, [released]);
    assert_eq!(events("other.site", None).await, [("push".to_owned(), BuildState::Success)], "a dot is kept as %");
    assert!(events("nothing", None).await.is_empty());
}

#[tokio::test]
async fn a_file_is_rendered_for_an_event() {
    let double = Double::open();
    double.installed("mozilla-releng/balrog");
    let task = double.task(&json!({}));
    let made = json!({"tasks": [{"taskId": task, "task": {"scopes": []}}], "scopes": ["assume:repo:github.com/a/b:release:published"]});
    double.renders("version: 1", Ok(made));
    double.renders("version: 2", Err("Unsupported version"));
    let deployment = nobody(&double);
    assert!(deployment.is_installed("mozilla-releng", "balrog").await.unwrap());
    assert!(!deployment.is_installed("mozilla-releng", "other").await.unwrap());
    let event = Event { tasks_for: "github-release", action: Some("published"), overrides: json!({"ref": "v1"}) };
    let rendered = deployment.render("version: 1", &event, "a", "b").await.unwrap();
    assert_eq!(rendered.tasks[0].0.as_str(), task);
    assert!(rendered.scopes.satisfy("assume:repo:github.com/a/b:release:published"));
    let asked: serde_json::Value = serde_json::from_slice(&double.requests().last().unwrap().body).unwrap();
    assert_eq!(
        asked["fakeEvent"],
        json!({"type": "github-release", "action": "published", "overrides": {"ref": "v1"}})
    );
    let refused = deployment.render("version: 2", &event, "a", "b").await.unwrap_err();
    assert!(refused.to_string().contains("Unsupported version"), "{refused}");
}

#[tokio::test]
async fn hooks_pools_and_paths_are_found() {
    let double = Double::open();
    double.hook("project-example", "docker", &json!({"payload": {}}), &json!({"type": "object"}));
    double.pool("releng-3/linux-docker", &json!({"maxCapacity": 3}));
    double.pool_error("releng-3/linux-docker", "Instance Creation Error", "quota exceeded");
    let deployment = nobody(&double);
    assert_eq!(deployment.hook("project-example", "docker").await.unwrap().trigger_schema["type"], "object");
    assert!(deployment.hook("project-example", "other").await.unwrap_err().is_absent());
    assert!(deployment.last_fires("project-example", "docker").await.unwrap().is_empty(), "never fired");
    assert_eq!(deployment.pool("releng-3/linux-docker").await.unwrap().config["maxCapacity"], 3);
    let errors = deployment.pool_errors("releng-3/linux-docker").await.unwrap();
    assert_eq!(errors[0].description, "quota exceeded");
    assert!(deployment.indexed("project.example.nothing").await.unwrap_err().is_absent());
}
