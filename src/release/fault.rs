//! Stops this process dead at a place that the environment names, as a power cut would: what a killed release leaves
//! behind is tested with it. Not in release builds.
//!
//! `WINDLASS_STOP_AT=before:N`: event N has happened and is not written yet. `after:N`: it is written, and nothing else
//! was done. `during:N`: something that comes after event N, and is no event, is under way.

use rustix::process::{Signal, getpid, kill_process};

use super::Surroundings;

pub(super) fn reached(at: &Surroundings<'_>, moment: &str, seq: u64) {
    let wanted = (at.environment)("WINDLASS_STOP_AT");
    if wanted.is_some_and(|wanted| wanted == format!("{moment}:{seq}").as_str()) {
        kill_process(getpid(), Signal::KILL).expect("a process may kill itself");
        loop {
            std::thread::park();
        }
    }
}
