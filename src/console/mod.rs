//! The console: an Elm loop around the use cases.
//!
//! ```text
//!            key, news, answers                      Effect (data)
//!   runtime ───── Message ─────► update(&mut Model) ───────────────► runtime: jobs
//!      ▲                              │                                 │
//!      │                         view(&Model)                           │
//!      └──── frame ◄──────────────────┘        Message ◄────────────────┘
//! ```
//! Everything but [`runtime`] is pure: no input or output, no clock, no use case or adapter. A worker changes
//! nothing but by a message. Releases are attached to, never owned: whatever ends the console leaves them running.
//!
//! A key goes from its row in [`action`] to the function in [`press`] that the row names. What has to be found out
//! first is a [`request`]; what was found out becomes one of the [`dialogs`]. What comes from outside goes through
//! [`update`]. All of them change the [`model`], which [`view`] draws.
//!
//! An area of the console (projects, releases, log, tags, secrets, doctor, activity) has a file of its name in each of
//! these rooms where there is something of it. Beside them:
//!
//! ```text
//!        releases              those on Taskcluster     log                        tags      secrets
//! press  again                 several                                                       secret_form, wizard
//! model  doing, fault          remote                   search, marking, step_tree           secret_form, wizard, errand
//! view   list, card, progress                           search, step_tree          evidence  secret_form, wizard
//! jobs   faults                cluster, begin, actions
//! ```
//! To add a key: a row in the table of [`action`], and the function it names in [`press`]. To add a region of the
//! screen: a file in [`view`] with one render function and its layout in the doc comment, and its place in
//! [`view::geometry`].

pub mod action;
pub mod dialogs;
pub mod effect;
#[cfg(test)]
mod flows;
pub mod message;
pub mod model;
pub mod press;
pub mod request;
pub mod runtime;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
pub mod update;
pub mod view;
