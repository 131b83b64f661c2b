//! Where a secret is kept: the vault of this machine, or a Taskcluster deployment. Open rotations are in the vault
//! either way, and so is the key of fingerprints.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    New,
    cluster::{Cluster, Seen, Unheld},
};
use crate::{
    domain::{
        document::SecretValue,
        failure::Failure,
        finding::CheckId,
        holdings::{Changed, Held, Key, StoreKind},
        name::SecretName,
        permission::MayWrite,
        recipe::Recipe,
        reference::Repository,
        rotation::{Holds, Next},
    },
    log::sanitise::plain,
    secrets::{Entry, OpenRotation, Vault},
};

pub struct Store {
    pub vault: Vault,
    /// The deployment that keeps the documents, where the vault does not.
    cluster: Option<Cluster>,
}

impl From<Vault> for Store {
    fn from(vault: Vault) -> Self {
        Self { vault, cluster: None }
    }
}

impl Store {
    /// The deployment's, with what this machine keeps for it in its vault.
    pub fn of(vault: Vault, cluster: Cluster) -> Self {
        Self { vault, cluster: Some(cluster) }
    }

    pub fn kind(&self) -> StoreKind {
        self.cluster.as_ref().map(Cluster::kind).unwrap_or_default()
    }

    /// What there is of a secret now. `asked`: what it is wanted for.
    ///
    /// # Errors
    /// When a deployment does not answer, or does not accept the credentials.
    pub async fn look(&self, name: &SecretName, asked: &BTreeSet<Repository>) -> Result<Seen, Failure> {
        match &self.cluster {
            Some(cluster) => cluster.look(name, asked).await,
            None => Ok(match self.vault.get(name) {
                Some(entry) => Seen::There(Box::new(entry.clone())),
                None => Seen::Nothing,
            }),
        }
    }

    /// The secret.
    ///
    /// # Errors
    /// As [`Self::look`]; and when there is none, or it may not be read.
    pub async fn entry(&self, name: &SecretName, asked: &BTreeSet<Repository>) -> Result<Entry, Failure> {
        match &self.cluster {
            Some(cluster) => cluster.entry(name, asked).await,
            None => self.vault.get(name).cloned().ok_or_else(|| not_in_vault(name)),
        }
    }

    /// The secret, without its values.
    ///
    /// # Errors
    /// When there is none, or it may not be read.
    pub async fn held(&self, name: &SecretName) -> Result<Held, Failure> {
        let entry = self.entry(name, &BTreeSet::new()).await?;
        Ok(self.told(name, &entry).await)
    }

    /// A secret without its values, and who changed it last.
    pub async fn told(&self, name: &SecretName, entry: &Entry) -> Held {
        let changed = match (&self.cluster, &entry.set, &entry.by) {
            (Some(cluster), ..) => cluster.changed(name).await,
            (None, Some(at), Some(by)) => Ok(Changed { at: *at, by: by.clone() }),
            (None, ..) => Err("the vault does not say".to_owned()),
        };
        let key = |at: String| {
            let fingerprint = match entry.document.at(&at) {
                Some(SecretValue::String(value)) if self.prints() => Some(self.vault.fingerprint(value).to_string()),
                _ => None,
            };
            Key { at: plain(&at), fingerprint }
        };
        Held {
            name: name.clone(),
            store: self.kind(),
            keys: entry.document.keys().into_iter().map(key).collect(),
            bindings: entry.bindings.clone(),
            changed,
            expires: entry.expires,
        }
    }

    /// A fingerprint made now is the same tomorrow: the key of a vault that is not there yet is new each time.
    fn prints(&self) -> bool {
        self.cluster.is_none() || self.vault.exists()
    }

    /// The fingerprints of what the recipe marks, for the audit trail.
    pub fn fingerprint(&self, recipe: &Recipe, document: &SecretValue) -> Option<String> {
        let marked = if self.prints() { self.vault.fingerprints(recipe, document) } else { Vec::new() };
        let all: Vec<String> = marked.iter().map(ToString::to_string).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }

