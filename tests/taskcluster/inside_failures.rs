//! What ends a release inside a task: each is told with what to do next, by the task's log and to whoever looks from
//! elsewhere, and nothing more is pushed.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::inside::{ARTIFACT, Factory, ME, QUEUE, RECORD, RELEASE, ROLE, TOKEN, fails, get, says};
use crate::support::{
    archive::{layer, saved},
    project::SECRET,
    taskcluster::{
        asking::{Question, Signing},
        fault::Fault,
        moment,
        queue::{artifacts::Stored, task::Outcome},
    },
};

const IMAGE: &str = "public/image.tar";

impl Factory {
    /// Nothing of an image was sent, and no tag was put.
    #[track_caller]
    fn pushed_nothing(&self) {
        assert_eq!((self.registry.count("PATCH"), self.registry.count("PUT")), (0, 0));
        assert_eq!(self.tags(), Vec::<String>::new());
    }

    /// Whoever looks from elsewhere may do this.
    fn may(&self, scopes: &[&str]) {
        self.double.client(ME, TOKEN, scopes);
    }

    /// What `show --watch` ends with.
    fn watched(&self, task: &str) -> Value {
        self.elsewhere(&["show", task, "--watch", "--json"]).exits(1).error()
    }

    /// How often a task was asked to run again, or made.
    fn fired(&self) -> usize {
        let asked = self.double.requests();
        asked.iter().filter(|asked| asked.path.ends_with("/rerun") || asked.method == "PUT").count()
    }

    /// A task that has ended well, and left this.
    fn built(&self, name: &str, left: Stored) -> String {
        let task = self.double.task(&json!({"metadata": {
            "name": "docker-image", "owner": "ada@example.org", "source": "https://github.com/team/app", "description": "",
        }}));
        self.double.claim(&task);
        self.double.artifact(&task, 0, name, left);
        self.double.resolve(&task, Outcome::Completed);
        task
    }

    /// A push makes a task that pushes what this task left.
    fn push_archive(&self, build: &str, name: &str) -> String {
        let command = format!("DOCKER_HOST=unix:///nonexistent {RELEASE} --from-archive {build}:{name}");
        self.push(&command, |definition| definition["dependencies"] = json!([build]))
    }
}

fn image() -> Stored {
    Stored::S3 { bytes: saved(&[&layer("one"), &layer("two")]), media: "application/x-tar", gzip: false }
}

#[track_caller]
fn is(error: &Value, key: &str, expected: &str) {
    assert_eq!(error[key].as_str(), Some(expected), "{key}: {error}");
}

#[track_caller]
fn has(error: &Value, key: &str, words: &str) {
    assert!(error[key].as_str().expect("text").contains(words), "{key} says nothing of `{words}`: {error}");
}

#[test]
fn docker_inside_of_docker_is_what_no_worker_takes_now_or_once_more() {
    let factory = Factory::new();
    let task = factory.push(RELEASE, |definition| definition["payload"]["features"]["dind"] = true.into());
    let done = factory.work();
    assert_eq!((done.reported, done.asked.len()), (("exception", 200), 0));
    let error = factory.watched(&task);
    is(&error, "what", "the task release failed");
    is(&error, "why", "the worker does not take its payload");
    is(&error, "next", &format!("its log says what the worker does not take: windlass log {task}"));
    is(&error, "check", "yml");
    let log = factory.elsewhere(&["log", &task]).exits(0).stdout;
    assert!(log.contains("payload: features: Additional property dind is not allowed"), "{log}");
    factory.may(&["queue:*", "secrets:*"]);
    for manner in [["rerun", task.as_str()].as_slice(), &["rerun", &task, "--clone"]] {
        let plan = factory.elsewhere(&[manner, &["--dry-run", "--json"]].concat()).exits(0).json();
        let warned = "the worker did not take the payload of release, and it stays as it is";
        assert!(plan["warnings"][0].as_str().expect("one").starts_with(warned), "{plan}");
    }
    factory.pushed_nothing();
    assert_eq!(factory.fired(), 0);
}

