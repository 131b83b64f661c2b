//! What the vault holds, and what a project needs, as it may be told.

use std::collections::BTreeSet;

use crate::{
    config::Project,
    domain::{
        document::SecretValue,
        failure::Failure,
        holdings::{Held, Key, Needed, Row, StoreKind},
        name::SecretName,
        recipe::Recipe,
    },
    rotation,
    secrets::{Entry, Vault},
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

/// What is there and what is needed, side by side: first what the project needs, in the order of its images.
pub fn rows(vault: &Vault, project: Option<&Project>) -> Vec<Row> {
    let needed = project.map(needed).unwrap_or_default();
    let row = |name: SecretName, held: Option<Held>, needed: Option<Needed>| {
        let entry = vault.get(&name).zip(needed.as_ref());
        let username = entry.and_then(|(entry, needed)| username(entry, &needed.recipe));
        Row { held, needed, username, rotation: rotation::status(vault, &name), name }
    };
    let kept_elsewhere = |needed: &Needed| needed.store == StoreKind::Taskcluster;
    let mut rows: Vec<Row> = needed
        .into_iter()
        .map(|needed| {
            let held = if kept_elsewhere(&needed) { None } else { held_as(vault, &needed.name).ok() };
            row(needed.name.clone(), held, Some(needed))
        })
        .collect();
    let others = held(vault).into_iter().filter(|held| rows.iter().all(|row| row.name != held.name));
    let others: Vec<Row> = others.map(|held| row(held.name.clone(), Some(held), None)).collect();
    rows.extend(others);
    rows
}

/// The user name of a secret, where all its repositories have the same.
pub fn username(entry: &Entry, recipe: &Recipe) -> Option<String> {
    let logins = entry.bindings.iter().map(|repository| entry.login_for(recipe, repository));
    let names: Result<BTreeSet<String>, _> = logins.map(|login| login.map(|login| login.username)).collect();
    let names = names.ok()?;
    if names.len() == 1 { names.into_iter().next() } else { None }
}

/// The secrets that the project's images need, each once, in the order of the images.
fn needed(project: &Project) -> Vec<Needed> {
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
