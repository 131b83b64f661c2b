//! The program while it runs, for tests that do something in the middle of it.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, ChildStderr, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

use super::project::Ran;

pub struct Running {
    child: Child,
    progress: BufReader<ChildStderr>,
    told: String,
}

impl Running {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("windlass");
        let progress = BufReader::new(child.stderr.take().expect("stderr is piped"));
        Self { child, progress, told: String::new() }
    }

    /// The same, with this on its stdin.
    pub fn told(command: &mut Command, stdin: &str) -> Self {
        let mut running = Self::start(command.stdin(Stdio::piped()));
        // A program that refuses at once does not read it.
        let _ = running.child.stdin.take().expect("stdin is piped").write_all(stdin.as_bytes());
        running
    }

    /// The next line of progress, without its end; `None` when there will be no more.
    pub fn line(&mut self) -> Option<String> {
        let start = self.told.len();
        let read = self.progress.read_line(&mut self.told).expect("progress");
        (read > 0).then(|| self.told[start..].trim_end().to_owned())
    }

    /// Waits until a step of the build has printed this as a line, which is not the line that shows its command.
    #[track_caller]
    pub fn prints(&mut self, text: &str) {
        loop {
            let Some(line) = self.line() else { panic!("it ended and never printed `{text}`: {}", self.told) };
            if line.ends_with(text) && !line.contains("RUN") {
                return;
            }
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }

    /// The most memory it has had so far, in KiB; `None` once it has ended.
    pub fn peak(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok())
    }

    /// Waits for its end. Gives all that it told, what was read before too.
    pub fn end(mut self) -> Ran {
        self.progress.read_to_string(&mut self.told).expect("progress");
        let mut ran = Ran::of(self.child.wait_with_output().expect("windlass"));
        ran.stderr = self.told;
        ran
    }
}
