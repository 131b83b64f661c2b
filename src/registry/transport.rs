//! Requests to a registry as HTTP goes: time limits, size caps, retries where repeating is safe, and redirects,
//! which never carry a login to another origin.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use backon::{ExponentialBuilder, Retryable as _};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use reqwest::{
    Method, StatusCode, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER},
};
use tokio::time::{Instant, timeout};

use super::{error::RegistryError, trust::Trust};
use crate::http::{self, Failed, Limits, authority, is_loopback, read, retry_after, same_origin};

/// Tries of a GET or HEAD, the first included.
const TRIES: usize = 3;
/// The first pause between tries; doubled, with jitter.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The pause after a 429 that asks for none.
const PAUSE_WHEN_LIMITED: Duration = Duration::from_secs(1);
/// The longest we wait in all because a registry asks to. What takes longer is for people to decide.
const PATIENCE: Duration = Duration::from_secs(10);
const REDIRECTS: usize = 5;
/// Nothing here is sent for longer; whoever takes no byte meanwhile is given up by [`Limits::whole`].
const LONGEST_SENDING: Duration = Duration::from_hours(24);
/// How long a registry may take to put away what it has got.
const PUTTING_AWAY: Duration = Duration::from_mins(10);
/// What is kept of the body of a refusal.
const REFUSAL_CAP: usize = 64 * 1024;

/// One request.
#[derive(Clone)]
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) accept: Option<&'static str>,
    /// With its media type.
    pub(super) body: Option<(HeaderValue, Bytes)>,
    pub(super) authorization: Option<HeaderValue>,
    /// Only ever for GET and HEAD, and never for a request to a token service.
    pub(super) redirects: bool,
    pub(super) want: Want,
}

/// How the body of a success is wanted.
#[derive(Clone, Copy)]
pub(super) enum Want {
    /// In memory; a larger one is an error.
    Whole { cap: usize },
    /// Unread, for as long as it takes.
    Stream,
}

/// The answer to a request, whatever its status.
pub(super) struct Incoming {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Where it came from, after redirects.
    pub(super) url: Url,
    /// It came from another origin than was asked: its challenges are not ours to answer.
    pub(super) foreign: bool,
    /// Asked for by `Retry-After`.
    pub(super) retry_after: Option<Duration>,
    /// What was sent, so that it can be taken out of an answer that echoes it.
    pub(super) authorization: Option<HeaderValue>,
    body: Body,
}

enum Body {
    Whole(Bytes),
    Stream(reqwest::Response),
}

impl Incoming {
    /// The body, unless it is a stream.
    pub(super) fn bytes(&self) -> &Bytes {
        static NOTHING: Bytes = Bytes::new();
        match &self.body {
            Body::Whole(bytes) => bytes,
            Body::Stream(_) => &NOTHING,
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The media type, without parameters, in lower case.
    pub(super) fn media_type(&self) -> Option<String> {
        let value = self.header(CONTENT_TYPE.as_str())?;
        Some(value.split(';').next().unwrap_or(value).trim().to_ascii_lowercase())
    }

    /// The next piece of a streamed body.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, RegistryError> {
        match &mut self.body {
            Body::Whole(bytes) => Ok(Some(std::mem::take(bytes)).filter(|b| !b.is_empty())),
            Body::Stream(response) => response.chunk().await.map_err(|e| {
                let Failed { why, .. } = Failed::from(e);
                RegistryError::Unreachable { host: authority(&self.url), why }
            }),
        }
    }
}

/// A try that did not succeed, and what follows from it.
struct Trouble {
    again: Again,
    outcome: Box<Result<Incoming, RegistryError>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    Never,
    Soon,
    After(Duration),
}

impl Trouble {
    fn lasting(error: RegistryError) -> Self {
        Self { again: Again::Never, outcome: Box::new(Err(error)) }
    }
}

/// The connections to one registry.
pub(super) struct Transport {
    client: reqwest::Client,
    /// For what is sent: an answer comes when all of it was, and the registry has put it away.
    sending: reqwest::Client,
    trust: Trust,
    limits: Limits,
    /// A 429 makes everybody wait, not only whoever got it.
    resume: Mutex<Option<Instant>>,
}

impl Transport {
    pub(super) fn new(trust: Trust, connections: usize, limits: Limits) -> Result<Self, RegistryError> {
        let setup = |why: String| RegistryError::Setup { why };
        let make = |limits| {
            let builder = http::client(limits, is_loopback(trust.base())).map_err(setup)?;
            // Bytes are hashed as they are stored.
            let builder = builder.no_gzip().pool_max_idle_per_host(connections);
            builder.build().map_err(|e| setup(Failed::from(e).why))
        };
        let (client, sending) = (make(limits)?, make(Limits { idle: LONGEST_SENDING, ..limits })?);
        Ok(Self { client, sending, trust, limits, resume: Mutex::new(None) })
    }

