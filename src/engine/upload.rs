//! The build context: a folder read once, in order, into a stream of tar in constant memory, and hashed on the way.
//!
//! ```text
//! walk + read ──(bounded)──► body of the request
//!      └───────(bounded)──► SHA-256, on a thread of its own
//! ```
//!
//! The context digest is SHA-256 over one record an entry, in the order sent: `path NUL mode-in-octal NUL kind NUL
//! content LF`, where kind is `f`, `d` or `l` and content is a file's SHA-256 in hexadecimal, a link's target or
//! nothing. Times and owners are left out: they differ between checkouts of one commit.

use std::{
    ffi::OsString,
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read as _},
    os::unix::{
        ffi::OsStrExt as _,
        fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _},
    },
    path::{Path, PathBuf},
    sync::mpsc::{SyncSender, sync_channel},
    thread,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::{Stream, stream};
use sha2::{Digest as _, Sha256};
use tokio::{sync::mpsc, task::JoinHandle};

use super::{EngineError, dockerfile::Dockerfile, dockerignore::Rules, tarball};
use crate::domain::digest::Digest;

/// Of one piece of the body. Large enough that system calls do not count, small enough that all pieces under way
/// ([`PIECES`] in each direction) stay far below the budget of 32 MB.
const PIECE: usize = 512 * 1024;
const PIECES: usize = 4;
/// Files up to this length are hashed where they are read: handing them over would cost more.
const SMALL: u64 = 64 * 1024;
/// Between two reports of progress.
const REPORT: Duration = Duration::from_millis(100);

/// What is to be sent.
pub(super) struct Context {
    /// Absolute, links resolved.
    pub root: PathBuf,
    pub rules: Rules,
    pub dockerfile: Dockerfile,
    /// Send folders that a rule leaves out and an exception may reach into even if nothing in them is kept: so does
    /// docker for BuildKit before Docker 23.
    pub bare_folders: bool,
}

/// While sending.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    Progress { files: u64, bytes: u64 },
    Skipped { path: PathBuf, what: &'static str },
}

/// All of it was read, and taken by the request's body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub digest: Digest,
    pub files: u64,
    /// Of the files, not of the tar.
    pub bytes: u64,
}

/// Why reading ended before its end.
#[derive(Debug)]
pub(super) enum Stopped {
    /// Nobody takes the body any more.
    Unwanted,
    Failed(EngineError),
}

pub(super) struct Upload<B> {
    pub body: B,
    pub news: mpsc::Receiver<News>,
    pub finished: JoinHandle<Result<Sent, Stopped>>,
}

/// Starts reading. An error ends the body with one, so that the engine never takes half a context for a whole one.
pub(super) fn start(context: Context) -> Upload<impl Stream<Item = io::Result<Bytes>> + Send + 'static> {
    let (pieces, mut taken) = mpsc::channel(PIECES);
    let (report, news) = mpsc::channel(16);
    let finished = tokio::task::spawn_blocking(move || {
        let failed = pieces.clone();
        let result = send(&context, pieces, report);
        if let Err(Stopped::Failed(_)) = &result {
            let _ = failed.blocking_send(Err(io::Error::other("the build context could not be read")));
        }
        result
    });
    Upload { body: stream::poll_fn(move |cx| taken.poll_recv(cx)), news, finished }
}

