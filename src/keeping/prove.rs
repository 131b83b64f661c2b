//! Whether a secret's login works, at every repository it is for.

use super::{Meant, Store};
use crate::{
    domain::{failure::Failure, permission::MayWrite, proof::Reports},
    registry::Options,
    rotation::check::check,
};

/// What was found on each repository. Without the right to change something no upload is begun.
///
/// # Errors
/// When there is no secret. What keeps a repository from an answer is that repository's.
pub async fn prove(
    store: &Store,
    meant: &Meant,
    options: &Options,
    permit: Option<MayWrite>,
) -> Result<Reports, Failure> {
    let entry = store.entry(&meant.source.name, &meant.repositories()).await?;
    let mut found = Vec::new();
    for image in meant.images() {
        let report = match entry.login_for(&image.secret.recipe, &image.repository) {
            Ok(login) => check(&image.repository, &login, options, permit).await,
            Err(error) => Err(error.into()),
        };
        found.push((image.repository.clone(), report));
    }
    Ok(found)
}
