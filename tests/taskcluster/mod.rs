//! Taskcluster: its client and the program before it, and the double that the tests ask in its place.

mod actions;
mod again;
mod answers;
mod artifacts;
mod begin;
mod begin_hook;
mod begin_yml;
mod by_hand;
mod console;
mod defining;
mod deployment;
mod doctor;
mod doctor_triggers;
mod doctor_troubles;
mod double;
mod github;
mod inside;
mod inside_failures;
mod live_logs;
mod log_secrets;
mod outputs;
mod queue;
mod releases;
mod secrets;
mod several;
pub mod site;
mod yml_to_its_end;
