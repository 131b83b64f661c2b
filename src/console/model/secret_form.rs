//! Another login of a secret while it is typed, and how the key of a vault is to be kept that is made for it. The
//! password is typed into memory that is wiped; what was typed stays until it is stored or the form is closed.

mod filled;
mod typing;

use tui_input::Input;

use crate::{
    console::model::{
        errand::{Errand, NotSet},
        masked::Masked,
    },
    domain::{
        failure::{Failure, FailureKind},
        holdings::{KeyKept, Row, WantedEnd},
        name::SecretName,
    },
};

/// What the login is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Set,
    Rotate,
}

/// What Docker could give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    Asked,
    None,
    /// Whose logins, and where they are.
    There(String),
    Taken(String),
    Refused(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    Username,
    Password,
    /// When the deployment gives it no more.
    End,
    /// The secret's name, before its whole document is replaced.
    Name,
    Way,
    Passphrase,
    Again,
    Path,
}

#[derive(Debug)]
pub struct SecretForm {
    pub secret: SecretName,
    pub change: Change,
    pub username: Input,
    pub password: Masked,
    pub docker: Offer,
    /// A deployment keeps it.
    pub there: Option<There>,
    /// A vault is made: how its key is kept.
    pub key: Option<KeyForm>,
    /// The second page, which is about the key.
    pub on_key: bool,
    pub at: Field,
    /// A worker has it.
    pub busy: bool,
    /// Why it was not taken.
    pub wrong: Option<Failure>,
}

/// What can be said of a secret that a deployment keeps.
#[derive(Debug)]
pub struct There {
    /// As it is typed; nothing: as it was.
    pub end: Input,
    /// The whole document is replaced, whatever else is in it.
    pub replace: bool,
    /// Typed to replace it.
    pub name: Input,
    /// There is, or may be, one to replace.
    pub is_there: bool,
}

impl There {
    /// The end that is typed.
    ///
    /// # Errors
    /// When what is typed is none.
    pub fn wanted(&self) -> Result<Option<WantedEnd>, &'static str> {
        match self.end.value().trim() {
            "" => Ok(None),
            typed => typed.parse().map(Some),
        }
    }
}

#[derive(Debug)]
pub struct KeyForm {
    pub way: KeyKept,
    pub passphrase: Masked,
    pub again: Masked,
    pub path: Input,
}

impl SecretForm {
    /// For this secret; `ssh_key` is the one to propose where a vault is to be made.
    pub fn new(row: &Row, change: Change, makes_vault: bool, ssh_key: Option<&str>) -> Self {
        let username = match change {
            Change::Set => "",
            Change::Rotate => row.username.as_deref().unwrap_or_default(),
        };
        let key = makes_vault.then(|| KeyForm {
            way: KeyKept::Passphrase,
            passphrase: Masked::default(),
            again: Masked::default(),
            path: Input::new(ssh_key.unwrap_or_default().to_owned()),
        });
        let there = (change == Change::Set && !row.store().is_vault()).then(|| There {
            end: Input::default(),
            replace: false,
            name: Input::default(),
            is_there: row.held.is_some() || row.untold.is_some(),
        });
        Self {
            secret: row.name.clone(),
            there,
            change,
            username: Input::new(username.to_owned()),
            password: Masked::default(),
            docker: Offer::Asked,
            key,
            on_key: false,
            at: if username.is_empty() { Field::Username } else { Field::Password },
            busy: false,
            wrong: None,
        }
    }

    /// What can be filled in on this page, from the top.
    pub fn fields(&self) -> Vec<Field> {
        if let (Some(key), true) = (&self.key, self.on_key) {
            return match key.way {
                KeyKept::Passphrase => vec![Field::Way, Field::Passphrase, Field::Again],
                KeyKept::Ssh => vec![Field::Way, Field::Path],
                KeyKept::Plain => vec![Field::Way],
            };
        }
        let typed = !matches!(self.docker, Offer::Taken(_));
        let mut fields = if typed { vec![Field::Username, Field::Password] } else { Vec::new() };
        if let Some(there) = &self.there {
            fields.push(Field::End);
            fields.extend(there.replace.then_some(Field::Name));
        }
        fields
    }

    fn position(&self) -> usize {
        self.fields().iter().position(|field| *field == self.at).unwrap_or(0)
    }

    /// To the field below or above, as far as there is one.
    pub fn step(&mut self, down: bool) {
        let at = self.position().saturating_add_signed(if down { 1 } else { -1 });
        if let Some(field) = self.fields().get(at) {
            self.at = *field;
        }
    }

    /// On to the next field, the next page, or the end: then this is what is to be done.
    pub fn go_on(&mut self) -> Option<Errand> {
        self.wrong = None;
        if self.position() + 1 < self.fields().len() {
            self.step(true);
            return None;
        }
        if let Some((field, why)) = self.lacks() {
            self.at = field;
            self.wrong = Some(why);
            return None;
        }
        if self.key.is_some() && !self.on_key {
            self.on_key = true;
            self.at = Field::Way;
            return None;
        }
        self.busy = true;
        Some(self.errand())
    }

    /// Back to the first page; false where this is it.
    pub fn back(&mut self) -> bool {
        if !self.on_key || self.busy {
            return false;
        }
        (self.on_key, self.wrong, self.at) = (false, None, Field::Username);
        true
    }

    /// It was not taken: what was typed stays, and the reason is shown where it can be corrected.
    pub fn refuse(&mut self, why: NotSet) {
        self.busy = false;
        let failure = match why {
            NotSet::Failed(failure) => failure,
            NotSet::Unfit(failure) => {
                (self.on_key, self.at) = (false, Field::Password);
                failure
            }
        };
        // Whoever gave no passphrase knows why.
        self.wrong = Some(failure).filter(|failure| failure.kind != FailureKind::Cancelled);
    }

    /// Docker's logins instead of one that is typed, or back again. False where it has none.
    pub fn toggle_docker(&mut self) -> bool {
        let (docker, at) = match &self.docker {
            Offer::There(words) => (Offer::Taken(words.clone()), self.at),
            Offer::Taken(words) => (Offer::There(words.clone()), Field::Username),
            Offer::Asked | Offer::None | Offer::Refused(_) => return false,
        };
        (self.docker, self.at, self.wrong) = (docker, at, None);
        if let Some(first) = self.fields().first().filter(|_| !self.fields().contains(&self.at)) {
            self.at = *first;
        }
        true
    }

    /// The whole document instead of the login in it, or back again. False where there is none to replace.
    pub fn toggle_replace(&mut self) -> bool {
        let first_page = !self.on_key;
        let Some(there) = self.there.as_mut().filter(|there| there.is_there && first_page) else { return false };
        there.replace = !there.replace;
        self.wrong = None;
        if self.at == Field::Name {
            self.at = Field::End;
        }
        true
    }
}
