//! The local store of secrets: one encrypted file, replaced as a whole by each change.

use std::{
    collections::BTreeSet,
    fmt, fs,
    io::{self, Write as _},
    path::PathBuf,
    time::Duration,
};

use jiff::Timestamp;
use secrecy::SecretString;
use tempfile::NamedTempFile;

use super::{
    entry::Entry,
    error::VaultError,
    fingerprint::{Fingerprint, FingerprintKey},
    folder,
    identity::Identity,
    identity_file::IdentityKind,
    lock::Lock,
    new_identity::NewIdentity,
    passphrase::Passphrase,
    sealed::{self, Document},
};
use crate::domain::{
    document::SecretValue, holdings::StoreKind, name::SecretName, permission::MayWrite, recipe::Recipe,
    reference::Repository,
};

mod rotation;
mod sign_in;

pub use rotation::OpenRotation;
pub use sign_in::SignIn;

/// How long a change waits for another process that is changing the vault. A change takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the vault and what opens it are.
#[derive(Clone, Debug)]
pub struct VaultPaths {
    /// The age file.
    pub vault: PathBuf,
    /// The age identity that it is encrypted to, or a link to an SSH key. Best in another folder, so that a copy of
    /// one is not a copy of both.
    pub identity: PathBuf,
}

/// The secrets as they were read; each change reads the file again, so that two processes lose nothing.
pub struct Vault {
    paths: VaultPaths,
    passphrase: Passphrase,
    new_identity: NewIdentity,
    document: Document,
    on_disk: bool,
    patience: Duration,
}

impl Vault {
    /// Reads the vault. Where neither file exists it is empty, and both are made by the first [`Self::set`].
    ///
    /// # Errors
    /// When only one of the files exists, when they do not belong together, when the identity is open to others or
    /// stays locked, and when the vault is damaged or newer than this program.
    pub fn open(paths: VaultPaths, passphrase: &Passphrase) -> Result<Self, VaultError> {
        Self::open_waiting(paths, passphrase, PATIENCE)
    }

