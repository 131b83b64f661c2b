//! The worker's side: claims, task credentials, reports.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    asking::{Question, Said, Signing},
    queue::{World, status, world},
    recorded::Recorded,
};
use crate::support::taskcluster::{Double, credentials::Credentials, moment};

const LIVE: &str = "c-De678pQN6Sgw7PuBPhkw";
const OTHER: &str = "LHIFqN2-Twa_NSAVguP9dw";

/// The credentials in an answer.
pub fn given(answer: &Value) -> Credentials {
    Credentials::given(answer)
}

/// Of the claim for this task.
pub fn claimed(said: &Said, task: &str) -> Credentials {
    let json = said.json();
    let claims = json["tasks"].as_array().unwrap();
    given(&claims.iter().find(|claim| claim["status"]["taskId"] == task).unwrap()["credentials"])
}

#[test]
fn work_is_claimed_extended_and_reported_as_recorded() {
    let world = world();
    let World { double, admin, .. } = &world;
    world.tasks();
    let claims = Recorded::again("queue-claimWork", double, Some(admin));
    let task = claimed(&claims, super::queue::PUSH);
    let secret = json!({"docker": {"username": "mozillabalrog", "password": "other", "email": "x@example.com"}});
    double.secret("repo:github.com/mozilla/balrog:dockerhub", secret, double.now() + moment::days(1));
    Recorded::again("secrets-get-with-task-creds", double, Some(&task));
    Recorded::again("secrets-get-403-with-task-creds", double, Some(&task));
    let extended = Recorded::again("queue-reclaimTask", double, Some(&task));
    let task = given(&extended.json()["credentials"]);
    let report = |verb: &str| {
        let path = format!("/api/queue/v1/task/{}/runs/0/{verb}", super::queue::PUSH);
        Question::new("POST", &path).signed(double, &Signing::by(&task)).ask(&double.root).unwrap()
    };
    assert_eq!(report("completed").status, 200);
    assert_eq!(report("completed").status, 200, "twice is as good as once");
    Recorded::again("queue-reportFailed-conflict-409", double, Some(&task));
    Recorded::again("artifact-create-after-complete", double, Some(&task));
    Recorded::again("queue-reportException-retry", double, Some(&claimed(&claims, OTHER)));
    world.by_anyone("queue-status-after-exception-retry");
    assert_eq!(report("reclaim").status, 409);
    let path = "/api/queue/v1/task/N_QuQQ_jQ8aM2iTzGUy3JQ/runs/0/failed";
    let failed = Question::new("POST", path).signed(double, &Signing::by(admin)).ask(&double.root).unwrap();
    assert_eq!(failed.json()["status"]["state"], "failed");
}

#[test]
fn who_waits_for_work_gets_it_when_it_comes() {
    let World { double, admin, .. } = world();
    double.long_poll(Duration::ZERO);
    Recorded::again("queue-claimWork-empty-longpoll", &double, Some(&admin));
    double.long_poll(Duration::from_mins(10));
    let recorded = Recorded::named("queue-claimWork-longpoll-wakeup");
    recorded.set_clock(&double);
    let question = recorded.question().signed(&double, &recorded.signing(&admin, None));
    let root = double.root.clone();
    let waiting = std::thread::spawn(move || question.ask(&root).unwrap());
    let metadata = json!({"name": "ll", "owner": "a@b.c", "source": "https://x/", "description": "d"});
    double.task(&json!({"taskId": LIVE, "taskQueueId": "proj-live/ci", "metadata": metadata}));
    recorded.check(&double, &waiting.join().unwrap());
}

/// The task whose live log was recorded, claimed; and its credentials.
fn live(double: &Double, admin: &Credentials) -> Credentials {
    Recorded::named("livelog-1-reference").set_clock(double);
    double.task(&json!({"taskId": LIVE, "taskQueueId": "proj-live/ci"}));
    let recorded = Recorded::named("queue-claimWork-longpoll-wakeup");
    let question = recorded.question().signed(double, &recorded.signing(admin, None));
    claimed(&question.ask(&double.root).unwrap(), LIVE)
}

#[test]
fn a_live_log_goes_from_reference_to_link_as_recorded() {
    let World { double, admin, .. } = world();
    let task = live(&double, &admin);
    let by_task = |name: &str| {
        Recorded::again(name, &double, Some(&task));
    };
    by_task("livelog-1-reference");
    by_task("livelog-2-reference-new-url");
    Recorded::again("livelog-3-get", &double, None);
    by_task("livelog-4-link");
    Recorded::again("livelog-5-get-link-dangling", &double, None);
    by_task("livelog-6-link-back-to-reference-409");
    by_task("artifact-expires-past-400");
    by_task("artifact-get-nonpublic-with-task-creds-403");
}

#[test]
fn reruns_and_cancels_of_what_runs_are_as_recorded() {
    let World { double, admin, .. } = world();
    let task = live(&double, &admin);
    let report = Question::new("POST", &format!("/api/queue/v1/task/{LIVE}/runs/0/completed"));
    report.signed(&double, &Signing::by(&task)).ask(&double.root).unwrap();
    Recorded::again("task-creds-still-valid-after-completion", &double, Some(&task));
    let by_admin = |name: &str| {
        Recorded::again(name, &double, Some(&admin));
    };
    double.rerun(LIVE);
    let recorded = Recorded::named("queue-claimWork-longpoll-wakeup");
    let question = recorded.question().signed(&double, &recorded.signing(&admin, None));
    let again = claimed(&question.ask(&double.root).unwrap(), LIVE);
    by_admin("queue-rerunTask-while-running");
    by_admin("queue-cancel-running");
    Recorded::again("queue-reclaim-after-cancel-409", &double, Some(&again));
    Recorded::again("artifact-create-after-exception-allowed", &double, Some(&again));
    assert_eq!(status(&double, LIVE)["runs"][1]["reasonResolved"], "canceled");
}
