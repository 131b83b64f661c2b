//! `windlass secret set`: a login or a document goes into the vault, which the first one makes.

use std::{
    collections::BTreeMap,
    io::{IsTerminal as _, Read as _},
};

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroizing};
use serde_json::json;

use super::{
    args::SecretSetArgs, docker_login::DockerLogins, ground::Ground, json, new_vault, secret::Meant, terminal::Terminal,
};
use crate::{
    domain::{document::SecretValue, failure::Failure, recipe::Login, reference::Repository},
    secrets::{self, NewIdentity, Vault},
};

/// The longest document that is read from stdin.
const DOCUMENT_LIMIT: u64 = 1024 * 1024;

pub async fn run(ground: &Ground, args: &SecretSetArgs) -> Result<u8, Failure> {
    let permit = ground.permit("secret set")?;
    let meant = Meant::find(ground, &args.name)?;
    let (name, recipe) = (&meant.source.name, &meant.source.recipe);
    let mut vault = ground.vault()?;
    let wanted = wanted_identity(ground, args, &vault)?;
    let repositories = meant.repositories();
    let given = Given::read(ground, args, &meant).await?;
    let document = match &given {
        Given::Document(document) => document.clone(),
        Given::Login(_) | Given::Docker(_) => {
            let mut document = match vault.get(name) {
                Some(entry) => entry.document.clone(),
                None => SecretValue::Object(BTreeMap::new()),
            };
            for repository in &repositories {
                let Some(login) = given.login(repository) else { continue };
                recipe.store(&mut document, login, repository).map_err(|e| {
                    Failure::usage(
                        format!("the login does not fit into {name}"),
                        e.to_string(),
                        "correct [secret] recipe",
                    )
                })?;
            }
            document
        }
    };
    secrets::check_strength(recipe, &document)?;
    let new = !vault.exists();
    if new {
        vault.keep_key(match wanted {
            Some(wanted) => wanted,
            None if is_asked(args) => new_vault::ask(ground)?,
            None => NewIdentity::plain(),
        });
    }
    vault.set(name.clone(), document, repositories.clone(), Timestamp::now(), super::release::who(), permit)?;
    let identity = ground.identity()?;
    if let (true, Some(kind)) = (new, &identity) {
        ground.output.note(&new_vault::told(ground, kind));
    }
    let docker = match &given {
        Given::Docker(logins) => Some(logins),
        Given::Login(_) | Given::Document(_) => None,
    };
    let bound: Vec<String> = repositories.iter().map(ToString::to_string).collect();
    ground.output.result(
        || {
            json!({
                "schema": "windlass.secret-set/1", "name": name, "store": "vault", "bindings": bound,
                "docker": docker.map(DockerLogins::json),
                "identity": json::identity(&ground.paths.identity(), identity.as_ref()),
            })
        },
        |_| match docker {
            Some(logins) => format!("took {logins}\n{name} is set, bound to {}", bound.join(", ")),
            None => format!("{name} is set, bound to {}", bound.join(", ")),
        },
    )?;
    Ok(0)
}

/// What a secret is set to, and where that came from.
enum Given {
    Document(SecretValue),
    /// The same for each repository.
    Login(Login),
    Docker(DockerLogins),
}

impl Given {
    async fn read(ground: &Ground, args: &SecretSetArgs, meant: &Meant) -> Result<Self, Failure> {
        if args.document_stdin {
            return Ok(Self::Document(parse_document(&read_stdin()?)?));
        }
        let (recipe, bound) = (&meant.source.recipe, &meant.repositories());
        if args.from_docker {
            return Ok(Self::Docker(DockerLogins::demanded(ground, recipe, bound).await?));
        }
        if args.password_stdin {
            return Ok(Self::Login(piped_login(ground, args)?));
        }
        if !is_asked(args) {
            return Err(Failure::usage(
                "there is no password",
                "stdin is no terminal to ask at",
                "pass it with --password-stdin, as `docker login` does",
            ));
        }
        let terminal = Terminal::open()?;
        let username = match &args.username {
            Some(name) => name.clone(),
            None => match DockerLogins::offered(ground, &terminal, recipe, bound).await? {
                Some(logins) => return Ok(Self::Docker(logins)),
                None => terminal.ask("User name: ")?,
            },
        };
        Ok(Self::Login(Login { username, password: terminal.ask_hidden("Password: ")? }))
    }

    fn login(&self, repository: &Repository) -> Option<&Login> {
        match self {
            Self::Document(_) => None,
            Self::Login(login) => Some(login),
            Self::Docker(logins) => logins.of(repository),
        }
    }
}

/// Somebody is at the terminal, and stdin carries nothing else.
fn is_asked(args: &SecretSetArgs) -> bool {
    !args.password_stdin && !args.document_stdin && std::io::stdin().is_terminal()
}

/// `--identity`, looked at before anybody types a password.
fn wanted_identity(ground: &Ground, args: &SecretSetArgs, vault: &Vault) -> Result<Option<NewIdentity>, Failure> {
    let Some(wanted) = &args.identity else { return Ok(None) };
    if !vault.exists() {
        return new_vault::as_wanted(ground, wanted).map(Some);
    }
    let kept = ground.identity()?.map_or(String::new(), |kind| format!(", and its key is {kind}"));
    Err(Failure::usage(
        "the vault's key is not kept in another way",
        format!("--identity is for a new vault; {} is there{kept}", ground.paths.vault().display()),
        "leave --identity out",
    ))
}

fn piped_login(ground: &Ground, args: &SecretSetArgs) -> Result<Login, Failure> {
    let Some(username) = args.username.clone() else {
        return Err(Failure::usage("there is no user name", "--password-stdin needs it", "add --username USER"));
    };
    let (password, trimmed) = secrets::trim_newline(read_stdin()?);
    if trimmed {
        ground.output.note("a newline at the end of the password was taken off");
    }
    Ok(Login { username, password })
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
