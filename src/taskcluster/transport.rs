//! One request to a service and its answer: signed where there are credentials, narrowed to the scopes that it needs,
//! within time limits and caps, again where repeating is safe. No redirect is followed here: the body of a 303 says
//! where a thing is, and whoever follows it does so without credentials.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use backon::{ExponentialBuilder, Retryable as _};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use reqwest::{
    Method, StatusCode, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, IF_NONE_MATCH, RETRY_AFTER},
};
use secrecy::zeroize::Zeroizing;
use serde::de::DeserializeOwned;

use super::{
    credentials::Credentials,
    error::{Asked, Refusal, TaskclusterError},
    service::{Service, segment},
    signing::{JSON, sign},
    stores::Stores,
};
use crate::{
    domain::root_url::RootUrl,
    http::{self, Failed, Limits, is_loopback},
};

/// Tries of a request that may be repeated, the first included.
pub(super) const TRIES: usize = 4;
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest we wait because a service asks to; what takes longer is for people to decide.
const PATIENCE: Duration = Duration::from_secs(20);
/// Source: measured, a group of 500 tasks with their definitions is 1.2 MB; the services take 10 MB at most.
const CAP: usize = 32 * 1024 * 1024;
/// A clock that is closer than this is right: the answer's `Date` has no fraction of a second, and takes its time.
const RIGHT: SignedDuration = SignedDuration::from_secs(5);

/// Says of a host, with its port where one is written, whether the user allows plain HTTP to it.
pub type PlainHttp = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// A Taskcluster deployment as somebody: a root URL, and credentials that were made for it or none.
#[derive(Clone)]
pub struct Deployment {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub root: RootUrl,
    pub credentials: Option<Credentials>,
    pub client: reqwest::Client,
    /// In a task: whoever signs in its name, and the way there.
    proxy: Option<(RootUrl, reqwest::Client)>,
    pub stores: Stores,
    /// Our clock minus the services', as the last answer showed. It is the same for whoever asks.
    clock: Arc<Mutex<Option<SignedDuration>>>,
}

/// One request, before it is signed.
#[derive(Clone)]
pub(super) struct Call {
    pub service: Service,
    pub method: Method,
    /// Below the service and its version, percent-encoded.
    pub path: String,
    pub query: Vec<(&'static str, String)>,
    /// JSON.
    pub body: Option<Bytes>,
    /// The scopes that it needs and is narrowed to; `None`: what we have is the question.
    pub scopes: Option<Vec<String>>,
    /// What it is to do, for whoever is told that it failed: `read the secret x`.
    pub act: String,
    pub manner: Manner,
    /// How often it is tried where that is safe, the first time included.
    pub tries: usize,
    /// The `ETag` of what we have: where nothing has changed since, the answer is an empty 304.
    pub known: Option<String>,
}

/// What asking does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Nothing is changed.
    Reads,
    /// Asking twice is as good as asking once.
    Repeatable,
    /// Each time something new is begun.
    Once,
}

impl Call {
    /// Something is read, for which many deployments ask nobody for a scope.
    pub fn get(service: Service, path: impl Into<String>, scope: impl Into<String>, act: impl Into<String>) -> Self {
        Self {
            service,
            method: Method::GET,
            path: path.into(),
            query: Vec::new(),
            body: None,
            scopes: Some(vec![scope.into()]),
            act: act.into(),
            manner: Manner::Reads,
            tries: TRIES,
            known: None,
        }
    }

    pub fn method(self, method: Method) -> Self {
        Self { method, ..self }
    }

    pub fn manner(self, manner: Manner) -> Self {
        Self { manner, ..self }
    }

    /// So often, the first time included.
    pub fn tries(self, tries: usize) -> Self {
        Self { tries, ..self }
    }

    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// With a JSON body, which is wiped once the request is gone.
    pub fn body(self, body: Zeroizing<Vec<u8>>) -> Self {
        Self { body: Some(Bytes::from_owner(body)), ..self }
    }

    /// With a JSON body that holds no secret.
    pub fn json(self, body: &serde_json::Value) -> Self {
        Self { body: Some(body.to_string().into()), ..self }
    }

    fn url(&self, root: &RootUrl) -> Result<Url, TaskclusterError> {
        let mut text = root.below(&format!("/api/{}/v1{}", self.service, self.path));
        for (n, (name, value)) in self.query.iter().enumerate() {
            text.push(if n == 0 { '?' } else { '&' });
            text.push_str(name);
            text.push('=');
            text.push_str(&segment(value));
        }
        Url::parse(&text).map_err(|e| TaskclusterError::Setup { why: e.to_string() })
    }
}

