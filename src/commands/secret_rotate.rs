//! `windlass secret rotate`: another password, proven before and after it is stored. Values are never shown.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    args::{GivenArgs, OpenRotationArgs, SecretRotateArgs},
    given::Given,
    ground::Ground,
    output::{Cell, Style, Tone, columns, time},
    secret::{Meant, named, no_such},
};
use crate::{
    domain::{
        document::SecretValue,
        failure::Failure,
        name::SecretName,
        recipe::Recipe,
        reference::{DOCKER_HUB, Repository},
        rotation::{End, Reason, Stage},
    },
    rotation::{self, Account, Standing, StepState, StepView, Surroundings},
    secrets::{Entry, SecretError, Vault},
};

pub async fn run(ground: &Ground, args: &SecretRotateArgs) -> Result<u8, Failure> {
    let mut vault = ground.vault()?;
    if args.open.status {
        return status(ground, &vault, &named(ground, &args.new.name)?);
    }
    let permit = ground.permit("secret rotate")?;
    let wanted = Wanted::find(ground, args, &vault).await?;
    let journal = ground.journal().await?;
    let registry = ground.registry_options();
    let who = super::release::who();
    let output = ground.output;
    let mut watch = |view: &StepView| output.note(columns(output.err, &[step(output.err, view)]).trim_end());
    let at = Surroundings {
        vault: &mut vault,
        journal: &journal,
        registry: &registry,
        who: &who,
        permit,
        watch: &mut watch,
    };
    let account = match wanted {
        Wanted::New { name, recipe, document } => rotation::rotate(at, &name, recipe, document).await?,
        Wanted::Resume(name) => rotation::resume(at, &name).await?,
        Wanted::RollBack(name) => rotation::roll_back(at, &name).await?,
    };
    ground.output.result(|| document(&account), |style| text(style, &account))?;
    match account.failure() {
        None => Ok(0),
        Some(failure) => Err(failure),
    }
}

/// What is asked for, with everything that is needed for it.
enum Wanted {
    New { name: SecretName, recipe: Recipe, document: SecretValue },
    Resume(SecretName),
    RollBack(SecretName),
}

impl Wanted {
    async fn find(ground: &Ground, args: &SecretRotateArgs, vault: &Vault) -> Result<Self, Failure> {
        match args.open {
            OpenRotationArgs { resume: true, .. } => Ok(Self::Resume(named(ground, &args.new.name)?)),
            OpenRotationArgs { rollback: true, .. } => Ok(Self::RollBack(named(ground, &args.new.name)?)),
            OpenRotationArgs { .. } => Self::new(ground, &args.new, vault).await,
        }
    }

    async fn new(ground: &Ground, args: &GivenArgs, vault: &Vault) -> Result<Self, Failure> {
        let meant = Meant::find(ground, &args.name)?;
        let (name, recipe) = (meant.source.name.clone(), meant.source.recipe.clone());
        // Nobody is asked for a password that cannot be used.
        vault.check_at_rest(&name)?;
        let old = vault.get(&name).ok_or_else(|| no_such(&name))?;
        if let Some(repository) = meant.repositories().into_iter().find(|r| !old.bindings.contains(r)) {
            return Err(SecretError::NotBound { repository, bindings: old.bindings.clone() }.into());
        }
        let args = GivenArgs {
            name: args.name.clone(),
            username: args.username.clone().or_else(|| username(&recipe, old)),
            ..*args
        };
        let given = Given::read(ground, &args, &meant.source, &old.bindings, "New password: ").await?;
        let document = given.document(&meant.source, Some(old), &old.bindings)?;
        Ok(Self::New { name, recipe, document })
    }
}

/// The user name of the secret as it is, where all its repositories have the same.
fn username(recipe: &Recipe, old: &Entry) -> Option<String> {
    let logins = old.bindings.iter().map(|repository| old.login_for(recipe, repository).map(|login| login.username));
    let names: BTreeSet<String> = logins.collect::<Result<_, _>>().ok()?;
    if names.len() == 1 { names.into_iter().next() } else { None }
}

fn status(ground: &Ground, vault: &Vault, name: &SecretName) -> Result<u8, Failure> {
    let account = rotation::status(vault, name);
    ground.output.result(
        || account.as_ref().map_or_else(|| none(name), document),
        |style| match &account {
            Some(account) => status_text(style, account),
            None => format!("no rotation of {name} is open"),
        },
    )?;
    Ok(0)
}

/// `windlass.rotation/1`. `state` is `open` with its stage, `none`, or how it ended.
fn document(account: &Account) -> Value {
    let (stands, stage) = match &account.stands {
        Standing::Open(stage) => ("open", Some(stage.name())),
        Standing::Ended(end) => (end.name(), None),
    };
    let steps: Vec<Value> = account
        .steps
        .iter()
        .map(|view| {
            let (word, note, error) = match &view.state {
                StepState::Pending => ("pending", None, None),
                StepState::Done { note } => ("done", note.as_ref(), None),
                StepState::Failed(failure) => ("failed", None, Some(failure)),
            };
            json!({"name": view.step, "state": word, "note": note, "error": error})
        })
        .collect();
    json!({
        "schema": "windlass.rotation/1", "name": account.secret, "store": "vault", "state": stands, "stage": stage,
        "begun": account.begun, "by": account.by, "repositories": account.repositories, "steps": steps,
        "fingerprints": {"old": account.old, "new": account.new}, "failure": account.failure(),
    })
}

