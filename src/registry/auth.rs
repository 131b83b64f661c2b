//! The login of one client and the tokens that were got with it. Never shared with another client: a new
//! secret is judged by its own answers alone.
//!
//! Sources: distribution, "Token Authentication Specification"; RFC 7617 (Basic).

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use reqwest::{Method, Url, header::HeaderValue};
use secrecy::{ExposeSecret as _, SecretString, zeroize::Zeroizing};
use serde::Deserialize;
use tokio::time::Instant;

use super::{
    challenge::Challenge,
    error::RegistryError,
    transport::{Incoming, Outgoing, Transport, Want},
    trust::Trust,
};
use crate::{
    domain::{recipe::Login, reference::Repository},
    http::authority,
};

/// Source: OCI distribution specification and Docker Hub; a token is a few kilobytes.
const TOKEN_CAP: usize = 1024 * 1024;
/// What a token lives when its service does not say. Source: "Token Authentication Specification", `expires_in`.
const USUAL_LIFE: u64 = 60;
/// Longer claims are cut: nothing here runs for more than a day.
const LONGEST_LIFE: u64 = 24 * 60 * 60;

/// What a request needs to be allowed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Scope {
    /// Only to be somebody.
    Registry,
    Pull,
    Push,
    /// To push what another repository of the registry, with this name there, has already.
    Mount(String),
}

/// How the registry wants to be told who we are.
#[derive(Clone)]
pub(super) enum Scheme {
    /// It has answered without being told.
    Open,
    Basic,
    Bearer {
        realm: Url,
        service: Option<String>,
    },
}

/// What a request carries.
pub(super) enum Credential {
    Nothing,
    Basic(HeaderValue),
    Token {
        value: HeaderValue,
        /// Got for this very request, so a refusal is not its age's.
        new: bool,
    },
}

impl Credential {
    pub(super) fn header(&self) -> Option<HeaderValue> {
        match self {
            Self::Nothing => None,
            Self::Basic(value) | Self::Token { value, .. } => Some(value.clone()),
        }
    }
}

struct Token {
    value: SecretString,
    until: Instant,
}

pub(super) struct Auth {
    login: Option<Login>,
    scheme: Mutex<Option<Scheme>>,
    /// Held while a token is fetched, so that many requests at once fetch one.
    tokens: tokio::sync::Mutex<HashMap<Scope, Token>>,
    discovery: tokio::sync::Mutex<()>,
}

impl Auth {
    pub(super) fn new(login: Option<Login>) -> Self {
        Self {
            login,
            scheme: Mutex::new(None),
            tokens: tokio::sync::Mutex::new(HashMap::new()),
            discovery: tokio::sync::Mutex::new(()),
        }
    }

    pub(super) fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    pub(super) fn scheme(&self) -> Option<Scheme> {
        self.scheme.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn learn(&self, scheme: Scheme) {
        *self.scheme.lock().unwrap_or_else(PoisonError::into_inner) = Some(scheme);
    }

    /// While nobody knows the scheme, one request at a time: the others then need not be refused to learn it.
    pub(super) async fn discovering(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        if self.scheme().is_some() {
            return None;
        }
        let guard = self.discovery.lock().await;
        self.scheme().is_none().then_some(guard)
    }

    /// Forgets a token that the registry has refused.
    pub(super) async fn discard(&self, scope: &Scope) {
        self.tokens.lock().await.remove(scope);
    }

    /// Takes the password, and what was sent in `Authorization`, out of a text that the registry sent.
    pub(super) fn conceal(&self, text: &str, authorization: Option<&HeaderValue>) -> String {
        let sent = authorization.and_then(|value| value.to_str().ok()).and_then(|value| value.split_once(' '));
        let password = self.login.as_ref().map(|login| login.password.expose_secret());
        let secrets = [sent.map(|(_, secret)| secret), password];
        let secrets = secrets.into_iter().flatten().filter(|secret| !secret.is_empty());
        secrets.fold(text.to_owned(), |text, secret| text.replace(secret, "…"))
    }

    pub(super) fn basic(&self) -> Option<HeaderValue> {
        let login = self.login.as_ref()?;
        let pair = Zeroizing::new(format!("{}:{}", login.username, login.password.expose_secret()));
        let encoded = Zeroizing::new(BASE64_STANDARD.encode(pair.as_bytes()));
        let header = Zeroizing::new(format!("Basic {}", encoded.as_str()));
        let mut value = HeaderValue::from_str(&header).expect("base64 is visible ASCII");
        value.set_sensitive(true);
        Some(value)
    }
}

/// The scheme to answer with: a token service before a password where both are offered.
pub(super) fn chosen(offered: &[Challenge], trust: &Trust) -> Option<Result<Scheme, String>> {
    let of = |name: &str| offered.iter().find(|challenge| challenge.scheme == name);
    if let Some(bearer) = of("bearer") {
        let realm = trust.realm(bearer.parameter("realm").unwrap_or_default());
        let service = bearer.parameter("service").map(str::to_owned);
        return Some(realm.map(|realm| Scheme::Bearer { realm, service }));
    }
    of("basic").map(|_| Ok(Scheme::Basic))
}

/// A token service and how it is reached.
pub(super) struct TokenService<'a> {
    pub(super) transport: &'a Transport,
    pub(super) repository: &'a Repository,
    pub(super) realm: &'a Url,
    pub(super) service: Option<&'a str>,
}

