//! The projects that windlass knows on this machine, by name: `projects.toml`. It is written where windlass is used in a
//! project, and by nothing else; whoever likes another name edits it. What is in a project is not known here.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    ConfigError, PROJECT_FILE, Paths, Project,
    draft::quoted,
    own::{self, Own},
    section::{Reader, Section, text},
};
use crate::{
    domain::{failure::Failure, name::ProjectName, nearest::nearest, permission::MayWrite},
    log::sanitise::plain,
};

const HEADING: &str = "\
# The projects that windlass was used in, for `windlass --project NAME` from anywhere. windlass adds them; lines may be
# changed and removed. Comments are not kept.
";

/// Projects and their folders, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known(BTreeMap<ProjectName, PathBuf>);

impl Known {
    /// The list; an empty one before there is a file.
    ///
    /// # Errors
    /// When the file cannot be read or has mistakes.
    pub fn load(paths: &Paths) -> Result<Self, ConfigError> {
        own::load(paths)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&ProjectName, &Path)> {
        self.0.iter().map(|(name, folder)| (name, folder.as_path()))
    }

    /// The folder of the project of this name.
    ///
    /// # Errors
    /// When none is called so; the nearest name is said.
    pub fn folder(&self, name: &ProjectName) -> Result<&Path, Failure> {
        self.0.get(name).map(PathBuf::as_path).ok_or_else(|| {
            let names: Vec<&str> = self.0.keys().map(ProjectName::as_str).collect();
            let (why, next) = match (nearest(name.as_str(), names.iter().copied()), names.as_slice()) {
                (_, []) => ("none is known yet".to_owned(), "go to its folder and open it there: windlass".to_owned()),
                (Some(near), _) => {
                    (format!("known are {}", names.join(", ")), format!("did you mean {near}? --project {near}"))
                }
                (None, _) => {
                    (format!("known are {}", names.join(", ")), "name one of these: --project NAME".to_owned())
                }
            };
            Failure::usage(format!("no project is known as `{name}`"), why, next)
        })
    }

    /// Enters a project under the name of its folder, with a number where another has that name. One that is known
    /// already stays as it is, and one whose folder is gone gives its name to the one that is there. A project whose
    /// file is not called `windlass.toml` is not found by its folder, and not entered.
    ///
    /// # Errors
    /// When the file has mistakes, which are never written over, or cannot be written, or the folder's path is no text.
    pub fn remember(paths: &Paths, project: &Project, permit: MayWrite) -> Result<(), ConfigError> {
        if project.file.file_name().is_none_or(|name| name != PROJECT_FILE) {
            return Ok(());
        }
        let folder = &project.root;
        let told = folder.to_str().filter(|told| plain(told) == *told);
        let told = told.ok_or_else(|| ConfigError::Unnameable { folder: folder.clone() })?;
        if Self::load(paths)?.has(folder) {
            return Ok(());
        }
        own::change(paths, permit, |known: &mut Self| {
            if !known.has(folder) {
                let wanted = ProjectName::of_folder(told.rsplit('/').next().unwrap_or_default());
                let name = known.free(&wanted);
                known.0.insert(name, folder.clone());
            }
        })
    }

    /// Takes a name out of the list. Nothing else is touched.
    ///
    /// # Errors
    /// When the file has mistakes or cannot be written.
    pub fn forget(paths: &Paths, name: &ProjectName, permit: MayWrite) -> Result<(), ConfigError> {
        own::change(paths, permit, |known: &mut Self| drop(known.0.remove(name)))
    }

    fn has(&self, folder: &Path) -> bool {
        self.0.values().any(|known| known == folder)
    }

    /// This name, or the next one with a number that nothing which is still there has.
    fn free(&self, wanted: &ProjectName) -> ProjectName {
        let taken = |name: &ProjectName| self.0.get(name).is_some_and(|folder| folder.exists());
        let (mut name, mut number) = (wanted.clone(), 1);
        while taken(&name) {
            number += 1;
            name = wanted.numbered(number);
        }
        name
    }
}

impl Own for Known {
    fn file(paths: &Paths) -> PathBuf {
        paths.projects()
    }

    fn parse(shown: &str, text: &str) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(shown, text);
        let Some(document) = reader.document() else { return reader.finish(None) };
        let mut known = Self::default();
        for (key, value) in Section::of("the known projects", document.get_ref(), 0..0).entries() {
            let name = reader.parsed::<ProjectName>(&key);
            let folder = folder(&mut reader, key.value, value);
            if let (Some(name), Some(folder)) = (name, folder) {
                known.0.insert(name, folder);
            }
        }
        reader.finish(Some(known))
    }

    fn text(&self) -> String {
        let line = |(name, folder): (&ProjectName, &PathBuf)| {
            format!("{} = {}\n", quoted(name.as_str()), quoted(&folder.to_string_lossy()))
        };
        std::iter::once(HEADING.to_owned()).chain(self.0.iter().map(line)).collect()
    }
}

fn folder(reader: &mut Reader<'_>, key: &str, value: &toml::Spanned<toml::de::DeValue<'_>>) -> Option<PathBuf> {
    let folder = text(reader, key, value)?;
    if Path::new(folder.value).is_absolute() && plain(folder.value) == folder.value {
        return Some(PathBuf::from(folder.value));
    }
    let message = format!("the folder of `{key}` is no absolute path");
    reader.problem(folder.span, &message, Some("it begins with `/`, and has no control characters"));
    None
}

#[cfg(test)]
mod tests;
