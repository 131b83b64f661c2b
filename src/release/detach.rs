//! A release that outlives whoever starts it: the same program as a process of its own, in a session of its own.
//!
//! ```text
//! start ──spawns──► windlass … --detached ──plans──► leave (setsid) ──lock, first event──► ready
//!   ▲                                                                                        │
//!   └───────────── one line with the release's id, or the error of a release that never began ─┘
//! ```
//! From then on nothing connects the two; the release is watched as any other. One that is begun on Taskcluster leaves before
//! anything else, and says so in a line of its own: it may wait for minutes until there is a build, and is done whether or not
//! somebody waits with it. Before that line the end of the terminal that it was started in would end it, too.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, BufRead as _, Read as _, Write as _},
    path::Path,
    process::Stdio,
};

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    process::{Child, ChildStdout, Command},
};
use zeroize::Zeroizing;

use crate::domain::{failure::Failure, name::ReleaseId, permission::MayWrite};

/// Says that a process was started by [`start`]: it asks nothing, and tells errors as JSON.
pub const FLAG: &str = "--detached";
/// An error is a few hundred bytes; more than this is none.
const LONGEST_ERROR: u64 = 64 * 1024;
/// A line of a terminal is at most 4096 bytes (Linux, N_TTY).
const LONGEST_PASSPHRASE: usize = 8192;
/// What somebody agreed to: the services take no larger request than 1 MiB, and it is a little more than that.
const LONGEST_AGREED: u64 = 4 * 1024 * 1024;

/// With which a process says that it has a session of its own: the end of the one it was started in does not end it.
#[derive(Debug, Serialize, Deserialize)]
struct Left {
    left: bool,
}

/// The one line with which a release says that it runs.
#[derive(Debug, Serialize, Deserialize)]
struct Ready {
    ready: ReleaseId,
}

/// Starts `windlass <words…>` as a process of its own in `folder`, gives it the passphrase as a line on its stdin,
/// and waits until its release runs: its first event is in the journal, and nothing that happens to us touches it.
///
/// # Errors
/// The release's own, when it could not begin.
pub async fn start(
    folder: &Path,
    words: &[OsString],
    passphrase: Option<&SecretString>,
    permit: MayWrite,
) -> Result<ReleaseId, Failure> {
    hand_over(folder, words, passphrase, None, permit).await?.ready().await
}

/// A process that has all that it needs.
pub struct Started {
    child: Child,
    told: Option<BufReader<ChildStdout>>,
    /// What it told first, if that was more than that it has left.
    first: String,
}

/// The same, but waits no longer than until nothing that happens to us touches it, where it says so. It is given what was agreed to on its stdin, after the line with the passphrase.
///
/// # Errors
/// When it cannot be started.
pub async fn hand_over(
    folder: &Path,
    words: &[OsString],
    passphrase: Option<&SecretString>,
    agreed: Option<&str>,
    _permit: MayWrite,
) -> Result<Started, Failure> {
    let program = std::env::current_exe().map_err(|e| failed(format!("where this program is: {e}")))?;
    let mut child = Command::new(&program)
        .args(words)
        .arg(FLAG)
        .current_dir(folder)
        .stdin(if passphrase.is_some() || agreed.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| failed(format!("{}: {e}", program.display())))?;
    if let Some(mut stdin) = child.stdin.take() {
        let passphrase = passphrase.map_or("", |passphrase| passphrase.expose_secret());
        for part in [passphrase, "\n", agreed.unwrap_or_default()] {
            // One that ends without reading it says why.
            let _ = stdin.write_all(part.as_bytes()).await;
        }
    }
    let mut started = Started { told: child.stdout.take().map(BufReader::new), child, first: String::new() };
    let first = started.line().await?;
    if serde_json::from_str::<Left>(&first).is_err() {
        started.first = first;
    }
    Ok(started)
}

