//! Tasks: created, read, changed.

use serde_json::{Value, json};

use super::{
    asking::{Question, Signing},
    recorded::Recorded,
};
use crate::support::taskcluster::{Double, credentials::Credentials, moment, paging::Pages, queue::task::Outcome};

/// The tasks of the recordings: the first, one that depends on it, and two others.
pub const PUSH: &str = "f18OCIBgRoSL6-8OrQg82Q";
const DEPENDENT: &str = "TF1RgJ31QB-tvvB3MCA40A";
const MINIMAL: &str = "N_QuQQ_jQ8aM2iTzGUy3JQ";
const OTHER: &str = "LHIFqN2-Twa_NSAVguP9dw";

pub struct World {
    pub double: Double,
    pub admin: Credentials,
    pub few: Credentials,
}

/// As it was when the queue was recorded.
pub fn world() -> World {
    let double = Double::open();
    let admin = double.client("project/example/admin", "admin-token", &["*"]);
    let few = double.client("project/example/few", "few-token", &["secrets:get:project/example/allowed"]);
    World { double, admin, few }
}

impl World {
    pub fn again(&self, name: &str) {
        Recorded::again(name, &self.double, Some(&self.admin));
    }

    fn by_few(&self, name: &str) {
        Recorded::again(name, &self.double, Some(&self.few));
    }

    pub fn by_anyone(&self, name: &str) {
        Recorded::again(name, &self.double, None);
    }

    /// The tasks of the recordings, all pending but the one that depends on another.
    pub fn tasks(&self) {
        self.again("queue-createTask");
        self.again("queue-createTask-minimal-provisionerId");
        self.again("queue-createTask-dependent");
        let listed = Recorded::named("queue-listTaskGroup").answered();
        let mut other = listed["tasks"][1]["task"].clone();
        other["taskId"] = OTHER.into();
        self.double.task(&other);
    }
}

#[test]
fn tasks_are_created_and_refused_as_recorded() {
    let world = world();
    world.again("queue-createTask");
    world.again("queue-createTask-idempotent");
    world.again("queue-createTask-conflict-409");
    world.by_few("queue-createTask-403");
    world.again("queue-createTask-400-schema");
    world.again("queue-createTask-400-deadline-past");
    world.again("queue-createTask-400-deadline-too-far");
    world.again("queue-createTask-400-created-old");
    world.again("queue-createTask-400-missing-dependency");
    world.again("queue-createTask-400-bad-slug");
    world.again("queue-createTask-minimal-provisionerId");
    world.again("queue-task-minimal");
    world.again("queue-createTask-dependent");
    let scopes = ["queue:scheduler-id:-", "queue:create-task:highest:proj-balrog/ci"];
    let scheduler = world.double.client("project/example/sched", "t", &scopes);
    Recorded::again("queue-createTask-403-missing-project", &world.double, Some(&scheduler));

    let recorded = Recorded::named("queue-createTask-too-large-500");
    let question = Question { body: vec![b' '; 11 * 1024 * 1024], ..recorded.question() };
    recorded.check(&world.double, &question.ask(&world.double.root).unwrap());
}

