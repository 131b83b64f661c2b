//! A push, by the user's own git in the user's own environment: hooks, credential helpers and questions on the terminal
//! are as they would be. Only what somebody has said yes to is pushed.

use std::{process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader},
    process::Command,
    time::timeout,
};

use super::{Checkout, GitError, command::without_logins, remote};
use crate::domain::{
    name::Commit,
    permission::MayWrite,
    policy::RemoteFact,
    ref_push::{Ref, RefPush, There},
};

/// Of a line that git or a hook prints, what is beyond this is not kept.
const LONGEST: u64 = 4096;
/// Lines that explain a failure: the last ones.
const LAST: usize = 8;
/// After git's end, how long what is still in the pipes may take to come.
const DRAINED: Duration = Duration::from_millis(100);

impl Checkout {
    /// What a push of this would be; the remote is asked how it stands there.
    ///
    /// # Errors
    /// When git or the remote does not answer.
    pub async fn ref_push(&self, remote: RemoteFact, what: Ref, commit: Commit) -> Result<RefPush, GitError> {
        let there = self.there(&remote, &what, &commit).await?;
        Ok(RefPush { remote, what, commit, there })
    }

    async fn there(&self, remote: &RemoteFact, what: &Ref, commit: &Commit) -> Result<There, GitError> {
        let full = what.full();
        let listed = remote::list(self, &remote.name, std::slice::from_ref(&full)).await?;
        let Some(listed) = listed.into_iter().find(|listed| listed.name == full) else { return Ok(There::Nothing) };
        // Of an annotated tag both are the tag itself.
        let ours = match what {
            Ref::Branch(_) => commit.to_string(),
            Ref::Tag(_) => self.git(&["rev-parse", "--verify", "--quiet"]).arg(&full).answer().await?.trim().to_owned(),
        };
        if listed.object == ours {
            return Ok(There::Same);
        }
        let tip = listed.commit().filter(|_| matches!(what, Ref::Branch(_)));
        let Some(tip) = tip else { return Ok(There::Other(listed.object)) };
        if self.is_ancestor(&tip, commit).await? == Some(true) {
            return Ok(There::Behind(listed.object));
        }
        if self.is_ancestor(commit, &tip).await? == Some(true) {
            return Ok(There::Ahead(listed.object));
        }
        Ok(There::Other(listed.object))
    }

    /// Pushes. What git, its helpers and the remote print is told line by line, as they print it.
    ///
    /// # Errors
    /// When git did not push it. Where git failed and the remote has it all the same, that is none.
    pub async fn push(&self, push: &RefPush, told: &mut (dyn FnMut(&str) + Send), _: MayWrite) -> Result<(), GitError> {
        let command = push.command();
        let [git, words @ ..] = push.words();
        let failed = |source| GitError::Io { command: "push".to_owned(), source };
        let mut child = Command::new(git)
            .args(words)
            .current_dir(self.top())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let mut last: Vec<String> = Vec::new();
        let mut one = |line: String| {
            told(&line);
            last.push(line);
            if last.len() > LAST {
                last.remove(0);
            }
        };
        let (mut out, mut err) = (lines(out), lines(err));
        let (mut out_goes_on, mut err_goes_on) = (true, true);
        let status = loop {
            tokio::select! {
                biased;
                line = out.next(), if out_goes_on => match line.map_err(failed)? {
                    Some(line) => one(line),
                    None => out_goes_on = false,
                },
                line = err.next(), if err_goes_on => match line.map_err(failed)? {
                    Some(line) => one(line),
                    None => err_goes_on = false,
                },
                status = child.wait() => break status.map_err(failed)?,
            }
        };
        // What it leaves behind, as a shared connection of ssh, may hold the streams open for long.
        while let Ok(Ok(Some(line))) = timeout(DRAINED, out.next()).await {
            one(line);
        }
        while let Ok(Ok(Some(line))) = timeout(DRAINED, err.next()).await {
            one(line);
        }
        // The answer may be lost when the remote has it.
        if status.success() || self.there(&push.remote, &push.what, &push.commit).await.ok() == Some(There::Same) {
            return Ok(());
        }
        let words = if last.is_empty() { status.to_string() } else { format!("{status}: {}", last.join("; ")) };
        Err(GitError::NotPushed { command, words })
    }
}

/// Lines of a stream that may be no text and have no end.
struct Lines<R>(Option<BufReader<R>>, Vec<u8>);

fn lines<R: AsyncRead + Unpin>(stream: Option<R>) -> Lines<R> {
    Lines(stream.map(BufReader::new), Vec::new())
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Loses nothing where it is not waited for to its end.
    async fn next(&mut self) -> std::io::Result<Option<String>> {
        let Some(reader) = &mut self.0 else { return Ok(None) };
        let left = LONGEST.saturating_sub(self.1.len() as u64);
        let read = reader.take(left).read_until(b'\n', &mut self.1).await?;
        if read == 0 && self.1.is_empty() {
            return Ok(None);
        }
        let line = std::mem::take(&mut self.1);
        Ok(Some(without_logins(String::from_utf8_lossy(&line).trim_end())))
    }
}
