//! What tasks left: their logs and their artifacts, through the program.

use std::{io::Read as _, process::Stdio};

use super::site::{ARTIFACT, LIVE, LOG, Site};
use crate::support::{
    registry::Registry,
    taskcluster::{
        fault::Fault,
        live::Live,
        queue::{artifacts::Stored, task::Outcome},
    },
};

#[test]
fn the_log_of_a_task_that_ended_is_unpacked_made_harmless_and_kept() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    let group = site.group("push", "failure");
    let log = "[taskcluster] begins\n\u{1b}]52;c;ZXZpbA==\u{7}\u{1b}[2Jred \u{1b}[31mline\u{1b}[0m\nerror: it broke\n";
    site.run(&group.build, Outcome::Failed);
    site.double.artifact(&group.build, 0, LOG, Stored::log(log));
    site.double.artifact(&group.build, 0, LIVE, Stored::Link { to: LOG });
    // The one that tells the most is the one that failed.
    for name in [group.id.clone(), group.build.clone(), format!("{}.0", group.build)] {
        let told = site.elsewhere(&["log", &name]).exits(0).stdout;
        assert!(told.starts_with("[taskcluster] begins\n") && told.ends_with("error: it broke\n"), "{told:?}");
        assert!(!told.contains("]52;") && !told.contains("\u{1b}[2J") && told.contains("\u{1b}[31mline"), "{told:?}");
    }
    assert_eq!(site.elsewhere(&["log", &group.id, "--grep", "^error"]).exits(0).stdout, "error: it broke\n");
    let asked = site.double.bucket_requests();
    assert_eq!(asked.len(), 1, "it is brought in once: {asked:?}");
    assert!(asked.iter().all(|asked| asked.client_id.is_none()), "nobody's credentials go to a bucket");
    site.elsewhere(&["log", &group.push]).exits(1);
}

#[test]
fn a_live_log_is_followed_through_cuts_to_what_was_kept() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    let group = site.group("push", "pending");
    site.double.claim(&group.build);
    let live = Live::start();
    site.double.artifact(&group.build, 0, LIVE, Stored::Reference { url: live.url.clone() });
    live.push("one\ntwo\n");
    // What runs is followed, whether that was said or not.
    let mut program = site.project.program(&["log", &group.build]);
    let mut child = program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut read = |expected: &str| {
        let mut found = vec![0; expected.len()];
        out.read_exact(&mut found).unwrap();
        assert_eq!(String::from_utf8(found).unwrap(), expected);
    };
    read("one\ntwo\n");
    live.drop_connections();
    live.push("three\n");
    read("three\n");
    site.double.artifact(&group.build, 0, LOG, Stored::log("one\ntwo\nthree\nfour\n"));
    site.double.artifact(&group.build, 0, LIVE, Stored::Link { to: LOG });
    site.double.resolve(&group.build, Outcome::Completed);
    live.close();
    read("four\n");
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!((rest.as_str(), child.wait().unwrap().code()), ("", Some(0)));
}

#[test]
fn why_there_is_no_log_is_told() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    let group = site.group("push", "pending");
    let told = site.elsewhere(&["log", &group.push]).exits(1).stderr;
    assert!(told.contains("waits for the tasks that it depends on"), "{told}");
    let told = site.elsewhere(&["log", &group.build]).exits(1).stderr;
    assert!(told.contains("waits for a worker"), "{told}");
    site.run(&group.build, Outcome::Completed);
    let told = site.elsewhere(&["log", &group.build]).exits(1).stderr;
    assert!(told.contains("no log was kept"), "{told}");
    site.double.artifact(&group.build, 0, LOG, Stored::Expired);
    let told = site.elsewhere(&["log", &group.build]).exits(1).stderr;
    assert!(told.contains("the log has expired"), "{told}");
    site.run(&group.push, Outcome::Completed);
    site.double.artifact(&group.push, 0, LOG, Stored::NeverUploaded);
    let told = site.elsewhere(&["log", &group.push]).exits(1).stderr;
    assert!(told.contains("announced, and never uploaded"), "{told}");
}

#[test]
fn artifacts_are_listed_with_their_end_and_each_kind_is_fetched() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    let group = site.group("push", "success");
    site.run(&group.build, Outcome::Completed);
    let object = |bytes: &str| Stored::Object { bytes: bytes.as_bytes().to_vec(), media: "application/octet-stream" };
    site.double.artifact(&group.build, 0, ARTIFACT, Stored::log("sha256"));
    site.double.artifact(&group.build, 0, "public/image.bin", object("the image"));
    site.double.artifact(&group.build, 0, "public/alias.txt", Stored::Link { to: ARTIFACT });
    let gone = Stored::Error { reason: "file-missing-on-worker", message: "could not find file" };
    site.double.artifact(&group.build, 0, "public/gone.txt", gone);
    let listed = site.elsewhere(&["artifacts", &group.build, "--json"]).exits(0).json();
    let names: Vec<(&str, &str)> = listed["artifacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["name"].as_str().unwrap(), row["storage"].as_str().unwrap()))
        .collect();
    assert_eq!(
        names,
        [("public/alias.txt", "link"), (ARTIFACT, "s3"), ("public/gone.txt", "error"), ("public/image.bin", "object"),]
    );
    assert_eq!(listed["artifacts"][2]["unmade"], "file-missing-on-worker: could not find file");
    let told = site.elsewhere(&["artifacts", &group.build]).exits(0).stdout;
    assert!(told.contains("error") && told.contains("file-missing-on-worker: could not find file"), "{told}");
    for (name, file, text, checked) in [
        (ARTIFACT, "docker-image-shasum256.txt", "sha256", false),
        ("public/image.bin", "image.bin", "the image", true),
        ("public/alias.txt", "alias.txt", "sha256", false),
    ] {
        let got = site.elsewhere(&["artifacts", &group.id, "--get", name, "--json"]).exits(0).json();
        assert_eq!((&got["checked"], &got["size"]), (&checked.into(), &text.len().into()), "{name}");
        assert_eq!(std::fs::read_to_string(site.project.path(file)).unwrap(), text);
        let again = site.elsewhere(&["artifacts", &group.id, "--get", name]).exits(2);
        assert!(again.stderr.contains("is there already"), "{again:?}");
        site.elsewhere(&["artifacts", &group.id, "--get", name, "--force"]).exits(0);
    }
    let told = site.elsewhere(&["artifacts", &group.id, "--get", "public/gone.txt"]).exits(1).stderr;
    assert!(told.contains("could not find file"), "{told}");
    let told = site.elsewhere(&["artifacts", &group.id, "--get", "public/image.bim"]).exits(2).stderr;
    assert!(told.contains("did you mean public/image.bin?"), "{told}");
    // The first task of a group has its id: a run of it names the task.
    site.run(&group.push, Outcome::Completed);
    site.double.artifact(&group.push, 0, "public/image.bin", object("another"));
    site.elsewhere(&["artifacts", &group.id, "--get", "public/image.bin", "--force"]).exits(2);
    site.elsewhere(&["artifacts", &format!("{}.0", group.build), "--get", "public/image.bin", "--force"]).exits(0);
    assert_eq!(std::fs::read_to_string(site.project.path("image.bin")).unwrap(), "the image");
    // A file that does not arrive whole is none.
    std::fs::remove_file(site.project.path("image.bin")).unwrap();
    site.double.fault("GET", "/", Fault::TruncatedBody, 100);
    let told = site.elsewhere(&["artifacts", &group.id, "--get", "public/image.bin"]);
    assert_ne!(told.code, 0, "{told:?}");
    assert!(!site.project.path("image.bin").exists());
}
