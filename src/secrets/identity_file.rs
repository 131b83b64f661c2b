//! The file that the vault's key is in, of whichever kind: what it holds is told by its content, as `age -i` does.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Read as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use age::{
    DecryptError, Decryptor,
    armor::ArmoredReader,
    ssh::{self, EncryptedKey, ParseRecipientKeyError, UnsupportedKey},
};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{error::VaultError, folder};

/// The most work that an identity may ask for, as a power of two: what `age` itself takes. It writes 18.
const MOST_WORK: u8 = 22;

/// How the key of a vault is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityKind {
    /// An age identity that whoever reads the file can use.
    Plain,
    /// An age identity, encrypted under a passphrase as `age -p` does.
    Passphrase,
    /// An SSH key, which stays where it is.
    Ssh { key: PathBuf, passphrase: bool },
}

impl IdentityKind {
    /// How the identity at this path is kept; `None` when there is none. Nobody is asked for a passphrase.
    ///
    /// # Errors
    /// When it is no identity, or not one that may be used.
    pub fn of(identity: &Path) -> Result<Option<Self>, VaultError> {
        Ok(IdentityFile::read(identity)?.map(|file| file.kind()))
    }

    /// Somebody, or the process that started this one, must give a passphrase.
    #[must_use]
    pub fn needs_passphrase(&self) -> bool {
        matches!(self, Self::Passphrase | Self::Ssh { passphrase: true, .. })
    }
}

impl fmt::Display for IdentityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain => f.write_str("a plain file"),
            Self::Passphrase => f.write_str("a file under a passphrase"),
            Self::Ssh { key, passphrase: true } => write!(f, "the SSH key {}, under a passphrase", key.display()),
            Self::Ssh { key, passphrase: false } => write!(f, "the SSH key {}", key.display()),
        }
    }
}

/// A key that is ready for use.
#[derive(Clone)]
pub(super) enum Key {
    /// In age's own text format.
    Age(Zeroizing<Vec<u8>>),
    Ssh(ssh::Identity),
}

/// An identity as it was read.
pub(super) struct IdentityFile {
    /// The file itself, where the vault's own is but a link to it.
    path: PathBuf,
    bytes: Zeroizing<Vec<u8>>,
    content: Content,
}

pub(super) enum Content {
    Open(Key),
    LockedAge,
    LockedSsh(EncryptedKey),
}

/// Why a passphrase did not unlock a key.
pub(super) enum NotUnlocked {
    Wrong,
    Bad(String),
}

