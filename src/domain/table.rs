//! Registry and record side by side: one row a tag, with its verdict.

use jiff::Timestamp;

use super::{
    digest::Digest,
    observation::{Content, Observation, ObservedImage},
    plan::TagKind,
    record::{IdKind, Known},
    reference::Tag,
    verdict::Judgement,
};

/// Both sides of a table show the same kind, so that equal verdicts show equal text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// The digest of the image's config.
    ImageId,
    /// The digest of its manifest.
    Manifest,
}

impl Identity {
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::ImageId => "image id",
            Self::Manifest => "manifest digest",
        }
    }

    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::ImageId => Self::Manifest,
            Self::Manifest => Self::ImageId,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub as_of: Timestamp,
    pub rows: Vec<Row>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub tag: Tag,
    /// As the record planned it.
    pub kind: Option<TagKind>,
    pub observation: Observation,
    pub known: Option<Known>,
    pub judgement: Judgement,
}

impl Row {
    /// What the registry shows, when it shows an image.
    #[must_use]
    pub fn content(&self) -> Option<&Content> {
        match &self.observation {
            Observation::Seen { content, .. } => Some(content),
            _ => None,
        }
    }

    /// The image of it that is for the recorded platform.
    #[must_use]
    pub fn image(&self) -> Option<&ObservedImage> {
        let platform = self.known.as_ref().and_then(|known| known.record.platform.as_ref());
        self.content()?.image_for(platform)
    }

    /// What the registry shows. An index without our platform has no image: its own digest is what there is.
    #[must_use]
    pub fn in_registry(&self, identity: Identity) -> Option<&Digest> {
        let image = self.image().map(|image| match identity {
            Identity::ImageId => &image.config,
            Identity::Manifest => &image.manifest,
        });
        image.or_else(|| self.content().map(|content| &content.digest))
    }

    /// What was recorded. For an image id, the engine's own where no other is known.
    #[must_use]
    pub fn recorded(&self, identity: Identity) -> Option<&Digest> {
        let record = &self.known.as_ref()?.record;
        match identity {
            Identity::ImageId => Some(record.config().unwrap_or(&record.image_id)),
            Identity::Manifest if record.id_kind == IdKind::Manifest => Some(&record.image_id),
            Identity::Manifest => record.manifest_digest.as_ref(),
        }
    }

    /// `moving`, `frozen`, or that no record says.
    #[must_use]
    pub fn kind_word(&self) -> &'static str {
        self.kind.map_or("-", TagKind::word)
    }
}