    /// Sends a request, again where that is safe, and gives the last answer there was.
    pub(super) async fn send(&self, outgoing: &Outgoing) -> Result<Incoming, RegistryError> {
        if !is_safe(&outgoing.method) {
            return self.attempt(outgoing).await.or_else(|trouble| *trouble.outcome);
        }
        let mut waited = Duration::ZERO;
        let pauses = ExponentialBuilder::default().with_min_delay(FIRST_PAUSE).with_max_times(TRIES - 1).with_jitter();
        (|| self.attempt(outgoing))
            .retry(pauses)
            .when(|trouble| trouble.again != Again::Never)
            .adjust(|trouble, pause| match (pause?, trouble.again) {
                (_, Again::Never) => None,
                (pause, Again::Soon) => Some(pause),
                (_, Again::After(wait)) => {
                    waited = waited.saturating_add(wait);
                    (waited <= PATIENCE).then_some(wait)
                }
            })
            .await
            .or_else(|trouble| *trouble.outcome)
    }

    async fn attempt(&self, outgoing: &Outgoing) -> Result<Incoming, Trouble> {
        self.wait_for_others().await;
        let mut url = outgoing.url.clone();
        let mut foreign = false;
        for _ in 0..=REDIRECTS {
            let host = authority(&url);
            let response = self.once(outgoing, &url, foreign).await.map_err(|e| failed(&host, e))?;
            let location = response.headers().get(LOCATION).and_then(|v| v.to_str().ok());
            let Some(location) = location.filter(|_| outgoing.redirects && redirects(response.status())) else {
                return self.receive(outgoing, response, url, foreign).await;
            };
            let next = self.trust.redirect(&url, location);
            url = next.map_err(|why| Trouble::lasting(RegistryError::Distrusted { host, why }))?;
            // For good: a login is not taken up again when a redirect leads back.
            foreign |= !same_origin(&url, &outgoing.url);
        }
        let why = format!("it redirects more than {REDIRECTS} times");
        Err(Trouble::lasting(RegistryError::Distrusted { host: authority(&outgoing.url), why }))
    }