impl IdentityFile {
    /// Reads an identity; `None` when there is none.
    pub fn read(path: &Path) -> Result<Option<Self>, VaultError> {
        let identity = path;
        let link = fs::read_link(identity).ok().map(|key| folder::of(identity).join(key));
        let path = link.clone().unwrap_or_else(|| identity.to_owned());
        let mut file = match (File::open(&path), link) {
            (Ok(file), _) => file,
            (Err(error), link) if error.kind() == io::ErrorKind::NotFound => {
                return link.map_or(Ok(None), |key| Err(VaultError::KeyGone { identity: identity.to_owned(), key }));
            }
            (Err(error), _) => return Err(VaultError::io("read", &path)(error)),
        };
        let metadata = file.metadata().map_err(VaultError::io("read", &path))?;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(VaultError::Exposed { identity: path, mode });
        }
        // Room for all of it and the read that finds the end: growing would leave unwiped copies.
        let size = usize::try_from(metadata.len()).unwrap_or_default();
        let mut bytes = Zeroizing::new(Vec::with_capacity(size + 32));
        file.read_to_end(&mut bytes).map_err(VaultError::io("read", &path))?;
        match Content::of(&bytes) {
            Ok(content) => Ok(Some(Self { path, bytes, content })),
            Err(why) => Err(VaultError::BadIdentity { identity: path, why }),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn bytes(&self) -> &Zeroizing<Vec<u8>> {
        &self.bytes
    }

    pub fn content(&self) -> &Content {
        &self.content
    }

    pub fn kind(&self) -> IdentityKind {
        match self.content {
            Content::Open(Key::Age(_)) => IdentityKind::Plain,
            Content::LockedAge => IdentityKind::Passphrase,
            Content::Open(Key::Ssh(_)) => IdentityKind::Ssh { key: self.path.clone(), passphrase: false },
            Content::LockedSsh(_) => IdentityKind::Ssh { key: self.path.clone(), passphrase: true },
        }
    }

    pub fn unlock(&self, passphrase: &SecretString) -> Result<Key, NotUnlocked> {
        match &self.content {
            Content::Open(key) => Ok(key.clone()),
            Content::LockedSsh(key) => {
                let key = key.decrypt(passphrase.clone()).map_err(|_| NotUnlocked::Wrong)?;
                Ok(Key::Ssh(key.into()))
            }
            Content::LockedAge => self.decrypt(passphrase),
        }
    }

    fn decrypt(&self, passphrase: &SecretString) -> Result<Key, NotUnlocked> {
        let bad = |why: &str| NotUnlocked::Bad(why.to_owned());
        let damaged = || bad("it is damaged");
        let decryptor = Decryptor::new(ArmoredReader::new(self.bytes.as_slice())).map_err(|_| damaged())?;
        if !decryptor.is_scrypt() {
            return Err(bad("it is encrypted to another key, and not under a passphrase"));
        }
        let mut key = age::scrypt::Identity::new(passphrase.clone());
        key.set_max_work_factor(MOST_WORK);
        let mut stream = decryptor.decrypt([&key as &dyn age::Identity].into_iter()).map_err(|error| match error {
            DecryptError::DecryptionFailed => NotUnlocked::Wrong,
            DecryptError::ExcessiveWork { .. } => bad("to open it would take minutes of work (scrypt)"),
            _ => damaged(),
        })?;
        // The text is shorter than its encrypted form: the buffer never grows.
        let mut text = Zeroizing::new(Vec::with_capacity(self.bytes.len()));
        stream.read_to_end(&mut text).map_err(|_| damaged())?;
        Ok(Key::Age(text))
    }
}

impl Content {
    fn of(bytes: &Zeroizing<Vec<u8>>) -> Result<Self, String> {
        let begins = |text: &str| bytes.starts_with(text.as_bytes());
        if begins("age-encryption.org/") || begins("-----BEGIN AGE ENCRYPTED FILE-----") {
            return Ok(Self::LockedAge);
        }
        if begins("ssh-") {
            return Err("it is the public half of an SSH key".to_owned());
        }
        if !begins("-----BEGIN OPENSSH PRIVATE KEY-----") && !begins("-----BEGIN RSA PRIVATE KEY-----") {
            return Ok(Self::Open(Key::Age(bytes.clone())));
        }
        let key = ssh::Identity::from_buffer(bytes.as_slice(), None)
            .map_err(|_| "it begins as an SSH key, and is none".to_owned())?;
        ssh_recipient(&key)?;
        Ok(match key {
            ssh::Identity::Encrypted(key) => Self::LockedSsh(key),
            key => Self::Open(Key::Ssh(key)),
        })
    }
}

/// Whom to encrypt to so that this key can read. An SSH key tells it without its passphrase.
pub(super) fn ssh_recipient(key: &ssh::Identity) -> Result<ssh::Recipient, String> {
    match key {
        ssh::Identity::Unsupported(UnsupportedKey::EncryptedPem) => {
            return Err("it is in an old format; `ssh-keygen -p -f` on it brings it into the present one".to_owned());
        }
        ssh::Identity::Unsupported(UnsupportedKey::EncryptedSsh(cipher)) => {
            return Err(format!("it is encrypted with {cipher}, which is not known here"));
        }
        ssh::Identity::Unsupported(UnsupportedKey::Hardware(kind)) => {
            return Err(format!("it is kept in a device ({kind}), which signs and does not decrypt"));
        }
        _ => {}
    }
    let recipient = ssh::Recipient::try_from(key.clone());
    // age refuses weak keys where it reads their public half, and there alone.
    let recipient = recipient.and_then(|recipient| recipient.to_string().parse());
    recipient.map_err(|error| match error {
        ParseRecipientKeyError::Unsupported(kind) => format!("it is an SSH key of the kind {kind}"),
        ParseRecipientKeyError::RsaModulusTooSmall => "it is an RSA key of fewer than 2048 bits".to_owned(),
        ParseRecipientKeyError::RsaModulusTooLarge => "it is an RSA key of more than 4096 bits".to_owned(),
        _ => "it is an SSH key that cannot be read".to_owned(),
    })
}
