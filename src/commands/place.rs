//! Which project is meant: the one of the current folder, of a file (`--config`), or of a name (`--project`). The current
//! folder of the process is never changed: other paths of the command line are relative to it.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use crate::{
    config::{self, ConfigError, Known, PROJECT_FILE, Paths, Project},
    domain::{failure::Failure, name::ProjectName},
};

/// Where a project's `windlass.toml` is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Upwards from the current folder.
    Here,
    /// `--config`: the file, or the folder that holds it.
    File(PathBuf),
    /// `--project`: in the folder of a known one.
    Known(ProjectName, PathBuf),
}

impl Place {
    /// The place that the command line names.
    ///
    /// # Errors
    /// When no project is known by the name, or the list of known ones cannot be read.
    pub fn given(config: Option<PathBuf>, project: Option<ProjectName>, paths: &Paths) -> Result<Self, Failure> {
        match (project, config) {
            (Some(name), _) => Self::named(name, paths),
            (None, Some(file)) => Ok(Self::File(file)),
            (None, None) => Ok(Self::Here),
        }
    }

    /// Where the known project of this name is.
    ///
    /// # Errors
    /// When none is known by the name, or the list cannot be read.
    pub fn named(name: ProjectName, paths: &Paths) -> Result<Self, Failure> {
        let known = Known::load(paths)?;
        let folder = known.folder(&name)?.to_owned();
        Ok(Self::Known(name, folder))
    }

    /// The project that is there.
    ///
    /// # Errors
    /// When there is none, or its file has mistakes.
    pub fn project(&self) -> Result<Project, Failure> {
        match self {
            Self::Here => Ok(config::load(&current_folder()?, None)?),
            Self::File(file) => Ok(config::load(&current_folder()?, Some(file))?),
            Self::Known(name, folder) => {
                let file = folder.join(PROJECT_FILE);
                if !file.exists() {
                    return Err(ConfigError::Gone { name: name.clone(), folder: folder.clone() }.into());
                }
                // Where mistakes are shown, the whole path says whose they are.
                Ok(config::load(Path::new("/dev/null"), Some(&file))?)
            }
        }
    }

    /// Its `windlass.toml`, whatever is in it.
    ///
    /// # Errors
    /// When there is none.
    pub fn file(&self) -> Result<PathBuf, Failure> {
        Ok(match self {
            Self::Here => config::file(&current_folder()?, None)?,
            Self::File(file) => config::file(&current_folder()?, Some(file))?,
            Self::Known(_, folder) => folder.join(PROJECT_FILE),
        })
    }

    /// There is no `windlass.toml` here or above, and no other was named.
    pub fn is_no_project(&self) -> bool {
        *self == Self::Here && current_folder().is_ok_and(|here| !config::is_in_project(&here))
    }

    /// The words between `windlass` and a command that name this place, for a process that starts in
    /// [`Self::folder`].
    pub fn words(&self) -> Vec<OsString> {
        match self {
            Self::Here => Vec::new(),
            Self::File(file) => vec!["--config".into(), file.clone().into()],
            Self::Known(name, _) => vec!["--project".into(), name.as_str().into()],
        }
    }

    /// The folder in which a process for this place is started.
    ///
    /// # Errors
    /// When the current folder is gone.
    pub fn folder(&self) -> Result<PathBuf, Failure> {
        match self {
            Self::Here | Self::File(_) => current_folder(),
            Self::Known(_, folder) => Ok(folder.clone()),
        }
    }
}

/// # Errors
/// When it is gone.
pub(super) fn current_folder() -> Result<PathBuf, Failure> {
    std::env::current_dir().map_err(|e| {
        Failure::usage("the current folder cannot be read", e.to_string(), "change to the project's folder")
    })
}
