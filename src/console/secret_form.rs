//! Another login of a secret while it is typed, and how the key of a vault is to be kept that is made for it. The
//! password is typed into memory that is wiped; what was typed stays until it is stored or the form is closed.

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use tui_input::{Input, backend::crossterm::EventHandler as _};

use super::{
    layer::{LONGEST, NOT_HERE, not_taken, paste_into},
    masked::Masked,
    secrets_pane::{Errand, NotSet},
};
use crate::domain::{
    failure::{Failure, FailureKind},
    holdings::{KeyKept, Row, WantedEnd},
    name::SecretName,
};

/// What the login is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Set,
    Rotate,
}

/// What a secret is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewLogin {
    Typed {
        username: String,
        password: Masked,
    },
    /// What Docker has, which nobody here has seen.
    Docker,
}

/// How the key of a new vault is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewKey {
    Passphrase(Masked),
    /// At this path.
    Ssh(String),
    Plain,
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

    /// What is not filled in, or not as it must be, on this page.
    fn lacks(&self) -> Option<(Field, Failure)> {
        let lack = |field, what: &str, why: &str, next: &str| Some((field, Failure::usage(what, why, next)));
        for field in self.fields() {
            if let Some(lack) = self.lacks_there(field) {
                return Some(lack);
            }
            let masked = self.masked(field);
            let empty = match field {
                Field::Username => self.username.value().is_empty(),
                Field::Path => self.key.as_ref().is_some_and(|key| key.path.value().is_empty()),
                _ => masked.is_some_and(|typed| typed.count() == 0),
            };
            if empty {
                let what = match field {
                    Field::Username => "there is no user name",
                    Field::Password => "there is no password",
                    Field::Path => "there is no path of an SSH key",
                    _ => "there is no passphrase",
                };
                return lack(field, what, "nothing was typed", "type or paste it");
            }
        }
        let key = self.key.as_ref().filter(|key| self.on_key && key.way == KeyKept::Passphrase)?;
        if key.passphrase == key.again {
            return None;
        }
        lack(Field::Again, "the two passphrases are not the same", "one was mistyped", "type it once more")
    }

    /// The same of what is said of a secret at a deployment.
    fn lacks_there(&self, field: Field) -> Option<(Field, Failure)> {
        let there = self.there.as_ref()?;
        let secret = &self.secret;
        let failure = match (field, there.wanted()) {
            (Field::End, Err(why)) => {
                Failure::usage("this is no end of a secret", why, "correct it, or leave it empty")
            }
            (Field::Name, _) if there.name.value() != secret.as_str() => Failure::usage(
                "the document is not replaced",
                "nobody can undo that",
                format!("type {secret} to replace it, or leave the rest of it as it is"),
            ),
            _ => return None,
        };
        Some((field, failure))
    }

    fn errand(&self) -> Errand {
        let secret = self.secret.clone();
        let login = match self.docker {
            Offer::Taken(_) => NewLogin::Docker,
            _ => NewLogin::Typed { username: self.username.value().to_owned(), password: self.password.clone() },
        };
        let key = self.key.as_ref().map(|key| match key.way {
            KeyKept::Passphrase => NewKey::Passphrase(key.passphrase.clone()),
            KeyKept::Ssh => NewKey::Ssh(key.path.value().to_owned()),
            KeyKept::Plain => NewKey::Plain,
        });
        match self.change {
            Change::Set => {
                let replace = self.there.as_ref().is_some_and(|there| there.replace);
                let end = self.there.as_ref().and_then(|there| there.wanted().ok().flatten());
                Errand::Set { secret, login, key, replace, end }
            }
            Change::Rotate => Errand::Rotate { secret, login, key },
        }
    }

    /// The words after `windlass` that do the same; the password is asked for.
    pub fn words(&self) -> Vec<String> {
        let verb = match self.change {
            Change::Set => "set",
            Change::Rotate => "rotate",
        };
        let mut words = vec!["secret".to_owned(), verb.to_owned(), self.secret.to_string()];
        match (&self.docker, self.username.value()) {
            (Offer::Taken(_), _) => words.push("--from-docker".to_owned()),
            (_, "") => {}
            (_, username) => words.extend(["--username".to_owned(), username.to_owned()]),
        }
        if let Some(there) = &self.there {
            words.extend(there.replace.then(|| "--replace".to_owned()));
            let end = there.end.value().trim();
            words.extend((!end.is_empty()).then(|| ["--expires".to_owned(), end.to_owned()]).into_iter().flatten());
        }
        if let Some(key) = &self.key {
            let kind = match key.way {
                KeyKept::Passphrase => "passphrase".to_owned(),
                KeyKept::Ssh => format!("ssh:{}", key.path.value()),
                KeyKept::Plain => "plain".to_owned(),
            };
            words.extend(["--identity".to_owned(), kind]);
        }
        words
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

    pub fn masked(&self, field: Field) -> Option<&Masked> {
        let key = self.key.as_ref();
        match field {
            Field::Password => Some(&self.password),
            Field::Passphrase => key.map(|key| &key.passphrase),
            Field::Again => key.map(|key| &key.again),
            Field::Username | Field::End | Field::Name | Field::Path | Field::Way => None,
        }
    }

    fn masked_mut(&mut self) -> Option<&mut Masked> {
        let key = self.key.as_mut();
        match self.at {
            Field::Password => Some(&mut self.password),
            Field::Passphrase => key.map(|key| &mut key.passphrase),
            Field::Again => key.map(|key| &mut key.again),
            Field::Username | Field::End | Field::Name | Field::Path | Field::Way => None,
        }
    }

    fn input_mut(&mut self) -> Option<&mut Input> {
        match self.at {
            Field::Username => Some(&mut self.username),
            Field::End => self.there.as_mut().map(|there| &mut there.end),
            Field::Name => self.there.as_mut().map(|there| &mut there.name),
            Field::Path => self.key.as_mut().map(|key| &mut key.path),
            Field::Password | Field::Way | Field::Passphrase | Field::Again => None,
        }
    }

    /// What nobody is to fill in now takes nothing.
    fn is_open(&self) -> bool {
        !self.busy && self.fields().contains(&self.at)
    }

    /// A key that is no action: text for the field. Gives whether there was room for it.
    pub fn type_in(&mut self, event: &KeyEvent) -> bool {
        if !self.is_open() {
            return true;
        }
        self.wrong = None;
        let character = match event.code {
            KeyCode::Char(c) if !event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => Some(c),
            _ => None,
        };
        if let (Field::Way, Some(key)) = (self.at, &mut self.key) {
            let ways = KeyKept::ALL;
            let here = ways.iter().position(|way| *way == key.way).unwrap_or(0);
            let named = character.and_then(|c| ways.get((c.to_digit(10)? as usize).checked_sub(1)?));
            match (event.code, character, named) {
                (KeyCode::Right, ..) => key.way = ways[(here + 1) % ways.len()],
                (KeyCode::Left, ..) => key.way = ways[(here + ways.len() - 1) % ways.len()],
                (.., Some(way)) => key.way = *way,
                // Whoever types a phrase at once means one: nothing else may come of its letters.
                (_, Some(c), None) if key.way == KeyKept::Passphrase => {
                    self.at = Field::Passphrase;
                    return key.passphrase.push(c);
                }
                _ => {}
            }
        } else if let Some(masked) = self.masked_mut() {
            match (character, event.code) {
                (Some(c), _) => return masked.push(c),
                (None, KeyCode::Backspace) => masked.pop(),
                _ => {}
            }
        } else if let Some(input) = self.input_mut() {
            if character.is_some() && input.value().chars().count() >= LONGEST {
                return false;
            }
            input.handle_event(&Event::Key(*event));
        }
        true
    }

    /// Takes all of it, or nothing.
    ///
    /// # Errors
    /// The reason, where nothing is taken.
    pub fn paste(&mut self, text: &str) -> Result<(), String> {
        if !self.is_open() {
            return Err(NOT_HERE.to_owned());
        }
        self.wrong = None;
        if let Some(masked) = self.masked_mut() {
            return masked.paste(text).map_err(|why| not_taken(why, text));
        }
        let Some(input) = self.input_mut() else { return Err(NOT_HERE.to_owned()) };
        paste_into(input, text)
    }

    /// Empties the field.
    pub fn wipe(&mut self) {
        if !self.is_open() {
            return;
        }
        self.wrong = None;
        if let Some(masked) = self.masked_mut() {
            masked.clear();
        } else if let Some(input) = self.input_mut() {
            input.reset();
        }
    }
}
