//! The doorbell of a release: a socket on which watchers are told that there is more, and can ask for its end.
//!
//! ```text
//! release ──ring──► newest state ──► a task for each watcher ──► its socket
//! ```
//! The release only replaces the newest state, which never waits. A watcher's task sends what is new to it, at most
//! thirty times a second; one that does not read is dropped after a while. Whether a release is alive is not said
//! here: that is [`super::lock`]'s part.

use std::{path::Path, sync::Arc, time::Duration};

use tokio::{
    net::{
        UnixListener, UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Semaphore, watch},
    task::AbortHandle,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    frame::{self, Ask, Ring, True},
    progress::Progress,
    socket::Socket,
};
use crate::domain::{failure::Failure, name::ReleaseId};

/// Between two tellings of one watcher: thirty a second.
pub(super) const PACE: Duration = Duration::from_millis(33);
/// A watcher that takes longer to read a few hundred bytes, or to say what it wants, is dropped.
const PATIENCE: Duration = Duration::from_secs(5);
/// More than anybody has terminals; a flood beyond it is turned away.
const MOST_WATCHERS: usize = 64;

/// What a watcher can be told, as of now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct State {
    seq: u64,
    bytes: u64,
    lines: u64,
    progress: Option<Progress>,
}

/// Rings for all watchers. Never waits.
#[derive(Debug, Clone)]
pub(super) struct Bell(watch::Sender<State>);

impl Bell {
    pub fn event(&self, seq: u64) {
        // What was going on before an event is no news after it.
        self.0.send_modify(|state| (state.seq, state.progress) = (seq, None));
    }

    /// The log has so many bytes and lines that readers can see.
    pub fn log(&self, bytes: u64, lines: u64) {
        self.0.send_modify(|state| (state.bytes, state.lines) = (bytes, lines));
    }

    pub fn progress(&self, progress: Progress) {
        self.0.send_modify(|state| state.progress = Some(progress));
    }
}

/// The socket of a release, gone when this is dropped.
pub(super) struct Doorbell {
    pub bell: Bell,
    socket: Socket,
    accepting: AbortHandle,
}

impl Doorbell {
    /// Whoever may use the socket may also cancel the release.
    ///
    /// # Errors
    /// When there can be no socket in this folder.
    pub fn hang(run_folder: &Path, release: &ReleaseId, cancel: CancellationToken) -> Result<Self, Failure> {
        let bound = Socket::of(run_folder, release).and_then(|socket| Ok((socket.bind()?, socket)));
        let (listener, socket) = bound.map_err(|e| {
            Failure::failed(
                "this release could not be watched or cancelled from elsewhere",
                format!("there can be no socket in {}: {e}", run_folder.display()),
                "look at that folder, or set WINDLASS_HOME to a folder on a disk that allows sockets",
            )
        })?;
        let (bell, rings) = watch::channel(State::default());
        let accepting = tokio::spawn(accept(listener, rings, cancel)).abort_handle();
        Ok(Self { bell: Bell(bell), socket, accepting })
    }
}

impl Drop for Doorbell {
    fn drop(&mut self) {
        self.accepting.abort();
        // Gone already, or of no use to anybody: watchers go by the lock.
        let _ = self.socket.remove();
    }
}

/// Removes the socket of a release that was killed before it could.
pub(super) fn tidy(run_folder: &Path, dead: &ReleaseId) {
    // Most have left none.
    let _ = Socket::of(run_folder, dead).and_then(|socket| socket.remove());
}

async fn accept(listener: UnixListener, rings: watch::Receiver<State>, cancel: CancellationToken) {
    let places = Arc::new(Semaphore::new(MOST_WATCHERS));
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, most likely: somebody will close some.
            sleep(PATIENCE / 50).await;
            continue;
        };
        let ours = stream.peer_cred().is_ok_and(|peer| peer.uid() == rustix::process::geteuid().as_raw());
        let Some(place) = Arc::clone(&places).try_acquire_owned().ok().filter(|_| ours) else { continue };
        let watcher = Watcher::new(stream, rings.clone(), cancel.clone());
        tokio::spawn(async move {
            watcher.serve().await;
            drop(place);
        });
    }
}

/// One connection. It ends when either side has nothing more to say, or says what is no frame.
struct Watcher {
    asks: frame::Lines<OwnedReadHalf>,
    out: OwnedWriteHalf,
    rings: watch::Receiver<State>,
    cancel: CancellationToken,
}

impl Watcher {
    fn new(stream: UnixStream, rings: watch::Receiver<State>, cancel: CancellationToken) -> Self {
        let (read, out) = stream.into_split();
        Self { asks: frame::lines(read), out, rings, cancel }
    }

    /// `None` at its end.
    async fn serve(mut self) -> Option<()> {
        let mut told = None;
        let first = timeout(PATIENCE, frame::hear(&mut self.asks)).await.ok()?;
        self.answer(first?, &mut told).await?;
        loop {
            if let Some(told) = &mut told {
                self.tell(told).await?;
            }
            tokio::select! {
                ask = frame::hear(&mut self.asks) => self.answer(ask?, &mut told).await?,
                changed = self.rings.changed(), if told.is_some() => changed.ok()?,
            }
        }
    }

    async fn answer(&mut self, ask: Ask, told: &mut Option<State>) -> Option<()> {
        match ask {
            Ask::From(seq) => {
                *told = Some(State { seq, ..State::default() });
                Some(())
            }
            Ask::Cancel(True) => {
                self.cancel.cancel();
                self.say(&Ring::Cancelling(True)).await
            }
        }
    }

    /// What is new since `told`. The log comes first: its text is from before the event that follows it.
    async fn tell(&mut self, told: &mut State) -> Option<()> {
        let now = self.rings.borrow_and_update().clone();
        if now.bytes > told.bytes {
            self.say(&Ring::Log { bytes: now.bytes, lines: now.lines }).await?;
        }
        if now.seq > told.seq {
            self.say(&Ring::Event { seq: now.seq }).await?;
        }
        if let Some(progress) = now.progress.as_ref().filter(|_| now.progress != told.progress) {
            self.say(&Ring::Progress(progress.clone())).await?;
        }
        *told = State { seq: now.seq.max(told.seq), ..now };
        sleep(PACE).await;
        Some(())
    }

    async fn say(&mut self, frame: &Ring) -> Option<()> {
        timeout(PATIENCE, frame::say(&mut self.out, frame)).await.ok()?.ok()
    }
}