    /// Sends a request with a body that comes piece by piece, once. A registry that takes none of it for long is given
    /// up.
    pub(super) async fn send_stream(
        &self,
        outgoing: &Outgoing,
        body: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Result<Incoming, RegistryError> {
        self.wait_for_others().await;
        let host = authority(&outgoing.url);
        let taken = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&taken);
        let body = body.inspect(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        let request = Self::request(&self.sending, outgoing, &outgoing.url, false);
        let mut response = Box::pin(request.body(reqwest::Body::wrap_stream(body)).send());
        let mut before = 0;
        let response = loop {
            if let Ok(response) = timeout(self.limits.whole, &mut response).await {
                break response;
            }
            let now = taken.load(Ordering::Relaxed);
            if now == before {
                let why = format!("it took nothing of what was sent for {} s", self.limits.whole.as_secs());
                return Err(RegistryError::Unreachable { host, why });
            }
            before = now;
        };
        let received = match response {
            Ok(response) => self.receive(outgoing, response, outgoing.url.clone(), false).await,
            Err(error) => Err(failed(&host, error)),
        };
        received.or_else(|trouble| *trouble.outcome)
    }

    async fn once(&self, outgoing: &Outgoing, url: &Url, foreign: bool) -> Result<reqwest::Response, reqwest::Error> {
        let (client, whole) = match outgoing.method {
            Method::PUT => (&self.sending, PUTTING_AWAY),
            _ => (&self.client, self.limits.whole),
        };
        let mut request = Self::request(client, outgoing, url, foreign);
        if let Want::Whole { .. } = outgoing.want {
            request = request.timeout(whole);
        }
        if let Some((_, bytes)) = &outgoing.body {
            request = request.body(bytes.clone());
        }
        request.send().await
    }

    fn request(client: &reqwest::Client, outgoing: &Outgoing, url: &Url, foreign: bool) -> reqwest::RequestBuilder {
        let mut request = client.request(outgoing.method.clone(), url.clone());
        if let Some(accept) = outgoing.accept {
            request = request.header(ACCEPT, accept);
        }
        if let Some(login) = outgoing.authorization.as_ref().filter(|_| !foreign) {
            request = request.header(AUTHORIZATION, login);
        }
        if let Some((media_type, _)) = &outgoing.body {
            request = request.header(CONTENT_TYPE, media_type);
        }
        request
    }

    async fn receive(
        &self,
        outgoing: &Outgoing,
        response: reqwest::Response,
        url: Url,
        foreign: bool,
    ) -> Result<Incoming, Trouble> {
        let host = authority(&url);
        let (status, headers) = (response.status(), response.headers().clone());
        let body = match outgoing.want {
            Want::Stream if status.is_success() => Body::Stream(response),
            Want::Whole { cap } if status.is_success() => {
                let (bytes, whole) = read(response, cap).await.map_err(|e| failed(&host, e))?;
                if !whole {
                    let what = format!("the answer of {host}");
                    let why = format!("it is larger than {} KiB", cap / 1024);
                    return Err(Trouble::lasting(RegistryError::Unreadable { what, why }));
                }
                Body::Whole(bytes)
            }
            // The status says enough where the reason breaks off.
            _ => Body::Whole(read(response, REFUSAL_CAP).await.map(|(bytes, _)| bytes).unwrap_or_default()),
        };
        let retry_after = headers.get(RETRY_AFTER).and_then(|v| v.to_str().ok()).and_then(retry_after);
        let authorization = outgoing.authorization.clone();
        let incoming = Incoming { status, headers, url, foreign, retry_after, authorization, body };
        let again = match (status, retry_after) {
            (StatusCode::TOO_MANY_REQUESTS, asked) => Again::After(asked.unwrap_or(PAUSE_WHEN_LIMITED)),
            (StatusCode::SERVICE_UNAVAILABLE, Some(asked)) => Again::After(asked),
            (StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT, _) => Again::Soon,
            _ => return Ok(incoming),
        };
        if let Again::After(wait) = again {
            self.hold(wait);
        }
        Err(Trouble { again, outcome: Box::new(Ok(incoming)) })
    }

    /// Nobody asks before this has passed; a wait that we do not take is nobody's.
    fn hold(&self, wait: Duration) {
        if wait <= PATIENCE {
            let until = Instant::now() + wait;
            let mut resume = self.resume.lock().unwrap_or_else(PoisonError::into_inner);
            *resume = Some(resume.map_or(until, |earlier| earlier.max(until)));
        }
    }

    async fn wait_for_others(&self) {
        let until = *self.resume.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(until) = until {
            tokio::time::sleep_until(until).await;
        }
    }
}

fn is_safe(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}

fn redirects(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn failed(host: &str, error: reqwest::Error) -> Trouble {
    let Failed { why, passing } = Failed::from(error);
    let again = if passing { Again::Soon } else { Again::Never };
    Trouble { again, outcome: Box::new(Err(RegistryError::Unreachable { host: host.to_owned(), why })) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    const BRIEF: Limits =
        Limits { connect: Duration::from_secs(10), idle: Duration::from_millis(50), whole: Duration::from_millis(200) };

    /// The error of a GET to a server that sends this, byte for byte and for ever.
    async fn error_of(first: &'static [u8], again: &'static [u8], limits: Limits) -> RegistryError {
        // Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let repository = format!("{}/x", listener.local_addr().unwrap()).parse().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            // The request; an answer that is there before it would be nobody's.
            assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
            stream.write_all(first).await.unwrap();
            let mut pace = tokio::time::interval(Duration::from_millis(5));
            while stream.write_all(again).await.is_ok() {
                pace.tick().await;
            }
        });
        let trust = Trust::of(&repository, Arc::new(|_| false)).unwrap();
        let outgoing = Outgoing {
            method: Method::GET,
            url: trust.base().clone(),
            accept: None,
            body: None,
            authorization: None,
            redirects: true,
            want: Want::Whole { cap: 1024 * 1024 },
        };
        let answer = Transport::new(trust, 1, limits).unwrap().send(&outgoing).await;
        server.abort();
        answer.err().expect("the server never gives a whole answer")
    }

    #[tokio::test]
    async fn nobody_is_waited_for_without_end() {
        const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
        for (first, again) in [(&b""[..], &b""[..]), (HEAD, b""), (HEAD, b" ")] {
            let error = error_of(first, again, BRIEF).await;
            assert!(
                matches!(&error, RegistryError::Unreachable { why, .. } if why == "it did not answer in time"),
                "{error:?}"
            );
        }
    }

    #[tokio::test]
    async fn who_takes_nothing_of_what_is_sent_is_given_up() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let repository = format!("{}/x", listener.local_addr().unwrap()).parse().unwrap();
        let server = tokio::spawn(async move {
            let accepted = listener.accept().await.unwrap();
            // Nothing is read from it.
            std::future::pending::<()>().await;
            drop(accepted);
        });
        let trust = Trust::of(&repository, Arc::new(|_| false)).unwrap();
        let outgoing = Outgoing {
            method: Method::PATCH,
            url: trust.base().clone(),
            accept: None,
            body: None,
            authorization: None,
            redirects: false,
            want: Want::Whole { cap: 1024 },
        };
        let endless = futures_util::stream::repeat_with(|| Ok(Bytes::from(vec![0; 1 << 20])));
        let error = Transport::new(trust, 1, BRIEF).unwrap().send_stream(&outgoing, endless).await.err().unwrap();
        server.abort();
        assert!(
            matches!(&error, RegistryError::Unreachable { why, .. } if why.starts_with("it took nothing")),
            "{error:?}"
        );
    }
}
