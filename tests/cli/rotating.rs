//! Rotation as a maintainer does it: what is proven, what is kept, what is refused, and what is told.

use std::{path::Path, process::Command};

use serde_json::Value;

use crate::support::{
    project::{Project, Ran, SECRET},
    registry::{PASSWORD, Registry, USER},
    terminal::Terminal,
};

/// What the password becomes.
pub const NEW: &str = "a-new~password?with>both";
/// A user of whom the registry knows `NEW` while it also knows the old login.
pub const OTHER: &str = "other";

#[track_caller]
pub fn rotate(project: &Project, more: &[&str], password: &str) -> Ran {
    let ran = project.windlass_told(&[&["secret", "rotate", "--password-stdin"], more].concat(), password);
    says_no_value(&ran);
    ran
}

#[track_caller]
pub fn says_no_value(ran: &Ran) {
    for value in [NEW, PASSWORD] {
        assert!(!ran.stdout.contains(value) && !ran.stderr.contains(value), "{ran:?}");
    }
}

/// A registry that knows the old login and the one that takes its place, and a project with the old one.
pub fn ready() -> (Registry, Project) {
    let registry = Registry::with_login();
    registry.accept(&[(USER, PASSWORD), (OTHER, NEW)]);
    let project = Project::new(&registry);
    project.set_secret();
    (registry, project)
}

pub fn status(project: &Project) -> Value {
    project.windlass(&["secret", "rotate", "--status", "--json"]).exits(0).json()
}

/// The fingerprint of the password in the vault.
pub fn fingerprint(project: &Project) -> Value {
    let shown = project.windlass(&["secret", "show", "--json"]).exits(0).json();
    let keys = shown["keys"].as_array().expect("keys").clone();
    keys.into_iter().find(|key| key["key"] == "/password").expect("a password")["fingerprint"].clone()
}

pub fn steps(document: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let steps = document["steps"].as_array().expect("steps");
    steps.iter().map(|step| (text(&step["name"]), text(&step["state"]))).collect()
}

/// The vault's document, by the program of age's author.
pub fn vault(project: &Project) -> String {
    unsealed(&project.home().join("identity.txt"), &project.home().join("vault.age"))
}

pub fn unsealed(identity: &Path, vault: &Path) -> String {
    let mut age = Command::new("age");
    let output = age.args(["-d", "-i"]).args([identity, vault]).output().expect("age is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("JSON")
}

#[test]
fn a_proven_password_takes_the_place_of_the_old_one() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    let document = serde_json::json!({"username": USER, "password": PASSWORD, "owner": "the release team"});
    project.windlass_told(&["secret", "set", "--document-stdin"], &document.to_string()).exits(0);
    let before = fingerprint(&project);
    // As at a registry that gives an account a new token: from now on the old one is refused.
    registry.accept(&[(USER, NEW)]);
    project.windlass(&["secret", "check"]).exits(3);

    let rotated = rotate(&project, &["--json"], &format!("{NEW}\n")).exits(0).json();
    assert_eq!(rotated["schema"], "windlass.rotation/1");
    assert_eq!(
        (&rotated["state"], &rotated["stage"], &rotated["failure"]),
        (&"rotated".into(), &Value::Null, &Value::Null)
    );
    let done = ["verify-new", "store", "read-back", "verify-stored"].map(|step| (step.to_owned(), "done".to_owned()));
    assert_eq!(steps(&rotated), done);
    let after = fingerprint(&project);
    assert_ne!(before, after);
    assert_eq!(rotated["fingerprints"], serde_json::json!({"old": [before], "new": [after]}));
    assert_eq!(rotated["repositories"], serde_json::json!([project.repository]));

    project.windlass(&["secret", "check"]).exits(0);
    let stored: Value = serde_json::from_str(&vault(&project)).expect("JSON");
    let document = serde_json::json!({"username": USER, "password": NEW, "owner": "the release team"});
    assert_eq!(stored["secrets"][SECRET]["document"], document, "its other keys are kept");
    assert_eq!(stored["secrets"][SECRET]["bindings"], serde_json::json!([project.repository]));
    assert_eq!(stored["schema"], "windlass.vault/1", "an older windlass reads it again");
    assert!(!stored.to_string().contains(PASSWORD), "the old one was dropped");
    assert_eq!(status(&project)["state"], "none");
}

