//! What every command stands on: paths, settings, project, journal, and the login for reading.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use secrecy::SecretString;

use super::{args::ImageArg, args::ReleaseArg, output::Output, place::Place};
use crate::{
    config::{ConfigError, Image, Known, Paths, Project, SecretSource, Settings},
    domain::{
        asker::Asker,
        failure::Failure,
        holdings::StoreKind,
        name::{ReleaseId, SecretName},
        permission::MayWrite,
        plan::Plan,
        recipe::{Login, Recipe},
        reference::Repository,
        release::Release,
        root_url::RootUrl,
    },
    journal::{Found, Journal},
    keeping::{Cluster, Learned, Redaction, Store},
    registry,
    release::{Environment, cluster, cluster_action::Allowed, lock},
    secrets::{IdentityKind, Passphrase, Vault, VaultPaths},
    signin,
    taskcluster::{self, Inside},
};

#[derive(Clone)]
pub struct Ground {
    pub environment: Arc<Environment>,
    pub paths: Paths,
    pub settings: Settings,
    pub place: Place,
    pub permit: Option<MayWrite>,
    /// The way to the passphrase of the vault's identity, should it have one.
    pub passphrase: Passphrase,
    /// What this process has read of secrets at deployments.
    pub learned: Learned,
    pub output: Output,
    /// Started by [`crate::release::detach::start`]: nobody can be asked.
    pub detached: bool,
}

impl Ground {
    /// The project; inside a task, as it is there.
    pub fn project(&self) -> Result<Project, Failure> {
        let project = self.place.project()?;
        Ok(match Inside::of(&*self.environment)? {
            Some(inside) => project.inside(&inside.root),
            None => project,
        })
    }

    /// Enters the project into the list of known ones, where there is one and this process may write.
    ///
    /// # Errors
    /// When the list cannot be written. Nothing else need be kept from being done.
    pub fn remember(&self) -> Result<(), ConfigError> {
        match (self.permit, self.project()) {
            (Some(permit), Ok(project)) => Known::remember(&self.paths, &project, permit),
            // Whoever needs a project that cannot be read says so.
            _ => Ok(()),
        }
    }

    pub async fn journal(&self) -> Result<Journal, Failure> {
        self.paths.create()?;
        Ok(Journal::open(&self.paths.journal()).await?)
    }

    /// The vault. Asks for its passphrase where it has one, once in a command.
    pub fn vault(&self) -> Result<Vault, Failure> {
        Ok(Vault::open(self.vault_paths(), &self.passphrase)?)
    }

    /// How the vault's key is kept; `None` before there is one.
    pub fn identity(&self) -> Result<Option<IdentityKind>, Failure> {
        Ok(IdentityKind::of(&self.paths.identity())?)
    }