#[test]
fn a_deadline_that_passes_while_it_builds_ends_it_and_it_cannot_be_run_again() {
    let factory = Factory::new();
    factory.double.fault("GET", "/secret/", Fault::Clock(SignedDuration::from_mins(7)), 1);
    let soon = factory.double.now() + moment::minutes(5);
    let deadline = moment::text(soon);
    let task = factory.push(RELEASE, |definition| definition["deadline"] = deadline.clone().into());
    let done = factory.work();
    assert_eq!(done.reported, ("failed", 409));
    let passed = format!("its deadline passed before it ended: {} UTC", windlass::domain::written::time(soon));
    says(&done.log, &["✓ build", &format!("task {task}, run 0 is over"), &passed]);
    says(&done.log, &["it is too late to run it again: push again, or make a new task with a later deadline"]);
    says(&done.log, &["windlass doctor dates"]);
    factory.pushed_nothing();
    assert_eq!(factory.artifact(&task, 0, ARTIFACT), None);

    let error = factory.watched(&task);
    is(&error, "why", "its deadline passed before it ended");
    is(&error, "next", &format!("it is too late to run it again; make it anew: windlass rerun {task} --clone"));
    factory.may(&["queue:*", "secrets:*"]);
    let error = factory.elsewhere(&["rerun", &task, "--yes", "--json"]).exits(1).error();
    is(&error, "what", "release cannot be run again");
    has(&error, "why", "its deadline was at");
    has(&error, "why", "and the queue runs nothing after that");
    has(&error, "next", "--clone");
    is(&error, "check", "dates");
    assert_eq!(factory.fired(), 0);
}

/// Lets the task's run be looked at so often, and cancels it after the next time.
fn cancelled_after(factory: &Factory, task: &str, looks: usize) {
    let status = format!("/task/{task}/status");
    factory.double.fault("GET", &status, Fault::Slow(Duration::ZERO), looks);
    factory.double.fault("GET", &status, Fault::Cancel, 1);
}

#[test]
fn a_run_that_is_cancelled_between_two_tags_leaves_the_second_alone() {
    let factory = Factory::new();
    let task = factory.push(RELEASE, |_| {});
    // It is looked at before the secret is read, and before each tag.
    cancelled_after(&factory, &task, 1);
    let done = factory.work();
    says(&done.log, &[&format!("task {task}, run 0 is over"), "cancelled", "have the task run again"]);
    assert_eq!(done.reported, ("failed", 409));
    let tags = factory.tags();
    assert!(tags.len() == 1 && tags[0] != "latest", "the frozen one alone: {tags:?}");
    assert_eq!(factory.artifact(&task, 0, ARTIFACT), None);
}

#[test]
fn a_run_that_is_cancelled_before_an_archive_is_pushed_sends_none_of_it() {
    let factory = Factory::new();
    let build = factory.built(IMAGE, image());
    let task = factory.push_archive(&build, IMAGE);
    factory.double.fault("GET", "/secret/", Fault::Cancel, 1);
    let done = factory.work();
    says(&done.log, &["✓ archive", &format!("task {task}, run 0 is over"), "cancelled", "have the task run again"]);
    assert_eq!(done.reported, ("failed", 409));
    factory.pushed_nothing();
    let error = factory.elsewhere(&["show", &task, "--watch", "--json"]).exits(130).error();
    is(&error, "next", &format!("have it run again: windlass rerun {task}"));
}

#[test]
fn a_run_that_is_cancelled_while_an_archive_is_sent_puts_no_tag() {
    let factory = Factory::new();
    let build = factory.built(IMAGE, image());
    let task = factory.push_archive(&build, IMAGE);
    // It is looked at for what it depends on, before the secret is read, before the layers are sent, and before each tag.
    cancelled_after(&factory, &task, 2);
    let done = factory.work();
    says(&done.log, &["✓ archive", &format!("task {task}, run 0 is over"), "have the task run again"]);
    assert_eq!(factory.registry.count("PATCH"), 2, "its layers were sent");
    assert_eq!(factory.tags(), Vec::<String>::new());
}

#[test]
fn a_run_that_is_over_when_its_record_is_attached_says_what_was_refused() {
    let factory = Factory::new();
    let ends = |name: &str, fault| factory.double.fault("POST", &name.replace('/', "%2F"), fault, 1);
    ends(ARTIFACT, Fault::Cancel);
    let body =
        "{\"code\":\"RequestConflict\",\"message\":\"Artifacts cannot be created for a task after it is resolved\"}";
    ends(RECORD, Fault::Status { code: 409, media: "application/json; charset=utf-8", body });
    let task = factory.push(RELEASE, |_| {});
    let done = factory.work();
    let refused = format!("{RECORD} was not attached to task {task}, run 0");
    says(&done.log, &[&refused, &format!("task {task}, run 0 is over: cancelled"), "have the task run again"]);
    assert_eq!((done.reported, factory.tags().len()), (("failed", 409), 2));
    assert_eq!(factory.artifact(&task, 0, RECORD), None);
}

#[test]
fn an_archive_that_has_expired_is_told_from_one_that_was_never_there() {
    let factory = Factory::new();
    let build = factory.built(IMAGE, Stored::Expired);
    factory.push_archive(&build, IMAGE);
    let log = fails(&factory);
    says(&log, &[&format!("{IMAGE} of the task {build} has expired"), "it was kept until "]);
    says(&log, &[&format!("have it made again, windlass rerun {build}"), "windlass doctor dates"]);
    says(&log, &[&format!("windlass release --from-archive {build}:{IMAGE}")]);

    factory.push_archive(&build, "public/imago.tar");
    let log = fails(&factory);
    says(&log, &[&format!("the task {build} has no public/imago.tar"), "or that has expired and was swept"]);
    says(&log, &[&format!("see what it left: windlass artifacts {build}")]);
    factory.pushed_nothing();
}

