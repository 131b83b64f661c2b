//! `windlass secret`: the registry login in the vault. Values go in, and are never shown.

use std::{
    collections::BTreeSet,
    io::{IsTerminal as _, Read as _, Write as _},
};

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroizing};
use serde_json::json;

use super::{
    args::{SecretCommand, SecretNameArg, SecretSetArgs},
    ground::{self, Ground},
    output::{Cell, Tone, columns, time},
};
use crate::{
    config::{Image, Project, SecretSource},
    domain::{
        document::SecretValue, failure::Failure, finding::CheckId, name::SecretName, recipe::Login,
        reference::Repository,
    },
    rotation::check::{LoginProof, PushProof, check},
    secrets,
};

/// The longest document that is read from stdin.
const DOCUMENT_LIMIT: u64 = 1024 * 1024;

pub async fn run(ground: &Ground, command: SecretCommand) -> Result<u8, Failure> {
    match command {
        SecretCommand::Set(args) => set(ground, &args),
        SecretCommand::List => list(ground),
        SecretCommand::Show(args) => show(ground, &args),
        SecretCommand::Check(args) => prove(ground, &args).await,
        SecretCommand::Remove { name, confirm } => remove(ground, &name, confirm.as_deref()),
    }
}

/// The secret an argument means, and how the project uses it.
struct Meant {
    project: Project,
    source: SecretSource,
}

impl Meant {
    fn find(ground: &Ground, args: &SecretNameArg) -> Result<Self, Failure> {
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

    fn repositories(&self) -> BTreeSet<Repository> {
        self.images().map(|i| i.repository.clone()).collect()
    }
}

fn secret_name(text: &str) -> Result<SecretName, Failure> {
    text.parse().map_err(|e: crate::domain::name::NotAName| {
        Failure::usage("that is not a secret's name", e.to_string(), "see `windlass secret list`")
    })
}

fn set(ground: &Ground, args: &SecretSetArgs) -> Result<u8, Failure> {
    let permit = ground.permit("secret set")?;
    let meant = Meant::find(ground, &args.name)?;
    let name = &meant.source.name;
    let mut vault = ground.vault()?;
    let repositories = meant.repositories();
    let document = if args.document_stdin {
        parse_document(&read_stdin()?)?
    } else {
        let login = read_login(ground, args)?;
        let mut document = match vault.get(name) {
            Some(entry) => entry.document.clone(),
            None => SecretValue::Object(std::collections::BTreeMap::new()),
        };
        for repository in &repositories {
            meant.source.recipe.store(&mut document, &login, repository).map_err(|e| {
                Failure::usage(format!("the login does not fit into {name}"), e.to_string(), "correct [secret] recipe")
            })?;
        }
        document
    };
    secrets::check_strength(&meant.source.recipe, &document)?;
    let new = !vault.exists();
    vault.set(name.clone(), document, repositories.clone(), Timestamp::now(), super::release::who(), permit)?;
    if new {
        ground.output.note(&format!(
            "made the vault {}\nits key lies beside your settings in {}, not protected by a passphrase: it keeps the \
             secret from other users, backups of the vault and accidents, not from whoever reads your files",
            ground.paths.vault().display(),
            ground.paths.identity().display()
        ));
    }
    let bound: Vec<String> = repositories.iter().map(ToString::to_string).collect();
    ground.output.result(
        || json!({"schema": "windlass.secret-set/1", "name": name, "store": "vault", "bindings": bound}),
        |_| format!("{name} is set, bound to {}", bound.join(", ")),
    )?;
    Ok(0)
}

fn read_login(ground: &Ground, args: &SecretSetArgs) -> Result<Login, Failure> {
    let terminal = std::io::stdin().is_terminal();
    if !args.password_stdin && !terminal {
        return Err(Failure::usage(
            "there is no password",
            "stdin is no terminal to ask at",
            "pass it with --password-stdin, as `docker login` does",
        ));
    }
    let username = match &args.username {
        Some(name) => name.clone(),
        None if args.password_stdin => {
            return Err(Failure::usage("there is no user name", "--password-stdin needs it", "add --username USER"));
        }
        None => prompt("User name: ")?,
    };
    let typed = if args.password_stdin { read_stdin()? } else { masked("Password: ")? };
    let (password, trimmed) = secrets::trim_newline(typed);
    if trimmed && args.password_stdin {
        ground.output.note("a newline at the end of the password was taken off");
    }
    Ok(Login { username, password })
}

pub(super) fn prompt(question: &str) -> Result<String, Failure> {
    let failed = |e: std::io::Error| Failure::failed("the answer could not be read", e.to_string(), "try --help");
    let mut err = std::io::stderr().lock();
    err.write_all(question.as_bytes()).and_then(|()| err.flush()).map_err(failed)?;
    let mut line = String::new();
    if std::io::stdin().read_line(&mut line).map_err(failed)? == 0 {
        return Err(Failure::usage(
            "there is no answer",
            "the input has ended",
            "answer, or give it as an option: --help",
        ));
    }
    Ok(line.trim().to_owned())
}

/// Reads a line without showing it. The terminal is put back however this ends.
fn masked(question: &str) -> Result<SecretString, Failure> {
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
    struct Shown(rustix::termios::Termios);
    impl Drop for Shown {
        fn drop(&mut self) {
            // Nothing more can be done for a terminal that is gone.
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.0);
        }
    }
    let failed =
        |e: std::io::Error| Failure::failed("the password could not be read", e.to_string(), "try --password-stdin");
    let before = tcgetattr(std::io::stdin()).map_err(|e| failed(e.into()))?;
    let mut hidden = before.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    hidden.local_modes.insert(LocalModes::ECHONL);
    let mut err = std::io::stderr().lock();
    err.write_all(question.as_bytes()).and_then(|()| err.flush()).map_err(failed)?;
    let _shown = Shown(before);
    tcsetattr(std::io::stdin(), OptionalActions::Flush, &hidden).map_err(|e| failed(e.into()))?;
    let mut line = Zeroizing::new(String::with_capacity(4096));
    std::io::stdin().read_line(&mut line).map_err(failed)?;
    Ok(SecretString::from(line.as_str()))
}

