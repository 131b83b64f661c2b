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

#[cfg(test)]
mod tests {
    use std::{io, os::unix::fs::PermissionsExt as _};

    use tokio::io::AsyncWriteExt as _;

    use super::*;

    /// Far more than anything here takes.
    const BOUND: Duration = Duration::from_secs(60);

    fn release() -> ReleaseId {
        ReleaseId::from_random([1; 10])
    }

    struct Door {
        folder: tempfile::TempDir,
        cancel: CancellationToken,
        doorbell: Doorbell,
    }

    impl Door {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let cancel = CancellationToken::new();
            let doorbell = Doorbell::hang(folder.path(), &release(), cancel.clone()).unwrap();
            Self { folder, cancel, doorbell }
        }

        async fn connect(&self) -> UnixStream {
            Socket::of(self.folder.path(), &release()).unwrap().connect().await.unwrap()
        }

        /// A watcher that knows events up to `seq`.
        async fn watcher(&self, seq: u64) -> frame::Lines<UnixStream> {
            let mut stream = self.connect().await;
            frame::say(&mut stream, &Ask::From(seq)).await.unwrap();
            frame::lines(stream)
        }
    }

    async fn hear(watcher: &mut frame::Lines<UnixStream>) -> Option<Ring> {
        timeout(BOUND, frame::hear(watcher)).await.expect("a frame, or the end")
    }

    fn remark(text: &str) -> Progress {
        Progress::Remark { tag: "v1".parse().unwrap(), text: text.to_owned() }
    }

    #[tokio::test]
    async fn watchers_hear_what_is_new_to_them() {
        let door = Door::new();
        let bell = &door.doorbell.bell;
        bell.event(3);
        bell.progress(remark("old"));
        bell.log(10, 1);
        bell.event(4);
        let (mut early, mut late) = (door.watcher(0).await, door.watcher(4).await);
        for watcher in [&mut early, &mut late] {
            assert_eq!(hear(watcher).await, Some(Ring::Log { bytes: 10, lines: 1 }), "text before the event after it");
        }
        assert_eq!(hear(&mut early).await, Some(Ring::Event { seq: 4 }));
        bell.progress(remark("new"));
        for watcher in [&mut early, &mut late] {
            assert_eq!(hear(watcher).await, Some(Ring::Progress(remark("new"))), "what was before an event is old");
        }
        bell.event(5);
        drop(door);
        for mut watcher in [early, late] {
            assert_eq!(hear(&mut watcher).await, Some(Ring::Event { seq: 5 }), "the last is heard");
            assert_eq!(hear(&mut watcher).await, None);
        }
    }

    #[tokio::test]
    async fn the_socket_is_its_users_alone_and_gone_at_the_end() {
        let door = Door::new();
        let file = door.folder.path().join(format!("{}.sock", release()));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);
        drop(door.doorbell);
        assert!(!file.exists());
    }

    #[tokio::test]
    async fn what_a_killed_release_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let listener = Socket::of(folder.path(), &release()).unwrap().bind().unwrap();
        drop(listener);
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
        tidy(folder.path(), &release());
        tidy(folder.path(), &release());
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }

    #[tokio::test]
    async fn cancelling_is_answered() {
        let door = Door::new();
        let mut watcher = door.watcher(0).await;
        assert!(!door.cancel.is_cancelled());
        frame::say(watcher.get_mut(), &Ask::Cancel(True)).await.unwrap();
        assert_eq!(hear(&mut watcher).await, Some(Ring::Cancelling(True)));
        assert!(door.cancel.is_cancelled());
    }

    #[tokio::test]
    async fn garbage_and_floods_do_no_harm() {
        let door = Door::new();
        for garbage in ["\n", "GET / HTTP/1.1\r\n\r\n", "{\"cancel\":1}\n", "\u{0}\u{7f}\n", &"x".repeat(1 << 20)] {
            let mut stream = door.connect().await;
            // The other side may close before it has all of it.
            let _ = stream.write_all(garbage.as_bytes()).await;
            assert_eq!(hear(&mut frame::lines(stream)).await, None, "{garbage:.20}");
        }
        let mut flood = Vec::new();
        for _ in 0..MOST_WATCHERS {
            flood.push(door.watcher(0).await);
        }
        door.doorbell.bell.event(1);
        for watcher in &mut flood {
            assert_eq!(hear(watcher).await, Some(Ring::Event { seq: 1 }));
        }
        let mut one_more = door.connect().await;
        let refused = async {
            frame::say(&mut one_more, &Ask::From(0)).await.is_err() || hear(&mut frame::lines(one_more)).await.is_none()
        };
        assert!(refused.await);
        assert!(!door.cancel.is_cancelled());
        drop(flood);
        let heard = async {
            loop {
                // Until the places are free again.
                let mut stream = door.connect().await;
                if frame::say(&mut stream, &Ask::From(0)).await.is_ok()
                    && let Some(ring) = hear(&mut frame::lines(stream)).await
                {
                    return ring;
                }
            }
        };
        assert_eq!(timeout(BOUND, heard).await, Ok(Ring::Event { seq: 1 }));
    }

    #[tokio::test]
    async fn a_watcher_that_does_not_read_is_dropped() -> io::Result<()> {
        let (ours, mut theirs) = UnixStream::pair()?;
        // The kernel's least: full after a few frames.
        rustix::net::sockopt::set_socket_send_buffer_size(&ours, 1)?;
        let (bell, rings) = watch::channel(State::default());
        let bell = Bell(bell);
        frame::say(&mut theirs, &Ask::From(0)).await?;
        let mut serving = tokio::spawn(Watcher::new(ours, rings, CancellationToken::new()).serve());
        let dropped = async {
            let mut seq = 0;
            while timeout(PACE, &mut serving).await.is_err() {
                seq += 1;
                bell.event(seq);
            }
        };
        timeout(BOUND, dropped).await.expect("it is dropped");
        Ok(())
    }
}
