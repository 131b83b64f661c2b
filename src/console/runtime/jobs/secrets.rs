//! Looks into the stores of secrets, and sets, proves, rotates and removes what is in them.

use std::{collections::BTreeSet, path::Path};

use jiff::Timestamp;
use secrecy::SecretString;

use super::Shared;
use crate::{
    commands::release::who,
    console::{
        message::Message,
        model::{Errand, Holdings, NewKey, NewLogin, NotSet, SecretNews},
    },
    domain::{
        failure::Failure,
        holdings::WantedEnd,
        name::SecretName,
        proof::Reports,
        recipe::{Login, Recipe},
        reference::Repository,
        rotation::{Account, StepView},
    },
    keeping::{self, DockerLogins, Given, Meant, New, Store, Surroundings, key},
    rotation,
    secrets::{NewIdentity, Vault},
};

/// What is wanted of a rotation.
enum Wanted {
    New(NewLogin, Option<NewKey>),
    Resume,
    RollBack,
}

impl Shared {
    pub(super) async fn secrets(&self, errand: Errand) -> SecretNews {
        match errand {
            Errand::Look => SecretNews::Holdings(Box::pin(self.holdings()).await.map(Box::new)),
            Errand::AskDocker(name) => {
                let offer = self.docker(&name).await;
                SecretNews::Docker(name, offer)
            }
            Errand::Set { secret, login, key, replace, end } => {
                let set = self.set(&secret, (login, key), replace, end).await;
                SecretNews::Set(secret, set)
            }
            Errand::Bind(name) => {
                let bound = self.bind(&name).await;
                SecretNews::Bound(name, bound)
            }
            Errand::Check(name) => {
                let found = self.check(&name).await;
                SecretNews::Checked(name, found)
            }
            Errand::Rotate { secret, login, key } => self.take_on(secret, Wanted::New(login, key)).await,
            Errand::Resume(name) => self.take_on(name, Wanted::Resume).await,
            Errand::RollBack(name) => self.take_on(name, Wanted::RollBack).await,
            Errand::Remove(name) => {
                let removed = self.remove(&name).await;
                SecretNews::Removed(name, removed)
            }
        }
    }

    /// May ask for a passphrase, and wait for another process that writes the vault.
    fn vault(&self) -> Result<Vault, Failure> {
        tokio::task::block_in_place(|| self.ground.vault())
    }

    /// The same for the store that the project has for this secret; of a secret that no image uses, the vault.
    fn store(&self, name: &SecretName) -> Result<Store, Failure> {
        let kept = self.meant(name).map(|meant| meant.source.store).unwrap_or_default();
        tokio::task::block_in_place(|| self.ground.store(&kept))
    }

    fn meant(&self, name: &SecretName) -> Result<Meant, Failure> {
        Meant::named(self.ground.project()?, name)
    }

    async fn holdings(&self) -> Result<Holdings, Failure> {
        let vault = self.vault()?;
        // What is wrong with the project is told where it is read.
        let project = self.ground.project().ok();
        Ok(Holdings {
            rows: keeping::rows(vault, project.as_ref(), |root| self.ground.cluster(root)).await,
            key: self.ground.identity()?.map(|kind| kind.to_string()),
            vault: self.ground.paths.vault().display().to_string(),
            ssh_key: key::usual_ssh_key(&*self.ground.environment).map(|key| key.display().to_string()),
        })
    }

    async fn docker(&self, name: &SecretName) -> Result<Option<String>, Failure> {
        let meant = self.meant(name)?;
        let (recipe, bound) = (&meant.source.recipe, meant.repositories());
        let logins = DockerLogins::offered(&*self.ground.environment, recipe, &bound).await?;
        Ok(logins.map(|logins| logins.to_string()))
    }

    async fn given(&self, login: NewLogin, recipe: &Recipe, bound: &BTreeSet<Repository>) -> Result<Given, Failure> {
        Ok(match login {
            NewLogin::Typed { username, password } => {
                Given::Login(Login { username, password: SecretString::from(password.expose()) })
            }
            NewLogin::Docker => Given::Docker(DockerLogins::demanded(&*self.ground.environment, recipe, bound).await?),
        })
    }

