//! A disk of its own for one test: small enough to be filled, and read-only on demand.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// A tmpfs, gone when this is dropped. Mounting needs root, as in the container that `tests/run.sh` starts.
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    pub fn new(kibibytes: u32) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        mount(&["-t", "tmpfs", "-o", &format!("size={kibibytes}k"), "tmpfs"], folder.path());
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn make_read_only(&self) {
        // Refused while a file is open for writing.
        until(|| try_mount(&["-o", "remount,ro"], self.path()));
    }

    /// Takes what space there is, up to this many KiB, with a file that [`Self::free`] removes.
    pub fn fill(&self, kibibytes: usize) {
        let mut ballast = fs::File::create(self.path().join("ballast")).expect("a file on the small disk");
        for _ in 0..kibibytes {
            match ballast.write_all(&[1; 1024]) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::StorageFull => break,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// [`Self::fill`] up to so many KiB that stay free.
    pub fn fill_but(&self, kibibytes: u64) {
        let room = self.room() / 1024;
        self.fill(usize::try_from(room.saturating_sub(kibibytes)).expect("a small disk"));
    }

    fn room(&self) -> u64 {
        let disk = rustix::fs::statvfs(self.path()).expect("the small disk");
        disk.f_bavail * disk.f_frsize
    }

    /// Gives back what [`Self::fill`] took.
    pub fn free(&self) {
        let ballast = self.path().join("ballast");
        let all = self.room() + fs::metadata(&ballast).expect("the ballast of `fill`").len();
        fs::remove_file(&ballast).expect("the ballast of `fill`");
        until(|| self.room() >= all);
    }
}

/// A child that another test starts has every file of this process, open, until its exec closes them:
/// for so long the kernel neither gives their space back nor lets the disk become read-only.
fn until(mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(30), "it never came to be so");
        std::thread::yield_now();
    }
}

fn mount(arguments: &[&str], folder: &Path) {
    assert!(try_mount(arguments, folder), "a disk of its own is mounted (needs root, as in tests/run.sh)");
}

fn try_mount(arguments: &[&str], folder: &Path) -> bool {
    Command::new("mount").args(arguments).arg(folder).status().expect("mount is installed").success()
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazy: a journal's thread may still be closing its file.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