/// All of stdin, in memory that is wiped.
fn read_stdin() -> Result<SecretString, Failure> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(64 * 1024));
    std::io::stdin()
        .lock()
        .take(DOCUMENT_LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| Failure::usage("stdin could not be read", e.to_string(), "pipe the value into the command"))?;
    if bytes.len() as u64 > DOCUMENT_LIMIT {
        return Err(Failure::usage("stdin is too long for a secret", "more than 1 MiB came", "check what is piped in"));
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Failure::usage("stdin is no text", "a secret is UTF-8 text", "check what is piped in"))?;
    Ok(SecretString::from(text))
}

fn parse_document(text: &SecretString) -> Result<SecretValue, Failure> {
    let wrong = |why: String| Failure::usage("the document is not taken", why, "give one JSON object");
    // The parser's own message may quote the text: only the place is told.
    let document: SecretValue = serde_json::from_str(text.expose_secret())
        .map_err(|e| wrong(format!("no JSON at line {}, column {}", e.line(), e.column())))?;
    match document {
        SecretValue::Object(_) => Ok(document),
        _ => Err(wrong("it is JSON, but no object".to_owned())),
    }
}

fn list(ground: &Ground) -> Result<u8, Failure> {
    let vault = ground.vault()?;
    let names = vault.names();
    let entries: Vec<_> = names.iter().filter_map(|name| Some((name, vault.get(name)?))).collect();
    ground.output.result(
        || {
            let secrets: Vec<_> = entries
                .iter()
                .map(|(name, e)| json!({"name": name, "store": "vault", "keys": e.document.keys(), "bindings": e.bindings, "set": e.set, "by": e.by}))
                .collect();
            json!({"schema": "windlass.secrets/1", "secrets": secrets})
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
            columns(style, &rows)
        },
    )?;
    Ok(0)
}

fn no_such(name: &SecretName) -> Failure {
    Failure::failed(
        format!("there is no secret {name} in the vault"),
        "it was never set on this machine, or was removed",
        "set it: windlass secret set --username USER --password-stdin",
    )
    .explained_by(CheckId::Secret)
}

fn named(ground: &Ground, args: &SecretNameArg) -> Result<SecretName, Failure> {
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
    ground.output.result(
        || {
            let keys: Vec<_> = keys.iter().map(|(k, f)| json!({"key": k, "fingerprint": f})).collect();
            json!({
                "schema": "windlass.secret/1", "name": name, "store": "vault", "keys": keys,
                "bindings": entry.bindings, "set": entry.set, "by": entry.by,
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

fn remove(ground: &Ground, args: &SecretNameArg, confirm: Option<&str>) -> Result<u8, Failure> {
    let permit = ground.permit("secret remove")?;
    let name = named(ground, args)?;
    let mut vault = ground.vault()?;
    if vault.get(&name).is_none() {
        return Err(no_such(&name));
    }
    let typed = match confirm {
        Some(typed) => typed.to_owned(),
        None if std::io::stdin().is_terminal() => {
            prompt(&format!("This deletes {name} from the vault for good. Type its name: "))?
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
    vault.remove(&name, permit)?;
    ground.output.result(
        || json!({"schema": "windlass.secret-remove/1", "name": name}),
        |_| format!("{name} is removed from the vault"),
    )?;
    Ok(0)
}
