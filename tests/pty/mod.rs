//! The console, in a terminal, by a maintainer's keys.

mod console;
