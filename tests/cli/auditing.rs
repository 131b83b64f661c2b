//! The audit trail: every change has its row, written before it.

use serde_json::Value;

use super::rotating::{NEW, OTHER, fingerprint, ready, rotate, says_no_value};
use crate::support::project::{Project, SECRET, ran};

fn trail(project: &Project, more: &[&str]) -> Vec<Value> {
    let ran = project.windlass(&[&["audit", "--json"], more].concat()).exits(0);
    says_no_value(&ran);
    ran.stdout.lines().map(|line| serde_json::from_str(line).expect("a document a line")).collect()
}

fn told(rows: &[Value]) -> Vec<(&str, &str)> {
    rows.iter().map(|row| (row["what"].as_str().expect("text"), row["outcome"].as_str().expect("text"))).collect()
}

#[test]
fn who_changed_what() {
    let (registry, project) = ready();
    let first = fingerprint(&project);
    rotate(&project, &["--username", OTHER], NEW).exits(0);
    let second = fingerprint(&project);
    rotate(&project, &["--username", OTHER], "not-known-there").exits(3);
    project.windlass_told(&["secret", "rotate", "--password-stdin"], NEW).exits(2);
    project.windlass(&["release", "--yes"]).exits(0);
    let release = project.releases()[0]["id"].clone();
    project.commit_unpushed("policy refuses it");
    project.windlass(&["release", "--yes"]).exits(3);
    project.windlass(&["secret", "check"]).exits(0);
    project.windlass(&["secret", "remove", "--confirm", "another"]).exits(2);
    project.windlass(&["secret", "remove", "--confirm", SECRET]).exits(0);

    let rows = trail(&project, &[]);
    // What was refused before it began changed nothing and is no act.
    let wanted = [
        ("secret-remove", "done"),
        ("release", "done"),
        ("secret-rotate", "failed"),
        ("secret-rotate", "done"),
        ("secret-set", "done"),
    ];
    assert_eq!(told(&rows), wanted);
    let fingerprints: Vec<&Value> = rows.iter().map(|row| &row["fingerprint"]).collect();
    assert_eq!(fingerprints, [&second, &Value::Null, &second, &second, &first], "what was in force after it");
    assert_eq!(rows[1]["subject"], release);
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    for row in &rows {
        let mut keys: Vec<&str> = row.as_object().expect("an object").keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, ["at", "fingerprint", "outcome", "schema", "subject", "what", "who", "why"]);
        assert_eq!((&row["schema"], &row["who"]), (&"windlass.audit/1".into(), &format!("ada@{host}").into()));
    }
    assert!(rows[2]["why"].as_str().expect("why").contains(&registry.host), "{}", rows[2]);
    assert_eq!(trail(&project, &["--limit", "2"]), rows[..2]);
    let people = project.windlass(&["audit"]).exits(0).stdout;
    assert_eq!(people.lines().count(), 5, "{people}");
    assert!(people.lines().all(|line| line.contains("ada@")), "{people}");
}

#[test]
fn an_act_whose_process_died_stays_begun() {
    let (_registry, project) = ready();
    super::rotation_faults::kill_at(&project, "rotation:stored");
    assert_eq!(told(&trail(&project, &["--limit", "1"])), [("secret-rotate", "begun")]);
    project.windlass(&["secret", "rotate", "--rollback"]).exits(0);
    assert_eq!(told(&trail(&project, &["--limit", "2"])), [("secret-rollback", "done"), ("secret-rotate", "begun")]);
    super::rotation_faults::kill_at(&project, "rotation:stored");
    project.windlass(&["secret", "rotate", "--resume"]).exits(0);
    assert_eq!(told(&trail(&project, &["--limit", "1"])), [("secret-resume", "done")]);
}

#[test]
fn what_cannot_be_told_is_not_done() {
    let (_registry, project) = ready();
    let vault = std::fs::read(project.home().join("vault.age")).expect("the vault");
    let locked = rusqlite::Connection::open(project.home().join("journal.db")).expect("the journal");
    locked.execute_batch("DROP TABLE audit").expect("it is a table");
    for command in [
        ["secret", "remove", "--confirm", SECRET, "--json"].as_slice(),
        &["secret", "rotate", "--username", OTHER, "--password-stdin", "--json"],
        &["secret", "set", "--username", OTHER, "--password-stdin", "--json"],
        &["release", "--yes", "--json"],
    ] {
        let error = project.windlass_told(command, NEW).exits(1).error();
        assert!(error["why"].as_str().expect("why").contains("no such table: audit"), "{error}");
    }
    assert_eq!(std::fs::read(project.home().join("vault.age")).expect("the vault"), vault, "nothing was changed");
    assert_eq!(project.releases(), [] as [Value; 0]);
}

#[test]
fn an_end_that_cannot_be_told_is_an_error_though_it_was_done() {
    let (_registry, project) = ready();
    let journal = rusqlite::Connection::open(project.home().join("journal.db")).expect("the journal");
    let broken = "CREATE TRIGGER broken BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'it is broken'); END";
    journal.execute_batch(broken).expect("a trigger");
    let error = project.windlass(&["secret", "remove", "--confirm", SECRET, "--json"]).exits(1).error();
    assert!(
        error["what"].as_str().expect("what").starts_with("the audit trail does not say how this ended"),
        "{error}"
    );
    assert!(error["why"].as_str().expect("why").contains("secret-remove"), "{error}");
    assert!(error["why"].as_str().expect("why").contains("is done"), "{error}");
    project.windlass(&["secret", "show"]).exits(1);
    assert_eq!(told(&trail(&project, &["--limit", "1"])), [("secret-remove", "begun")]);
}

#[test]
fn nothing_yet() {
    let (_registry, project) = ready();
    let mut command = project.program(&["audit"]);
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    let ran = ran(command.env("WINDLASS_HOME", elsewhere.path()).current_dir("/")).exits(0);
    assert_eq!(ran.stdout, "nothing was changed yet\n");
}