/// An answer that is no error.
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    what: String,
}

impl Answer {
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, TaskclusterError> {
        // The parser's own message may quote what it read.
        serde_json::from_slice(&self.body).map_err(|e| {
            let why = format!("no JSON of that kind at line {}, column {}", e.line(), e.column());
            TaskclusterError::Unreadable { what: self.what.clone(), why }
        })
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

enum Trouble {
    Lasting(TaskclusterError),
    Passing(TaskclusterError, Option<Duration>),
}

impl Trouble {
    fn error(self) -> TaskclusterError {
        match self {
            Self::Lasting(error) | Self::Passing(error, _) => error,
        }
    }
}

fn address(root: &RootUrl) -> Result<Url, TaskclusterError> {
    Url::parse(&root.to_string()).map_err(|e| TaskclusterError::Setup { why: e.to_string() })
}

impl Deployment {
    /// # Errors
    /// When the credentials were made for another deployment, when it would be spoken to in plain HTTP, and when no
    /// client can be made.
    pub fn new(root: RootUrl, credentials: Option<Credentials>, plain: PlainHttp) -> Result<Self, TaskclusterError> {
        let distrusted = |why: String| TaskclusterError::Distrusted { host: root.host(), why };
        if !root.is_https() && !is_loopback(&address(&root)?) && !plain(&root.host()) {
            return Err(distrusted(
                "plain HTTP goes to this machine alone, or where your settings allow it".to_owned(),
            ));
        }
        if let Some(made) = &credentials
            && made.root != root
        {
            return Err(distrusted(format!("the credentials of {} were made for {}", made.source, made.root.host())));
        }
        Self::made(root, credentials, None, plain)
    }

    /// The deployment of the task that this process runs in, as that task: requests go unsigned to its proxy, which signs
    /// them. That one may be spoken to in plain HTTP because the task's environment names it, and no credentials go there;
    /// what is asked of the deployment itself, as nobody or with what a service handed out for one upload, is no secret.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn by_proxy(root: RootUrl, proxy: RootUrl, plain: PlainHttp) -> Result<Self, TaskclusterError> {
        Self::made(root, None, Some(proxy), plain)
    }

    fn made(
        root: RootUrl,
        credentials: Option<Credentials>,
        proxy: Option<RootUrl>,
        plain: PlainHttp,
    ) -> Result<Self, TaskclusterError> {
        let (limits, url) = (Limits::USUAL, address(&root)?);
        let setup = |why: String| TaskclusterError::Setup { why };
        let client = |direct| {
            let client = http::client(limits, direct).map_err(setup)?.timeout(limits.whole);
            client.build().map_err(|e| setup(Failed::from(e).why))
        };
        // A task's proxy is of its own network, where no other is on the way.
        let proxy = proxy.map(|proxy| Ok((proxy, client(true)?))).transpose()?;
        let (client, stores) = (client(is_loopback(&url))?, Stores::of(&url, plain).map_err(setup)?);
        Ok(Self { inner: Arc::new(Inner { root, credentials, client, proxy, stores, clock: Arc::default() }) })
    }

    /// A proxy signs for us, in the name of the task that this process runs in.
    pub fn is_by_proxy(&self) -> bool {
        self.inner.proxy.is_some()
    }

    pub fn root(&self) -> &RootUrl {
        &self.inner.root
    }

    /// Who we are there; nobody without.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.inner.credentials.as_ref()
    }

    /// The same deployment, as nobody.
    #[must_use]
    pub fn anonymously(&self) -> Self {
        self.as_somebody(None)
    }

    /// The same deployment, as whoever owns these, without the proxy of a task.
    pub(super) fn as_somebody(&self, credentials: Option<Credentials>) -> Self {
        let Inner { root, client, stores, clock, .. } = &*self.inner;
        let (root, client, stores, clock) = (root.clone(), client.clone(), stores.clone(), Arc::clone(clock));
        Self { inner: Arc::new(Inner { root, credentials, client, proxy: None, stores, clock }) }
    }

