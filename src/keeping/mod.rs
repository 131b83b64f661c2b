//! The secrets that a project's images need: what there is of them, and how one is set, proven and removed. Values go
//! in and are not shown. Not for the replacement of a secret by one that is proven first: that is [`crate::rotation`].

mod docker_logins;
mod given;
mod holdings;
pub mod key;
mod meant;
mod prove;

use jiff::Timestamp;

pub use docker_logins::DockerLogins;
pub use given::Given;
pub use holdings::{held, held_as, rows, username};
pub use meant::Meant;
pub use prove::prove;

use crate::{
    domain::{
        audit::{Act, AuditRow, Ended},
        document::SecretValue,
        failure::Failure,
        finding::CheckId,
        name::SecretName,
        permission::MayWrite,
        recipe::Recipe,
    },
    journal::Journal,
    secrets::{Entry, Vault},
};

/// What a change of the vault works with.
pub struct Surroundings<'a> {
    pub vault: &'a mut Vault,
    pub journal: &'a Journal,
    /// `user@host`.
    pub who: &'a str,
    pub permit: MayWrite,
}

/// Stores this document, bound to the repositories of every image that uses the secret, as one act in the audit trail.
///
/// # Errors
/// While the secret is being rotated, and when vault or trail cannot be written.
pub async fn set(at: Surroundings<'_>, meant: &Meant, document: SecretValue) -> Result<(), Failure> {
    let Surroundings { vault, journal, who, permit } = at;
    let (name, recipe) = (&meant.source.name, &meant.source.recipe);
    let now = Timestamp::now();
    let row = AuditRow::begun(now, who, Act::SecretSet, name.as_str());
    let work = async {
        vault.set(name.clone(), document.clone(), meant.repositories(), now, who.to_owned(), permit)?;
        Ok(((), Ended::with(None, fingerprint(vault, recipe, &document))))
    };
    journal.audited(row, work).await
}

/// Deletes a secret for good, as one act in the audit trail. `recipe` says what of it is secret; where no project does,
/// there is no fingerprint to tell.
///
/// # Errors
/// When there is none of this name, while it is being rotated, and when vault or trail cannot be written.
pub async fn remove(at: Surroundings<'_>, name: &SecretName, recipe: Option<&Recipe>) -> Result<(), Failure> {
    let Surroundings { vault, journal, who, permit } = at;
    let document = entry(vault, name)?.document.clone();
    let removed = recipe.and_then(|recipe| fingerprint(vault, recipe, &document));
    let row = AuditRow::begun(Timestamp::now(), who, Act::SecretRemove, name.as_str());
    let work = async {
        vault.remove(name, permit)?;
        Ok(((), Ended::with(None, removed)))
    };
    journal.audited(row, work).await
}

/// What the vault has under this name.
///
/// # Errors
/// When it has nothing.
pub fn entry<'a>(vault: &'a Vault, name: &SecretName) -> Result<&'a Entry, Failure> {
    vault.get(name).ok_or_else(|| {
        Failure::failed(
            format!("there is no secret {name} in the vault"),
            "it was never set on this machine, or was removed",
            "set it: windlass secret set --username USER --password-stdin",
        )
        .explained_by(CheckId::Secret)
    })
}

/// The fingerprints of what the recipe marks, for the audit trail.
fn fingerprint(vault: &Vault, recipe: &Recipe, document: &SecretValue) -> Option<String> {
    let all: Vec<String> = vault.fingerprints(recipe, document).iter().map(ToString::to_string).collect();
    (!all.is_empty()).then(|| all.join(", "))
}
