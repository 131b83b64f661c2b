//! What a secret is to be, as somebody gives it: piped in, typed at the terminal, or taken over from Docker.

use std::{
    collections::BTreeSet,
    io::{IsTerminal as _, Read as _},
};

use secrecy::{SecretString, zeroize::Zeroizing};

use super::{args::GivenArgs, ground::Ground, terminal::Terminal};
use crate::{
    config::SecretSource,
    domain::{
        failure::Failure,
        recipe::{Login, Recipe},
        reference::Repository,
    },
    keeping::{DockerLogins, Given},
    secrets,
};

/// The longest document that is read from stdin.
const DOCUMENT_LIMIT: u64 = 1024 * 1024;

pub async fn read(
    ground: &Ground,
    args: &GivenArgs,
    source: &SecretSource,
    bound: &BTreeSet<Repository>,
    question: &str,
) -> Result<Given, Failure> {
    if args.document_stdin {
        return Given::document_of(&read_stdin()?);
    }
    let recipe = &source.recipe;
    if args.from_docker {
        return Ok(Given::Docker(DockerLogins::demanded(&*ground.environment, recipe, bound).await?));
    }
    if args.password_stdin {
        return Ok(Given::Login(piped_login(ground, args)?));
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
        None => match offered(ground, &terminal, recipe, bound).await? {
            Some(logins) => return Ok(Given::Docker(logins)),
            None => terminal.ask("User name: ")?,
        },
    };
    Ok(Given::Login(Login { username, password: terminal.ask_hidden(question)? }))
}

/// Docker's logins, if it has them and somebody at the terminal wants them.
async fn offered(
    ground: &Ground,
    terminal: &Terminal,
    recipe: &Recipe,
    bound: &BTreeSet<Repository>,
) -> Result<Option<DockerLogins>, Failure> {
    let logins = match DockerLogins::offered(&*ground.environment, recipe, bound).await {
        Ok(Some(logins)) => logins,
        Ok(None) => return Ok(None),
        Err(Failure { what, why, .. }) => {
            ground.output.note(&format!("{what}: {why}"));
            return Ok(None);
        }
    };
    let answer = terminal.ask(&format!("Docker has {logins}. Use it? [Y/n] "))?;
    Ok(matches!(answer.as_str(), "" | "y" | "Y" | "yes").then_some(logins))
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
pub fn read_stdin() -> Result<SecretString, Failure> {
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
