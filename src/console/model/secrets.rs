//! The secrets: what their stores hold and the project needs, which of them is selected, and what was found out of it.
//! Not for values: none comes here.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    console::model::{Loaded, Reload},
    domain::{
        audit::AuditRow,
        failure::Failure,
        holdings::{Key, Row},
        name::SecretName,
        proof::Reports,
    },
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
    /// What the secret was then.
    keys: Vec<Key>,
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
        self.reload.ask()
    }

    /// The answer of a look. True: things changed meanwhile, and another look is to begin.
    pub fn take(&mut self, holdings: Result<Box<Holdings>, Failure>) -> bool {
        let again = self.reload.ended() && holdings.is_ok() && self.reload.ask();
        self.holdings = holdings.map(|found| *found).into();
        again
    }

    pub fn rows(&self) -> &[Row] {
        self.holdings.here().map_or(&[], |holdings| &holdings.rows)
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
        let keys = self.keys(name).to_vec();
        self.checks.insert(name.clone(), Checked { at, found, keys });
    }

    fn keys(&self, name: &SecretName) -> &[Key] {
        self.row(name).and_then(|row| row.held.as_ref()).map_or(&[], |held| &held.keys)
    }

    /// What was found of a login that is the secret no more is not told.
    pub fn forget(&mut self, name: &SecretName) {
        self.checks.remove(name);
    }

    /// The check of what is the secret now: somebody may have set another one in another place.
    pub fn check_of(&self, name: &SecretName) -> Option<&Checked> {
        self.checks.get(name).filter(|checked| checked.keys == self.keys(name))
    }
}
