//! What a store of secrets holds and what a project needs of it: everything but the values.

use std::{collections::BTreeSet, fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    audit::{Act, AuditRow, Outcome},
    failure::Failure,
    name::SecretName,
    recipe::Recipe,
    reference::Repository,
    root_url::RootUrl,
    rotation::{Account, Standing, Step},
    sign::Tone,
    written::time,
};

/// 2900-01-01: what ends later does not end.
const NEVER: Timestamp = Timestamp::constant(29_348_006_400, 0);

/// Whoever is told of it in time can make another, or have the end put off.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// The age file of this machine.
    #[default]
    Vault,
    /// The Secrets service of this Taskcluster deployment.
    Taskcluster(RootUrl),
}

impl StoreKind {
    /// For a file that says nothing of the vault.
    #[must_use]
    pub fn is_vault(&self) -> bool {
        *self == Self::Vault
    }

    /// The deployment, where it is one.
    #[must_use]
    pub fn root(&self) -> Option<&RootUrl> {
        match self {
            Self::Vault => None,
            Self::Taskcluster(root) => Some(root),
        }
    }

    /// Where it is, in a sentence: `the vault`, `tc.example`.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Vault => "the vault".to_owned(),
            Self::Taskcluster(root) => root.host(),
        }
    }
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Vault => "vault",
            Self::Taskcluster(_) => "taskcluster",
        })
    }
}

/// A secret that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub name: SecretName,
    pub store: StoreKind,
    pub keys: Vec<Key>,
    /// The only repositories it may be used for.
    pub bindings: BTreeSet<Repository>,
    /// The last change of it; why that is not known, where it is not.
    pub changed: Result<Changed, String>,
    /// When the store gives it no more; `None` where it does not know an end.
    pub expires: Option<Timestamp>,
}

impl Held {
    /// When it was set last and by whom, or why that is not known.
    #[must_use]
    pub fn set(&self) -> String {
        match &self.changed {
            Ok(Changed { at, by }) => format!("{} UTC by {by}", time(*at)),
            Err(why) => format!("not known: {why}"),
        }
    }
}

/// When something was changed, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub at: Timestamp,
    /// `user@host`, or a client of Taskcluster.
    pub by: String,
}

/// A place in a secret's document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// A JSON pointer.
    pub at: String,
    /// Of the string that is there.
    pub fingerprint: Option<String>,
}

/// A secret that images need, there or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed {
    pub name: SecretName,
    pub store: StoreKind,
    pub recipe: Recipe,
    pub images: Vec<String>,
    pub repositories: BTreeSet<Repository>,
}

impl Needed {
    /// The places in the document that a login is written to.
    #[must_use]
    pub fn written(&self) -> Vec<String> {
        match &self.recipe {
            Recipe::Pair { username, password } => vec![username.clone(), password.clone()],
            Recipe::DockerConfig { docker_config } => {
                let hosts: BTreeSet<&str> = self.repositories.iter().map(Repository::host).collect();
                hosts.into_iter().map(|host| format!("{docker_config}/auths, {host}")).collect()
            }
        }
    }

    /// Whether a login is written over this place of the document.
    #[must_use]
    pub fn replaces(&self, at: &str) -> bool {
        match &self.recipe {
            Recipe::Pair { username, password } => at == username || at == password,
            Recipe::DockerConfig { docker_config } => at.starts_with(&format!("{docker_config}/auths/")),
        }
    }
}

/// A secret that is there, or that images need, or both.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub name: SecretName,
    pub held: Option<Held>,
    pub needed: Option<Needed>,
    /// Of its login, where all its repositories have the same.
    pub username: Option<String>,
    /// The rotation of it that has not ended.
    pub rotation: Option<Account>,
    /// Why its store does not tell what it holds.
    pub untold: Option<Failure>,
}

impl Row {
    /// Where it is kept.
    #[must_use]
    pub fn store(&self) -> StoreKind {
        let held = self.held.as_ref().map(|held| &held.store);
        held.or(self.needed.as_ref().map(|needed| &needed.store)).cloned().unwrap_or_default()
    }

    /// In a word or two, with how much they stand out.
    #[must_use]
    pub fn standing(&self) -> (&'static str, Tone) {
        match (&self.rotation, &self.held, &self.needed) {
            (Some(_), ..) => ("rotation open", Tone::Notice),
            (None, None, _) if self.untold.is_some() => ("cannot tell", Tone::Notice),
            (None, None, _) => ("missing", Tone::Bad),
            (None, Some(held), Some(needed)) if !needed.repositories.is_subset(&held.bindings) => {
                ("not bound to all", Tone::Bad)
            }
            (None, Some(_), Some(_)) => ("set", Tone::Good),
            (None, Some(_), None) => ("not used here", Tone::Dim),
        }
    }
}

