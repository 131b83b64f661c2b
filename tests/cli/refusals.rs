//! What is refused and what fails: the exit code, the three lines, the JSON error, and that nothing was touched.

use std::{fs::File, os::unix::fs::PermissionsExt as _};

use serde_json::Value;
use windlass::domain::digest::Digest;

use crate::support::{
    project::{Project, Ran, SECRET, ran},
    registry::{PASSWORD, Registry, USER},
};

/// Runs a command that must fail, for people and for programs: the same error both times.
#[track_caller]
fn fails(project: &Project, arguments: &[&str], code: i32, kind: &str) -> Value {
    let people = project.windlass(arguments).exits(code);
    let labels = ["error: ", "  why: ", " next: "];
    let at: Vec<usize> = labels
        .iter()
        .map(|label| {
            people
                .stderr
                .lines()
                .position(|line| line.starts_with(label))
                .unwrap_or_else(|| panic!("no `{label}`: {people:?}"))
        })
        .collect();
    assert!(at.is_sorted(), "what, why, next: {}", people.stderr);
    assert_eq!(people.stdout, "", "an error is no result");
    let error = project.windlass(&[arguments, &["--json"]].concat()).exits(code).error();
    assert_eq!(error["kind"], kind, "{error}");
    for key in ["what", "why", "next"] {
        assert!(error[key].as_str().is_some_and(|text| !text.is_empty()), "no {key}: {error}");
    }
    // The advice can be followed.
    let next = error["next"].as_str().expect("text");
    for advice in next.split("windlass ").skip(1) {
        let command = advice.split(|c: char| !c.is_ascii_lowercase()).next().expect("split gives one part");
        project.windlass(&[command, "--help"]).exits(0);
    }
    let what = error["what"].as_str().expect("text");
    assert!(people.stderr.contains(what), "people are told another thing than {what}: {}", people.stderr);
    error
}

#[track_caller]
fn says(error: &Value, key: &str, wanted: &str) {
    assert!(error[key].as_str().expect("text").contains(wanted), "{key} says nothing of `{wanted}`: {error}");
}

/// No release began, and the registry has never heard of the repository.
#[track_caller]
fn untouched(project: &Project) {
    assert_eq!(project.releases(), [] as [Value; 0]);
    assert_eq!(project.windlass(&["tags", "--json"]).exits(0).json()["rows"], serde_json::json!([]));
}

/// The newest release, which must have failed in this step.
#[track_caller]
fn failed_in(project: &Project, step: &str) -> Value {
    let newest = project.releases().swap_remove(0);
    assert_eq!(newest["state"], "failed", "{newest}");
    let steps = newest["steps"].as_array().expect("steps");
    let failed = steps.iter().find(|s| s["state"] == "failed").expect("a failed step");
    assert_eq!(failed["name"], step, "{newest}");
    assert_eq!(failed["error"], newest["failure"], "the release failed as its step did");
    newest
}

#[test]
fn outside_of_a_project() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    std::fs::remove_file(project.path("windlass.toml")).expect("it was there");
    let error = fails(&project, &["release", "--yes"], 2, "usage");
    says(&error, "why", "there is no windlass.toml");
    fails(&project, &["tags"], 2, "usage");
}

#[test]
fn a_mistyped_key_is_shown_where_it_is() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    project.configure("\n[tags]\nmovnig = [\"latest\"]\n");
    let error = fails(&project, &["release", "--yes"], 2, "usage");
    let text = std::fs::read_to_string(project.path("windlass.toml")).expect("the file");
    let line = text.lines().position(|line| line.starts_with("movnig")).expect("the key") + 1;
    says(&error, "why", &format!("windlass.toml:{line}:1"));
    says(&error, "why", "moving");
    project.configure("");
    untouched(&project);
}

#[test]
fn without_a_secret() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    let ran = project.windlass(&["release", "--yes", "--json"]).exits(1);
    says(&ran.error(), "what", SECRET);
    says(&ran.error(), "next", "windlass secret set");
    failed_in(&project, "preflight");
    fails(&project, &["secret", "show"], 1, "failed");
}

#[test]
fn a_secret_goes_to_the_repository_it_was_set_for_alone() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    let elsewhere = Registry::with_login();
    let text = std::fs::read_to_string(project.path("windlass.toml")).expect("the file");
    project.write("windlass.toml", &text.replace(&registry.host, &elsewhere.host));
    project.commit("a registry of somebody else");
    let ran = project.windlass(&["release", "--yes", "--json"]).exits(3);
    assert_eq!(ran.error()["kind"], "not-allowed");
    failed_in(&project, "preflight");
    for command in [["tags"].as_slice(), &["verify"], &["secret", "check"]] {
        fails(&project, command, 3, "not-allowed");
    }
}

#[test]
fn commits_that_policy_refuses() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    project.write("left-over", "x");
    let error = fails(&project, &["release", "--yes"], 3, "not-allowed");
    says(&error, "why", "left-over");
    std::fs::remove_file(project.path("left-over")).expect("it was there");
    project.commit_unpushed("nobody has seen this");
    fails(&project, &["release", "--yes"], 3, "not-allowed");
    project.git(&["switch", "--quiet", "--create", "feature"]);
    project.commit("on a branch");
    let error = fails(&project, &["release", "--yes"], 3, "not-allowed");
    says(&error, "why", "feature");
    untouched(&project);
}

#[test]
fn without_somebody_to_ask_nothing_happens() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    let error = fails(&project, &["release"], 2, "usage");
    says(&error, "next", "--yes");
    untouched(&project);
}

