//! The age identity that opens the vault: a file in age's own text format.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use age::{IdentityFile, x25519};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use tempfile::NamedTempFile;
use zeroize::Zeroizing;

use super::{error::VaultError, folder};

/// The keys of an identity file, and whom to encrypt to so that each of them can read.
pub(super) struct Identity {
    pub keys: Vec<Box<dyn age::Identity + Send + Sync>>,
    pub recipients: Vec<Box<dyn age::Recipient + Send>>,
}

impl Identity {
    /// Reads an identity file; `None` when there is none.
    pub fn load(path: &Path) -> Result<Option<Self>, VaultError> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(VaultError::io("read", path)(error)),
        };
        let metadata = file.metadata().map_err(VaultError::io("read", path))?;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(VaultError::Exposed { identity: path.to_owned(), mode });
        }
        // Room for all of it and the read that finds the end: growing would leave unwiped copies.
        let size = usize::try_from(metadata.len()).unwrap_or_default();
        let mut text = Zeroizing::new(Vec::with_capacity(size + 32));
        file.read_to_end(&mut text).map_err(VaultError::io("read", path))?;
        Self::parse(&text).map(Some).map_err(|why| VaultError::BadIdentity { identity: path.to_owned(), why })
    }

    fn parse(text: &[u8]) -> Result<Self, String> {
        if text.starts_with(b"age-encryption.org/") || text.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----") {
            return Err("it is protected by a passphrase".to_owned());
        }
        if text.starts_with(b"-----BEGIN OPENSSH PRIVATE KEY-----") {
            return Err("it is an SSH key".to_owned());
        }
        // age names the line and shows nothing of it.
        let file = IdentityFile::from_buffer(text).map_err(|error| error.to_string())?;
        let no_key = |_| "it holds no key".to_owned();
        let recipients = file.to_recipients().map_err(no_key)?;
        let keys = file.into_identities().map_err(|_| "it holds no key".to_owned())?;
        if keys.is_empty() {
            return Err("it holds no key".to_owned());
        }
        Ok(Self { keys, recipients })
    }

    /// Makes a new identity file, as `age-keygen` writes it. Never replaces one.
    pub fn create(path: &Path, now: Timestamp) -> Result<(), VaultError> {
        let key = x25519::Identity::generate();
        let text = Zeroizing::new(format!(
            "# created: {now:.0}\n# public key: {}\n{}\n",
            key.to_public(),
            key.to_string().expose_secret()
        ));
        folder::make(path)?;
        let write = || {
            let mut file = NamedTempFile::with_prefix_in(".identity-", folder::of(path))?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist_noclobber(path)?;
            io::Result::Ok(())
        };
        write().map_err(VaultError::io("write", path))?;
        folder::sync(path)
    }
}
