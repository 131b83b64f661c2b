//! The use cases around a secret's life: the proof that it works, and its replacement by one that was proven.
//!
//! [`crate::domain::rotation`] says what follows on what; here it is done: [`check`] asks the registries, the vault
//! keeps each stage before the next one is begun, and the audit trail says who did it.

pub mod check;
mod drive;

use jiff::Timestamp;
use secrecy::ExposeSecret as _;

use crate::{
    domain::{
        document::SecretValue,
        failure::Failure,
        holdings::StoreKind,
        name::SecretName,
        permission::MayWrite,
        recipe::Recipe,
        reference::Repository,
        rotation::{Account, Stage, Standing, StepView},
    },
    journal::Journal,
    keeping::Store,
    registry::Options,
    secrets::{Entry, OpenRotation, Vault, check_strength},
};
use drive::{Drive, Intent};

/// What a rotation works with.
pub struct Surroundings<'a> {
    pub store: &'a mut Store,
    pub journal: &'a Journal,
    pub registry: &'a Options,
    /// `user@host`.
    pub who: &'a str,
    pub permit: MayWrite,
    /// Told of every step that has ended.
    pub watch: &'a mut (dyn FnMut(&StepView) + Send + Sync),
}

/// Replaces the document of a secret, as it was seen, by this one, which is proven first.
///
/// # Errors
/// When there is nothing to tell of: the new document is refused for what it is, a rotation is open already, or
/// store or trail cannot be written. A rotation that has begun and cannot go on stays open. What the checks found is
/// in the answer.
pub async fn rotate(
    at: Surroundings<'_>,
    name: &SecretName,
    recipe: Recipe,
    old: Entry,
    new: SecretValue,
) -> Result<Account, Failure> {
    at.store.check_at_rest(name)?;
    check_strength(&recipe, &new)?;
    differs(name, &recipe, &old, &new)?;
    let (begun, by) = (Timestamp::now(), at.who.to_owned());
    let rotation = OpenRotation { stage: Stage::Opened, recipe, old, new, begun, by };
    Drive::new(at, name, rotation).run(Intent::Begin).await
}

/// Takes up a rotation that was left open.
///
/// # Errors
/// As [`rotate`], and when none is open.
pub async fn resume(at: Surroundings<'_>, name: &SecretName) -> Result<Account, Failure> {
    let rotation = open(at.store, name)?;
    Drive::new(at, name, rotation).run(Intent::Resume).await
}

/// Puts the old document back, and sees whether it still works.
///
/// # Errors
/// As [`resume`].
pub async fn roll_back(at: Surroundings<'_>, name: &SecretName) -> Result<Account, Failure> {
    let rotation = open(at.store, name)?;
    Drive::new(at, name, rotation).run(Intent::RollBack).await
}

/// What is known of an open rotation; `None` when there is none.
pub fn status(store: &Store, name: &SecretName) -> Option<Account> {
    status_in(&store.vault, &store.kind(), name)
}

/// The same, where the store itself cannot be had: open rotations are in the vault.
pub fn status_in(vault: &Vault, kept: &StoreKind, name: &SecretName) -> Option<Account> {
    vault.rotation(kept, name).map(|rotation| account(vault, kept, name, rotation))
}

/// As the vault tells it.
fn account(vault: &Vault, kept: &StoreKind, name: &SecretName, rotation: &OpenRotation) -> Account {
    let fingerprints =
        |document| vault.fingerprints(&rotation.recipe, document).iter().map(ToString::to_string).collect();
    Account {
        secret: name.clone(),
        store: kept.clone(),
        begun: rotation.begun,
        by: rotation.by.clone(),
        repositories: rotation.old.bindings.clone(),
        old: fingerprints(&rotation.old.document),
        new: fingerprints(&rotation.new),
        stands: Standing::Open(rotation.stage.clone()),
        steps: Account::steps(&rotation.stage),
    }
}

fn open(store: &Store, name: &SecretName) -> Result<OpenRotation, Failure> {
    store.rotation(name).cloned().ok_or_else(|| {
        Failure::failed(
            format!("no rotation of {name} is open"),
            "none was begun, or it has ended",
            format!("see what is there: windlass secret show {name}"),
        )
    })
}

/// A password that stays is no rotation.
fn differs(name: &SecretName, recipe: &Recipe, old: &Entry, new: &SecretValue) -> Result<(), Failure> {
    let same = |repository: &Repository| {
        let (old, new) = (recipe.login(&old.document, repository), recipe.login(new, repository));
        matches!((old, new), (Ok(old), Ok(new)) if old.password.expose_secret() == new.password.expose_secret())
    };
    if old.bindings.is_empty() || !old.bindings.iter().all(same) {
        return Ok(());
    }
    Err(Failure::usage(
        format!("{name} was not rotated"),
        "that is the same password as before",
        "make a new one at the registry, and give that",
    ))
}
