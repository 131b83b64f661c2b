//! The keys that open the vault, and whom it is encrypted to.

use std::path::Path;

use super::{
    error::VaultError,
    identity_file::{Content, IdentityFile, Key, ssh_recipient},
    passphrase::Passphrase,
};

/// The keys of an identity, and whom to encrypt to so that each of them can read.
pub(super) struct Identity {
    pub keys: Vec<Box<dyn age::Identity + Send + Sync>>,
    pub recipients: Vec<Box<dyn age::Recipient + Send>>,
}

impl Identity {
    /// Reads an identity and unlocks it; `None` when there is none.
    pub fn load(path: &Path, passphrase: &Passphrase) -> Result<Option<Self>, VaultError> {
        let Some(file) = IdentityFile::read(path)? else { return Ok(None) };
        let key = match file.content() {
            Content::Open(key) => key.clone(),
            Content::LockedAge | Content::LockedSsh(_) => passphrase.unlock(&file)?,
        };
        let bad = |why| VaultError::BadIdentity { identity: file.path().to_owned(), why };
        Self::of(key).map(Some).map_err(bad)
    }

    fn of(key: Key) -> Result<Self, String> {
        let text = match key {
            Key::Age(text) => text,
            Key::Ssh(key) => {
                let recipient = ssh_recipient(&key)?;
                return Ok(Self { keys: vec![Box::new(key)], recipients: vec![Box::new(recipient)] });
            }
        };
        // age names the line and shows nothing of it.
        let file = age::IdentityFile::from_buffer(text.as_slice()).map_err(|error| error.to_string())?;
        let recipients = file.to_recipients().map_err(|_| "it holds no key".to_owned())?;
        let keys = file.into_identities().map_err(|_| "it holds no key".to_owned())?;
        if keys.is_empty() {
            return Err("it holds no key".to_owned());
        }
        Ok(Self { keys, recipients })
    }
}

#[cfg(test)]
mod tests;
