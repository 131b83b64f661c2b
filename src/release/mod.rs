//! The release: what one process holds and leaves behind while it brings an image to its registry.

pub mod artifacts;
pub mod lock;
