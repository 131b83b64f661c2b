//! A rotation that is killed, overtaken, or turned down half way: it is explained, and can be taken to an end.

use std::fs;

use serde_json::Value;

use super::rotating::{NEW, OTHER, fingerprint, ready, rotate, says_no_value, status, steps, unsealed, vault};
use crate::support::{
    disk::SmallDisk,
    project::{Project, Ran, SECRET, ran},
    registry::{PASSWORD, USER},
    stop::Stopped,
};

const ROTATE: [&str; 6] = ["secret", "rotate", "--username", OTHER, "--password-stdin", "--json"];

/// A rotation that is stopped at this point.
fn rotating(project: &Project, point: &str) -> Stopped {
    Stopped::at(project.program(&ROTATE), NEW, point)
}

/// Lets it go on, to its end, in which no value may show.
fn go_on(stopped: Stopped) -> Ran {
    let ran = stopped.go_on();
    says_no_value(&ran);
    ran
}

/// A rotation that was killed at this point.
pub fn kill_at(project: &Project, point: &str) {
    rotating(project, point).kill();
}

fn go(project: &Project, more: &str) -> Ran {
    let ran = project.windlass(&["secret", "rotate", more, "--json"]);
    says_no_value(&ran);
    ran
}

/// Every place in which a process can die: after each write of the vault, and before the next.
const POINTS: [(&str, &str); 6] = [
    ("rotation:opened", "opened"),
    ("rotation:opened:checked", "opened"),
    ("rotation:stored", "stored"),
    ("rotation:stored:checked", "stored"),
    ("rotation:read-back", "read-back"),
    ("rotation:read-back:checked", "read-back"),
];

#[test]
fn killed_anywhere_it_is_resumed_to_its_end() {
    for (point, stage) in POINTS {
        let (_registry, project) = ready();
        kill_at(&project, point);
        let seen = status(&project);
        assert_eq!((&seen["state"], &seen["stage"]), (&"open".into(), &stage.into()), "{point}");
        let in_force = fingerprint(&project);
        let side = if stage == "opened" { "old" } else { "new" };
        assert_eq!(seen["fingerprints"][side], serde_json::json!([in_force]), "{point}");
        let people = project.windlass(&["secret", "rotate", "--status"]).exits(0).stdout;
        assert!(people.contains("--resume") && people.contains("--rollback"), "{people}");
        project.windlass(&["secret", "check"]).exits(0);

        let rotated = go(&project, "--resume").exits(0).json();
        assert_eq!(rotated["state"], "rotated", "{point}");
        let names: Vec<_> = steps(&rotated).into_iter().collect();
        assert!(names.iter().all(|(_, state)| state == "done") && names.len() == 4, "{point}: {names:?}");
        let text = vault(&project);
        assert!(text.contains(NEW) && !text.contains(PASSWORD) && !text.contains("rotations"), "{point}");
        assert_eq!(fingerprint(&project), seen["fingerprints"]["new"][0]);
        assert_eq!(status(&project)["state"], "none");
    }
}

#[test]
fn while_it_is_open_a_build_shows_neither_password() {
    for point in ["rotation:opened", "rotation:stored"] {
        let (_registry, project) = ready();
        project.write("page", &format!("old {PASSWORD} end\nnew {NEW} end\n"));
        project.dockerfile("COPY page /page\nRUN /bin/busybox cat /page\n");
        project.commit("a step that leaks");
        kill_at(&project, point);
        let told = project.windlass(&["release", "--yes"]).exits(0);
        let log = project.windlass(&["log", "@"]).exits(0);
        assert!(log.stdout.contains("old [redacted] end") && log.stdout.contains("new [redacted] end"), "{log:?}");
        says_no_value(&told);
        says_no_value(&log);
    }
}