    /// What is to be said of it.
    async fn set(
        &self,
        name: &SecretName,
        (login, key): (NewLogin, Option<NewKey>),
        replace: bool,
        end: Option<WantedEnd>,
    ) -> Result<Vec<String>, NotSet> {
        let permit = self.ground.permit("secret set")?;
        let expires = end.map(|end| keeping::end(end, Timestamp::now())).transpose()?;
        let meant = self.meant(name)?;
        let mut store = self.store(name)?;
        store.check_at_rest(name)?;
        let repositories = meant.repositories();
        let seen = store.look(name, &repositories).await?;
        let old = if replace { None } else { seen.written_into(&meant.source)? };
        let given = self.given(login, &meant.source.recipe, &repositories).await?;
        let document = given.document(&meant.source, old, &repositories).map_err(NotSet::Unfit)?;
        let makes = meant.source.store.is_vault() && !store.vault.exists();
        if makes {
            store.vault.keep_key(self.new_identity(key)?);
        }
        let (journal, who) = (self.journal().await?, who());
        let at = Surroundings { store: &mut store, journal, who: &who, permit };
        let mut said = keeping::set(at, &meant, &seen, New { document, expires }).await?.said(name);
        if let (true, Some(kind)) = (makes, self.ground.identity()?) {
            said.insert(0, key::told(&self.ground.paths, &kind).replace('\n', "; "));
        }
        Ok(said)
    }

    async fn bind(&self, name: &SecretName) -> Result<Vec<String>, Failure> {
        let permit = self.ground.permit("secret bind")?;
        let (meant, mut store) = (self.meant(name)?, self.store(name)?);
        let (journal, who) = (self.journal().await?, who());
        let at = Surroundings { store: &mut store, journal, who: &who, permit };
        let bound = keeping::bind(at, &meant).await?;
        Ok(bound.iter().map(ToString::to_string).collect())
    }

    fn new_identity(&self, key: Option<NewKey>) -> Result<NewIdentity, Failure> {
        let ground = &self.ground;
        match key {
            Some(NewKey::Passphrase(typed)) => Ok(NewIdentity::under(SecretString::from(typed.expose()))?),
            Some(NewKey::Ssh(path)) => {
                // May ask for its passphrase.
                let ssh = || key::ssh(&*ground.environment, Path::new(&path), &ground.passphrase);
                tokio::task::block_in_place(ssh)
            }
            Some(NewKey::Plain) => Ok(NewIdentity::plain()),
            None => Err(Failure::failed(
                "the secret is not stored",
                format!("the vault {} is gone since it was read", ground.paths.vault().display()),
                "close this, look again, and set it in a new vault",
            )),
        }
    }

    async fn check(&self, name: &SecretName) -> Result<Reports, Failure> {
        let (store, meant) = (self.store(name)?, self.meant(name)?);
        keeping::prove(&store, &meant, &self.ground.registry_options(), self.ground.permit).await
    }

    async fn take_on(&self, name: SecretName, wanted: Wanted) -> SecretNews {
        let told = Box::pin(self.rotate(&name, wanted)).await.map(Box::new);
        SecretNews::Rotated(name, told)
    }

    async fn rotate(&self, name: &SecretName, wanted: Wanted) -> Result<Account, Failure> {
        let permit = self.ground.permit("secret rotate")?;
        let mut store = self.store(name)?;
        let (new, back) = match wanted {
            Wanted::New(login, key) => {
                let meant = self.meant(name)?;
                let old = meant.rotatable(&store).await?;
                let given = self.given(login, &meant.source.recipe, &old.bindings).await?;
                let document = given.document(&meant.source, Some(&old), &old.bindings)?;
                if !store.vault.exists() {
                    store.vault.keep_key(self.new_identity(key)?);
                }
                (Some((meant.source.recipe.clone(), old, document)), false)
            }
            Wanted::Resume => (None, false),
            Wanted::RollBack => (None, true),
        };
        let (journal, registry, who) = (self.journal().await?, self.ground.registry_options(), who());
        let mut watch = |view: &StepView| {
            let news = Message::Secrets(SecretNews::Step(name.clone(), view.clone()));
            // The console has ended when nobody is there to be told.
            tokio::task::block_in_place(|| self.to.blocking_send(news).ok());
        };
        let at = rotation::Surroundings {
            store: &mut store,
            journal,
            registry: &registry,
            who: &who,
            permit,
            watch: &mut watch,
        };
        match (new, back) {
            (Some((recipe, old, document)), _) => rotation::rotate(at, name, recipe, old, document).await,
            (None, true) => rotation::roll_back(at, name).await,
            (None, false) => rotation::resume(at, name).await,
        }
    }

    async fn remove(&self, name: &SecretName) -> Result<(), Failure> {
        let permit = self.ground.permit("secret remove")?;
        let mut store = self.store(name)?;
        store.check_at_rest(name)?;
        let recipe = self.meant(name).ok().map(|meant| meant.source.recipe);
        let (journal, who) = (self.journal().await?, who());
        let at = Surroundings { store: &mut store, journal, who: &who, permit };
        keeping::remove(at, name, recipe.as_ref()).await
    }
}
