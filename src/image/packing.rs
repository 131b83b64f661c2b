//! How layers, and whole archives, are packed: told by their first bytes, and undone piece by piece into any writer.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;
use sha2::{Digest as _, Sha256};
use zstd::stream::{raw, zio};

use crate::domain::digest::Digest;

/// Magic numbers are not longer.
const TELLS: usize = 4;

/// What bytes are packed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    /// By the first bytes: of four at the latest it is known. Sources: RFC 1952 and RFC 8878.
    #[must_use]
    pub fn of(first: &[u8]) -> Self {
        match first {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Plain => "not packed",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }
}

/// Undoes a packing: what is put in comes out at `W` as it was before. Little is held, whatever comes; a window of zstd
/// that is larger than its command line would take (128 MiB) is an error.
pub struct Unpacked<W: Write>(State<W>);

enum State<W: Write> {
    /// Fewer bytes than tell.
    Unknown(Vec<u8>, W),
    Plain(W),
    Gzip(Box<MultiGzDecoder<W>>),
    Zstd(Box<zio::Writer<W, raw::Decoder<'static>>>),
    /// An earlier piece was the last.
    Broken,
}

impl<W: Write> Unpacked<W> {
    pub fn into(sink: W) -> Self {
        Self(State::Unknown(Vec::new(), sink))
    }

    /// The next piece.
    ///
    /// # Errors
    /// When it is no piece of something that is packed like that, and when the writer fails.
    pub fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.0 {
            State::Plain(sink) => sink.write_all(bytes),
            State::Gzip(decoder) => decoder.write_all(bytes),
            State::Zstd(decoder) => decoder.write_all(bytes),
            State::Unknown(first, _) => {
                first.extend_from_slice(bytes);
                if first.len() < TELLS { Ok(()) } else { self.begin() }
            }
            State::Broken => Err(io::Error::other("it was given up before")),
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        let State::Unknown(first, sink) = std::mem::replace(&mut self.0, State::Broken) else { return Ok(()) };
        self.0 = match Packing::of(&first) {
            Packing::Plain => State::Plain(sink),
            Packing::Gzip => State::Gzip(Box::new(MultiGzDecoder::new(sink))),
            Packing::Zstd => State::Zstd(Box::new(zio::Writer::new(sink, raw::Decoder::new()?))),
        };
        self.take(&first)
    }

    /// The writer, which has everything.
    ///
    /// # Errors
    /// When there should be more.
    pub fn finish(mut self) -> io::Result<W> {
        if matches!(self.0, State::Unknown(..)) {
            self.begin()?;
        }
        match self.0 {
            State::Plain(sink) => Ok(sink),
            State::Gzip(decoder) => decoder.finish(),
            State::Zstd(mut decoder) => {
                decoder.finish()?;
                Ok(decoder.into_inner().0)
            }
            State::Unknown(..) | State::Broken => Err(io::Error::other("it was given up before")),
        }
    }
}

/// What [`Unpacked`] fails with where a window is larger than it takes.
#[must_use]
pub fn is_too_wide(error: &io::Error) -> bool {
    // The library's own words: it has no kind for it. Source: zstd, `ZSTD_error_frameParameter_windowTooLarge`.
    error.to_string().contains("requires too much memory")
}

/// Hashes whatever is written to it, up to a limit.
pub struct Hashing {
    hash: Sha256,
    left: u64,
}

impl Hashing {
    /// More than `limit` bytes are an error.
    #[must_use]
    pub fn up_to(limit: u64) -> Self {
        Self { hash: Sha256::new(), left: limit }
    }

    #[must_use]
    pub fn digest(self) -> Digest {
        Digest::finish(self.hash)
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or_else(|| io::Error::other("it has no end"))?;
        self.hash.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        ::zstd::encode_all(bytes, 1).unwrap()
    }

    fn unpack(bytes: &[u8], piece: usize) -> io::Result<Digest> {
        let mut unpacked = Unpacked::into(Hashing::up_to(1 << 20));
        for chunk in bytes.chunks(piece) {
            unpacked.take(chunk)?;
        }
        unpacked.finish().map(Hashing::digest)
    }

    #[test]
    fn content_is_the_same_whatever_the_pieces_and_the_packing() {
        let content: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        for pack in [gzip, zstd] {
            let two_members = [pack(&content[..7]), pack(&content[7..])].concat();
            for piece in [1, 3, 4096, usize::MAX] {
                let expected = Digest::of(&content);
                assert_eq!(unpack(&pack(&content), piece).unwrap(), expected);
                assert_eq!(unpack(&two_members, piece).unwrap(), expected);
                assert_eq!(unpack(&content, piece).unwrap(), expected);
            }
        }
        assert_eq!(unpack(b"abc", 1).unwrap(), Digest::of(b"abc"));
        assert_eq!(unpack(b"", 1).unwrap(), Digest::of(b""));
    }

    #[test]
    fn what_is_cut_short_or_has_no_end_is_no_content() {
        for whole in [gzip(b"content, some of it"), zstd(b"content, some of it")] {
            for cut in [whole.len() - 1, whole.len() - 3, 5, 2] {
                assert!(unpack(&whole[..cut], 5).is_err() || cut == 2 && Packing::of(&whole[..2]) == Packing::Plain);
            }
            let mut changed = whole.clone();
            changed[10] ^= 0xff;
            assert!(unpack(&changed, 5).ok() != Some(Digest::of(b"content, some of it")));
        }
        let endless = vec![0; (1 << 20) + 1];
        for bomb in [gzip(&endless), zstd(&endless), endless] {
            assert!(unpack(&bomb, 512).unwrap_err().to_string().contains("no end"));
        }
    }
}
