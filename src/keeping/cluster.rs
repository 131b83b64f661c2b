//! The secrets that a Taskcluster deployment keeps, with what this machine knows of them: what they may be used for, and
//! when they end. The service has no versions and no compare-and-swap: each write looks just before and just after.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::Learned;
use crate::{
    config::{Binding, Bindings, Paths, SecretSource},
    domain::{
        failure::Failure,
        finding::CheckId,
        holdings::{Changed, StoreKind},
        name::SecretName,
        permission::MayWrite,
        recipe::Recipe,
        reference::Repository,
        root_url::RootUrl,
        rotation::{End, Holds, Next, Stage},
        written::time,
    },
    fault,
    log::sanitise::plain,
    secrets::{Entry, OpenRotation},
    taskcluster::{Access, Deployment, Names, Stored, TaskclusterError},
};

/// A deployment as whoever has credentials for it here.
pub struct Cluster {
    deployment: Deployment,
    /// Credentials that were passed over, in words.
    unfit: Vec<String>,
    paths: Paths,
    /// Told of each document that is read.
    learned: Learned,
    /// Inside a task, and in its name: whoever may have a task read the secret has said what it is for, by making that task.
    in_task: bool,
}

/// What a store says of a secret.
#[derive(Debug, Clone)]
pub enum Seen {
    There(Box<Entry>),
    Nothing,
    /// Whoever asks may not know, for this reason.
    Untold(Failure),
}

impl Seen {
    pub fn entry(&self) -> Option<&Entry> {
        match self {
            Self::There(entry) => Some(entry),
            Self::Nothing | Self::Untold(_) => None,
        }
    }

    /// The secret that another login is written into; `None` where there is none yet.
    ///
    /// # Errors
    /// When it may not be read: then it can only be replaced as a whole.
    pub fn written_into(&self, source: &SecretSource) -> Result<Option<&Entry>, Failure> {
        let Self::Untold(untold) = self else { return Ok(self.entry()) };
        let name = &source.name;
        let keys = match &source.recipe {
            Recipe::Pair { username, password } => format!("{username} and {password}"),
            Recipe::DockerConfig { docker_config } => docker_config.clone(),
        };
        Err(Failure {
            what: format!("{name} is not set by its recipe"),
            why: format!("{}: what else its document holds could not be kept", untold.why),
            next: format!(
                "{}; or replace the whole document, which then holds {keys} alone (whatever other keys it has are lost): \
                 windlass secret set {name} --replace --username USER --password-stdin; or give all of it: \
                 --document-stdin",
                untold.next
            ),
            ..untold.clone()
        })
    }
}

/// Why a rotation's document was not put into a deployment.
#[derive(Debug)]
pub enum Unheld {
    /// Somebody else changed the secret: theirs is what is there.
    Overtaken(Failure),
    Failed(Failure),
}

impl From<TaskclusterError> for Unheld {
    fn from(error: TaskclusterError) -> Self {
        Self::Failed(error.into())
    }
}

impl Cluster {
    pub fn new(access: Access, paths: &Paths, learned: &Learned) -> Self {
        Self {
            unfit: access.unfit.iter().map(ToString::to_string).collect(),
            in_task: access.deployment.is_by_proxy(),
            deployment: access.deployment,
            paths: paths.clone(),
            learned: learned.clone(),
        }
    }

    pub fn root(&self) -> &RootUrl {
        self.deployment.root()
    }

    /// The secret as it is there now.
    async fn stored(&self, name: &SecretName) -> Result<Stored, TaskclusterError> {
        let stored = self.deployment.secret(name).await?;
        self.learned.learn(&stored.document);
        Ok(stored)
    }

    fn host(&self) -> String {
        self.root().host()
    }

    /// What is known of a secret now. `asked`: what it is wanted for.
    ///
    /// # Errors
    /// When the deployment does not answer, or does not accept the credentials.
    pub async fn look(&self, name: &SecretName, asked: &BTreeSet<Repository>) -> Result<Seen, Failure> {
        Ok(match self.stored(name).await {
            Ok(Stored { document, expires }) => Seen::There(Box::new(Entry {
                document,
                bindings: self.bound(name, asked)?,
                set: None,
                by: None,
                expires: Some(expires),
            })),
            Err(error) if error.is_absent() => Seen::Nothing,
            Err(error) if error.is_denied() => Seen::Untold(self.denied(name, error).await),
            Err(error) => return Err(error.into()),
        })
    }

    /// The secret.
    ///
    /// # Errors
    /// As [`Self::look`], and when there is none, or it may not be read: the failure tells these apart, as far as the
    /// service does.
    pub async fn entry(&self, name: &SecretName, asked: &BTreeSet<Repository>) -> Result<Entry, Failure> {
        match self.look(name, asked).await? {
            Seen::There(entry) => Ok(*entry),
            Seen::Nothing => Err(self.absent(name).await),
            Seen::Untold(why) => Err(why),
        }
    }

    /// Every name, whatever of it we may read.
    ///
    /// # Errors
    /// When we may not know.
    pub async fn names(&self) -> Result<Names, Failure> {
        Ok(self.deployment.secret_names().await?)
    }

