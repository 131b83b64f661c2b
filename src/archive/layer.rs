//! A layer on its way to a registry, piece by piece. One that is packed in the archive goes as it is. One that is not is
//! packed with gzip, as those who push images do: what pulls it has less to fetch, and every registry keeps that.
//!
//! It is packed in blocks, each a gzip member of its own, so that all processors have something to do whatever the number
//! of layers; together they are one gzip file (RFC 1952, section 2.2), which images in the eStargz format are too. A block
//! that cannot be made smaller is stored. The same layer is packed to the same bytes each time.

use std::{
    io,
    num::NonZero,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use libdeflater::{CompressionLvl, Compressor};
use sha2::{Digest as _, Sha256};
use tokio::task::spawn_blocking;

use super::{image::Layer, names::Span};
use crate::{domain::digest::Digest, image::Packing};

/// What is packed at once.
const BLOCK: usize = 256 * 1024;
/// What zlib's usual level gives, but for a few hundredths, in less than half its time; higher ones give as little more.
const LEVEL: i32 = 1;
/// What is tried first, from the middle of a block.
const SAMPLE: usize = 8 * 1024;

impl Layer {
    /// Its bytes as a registry gets them. `taken` counts those of the archive that it is made of.
    pub fn stream(&self, taken: Arc<AtomicU64>) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let pack = self.packing == Packing::Plain;
        let expected = pack.then(|| self.diff_id.clone());
        let (pool, packers) = (Pool::default(), Packers::default());
        let at_once = thread::available_parallelism().map_or(1, NonZero::get);
        blocks(self.span.clone(), expected, pool.clone())
            .inspect(move |block| {
                let bytes = block.as_ref().map_or(0, |block| block.bytes.len());
                taken.fetch_add(bytes as u64, Ordering::Relaxed);
            })
            .map(move |block| {
                let (pool, packers) = (pool.clone(), Arc::clone(&packers));
                async move {
                    let block = block?;
                    if !pack {
                        return Ok(Bytes::from_owner(block));
                    }
                    let work = spawn_blocking(move || packed(&block.bytes, pool.buffer(), &packers));
                    work.await.map_err(io::Error::other)?
                }
            })
            .buffered(at_once)
    }
}

/// Memory that is used again and again: what one thread takes and another gives back would else stay with both.
#[derive(Clone, Default)]
struct Pool(Arc<Mutex<Vec<Vec<u8>>>>);

impl Pool {
    fn buffer(&self) -> Buffer {
        let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = free.pop().unwrap_or_else(|| Vec::with_capacity(BLOCK + BLOCK / 64));
        bytes.clear();
        Buffer { bytes, pool: self.clone() }
    }
}

/// Goes back to its pool when it is dropped.
struct Buffer {
    bytes: Vec<u8>,
    pool: Pool,
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut free = self.pool.0.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(std::mem::take(&mut self.bytes));
    }
}

/// The blocks of a span; an error instead of an end where their content is not the one that is expected any more.
fn blocks(span: Span, expected: Option<Digest>, pool: Pool) -> impl Stream<Item = io::Result<Buffer>> + Send + 'static {
    let begun = expected.map(|expected| (expected, Sha256::new()));
    stream::try_unfold(Some((span, 0_u64, begun, pool)), |state| async move {
        let Some((span, at, checked, pool)) = state else { return Ok(None) };
        spawn_blocking(move || {
            let mut block = pool.buffer();
            span.read_into(&mut block.bytes, at, BLOCK)?;
            let next = at + block.bytes.len() as u64;
            let checked = checked.map(|(expected, mut hash)| {
                hash.update(&block.bytes);
                (expected, hash)
            });
            if next < span.length {
                return Ok(Some((block, Some((span, next, checked, pool)))));
            }
            if checked.is_some_and(|(expected, hash)| Digest::finish(hash) != expected) {
                return Err(io::Error::other("the archive has changed since it was checked"));
            }
            Ok(Some((block, None)))
        })
        .await
        .map_err(io::Error::other)?
    })
}

/// What packs one block after the other. One that is made anew for each would leave its memory all over.
struct Packer {
    smaller: Compressor,
    stored: Compressor,
}

