//! Where the socket of a release is: `run/<id>.sock`.
//!
//! A socket's path has at most 108 bytes (unix(7)), a home may be longer: on Linux the folder is named by its
//! descriptor instead.

use std::{
    fs::{self, File},
    io,
    os::{fd::AsRawFd as _, unix::fs::PermissionsExt as _},
    path::{Path, PathBuf},
};

use tokio::net::{UnixListener, UnixStream};

use crate::domain::name::ReleaseId;

#[derive(Debug)]
pub(super) struct Socket {
    path: PathBuf,
    folder: File,
    name: String,
}

impl Socket {
    pub fn of(run_folder: &Path, release: &ReleaseId) -> io::Result<Self> {
        let name = format!("{release}.sock");
        Ok(Self { path: run_folder.join(&name), folder: File::open(run_folder)?, name })
    }

    fn address(&self) -> PathBuf {
        if cfg!(target_os = "linux") {
            format!("/proc/self/fd/{}/{}", self.folder.as_raw_fd(), self.name).into()
        } else {
            self.path.clone()
        }
    }

    /// For this user alone (0600).
    pub fn bind(&self) -> io::Result<UnixListener> {
        let listener = UnixListener::bind(self.address())?;
        fs::set_permissions(self.address(), fs::Permissions::from_mode(0o600))?;
        Ok(listener)
    }

    pub async fn connect(&self) -> io::Result<UnixStream> {
        UnixStream::connect(self.address()).await
    }

    pub fn remove(&self) -> io::Result<()> {
        fs::remove_file(self.address())
    }
}
