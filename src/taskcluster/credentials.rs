//! Credentials for Taskcluster: whose they are, how long they last, and which deployment they were made for. They are
//! sent to no other.

use std::fmt;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use crate::domain::{document::SecretValue, root_url::RootUrl};

/// A client id with its access token, and with a certificate where they are temporary.
#[derive(Clone)]
pub struct Credentials {
    pub root: RootUrl,
    pub client_id: String,
    pub(super) access_token: SecretString,
    pub certificate: Option<Certificate>,
    pub source: Source,
}

/// Where credentials came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `TASKCLUSTER_CLIENT_ID` and its like.
    Environment,
    /// The configuration file of Taskcluster's own command line.
    CliFile(String),
    /// `windlass signin`, kept in the vault.
    SignIn,
    /// Handed out by a service for one thing.
    Given,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("the environment"),
            Self::CliFile(path) => f.write_str(path),
            Self::SignIn => f.write_str("windlass signin"),
            Self::Given => f.write_str("the service"),
        }
    }
}

/// What makes credentials temporary: scopes and a time, signed by whoever gave them. Everywhere a JSON string; it goes
/// into requests as an object.
#[derive(Clone)]
pub struct Certificate {
    pub(super) json: SecretString,
    pub start: Timestamp,
    pub expiry: Timestamp,
    pub scopes: Vec<String>,
    /// The client that gave named credentials.
    pub issuer: Option<String>,
}

#[derive(Deserialize)]
struct CertificateJson {
    start: i64,
    expiry: i64,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    issuer: Option<String>,
}

impl Certificate {
    /// # Errors
    /// When the text is no certificate; why, without quoting it.
    pub fn read(json: SecretString) -> Result<Self, String> {
        let read: CertificateJson = serde_json::from_str(json.expose_secret())
            .map_err(|e| format!("the certificate is not read at line {}, column {}", e.line(), e.column()))?;
        let time = |milliseconds, what| {
            Timestamp::from_millisecond(milliseconds).map_err(|_| format!("the certificate's {what} is no time"))
        };
        let (start, expiry) = (time(read.start, "start")?, time(read.expiry, "expiry")?);
        Ok(Self { json, start, expiry, scopes: read.scopes, issuer: read.issuer })
    }
}

impl Credentials {
    /// # Errors
    /// When the certificate is none.
    pub fn new(
        root: RootUrl,
        client_id: String,
        access_token: SecretString,
        certificate: Option<SecretString>,
        source: Source,
    ) -> Result<Self, String> {
        let certificate = certificate.map(Certificate::read).transpose()?;
        Ok(Self { root, client_id, access_token, certificate, source })
    }

    /// Those that a service hands out, in its answer.
    ///
    /// # Errors
    /// When they are not there, or their certificate is none.
    pub(super) fn given(root: &RootUrl, answer: &SecretValue) -> Result<Self, String> {
        let string = |name: &str| match answer.at(&format!("/{name}")) {
            Some(SecretValue::String(text)) if !text.expose_secret().is_empty() => Some(text.clone()),
            _ => None,
        };
        let (Some(id), Some(token)) = (string("clientId"), string("accessToken")) else {
            return Err("there are no credentials in it".to_owned());
        };
        Self::new(root.clone(), id.expose_secret().to_owned(), token, string("certificate"), Source::Given)
    }

    /// When they end, as far as they say so themselves: permanent clients have their end at the auth service.
    #[must_use]
    pub fn expiry(&self) -> Option<Timestamp> {
        self.certificate.as_ref().map(|certificate| certificate.expiry)
    }

    /// Their token has the form of temporary ones, and the certificate that these need is not there. Source: taskcluster,
    /// `createTemporaryCredentials`: 32 bytes as base64url; permanent tokens are two slugids.
    #[must_use]
    pub fn lack_certificate(&self) -> bool {
        self.certificate.is_none() && self.access_token.expose_secret().len() == 43
    }

    pub(super) fn access_token(&self) -> &SecretString {
        &self.access_token
    }
}

/// Nothing of the token.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { root, client_id, source, .. } = self;
        f.debug_struct("Credentials")
            .field("root", root)
            .field("client_id", client_id)
            .field("expiry", &self.expiry())
            .field("source", source)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate() -> SecretString {
        let json = r#"{"version":1,"scopes":["a"],"start":1795414000000,"expiry":1795417600000,"seed":"SEEDSEED",
            "signature":"SIGNATURE","issuer":"project/example/balrog"}"#;
        json.into()
    }

    #[test]
    fn temporary_ones_say_when_they_end() {
        let made = Credentials::new(
            "https://tc.example".parse().unwrap(),
            "me".into(),
            "TOKENTOKEN".into(),
            Some(certificate()),
            Source::Environment,
        )
        .unwrap();
        assert_eq!(made.expiry().unwrap().to_string(), "2026-11-23T07:06:40Z");
        assert_eq!(made.certificate.as_ref().unwrap().issuer.as_deref(), Some("project/example/balrog"));
        let shown = format!("{made:?}");
        assert!(shown.contains("me") && !shown.contains("TOKEN") && !shown.contains("SEED"), "{shown}");
    }

    #[test]
    fn what_is_no_certificate_is_not_quoted() {
        for text in ["SECRETSECRET", r#"{"start":"SECRETSECRET"}"#, ""] {
            let why = Certificate::read(text.into()).err().unwrap();
            assert!(why.starts_with("the certificate is not read at line ") && !why.contains("SECRET"), "{why}");
        }
    }
}
