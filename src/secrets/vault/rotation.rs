//! Open rotations in the vault. Both documents lie here, encrypted, until one of them is dropped; the secret itself
//! and the stage change in one write, so that they never disagree.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Vault, VaultError, read};
use crate::{
    domain::{
        document::SecretValue,
        name::SecretName,
        permission::MayWrite,
        recipe::Recipe,
        rotation::{Holds, Next, Stage},
    },
    secrets::{entry::Entry, folder, lock::Lock, sealed::Document},
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
    /// The secret as this rotation would have it.
    #[must_use]
    pub fn entry(&self, holds: Holds) -> Entry {
        match holds {
            Holds::Old => self.old.clone(),
            Holds::New => Entry {
                document: self.new.clone(),
                bindings: self.old.bindings.clone(),
                set: self.begun,
                by: self.by.clone(),
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
    pub fn check_at_rest(&self, name: &SecretName) -> Result<(), VaultError> {
        refuse_while_rotating(&self.document, name)
    }

    pub fn rotation(&self, name: &SecretName) -> Option<&OpenRotation> {
        self.document.rotations.get(name)
    }

    /// Lays the documents of a rotation beside their secret, which stays as it is.
    ///
    /// # Errors
    /// As [`Self::set`], and when the secret is no longer `rotation.old`.
    pub fn open_rotation(&mut self, name: &SecretName, rotation: OpenRotation, _: MayWrite) -> Result<(), VaultError> {
        self.change(|document| {
            refuse_while_rotating(document, name)?;
            if document.secrets.get(name) != Some(&rotation.old) {
                return Err(VaultError::Overtaken { name: name.clone() });
            }
            document.rotations.insert(name.clone(), rotation);
            Ok(())
        })
    }

    /// Takes a rotation from where it was seen to what is next: secret and stage in one write. At an end, the
    /// document that is not the secret is dropped.
    ///
    /// # Errors
    /// As [`Self::set`], and when another process has gone on with it meanwhile.
    pub fn advance(
        &mut self,
        name: &SecretName,
        seen: &OpenRotation,
        next: &Next,
        _: MayWrite,
    ) -> Result<(), VaultError> {
        self.change(|document| {
            if document.rotations.get(name) != Some(seen) {
                return Err(VaultError::Overtaken { name: name.clone() });
            }
            document.secrets.insert(name.clone(), seen.entry(next.holds()));
            match next {
                Next::To(stage) => {
                    document.rotations.insert(name.clone(), OpenRotation { stage: stage.clone(), ..seen.clone() })
                }
                Next::End(_) => document.rotations.remove(name),
            };
            Ok(())
        })
    }

    fn change(&mut self, edit: impl FnOnce(&mut Document) -> Result<(), VaultError>) -> Result<(), VaultError> {
        let gone = || VaultError::Gone { vault: self.paths.vault.clone() };
        folder::make(&self.paths.vault)?;
        let _lock = Lock::take(&self.paths.vault, self.patience)?;
        let (mut document, identity) = read(&self.paths, &self.passphrase)?.ok_or_else(gone)?;
        edit(&mut document)?;
        document.declare_schema();
        self.replace(&document, &identity)?;
        self.document = document;
        Ok(())
    }
}

/// Who sets or removes a secret while it is rotated would have it put back by the rotation.
pub(super) fn refuse_while_rotating(document: &Document, name: &SecretName) -> Result<(), VaultError> {
    match document.rotations.get(name) {
        None => Ok(()),
        Some(open) => Err(VaultError::RotationOpen { name: name.clone(), by: open.by.clone(), begun: open.begun }),
    }
}
