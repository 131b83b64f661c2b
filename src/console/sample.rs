//! Releases and messages that the tests of the console show.

mod cluster;
mod logs;
pub mod secrets;

use jiff::{SignedDuration, Timestamp};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

pub use self::{
    cluster::{beginning, cluster, finished_task, left, offers, remote, running_task, signed_in, takes, task_facts},
    logs::{answer, read, seen},
};
use super::{
    effect::Effect,
    message::{Listing, Message, News},
    model::{Image, Look, Model, Project},
    update::update,
};
use crate::domain::{
    digest::Digest,
    event::{Built, Event, Stamped, Step},
    name::ReleaseId,
    observation::{Content, Hashed, Observation, ObservedImage},
    plan::{Plan, TagKind},
    record::{Known, RecordSource},
    release::Release,
    sign::Signs,
    table::{Row, Table},
    verdict::judge,
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
