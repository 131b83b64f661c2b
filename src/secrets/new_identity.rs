//! The identity of a vault that is about to be made.

use std::{
    io::{self, Write as _},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use age::{
    Encryptor,
    armor::{ArmoredWriter, Format},
    x25519,
};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::{
    error::VaultError,
    folder,
    identity::Identity,
    identity_file::{IdentityFile, IdentityKind},
    passphrase::Passphrase,
};

/// The fewest characters of a new passphrase: whoever has a copy of the file can try them at leisure.
pub(super) const SHORTEST_PASSPHRASE: usize = 8;

/// The work that each try of a passphrase costs, as a power of two: what `age -p` takes, about a second and 256 MiB.
const WORK: u8 = 18;

/// How the key of a new vault is to be kept.
#[derive(Debug)]
pub struct NewIdentity(How);

#[derive(Debug)]
enum How {
    Plain,
    Passphrase(SecretString),
    Ssh(PathBuf),
}

impl NewIdentity {
    /// A new key in a file that is not protected but by its mode.
    pub fn plain() -> Self {
        Self(How::Plain)
    }

    /// A new key in a file under this passphrase.
    ///
    /// # Errors
    /// When it has fewer than eight characters.
    pub fn under(passphrase: SecretString) -> Result<Self, VaultError> {
        if passphrase.expose_secret().chars().count() < SHORTEST_PASSPHRASE {
            return Err(VaultError::WeakPassphrase);
        }
        Ok(Self(How::Passphrase(passphrase)))
    }

    /// The SSH key at this path, which stays there. It is unlocked, to see that it can be.
    ///
    /// # Errors
    /// When there is no private key there that can be used.
    pub fn ssh(key: &Path, passphrase: &Passphrase) -> Result<Self, VaultError> {
        let key = std::path::absolute(key).map_err(VaultError::io("read", key))?;
        let unfit = |why: &str| VaultError::UnfitKey { key: key.clone(), why: why.to_owned() };
        let kind = match IdentityFile::read(&key) {
            Ok(Some(file)) => file.kind(),
            Ok(None) => return Err(unfit("there is no such file")),
            Err(VaultError::BadIdentity { why, .. }) => return Err(unfit(&why)),
            Err(other) => return Err(other),
        };
        if !matches!(kind, IdentityKind::Ssh { .. }) {
            return Err(unfit("it is no SSH private key"));
        }
        Identity::load(&key, passphrase)?;
        Ok(Self(How::Ssh(key)))
    }

    /// The passphrase that the new identity will want, where that is known.
    pub(super) fn passphrase(&self) -> Option<&SecretString> {
        match &self.0 {
            How::Passphrase(passphrase) => Some(passphrase),
            How::Plain | How::Ssh(_) => None,
        }
    }

    /// Makes the identity at this path. Never replaces one.
    pub(super) fn make(&self, path: &Path, now: Timestamp) -> Result<(), VaultError> {
        folder::make(path)?;
        let made = match &self.0 {
            How::Plain => write(path, new_key(now).as_bytes()),
            How::Passphrase(passphrase) => {
                let locked = lock(new_key(now).as_bytes(), passphrase)
                    .map_err(|why| VaultError::NotEncrypted { why: why.to_string() })?;
                write(path, &locked)
            }
            // A link is all that is needed: `age -d -i` follows it too.
            How::Ssh(key) => symlink(key, path),
        };
        made.map_err(VaultError::io("write", path))?;
        folder::sync(path)
    }
}

/// A new key, as `age-keygen` writes it.
fn new_key(now: Timestamp) -> Zeroizing<String> {
    let key = x25519::Identity::generate();
    Zeroizing::new(format!(
        "# created: {now:.0}\n# public key: {}\n{}\n",
        key.to_public(),
        key.to_string().expose_secret()
    ))
}

/// Encrypts under a passphrase, as `age --passphrase --armor` does.
fn lock(text: &[u8], passphrase: &SecretString) -> io::Result<Vec<u8>> {
    let mut recipient = age::scrypt::Recipient::new(passphrase.clone());
    recipient.set_work_factor(WORK);
    let encryptor =
        Encryptor::with_recipients([&recipient as &dyn age::Recipient].into_iter()).map_err(io::Error::other)?;
    let mut locked = Vec::new();
    let mut stream = encryptor.wrap_output(ArmoredWriter::wrap_output(&mut locked, Format::AsciiArmor)?)?;
    stream.write_all(text)?;
    stream.finish()?.finish()?;
    Ok(locked)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = NamedTempFile::with_prefix_in(".identity-", folder::of(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path)?;
    Ok(())
}
