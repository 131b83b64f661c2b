//! Releases on Taskcluster that are run again, made anew and ended, by somebody who may and by somebody who may not.

use std::process::Command;

use jiff::Timestamp;
use serde_json::{Value, json};
use windlass::{
    domain::{
        again::{Facts, Manner, Which},
        ending::ending,
        permission::MayWrite,
    },
    journal::Journal,
    release::{
        cluster::Cluster,
        cluster_again::{self, By, facts, prepare},
        cluster_ending,
    },
};

use super::{
    deployment::somebody,
    site::{Group, Site},
};
use crate::support::{
    processes::until,
    project::{Ran, SECRET, ran},
    registry::Registry,
    running::Running,
    screen::Screen,
    taskcluster::{
        fault::Fault,
        moment,
        queue::{artifacts::Stored, task::Outcome},
        requests::Asked,
    },
};

const ME: &str = "github/1|ada";
const TOKEN: &str = "tokentokentokentoken44";

impl Site {
    pub fn program(&self, arguments: &[&str]) -> Command {
        let mut program = self.project.program(arguments);
        program.env("TASKCLUSTER_ROOT_URL", &self.double.root);
        program.env("TASKCLUSTER_CLIENT_ID", ME).env("TASKCLUSTER_ACCESS_TOKEN", TOKEN);
        program
    }

    /// As somebody with these scopes.
    pub fn may(self, scopes: &[&str]) -> Self {
        self.double.client(ME, TOKEN, scopes);
        self
    }

    pub fn run_me(&self, arguments: &[&str]) -> Ran {
        ran(&mut self.program(arguments))
    }

    /// A push of which the build failed.
    pub fn failed(&self) -> Group {
        let group = self.group("push", "failure");
        self.run(&group.build, Outcome::Failed);
        group
    }

    /// The requests that changed something, as `POST …/rerun`.
    pub fn changes(&self) -> Vec<Asked> {
        self.double
            .requests()
            .into_iter()
            .filter(|asked| asked.method != "GET" && !asked.path.ends_with("/status"))
            .collect()
    }

    pub fn state(&self, task: &str) -> String {
        self.double.status(task)["state"].as_str().expect("a state").to_owned()
    }

    pub fn runs(&self, task: &str) -> usize {
        self.double.status(task)["runs"].as_array().expect("runs").len()
    }

    /// Acts and subjects of the trail, newest first, with their outcome.
    pub fn trail(&self) -> Vec<(String, String, String)> {
        let lines = self.project.windlass(&["audit", "--json"]).exits(0).stdout;
        let field = |row: &Value, name: &str| row[name].as_str().expect("text").to_owned();
        let rows = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("a row"));
        rows.map(|row| (field(&row, "what"), field(&row, "subject"), field(&row, "outcome"))).collect()
    }
}

fn row(what: &str, subject: &str, outcome: &str) -> (String, String, String) {
    (what.to_owned(), subject.to_owned(), outcome.to_owned())
}

#[track_caller]
fn says(error: &Value, key: &str, wanted: &str) {
    assert!(error[key].as_str().expect("text").contains(wanted), "{key} says nothing of `{wanted}`: {error}");
}

#[test]
fn what_failed_is_run_again_and_followed_to_its_end() {
    let registry = Registry::with_login();
    let site = Site::new(&registry).may(&["queue:rerun-task-in-project:none"]);
    let group = site.failed();
    let mut rerun = Running::start(&mut site.program(&["rerun", &group.id, "--yes"]));
    until("it is asked for", || site.runs(&group.build) == 2 && !site.changes().is_empty());
    let asked = site.changes();
    let [only] = &asked[..] else { panic!("{asked:?}") };
    assert!(only.path.ends_with(&format!("/task/{}/rerun", group.build)), "{asked:?}");
    assert_eq!(only.authorized_scopes, Some(vec!["queue:rerun-task-in-project:none".to_owned()]));
    site.run(&group.build, Outcome::Completed);
    // What waited for it begins by itself.
    site.run(&group.push, Outcome::Completed);
    while let Some(line) = rerun.line() {
        assert!(!line.contains("error"), "{line}");
    }
    let ended = rerun.end().exits(0);
    for words in ["docker-image: run 1 of", "windlass show", "windlass cancel", "push-image"] {
        assert!(ended.stderr.contains(words), "no {words}: {ended:?}");
    }
    assert!(ended.stdout.contains("docker-image") && ended.stdout.contains("completed"), "{ended:?}");
    assert_eq!(site.trail(), [row("rerun", &group.build, "done")]);
}