    /// What is known of a secret on this machine.
    ///
    /// # Errors
    /// When the user's file of bindings cannot be read.
    pub fn known(&self, name: &SecretName) -> Result<Binding, Failure> {
        Ok(Bindings::load(&self.paths)?.of(self.root(), name))
    }

    /// The repositories that a secret may be used for.
    ///
    /// # Errors
    /// When the user's file of bindings cannot be read.
    pub fn bound(&self, name: &SecretName, asked: &BTreeSet<Repository>) -> Result<BTreeSet<Repository>, Failure> {
        if self.in_task {
            return Ok(asked.clone());
        }
        Ok(self.known(name)?.repositories)
    }

    /// Lets a secret be used for these, too.
    ///
    /// # Errors
    /// When the user's file of bindings cannot be written.
    pub fn bind(
        &self,
        name: &SecretName,
        repositories: &BTreeSet<Repository>,
        expires: Option<Timestamp>,
        permit: MayWrite,
    ) -> Result<(), Failure> {
        if self.in_task {
            return Ok(());
        }
        let more = Binding { repositories: repositories.clone(), expires };
        Ok(Bindings::add(&self.paths, self.root(), name, &more, permit)?)
    }

    /// Who changed a secret last; why that is not known.
    pub async fn changed(&self, name: &SecretName) -> Result<Changed, String> {
        match self.deployment.secret_history(name.as_str()).await {
            Ok(history) => {
                let last = history.into_iter().max_by_key(|change| change.created);
                let last = last.ok_or_else(|| "the service remembers no change of it".to_owned())?;
                Ok(Changed { at: last.created, by: plain(&last.client_id) })
            }
            Err(error) if error.is_denied() => Err("auth:audit-history:secret is missing".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Puts `new` in the place of what was `seen`. The end stays as it is where `new` has none; a new secret has none.
    /// Gives the end, and what could not be made sure of.
    ///
    /// # Errors
    /// When somebody else changed the secret meanwhile, and when the service does not take it.
    pub async fn replace(
        &self,
        name: &SecretName,
        seen: &Seen,
        new: &super::New,
        permit: MayWrite,
    ) -> Result<(Timestamp, Option<String>), Failure> {
        if let Seen::Untold(why) = seen {
            let stored = new.stored(None);
            self.deployment.set_secret(name, &stored, permit).await?;
            return Ok((stored.expires, Some(format!("it was not read back: {}", why.why))));
        }
        let now = match (seen, self.stored(name).await) {
            (Seen::There(entry), Ok(now)) if entry.document.means(&now.document) => Some(now.expires),
            (Seen::Nothing, Err(error)) if error.is_absent() => None,
            (_, Ok(_)) => return Err(self.overtaken(name).await),
            (_, Err(error)) if error.is_absent() => return Err(self.overtaken(name).await),
            (_, Err(error)) => return Err(error.into()),
        };
        let stored = new.stored(now);
        let expires = stored.expires;
        self.deployment.set_secret(name, &stored, permit).await?;
        fault::point(format_args!("secret:written"));
        match self.stored(name).await {
            Ok(back) if back.document.means(&stored.document) => Ok((expires, None)),
            Ok(_) => Err(self.overwritten(name).await),
            Err(error) if error.is_absent() => Err(self.overwritten(name).await),
            Err(error) => {
                let failure = Failure::from(error);
                Ok((expires, Some(format!("it was not read back: {}", failure.why))))
            }
        }
    }

    /// Makes the document that a rotation wants the secret, if it is not: each of the two takes the place of the other,
    /// and of nothing else.
    ///
    /// # Errors
    /// When somebody else changed the secret meanwhile, and when the service does not take it.
    pub async fn hold(
        &self,
        name: &SecretName,
        rotation: &OpenRotation,
        next: &Next,
        permit: MayWrite,
    ) -> Result<(), Unheld> {
        let (old, new) = (&rotation.old.document, &rotation.new);
        let (wanted, other) = match next {
            Next::To(Stage::Stored) => (new, old),
            // A process that died may have stored the new one and not have said so.
            Next::To(Stage::Restored(_)) | Next::End(End::Withdrawn(_)) => (old, new),
            Next::To(Stage::Opened | Stage::ReadBack) | Next::End(_) => return Ok(()),
        };
        let now = match self.stored(name).await {
            Ok(now) => Some(now),
            Err(error) if error.is_absent() => None,
            Err(error) => return Err(error.into()),
        };
        match (now, next) {
            (Some(now), _) if now.document.means(wanted) => Ok(()),
            (Some(now), _) if now.document.means(other) => {
                let stored = Stored { document: wanted.clone(), expires: now.expires };
                Ok(self.deployment.set_secret(name, &stored, permit).await?)
            }
            // Of what somebody else stored nothing is ours to take back.
            (_, Next::End(_)) => Ok(()),
            (_, Next::To(_)) => Err(Unheld::Overtaken(self.overtaken(name).await)),
        }
    }

    /// Which of a rotation's documents the deployment gives now; `None`: neither.
    ///
    /// # Errors
    /// When it gives none.
    pub async fn holds(&self, name: &SecretName, rotation: &OpenRotation) -> Result<Option<Holds>, Failure> {
        let now = self.entry(name, &rotation.old.bindings).await?.document;
        Ok(match () {
            () if now.means(&rotation.new) => Some(Holds::New),
            () if now.means(&rotation.old.document) => Some(Holds::Old),
            () => None,
        })
    }

    /// Deletes a secret, and what was known of it here.
    ///
    /// # Errors
    /// When we may not.
    pub async fn remove(&self, name: &SecretName, permit: MayWrite) -> Result<(), Failure> {
        self.deployment.remove_secret(name, permit).await?;
        Ok(Bindings::forget(&self.paths, self.root(), name, permit)?)
    }

    /// Why there is no such secret: the service says no more than that, of one that has expired too.
    async fn absent(&self, name: &SecretName) -> Failure {
        let what = format!("there is no secret {name} at {}", self.host());
        let set = "set it: windlass secret set --username USER --password-stdin".to_owned();
        let ended = self.known(name).ok().and_then(|known| known.expires);
        let (why, next) = if let Some(at) = ended.filter(|at| *at <= Timestamp::now()) {
            (format!("it expired at {} UTC", time(at)), set)
        } else {
            match self.end_of(name).await {
                Some(why) => (why, set),
                None => match self
                    .deployment
                    .secret_names()
                    .await
                    .ok()
                    .and_then(|known| near(name, &known).map(ToOwned::to_owned))
                {
                    Some(near) => {
                        (format!("there is {near}"), format!("if that is meant, correct [secret] name; else {set}"))
                    }
                    None => {
                        ("it was never set, was removed, or has expired: the service does not tell".to_owned(), set)
                    }
                },
            }
        };
        Failure::failed(what, why, next).explained_by(CheckId::Secret)
    }

    /// What the history has of the end of a secret, for those who may see it.
    async fn end_of(&self, name: &SecretName) -> Option<String> {
        let last = self
            .deployment
            .secret_history(name.as_str())
            .await
            .ok()?
            .into_iter()
            .max_by_key(|change| change.created)?;
        let at = time(last.created);
        match last.act.as_str() {
            "expired" => Some(format!("it expired, and was deleted at {at} UTC")),
            "deleted" => Some(format!("{} removed it at {at} UTC", plain(&last.client_id))),
            // It is the service's hourly sweep that notes the end.
            _ => Some(format!("it has expired: {} set it last, at {at} UTC", plain(&last.client_id))),
        }
    }

    /// Scopes are looked at before there is anything to be read: only the list tells whether there is such a secret.
    async fn denied(&self, name: &SecretName, error: TaskclusterError) -> Failure {
        let denied = Failure::from(error).explained_by(CheckId::Secret);
        let passed = self.unfit.iter().map(|unfit| format!("; credentials are passed over, {unfit}"));
        let why = std::iter::once(denied.why.clone()).chain(passed).collect::<String>();
        match self.deployment.secret_names().await {
            Ok(known) if known.names.contains(name) => Failure { why: format!("{why}; the secret is there"), ..denied },
            Ok(known) => {
                let near = near(name, &known).map_or_else(String::new, |near| format!(", but {near}"));
                Failure {
                    what: format!("there is no secret {name} at {}", self.host()),
                    why: format!("the list of its secrets does not have it{near}; and {why}"),
                    next: format!("check [secret] name; then: {}", denied.next),
                    ..denied
                }
            }
            Err(error) => {
                let unlisted =
                    if error.is_denied() { "secrets:list-secrets is missing".to_owned() } else { error.to_string() };
                let why = format!("{why}; whether there is such a secret is not known: {unlisted}");
                Failure { why, ..denied }
            }
        }
    }

    async fn overtaken(&self, name: &SecretName) -> Failure {
        let by = self.whoever(name).await;
        Failure::failed(
            format!("{name} was not written"),
            format!("{by} changed it since it was read; theirs is what is there, and nothing of it is lost"),
            format!("look at it: windlass secret show {name}; then do it again, if it is still wanted"),
        )
        .explained_by(CheckId::Secret)
    }

    async fn overwritten(&self, name: &SecretName) -> Failure {
        let by = self.whoever(name).await;
        Failure::failed(
            format!("{name} is not what was written"),
            format!("{by} changed it at the same time; theirs is what is there, and ours is lost"),
            format!("agree on who sets it; then look at it: windlass secret show {name}"),
        )
        .explained_by(CheckId::Secret)
    }

    async fn whoever(&self, name: &SecretName) -> String {
        match self.changed(name).await {
            Ok(Changed { at, by }) => format!("{by} (at {} UTC)", time(at)),
            Err(_) => "somebody else".to_owned(),
        }
    }

    pub fn kind(&self) -> StoreKind {
        StoreKind::Taskcluster(self.root().clone())
    }
}

fn near<'a>(name: &SecretName, known: &'a Names) -> Option<&'a str> {
    crate::domain::nearest::nearest(name.as_str(), known.names.iter().map(SecretName::as_str))
}
