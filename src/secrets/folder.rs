//! The folders that the vault and its identity lie in.

use std::{
    fs::{DirBuilder, File},
    os::unix::fs::DirBuilderExt as _,
    path::Path,
};

use super::error::VaultError;

/// The folder of this file.
pub(super) fn of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes the folder of this file, for its owner alone. One that is there is left as it is.
pub(super) fn make(file: &Path) -> Result<(), VaultError> {
    let folder = of(file);
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(VaultError::io("make", folder))
}

/// A renamed file survives a power cut once its folder is on the disk.
pub(super) fn sync(file: &Path) -> Result<(), VaultError> {
    let folder = of(file);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(VaultError::io("sync", folder))
}