#[test]
fn that_one_fails_once_more_is_the_exit_code() {
    let registry = Registry::with_login();
    let site = Site::new(&registry).may(&["queue:*"]);
    let group = site.failed();
    let rerun = Running::start(&mut site.program(&["rerun", &group.id, "--yes", "--json"]));
    until("it is asked for", || site.runs(&group.build) == 2);
    site.run(&group.build, Outcome::Failed);
    let ended = rerun.end().exits(1);
    let first: Value = serde_json::from_str(ended.stdout.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["schema"], "windlass.rerun/1");
    assert_eq!(
        first["tasks"],
        json!([{"task": group.build, "name": "docker-image", "clone_of": null, "run": 1, "remark": null}])
    );
    let last: Value = serde_json::from_str(ended.stdout.lines().last().expect("a line")).expect("JSON");
    assert_eq!((&last["schema"], &last["state"]), (&"windlass.release/1".into(), &"failed".into()));
    says(&ended.error(), "what", "docker-image failed");
}

#[test]
fn tasks_that_depend_on_each_other_are_run_again_one_after_the_other() {
    let registry = Registry::with_login();
    let site = Site::new(&registry).may(&["queue:*"]);
    site.project.set_secret();
    let group = site.group("push", "success");
    site.run(&group.build, Outcome::Completed);
    site.run(&group.push, Outcome::Completed);
    let plan = site.run_me(&["rerun", &group.id, "--dry-run", "--json"]).exits(0).json();
    assert_eq!(plan["schema"], "windlass.rerun-plan/1");
    let waves: Vec<&Value> = plan["waves"].as_array().unwrap().iter().map(|wave| &wave[0]["name"]).collect();
    assert_eq!(waves, ["docker-image", "push-image"], "{plan}");
    assert_eq!(
        (&plan["refused"], &plan["tags"]),
        (&Value::Null, &json!([{"tag": "latest", "kind": "moving", "digest": null}]))
    );
    assert!(site.changes().is_empty());

    let rerun = Running::start(&mut site.program(&["rerun", &group.id, "--yes"]));
    until("the build is asked for", || site.runs(&group.build) == 2);
    site.double.claim(&group.build);
    assert_eq!(site.runs(&group.push), 1);
    site.double.resolve(&group.build, Outcome::Completed);
    until("the push is asked for", || site.runs(&group.push) == 2);
    site.run(&group.push, Outcome::Completed);
    rerun.end().exits(0);
    assert_eq!(site.trail()[..2], [row("rerun", &group.push, "done"), row("rerun", &group.build, "done")]);

    // Where the first fails, the second keeps what it had.
    let rerun = Running::start(&mut site.program(&["rerun", &group.id, "--from", "docker-image", "--yes", "--json"]));
    until("the build is asked for", || site.runs(&group.build) == 3);
    site.run(&group.build, Outcome::Failed);
    let error = rerun.end().exits(1);
    let error: Value = serde_json::from_str(error.stderr.trim()).expect("an error");
    says(&error, "what", "push-image is not run again");
    assert_eq!(site.runs(&group.push), 2);
}

#[test]
fn what_comes_after_is_asked_for_by_a_process_of_its_own() {
    let registry = Registry::with_login();
    let site = Site::new(&registry).may(&["queue:*"]);
    let group = site.group("push", "success");
    site.run(&group.build, Outcome::Completed);
    site.run(&group.push, Outcome::Completed);
    let detached = site.run_me(&["rerun", &group.id, "--yes", "--detach", "--json"]).exits(0).json();
    assert_eq!(detached["release"], group.id.as_str());
    assert_eq!((site.runs(&group.build), site.runs(&group.push)), (2, 1));
    site.run(&group.build, Outcome::Completed);
    until("the push is asked for", || site.runs(&group.push) == 2);
    until("the trail says so", || site.trail().first() == Some(&row("rerun", &group.push, "done")));
}

