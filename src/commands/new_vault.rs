//! How the key of a new vault is kept: asked where somebody sits at a terminal.

use std::path::Path;

use secrecy::ExposeSecret as _;

use super::{args::IdentityArg, ground::Ground, terminal::Terminal};
use crate::{
    domain::{failure::Failure, holdings::KeyKept},
    keeping::key,
    secrets::{NewIdentity, Vault},
};

/// How often a new passphrase may be mistyped.
const TRIES: usize = 3;

/// `--identity`, looked at before anybody types a secret.
pub fn wanted(ground: &Ground, identity: Option<&IdentityArg>, vault: &Vault) -> Result<Option<NewIdentity>, Failure> {
    let Some(wanted) = identity else { return Ok(None) };
    if !vault.exists() {
        return as_wanted(ground, wanted).map(Some);
    }
    let kept = ground.identity()?.map_or(String::new(), |kind| format!(", and its key is {kind}"));
    Err(Failure::usage(
        "the vault's key is not kept in another way",
        format!("--identity is for a new vault; {} is there{kept}", ground.paths.vault().display()),
        "leave --identity out",
    ))
}

fn as_wanted(ground: &Ground, wanted: &IdentityArg) -> Result<NewIdentity, Failure> {
    match wanted {
        IdentityArg::Plain => Ok(NewIdentity::plain()),
        IdentityArg::Passphrase => under_passphrase(&Terminal::open()?),
        IdentityArg::Ssh(key) => ssh(ground, key),
    }
}

/// As somebody chooses.
pub fn ask(ground: &Ground) -> Result<NewIdentity, Failure> {
    let terminal = Terminal::open()?;
    let default = key::usual_ssh_key(&*ground.environment);
    let such_as = default.as_ref().map_or(String::new(), |key| format!(", such as {}", key.display()));
    let vault = ground.paths.vault();
    terminal
        .tell(&format!("\nThis makes the vault {}.\nHow is the key that opens it to be kept?\n", vault.display()))?;
    for (number, way) in (1..).zip(KeyKept::ALL) {
        let such_as = if way == KeyKept::Ssh { such_as.as_str() } else { "" };
        terminal.tell(&format!("  {number}  {}{such_as}\n", way.words()))?;
    }
    for _ in 0..TRIES {
        match terminal.ask("1, 2 or 3 [1]: ")?.as_str() {
            "" | "1" => return under_passphrase(&terminal),
            "2" => {
                let shown = default.as_ref().map_or(String::new(), |key| format!(" [{}]", key.display()));
                let typed = terminal.ask(&format!("Path of the SSH private key{shown}: "))?;
                return match (typed.is_empty(), default) {
                    (true, Some(key)) => ssh(ground, &key),
                    (_, _) => ssh(ground, Path::new(&typed)),
                };
            }
            "3" => return Ok(NewIdentity::plain()),
            _ => {}
        }
    }
    Err(nothing_chosen("none of 1, 2 and 3 was typed"))
}

fn under_passphrase(terminal: &Terminal) -> Result<NewIdentity, Failure> {
    for _ in 0..TRIES {
        let first = terminal.ask_hidden("New passphrase of the vault: ")?;
        let new = match NewIdentity::under(first.clone()) {
            Ok(new) => new,
            Err(error) => {
                terminal.tell(&format!("It is not taken: {error}. Several words are best.\n"))?;
                continue;
            }
        };
        if first.expose_secret() == terminal.ask_hidden("The same once more: ")?.expose_secret() {
            return Ok(new);
        }
        terminal.tell("The two are not the same.\n")?;
    }
    Err(nothing_chosen("no passphrase was typed twice the same"))
}

fn nothing_chosen(why: &str) -> Failure {
    Failure::usage("the vault was not made", why, "run it again; --identity says beforehand how the key is kept")
}

fn ssh(ground: &Ground, key: &Path) -> Result<NewIdentity, Failure> {
    key::ssh(&*ground.environment, key, &ground.passphrase)
}
