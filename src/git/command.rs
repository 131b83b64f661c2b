//! One run of git: scrubbed environment, capped output, an end.

use std::{
    ffi::{OsStr, OsString},
    io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::GitError;
use crate::log::sanitise::plain;

/// The list of a large remote's branches is hundreds of kilobytes; what is larger is no answer to us.
const MAX_BYTES: u64 = 16 * 1024 * 1024;
/// The first lines of what git says on stderr explain a failure.
const MAX_WORDS: u64 = 16 * 1024;

/// A status of a large tree on a cold disk takes its time.
const LOCAL: Duration = Duration::from_mins(5);
/// Connecting, logging in and listing references.
const REMOTE: Duration = Duration::from_secs(30);

/// What git and the programs that log it in to a remote need of the caller's environment: where they are,
/// whose configuration they read, how they reach agents, proxies and certificates. No `GIT_…`.
const KEPT: [&str; 21] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSH_AUTH_SOCK",
    "KRB5CCNAME",
    "TMPDIR",
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NIX_SSL_CERT_FILE",
];

/// Before every command: nothing that the repository's configuration names is run by our questions.
const SETTINGS: [&str; 6] = [
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    // Empty is "no program": passwords are not asked for, neither here nor in a window.
    "core.askPass=",
    "log.showSignature=false",
    "maintenance.auto=false",
    "gc.auto=0",
];

/// One git command.
pub(super) struct Git {
    folder: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    within: Duration,
    writes_files: bool,
}

/// What it answered.
pub(super) struct Answer {
    pub status: ExitStatus,
    pub stdout: String,
    /// stdout went on, and was not read further.
    pub cut: bool,
    /// stderr without credentials.
    pub words: String,
}

