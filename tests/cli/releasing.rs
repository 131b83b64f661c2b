//! A whole release: what it pushes, what it records, and the documents that tell of it.

use serde_json::Value;
use windlass::domain::digest::Digest;

use crate::support::{
    project::{Project, pushed},
    registry::Registry,
};

/// Keys of a release's document. Unknown is `null`, never absent.
const RELEASE_KEYS: [&str; 17] = [
    "commit", "ended", "failure", "id", "id_kind", "image", "image_id", "parent", "pushes", "record", "ref", "runner",
    "started", "state", "steps", "task", "trigger",
];

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn has(value: &Value, wanted: &[&str]) {
    let keys = keys(value);
    for key in wanted {
        assert!(keys.contains(key), "no `{key}` in {value}");
    }
}

#[test]
fn a_release_pushes_records_and_matches() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    let release = project.release();
    assert_eq!(release["state"], "succeeded");
    assert_eq!(release["commit"], project.git(&["rev-parse", "HEAD"]));
    assert_eq!(release["ref"], "refs/heads/master");
    let steps: Vec<_> = release["steps"].as_array().expect("steps").iter().map(|s| (&s["name"], &s["state"])).collect();
    let names = ["preflight", "secret", "build", "push", "record", "verify"];
    assert!(steps.iter().map(|(name, _)| *name).eq(names), "{steps:?}");
    assert!(steps.iter().all(|(_, state)| *state == "succeeded"), "{steps:?}");

    // The engine's own client names the same image.
    let filter = format!("label=windlass.test={}", project.nonce);
    let id = project.docker(&["images", "--no-trunc", "--quiet", "--filter", &filter]);
    assert_eq!(release["image_id"], id.lines().next().expect("the engine has the image"));
    let id = &release["image_id"];

    let tags = project.windlass(&["tags", "--json"]).exits(0).json();
    assert_eq!(tags["schema"], "windlass.tags/1");
    assert_eq!(tags["repository"], project.repository);
    let rows = tags["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 2, "{tags}");
    for kind in ["moving", "frozen"] {
        let row = project.row(pushed(&release, kind));
        assert_eq!((&row["kind"], &row["verdict"]), (&kind.into(), &"match".into()), "{row}");
        assert_eq!((&row["registry"]["config_digest"], &row["record"]["image_id"]), (id, id), "both sides: {row}");
        assert_eq!(row["record"]["release"], release["id"]);
    }
    assert_eq!(pushed(&release, "moving"), "latest");
    assert!(pushed(&release, "frozen").starts_with("master-20"), "{release}");
    project.windlass(&["verify", "--strict", "--deep"]).exits(0);
}

#[test]
fn the_records_files_say_what_was_built() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.dockerfile("RUN echo built for the record\n");
    project.commit("says something");
    project.set_secret();
    let release = project.release();
    let id = release["id"].as_str().expect("an id");
    let folder = project.home().join("artifacts").join(id);
    assert_eq!(release["record"]["path"], folder.display().to_string());
    let shasum = std::fs::read_to_string(folder.join("docker-image-shasum256.txt")).expect("the artifact");
    assert_eq!(shasum, format!("{}\n", release["image_id"].as_str().expect("an image id")));
    let bytes = std::fs::read(folder.join("release.json")).expect("the record");
    assert_eq!(release["record"]["sha256"], Digest::of(&bytes).to_string());
    let record: Value = serde_json::from_slice(&bytes).expect("JSON");
    let log = std::fs::read(project.home().join("logs").join(format!("{id}.log"))).expect("the log");
    assert!(String::from_utf8_lossy(&log).contains("built for the record"));
    assert_eq!(record["log_digest"], Digest::of(&log).to_string());
    assert_eq!(record["image_id"], release["image_id"]);
    assert_eq!(record["config_digest"], release["image_id"], "the engine's ids are config digests");
    assert_eq!(record["manifest_digest"], release["pushes"][0]["digest"]);
    assert_eq!(record["review"], "reviewed");
    assert_eq!(record["repository"], project.repository);
    assert_eq!(record["commit"], release["commit"]);
    assert_eq!(record["tags"].as_array().expect("tags").len(), 2);
}

#[test]
fn documents_have_all_their_keys() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    // One that ended before anything was known, and one that succeeded.
    project.windlass(&["release", "--yes"]).exits(1);
    project.set_secret();
    let done = project.release();
    let list = project.windlass(&["releases", "--json"]).exits(0).json();
    assert_eq!(list["schema"], "windlass.releases/1");
    let releases = list["releases"].as_array().expect("a list");
    assert_eq!(releases.len(), 2);
    for release in releases {
        assert_eq!(keys(release), RELEASE_KEYS);
        for step in release["steps"].as_array().expect("steps") {
            has(step, &["name", "state", "seconds", "error"]);
        }
    }
    let (newest, failed) = (&releases[0], &releases[1]);
    for key in ["image_id", "id_kind", "record", "parent", "task"] {
        assert!(failed[key].is_null(), "{key} of {failed}");
    }
    assert_eq!(keys(&failed["failure"]), ["check", "kind", "next", "what", "why"]);
    assert_eq!(failed["pushes"], serde_json::json!([]));
    for push in newest["pushes"].as_array().expect("pushes") {
        has(push, &["tag", "kind", "digest", "size"]);
    }
    assert_eq!(keys(&newest["record"]), ["path", "sha256"]);
    assert!(newest["failure"].is_null());

    let id = done["id"].as_str().expect("an id");
    let commit = done["commit"].as_str().expect("a commit");
    let mut shown = project.windlass(&["show", "@", "--json"]).exits(0).json();
    assert_eq!(shown, done, "a release and what `show` says of it are one document");
    assert_eq!(shown["schema"], "windlass.release/1");
    shown.as_object_mut().expect("an object").remove("schema");
    assert_eq!(&shown, newest);
    for other in [id, &id[..6]] {
        assert_eq!(project.windlass(&["show", other, "--json"]).exits(0).json(), done);
    }
    // Both are of this commit.
    let error = project.windlass(&["show", commit, "--json"]).exits(2).error();
    assert!(error["why"].as_str().expect("a why").contains(id), "{error}");
    let next = project.commit("of one release alone");
    let third = project.release();
    assert_eq!(project.windlass(&["show", &next, "--json"]).exits(0).json(), third);

    let row = project.row(pushed(&done, "frozen"));
    assert_eq!(keys(&row), ["kind", "record", "registry", "tag", "verdict", "why"]);
    assert_eq!(keys(&row["registry"]), ["config_digest", "created", "digest"]);
    assert_eq!(keys(&row["record"]), ["image_id", "manifest_digest", "release", "signed", "source"]);
}