impl Started {
    /// Waits until its release runs.
    ///
    /// # Errors
    /// The release's own, when it could not begin.
    pub async fn ready(mut self) -> Result<ReleaseId, Failure> {
        let line = if self.first.is_empty() { self.line().await? } else { std::mem::take(&mut self.first) };
        match serde_json::from_str::<Ready>(&line) {
            Ok(ready) => Ok(ready.ready),
            Err(_) => Err(failure_of(self.child).await),
        }
    }

    async fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        if let Some(told) = &mut self.told {
            told.read_line(&mut line).await.map_err(|e| failed(e.to_string()))?;
        }
        Ok(line)
    }
}

fn failed(why: String) -> Failure {
    Failure::failed("the release could not be started", why, "start it again")
}

/// The passphrase that [`start`] gave to this process, if it had one.
///
/// # Errors
/// When stdin cannot be read.
pub fn handed_over() -> io::Result<Option<SecretString>> {
    // More than a terminal takes as one line: growing would leave unwiped copies.
    let mut line = Zeroizing::new(String::with_capacity(LONGEST_PASSPHRASE));
    io::stdin().lock().take(LONGEST_PASSPHRASE as u64).read_line(&mut line)?;
    let passphrase = line.strip_suffix('\n').unwrap_or(&line);
    Ok((!passphrase.is_empty()).then(|| SecretString::from(passphrase)))
}

/// What whoever called [`hand_over`] agreed to, after the passphrase; `None`: nothing is said.
///
/// # Errors
/// When stdin cannot be read, or is too long.
pub fn agreed_to() -> Result<Option<String>, Failure> {
    let mut text = String::new();
    let read = io::stdin().lock().take(LONGEST_AGREED).read_to_string(&mut text);
    match read {
        Err(error) => Err(failed(format!("what was agreed to cannot be read: {error}"))),
        Ok(length) if length as u64 == LONGEST_AGREED => Err(failed("what was agreed to is too long".to_owned())),
        Ok(_) => Ok((!text.is_empty()).then_some(text)),
    }
}

/// Why a release never began.
async fn failure_of(mut child: Child) -> Failure {
    let mut told = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        // What cannot be read is missing from the words below.
        let _ = stderr.take(LONGEST_ERROR).read_to_end(&mut told).await;
    }
    let told = String::from_utf8_lossy(&told);
    serde_json::from_str(&told).unwrap_or_else(|_| {
        let why = match told.trim() {
            "" => "its process ended without a word",
            words => words,
        };
        Failure::failed(
            "the release could not be started",
            why,
            "look at what would happen: windlass release --dry-run",
        )
    })
}

/// A process that [`start`] started, on its way out of the session it was started in.
pub struct Leaving {
    nowhere: File,
}

/// Leaves the session: neither its terminal nor its end concerns this process any more.
///
/// # Errors
/// When this process leads a group, which none does that [`start`] started.
pub fn leave() -> Result<Leaving, Failure> {
    let failed = |what: &str, why: String| Failure::failed(what, why, "start it with `windlass release --detach`");
    rustix::process::setsid().map_err(|e| failed("this process cannot have a session of its own", e.to_string()))?;
    let nowhere = File::options().read(true).write(true).open("/dev/null");
    Ok(Leaving { nowhere: nowhere.map_err(|e| failed("/dev/null cannot be opened", e.to_string()))? })
}

impl Leaving {
    /// Tells whoever waits in [`hand_over`].
    #[must_use]
    pub fn told(self) -> Self {
        // Whoever waited may be gone.
        let _ = writeln!(std::io::stdout().lock(), "{}", serde_json::json!(Left { left: true }));
        self
    }

    /// Tells whoever waits in [`start`], and lets go of stdin, stdout and stderr.
    pub fn ready(self, release: &ReleaseId) {
        let line = serde_json::json!(Ready { ready: release.clone() });
        // Whoever waited may be gone; the release is in the journal for everybody else.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
        // The three are open, so only a signal can be in the way, and then it is the reader's end that closes.
        let _ = rustix::stdio::dup2_stdin(&self.nowhere);
        let _ = rustix::stdio::dup2_stdout(&self.nowhere);
        let _ = rustix::stdio::dup2_stderr(&self.nowhere);
    }
}
