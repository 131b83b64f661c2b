//! What was changed behind the program's back is found, and named by the right word.

use serde_json::Value;
use windlass::domain::digest::Digest;

use crate::support::{
    fake_registry::{Answer, FakeRegistry, Shelf},
    project::{Project, Ran, pushed},
    registry::Registry,
};

/// A project with one release done.
fn released(registry: &Registry) -> (Project, Value) {
    let project = Project::new(registry);
    project.set_secret();
    let release = project.release();
    (project, release)
}

/// What `verify` of this tag says, and its exit code.
#[track_caller]
fn verified(project: &Project, tag: &str, verdict: &str, code: i32) -> Ran {
    let ran = project.windlass(&["verify", tag, "--json"]).exits(code);
    let document = ran.json();
    assert_eq!(document["rows"].as_array().expect("rows").len(), 1);
    assert_eq!(document["rows"][0]["verdict"], verdict, "{document}");
    ran
}

#[test]
fn another_image_under_a_tag_is_a_mismatch() {
    let registry = Registry::with_login();
    let (project, release) = released(&registry);
    let latest = format!("{}:latest", project.repository);
    project.dockerfile("COPY Dockerfile /other\n");
    project.docker(&["build", "--quiet", "--tag", &latest, "."]);
    project.docker(&["push", "--quiet", &latest]);
    verified(&project, "latest", "mismatch", 1);
    verified(&project, pushed(&release, "frozen"), "match", 0);
    project.windlass(&["verify"]).exits(1);
    // A table is no judgement: it could be read.
    let table = project.windlass(&["tags"]).exits(0);
    assert!(table.stdout.contains("mismatch"), "{}", table.stdout);
}

#[test]
fn a_tag_that_shows_an_older_release_has_moved() {
    let registry = Registry::with_login();
    let (project, first) = released(&registry);
    project.commit("the second");
    let second = project.release();
    assert_ne!(first["image_id"], second["image_id"], "the commit is in the image's labels");
    verified(&project, "latest", "match", 0);
    project.copy(pushed(&first, "frozen"), "latest", &["--preserve-digests"]);
    let document = verified(&project, "latest", "tag-moved", 1).json();
    let why = document["rows"][0]["why"].as_str().expect("a why");
    assert!(why.contains(first["id"].as_str().expect("an id")), "{why}");
    let history = project.windlass(&["tags", "--history", "latest", "--json"]).exits(0).json();
    let releases: Vec<_> = history["rows"].as_array().expect("rows").iter().map(|row| row["release"].clone()).collect();
    assert!(releases.contains(&first["id"]) && releases.contains(&second["id"]), "{history}");
}

#[test]
fn a_deleted_manifest_is_missing() {
    let registry = Registry::with_login();
    let (project, release) = released(&registry);
    project.curl(release["pushes"][0]["digest"].as_str().expect("a digest"), &["--request", "DELETE"]);
    verified(&project, "latest", "missing", 1);
    verified(&project, pushed(&release, "frozen"), "missing", 1);
    assert!(project.row("latest")["registry"].is_null());
}

#[test]
fn bytes_that_do_not_hash_are_corrupt() {
    let registry = Registry::with_login();
    let (project, release) = released(&registry);
    let config = release["image_id"].as_str().expect("a digest");
    let file = registry.blob_file(config);
    let right = std::fs::read(&file).expect("the config in the registry's storage");
    let mut wrong = right.clone();
    let at = wrong.windows(3).position(|w| w == b"org").expect("a label");
    wrong[at] = b'O';
    std::fs::write(&file, wrong).expect("writable storage");
    verified(&project, "latest", "corrupt", 1);
    std::fs::write(&file, right).expect("writable storage");
    verified(&project, "latest", "match", 0);
    let manifest = registry.blob_file(release["pushes"][0]["digest"].as_str().expect("a digest"));
    let mut text = std::fs::read(&manifest).expect("the manifest in the registry's storage");
    text.push(b' ');
    std::fs::write(&manifest, text).expect("writable storage");
    verified(&project, "latest", "corrupt", 1);
}

