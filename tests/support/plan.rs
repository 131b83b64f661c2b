//! A plan to begin a release with.

use windlass::domain::{event::Event, name::ReleaseId, plan::Plan};

pub fn id(number: u8) -> ReleaseId {
    ReleaseId::from_random([number; 10])
}

pub fn plan(release: &ReleaseId) -> Plan {
    serde_json::from_value(serde_json::json!({
        "release": release, "image": "balrog", "repository": "docker.io/mozilla/balrog", "runner": "local",
        "trigger": "by hand", "parent": null,
        "source": {
            "commit": "a".repeat(40), "git_ref": "refs/heads/master", "branch": "master", "remote": null,
            "reviewed": true, "dirty": false, "committed": "2026-11-21T09:00:00Z",
        },
        "tags": [{ "tag": format!("master-{release}"), "kind": "frozen" }, { "tag": "latest", "kind": "moving" }],
        "build": {
            "context": ".", "dockerfile": "Dockerfile", "target": null, "platform": "linux/amd64",
            "args": {}, "labels": {}, "builder": "auto",
        },
        "secret": "dockerhub", "recipe": { "username": "/u", "password": "/p" },
        "move": false, "who": "bot@host", "planned": "2026-11-21T09:30:00Z",
    }))
    .expect("the fields of a plan")
}

pub fn planned(release: &ReleaseId) -> Event {
    Event::Planned { plan: Box::new(plan(release)) }
}