#[test]
fn people_are_told_each_step_and_what_is_left_to_do() {
    let (registry, project) = ready();
    let ran = rotate(&project, &["--username", OTHER], NEW).exits(0);
    for wanted in ["✓  verify new", "✓  store", "✓  read back", "✓  verify stored"] {
        assert!(ran.stderr.contains(wanted), "no `{wanted}`: {ran:?}");
    }
    assert!(ran.stderr.contains("other is accepted, a wrong password refused"), "{}", ran.stderr);
    for wanted in ["fingerprint ", &registry.host, "revoked", "whoever runs that registry"] {
        assert!(ran.stdout.contains(wanted), "no `{wanted}`: {}", ran.stdout);
    }
    let none = project.windlass(&["secret", "rotate", "--status"]).exits(0);
    assert_eq!(none.stdout, format!("no rotation of {SECRET} is open\n"));
}

#[test]
fn a_login_that_is_not_proven_is_never_stored() {
    let (_registry, project) = ready();
    let before = vault(&project);
    for (more, password) in [(&["--json"][..], NEW), (&["--json", "--username", OTHER], "another-wrong-one")] {
        let ran = rotate(&project, more, password).exits(3);
        let (document, error) = (ran.json(), ran.error());
        assert_eq!((&document["state"], &error["kind"]), (&"withdrawn".into(), &"not-allowed".into()));
        assert_eq!(document["failure"], error);
        assert_eq!(steps(&document)[0], ("verify-new".to_owned(), "failed".to_owned()));
        assert!(steps(&document)[1..].iter().all(|(_, state)| state == "pending"), "{document}");
        assert_eq!(vault(&project), before);
    }
    project.windlass(&["secret", "check"]).exits(0);
    assert_eq!(status(&project)["state"], "none");
}

#[test]
fn a_registry_that_does_not_answer_is_another_failure() {
    let (mut registry, project) = ready();
    registry.stop();
    let ran = rotate(&project, &["--json", "--username", OTHER], NEW).exits(4);
    assert_eq!((&ran.json()["state"], &ran.error()["kind"]), (&"withdrawn".into(), &"unreachable".into()));
    assert_eq!(status(&project)["state"], "none");
}

#[test]
fn a_registry_that_asks_nobody_proves_nothing() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    project.set_secret();
    let ran = rotate(&project, &["--json"], NEW).exits(1);
    assert!(ran.error()["why"].as_str().expect("why").contains("asks nobody"), "{}", ran.stderr);
    assert!(vault(&project).contains(PASSWORD));
}

#[test]
fn passwords_that_are_none_are_refused_before_anything_is_asked() {
    let (_registry, project) = ready();
    let before = vault(&project);
    for (password, why) in
        [(PASSWORD, "the same password as before"), ("short", "5 characters"), ("two\nlines", "line break")]
    {
        let error = rotate(&project, &["--json"], password).exits(2).error();
        assert!(error["why"].as_str().expect("why").contains(why), "{error}");
    }
    let neither = project.windlass_told(&["secret", "rotate", "--document-stdin"], "{}").exits(2);
    assert!(neither.stderr.contains("/password"), "{}", neither.stderr);
    assert_eq!(vault(&project), before);
    project.windlass_told(&["secret", "rotate", "--status", "--password-stdin"], NEW).exits(2);
    project.windlass(&["secret", "rotate", "--status", "--resume"]).exits(2);
    for more in ["--resume", "--rollback"] {
        let error = project.windlass(&["secret", "rotate", more, "--json"]).exits(1).error();
        assert_eq!(error["what"], format!("no rotation of {SECRET} is open"));
    }
    rotate(&project, &["--read-only"], NEW).exits(3);
    project.windlass(&["secret", "rotate", "--status", "--read-only"]).exits(0);
    project.windlass(&["secret", "remove", "--confirm", SECRET]).exits(0);
    rotate(&project, &["--username", USER], NEW).exits(1);
}

