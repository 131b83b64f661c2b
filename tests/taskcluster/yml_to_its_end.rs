//! A release whose tasks we make of a `.taskcluster.yml`, run by a worker to its end: what whoever began it is told, and with
//! which exit code.

use std::fs;

use serde_json::{Value, json};

use super::inside::{Factory, ME, RECORD, TOKEN, get, says};
use crate::support::{
    archive::{layer, saved},
    project::{Ran, SECRET},
    running::Running,
};

const YML: &str = r#"
version: 1
tasks:
  $if: 'tasks_for == "github-push" && event.ref == "refs/heads/master"'
  then:
    - taskId: {$eval: as_slugid("build")}
      taskQueueId: proj-example/ci
      created: {$fromNow: ""}
      deadline: {$fromNow: "1 hour"}
      payload:
        env: {ARCHIVE: /tmp/image.tar}
        command: [/bin/sh, -ec, 'BUILD "$ARCHIVE"']
        artifacts: {public/image.tar: {type: file, path: /tmp/image.tar}}
      metadata: {name: docker-image, owner: ada@example.org, source: "https://example.org/", description: ""}
    - taskId: {$eval: as_slugid("push")}
      taskQueueId: proj-example/ci
      dependencies: [{$eval: as_slugid("build")}]
      created: {$fromNow: ""}
      deadline: {$fromNow: "1 hour"}
      scopes: ["secrets:get:SECRET"]
      payload:
        features: {taskclusterProxy: true}
        env: {ARCHIVE: {$eval: 'as_slugid("build") + ":public/image.tar"'}}
        command:
          - /bin/sh
          - -ec
          - git clone --quiet file://REMOTE app; cd app; git checkout --quiet --detach ${event.after};
            exec windlass release --yes --branch master --from-archive "$ARCHIVE"
      metadata: {name: push-image, owner: ada@example.org, source: "https://example.org/", description: ""}
"#;

/// A project whose tasks build by this command, which is given where to leave the archive.
fn factory(build: &str) -> Factory {
    let factory = Factory::of_tasks("[\"docker-image\", \"push-image\"]", "trigger = { yml = \".taskcluster.yml\" }\n");
    let remote = factory.project.remote().display().to_string();
    let text = YML.replace("BUILD", build).replace("SECRET", SECRET).replace("REMOTE", &remote);
    factory.project.write(".taskcluster.yml", &text);
    factory.project.commit("its tasks");
    let makes = ["queue:create-task:project:none", "queue:create-task:lowest:proj-example/ci"];
    let get = get();
    factory.double.client(ME, TOKEN, &[makes[0], makes[1], "queue:scheduler-id:taskcluster-github", &get]);
    factory
}

fn begun(factory: &Factory) -> Running {
    Running::start(&mut factory.outside(&["release", "--yes"]))
}

/// The release, as it is shown after.
fn shown(factory: &Factory) -> Value {
    let definitions = factory.double.requests();
    let made = definitions.iter().find(|asked| asked.method == "PUT").expect("a task was made");
    let group = made.path.rsplit('/').next().expect("an id").to_owned();
    factory.elsewhere(&["show", &group, "--json"]).exits(0).json()
}

#[track_caller]
fn failed(ended: Ran, words: &[&str]) {
    says(&ended.exits(1).stderr, words);
}

#[test]
fn its_tasks_are_followed_to_their_end_with_what_they_recorded() {
    let archive = tempfile::NamedTempFile::new().expect("a file");
    fs::write(archive.path(), saved(&[&layer("one")])).expect("the archive");
    let factory = factory(&format!("cp {}", archive.path().display()));
    let release = begun(&factory);
    let built = factory.work();
    assert_eq!(built.reported, ("completed", 200), "{}", built.log);
    let pushed = factory.work();
    assert_eq!(pushed.reported, ("completed", 200), "{}", pushed.log);
    let ended = release.end().exits(0);
    for words in ["docker-image: ", "push-image: ", "is made", "windlass cancel"] {
        assert!(ended.stderr.contains(words), "no {words}: {ended:?}");
    }
    let record: Value = serde_json::from_str(&factory.artifact(&pushed.task, 0, RECORD).expect("one")).expect("JSON");
    let id = &record["image_id"].as_str().expect("an id")["sha256:".len()..][..12];
    let why = "only claimed: its group comes from another event, not from a push or a release";
    for words in ["docker-image", "push-image", "completed", id, why] {
        assert!(ended.stdout.contains(words), "no {words}: {ended:?}");
    }
    assert_eq!(factory.tags().len(), 2);
    assert_eq!(shown(&factory)["state"], "succeeded");
    // No push began it: what it recorded is compared with nothing.
    factory.elsewhere(&["secret", "bind"]).exits(0);
    let table = factory.elsewhere(&["tags", "--fresh", "--json"]).exits(0).json();
    let verdicts: Vec<&Value> = table["rows"].as_array().expect("rows").iter().map(|row| &row["verdict"]).collect();
    assert_eq!(verdicts, ["not-recorded", "not-recorded"], "{table}");
}

#[test]
fn a_build_that_fails_is_the_end_of_it() {
    let factory = factory("echo it is broken; exit 3;");
    let release = begun(&factory);
    let built = factory.work();
    assert_eq!(built.reported, ("failed", 200), "{}", built.log);
    let log = format!("its log tells why: windlass log {}", built.task);
    failed(release.end(), &["the task docker-image failed", "its command failed", &log]);
    let shown = shown(&factory);
    assert_eq!((&shown["state"], &shown["steps"][1]["state"]), (&json!("failed"), &json!("pending")), "{shown}");
    assert_eq!(factory.tags(), Vec::<String>::new());
}

#[test]
fn a_push_that_fails_is_too() {
    let archive = tempfile::NamedTempFile::new().expect("a file");
    fs::write(archive.path(), b"no archive").expect("a file");
    let factory = factory(&format!("cp {}", archive.path().display()));
    let release = begun(&factory);
    assert_eq!(factory.work().reported, ("completed", 200));
    let pushed = factory.work();
    says(&pushed.log, &["no tar file"]);
    let log = format!("its log tells why: windlass log {}", pushed.task);
    failed(release.end(), &["the task push-image failed", "its command failed", &log]);
    assert_eq!((factory.tags(), shown(&factory)["state"].as_str()), (Vec::new(), Some("failed")));
}
