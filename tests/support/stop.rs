//! The program killed or stopped at a chosen place. See `src/fault.rs`.

use std::{
    fs,
    io::Write as _,
    os::unix::process::ExitStatusExt as _,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use super::project::{Project, Ran};

/// The program, stopped at a named place.
pub struct Stopped(Option<Child>);

impl Stopped {
    /// Starts it with this on stdin, and waits until it has come there.
    #[track_caller]
    pub fn at(mut command: Command, stdin: &str, place: &str) -> Self {
        command.env("WINDLASS_STOP_AT", place).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("windlass");
        // Not read where nothing is asked for.
        let _ = child.stdin.take().expect("stdin is piped").write_all(stdin.as_bytes());
        let mut stopped = Self(Some(child));
        let start = Instant::now();
        while stopped.state() != 'T' {
            let child = stopped.child();
            assert!(child.try_wait().expect("a child").is_none(), "it never came to {place}");
            assert!(start.elapsed() < Duration::from_mins(1), "it never came to {place}");
            std::thread::yield_now();
        }
        stopped
    }

    fn child(&mut self) -> &mut Child {
        self.0.as_mut().expect("taken only where it ends")
    }

    /// As `ps` shows it: T for a stopped process.
    fn state(&mut self) -> char {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child().id())).unwrap_or_default();
        stat.rsplit(") ").next().and_then(|rest| rest.chars().next()).unwrap_or('-')
    }

    /// As by `kill -9`.
    pub fn kill(mut self) {
        self.child().kill().expect("it is ours");
        self.child().wait().expect("it is ours");
    }

    /// Lets it go on, to its end.
    pub fn go_on(mut self) -> Ran {
        kill_process(Pid::from_child(self.child()), Signal::CONT).expect("it is ours");
        let child = self.0.take().expect("taken only here");
        Ran::of(child.wait_with_output().expect("windlass"))
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The events of a release of a frozen and a moving tag, in their order: event N is the Nth here.
pub const EVENTS: [&str; 22] = [
    "planned",
    "preflight started",
    "preflight succeeded",
    "secret started",
    "secret succeeded",
    "build started",
    "built",
    "build succeeded",
    "push started",
    "frozen push intended",
    "frozen pushed",
    "moving push intended",
    "moving pushed",
    "push succeeded",
    "record started",
    "recorded",
    "record succeeded",
    "verify started",
    "frozen verified",
    "moving verified",
    "verify succeeded",
    "finished",
];

/// The number of the event of this name.
#[track_caller]
pub fn event(name: &str) -> usize {
    EVENTS.iter().position(|event| *event == name).expect("one of EVENTS") + 1
}

/// Runs the program, which is killed `before`, `during` or `after` its event of this number.
#[track_caller]
pub fn killed(project: &Project, arguments: &[&str], moment: &str, event: usize) {
    let mut program = project.program(arguments);
    let output = program.env("WINDLASS_KILL_AT", format!("release:{moment}:{event}")).output().expect("windlass");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.signal(), Some(9), "{moment} event {event} of {arguments:?}: {told}");
}

/// A release that is killed there. Gives its id.
#[track_caller]
pub fn killed_release(project: &Project, moment: &str, name: &str) -> String {
    killed(project, &["release", "--yes"], moment, event(name));
    project.releases()[0]["id"].as_str().expect("an id").to_owned()
}