/// Those that nobody uses just now.
type Packers = Arc<Mutex<Vec<Packer>>>;

impl Packer {
    fn new() -> io::Result<Self> {
        let of = |level| CompressionLvl::new(level).map(Compressor::new);
        match (of(LEVEL), of(0)) {
            (Ok(smaller), Ok(stored)) => Ok(Self { smaller, stored }),
            _ => Err(io::Error::other("there is no such level of gzip")),
        }
    }
}

/// A gzip member.
fn packed(block: &[u8], mut into: Buffer, packers: &Packers) -> io::Result<Bytes> {
    let free = || packers.lock().unwrap_or_else(PoisonError::into_inner);
    let known = free().pop();
    let mut packer = known.map_or_else(Packer::new, Ok)?;
    let middle = block.len().saturating_sub(SAMPLE) / 2;
    let sample = &block[middle..(middle + SAMPLE).min(block.len())];
    gzip(&mut packer.smaller, sample, &mut into.bytes)?;
    let gets_smaller = into.bytes.len() < sample.len() - sample.len() / 32;
    gzip(if gets_smaller { &mut packer.smaller } else { &mut packer.stored }, block, &mut into.bytes)?;
    free().push(packer);
    Ok(Bytes::from_owner(into))
}

fn gzip(compressor: &mut Compressor, bytes: &[u8], into: &mut Vec<u8>) -> io::Result<()> {
    into.resize(compressor.gzip_compress_bound(bytes.len()), 0);
    let length = compressor.gzip_compress(bytes, into).map_err(io::Error::other)?;
    into.truncate(length);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use futures_util::TryStreamExt as _;

    use super::*;
    use crate::image::{Hashing, Unpacked};

    /// Neither end is at a block's.
    fn layer(content: &[u8]) -> Layer {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"before").unwrap();
        file.write_all(content).unwrap();
        file.write_all(b"behind").unwrap();
        let span = Span { file: Arc::new(file), start: 6, length: content.len() as u64 };
        Layer { diff_id: Digest::of(content), packed: None, packing: Packing::Plain, span }
    }

    fn mixed() -> Vec<u8> {
        let mut state = 1_u64;
        let mut content = vec![b'a'; 3 * BLOCK / 2];
        content.extend((0..2 * BLOCK).map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.to_be_bytes()[0]
        }));
        content
    }

    #[tokio::test]
    async fn what_is_packed_is_what_was_there_and_the_same_each_time() {
        for content in [Vec::new(), b"x".to_vec(), vec![7; BLOCK], mixed()] {
            let layer = layer(&content);
            let pieces: Vec<Bytes> = layer.stream(Arc::default()).try_collect().await.unwrap();
            let packed = pieces.concat();
            let mut unpacked = Unpacked::into(Hashing::up_to(u64::MAX));
            unpacked.take(&packed).unwrap();
            assert_eq!(Packing::of(&packed), Packing::Gzip);
            assert_eq!(unpacked.finish().unwrap().digest(), layer.diff_id);
            let again: Vec<Bytes> = layer.stream(Arc::default()).try_collect().await.unwrap();
            assert_eq!(again.concat(), packed);
            assert!(packed.len() < content.len() + content.len() / 1000 + 100, "{}", packed.len());
        }
    }

    #[tokio::test]
    async fn what_changes_meanwhile_has_no_end() {
        let mut layer = layer(&mixed());
        layer.diff_id = Digest::of(b"what was checked");
        let error = layer.stream(Arc::default()).try_collect::<Vec<Bytes>>().await.unwrap_err();
        assert!(error.to_string().contains("has changed"), "{error}");
    }

    #[tokio::test]
    async fn what_is_packed_already_goes_as_it_is() {
        let mut content = Vec::new();
        gzip(&mut Packer::new().unwrap().smaller, &mixed(), &mut content).unwrap();
        let packed = Layer { packing: Packing::Gzip, ..layer(&content) };
        assert_eq!(packed.stream(Arc::default()).try_collect::<Vec<Bytes>>().await.unwrap().concat(), content);
    }
}
