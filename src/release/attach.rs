//! Watching and cancelling a release from any process.
//!
//! ```text
//! socket: there is more ──► Follower ──► events of the journal, by number
//!                              │     └─► the spool has grown
//!                              └───────► lock gone, no last event: interrupted
//! ```
//! The socket is a doorbell: nothing that it says, or fails to say, is taken for the truth. Without it the follower
//! looks by itself now and then.

use std::{collections::VecDeque, path::PathBuf, time::Duration};

use tokio::{
    net::UnixStream,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    frame::{self, Ask, Ring, True},
    lock,
    socket::Socket,
};
use crate::{
    config::Paths,
    domain::{
        event::{Event, Stamped, Step},
        failure::Failure,
        name::ReleaseId,
        permission::MayWrite,
        reference::Repository,
    },
    journal::Journal,
    spool,
};

pub use super::progress::Progress;

/// Between two looks at a release whose socket cannot be reached.
const GLANCE: Duration = Duration::from_millis(500);
/// How long a release is given to answer on its socket.
const PATIENCE: Duration = Duration::from_secs(10);

/// What there is to know since the last time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    Event(Stamped),
    /// What is going on now; the newest is enough.
    Progress(Progress),
    /// The log has so many complete lines by now; their text is in the spool.
    Log {
        bytes: u64,
        lines: u64,
    },
    /// The last event and all of the log were given.
    Ended,
    /// The release's process is gone without a last event.
    Interrupted,
}

/// One release, followed until its end: every event once and in order.
#[derive(Debug)]
pub struct Follower {
    release: ReleaseId,
    repository: Repository,
    journal: Journal,
    run_folder: PathBuf,
    log_file: PathBuf,
    log: Option<spool::Reader>,
    bell: Option<frame::Lines<UnixStream>>,
    /// Number of the last event and bytes of the log that were given.
    seq: u64,
    bytes: u64,
    /// Something may have happened that was not looked at yet.
    due: bool,
    looked: Instant,
    ready: VecDeque<News>,
    end: Option<News>,
}

impl Follower {
    /// Begins to follow. Events up to number `after` are known already; `0` for all.
    ///
    /// # Errors
    /// When journal, spool or lock cannot be read.
    pub async fn open(
        paths: &Paths,
        journal: &Journal,
        release: &ReleaseId,
        repository: &Repository,
        after: u64,
    ) -> Result<Self, Failure> {
        let mut follower = Self {
            release: release.clone(),
            repository: repository.clone(),
            journal: journal.clone(),
            run_folder: paths.run(),
            log_file: paths.logs().join(format!("{release}.log")),
            log: None,
            bell: None,
            seq: after,
            bytes: 0,
            due: true,
            looked: Instant::now(),
            ready: VecDeque::new(),
            end: None,
        };
        follower.look().await?;
        Ok(follower)
    }

    /// Waits for the next news. After the end the end is all there is. Can be dropped at any time: what it waited
    /// for is given the next time.
    ///
    /// # Errors
    /// When journal, spool or lock cannot be read.
    pub async fn next(&mut self) -> Result<News, Failure> {
        loop {
            if let Some(news) = self.ready.pop_front() {
                return Ok(news);
            }
            if let Some(end) = &self.end {
                return Ok(end.clone());
            }
            if self.due {
                self.look().await?;
            } else if let Some(bell) = &mut self.bell {
                match frame::hear(bell).await {
                    Some(Ring::Event { .. }) => self.due = true,
                    Some(Ring::Log { bytes, lines }) => self.grown(bytes, lines),
                    Some(Ring::Progress(progress)) => self.ready.push_back(News::Progress(progress)),
                    Some(Ring::Cancelling(True)) => {}
                    None => (self.bell, self.due) = (None, true),
                }
            } else {
                sleep_until(self.looked + GLANCE).await;
                self.due = true;
            }
        }
    }

