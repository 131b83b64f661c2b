//! What every command stands on: paths, settings, project, journal, and the login for reading.

use std::{path::PathBuf, sync::Arc};

use super::{args::ImageArg, args::ReleaseArg, output::Output};
use crate::{
    config::{self, Image, Paths, Project, Settings},
    domain::{
        failure::Failure, name::ReleaseId, permission::MayWrite, recipe::Login, reference::Repository, release::Release,
    },
    journal::{Found, Journal},
    registry,
    release::{Environment, lock},
    secrets::{Vault, VaultPaths},
};

pub struct Ground {
    pub environment: Arc<Environment>,
    pub paths: Paths,
    pub settings: Settings,
    pub config: Option<PathBuf>,
    pub permit: Option<MayWrite>,
    pub output: Output,
    /// Started by [`crate::release::detach::start`]: nobody can be asked.
    pub detached: bool,
}

impl Ground {
    pub fn project(&self) -> Result<Project, Failure> {
        let here = std::env::current_dir().map_err(|e| {
            Failure::usage("the current folder cannot be read", e.to_string(), "change to the project's folder")
        })?;
        Ok(config::load(&here, self.config.as_deref())?)
    }

    pub async fn journal(&self) -> Result<Journal, Failure> {
        self.paths.create()?;
        Ok(Journal::open(&self.paths.journal()).await?)
    }

    pub fn vault(&self) -> Result<Vault, Failure> {
        Ok(Vault::open(VaultPaths { vault: self.paths.vault(), identity: self.paths.identity() })?)
    }

    /// The right to change something, or the refusal of a read-only process.
    pub fn permit(&self, what: &str) -> Result<MayWrite, Failure> {
        self.permit.ok_or_else(|| {
            Failure::not_allowed(
                format!("{what} is refused"),
                "windlass runs read-only (--read-only, WINDLASS_READ_ONLY or the user settings)",
                "run it without read-only where you mean to change something",
            )
        })
    }

    pub fn registry_options(&self) -> registry::Options {
        let settings = self.settings.clone();
        registry::Options::new(move |host| settings.allows_plain_http(host))
    }

    /// The client for reading an image's repository: with its secret where this machine has it, else anonymous.
    pub fn reader(&self, image: &Image) -> Result<registry::Client, Failure> {
        let vault = self.vault()?;
        let login = match vault.get(&image.secret.name) {
            Some(entry) => Some(entry.login_for(&image.secret.recipe, &image.repository)?),
            None => None,
        };
        self.client(&image.repository, login)
    }

    pub fn client(&self, repository: &Repository, login: Option<Login>) -> Result<registry::Client, Failure> {
        Ok(registry::Client::new(repository, login, &self.registry_options())?)
    }

    /// The release a RELEASE argument means. `@` is the newest of the selected image.
    pub async fn release(&self, journal: &Journal, wanted: &ReleaseArg) -> Result<Release, Failure> {
        let image = match &wanted.image.image {
            Some(name) => Some(name.clone()),
            // Outside a project `@` is the newest release of all.
            None => self.project().ok().and_then(|p| p.image(None).ok().map(|i| i.name.clone())),
        };
        let text = wanted.release.as_str();
        let id = match journal.find(text, image.as_deref()).await? {
            Found::One(id) => id,
            Found::Many(ids) => {
                let ids: Vec<&str> = ids.iter().map(ReleaseId::as_str).collect();
                return Err(Failure::usage(
                    format!("`{text}` is not one release"),
                    format!("it means {}", ids.join(", ")),
                    "name one of them by its id",
                ));
            }
            Found::None => {
                return Err(Failure::usage(
                    format!("there is no release `{text}`"),
                    "an id, its beginning, a commit or @ is expected",
                    "see the list: windlass releases",
                ));
            }
        };
        self.release_of(journal, &id).await
    }

    /// The release of this id as it is now.
    pub async fn release_of(&self, journal: &Journal, id: &ReleaseId) -> Result<Release, Failure> {
        let mut release = journal.release(id).await?.ok_or_else(|| {
            Failure::failed(format!("release {id} is gone"), "the journal changed meanwhile", "windlass releases")
        })?;
        self.check_alive(journal, &mut release).await?;
        Ok(release)
    }

    /// A release without a last event is running as long as its process holds the lock.
    pub async fn check_alive(&self, journal: &Journal, release: &mut Release) -> Result<(), Failure> {
        if release.ended.is_some() {
            return Ok(());
        }
        let holder = lock::holder(&self.paths.run(), &release.plan.repository)?;
        if holder.as_ref() != Some(&release.plan.release) {
            // It may have ended since it was read: whatever it wrote came before it freed the lock.
            if let Some(now) = journal.release(&release.plan.release).await? {
                *release = now;
            }
            release.found_dead();
        }
        Ok(())
    }
}

/// The image an `--image` argument means.
pub fn image<'a>(project: &'a Project, wanted: &ImageArg) -> Result<&'a Image, Failure> {
    project.image(wanted.image.as_deref())
}