    /// The same; `None` where somebody would be asked for a passphrase.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_unasked(paths: VaultPaths, passphrase: &Passphrase) -> Result<Option<Self>, VaultError> {
        if Self::asks(&paths, passphrase)? { Ok(None) } else { Self::open(paths, passphrase).map(Some) }
    }

    /// Whether somebody would be asked for a passphrase if it were opened now.
    ///
    /// # Errors
    /// When the identity is none, or not one that may be used.
    pub fn asks(paths: &VaultPaths, passphrase: &Passphrase) -> Result<bool, VaultError> {
        let kind = IdentityKind::of(&paths.identity)?;
        Ok(kind.is_some_and(|kind| kind.needs_passphrase()) && passphrase.asks())
    }

    fn open_waiting(paths: VaultPaths, passphrase: &Passphrase, patience: Duration) -> Result<Self, VaultError> {
        let mut stored = read(&paths, passphrase);
        if let Err(VaultError::NoVault { .. } | VaultError::NoIdentity { .. }) = stored {
            // A first write makes one file after the other.
            let _lock = Lock::take_existing(&paths.vault, patience)?;
            stored = read(&paths, passphrase);
        }
        let stored = stored?;
        let on_disk = stored.is_some();
        let document = match stored {
            Some((document, _)) => document,
            None => Document::empty(new_fingerprint_key(&paths)?),
        };
        let passphrase = passphrase.clone();
        Ok(Self { paths, passphrase, new_identity: NewIdentity::plain(), document, on_disk, patience })
    }

    /// How the key is kept, should the first [`Self::set`] have to make one: in a plain file where this was not said.
    pub fn keep_key(&mut self, new: NewIdentity) {
        if let Some(passphrase) = new.passphrase() {
            self.passphrase = self.passphrase.knowing(passphrase.clone());
        }
        self.new_identity = new;
    }

    /// The vault is on the disk: at least one secret was set.
    pub fn exists(&self) -> bool {
        self.on_disk
    }

    pub fn names(&self) -> Vec<SecretName> {
        self.document.secrets.keys().cloned().collect()
    }

    pub fn get(&self, name: &SecretName) -> Option<&Entry> {
        self.document.secrets.get(name)
    }

    /// Stores a secret for these repositories alone, and keeps the others. Waits for another process that is
    /// writing, at most ten seconds.
    ///
    /// # Errors
    /// As [`Self::open`], while the secret is being rotated, and when the new file cannot be written or does not read
    /// back; the old one then stays.
    pub fn set(
        &mut self,
        name: SecretName,
        document: SecretValue,
        bindings: BTreeSet<Repository>,
        at: Timestamp,
        by: String,
        _: MayWrite,
    ) -> Result<(), VaultError> {
        self.change(at, |changed| {
            rotation::refuse_while_rotating(changed, &StoreKind::Vault, &name)?;
            changed.secrets.insert(name, Entry { document, bindings, set: Some(at), by: Some(by), expires: None });
            Ok(())
        })
    }

    /// Removes a secret; false when there is none of that name.
    ///
    /// # Errors
    /// As [`Self::set`].
    pub fn remove(&mut self, name: &SecretName, _: MayWrite) -> Result<bool, VaultError> {
        // Where nothing was ever written there is no folder for a lock either.
        if !self.on_disk && read(&self.paths, &self.passphrase)?.is_none() {
            return Ok(false);
        }
        let _lock = Lock::take(&self.paths.vault, self.patience)?;
        let Some((mut changed, identity)) = self.read_again()? else { return Ok(false) };
        rotation::refuse_while_rotating(&changed, &StoreKind::Vault, name)?;
        let removed = changed.secrets.remove(name).is_some();
        if removed {
            self.replace(&changed, &identity)?;
        }
        self.document = changed;
        self.on_disk = true;
        Ok(removed)
    }

    /// Names a value under this vault's key. The key of a vault that does not [exist](Self::exists) yet is new
    /// each time it is opened.
    pub fn fingerprint(&self, value: &SecretString) -> Fingerprint {
        self.document.fingerprint_key.fingerprint(value)
    }

    /// The names of all values that the recipe marks in this document, as [`Self::fingerprint`] gives them.
    pub fn fingerprints(&self, recipe: &Recipe, document: &SecretValue) -> Vec<Fingerprint> {
        recipe.marked(document).into_iter().map(|value| self.fingerprint(value)).collect()
    }

    /// One change of what is on the disk now; where nothing is there yet, both files are made.
    fn change(
        &mut self,
        at: Timestamp,
        edit: impl FnOnce(&mut Document) -> Result<(), VaultError>,
    ) -> Result<(), VaultError> {
        folder::make(&self.paths.vault)?;
        let _lock = Lock::take(&self.paths.vault, self.patience)?;
        let stored = self.read_again()?;
        let mut changed = stored.as_ref().map_or_else(|| self.document.clone(), |(document, _)| document.clone());
        edit(&mut changed)?;
        changed.declare_schema();
        match stored {
            Some((_, identity)) => self.replace(&changed, &identity)?,
            None => self.create(&changed, at)?,
        }
        self.document = changed;
        self.on_disk = true;
        Ok(())
    }

    fn read_again(&self) -> Result<Option<(Document, Identity)>, VaultError> {
        let stored = read(&self.paths, &self.passphrase)?;
        if stored.is_none() && self.on_disk {
            return Err(VaultError::Gone { vault: self.paths.vault.clone() });
        }
        Ok(stored)
    }

    fn replace(&self, document: &Document, identity: &Identity) -> Result<(), VaultError> {
        let path = &self.paths.vault;
        self.stage(document, identity)?.persist(path).map_err(|error| VaultError::io("write", path)(error.error))?;
        folder::sync(path)
    }

    fn create(&self, document: &Document, at: Timestamp) -> Result<(), VaultError> {
        let VaultPaths { vault, identity } = &self.paths;
        self.new_identity.make(identity, at)?;
        let write = || {
            // Read back from its file: that is what will have to open the vault.
            let stored = Identity::load(identity, &self.passphrase)?;
            let stored = stored.ok_or_else(|| VaultError::Gone { vault: vault.clone() })?;
            let staged = self.stage(document, &stored)?;
            staged.persist_noclobber(vault).map_err(|error| VaultError::io("write", vault)(error.error))?;
            folder::sync(vault)
        };
        write().inspect_err(|_| {
            // It was made a moment ago and opens nothing. Where it cannot be removed either, the next run
            // says that it is there without a vault.
            if !vault.exists() {
                fs::remove_file(identity).ok();
            }
        })
    }

    /// The new vault beside the old one: written, synced, and read back as whoever opens it will.
    fn stage(&self, document: &Document, identity: &Identity) -> Result<NamedTempFile, VaultError> {
        let path = &self.paths.vault;
        let plaintext = document.to_plaintext()?;
        let sealed = sealed::seal(&plaintext, identity)?;
        let write = || {
            let mut file = NamedTempFile::with_prefix_in(".vault-", folder::of(path))?;
            file.write_all(&sealed)?;
            file.as_file().sync_all()?;
            let back = fs::read(file.path())?;
            io::Result::Ok((file, back))
        };
        let (file, back) = write().map_err(VaultError::io("write beside", path))?;
        if *sealed::unseal(&back, identity, &self.paths)? != *plaintext {
            return Err(VaultError::NotReadBack { vault: path.clone() });
        }
        Ok(file)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("paths", &self.paths).field("names", &self.names()).finish_non_exhaustive()
    }
}

/// Both files, or `None` when neither exists.
fn read(paths: &VaultPaths, passphrase: &Passphrase) -> Result<Option<(Document, Identity)>, VaultError> {
    let VaultPaths { vault, identity } = paths.clone();
    let sealed = match fs::read(&vault) {
        Ok(sealed) => Some(sealed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(VaultError::io("read", &vault)(error)),
    };
    match (sealed, Identity::load(&identity, passphrase)?) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(VaultError::NoIdentity { vault, identity }),
        (None, Some(_)) => Err(VaultError::NoVault { vault, identity }),
        (Some(sealed), Some(key)) => {
            let plaintext = sealed::unseal(&sealed, &key, paths)?;
            Ok(Some((Document::from_plaintext(&plaintext, &vault)?, key)))
        }
    }
}

fn new_fingerprint_key(paths: &VaultPaths) -> Result<FingerprintKey, VaultError> {
    FingerprintKey::generate().map_err(|error| VaultError::io("make a key for", &paths.vault)(error.into()))
}

#[cfg(test)]
mod tests;
