//! The spool: a file for each release's log, read while it is still being written.
//!
//! `logs/<id>.log` is text that was sanitised and redacted before it came here; every line ends with LF,
//! and the sha256 of the file is the log digest of the record. `logs/<id>.idx` says where lines begin, so
//! that the end of a million lines is one read away. It is a cache: the log alone is the truth.
//!
//! Not for cleaning text, and not for telling readers that there is more: that is the socket's part.

mod browse;
mod error;
mod folder;
mod grep;
mod hits;
mod index;
#[cfg(test)]
mod long_lines;
mod plain;
mod read;
mod write;

pub use browse::Browse;
pub use error::SpoolError;
pub use folder::folder_of;
pub use grep::Text;
pub use hits::Hits;
pub use index::{Entry, Index};
pub use read::Reader;
pub use write::{Summary, Writer};

#[cfg(test)]
mod tests;
