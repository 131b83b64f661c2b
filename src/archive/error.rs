//! What is wrong with an archive, and what a maintainer is told about it.

use std::io;

use crate::{
    domain::{digest::Digest, failure::Failure},
    log::sanitise::plain,
};

/// An archive that cannot be released. Names from within it are sanitised.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file cannot be read.
    #[error("{source}")]
    Io { source: io::Error },
    /// What it is packed with cannot be undone to its end.
    #[error("it cannot be unpacked: {why}")]
    Packing { why: String },
    /// Unpacking it would leave no room on the disk for anything else.
    #[error("unpacked it is larger than {} MiB, and there is no room for more", .limit / (1024 * 1024))]
    NoRoom { limit: u64 },
    /// The private file cannot be written.
    #[error("it cannot be unpacked into a file of {folder}: {source}")]
    Unwritten { folder: String, source: io::Error },
    /// It is no image archive at all.
    #[error("{why}")]
    NotAnArchive { why: String },
    /// Its parts do not fit together, or readers could disagree about what they mean.
    #[error("{why}")]
    Broken { why: String },
    /// The bytes are not those of the digest that names them.
    #[error("{what} should be {expected}, and its bytes hash to {actual}")]
    Differs { what: String, expected: Digest, actual: Digest },
    /// It holds several images, and none of them is the one that is meant.
    #[error("{why}")]
    Several { why: String },
    /// It holds something that windlass does not push.
    #[error("{why}")]
    Unsupported { why: String },
}

impl ArchiveError {
    /// `why`, in which there may be names from the archive.
    pub(super) fn broken(why: impl AsRef<str>) -> Self {
        Self::Broken { why: plain(why.as_ref()) }
    }
}

impl From<io::Error> for ArchiveError {
    fn from(source: io::Error) -> Self {
        Self::Io { source }
    }
}

impl ArchiveError {
    /// This error, of the archive that is called so.
    #[must_use]
    pub fn of(self, name: &str) -> Failure {
        let why = self.to_string();
        let refused = format!("{name} is not released");
        match self {
            Self::Io { source } if source.kind() == io::ErrorKind::NotFound => Failure::usage(
                format!("there is no {name}"),
                why,
                "name the file of the archive, or make it: docker save",
            ),
            Self::Io { .. } => Failure::failed(format!("{name} cannot be read"), why, "check the file and its disk"),
            Self::Packing { .. } => Failure::failed(
                refused,
                why,
                "fetch or make it again; packed with gzip or zstd, or not at all, it can be released",
            ),
            Self::NoRoom { .. } | Self::Unwritten { .. } => Failure::failed(
                refused,
                why,
                "make room, or unpack it elsewhere and release the archive that is not packed: that needs no room",
            ),
            Self::NotAnArchive { .. } => Failure::usage(
                refused,
                why,
                "make one: docker save IMAGE -o image.tar, or skopeo copy … oci-archive:image.tar",
            ),
            Self::Broken { .. } | Self::Differs { .. } => Failure::failed(
                refused,
                why,
                "nothing was tagged; fetch or make it again, and find out who wrote it if it stays so",
            ),
            Self::Several { .. } => Failure::usage(
                refused,
                why,
                "save the one image alone, under the name of its repository; of several platforms: --platform",
            ),
            Self::Unsupported { .. } => Failure::usage(refused, why, "save it as an image of layers: docker save"),
        }
    }
}
