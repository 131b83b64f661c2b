//! How far the step that runs is: one value that says all there is to draw, so that the newest is enough.

use serde::{Deserialize, Serialize};

use super::reference::Tag;

/// What is going on now. Not journalled: gone once something newer is known. Sizes in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "doing", rename_all = "kebab-case")]
pub enum Progress {
    /// The build context goes to the engine.
    Context { files: u64, bytes: u64 },
    /// An image archive is fetched, unpacked or hashed.
    Archive { bytes: u64 },
    /// A tag goes to the registry. `sent` and `total` are of the layers whose sizes the engine has said.
    Layers { tag: Tag, layers: usize, sent: u64, total: u64 },
    /// After an error of the registry, in so many seconds.
    Retrying { tag: Tag, layer: String, seconds: u64 },
    /// What the engine says about the push as a whole.
    Remark { tag: Tag, text: String },
}
