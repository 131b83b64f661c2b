//! Engines that go away, are not there, or are something else, under a whole release.

use std::{
    io::{Read as _, Write as _},
    os::unix::net::UnixListener,
    path::Path,
    thread,
};

use serde_json::Value;

use super::failing::{Kept, release_failed, says};
use crate::support::{
    fake_engine::{self, Proxy},
    project::{Project, Ran, ran},
    registry::Registry,
    running::Running,
};

/// A project with one release done, and what of it has to be there whatever happens next.
fn released(registry: &Registry) -> (Project, Kept) {
    let project = Project::new(registry);
    project.set_secret();
    project.release();
    let kept = Kept::of(&project);
    (project, kept)
}

fn release_with(project: &Project, socket: &Path) -> Ran {
    ran(project.program(&["release", "--yes"]).env("DOCKER_HOST", format!("unix://{}", socket.display())))
}

fn cut_in_a_build(builder: &str) {
    let registry = Registry::with_login();
    let (project, kept) = released(&registry);
    project.builder(builder);
    project.dockerfile("RUN echo asleep now && exec /bin/busybox sleep 1000\n");
    project.commit("a long step");
    let engine = Proxy::start();
    let mut running = Running::start(project.program(&["release", "--yes"]).env("DOCKER_HOST", engine.host()));
    running.prints("asleep now");
    engine.cut();
    let release = release_failed(&project, running.end(), 4, "build");
    says(&release["failure"], "what", "the connection to the container engine broke");
    assert_eq!((&release["image_id"], &release["pushes"]), (&Value::Null, &serde_json::json!([])));
    assert!(project.windlass(&["log", "@"]).exits(0).stdout.contains("asleep now"), "what it said until then is kept");
    kept.is_whole(&project);
    project.dockerfile("");
    project.commit("a short one");
    project.release();
}

#[test]
fn an_engine_that_is_killed_in_a_build() {
    cut_in_a_build("buildkit");
}

#[test]
fn an_engine_that_is_killed_in_a_classic_build() {
    cut_in_a_build("classic");
}

#[test]
fn an_engine_that_is_killed_in_a_push() {
    let registry = Registry::with_login();
    let (project, kept) = released(&registry);
    project.commit("another image, by its labels");
    let engine = Proxy::cutting_after(r#""status":"Preparing""#);
    let release = release_failed(&project, release_with(&project, &engine.socket()), 4, "push");
    says(&release["failure"], "what", "the connection to the container engine broke");
    assert!(release["image_id"].is_string(), "what was built is known: {release}");
    let pushes: Vec<_> =
        release["pushes"].as_array().expect("pushes").iter().map(|p| (&p["kind"], &p["digest"])).collect();
    assert_eq!(pushes, [(&"frozen".into(), &Value::Null)], "one was intended, none is known to have ended");
    kept.is_whole(&project);
    // Whether the first tag got there or not, it is never taken for recorded, and the moving one was left alone.
    for row in project.windlass(&["tags", "--fresh", "--json"]).exits(0).json()["rows"].as_array().expect("rows") {
        let wanted = if row["tag"] == release["pushes"][0]["tag"] { "not-recorded" } else { "match" };
        assert_eq!(row["verdict"], wanted, "{row}");
    }
    project.release();
    assert_eq!(project.row("latest")["verdict"], "match");
}

#[test]
fn a_socket_that_nobody_listens_on() {
    let registry = Registry::with_login();
    let (project, kept) = released(&registry);
    let socket = project.home().join("engine.sock");
    drop(UnixListener::bind(&socket).expect("a socket"));
    let release = release_failed(&project, release_with(&project, &socket), 4, "preflight");
    says(&release["failure"], "why", "engine.sock");
    kept.is_whole(&project);
}

/// Whatever is asked, this is the answer, and then the connection ends.
fn babble(socket: &Path, answer: Vec<u8>) {
    let listener = UnixListener::bind(socket).expect("a socket");
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let answer = answer.clone();
            thread::spawn(move || {
                // With a question still unread, closing would take the answer away too.
                let _ = stream.read(&mut [0; 4096]);
                // Who asked may have had enough of it.
                let _ = stream.write_all(&answer);
            });
        }
    });
}