#[test]
fn read_only_changes_nothing() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    fails(&project, &["--read-only", "secret", "set", "--username", USER, "--password-stdin"], 3, "not-allowed");
    assert!(!project.home().join("vault.age").exists());
    project.set_secret();
    fails(&project, &["release", "--yes", "--read-only"], 3, "not-allowed");
    fails(&project, &["secret", "remove", SECRET, "--confirm", SECRET, "--read-only"], 3, "not-allowed");
    let refused = ran(project.program(&["release", "--yes"]).env("WINDLASS_READ_ONLY", "1")).exits(3);
    assert!(refused.stderr.contains("read-only"), "{}", refused.stderr);
    untouched(&project);
    let check = project.windlass(&["secret", "check", "--read-only", "--json"]).exits(0).json();
    assert_eq!(check["repositories"][0]["push"], "cannot-tell", "{check}");
    assert_eq!(project.windlass(&["secret", "check", "--json"]).exits(0).json()["repositories"][0]["push"], "may");
    project.windlass(&["release", "--dry-run", "--read-only"]).exits(0);
}

#[test]
fn an_engine_that_does_not_answer() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    let gone = "unix:///nonexistent/docker.sock";
    let ran = ran(project.program(&["release", "--yes", "--json"]).env("DOCKER_HOST", gone)).exits(4);
    assert_eq!(ran.error()["kind"], "unreachable");
    assert!(ran.stderr.contains("/nonexistent/docker.sock"), "which engine: {}", ran.stderr);
    let release = failed_in(&project, "preflight");
    assert_eq!(ran.json()["id"], release["id"], "it is told of as it is recorded");
}

#[test]
fn without_a_dockerfile() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    std::fs::remove_file(project.path("Dockerfile")).expect("it was there");
    project.commit("no Dockerfile");
    let ran = project.windlass(&["release", "--yes", "--json"]).exits(2);
    says(&ran.error(), "what", "the Dockerfile is missing");
    assert_eq!(failed_in(&project, "build")["pushes"], serde_json::json!([]));
}

#[test]
fn a_step_that_fails_is_shown_with_its_code_and_its_last_words() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    project.dockerfile("RUN echo the tide is out; exit 7\n");
    project.commit("a step that fails");
    let ran: Ran = project.windlass(&["release", "--yes"]).exits(1);
    assert!(ran.stderr.contains("the tide is out"), "{}", ran.stderr);
    let release = failed_in(&project, "build");
    let told = format!("{} {}", release["failure"]["what"], release["failure"]["why"]);
    assert!(told.contains(" 7"), "{told}");
    let shown = project.windlass(&["show", "@"]).exits(0).stdout;
    assert!(shown.contains("the tide is out"), "the end of the log is under the failed step: {shown}");
    assert_eq!(release["pushes"], serde_json::json!([]));
    assert!(release["image_id"].is_null() && release["record"].is_null());
}

#[test]
fn a_frozen_tag_is_written_once() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.configure("\n[tags]\nfrozen = [\"v1\"]\n");
    project.commit("a frozen tag without a date");
    project.set_secret();
    let first = project.release();
    project.commit("the second");
    let error = fails(&project, &["release", "--yes"], 1, "failed");
    says(&error, "what", "v1 is taken");
    assert_eq!(project.row("v1")["registry"]["config_digest"], first["image_id"]);
    assert_eq!(project.releases().len(), 1);
}

#[test]
fn a_frozen_tag_of_somebody_else_is_not_written_over() {
    let registry = Registry::with_login();
    let theirs = Project::new(&registry);
    theirs.set_secret();
    theirs.release();
    theirs.copy("latest", "v1", &["--preserve-digests"]);
    // Another machine: it has no journal that tells of the tag.
    std::fs::remove_file(theirs.home().join("journal.db")).expect("a journal");
    for left in ["journal.db-wal", "journal.db-shm"] {
        let _ = std::fs::remove_file(theirs.home().join(left));
    }
    theirs.configure("\n[tags]\nfrozen = [\"v1\"]\n");
    theirs.commit("a frozen tag without a date");
    let digest = theirs.row("v1")["registry"]["digest"].clone();
    let ran = theirs.windlass(&["release", "--yes", "--json"]).exits(1);
    says(&ran.error(), "what", "v1 is taken");
    failed_in(&theirs, "preflight");
    assert_eq!(theirs.row("v1")["registry"]["digest"], digest);
    assert_eq!(theirs.row("latest")["registry"]["digest"], digest, "the moving tag was left alone too");
}

#[test]
fn a_lock_that_is_held() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    project.release();
    let hex = Digest::of(project.repository.as_bytes()).hex()[..16].to_owned();
    let file = project.home().join("run").join(format!("{hex}.lock"));
    let lock = File::options().write(true).open(&file).expect("the lock's file stays");
    lock.lock().expect("nobody holds it");
    let error = fails(&project, &["release", "--yes"], 1, "failed");
    says(&error, "what", "another release of this repository is running");
    assert_eq!(project.releases().len(), 1, "what could not begin is no release");
    drop(lock);
    project.release();
}

#[test]
fn a_key_that_others_can_read_is_not_used() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    let identity = project.home().join("identity.txt");
    let mut mode = std::fs::metadata(&identity).expect("the vault's key").permissions();
    mode.set_mode(0o644);
    std::fs::set_permissions(&identity, mode).expect("it is ours");
    let ran = project.windlass(&["secret", "show", "--json"]);
    assert_ne!(ran.code, 0);
    assert!(ran.stderr.contains("identity.txt") && !ran.stderr.contains(PASSWORD), "{}", ran.stderr);
}
