//! What can be wrong with a vault, in the maintainer's words.

use std::{io, path::PathBuf};

use crate::domain::{failure::Failure, finding::CheckId};

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
    #[error("what was written beside {} does not read back as it was written", vault.display())]
    NotReadBack { vault: PathBuf },
    #[error("the secret cannot be encrypted: {why}")]
    NotEncrypted { why: String },
    #[error("failed to {doing} {}: {source}", path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
}

impl VaultError {
    /// An error of the file system, for `map_err`.
    pub(super) fn io(doing: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
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
            VaultError::Exposed { identity, .. } => Self::not_allowed(
                "the identity of the vault is not used",
                why,
                format!("chmod 600 {}; if others may have read it, rotate the secrets", identity.display()),
            ),
            VaultError::BadIdentity { .. } => Self::usage(
                unread,
                why,
                "put a plain age identity there (AGE-SECRET-KEY-1…, as age-keygen writes it): the one that the vault was \
                 encrypted to",
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