#[test]
fn one_task_alone_is_named_by_name_id_run_or_page() {
    let registry = Registry::with_login();
    let site = Site::new(&registry).may(&["queue:*"]);
    let group = site.group("push", "success");
    site.run(&group.build, Outcome::Completed);
    site.run(&group.push, Outcome::Completed);
    let page = format!("{}/tasks/{}", site.double.root, group.push);
    for (arguments, expected) in [
        (vec![group.id.as_str(), "--task", "push-image"], "push-image"),
        (vec![group.id.as_str(), "--task", group.build.as_str()], "docker-image"),
        (vec![&page], "push-image"),
        (vec![&group.push], "push-image"),
        // The first task has the id of its group: its run tells which is meant.
        (vec![&*format!("{}.0", group.id)], "docker-image"),
    ] {
        let plan = site.run_me(&[&["rerun"], &arguments[..], &["--dry-run", "--json"]].concat()).exits(0).json();
        assert_eq!((&plan["waves"][0][0]["name"], plan["waves"].as_array().unwrap().len()), (&expected.into(), 1));
    }
    let both = ["rerun", &group.id, "--task", "push-image", "--task", "docker-image", "--dry-run", "--json"];
    assert_eq!(site.run_me(&both).exits(0).json()["waves"].as_array().unwrap().len(), 2);
    let error = site.run_me(&["rerun", &group.id, "--task", "push-imag", "--dry-run", "--json"]).exits(2).error();
    says(&error, "next", "did you mean push-image?");
    site.run_me(&["rerun", &group.id, "--move", "--dry-run"]).exits(2);
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_asked() {
    let registry = Registry::with_login();
    let site = Site::new(&registry).may(&["queue:get-*"]);
    let group = site.failed();
    let refused = |arguments: &[&str], code: i32| {
        let error = site.run_me(&[arguments, &["--yes", "--json"]].concat()).exits(code).error();
        assert!(site.changes().is_empty(), "{error}");
        error
    };
    let error = refused(&["rerun", &group.id], 3);
    says(&error, "why", &format!("queue:rerun-task:-/{}/{}", group.id, group.build));
    says(&error, "next", "windlass signin --scope 'queue:rerun-task:");
    says(&refused(&["rerun", &group.id, "--clone"], 3), "why", &format!("secrets:get:{SECRET}"));
    says(&refused(&["cancel", &group.id], 3), "why", "queue:cancel-task:");
    let anonymous = site.elsewhere(&["rerun", &group.id, "--yes", "--json"]).exits(3).error();
    says(&anonymous, "why", "nobody is signed in");

    let site = site.may(&["queue:*", "secrets:*"]);
    site.run_me(&["rerun", &group.id, "--json"]).exits(2);
    site.run_me(&["cancel", &group.id, "--json"]).exits(2);
    site.run_me(&["rerun", &group.id, "--yes", "--read-only"]).exits(3);
    site.run_me(&["cancel", &group.id, "--yes", "--read-only"]).exits(3);
    site.run_me(&["rerun", &group.id, "--dry-run", "--read-only"]).exits(0);
    let runs = site.group("push", "pending");
    says(&site.run_me(&["rerun", &runs.id, "--yes", "--json"]).exits(1).error(), "what", "still runs");
    for _ in 0..49 {
        site.double.rerun(&group.build);
        site.run(&group.build, Outcome::Failed);
    }
    let error = site.run_me(&["rerun", &group.id, "--yes", "--json"]).exits(1).error();
    says(&error, "why", "50 runs");
    says(&error, "next", "--clone");
    assert!(site.changes().is_empty() && site.trail().is_empty());
}

#[test]
fn past_its_deadline_a_task_is_made_anew_or_not_at_all() {
    let registry = Registry::with_login();
    let site = Site::new(&registry).may(&["queue:*", "secrets:*"]);
    let past = moment::text(site.double.now() - moment::minutes(2));
    let made = moment::text(site.double.now() - moment::hours(1));
    let task = site.double.task(&json!({
        "created": made, "deadline": past,
        "metadata": {"name": "docker-image", "owner": "a@b.c", "source": "https://a.b/", "description": ""},
    }));
    let error = site.run_me(&["rerun", &task, "--yes", "--json"]).exits(1).error();
    says(&error, "why", "its deadline was at");
    says(&error, "next", "--clone");
    let made = site.run_me(&["rerun", &task, "--clone", "--yes", "--detach", "--json"]).exits(0).json();
    let clone = made["tasks"][0]["task"].as_str().expect("an id");
    assert_eq!(site.state(clone), "pending");
    let open = site.group("push", "pending");
    let late = site.double.task(&json!({
        "taskGroupId": open.id, "deadline": moment::text(site.double.now() + moment::minutes(10)),
        "payload": {"maxRunTime": 3600},
        "metadata": {"name": "push-image", "owner": "a@b.c", "source": "https://a.b/", "description": ""},
    }));
    site.run(&late, Outcome::Failed);
    let plan = site.run_me(&["rerun", &open.id, "--task", &late, "--dry-run"]).exits(0).stdout;
    assert!(plan.contains("mind") && plan.contains("may take 60 min"), "{plan}");
}

#[test]
fn inputs_that_have_expired_are_in_the_way() {
    let registry = Registry::with_login();
    let site = Site::new(&registry).may(&["queue:*"]);
    let group = site.group("push", "failure");
    site.run(&group.build, Outcome::Completed);
    let push = site.double.task(&json!({
        "taskGroupId": group.id, "dependencies": [group.build],
        "payload": {"env": {"MOZ_FETCHES": format!(r#"[{{"task":"{}","artifact":"public/image.tar"}}]"#, group.build)}},
        "metadata": {"name": "push-image", "owner": "a@b.c", "source": "https://a.b/", "description": ""},
    }));
    site.run(&push, Outcome::Failed);
    let error = site.run_me(&["rerun", &push, "--yes", "--json"]).exits(1).error();
    says(&error, "why", "public/image.tar of docker-image, which it begins with, has expired");
    says(&error, "next", &format!("windlass rerun {} --from {}", group.id, group.build));
    site.double.artifact(&group.build, 0, "public/image.tar", Stored::log("an image"));
    site.run_me(&["rerun", &push, "--dry-run"]).exits(0);
}

#[test]
fn an_answer_that_was_lost_gives_no_second_run() {
    let registry = Registry::with_login();
    let site = Site::new(&registry).may(&["queue:*"]);
    let rerun =
        |group: &Group, code: i32| site.run_me(&["rerun", &group.id, "--yes", "--detach", "--json"]).exits(code);
    let posts = |group: &Group| {
        let asked = site.changes();
        asked.iter().filter(|asked| asked.path.contains(&group.build) && asked.path.ends_with("/rerun")).count()
    };

    // It was done, and its answer was lost.
    let group = site.failed();
    site.double.fault("POST", "/rerun", Fault::Lost, 1);
    let done = rerun(&group, 0).json();
    says(&done["tasks"][0], "remark", "the answer was lost");
    assert_eq!((site.runs(&group.build), posts(&group)), (2, 1));

    // Even where the new run has ended before anybody looks.
    let group = site.failed();
    site.double.fault("POST", "/rerun", Fault::TruncatedBody, 1);
    rerun(&group, 0);
    assert_eq!((site.runs(&group.build), posts(&group)), (2, 1));

    // It was never done.
    let group = site.failed();
    site.double.fault("POST", "/rerun", Fault::Reset, 1);
    rerun(&group, 0);
    assert_eq!((site.runs(&group.build), posts(&group)), (2, 2));

    // Nobody can tell: then it is not asked for again, and that is said.
    let group = site.failed();
    site.double.fault("POST", "/rerun", Fault::Lost, 1);
    let status = format!("/task/{}/status", group.build).leak();
    site.double.fault("GET", status, Fault::Slow(std::time::Duration::ZERO), 1);
    site.double.fault("GET", status, Fault::Html500, 4);
    let error = rerun(&group, 4).error();
    says(&error, "what", "whether docker-image runs again is not known");
    says(&error, "next", &format!("windlass show {}", group.build));
    assert_eq!((site.runs(&group.build), posts(&group)), (2, 1));
    assert_eq!(site.trail()[0], row("rerun", &group.build, "failed"));
}

#[test]
fn clones_are_new_tasks_that_wait_for_each_other_and_take_the_places_of_the_old() {
    let registry = Registry::with_login();
    let site = Site::new(&registry).may(&["queue:*", "secrets:*"]);
    let group = site.failed();
    let shown = site.run_me(&["rerun", &group.id, "--clone", "--dry-run"]).exits(0).stdout;
    for words in ["kept", "scopes, routes", "times, moved to now", "the same, where each clone"] {
        assert!(shown.contains(words), "no {words}: {shown}");
    }
    // An answer that is lost is asked for again under the same id.
    site.double.fault("PUT", "/task/", Fault::Lost, 1);
    let made = site.run_me(&["rerun", &group.id, "--clone", "--yes", "--detach", "--json"]).exits(0).json();
    let [build, push] = [0, 1].map(|n| made["tasks"][n]["task"].as_str().expect("an id").to_owned());
    let puts: Vec<Asked> = site.changes();
    assert_eq!(puts.len(), 3);
    assert_eq!((&puts[0].path, &puts[0].body), (&puts[1].path, &puts[1].body));
    let narrowed = puts[2].authorized_scopes.clone().expect("narrowed");
    assert!(narrowed.contains(&format!("secrets:get:{SECRET}")) && !narrowed.iter().any(|scope| scope.ends_with('*')));
    assert_eq!((site.state(&build), site.state(&push)), ("pending".into(), "unscheduled".into()));
    let (old, new) = (site.double.definition(&group.push), site.double.definition(&push));
    assert_eq!(new["dependencies"], json!([build]));
    assert_eq!(new["extra"]["windlass"]["clone-of"], group.push.as_str());
    for kept in
        ["scopes", "payload", "tags", "routes", "projectId", "schedulerId", "priority", "retries", "taskGroupId"]
    {
        assert_eq!(old[kept], new[kept], "{kept}");
    }
    assert_ne!(old["deadline"], new["deadline"]);
    assert_eq!(site.trail(), [row("rerun", &push, "done"), row("rerun", &build, "done")]);
    let release = site.show(&group.id);
    let states: Vec<&Value> = release["steps"].as_array().unwrap().iter().map(|step| &step["state"]).collect();
    assert_eq!(states, ["pending", "pending"], "{release}");
    assert_eq!(release["state"], "pending");
    site.run(&build, Outcome::Completed);
    site.run(&push, Outcome::Completed);
    assert_eq!(site.show(&group.id)["state"], "succeeded");
}

#[test]
fn a_sealed_group_gets_no_clones_but_a_group_of_their_own_does() {
    let registry = Registry::with_login();
    let site = Site::new(&registry).may(&["queue:*", "secrets:*"]);
    let group = site.failed();
    site.double.seal(&group.id);
    let shown = site.run_me(&["rerun", &group.id, "--clone", "--dry-run"]).exits(0).stdout;
    assert!(shown.contains("the group is sealed") && shown.contains("only claimed"), "{shown}");
    let made = site.run_me(&["rerun", &group.id, "--clone", "--yes", "--detach", "--json"]).exits(0).json();
    let first = made["tasks"][0]["task"].as_str().expect("an id");
    assert_eq!(made["release"], first);
    assert_eq!(site.double.definition(first)["taskGroupId"], first);
    let second = made["tasks"][1]["task"].as_str().expect("an id");
    assert_eq!(site.double.definition(second)["taskGroupId"], first);
    assert_eq!(site.show(&group.id)["state"], "failed", "nothing of the old one is replaced");
}

#[test]
fn clones_that_were_made_before_one_was_refused_are_told() {
    let registry = Registry::with_login();
    let site = Site::new(&registry).may(&["queue:*", "secrets:*"]);
    let group = site.failed();
    let refusal =
        Fault::Status { code: 400, media: "application/json", body: r#"{"code":"InputError","message":"no"}"# };
    site.double.fault("PUT", "/task/", Fault::Slow(std::time::Duration::ZERO), 1);
    site.double.fault("PUT", "/task/", refusal, 1);
    let error = site.run_me(&["rerun", &group.id, "--clone", "--yes", "--detach", "--json"]).exits(1).error();
    says(&error, "why", "docker-image was made all the same");
    let trail = site.trail();
    let made = &trail[1].1;
    says(&error, "next", &format!("windlass cancel {made}.0"));
    site.run_me(&["cancel", &format!("{made}.0"), "--yes"]).exits(0);
    assert_eq!(site.state(made), "exception");
}

#[test]
fn what_is_not_over_is_cancelled_and_what_is_stays() {
    let registry = Registry::with_login();
    let site = Site::new(&registry).may(&["queue:cancel-task:*"]);
    let group = site.group("push", "pending");
    site.double.claim(&group.build);
    let plan = site.run_me(&["cancel", &group.id, "--dry-run", "--json"]).exits(0).json();
    assert_eq!((&plan["schema"], &plan["tasks"][0]["name"]), (&"windlass.cancel-plan/1".into(), &"push-image".into()));
    assert!(site.changes().is_empty());
    // An answer that is lost changes nothing.
    site.double.fault("POST", "/cancel", Fault::Lost, 1);
    let cancelled = site.run_me(&["cancel", &group.id, "--yes", "--json"]).exits(0).json();
    assert_eq!((&cancelled["schema"], &cancelled["state"]), (&"windlass.release/1".into(), &"cancelled".into()));
    assert_eq!((site.state(&group.build), site.state(&group.push)), ("exception".into(), "exception".into()));
    let asked = site.changes();
    assert!(asked[0].path.contains(&group.push) && asked.last().unwrap().path.contains(&group.build), "{asked:?}");
    let narrowed = format!("queue:cancel-task:-/{}/{}", group.id, group.push);
    assert_eq!(asked[0].authorized_scopes, Some(vec![narrowed]));
    assert_eq!(site.trail(), [row("cancel", &group.build, "done"), row("cancel", &group.push, "done")]);
    assert!(asked.iter().all(|asked| !asked.path.contains("task-group")), "nothing is sealed");
    let error = site.run_me(&["cancel", &group.id, "--yes", "--json"]).exits(1).error();
    says(&error, "why", "all of it has ended: docker-image cancelled");

    let other = site.group("push", "pending");
    site.run_me(&["cancel", &other.id, "--task", "push-image", "--yes"]).exits(0);
    assert_eq!((site.state(&other.build), site.state(&other.push)), ("pending".into(), "exception".into()));
}

#[test]
fn a_group_is_sealed_only_where_that_is_said_with_its_id() {
    let registry = Registry::with_login();
    let site = Site::new(&registry).may(&["queue:*"]);
    let group = site.group("push", "pending");
    let error = site.run_me(&["cancel", &group.id, "--seal", "--yes", "--json"]).exits(2).error();
    says(&error, "next", &format!("--seal --confirm {}", group.id));
    site.run_me(&["cancel", &group.id, "--seal", "--confirm", &group.push]).exits(2);
    assert!(site.changes().is_empty());
    let sealed = site.run_me(&["cancel", &group.id, "--seal", "--confirm", &group.id]).exits(0);
    assert!(sealed.stdout.contains("is sealed"), "{sealed:?}");
    assert_eq!((site.state(&group.build), site.state(&group.push)), ("exception".into(), "exception".into()));
    let paths: Vec<String> = site.changes().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, ["seal", "cancel"].map(|act| format!("/api/queue/v1/task-group/{}/{act}", group.id)));
    assert_eq!(site.trail(), [row("cancel", &group.id, "done")]);
}

#[test]
fn what_is_of_this_machine_has_no_tasks() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    site.project.set_secret();
    let local = site.project.release();
    let id = local["id"].as_str().expect("an id");
    for more in [["--clone"].as_slice(), &["--task", "push"]] {
        let error = site.project.windlass(&[&["rerun", id, "--yes", "--json"], more].concat()).exits(2).error();
        says(&error, "what", "has no tasks");
    }
    let error = site.project.windlass(&["rerun", id, "--from", "pusch", "--yes", "--json"]).exits(2).error();
    says(&error, "next", "did you mean push?");
    for more in [["--seal"].as_slice(), &["--dry-run"], &["--task", "push"]] {
        site.project.windlass(&[&["cancel", id], more].concat()).exits(2);
    }
}

#[test]
fn the_console_runs_tasks_again_and_ends_them_by_its_dialogs() {
    let registry = Registry::with_login();
    let site = Site::new(&registry).may(&["queue:rerun-task:*", "queue:cancel-task:*"]);
    site.project.set_secret();
    let group = site.failed();
    let mut console = Screen::start(&site.program(&[]), 140, 40);
    console.sees("e re-run its tasks");
    console.press("e");
    console.sees(&format!("Re-run release {}", group.id));
    console.sees("docker-image, then push-image");
    console.sees("does not let you make these tasks");
    console.press("\r");
    console.sees(&format!("Re-run tasks of release {}?", group.id));
    console.sees("its command failed): run 1");
    console.sees(&format!("windlass rerun {} --yes", group.id));
    console.press("y");
    console.sees("runs on its own");
    console.sees("it was asked for once more");
    assert_eq!(site.runs(&group.build), 2);
    console.press("x");
    console.sees(&format!("Cancel release {}?", group.id));
    console.sees("ends");
    console.press("y");
    console.sees("was told to cancel");
    console.sees("docker-image was cancelled");
    assert_eq!((site.state(&group.build), site.state(&group.push)), ("exception".into(), "exception".into()));
    let acts: Vec<String> = site.trail().into_iter().map(|(act, ..)| act).collect();
    assert_eq!(acts[..3], ["cancel", "cancel", "rerun"]);
    console.press("q");
    assert_eq!(console.end(), 0);
}

/// A release that was looked at, by somebody who may do everything, and what they would do it with.
struct Looked {
    cluster: Cluster,
    facts: Facts,
    journal: Journal,
}

impl Looked {
    async fn at(site: &Site, group: &Group) -> Self {
        let project = windlass::config::load(&site.project.checkout(), None).unwrap();
        let me = site.double.client(ME, TOKEN, &["*"]);
        let cluster = Cluster::new(project, |_| Ok(somebody(&site.double, &me))).await.unwrap();
        let detailed = cluster.detailed(&group.id.parse().unwrap(), Timestamp::now()).await.unwrap();
        let facts = facts(&cluster, &detailed).await.unwrap();
        let journal = Journal::open(&site.project.folder().join("journal.db")).await.unwrap();
        Self { cluster, facts, journal }
    }

    fn by(&self) -> By<'_> {
        By { journal: &self.journal, who: "ada@host", permit: MayWrite::unless(false).unwrap() }
    }

    async fn outcome(&self) -> &'static str {
        self.journal.audit_rows(1).await.unwrap()[0].outcome.name()
    }
}

#[tokio::test]
async fn what_ended_of_itself_meanwhile_is_not_called_cancelled() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    let group = site.group("push", "pending");
    site.double.claim(&group.build);
    let looked = Looked::at(&site, &group).await;
    let ending = ending(&looked.facts, Some(&group.build.parse().unwrap()), false).unwrap();
    site.double.resolve(&group.build, Outcome::Completed);
    let error = cluster_ending::carry_out(&looked.cluster, &ending, looked.by()).await.unwrap_err();
    assert_eq!((error.kind.exit_code(), error.why.as_str()), (1, "docker-image completed"));
    assert_eq!((site.state(&group.build), looked.outcome().await), ("completed".into(), "failed"));
}

