//! What text goes through before it is stored or shown. Pure: no input or output, no clock.
//!
//! Bytes of a build → [`lines`] cuts them → [`sanitise`] takes out what could act on a terminal →
//! [`redact`] takes out secrets. The order matters: a needle broken up by an escape sequence is whole
//! again once the sequence is gone. What is stored is searched for a [`pattern`], and shown through a [`viewport`] in
//! rows that [`wrap`] makes of its lines, with the [`steps`] of its build; as [`bare`] text it leaves for a file or the clipboard.

pub mod bare;
mod decoded;
pub mod errors;
mod escape;
mod finder;
#[cfg(test)]
pub mod hostile;
pub mod lines;
pub mod pattern;
pub mod redact;
pub mod sanitise;
pub mod steps;
pub mod viewport;
pub mod wrap;