    /// How far our clock is ahead of the services', as the last answer showed; `None` before there was one.
    pub fn ahead(&self) -> Option<SignedDuration> {
        *self.inner.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a request, again where that is safe. An answer of 2xx, 303 or 304 is given, anything else is an error.
    pub(super) async fn call(&self, call: &Call) -> Result<Answer, TaskclusterError> {
        let answer = self.repeatedly(call, call.scopes.as_deref()).await;
        match answer {
            // What we narrowed ourselves to we do not have. Anybody may be allowed to read it: only a request that is
            // narrowed to nothing is told.
            Err(TaskclusterError::Refused(refusal))
                if refusal.status == 401 && refusal.missing.is_some() && call.manner == Manner::Reads =>
            {
                self.repeatedly(call, Some(&[])).await
            }
            answer => answer,
        }
    }

    async fn repeatedly(&self, call: &Call, scopes: Option<&[String]>) -> Result<Answer, TaskclusterError> {
        if call.manner == Manner::Once {
            return self.attempt(call, scopes).await.map_err(Trouble::error);
        }
        let mut waited = Duration::ZERO;
        let pauses =
            ExponentialBuilder::default().with_min_delay(FIRST_PAUSE).with_max_times(call.tries - 1).with_jitter();
        (|| self.attempt(call, scopes))
            .retry(pauses)
            .when(|trouble| matches!(trouble, Trouble::Passing(..)))
            .adjust(|trouble, pause| match (pause?, trouble) {
                (_, Trouble::Lasting(_)) => None,
                (pause, Trouble::Passing(_, None)) => Some(pause),
                (_, Trouble::Passing(_, Some(wait))) => {
                    waited = waited.saturating_add(*wait);
                    (waited <= PATIENCE).then_some(*wait)
                }
            })
            .await
            .map_err(Trouble::error)
    }

    async fn attempt(&self, call: &Call, scopes: Option<&[String]>) -> Result<Answer, Trouble> {
        let Inner { root, credentials, client, proxy, .. } = &*self.inner;
        let (at, client) = proxy.as_ref().map_or((root, client), |(proxy, client)| (proxy, client));
        let url = call.url(at).map_err(Trouble::Lasting)?;
        let mut request = client.request(call.method.clone(), url.clone());
        if let Some(credentials) = credentials {
            let signed = sign(credentials, call.method.as_str(), &url, call.body.as_deref(), scopes);
            let signed = signed.map_err(|why| Trouble::Lasting(TaskclusterError::Setup { why }))?;
            request = request.header(AUTHORIZATION, signed);
        }
        if let Some(known) = &call.known {
            request = request.header(IF_NONE_MATCH, known);
        }
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, JSON).body(body.clone());
        }
        let response = request.send().await.map_err(|e| self.unanswered(e))?;
        self.note_clock(response.headers());
        let (status, headers) = (response.status(), response.headers().clone());
        let (body, whole) = http::read(response, CAP).await.map_err(|e| self.unanswered(e))?;
        let what = format!("the answer of {} to our request to {}", self.root().host(), call.act);
        if !whole {
            let why = format!("it is larger than {} MiB", CAP / 1024 / 1024);
            return Err(Trouble::Lasting(TaskclusterError::Unreadable { what, why }));
        }
        if status.is_success() || matches!(status, StatusCode::SEE_OTHER | StatusCode::NOT_MODIFIED) {
            return Ok(Answer { status, headers, body, what });
        }
        let asked = Asked {
            host: root.host(),
            service: call.service,
            act: &call.act,
            signed: credentials.is_some() || proxy.is_some(),
            narrowed: scopes.unwrap_or_default(),
            request_id: headers.get("x-for-request-id").and_then(|id| id.to_str().ok()).map(ToOwned::to_owned),
            ahead: self.ahead().filter(|ahead| ahead.abs() > RIGHT).map(|ahead| ahead.as_secs()),
        };
        let error = TaskclusterError::Refused(Box::new(Refusal::read(asked, status, &body)));
        let asks = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(http::retry_after);
        Err(if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            Trouble::Passing(error, asks)
        } else {
            Trouble::Lasting(error)
        })
    }

    fn unanswered(&self, error: reqwest::Error) -> Trouble {
        let Failed { why, passing } = Failed::from(error);
        let host = self.inner.proxy.as_ref().map_or_else(|| self.root().host(), |(proxy, _)| proxy.host());
        let error = TaskclusterError::Unreachable { host, why };
        if passing { Trouble::Passing(error, None) } else { Trouble::Lasting(error) }
    }

    fn note_clock(&self, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|value| value.to_str().ok()).and_then(http::date);
        if let Some(date) = date {
            let ahead = Timestamp::now().duration_since(date);
            *self.inner.clock.lock().unwrap_or_else(PoisonError::into_inner) = Some(ahead);
        }
    }
}
