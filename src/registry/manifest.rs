//! Manifests and configs: fetched and hashed. What is inside them is read in `content.rs`.

use std::fmt;

use bytes::Bytes;
use reqwest::{Method, StatusCode};

use super::{
    auth::Scope,
    client::{Ask, Client},
    error::RegistryError,
    transport::{Incoming, Want},
};
use crate::{
    domain::{digest::Digest, reference::Tag},
    log::sanitise::plain,
};

/// Without it, distribution converts manifests to schema 1 (another digest) and hides indexes (a 404).
const ACCEPT_MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, \
     application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json";

/// Registries take 4 MiB. Source: OCI distribution specification, "Pushing manifests".
const MANIFEST_CAP: usize = 4 * 1024 * 1024;
/// Histories and labels of real images stay far below.
const CONFIG_CAP: usize = 8 * 1024 * 1024;
const DIGEST_HEADER: &str = "docker-content-digest";

/// A manifest's name in its repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference {
    Tag(Tag),
    Digest(Digest),
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => f.pad(tag.as_str()),
            Self::Digest(digest) => f.pad(digest.as_str()),
        }
    }
}

/// A manifest or index as it lies in the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    pub bytes: Bytes,
    /// One of the four that were asked for.
    pub media_type: String,
    /// Of `bytes`, by our own hash.
    pub digest: Digest,
}

impl Client {
    /// The digest that the registry claims for this name, or `None` when it has no such manifest. A claim only:
    /// a manifest whose stored bytes have changed keeps its claim. Free of Docker Hub's pull limit.
    pub async fn head(&self, reference: &Reference) -> Result<Option<Digest>, RegistryError> {
        let ask = self.ask_manifest(Method::HEAD, reference);
        let answer = self.ask(&ask).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if !answer.status.is_success() {
            return Err(self.refusal(&answer, &ask.act, &self.name(reference)));
        }
        match (claimed(&answer), accepted_type(&answer)) {
            (Some(digest), Some(_)) => Ok(Some(digest)),
            // The header is optional in the specification, and what is no manifest needs its reason said.
            _ => Ok(self.manifest(reference).await?.map(|manifest| manifest.digest)),
        }
    }

    /// The manifest with the digest of its bytes, or `None` when the registry has none of this name.
    ///
    /// # Errors
    /// [`RegistryError::Corrupt`] when the bytes hash to another digest than was asked for or claimed.
    pub async fn manifest(&self, reference: &Reference) -> Result<Option<Manifest>, RegistryError> {
        let ask = self.ask_manifest(Method::GET, reference);
        let answer = self.ask(&ask).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if !answer.status.is_success() {
            return Err(self.refusal(&answer, &ask.act, &self.name(reference)));
        }
        let media_type = accepted_type(&answer).ok_or_else(|| self.no_manifest(reference, &answer))?;
        let digest = Digest::of(answer.bytes());
        let expected = match reference {
            Reference::Digest(asked) => Some(asked.clone()),
            Reference::Tag(_) => claimed(&answer),
        };
        match expected {
            Some(expected) if expected != digest => Err(RegistryError::Corrupt { expected, actual: digest }),
            _ => Ok(Some(Manifest { bytes: answer.bytes().clone(), media_type, digest })),
        }
    }

    /// The bytes of an image's config, which hash to this digest.
    pub(super) async fn config(&self, digest: &Digest) -> Result<Bytes, RegistryError> {
        let what = format!("config {} of {}", digest.short(), self.repository());
        let ask = self.ask_blob(digest, Want::Whole { cap: CONFIG_CAP }, format!("read {what}"));
        let answer = self.ask(&ask).await?;
        if !answer.status.is_success() {
            return Err(self.refusal(&answer, &ask.act, &what));
        }
        let actual = Digest::of(answer.bytes());
        if actual == *digest {
            return Ok(answer.bytes().clone());
        }
        match answer.media_type() {
            Some(page) if page == "text/html" => {
                Err(RegistryError::Unreadable { what, why: "a web page was served in its place".to_owned() })
            }
            _ => Err(RegistryError::Corrupt { expected: digest.clone(), actual }),
        }
    }

    pub(super) fn ask_blob(&self, digest: &Digest, want: Want, act: String) -> Ask {
        Ask {
            method: Method::GET,
            url: self.url(&format!("blobs/{digest}")),
            scope: Scope::Pull,
            accept: None,
            body: None,
            want,
            act,
        }
    }

    fn ask_manifest(&self, method: Method, reference: &Reference) -> Ask {
        Ask {
            method,
            url: self.url(&format!("manifests/{reference}")),
            scope: Scope::Pull,
            accept: Some(ACCEPT_MANIFESTS),
            body: None,
            want: Want::Whole { cap: MANIFEST_CAP },
            act: format!("read {}", self.name(reference)),
        }
    }

    /// `docker.io/mozilla/balrog:latest`, or with `@sha256:…`.
    pub(super) fn name(&self, reference: &Reference) -> String {
        let mark = if matches!(reference, Reference::Tag(_)) { ':' } else { '@' };
        format!("{}{mark}{reference}", self.repository())
    }

    fn no_manifest(&self, reference: &Reference, answer: &Incoming) -> RegistryError {
        let why = match answer.media_type().as_deref() {
            Some("text/html") => "a web page was served in its place; a proxy or a login page may be in between".into(),
            Some(old) if old.starts_with("application/vnd.docker.distribution.manifest.v1") => {
                "it is a schema 1 manifest, which has no image id; push it again with a current engine".into()
            }
            Some(other) => format!("it was served as {}, which is no image manifest", plain(other)),
            None => "it was served without a media type".into(),
        };
        RegistryError::Unreadable { what: self.name(reference), why }
    }
}

/// The digest that the answer claims for itself.
pub(super) fn claimed(answer: &Incoming) -> Option<Digest> {
    answer.header(DIGEST_HEADER)?.parse().ok()
}

fn accepted_type(answer: &Incoming) -> Option<String> {
    answer.media_type().filter(|found| ACCEPT_MANIFESTS.split(", ").any(|accepted| accepted == found))
}
