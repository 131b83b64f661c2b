//! Secrets of registries: where they are kept, what they may be used for, and what is refused as one. Beside them lie
//! the sign-ins at Taskcluster deployments.

mod entry;
mod error;
mod fingerprint;
mod folder;
mod identity;
mod identity_file;
mod lock;
mod new_identity;
mod passphrase;
mod sealed;
mod strength;
mod vault;

pub use entry::{Entry, SecretError};
pub use error::VaultError;
pub use fingerprint::Fingerprint;
pub use identity_file::IdentityKind;
pub use new_identity::NewIdentity;
pub use passphrase::{Ask, Passphrase, Unanswered};
pub use strength::{WeakSecret, check_strength, trim_newline};
pub use vault::{OpenRotation, SignIn, Vault, VaultPaths};
