//! Releases and messages that the tests of the console show.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{
    effect::Effect,
    geometry::Geometry,
    message::{Listing, Message, News},
    model::{Goal, Image, Look, Match, Model, Project, Scanned, Seen, Sight, StepsRead},
    update::update,
};
use crate::domain::{
    action::{Offer, On},
    again::Facts,
    artifact::Left,
    asker::{Asker, Client},
    beginning::{self, Beginning, Takes},
    digest::Digest,
    event::{Built, Event, Stamped, Step},
    name::ReleaseId,
    observation::{Content, Hashed, Observation, ObservedImage},
    plan::{Plan, Runner, TagKind, Trigger},
    record::{Known, RecordSource},
    release::{Release, ReleaseState, StepId, StepState, StepView},
    sign::Signs,
    table::{Row, Table},
    task::{Task, TaskId},
    verdict::judge,
    wishes::Wishes,
};
use crate::log::{
    pattern::{Filter, Wanted},
    steps::Steps,
    viewport::{self, Layout, Window, memory::Log, window},
};

pub const COMMIT: &str = "3f2c1abb0e8d4f5a6b7c8d9e0f1a2b3c4d5e6f70";

pub fn now() -> Timestamp {
    "2026-11-21T09:31:00Z".parse().unwrap()
}

pub fn id(number: u8) -> ReleaseId {
    ReleaseId::from_random([number; 10])
}

pub fn plan(number: u8) -> Plan {
    serde_json::from_value(serde_json::json!({
        "release": id(number), "image": "balrog", "repository": "docker.io/mozilla/balrog", "runner": "local",
        "trigger": "by hand", "parent": null,
        "source": {
            "commit": COMMIT, "git_ref": "refs/heads/master", "branch": "master", "remote": null,
            "reviewed": true, "dirty": false, "committed": "2026-11-21T09:00:00Z",
        },
        "tags": [
            { "tag": "master-2026-11-21-09-30-00", "kind": "frozen" },
            { "tag": "latest", "kind": "moving" },
        ],
        "build": {
            "context": ".", "dockerfile": "Dockerfile", "target": null, "platform": "linux/amd64",
            "args": {}, "labels": {}, "builder": "auto",
        },
        "secret": "dockerhub", "recipe": { "username": "/u", "password": "/p" },
        "move": false, "who": "bot@host", "planned": "2026-11-21T09:30:00Z",
    }))
    .unwrap()
}

/// A release with these events, a second apart.
pub fn release(number: u8, begun: &str, events: Vec<Event>) -> Release {
    let begun: Timestamp = begun.parse().unwrap();
    let mut release = Release::new(plan(number), begun, 1);
    for event in events {
        release.apply(&stamped(&release, event)).unwrap();
    }
    release
}

/// The next event of a release.
pub fn stamped(release: &Release, event: Event) -> Stamped {
    let at = release.started + SignedDuration::from_secs(i64::try_from(release.seq).unwrap());
    Stamped { seq: release.seq + 1, at, event }
}

pub fn done(step: Step, note: &str) -> [Event; 2] {
    [Event::StepStarted { step }, Event::StepSucceeded { step, note: note.to_owned() }]
}

/// One that pushes.
pub fn running(number: u8) -> Release {
    let mut events = Vec::new();
    events.extend(done(Step::Preflight, "master, clean, reviewed"));
    events.extend(done(Step::Secret, "bot, may push"));
    events.extend(done(Step::Build, "sha256:7eb2f01f0000  11 steps, 6 cached"));
    events.push(Event::StepStarted { step: Step::Push });
    release(number, "2026-11-21T09:30:00Z", events)
}

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

/// An image of this name, as an engine built it.
pub fn built(image: &str) -> Built {
    serde_json::from_value(serde_json::json!({
        "image_id": Digest::of(format!("config of {image}").as_bytes()), "id_kind": "config", "diff_ids": [],
        "platform": null, "builder": "classic", "engine": "Docker 29.0", "dockerfile_digest": null,
        "context_digest": null, "log_digest": null, "log_clipped": false, "steps": 4, "cached": 0,
    }))
    .unwrap()
}

/// One that succeeded, and recorded this image for its tags.
pub fn recorded(number: u8, image: &str) -> Release {
    let mut events: Vec<Event> = Step::BUILDING.into_iter().flat_map(|step| done(step, "done")).collect();
    let record = row("latest", Some(image), Some(image)).known.unwrap().record;
    events.push(Event::Built(built(image)));
    events.push(Event::Recorded { path: "/records".into(), sha256: Digest::of(b"record"), record: Box::new(record) });
    events.push(Event::Finished);
    release(number, "2026-11-20T09:30:00Z", events)
}

