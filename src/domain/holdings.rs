//! What a store of secrets holds and what a project needs of it: everything but the values.

use std::{collections::BTreeSet, fmt};

use jiff::Timestamp;

use super::{name::SecretName, recipe::Recipe, reference::Repository};

/// Where a secret is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StoreKind {
    /// The age file of this machine.
    #[default]
    Vault,
    /// Taskcluster's Secrets service.
    Taskcluster,
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vault => "vault",
            Self::Taskcluster => "taskcluster",
        })
    }
}

/// A secret that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub name: SecretName,
    pub store: StoreKind,
    pub keys: Vec<Key>,
    /// The only repositories it may be used for.
    pub bindings: BTreeSet<Repository>,
    pub set: Timestamp,
    /// `user@host`.
    pub by: String,
    /// When the store gives it no more; `None` where it does not know an end.
    pub expires: Option<Timestamp>,
}

/// A place in a secret's document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// A JSON pointer.
    pub at: String,
    /// Of the string that is there.
    pub fingerprint: Option<String>,
}

/// A secret that images need, there or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed {
    pub name: SecretName,
    pub store: StoreKind,
    pub recipe: Recipe,
    pub images: Vec<String>,
    pub repositories: BTreeSet<Repository>,
}

/// How the key of a vault can be kept, the recommended way first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKept {
    Passphrase,
    Ssh,
    Plain,
}

impl KeyKept {
    pub const ALL: [Self; 3] = [Self::Passphrase, Self::Ssh, Self::Plain];

    /// As somebody chooses.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Passphrase => {
                "in a file under a passphrase, which you type whenever the vault is needed (recommended)"
            }
            Self::Ssh => "as your SSH key",
            Self::Plain => "in a plain file: good against other users, not against whoever reads your files",
        }
    }
}
