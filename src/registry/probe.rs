//! Is this login accepted, and may it push? Asked without pushing anything.
//!
//! A token, or an answer to `/v2/`, says nothing about the right to push: services grant what they can of what is
//! asked for. Starting an upload does, on every registry we know.

use reqwest::{Method, StatusCode};

use super::{
    auth::Scope,
    client::{Ask, Client},
    error::RegistryError,
    transport::Want,
};
use crate::{domain::permission::MayWrite, http::same_origin};

/// Answers to a probe are a few hundred bytes.
const WANT: Want = Want::Whole { cap: 64 * 1024 };

/// Whether this credential may push to the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushRight {
    May,
    MayNot { why: String },
}

/// What the registry makes of this client's login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthOutcome {
    /// It asks nobody for a login at its front door: a login proves nothing here.
    Open,
    Accepted,
    /// `why`: the registry's answer.
    Refused {
        why: String,
    },
    /// It asks for a login, and this client has none.
    LoginNeeded,
}

impl Client {
    /// Whether this client's login is accepted at all. Asked anew each time.
    ///
    /// # Errors
    /// When that cannot be told, as without an answer. A refused login is no error.
    pub async fn authenticate(&self) -> Result<AuthOutcome, RegistryError> {
        let ask = Ask {
            method: Method::GET,
            url: self.root(),
            scope: Scope::Registry,
            accept: None,
            body: None,
            want: WANT,
            act: "log in".to_owned(),
        };
        let answer = self.ask_as_nobody(&ask).await?;
        if answer.status.is_success() {
            return Ok(AuthOutcome::Open);
        }
        if answer.status != StatusCode::UNAUTHORIZED || answer.foreign {
            return Err(self.refusal(&answer, &ask.act, "the registry's API"));
        }
        if self.login().is_none() {
            return Ok(AuthOutcome::LoginNeeded);
        }
        self.forget_token(&Scope::Registry).await;
        let outcome = match self.ask(&ask).await {
            Ok(answer) if answer.status.is_success() => return Ok(AuthOutcome::Accepted),
            Ok(answer) => self.refusal(&answer, &ask.act, "the registry's API"),
            Err(error) => error,
        };
        match outcome {
            RegistryError::LoginRefused { answer, .. } | RegistryError::Denied { answer, .. } => {
                Ok(AuthOutcome::Refused { why: answer.to_string() })
            }
            other => Err(other),
        }
    }

    /// Whether this client may push: an upload is started and called off again.
    ///
    /// # Errors
    /// [`RegistryError::LoginRefused`] when the login is not even accepted, [`RegistryError::LoginNeeded`] when there
    /// is none, and whatever keeps us from an answer.
    pub async fn probe_push(&self, _: MayWrite) -> Result<PushRight, RegistryError> {
        let mut ask = Ask {
            method: Method::POST,
            url: self.url("blobs/uploads/"),
            scope: Scope::Push,
            accept: None,
            body: None,
            want: WANT,
            act: format!("push to {}", self.repository()),
        };
        let answer = match self.ask(&ask).await {
            Err(denied @ RegistryError::Denied { .. }) => return Ok(PushRight::MayNot { why: denied.to_string() }),
            other => other?,
        };
        match answer.status {
            StatusCode::ACCEPTED => {}
            // Quay, GitLab and ECR make no repository of their own; 405 is a read-only registry's.
            StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                let why = self.refusal(&answer, &ask.act, &format!("repository {}", self.repository())).to_string();
                return Ok(PushRight::MayNot { why });
            }
            _ => return Err(self.refusal(&answer, &ask.act, "the upload")),
        }
        let location = answer.header("location").and_then(|location| ask.url.join(location).ok());
        if let Some(url) = location.filter(|url| same_origin(url, &ask.url)) {
            ask.method = Method::DELETE;
            ask.url = url;
            // GHCR answers 405. An upload that is not called off holds nothing and expires.
            let _ = self.ask(&ask).await;
        }
        Ok(PushRight::May)
    }
}
