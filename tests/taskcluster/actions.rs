//! Actions of decision tasks: which are offered and why others are not, what their hooks are fired with, and what they made.

use std::process::Command;

use serde_json::{Value, json};

use super::site::Site;
use crate::support::{
    processes::until,
    project::{Ran, ran, told},
    registry::Registry,
    running::Running,
    screen::Screen,
    taskcluster::{
        fault::Fault,
        github::Build,
        queue::{artifacts::Stored, task::Outcome},
    },
};

const ME: &str = "github/1|ada";
const TOKEN: &str = "tokentokentokentoken44";
const FILE: &str = "public/actions.json";
const ID: &str = "in-tree-action-3-generic/0123456789";
const MAY: &str = "hooks:trigger-hook:project-x/in-tree-action-3-*";

/// A group that a decision task began.
struct Decided {
    site: Site,
    decision: String,
    push: String,
}

impl Decided {
    /// By this event; with what decision tasks of taskgraph offer, and somebody who may do this.
    fn new(registry: &Registry, event: &'static str, scopes: &[&str]) -> Self {
        let site = Site::new(registry);
        let metadata = |name: &str| json!({"name": name, "owner": "bot@example.org", "source": "https://example.org/", "description": ""});
        let decision = site.double.task(&json!({"metadata": metadata("Decision Task"), "schedulerId": "x-level-3"}));
        let push = site.double.task(&json!({
            "metadata": metadata("push-image"), "taskGroupId": decision, "schedulerId": "x-level-3",
            "tags": {"kind": "push", "os": "linux"},
        }));
        site.double.build(&Build {
            owner: "team",
            repository: "app",
            sha: site.commit(),
            task_group: decision.clone(),
            state: "pending",
            event,
            pull_request: event.starts_with("pull_request").then_some(7),
        });
        site.run(&decision, Outcome::Completed);
        site.double.client(ME, TOKEN, scopes);
        let decided = Self { site, decision, push };
        decided.offers(&actions());
        decided.allow("hook-groups = [\"project-x\"]");
        decided.hook("project-x", ID);
        decided
    }

    fn offers(&self, actions: &Value) {
        let document = json!({"version": 1, "variables": {"who": "x"}, "actions": actions});
        let media = "application/json";
        let stored = Stored::S3 { bytes: document.to_string().into_bytes(), media, gzip: true };
        self.site.double.artifact(&self.decision, 0, FILE, stored);
    }

    fn allow(&self, line: &str) {
        let home = self.site.project.home();
        std::fs::create_dir_all(&home).expect("a folder");
        std::fs::write(home.join("settings.toml"), format!("[taskcluster]\n{line}\n")).expect("settings");
    }

    /// As in-tree actions have theirs: its task is in the group where the action is taken.
    fn hook(&self, group: &str, id: &str) {
        let task = json!({
            "taskQueueId": "proj/ci", "payload": {}, "schedulerId": "x-level-3",
            "taskGroupId": {"$eval": "payload.user.taskGroupId"},
            "metadata": {"name": "Action: Retrigger", "owner": "ada@example.org", "source": "https://example.org/", "description": ""},
        });
        self.site.double.hook(group, id, &task, &json!({"type": "object", "required": ["decision", "user"]}));
        self.site.double.role(&format!("hook-id:{group}/{id}"), &["queue:*"]);
    }

    fn program(&self, arguments: &[&str]) -> Command {
        let mut program = self.site.project.program(arguments);
        program.env("TASKCLUSTER_ROOT_URL", &self.site.double.root);
        program.env("TASKCLUSTER_CLIENT_ID", ME).env("TASKCLUSTER_ACCESS_TOKEN", TOKEN);
        program
    }

    /// `windlass action GROUP …`
    fn run(&self, arguments: &[&str]) -> Ran {
        ran(&mut self.program(&[&["action", &self.decision], arguments].concat()))
    }

    /// What the hook was fired with, each time.
    fn fired(&self) -> Vec<Value> {
        let asked = self.site.double.requests();
        let fires = asked.iter().filter(|asked| asked.method == "POST" && asked.path.ends_with("/trigger"));
        fires.map(|asked| serde_json::from_slice(&asked.body).expect("JSON")).collect()
    }

    /// What is said of each action: its name, and why it is not offered.
    fn listed(&self, more: &[&str]) -> Vec<(String, String)> {
        let listed = self.run(&[more, &["--json"]].concat()).exits(0).json();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let actions = listed["actions"].as_array().expect("a list");
        actions.iter().map(|action| (text(&action["name"]), text(&action["why"]))).collect()
    }
}