#[test]
fn the_same_image_in_another_manifest_is_repacked() {
    let registry = Registry::with_login();
    let (project, release) = released(&registry);
    let media_type = "application/vnd.docker.distribution.manifest.v2+json";
    let manifest = project.curl("latest", &["--header", &format!("Accept: {media_type}")]);
    let header = format!("Content-Type: {media_type}");
    project.curl("latest", &["--request", "PUT", "--header", &header, "--data-binary", &format!("{manifest}\n\n")]);
    let row = project.row("latest");
    assert_ne!(row["registry"]["digest"], release["pushes"][0]["digest"]);
    assert_eq!(row["registry"]["config_digest"], release["image_id"]);
    verified(&project, "latest", "same-image-repacked", 0);
}

#[test]
fn the_same_files_with_another_config_are_told_apart() {
    let registry = Registry::with_login();
    let (project, release) = released(&registry);
    let latest = format!("{}:latest", project.repository);
    project.docker(&["tag", release["image_id"].as_str().expect("a digest"), &latest]);
    project.write("Dockerfile", &format!("FROM {latest}\nLABEL by=hand\n"));
    project.docker(&["build", "--quiet", "--tag", &latest, "."]);
    project.docker(&["push", "--quiet", &latest]);
    verified(&project, "latest", "same-files-new-config", 1);
}

#[test]
fn a_tag_of_no_record_is_told_and_only_bad_when_named() {
    let registry = Registry::with_login();
    let (project, _) = released(&registry);
    project.copy("latest", "by-hand", &["--preserve-digests"]);
    verified(&project, "by-hand", "not-recorded", 1);
    let all = project.windlass(&["verify", "--json"]).exits(0).json();
    assert_eq!(all["rows"].as_array().expect("rows").len(), 3);
    project.windlass(&["verify", "--strict"]).exits(1);
    let row = project.row("by-hand");
    assert!(row["record"].is_null() && row["kind"].is_null(), "{row}");
}

#[test]
fn a_registry_that_is_gone_is_unreachable() {
    let registry = Registry::with_login();
    let (project, _) = released(&registry);
    drop(registry);
    verified(&project, "latest", "unreachable", 4);
    let error = project.windlass(&["verify", "--json"]).exits(4).error();
    assert_eq!(error["kind"], "unreachable");
    project.windlass(&["tags"]).exits(4);
}

#[test]
fn a_wrong_password_is_denied() {
    let registry = Registry::with_login();
    let (project, _) = released(&registry);
    project.set_password("not the right password");
    verified(&project, "latest", "denied", 3);
    let error = project.windlass(&["release", "--yes", "--json"]).exits(3).error();
    assert_eq!(error["kind"], "not-allowed");
    let newest = &project.releases()[0];
    let failed = newest["steps"].as_array().expect("steps").iter().find(|s| s["state"] == "failed");
    assert_eq!(failed.expect("a failed step")["name"], "secret", "before anything is built: {newest}");
    assert_eq!(newest["image_id"], Value::Null);
    project.windlass(&["secret", "check"]).exits(3);
}

#[test]
fn what_was_hashed_earlier_is_only_claimed_now() {
    let registry = Registry::with_login();
    let (project, _) = released(&registry);
    project.windlass(&["verify"]).exits(0);
    let table = project.windlass(&["tags", "--json"]).exits(0).json();
    for row in table["rows"].as_array().expect("rows") {
        assert_eq!(row["verdict"], "match-claimed", "{row}");
        assert!(row["why"].as_str().expect("a why").contains(", hashed 20"), "it says when: {row}");
    }
    assert_eq!(project.row("latest")["verdict"], "match", "with --fresh they are hashed again");
}

