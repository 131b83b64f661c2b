//! What a secret is to be: a login, a whole document, or the logins that Docker has.

use std::collections::{BTreeMap, BTreeSet};

use secrecy::{ExposeSecret as _, SecretString};

use super::docker_logins::DockerLogins;
use crate::{
    config::SecretSource,
    domain::{document::SecretValue, failure::Failure, recipe::Login, reference::Repository},
    secrets::{self, Entry},
};

/// What a secret is set to, and where that came from.
#[derive(Debug)]
pub enum Given {
    Document(SecretValue),
    /// The same for each repository.
    Login(Login),
    Docker(DockerLogins),
}

impl Given {
    /// A whole document.
    ///
    /// # Errors
    /// When the text is not the JSON of an object. It is not told what it is.
    pub fn document_of(text: &SecretString) -> Result<Self, Failure> {
        let wrong = |why: String| Failure::usage("the document is not taken", why, "give one JSON object");
        // The parser's own message may quote the text: only the place is told.
        let document: SecretValue = serde_json::from_str(text.expose_secret())
            .map_err(|e| wrong(format!("no JSON at line {}, column {}", e.line(), e.column())))?;
        match document {
            SecretValue::Object(_) => Ok(Self::Document(document)),
            _ => Err(wrong("it is JSON, but no object".to_owned())),
        }
    }

    /// The document that is meant: the one that was given, or the `old` one with another login in it; without an old
    /// one it holds the login alone.
    ///
    /// # Errors
    /// When it does not fit into the old one, or is too weak to be kept.
    pub fn document(
        &self,
        source: &SecretSource,
        old: Option<&Entry>,
        repositories: &BTreeSet<Repository>,
    ) -> Result<SecretValue, Failure> {
        let mut document = match (self, old) {
            (Self::Document(document), _) => document.clone(),
            (_, Some(entry)) => entry.document.clone(),
            (_, None) => SecretValue::Object(BTreeMap::new()),
        };
        for repository in repositories {
            let Some(login) = self.login(repository) else { continue };
            source.recipe.store(&mut document, login, repository).map_err(|e| {
                let what = format!("the login does not fit into {}", source.name);
                Failure::usage(what, e.to_string(), "correct [secret] recipe")
            })?;
        }
        secrets::check_strength(&source.recipe, &document)?;
        Ok(document)
    }

    /// Docker's logins, where these were taken over.
    pub fn docker(&self) -> Option<&DockerLogins> {
        match self {
            Self::Docker(logins) => Some(logins),
            Self::Login(_) | Self::Document(_) => None,
        }
    }

    fn login(&self, repository: &Repository) -> Option<&Login> {
        match self {
            Self::Document(_) => None,
            Self::Login(login) => Some(login),
            Self::Docker(logins) => logins.of(repository),
        }
    }
}
