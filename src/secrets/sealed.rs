//! The vault's document and its encrypted form: a plain age file that `age -d -i identity.txt` opens.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    path::Path,
};

use age::{DecryptError, Decryptor, Encryptor};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{
    entry::Entry,
    error::VaultError,
    fingerprint::FingerprintKey,
    identity::Identity,
    vault::{OpenRotation, SignIn, VaultPaths},
};
use crate::domain::{document::wiped_json, holdings::StoreKind, name::SecretName, root_url::RootUrl};

/// A vault at rest.
const SCHEMA: &str = "windlass.vault/1";

/// A vault with an open rotation, which a windlass that knows none must not write. Without one it is `SCHEMA` again.
const SCHEMA_ROTATING: &str = "windlass.vault/2";

/// A vault with something of a Taskcluster deployment, which a windlass that knows none must not write either: a sign-in,
/// or the open rotation of a secret that is kept there.
const SCHEMA_CLUSTER: &str = "windlass.vault/3";

/// What the vault holds, as JSON. Keys that this version does not know are refused, since writing would lose them.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    schema: String,
    pub fingerprint_key: FingerprintKey,
    pub secrets: BTreeMap<SecretName, Entry>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rotations: BTreeMap<SecretName, OpenRotation>,
    /// Of secrets that Taskcluster deployments keep: one of the vault's may have the same name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub elsewhere: BTreeMap<RootUrl, BTreeMap<SecretName, OpenRotation>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sign_ins: BTreeMap<RootUrl, SignIn>,
}

#[derive(Deserialize)]
struct Head {
    schema: String,
}

impl Document {
    pub fn empty(fingerprint_key: FingerprintKey) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            fingerprint_key,
            secrets: BTreeMap::new(),
            rotations: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
            sign_ins: BTreeMap::new(),
        }
    }

    /// The open rotation of a secret that is kept there.
    pub fn rotation(&self, store: &StoreKind, name: &SecretName) -> Option<&OpenRotation> {
        match store {
            StoreKind::Vault => self.rotations.get(name),
            StoreKind::Taskcluster(root) => self.elsewhere.get(root)?.get(name),
        }
    }

    /// What its rotation is from now on; `None` where it has ended.
    pub fn set_rotation(&mut self, store: &StoreKind, name: &SecretName, rotation: Option<OpenRotation>) {
        let rotations = match store {
            StoreKind::Vault => &mut self.rotations,
            StoreKind::Taskcluster(root) => self.elsewhere.entry(root.clone()).or_default(),
        };
        match rotation {
            Some(rotation) => rotations.insert(name.clone(), rotation),
            None => rotations.remove(name),
        };
        self.elsewhere.retain(|_, rotations| !rotations.is_empty());
    }

    /// Says who may write this, after a change of what it has.
    pub fn declare_schema(&mut self) {
        let schema = match (self.rotations.is_empty(), self.elsewhere.is_empty() && self.sign_ins.is_empty()) {
            (_, false) => SCHEMA_CLUSTER,
            (false, true) => SCHEMA_ROTATING,
            (true, true) => SCHEMA,
        };
        schema.clone_into(&mut self.schema);
    }

    pub fn to_plaintext(&self) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let not_encrypted = |error: serde_json::Error| VaultError::NotEncrypted { why: error.to_string() };
        let mut plaintext = wiped_json(self).map_err(not_encrypted)?;
        plaintext.push(b'\n');
        Ok(plaintext)
    }

    pub fn from_plaintext(plaintext: &[u8], vault: &Path) -> Result<Self, VaultError> {
        // serde_json's own message may quote the value it stumbled over.
        let damaged = |error: serde_json::Error| VaultError::Damaged {
            vault: vault.to_owned(),
            why: format!(
                "it decrypts, but not to a document of {SCHEMA} (line {}, column {})",
                error.line(),
                error.column()
            ),
        };
        let Head { schema } = serde_json::from_slice(plaintext).map_err(damaged)?;
        if ![SCHEMA, SCHEMA_ROTATING, SCHEMA_CLUSTER].contains(&schema.as_str()) {
            let schema = crate::log::sanitise::plain(&schema);
            return Err(if schema.starts_with("windlass.vault/") {
                VaultError::Newer { vault: vault.to_owned(), schema }
            } else {
                VaultError::Damaged { vault: vault.to_owned(), why: format!("its schema is `{schema}`, not {SCHEMA}") }
            });
        }
        serde_json::from_slice(plaintext).map_err(damaged)
    }
}

/// Encrypts to every key of the identity.
pub(super) fn seal(plaintext: &[u8], identity: &Identity) -> Result<Vec<u8>, VaultError> {
    let not_encrypted = |why: String| VaultError::NotEncrypted { why };
    let recipients = identity.recipients.iter().map(|recipient| &**recipient as &dyn age::Recipient);
    let encryptor = Encryptor::with_recipients(recipients).map_err(|error| not_encrypted(error.to_string()))?;
    let mut sealed = Vec::new();
    let write = || {
        let mut stream = encryptor.wrap_output(&mut sealed)?;
        stream.write_all(plaintext)?;
        stream.finish()
    };
    write().map_err(|error| not_encrypted(error.to_string()))?;
    Ok(sealed)
}

/// Decrypts with any key of the identity.
pub(super) fn unseal(sealed: &[u8], identity: &Identity, paths: &VaultPaths) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let damaged = |why: &str| VaultError::Damaged { vault: paths.vault.clone(), why: why.to_owned() };
    let keys = identity.keys.iter().map(|key| &**key as &dyn age::Identity);
    let decryptor = Decryptor::new_buffered(sealed).map_err(|error| match error {
        DecryptError::UnknownFormat => damaged("it is of a version of age's format that is not known here"),
        DecryptError::Io(_) => damaged("it ends within its header"),
        _ => damaged("it is no age file"),
    })?;
    let mut stream = decryptor.decrypt(keys).map_err(|error| match error {
        DecryptError::NoMatchingKeys => {
            VaultError::WrongIdentity { vault: paths.vault.clone(), identity: paths.identity.clone() }
        }
        _ => damaged("its header was changed"),
    })?;
    // The plaintext is shorter than its encrypted form: the buffer never grows.
    let mut plaintext = Zeroizing::new(Vec::with_capacity(sealed.len()));
    stream.read_to_end(&mut plaintext).map_err(|_| damaged("it ends too early, or bytes of it were changed"))?;
    Ok(plaintext)
}
