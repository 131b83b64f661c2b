//! The lock of a repository: one release at a time, and the only sign that a release is alive.
//!
//! `run/<16 hex of the repository's sha256>.lock` is locked with `flock(2)` for as long as the release's
//! process lives; the kernel frees it however that ends. The file says whose lock it is. It is never
//! removed: somebody could hold the lock of a file without a name while another locks its successor.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use crate::domain::{digest::Digest, failure::Failure, name::ReleaseId, reference::Repository};

/// How long somebody else's glance at the lock, or a holder that has not signed yet, is waited for.
/// Both take microseconds; only a stopped process takes longer.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// `by` is `None` when the holder has not signed the file (it is no release, or was stopped before it could).
    #[error("{repository} is locked by {}", by.as_ref().map_or("a process that is no release".to_owned(), |id| format!("release {id}")))]
    Held { repository: Repository, by: Option<ReleaseId> },
    #[error("the lock {} cannot be used: {source}", file.display())]
    Io { file: PathBuf, source: io::Error },
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        let why = error.to_string();
        match &error {
            LockError::Held { by: Some(id), .. } => Self::failed(
                "another release of this repository is running",
                why,
                format!("watch it (windlass show {id} --watch), or end it: windlass cancel {id}"),
            ),
            LockError::Held { by: None, .. } => Self::failed(
                "this repository is locked",
                why,
                "look for a process that holds a .lock file in windlass' run folder (lslocks shows it)",
            ),
            LockError::Io { file, .. } => Self::failed(
                "it cannot be told whether another release is running",
                why,
                format!("look at the disk and at the permissions of {}", file.display()),
            ),
        }
    }
}

/// The lock of a repository, held until this is dropped or the process ends.
#[derive(Debug)]
pub struct RunLock {
    file: File,
    /// The release that had the lock before, whichever way that ended.
    pub predecessor: Option<ReleaseId>,
}

