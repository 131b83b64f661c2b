//! What a secret is to be: a login or a document, piped in, typed at the terminal, or taken over from Docker.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{IsTerminal as _, Read as _},
};

use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroizing};

use super::{args::GivenArgs, docker_login::DockerLogins, ground::Ground, terminal::Terminal};
use crate::{
    config::SecretSource,
    domain::{document::SecretValue, failure::Failure, recipe::Login, reference::Repository},
    secrets::{self, Entry},
};

/// The longest document that is read from stdin.
const DOCUMENT_LIMIT: u64 = 1024 * 1024;

/// What a secret is set to, and where that came from.
pub enum Given {
    Document(SecretValue),
    /// The same for each repository.
    Login(Login),
    Docker(DockerLogins),
}

impl Given {
    pub async fn read(
        ground: &Ground,
        args: &GivenArgs,
        source: &SecretSource,
        bound: &BTreeSet<Repository>,
    ) -> Result<Self, Failure> {
        if args.document_stdin {
            return Ok(Self::Document(parse_document(&read_stdin()?)?));
        }
        let recipe = &source.recipe;
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
        let (password, _) = secrets::trim_newline(terminal.ask_hidden("Password: ")?);
        Ok(Self::Login(Login { username, password }))
    }

    /// The document that is meant: the one that was given, or the `old` one with another login in it.
    pub fn document(
        &self,
        source: &SecretSource,
        old: Option<&Entry>,
        repositories: &BTreeSet<Repository>,
    ) -> Result<SecretValue, Failure> {
        if let Self::Document(document) = self {
            return Ok(document.clone());
        }
        let mut document = match old {
            Some(entry) => entry.document.clone(),
            None => SecretValue::Object(BTreeMap::new()),
        };
        for repository in repositories {
            let Some(login) = self.login(repository) else { continue };
            source.recipe.store(&mut document, login, repository).map_err(|e| {
                let what = format!("the login does not fit into {}", source.name);
                Failure::usage(what, e.to_string(), "correct [secret] recipe")
            })?;
        }
        Ok(document)
    }

    /// Docker's logins, where these were taken over.
    pub fn docker(&self) -> Option<&DockerLogins> {
        match self {
            Self::Docker(logins) => Some(logins),
            Self::Login(_) | Self::Document(_) => None,
        }
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
pub fn is_asked(args: &GivenArgs) -> bool {
    !args.password_stdin && !args.document_stdin && std::io::stdin().is_terminal()
}

fn piped_login(ground: &Ground, args: &GivenArgs) -> Result<Login, Failure> {
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
