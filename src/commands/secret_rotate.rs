//! `windlass secret rotate`: another password, proven before and after it is stored. Values are never shown.

use serde_json::{Value, json};

use super::{
    args::{GivenArgs, OpenRotationArgs, SecretRotateArgs},
    given::{self, is_asked},
    ground::Ground,
    output::{Cell, Style, Tone, columns, time},
    secret::{named, store_of},
    secret_set::{new_key, wanted_identity},
};
use crate::{
    domain::{
        document::SecretValue,
        failure::Failure,
        holdings::StoreKind,
        name::SecretName,
        recipe::Recipe,
        rotation::{Account, End, Standing, StepState, StepView, revoked_by},
    },
    keeping::{self, Meant, Store, key},
    rotation::{self, Surroundings},
    secrets::Entry,
};

pub async fn run(ground: &Ground, args: &SecretRotateArgs) -> Result<u8, Failure> {
    let name = named(ground, &args.new.name)?;
    let mut store = store_of(ground, &name)?;
    if args.open.status {
        return status(ground, &store, &name);
    }
    let permit = ground.permit("secret rotate")?;
    let makes_vault = !store.vault.exists();
    let wanted = Wanted::find(ground, args, &name, &mut store).await?;
    let journal = ground.journal().await?;
    let registry = ground.registry_options();
    let who = super::release::who();
    let output = ground.output;
    let mut watch = |view: &StepView| output.note(columns(output.err, &[step(output.err, view)]).trim_end());
    let at = Surroundings {
        store: &mut store,
        journal: &journal,
        registry: &registry,
        who: &who,
        permit,
        watch: &mut watch,
    };
    let account = match wanted {
        Wanted::New { recipe, old, document } => rotation::rotate(at, &name, recipe, *old, document).await?,
        Wanted::Resume => rotation::resume(at, &name).await?,
        Wanted::RollBack => rotation::roll_back(at, &name).await?,
    };
    if let (true, Some(kind)) = (makes_vault, ground.identity()?) {
        ground.output.note(&key::told(&ground.paths, &kind));
    }
    ground.output.result(|| document(&account), |style| text(style, &account))?;
    match account.failure() {
        None => Ok(0),
        Some(failure) => Err(failure),
    }
}

/// What is asked for, with everything that is needed for it.
enum Wanted {
    New { recipe: Recipe, old: Box<Entry>, document: SecretValue },
    Resume,
    RollBack,
}

impl Wanted {
    async fn find(
        ground: &Ground,
        args: &SecretRotateArgs,
        name: &SecretName,
        store: &mut Store,
    ) -> Result<Self, Failure> {
        match args.open {
            OpenRotationArgs { resume: true, .. } => Ok(Self::Resume),
            OpenRotationArgs { rollback: true, .. } => Ok(Self::RollBack),
            OpenRotationArgs { .. } => Self::new(ground, args, name, store).await,
        }
    }

    async fn new(
        ground: &Ground,
        args: &SecretRotateArgs,
        name: &SecretName,
        store: &mut Store,
    ) -> Result<Self, Failure> {
        let meant = Meant::named(ground.project()?, name)?;
        let old = meant.rotatable(store).await?;
        let identity = wanted_identity(ground, args.identity.as_ref(), true, &store.vault)?;
        let new = &args.new;
        let new = GivenArgs {
            name: new.name.clone(),
            username: new.username.clone().or_else(|| keeping::username(&old, &meant.source.recipe)),
            ..*new
        };
        let given = given::read(ground, &new, &meant.source, &old.bindings, "New password: ").await?;
        let document = given.document(&meant.source, Some(&old), &old.bindings)?;
        if !store.vault.exists() {
            store.vault.keep_key(new_key(ground, identity, is_asked(&new))?);
        }
        Ok(Self::New { recipe: meant.source.recipe.clone(), old: Box::new(old), document })
    }
}

fn status(ground: &Ground, store: &Store, name: &SecretName) -> Result<u8, Failure> {
    let account = rotation::status(store, name);
    ground.output.result(
        || account.as_ref().map_or_else(|| none(&store.kind(), name), document),
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
        "schema": "windlass.rotation/1", "name": account.secret, "store": account.store.to_string(), "state": stands, "stage": stage,
        "begun": account.begun, "by": account.by, "repositories": account.repositories, "steps": steps,
        "fingerprints": {"old": account.old, "new": account.new}, "failure": account.failure(),
    })
}

fn none(kept: &StoreKind, name: &SecretName) -> Value {
    json!({
        "schema": "windlass.rotation/1", "name": name, "store": kept.to_string(), "state": "none", "stage": null,
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
