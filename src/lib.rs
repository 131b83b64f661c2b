//! windlass: the release console for container images.

pub mod attest;
pub mod commands;
pub mod config;
pub mod domain;
pub mod engine;
pub mod git;
pub mod journal;
pub mod log;
pub mod registry;
pub mod release;
pub mod rotation;
pub mod secrets;
pub mod spool;
pub mod verify;