#[tokio::test]
async fn what_somebody_else_ran_again_meanwhile_is_not_run_again_by_us() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    let group = site.failed();
    let looked = Looked::at(&site, &group).await;
    let prepared = prepare(&looked.cluster, &looked.facts, &Which::Whole, Manner::Rerun).await.unwrap();
    let again = async || cluster_again::carry_out(&looked.cluster, &prepared, looked.by(), &mut |_| ()).await;

    site.double.rerun(&group.build);
    let begun = again().await.unwrap();
    assert!(begun[0].remark.unwrap().contains("somebody else"), "{begun:?}");
    assert_eq!((site.runs(&group.build), looked.outcome().await), (2, "done"));
    site.run(&group.build, Outcome::Completed);
    let error = again().await.unwrap_err();
    assert!(error.why.contains("somebody else did that meanwhile, and it has ended: completed"), "{error:?}");
    assert_eq!((site.runs(&group.build), looked.outcome().await), (2, "failed"));
    assert!(site.changes().is_empty());
}

#[test]
fn in_the_console_marked_releases_are_run_again_together_and_ended_together() {
    let registry = Registry::with_login();
    let site = Site::new(&registry).may(&["queue:rerun-task:*", "queue:cancel-task:*"]);
    let (first, second) = (site.failed(), site.failed());
    let mut console = Screen::start(&site.program(&[]), 140, 40);
    console.sees("e re-run its tasks");
    console.press("mm");
    console.sees("2 marked");
    console.press("e");
    console.sees("Re-run tasks of marked releases?");
    console.sees(&format!("{} at", first.id));
    console.sees(&format!("{} at", second.id));
    console.press("y");
    until("both run again", || site.runs(&first.build) == 2 && site.runs(&second.build) == 2);
    console.no_longer_sees("marked");
    console.press("ggmm");
    console.sees("2 marked");
    console.press("x");
    console.sees("Cancel marked releases?");
    console.press("y");
    until("both are ended", || [&first, &second].iter().all(|group| site.state(&group.build) == "exception"));
    console.no_longer_sees("marked");
    console.press("q");
    assert_eq!(console.end(), 0);
}
