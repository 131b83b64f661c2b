//! What is shown in a terminal, and what a maintainer's keys do there.

mod checks;
mod console;
mod flood;
mod log;
mod outside;
mod projects;
mod releases;
mod secrets;
mod table;
mod terminal;

use std::{
    process::Command,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{project::Project, registry::Registry, screen::Screen};

const WIDTH: u16 = 120;
const HEIGHT: u16 = 40;

/// A project whose build takes so many seconds.
fn project(registry: &Registry, seconds: u32) -> Project {
    let project = Project::new(registry);
    let nonce = &project.nonce;
    project.dockerfile(&format!("RUN echo begun by {nonce}; sleep {seconds}; echo ended by {nonce}\n"));
    project.commit("takes a while");
    project.set_secret();
    project
}

fn open(project: &Project) -> Screen {
    Screen::start(&project.program(&[]), WIDTH, HEIGHT)
}

/// Leaves, and finds the terminal as it was.
#[track_caller]
fn leave(console: &mut Screen) {
    console.press("q");
    assert_eq!(console.end(), 0);
    console.is_given_back();
}

fn signal(terminal: &Screen, signal: Signal) {
    send(terminal.process(), signal);
}

fn send(process: u32, signal: Signal) {
    let id = i32::try_from(process).expect("a process id");
    kill_process(Pid::from_raw(id).expect("not zero"), signal).expect("it runs");
}

/// The newest release, once it has ended.
#[track_caller]
fn ended(project: &Project) -> Value {
    let start = Instant::now();
    loop {
        let newest = project.releases().swap_remove(0);
        if newest["ended"].is_string() || newest["state"] == "interrupted" {
            return newest;
        }
        assert!(start.elapsed() < Duration::from_mins(1), "{newest}");
    }
}

/// The last of a process, its only child, and so on.
fn youngest(mut process: u32) -> u32 {
    while let Ok(children) = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children")) {
        let Some(child) = children.split_whitespace().next() else { break };
        process = child.parse().expect("a process id");
    }
    process
}

/// Waits until a process that is not ours has ended; its entry may stay until somebody asks how.
fn until_gone(process: u32) {
    let start = Instant::now();
    while std::fs::read(format!("/proc/{process}/cmdline")).is_ok_and(|line| !line.is_empty()) {
        assert!(start.elapsed() < Duration::from_mins(1), "it does not end");
        std::thread::yield_now();
    }
}

/// Presses what starts a release, and waits until its build speaks.
fn start(project: &Project, console: &mut Screen) {
    console.sees("n release");
    console.press("n");
    console.sees("Release app?");
    console.press("y");
    console.sees(&format!("begun by {}", project.nonce));
}

/// Another command with the program's folder and environment: what runs the program.
fn around(program: &Command, name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments);
    command.current_dir(program.get_current_dir().expect("a folder")).env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}