#[test]
fn tasks_are_read_as_recorded() {
    let world = world();
    world.again("queue-createTask");
    world.again("queue-createTask-dependent");
    for name in ["queue-task", "queue-status-pending", "queue-status-unscheduled", "queue-artifact-404-no-runs"] {
        world.by_anyone(name);
    }
    world.by_anyone("queue-statuses-batch");
    world.by_anyone("bad-creds-on-public-ping");
    let wrong = Credentials::new("project/example/few", "wrong");
    Recorded::again("bad-creds-on-anonymous-scoped-task", &world.double, Some(&wrong));
    let path = format!("/api/queue/v1/task/{PUSH}");
    let tag = Question::get(&path).ask(&world.double.root).unwrap().header("etag").unwrap().to_owned();
    let recorded = Recorded::named("etag-if-none-match-304");
    let question = recorded.question().with("if-none-match", &tag);
    recorded.check(&world.double, &question.ask(&world.double.root).unwrap());

    let ask = |question: Question| question.ask(&world.double.root).unwrap().json();
    let tasks = ask(Question::new("POST", "/api/queue/v1/tasks").json(&json!({"taskIds": [DEPENDENT, PUSH]})));
    assert_eq!(tasks["tasks"][0]["taskId"], DEPENDENT);
    assert_eq!(tasks["tasks"][1]["task"]["metadata"]["name"], "Balrog Docker Image Creation");
    let dependents = ask(Question::get(&format!("/api/queue/v1/task/{PUSH}/dependents")));
    assert_eq!(dependents["tasks"][0]["status"]["taskId"], DEPENDENT);
    let pending = ask(Question::get("/api/queue/v1/pending/proj-balrog%2Fci"));
    assert_eq!(pending["pendingTasks"], 1);
    let counts = Question::get("/api/queue/v1/task-queues/proj-balrog%2Fci/counts").ask(&world.double.root).unwrap();
    assert_eq!(counts.status, 403, "the anonymous role of Firefox's deployment counts no claimed tasks");
}

#[test]
fn tasks_move_and_groups_list_them_as_recorded() {
    let world = world();
    let double = &world.double;
    world.tasks();
    world.again("queue-taskQueueCounts");
    Recorded::named("queue-claimWork").set_clock(double);
    for task in [PUSH, MINIMAL, OTHER] {
        assert_eq!(double.claim(task), 0);
    }
    world.by_anyone("queue-status-running");
    double.resolve(PUSH, Outcome::Completed);
    world.by_anyone("queue-status-completed");
    world.by_anyone("queue-status-dependent-now-pending");
    world.by_anyone("queue-listTaskGroup");
    world.by_anyone("queue-listTaskGroup-limit1");
    world.again("queue-getTaskGroup");
    world.by_anyone("queue-listTaskGroup-404");
    world.again("queue-rerunTask");
    world.by_anyone("queue-status-rerun");
    world.by_few("queue-rerunTask-403");
    world.again("queue-rerunTask-again-pending");
    world.again("queue-cancelTask");
    world.by_anyone("queue-status-canceled");
    world.by_few("queue-cancelTask-403");
    world.again("queue-rerun-canceled");
    double.claim(PUSH);
    double.resolve(PUSH, Outcome::Completed);
    world.again("queue-cancelTaskGroup");
    world.again("queue-sealTaskGroup");
    world.again("queue-createTask-in-sealed-group-409");
    world.again("queue-changeTaskPriority");
    double.resolve(MINIMAL, Outcome::Failed);
    world.again("queue-cancel-completed");
}

#[test]
fn a_sealed_group_is_cancelled() {
    let World { double, admin, .. } = world();
    let [one, two] = [MINIMAL, OTHER].map(|id| double.task(&json!({"taskGroupId": PUSH, "taskId": id})));
    double.claim(&one);
    double.resolve(&one, Outcome::Completed);
    double.seal(PUSH);
    let cancel = Question::new("POST", &format!("/api/queue/v1/task-group/{PUSH}/cancel"));
    let said = cancel.signed(&double, &Signing::by(&admin)).ask(&double.root).unwrap().json();
    assert_eq!(said, json!({"taskGroupId": PUSH, "taskGroupSize": 2, "cancelledCount": 1, "taskIds": [two]}));
}

/// A status as anyone reads it.
pub fn status(double: &Double, task: &str) -> Value {
    let path = format!("/api/queue/v1/task/{task}/status");
    Question::get(&path).ask(&double.root).unwrap().json()["status"].clone()
}