#[test]
fn killed_anywhere_it_is_rolled_back() {
    for (point, _) in POINTS {
        let (_registry, project) = ready();
        let before = vault(&project);
        kill_at(&project, point);
        let back = go(&project, "--rollback").exits(0).json();
        assert_eq!((&back["state"], &back["failure"]), (&"rolled-back".into(), &Value::Null), "{point}");
        let told = steps(&back);
        let tail = [("restore", "done"), ("verify-old", "done")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(told[told.len() - 2..], tail, "{point}");
        assert_eq!(vault(&project), before, "{point}: bit by bit what it was");
        project.windlass(&["secret", "check"]).exits(0);
    }
}

#[test]
fn a_rollback_that_is_killed_is_taken_to_its_end_too() {
    for point in ["rotation:restored", "rotation:restored:checked"] {
        for way in ["--resume", "--rollback"] {
            let (_registry, project) = ready();
            let before = vault(&project);
            kill_at(&project, "rotation:stored");
            Stopped::at(project.program(&["secret", "rotate", "--rollback"]), NEW, point).kill();
            assert_eq!(status(&project)["stage"], "restored");
            assert_eq!(go(&project, way).exits(0).json()["state"], "rolled-back", "{point} {way}");
            assert_eq!(vault(&project), before);
        }
    }
}

#[test]
fn what_is_refused_once_stored_is_rolled_back_without_asking() {
    let (registry, project) = ready();
    let before = vault(&project);
    let stopped = rotating(&project, "rotation:read-back");
    registry.accept(&[(USER, PASSWORD)]);
    let ran = go_on(stopped).exits(3);
    let (document, error) = (ran.json(), ran.error());
    assert_eq!((&document["state"], &error["kind"]), (&"rolled-back".into(), &"not-allowed".into()));
    assert!(error["why"].as_str().expect("why").contains("still works"), "{error}");
    let told: Vec<String> = steps(&document).into_iter().map(|(name, state)| format!("{name} {state}")).collect();
    let wanted =
        ["verify-new done", "store done", "read-back done", "verify-stored failed", "restore done", "verify-old done"];
    assert_eq!(told, wanted);
    assert_eq!(vault(&project), before);
}

#[test]
fn why_it_was_rolled_back_is_remembered() {
    let (registry, project) = ready();
    kill_at(&project, "rotation:stored");
    registry.accept(&[(USER, PASSWORD)]);
    Stopped::at(project.program(&["secret", "rotate", "--resume"]), NEW, "rotation:restored").kill();
    let told = project.windlass(&["secret", "rotate", "--status"]).exits(0).stdout;
    assert!(told.contains("does not accept the login of other"), "{told}");
    // The one who finishes it is told what had failed, with its exit code.
    let error = go(&project, "--resume").exits(3).error();
    assert!(error["why"].as_str().expect("why").contains("does not accept the login of other"), "{error}");
}

#[test]
fn a_registry_that_falls_silent_half_way_is_rolled_back_from() {
    let (mut registry, project) = ready();
    let before = vault(&project);
    let stopped = rotating(&project, "rotation:read-back");
    registry.stop();
    let ran = go_on(stopped).exits(4);
    assert_eq!(ran.error()["kind"], "unreachable");
    assert!(ran.error()["why"].as_str().expect("why").contains("could not be verified either"), "{}", ran.stderr);
    assert_eq!(steps(&ran.json()).last().expect("steps"), &("verify-old".to_owned(), "failed".to_owned()));
    assert_eq!(vault(&project), before);
}

#[test]
fn a_rollback_to_a_login_that_is_revoked_says_so() {
    let (registry, project) = ready();
    kill_at(&project, "rotation:stored");
    registry.accept(&[(OTHER, NEW)]);
    let ran = go(&project, "--rollback").exits(3);
    assert_eq!(ran.json()["state"], "rolled-back");
    assert!(
        ran.error()["what"].as_str().expect("what").contains("its old login could not be verified"),
        "{}",
        ran.stderr
    );
    assert!(vault(&project).contains(PASSWORD));
}

#[test]
fn while_one_is_open_nothing_else_changes_the_secret() {
    let (_registry, project) = ready();
    kill_at(&project, "rotation:stored");
    let before = vault(&project);
    let set = ["secret", "set", "--username", USER, "--password-stdin", "--json"];
    let remove = ["secret", "remove", "--confirm", SECRET, "--json"];
    for ran in
        [rotate(&project, &["--json"], PASSWORD), project.windlass_told(&set, PASSWORD), project.windlass(&remove)]
    {
        let error = ran.exits(1).error();
        assert_eq!(error["what"], format!("{SECRET} is being rotated"));
        let next = error["next"].as_str().expect("next");
        assert!(next.contains("--resume") && next.contains("--rollback"), "both ways out: {next}");
    }
    assert_eq!(vault(&project), before);
    // Another secret is another matter.
    let text = fs::read_to_string(project.path("windlass.toml")).expect("the file");
    project.write("windlass.toml", &text.replace(SECRET, "another"));
    project.set_secret();
    project.windlass(&["secret", "remove", "another", "--confirm", "another"]).exits(0);
    // And from anywhere: what it needs lies with it in the vault.
    fs::remove_file(project.path("windlass.toml")).expect("it was there");
    let rotated = project.windlass(&["secret", "rotate", SECRET, "--resume", "--json"]).exits(0).json();
    assert_eq!(rotated["state"], "rotated");
}

#[test]
fn of_two_processes_one_has_its_way() {
    let (_registry, project) = ready();
    let before = vault(&project);
    let first = rotating(&project, "rotation:opened:checked");
    assert_eq!(go(&project, "--rollback").exits(0).json()["state"], "rolled-back");
    let error = go_on(first).exits(1).error();
    assert!(error["why"].as_str().expect("why").contains("another windlass changed"), "{error}");
    assert!(error["next"].as_str().expect("next").contains("--status"), "{error}");
    assert_eq!(vault(&project), before);

    let first = rotating(&project, "rotation:stored");
    assert_eq!(go(&project, "--resume").exits(0).json()["state"], "rotated");
    go_on(first).exits(1);
    let text = vault(&project);
    assert!(text.contains(NEW) && !text.contains(PASSWORD));
}

#[test]
fn a_vault_with_an_open_rotation_is_of_a_newer_schema() {
    let (_registry, project) = ready();
    kill_at(&project, "rotation:stored");
    let text = vault(&project);
    let document: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(document["schema"], "windlass.vault/2");
    assert!(text.contains(NEW) && text.contains(PASSWORD), "both are kept");
    let sealed = fs::read(project.home().join("vault.age")).expect("the vault");
    assert!(!sealed.windows(NEW.len()).any(|bytes| bytes == NEW.as_bytes()), "and both are encrypted");
}

#[test]
fn a_full_disk_leaves_it_where_it_was() {
    let (_registry, project) = ready();
    let disk = SmallDisk::new(64);
    // The vault alone is on the small disk: its identity and the trail lie elsewhere.
    let (config, data) = (project.home().join("windlass"), disk.path().join("windlass"));
    for folder in [&config, &data] {
        fs::create_dir(folder).expect("a folder");
    }
    fs::copy(project.home().join("identity.txt"), config.join("identity.txt")).expect("the identity");
    fs::copy(project.home().join("vault.age"), data.join("vault.age")).expect("the vault");
    let program = |arguments: &[&str]| {
        let mut command = project.program(arguments);
        command.env_remove("WINDLASS_HOME").env("XDG_DATA_HOME", disk.path());
        command.env("XDG_CONFIG_HOME", project.home()).env("XDG_STATE_HOME", project.home());
        command
    };
    let stopped = Stopped::at(program(&ROTATE), NEW, "rotation:opened:checked");
    disk.fill(64);
    let error = go_on(stopped).exits(1).error();
    assert!(error["why"].as_str().expect("why").contains("stays open where it was (opened)"), "{error}");
    let next = error["next"].as_str().expect("next");
    for wanted in ["make room", "--resume", "--rollback"] {
        assert!(next.contains(wanted), "no {wanted}: {next}");
    }
    let seen = ran(&mut program(&["secret", "rotate", "--status", "--json"])).exits(0).json();
    assert_eq!(seen["stage"], "opened", "what there was can be read");
    ran(&mut program(&["secret", "rotate", "--rollback"])).exits(1);
    disk.free();
    assert_eq!(ran(&mut program(&["secret", "rotate", "--resume", "--json"])).exits(0).json()["state"], "rotated");
    let text = unsealed(&config.join("identity.txt"), &data.join("vault.age"));
    assert!(text.contains(NEW) && !text.contains(PASSWORD));
    let staged = fs::read_dir(&data)
        .expect("the folder")
        .filter(|f| f.as_ref().expect("an entry").file_name().to_string_lossy().starts_with(".vault-"));
    assert_eq!(staged.count(), 0, "no half-written vault is left");
}
