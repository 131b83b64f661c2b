//! Who is there, who is not, and who went away.

use std::{
    collections::HashMap,
    io::Read as _,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use windlass::{
    domain::{
        digest::Digest,
        failure::{Failure, FailureKind},
        plan::Builder,
        reference::Platform,
    },
    engine::{BuildEvent, BuildRequest, Endpoint, Engine, EngineError, Limits},
};

use super::{BOTH, Project, definition, engine, fake, may_write};

#[tokio::test]
async fn says_what_the_engine_is() {
    let about = engine().await.about().clone();
    assert_eq!(about.name, "Docker");
    assert!(about.buildkit);
    assert!(!about.containerd_store);
    assert_eq!(about.platform.as_ref().map(Platform::as_str), Some("linux/amd64"));
    assert_eq!(about.endpoint, "unix:///var/run/docker.sock");
    let shown = about.to_string();
    assert!(shown.starts_with("Docker ") && shown.ends_with(&format!(" (API {})", about.api)), "{shown}");
    assert!(!shown.contains('+'), "{shown}");
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("none.sock");
    let error = Engine::connect(Endpoint::Unix(socket.clone())).await.unwrap_err();
    assert!(matches!(error, EngineError::NoSocket(_)), "{error:?}");
    // A socket that nobody listens on any more.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let error = Engine::connect(Endpoint::Unix(socket)).await.unwrap_err();
    assert!(matches!(error, EngineError::Refused { .. }), "{error:?}");
    assert_eq!(Failure::from(error).kind, FailureKind::Unreachable);
    let error = Engine::connect(Endpoint::Tcp { host: "127.0.0.1".into(), port: 1 }).await.unwrap_err();
    assert!(error.to_string().contains("connection refused"), "{error}");
}

#[tokio::test]
async fn versions_that_have_nothing_in_common() {
    let old = r#"{"Version":"1.12.6","ApiVersion":"1.24","MinAPIVersion":"1.12","Os":"linux","Arch":"amd64"}"#;
    let new = r#"{"Version":"99.0","ApiVersion":"1.99","MinAPIVersion":"1.90","Os":"linux","Arch":"amd64"}"#;
    let (_folder, socket) = fake::engine_of(old, |_| {});
    let error = Engine::connect(Endpoint::Unix(socket)).await.unwrap_err();
    assert!(matches!(error, EngineError::TooOld { .. }), "{error:?}");
    let (_folder, socket) = fake::engine_of(new, |_| {});
    let error = Engine::connect(Endpoint::Unix(socket)).await.unwrap_err();
    assert!(matches!(error, EngineError::TooNew { .. }), "{error:?}");
}

#[tokio::test]
async fn podman_is_known_by_its_components() {
    let podman = r#"{"Version":"4.3.1","ApiVersion":"1.41","MinAPIVersion":"1.24","Os":"linux","Arch":"amd64",
        "Components":[{"Name":"Podman Engine","Version":"4.3.1"}]}"#;
    let (_folder, socket) = fake::engine_of(podman, |_| {});
    let engine = Engine::connect(Endpoint::Unix(socket)).await.unwrap();
    assert_eq!(engine.about().to_string(), "Podman 4.3.1 (API 1.41)");
    assert!(!engine.about().buildkit);
    let project = Project::never_built();
    let (result, _) = super::build_with(&engine, project.path(), &definition(Builder::BuildKit)).await;
    assert!(matches!(result.unwrap_err(), EngineError::NoBuildKit { .. }));
}

#[tokio::test]
async fn an_engine_that_says_nothing_is_given_up_on() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    let _silent = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let limits = Limits { answer: Duration::from_millis(100), ..Limits::default() };
    let error = Engine::connect_within(Endpoint::Unix(socket), limits).await.unwrap_err();
    assert!(matches!(error, EngineError::TimedOut { .. }), "{error:?}");
    assert_eq!(Failure::from(error).kind, FailureKind::Unreachable);
}