impl Git {
    /// `git -C folder …`
    pub fn new(folder: &Path, arguments: &[&str]) -> Self {
        Self {
            folder: folder.to_owned(),
            arguments: arguments.iter().map(OsString::from).collect(),
            environment: environment(&|name| std::env::var_os(name)),
            within: LOCAL,
            writes_files: false,
        }
    }

    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(kept, _)| kept != name);
        self.environment.push((name.into(), value.into()));
        self
    }

    /// It speaks to a remote.
    pub fn remote(mut self) -> Self {
        self.within = REMOTE;
        self
    }

    /// It writes the files of a whole commit: with the modes that git gives them whatever this process's
    /// umask is, with all of them although the checkout may be sparse, and with objects that a partial clone
    /// has yet to fetch.
    pub fn writes_files(mut self) -> Self {
        self.writes_files = true;
        self.env("GIT_NO_LAZY_FETCH", "0")
    }

    /// For errors: the command without our settings.
    fn shown(&self) -> String {
        self.arguments.first().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// The command, for callers that cannot wait asynchronously.
    pub fn blocking(&self) -> std::process::Command {
        // A process cannot give a child another umask without unsafe code; a shell can.
        let mut command = if self.writes_files {
            let mut shell = std::process::Command::new("sh");
            shell.args(["-c", "umask 022 && exec \"$@\"", "sh", "git"]);
            shell
        } else {
            std::process::Command::new("git")
        };
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        if self.writes_files {
            command.args(["-c", "core.sparseCheckout=false"]);
        }
        command.arg("--no-pager").arg("-C").arg(&self.folder).args(&self.arguments);
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it, whatever its exit code.
    pub async fn ask(self) -> Result<Answer, GitError> {
        let command = self.shown();
        let seconds = self.within.as_secs();
        match tokio::time::timeout(self.within, self.read_all()).await {
            Ok(answer) => answer,
            Err(_) => Err(GitError::Silent { command, seconds }),
        }
    }

    async fn read_all(self) -> Result<Answer, GitError> {
        let command = self.shown();
        let mut child =
            tokio::process::Command::from(self.blocking()).kill_on_drop(true).spawn().map_err(|source| match source
                .kind()
            {
                io::ErrorKind::NotFound => GitError::NotInstalled,
                _ => GitError::Io { command: command.clone(), source },
            })?;
        let streams = (child.stdout.take(), child.stderr.take());
        let both = async {
            let ((stdout, cut), words) = tokio::try_join!(capped(streams.0), beginning(streams.1))?;
            Ok((stdout, cut, words, child.wait().await?))
        };
        let (stdout, cut, words, status) = both.await.map_err(|source| GitError::Io { command, source })?;
        let stdout = String::from_utf8_lossy(&stdout).into_owned();
        Ok(Answer { status, stdout, cut, words: one_line(&without_logins(&String::from_utf8_lossy(&words))) })
    }

    /// Its whole answer, if it succeeds.
    pub async fn answer(self) -> Result<String, GitError> {
        let command = self.shown();
        let answer = self.ask().await?;
        if answer.cut {
            return Err(GitError::TooLong { command, bytes: MAX_BYTES });
        }
        if answer.status.success() { Ok(answer.stdout) } else { Err(answer.failed(command)) }
    }
}

impl Answer {
    pub fn failed(self, command: String) -> GitError {
        let words = if self.words.is_empty() { self.status.to_string() } else { self.words };
        GitError::Failed { command, words }
    }
}

/// Up to [`MAX_BYTES`], and whether there is more. Closing the pipe on the rest ends git.
async fn capped(stream: Option<impl AsyncRead + Unpin>) -> io::Result<(Vec<u8>, bool)> {
    let Some(mut stream) = stream else { return Ok((Vec::new(), false)) };
    let mut bytes = Vec::new();
    (&mut stream).take(MAX_BYTES).read_to_end(&mut bytes).await?;
    let cut = bytes.len() as u64 == MAX_BYTES && stream.read(&mut [0; 1]).await? > 0;
    Ok((bytes, cut))
}

/// The first [`MAX_WORDS`]; the rest is read too, so that complaining does not end git.
async fn beginning(stream: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let Some(mut stream) = stream else { return Ok(Vec::new()) };
    let mut bytes = Vec::new();
    (&mut stream).take(MAX_WORDS).read_to_end(&mut bytes).await?;
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(bytes)
}

/// What a remote says through git is untrusted, and errors are lines.
fn one_line(words: &str) -> String {
    let lines = words.lines().map(plain);
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

/// The environment of every run.
fn environment(caller: &dyn Fn(&str) -> Option<OsString>) -> Vec<(OsString, OsString)> {
    let kept = KEPT.iter().filter_map(|name| Some((OsString::from(name), caller(name)?)));
    let ours = [
        ("LC_ALL", "C"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_OPTIONAL_LOCKS", "0"),
        // A replaced object would make another history than the remote has.
        ("GIT_NO_REPLACE_OBJECTS", "1"),
        // Questions fetch nothing, in partial clones neither.
        ("GIT_NO_LAZY_FETCH", "1"),
    ];
    kept.chain(ours.map(|(name, value)| (name.into(), value.into()))).collect()
}

/// A text in which URLs are shown without user and password.
pub(super) fn without_logins(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        let end = after.find(|c: char| c == '/' || c == '\'' || c == '"' || c.is_whitespace()).unwrap_or(after.len());
        shown.push_str(before);
        rest = after[..end].rfind('@').map_or(after, |login| &after[login + 1..]);
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_git_variable_of_the_caller_gets_through() {
        let found = environment(&|name| (name != "SSL_CERT_DIR").then(|| "x".into()));
        let names: Vec<&str> = found.iter().map(|(name, _)| name.to_str().unwrap()).collect();
        assert!(names.contains(&"PATH") && names.contains(&"SSH_AUTH_SOCK") && !names.contains(&"SSL_CERT_DIR"));
        let git: Vec<&&str> = names.iter().filter(|name| name.starts_with("GIT_")).collect();
        assert_eq!(
            git,
            [&"GIT_TERMINAL_PROMPT", &"GIT_OPTIONAL_LOCKS", &"GIT_NO_REPLACE_OBJECTS", &"GIT_NO_LAZY_FETCH"]
        );
        assert!(found.iter().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")).all(|(_, v)| v != "x"));
    }

    #[test]
    fn complaints_become_one_harmless_line() {
        assert_eq!(one_line("fatal: no\n\n\x1b[2J\u{202e}remote: \r\n"), "fatal: no; remote:");
    }

    #[test]
    fn logins_are_not_shown() {
        for (text, expected) in [
            ("unable to access 'https://me:p@ss@h.org/x/': 403", "unable to access 'https://h.org/x/': 403"),
            ("https://TOKEN@h.org", "https://h.org"),
            ("a https://h.org/@x b ssh://git@h.org/y", "a https://h.org/@x b ssh://h.org/y"),
            ("git@github.com:a/b", "git@github.com:a/b"),
        ] {
            assert_eq!(without_logins(text), expected);
        }
    }
}
