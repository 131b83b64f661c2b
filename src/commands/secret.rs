//! `windlass secret`: the registry login in its store. Values go in, and are never shown.

use std::{collections::BTreeSet, io::IsTerminal as _};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    args::{SecretCommand, SecretNameArg},
    ground::Ground,
    json,
    output::{Cell, Tone, columns, time},
    secret_bind, secret_rotate, secret_set,
    terminal::Terminal,
};
use crate::{
    domain::{
        failure::Failure,
        holdings::{Changed, Held, StoreKind, ends_soon, expiry},
        name::SecretName,
        proof::{LoginProof, PushProof},
        reference::Repository,
    },
    keeping::{self, Cluster, Meant, Seen, Store, Surroundings},
};

pub async fn run(ground: &Ground, command: SecretCommand) -> Result<u8, Failure> {
    match command {
        SecretCommand::Set(args) => secret_set::run(ground, &args).await,
        SecretCommand::List => list(ground).await,
        SecretCommand::Show(args) => show(ground, &args).await,
        SecretCommand::Bind(args) => secret_bind::run(ground, &args).await,
        SecretCommand::Check(args) => prove(ground, &args).await,
        SecretCommand::Rotate(args) => secret_rotate::run(ground, &args).await,
        SecretCommand::Remove { name, confirm } => remove(ground, &name, confirm.as_deref()).await,
    }
}

/// The secret an argument means, and how the project uses it.
pub(super) fn meant(ground: &Ground, args: &SecretNameArg) -> Result<Meant, Failure> {
    match &args.name {
        Some(name) => Meant::named(ground.project()?, &secret_name(name)?),
        None => Meant::of_image(ground.project()?, args.image.image.as_deref()),
    }
}

fn secret_name(text: &str) -> Result<SecretName, Failure> {
    text.parse().map_err(|e: crate::domain::name::NotAName| {
        Failure::usage("that is not a secret's name", e.to_string(), "see `windlass secret list`")
    })
}

/// The store of the secret of this name: the project's, where an image uses it; else the vault, unless the deployment of
/// the project is the only one that can have it.
pub(super) fn store_of(ground: &Ground, name: &SecretName) -> Result<Store, Failure> {
    let project = ground.project().ok();
    let images = project.iter().flat_map(|project| &project.images);
    if let Some(image) = images.clone().find(|image| image.secret.name == *name) {
        return ground.store(&image.secret.store);
    }
    let vault = ground.vault()?;
    let root = images.clone().find_map(|image| image.secret.store.root());
    match root {
        Some(root) if vault.get(name).is_none() => Ok(Store::of(vault, ground.cluster(root)?)),
        _ => Ok(vault.into()),
    }
}

/// The deployment that keeps secrets of the project.
fn deployment(ground: &Ground) -> Result<Option<Cluster>, Failure> {
    let project = ground.project().ok();
    let mut images = project.iter().flat_map(|project| &project.images);
    images.find_map(|image| image.secret.store.root()).map(|root| ground.cluster(root)).transpose()
}

/// A secret whose name alone is known: which of it we may read is not asked.
struct Named {
    name: SecretName,
    bindings: BTreeSet<Repository>,
    expires: Option<Timestamp>,
}

