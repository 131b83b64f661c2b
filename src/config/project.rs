//! What `windlass.toml` says, resolved: nothing here can be wrong or missing any more.

use std::{collections::BTreeMap, path::PathBuf};

use super::{Taskcluster, Trigger, VersionSource};
use crate::domain::{
    failure::Failure,
    holdings::StoreKind,
    name::SecretName,
    nearest::nearest,
    plan::{Builder, Runner},
    policy::{Policy, TagRules},
    recipe::Recipe,
    reference::{Platform, Repository},
    root_url::RootUrl,
    template::Template,
};

/// A project: the images that a repository releases, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// The folder of `windlass.toml`; every path of the configuration is relative to it.
    pub root: PathBuf,
    /// `windlass.toml` itself.
    pub file: PathBuf,
    /// At least one; names are unique.
    pub images: Vec<Image>,
    pub policy: Policy,
    pub tags: TagRules,
    /// Where `{version}` comes from; `None` where no template needs it.
    pub version: Option<VersionSource>,
    pub runner: Runner,
    /// Present where `runner` or the store of a secret is Taskcluster.
    pub taskcluster: Option<Taskcluster>,
}

/// One `[[image]]`. Paths lie inside the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    pub name: String,
    pub repository: Repository,
    /// Relative to the project's folder.
    pub context: String,
    /// Relative to `context`.
    pub dockerfile: String,
    pub target: Option<String>,
    pub platform: Option<Platform>,
    pub args: BTreeMap<String, Template>,
    pub builder: Builder,
    pub secret: SecretSource,
}

/// Where an image's login is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretSource {
    pub store: StoreKind,
    pub name: SecretName,
    pub recipe: Recipe,
}

impl Project {
    /// This project inside a task of the deployment at this root URL: the release runs there and then, whatever runner the
    /// file names, and what a deployment keeps is asked of this one.
    #[must_use]
    pub fn inside(mut self, root: &RootUrl) -> Self {
        self.runner = Runner::Local;
        let stores = self.images.iter_mut().map(|image| &mut image.secret.store);
        for store in stores.filter(|store| !store.is_vault()) {
            *store = StoreKind::Taskcluster(root.clone());
        }
        if let Some(taskcluster) = &mut self.taskcluster {
            taskcluster.root_url = root.clone();
        }
        self
    }

    /// What begins its releases on Taskcluster.
    #[must_use]
    pub fn trigger(&self) -> Trigger {
        self.taskcluster.as_ref().map(|at| at.trigger.clone()).unwrap_or_default()
    }

    /// The image of this name, or the only one.
    ///
    /// # Errors
    /// When no image has the name, or there are several and none was named.
    pub fn image(&self, name: Option<&str>) -> Result<&Image, Failure> {
        let names = || self.images.iter().map(|image| image.name.as_str());
        let listed = names().collect::<Vec<_>>().join(", ");
        match (name, self.images.as_slice()) {
            (None, [only]) => Ok(only),
            (None, _) => Err(Failure::usage(
                "it is not clear which image is meant",
                format!("this project has {listed}"),
                "name one: --image NAME",
            )),
            (Some(name), images) => images.iter().find(|image| image.name == name).ok_or_else(|| {
                let next = match nearest(name, names()) {
                    Some(near) => format!("did you mean {near}? --image {near}"),
                    None => "name one of these: --image NAME".to_owned(),
                };
                Failure::usage(format!("there is no image `{name}`"), format!("this project has {listed}"), next)
            }),
        }
    }
}
