//! [`Client`]: one repository, one credential. Here is how a request is allowed; what is asked is in the
//! other files of this module.

use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use futures_util::Stream;
use reqwest::{Method, StatusCode, Url, header::HeaderValue};

use super::{
    answer::Answer,
    auth::{Auth, Credential, Scheme, Scope, TokenService, chosen},
    challenge::{Challenge, challenges},
    error::RegistryError,
    transport::{Incoming, Outgoing, Transport, Want},
    trust::{PlainHttp, Trust},
};
use crate::{
    domain::{
        recipe::Login,
        reference::{DOCKER_HUB, Repository},
    },
    http::{Limits, authority, same_origin},
};

/// Requests at once to Docker Hub, which limits harder than others.
const AT_ONCE_TO_HUB: usize = 8;

/// Requests at once to others. On loopback more than 16 bring nothing; 50 ms away, 200 tags wait for these.
const AT_ONCE: usize = 24;

/// How registries are spoken to.
#[derive(Clone)]
pub struct Options {
    /// Whether a host, with its port where one is written, may be spoken to in plain HTTP. Loopback always may.
    pub plain_http: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    /// Requests at once; to Docker Hub at most eight.
    pub concurrency: usize,
}

impl Options {
    /// Plain HTTP to loopback and where `plain_http` says so; as many requests at once as a registry far away needs.
    pub fn new(plain_http: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self { plain_http: Arc::new(plain_http), concurrency: AT_ONCE }
    }
}

impl Default for Options {
    /// Plain HTTP to loopback alone.
    fn default() -> Self {
        Self::new(|_| false)
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("concurrency", &self.concurrency).finish_non_exhaustive()
    }
}

/// The client of one repository under one credential. A clone shares connections and tokens with its original.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    repository: Repository,
    trust: Trust,
    transport: Transport,
    auth: Auth,
    concurrency: usize,
    listed: AtomicBool,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("repository", &self.inner.repository).finish_non_exhaustive()
    }
}

/// A request in the API's terms.
pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) scope: Scope,
    pub(super) accept: Option<&'static str>,
    pub(super) body: Option<(HeaderValue, Bytes)>,
    pub(super) want: Want,
    /// What it is for, as in "does not allow us to …".
    pub(super) act: String,
}

impl Client {
    /// A client that knows nothing yet: nothing is sent before the first question.
    ///
    /// # Errors
    /// [`RegistryError::Setup`] when the HTTP client cannot be made, as without a TLS provider in the process.
    pub fn new(repository: &Repository, login: Option<Login>, options: &Options) -> Result<Self, RegistryError> {
        Self::with_limits(repository, login, options, Limits::USUAL)
    }

