//! Stored layers against their digests: what manifest and config only claim. Each layer is streamed once, in
//! constant memory whatever its size.

use sha2::{Digest as _, Sha256};

use super::{client::Client, error::RegistryError, transport::Want};
use crate::{
    domain::{digest::Digest, observation::ObservedImage},
    image::{Hashing, Unpacked, is_too_wide},
};

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
    /// unpacked here (zstd with a huge window), [`RegistryError::Uncheckable`] names the first of those.
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
        let mut unpacked = Unpacked::into(Hashing::up_to(u64::MAX));
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
            None => unpacked.finish().map(Hashing::digest),
        };
        match unpacked {
            Err(error) if is_too_wide(&error) => Err(RegistryError::Uncheckable {
                what,
                why: "it is packed with zstd in a way that takes more than 128 MiB to unpack; its stored bytes are those of \
                      its digest"
                    .to_owned(),
            }),
            Err(error) => Err(RegistryError::Unreadable { what, why: format!("it cannot be unpacked: {error}") }),
            Ok(actual) if actual != *diff_id => Err(RegistryError::Corrupt { expected: diff_id.clone(), actual }),
            Ok(_) => Ok(()),
        }
    }
}
