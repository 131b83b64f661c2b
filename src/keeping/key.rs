//! How the key of a new vault is kept: which SSH key there is to choose, and what was made.

use std::path::{Path, PathBuf};

use crate::{
    config::{Paths, from_home},
    domain::failure::Failure,
    release::Environment,
    secrets::{IdentityKind, NewIdentity, Passphrase},
};

/// As this SSH key.
///
/// # Errors
/// When there is no private key there that can be used.
pub fn ssh(environment: &Environment, key: &Path, passphrase: &Passphrase) -> Result<NewIdentity, Failure> {
    Ok(NewIdentity::ssh(&from_home(key, environment), passphrase)?)
}

/// The first of the names that `ssh` itself looks for and age can use.
pub fn usual_ssh_key(environment: &Environment) -> Option<PathBuf> {
    let folder = home(environment)?.join(".ssh");
    ["id_ed25519", "id_rsa"].iter().map(|name| folder.join(name)).find(|key| key.is_file())
}

fn home(environment: &Environment) -> Option<PathBuf> {
    environment("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}

/// What was made, and what it protects against.
pub fn told(paths: &Paths, kind: &IdentityKind) -> String {
    let identity = paths.identity();
    let key = match kind {
        IdentityKind::Plain => format!(
            "its key lies beside your settings in {}, not protected by a passphrase: it keeps the secret from other \
             users, backups of the vault and accidents, not from whoever reads your files",
            identity.display()
        ),
        IdentityKind::Passphrase => format!(
            "its key lies beside your settings in {}, under your passphrase: without it nobody opens the vault, you \
             included",
            identity.display()
        ),
        IdentityKind::Ssh { key, .. } => format!(
            "your SSH key {} opens it ({} leads there): without that key nobody does",
            key.display(),
            identity.display()
        ),
    };
    format!("made the vault {}\n{key}", paths.vault().display())
}
