//! What the vault holds, and what a project needs, as it may be told.

use std::collections::BTreeSet;

use crate::{
    config::Project,
    domain::{
        document::SecretValue,
        failure::Failure,
        holdings::{Held, Key, Needed, StoreKind},
        name::SecretName,
    },
    secrets::Vault,
};

/// Every secret of the vault, without its values.
pub fn held(vault: &Vault) -> Vec<Held> {
    vault.names().iter().filter_map(|name| held_as(vault, name).ok()).collect()
}

/// The secret of this name, without its values.
///
/// # Errors
/// When there is none.
pub fn held_as(vault: &Vault, name: &SecretName) -> Result<Held, Failure> {
    let entry = super::entry(vault, name)?;
    let key = |at: String| {
        let fingerprint = match entry.document.at(&at) {
            Some(SecretValue::String(value)) => Some(vault.fingerprint(value).to_string()),
            _ => None,
        };
        Key { at, fingerprint }
    };
    Ok(Held {
        name: name.clone(),
        store: StoreKind::Vault,
        keys: entry.document.keys().into_iter().map(key).collect(),
        bindings: entry.bindings.clone(),
        set: entry.set,
        by: entry.by.clone(),
        expires: None,
    })
}

/// The secrets that the project's images need, each once, in the order of the images.
pub fn needed(project: &Project) -> Vec<Needed> {
    let mut all: Vec<Needed> = Vec::new();
    for image in &project.images {
        let source = &image.secret;
        let known = all.iter_mut().find(|needed| needed.name == source.name);
        match known {
            Some(needed) => {
                needed.images.push(image.name.clone());
                needed.repositories.insert(image.repository.clone());
            }
            None => all.push(Needed {
                name: source.name.clone(),
                store: source.store,
                recipe: source.recipe.clone(),
                images: vec![image.name.clone()],
                repositories: BTreeSet::from([image.repository.clone()]),
            }),
        }
    }
    all
}
