//! What a registry answers for a tag. Made by the registry adapter, judged by [`super::verdict`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{digest::Digest, reference::Platform};

/// One image behind a tag: its manifest, its config, and what the config claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedImage {
    pub manifest: Digest,
    pub config: Digest,
    pub platform: Option<Platform>,
    /// Digests of the uncompressed layers, as the config claims them.
    pub diff_ids: Vec<Digest>,
    /// Digests of the compressed layers.
    pub layers: Vec<Digest>,
    /// The author's claim; may be 0 in reproducible builds.
    pub created: Option<Timestamp>,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// Everything behind one digest, immutable: what is cached by digest for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The digest of the bytes a tag points to.
    pub digest: Digest,
    pub media_type: String,
    /// The tag points to an index; its attestations are not among `images`.
    pub index: bool,
    pub images: Vec<ObservedImage>,
}

impl Content {
    /// The image for this platform. Without one, the only image there is.
    #[must_use]
    pub fn image_for(&self, platform: Option<&Platform>) -> Option<&ObservedImage> {
        match platform {
            Some(wanted) => self.images.iter().find(|i| i.platform.as_ref().is_none_or(|found| wanted.accepts(found))),
            None => match &self.images[..] {
                [only] => Some(only),
                _ => None,
            },
        }
    }
}

/// When the bytes were fetched and hashed by us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hashed {
    /// In this run, after the question was asked.
    Now,
    /// In an earlier run; today only a HEAD names this digest.
    Earlier(Timestamp),
}

/// What a tag showed, without a change in between that anybody saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// `None`: there was no such tag.
    pub digest: Option<Digest>,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
}

/// The answer for one tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    Seen {
        content: Content,
        hashed: Hashed,
    },
    /// 404. `visible` is true when this credential could list the repository: else the tag may exist and be hidden.
    Absent {
        visible: bool,
    },
    /// The bytes do not hash to the digest that was claimed or asked for.
    Corrupt {
        expected: Digest,
        actual: Digest,
    },
    /// The bytes are those of the digest but are no manifest or config.
    Unreadable {
        why: String,
    },
    Denied {
        why: String,
    },
    RateLimited {
        retry_after_seconds: Option<u64>,
    },
    Unreachable {
        why: String,
    },
}
