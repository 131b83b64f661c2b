//! The secrets: what their stores hold and the project needs, which of them is selected, and what was found out of it.
//! Not for values: none comes here.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    model::{Loaded, Reload},
    secret_form::{NewKey, NewLogin},
};
use crate::domain::{
    audit::AuditRow,
    failure::Failure,
    holdings::{Row, WantedEnd},
    name::SecretName,
    proof::Reports,
    rotation::{Account, StepView},
};

#[derive(Debug)]
pub struct SecretsPane {
    pub holdings: Loaded<Holdings>,
    pub reload: Reload,
    selected: Option<SecretName>,
    /// What checks found since the console was opened.
    checks: BTreeMap<SecretName, Checked>,
    pub checking: BTreeSet<SecretName>,
    /// The history of the selected one has the screen: the first line of it that is seen.
    pub history: Option<usize>,
    /// What changed them, as the audit trail told it last.
    pub changes: Option<Vec<AuditRow>>,
}

/// What a look at vault and project found.
#[derive(Debug, Clone, PartialEq)]
pub struct Holdings {
    pub rows: Vec<Row>,
    /// How the vault's key is kept; `None` before there is one.
    pub key: Option<String>,
    /// Where the vault is, or will be.
    pub vault: String,
    /// The SSH key that could open a new vault.
    pub ssh_key: Option<String>,
}

/// What was found on each repository of a secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    pub at: Timestamp,
    pub found: Reports,
}

/// What a worker is to do about secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// Find out what there is. May ask for the vault's passphrase.
    Look,
    /// Find out which logins Docker has for this secret's registries.
    AskDocker(SecretName),
    Set {
        secret: SecretName,
        login: NewLogin,
        /// How the key is kept of the vault that this makes.
        key: Option<NewKey>,
        /// The whole document, whatever else is in it.
        replace: bool,
        /// `None`: as it was.
        end: Option<WantedEnd>,
    },
    /// Let it be used for every repository of the project that needs it.
    Bind(SecretName),
    Check(SecretName),
    Rotate {
        secret: SecretName,
        login: NewLogin,
        /// As of [`Self::Set`].
        key: Option<NewKey>,
    },
    Resume(SecretName),
    RollBack(SecretName),
    Remove(SecretName),
}

/// What a worker found out or did about secrets.
#[derive(Debug)]
pub enum SecretNews {
    Holdings(Result<Box<Holdings>, Failure>),
    /// Docker's logins in words; `None`: it has none. The failure says why they cannot be taken over.
    Docker(SecretName, Result<Option<String>, Failure>),
    /// What is to be said of it.
    Set(SecretName, Result<Vec<String>, NotSet>),
    /// What it may be used for.
    Bound(SecretName, Result<Vec<String>, Failure>),
    Checked(SecretName, Result<Reports, Failure>),
    /// A step of a rotation has ended.
    Step(SecretName, StepView),
    /// A rotation has come to where it stands now. The failure keeps it from having begun, or from going on.
    Rotated(SecretName, Result<Box<Account>, Failure>),
    Removed(SecretName, Result<(), Failure>),
}

/// Why a secret was not stored.
#[derive(Debug)]
pub enum NotSet {
    /// The login is refused for what it is.
    Unfit(Failure),
    Failed(Failure),
}

impl From<Failure> for NotSet {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Default for SecretsPane {
    fn default() -> Self {
        Self {
            holdings: Loaded::Not,
            reload: Reload::Idle,
            selected: None,
            checks: BTreeMap::new(),
            checking: BTreeSet::new(),
            history: None,
            changes: None,
        }
    }
}

impl SecretsPane {
    /// Whether a look is to begin now; one that is under way is followed by another.
    pub fn ask(&mut self) -> bool {
        let idle = self.reload == Reload::Idle;
        self.reload = if idle { Reload::Asked } else { Reload::AskedAndChanged };
        idle
    }

    /// The answer of a look. True: things changed meanwhile, and another look is to begin.
    pub fn take(&mut self, holdings: Result<Box<Holdings>, Failure>) -> bool {
        let again = self.reload == Reload::AskedAndChanged && holdings.is_ok();
        self.reload = if again { Reload::Asked } else { Reload::Idle };
        self.holdings = match holdings {
            Ok(holdings) => Loaded::Yes(*holdings),
            Err(failure) => Loaded::Failed(failure),
        };
        again
    }

    pub fn rows(&self) -> &[Row] {
        match &self.holdings {
            Loaded::Yes(holdings) => &holdings.rows,
            Loaded::Not | Loaded::Failed(_) => &[],
        }
    }

    /// Where the selected one is; the first one when it is gone.
    pub fn position(&self) -> usize {
        let selected = self.selected.as_ref();
        self.rows().iter().position(|row| Some(&row.name) == selected).unwrap_or(0)
    }

    pub fn selected(&self) -> Option<&Row> {
        self.rows().get(self.position())
    }

    pub fn row(&self, name: &SecretName) -> Option<&Row> {
        self.rows().iter().find(|row| row.name == *name)
    }

    /// Up or down by secrets.
    pub fn scroll(&mut self, rows: isize) {
        let Some(last) = self.rows().len().checked_sub(1) else { return };
        let at = self.position().saturating_add_signed(rows).min(last);
        self.selected = Some(self.rows()[at].name.clone());
    }

    pub fn checked(&mut self, name: &SecretName, at: Timestamp, found: Reports) {
        self.checks.insert(name.clone(), Checked { at, found });
    }

    /// What was found of a login that is the secret no more is not told.
    pub fn forget(&mut self, name: &SecretName) {
        self.checks.remove(name);
    }

    pub fn check_of(&self, name: &SecretName) -> Option<&Checked> {
        self.checks.get(name)
    }
}
