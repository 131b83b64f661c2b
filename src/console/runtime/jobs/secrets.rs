//! Looks into the vault, and sets, proves, rotates and removes what is in it.

use std::{collections::BTreeSet, path::Path};

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
        name::SecretName,
        proof::Reports,
        recipe::{Login, Recipe},
        reference::Repository,
        rotation::{Account, StepView},
    },
    keeping::{self, DockerLogins, Given, Meant, Surroundings, key},
    rotation,
    secrets::{NewIdentity, Vault},
};

/// What is wanted of a rotation.
enum Wanted {
    New(NewLogin),
    Resume,
    RollBack,
}

impl Shared {
    pub(super) async fn secrets(&self, errand: Errand) -> SecretNews {
        match errand {
            Errand::Look => SecretNews::Holdings(self.holdings().map(Box::new)),
            Errand::AskDocker(name) => {
                let offer = self.docker(&name).await;
                SecretNews::Docker(name, offer)
            }
            Errand::Set { secret, login, key } => {
                let set = self.set(&secret, login, key).await;
                SecretNews::Set(secret, set)
            }
            Errand::Check(name) => {
                let found = self.check(&name).await;
                SecretNews::Checked(name, found)
            }
            Errand::Rotate { secret, login } => self.take_on(secret, Wanted::New(login)).await,
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

    fn meant(&self, name: &SecretName) -> Result<Meant, Failure> {
        Meant::named(self.ground.project()?, name)
    }

    fn holdings(&self) -> Result<Holdings, Failure> {
        let vault = self.vault()?;
        // What is wrong with the project is told where it is read.
        let project = self.ground.project().ok();
        Ok(Holdings {
            rows: keeping::rows(&vault, project.as_ref()),
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
    async fn set(&self, name: &SecretName, login: NewLogin, key: Option<NewKey>) -> Result<Vec<String>, NotSet> {
        let permit = self.ground.permit("secret set")?;
        let meant = self.meant(name)?;
        let mut vault = self.vault()?;
        vault.check_at_rest(name).map_err(Failure::from)?;
        let repositories = meant.repositories();
        let given = self.given(login, &meant.source.recipe, &repositories).await?;
        let document = given.document(&meant.source, vault.get(name), &repositories).map_err(NotSet::Unfit)?;
        let makes = !vault.exists();
        if makes {
            vault.keep_key(self.new_identity(key)?);
        }
        let (journal, who) = (self.journal().await?, who());
        let at = Surroundings { vault: &mut vault, journal, who: &who, permit };
        keeping::set(at, &meant, document).await?;
        let bound: Vec<String> = repositories.iter().map(ToString::to_string).collect();
        let mut said = vec![format!("{name} is set, bound to {}", bound.join(", "))];
        if let (true, Some(kind)) = (makes, self.ground.identity()?) {
            said.insert(0, key::told(&self.ground.paths, &kind).replace('\n', "; "));
        }
        Ok(said)
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
        let (vault, meant) = (self.vault()?, self.meant(name)?);
        keeping::prove(&vault, &meant, &self.ground.registry_options(), self.ground.permit).await
    }

    async fn take_on(&self, name: SecretName, wanted: Wanted) -> SecretNews {
        let told = Box::pin(self.rotate(&name, wanted)).await.map(Box::new);
        SecretNews::Rotated(name, told)
    }

    async fn rotate(&self, name: &SecretName, wanted: Wanted) -> Result<Account, Failure> {
        let permit = self.ground.permit("secret rotate")?;
        let mut vault = self.vault()?;
        let (new, back) = match wanted {
            Wanted::New(login) => {
                let meant = self.meant(name)?;
                let old = meant.rotatable(&vault)?;
                let given = self.given(login, &meant.source.recipe, &old.bindings).await?;
                let document = given.document(&meant.source, Some(old), &old.bindings)?;
                (Some((meant.source.recipe.clone(), document)), false)
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
            vault: &mut vault,
            journal,
            registry: &registry,
            who: &who,
            permit,
            watch: &mut watch,
        };
        match (new, back) {
            (Some((recipe, document)), _) => rotation::rotate(at, name, recipe, document).await,
            (None, true) => rotation::roll_back(at, name).await,
            (None, false) => rotation::resume(at, name).await,
        }
    }

    async fn remove(&self, name: &SecretName) -> Result<(), Failure> {
        let permit = self.ground.permit("secret remove")?;
        let mut vault = self.vault()?;
        vault.check_at_rest(name)?;
        let recipe = self.meant(name).ok().map(|meant| meant.source.recipe);
        let (journal, who) = (self.journal().await?, who());
        let at = Surroundings { vault: &mut vault, journal, who: &who, permit };
        keeping::remove(at, name, recipe.as_ref()).await
    }
}
