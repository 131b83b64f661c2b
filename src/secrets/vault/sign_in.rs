//! Sign-ins in the vault: credentials for Taskcluster deployments, each for its own.

use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::{Vault, VaultError};
use crate::domain::{permission::MayWrite, root_url::RootUrl};

/// What a sign-in at a deployment gave.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub client_id: String,
    #[serde(with = "token")]
    pub access_token: SecretString,
    pub made: Timestamp,
    /// `user@host`.
    pub by: String,
}

/// A token in JSON, on memory that is wiped.
mod token {
    use secrecy::{ExposeSecret as _, SecretString};
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    use crate::domain::document::SecretValue;

    pub fn serialize<S: Serializer>(token: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(token.expose_secret())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
        match SecretValue::deserialize(deserializer)? {
            SecretValue::String(token) => Ok(token),
            _ => Err(de::Error::custom("a token is a string")),
        }
    }
}

impl Vault {
    /// The sign-in at this deployment.
    pub fn sign_in(&self, root: &RootUrl) -> Option<&SignIn> {
        self.document.sign_ins.get(root)
    }

    /// Keeps a sign-in, in the place of an older one at the same deployment. Where there is no vault yet, it is made.
    ///
    /// # Errors
    /// As [`Self::set`].
    pub fn keep_sign_in(&mut self, root: RootUrl, sign_in: SignIn, _: MayWrite) -> Result<(), VaultError> {
        self.change(sign_in.made, |document| {
            document.sign_ins.insert(root, sign_in);
            Ok(())
        })
    }

    /// Drops a sign-in. `at`: now.
    ///
    /// # Errors
    /// As [`Self::set`].
    pub fn forget_sign_in(&mut self, root: &RootUrl, at: Timestamp, _: MayWrite) -> Result<(), VaultError> {
        self.change(at, |document| {
            document.sign_ins.remove(root);
            Ok(())
        })
    }
}
