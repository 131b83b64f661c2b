//! Ending or stopping the program at a named place, as a power cut or a slow machine would, so that tests see what is
//! left there. Builds for use do nothing here.
//!
//! Places: `release:before:N` (event N has happened and is not written yet), `release:after:N` (it is written, and
//! nothing else was done), `release:during:N` (something that comes after event N, and is no event, is under way),
//! `rotation:STAGE:WHAT`, `secret:written` (a deployment has it, and was not asked again), and of the console, which can
//! panic there too, `console:key` (its loop has a key) and `console:log` (a worker is to read a log).

use std::fmt;

/// A place of this name is reached: the process kills itself where `WINDLASS_KILL_AT` names it, stops (SIGSTOP) where
/// `WINDLASS_STOP_AT` does.
///
/// # Panics
/// Where `WINDLASS_PANIC_AT` names it.
#[cfg(debug_assertions)]
pub fn point(name: fmt::Arguments<'_>) {
    use rustix::process::{Signal, getpid, kill_process};
    let is_here = |variable| std::env::var_os(variable).is_some_and(|at| at == name.to_string().as_str());
    for (variable, signal) in [("WINDLASS_KILL_AT", Signal::KILL), ("WINDLASS_STOP_AT", Signal::STOP)] {
        if is_here(variable) {
            // A process that may not signal itself goes on, and its test says that it did.
            let _ = kill_process(getpid(), signal);
        }
    }
    assert!(!is_here("WINDLASS_PANIC_AT"), "a panic was asked for at {name}");
}

#[cfg(not(debug_assertions))]
pub fn point(_: fmt::Arguments<'_>) {}

/// A place of a release, by the number of the event that it is about.
pub fn release(moment: &str, seq: u64) {
    point(format_args!("release:{moment}:{seq}"));
}

/// A place of the console.
pub fn console(what: &str) {
    point(format_args!("console:{what}"));
}
