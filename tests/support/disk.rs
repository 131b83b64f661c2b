//! A disk of its own for one test: small enough to be filled, and read-only on demand.

use std::{fs, io::Write as _, path::Path, process::Command};

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
        mount(&["-o", "remount,ro"], self.path());
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

    pub fn free(&self) {
        fs::remove_file(self.path().join("ballast")).expect("the ballast of `fill`");
    }
}

fn mount(arguments: &[&str], folder: &Path) {
    let done = Command::new("mount").args(arguments).arg(folder).status().expect("mount is installed");
    assert!(done.success(), "a disk of its own is mounted (needs root, as in tests/run.sh)");
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazy: a journal's thread may still be closing its file.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}
