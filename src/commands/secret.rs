//! `windlass secret`: the registry login in the vault. Values go in, and are never shown.

use std::io::IsTerminal as _;

use serde_json::json;

use super::{
    args::{SecretCommand, SecretNameArg},
    ground::Ground,
    json,
    output::{Cell, Tone, columns, time},
    secret_rotate, secret_set,
    terminal::Terminal,
};
use crate::{
    domain::{
        failure::Failure,
        name::SecretName,
        proof::{LoginProof, PushProof},
    },
    keeping::{self, Meant, Surroundings},
};

pub async fn run(ground: &Ground, command: SecretCommand) -> Result<u8, Failure> {
    match command {
        SecretCommand::Set(args) => secret_set::run(ground, &args).await,
        SecretCommand::List => list(ground),
        SecretCommand::Show(args) => show(ground, &args),
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

fn list(ground: &Ground) -> Result<u8, Failure> {
    let held = keeping::held(&ground.vault()?);
    let identity = ground.identity()?;
    let kept = json::identity(&ground.paths.identity(), identity.as_ref());
    ground.output.result(
        || {
            let secrets: Vec<_> = held
                .iter()
                .map(|h| {
                    let keys: Vec<&str> = h.keys.iter().map(|key| key.at.as_str()).collect();
                    json!({"name": h.name, "store": h.store.to_string(), "keys": keys, "bindings": h.bindings, "set": h.set, "by": h.by})
                })
                .collect();
            json!({"schema": "windlass.secrets/1", "secrets": secrets, "identity": kept})
        },
        |style| {
            if held.is_empty() {
                return "no secret yet: windlass secret set --username USER --password-stdin".to_owned();
            }
            let rows: Vec<Vec<Cell>> = held
                .iter()
                .map(|h| {
                    let bound: Vec<String> = h.bindings.iter().map(ToString::to_string).collect();
                    vec![
                        Cell::toned(h.name.as_str(), Tone::Bold),
                        Cell::toned(h.store.to_string(), Tone::Dim),
                        Cell::new(format!("set {}", time(h.set))),
                        Cell::toned(format!("by {}", h.by), Tone::Dim),
                        Cell::new(bound.join(", ")),
                    ]
                })
                .collect();
            let mut text = columns(style, &rows);
            if let Some(kind) = &identity {
                text.push_str(&style.paint(Tone::Dim, &format!("the vault's key is {kind}")));
            }
            text
        },
    )?;
    Ok(0)
}

pub(super) fn named(ground: &Ground, args: &SecretNameArg) -> Result<SecretName, Failure> {
    match &args.name {
        Some(name) => secret_name(name),
        None => Ok(meant(ground, args)?.source.name),
    }
}

fn show(ground: &Ground, args: &SecretNameArg) -> Result<u8, Failure> {
    let name = named(ground, args)?;
    let held = keeping::held_as(&ground.vault()?, &name)?;
    let identity = ground.identity()?;
    ground.output.result(
        || {
            let keys: Vec<_> = held.keys.iter().map(|k| json!({"key": k.at, "fingerprint": k.fingerprint})).collect();
            json!({
                "schema": "windlass.secret/1", "name": name, "store": held.store.to_string(), "keys": keys,
                "bindings": held.bindings, "set": held.set, "by": held.by,
                "identity": json::identity(&ground.paths.identity(), identity.as_ref()),
            })
        },
        |style| {
            let mut rows =
                vec![vec![Cell::toned(name.as_str(), Tone::Bold), Cell::toned(held.store.to_string(), Tone::Dim)]];
            for key in &held.keys {
                let shown = key.fingerprint.as_ref().map_or("-".to_owned(), |f| format!("fingerprint {f}"));
                rows.push(vec![Cell::new(format!("  {}", key.at)), Cell::toned(shown, Tone::Dim)]);
            }
            for repository in &held.bindings {
                rows.push(vec![Cell::toned("  bound to", Tone::Dim), Cell::new(repository.to_string())]);
            }
            rows.push(vec![
                Cell::toned("  set", Tone::Dim),
                Cell::new(format!("{} UTC by {}", time(held.set), held.by)),
            ]);
            if let Some(kind) = &identity {
                rows.push(vec![Cell::toned("  vault's key", Tone::Dim), Cell::new(kind.to_string())]);
            }
            columns(style, &rows)
        },
    )?;
    Ok(0)
}

async fn prove(ground: &Ground, args: &SecretNameArg) -> Result<u8, Failure> {
    let meant = meant(ground, args)?;
    let name = &meant.source.name;
    let found = keeping::prove(&ground.vault()?, &meant, &ground.registry_options(), ground.permit).await?;
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
    let mut vault = ground.vault()?;
    keeping::entry(&vault, &name)?;
    vault.check_at_rest(&name)?;
    let typed = match confirm {
        Some(typed) => typed.to_owned(),
        None if std::io::stdin().is_terminal() => {
            Terminal::open()?.ask(&format!("This deletes {name} from the vault for good. Type its name: "))?
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
    let at = Surroundings { vault: &mut vault, journal: &journal, who: &who, permit };
    keeping::remove(at, &name, recipe.as_ref()).await?;
    ground.output.result(
        || json!({"schema": "windlass.secret-remove/1", "name": name}),
        |_| format!("{name} is removed from the vault"),
    )?;
    Ok(0)
}
