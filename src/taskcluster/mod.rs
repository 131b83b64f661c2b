//! The client of a Taskcluster deployment, as far as releases of images need it.
//!
//! A [`Deployment`] is a root URL with the credentials that were made for it, or none: much can be read by anybody. Each
//! request is signed over all that is sent, and narrowed to the scopes that it needs.
//!
//! | file | what |
//! |---|---|
//! | `transport.rs` | [`Deployment`]: one request and its answer; limits, retries, the services' clock |
//! | `signing.rs`, `credentials.rs` | Hawk; whose credentials, for which deployment, until when |
//! | `found.rs` | the credentials in the environment, of a sign-in, and in the CLI's configuration file |
//! | `inside.rs` | the task that this process runs in |
//! | `service.rs`, `pages.rs` | where services are; lists in pages |
//! | `auth.rs` | alive?, scopes, clients, roles, who changed what |
//! | `secrets.rs` | the Secrets service |
//! | `queue.rs`, `index.rs` | tasks, groups, how they stand; tasks by path |
//! | `changing.rs` | tasks are run again, made, ended |
//! | `builds.rs`, `github.rs` | builds of a repository; what its `.taskcluster.yml` would make |
//! | `hooks.rs`, `workers.rs` | hooks and their fires; pools of workers |
//! | `artifacts.rs`, `object.rs` | what a run has made, and where that is |
//! | `attaching.rs` | making a file an artifact of a run |
//! | `stores.rs`, `body.rs`, `download.rs` | bytes from buckets and workers, as nobody |
//! | `livelog.rs`, `sources.rs`, `replay.rs`, `pieces.rs` | the log of a run: while it is written, and as it was kept |
//! | `error.rs` | what services say when they refuse |
//!
//! Not here: what makes a release of tasks and which record counts ([`crate::domain`]), and the doctor's conclusions.
//! Source: Taskcluster's references and manual; answers measured on services v106.

mod artifacts;
mod attaching;
mod auth;
mod body;
mod builds;
mod changing;
mod credentials;
mod download;
mod error;
mod found;
mod github;
mod hooks;
mod index;
mod inside;
mod livelog;
mod object;
mod pages;
mod pieces;
mod queue;
mod replay;
mod secrets;
mod service;
mod signing;
mod sources;
mod stores;
mod transport;
mod workers;

pub use artifacts::{Artifact, Storage};
pub use attaching::{File, Keep};
pub use auth::{Change, Client, Role};
pub use builds::{Build, BuildState, Builds};
pub use credentials::{Certificate, Credentials, Source};
pub use download::Downloaded;
pub use error::{Refusal, TaskclusterError, skewed};
pub use found::{Access, Kept, Unfit};
pub use github::{Event, Rendered};
pub use hooks::{Fire, Hook};
pub use inside::{Inside, NotATask};
pub use livelog::Log;
pub use pieces::{LogEnd, LogNote, LogPiece};
pub use queue::{Counts, Group, Known};
pub use secrets::{Names, Stored};
pub use service::Service;
pub use transport::{Deployment, PlainHttp};
pub use workers::{PoolError, WorkerPool};
