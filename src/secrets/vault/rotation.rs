//! Open rotations in the vault. Both documents lie here, encrypted, until one of them is dropped. A secret of the vault
//! and its stage change in one write, so that they never disagree; of one that is kept elsewhere, only the stage is here.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Vault, VaultError};
use crate::{
    domain::{
        document::SecretValue,
        holdings::StoreKind,
        name::SecretName,
        permission::MayWrite,
        recipe::Recipe,
        rotation::{Holds, Next, Stage},
    },
    secrets::{entry::Entry, sealed::Document},
};

/// A rotation that has not ended: everything that whoever takes it up again has to know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenRotation {
    pub stage: Stage,
    pub recipe: Recipe,
    /// The secret as it was.
    pub old: Entry,
    /// What is to become its document.
    pub new: SecretValue,
    pub begun: Timestamp,
    /// `user@host`.
    pub by: String,
}

impl OpenRotation {
    /// Both, of which each is or was or may become the secret.
    pub fn documents(&self) -> [&SecretValue; 2] {
        [&self.old.document, &self.new]
    }

    /// The secret as this rotation would have it.
    #[must_use]
    pub fn entry(&self, holds: Holds) -> Entry {
        match holds {
            Holds::Old => self.old.clone(),
            Holds::New => Entry {
                document: self.new.clone(),
                bindings: self.old.bindings.clone(),
                set: Some(self.begun),
                by: Some(self.by.clone()),
                expires: self.old.expires,
            },
        }
    }
}

impl Vault {
    /// The vault as another look at the disk shows it.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn reread(&self) -> Result<Self, VaultError> {
        Self::open_waiting(self.paths.clone(), &self.passphrase, self.patience)
    }

    /// Says who is rotating a secret, before anybody is asked for another password of it.
    ///
    /// # Errors
    /// When a rotation of it is open.
    pub fn check_at_rest(&self, store: &StoreKind, name: &SecretName) -> Result<(), VaultError> {
        refuse_while_rotating(&self.document, store, name)
    }

    /// The open rotation of the secret of this name that is kept there.
    pub fn rotation(&self, store: &StoreKind, name: &SecretName) -> Option<&OpenRotation> {
        self.document.rotation(store, name)
    }

    /// Lays the documents of a rotation beside their secret, which stays as it is. Where there is no vault yet, it is
    /// made.
    ///
    /// # Errors
    /// As [`Self::set`], and when a secret of the vault is no longer `rotation.old`.
    pub fn open_rotation(
        &mut self,
        store: &StoreKind,
        name: &SecretName,
        rotation: OpenRotation,
        _: MayWrite,
    ) -> Result<(), VaultError> {
        self.change(rotation.begun, |document| {
            refuse_while_rotating(document, store, name)?;
            if store.is_vault() && document.secrets.get(name) != Some(&rotation.old) {
                return Err(VaultError::Overtaken { name: name.clone() });
            }
            document.set_rotation(store, name, Some(rotation));
            Ok(())
        })
    }

    /// Takes a rotation from where it was seen to what is next: a secret of the vault and its stage in one write. At an
    /// end, what is not the secret is dropped.
    ///
    /// # Errors
    /// As [`Self::set`], and when another process has gone on with it meanwhile.
    pub fn advance(
        &mut self,
        store: &StoreKind,
        name: &SecretName,
        seen: &OpenRotation,
        next: &Next,
        _: MayWrite,
    ) -> Result<(), VaultError> {
        self.change(seen.begun, |document| {
            if document.rotation(store, name) != Some(seen) {
                return Err(VaultError::Overtaken { name: name.clone() });
            }
            if store.is_vault() {
                document.secrets.insert(name.clone(), seen.entry(next.holds()));
            }
            let open = match next {
                Next::To(stage) => Some(OpenRotation { stage: stage.clone(), ..seen.clone() }),
                Next::End(_) => None,
            };
            document.set_rotation(store, name, open);
            Ok(())
        })
    }
}

/// Who sets or removes a secret while it is rotated would have it put back by the rotation.
pub(super) fn refuse_while_rotating(
    document: &Document,
    store: &StoreKind,
    name: &SecretName,
) -> Result<(), VaultError> {
    match document.rotation(store, name) {
        None => Ok(()),
        Some(open) => Err(VaultError::RotationOpen { name: name.clone(), by: open.by.clone(), begun: open.begun }),
    }
}
