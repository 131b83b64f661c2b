//! The file of an archive, as a tar file whose bytes can be read wherever they are. One that is packed is unpacked into a
//! file that has no name, is ours alone, and is gone with this process, however that ends.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    os::unix::fs::FileExt as _,
    path::Path,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use sha2::{Digest as _, Sha256};

use super::{
    docker,
    error::ArchiveError,
    image::{Image, Parts},
    names::Names,
    oci,
};
use crate::{
    domain::{
        digest::Digest,
        reference::{Platform, Repository},
    },
    image::{Packing, Unpacked},
};

/// Nobody keeps more in one image.
const LARGEST: u64 = 64 << 30;
/// What is left of a disk to others: an eighth of what is free, at most this.
const LEFT_FREE: u64 = 1 << 30;
const PIECE: usize = 256 * 1024;

/// How an archive says what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// `manifest.json`, as `docker save` writes it.
    Docker,
    /// `index.json`: the OCI image layout.
    Oci,
}

impl Layout {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Docker => "docker-archive",
            Self::Oci => "oci-archive",
        }
    }
}

/// How far reading is, and whether it is to go on.
#[derive(Debug, Default)]
pub struct Reading {
    pub bytes: AtomicU64,
    pub ended: AtomicBool,
}

impl Reading {
    /// So many more bytes were read.
    ///
    /// # Errors
    /// When nobody waits for them any more.
    pub(super) fn go_on(&self, bytes: usize) -> io::Result<()> {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        if self.ended.load(Ordering::Relaxed) {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "nobody waits for it any more"));
        }
        Ok(())
    }
}

/// Which image of an archive is meant.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Of several, the one that is called so.
    pub repository: &'a Repository,
    /// Of several, the one for it; and of one, that it is.
    pub platform: Option<&'a Platform>,
}

/// An archive whose names have been read.
#[derive(Debug)]
pub struct Archive {
    names: Names,
    /// Of the file, as it was given.
    pub sha256: Digest,
    pub packing: Packing,
}

impl Archive {
    /// Reads the file once, from beginning to end. `scratch`: the folder whose disk takes what has to be unpacked. It
    /// keeps a thread busy.
    ///
    /// # Errors
    /// When it cannot be read or unpacked, when there is no room, and when it is no tar file.
    pub fn open(file: File, scratch: &Path, reading: &Reading) -> Result<Self, ArchiveError> {
        let mut first = [0; 4];
        let known = file.read_at(&mut first, 0)?;
        let packing = Packing::of(&first[..known]);
        let (tar, sha256) = match packing {
            Packing::Plain => {
                let sha256 = each_piece(&file, reading, |_| Ok(()))?;
                (file, sha256)
            }
            Packing::Gzip | Packing::Zstd => unpack(&file, scratch, reading)?,
        };
        Ok(Self { names: Names::read(tar)?, sha256, packing })
    }

    /// The image that is meant: what it says of itself is read, and its layers are hashed. It keeps threads busy.
    ///
    /// # Errors
    /// When there is no such image, or it is not what it says.
    pub fn image(&self, wanted: Wanted<'_>, reading: &Reading) -> Result<Image, ArchiveError> {
        let parts: Parts = match self.layout()? {
            Layout::Docker => docker::parts(&self.names, wanted)?,
            Layout::Oci => oci::parts(&self.names, wanted)?,
        };
        Image::check(parts, wanted.platform, reading)
    }

    /// The OCI image layout comes first: what newer engines save has both, and says more there.
    fn layout(&self) -> Result<Layout, ArchiveError> {
        match (self.names.has("index.json") && self.names.has("oci-layout"), self.names.has("manifest.json")) {
            (true, _) => Ok(Layout::Oci),
            (false, true) => Ok(Layout::Docker),
            (false, false) => Err(ArchiveError::NotAnArchive {
                why: "it has no manifest.json, which docker save writes, and no index.json of an OCI image layout"
                    .to_owned(),
            }),
        }
    }
}

/// Hashes a file, and gives each piece of it away.
fn each_piece(
    file: &File,
    reading: &Reading,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<Digest, ArchiveError> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE];
    let mut at = 0;
    loop {
        let read = match file.read_at(&mut piece, at) {
            Ok(0) => return Ok(Digest::finish(hash)),
            Ok(read) => read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e.into()),
        };
        at += read as u64;
        reading.go_on(read)?;
        hash.update(&piece[..read]);
        take(&piece[..read]).map_err(why_not_unpacked)?;
    }
}

fn unpack(file: &File, scratch: &Path, reading: &Reading) -> Result<(File, Digest), ArchiveError> {
    let unwritten = |source| ArchiveError::Unwritten { folder: scratch.display().to_string(), source };
    let into = tempfile::tempfile_in(scratch).map_err(unwritten)?;
    let disk = rustix::fs::fstatvfs(&into).map_err(|e| unwritten(e.into()))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let limit = (free - (free / 8).min(LEFT_FREE)).min(LARGEST);
    let room = Room { file: BufWriter::with_capacity(PIECE, into), left: limit, limit };
    let mut unpacked = Unpacked::into(room);
    let sha256 = each_piece(file, reading, |piece| unpacked.take(piece));
    let told = |error: ArchiveError| match error {
        ArchiveError::Unwritten { source, .. } => unwritten(source),
        other => other,
    };
    let sha256 = sha256.map_err(told)?;
    let room = unpacked.finish().map_err(why_not_unpacked).map_err(told)?;
    let file = room.file.into_inner().map_err(|e| unwritten(e.into_error()))?;
    Ok((file, sha256))
}

/// A file that grows to a limit.
struct Room {
    file: BufWriter<File>,
    left: u64,
    limit: u64,
}

/// Why nothing more goes into it; told from errors of what is unpacked.
#[derive(Debug, thiserror::Error)]
enum Full {
    #[error("there is no room for more than {0} bytes")]
    Limit(u64),
    #[error("{0}")]
    Write(io::Error),
}

impl Write for Room {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let full = |full| Err(io::Error::other(full));
        match self.left.checked_sub(bytes.len() as u64) {
            None => return full(Full::Limit(self.limit)),
            Some(left) => self.left = left,
        }
        match self.file.write_all(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(error) => full(Full::Write(error)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn why_not_unpacked(error: io::Error) -> ArchiveError {
    match error.downcast::<Full>() {
        Ok(Full::Limit(limit)) => ArchiveError::NoRoom { limit },
        Ok(Full::Write(source)) => ArchiveError::Unwritten { folder: String::new(), source },
        Err(error) => ArchiveError::Packing { why: error.to_string() },
    }
}
