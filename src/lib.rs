//! windlass: the release console for container images.
//!
//! ```text
//!   console    commands                             what people touch
//!        \  /
//!   release  verify  keeping  rotation  signin  doctor  init use cases: async, emit events
//!      │
//!   engine registry taskcluster secrets git         adapters, one per system; they do not know each other
//!   journal spool config attest browser archive     (http, image: what some of them share)
//!      │
//!   domain  log                                     pure: no I/O, no clock, no environment
//! ```
//!
//! Imports point downwards only; a test walks every path and checks it. Beside the layers stands [`fault`]: where
//! tests stop a use case of a debug build.
//!
//! **Events are the truth.** A release emits [`domain::event::Event`]s, the journal appends them, and
//! [`domain::release::Release`] is a fold over them. `show`, `releases` and the verdicts read that fold:
//! there is no second state. Of a release on Taskcluster the queue has the truth: [`release::cluster`] makes the same
//! [`domain::release::Release`] of each look at its tasks, and keeps nothing but the records that count.
//!
//! Where to begin reading: [`release::local::run`] for what a release does, [`domain::verdict::judge`] for
//! what the words of the table mean.

pub mod archive;
pub mod attest;
pub mod browser;
pub mod commands;
pub mod config;
pub mod console;
pub mod doctor;
pub mod domain;
pub mod engine;
pub mod fault;
pub mod git;
pub mod http;
pub mod image;
pub mod init;
pub mod journal;
pub mod keeping;
pub mod log;
pub mod registry;
pub mod release;
pub mod rotation;
pub mod secrets;
pub mod signin;
pub mod spool;
pub mod taskcluster;
pub mod verify;
