//! Files of the user's that windlass itself writes: lists of what it was told or has seen, none of which is a project's
//! to decide. Each change is made to what is there then, whole or not at all; others that make one at the same time wait.

use std::{
    fs::{self, File},
    io::Write as _,
    path::PathBuf,
};

use super::{ConfigError, Paths, read_if_any};
use crate::domain::permission::MayWrite;

/// One such list.
pub(super) trait Own: Default {
    /// Where it is.
    fn file(paths: &Paths) -> PathBuf;
    /// What it says. `shown`: how the file is named to people.
    fn parse(shown: &str, text: &str) -> Result<Self, ConfigError>;
    /// The file that says it.
    fn text(&self) -> String;
}

/// The list; an empty one before there is a file.
pub(super) fn load<T: Own>(paths: &Paths) -> Result<T, ConfigError> {
    let file = T::file(paths);
    match read_if_any(&file)? {
        Some(text) => T::parse(&file.display().to_string(), &text),
        None => Ok(T::default()),
    }
}

/// Reads the list anew, changes it, and writes it.
pub(super) fn change<T: Own>(paths: &Paths, _: MayWrite, change: impl FnOnce(&mut T)) -> Result<(), ConfigError> {
    paths.create()?;
    let listed = T::file(paths);
    // A link, as those who keep their settings in a repository have it, stays one.
    let file = fs::canonicalize(&listed).unwrap_or_else(|_| listed.clone());
    let unwritable = |why| ConfigError::Unwritable { file: listed.clone(), why };
    // The file itself is replaced, so the lock is the folder's.
    let lock = File::open(&paths.config).map_err(unwritable)?;
    lock.lock().map_err(unwritable)?;
    let mut known: T = load(paths)?;
    change(&mut known);
    let write = || {
        let folder = file.parent().unwrap_or(&paths.config);
        // For its owner alone, as every temporary file is.
        let mut new = tempfile::Builder::new().prefix(".windlass-").tempfile_in(folder)?;
        new.write_all(known.text().as_bytes())?;
        new.as_file().sync_all()?;
        new.persist(&file).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(unwritable)
}

#[cfg(test)]
pub(super) mod home {
    //! A place for such files.

    use super::{MayWrite, Paths};

    pub fn paths(folder: &tempfile::TempDir) -> Paths {
        let home = folder.path().join("home");
        Paths { state: home.clone(), data: home.clone(), config: home }
    }

    pub fn permit() -> MayWrite {
        MayWrite::unless(false).unwrap()
    }
}
