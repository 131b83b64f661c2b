//! The double against what the real services were recorded to say: each recording in `../recorded` is asked again, of a
//! double that was brought into the state of that moment, and must be answered with the same status, headers and body.
//! What differs each time (times, ids of incidents, secrets that were scrubbed) is left out of the comparison.

mod artifacts;
mod auth;
mod faults;
mod hooks;
mod index;
mod live;
mod queue;
mod recorded;
mod secrets;
mod signatures;
mod workers;

use crate::support::taskcluster::asking;
