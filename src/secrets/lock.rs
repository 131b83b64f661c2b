//! One writer of the vault at a time, among all processes of this machine.

use std::{
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use super::error::VaultError;

/// How often a lock that is held is asked for again: the standard library waits without a bound or not at all.
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// Held until it is dropped; by a process that died, no longer.
pub(super) struct Lock(#[expect(dead_code, reason = "the lock is the open file")] File);

impl Lock {
    /// Takes the lock of this vault, making its file. The file stays: whoever removed it could take it from a
    /// process that waits on it.
    pub fn take(vault: &Path, patience: Duration) -> Result<Self, VaultError> {
        let path = path(vault);
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        Self::wait(file.map_err(VaultError::io("open", &path))?, vault, patience)
    }

    /// Waits for whoever is writing the vault; `None` where nobody ever wrote it.
    pub fn take_existing(vault: &Path, patience: Duration) -> Result<Option<Self>, VaultError> {
        match OpenOptions::new().write(true).open(path(vault)) {
            Ok(file) => Self::wait(file, vault, patience).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(VaultError::io("open", &path(vault))(error)),
        }
    }

    fn wait(file: File, vault: &Path, patience: Duration) -> Result<Self, VaultError> {
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) if started.elapsed() < patience => thread::sleep(ASK_AGAIN),
                Err(TryLockError::WouldBlock) => return Err(VaultError::Busy { vault: vault.to_owned() }),
                Err(TryLockError::Error(error)) => return Err(VaultError::io("lock", &path(vault))(error)),
            }
        }
    }
}

fn path(vault: &Path) -> PathBuf {
    let mut name = vault.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}
