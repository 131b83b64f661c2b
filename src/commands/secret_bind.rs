//! `windlass secret bind`: what a secret may be used for, where it was set elsewhere. A project alone cannot say so.

use std::{collections::BTreeSet, io::IsTerminal as _};

use serde_json::json;

use super::{args::SecretNameArg, ground::Ground, secret::meant, terminal::Terminal};
use crate::{
    config::Project,
    domain::{failure::Failure, holdings::StoreKind, reference::Repository},
    keeping::{self, Meant, Surroundings},
};

pub async fn run(ground: &Ground, args: &SecretNameArg) -> Result<u8, Failure> {
    ground.permit("secret bind")?;
    let meant = meant(ground, args)?;
    let bound = bind(ground, &meant).await?;
    let name = &meant.source.name;
    ground.output.result(
        || {
            json!({
                "schema": "windlass.secret-bind/1", "name": name, "store": meant.source.store.to_string(),
                "bindings": bound,
            })
        },
        |_| format!("{name} may be used for {}", joined(&bound)),
    )?;
    Ok(0)
}

/// Asks about secrets of Taskcluster that nobody on this machine has said a word about, where somebody is there to
/// answer. Where it is not wanted, nobody is the worse for it: what is not bound is refused.
pub async fn offer(ground: &Ground) -> Result<(), Failure> {
    let asks = !ground.detached && !ground.output.json && std::io::stdin().is_terminal();
    let (Ok(project), true, Some(_)) = (ground.project(), asks, ground.permit) else { return Ok(()) };
    for meant in elsewhere(&project)? {
        let StoreKind::Taskcluster(root) = &meant.source.store else { continue };
        let (name, wanted) = (&meant.source.name, meant.repositories());
        let bound = ground.cluster(root)?.bound(name, &wanted)?;
        let unbound: BTreeSet<Repository> = wanted.difference(&bound).cloned().collect();
        if unbound.is_empty() {
            continue;
        }
        let (host, to) = (root.host(), joined(&unbound));
        let asked = format!("The secret {name} of {host} was not set from here. Use its login for {to}? [y/N] ");
        if matches!(Terminal::open()?.ask(&asked)?.as_str(), "y" | "Y" | "yes") {
            bind(ground, &meant).await?;
        }
    }
    Ok(())
}

/// The secrets of the project that deployments keep, each once.
fn elsewhere(project: &Project) -> Result<Vec<Meant>, Failure> {
    let sources = project.images.iter().map(|image| &image.secret).filter(|source| !source.store.is_vault());
    let names: BTreeSet<_> = sources.map(|source| &source.name).collect();
    names.into_iter().map(|name| Meant::named(project.clone(), name)).collect()
}

async fn bind(ground: &Ground, meant: &Meant) -> Result<BTreeSet<Repository>, Failure> {
    let permit = ground.permit("secret bind")?;
    let mut store = ground.store(&meant.source.store)?;
    let (journal, who) = (ground.journal().await?, super::release::who());
    let at = Surroundings { store: &mut store, journal: &journal, who: &who, permit };
    keeping::bind(at, meant).await
}

fn joined(repositories: &BTreeSet<Repository>) -> String {
    repositories.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
