//! The client of one repository in a registry: OCI distribution API v2 over HTTP.
//!
//! A [`Client`] belongs to one credential and one repository. Its tokens are never shared, so a new
//! secret is proved by a new client. What it reports about an image rests on bytes that it hashed;
//! what it was merely told (a HEAD) says so in its type.
//!
//! | file | what |
//! |---|---|
//! | `client.rs` | [`Client`]: options, and one authorised request |
//! | `transport.rs` | retries, redirects, answers (time limits and caps: [`crate::http`]) |
//! | `trust.rs` | which hosts may be spoken to in plain HTTP or be given a login |
//! | `challenge.rs`, `auth.rs` | `WWW-Authenticate`, logins, tokens |
//! | `tags.rs` | the tag list |
//! | `manifest.rs` | manifests and configs, fetched and hashed (what is in them: [`crate::image`]) |
//! | `point.rs` | a manifest put under a tag |
//! | `upload.rs` | bytes for it to keep: skipped where it has them, mounted where another repository has |
//! | `observe.rs`, `sharing.rs` | tags → [`crate::domain::observation::Observation`] |
//! | `probe.rs` | is the login accepted, may it push |
//! | `visit.rs` | does it answer, is the repository there, how often may it be asked |
//! | `layers.rs` | stored layers against their digests |
//! | `answer.rs`, `error.rs` | what a registry says when it refuses |
//!
//! Not here: verdicts (`domain::verdict`), caches over runs (the journal).
//! Sources: OCI distribution specification 1.1; distribution's token authentication; RFC 9110.

mod answer;
mod auth;
mod challenge;
mod client;
mod error;
mod layers;
mod manifest;
mod observe;
mod point;
mod probe;
mod sharing;
mod tags;
mod transport;
mod trust;
mod upload;
mod visit;

pub use answer::Answer;
pub use client::{Client, Options};
pub use error::RegistryError;
pub use layers::LayerProgress;
pub use manifest::{Manifest, Reference};
pub use probe::{AuthOutcome, PushRight};
pub use tags::is_referrer_tag;
pub use upload::Kept;
pub use visit::{Hello, Presence, RateLimit};
