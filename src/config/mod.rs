//! `windlass.toml`, the user's settings and the folders of this machine: read once, and resolved so that
//! callers meet no mistake later. Not for secrets: none of these files holds one.
//!
//! ```text
//! load(start) ── windlass.toml ── section.rs (typed look at TOML, collects problems)
//!                                   └─ project_file.rs, taskcluster.rs ─→ Project
//!                                                                       └→ Vec<Diagnostic>, all at once
//! Paths::from_env ─→ Settings::load(settings.toml), Known::load(projects.toml), Bindings::load(bindings.toml),
//!                    SignIns::load(signins.toml)
//! ```

mod bindings;
mod diagnostic;
mod draft;
mod known;
mod own;
mod paths;
mod project;
mod project_file;
mod section;
mod settings;
mod sign_ins;
mod taskcluster;
mod version;

use std::{
    io::{self, Read as _},
    path::{Path, PathBuf},
};

pub use bindings::{Binding, Bindings};
pub use diagnostic::Diagnostic;
pub(crate) use draft::quoted;
pub use draft::{Draft, DraftCluster, DraftImage, write_new};
pub use known::Known;
pub use paths::{Paths, from_home};
pub use project::{Image, Project, SecretSource};
pub use settings::{KeyWish, Placed, Settings};
pub use sign_ins::SignIns;
pub use taskcluster::{Storage, Taskcluster, Trigger};
pub use version::VersionSource;

use crate::domain::{failure::Failure, finding::CheckId, name::ProjectName};

/// The name of a project's file.
pub const PROJECT_FILE: &str = "windlass.toml";

/// A file of configuration is a page of text; what is larger was named by mistake.
const MAX_BYTES: u64 = 1024 * 1024;

/// What keeps windlass from knowing what it is to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("there is no {PROJECT_FILE} in {} or above it in the same repository", .start.display())]
    NoProject { start: PathBuf },
    #[error("{} cannot be read: {why}", .file.display())]
    Unreadable { file: PathBuf, why: io::Error },
    #[error("{} is larger than {} KiB", .file.display(), MAX_BYTES / 1024)]
    TooLarge { file: PathBuf },
    /// At least one problem, in the order of the file.
    #[error("{}", .problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Invalid { file: String, problems: Vec<Diagnostic> },
    #[error("{} is there already", .file.display())]
    Exists { file: PathBuf },
    #[error("{} cannot be written: {why}", .file.display())]
    Unwritable { file: PathBuf, why: io::Error },
    /// Of a known project.
    #[error("there is no {PROJECT_FILE} in {} any more", .folder.display())]
    Gone { name: ProjectName, folder: PathBuf },
    #[error("its path {folder:?} has characters that are no text, or control a terminal")]
    Unnameable { folder: PathBuf },
    #[error("neither HOME nor WINDLASS_HOME is set")]
    NoHome,
    #[error("WINDLASS_HOME is `{}`, which is no absolute path", .path.display())]
    RelativeHome { path: PathBuf },
    #[error("{} cannot be made a folder of yours alone: {why}", .folder.display())]
    Folder { folder: PathBuf, why: io::Error },
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let why = error.to_string();
        match error {
            ConfigError::NoProject { .. } => Self::usage(
                "this is no project of windlass",
                why,
                "go to the project's folder, name its file with --config, or make one: windlass init",
            ),
            ConfigError::Unreadable { .. } | ConfigError::TooLarge { .. } => {
                Self::usage("the configuration cannot be read", why, "check the file's name and its permissions")
            }
            ConfigError::Invalid { file, problems } => {
                let count = match problems.len() {
                    1 => "a mistake".to_owned(),
                    many => format!("{many} mistakes"),
                };
                Self::usage(format!("{file} has {count}"), why, "correct it and try again; nothing was touched")
            }
            ConfigError::Exists { .. } => Self::usage(
                "nothing was written",
                why,
                "edit it and look what it says: windlass doctor config; or move it away first",
            ),
            ConfigError::Unwritable { .. } => {
                Self::failed("nothing was written", why, "check the folder's permissions and the space on its disk")
            }
            ConfigError::Gone { name, .. } => Self::usage(
                format!("project {name} is not where it was"),
                why,
                "use windlass once where it is now: it is known there from then on",
            ),
            ConfigError::Unnameable { .. } => Self::usage(
                "this project cannot be among the known ones",
                why,
                "name it by --config, or move it to another folder",
            ),
            ConfigError::NoHome | ConfigError::RelativeHome { .. } => Self::usage(
                "there is no place for windlass's own files",
                why,
                "set HOME, or set WINDLASS_HOME to the absolute path of a folder",
            ),
            ConfigError::Folder { .. } => Self::failed(
                "a folder for windlass's own files cannot be made",
                why,
                "check who owns it and its permissions, or set WINDLASS_HOME to another folder",
            ),
        }
        .explained_by(CheckId::Config)
    }
}

/// The project of this folder: the nearest `windlass.toml`, upwards to the end of the git repository.
///
/// A file above the repository is not the project's: someone else may have put it there, as in `/tmp`.
/// `explicit` is `--config`: the file, or the folder that holds it.
///
/// # Errors
/// When there is none, or it has mistakes: all of them that can be told at once.
pub fn load(start: &Path, explicit: Option<&Path>) -> Result<Project, ConfigError> {
    let file = file(start, explicit)?;
    let file = file.canonicalize().map_err(|why| ConfigError::Unreadable { file: file.clone(), why })?;
    let text = read(&file)?;
    let here = start.canonicalize().ok();
    let shown = here.and_then(|here| file.strip_prefix(here).ok()).unwrap_or(&file).display().to_string();
    project_file::parse(&file, &shown, &text)
}

/// The file that [`load`] reads, whatever is in it.
///
/// # Errors
/// When there is none.
pub fn file(start: &Path, explicit: Option<&Path>) -> Result<PathBuf, ConfigError> {
    Ok(match explicit {
        Some(path) if path.is_dir() => path.join(PROJECT_FILE),
        Some(path) => path.to_owned(),
        None => find(start)?,
    })
}

/// Whether there is a `windlass.toml` for this folder, with or without mistakes.
#[must_use]
pub fn is_in_project(start: &Path) -> bool {
    find(start).is_ok()
}

fn find(start: &Path) -> Result<PathBuf, ConfigError> {
    let none = || ConfigError::NoProject { start: start.to_owned() };
    let start = start.canonicalize().map_err(|why| ConfigError::Unreadable { file: start.to_owned(), why })?;
    for folder in start.ancestors() {
        let file = folder.join(PROJECT_FILE);
        if file.is_file() {
            return Ok(file);
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    Err(none())
}

/// `None` before there is such a file.
fn read_if_any(file: &Path) -> Result<Option<String>, ConfigError> {
    match read(file) {
        Ok(text) => Ok(Some(text)),
        Err(ConfigError::Unreadable { why, .. }) if why.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn read(file: &Path) -> Result<String, ConfigError> {
    let unreadable = |why| ConfigError::Unreadable { file: file.to_owned(), why };
    let mut text = String::new();
    let opened = std::fs::File::open(file).map_err(unreadable)?;
    opened.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(ConfigError::TooLarge { file: file.to_owned() });
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