    /// Asks for a passphrase now, where one will be needed: while somebody is there to type it. It is given back for a
    /// process that is started to open the vault.
    pub fn unlock(&self) -> Result<Option<SecretString>, Failure> {
        if self.identity()?.is_some_and(|kind| kind.needs_passphrase()) {
            self.vault()?;
        }
        Ok(self.passphrase.used())
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

    /// The groups of hooks that the user allows actions of decision tasks to fire.
    pub fn hook_groups(&self) -> Allowed {
        Allowed { groups: self.settings.hook_groups.clone(), file: self.paths.settings() }
    }

    pub fn registry_options(&self) -> registry::Options {
        let settings = self.settings.clone();
        registry::Options::new(move |host| settings.allows_plain_http(host))
    }

    /// The deployment of this root URL, as whoever has credentials for it here. Asks for the vault's passphrase, where
    /// it has one and these are of a sign-in.
    pub fn taskcluster(&self, root: RootUrl) -> Result<taskcluster::Access, Failure> {
        signin::access(root, &*self.environment, &self.settings, &self.paths, || self.vault())
    }

    /// The same for what goes on by itself: nobody is asked for a passphrase. A sign-in in a vault that is locked is none.
    fn taskcluster_unasked(&self, root: RootUrl) -> Result<taskcluster::Access, Failure> {
        if Vault::asks(&self.vault_paths(), &self.passphrase)? {
            let settings = self.settings.clone();
            let plain = Arc::new(move |host: &str| settings.allows_plain_http(host));
            return taskcluster::Access::to(root, &*self.environment, |_| Ok::<_, Failure>(None), plain);
        }
        self.taskcluster(root)
    }

    fn vault_paths(&self) -> VaultPaths {
        VaultPaths { vault: self.paths.vault(), identity: self.paths.identity() }
    }

    /// Who the project's deployment is asked as by what goes on by itself, and the way to it; `None` where there is none.
    pub fn asker(&self) -> Result<Option<(Asker, taskcluster::Access)>, Failure> {
        let Some(at) = self.project()?.taskcluster else { return Ok(None) };
        let access = self.taskcluster_unasked(at.root_url)?;
        let locked = Vault::asks(&self.vault_paths(), &self.passphrase)?;
        let asker = signin::asker(&access, &self.paths, locked, Timestamp::now())?;
        Ok(Some((asker, access)))
    }

    /// Has the records of the newest releases on Taskcluster at hand, where the project has some. What keeps them away is
    /// said: verdicts rest on what is known then.
    pub async fn keep_records(&self, journal: &Journal) {
        if !self.project().is_ok_and(|project| project.taskcluster.is_some()) {
            return;
        }
        let kept = async { self.remote().await?.keep_records(journal).await };
        if let Err(failure) = kept.await {
            self.output.note(&format!("records on Taskcluster are not known: {}: {}", failure.what, failure.why));
        }
    }

    /// What the logs of this project's tasks are kept clean of: its secrets in the vault, where that opens without asking
    /// anybody, and what this process reads at deployments.
    pub fn redaction(&self) -> Redaction {
        let images = self.project().map(|project| project.images).unwrap_or_default();
        // A vault that cannot be opened keeps no log away.
        let vault = Vault::open_unasked(self.vault_paths(), &self.passphrase).ok().flatten();
        Redaction::of(&images, vault.as_ref(), &self.learned)
    }

    /// The secrets of a deployment.
    pub fn cluster(&self, root: &RootUrl) -> Result<Cluster, Failure> {
        let access = self.taskcluster(root.clone())?;
        Ok(Cluster::new(access, &self.paths, &self.learned))
    }

    /// Where a secret is kept, on this machine's vault. Asks for its passphrase as [`Self::vault`] does.
    pub fn store(&self, kind: &StoreKind) -> Result<Store, Failure> {
        let vault = self.vault()?;
        Ok(match kind {
            StoreKind::Vault => vault.into(),
            StoreKind::Taskcluster(root) => Store::of(vault, self.cluster(root)?),
        })
    }

    /// The client for reading an image's repository: with its secret where that is there and may be read, else
    /// anonymous.
    pub async fn reader(&self, image: &Image) -> Result<registry::Client, Failure> {
        let SecretSource { store, name, recipe } = &image.secret;
        self.reader_with(&image.repository, store, name, recipe).await
    }

    /// The same for the repository of a plan.
    pub async fn reader_of(&self, plan: &Plan) -> Result<registry::Client, Failure> {
        self.reader_with(&plan.repository, &plan.store, &plan.secret, &plan.recipe).await
    }

    async fn reader_with(
        &self,
        repository: &Repository,
        store: &StoreKind,
        secret: &SecretName,
        recipe: &Recipe,
    ) -> Result<registry::Client, Failure> {
        let asked = BTreeSet::from([repository.clone()]);
        let seen = match store {
            StoreKind::Vault => Store::from(self.vault()?).look(secret, &asked).await?,
            StoreKind::Taskcluster(root) => self.cluster(root)?.look(secret, &asked).await?,
        };
        let login = seen.entry().map(|entry| entry.login_for(recipe, repository)).transpose()?;
        self.client(repository, login)
    }

    pub fn client(&self, repository: &Repository, login: Option<Login>) -> Result<registry::Client, Failure> {
        Ok(registry::Client::new(repository, login, &self.registry_options())?)
    }

    /// The releases of this project that run on Taskcluster. Nobody is asked for a passphrase to see them.
    pub async fn remote(&self) -> Result<cluster::Cluster, Failure> {
        let deployment = |root| Ok(self.taskcluster_unasked(root)?.deployment);
        cluster::Cluster::new(self.project()?, deployment).await
    }

    /// The same, as whoever has credentials to change them.
    pub async fn remote_to_change(&self) -> Result<cluster::Cluster, Failure> {
        let deployment = |root| Ok(self.taskcluster(root)?.deployment);
        cluster::Cluster::new(self.project()?, deployment).await
    }

    /// The release of this machine that a RELEASE argument means. `@` is the newest of the selected image.
    pub async fn release(&self, journal: &Journal, wanted: &ReleaseArg) -> Result<Release, Failure> {
        let text = wanted.release.as_str();
        match self.found(journal, wanted).await? {
            Some(release) => Ok(release),
            None if text.parse::<ReleaseId>().is_ok_and(|id| id.task().is_some()) => Err(Failure::usage(
                format!("{text} is of Taskcluster"),
                "only releases of this machine can be changed from here",
                format!("see it: windlass show {text}"),
            )),
            None => Err(no_release(text)),
        }
    }

    /// The same; `None` where there is none.
    pub async fn found(&self, journal: &Journal, wanted: &ReleaseArg) -> Result<Option<Release>, Failure> {
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
            Found::None => return Ok(None),
        };
        self.release_of(journal, &id).await.map(Some)
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

/// What is said where these words name no release.
pub(super) fn no_release(text: &str) -> Failure {
    Failure::usage(
        format!("there is no release `{text}`"),
        "an id, its beginning, a commit or @ is expected; of Taskcluster also a task, a group or the address of its page",
        "see the list: windlass releases",
    )
}

/// The image an `--image` argument means.
pub fn image<'a>(project: &'a Project, wanted: &ImageArg) -> Result<&'a Image, Failure> {
    project.image(wanted.image.as_deref())
}

/// The image that a release is of, which this project must have.
pub fn image_of<'a>(project: &'a Project, release: &Release) -> Result<&'a Image, Failure> {
    let plan = &release.plan;
    project.images.iter().find(|image| image.name == plan.image).ok_or_else(|| {
        Failure::usage(
            format!("release {} is of no image of this project", plan.release),
            format!("it is of {}, which goes to {}", plan.image, plan.repository),
            "go to the folder of its project",
        )
    })
}
