//! How a registry is doing: does it answer, how is it spoken to, is the repository there, how often may it be asked.

use jiff::Timestamp;
use reqwest::{Method, StatusCode, header::DATE};

use super::{
    auth::Scope,
    client::{Ask, Client},
    error::RegistryError,
    transport::{Incoming, Want},
};
use crate::http::{self, is_loopback};

/// An answer to `/v2/`, as nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// Host and port of its API.
    pub host: String,
    pub tls: bool,
    /// It is on this machine.
    pub loopback: bool,
    /// Its clock, to the second. Source: RFC 9110, section 6.6.1.
    pub date: Option<Timestamp>,
    /// When it was asked, and when it had answered, by our clock.
    pub asked: Timestamp,
    pub answered: Timestamp,
}

/// Whether the repository is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presence {
    Exists,
    /// It is not there, or not for this client's login to see. Many registries make it with the first push.
    Unseen,
}

/// How often manifests may be asked for. Source: Docker Hub, "Pull usage and limits".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    pub limit: u64,
    pub remaining: u64,
}

impl Client {
    /// Whether a registry answers at all. Nothing is known of a login afterwards.
    ///
    /// # Errors
    /// When none does.
    pub async fn hello(&self) -> Result<Hello, RegistryError> {
        let url = self.root();
        let (tls, loopback) = (url.scheme() == "https", is_loopback(&url));
        let ask = Self::question(Method::GET, url, Scope::Registry, "say who it is".to_owned());
        let asked = Timestamp::now();
        let answer = self.ask_as_nobody(&ask).await?;
        let answered = Timestamp::now();
        if !answer.status.is_success() && answer.status != StatusCode::UNAUTHORIZED {
            return Err(self.refusal(&answer, &ask.act, "the registry's API"));
        }
        let date = answer.header(DATE.as_str()).and_then(http::date);
        Ok(Hello { host: self.host(), tls, loopback, date, asked, answered })
    }

    /// Whether this client's repository is there, and how often it may be asked for, where the registry says so.
    ///
    /// # Errors
    /// When that cannot be told, as when the login is refused.
    pub async fn presence(&self) -> Result<(Presence, Option<RateLimit>), RegistryError> {
        let names = match self.page(self.url("tags/list?n=1")).await {
            Ok((names, _)) => names,
            Err(RegistryError::NotFound { .. }) => return Ok((Presence::Unseen, None)),
            Err(other) => return Err(other),
        };
        let Some(tag) = names.first() else { return Ok((Presence::Exists, None)) };
        // A HEAD is not counted, and says how much is left.
        let url = self.url(&format!("manifests/{tag}"));
        let answer = self.ask(&Self::question(Method::HEAD, url, Scope::Pull, format!("look at {tag}"))).await?;
        match answer.status {
            StatusCode::TOO_MANY_REQUESTS => Err(self.refusal(&answer, "look at a tag", "the tag")),
            _ => Ok((Presence::Exists, rate_limit(&answer))),
        }
    }

    fn question(method: Method, url: reqwest::Url, scope: Scope, act: String) -> Ask {
        Ask { method, url, scope, accept: None, body: None, want: Want::Whole { cap: 64 * 1024 }, act }
    }
}

/// `100;w=21600`: so many in so many seconds.
fn rate_limit(answer: &Incoming) -> Option<RateLimit> {
    let count = |name| answer.header(name)?.split(';').next()?.trim().parse().ok();
    Some(RateLimit { limit: count("ratelimit-limit")?, remaining: count("ratelimit-remaining")? })
}