/// Trap: engines send a build's headers only after the whole context. The limit for quick answers is not for them.
#[tokio::test(flavor = "multi_thread")]
async fn a_build_may_wait_longer_for_its_headers_than_a_question() {
    let id = Digest::of(b"image");
    let (release, released): (Sender<()>, Receiver<()>) = channel();
    let released = Arc::new(std::sync::Mutex::new(released));
    let found = format!(r#"{{"Id":"{id}","Os":"linux","Architecture":"amd64","RootFS":{{"Layers":["{id}"]}}}}"#);
    let stream = format!("{{\"stream\":\"Step 1/1 : FROM scratch\"}}\n{{\"aux\":{{\"ID\":\"{id}\"}}}}\n");
    let paths = Arc::new(std::sync::Mutex::new(Vec::new()));
    let seen = paths.clone();
    let (_folder, socket) = fake::engine(move |mut asked| {
        let path = asked.head.split(' ').nth(1).unwrap().to_owned();
        seen.lock().unwrap().push(path.clone());
        if path.starts_with("/v1.41/build?") {
            asked.read_body();
            released.lock().unwrap().recv().unwrap();
            asked.answer("200 OK", &stream);
        } else if path.contains("never") {
            // Kept open and never answered.
            std::mem::forget(asked.stream);
        } else {
            asked.answer("200 OK", &found);
        }
    });
    let limits = Limits { answer: Duration::from_millis(300), ..Limits::default() };
    let engine = Engine::connect_within(Endpoint::Unix(socket), limits).await.unwrap();
    let project = Project::never_built();
    let build = {
        let (engine, root) = (engine.clone(), project.path().to_owned());
        tokio::spawn(async move { super::build_with(&engine, &root, &definition(Builder::Classic)).await })
    };
    super::until("the build waits", || paths.lock().unwrap().iter().any(|p| p.contains("/build?"))).await;
    // One question has run into its limit since then: the build has waited longer than that.
    assert!(matches!(engine.inspect("never").await, Err(EngineError::TimedOut { .. })));
    assert!(!build.is_finished());
    release.send(()).unwrap();
    let (result, _) = build.await.unwrap();
    assert_eq!(result.unwrap().image.id, id);
    assert!(paths.lock().unwrap().iter().all(|path| path.starts_with("/v1.41/")), "{:?}", paths.lock().unwrap());
}

/// Trap: the last line end may come alone, and bollard's reader waits for a message behind it.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_end_that_comes_alone_is_the_end() {
    let id = Digest::of(b"image");
    let found = format!(r#"{{"Id":"{id}","Os":"linux","Architecture":"amd64","RootFS":{{"Layers":["{id}"]}}}}"#);
    let image = format!("{{\"id\":\"moby.image.id\",\"aux\":{{\"ID\":\"{id}\"}}}}");
    let (_folder, socket) = fake::engine(move |mut asked| {
        if asked.head.contains("/build?") {
            asked.read_body();
            asked.answer_in_pieces(&[&image, "\r\n"]);
        } else {
            asked.answer("200 OK", &found);
        }
    });
    let engine = Engine::connect(Endpoint::Unix(socket)).await.unwrap();
    let project = Project::never_built();
    let (result, _) = super::build_with(&engine, project.path(), &definition(Builder::BuildKit)).await;
    assert_eq!(result.unwrap().image.id, id);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_goes_away_in_a_build_is_said() {
    for builder in BOTH {
        let proxy = fake::Proxy::start();
        let engine = Engine::connect(Endpoint::Unix(proxy.socket())).await.unwrap();
        let project = Project::with_shell("RUN echo started; /bin/busybox sleep 1000\n");
        let definition = definition(builder);
        let request = BuildRequest { root: project.path(), definition: &definition, logins: HashMap::new() };
        let mut on = |event: BuildEvent<'_>| {
            if let BuildEvent::Text { bytes, .. } = event
                && bytes.windows(8).any(|window| window == b"started\n")
            {
                proxy.cut();
            }
        };
        let error = engine.build(request, &mut on, may_write()).await.unwrap_err();
        assert!(error.to_string().starts_with("the engine went away while building"), "{builder:?}: {error:?}");
        assert_eq!(Failure::from(error).kind, FailureKind::Unreachable);
        // And who comes now is told that nobody is there.
        assert!(engine.inspect("any").await.is_err());
    }
}

/// Half a context must never become an image: a file that shrinks while it is sent ends the build.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_on_its_way_ends_the_build_with_its_path() {
    let project = Project::never_built();
    let file = std::fs::File::create(project.path().join("a-shrinking")).unwrap();
    file.set_len(64 << 20).unwrap();
    let (_folder, socket) = fake::engine(move |mut asked| {
        // It is the first large one that is sent, so its beginning is here by now. The rest cannot all be on its way:
        // there is no room for it between us and the engine.
        asked.stream.read_exact(&mut vec![0; 600_000]).unwrap();
        file.set_len(1 << 20).unwrap();
        // Until the sender breaks off, in whatever way.
        let _ = std::io::copy(&mut asked.stream, &mut std::io::sink());
    });
    let engine = Engine::connect(Endpoint::Unix(socket)).await.unwrap();
    let (result, _) = super::build_with(&engine, project.path(), &definition(Builder::Classic)).await;
    let error = result.unwrap_err();
    assert_eq!(error.to_string(), "a-shrinking: it changed while it was being sent");
    assert_eq!(Failure::from(error).kind, FailureKind::Failed);
}