impl RunLock {
    /// Takes the lock for this release. Waits a moment at most, and never for another release.
    ///
    /// # Errors
    /// [`LockError::Held`] when another release has it.
    pub fn acquire(run_folder: &Path, repository: &Repository, release: &ReleaseId) -> Result<Self, LockError> {
        let path = path_of(run_folder, repository);
        let wrong = |source| LockError::Io { file: path.clone(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(run_folder).map_err(wrong)?;
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = open.map_err(wrong)?;
        let start = Instant::now();
        while !tried(file.try_lock()).map_err(wrong)? {
            // A shared lock can be had beside watchers, who look for microseconds, but not beside a release.
            let watched = tried(file.try_lock_shared()).map_err(wrong)?;
            if watched {
                file.unlock().map_err(wrong)?;
            }
            // One that has only just begun signs in a moment.
            let by = if watched { None } else { signer(&path, &file)? };
            if by.is_some() || start.elapsed() > PATIENCE {
                return Err(LockError::Held { repository: repository.clone(), by });
            }
            thread::sleep(Duration::from_millis(1));
        }
        let predecessor = signer(&path, &file)?;
        let sign = || {
            file.set_len(0)?;
            file.write_all_at(format!("{release}\n").as_bytes(), 0)
        };
        sign().map_err(wrong)?;
        Ok(Self { file, predecessor })
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // Closing the file would do, but for a child that is being started at this very moment: it has the
        // file, and so the lock, until its exec closes it. If this fails, closing is what is left.
        let _ = self.file.unlock();
    }
}

/// Which release of this repository is alive.
///
/// # Errors
/// [`LockError::Held`] by nobody known, when the lock is held and its holder does not sign the file.
pub fn holder(run_folder: &Path, repository: &Repository) -> Result<Option<ReleaseId>, LockError> {
    let path = path_of(run_folder, repository);
    let wrong = |source| LockError::Io { file: path.clone(), source };
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(error)),
    };
    let start = Instant::now();
    loop {
        // Freed at once: whoever wants the lock now must not think that it is held.
        if tried(file.try_lock_shared()).map_err(wrong)? {
            file.unlock().map_err(wrong)?;
            return Ok(None);
        }
        if let Some(id) = signer(&path, &file)? {
            return Ok(Some(id));
        }
        if start.elapsed() > PATIENCE {
            return Err(LockError::Held { repository: repository.clone(), by: None });
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn path_of(run_folder: &Path, repository: &Repository) -> PathBuf {
    run_folder.join(format!("{}.lock", &Digest::of(repository.to_string().as_bytes()).hex()[..16]))
}

fn tried(attempt: Result<(), TryLockError>) -> io::Result<bool> {
    match attempt {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The release that signed the file: the one that holds the lock, or else the last that did.
fn signer(path: &Path, file: &File) -> Result<Option<ReleaseId>, LockError> {
    let mut bytes = [0; 32];
    let count = file.read_at(&mut bytes, 0).map_err(|source| LockError::Io { file: path.to_path_buf(), source })?;
    let signed = std::str::from_utf8(&bytes[..count]).ok().and_then(|text| text.strip_suffix('\n'));
    Ok(signed.and_then(|id| id.parse().ok()))
}

#[cfg(test)]
mod tests {
    use std::{
        os::unix::fs::PermissionsExt as _,
        process::{Child, Command},
        sync::atomic::{AtomicBool, Ordering},
    };

    use super::*;

    fn id(number: u8) -> ReleaseId {
        ReleaseId::from_random([number; 10])
    }

    fn repository() -> Repository {
        "docker.io/mozilla/balrog".parse().unwrap()
    }

    /// Another process that holds a lock; ended as by `kill -9`.
    struct Stranger(Child);

    impl Stranger {
        /// flock(1) uses flock(2), and with -F becomes the command it runs.
        fn holding(file: &Path) -> Self {
            let arguments = ["-x", "-F"];
            let stranger = Command::new("flock").args(arguments).arg(file).args(["sleep", "1000"]).spawn();
            let stranger = Self(stranger.expect("flock is installed (util-linux)"));
            let own = File::open(file).unwrap();
            until(|| {
                let free = tried(own.try_lock_shared()).unwrap();
                if free {
                    own.unlock().unwrap();
                }
                !free
            });
            stranger
        }

        fn kill(&mut self) {
            self.0.kill().unwrap();
            self.0.wait().unwrap();
        }
    }

    impl Drop for Stranger {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    fn until(mut is_so: impl FnMut() -> bool) {
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < Duration::from_secs(30), "it never came to be so");
            thread::yield_now();
        }
    }

    #[test]
    fn one_release_of_a_repository_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("state/run");
        assert_eq!(holder(&run, &repository()).unwrap(), None);
        let first = RunLock::acquire(&run, &repository(), &id(1)).unwrap();
        assert_eq!(holder(&run, &repository()).unwrap(), Some(id(1)));
        let error = RunLock::acquire(&run, &repository(), &id(2)).unwrap_err();
        assert!(matches!(&error, LockError::Held { by: Some(by), .. } if *by == id(1)), "{error}");
        assert!(Failure::from(error).next.contains("windlass show bbbbbbbbbb"));
        let _other = RunLock::acquire(&run, &"ghcr.io/a/b".parse().unwrap(), &id(3)).unwrap();

        let file = path_of(&run, &repository());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(fs::metadata(&run).unwrap().permissions().mode() & 0o7777, 0o700);
        assert_eq!(file.file_name().unwrap().len(), 16 + ".lock".len());
        drop(first);
        assert_eq!(holder(&run, &repository()).unwrap(), None);
        assert!(file.exists(), "the file stays, or two could hold it");
        let _second = RunLock::acquire(&run, &repository(), &id(2)).unwrap();
        assert_eq!(holder(&run, &repository()).unwrap(), Some(id(2)));
    }

    #[test]
    fn the_kernel_frees_the_lock_of_a_process_that_was_killed() {
        let folder = tempfile::tempdir().unwrap();
        drop(RunLock::acquire(folder.path(), &repository(), &id(1)).unwrap());
        let mut stranger = Stranger::holding(&path_of(folder.path(), &repository()));
        assert_eq!(holder(folder.path(), &repository()).unwrap(), Some(id(1)));
        assert!(RunLock::acquire(folder.path(), &repository(), &id(2)).is_err());
        stranger.kill();
        assert_eq!(holder(folder.path(), &repository()).unwrap(), None);
        RunLock::acquire(folder.path(), &repository(), &id(2)).unwrap();
    }

    #[test]
    fn a_holder_that_does_not_sign_is_not_taken_for_a_release() {
        let folder = tempfile::tempdir().unwrap();
        let file = path_of(folder.path(), &repository());
        fs::write(&file, "").unwrap();
        let _stranger = Stranger::holding(&file);
        for error in [
            holder(folder.path(), &repository()).unwrap_err(),
            RunLock::acquire(folder.path(), &repository(), &id(1)).unwrap_err(),
        ] {
            assert!(matches!(error, LockError::Held { by: None, .. }), "{error}");
        }
    }

    #[test]
    fn watchers_never_keep_a_release_from_starting() {
        let folder = tempfile::tempdir().unwrap();
        let end = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while !end.load(Ordering::Relaxed) {
                        let seen = holder(folder.path(), &repository()).unwrap();
                        assert!(seen.is_none() || seen == Some(id(1)), "{seen:?}");
                    }
                });
            }
            let starts: Vec<_> =
                (0..300).map(|_| RunLock::acquire(folder.path(), &repository(), &id(1)).map(drop)).collect();
            end.store(true, Ordering::Relaxed);
            for start in starts {
                start.unwrap();
            }
        });
    }

    #[test]
    fn of_many_releases_that_start_together_one_has_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let inside = AtomicBool::new(false);
        let won: usize = thread::scope(|scope| {
            let racers: Vec<_> = (0..8)
                .map(|number| {
                    let (inside, folder) = (&inside, folder.path());
                    scope.spawn(move || {
                        let mut won = 0;
                        for _ in 0..50 {
                            match RunLock::acquire(folder, &repository(), &id(number)) {
                                Ok(lock) => {
                                    assert!(!inside.swap(true, Ordering::SeqCst), "two at once");
                                    assert_eq!(holder(folder, &repository()).unwrap(), Some(id(number)));
                                    inside.store(false, Ordering::SeqCst);
                                    drop(lock);
                                    won += 1;
                                }
                                Err(LockError::Held { .. }) => {}
                                Err(error) => panic!("{error}"),
                            }
                        }
                        won
                    })
                })
                .collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).sum()
        });
        assert!(won > 0);
    }
}
