//! What can be wrong with a vault, in the maintainer's words.

use std::{
    io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::{new_identity::SHORTEST_PASSPHRASE, passphrase::Unanswered};
use crate::domain::{failure::Failure, finding::CheckId, name::SecretName};

/// Why the vault cannot be read or written. Nothing on the disk was changed.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("there is a vault at {} but no identity at {}", vault.display(), identity.display())]
    NoIdentity { vault: PathBuf, identity: PathBuf },
    #[error("there is an identity at {} but no vault at {}", identity.display(), vault.display())]
    NoVault { vault: PathBuf, identity: PathBuf },
    #[error("others can read {} (mode {mode:03o})", identity.display())]
    Exposed { identity: PathBuf, mode: u32 },
    #[error("{} is no identity that can be used: {why}", identity.display())]
    BadIdentity { identity: PathBuf, why: String },
    #[error("{} stays locked: {why}", identity.display())]
    NoPassphrase { identity: PathBuf, why: Unanswered },
    #[error("{}", wrong(identity, *tries))]
    WrongPassphrase { identity: PathBuf, tries: usize },
    #[error("it has fewer than {SHORTEST_PASSPHRASE} characters")]
    WeakPassphrase,
    #[error("{}: {why}", key.display())]
    UnfitKey { key: PathBuf, why: String },
    #[error("the identity {} is the SSH key {}, which is not there", identity.display(), key.display())]
    KeyGone { identity: PathBuf, key: PathBuf },
    #[error("{} was not encrypted to the identity at {}", vault.display(), identity.display())]
    WrongIdentity { vault: PathBuf, identity: PathBuf },
    #[error("{} is damaged: {why}", vault.display())]
    Damaged { vault: PathBuf, why: String },
    #[error("{} was written by a newer windlass ({schema})", vault.display())]
    Newer { vault: PathBuf, schema: String },
    #[error("another windlass is writing {}", vault.display())]
    Busy { vault: PathBuf },
    #[error("{} and its identity are gone since they were read", vault.display())]
    Gone { vault: PathBuf },
    #[error("{by} began to rotate it at {begun:.0}, and that has not ended")]
    RotationOpen { name: SecretName, by: String, begun: Timestamp },
    #[error("another windlass changed {name} meanwhile")]
    Overtaken { name: SecretName },
    #[error("what was written beside {} does not read back as it was written", vault.display())]
    NotReadBack { vault: PathBuf },
    #[error("the secret cannot be encrypted: {why}")]
    NotEncrypted { why: String },
    #[error("failed to {doing} {}: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
}

impl VaultError {
    /// An error of the file system, for `map_err`.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}

fn wrong(identity: &Path, tries: usize) -> String {
    match tries {
        1 => format!("the passphrase does not open {}", identity.display()),
        _ => format!("none of {tries} passphrases opens {}", identity.display()),
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        let why = error.to_string();
        let unread = "the vault cannot be read";
        match error {
            VaultError::NoIdentity { vault, identity } => Self::usage(
                unread,
                why,
                format!(
                    "restore {} from a backup; if there is none, its secrets are lost: move {} away and store them anew \
                     with windlass secret set",
                    identity.display(),
                    vault.display()
                ),
            ),
            VaultError::NoVault { vault, identity } => Self::usage(
                unread,
                why,
                format!(
                    "restore {} from a backup; if there was no secret yet, move {} away and run windlass secret set",
                    vault.display(),
                    identity.display()
                ),
            ),
            VaultError::KeyGone { identity, key } => Self::usage(
                unread,
                why,
                format!(
                    "put it back, or where it was moved: ln -sf NEW-PATH {}; without that key ({}) the secrets are lost",
                    identity.display(),
                    key.display()
                ),
            ),
            VaultError::Exposed { identity, .. } => Self::not_allowed(
                "the identity of the vault is not used",
                why,
                format!("chmod 600 {}; if others may have read it, rotate the secrets", identity.display()),
            ),
            VaultError::BadIdentity { .. } => Self::usage(
                unread,
                why,
                "put the identity there that the vault was encrypted to: a file of age-keygen, plain or under a \
                 passphrase, or an SSH key (ed25519 or RSA)",
            ),
            VaultError::NoPassphrase { why: Unanswered::Cancelled, .. } => {
                Self::cancelled("the vault was not opened", "run it again with the passphrase at hand")
            }
            VaultError::NoPassphrase { identity, .. } => Self::usage(
                "the vault needs its passphrase",
                why,
                format!(
                    "run it in a terminal; where nobody is there to type, the identity must be without a passphrase \
                     (`age -d {}` shows it, `ssh-keygen -p` takes it off an SSH key)",
                    identity.display()
                ),
            ),
            VaultError::WrongPassphrase { identity, .. } => Self::not_allowed(
                "the vault was not opened",
                why,
                format!(
                    "run it again; a passphrase that is lost cannot be found: move the vault and {} away then, and store \
                     the secrets anew with windlass secret set",
                    identity.display()
                ),
            ),
            VaultError::WeakPassphrase => {
                Self::usage("the passphrase is not taken", why, "take several words that do not belong together")
            }
            VaultError::UnfitKey { .. } => Self::usage(
                "that file cannot open the vault",
                why,
                "name an SSH private key (ed25519 or RSA) without .pub, or take a passphrase: --identity passphrase",
            ),
            VaultError::WrongIdentity { identity, .. } => Self::usage(
                unread,
                why,
                format!(
                    "put the identity that belongs to it at {}, or restore both from one backup",
                    identity.display()
                ),
            ),
            VaultError::Damaged { vault, .. } => Self::failed(
                unread,
                why,
                format!(
                    "restore {0} from a backup; without one, move {0} and its identity away and store the secrets anew \
                     with windlass secret set",
                    vault.display()
                ),
            ),
            VaultError::Newer { .. } => Self::usage(unread, why, "use that version of windlass, or a later one"),
            VaultError::Busy { .. } => Self::failed("the vault was not changed", why, "try again when it has ended"),
            VaultError::Gone { .. } => {
                Self::failed("the vault was not changed", why, "find out what moved them, put them back, and try again")
            }
            VaultError::RotationOpen { name, .. } => Self::failed(
                format!("{name} is being rotated"),
                why,
                format!(
                    "finish that: windlass secret rotate {name} --resume; or go back to the old one: windlass secret \
                     rotate {name} --rollback"
                ),
            ),
            VaultError::Overtaken { name } => Self::failed(
                "the vault was not changed",
                why,
                format!("see where it stands: windlass secret rotate {name} --status"),
            ),
            VaultError::NotReadBack { vault } => Self::failed(
                "the vault was not changed",
                why,
                format!("check the disk and file system that hold {}, and try again", vault.display()),
            ),
            VaultError::NotEncrypted { .. } => {
                Self::failed("the vault was not changed", why, "try again; if it stays so, report it with this message")
            }
            VaultError::Io { ref path, ref source, .. } => {
                let next = match source.kind() {
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                        "make room on that disk, and try again"
                    }
                    io::ErrorKind::PermissionDenied => {
                        "give your user the right to it, or set WINDLASS_HOME to a folder of yours"
                    }
                    io::ErrorKind::ReadOnlyFilesystem => "set WINDLASS_HOME to a folder that can be written",
                    _ => "see to that file or folder, and try again",
                };
                Self::failed(format!("the vault needs {}", path.display()), why, next)
            }
        }
        .explained_by(CheckId::Vault)
    }
}
