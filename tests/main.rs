//! The one integration-test binary. `tests/run.sh` installs and starts what it needs.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics where it stands")]

mod archives;
mod cli;
mod engine;
mod git;
mod layers;
mod pty;
mod registry;
mod store;
mod support;
mod taskcluster;