pub fn look() -> Look {
    Look { signs: Signs::Unicode, colour: true, light: false }
}

pub fn project() -> Project {
    Project {
        images: vec![Image { name: "balrog".into(), repository: "docker.io/mozilla/balrog".parse().unwrap() }],
        cluster: None,
        begun: None,
    }
}

/// A console of a project that has these releases.
pub fn console(size: (u16, u16), releases: Vec<Release>) -> Model {
    let mut model = Model::new(size, look(), now());
    update(&mut model, Message::Project(Ok(project())), now());
    update(&mut model, Message::Releases(Ok(Listing { releases, damaged: 0 })), now());
    model
}

pub fn tell(model: &mut Model, message: Message) -> Vec<Effect> {
    update(model, message, now())
}

pub fn news(number: u8, news: News) -> Message {
    Message::News(id(number), news)
}

/// What the registry shows under this tag, and what was recorded for it: images of these names.
pub fn row(tag: &str, shown: Option<&str>, recorded: Option<&str>) -> Row {
    let digest = |kind: &str, image: &str| Digest::of(format!("{kind} of {image}").as_bytes());
    let tag = tag.parse().unwrap();
    let observation = shown.map_or(Observation::Absent { visible: true }, |image| {
        let manifest = digest("manifest", image);
        let image = ObservedImage {
            manifest: manifest.clone(),
            config: digest("config", image),
            platform: None,
            diff_ids: vec![digest("layer", image)],
            layers: Vec::new(),
            created: Some(now()),
            labels: std::collections::BTreeMap::new(),
        };
        let media_type = "application/vnd.oci.image.manifest.v1+json".to_owned();
        let content = Content { digest: manifest, media_type, index: false, images: vec![image] };
        Observation::Seen { content, hashed: Hashed::Now }
    });
    let known = recorded.map(|image| {
        let record = serde_json::json!({
            "schema": "windlass.record/1", "release": id(1), "image": "balrog",
            "repository": "docker.io/mozilla/balrog", "image_id": digest("config", image), "id_kind": "config",
            "config_digest": null, "manifest_digest": digest("manifest", image), "index_digest": null,
            "diff_ids": [digest("layer", image)], "platform": null, "tags": [{"tag": tag, "kind": "frozen"}],
            "commit": COMMIT, "ref": null, "remote": null, "review": "reviewed", "dirty": false,
            "dockerfile_digest": null, "context_digest": null, "log_digest": null, "log_clipped": false,
            "runner": "local", "engine": "Docker 29.0", "who": "bot@host", "when": now(),
        });
        Known { record: serde_json::from_value(record).unwrap(), source: RecordSource::Journal }
    });
    let judgement = judge(&tag, known.as_ref(), known.as_slice(), &observation);
    let kind = known.as_ref().map(|_| TagKind::Frozen);
    Row { tag, kind, observation, known, judgement }
}

/// The answer for the tags of the project's image.
pub fn tags(rows: Vec<Row>) -> Message {
    Message::Tags("balrog".to_owned(), Ok(Table { as_of: now(), rows }))
}

/// Rows of a log of so many lines that is not wrapped: these lines, the first of which is `first`, in answer to what is
/// asked for now.
pub fn seen(model: &Model, first: u64, lines: &[String], total: u64) -> Seen {
    let text = Geometry::of(model).log_text;
    let layout = Layout {
        height: text.height.max(1).into(),
        width: text.width.max(1).into(),
        wrap: false,
        left: model.log.left,
    };
    let marks = model.log.search.as_ref().map(|search| search.pattern().clone());
    let found = |text: &str| marks.as_ref().map_or_else(Vec::new, |pattern| pattern.found_in(text.as_bytes()));
    let row = |(line, text): (u64, &String)| viewport::Row {
        line,
        text: text.clone(),
        marks: found(text),
        ..viewport::Row::default()
    };
    let window = Window {
        layout,
        columns: 0..usize::MAX,
        rows: (first..).zip(lines).map(row).collect(),
        at_start: first == 0,
        at_end: first + lines.len() as u64 == total,
        ..Window::default()
    };
    Seen { window, total, found: 0, sight: Sight { layout, marks, ..Sight::default() } }
}

/// Carries out what the console asks of a log that has these lines, until it asks for no more. Gives the other effects.
pub fn read(model: &mut Model, effects: Vec<Effect>, lines: &[String]) -> Vec<Effect> {
    let mut waiting = VecDeque::from(effects);
    let mut others = Vec::new();
    while let Some(effect) = waiting.pop_front() {
        match answer(&effect, lines) {
            Some(message) => waiting.extend(tell(model, message)),
            None => others.push(effect),
        }
    }
    others
}

