//! What is kept: journal, spool, lock and records, among several processes and on disks that fail.

#![expect(clippy::unwrap_used, reason = "an unwrap in what these tests share fails the test that called it")]

mod disks;
mod following;
mod processes;