#[test]
fn an_archive_that_the_task_may_not_have_is_told_by_the_scope_that_it_lacks() {
    let factory = Factory::new();
    let (name, scope) = ("private/image.tar", "queue:get-artifact:private/image.tar");
    let build = factory.built(name, image());
    let task = factory.push_archive(&build, name);
    let log = fails(&factory);
    says(&log, &[&format!("task {task}, run 0 may not have {name} of the task {build}")]);
    says(&log, &[&format!("the role {ROLE} lacks {scope}"), &format!("have {scope} granted to the role {ROLE}")]);
    factory.double.role(ROLE, &[&get(), scope]);
    factory.push_archive(&build, name);
    says(&fails(&factory), &[&format!("the task's `scopes` do not have {scope}"), ".taskcluster.yml"]);
    factory.pushed_nothing();
}

#[test]
fn an_archive_of_a_task_that_it_does_not_depend_on_is_judged_by_what_began_that() {
    let factory = Factory::new();
    let build = factory.built(IMAGE, image());
    factory.push(&format!("{RELEASE} --from-archive {build}:{IMAGE}"), |_| {});
    let log = fails(&factory);
    says(&log, &[&format!("what the task {build} left is not released")]);
    says(&log, &["it is only claimed: its group comes from another event, not from a push or a release"]);
    factory.pushed_nothing();
    // Where that is not told, nobody vouches for it either.
    factory.double.anonymous(&["queue:get-artifact:public/*", "queue:status:*", "github:list-builds"]);
    factory.push(&format!("{RELEASE} --from-archive {build}:{IMAGE}"), |_| {});
    says(&fails(&factory), &["it is only claimed: what began it is not known: ", "queue:get-task:"]);
    factory.pushed_nothing();
}

#[test]
fn a_secret_that_is_gone_is_told_by_its_history_where_the_task_may_see_that() {
    let factory = Factory::new();
    let (secret, history) = (
        format!("/api/secrets/v1/secret/{}", SECRET.replace(':', "%3A").replace('/', "%2F")),
        "auth:audit-history:secret",
    );
    factory.double.role(ROLE, &[&get(), history]);
    let ada = factory.double.client(ME, TOKEN, &["secrets:*"]);
    let ask = |question: Question| {
        let said = question.signed(&factory.double, &Signing::by(&ada)).ask(&factory.double.root).expect("the double");
        assert_eq!(said.status, 200, "{said:?}");
    };
    let ends = moment::text(factory.double.now() + moment::minutes(5));
    ask(Question::new("PUT", &secret).json(&json!({"secret": {"username": "bot"}, "expires": ends})));
    factory.double.clock(SignedDuration::from_mins(7));
    let may_see = |definition: &mut Value| definition["scopes"] = json!([get(), history]);
    let gone = |change: &dyn Fn(&mut Value), why: &str| {
        factory.push(RELEASE, |definition| change(definition));
        let log = fails(&factory);
        says(
            &log,
            &[&format!("there is no secret {SECRET} at "), why, "windlass secret set", "windlass doctor secret"],
        );
    };
    gone(&may_see, &format!("it has expired: {ME} set it last, at "));
    gone(&|_| {}, "it was never set, was removed, or has expired: the service does not tell");
    ask(Question::new("DELETE", &secret));
    gone(&may_see, &format!("{ME} removed it at "));
    factory.pushed_nothing();
}

#[test]
fn a_claim_that_ends_amid_a_release_is_told_from_elsewhere_with_the_way_on() {
    let factory = Factory::new();
    factory.double.fault("GET", "/secret/", Fault::Clock(SignedDuration::from_mins(21)), 1);
    let task = factory.push(RELEASE, |definition| definition["retries"] = 0.into());
    let done = factory.work();
    says(&done.log, &[&format!("task {task}, run 0 is over"), "its worker vanished", "have the task run again"]);
    assert_eq!(done.reported, ("failed", 409));
    factory.pushed_nothing();
    factory.double.clock(SignedDuration::ZERO);
    let error = factory.watched(&task);
    is(&error, "why", "its worker vanished");
    is(&error, "next", &format!("the reason is outside of it, have it run again: windlass rerun {task}"));
    is(&error, "check", "pool");
    // The next run does all of it.
    factory.double.rerun(&task);
    let done = factory.run(factory.double.work(QUEUE));
    assert_eq!(done.reported, ("completed", 200), "{}", done.log);
    assert_eq!(factory.tags().len(), 2);
}
