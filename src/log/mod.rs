//! Text of logs and of everything remote. Pure.

pub mod sanitise;
