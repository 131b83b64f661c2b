//! A build that is cancelled, a build that prints what a terminal would obey, and what can be found in its log after.

use rustix::process::Signal;
use windlass::log::lines::MAX_LINE;

use crate::support::{
    processes::{runs, until},
    project::{Project, pushed},
    registry::Registry,
    running::Running,
};

/// Cancels a build by this signal while a step of it sleeps.
fn cancelled_by(signal: Signal, builder: &str) {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    let seconds = project.own_seconds();
    project.builder(builder);
    project.dockerfile(&format!("RUN echo asleep now && exec /bin/busybox sleep {seconds}\n"));
    project.commit("a long step");
    project.set_secret();
    let mut running = Running::start(&mut project.program(&["release", "--yes"]));
    running.prints("asleep now");
    let sleeps = || runs(&format!("sleep\0{seconds}"));
    until("the step sleeps", sleeps);
    running.signal(signal);
    running.end().exits(130);
    until("the engine ended the step", || !sleeps());
    let release = &project.releases()[0];
    assert_eq!((&release["state"], &release["failure"]["kind"]), (&"cancelled".into(), &"cancelled".into()));
    assert_eq!(release["pushes"], serde_json::json!([]));
    let log = project.windlass(&["log", "@"]).exits(0).stdout;
    assert!(log.contains("asleep now"), "what was printed until then is kept: {log}");
}

#[test]
fn interrupting_a_build_ends_it_in_the_engine() {
    cancelled_by(Signal::INT, "buildkit");
}

#[test]
fn terminating_a_classic_build_ends_it_in_the_engine() {
    cancelled_by(Signal::TERM, "classic");
}

#[test]
fn escape_sequences_do_not_reach_the_log() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    // The clipboard (OSC 52), a title, the cursor, a clear screen, a colour, a line written twice.
    project.write(
        "page",
        "clip\x1b]52;c;aGVsbG8=\x07board\nti\x1b]0;mine\x1b\\tle\nup\x1b[5A\x1b[2Jdown\n\x1b[32mgreen\x1b[0m\n10 %\r100 %\n",
    );
    project.dockerfile("COPY page /page\nRUN /bin/busybox cat /page\n");
    project.commit("what a terminal obeys");
    let told = project.windlass(&["release", "--yes"]).exits(0).stderr;
    let log = project.windlass(&["log", "@"]).exits(0).stdout;
    for text in [&told, &log] {
        for line in ["clipboard", "title", "updown", "\x1b[32mgreen", "100 %"] {
            assert!(text.contains(line), "no {line:?}: {text:?}");
        }
        assert!(!text.contains("aGVsbG8") && !text.contains("mine") && !text.contains("10 %\r"), "{text:?}");
        let sequences = text.split('\x1b').skip(1);
        for sequence in sequences {
            let end = sequence.find(|c: char| c.is_ascii_alphabetic()).expect("it ends");
            assert!(sequence.starts_with('[') && sequence[end..].starts_with('m'), "{sequence:?} is no colour");
        }
        assert!(!text.contains(['\x07', '\r', '\u{9b}', '\u{9d}']), "{text:?}");
    }
}

#[test]
fn bytes_that_are_no_text_and_a_line_of_ten_megabytes() {
    const LONG: usize = 10_000_000;
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    // BuildKit would drop most of it.
    project.builder("classic");
    std::fs::write(project.path("page"), b"latin \xe9t\xe9, half \xf0\x9f\x98, c1 \xc2\x9b2J, nul \0.\n")
        .expect("a file");
    project.dockerfile(&format!(
        "COPY page /page\nRUN cat /page && yes | tr -d '\\n' | head -c {LONG}; echo; echo the end\n"
    ));
    project.commit("no text");
    let told = project.windlass(&["release", "--yes"]).exits(0).stderr;
    let log = project.windlass(&["log", "@"]).exits(0).stdout;
    for text in [&told, &log] {
        assert!(
            text.contains("latin \u{fffd}t\u{fffd}, half ") && text.contains("the end"),
            "its beginning and its end"
        );
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "nothing in it steers a terminal");
        assert!(text.bytes().filter(|byte| *byte == b'y').count() >= LONG, "nothing of it is lost");
        assert!(text.lines().all(|line| line.len() <= MAX_LINE + 16), "in pieces that can be shown");
    }
    assert!(project.windlass(&["log", "@", "--grep", "^the end$"]).exits(0).stdout.starts_with("the end"));
}

#[test]
fn a_log_is_searched() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    project.write("page", "ebb\nFlood\nslack\nflood again\n");
    project.dockerfile("COPY page /page\nRUN /bin/busybox cat /page\n");
    project.commit("a log");
    project.release();
    let grep = |pattern: &str| project.windlass(&["log", "@", "--grep", pattern]).exits(0).stdout;
    assert_eq!(grep("^.*flood").lines().count(), 2, "small letters match all");
    assert!(grep("Flood").contains("Flood") && !grep("Flood").contains("again"));
    assert_eq!(grep("no such line"), "");
    project.windlass(&["log", "@", "--grep", "("]).exits(2);
    project.windlass(&["log", "nothing"]).exits(2);
}

#[test]
fn digests_are_found() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    let release = project.release();
    let id = release["id"].as_str().expect("an id");
    let image = release["image_id"].as_str().expect("an image id");
    let manifest = release["pushes"][0]["digest"].as_str().expect("a digest");
    let served: serde_json::Value = serde_json::from_str(&project.curl(
        pushed(&release, "frozen"),
        &["--header", "Accept: application/vnd.docker.distribution.manifest.v2+json"],
    ))
    .expect("a manifest");
    let layer = served["layers"][0]["digest"].as_str().expect("a digest");
    for (digest, what) in [(image, "image id"), (manifest, "manifest"), (&image[7..20], "image id")] {
        let sentence = project.windlass(&["find", digest]).exits(0).stdout;
        assert!(sentence.contains(what) && sentence.contains(id), "{sentence}");
        let document = project.windlass(&["find", digest, "--json"]).exits(0).json();
        assert_eq!(document["found"][0]["what"], what);
        assert_eq!(document["found"][0]["release"], id);
    }
    let sentence = project.windlass(&["find", layer]).exits(0).stdout;
    assert!(sentence.contains("layer"), "{sentence}");
    project.windlass(&["find", &format!("sha256:{}", "0".repeat(64))]).exits(1);
    project.windlass(&["find", "xyz"]).exits(2);
}

#[test]
fn a_tag_has_a_history() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    let first = project.release();
    project.commit("the second");
    let second = project.release();
    let history = project.windlass(&["tags", "--history", "latest", "--json"]).exits(0).json();
    assert_eq!(history["schema"], "windlass.tag-history/1");
    let rows = history["rows"].as_array().expect("rows");
    let digests: Vec<_> = rows.iter().map(|row| row["digest"].clone()).collect();
    let wanted = [&second, &first].map(|release| release["pushes"][0]["digest"].clone());
    assert_eq!(digests, wanted, "the newest first: {history}");
}
