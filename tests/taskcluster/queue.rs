//! Tasks, their groups and how they stand, asked of the double.

use serde_json::json;
use windlass::{
    domain::{
        failure::{Failure, FailureKind},
        task::{TaskId, TaskState},
    },
    taskcluster::{Counts, Known, TaskclusterError},
};

use super::deployment::{nobody, somebody};
use crate::support::taskcluster::{Double, fault::Fault, moment, paging::Pages, queue::task::Outcome};

fn id(text: &str) -> TaskId {
    text.parse().unwrap()
}

/// A group of so many tasks: the first began it, and each was made after the one before.
fn group(double: &Double, size: u64) -> TaskId {
    let first = double.task(&json!({"metadata": metadata(0)}));
    for n in 1..size {
        let created = moment::text(double.now() + moment::minutes(n));
        double.task(&json!({"taskGroupId": first, "created": created, "metadata": metadata(n)}));
    }
    id(&first)
}

fn metadata(n: u64) -> serde_json::Value {
    json!({"name": format!("task {n}"), "owner": "a@b.example", "source": "https://example.com/", "description": ""})
}

#[tokio::test]
async fn a_group_is_listed_in_the_order_of_creation_whatever_its_pages() {
    let double = Double::open();
    let group = group(&double, 5);
    for pages in [Pages::Full, Pages::EmptyFirst, Pages::Short(2)] {
        double.pages(pages);
        let tasks = nobody(&double).task_group(&group).await.unwrap();
        let names: Vec<&str> = tasks.iter().map(windlass::domain::task::Task::name).collect();
        assert_eq!(names, ["task 0", "task 1", "task 2", "task 3", "task 4"], "{pages:?}");
    }
}

#[tokio::test]
async fn a_group_in_which_nothing_changed_is_not_sent_again() {
    let double = Double::open();
    let group = group(&double, 3);
    let (deployment, mut known) = (nobody(&double), Known::default());
    assert_eq!(deployment.task_group_if_changed(&group, &mut known).await.unwrap().unwrap().len(), 3);
    assert_eq!(deployment.task_group_if_changed(&group, &mut known).await.unwrap(), None);
    assert_eq!(double.requests().last().unwrap().status, Some(304));
    double.claim(group.as_str());
    let tasks = deployment.task_group_if_changed(&group, &mut known).await.unwrap().unwrap();
    assert_eq!(tasks[0].status.state, TaskState::Running);
    // What is on the second page changes without the first.
    double.pages(Pages::Short(1));
    assert_eq!(deployment.task_group_if_changed(&group, &mut known).await.unwrap().unwrap().len(), 3);
    assert_eq!(deployment.task_group_if_changed(&group, &mut known).await.unwrap().unwrap().len(), 3);
}

#[tokio::test]
async fn statuses_are_asked_in_batches_narrowed_to_their_tasks() {
    let double = Double::open();
    let me = double.client("project/example/me", "the token of me", &["queue:status:*"]);
    let mut ids: Vec<TaskId> = (0..120).map(|_| id(&double.task(&json!({})))).collect();
    ids.push(id("AD-pliaATO2dXhpMB0Z6vg"));
    let statuses = somebody(&double, &me).statuses(&ids).await.unwrap();
    assert_eq!(
        statuses.iter().map(|status| &status.task_id).collect::<Vec<_>>(),
        ids[..120].iter().collect::<Vec<_>>()
    );
    let asked = double.requests();
    assert_eq!(asked.len(), 2);
    let scopes: Vec<String> = ids[100..].iter().map(|id| format!("queue:status:{id}")).collect();
    assert_eq!(asked[1].authorized_scopes, Some(scopes));
    assert!(somebody(&double, &me).statuses(&[]).await.unwrap().is_empty() && double.requests().len() == 2);
}

#[tokio::test]
async fn a_task_is_its_definition_and_how_it_stands() {
    let double = Double::open();
    let first = double.task(&json!({"payload": {"image": "x"}}));
    let second = double.task(&json!({"dependencies": [first], "taskGroupId": first}));
    let deployment = nobody(&double);
    let task = deployment.task(&id(&second)).await.unwrap();
    assert_eq!(
        (&task.status.state, task.definition.dependencies.as_slice()),
        (&TaskState::Unscheduled, &[id(&first)][..])
    );
    let dependents = deployment.dependents(&id(&first)).await.unwrap();
    assert_eq!(dependents.iter().map(|task| task.id().as_str()).collect::<Vec<_>>(), [&second]);
    double.claim(&first);
    double.resolve(&first, Outcome::Completed);
    assert_eq!(deployment.status(&id(&second)).await.unwrap().state, TaskState::Pending);
    assert_eq!(deployment.group(&id(&first)).await.unwrap().sealed, None);
    double.seal(&first);
    assert!(deployment.group(&id(&first)).await.unwrap().sealed.is_some());
}

#[tokio::test]
async fn counts_are_told_as_far_as_we_may_know() {
    let double = Double::open();
    double.task(&json!({"taskQueueId": "proj-example/ci"}));
    let running = double.task(&json!({"taskQueueId": "proj-example/ci"}));
    double.claim(&running);
    let nobody = nobody(&double);
    assert_eq!(nobody.counts("proj-example/ci").await.unwrap(), Counts { pending: 1, claimed: None });
    let me =
        double.client("project/example/me", "the token of me", &["queue:claimed-count:*", "queue:pending-count:*"]);
    let counts = somebody(&double, &me).counts("proj-example/ci").await.unwrap();
    assert_eq!(counts, Counts { pending: 1, claimed: Some(1) });
}

#[tokio::test]
async fn what_goes_wrong_is_told_in_what_why_and_next() {
    let double = Double::start();
    let task = id(&double.task(&json!({})));
    let deployment = nobody(&double);
    let failure = |error: TaskclusterError| Failure::from(error);

    let denied = deployment.status(&task).await.unwrap_err();
    assert!(denied.is_denied());
    let told = failure(denied);
    assert_eq!(told.kind, FailureKind::NotAllowed);
    assert!(told.why.contains(&format!("queue:status:{task}")) && told.next.contains("windlass signin"), "{told:?}");

    double.anonymous(&["queue:*"]);
    let absent = deployment.task_group(&id("AD-pliaATO2dXhpMB0Z6vg")).await.unwrap_err();
    assert!(absent.is_absent());
    assert_eq!(failure(absent).kind, FailureKind::Failed);

    let conflict = Fault::Status {
        code: 409,
        media: "application/json",
        body: r#"{"code":"RequestConflict","message":"Task group is sealed\n\n---\n\n* method: x"}"#,
    };
    double.fault("GET", "/status", conflict, 1);
    let told = failure(deployment.status(&task).await.unwrap_err());
    assert!(told.why.ends_with("Task group is sealed") && told.why.contains("409"), "{told:?}");

    double.fault("GET", "/status", Fault::NonsenseJson, 1);
    let told = failure(deployment.status(&task).await.unwrap_err());
    assert!(told.what.ends_with("is unreadable") && told.why.starts_with("no JSON of that kind at line 1"), "{told:?}");

    double.fault("GET", "/status", Fault::Reset, 1);
    double.fault("GET", "/status", Fault::TruncatedBody, 1);
    assert_eq!(deployment.status(&task).await.unwrap().state, TaskState::Pending, "asked again");

    double.fault("GET", "/status", Fault::Html500, 4);
    let error = deployment.status(&task).await.unwrap_err();
    assert!(error.is_passing());
    let told = failure(error);
    assert_eq!(told.kind, FailureKind::Unreachable);
    assert!(!told.why.contains('<') && told.why.contains("500"), "{told:?}");
}