/// What a token service answers; both names are in use.
#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<String>,
    access_token: Option<String>,
    /// Seconds.
    expires_in: Option<serde_json::Value>,
}

impl Auth {
    /// A token for this scope, from memory or from its service. `refused` makes the error of an answer that is none.
    pub(super) async fn token(
        &self,
        scope: &Scope,
        from: TokenService<'_>,
        refused: impl Fn(&Incoming) -> RegistryError,
    ) -> Result<Credential, RegistryError> {
        let mut tokens = self.tokens.lock().await;
        if let Some(token) = tokens.get(scope).filter(|token| token.until > Instant::now()) {
            return Ok(Credential::Token { value: bearer(&token.value, &from)?, new: false });
        }
        let asked = Instant::now();
        let answer = Box::pin(from.transport.send(&self.token_request(scope, &from))).await?;
        if !answer.status.is_success() {
            return Err(refused(&answer));
        }
        let unreadable = |why: &str| from.unreadable(why);
        let read: TokenAnswer =
            serde_json::from_slice(answer.bytes()).map_err(|_| unreadable("it is not the JSON of a token"))?;
        let value = read.token.or(read.access_token).filter(|token| !token.is_empty());
        let value = SecretString::from(value.ok_or_else(|| unreadable("it holds no token"))?);
        let header = bearer(&value, &from)?;
        let life = read.expires_in.and_then(|v| v.as_u64()).unwrap_or(USUAL_LIFE).min(LONGEST_LIFE);
        let life = Duration::from_secs(life);
        // A token is not used in its last seconds: it would expire on the way.
        let margin = (life / 4).min(Duration::from_secs(10));
        tokens.insert(scope.clone(), Token { value, until: asked + life - margin });
        Ok(Credential::Token { value: header, new: true })
    }

    fn token_request(&self, scope: &Scope, from: &TokenService<'_>) -> Outgoing {
        let mut url = from.realm.clone();
        url.set_fragment(None);
        {
            let mut query = url.query_pairs_mut();
            if let Some(service) = from.service {
                query.append_pair("service", service);
            }
            let actions = match scope {
                Scope::Registry => None,
                Scope::Pull => Some("pull"),
                Scope::Push | Scope::Mount(_) => Some("pull,push"),
            };
            if let Some(actions) = actions {
                query.append_pair("scope", &format!("repository:{}:{actions}", from.repository.path()));
            }
            if let Scope::Mount(other) = scope {
                query.append_pair("scope", &format!("repository:{other}:pull"));
            }
            if let Some(login) = &self.login {
                query.append_pair("account", &login.username);
            }
        }
        Outgoing {
            method: Method::GET,
            url,
            accept: Some("application/json"),
            body: None,
            authorization: self.basic(),
            redirects: false,
            want: Want::Whole { cap: TOKEN_CAP },
        }
    }
}

impl TokenService<'_> {
    fn unreadable(&self, why: &str) -> RegistryError {
        let what = format!("the answer of the token service {}", authority(self.realm));
        RegistryError::Unreadable { what, why: why.to_owned() }
    }
}

fn bearer(token: &SecretString, from: &TokenService<'_>) -> Result<HeaderValue, RegistryError> {
    let header = Zeroizing::new(format!("Bearer {}", token.expose_secret()));
    let mut value =
        HeaderValue::from_str(&header).map_err(|_| from.unreadable("its token does not fit into a header"))?;
    value.set_sensitive(true);
    Ok(value)
}