#[test]
fn a_docker_config_is_rotated_in_its_place() {
    let registry = Registry::with_login();
    registry.accept(&[(USER, PASSWORD), (OTHER, NEW)]);
    let project = Project::new(&registry);
    let text = std::fs::read_to_string(project.path("windlass.toml")).expect("the file");
    let recipe = text.lines().find(|line| line.starts_with("recipe")).expect("a recipe");
    project.write("windlass.toml", &text.replace(recipe, "recipe = { docker-config = \"/dockercfg\" }"));
    let document = serde_json::json!({"note": "kept", "dockercfg": {"auths": {
        &registry.host: {"username": USER, "password": PASSWORD, "email": "bot@example.com"},
        "ghcr.io": {"auth": "b3RoZXI6YW4tb3RoZXItcGFzc3dvcmQ="},
    }}});
    project.windlass_told(&["secret", "set", "--document-stdin"], &document.to_string()).exits(0);
    let rotated = rotate(&project, &["--json", "--username", OTHER], NEW).exits(0).json();
    assert_eq!(rotated["state"], "rotated");
    let stored: Value = serde_json::from_str(&vault(&project)).expect("JSON");
    let stored = &stored["secrets"][SECRET]["document"];
    assert_eq!(stored["dockercfg"]["auths"][&registry.host]["password"], NEW);
    assert_eq!(stored["dockercfg"]["auths"][&registry.host]["email"], "bot@example.com");
    assert_eq!(stored["dockercfg"]["auths"]["ghcr.io"], document["dockercfg"]["auths"]["ghcr.io"]);
    assert_eq!(stored["note"], "kept");
    assert!(!stored.to_string().contains(PASSWORD), "the old one is nowhere in it");

    // And as a whole document.
    registry.accept(&[(USER, PASSWORD), (OTHER, NEW)]);
    let ran =
        project.windlass_told(&["secret", "rotate", "--document-stdin", "--json"], &document.to_string()).exits(0);
    says_no_value(&ran);
    project.windlass(&["secret", "check"]).exits(0);
}

#[test]
fn one_repository_that_refuses_is_enough() {
    let (registry, elsewhere) = (Registry::with_login(), Registry::with_login());
    registry.accept(&[(USER, PASSWORD), (OTHER, NEW)]);
    let project = Project::new(&registry);
    let second = elsewhere.repository("team/second");
    project.configure(&format!("\n[[image]]\nname = \"second\"\nrepository = \"{second}\"\n"));
    project
        .windlass_told(&["secret", "set", "--image", "app", "--username", USER, "--password-stdin"], PASSWORD)
        .exits(0);
    let before = vault(&project);
    let ran = rotate(&project, &["--image", "app", "--json", "--username", OTHER], NEW).exits(3);
    assert!(ran.error()["why"].as_str().expect("why").contains(&second), "which one: {}", ran.stderr);
    assert_eq!(vault(&project), before);

    elsewhere.accept(&[(OTHER, NEW)]);
    let rotated = rotate(&project, &["--image", "app", "--json", "--username", OTHER], NEW).exits(0).json();
    let mut both = [project.repository.clone(), second.clone()];
    both.sort();
    assert_eq!(rotated["repositories"], serde_json::json!(both));
    for repository in both {
        let note = rotated["steps"][0]["note"].as_str().expect("a note");
        assert!(note.contains(&repository), "{note}");
    }
    // A repository that came to the project since belongs to no secret yet.
    project
        .configure(&format!("\n[[image]]\nname = \"third\"\nrepository = \"{}\"\n", registry.repository("team/third")));
    let error = rotate(&project, &["--image", "app", "--json"], PASSWORD).exits(3).error();
    assert!(error["what"].as_str().expect("what").contains("team/third"), "{error}");
}

#[test]
fn at_a_terminal_the_password_is_asked_for_and_not_shown() {
    let (_registry, project) = ready();
    let mut terminal = Terminal::start(&project.program(&["secret", "rotate", "--username", OTHER]));
    terminal.sees("New password: ").types(NEW);
    let session = terminal.ends().exits(0);
    assert!(!session.transcript.contains(NEW), "{}", session.transcript);
    assert!(session.screen.contains("✓  verify stored"), "{}", session.screen);
    assert!(vault(&project).contains(NEW));
}
