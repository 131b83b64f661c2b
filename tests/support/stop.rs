//! The program killed at a chosen place, as by a power cut. See `src/fault.rs`.

use std::os::unix::process::ExitStatusExt as _;

use super::project::Project;

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
