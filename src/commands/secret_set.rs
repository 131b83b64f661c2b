//! `windlass secret set`: a login or a document goes into its store; the first one makes the vault.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    args::{IdentityArg, SecretSetArgs},
    given::{self, is_asked},
    ground::Ground,
    json, new_vault,
    secret::meant,
};
use crate::{
    domain::{failure::Failure, holdings::StoreKind},
    keeping::{self, DockerLogins, New, Surroundings, key},
    secrets::{NewIdentity, Vault},
};

pub async fn run(ground: &Ground, args: &SecretSetArgs) -> Result<u8, Failure> {
    let permit = ground.permit("secret set")?;
    let meant = meant(ground, &args.given.name)?;
    let (name, kept) = (&meant.source.name, &meant.source.store);
    let expires = wanted_end(args, kept)?;
    let mut store = ground.store(kept)?;
    store.check_at_rest(name)?;
    let new_vault = kept.is_vault() && !store.vault.exists();
    let wanted = wanted_identity(ground, args.identity.as_ref(), kept.is_vault(), &store.vault)?;
    let repositories = meant.repositories();
    let seen = store.look(name, &repositories).await?;
    // Before anybody types a password.
    let old = if args.replace || args.given.document_stdin { None } else { seen.written_into(&meant.source)? };
    let given = given::read(ground, &args.given, &meant.source, &repositories, "Password: ").await?;
    let document = given.document(&meant.source, old, &repositories)?;
    if new_vault {
        store.vault.keep_key(new_key(ground, wanted, is_asked(&args.given))?);
    }
    let (journal, who) = (ground.journal().await?, super::release::who());
    let at = Surroundings { store: &mut store, journal: &journal, who: &who, permit };
    let set = keeping::set(at, &meant, &seen, New { document, expires }).await?;
    let identity = ground.identity()?;
    if let (true, Some(kind)) = (new_vault, &identity) {
        ground.output.note(&key::told(&ground.paths, kind));
    }
    let docker = given.docker();
    ground.output.result(
        || {
            json!({
                "schema": "windlass.secret-set/1", "name": name, "store": kept.to_string(), "bindings": set.bindings,
                "expires": set.expires, "untold": set.untold, "docker": docker.map(taken_over),
                "identity": json::identity(&ground.paths.identity(), identity.as_ref()),
            })
        },
        |_| {
            let took = docker.map(|logins| format!("took {logins}"));
            took.into_iter().chain(set.said(name)).collect::<Vec<_>>().join("\n")
        },
    )?;
    Ok(0)
}

/// `--expires`, as a time.
fn wanted_end(args: &SecretSetArgs, kept: &StoreKind) -> Result<Option<Timestamp>, Failure> {
    let Some(wanted) = args.expires else { return Ok(None) };
    if kept.is_vault() {
        let why = "the vault sets no end: --expires is for secrets of Taskcluster";
        return Err(Failure::usage("the secret is not set", why, "leave --expires out"));
    }
    keeping::end(wanted, Timestamp::now()).map(Some)
}

/// Whose logins they are, and where Docker has them.
fn taken_over(logins: &DockerLogins) -> Value {
    let logins: Vec<Value> = logins
        .iter()
        .map(|(host, f)| json!({"registry": host, "username": f.login.username, "from": f.keeper.to_string()}))
        .collect();
    logins.into()
}

/// `--identity`, looked at before anybody types a password. `makes`: a vault is made here where there is none.
pub(super) fn wanted_identity(
    ground: &Ground,
    wanted: Option<&IdentityArg>,
    makes: bool,
    vault: &Vault,
) -> Result<Option<NewIdentity>, Failure> {
    if !makes && wanted.is_some() && !vault.exists() {
        return Err(Failure::usage(
            "the vault's key is not kept in another way",
            "--identity is for a new vault, and Taskcluster keeps this secret",
            "leave --identity out",
        ));
    }
    new_vault::wanted(ground, wanted, vault)
}

/// How the key of a new vault is kept: as was said, as somebody says who is asked, or in a plain file.
pub(super) fn new_key(ground: &Ground, wanted: Option<NewIdentity>, asks: bool) -> Result<NewIdentity, Failure> {
    match wanted {
        Some(wanted) => Ok(wanted),
        None if asks => new_vault::ask(ground),
        None => Ok(NewIdentity::plain()),
    }
}
