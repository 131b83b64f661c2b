//! Secrets of registries: where they are kept, what they may be used for, and what is refused as one.

mod entry;
mod error;
mod fingerprint;
mod folder;
mod identity;
mod lock;
mod sealed;
mod strength;
mod vault;

pub use entry::{Entry, SecretError};
pub use error::VaultError;
pub use fingerprint::Fingerprint;
pub use strength::{WeakSecret, check_strength, trim_newline};
pub use vault::{OpenRotation, Vault, VaultPaths};
