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
//! To add a key: a row in the table of [`action`], and the function it names in [`press`]. To add a screen region: a file in [`view`] with one render
//! function and its layout in the doc comment, and its place in [`geometry`].

pub mod action;
mod actions;
pub mod activity;
mod artifacts;
pub mod bar;
mod beginning;
mod doctor_pane;
pub mod effect;
mod fault;
#[cfg(test)]
mod flows;
mod fuzzy;
pub mod geometry;
pub mod key;
pub mod keymap;
pub mod layer;
mod log_pane;
mod marking;
pub mod masked;
pub mod message;
pub mod model;
mod mouse;
pub mod press;
mod projects_pane;
mod remote;
pub mod request;
pub mod runtime;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod sample_secrets;
mod search;
mod secret_form;
mod secrets_pane;
mod several;
mod standing;
mod step_tree;
mod tags_pane;
#[cfg(test)]
mod tests;
mod toasts;
pub mod update;
pub mod view;
mod wizard;