fn none(name: &SecretName) -> Value {
    json!({
        "schema": "windlass.rotation/1", "name": name, "store": "vault", "state": "none", "stage": null,
        "begun": null, "by": null, "repositories": [], "steps": [],
        "fingerprints": {"old": null, "new": null}, "failure": null,
    })
}

fn step(style: Style, view: &StepView) -> Vec<Cell> {
    let (sign, tone, note) = match &view.state {
        StepState::Pending => (style.glyph("·", "."), Tone::Dim, ""),
        StepState::Done { note } => (style.glyph("✓", "+"), Tone::Good, note.as_deref().unwrap_or_default()),
        StepState::Failed(failure) => (style.glyph("✗", "x"), Tone::Bad, failure.what.as_str()),
    };
    vec![Cell::toned(sign, tone), Cell::new(format!("{:<13}", view.step.name())), Cell::toned(note, Tone::Dim)]
}

/// Of a rotation that was left open: how far it came, too.
fn status_text(style: Style, account: &Account) -> String {
    let steps: Vec<Vec<Cell>> = account.steps.iter().map(|view| step(style, view)).collect();
    format!(
        "rotation of {}, begun {} UTC by {}\n{}{}",
        style.paint(Tone::Bold, account.secret.as_str()),
        time(account.begun),
        account.by,
        columns(style, &steps),
        text(style, account)
    )
}

fn text(style: Style, account: &Account) -> String {
    let arrow = style.glyph("→", "->");
    format!("fingerprint {} {arrow} {}\n{}", account.old.join(", "), account.new.join(", "), stands(account))
}

/// Where it stands, and what is left to do.
fn stands(account: &Account) -> String {
    let name = &account.secret;
    let ways = format!(
        "it goes on in another process, or was left:\n  finish it   windlass secret rotate {name} --resume\n  \
         go back     windlass secret rotate {name} --rollback"
    );
    match &account.stands {
        Standing::Open(Stage::Opened) => format!("open: nothing is stored, the old one is still the secret; {ways}"),
        Standing::Open(Stage::Stored) => format!("open: the new one is stored, and was not read back yet; {ways}"),
        Standing::Open(Stage::ReadBack) => {
            format!("open: the new one is stored and was read back; what is stored was not verified yet; {ways}")
        }
        Standing::Open(Stage::Restored(reason)) => {
            let why = match reason {
                Reason::Asked => "as was asked for".to_owned(),
                Reason::Failed(failure) => format!("since {}", failure.what),
            };
            format!("open: the old one is the secret again, {why}; whether it works was not verified yet; {ways}")
        }
        Standing::Ended(End::Rotated) => format!(
            "rotated: the new one is the secret, and the old one is in the vault no more\n\
             the registry still takes the old one until it is revoked there:\n{}",
            revoke(&account.repositories)
        ),
        Standing::Ended(End::Withdrawn(_)) => "not rotated: nothing was stored".to_owned(),
        Standing::Ended(End::RolledBack { old: Ok(()), .. }) => {
            "rolled back: the old one is the secret, and it still works; revoke the new one if it is not used"
                .to_owned()
        }
        Standing::Ended(End::RolledBack { old: Err(_), .. }) => {
            "rolled back: the old one is the secret, but it could not be verified".to_owned()
        }
    }
}

/// Who can take the old password back, and where.
fn revoke(repositories: &BTreeSet<Repository>) -> String {
    let hosts: BTreeSet<&str> = repositories.iter().map(Repository::host).collect();
    let lines = hosts.into_iter().map(|host| match host {
        DOCKER_HUB => "  docker.io: its account, at https://app.docker.com/settings/personal-access-tokens".to_owned(),
        "ghcr.io" => "  ghcr.io: its account, at https://github.com/settings/tokens".to_owned(),
        "quay.io" => "  quay.io: an administrator of its organization, under Robot Accounts".to_owned(),
        host => format!("  {host}: whoever runs that registry"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_registry_is_named_with_who_revokes_there() {
        let repositories = ["a/b", "a/c", "ghcr.io/a/b", "10.0.0.1:5000/a/b"];
        let text = revoke(&repositories.iter().map(|r| r.parse().unwrap()).collect());
        let hosts: Vec<_> = text.lines().map(|line| line.trim().split(": ").next().unwrap()).collect();
        assert_eq!(hosts, ["10.0.0.1:5000", "docker.io", "ghcr.io"]);
        assert!(text.contains("personal-access-tokens"));
    }
}
