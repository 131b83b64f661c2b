//! Builds of a repository, and what else the small services know, asked of the double.

use jiff::SignedDuration;
use serde_json::json;
use windlass::taskcluster::{BuildState, Builds, Event};

use super::deployment::nobody;
use crate::support::taskcluster::{Double, github::Build, paging::Pages};

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

/// A list of so many builds, in pages of ten.
fn builds_of(double: &Double, count: usize) -> Vec<String> {
    double.pages(Pages::Short(10));
    let groups: Vec<String> = (0..count).map(|_| double.task(&json!({}))).collect();
    for (second, group) in (0..).zip(&groups) {
        double.clock(SignedDuration::from_secs(second));
        double.build(&build(group, "push"));
    }
    groups
}

/// Looks again: how many requests that took, and whether it then knows all builds as they are.
async fn looks(double: &Double, known: &mut Builds) -> usize {
    let (deployment, before) = (nobody(double), double.requests().len());
    deployment.look_at_builds("mozilla-releng", "balrog", known).await.unwrap();
    let asked = double.requests().len() - before;
    let all = deployment.builds("mozilla-releng", "balrog", None).await.unwrap();
    assert_eq!(known.newest(usize::MAX), all);
    asked
}

#[tokio::test]
async fn a_hundred_builds_and_a_group_of_five_hundred_tasks_take_a_dozen_requests() {
    let double = Double::open();
    let group = double.task(&json!({}));
    for _ in 1..500 {
        double.task(&json!({"taskGroupId": group}));
    }
    builds_of(&double, 119);
    double.build(&build(&group, "push"));
    double.pages(Pages::Full);
    let deployment = nobody(&double);
    let mut known = Builds::default();
    deployment.look_at_builds("mozilla-releng", "balrog", &mut known).await.unwrap();
    let builds = known.newest(100);
    assert_eq!(builds.len(), 100);
    assert!(builds.is_sorted_by(|a, b| a.created >= b.created), "the newest first");
    let tasks = deployment.task_group(&builds[0].group).await.unwrap();
    assert_eq!(tasks.len(), 500);
    let ids: Vec<_> = tasks.iter().map(|task| task.id().clone()).collect();
    assert_eq!(deployment.statuses(&ids).await.unwrap().len(), 500);
    assert!(double.requests().len() <= 12, "{}", double.requests().len());
}

#[tokio::test]
async fn whoever_looks_at_builds_again_reads_on_from_where_something_may_have_changed() {
    let double = Double::open();
    let groups = builds_of(&double, 45);
    let becomes = |group: &str, second: i64, state: &'static str| {
        double.clock(SignedDuration::from_secs(second));
        double.build(&Build { state, ..build(group, "push") });
    };
    let mut known = Builds::default();
    assert_eq!(looks(&double, &mut known).await, 5, "every page");
    assert_eq!(looks(&double, &mut known).await, 1, "the last page");
    becomes(&groups[3], 60, "failure");
    becomes(&double.task(&json!({})), 61, "pending");
    assert_eq!(looks(&double, &mut known).await, 1, "one changed and one came");
    for (second, _) in (70..).zip(0..12) {
        becomes(&double.task(&json!({})), second, "pending");
    }
    assert_eq!(looks(&double, &mut known).await, 2, "there is a page more");
    assert_eq!(looks(&double, &mut known).await, 1);
    // The last page has eight, of which none is as it was.
    for (second, group) in (90..).zip(&groups[5..15]) {
        becomes(group, second, "cancelled");
    }
    assert_eq!(
        looks(&double, &mut known).await,
        3,
        "the last, which no longer begins as it did, and the two from there on"
    );
    assert_eq!(looks(&double, &mut known).await, 2, "what moves while pages are read could be passed by");
    assert_eq!(looks(&double, &mut known).await, 1);
    for (second, group) in (200..).zip(&groups) {
        becomes(group, second, "error");
    }
    assert_eq!(looks(&double, &mut known).await, 4 + 5, "nearly all have changed: back to the second page, and on");
    assert_eq!(looks(&double, &mut known).await, 5);
    assert_eq!(looks(&double, &mut known).await, 1);
}

#[tokio::test]
async fn where_the_newest_build_comes_first_the_beginning_is_read() {
    let double = Double::open();
    let groups = builds_of(&double, 45);
    let mut known = Builds::default();
    assert_eq!(looks(&double, &mut known).await, 5);
    // The deployment gets a newer version under the eyes of whoever looks.
    double.newest_builds_first();
    looks(&double, &mut known).await;
    assert_eq!(looks(&double, &mut known).await, 1);
    double.clock(SignedDuration::from_secs(60));
    double.build(&Build { state: "failure", ..build(&groups[3], "push") });
    double.build(&build(&double.task(&json!({})), "push"));
    assert_eq!(looks(&double, &mut known).await, 1);
}

#[tokio::test]
async fn builds_are_those_of_a_repository_and_a_commit() {
    let double = Double::open();
    let [first, second, third] = [(); 3].map(|()| double.task(&json!({})));
    double.clock(SignedDuration::from_mins(10));
    double.build(&build(&first, "release.published"));
    double.clock(SignedDuration::ZERO);
    double.build(&Build {
        sha: "9876543210987654321098765432109876543210",
        state: "sleeping",
        ..build(&second, "new.kind")
    });
    double.build(&Build { repository: "other%site", ..build(&third, "push") });
    let deployment = nobody(&double);
    let events = async |repo, sha| {
        let builds = deployment.builds("mozilla-releng", repo, sha).await.unwrap();
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