fn send(
    context: &Context,
    pieces: mpsc::Sender<io::Result<Bytes>>,
    report: mpsc::Sender<News>,
) -> Result<Sent, Stopped> {
    let (work, todo) = sync_channel(PIECES);
    let hashing = thread::spawn(move || {
        let mut whole = Sha256::new();
        let mut file = Sha256::new();
        for item in todo {
            match item {
                Work::Piece(bytes) => file.update(&bytes),
                Work::File(mut record) => {
                    record.extend_from_slice(Digest::finish(std::mem::take(&mut file)).hex().as_bytes());
                    record.push(b'\n');
                    whole.update(&record);
                }
                Work::Record(record) => whole.update(&record),
            }
        }
        Digest::finish(whole)
    });
    let mut sender = Sender {
        context,
        pieces,
        pending: Vec::with_capacity(PIECE),
        work,
        report,
        reported: Instant::now(),
        parents: Vec::new(),
        files: 0,
        bytes: 0,
    };
    sender.folder(Path::new(""))?;
    sender.pending.extend_from_slice(&tarball::END);
    sender.flush()?;
    // Whoever builds reads this last one; while nobody does, it waits in the channel.
    let _ = sender.report.blocking_send(News::Progress { files: sender.files, bytes: sender.bytes });
    let Sender { work, files, bytes, .. } = sender;
    drop(work);
    match hashing.join() {
        Ok(digest) => Ok(Sent { digest, files, bytes }),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

enum Work {
    Piece(Bytes),
    /// The pieces since the last one were this file's.
    File(Vec<u8>),
    Record(Vec<u8>),
}

struct Sender<'a> {
    context: &'a Context,
    pieces: mpsc::Sender<io::Result<Bytes>>,
    /// Headers and small files that wait to be a piece.
    pending: Vec<u8>,
    work: SyncSender<Work>,
    report: mpsc::Sender<News>,
    reported: Instant,
    /// Folders that a rule leaves out and that are sent once something below them is kept.
    parents: Vec<(PathBuf, Metadata)>,
    files: u64,
    bytes: u64,
}

impl Sender<'_> {
    /// The entries of a folder in the order of their names, each folder before what is in it.
    fn folder(&mut self, folder: &Path) -> Result<(), Stopped> {
        let here = self.context.root.join(folder);
        let list = fs::read_dir(&here).and_then(|list| {
            list.map(|entry| entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?.is_dir()))))
                .collect::<io::Result<Vec<(OsString, bool)>>>()
        });
        let mut list = list.map_err(|error| unreadable(folder, &error))?;
        list.sort_unstable();
        for (name, is_folder) in list {
            let path = folder.join(name);
            let ignored = self.context.rules.ignores(&path);
            if ignored && !(is_folder && self.context.rules.may_keep_below(&path)) {
                continue;
            }
            let about = match fs::symlink_metadata(self.context.root.join(&path)) {
                Ok(about) => about,
                Err(error) => return Err(unreadable(&path, &error)),
            };
            if ignored && !self.context.bare_folders {
                let depth = self.parents.len();
                self.parents.push((path.clone(), about));
                self.folder(&path)?;
                self.parents.truncate(depth);
                continue;
            }
            for (parent, about) in std::mem::take(&mut self.parents) {
                self.entry(&parent, &about)?;
            }
            self.entry(&path, &about)?;
            if about.is_dir() {
                self.folder(&path)?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, path: &Path, about: &Metadata) -> Result<(), Stopped> {
        let kind = about.file_type();
        if kind.is_dir() {
            self.header(path, about, tarball::Kind::Folder);
            self.record(record(path, about, b'd', b"\n"))
        } else if kind.is_symlink() {
            let target = fs::read_link(self.context.root.join(path)).map_err(|error| unreadable(path, &error))?;
            self.header(path, about, tarball::Kind::Link(target.as_os_str().as_bytes()));
            let mut line = record(path, about, b'l', target.as_os_str().as_bytes());
            line.push(b'\n');
            self.record(line)
        } else if kind.is_file() {
            self.file(path)
        } else {
            let what = match kind {
                kind if kind.is_socket() => "a socket",
                kind if kind.is_fifo() => "a named pipe",
                _ => "a device",
            };
            // Told if anybody listens; not worth an end.
            let _ = self.report.blocking_send(News::Skipped { path: path.to_owned(), what });
            Ok(())
        }
    }

    fn file(&mut self, path: &Path) -> Result<(), Stopped> {
        // What became a link or a pipe since it was listed is neither followed nor waited for.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        let opened =
            OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(self.context.root.join(path));
        let mut file = opened.map_err(|error| unreadable(path, &error))?;
        let about = file.metadata().map_err(|error| unreadable(path, &error))?;
        if !about.is_file() {
            return Err(changed(path));
        }
        if path == Path::new(&self.context.dockerfile.path) {
            // What was checked is what is built, whatever the file holds by now.
            let bytes = self.context.dockerfile.bytes.clone();
            return self.small(path, &about, &bytes);
        }
        if about.len() <= SMALL {
            let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0));
            (&mut file).take(SMALL + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
            if bytes.len() as u64 != about.len() {
                return Err(changed(path));
            }
            return self.small(path, &about, &bytes);
        }
        self.large(path, &about, &mut file)
    }

    fn small(&mut self, path: &Path, about: &Metadata, bytes: &[u8]) -> Result<(), Stopped> {
        let length = bytes.len() as u64;
        self.header(path, about, tarball::Kind::File(length));
        self.pending.extend_from_slice(bytes);
        self.pending.extend_from_slice(tarball::padding(length));
        let mut line = record(path, about, b'f', Digest::of(bytes).hex().as_bytes());
        line.push(b'\n');
        self.record(line)?;
        self.files += 1;
        self.count(length);
        if self.pending.len() >= PIECE - 2 * usize::try_from(SMALL).unwrap_or(0) {
            self.flush()?;
        }
        Ok(())
    }

    fn large(&mut self, path: &Path, about: &Metadata, file: &mut File) -> Result<(), Stopped> {
        self.header(path, about, tarball::Kind::File(about.len()));
        self.flush()?;
        let mut left = about.len();
        while left > 0 {
            let length = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
            let mut piece = Vec::with_capacity(length);
            file.take(length as u64).read_to_end(&mut piece).map_err(|error| unreadable(path, &error))?;
            if piece.is_empty() {
                return Err(changed(path));
            }
            left -= piece.len() as u64;
            self.count(piece.len() as u64);
            let piece = Bytes::from(piece);
            self.work.send(Work::Piece(piece.clone())).map_err(|_| Stopped::Unwanted)?;
            self.piece(piece)?;
        }
        // Longer, or written to: then what was sent may be a mixture that never was in the file.
        let now = file.metadata().map_err(|error| unreadable(path, &error))?;
        if now.len() != about.len() || now.mtime() != about.mtime() || now.mtime_nsec() != about.mtime_nsec() {
            return Err(changed(path));
        }
        self.pending.extend_from_slice(tarball::padding(about.len()));
        self.files += 1;
        self.work.send(Work::File(record(path, about, b'f', b""))).map_err(|_| Stopped::Unwanted)
    }

    fn header(&mut self, path: &Path, about: &Metadata, kind: tarball::Kind<'_>) {
        tarball::header(&mut self.pending, path.as_os_str().as_bytes(), mode(about), about.mtime(), kind);
    }

    fn record(&mut self, record: Vec<u8>) -> Result<(), Stopped> {
        if self.pending.len() >= PIECE {
            self.flush()?;
        }
        self.work.send(Work::Record(record)).map_err(|_| Stopped::Unwanted)
    }

    fn count(&mut self, bytes: u64) {
        self.bytes += bytes;
        if self.reported.elapsed() >= REPORT {
            self.reported = Instant::now();
            // Progress that nobody has time for is dropped; the next one says more.
            let _ = self.report.try_send(News::Progress { files: self.files, bytes: self.bytes });
        }
    }

    fn flush(&mut self) -> Result<(), Stopped> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let full = std::mem::replace(&mut self.pending, Vec::with_capacity(PIECE));
        self.piece(Bytes::from(full))
    }

    fn piece(&mut self, piece: Bytes) -> Result<(), Stopped> {
        self.pieces.blocking_send(Ok(piece)).map_err(|_| Stopped::Unwanted)
    }
}