/// A record of what the shelf has under `latest`, changed so; and what the program says of that tag by it.
#[track_caller]
fn by_record(registry: &FakeRegistry, changed: &Value, verdict: &str, code: i32) -> Value {
    let project = Project::at(&registry.host);
    let mut record = serde_json::json!({
        "schema": "windlass.record/1", "release": "bbbbbbbbbb", "image": "app", "repository": project.repository,
        "image_id": Digest::of(b"another image"), "id_kind": "config", "config_digest": null,
        "manifest_digest": null, "index_digest": null, "diff_ids": [Digest::of(b"another layer")],
        "platform": "linux/amd64", "tags": [{"tag": "latest", "kind": "moving"}], "commit": "a".repeat(40),
        "ref": null, "remote": null, "review": "unreviewed", "dirty": false, "dockerfile_digest": null,
        "context_digest": null, "log_digest": null, "log_clipped": false, "runner": "local",
        "engine": "Docker 29.0", "who": "ada@elsewhere", "when": "2026-11-21T09:30:00Z",
    });
    for (key, value) in changed.as_object().expect("an object") {
        record[key] = value.clone();
    }
    let folder = project.path("records/one");
    std::fs::create_dir_all(&folder).expect("a folder");
    let shasum = format!("{}\n", record["image_id"].as_str().expect("a digest"));
    std::fs::write(folder.join("docker-image-shasum256.txt"), shasum).expect("a file");
    std::fs::write(folder.join("release.json"), record.to_string()).expect("a file");
    let arguments = ["verify", "latest", "--records", "records"];
    let document = project.windlass(&[&arguments[..], &["--json"]].concat()).exits(code).json();
    assert_eq!(document["rows"][0]["verdict"], verdict, "{document}");
    let people = project.windlass(&arguments).exits(code).stdout;
    assert!(people.contains(verdict), "{people}");
    document["rows"][0].clone()
}

fn serving(shelf: Shelf) -> FakeRegistry {
    FakeRegistry::answering(move |request| shelf.answer(request))
}

#[test]
fn the_recorded_image_in_another_index_is_an_index_that_changed() {
    let mut shelf = Shelf::default();
    let (ours, other) = (shelf.image("ours"), shelf.image("for another platform"));
    let platform = |name: &str| serde_json::json!({"platform": {"os": "linux", "architecture": name}});
    let index = shelf.index(&[(&ours, platform("amd64")), (&other, platform("arm64"))]);
    shelf.tag("latest", &index);
    let registry = serving(shelf);
    let recorded = serde_json::json!({"manifest_digest": ours, "index_digest": Digest::of(b"the index then")});
    let row = by_record(&registry, &recorded, "index-changed", 0);
    assert_eq!(row["registry"]["digest"], index);
}

#[test]
fn an_image_for_other_platforms_alone_is_told_as_such() {
    let mut shelf = Shelf::default();
    let other = shelf.image("for another platform");
    let index = shelf.index(&[(&other, serde_json::json!({"platform": {"os": "linux", "architecture": "arm64"}}))]);
    shelf.tag("latest", &index);
    let registry = serving(shelf);
    let row = by_record(&registry, &serde_json::json!({}), "other-platform-only", 1);
    let why = row["why"].as_str().expect("a why");
    assert!(why.contains("linux/amd64") && why.contains("linux/arm64"), "{why}");
}

#[test]
fn a_record_that_no_registry_can_show_is_uncomparable() {
    let mut shelf = Shelf::default();
    let image = shelf.image("one");
    shelf.tag("latest", &image);
    let registry = serving(shelf);
    let recorded = serde_json::json!({"id_kind": "unknown", "diff_ids": []});
    let row = by_record(&registry, &recorded, "uncomparable", 4);
    assert!(row["why"].as_str().expect("a why").contains("an id of unknown kind"), "{row}");
}

#[test]
fn a_registry_that_asks_to_wait_limits_the_rate() {
    let registry = FakeRegistry::answering(|_| Answer::status(429).header("Retry-After", "90"));
    let row = by_record(&registry, &serde_json::json!({}), "rate-limited", 4);
    assert!(row["why"].as_str().expect("a why").contains("90 s"), "{row}");
    assert!(row["registry"].is_null() && row["record"]["source"].is_string(), "the record is still shown: {row}");
}
