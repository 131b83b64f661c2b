//! A release taken up again: once more with new tags, or from a step on with the plan it had.

use serde_json::Value;

use crate::support::{
    project::{Project, pushed},
    registry::Registry,
    stop::{killed, killed_release},
};

fn ready(registry: &Registry) -> Project {
    let project = Project::new(registry);
    project.set_secret();
    project
}

#[track_caller]
fn rerun(project: &Project, more: &[&str]) -> Value {
    project.windlass(&[&["rerun"], more, &["--yes", "--json"]].concat()).exits(0).json()
}

#[track_caller]
fn refused(project: &Project, more: &[&str], code: i32) -> Value {
    project.windlass(&[&["rerun"], more, &["--yes", "--json"]].concat()).exits(code).error()
}

#[track_caller]
fn says(error: &Value, key: &str, wanted: &str) {
    assert!(error[key].as_str().expect("text").contains(wanted), "{key} says nothing of `{wanted}`: {error}");
}

/// Names and states of the steps.
fn steps(release: &Value) -> Vec<String> {
    let steps = release["steps"].as_array().expect("steps");
    steps.iter().map(|step| step["state"].as_str().expect("a state").to_owned()).collect()
}

fn id(release: &Value) -> &str {
    release["id"].as_str().expect("an id")
}

#[test]
fn a_rerun_is_a_new_release_of_the_same_commit() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let first = project.release();
    // What is checked out by now, and how it would be built, is not what is released.
    project.dockerfile("ENV OTHER=1\n");
    project.commit("another Dockerfile");
    let again = rerun(&project, &[id(&first)]);
    assert_eq!((&again["parent"], &again["trigger"]), (&first["id"], &"rerun".into()));
    assert_eq!(again["commit"], first["commit"]);
    assert_eq!(again["image_id"], first["image_id"], "the same files, labels and steps");
    assert_ne!(pushed(&again, "frozen"), pushed(&first, "frozen"));
    assert_eq!(steps(&again), ["succeeded"; 6]);
    project.windlass(&["verify", "--strict"]).exits(0);
    let shown = project.windlass(&["show", "@"]).exits(0).stdout;
    assert!(shown.contains(&format!("rerun of {}", id(&first))), "{shown}");
}

#[test]
fn what_an_older_commit_is_given_again_leaves_a_newer_moving_tag_alone() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let first = project.release();
    project.commit("the second");
    let second = project.release();
    let again = rerun(&project, &[id(&first)]);
    assert_eq!(again["pushes"].as_array().expect("pushes").len(), 1, "the frozen tag alone: {again}");
    assert_eq!(project.row("latest")["record"]["release"], second["id"]);
    let moved = rerun(&project, &[id(&first), "--move"]);
    assert_eq!(project.row("latest")["record"]["release"], moved["id"]);
    project.windlass(&["verify", "--strict"]).exits(0);
}

#[test]
fn a_release_that_died_is_taken_up_where_it_stood() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    // The frozen tag is in the registry and the journal does not know it.
    let died = killed_release(&project, "before", "frozen pushed");
    let shown = project.windlass(&["show", &died, "--json"]).exits(0).json();
    assert_eq!(shown["state"], "interrupted");
    let next = format!("windlass rerun {died} --from push");
    says(&shown["failure"], "next", &next);
    assert!(project.windlass(&["show", &died]).exits(0).stdout.contains(&next));
    let frozen = pushed(&shown, "frozen").to_owned();

    let again = rerun(&project, &[&died, "--from", "push"]);
    assert_eq!(steps(&again), ["reused", "reused", "reused", "succeeded", "succeeded", "succeeded"]);
    assert_eq!(again["parent"], died.as_str());
    assert_eq!(pushed(&again, "frozen"), frozen, "the plan is kept");
    assert_eq!(again["image_id"], shown["image_id"], "told by its own events");
    assert_eq!(project.row(&frozen)["record"]["release"], again["id"]);
    project.windlass(&["verify", "--strict"]).exits(0);
    let log = project.windlass(&["log", id(&again), "--json"]).exits(1).error();
    says(&log, "next", &format!("windlass log {died}"));
}

#[test]
fn a_tag_that_was_pushed_before_its_release_died_names_the_way_to_record_it() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let died = killed_release(&project, "before", "recorded");
    for tag in project.windlass(&["tags", "--fresh", "--json"]).exits(0).json()["rows"].as_array().expect("rows") {
        assert_eq!(tag["verdict"], "not-recorded");
        let why = format!("built by {died}, which ended before record: windlass rerun {died} --from record");
        assert_eq!(tag["why"], why);
    }
    project.windlass(&["verify", "latest"]).exits(1);
    // The engine is not needed any more.
    let mut program = project.program(&["rerun", &died, "--from", "record", "--yes", "--json"]);
    let again = crate::support::project::ran(program.env("DOCKER_HOST", "unix:///nonexistent")).exits(0).json();
    assert_eq!(steps(&again), ["reused", "reused", "reused", "reused", "succeeded", "succeeded"]);
    assert_eq!(again["pushes"].as_array().expect("pushes").len(), 2);
    project.windlass(&["verify", "--strict"]).exits(0);
    let folder = again["record"]["path"].as_str().expect("a path");
    let record: Value =
        serde_json::from_slice(&std::fs::read(format!("{folder}/release.json")).expect("the record")).expect("JSON");
    assert_eq!(record["manifest_digest"], again["pushes"][0]["digest"]);

    let verified = rerun(&project, &[id(&again), "--from", "verify"]);
    assert_eq!(verified["record"], again["record"], "it stays the earlier one's record");
    assert_eq!(project.row("latest")["record"]["release"], again["id"]);
}