    /// Without a socket there is no bell; then looking has to do.
    async fn connect(&mut self) {
        let Ok(socket) = Socket::of(&self.run_folder, &self.release) else { return };
        let Ok(mut stream) = socket.connect().await else { return };
        let asked = timeout(GLANCE, frame::say(&mut stream, &Ask::From(self.seq))).await;
        self.bell = asked.is_ok_and(|said| said.is_ok()).then(|| frame::lines(stream));
    }

    async fn look(&mut self) -> Result<(), Failure> {
        if self.bell.is_none() {
            // Before looking, so that nothing can happen between the two unheard.
            self.connect().await;
        }
        // In this order: what was written before the lock was freed is in the journal, and text from before an
        // event is in the spool.
        let alive = lock::holder(&self.run_folder, &self.repository)?.as_ref() == Some(&self.release);
        let events = self.journal.events(&self.release, self.seq).await?;
        let finished = match events.last() {
            Some(last) => last.event == Event::Finished,
            None => !alive && self.journal.release(&self.release).await?.is_some_and(|r| r.ended.is_some()),
        };
        let (text, lines) = self.log_size()?;
        for stamped in events {
            // The log belongs before the event that ends the build.
            if matches!(stamped.event, Event::Built(_) | Event::StepFailed { step: Step::Build, .. }) {
                self.grown(text, lines);
            }
            self.seq = stamped.seq;
            self.ready.push_back(News::Event(stamped));
        }
        self.grown(text, lines);
        (self.due, self.looked) = (false, Instant::now());
        if finished {
            self.end = Some(News::Ended);
        } else if !alive {
            self.end = Some(News::Interrupted);
        }
        Ok(())
    }

    fn grown(&mut self, bytes: u64, lines: u64) {
        if bytes > self.bytes {
            self.bytes = bytes;
            self.ready.push_back(News::Log { bytes, lines });
        }
    }

    /// Bytes and lines of the log, as far as it is there.
    fn log_size(&mut self) -> Result<(u64, u64), Failure> {
        if self.log.is_none() {
            self.log = match spool::Reader::open(&self.log_file) {
                Ok(log) => Some(log),
                Err(spool::SpoolError::Missing { .. }) => None,
                Err(error) => return Err(error.into()),
            };
        }
        let Some(log) = &mut self.log else { return Ok((0, 0)) };
        log.refresh()?;
        Ok((log.bytes(), log.lines()))
    }
}

/// Asks the release's process to cancel, and returns once it was told; it ends soon after.
///
/// # Errors
/// When the release has ended, or its process does not answer.
pub async fn cancel(
    paths: &Paths,
    journal: &Journal,
    release: &ReleaseId,
    repository: &Repository,
    _permit: MayWrite,
) -> Result<(), Failure> {
    let start = Instant::now();
    loop {
        let alive = lock::holder(&paths.run(), repository)?.as_ref() == Some(release);
        let ended = journal.release(release).await?.is_some_and(|r| r.ended.is_some());
        if ended || !alive {
            return Err(Failure::failed(
                format!("release {release} cannot be cancelled"),
                if ended { "it has ended already" } else { "its process is gone: it was interrupted" },
                format!("see what it did: windlass show {release}"),
            ));
        }
        let told = async {
            let socket = Socket::of(&paths.run(), release).ok()?;
            let mut stream = socket.connect().await.ok()?;
            frame::say(&mut stream, &Ask::Cancel(True)).await.ok()?;
            frame::hear::<Ring, _>(&mut frame::lines(stream)).await
        };
        if let Ok(Some(Ring::Cancelling(True))) = timeout(PATIENCE, told).await {
            return Ok(());
        }
        if start.elapsed() > PATIENCE {
            let socket = paths.run().join(format!("{release}.sock"));
            return Err(Failure::failed(
                format!("release {release} could not be told to cancel"),
                format!("its process is alive but does not answer on {}", socket.display()),
                "find the process (lslocks shows who holds a .lock file in that folder) and send it INT",
            ));
        }
        sleep(GLANCE).await;
    }
}