fn action(name: &str, context: &Value, more: &Value) -> Value {
    let mut action = json!({
        "name": name, "title": format!("{name}, please"), "description": "as it was made", "context": context,
        "kind": "hook", "hookGroupId": "project-x", "hookId": ID,
        "hookPayload": {
            "decision": {"action": {"name": name}, "repository": {"level": "3"}},
            "user": {"input": {"$eval": "input"}, "taskId": {"$eval": "taskId"}, "taskGroupId": {"$eval": "taskGroupId"}},
            "by": "${who}",
        },
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        action[key] = value.clone();
    }
    action
}

fn actions() -> Value {
    let times = json!({
        "type": "object", "additionalProperties": false,
        "properties": {"times": {"type": "integer", "default": 1}, "downstream": {"type": "boolean", "default": false}},
    });
    json!([
        action("retrigger", &json!([{"kind": "push"}]), &json!({"schema": times})),
        action("retrigger", &json!([{}]), &json!({})),
        action("add-new-jobs", &json!([]), &json!({})),
        action("cancel-all", &json!([]), &json!({"kind": "task"})),
        action("of-others", &json!([]), &json!({"hookGroupId": "project-y"})),
        action("too-high", &json!([]), &json!({"hookId": "in-tree-action-4-generic/0123456789"})),
    ])
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
fn what_a_decision_task_offers_is_listed_and_why_some_is_not() {
    let registry = Registry::with_login();
    let decided = Decided::new(&registry, "push", &[MAY]);
    let listed = decided.run(&["--json"]).exits(0).json();
    let named = |at: usize| listed["actions"][at].clone();
    assert_eq!(named(0)["tasks"], json!([{"task": decided.push, "name": "push-image"}]));
    assert_eq!(named(1)["tasks"], json!([{"task": decided.decision, "name": "Decision Task"}]), "the first of a name");
    assert_eq!((&named(2)["tasks"], &named(2)["hook"]), (&Value::Null, &json!(format!("project-x/{ID}"))));
    let why: Vec<String> = decided.listed(&[]).into_iter().map(|(_, why)| why).collect();
    assert_eq!(why[..3], ["", "", ""]);
    assert_eq!(why[3], "its kind is task: only hooks are fired from here");
    assert_eq!(why[4], "your settings do not name its group, project-y");
    assert!(why[5].contains("of level 4") && why[5].contains("of level 3"), "{}", why[5]);
    let text = decided.run(&[]).exits(0).stdout;
    assert!(text.contains("retrigger, please") && text.contains("push-image") && text.contains("the group"), "{text}");
    // Read-only they are seen and not done.
    decided.run(&["--read-only"]).exits(0);
    decided.run(&["add-new-jobs", "--read-only", "--yes"]).exits(3);
    decided.run(&["add-new-jobs"]).exits(2);
    assert_eq!(decided.fired(), [Value::Null; 0]);
    // One that is not there, that is for several, and that is not done from here.
    says(&decided.run(&["retriger", "--yes", "--json"]).exits(2).error(), "what", "there is no action");
    says(&decided.run(&["retrigger", "--yes", "--json"]).exits(2).error(), "next", "--task TASK");
    says(&decided.run(&["cancel-all", "--yes", "--json"]).exits(2).error(), "why", "only hooks");
    says(&decided.run(&["too-high", "--yes", "--json"]).exits(3).error(), "why", "of level 4");
    assert_eq!(decided.fired(), [Value::Null; 0]);
}

#[test]
fn an_action_is_done_with_exactly_what_was_shown_and_what_it_made_is_followed() {
    let registry = Registry::with_login();
    let decided = Decided::new(&registry, "push", &[MAY]);
    decided.site.run(&decided.push, Outcome::Failed);
    let payload = json!({
        "decision": {"action": {"name": "retrigger"}, "repository": {"level": "3"}},
        "user": {"input": {"times": 1, "downstream": false}, "taskId": decided.push, "taskGroupId": decided.decision},
        "by": "x",
    });
    let plan = decided.run(&["retrigger", "--task", "push-image", "--dry-run", "--json"]).exits(0).json();
    assert_eq!(plan["payload"], payload);
    let needs = format!("hooks:trigger-hook:project-x/{ID}");
    assert_eq!(plan["scopes"], json!({"needs": needs, "lacks": null, "known": true}));
    let text = decided.run(&["retrigger", "--task", "push-image", "--dry-run"]).exits(0).stdout;
    for told in [format!("/user/taskId \"{}\"", decided.push), "/user/input/times 1".to_owned(), needs.clone()] {
        assert!(text.contains(&told), "{told}: {text}");
    }
    let arguments = ["action", &decided.decision, "retrigger", "--task", "push-image", "--yes"];
    let mut acting = Running::start(&mut decided.program(&arguments));
    let line = loop {
        let line = acting.line().expect("it tells what it began");
        if line.contains("made the task") {
            break line;
        }
    };
    let made = line.rsplit(' ').next().expect("its id").to_owned();
    assert_eq!(decided.fired(), [payload]);
    let double = &decided.site.double;
    let asked = double.requests().into_iter().find(|asked| asked.path.ends_with("/trigger")).expect("it was fired");
    assert_eq!(asked.authorized_scopes, Some(vec![needs]));
    assert_eq!(double.status(&made)["taskGroupId"], json!(decided.decision));
    // What the action makes is what counts.
    let again = double.task(&json!({
        "metadata": {"name": "push-image", "owner": "bot@example.org", "source": "https://example.org/", "description": ""},
        "taskGroupId": decided.decision, "schedulerId": "x-level-3", "extra": {"parent": made},
    }));
    decided.site.run(&made, Outcome::Completed);
    decided.site.run(&again, Outcome::Failed);
    let ended = acting.end().exits(1);
    assert!(ended.stderr.contains(&format!("{made} has completed, and made {again}")), "{ended:?}");
    assert!(ended.stderr.contains("push-image did not complete"), "{ended:?}");
    assert_eq!(outcome(&decided.site), ["trigger".to_owned(), format!("hook project-x/{ID}"), "done".to_owned()]);
}

#[test]
fn input_is_held_against_the_schema_before_anything_is_sent() {
    let registry = Registry::with_login();
    let decided = Decided::new(&registry, "push", &[MAY]);
    let give = |name: &str, input: &str| {
        let arguments = ["action", &decided.push, name, "--input-stdin", "--yes", "--detach", "--json"];
        told(&mut decided.program(&arguments), input)
    };
    for (input, place) in
        [(r#"{"times": "3"}"#, "/times: it must be integer"), (r#"{"time": 3}"#, "/time: "), ("{", "line 1")]
    {
        says(&give("retrigger", input).exits(2).error(), "why", place);
    }
    says(&give("add-new-jobs", "{\"a\": 1}").exits(2).error(), "why", "it is given nothing");
    assert_eq!(decided.fired(), [Value::Null; 0]);
    let begun = give("retrigger", r#"{"times": 3}"#).exits(0).json();
    assert_eq!(
        begun["payload"]["user"],
        json!({"input": {"times": 3}, "taskId": decided.push, "taskGroupId": decided.decision})
    );
    assert_eq!(begun["group"], json!(decided.decision));
    assert_eq!(decided.site.double.status(begun["made"].as_str().expect("its task"))["state"], "pending");
    let begun = give("add-new-jobs", "{}").exits(0).json();
    assert_eq!(begun["payload"]["user"], json!({"input": null, "taskId": null, "taskGroupId": decided.decision}));
    assert_eq!(decided.fired().len(), 2);
}

#[test]
fn hooks_of_a_group_that_nobody_named_are_not_fired() {
    let registry = Registry::with_login();
    let decided = Decided::new(&registry, "push", &["hooks:*"]);
    decided.hook("project-y", ID);
    let error = decided.run(&["of-others", "--yes", "--json"]).exits(3).error();
    says(&error, "why", "project-y");
    let file = decided.site.project.home().join("settings.toml");
    says(
        &error,
        "next",
        &format!("write into {}, under [taskcluster]: hook-groups = [\"project-x\", \"project-y\"]", file.display()),
    );
    decided.allow("hook-groups = [\"project-*\"]");
    says(&decided.run(&["of-others", "--yes", "--json"]).exits(2).error(), "why", "`project-*`");
    std::fs::remove_file(&file).expect("settings");
    decided.run(&["add-new-jobs", "--yes"]).exits(3);
    assert_eq!(decided.fired(), [Value::Null; 0]);
    decided.allow("hook-groups = [\"project-y\"]");
    decided.run(&["of-others", "--yes", "--detach"]).exits(0);
    assert_eq!(decided.fired().len(), 1);
}

#[test]
fn what_a_pull_request_offers_is_not_done_whoever_may() {
    let registry = Registry::with_login();
    let decided = Decided::new(&registry, "pull_request.opened", &["hooks:*"]);
    for (_, why) in decided.listed(&[]).into_iter().filter(|(name, _)| name != "cancel-all") {
        assert!(why.contains("its group comes from pull request"), "{why}");
    }
    let error = decided.run(&["add-new-jobs", "--yes", "--json"]).exits(3).error();
    says(&error, "why", "its group comes from pull request");
    // Nor what somebody made who is nobody's event.
    let own = decided.site.double.task(&json!({}));
    decided.site.run(&own, Outcome::Completed);
    let document = json!({"version": 1, "actions": actions()}).to_string().into_bytes();
    decided.site.double.artifact(&own, 0, FILE, Stored::S3 { bytes: document, media: "application/json", gzip: false });
    let error = ran(&mut decided.program(&["action", &own, "add-new-jobs", "--yes", "--json"])).exits(3).error();
    says(&error, "why", "not from a push or a release");
    assert_eq!(decided.fired(), [Value::Null; 0]);
}

#[test]
fn scopes_that_are_missing_and_a_hook_that_is_gone_are_told() {
    let registry = Registry::with_login();
    let decided = Decided::new(&registry, "push", &["queue:*"]);
    let error = decided.run(&["add-new-jobs", "--yes", "--json"]).exits(3).error();
    says(&error, "why", ID);
    says(&error, "next", "windlass signin --scope");
    decided.site.double.client(ME, TOKEN, &["hooks:*"]);
    let gone = action("gone", &json!([]), &json!({"hookId": "in-tree-action-3-generic/ffffffffff"}));
    decided.offers(&json!([gone]));
    let error = decided.run(&["gone", "--yes", "--json"]).exits(1).error();
    says(&error, "what", "there is no hook project-x/in-tree-action-3-generic/ffffffffff");
    says(&error, "next", "newer decision task");
    assert_eq!(decided.fired(), [Value::Null; 0]);
}

#[test]
fn what_offers_no_actions_says_so() {
    let registry = Registry::with_login();
    let decided = Decided::new(&registry, "push", &[MAY]);
    decided.site.double.artifact(&decided.decision, 0, FILE, Stored::log("{\"version\": 1}"));
    says(&decided.run(&["--json"]).exits(1).error(), "why", "it has no list of actions");
    decided.site.double.artifact(&decided.decision, 0, FILE, Stored::Expired);
    says(&decided.run(&["--json"]).exits(1).error(), "what", "offers no actions");
    // A run that goes on has left nothing yet: the one before it still counts.
    decided.offers(&actions());
    decided.site.double.rerun(&decided.decision);
    assert_eq!(decided.listed(&[]).len(), 6);
}

#[test]
fn an_action_of_which_the_answer_is_lost_is_not_done_twice() {
    let registry = Registry::with_login();
    let decided = Decided::new(&registry, "push", &[MAY]);
    let fault = |fault| decided.site.double.fault("POST", "/trigger", fault, 1);
    fault(Fault::Lost);
    let begun = decided.run(&["add-new-jobs", "--yes", "--detach", "--json"]).exits(0).json();
    says(&begun, "remark", "the answer was lost");
    assert_eq!(decided.fired().len(), 1);
    fault(Fault::Reset);
    says(&decided.run(&["add-new-jobs", "--yes", "--json"]).exits(4).error(), "what", "is not known");
    assert_eq!(decided.fired().len(), 2);
}

#[test]
fn the_console_has_an_action_done() {
    let registry = Registry::with_login();
    let decided = Decided::new(&registry, "push", &[MAY]);
    let mut console = Screen::start(&decided.program(&[]), 120, 40);
    console.sees("push-image");
    console.press("O");
    console.sees("Actions of release");
    console.sees("retrigger, please, of push-image");
    console.press("\r");
    console.sees("JSON, as its schema says");
    console.sees("\"times\":1");
    console.press("\x15{\"times\":2}\r");
    console.sees("y yes");
    console.sees("/user/input/times 2");
    console.press("y");
    console.sees("its hook made the task");
    until("it is fired", || decided.fired().len() == 1);
    assert_eq!(decided.fired()[0]["user"]["input"], json!({"times": 2}));
    console.press("q");
    assert_eq!(console.end(), 0);
}
