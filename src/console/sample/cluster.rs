//! Releases on Taskcluster, and what their tasks left and offer.

use std::collections::BTreeMap;

use super::{COMMIT, look, now, plan, project, tell};
use crate::{
    console::{
        message::{Listing, Message},
        model::{Model, Project},
    },
    domain::{
        action::{Offer, On},
        again::Facts,
        artifact::Left,
        asker::{Asker, Client},
        beginning::{self, Beginning, Takes},
        plan::{Plan, Runner, Trigger},
        release::{Release, ReleaseState, StepId, StepState, StepView},
        task::{Task, TaskId},
        wishes::Wishes,
    },
};

/// One on Taskcluster, of which these tasks are known.
pub fn remote(tasks: &[StepView]) -> Release {
    let group: TaskId = "f18OCIBgRoSL6-8OrQg82Q".parse().unwrap();
    let plan = Plan { release: (&group).into(), runner: Runner::Taskcluster, trigger: Trigger::Push, ..plan(9) };
    let mut release = Release::new(plan, "2026-11-21T09:20:00Z".parse().unwrap(), 5);
    release.steps = tasks.to_vec();
    let runs = tasks.is_empty() || tasks.iter().any(|task| task.state == StepState::Running);
    release.state = if runs { ReleaseState::Running } else { ReleaseState::Succeeded };
    release.ended = (!runs).then(now);
    release
}

/// What the task `push` left: of each kind, long there, soon gone, gone, and never made.
pub fn left() -> Vec<Left> {
    let task = running_task("push").step.task().unwrap().clone();
    let one = |name: &str, storage: &str, size, expires: &str| Left {
        task: task.clone(),
        task_name: "push-image-balrog".to_owned(),
        run: 0,
        name: name.to_owned(),
        storage: storage.to_owned(),
        content_type: "text/plain".to_owned(),
        size,
        expires: expires.parse().unwrap(),
        unmade: None,
    };
    let why = Some("file-missing-on-worker: could not find /app/coverage.xml".to_owned());
    vec![
        one("public/docker-image-shasum256.txt", "s3", Some(71), "2027-11-21T09:20:00Z"),
        one("public/image.tar.zst", "object", Some(412_345_678), "2026-11-23T09:20:00Z"),
        one("public/logs/live.log", "link", None, "2026-11-21T09:20:00Z"),
        Left { unmade: why, ..one("public/coverage.xml", "error", None, "2027-11-21T09:20:00Z") },
    ]
}

/// What a decision task offers for the tasks `build` and `push`, and for their group.
pub fn offers() -> Vec<Offer> {
    let on = |names: &[&str]| {
        let tasks = names.iter().map(|name| finished_task(name).step);
        On::Tasks(
            tasks
                .map(|step| {
                    let StepId::Task { id, name } = step else { panic!("a task") };
                    (id, name)
                })
                .collect(),
        )
    };
    let one = |name: &str, title: &str, on: On, schema: serde_json::Value, refused: Option<&str>| Offer {
        name: name.to_owned(),
        title: title.to_owned(),
        description: format!("{title}, as it was made"),
        on,
        hook: Some("project-releng/in-tree-action-3-generic/0123456789".to_owned()),
        schema,
        refused: refused.map(str::to_owned),
    };
    let times = serde_json::json!({
        "type": "object", "properties": {"times": {"type": "integer", "default": 1, "title": "How often"}},
    });
    vec![
        one("retrigger", "Retrigger", on(&["build", "push"]), times, None),
        one("add-new-jobs", "Add new jobs", On::Group, serde_json::Value::Null, None),
        one(
            "cancel-all",
            "Cancel all",
            On::Group,
            serde_json::Value::Null,
            Some("its kind is task: only hooks are fired from here"),
        ),
    ]
}

fn task(name: &str, state: StepState) -> StepView {
    let id: TaskId = format!("{name}-0123456789012345678901")[..22].parse().unwrap();
    StepView {
        step: StepId::Task { id, name: format!("{name}-image-balrog") },
        run: Some(0),
        state,
        started: Some("2026-11-21T09:21:00Z".parse().unwrap()),
        ended: (state == StepState::Succeeded).then(now),
        note: "releng-3/linux-docker".to_owned(),
        failure: None,
    }
}

