//! What the checks look at, and what they share: each costly thing is found out once, by whoever needs it first.

use std::{collections::BTreeSet, sync::Arc};

use tokio::sync::OnceCell;

use super::{asked::Asked, vault::unopened};

use crate::{
    config::{Image, Paths, Project},
    domain::{
        failure::{Failure, FailureKind},
        finding::{CheckId, Finding, Outcome, Owner},
        permission::MayWrite,
        recipe::Login,
    },
    engine::{self, Engine, Limits},
    keeping::{Cluster, Learned},
    registry::{self, Client, Hello, RegistryError},
    release::Environment,
    secrets::{Entry, Passphrase, Vault, VaultPaths},
    taskcluster::Access,
};

/// An engine that does not answer is told of within the limit of a check.
const ENGINE: Limits =
    Limits { connect: std::time::Duration::from_secs(10), answer: std::time::Duration::from_secs(15) };

/// Finds out as whom a deployment is asked. Where that is kept in the vault, somebody may be asked for its passphrase.
pub type Reach = Arc<dyn Fn() -> Result<Access, Failure> + Send + Sync>;

/// This machine as the caller knows it.
pub struct Machine {
    pub paths: Paths,
    pub environment: Arc<Environment>,
    pub project: Result<Project, Failure>,
    /// One image of the project; without it, all of them.
    pub image: Option<String>,
    /// The way to the Taskcluster deployment, where the project names one.
    pub taskcluster: Option<Reach>,
    /// The way to the passphrase of the vault, should it have one.
    pub passphrase: Passphrase,
    /// What is read of secrets at deployments, for logs to be kept clean of it.
    pub learned: Learned,
    pub registry: registry::Options,
    /// The name of who runs this, without the host.
    pub user: String,
    pub permit: Option<MayWrite>,
}

pub(super) struct Examination {
    pub machine: Machine,
    /// The error is what the vault's own check says.
    vault: OnceCell<Result<Vault, Finding>>,
    access: OnceCell<Result<Access, Failure>>,
    subjects: Vec<Subject>,
    engine: OnceCell<Result<Engine, Failure>>,
    pub(super) asked: Asked,
}

/// An image with the registry it goes to.
pub(super) struct Subject {
    pub image: Image,
    hello: OnceCell<Result<Hello, RegistryError>>,
    /// Of a secret that a deployment keeps. The error is what its check says.
    kept: OnceCell<Result<Entry, Finding>>,
}

impl Examination {
    pub fn new(machine: Machine) -> Self {
        let images = machine.project.as_ref().map(|project| project.images.as_slice()).unwrap_or_default();
        let meant = images.iter().filter(|image| machine.image.as_ref().is_none_or(|name| name == &image.name));
        let subjects = meant
            .map(|image| Subject { image: image.clone(), hello: OnceCell::new(), kept: OnceCell::new() })
            .collect();
        let (vault, access, engine) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { machine, vault, access, subjects, engine, asked: Asked::default() }
    }

    /// The images that are looked at. None where there is no project.
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// Opens the vault before a check that looks into it begins. Somebody may be asked for its passphrase, and may take
    /// any time for it: other checks go on meanwhile.
    pub async fn open_vault(&self) {
        let Machine { paths, passphrase, .. } = &self.machine;
        let (paths, passphrase) = (VaultPaths { vault: paths.vault(), identity: paths.identity() }, passphrase.clone());
        let open = || async {
            let opened = tokio::task::spawn_blocking(move || Vault::open(paths, &passphrase).map_err(unopened)).await;
            opened.unwrap_or_else(|ended| {
                Err(Finding::blocked(format!("opening the vault ended early: {ended}"), Owner::You, "report this"))
            })
        };
        self.vault.get_or_init(open).await;
    }

    /// `None` before it was opened.
    pub fn vault(&self) -> Option<&Result<Vault, Finding>> {
        self.vault.get()
    }

    pub async fn engine(&self) -> Result<&Engine, &Failure> {
        let environment = &*self.machine.environment;
        let connect = || async {
            let endpoint = engine::context::resolve(&environment)?;
            Ok(Engine::connect_within(endpoint, ENGINE).await?)
        };
        self.engine.get_or_init(connect).await.as_ref()
    }

