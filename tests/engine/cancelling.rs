//! Dropping a build or a push leaves the engine idle within two seconds.

use std::{
    collections::HashMap,
    process::Command,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use windlass::{
    domain::{
        plan::Builder,
        reference::{Repository, Tag},
    },
    engine::{BuildRequest, PushEvent},
};

use super::{BOTH, Image, Project, built, definition, engine, may_write, unique, until};
use crate::support::{processes::runs, registry::Registry};

/// What the design promises of every cancelled job.
const IDLE_WITHIN: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_build_stops_the_engine() {
    let engine = engine().await;
    for builder in BOTH {
        // A number of seconds that nothing else on this machine sleeps.
        let word = format!("100{}", u32::from_str_radix(&unique()[1..6], 16).unwrap());
        let project = Project::with_shell(&format!("RUN /bin/busybox sleep {word}\n"));
        let root = project.path().to_owned();
        let task = tokio::spawn({
            let engine = engine.clone();
            async move {
                let definition = definition(builder);
                let request = BuildRequest { root: &root, definition: &definition, logins: HashMap::new() };
                engine.build(request, &mut |_| {}, may_write()).await
            }
        });
        let sleeping = || runs(&format!("sleep\0{word}"));
        until("the build sleeps", sleeping).await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        let start = Instant::now();
        until("the engine is idle", || !sleeping()).await;
        assert!(start.elapsed() < IDLE_WITHIN, "{builder:?}: idle after {:?}", start.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_push_stops_the_engine() {
    let engine = engine().await;
    let registry = Registry::open();
    let project = Project::with_shell("RUN head -c 300000000 /dev/urandom > /random\n");
    let (outcome, _, _image) = built(&engine, project.path(), &definition(Builder::Classic)).await;
    let repository: Repository = registry.repository(&unique()).parse().unwrap();
    let tag: Tag = "v1".parse().unwrap();
    let _name = Image(format!("{repository}:{tag}"));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let task = tokio::spawn({
        let (engine, seen, repository, tag) = (engine.clone(), seen.clone(), repository.clone(), tag.clone());
        async move {
            let on = &mut |event| seen.lock().unwrap().push(event);
            engine.push(&outcome.image.id, &repository, &tag, None, on, may_write()).await
        }
    });
    let uploading = |event: &PushEvent| format!("{event:?}").contains("Pushing { current: 1");
    until("the push is under way", || seen.lock().unwrap().iter().any(uploading)).await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    let stored = || {
        let output = Command::new("du").arg("-sb").arg(registry.path()).output().unwrap();
        String::from_utf8_lossy(&output.stdout).split_whitespace().next().unwrap().to_owned()
    };
    let start = Instant::now();
    let (mut size, mut grew) = (stored(), start);
    until("the registry takes nothing more", || {
        let now = stored();
        if now != size {
            (size, grew) = (now, Instant::now());
        }
        grew.elapsed() > Duration::from_secs(1)
    })
    .await;
    assert!(grew - start < IDLE_WITHIN, "still pushing after {:?}", grew - start);
    assert!(!registry.storage().join(format!("repositories/{}/_manifests/tags/{tag}", repository.path())).exists());
}
