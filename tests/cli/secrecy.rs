//! The login stays a secret: in what is stored, in what is printed, and in a log that a build tries to print it to.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE},
};

use crate::support::{
    project::{Project, SECRET},
    registry::{PASSWORD, Registry, USER},
};

/// The password in the clothes that it wears on its way.
fn disguises() -> Vec<String> {
    let pair = format!("{USER}:{PASSWORD}");
    vec![PASSWORD.to_owned(), STANDARD_NO_PAD.encode(PASSWORD), STANDARD.encode(&pair), URL_SAFE.encode(&pair)]
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of ours") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, found);
        }
        found.push(path);
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn a_build_that_prints_the_password_leaves_no_trace_of_it() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    let encoded = STANDARD.encode(PASSWORD);
    let pair = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    project.write("page", &format!("plain {PASSWORD} end\nencoded {encoded} end\npair {pair} end\n"));
    project.dockerfile("COPY page /page\nRUN /bin/busybox cat /page; exit 3\n");
    project.commit("a step that leaks");
    let failed = project.windlass(&["release", "--yes"]).exits(1);
    project.dockerfile("COPY page /page\nRUN /bin/busybox cat /page\n");
    project.commit("and goes on");
    let done = project.windlass(&["release", "--yes"]).exits(0);
    let document = project.windlass(&["show", "@", "--json"]).exits(0);
    let log = project.windlass(&["log", "@"]).exits(0);
    for line in ["plain [redacted] end", "encoded [redacted]", "pair [redacted] end"] {
        assert!(log.stdout.contains(line), "no `{line}`: {}", log.stdout);
    }
    let list = project.windlass(&["releases", "--json"]).exits(0);
    for ran in [&failed, &done, &document, &log, &list] {
        for disguise in disguises() {
            assert!(!ran.stdout.contains(&disguise) && !ran.stderr.contains(&disguise), "{ran:?}");
        }
    }
    nothing_in_home(&project);
}

/// No file below the home holds the password, and nobody else can read any.
fn nothing_in_home(project: &Project) {
    let mut paths = vec![project.home()];
    walk(&project.home(), &mut paths);
    for wanted in ["journal.db", "logs", "artifacts", "vault.age", "identity.txt"] {
        assert!(paths.iter().any(|path| path.ends_with(wanted)), "no {wanted} in {paths:?}");
    }
    for path in paths {
        let mode = fs::metadata(&path).expect("metadata").permissions().mode() & 0o777;
        if path.is_dir() {
            assert_eq!(mode, 0o700, "{} is {mode:o}", path.display());
            continue;
        }
        assert_eq!(mode, 0o600, "{} is {mode:o}", path.display());
        let bytes = fs::read(&path).expect("a file of ours");
        for disguise in disguises() {
            assert!(!holds(&bytes, &disguise), "{} holds {disguise}", path.display());
        }
    }
}

#[test]
fn a_secret_is_described_and_never_shown() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    for (arguments, schema) in [(["secret", "show"], "windlass.secret/1"), (["secret", "list"], "windlass.secrets/1")] {
        let people = project.windlass(&arguments).exits(0);
        let programs = project.windlass(&[arguments[0], arguments[1], "--json"]).exits(0);
        assert_eq!(programs.json()["schema"], schema);
        for ran in [people, programs] {
            assert!(ran.stdout.contains(SECRET) && ran.stdout.contains(&project.repository), "{}", ran.stdout);
            for disguise in disguises() {
                assert!(!ran.stdout.contains(&disguise), "{}", ran.stdout);
            }
        }
    }
    let shown = project.windlass(&["secret", "show", "--json"]).exits(0).json();
    let keys: Vec<_> = shown["keys"].as_array().expect("keys").iter().map(|key| &key["key"]).collect();
    assert_eq!(keys, ["/password", "/username"]);
    assert!(!shown.to_string().contains(&format!("\"{USER}\"")), "the user name is a value too: {shown}");
}

#[test]
fn a_secret_of_the_vault_is_bound_to_more_without_its_password() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    let before = project.windlass(&["secret", "show", "--json"]).exits(0).json();
    let second = registry.repository("team/second");
    project.configure(&format!("\n[[image]]\nname = \"second\"\nrepository = \"{second}\"\n"));
    let refused = project.windlass(&["secret", "check", "--image", "second", "--json"]).exits(3).error();
    assert!(refused["next"].as_str().expect("next").contains("windlass secret bind"), "{refused}");
    project.windlass(&["secret", "bind", "--image", "second", "--read-only"]).exits(3);
    let bound = project.windlass(&["secret", "bind", "--image", "second", "--json"]).exits(0).json();
    assert_eq!(bound["bindings"].as_array().expect("bindings").len(), 2, "{bound}");
    project.windlass(&["secret", "check", "--image", "second"]).exits(0);
    let after = project.windlass(&["secret", "show", "--image", "second", "--json"]).exits(0).json();
    assert_eq!((&after["set"], &after["by"]), (&before["set"], &before["by"]), "the login is as old as it was");
}

#[test]
fn a_document_keeps_its_other_keys() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    let document = serde_json::json!({"username": USER, "password": "an older password", "owner": "the release team"});
    project.windlass_told(&["secret", "set", "--document-stdin"], &document.to_string()).exits(0);
    project.windlass(&["secret", "check"]).exits(3);
    project.set_secret();
    project.windlass(&["secret", "check"]).exits(0);
    let shown = project.windlass(&["secret", "show", "--json"]).exits(0).json();
    let keys: Vec<_> = shown["keys"].as_array().expect("keys").iter().map(|key| &key["key"]).collect();
    assert_eq!(keys, ["/owner", "/password", "/username"]);
    let wrong =
        project.windlass_told(&["secret", "set", "--document-stdin"], "{\"password\": \"hunter2hunter2").exits(2);
    assert!(!wrong.stderr.contains("hunter2"), "{}", wrong.stderr);
    project.windlass_told(&["secret", "set", "--replace", "--username", USER, "--password-stdin"], PASSWORD).exits(0);
    let shown = project.windlass(&["secret", "show", "--json"]).exits(0).json();
    assert_eq!(shown["keys"].as_array().expect("keys").len(), 2, "that was asked for: {shown}");
    project.windlass(&["secret", "remove", SECRET]).exits(2);
    project.windlass(&["secret", "remove", SECRET, "--confirm", SECRET]).exits(0);
    project.windlass(&["secret", "show"]).exits(1);
}