    /// Finds out who we are at the deployment before a check that asks it begins, as [`Self::open_vault`].
    pub async fn reach_deployment(&self) {
        let Some(reach) = self.machine.taskcluster.clone() else { return };
        let find = || async {
            tokio::task::spawn_blocking(move || reach()).await.unwrap_or_else(|ended| {
                Err(Failure::failed("credentials were not looked for to the end", ended.to_string(), "report this"))
            })
        };
        self.access.get_or_init(find).await;
    }

    /// The deployment that the project names.
    pub fn deployment(&self) -> Result<&Access, Finding> {
        match (self.access.get(), &self.machine.taskcluster) {
            (Some(Ok(access)), _) => Ok(access),
            (Some(Err(failure)), _) if failure.check == Some(CheckId::Vault) => Err(Finding::needs(CheckId::Vault)),
            (Some(Err(failure)), _) => Err(Finding::failed(failure, Owner::You)),
            (None, Some(_)) => Err(Finding::needs(CheckId::Client)),
            (None, None) => {
                let fix = "name one in windlass.toml where it is used: [taskcluster] root-url";
                Err(Finding::cannot_tell("this project names no Taskcluster deployment", Owner::You, fix))
            }
        }
    }

    /// How the registry greets anybody.
    pub async fn hello<'a>(&self, subject: &'a Subject) -> Result<&'a Hello, &'a RegistryError> {
        let greet = || async { self.client(subject, None)?.hello().await };
        subject.hello.get_or_init(greet).await.as_ref()
    }

    pub fn client(&self, subject: &Subject, login: Option<Login>) -> Result<Client, RegistryError> {
        Client::new(&subject.image.repository, login, &self.machine.registry)
    }

    /// The entry of this image's secret. The error is what a check has to say that cannot have it.
    pub async fn entry<'a>(&'a self, subject: &'a Subject) -> Result<Option<&'a Entry>, Finding> {
        let source = &subject.image.secret;
        if source.store.is_vault() {
            return match self.vault() {
                Some(Ok(vault)) => Ok(vault.get(&source.name)),
                Some(Err(_)) | None => Err(Finding::needs(CheckId::Vault)),
            };
        }
        subject.kept.get_or_init(|| self.kept(subject)).await.as_ref().map(Some).map_err(Clone::clone)
    }

    async fn kept(&self, subject: &Subject) -> Result<Entry, Finding> {
        let access = self.deployment()?;
        let cluster = Cluster::new(access.clone(), &self.machine.paths, &self.machine.learned);
        let asked = BTreeSet::from([subject.image.repository.clone()]);
        let name = &subject.image.secret.name;
        let failure = match cluster.entry(name, &asked).await {
            Ok(entry) => return Ok(entry),
            Err(failure) => failure,
        };
        Err(match failure.kind {
            FailureKind::Unreachable => Finding::needs(CheckId::Cluster),
            // Whoever releases from elsewhere need not be allowed to read it here; but it has to be there.
            FailureKind::NotAllowed if cluster.names().await.is_ok_and(|known| !known.names.contains(name)) => {
                Finding::failed(&failure, Owner::You)
            }
            FailureKind::NotAllowed => {
                let own = match access.deployment.credentials() {
                    Some(_) => access.deployment.current_scopes().await.ok(),
                    None => None,
                };
                let may_set = own.is_some_and(|scopes| scopes.satisfy(&format!("secrets:set:{name}")));
                let but = if may_set { "; you can replace it, and not read it" } else { "" };
                let evidence = format!("{}: {}{but}", failure.what, failure.why);
                Finding::cannot_tell(evidence, Owner::TaskclusterAdmin, failure.next)
            }
            _ => Finding::failed(&failure, Owner::You),
        })
    }

    /// The login of this image, for checks that need a secret without fault.
    pub async fn login(&self, subject: &Subject) -> Result<Login, Finding> {
        let entry = match self.entry(subject).await {
            Ok(Some(entry)) => entry,
            Ok(None) => return Err(Finding::needs(CheckId::Secret)),
            Err(finding) if matches!(finding.outcome, Outcome::Fail(_)) => return Err(Finding::needs(CheckId::Secret)),
            Err(finding) => return Err(finding),
        };
        let login = entry.login_for(&subject.image.secret.recipe, &subject.image.repository);
        login.map_err(|_| Finding::needs(CheckId::Secret))
    }
}