    /// Says who is rotating a secret.
    ///
    /// # Errors
    /// When a rotation of it is open.
    pub fn check_at_rest(&self, name: &SecretName) -> Result<(), Failure> {
        Ok(self.vault.check_at_rest(&self.kind(), name)?)
    }

    pub fn rotation(&self, name: &SecretName) -> Option<&OpenRotation> {
        self.vault.rotation(&self.kind(), name)
    }

    /// Puts `new` in the place of what was `seen`. Gives the end of the secret, and what could not be made sure of.
    ///
    /// # Errors
    /// While the secret is being rotated, when somebody else changed it meanwhile, and when the store does not take it.
    pub(super) async fn replace(
        &mut self,
        name: &SecretName,
        seen: &Seen,
        new: &New,
        bindings: BTreeSet<Repository>,
        who: &str,
        permit: MayWrite,
    ) -> Result<(Option<Timestamp>, Option<String>), Failure> {
        let Some(cluster) = &self.cluster else {
            let (document, now) = (new.document.clone(), Timestamp::now());
            self.vault.set(name.clone(), document, bindings, now, who.to_owned(), permit)?;
            return Ok((None, None));
        };
        // Another process may have begun to rotate it since the vault was read.
        self.vault.reread()?.check_at_rest(&self.kind(), name)?;
        let (expires, untold) = cluster.replace(name, seen, new, permit).await?;
        cluster.bind(name, &bindings, Some(expires), permit)?;
        Ok((Some(expires), untold))
    }

    pub(super) async fn remove(&mut self, name: &SecretName, permit: MayWrite) -> Result<(), Failure> {
        match &self.cluster {
            None => drop(self.vault.remove(name, permit)?),
            Some(cluster) => {
                self.vault.reread()?.check_at_rest(&self.kind(), name)?;
                cluster.remove(name, permit).await?;
            }
        }
        Ok(())
    }

    /// Lets a secret be used for these, too.
    pub(super) fn bind(
        &mut self,
        name: &SecretName,
        repositories: &BTreeSet<Repository>,
        permit: MayWrite,
    ) -> Result<(), Failure> {
        if let Some(cluster) = &self.cluster {
            return cluster.bind(name, repositories, None, permit);
        }
        let Entry { document, bindings, set, by, .. } =
            self.vault.get(name).cloned().ok_or_else(|| not_in_vault(name))?;
        let bindings = bindings.union(repositories).cloned().collect();
        let (set, by) = (set.unwrap_or_else(Timestamp::now), by.unwrap_or_default());
        Ok(self.vault.set(name.clone(), document, bindings, set, by, permit)?)
    }

    /// Before the vault notes what is next in a rotation, a deployment gets the document that it is then to hold.
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
        match &self.cluster {
            None => Ok(()),
            Some(cluster) => cluster.hold(name, rotation, next, permit).await,
        }
    }

    /// Which document of a rotation another look at the store gives; `None`: neither.
    ///
    /// # Errors
    /// When it gives none.
    pub async fn holds(&self, name: &SecretName, rotation: &OpenRotation) -> Result<Option<Holds>, Failure> {
        if let Some(cluster) = &self.cluster {
            return cluster.holds(name, rotation).await;
        }
        let stored = self.vault.reread()?;
        let is = |holds| stored.get(name) == Some(&rotation.entry(holds));
        Ok([Holds::New, Holds::Old].into_iter().find(|holds| is(*holds)))
    }

    /// What another look at the store gives.
    ///
    /// # Errors
    /// As [`Self::entry`].
    pub async fn again(&self, name: &SecretName, asked: &BTreeSet<Repository>) -> Result<Entry, Failure> {
        match &self.cluster {
            Some(cluster) => cluster.entry(name, asked).await,
            None => self.vault.reread()?.get(name).cloned().ok_or_else(|| not_in_vault(name)),
        }
    }
}

fn not_in_vault(name: &SecretName) -> Failure {
    Failure::failed(
        format!("there is no secret {name} in the vault"),
        "it was never set on this machine, or was removed",
        "set it: windlass secret set --username USER --password-stdin",
    )
    .explained_by(CheckId::Secret)
}