/// A rotation that has not ended: to be kept in sight until it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    pub secret: SecretName,
    /// The check that is due; `None` where only the audit trail was read, which does not say.
    pub due: Option<Step>,
}

impl Unfinished {
    /// Of a rotation as the vault tells it.
    #[must_use]
    pub fn of(account: &Account) -> Option<Self> {
        match &account.stands {
            Standing::Open(stage) => Some(Self { secret: account.secret.clone(), due: stage.ahead().first().copied() }),
            Standing::Ended(_) => None,
        }
    }

    /// The newest act on a secret is a rotation whose end is not told: it goes on, or its process died.
    #[must_use]
    pub fn in_trail(trail: &[AuditRow]) -> Option<Self> {
        let mut seen = BTreeSet::new();
        trail.iter().filter(|row| row.what.is_of_secret() && seen.insert(&row.subject)).find_map(|row| {
            let rotates = matches!(row.what, Act::SecretRotate | Act::SecretResume | Act::SecretRollback);
            let secret = (rotates && row.outcome == Outcome::Begun).then(|| row.subject.parse().ok())??;
            Some(Self { secret, due: None })
        })
    }
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.due {
            Some(step) => write!(f, "rotation of {} open: {} is due", self.secret, step.name()),
            None => write!(f, "rotation of {} not finished", self.secret),
        }
    }
}

/// Whether this time stands for no end.
#[must_use]
pub fn is_never(at: Timestamp) -> bool {
    at >= NEVER
}

/// When the store gives a secret no more.
#[must_use]
pub fn expiry(expires: Option<Timestamp>) -> String {
    match expires {
        None => "the vault sets no end; the registry may".to_owned(),
        // Taskcluster's way of saying so is a year in which nobody looks.
        Some(at) if is_never(at) => "never".to_owned(),
        Some(at) => format!("{} UTC", time(at)),
    }
}

/// Whether the store gives a secret no more within days.
#[must_use]
pub fn ends_soon(expires: Option<Timestamp>, now: Timestamp) -> bool {
    expires.is_some_and(|at| at.duration_since(now) < SOON)
}

/// When a secret that is set is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WantedEnd {
    Never,
    At(Timestamp),
}

impl FromStr for WantedEnd {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "never" => Ok(Self::Never),
            _ => text.parse().map(Self::At).map_err(|_| "a time such as 2027-06-30T00:00:00Z, or never, is expected"),
        }
    }
}

/// How the key of a vault can be kept, the recommended way first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKept {
    Passphrase,
    Ssh,
    Plain,
}

impl KeyKept {
    pub const ALL: [Self; 3] = [Self::Passphrase, Self::Ssh, Self::Plain];

    /// As somebody chooses.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Passphrase => {
                "in a file under a passphrase, which you type whenever the vault is needed (recommended)"
            }
            Self::Ssh => "as your SSH key",
            Self::Plain => "in a plain file: good against other users, not against whoever reads your files",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_past_the_year_2900_never_ends() {
        assert_eq!(expiry(Some("2899-12-31T23:59:59Z".parse().unwrap())), "2899-12-31 23:59:59 UTC");
        assert_eq!(expiry(Some("2900-01-01T00:00:00Z".parse().unwrap())), "never");
        assert!(expiry(None).contains("no end"));
    }

    #[test]
    fn an_end_within_two_weeks_is_soon() {
        let now = "2026-11-21T09:30:00Z".parse().unwrap();
        let soon = |text: &str| ends_soon(Some(text.parse().unwrap()), now);
        assert!(soon("2026-12-05T09:29:59Z") && soon("2026-11-01T00:00:00Z"));
        assert!(!soon("2026-12-05T09:30:00Z") && !ends_soon(None, now));
    }

    #[test]
    fn a_rotation_whose_end_is_not_told_is_in_the_trail() {
        let row = |what, subject: &str, outcome| {
            let row = AuditRow::begun(Timestamp::UNIX_EPOCH, "ada@host", what, subject);
            AuditRow { outcome, ..row }
        };
        let begun = row(Act::SecretRotate, "dockerhub", Outcome::Begun);
        let done = row(Act::SecretResume, "dockerhub", Outcome::Done);
        let other = row(Act::Release, "abcdefghij", Outcome::Begun);
        let unfinished = Unfinished::in_trail(&[other.clone(), begun.clone()]).unwrap();
        assert_eq!(unfinished.to_string(), "rotation of dockerhub not finished");
        assert_eq!(Unfinished::in_trail(&[done, begun]), None, "the newest counts");
        assert_eq!(Unfinished::in_trail(&[other]), None);
    }
}