    pub(super) fn with_limits(
        repository: &Repository,
        login: Option<Login>,
        options: &Options,
        limits: Limits,
    ) -> Result<Self, RegistryError> {
        let plain: PlainHttp = Arc::clone(&options.plain_http);
        let trust = Trust::of(repository, plain).map_err(|why| RegistryError::Setup { why })?;
        let concurrency = match repository.host() {
            DOCKER_HUB => options.concurrency.min(AT_ONCE_TO_HUB),
            _ => options.concurrency,
        }
        .max(1);
        let transport = Transport::new(trust.clone(), concurrency, limits)?;
        let inner = Inner {
            repository: repository.clone(),
            trust,
            transport,
            auth: Auth::new(login),
            concurrency,
            listed: AtomicBool::new(false),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.inner.repository
    }

    pub(super) fn concurrency(&self) -> usize {
        self.inner.concurrency
    }

    /// This credential could list the repository, so a 404 of a tag means that there is none.
    pub(super) fn has_listed(&self) -> bool {
        self.inner.listed.load(Ordering::Relaxed)
    }

    pub(super) fn note_listed(&self) {
        self.inner.listed.store(true, Ordering::Relaxed);
    }

    pub(super) fn login(&self) -> Option<&Login> {
        self.inner.auth.login()
    }

    /// Host and port of the registry's API.
    pub(super) fn host(&self) -> String {
        authority(self.inner.trust.base())
    }

    /// The address of the API itself: `/v2/`.
    pub(super) fn root(&self) -> Url {
        self.inner.trust.base().clone()
    }

    /// An address below this repository's, such as `tags/list`.
    pub(super) fn url(&self, below: &str) -> Url {
        let path = format!("{}/{below}", self.inner.repository.path());
        self.inner.trust.base().join(&path).expect("a repository's path and what follows are valid in an address")
    }

    /// Sends a request and answers what it is challenged with, once.
    ///
    /// Any other status than 401 is the caller's to judge.
    pub(super) async fn ask(&self, ask: &Ask) -> Result<Incoming, RegistryError> {
        let auth = &self.inner.auth;
        let _alone = auth.discovering().await;
        let sent = self.credential(ask).await?;
        let answer = self.send(ask, &sent).await?;
        if !is_challenge(&answer) {
            if auth.scheme().is_none() && !answer.status.is_server_error() {
                auth.learn(Scheme::Open);
            }
            return Ok(answer);
        }
        let offered = challenges(&answer.headers);
        match sent {
            Credential::Nothing => {}
            Credential::Token { new: false, .. } if !offered.iter().any(Challenge::insufficient_scope) => {
                auth.discard(&ask.scope).await;
            }
            _ => return Err(self.refused(ask, &sent, &offered, &answer)),
        }
        match chosen(&offered, &self.inner.trust) {
            Some(Ok(scheme)) => auth.learn(scheme),
            Some(Err(why)) => return Err(RegistryError::Distrusted { host: self.host(), why }),
            None => return Err(self.refused(ask, &sent, &offered, &answer)),
        }
        let sent = self.credential(ask).await?;
        let answer = self.send(ask, &sent).await?;
        if is_challenge(&answer) {
            return Err(self.refused(ask, &sent, &challenges(&answer.headers), &answer));
        }
        Ok(answer)
    }

    /// Sends a request as nobody, and does not answer a challenge.
    pub(super) async fn ask_as_nobody(&self, ask: &Ask) -> Result<Incoming, RegistryError> {
        self.send(ask, &Credential::Nothing).await
    }

    /// The next request of this scope gets a token of its own.
    pub(super) async fn forget_token(&self, scope: &Scope) {
        self.inner.auth.discard(scope).await;
    }

    /// What this request has to carry, as far as is known.
    async fn credential(&self, ask: &Ask) -> Result<Credential, RegistryError> {
        let auth = &self.inner.auth;
        match auth.scheme() {
            None | Some(Scheme::Open) => Ok(Credential::Nothing),
            Some(Scheme::Basic) => auth
                .basic()
                .map(Credential::Basic)
                .ok_or_else(|| RegistryError::LoginNeeded { host: self.host(), act: ask.act.clone() }),
            Some(Scheme::Bearer { realm, service }) => {
                let from = TokenService {
                    transport: &self.inner.transport,
                    repository: &self.inner.repository,
                    realm: &realm,
                    service: service.as_deref(),
                };
                auth.token(&ask.scope, from, |answer| self.no_token(ask, answer)).await
            }
        }
    }

    /// Sends a request whose body comes piece by piece, which cannot be sent again: a refusal is final for this try.
    pub(super) async fn ask_with(
        &self,
        ask: &Ask,
        body: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<Incoming, RegistryError> {
        let sent = self.credential(ask).await?;
        let answer = Box::pin(self.inner.transport.send_stream(&self.outgoing(ask, &sent), body)).await?;
        if !is_challenge(&answer) {
            return Ok(answer);
        }
        if let Credential::Token { new: false, .. } = sent {
            self.inner.auth.discard(&ask.scope).await;
            let why = "the token of this upload ended before its last byte".to_owned();
            return Err(RegistryError::Unreachable { host: self.host(), why });
        }
        Err(self.refused(ask, &sent, &challenges(&answer.headers), &answer))
    }

    /// Where a `Location` leads that is no redirect, but says where to go on.
    pub(super) fn follow(&self, from: &Url, location: &str) -> Result<Url, RegistryError> {
        let distrusted = |why| RegistryError::Distrusted { host: self.host(), why };
        self.inner.trust.redirect(from, location).map_err(distrusted)
    }

    async fn send(&self, ask: &Ask, credential: &Credential) -> Result<Incoming, RegistryError> {
        // On the heap: what reqwest keeps of a request would make every future above large.
        Box::pin(self.inner.transport.send(&self.outgoing(ask, credential))).await
    }

    fn outgoing(&self, ask: &Ask, credential: &Credential) -> Outgoing {
        // Registries may have uploads sent elsewhere; the login stays here.
        let at_home = same_origin(&ask.url, self.inner.trust.base());
        Outgoing {
            method: ask.method.clone(),
            url: ask.url.clone(),
            accept: ask.accept,
            body: ask.body.clone(),
            authorization: credential.header().filter(|_| at_home),
            redirects: ask.method == Method::GET || ask.method == Method::HEAD,
            want: ask.want,
        }
    }

    /// The error of a 401 that is final.
    fn refused(&self, ask: &Ask, sent: &Credential, offered: &[Challenge], answer: &Incoming) -> RegistryError {
        let host = self.host();
        let login_is_fine = offered.iter().any(Challenge::insufficient_scope);
        match self.login() {
            Some(login) if !login_is_fine && !matches!(sent, Credential::Nothing) => {
                RegistryError::LoginRefused { host, username: login.username.clone(), answer: self.said(answer) }
            }
            _ => RegistryError::Denied { host, act: ask.act.clone(), answer: self.said(answer) },
        }
    }

    /// The error of a token service that gives no token.
    fn no_token(&self, ask: &Ask, answer: &Incoming) -> RegistryError {
        let host = authority(&answer.url);
        match (answer.status, self.login()) {
            (StatusCode::UNAUTHORIZED, Some(login)) => {
                RegistryError::LoginRefused { host, username: login.username.clone(), answer: self.said(answer) }
            }
            (StatusCode::UNAUTHORIZED, None) => RegistryError::LoginNeeded { host, act: ask.act.clone() },
            _ => self.refusal(answer, &ask.act, "the token service"),
        }
    }

    /// The error of an answer that is not the one hoped for. `what` is missing when it is a 404.
    pub(super) fn refusal(&self, incoming: &Incoming, act: &str, what: &str) -> RegistryError {
        let host = authority(&incoming.url);
        let answer = self.said(incoming);
        let act = act.to_owned();
        match incoming.status {
            // A login is not for another host's 401.
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => RegistryError::Denied { host, act, answer },
            StatusCode::NOT_FOUND => {
                RegistryError::NotFound { what: what.to_owned(), visible: self.has_listed(), answer }
            }
            StatusCode::TOO_MANY_REQUESTS => RegistryError::RateLimited {
                host,
                retry_after_seconds: incoming.retry_after.map(|wait| wait.as_secs()),
                answer,
            },
            status if status.is_server_error() => {
                RegistryError::Unreachable { host, why: format!("it answers {answer}") }
            }
            _ => RegistryError::Unexpected { host, act, answer },
        }
    }

    /// What the registry said, without our own secrets in it.
    pub(super) fn said(&self, incoming: &Incoming) -> Answer {
        Answer::of(incoming, |text| self.inner.auth.conceal(text, incoming.authorization.as_ref()))
    }
}

/// A 401 of the host that was asked. That of a redirect's target must never be answered with our login.
fn is_challenge(answer: &Incoming) -> bool {
    answer.status == StatusCode::UNAUTHORIZED && !answer.foreign
}
