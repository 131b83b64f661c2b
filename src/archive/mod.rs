//! An image archive: a tar file that holds one image, or several of which one is meant. It is read, never unpacked into
//! a folder: names in it are only names, and bytes are read where they lie.
//!
//! ```text
//!  file ──unpack (gzip, zstd)──► tar ──names──► manifest.json or index.json ──► one image ──hashes──► checked
//! ```
//!
//! | file | what |
//! |---|---|
//! | `open.rs` | the file, unpacked into a private one where it is packed |
//! | `names.rs` | which bytes of the tar each name means |
//! | `docker.rs`, `oci.rs` | the two layouts: what `docker save` writes, and the OCI image layout |
//! | `image.rs` | the image: config and layers, checked against each other |
//! | `layer.rs` | a layer as a registry gets it: packed, in constant memory |
//! | `error.rs` | what is wrong with an archive |
//!
//! Everything in it is somebody else's word until it is hashed: the config is the image's id, and each layer must be what
//! the config says. What readers could disagree about (a name twice, a name outside, two layouts that differ) is refused.
//! Random access is needed: every program that writes such archives puts the layers first and what says which they are
//! last, so that an archive that is packed cannot be pushed while it is unpacked.
//!
//! Sources: OCI image specification 1.1, "Image Layout Specification"; docker's image specification 1.2, "Combined Image
//! JSON + Filesystem Changeset Format"; POSIX.1-2001, pax; RFC 1952.

mod docker;
mod error;
mod image;
mod layer;
mod names;
mod oci;
mod open;

pub use error::ArchiveError;
pub use image::{Image, Layer, Stored};
pub use open::{Archive, Layout, Reading, Wanted};
