//! The use case this program exists for: one attempt to bring an image from a commit to the registry.
//!
//! [`plan::make`] decides everything once; [`local::run`] carries it out on the Docker engine of this
//! machine, step by step. Whatever happens is appended to the journal as an event before anything is
//! built on it, so that whoever folds the events later sees what was done. A release is a process of its own:
//! [`detach::start`] lets it outlive whoever starts it, and [`attach::Follower`] watches it from any process.
//!
//! [`cluster`] sees the releases that run on Taskcluster, [`cluster_begin`], [`cluster_hook`] and [`cluster_yml`] begin them, [`cluster_again`] and [`cluster_ending`] have their tasks run again
//! and ended, [`cluster_action`] does what their decision tasks offer. What an archive that a task left is worth is in
//! [`cluster_archive`].
//!
//! [`rerun`] takes an earlier release up again, [`point`] rolls a moving tag back to one; both are releases too. What one
//! needs of the task of Taskcluster that it runs in is in [`own_task`].

mod archive;
pub mod artifacts;
pub mod attach;
mod build;
pub mod cluster;
pub mod cluster_action;
pub mod cluster_again;
pub mod cluster_archive;
pub mod cluster_begin;
pub mod cluster_ending;
pub mod cluster_hook;
pub mod cluster_log;
pub mod cluster_yml;
mod conclude;
pub mod detach;
mod frame;
mod held;
pub mod local;
pub mod lock;
pub mod own_task;
pub mod plan;
pub mod point;
mod preflight;
pub mod preview;
mod progress;
mod push;
pub mod rerun;
mod serve;
mod socket;

use std::{ffi::OsString, path::PathBuf};

use tokio_util::sync::CancellationToken;

use own_task::OwnTask;
use progress::Progress;

use crate::{
    config::{Paths, Settings},
    domain::{event::Stamped, permission::MayWrite},
    git::Checkout,
    journal::Journal,
    secrets::Passphrase,
};

/// Reads one variable of the environment. Only `main` knows the real one.
pub type Environment = dyn Fn(&str) -> Option<OsString> + Send + Sync;

/// What a release on this machine works with.
pub struct Surroundings<'a> {
    pub paths: &'a Paths,
    pub settings: &'a Settings,
    pub journal: &'a Journal,
    pub environment: &'a Environment,
    /// The way to the vault's passphrase: known already, or asked for amid the release.
    pub passphrase: &'a Passphrase,
    /// The project's folder, where `windlass.toml` lies.
    pub root: PathBuf,
    pub checkout: &'a Checkout,
    /// Build this commit from a worktree of its own instead of the working tree (`--ref`).
    pub from_worktree: bool,
    /// The task that this process runs in, where it does.
    pub own_task: Option<&'a OwnTask>,
    pub cancel: CancellationToken,
    pub permit: MayWrite,
}

/// What is seen while a release runs. Events are in the journal too; the rest is gone once shown.
pub enum Notice<'a> {
    Event(&'a Stamped),
    /// One line of the build's log, sanitised and redacted.
    Log(&'a str),
    Progress(&'a Progress),
}

/// Somebody who watches a release from within its process.
pub type Watch<'a> = dyn FnMut(Notice<'_>) + Send + 'a;
