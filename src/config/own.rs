//! Files of the user's that windlass itself writes to: each change is made to what is there then, whole or not at all.
//! Others that change one at the same time wait.

use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
};

use super::{ConfigError, Paths};
use crate::domain::permission::MayWrite;

/// Reads the file anew with `load`, changes what it says, and writes it as `text` has it.
pub(super) fn change<T>(
    paths: &Paths,
    listed: &Path,
    load: impl FnOnce(&Paths) -> Result<T, ConfigError>,
    change: impl FnOnce(&mut T),
    text: impl FnOnce(&T) -> String,
    _: MayWrite,
) -> Result<(), ConfigError> {
    paths.create()?;
    // A link, as those who keep their settings in a repository have it, stays one.
    let file = fs::canonicalize(listed).unwrap_or_else(|_| listed.to_owned());
    let unwritable = |why| ConfigError::Unwritable { file: listed.to_owned(), why };
    // The file itself is replaced, so the lock is the folder's.
    let lock = File::open(&paths.config).map_err(unwritable)?;
    lock.lock().map_err(unwritable)?;
    let mut known = load(paths)?;
    change(&mut known);
    let write = || {
        let folder = file.parent().unwrap_or(&paths.config);
        // For its owner alone, as every temporary file is.
        let mut new = tempfile::Builder::new().prefix(".windlass-").tempfile_in(folder)?;
        new.write_all(text(&known).as_bytes())?;
        new.as_file().sync_all()?;
        new.persist(&file).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(unwritable)
}