/// What a worker says who has a log with these lines.
pub fn answer(effect: &Effect, lines: &[String]) -> Option<Message> {
    let passes = |filter: &Filter, line: &str| filter.pattern.found_in(line.as_bytes()).is_empty() == filter.invert;
    let found = |wanted: &Wanted| -> Vec<u64> {
        let all = (0..).zip(lines);
        all.filter(|(_, line)| {
            passes(&wanted.filter, line) && wanted.within.as_ref().is_none_or(|within| passes(within, line))
        })
        .map(|(number, _)| number)
        .collect()
    };
    Some(match effect {
        Effect::ReadLog { release, sight } => {
            let mut log = Log::of(lines.iter().map(String::as_str));
            let mut left = 0;
            if let Some(filter) = &sight.filter {
                let kept = found(&Wanted { filter: filter.clone(), within: None });
                left = kept.len() as u64;
                log.shown = Box::new(move |line| kept.contains(&line));
            }
            let window = window(&mut log, sight.spot, sight.reveal, sight.layout, sight.marks.as_ref()).unwrap();
            let seen = Seen { window, total: lines.len() as u64, found: left, sight: (**sight).clone() };
            Message::Log(release.clone(), Ok(Some(seen)))
        }
        Effect::ReadSteps { release } => {
            let mut steps = Steps::default();
            for line in lines {
                steps.take(line, || None);
            }
            Message::Steps(release.clone(), Ok(Box::new(StepsRead { steps: steps.into(), more: false })))
        }
        Effect::SearchLog { release, wanted } => {
            let lines_found = found(wanted);
            let scanned = Scanned {
                searched: lines.len() as u64,
                more: false,
                count: lines_found.len() as u64,
                last: lines_found.last().copied(),
            };
            Message::Searched(release.clone(), wanted.clone(), Ok(scanned))
        }
        Effect::FindInLog { release, wanted, which } => {
            let lines_found = found(wanted);
            let number = match which {
                Goal::Number(number) => usize::try_from(*number).unwrap(),
                Goal::From(from) => lines_found.partition_point(|line| line < from),
            };
            let found = lines_found.get(number).map(|line| {
                let text = lines[usize::try_from(*line).unwrap()].as_bytes();
                let byte = wanted.filter.pattern.found_in(text).first().map_or(0, |found| found.start as u64);
                Match { number: number as u64, line: *line, byte }
            });
            Message::Found(release.clone(), wanted.clone(), *which, Ok(found))
        }
        _ => return None,
    })
}

/// Presses keys: a character each, or a name in `<…>`.
pub fn press(model: &mut Model, keys: &str) -> Vec<Effect> {
    typed(keys).into_iter().flat_map(|key| tell(model, Message::Key(key))).collect()
}

/// The keys that are meant: a character each, or a name in `<…>`.
pub fn typed(keys: &str) -> Vec<KeyEvent> {
    let mut typed = Vec::new();
    let mut rest = keys;
    while let Some(c) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|named| named.split_once('>'));
        let (code, modifiers) = if let Some((name, after)) = named {
            rest = after;
            match name {
                "enter" => (KeyCode::Enter, KeyModifiers::NONE),
                "esc" => (KeyCode::Esc, KeyModifiers::NONE),
                "ctrl-o" => (KeyCode::Char('o'), KeyModifiers::CONTROL),
                "ctrl-u" => (KeyCode::Char('u'), KeyModifiers::CONTROL),
                "up" => (KeyCode::Up, KeyModifiers::NONE),
                "tab" => (KeyCode::Tab, KeyModifiers::NONE),
                "down" => (KeyCode::Down, KeyModifiers::NONE),
                "page-down" => (KeyCode::PageDown, KeyModifiers::NONE),
                "backspace" => (KeyCode::Backspace, KeyModifiers::NONE),
                "home" => (KeyCode::Home, KeyModifiers::NONE),
                "page-up" => (KeyCode::PageUp, KeyModifiers::NONE),
                other => match other.strip_prefix("ctrl-").and_then(|c| c.chars().next()) {
                    Some(c) => (KeyCode::Char(c), KeyModifiers::CONTROL),
                    None => panic!("no key is called {other}"),
                },
            }
        } else {
            rest = &rest[c.len_utf8()..];
            (KeyCode::Char(c), KeyModifiers::NONE)
        };
        typed.push(KeyEvent::new(code, modifiers));
    }
    typed
}
