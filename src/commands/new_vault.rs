//! How the key of a new vault is kept: asked where somebody sits at a terminal, and told.

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;

use super::{args::IdentityArg, ground::Ground, terminal::Terminal};
use crate::{
    domain::failure::Failure,
    secrets::{IdentityKind, NewIdentity},
};

/// How often a new passphrase may be mistyped.
const TRIES: usize = 3;

/// As the command line says.
pub fn as_wanted(ground: &Ground, wanted: &IdentityArg) -> Result<NewIdentity, Failure> {
    match wanted {
        IdentityArg::Plain => Ok(NewIdentity::plain()),
        IdentityArg::Passphrase => under_passphrase(&Terminal::open()?),
        IdentityArg::Ssh(key) => ssh(ground, key),
    }
}

/// As somebody chooses.
pub fn ask(ground: &Ground) -> Result<NewIdentity, Failure> {
    let terminal = Terminal::open()?;
    let default = usual_ssh_key(ground);
    terminal.tell(&format!(
        "\nThis makes the vault {}.\nHow is the key that opens it to be kept?\n  \
         1  in a file under a passphrase, which you type whenever the vault is needed (recommended)\n  \
         2  as your SSH key{}\n  \
         3  in a plain file: good against other users, not against whoever reads your files\n",
        ground.paths.vault().display(),
        default.as_ref().map_or(String::new(), |key| format!(", such as {}", key.display())),
    ))?;
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

/// What was made, and what it protects against.
pub fn told(ground: &Ground, kind: &IdentityKind) -> String {
    let identity = ground.paths.identity();
    let key = match kind {
        IdentityKind::Plain => format!(
            "its key lies beside your settings in {}, not protected by a passphrase: it keeps the secret from other \
             users, backups of the vault and accidents, not from whoever reads your files",
            identity.display()
        ),
        IdentityKind::Passphrase => format!(
            "its key lies beside your settings in {}, under your passphrase: without it nobody opens the vault, you \
             included",
            identity.display()
        ),
        IdentityKind::Ssh { key, .. } => format!(
            "your SSH key {} opens it ({} leads there): without that key nobody does",
            key.display(),
            identity.display()
        ),
    };
    format!("made the vault {}\n{key}", ground.paths.vault().display())
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

/// The shell does not expand the `~` of `ssh:~/.ssh/key`, nor that of an answer.
fn ssh(ground: &Ground, key: &Path) -> Result<NewIdentity, Failure> {
    let key = match (key.strip_prefix("~"), home(ground)) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => key.to_owned(),
    };
    Ok(NewIdentity::ssh(&key, &ground.passphrase)?)
}

/// The first of the names that `ssh` itself looks for and age can use.
fn usual_ssh_key(ground: &Ground) -> Option<PathBuf> {
    let folder = home(ground)?.join(".ssh");
    ["id_ed25519", "id_rsa"].iter().map(|name| folder.join(name)).find(|key| key.is_file())
}

fn home(ground: &Ground) -> Option<PathBuf> {
    (ground.environment)("HOME").filter(|home| !home.is_empty()).map(PathBuf::from)
}
