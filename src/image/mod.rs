//! What an image is made of, wherever it is kept: manifests, indexes and configs as they are read, and the packing of
//! layers. Shared by the adapters that meet images, a registry's and an archive's. Nothing here reads a file or asks a
//! registry.

mod content;
mod packing;

pub use content::{Blob, Child, Config, Document, is_image_manifest, read_config, read_manifest};
pub use packing::{Hashing, Packing, Unpacked, is_too_wide};
