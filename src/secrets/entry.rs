//! One secret, and the only way to its login.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        document::SecretValue,
        failure::Failure,
        finding::CheckId,
        recipe::{Login, NoLogin, Recipe},
        reference::Repository,
    },
    log::sanitise::plain,
};

/// A secret's document with what it was set for, when, and by whom.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub document: SecretValue,
    /// The only repositories it may be used for.
    pub bindings: BTreeSet<Repository>,
    /// When and by whom (`user@host`), where the store says so with it: the vault does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// From then on the store gives it no more; the vault sets no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

/// A secret that cannot be used for this repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("the secret is not bound to {repository}")]
    NotBound { repository: Repository, bindings: BTreeSet<Repository> },
    #[error(transparent)]
    NoLogin(#[from] NoLogin),
}

impl Entry {
    /// The login for this repository.
    ///
    /// # Errors
    /// When the secret was set for other repositories, or when the document does not hold what the recipe says.
    pub fn login_for(&self, recipe: &Recipe, repository: &Repository) -> Result<Login, SecretError> {
        if !self.bindings.contains(repository) {
            return Err(SecretError::NotBound { repository: repository.clone(), bindings: self.bindings.clone() });
        }
        Ok(recipe.login(&self.document, repository)?)
    }
}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Self {
        match error {
            SecretError::NotBound { repository, bindings } => {
                let bound: Vec<String> = bindings.iter().map(ToString::to_string).collect();
                Self::not_allowed(
                    format!("the secret is not used for {repository}"),
                    match bound.as_slice() {
                        [] => "it is bound to no repository".to_owned(),
                        _ => format!("it is bound to {} alone", bound.join(", ")),
                    },
                    "check the repository in windlass.toml; if it is right, let the secret be used for it: windlass secret bind",
                )
            }
            SecretError::NoLogin(error) => Self::usage(
                "the secret's login cannot be read",
                // It names the keys of the document, which others may have written.
                plain(&error.to_string()),
                "correct the recipe under [secret] in windlass.toml, or store the login anew: windlass secret set",
            ),
        }
        .explained_by(CheckId::Secret)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::domain::failure::FailureKind;

    fn entry(bindings: &[&str]) -> Entry {
        Entry {
            document: serde_json::from_str(r#"{"u":"bot","p":"hunter2hunter2"}"#).unwrap(),
            bindings: bindings.iter().map(|repository| repository.parse().unwrap()).collect(),
            set: Some(Timestamp::UNIX_EPOCH),
            by: Some("bhearsum@buildhost".into()),
            expires: None,
        }
    }

    fn recipe() -> Recipe {
        Recipe::Pair { username: "/u".into(), password: "/p".into() }
    }

    #[test]
    fn the_login_of_a_bound_repository_is_given() {
        let login = entry(&["mozilla/balrog"]).login_for(&recipe(), &"docker.io/mozilla/balrog".parse().unwrap());
        assert_eq!(login.unwrap().password.expose_secret(), "hunter2hunter2");
    }

    #[test]
    fn any_other_repository_is_refused_and_told_why() {
        for (bindings, other, why) in [
            (&["mozilla/balrog"][..], "mozilla/balrog-admin", "it is bound to docker.io/mozilla/balrog alone"),
            (&["mozilla/balrog"], "evil.example.com/mozilla/balrog", "it is bound to docker.io/mozilla/balrog alone"),
            (&[], "mozilla/balrog", "it is bound to no repository"),
        ] {
            let failure: Failure = entry(bindings).login_for(&recipe(), &other.parse().unwrap()).unwrap_err().into();
            assert_eq!((failure.kind, failure.why.as_str()), (FailureKind::NotAllowed, why));
            assert!(failure.next.contains("windlass secret bind"));
        }
    }

    #[test]
    fn a_recipe_that_does_not_fit_is_a_matter_of_configuration() {
        let recipe = Recipe::Pair { username: "/u".into(), password: "/password".into() };
        let repository = "mozilla/balrog".parse().unwrap();
        let failure: Failure = entry(&["mozilla/balrog"]).login_for(&recipe, &repository).unwrap_err().into();
        assert_eq!(failure.kind, FailureKind::Usage);
        assert_eq!(failure.why, "the document has no `/password`; its keys are /p, /u");
    }

    #[test]
    fn debug_shows_no_values() {
        let shown = format!("{:?}", entry(&["mozilla/balrog"]));
        assert!(shown.contains("mozilla/balrog") && !shown.contains("hunter2"), "{shown}");
    }
}
