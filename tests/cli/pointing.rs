//! A moving tag rolled back, without engine or build.

use serde_json::Value;

use crate::support::{
    project::{Project, pushed, ran},
    registry::Registry,
    stop::killed,
};

/// Two releases; `latest` shows the second.
fn two(registry: &Registry) -> (Project, [Value; 2]) {
    let project = Project::new(registry);
    project.set_secret();
    let first = project.release();
    project.commit("the second");
    let second = project.release();
    (project, [first, second])
}

fn id(release: &Value) -> &str {
    release["id"].as_str().expect("an id")
}

#[track_caller]
fn shows(project: &Project, release: &Value) {
    let row = project.row("latest");
    assert_eq!(row["registry"]["digest"], release["pushes"][0]["digest"]);
    assert_eq!((&row["verdict"], &row["kind"]), (&"match".into(), &"moving".into()), "{row}");
    project.windlass(&["verify", "--strict"]).exits(0);
}

#[test]
fn a_moving_tag_is_put_back_and_forth() {
    let registry = Registry::with_login();
    let (project, [first, second]) = two(&registry);
    // No engine is asked.
    let mut program = project.program(&["point", "latest", id(&first), "--yes", "--json"]);
    let point = ran(program.env("DOCKER_HOST", "unix:///nonexistent")).exits(0).json();
    assert_eq!((&point["trigger"], &point["parent"]), (&"point".into(), &first["id"]));
    let states: Vec<&Value> = point["steps"].as_array().expect("steps").iter().map(|step| &step["state"]).collect();
    assert_eq!(states, ["succeeded", "succeeded", "reused", "succeeded", "succeeded", "succeeded"]);
    assert_eq!(point["commit"], first["commit"]);
    shows(&project, &first);
    assert_eq!(project.row("latest")["record"]["release"], point["id"]);

    let told = project.windlass(&["point", "latest", id(&second), "--yes"]).exits(0).stderr;
    let change = told.lines().find(|line| line.contains('→')).expect("old → new");
    let at = |text: &Value| change.find(text.as_str().expect("text")).unwrap_or_else(|| panic!("no {text}: {change}"));
    assert!(at(&point["id"]) < at(&second["id"]), "{change}");
    shows(&project, &second);
    // And a release of something newer moves it on.
    project.windlass(&["point", "latest", id(&first), "--yes"]).exits(0);
    project.commit("the third");
    let third = project.release();
    shows(&project, &third);
    assert_eq!(project.row("latest")["record"]["release"], third["id"]);
}

/// Nothing is written either: not to the registry, nor to the journal.
#[test]
fn pointing_to_what_a_tag_shows_already_changes_nothing() {
    let registry = Registry::with_login();
    let (project, [first, second]) = two(&registry);
    // Nobody is asked, since there is nothing to agree to.
    let told = project.windlass(&["point", "latest", id(&second)]).exits(0);
    assert!(told.stderr.contains("already: nothing changes"), "{told:?}");
    let shown = project.windlass(&["point", "latest", id(&second), "--yes", "--json"]).exits(0).json();
    assert_eq!(shown, project.windlass(&["show", id(&second), "--json"]).exits(0).json());
    assert_eq!(project.releases().len(), 2);
    assert!(!project.windlass(&["audit"]).exits(0).stdout.contains("point"), "there is nothing to account for");
    // Somebody else put it there: the newest record names another image, and is to be put right.
    project.copy(pushed(&first, "frozen"), "latest", &["--preserve-digests"]);
    project.windlass(&["point", "latest", id(&first), "--yes"]).exits(0);
    assert_eq!(project.releases().len(), 3);
    shows(&project, &first);
}

#[test]
fn what_must_not_be_pointed_is_refused() {
    let registry = Registry::with_login();
    let (project, [first, second]) = two(&registry);
    let refused = |arguments: &[&str], code| {
        let error = project.windlass(&[&["point"], arguments, &["--json"]].concat()).exits(code).error();
        assert_eq!(project.row("latest")["registry"]["digest"], second["pushes"][0]["digest"]);
        error
    };
    let frozen = pushed(&second, "frozen");
    assert!(refused(&[frozen, id(&first), "--yes"], 1)["what"].as_str().expect("text").contains("frozen"));
    refused(&["unheard-of", id(&first), "--yes"], 2);
    refused(&["latest", "nothing", "--yes"], 2);
    refused(&["latest", id(&first)], 2);
    refused(&["latest", id(&first), "--yes", "--read-only"], 3);
    assert_eq!(project.releases().len(), 2);

    project.curl(first["pushes"][0]["digest"].as_str().expect("a digest"), &["--request", "DELETE"]);
    let error = refused(&["latest", id(&first), "--yes"], 1);
    assert!(error["what"].as_str().expect("text").contains(id(&first)), "{error}");
    assert!(error["next"].as_str().expect("text").contains("windlass rerun"), "{error}");
}

#[test]
fn a_manifest_whose_bytes_rotted_is_not_put_anywhere() {
    let registry = Registry::with_login();
    let (project, [first, second]) = two(&registry);
    let file = registry.blob_file(first["pushes"][0]["digest"].as_str().expect("a digest"));
    let mut bytes = std::fs::read(&file).expect("the manifest");
    bytes.push(b' ');
    std::fs::write(&file, bytes).expect("writable storage");
    let error = project.windlass(&["point", "latest", id(&first), "--yes", "--json"]).exits(1).error();
    assert!(error["why"].as_str().expect("text").contains("hash"), "{error}");
    assert_eq!(project.row("latest")["registry"]["digest"], second["pushes"][0]["digest"]);
}

#[test]
fn one_that_died_is_done_once_more() {
    let registry = Registry::with_login();
    let (project, [first, _]) = two(&registry);
    // Planned, built, build reused; preflight and secret; push started, intended, and not yet known to be pushed.
    killed(&project, &["point", "latest", id(&first), "--yes"], "before", 10);
    let died = project.windlass(&["show", "@", "--json"]).exits(0).json();
    assert_eq!(died["state"], "interrupted");
    let next = format!("windlass point latest {}", id(&first));
    assert!(died["failure"]["next"].as_str().expect("text").ends_with(&next), "{died}");
    let error = project.windlass(&["rerun", id(&died), "--yes", "--json"]).exits(2).error();
    assert!(error["next"].as_str().expect("text").ends_with(&next), "{error}");
    project.windlass(&["point", "latest", id(&first), "--yes"]).exits(0);
    shows(&project, &first);
}
