//! The secret that somebody means, and how their project uses it.

use std::collections::BTreeSet;

use super::Store;
use crate::{
    config::{Image, Project, SecretSource},
    domain::{failure::Failure, name::SecretName, reference::Repository},
    secrets::{Entry, SecretError},
};

pub struct Meant {
    project: Project,
    pub source: SecretSource,
}

impl Meant {
    /// The secret of this name.
    ///
    /// # Errors
    /// When no image of the project uses it.
    pub fn named(project: Project, name: &SecretName) -> Result<Self, Failure> {
        if let Some(image) = project.images.iter().find(|image| image.secret.name == *name) {
            return Ok(Self { source: image.secret.clone(), project });
        }
        let names: BTreeSet<&str> = project.images.iter().map(|i| i.secret.name.as_str()).collect();
        Err(Failure::usage(
            format!("no image of {} uses the secret {name}", project.file.display()),
            format!("it names {}", Vec::from_iter(names).join(", ")),
            "name one of these, or add it to [secret]",
        ))
    }

    /// The secret of this image, or of the only one.
    ///
    /// # Errors
    /// As [`Project::image`].
    pub fn of_image(project: Project, image: Option<&str>) -> Result<Self, Failure> {
        let source = project.image(image)?.secret.clone();
        Ok(Self { project, source })
    }

    /// What the secret is for: every image that uses it.
    pub fn images(&self) -> impl Iterator<Item = &Image> {
        self.project.images.iter().filter(|i| i.secret.name == self.source.name)
    }

    pub fn repositories(&self) -> BTreeSet<Repository> {
        self.images().map(|i| i.repository.clone()).collect()
    }

    /// The secret as it is, if it can be rotated: nobody is asked for a password that cannot be used.
    ///
    /// # Errors
    /// When there is none, when a rotation of it is open, or when it is not bound to everything it is used for.
    pub async fn rotatable(&self, store: &Store) -> Result<Entry, Failure> {
        let name = &self.source.name;
        store.check_at_rest(name)?;
        let old = store.entry(name, &self.repositories()).await?;
        match self.repositories().into_iter().find(|repository| !old.bindings.contains(repository)) {
            Some(repository) => Err(SecretError::NotBound { repository, bindings: old.bindings }.into()),
            None => Ok(old),
        }
    }
}
