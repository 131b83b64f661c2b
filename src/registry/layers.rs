//! Stored layers against their digests: what manifest and config only claim. Each layer is streamed once, in
//! constant memory whatever its size.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;
use sha2::{Digest as _, Sha256};

use super::{client::Client, error::RegistryError, transport::Want};
use crate::domain::{digest::Digest, observation::ObservedImage};

/// How far the check of an image's layers is.
#[derive(Debug, Clone, Copy)]
pub struct LayerProgress<'a> {
    /// Counted from 0.
    pub layer: usize,
    pub layers: usize,
    pub digest: &'a Digest,
    /// Compressed bytes received of this layer.
    pub bytes: u64,
    /// Compressed bytes of this layer, where the registry says so.
    pub size: Option<u64>,
}

impl Client {
    /// Fetches every layer and hashes it: compressed against its digest, unpacked against the diff id that the config
    /// claims. `on` is told of every piece that arrives.
    ///
    /// # Errors
    /// [`RegistryError::Corrupt`] for the first layer whose bytes hash otherwise. When all are whole but some cannot be
    /// unpacked here (zstd), [`RegistryError::Uncheckable`] names the first of those.
    pub async fn verify_layers(
        &self,
        image: &ObservedImage,
        mut on: impl FnMut(LayerProgress<'_>) + Send,
    ) -> Result<(), RegistryError> {
        if image.layers.len() != image.diff_ids.len() {
            return Err(RegistryError::Unreadable {
                what: format!("image {} of {}", image.config.short(), self.repository()),
                why: format!("its manifest has {} layers and its config {}", image.layers.len(), image.diff_ids.len()),
            });
        }
        let mut uncheckable = None;
        for (at, (digest, diff_id)) in image.layers.iter().zip(&image.diff_ids).enumerate() {
            let progress =
                |bytes, size| on(LayerProgress { layer: at, layers: image.layers.len(), digest, bytes, size });
            match self.verify_layer(digest, diff_id, progress).await {
                Err(error @ RegistryError::Uncheckable { .. }) => uncheckable = uncheckable.or(Some(error)),
                other => other?,
            }
        }
        uncheckable.map_or(Ok(()), Err)
    }

    async fn verify_layer(
        &self,
        digest: &Digest,
        diff_id: &Digest,
        mut progress: impl FnMut(u64, Option<u64>),
    ) -> Result<(), RegistryError> {
        let what = format!("layer {} of {}", digest.short(), self.repository());
        let ask = self.ask_blob(digest, Want::Stream, format!("read {what}"));
        let mut answer = self.ask(&ask).await?;
        if !answer.status.is_success() {
            return Err(self.refusal(&answer, &ask.act, &what));
        }
        let size = answer.header("content-length").and_then(|length| length.parse().ok());
        let mut bytes = 0;
        let mut compressed = Sha256::new();
        let mut unpacked = Unpacked::Unknown(Vec::new());
        let mut broken = None;
        while let Some(chunk) = answer.chunk().await? {
            compressed.update(&chunk);
            bytes += chunk.len() as u64;
            progress(bytes, size);
            if broken.is_none() {
                broken = unpacked.take(&chunk).err();
            }
        }
        let actual = Digest::finish(compressed);
        if actual != *digest {
            return Err(RegistryError::Corrupt { expected: digest.clone(), actual });
        }
        let unpacked = match broken {
            Some(error) => Err(error),
            None => unpacked.finish(),
        };
        match unpacked {
            Err(error) => Err(RegistryError::Unreadable { what, why: format!("it is no valid gzip: {error}") }),
            Ok(None) => Err(RegistryError::Uncheckable {
                what,
                why: "it is packed with zstd; its stored bytes are those of its digest".to_owned(),
            }),
            Ok(Some(actual)) if actual != *diff_id => Err(RegistryError::Corrupt { expected: diff_id.clone(), actual }),
            Ok(Some(_)) => Ok(()),
        }
    }
}

/// The hash of a layer's content, by what its first bytes say it is packed with.
enum Unpacked {
    /// Fewer bytes than tell.
    Unknown(Vec<u8>),
    Gzip(Box<MultiGzDecoder<Hashing>>),
    Zstd,
    Plain(Hashing),
}

struct Hashing(Sha256);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Unpacked {
    fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Zstd => Ok(()),
            Self::Gzip(decoder) => decoder.write_all(bytes),
            Self::Plain(hashing) => hashing.write_all(bytes),
            Self::Unknown(first) => {
                first.extend_from_slice(bytes);
                if first.len() < 4 {
                    return Ok(());
                }
                let first = std::mem::take(first);
                *self = Self::begun(&first);
                self.take(&first)
            }
        }
    }

    /// Magic numbers of RFC 1952 and RFC 8878.
    fn begun(first: &[u8]) -> Self {
        if first.starts_with(&[0x1f, 0x8b]) {
            Self::Gzip(Box::new(MultiGzDecoder::new(Hashing(Sha256::new()))))
        } else if first.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Self::Zstd
        } else {
            Self::Plain(Hashing(Sha256::new()))
        }
    }

    /// The digest of the content; `None` where it could not be unpacked here.
    fn finish(self) -> io::Result<Option<Digest>> {
        match self {
            Self::Zstd => Ok(None),
            Self::Gzip(decoder) => decoder.finish().map(|hashing| Some(Digest::finish(hashing.0))),
            Self::Plain(hashing) => Ok(Some(Digest::finish(hashing.0))),
            Self::Unknown(all) => Ok(Some(Digest::of(&all))),
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(bytes: &[u8], piece: usize) -> io::Result<Option<Digest>> {
        let mut unpacked = Unpacked::Unknown(Vec::new());
        for chunk in bytes.chunks(piece) {
            unpacked.take(chunk)?;
        }
        unpacked.finish()
    }

    #[test]
    fn content_is_hashed_whatever_the_pieces() {
        let content: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        let two_members = [gzip(&content[..7]), gzip(&content[7..])].concat();
        for piece in [1, 3, 4096, usize::MAX] {
            let expected = Some(Digest::of(&content));
            assert_eq!(unpack(&gzip(&content), piece).unwrap(), expected);
            assert_eq!(unpack(&two_members, piece).unwrap(), expected);
            assert_eq!(unpack(&content, piece).unwrap(), expected);
        }
        assert_eq!(unpack(b"abc", 1).unwrap(), Some(Digest::of(b"abc")));
        assert_eq!(unpack(b"", 1).unwrap(), Some(Digest::of(b"")));
    }

    #[test]
    fn what_cannot_be_unpacked_is_no_digest() {
        assert_eq!(unpack(&[0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3], 2).unwrap(), None);
        let whole = gzip(b"content");
        assert!(unpack(&whole[..whole.len() - 3], 5).is_err(), "cut short");
    }
}
