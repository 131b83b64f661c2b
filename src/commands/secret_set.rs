//! `windlass secret set`: a login or a document goes into the vault, which the first one makes.

use jiff::Timestamp;
use serde_json::json;

use super::{
    args::SecretSetArgs,
    docker_login::DockerLogins,
    given::{Given, is_asked},
    ground::Ground,
    json, new_vault,
    secret::{Meant, fingerprint},
};
use crate::{
    domain::{
        audit::{Act, AuditRow, Ended},
        failure::Failure,
    },
    secrets::{self, NewIdentity, Vault},
};

pub async fn run(ground: &Ground, args: &SecretSetArgs) -> Result<u8, Failure> {
    let permit = ground.permit("secret set")?;
    let meant = Meant::find(ground, &args.given.name)?;
    let (name, recipe) = (&meant.source.name, &meant.source.recipe);
    let mut vault = ground.vault()?;
    vault.check_at_rest(name)?;
    let wanted = wanted_identity(ground, args, &vault)?;
    let repositories = meant.repositories();
    let given = Given::read(ground, &args.given, &meant.source, &repositories).await?;
    let document = given.document(&meant.source, vault.get(name), &repositories)?;
    secrets::check_strength(recipe, &document)?;
    let new = !vault.exists();
    if new {
        vault.keep_key(match wanted {
            Some(wanted) => wanted,
            None if is_asked(&args.given) => new_vault::ask(ground)?,
            None => NewIdentity::plain(),
        });
    }
    let (now, who) = (Timestamp::now(), super::release::who());
    let row = AuditRow::begun(now, &who, Act::SecretSet, name.as_str());
    let work = async {
        vault.set(name.clone(), document.clone(), repositories.clone(), now, who.clone(), permit)?;
        Ok(((), Ended::with(None, fingerprint(&vault, recipe, &document))))
    };
    ground.journal().await?.audited(row, work).await?;
    let identity = ground.identity()?;
    if let (true, Some(kind)) = (new, &identity) {
        ground.output.note(&new_vault::told(ground, kind));
    }
    let docker = given.docker();
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