async fn list(ground: &Ground) -> Result<u8, Failure> {
    let store = Store::from(ground.vault()?);
    let mut held = Vec::new();
    for name in store.vault.names() {
        held.push(store.held(&name).await?);
    }
    let (mut others, mut unfit, mut unlisted) = (Vec::new(), 0, None);
    if let Some(cluster) = deployment(ground)? {
        match cluster.names().await {
            Ok(names) => {
                unfit = names.unfit;
                for name in names.names {
                    let known = cluster.known(&name)?;
                    others.push(Named { name, bindings: known.repositories, expires: known.expires });
                }
            }
            Err(failure) => unlisted = Some(failure),
        }
    }
    let identity = ground.identity()?;
    let kept = json::identity(&ground.paths.identity(), identity.as_ref());
    ground.output.result(
        || {
            let keys = |held: &Held| held.keys.iter().map(|key| key.at.clone()).collect::<Vec<_>>();
            let held = held.iter().map(|h| {
                let (set, by, _) = changed(h);
                json!({
                    "name": h.name, "store": h.store.to_string(), "keys": keys(h), "bindings": h.bindings, "set": set,
                    "by": by, "expires": h.expires,
                })
            });
            let others = others.iter().map(|n| {
                json!({
                    "name": n.name, "store": "taskcluster", "keys": null, "bindings": n.bindings, "set": null,
                    "by": null, "expires": n.expires,
                })
            });
            let secrets: Vec<Value> = held.chain(others).collect();
            json!({"schema": "windlass.secrets/1", "secrets": secrets, "unfit_names": unfit, "identity": kept})
        },
        |style| {
            if held.is_empty() && others.is_empty() && unlisted.is_none() {
                return "no secret yet: windlass secret set --username USER --password-stdin".to_owned();
            }
            let bound = |bindings: &BTreeSet<Repository>| {
                Cell::new(bindings.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
            };
            let mut rows: Vec<Vec<Cell>> = held
                .iter()
                .map(|h| {
                    let (set, by) = match &h.changed {
                        Ok(Changed { at, by }) => (format!("set {}", time(*at)), format!("by {by}")),
                        Err(why) => (format!("set: {why}"), String::new()),
                    };
                    vec![
                        Cell::toned(h.name.as_str(), Tone::Bold),
                        Cell::toned(h.store.to_string(), Tone::Dim),
                        Cell::new(set),
                        Cell::toned(by, Tone::Dim),
                        bound(&h.bindings),
                    ]
                })
                .collect();
            rows.extend(others.iter().map(|n| {
                vec![
                    Cell::toned(n.name.as_str(), Tone::Bold),
                    Cell::toned("taskcluster", Tone::Dim),
                    Cell::new(""),
                    Cell::new(""),
                    bound(&n.bindings),
                ]
            }));
            let mut text = columns(style, &rows);
            if unfit > 0 {
                let told = format!("{unfit} more at the deployment have names that no secret can have here\n");
                text.push_str(&style.paint(Tone::Dim, &told));
            }
            if let Some(kind) = &identity {
                text.push_str(&style.paint(Tone::Dim, &format!("the vault's key is {kind}")));
            }
            text
        },
    )?;
    unlisted.map_or(Ok(0), Err)
}

/// When and by whom; why not.
fn changed(held: &Held) -> (Option<Timestamp>, Option<&str>, Option<&str>) {
    match &held.changed {
        Ok(Changed { at, by }) => (Some(*at), Some(by), None),
        Err(why) => (None, None, Some(why)),
    }
}

pub(super) fn named(ground: &Ground, args: &SecretNameArg) -> Result<SecretName, Failure> {
    match &args.name {
        Some(name) => secret_name(name),
        None => Ok(meant(ground, args)?.source.name),
    }
}

async fn show(ground: &Ground, args: &SecretNameArg) -> Result<u8, Failure> {
    let name = named(ground, args)?;
    let held = store_of(ground, &name)?.held(&name).await?;
    let identity = ground.identity()?;
    ground.output.result(
        || {
            let keys: Vec<_> = held.keys.iter().map(|k| json!({"key": k.at, "fingerprint": k.fingerprint})).collect();
            let (set, by, unknown) = changed(&held);
            json!({
                "schema": "windlass.secret/1", "name": name, "store": held.store.to_string(), "keys": keys,
                "bindings": held.bindings, "set": set, "by": by, "set_unknown": unknown, "expires": held.expires,
                "identity": json::identity(&ground.paths.identity(), identity.as_ref()),
            })
        },
        |style| {
            let store = match &held.store {
                StoreKind::Vault => held.store.to_string(),
                StoreKind::Taskcluster(root) => format!("{} at {}", held.store, root.host()),
            };
            let mut rows = vec![vec![Cell::toned(name.as_str(), Tone::Bold), Cell::toned(store, Tone::Dim)]];
            for key in &held.keys {
                let shown = key.fingerprint.as_ref().map_or("-".to_owned(), |f| format!("fingerprint {f}"));
                rows.push(vec![Cell::new(format!("  {}", key.at)), Cell::toned(shown, Tone::Dim)]);
            }
            for repository in &held.bindings {
                rows.push(vec![Cell::toned("  bound to", Tone::Dim), Cell::new(repository.to_string())]);
            }
            rows.push(vec![Cell::toned("  set", Tone::Dim), Cell::new(held.set())]);
            if held.expires.is_some() {
                let soon = ends_soon(held.expires, Timestamp::now());
                let tone = if soon { Tone::Bad } else { Tone::Plain };
                rows.push(vec![Cell::toned("  expires", Tone::Dim), Cell::toned(expiry(held.expires), tone)]);
            }
            if let Some(kind) = &identity {
                rows.push(vec![Cell::toned("  vault's key", Tone::Dim), Cell::new(kind.to_string())]);
            }
            columns(style, &rows)
        },
    )?;
    if let (true, Some(at)) = (ends_soon(held.expires, Timestamp::now()), held.expires) {
        ground.output.note(&format!(
            "{name} expires at {} UTC, and is gone then; store it anew with a later end: windlass secret set {name} --expires TIME",
            time(at)
        ));
    }
    Ok(0)
}

async fn prove(ground: &Ground, args: &SecretNameArg) -> Result<u8, Failure> {
    let meant = meant(ground, args)?;
    let name = &meant.source.name;
    let store = ground.store(&meant.source.store)?;
    let found = keeping::prove(&store, &meant, &ground.registry_options(), ground.permit).await?;
    let reports = found.into_iter().map(|(repository, report)| Ok((repository, report?)));
    let reports = reports.collect::<Result<Vec<_>, Failure>>()?;
    let refused = reports.iter().any(|(_, r)| matches!(r.push, PushProof::MayNot { .. }));
    ground.output.result(
        || {
            let rows: Vec<_> = reports
                .iter()
                .map(|(repository, r)| {
                    let (push, why) = match &r.push {
                        PushProof::May => ("may", None),
                        PushProof::MayNot { why } => ("may-not", Some(why)),
                        PushProof::CannotTell => ("cannot-tell", None),
                    };
                    let login = match r.login {
                        LoginProof::Proven => "proven",
                        LoginProof::Open => "open",
                    };
                    json!({"repository": repository, "username": r.username, "login": login, "push": push, "pull": r.may_pull, "why": why})
                })
                .collect();
            json!({"schema": "windlass.secret-check/1", "name": name, "repositories": rows})
        },
        |style| {
            let mut rows = Vec::new();
            for (repository, r) in &reports {
                let mut row = vec![Cell::toned(repository.to_string(), Tone::Bold), Cell::new(&r.username)];
                row.extend(r.words().into_iter().map(|(words, tone)| Cell::toned(words, tone)));
                rows.push(row);
            }
            columns(style, &rows)
        },
    )?;
    Ok(if refused { 3 } else { 0 })
}

async fn remove(ground: &Ground, args: &SecretNameArg, confirm: Option<&str>) -> Result<u8, Failure> {
    let permit = ground.permit("secret remove")?;
    let name = named(ground, args)?;
    let mut store = store_of(ground, &name)?;
    let place = store.kind().place();
    if let Seen::Nothing = store.look(&name, &BTreeSet::new()).await? {
        store.entry(&name, &BTreeSet::new()).await?;
    }
    store.check_at_rest(&name)?;
    let typed = match confirm {
        Some(typed) => typed.to_owned(),
        None if std::io::stdin().is_terminal() => {
            Terminal::open()?.ask(&format!("This deletes {name} from {place} for good. Type its name: "))?
        }
        None => String::new(),
    };
    if typed != name.as_str() {
        return Err(Failure::usage(
            format!("{name} was not removed"),
            "removing cannot be undone, and its name was not given",
            format!("windlass secret remove {name} --confirm {name}"),
        ));
    }
    let recipe = meant(ground, args).ok().map(|meant| meant.source.recipe);
    let (journal, who) = (ground.journal().await?, super::release::who());
    let at = Surroundings { store: &mut store, journal: &journal, who: &who, permit };
    keeping::remove(at, &name, recipe.as_ref()).await?;
    ground.output.result(
        || json!({"schema": "windlass.secret-remove/1", "name": name}),
        |_| format!("{name} is removed from {place}"),
    )?;
    Ok(0)
}
