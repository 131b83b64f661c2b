//! The secrets that a project's images need: what there is of them, and how one is set, proven and removed. Values go
//! in and are not shown. Not for the replacement of a secret by one that is proven first: that is [`crate::rotation`].

mod cluster;
mod docker_logins;
mod given;
mod holdings;
pub mod key;
mod meant;
mod prove;
mod redaction;
mod store;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

pub use cluster::{Cluster, Seen, Unheld};
pub use docker_logins::DockerLogins;
pub use given::Given;
pub use holdings::{rows, username};
pub use meant::Meant;
pub use prove::prove;
pub use redaction::{Learned, Redaction};
pub use store::Store;

use crate::{
    domain::{
        audit::{Act, AuditRow, Ended},
        document::SecretValue,
        failure::Failure,
        holdings::{WantedEnd, expiry},
        name::SecretName,
        permission::MayWrite,
        recipe::Recipe,
        reference::Repository,
    },
    journal::Journal,
    taskcluster::Stored,
};

/// How the pages of deployments write that a secret has no end: a thousand years.
const NEVER: SignedDuration = SignedDuration::from_hours(24 * 365_250);

/// What a change of a store works with.
pub struct Surroundings<'a> {
    pub store: &'a mut Store,
    pub journal: &'a Journal,
    /// `user@host`.
    pub who: &'a str,
    pub permit: MayWrite,
}

/// What a secret is to be.
pub struct New {
    pub document: SecretValue,
    /// `None`: as it was; of a new one, never.
    pub expires: Option<Timestamp>,
}

impl New {
    /// As a deployment stores it, in the place of one that ends at this time.
    fn stored(&self, before: Option<Timestamp>) -> Stored {
        let expires = self.expires.or(before).unwrap_or_else(|| never(Timestamp::now()));
        Stored { document: self.document.clone(), expires }
    }
}

/// The time that stands for no end.
pub fn never(now: Timestamp) -> Timestamp {
    // To the second: nobody means more by it.
    Timestamp::from_second(now.as_second()).unwrap_or(now).saturating_add(NEVER).unwrap_or(Timestamp::MAX)
}

/// The end that is wanted of a secret.
///
/// # Errors
/// When it is past.
pub fn end(wanted: WantedEnd, now: Timestamp) -> Result<Timestamp, Failure> {
    match wanted {
        WantedEnd::Never => Ok(never(now)),
        WantedEnd::At(at) if at > now => Ok(at),
        WantedEnd::At(_) => Err(Failure::usage(
            "the secret is not set",
            "its end is past: the service would take it, and there would be no secret",
            "name a time to come, or never",
        )),
    }
}

/// What there is to say of a secret that was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    pub bindings: BTreeSet<Repository>,
    /// When the store gives it no more; the vault sets no end.
    pub expires: Option<Timestamp>,
    /// What could not be made sure of.
    pub untold: Option<String>,
}

impl Set {
    /// In words, one sentence each.
    pub fn said(&self, name: &SecretName) -> Vec<String> {
        let bound: Vec<String> = self.bindings.iter().map(ToString::to_string).collect();
        let mut said = vec![format!("{name} is set, bound to {}", bound.join(", "))];
        said.extend(self.expires.map(|at| format!("it expires: {}", expiry(Some(at)))));
        said.extend(self.untold.clone());
        said
    }
}

/// Stores this in the place of what was `seen`, bound to the repositories of every image that uses the secret, as one
/// act in the audit trail.
///
/// # Errors
/// While the secret is being rotated, when somebody else changed it meanwhile, and when store or trail cannot be
/// written.
pub async fn set(at: Surroundings<'_>, meant: &Meant, seen: &Seen, new: New) -> Result<Set, Failure> {
    let Surroundings { store, journal, who, permit } = at;
    let (name, recipe) = (&meant.source.name, &meant.source.recipe);
    let row = AuditRow::begun(Timestamp::now(), who, Act::SecretSet, name.as_str());
    let work = async {
        let bindings = meant.repositories();
        let (expires, untold) = store.replace(name, seen, &new, bindings.clone(), who, permit).await?;
        Ok((Set { bindings, expires, untold }, Ended::with(None, store.fingerprint(recipe, &new.document))))
    };
    journal.audited(row, work).await
}

/// Deletes a secret for good, as one act in the audit trail. `recipe` says what of it is secret; where no project does,
/// there is no fingerprint to tell.
///
/// # Errors
/// When there is none of this name, while it is being rotated, and when store or trail cannot be written.
pub async fn remove(at: Surroundings<'_>, name: &SecretName, recipe: Option<&Recipe>) -> Result<(), Failure> {
    let Surroundings { store, journal, who, permit } = at;
    let document = match store.look(name, &BTreeSet::new()).await? {
        Seen::There(entry) => Some(entry.document),
        Seen::Nothing => Some(store.entry(name, &BTreeSet::new()).await?.document),
        // Whoever may write need not be allowed to read.
        Seen::Untold(_) => None,
    };
    let removed = recipe.zip(document).and_then(|(recipe, document)| store.fingerprint(recipe, &document));
    let row = AuditRow::begun(Timestamp::now(), who, Act::SecretRemove, name.as_str());
    let work = async {
        store.remove(name, permit).await?;
        Ok(((), Ended::with(None, removed)))
    };
    journal.audited(row, work).await
}

/// Lets a secret be used for the repositories of every image that uses it, as one act in the audit trail. Gives these.
///
/// # Errors
/// When there is none of this name in the vault, and when store or trail cannot be written.
pub async fn bind(at: Surroundings<'_>, meant: &Meant) -> Result<BTreeSet<Repository>, Failure> {
    let Surroundings { store, journal, who, permit } = at;
    let (name, repositories) = (&meant.source.name, meant.repositories());
    let row = AuditRow::begun(Timestamp::now(), who, Act::SecretBind, name.as_str());
    let work = async {
        store.bind(name, &repositories, permit)?;
        Ok((repositories, Ended::with(None, None)))
    };
    journal.audited(row, work).await
}
