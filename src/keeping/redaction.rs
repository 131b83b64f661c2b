//! What logs are kept clean of: the project's secrets as the vault has them, both documents of one that is being rotated,
//! and whatever this process reads at deployments meanwhile. Nothing is fetched for a log.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use secrecy::ExposeSecret as _;

use crate::{
    config::{Image, SecretSource},
    domain::{
        document::SecretValue,
        recipe::{Login, Recipe},
        reference::Repository,
    },
    log::redact::Redactor,
    secrets::Vault,
};

/// The documents that this process has read at deployments. Clones share them.
#[derive(Clone, Default)]
pub struct Learned(Arc<Mutex<Vec<SecretValue>>>);

impl Learned {
    /// One that another replaces is not forgotten: a log may have either.
    pub(super) fn learn(&self, document: &SecretValue) {
        let mut known = self.known();
        if !known.iter().any(|one| one.means(document)) {
            known.push(document.clone());
        }
    }

    fn known(&self) -> MutexGuard<'_, Vec<SecretValue>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the logs of a project are kept clean of. It becomes more while the process goes on.
pub struct Redaction {
    /// Where logins are in documents, and whose they are.
    places: Vec<(Recipe, Repository)>,
    /// What the vault has, with its place.
    kept: Vec<(usize, SecretValue)>,
    learned: Learned,
    /// What was made last, and of how many documents that were learned.
    made: Mutex<Option<(usize, Arc<Redactor>)>>,
}

impl Redaction {
    /// For these images. `vault`: where it is open.
    pub fn of(images: &[Image], vault: Option<&Vault>, learned: &Learned) -> Self {
        let mut kept = Vec::new();
        for (at, Image { secret: SecretSource { store, name, .. }, .. }) in images.iter().enumerate() {
            let entry = vault.and_then(|vault| vault.get(name)).filter(|_| store.is_vault());
            kept.extend(entry.map(|entry| (at, entry.document.clone())));
            let rotation = vault.and_then(|vault| vault.rotation(store, name));
            kept.extend(rotation.into_iter().flat_map(|open| open.documents().map(|document| (at, document.clone()))));
        }
        let places = images.iter().map(|image| (image.secret.recipe.clone(), image.repository.clone())).collect();
        Self { places, kept, learned: learned.clone(), made: Mutex::default() }
    }

    /// With all that is known now; the same one as before where that is no more.
    pub fn now(&self) -> Arc<Redactor> {
        let learned = self.learned.known();
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        match &*made {
            Some((of, redactor)) if *of == learned.len() => Arc::clone(redactor),
            _ => {
                let redactor = Arc::new(self.make(&learned));
                *made = Some((learned.len(), Arc::clone(&redactor)));
                redactor
            }
        }
    }

    fn make(&self, learned: &[SecretValue]) -> Redactor {
        let (mut values, mut logins) = (Vec::new(), Vec::<Login>::new());
        for (at, document) in &self.kept {
            let Some((recipe, repository)) = self.places.get(*at) else { continue };
            values.extend(recipe.marked(document));
            logins.extend(recipe.login(document, repository).ok());
        }
        for document in learned {
            let login = |(recipe, repository): &(Recipe, Repository)| recipe.login(document, repository).ok();
            let found: Vec<Login> = self.places.iter().filter_map(login).collect();
            // Of a document that others keep nothing is told but whose login it is: what else it is for is not known.
            let is_name = |text: &str| found.iter().any(|login| login.username == text);
            values.extend(document.strings().into_iter().filter(|value| !is_name(value.expose_secret())));
            logins.extend(found);
        }
        Redactor::new(values, &logins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(json: &str) -> SecretValue {
        serde_json::from_str(json).unwrap()
    }

    fn redaction(learned: &Learned) -> Redaction {
        let recipe = Recipe::Pair { username: "/username".to_owned(), password: "/password".to_owned() };
        let repository = "registry.example/team/app".parse().unwrap();
        let kept = vec![(0, document(r#"{"username": "vault-user", "password": "of-the-vault"}"#))];
        Redaction { places: vec![(recipe, repository)], kept, learned: learned.clone(), made: Mutex::default() }
    }

    #[test]
    fn what_is_learned_later_is_taken_out_from_then_on() {
        let learned = Learned::default();
        let redaction = redaction(&learned);
        let line = "of-the-vault before-it swordfish1 release-bot only-for-the-team";
        let first = redaction.now();
        assert_eq!(first.redact(line), "[redacted] before-it swordfish1 release-bot only-for-the-team");
        assert!(Arc::ptr_eq(&first, &redaction.now()), "nothing is made anew");
        let before = document(r#"{"username": "release-bot", "password": "before-it"}"#);
        let now = r#"{"username": "release-bot", "password": "swordfish1", "note": ["only-for-the-team"]}"#;
        learned.learn(&before);
        learned.clone().learn(&document(now));
        assert_eq!(redaction.now().redact(line), "[redacted] [redacted] [redacted] release-bot [redacted]");
        let all = redaction.now();
        learned.learn(&before);
        assert!(Arc::ptr_eq(&all, &redaction.now()), "that was known");
    }
}
