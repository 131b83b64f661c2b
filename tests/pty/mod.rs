//! What is shown in a terminal, and what a maintainer's keys do there.

mod console;
mod table;
