//! `windlass secret set`: a login or a document goes into the vault, which the first one makes.

use serde_json::{Value, json};

use super::{
    args::SecretSetArgs,
    given::{self, is_asked},
    ground::Ground,
    json, new_vault,
    secret::meant,
};
use crate::{
    domain::failure::Failure,
    keeping::{self, DockerLogins, Given, Surroundings, key},
    secrets::{NewIdentity, Vault},
};

pub async fn run(ground: &Ground, args: &SecretSetArgs) -> Result<u8, Failure> {
    let permit = ground.permit("secret set")?;
    let meant = meant(ground, &args.given.name)?;
    let name = &meant.source.name;
    let mut vault = ground.vault()?;
    vault.check_at_rest(name)?;
    let wanted = wanted_identity(ground, args, &vault)?;
    let repositories = meant.repositories();
    let given = given::read(ground, &args.given, &meant.source, &repositories, "Password: ").await?;
    let document = given.document(&meant.source, vault.get(name), &repositories)?;
    let new = !vault.exists();
    if new {
        vault.keep_key(match wanted {
            Some(wanted) => wanted,
            None if is_asked(&args.given) => new_vault::ask(ground)?,
            None => NewIdentity::plain(),
        });
    }
    let (journal, who) = (ground.journal().await?, super::release::who());
    let at = Surroundings { vault: &mut vault, journal: &journal, who: &who, permit };
    keeping::set(at, &meant, document).await?;
    let identity = ground.identity()?;
    if let (true, Some(kind)) = (new, &identity) {
        ground.output.note(&key::told(&ground.paths, kind));
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
                "docker": docker.map(taken_over),
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

/// Whose logins they are, and where Docker has them.
fn taken_over(logins: &DockerLogins) -> Value {
    let logins: Vec<Value> = logins
        .iter()
        .map(|(host, f)| json!({"registry": host, "username": f.login.username, "from": f.keeper.to_string()}))
        .collect();
    logins.into()
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