pub fn finished_task(name: &str) -> StepView {
    task(name, StepState::Succeeded)
}

pub fn running_task(name: &str) -> StepView {
    task(name, StepState::Running)
}

/// What would begin a release on Taskcluster by a push, where this is wished.
pub fn beginning(wishes: &Wishes) -> Beginning {
    let command = format!("git push origin {COMMIT}:refs/heads/master");
    let rows = [
        ("runs", command.as_str()),
        ("commit", COMMIT),
        ("remote", "origin (https://github.com/mozilla/balrog), where master is 1f0e9d8"),
        ("follows", "the build that tc.example makes of it for mozilla/balrog"),
        ("moving", "balrog: latest  fab14b2f13a0 (release bbbbbbbbbb) is replaced"),
    ];
    Beginning {
        host: "tc.example".to_owned(),
        rows: rows.map(|(label, words)| (label, words.to_owned())).to_vec(),
        refused: None,
        words: beginning::words(wishes),
        agreed: Some(command.clone()),
        said: "pushing 3f2c1ab to master: its build is waited for".to_owned(),
        there: None,
    }
}

/// What the hook takes that begins releases.
pub fn takes() -> Takes {
    let schema = serde_json::json!({
        "type": "object", "required": ["ref"], "additionalProperties": false,
        "properties": {
            "dry": { "type": "boolean", "default": false },
            "ref": { "type": "string", "description": "the commit that is built" },
        },
    });
    Takes { hook: "project-balrog/docker".to_owned(), about: "builds and pushes".to_owned(), schema }
}

/// A console whose project names a deployment, with these releases of it.
pub fn cluster(size: (u16, u16), releases: Vec<Release>) -> Model {
    let mut model = Model::new(size, look(), now());
    let project = Project { cluster: Some("tc.example".to_owned()), ..project() };
    tell(&mut model, Message::Project(Ok(project)));
    tell(&mut model, Message::Releases(Ok(Listing { releases: Vec::new(), damaged: 0 })));
    tell(&mut model, Message::Cluster(1, Ok(releases)));
    model
}

/// Who that deployment is asked as: of a sign-in that ends then.
pub fn signed_in(until: &str) -> Asker {
    let id = "github/1|ada/windlass-k3v9".to_owned();
    let client = Client { id, from: "windlass signin".to_owned(), until: Some(until.parse().unwrap()) };
    Asker { client: Some(client), ..Asker::default() }
}

/// What is known of a release on Taskcluster whose build failed, for whoever may do this.
pub fn task_facts(scopes: &[&str]) -> Facts {
    let group = "f18OCIBgRoSL6-8OrQg82Q";
    let task = |name: &str, state: &str, on: &[&TaskId]| -> Task {
        let run = serde_json::json!({ "runId": 0, "state": state, "reasonResolved": state });
        let runs = if state == "unscheduled" { Vec::new() } else { vec![run] };
        let StepId::Task { id, name } = finished_task(name).step else { panic!("a task") };
        let deadline = "2026-11-21T10:00:00Z";
        serde_json::from_value(serde_json::json!({
            "status": {
                "taskId": id, "taskGroupId": group, "schedulerId": "github", "projectId": "balrog",
                "deadline": deadline, "state": state, "runs": runs,
            },
            "task": {
                "taskGroupId": group, "schedulerId": "github", "created": "2026-11-21T09:20:00Z",
                "deadline": deadline, "dependencies": on, "metadata": { "name": name }, "payload": { "maxRunTime": 3600 },
            },
        }))
        .unwrap()
    };
    let build = task("build", "failed", &[]);
    let push = task("push", "unscheduled", &[build.id()]);
    Facts {
        now: now(),
        host: "tc.example".to_owned(),
        group: group.parse().unwrap(),
        sealed: false,
        ours: vec![build.id().clone(), push.id().clone()],
        tasks: vec![build, push],
        signed: true,
        scopes: Some(scopes.iter().copied().collect()),
        inputs: BTreeMap::new(),
        clean: str::to_owned,
    }
}
