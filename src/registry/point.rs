//! Puts a manifest under a tag, byte for byte: how a tag is rolled back without an engine.
//! Source: OCI distribution specification, "Pushing manifests".

use bytes::Bytes;
use reqwest::{Method, StatusCode, header::HeaderValue};

use super::{
    auth::Scope,
    client::{Ask, Client},
    error::RegistryError,
    manifest::{Reference, claimed},
    transport::Want,
};
use crate::domain::{digest::Digest, permission::MayWrite, reference::Tag};

const NOTHING_WANTED: Want = Want::Whole { cap: 64 * 1024 };

impl Client {
    /// Puts these bytes under a tag, as they are, and gives their digest. What they refer to must be there already.
    pub async fn put_manifest(
        &self,
        tag: &Tag,
        media_type: &str,
        bytes: impl Into<Bytes> + Send,
        _: MayWrite,
    ) -> Result<Digest, RegistryError> {
        let bytes = bytes.into();
        let expected = Digest::of(&bytes);
        let name = self.name(&Reference::Tag(tag.clone()));
        let media_type = HeaderValue::from_str(media_type).map_err(|_| RegistryError::Unreadable {
            what: format!("the media type of {name}"),
            why: "it holds control characters".to_owned(),
        })?;
        let ask = Ask {
            method: Method::PUT,
            url: self.url(&format!("manifests/{tag}")),
            scope: Scope::Push,
            accept: None,
            body: Some((media_type, bytes)),
            want: NOTHING_WANTED,
            act: format!("push {name}"),
        };
        let answer = self.ask(&ask).await?;
        if answer.status != StatusCode::CREATED {
            return Err(self.refusal(&answer, &ask.act, &format!("the repository of {name}")));
        }
        match claimed(&answer) {
            Some(actual) if actual != expected => Err(RegistryError::Corrupt { expected, actual }),
            _ => Ok(expected),
        }
    }
}
