//! What stores hold, and what a project needs, as it may be told.

use std::collections::BTreeSet;

use super::{Cluster, Seen, Store};
use crate::{
    config::Project,
    domain::{
        failure::Failure,
        holdings::{Needed, Row, StoreKind},
        name::SecretName,
        recipe::Recipe,
        root_url::RootUrl,
    },
    log::sanitise::plain,
    rotation,
    secrets::{Entry, Vault},
};

/// What is there and what is needed, side by side: first what the project needs, in the order of its images; then what
/// else the vault holds. `cluster` gives deployments.
pub async fn rows(
    vault: Vault,
    project: Option<&Project>,
    cluster: impl Fn(&RootUrl) -> Result<Cluster, Failure>,
) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut store = Store::from(vault);
    for needed in project.map(needed).unwrap_or_default() {
        store = match &needed.store {
            StoreKind::Vault => Store::from(store.vault),
            StoreKind::Taskcluster(root) => match cluster(root) {
                Ok(cluster) => Store::of(store.vault, cluster),
                Err(untold) => {
                    rows.push(untold_row(&store.vault, needed, untold));
                    continue;
                }
            },
        };
        rows.push(row(&store, needed.name.clone(), Some(needed)).await);
    }
    let store = Store::from(store.vault);
    for name in store.vault.names() {
        if rows.iter().all(|row| row.name != name) {
            rows.push(row(&store, name, None).await);
        }
    }
    rows
}

async fn row(store: &Store, name: SecretName, needed: Option<Needed>) -> Row {
    let asked = needed.as_ref().map(|needed| needed.repositories.clone()).unwrap_or_default();
    let (entry, untold) = match store.look(&name, &asked).await {
        Ok(Seen::There(entry)) => (Some(entry), None),
        Ok(Seen::Nothing) => (None, None),
        Ok(Seen::Untold(why)) | Err(why) => (None, Some(why)),
    };
    let held = match &entry {
        Some(entry) => Some(store.told(&name, entry).await),
        None => None,
    };
    let known = entry.as_ref().zip(needed.as_ref());
    Row {
        username: known.and_then(|(entry, needed)| username(entry, &needed.recipe)),
        rotation: rotation::status(store, &name),
        held,
        needed,
        untold,
        name,
    }
}

/// Of a deployment that may not be spoken to: open rotations are in the vault all the same.
fn untold_row(vault: &Vault, needed: Needed, untold: Failure) -> Row {
    Row {
        name: needed.name.clone(),
        held: None,
        username: None,
        rotation: rotation::status_in(vault, &needed.store, &needed.name),
        untold: Some(untold),
        needed: Some(needed),
    }
}

/// The user name of a secret, where all its repositories have the same.
pub fn username(entry: &Entry, recipe: &Recipe) -> Option<String> {
    let logins = entry.bindings.iter().map(|repository| entry.login_for(recipe, repository));
    let names: Result<BTreeSet<String>, _> = logins.map(|login| login.map(|login| login.username)).collect();
    let names = names.ok()?;
    // What does not show as it is could not be typed either.
    let name = if names.len() == 1 { names.into_iter().next() } else { None };
    name.filter(|name| plain(name) == *name)
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
                store: source.store.clone(),
                recipe: source.recipe.clone(),
                images: vec![image.name.clone()],
                repositories: BTreeSet::from([image.repository.clone()]),
            }),
        }
    }
    all
}
