//! What is refused and what fails: the exit code, the three lines, the JSON error, and that nothing was touched.

use std::{
    fs::{self, File},
    os::unix::fs::{PermissionsExt as _, symlink},
};

use serde_json::Value;
use windlass::domain::digest::Digest;

use super::failing::{failed_in, fails, release_failed, says};
use crate::support::{
    project::{Project, Ran, SECRET, ran},
    registry::{PASSWORD, Registry, USER},
};

/// No release began, and the registry has never heard of the repository.
#[track_caller]
fn untouched(project: &Project) {
    assert_eq!(project.releases(), [] as [Value; 0]);
    assert_eq!(project.windlass(&["tags", "--json"]).exits(0).json()["rows"], serde_json::json!([]));
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
    let release = release_failed(&project, project.windlass(&["release", "--yes"]), 2, "preflight");
    says(&release["failure"], "what", "the Dockerfile is missing");
    assert_eq!(release["steps"][1]["state"], "pending", "the login was not even looked at: {release}");
    assert_eq!(project.windlass(&["tags", "--json"]).exits(0).json()["rows"], serde_json::json!([]));

    // The same of a commit that is not checked out; and one that is there is found, wherever it lies.
    let without = project.git(&["rev-parse", "HEAD"]);
    project.dockerfile("");
    project.commit("with one again");
    let other = project.windlass(&["release", "--yes", "--ref", &without]);
    let release = release_failed(&project, other, 2, "preflight");
    says(&release["failure"], "why", "there is no `Dockerfile` in commit");
    fs::create_dir_all(project.path("below/real")).expect("a folder");
    for file in ["Dockerfile", "busybox"] {
        fs::copy(project.path(file), project.path("below/real").join(file)).expect("a copy");
    }
    symlink("real", project.path("below/linked")).expect("a link");
    for context in ["./below/real", "below/linked"] {
        project.configure("");
        project.image_key(&format!("context = \"{context}\""));
        let commit = project.commit(context);
        project.commit("not that one");
        project.windlass(&["release", "--yes", "--ref", &commit]).exits(0);
    }
}

#[test]
fn what_the_engine_need_not_be_asked_for_is_refused_before_anything_begins() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    project.dockerfile("RUN --mount=type=secret,id=token cat /run/secrets/token\n");
    project.commit("a secret that the build would not get");
    let release = release_failed(&project, project.windlass(&["release", "--yes"]), 2, "preflight");
    says(&release["failure"], "what", "the build needs a secret");
    project.image_key("context = \"nowhere\"");
    project.commit("no context");
    let release = release_failed(&project, project.windlass(&["release", "--yes"]), 2, "preflight");
    says(&release["failure"], "what", "there is nothing to build");
    assert_eq!(project.windlass(&["tags", "--json"]).exits(0).json()["rows"], serde_json::json!([]));
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
    // Whoever holds it is not the release that had it last.
    says(&error, "what", "this repository is locked");
    says(&error, "why", "a process that is no release");
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