#[test]
fn what_answers_is_no_engine() {
    let registry = Registry::with_login();
    let (project, kept) = released(&registry);
    let html = "<html>\x1b[2Jwelcome</html>";
    let page = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{html}", html.len());
    let endless = [b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![b' '; 20 << 20]].concat();
    let refusal = "HTTP/1.1 500 No\r\nContent-Length: 30\r\n\r\n{\"message\":\"\\u001b]0;x\\u0007\"}";
    for (name, answer, code) in [
        ("bytes", b"\0\xff\xfe\r\n\r\n\x1b[2J".to_vec(), 4),
        ("nothing", Vec::new(), 4),
        ("page", page.into_bytes(), 1),
        ("endless", endless, 4),
        ("refusal", refusal.as_bytes().to_vec(), 1),
    ] {
        let socket = project.home().join(name);
        babble(&socket, answer);
        release_failed(&project, release_with(&project, &socket), code, "preflight");
    }
    kept.is_whole(&project);
}

/// What acts on a terminal, wherever an engine has a word in what people read.
#[test]
fn nothing_that_an_engine_says_acts_on_a_terminal() {
    const HOSTILE: &str = r"\u001b]52;c;ZXZpbA==\u0007\u001b[2J\u009b31m\u202eevil\r\nnext\u0000";
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    let version = format!(
        r#"{{"Version":"20{HOSTILE}","ApiVersion":"1.41","MinAPIVersion":"1.12","Os":"linux","Arch":"amd64"}}"#
    );
    let step = format!(r#"{{"stream":"Step 1/1 : RUN {HOSTILE}\n"}}"#);
    let broken = format!(r#"{{"errorDetail":{{"message":"broken {HOSTILE}"}},"error":"broken {HOSTILE}"}}"#);
    // An error, nonsense, and a refusal.
    for (status, body) in [
        ("200 OK", format!("{step}\n{broken}\n")),
        ("200 OK", format!("{step}\n{}", HOSTILE.replace(r"\u001b", "\u{1b}"))),
        ("500 Internal Server Error", format!(r#"{{"message":"{HOSTILE}"}}"#)),
    ] {
        let (_folder, socket) = fake_engine::engine_of(version.clone(), move |mut asked| {
            if asked.head.contains("/build?") {
                asked.read_body();
            }
            asked.answer(status, &body);
        });
        let ran = release_with(&project, &socket);
        assert_ne!(ran.code, 0, "{ran:?}");
        let shown = project.windlass(&["show", "@"]);
        let listed = project.windlass(&["releases"]).exits(0);
        for ran in [&ran, &shown, &listed] {
            let acts = |c: char| (c.is_control() && c != '\n') || windlass::log::sanitise::reorders(c);
            assert!(!ran.stdout.contains(acts) && !ran.stderr.contains(acts), "{ran:?}");
        }
        assert!(ran.stderr.contains("Docker 20evil"), "{ran:?}");
    }
}

#[test]
fn an_engine_that_builds_nonsense() {
    let registry = Registry::with_login();
    let (project, kept) = released(&registry);
    let other = format!("sha256:{}", "0".repeat(64));
    for (answer, code) in [
        ("<html>\u{1b}[2J</html>".to_owned(), 1),
        ("{\"stream\":\"Step 1/1 : FROM scratch\\n\"}\n{\"aux\":{\"ID\":\"no digest\"}}\n".to_owned(), 1),
        ("{\"stream\":\"Successfully built\\n\"}\n".to_owned(), 1),
        ("{\"errorDetail\":{\"message\":\"\\u001b[2Jno\"},\"error\":\"\\u001b[2Jno\"}\n".to_owned(), 1),
        // And then it does not know the image.
        (format!("{{\"aux\":{{\"ID\":\"{other}\"}}}}\n"), 1),
    ] {
        let (_folder, socket) = fake_engine::engine(move |mut asked| {
            if asked.head.contains("/build?") {
                asked.read_body();
                asked.answer("200 OK", &answer);
            } else {
                asked.answer("404 Not Found", "{\"message\":\"no such thing\"}");
            }
        });
        let release = release_failed(&project, release_with(&project, &socket), code, "build");
        assert_eq!((&release["image_id"], &release["pushes"]), (&Value::Null, &serde_json::json!([])));
    }
    kept.is_whole(&project);
    project.release();
}