#[test]
fn only_what_shows_the_image_is_recorded_for_it() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let died = killed_release(&project, "before", "moving push intended");
    project.commit("the next one");
    let newer = project.release();
    let again = rerun(&project, &[&died, "--from", "record"]);
    assert_eq!(again["pushes"].as_array().expect("pushes").len(), 1, "{again}");
    assert_eq!(project.row("latest")["record"]["release"], newer["id"]);
    project.windlass(&["verify", "--strict"]).exits(0);
}

#[test]
fn without_its_input_a_step_names_the_one_to_begin_with() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    killed(&project, &["release", "--yes"], "after", 5);
    let nothing = project.releases()[0]["id"].as_str().expect("an id").to_owned();
    says(&project.windlass(&["show", "@", "--json"]).exits(0).json()["failure"], "next", &format!("rerun {nothing}"));
    for step in ["push", "record", "verify"] {
        says(&refused(&project, &[&nothing, "--from", step], 2), "next", &format!("rerun {nothing} --from build"));
    }
    let died = killed_release(&project, "after", "built");
    for step in ["record", "verify"] {
        says(&refused(&project, &[&died, "--from", step], 2), "next", &format!("rerun {died} --from push"));
    }
    let image = project.releases()[0]["image_id"].as_str().expect("an image id").to_owned();
    project.docker(&["image", "rm", "--force", &image]);
    let error = refused(&project, &[&died, "--from", "push"], 2);
    says(&error, "why", "any more");
    says(&error, "next", &format!("windlass rerun {died} --from build"));
    assert_eq!(project.releases().len(), 2, "nothing was begun");
    let again = rerun(&project, &[&died, "--from", "build"]);
    assert_eq!(steps(&again), ["reused", "reused", "succeeded", "succeeded", "succeeded", "succeeded"]);
    project.windlass(&["rerun", &died, "--from", "nowhere"]).exits(2);
}

#[test]
fn a_frozen_tag_that_somebody_else_wrote_meanwhile_is_left() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    project.release();
    project.commit("another image");
    let died = killed_release(&project, "before", "frozen push intended");
    let plan = project.windlass(&["rerun", &died, "--from", "push", "--dry-run", "--json"]).exits(0).json();
    let frozen = plan["plan"]["tags"][0]["tag"].as_str().expect("a tag").to_owned();
    project.copy("latest", &frozen, &["--preserve-digests"]);
    for step in ["push", "preflight"] {
        says(&refused(&project, &[&died, "--from", step], 1), "what", &format!("{frozen} is taken"));
    }
    assert_eq!(project.row(&frozen)["registry"]["digest"], project.row("latest")["registry"]["digest"]);
}

#[test]
fn a_frozen_tag_without_a_date_does_not_stop_its_own_release_from_going_on() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    project.configure("\n[tags]\nfrozen = [\"v1\"]\n");
    project.commit("a frozen tag without a date");
    killed(&project, &["release", "--yes"], "after", 5);
    let error = project.windlass(&["release", "--yes", "--json"]).exits(1).error();
    says(&error, "what", "v1 is taken");
    let first = project.releases()[0]["id"].as_str().expect("an id").to_owned();
    let again = rerun(&project, &[&first]);
    assert_eq!(pushed(&again, "frozen"), "v1");
    project.windlass(&["verify", "--strict"]).exits(0);
    // It is written by now.
    says(&refused(&project, &[&first], 1), "what", "v1 is taken");
}

#[test]
fn nothing_is_begun_unless_it_was_asked_for_and_allowed() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let first = project.release();
    project.windlass(&["rerun", id(&first)]).exits(2);
    project.windlass(&["rerun", id(&first), "--yes", "--read-only"]).exits(3);
    let plan = project.windlass(&["rerun", id(&first), "--dry-run", "--read-only", "--json"]).exits(0).json();
    assert_eq!(plan["plan"]["parent"], first["id"]);
    refused(&project, &["nothing"], 2);
    assert_eq!(project.releases().len(), 1);
    let text = std::fs::read_to_string(project.path("windlass.toml")).expect("the file");
    project.write("windlass.toml", &text.replace("name = \"app\"", "name = \"other\""));
    says(&refused(&project, &[id(&first)], 2), "what", "no image of this project");
}

#[test]
fn uncommitted_changes_cannot_be_built_again() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    project.configure("\n[policy]\nclean = false\n");
    project.commit("not so strict");
    project.write("left-over", "x");
    let first = project.release();
    for more in [[id(&first), "--from", "build"].as_slice(), &[id(&first)]] {
        says(&refused(&project, more, 2), "why", "uncommitted");
    }
    rerun(&project, &[id(&first), "--from", "push"]);
}