#[test]
fn time_ends_claims_and_tasks() {
    let double = Double::open();
    let task = double.task(&json!({"retries": 1}));
    double.claim(&task);
    let later = |minutes: u64| {
        let now = jiff::Timestamp::now().as_second();
        double.clock(jiff::SignedDuration::from_secs((double.now() + moment::minutes(minutes)).as_second() - now));
    };
    later(19);
    assert_eq!(status(&double, &task)["state"], "running");
    later(2);
    let retried = status(&double, &task);
    assert_eq!((&retried["state"], &retried["retriesLeft"]), (&json!("pending"), &json!(0)));
    assert_eq!(retried["runs"][0]["reasonResolved"], "claim-expired");
    assert_eq!(retried["runs"][1]["reasonCreated"], "retry");
    double.claim(&task);
    later(21);
    assert_eq!(status(&double, &task)["state"], "exception", "there are no retries left");

    let waiting = double.task(&json!({}));
    double.rerun(&task);
    let rerun = status(&double, &task);
    assert_eq!((&rerun["retriesLeft"], &rerun["runs"][2]["reasonCreated"]), (&json!(1), &json!("rerun")));
    double.cancel(&task);
    assert_eq!(status(&double, &task)["runs"][2]["reasonResolved"], "canceled");
    later(24 * 60 + 2);
    assert_eq!(status(&double, &waiting)["runs"][0]["reasonResolved"], "deadline-exceeded");
    let admin = double.client("admin", "t", &["*"]);
    for (verb, message) in [("rerun", "rescheduled past its deadline of"), ("cancel", "canceled past its deadline of")]
    {
        let question = Question::new("POST", &format!("/api/queue/v1/task/{task}/{verb}"));
        let said = question.signed(&double, &Signing::by(&admin)).ask(&double.root).unwrap();
        assert_eq!(said.status, 409);
        assert!(said.message().contains(message), "{}", said.message());
    }
}

#[test]
fn a_deadline_is_exceeded_as_recorded() {
    let World { double, admin, .. } = world();
    Recorded::named("queue-status-deadline-exceeded").set_clock(&double);
    let past = |seconds| moment::text(double.now() - std::time::Duration::from_secs(seconds));
    double.task(&json!({
        "taskId": "Bk0-03ByQ_6FHhk2x-mU3g", "taskQueueId": "proj-deadline/ci",
        "created": past(120), "deadline": past(61),
    }));
    Recorded::again("queue-status-deadline-exceeded", &double, Some(&admin));
}

#[test]
fn dependents_run_when_what_they_require_is_there() {
    let double = Double::open();
    let first = double.task(&json!({}));
    let on_success = double.task(&json!({"dependencies": [first]}));
    let always = double.task(&json!({"dependencies": [first], "requires": "all-resolved"}));
    let schedule = Question::new("POST", &format!("/api/queue/v1/task/{on_success}/schedule"));
    double.claim(&first);
    double.resolve(&first, Outcome::Exception("internal-error"));
    assert_eq!(status(&double, &always)["state"], "pending");
    assert_eq!(status(&double, &on_success)["state"], "unscheduled");
    let admin = double.client("admin", "t", &["*"]);
    assert_eq!(schedule.signed(&double, &Signing::by(&admin)).ask(&double.root).unwrap().status, 200);
    assert_eq!(status(&double, &on_success)["runs"][0]["reasonCreated"], "scheduled");
}

#[test]
fn a_group_of_many_tasks_comes_in_pages() {
    let double = Double::open();
    let group = double.task(&json!({}));
    for _ in 0..4 {
        double.task(&json!({"taskGroupId": group}));
    }
    double.pages(Pages::Short(2));
    let mut path = format!("/api/queue/v1/task-group/{group}/list");
    let mut found = Vec::new();
    loop {
        let page = Question::get(&path).ask(&double.root).unwrap().json();
        found.push(page["tasks"].as_array().unwrap().len());
        let Some(token) = page.get("continuationToken") else { break };
        path = format!("/api/queue/v1/task-group/{group}/list?continuationToken={}", token.as_str().unwrap());
    }
    assert_eq!(found, [2, 2, 1]);
}
