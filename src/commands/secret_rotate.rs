//! `windlass secret rotate`: another password, proven before and after it is stored. Values are never shown.

use serde_json::{Value, json};

use super::{
    args::{GivenArgs, OpenRotationArgs, SecretRotateArgs},
    given,
    ground::Ground,
    output::{Cell, Style, Tone, columns, time},
    secret::{meant, named},
};
use crate::{
    domain::{
        document::SecretValue,
        failure::Failure,
        name::SecretName,
        recipe::Recipe,
        rotation::{Account, End, Standing, StepState, StepView, revoked_by},
    },
    keeping,
    rotation::{self, Surroundings},
    secrets::Vault,
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
        let meant = meant(ground, &args.name)?;
        let old = meant.rotatable(vault)?;
        let args = GivenArgs {
            name: args.name.clone(),
            username: args.username.clone().or_else(|| keeping::username(old, &meant.source.recipe)),
            ..*args
        };
        let given = given::read(ground, &args, &meant.source, &old.bindings, "New password: ").await?;
        let document = given.document(&meant.source, Some(old), &old.bindings)?;
        Ok(Self::New { name: meant.source.name.clone(), recipe: meant.source.recipe.clone(), document })
    }
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
    let (name, said) = (&account.secret, account.said());
    match &account.stands {
        Standing::Open(_) => format!(
            "{said}; it goes on in another process, or was left:\n  finish it   windlass secret rotate {name} --resume\n  \
             go back     windlass secret rotate {name} --rollback"
        ),
        Standing::Ended(End::Rotated) => format!(
            "{said}\nthe registry still takes the old one until it is revoked there:\n  {}",
            revoked_by(&account.repositories).join("\n  ")
        ),
        Standing::Ended(_) => said,
    }
}
