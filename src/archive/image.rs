//! The image of an archive: its config, and layers that are what the config says. Nothing of it is believed before it was
//! hashed.

use std::{
    num::NonZero,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use bytes::Bytes;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    error::ArchiveError,
    names::Span,
    open::{Layout, Reading},
};
use crate::{
    domain::{digest::Digest, reference::Platform},
    image::{Config, Hashing, Packing, Unpacked, read_config},
};

/// Histories and labels of real images stay far below.
pub(super) const CONFIG_CAP: u64 = 8 * 1024 * 1024;
/// Nobody has a larger layer; what unpacks to more is made to fill disks.
const LARGEST_LAYER: u64 = 64 << 30;
const PIECE: usize = 256 * 1024;

/// An image as an archive describes it.
pub(super) struct Parts {
    pub layout: Layout,
    pub config: Vec<u8>,
    pub layers: Vec<Place>,
    /// As it is in the archive, with its media type.
    pub manifest: Option<(String, Vec<u8>)>,
}

/// Where a layer is.
pub(super) struct Place {
    pub name: String,
    pub span: Span,
    /// What the manifest says of its bytes as they lie there: digest and size.
    pub stored: Option<(Digest, Option<u64>)>,
}

/// An image that was hashed.
#[derive(Debug)]
pub struct Image {
    pub layout: Layout,
    /// Its bytes hash to [`Self::id`].
    pub config: Bytes,
    pub id: Digest,
    pub platform: Option<Platform>,
    /// The commit that whoever built it says it is of.
    pub revision: Option<String>,
    /// Lowest first.
    pub layers: Vec<Layer>,
    manifest: Option<(String, Bytes)>,
}

/// A layer whose content hashes to its diff id.
#[derive(Debug, Clone)]
pub struct Layer {
    pub diff_id: Digest,
    /// The digest of its bytes where they are packed already, as they are pushed then.
    pub packed: Option<Digest>,
    pub(super) packing: Packing,
    pub(super) span: Span,
}

impl Layer {
    /// How many bytes it has in the archive.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.span.length
    }
}

/// A layer as a registry keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub digest: Digest,
    pub size: u64,
}

impl Image {
    /// Holds the layers against the config.
    pub(super) fn check(parts: Parts, platform: Option<&Platform>, reading: &Reading) -> Result<Self, ArchiveError> {
        let claims: Config = read_config(&parts.config)
            .map_err(|why| ArchiveError::broken(format!("the image's config cannot be read: {why}")))?;
        if claims.diff_ids.len() != parts.layers.len() {
            return Err(ArchiveError::broken(format!(
                "the image has {} layers, and its config tells of {}",
                parts.layers.len(),
                claims.diff_ids.len()
            )));
        }
        if let (Some(wanted), Some(is)) = (platform, &claims.platform)
            && !wanted.accepts(is)
        {
            return Err(ArchiveError::Several { why: format!("its image is for {is}, and one for {wanted} is meant") });
        }
        let layers = check_all(&parts.layers, &claims.diff_ids, reading)?;
        Ok(Self {
            layout: parts.layout,
            id: Digest::of(&parts.config),
            config: parts.config.into(),
            platform: claims.platform,
            revision: claims.labels.get("org.opencontainers.image.revision").cloned(),
            layers,
            manifest: parts.manifest.map(|(media_type, bytes)| (media_type, bytes.into())),
        })
    }

    #[must_use]
    pub fn diff_ids(&self) -> Vec<Digest> {
        self.layers.iter().map(|layer| layer.diff_id.clone()).collect()
    }

    /// The manifest with its media type, of layers that are kept so: as it is in the archive where each layer is pushed
    /// as it is there, else one that says what is pushed.
    #[must_use]
    pub fn manifest(&self, stored: &[Stored]) -> (String, Bytes) {
        let as_it_is =
            self.layers.iter().zip(stored).all(|(layer, stored)| layer.packed.as_ref() == Some(&stored.digest));
        if let Some((media_type, bytes)) = self.manifest.as_ref().filter(|_| as_it_is) {
            return (media_type.clone(), bytes.clone());
        }
        // Docker's own types know no zstd.
        let oci = self.layout == Layout::Oci || self.layers.iter().any(|layer| layer.packing == Packing::Zstd);
        let (manifest, config, layer) = if oci {
            (
                "application/vnd.oci.image.manifest.v1+json",
                "application/vnd.oci.image.config.v1+json",
                "application/vnd.oci.image.layer.v1.tar+",
            )
        } else {
            (
                "application/vnd.docker.distribution.manifest.v2+json",
                "application/vnd.docker.container.image.v1+json",
                "application/vnd.docker.image.rootfs.diff.tar.",
            )
        };
        let layers = self.layers.iter().zip(stored).map(|(of, stored)| {
            let packing = if of.packing == Packing::Zstd { "zstd" } else { "gzip" };
            json!({"mediaType": format!("{layer}{packing}"), "size": stored.size, "digest": stored.digest})
        });
        let document = json!({
            "schemaVersion": 2,
            "mediaType": manifest,
            "config": {"mediaType": config, "size": self.config.len(), "digest": self.id},
            "layers": layers.collect::<Vec<_>>(),
        });
        (manifest.to_owned(), document.to_string().into())
    }
}

/// Each layer on one of as many threads as there are processors.
fn check_all(places: &[Place], diff_ids: &[Digest], reading: &Reading) -> Result<Vec<Layer>, ArchiveError> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, Result<Layer, ArchiveError>)>> = Mutex::default();
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(places.len());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let (Some(place), Some(diff_id)) = (places.get(number), diff_ids.get(number)) else { break };
                    let checked = check(place, diff_id, reading);
                    if checked.is_err() {
                        next.store(places.len(), Ordering::Relaxed);
                    }
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((number, checked));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, layer)| layer).collect()
}

fn check(place: &Place, diff_id: &Digest, reading: &Reading) -> Result<Layer, ArchiveError> {
    let what = || format!("the layer `{}`", crate::log::sanitise::plain(&place.name));
    let packing = Packing::of(&place.span.read(0, 4)?);
    if let Some((_, Some(size))) = &place.stored
        && *size != place.span.length
    {
        return Err(ArchiveError::broken(format!("{} should have {size} bytes and has {}", what(), place.span.length)));
    }
    let mut stored = Sha256::new();
    let mut content = Unpacked::into(Hashing::up_to(LARGEST_LAYER));
    let broken = |e: std::io::Error| ArchiveError::broken(format!("{} cannot be unpacked: {e}", what()));
    let (mut at, mut piece) = (0, Vec::new());
    loop {
        place.span.read_into(&mut piece, at, PIECE)?;
        if piece.is_empty() {
            break;
        }
        at += piece.len() as u64;
        reading.go_on(piece.len())?;
        if packing != Packing::Plain {
            stored.update(&piece);
        }
        content.take(&piece).map_err(broken)?;
    }
    let content = content.finish().map_err(broken)?.digest();
    let stored = if packing == Packing::Plain { content.clone() } else { Digest::finish(stored) };
    if let Some((expected, _)) = &place.stored
        && *expected != stored
    {
        return Err(ArchiveError::Differs { what: what(), expected: expected.clone(), actual: stored });
    }
    if content != *diff_id {
        let what = format!("the content of {}", what());
        return Err(ArchiveError::Differs { what, expected: diff_id.clone(), actual: content });
    }
    let packed = (packing != Packing::Plain).then_some(stored);
    Ok(Layer { diff_id: diff_id.clone(), packed, packing, span: place.span.clone() })
}
