//! Following a release by journal, spool and lock alone, as a watcher does that cannot reach its socket.

use std::{path::Path, time::Duration};

use jiff::Timestamp;
use tempfile::TempDir;
use windlass::{
    config::Paths,
    domain::{
        event::{Event, Step},
        failure::Failure,
        name::ReleaseId,
        permission::MayWrite,
        reference::Repository,
    },
    journal::Journal,
    release::{
        attach::{self, Follower, News},
        lock::RunLock,
    },
    spool::Writer,
};

use crate::support::plan::{id, planned};

struct Home {
    _folder: TempDir,
    paths: Paths,
    journal: Journal,
}

fn repository() -> Repository {
    "docker.io/mozilla/balrog".parse().unwrap()
}

impl Home {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().as_os_str().to_owned();
        let paths = Paths::from_env(&|name| (name == "WINDLASS_HOME").then(|| home.clone())).unwrap();
        paths.create().unwrap();
        let journal = Journal::open(&paths.journal()).await.unwrap();
        Self { _folder: folder, paths, journal }
    }

    async fn append(&self, event: &Event) {
        self.journal.append(&release(), event, Timestamp::now()).await.unwrap();
    }

    fn lock(&self) -> RunLock {
        RunLock::acquire(&self.paths.run(), &repository(), &release()).unwrap()
    }

    fn log(&self) -> Writer {
        let file = self.paths.logs().join(format!("{}.log", release()));
        Writer::create(Path::new(&file)).unwrap()
    }

    async fn follower(&self, after: u64) -> Follower {
        Follower::open(&self.paths, &self.journal, &release(), &repository(), after).await.unwrap()
    }

    async fn cancel(&self) -> Result<(), Failure> {
        let permit = MayWrite::unless(false).unwrap();
        attach::cancel(&self.paths, &self.journal, &release(), &repository(), permit).await
    }
}

fn release() -> ReleaseId {
    id(1)
}

async fn next(follower: &mut Follower) -> News {
    tokio::time::timeout(Duration::from_secs(60), follower.next()).await.expect("news").unwrap()
}

#[track_caller]
fn is_event(news: &News, seq: u64) {
    assert!(matches!(news, News::Event(stamped) if stamped.seq == seq), "not event {seq}: {news:?}");
}

#[tokio::test]
async fn a_release_without_a_socket_is_followed_to_its_end() {
    let home = Home::new().await;
    let lock = home.lock();
    home.append(&planned(&release())).await;
    let mut follower = home.follower(0).await;
    is_event(&next(&mut follower).await, 1);
    home.append(&Event::StepStarted { step: Step::Build }).await;
    is_event(&next(&mut follower).await, 2);
    let mut log = home.log();
    log.line("a line").unwrap();
    log.flush().unwrap();
    assert_eq!(next(&mut follower).await, News::Log { bytes: 7, lines: 1 });
    log.line("another").unwrap();
    log.finish().unwrap();
    let failure = Failure::failed("it broke", "a test", "windlass release");
    home.append(&Event::StepFailed { step: Step::Build, failure }).await;
    home.append(&Event::Finished).await;
    drop(lock);
    assert_eq!(next(&mut follower).await, News::Log { bytes: 15, lines: 2 }, "its text comes before its end");
    is_event(&next(&mut follower).await, 3);
    is_event(&next(&mut follower).await, 4);
    for _ in 0..2 {
        assert_eq!(next(&mut follower).await, News::Ended);
    }
}

#[tokio::test]
async fn a_release_that_has_ended_is_told_whole() {
    let home = Home::new().await;
    home.append(&planned(&release())).await;
    home.append(&Event::StepStarted { step: Step::Build }).await;
    home.log().finish().unwrap();
    home.append(&Event::Finished).await;
    for known in 0..=3 {
        let mut follower = home.follower(known).await;
        for seq in known + 1..=3 {
            is_event(&next(&mut follower).await, seq);
        }
        assert_eq!(next(&mut follower).await, News::Ended, "to one who knew {known} events");
    }
}

#[tokio::test]
async fn without_lock_and_last_event_it_was_interrupted() {
    let home = Home::new().await;
    let lock = home.lock();
    home.append(&planned(&release())).await;
    let mut follower = home.follower(1).await;
    home.append(&Event::StepStarted { step: Step::Preflight }).await;
    drop(lock);
    is_event(&next(&mut follower).await, 2);
    assert_eq!(next(&mut follower).await, News::Interrupted);
    // The next release of the repository is not taken for it.
    let _lock = RunLock::acquire(&home.paths.run(), &repository(), &id(2)).unwrap();
    assert_eq!(next(&mut home.follower(2).await).await, News::Interrupted);
}

#[tokio::test]
async fn nothing_is_lost_when_waiting_is_given_up() {
    const EVENTS: u64 = 200;
    let home = Home::new().await;
    let _lock = home.lock();
    home.append(&planned(&release())).await;
    let mut follower = home.follower(0).await;
    let write = async {
        for _ in 1..EVENTS {
            home.append(&Event::StepStarted { step: Step::Build }).await;
        }
    };
    let read = async {
        let mut seq = 0;
        while seq < EVENTS {
            tokio::select! {
                biased;
                news = follower.next() => {
                    seq += 1;
                    is_event(&news.unwrap(), seq);
                }
                () = tokio::task::yield_now() => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), async { tokio::join!(write, read) }).await.expect("all of them");
}

#[tokio::test]
async fn what_does_not_run_is_not_cancelled() {
    let home = Home::new().await;
    home.append(&planned(&release())).await;
    let gone = home.cancel().await.unwrap_err();
    assert!(gone.why.contains("interrupted"), "{gone}");
    home.append(&Event::Finished).await;
    let ended = home.cancel().await.unwrap_err();
    assert!(ended.why.contains("ended already"), "{ended}");
}
