//! What the filled-in form is to do, or what is missing in it.

use super::{Change, Field, Offer, SecretForm};
use crate::{
    console::model::errand::{Errand, NewKey, NewLogin},
    domain::{failure::Failure, holdings::KeyKept},
};

impl SecretForm {
    /// What is not filled in, or not as it must be, on this page.
    pub(super) fn lacks(&self) -> Option<(Field, Failure)> {
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

    pub(super) fn errand(&self) -> Errand {
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
}