fn mode(about: &Metadata) -> u32 {
    about.mode() & 0o7777
}

/// Of one entry in the context digest, up to its content.
fn record(path: &Path, about: &Metadata, kind: u8, content: &[u8]) -> Vec<u8> {
    let mut line = path.as_os_str().as_bytes().to_vec();
    line.extend_from_slice(format!("\0{:o}\0", mode(about)).as_bytes());
    line.extend_from_slice(&[kind, 0]);
    line.extend_from_slice(content);
    line
}

fn unreadable(path: &Path, error: &io::Error) -> Stopped {
    let why = match error.kind() {
        io::ErrorKind::PermissionDenied => "no permission to read it".to_owned(),
        io::ErrorKind::NotFound => "it vanished while the context was being sent".to_owned(),
        _ => error.to_string(),
    };
    let path = if path.as_os_str().is_empty() { PathBuf::from(".") } else { path.to_owned() };
    Stopped::Failed(EngineError::Context { path, why })
}

fn changed(path: &Path) -> Stopped {
    let why = "it changed while it was being sent".to_owned();
    Stopped::Failed(EngineError::Context { path: path.to_owned(), why })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use futures_util::StreamExt as _;

    use super::*;
    use crate::engine::dockerignore::Reach;

    /// The tar of a folder, and what was said of it.
    async fn sent(root: &Path, rules: &str) -> (Vec<u8>, Result<Sent, Stopped>) {
        let root = root.canonicalize().unwrap();
        let dockerfile = Dockerfile::find(&root, "Dockerfile").unwrap();
        let rules = Rules::parse(rules, Path::new(".dockerignore"), Reach::Anywhere).unwrap();
        let Upload { body, mut news, finished } = start(Context { root, rules, dockerfile, bare_folders: false });
        let reports = tokio::spawn(async move { while news.recv().await.is_some() {} });
        let tar = body.fold(Vec::new(), async |mut all, piece| {
            all.extend_from_slice(&piece.unwrap_or_default());
            all
        });
        let tar = tar.await;
        reports.await.unwrap();
        (tar, finished.await.unwrap())
    }

    fn tree() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("b/deep")).unwrap();
        for (path, content) in [("Dockerfile", "FROM a"), ("b/deep/file", "deep"), ("b.txt", "text"), ("b/z", "")] {
            fs::write(at(path), content).unwrap();
        }
        fs::write(at("large"), vec![7; 3 * PIECE + 11]).unwrap();
        symlink("b/../b.txt", at("link")).unwrap();
        folder
    }

    #[tokio::test]
    async fn the_tar_holds_the_folder_in_order() {
        let folder = tree();
        let (tar, sent) = sent(folder.path(), "b/z").await;
        let mut archive = tar::Archive::new(&tar[..]);
        let mut listed = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            let link = entry.link_name().unwrap().map(|link| format!(" -> {}", link.display())).unwrap_or_default();
            listed.push(format!("{}{link} {}", entry.path().unwrap().display(), content.len()));
            assert_eq!((entry.header().uid().unwrap(), entry.header().gid().unwrap()), (0, 0));
        }
        let large = 3 * PIECE + 11;
        assert_eq!(
            listed,
            [
                "Dockerfile 6".to_owned(),
                "b/ 0".into(),
                "b/deep/ 0".into(),
                "b/deep/file 4".into(),
                "b.txt 4".into(),
                format!("large {large}"),
                "link -> b/../b.txt 0".into(),
            ]
        );
        let sent = sent.unwrap();
        assert_eq!((sent.files, sent.bytes), (4, large as u64 + 14));
        assert!(tar.ends_with(&tarball::END) && tar.len().is_multiple_of(512));
    }

    #[tokio::test]
    async fn the_digest_is_of_names_modes_links_and_contents() {
        let digest = async |folder: &tempfile::TempDir| sent(folder.path(), "").await.1.unwrap().digest;
        let folder = tree();
        let at = |path: &str| folder.path().join(path);
        let mut seen = vec![digest(&folder).await];
        let again = tree();
        File::open(again.path().join("b.txt")).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
        assert_eq!(digest(&again).await, seen[0], "times are left out");
        fs::write(at("b.txt"), "tixt").unwrap();
        seen.push(digest(&folder).await);
        fs::set_permissions(at("b.txt"), fs::Permissions::from_mode(0o755)).unwrap();
        seen.push(digest(&folder).await);
        fs::rename(at("b.txt"), at("c.txt")).unwrap();
        seen.push(digest(&folder).await);
        fs::remove_file(at("link")).unwrap();
        symlink("c.txt", at("link")).unwrap();
        seen.push(digest(&folder).await);
        fs::write(at("large"), vec![8; 3 * PIECE + 11]).unwrap();
        seen.push(digest(&folder).await);
        let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
        assert_eq!(distinct.len(), seen.len());
    }

    #[tokio::test]
    async fn the_digest_is_as_documented() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Dockerfile"), "FROM a").unwrap();
        fs::set_permissions(folder.path().join("Dockerfile"), fs::Permissions::from_mode(0o644)).unwrap();
        fs::create_dir(folder.path().join("d")).unwrap();
        fs::set_permissions(folder.path().join("d"), fs::Permissions::from_mode(0o755)).unwrap();
        let expected = format!("Dockerfile\0644\0f\0{}\nd\0755\0d\0\n", Digest::of(b"FROM a").hex());
        assert_eq!(sent(folder.path(), "").await.1.unwrap().digest, Digest::of(expected.as_bytes()));
    }

    #[tokio::test]
    async fn a_body_that_nobody_takes_ends_the_reading() {
        let folder = tree();
        let root = folder.path().canonicalize().unwrap();
        File::options().write(true).open(root.join("large")).unwrap().set_len(64 << 20).unwrap();
        let dockerfile = Dockerfile::find(&root, "Dockerfile").unwrap();
        let upload = start(Context { root, rules: Rules::none(), dockerfile, bare_folders: false });
        drop((upload.body, upload.news));
        assert!(matches!(upload.finished.await.unwrap(), Err(Stopped::Unwanted)));
    }
}
