//! `windlass secret`: the registry login in the vault. Values go in, and are never shown.

use std::{collections::BTreeSet, io::IsTerminal as _};

use jiff::Timestamp;
use serde_json::json;

use super::{
    args::{SecretCommand, SecretNameArg},
    ground::{self, Ground},
    json,
    output::{Cell, Tone, columns, time},
    secret_rotate, secret_set,
    terminal::Terminal,
};
use crate::{
    config::{Image, Project, SecretSource},
    domain::{
        audit::{Act, AuditRow, Ended},
        document::SecretValue,
        failure::Failure,
        finding::CheckId,
        name::SecretName,
        recipe::Recipe,
        reference::Repository,
    },
    rotation::check::{LoginProof, PushProof, check},
    secrets::Vault,
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
pub(super) struct Meant {
    project: Project,
    pub source: SecretSource,
}

impl Meant {
    pub fn find(ground: &Ground, args: &SecretNameArg) -> Result<Self, Failure> {
        let project = ground.project()?;
        let source = match &args.name {
            None => ground::image(&project, &args.image)?.secret.clone(),
            Some(name) => {
                let name = secret_name(name)?;
                let used = project.images.iter().find(|i| i.secret.name == name).map(|i| i.secret.clone());
                used.ok_or_else(|| {
                    let names: BTreeSet<&str> = project.images.iter().map(|i| i.secret.name.as_str()).collect();
                    Failure::usage(
                        format!("no image of {} uses the secret {name}", project.file.display()),
                        format!("it names {}", Vec::from_iter(names).join(", ")),
                        "name one of these, or add it to [secret]",
                    )
                })?
            }
        };
        Ok(Self { project, source })
    }

    /// What the secret is for: every repository whose image uses it.
    fn images(&self) -> impl Iterator<Item = &Image> {
        self.project.images.iter().filter(|i| i.secret.name == self.source.name)
    }

    pub fn repositories(&self) -> BTreeSet<Repository> {
        self.images().map(|i| i.repository.clone()).collect()
    }
}

fn secret_name(text: &str) -> Result<SecretName, Failure> {
    text.parse().map_err(|e: crate::domain::name::NotAName| {
        Failure::usage("that is not a secret's name", e.to_string(), "see `windlass secret list`")
    })
}

/// The fingerprints of what the recipe marks, for the audit trail.
pub(super) fn fingerprint(vault: &Vault, recipe: &Recipe, document: &SecretValue) -> Option<String> {
    let all: Vec<String> = vault.fingerprints(recipe, document).iter().map(ToString::to_string).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn list(ground: &Ground) -> Result<u8, Failure> {
    let vault = ground.vault()?;
    let names = vault.names();
    let entries: Vec<_> = names.iter().filter_map(|name| Some((name, vault.get(name)?))).collect();
    let identity = ground.identity()?;
    let kept = json::identity(&ground.paths.identity(), identity.as_ref());
    ground.output.result(
        || {
            let secrets: Vec<_> = entries
                .iter()
                .map(|(name, e)| json!({"name": name, "store": "vault", "keys": e.document.keys(), "bindings": e.bindings, "set": e.set, "by": e.by}))
                .collect();
            json!({"schema": "windlass.secrets/1", "secrets": secrets, "identity": kept})
        },
        |style| {
            if entries.is_empty() {
                return "no secret yet: windlass secret set --username USER --password-stdin".to_owned();
            }
            let rows: Vec<Vec<Cell>> = entries
                .iter()
                .map(|(name, e)| {
                    let bound: Vec<String> = e.bindings.iter().map(ToString::to_string).collect();
                    vec![
                        Cell::toned(name.as_str(), Tone::Bold),
                        Cell::toned("vault", Tone::Dim),
                        Cell::new(format!("set {}", time(e.set))),
                        Cell::toned(format!("by {}", e.by), Tone::Dim),
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

pub(super) fn no_such(name: &SecretName) -> Failure {
    Failure::failed(
        format!("there is no secret {name} in the vault"),
        "it was never set on this machine, or was removed",
        "set it: windlass secret set --username USER --password-stdin",
    )
    .explained_by(CheckId::Secret)
}

pub(super) fn named(ground: &Ground, args: &SecretNameArg) -> Result<SecretName, Failure> {
    match &args.name {
        Some(name) => secret_name(name),
        None => Ok(Meant::find(ground, args)?.source.name),
    }
}

fn show(ground: &Ground, args: &SecretNameArg) -> Result<u8, Failure> {
    let name = named(ground, args)?;
    let vault = ground.vault()?;
    let entry = vault.get(&name).ok_or_else(|| no_such(&name))?;
    let keys: Vec<(String, Option<String>)> = entry
        .document
        .keys()
        .into_iter()
        .map(|key| {
            let fingerprint = match entry.document.at(&key) {
                Some(SecretValue::String(value)) => Some(vault.fingerprint(value).to_string()),
                _ => None,
            };
            (key, fingerprint)
        })
        .collect();
    let identity = ground.identity()?;
    ground.output.result(
        || {
            let keys: Vec<_> = keys.iter().map(|(k, f)| json!({"key": k, "fingerprint": f})).collect();
            json!({
                "schema": "windlass.secret/1", "name": name, "store": "vault", "keys": keys,
                "bindings": entry.bindings, "set": entry.set, "by": entry.by,
                "identity": json::identity(&ground.paths.identity(), identity.as_ref()),
            })
        },
        |style| {
            let mut rows = vec![vec![Cell::toned(name.as_str(), Tone::Bold), Cell::toned("vault", Tone::Dim)]];
            for (key, fingerprint) in &keys {
                let shown = fingerprint.as_ref().map_or("-".to_owned(), |f| format!("fingerprint {f}"));
                rows.push(vec![Cell::new(format!("  {key}")), Cell::toned(shown, Tone::Dim)]);
            }
            for repository in &entry.bindings {
                rows.push(vec![Cell::toned("  bound to", Tone::Dim), Cell::new(repository.to_string())]);
            }
            rows.push(vec![
                Cell::toned("  set", Tone::Dim),
                Cell::new(format!("{} UTC by {}", time(entry.set), entry.by)),
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
    let meant = Meant::find(ground, args)?;
    let name = &meant.source.name;
    let vault = ground.vault()?;
    let entry = vault.get(name).ok_or_else(|| no_such(name))?;
    let mut reports = Vec::new();
    for image in meant.images() {
        let login = entry.login_for(&image.secret.recipe, &image.repository)?;
        let report = check(&image.repository, &login, &ground.registry_options(), ground.permit).await?;
        reports.push((image.repository.clone(), report));
    }
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
                let login = match r.login {
                    LoginProof::Proven => ("login accepted, a wrong one refused", Tone::Good),
                    LoginProof::Open => ("the registry asks for no login", Tone::Notice),
                };
                let push = match &r.push {
                    PushProof::May => ("may push".to_owned(), Tone::Good),
                    PushProof::MayNot { why } => (format!("may not push: {why}"), Tone::Bad),
                    PushProof::CannotTell => ("push right: cannot tell, read-only".to_owned(), Tone::Notice),
                };
                let pull = if r.may_pull { ("may pull", Tone::Good) } else { ("may not pull", Tone::Bad) };
                rows.push(vec![
                    Cell::toned(repository.to_string(), Tone::Bold),
                    Cell::new(&r.username),
                    Cell::toned(login.0, login.1),
                    Cell::toned(push.0, push.1),
                    Cell::toned(pull.0, pull.1),
                ]);
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
    let entry = vault.get(&name).cloned().ok_or_else(|| no_such(&name))?;
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
    // Where no project says what of it is secret, there is no fingerprint to tell.
    let removed = Meant::find(ground, args).ok();
    let removed = removed.and_then(|meant| fingerprint(&vault, &meant.source.recipe, &entry.document));
    let row = AuditRow::begun(Timestamp::now(), &super::release::who(), Act::SecretRemove, name.as_str());
    let work = async {
        vault.remove(&name, permit)?;
        Ok(((), Ended::with(None, removed)))
    };
    ground.journal().await?.audited(row, work).await?;
    ground.output.result(
        || json!({"schema": "windlass.secret-remove/1", "name": name}),
        |_| format!("{name} is removed from the vault"),
    )?;
    Ok(0)
}
