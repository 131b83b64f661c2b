//! Bytes for a registry to keep: layers and configs. What it has already is not sent; what another repository of it has
//! is mounted from there; the rest streams, in constant memory, and is hashed on the way.
//! Source: OCI distribution specification, "Pushing blobs" and "Mounting a blob from another repository".

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use backon::{ExponentialBuilder, Retryable as _};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use reqwest::{Method, StatusCode, Url, header::HeaderValue};
use sha2::{Digest as _, Sha256};

use super::{
    auth::Scope,
    client::{Ask, Client},
    error::RegistryError,
    transport::{Incoming, Want},
};
use crate::domain::{digest::Digest, permission::MayWrite, reference::Repository};

const NOTHING_WANTED: Want = Want::Whole { cap: 64 * 1024 };
/// Tries of an upload, the first included. Each begins anew: what was sent before is the registry's to forget.
const TRIES: usize = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest that is waited because a registry asks to. What takes longer is for people to decide.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes that a registry has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub digest: Digest,
    pub size: u64,
}

impl Client {
    /// How many bytes the registry has under this digest; `None` where it has none, or does not say how many.
    pub async fn blob(&self, digest: &Digest) -> Result<Option<u64>, RegistryError> {
        let what = format!("blob {} of {}", digest.short(), self.repository());
        let head = Ask { method: Method::HEAD, ..self.ask_blob(digest, NOTHING_WANTED, format!("look for {what}")) };
        // With the token that the upload needs anyway.
        let ask = Ask { scope: Scope::Push, ..head };
        let answer = self.ask(&ask).await?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => Ok(answer.header("content-length").and_then(|length| length.parse().ok())),
            _ => Err(self.refusal(&answer, &ask.act, &what)),
        }
    }

    /// Has the registry take these bytes over from another of its repositories. `false`: it does not, for whatever
    /// reason, and they have to be sent.
    pub async fn mount(&self, digest: &Digest, from: &Repository, _: MayWrite) -> Result<bool, RegistryError> {
        if from.host() != self.repository().host() || from == self.repository() {
            return Ok(false);
        }
        let mut url = self.url("blobs/uploads/");
        url.query_pairs_mut().append_pair("mount", digest.as_str()).append_pair("from", from.path());
        let act = format!("mount {} from {from}", digest.short());
        let ask = Self::ask_upload(Method::POST, url, Scope::Mount(from.path().to_owned()), act);
        match self.ask(&ask).await {
            Ok(answer) if answer.status == StatusCode::CREATED => Ok(true),
            Ok(answer) if answer.status == StatusCode::ACCEPTED => {
                // It has begun an upload instead, for a client that would send them now.
                if let Ok(at) = self.location(&ask, &answer) {
                    let _ = self.ask(&Self::ask_upload(Method::DELETE, at, Scope::Push, "end an upload".into())).await;
                }
                Ok(false)
            }
            // Whoever may not read there sends the bytes.
            Ok(answer) if answer.status.is_client_error() && answer.status != StatusCode::TOO_MANY_REQUESTS => {
                Ok(false)
            }
            Ok(answer) => Err(self.refusal(&answer, &ask.act, "the upload")),
            Err(refused) if refused.is_denied() => Ok(false),
            Err(other) => Err(other),
        }
    }

    /// Sends bytes that are at hand, in one request.
    pub async fn send_bytes(&self, what: &str, bytes: Bytes, permit: MayWrite) -> Result<Kept, RegistryError> {
        let kept = Kept { digest: Digest::of(&bytes), size: bytes.len() as u64 };
        (|| async {
            let at = self.begin(what, permit).await?;
            self.complete(what, at, &kept.digest, bytes.clone()).await
        })
        .retry(pauses())
        .when(passes)
        .adjust(after)
        .await?;
        Ok(kept)
    }

    /// Sends what a stream yields, however long it is, and says what it was. `make` makes the stream, anew for each
    /// try.
    ///
    /// # Errors
    /// [`RegistryError::Unsent`] when the stream yields an error, and when it is not of the digest that is expected:
    /// then the registry keeps nothing.
    pub async fn send_blob<S>(
        &self,
        what: &str,
        expected: Option<&Digest>,
        make: impl Fn() -> S,
        permit: MayWrite,
    ) -> Result<Kept, RegistryError>
    where
        S: Stream<Item = io::Result<Bytes>> + Send + 'static,
    {
        (|| async {
            let at = self.begin(what, permit).await?;
            let (at, kept) = self.stream(what, at, make()).await?;
            if let Some(expected) = expected.filter(|expected| **expected != kept.digest) {
                let why = format!("its bytes hash to {} where {expected} was expected", kept.digest);
                return Err(RegistryError::Unsent { what: what.to_owned(), why });
            }
            self.complete(what, at, &kept.digest, Bytes::new()).await?;
            Ok(kept)
        })
        .retry(pauses())
        .when(passes)
        .adjust(after)
        .await
    }

    /// Where an upload goes.
    async fn begin(&self, what: &str, _: MayWrite) -> Result<Url, RegistryError> {
        let act = format!("push {what} to {}", self.repository());
        let ask = Self::ask_upload(Method::POST, self.url("blobs/uploads/"), Scope::Push, act);
        let answer = self.ask(&ask).await?;
        if answer.status != StatusCode::ACCEPTED {
            return Err(self.refusal(&answer, &ask.act, &format!("repository {}", self.repository())));
        }
        self.location(&ask, &answer)
    }

    /// Sends all of a stream to an upload. Gives where it goes on, and what was sent.
    async fn stream(
        &self,
        what: &str,
        at: Url,
        stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<(Url, Kept), RegistryError> {
        let sum = Arc::new(Mutex::new((Sha256::new(), 0_u64)));
        let broken: Arc<Mutex<Option<String>>> = Arc::default();
        let body = {
            let (sum, broken) = (Arc::clone(&sum), Arc::clone(&broken));
            stream.inspect(move |piece| match piece {
                Ok(bytes) => {
                    let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
                    sum.0.update(bytes);
                    sum.1 += bytes.len() as u64;
                }
                Err(error) => *broken.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string()),
            })
        };
        let octets = Some((HeaderValue::from_static("application/octet-stream"), Bytes::new()));
        let act = format!("push {what} to {}", self.repository());
        let ask = Ask { body: octets, ..Self::ask_upload(Method::PATCH, at, Scope::Push, act) };
        let sent = self.ask_with(&ask, body).await;
        // The request breaks off with the stream; what it broke off for is the reason.
        if let Some(why) = broken.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(RegistryError::Unsent { what: what.to_owned(), why });
        }
        let answer = sent?;
        if !matches!(answer.status, StatusCode::ACCEPTED | StatusCode::CREATED | StatusCode::NO_CONTENT) {
            return Err(self.refusal(&answer, &ask.act, "the upload"));
        }
        let at = self.location(&ask, &answer)?;
        let (hash, size) = std::mem::take(&mut *sum.lock().unwrap_or_else(PoisonError::into_inner));
        Ok((at, Kept { digest: Digest::finish(hash), size }))
    }

    /// Ends an upload: from here on the registry has it under its digest, which it has computed itself.
    async fn complete(&self, what: &str, mut at: Url, digest: &Digest, rest: Bytes) -> Result<(), RegistryError> {
        at.query_pairs_mut().append_pair("digest", digest.as_str());
        let octets = (HeaderValue::from_static("application/octet-stream"), rest);
        let act = format!("push {what} to {}", self.repository());
        let ask = Ask { body: Some(octets), ..Self::ask_upload(Method::PUT, at, Scope::Push, act) };
        let answer = self.ask(&ask).await?;
        if answer.status != StatusCode::CREATED {
            return Err(self.refusal(&answer, &ask.act, "the upload"));
        }
        Ok(())
    }

    fn ask_upload(method: Method, url: Url, scope: Scope, act: String) -> Ask {
        Ask { method, url, scope, accept: None, body: None, want: NOTHING_WANTED, act }
    }

    /// Where an answer says that the upload goes on.
    fn location(&self, ask: &Ask, answer: &Incoming) -> Result<Url, RegistryError> {
        let location = answer.header("location").ok_or_else(|| RegistryError::Unreadable {
            what: format!("the answer of {} to the request to {}", self.host(), ask.act),
            why: "it does not say where to send the bytes".to_owned(),
        })?;
        self.follow(&ask.url, location)
    }
}

fn pauses() -> ExponentialBuilder {
    ExponentialBuilder::default().with_min_delay(FIRST_PAUSE).with_max_times(TRIES - 1).with_jitter()
}

/// What a new try may mend.
fn passes(error: &RegistryError) -> bool {
    matches!(error, RegistryError::Unreachable { .. } | RegistryError::RateLimited { .. })
}

/// How long to wait before it; `None`: not at all.
fn after(error: &RegistryError, pause: Option<Duration>) -> Option<Duration> {
    match error {
        RegistryError::RateLimited { retry_after_seconds, .. } => {
            let asked = Duration::from_secs(retry_after_seconds.unwrap_or(1));
            pause.map(|_| asked).filter(|asked| *asked <= PATIENCE)
        }
        _ => pause,
    }
}
