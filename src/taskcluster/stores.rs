//! What is kept outside the services, in buckets and on workers, is fetched and put there as nobody: no credentials of ours go there,
//! and no more than five redirects are followed, none from TLS to plain HTTP. A host on this machine or one in plain
//! HTTP is spoken to only where the deployment is on this machine too, or the user's settings say so: whoever writes a
//! task chooses the address.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use bytes::Bytes;
use reqwest::{
    StatusCode, Url,
    header::{ACCEPT_ENCODING, HeaderMap, LOCATION},
};
use tokio::time::timeout;

use super::{
    attaching::TRIES,
    body::Body,
    error::{TaskclusterError, said},
    transport::{Deployment, FIRST_PAUSE, PlainHttp},
};
use crate::http::{self, Failed, Limits, authority, is_loopback};

const REDIRECTS: usize = 5;
/// Of an answer that is an error: its first words are enough.
const WORDS: usize = 8 * 1024;
/// Of a live log, which may be quiet for long: whoever reads it asks the queue meanwhile.
pub(super) const QUIET: Duration = Duration::from_mins(10);

/// Hosts that are no services.
#[derive(Clone)]
pub(super) struct Stores {
    client: reqwest::Client,
    plain: PlainHttp,
    /// The deployment is on this machine.
    local: bool,
}

impl Stores {
    pub fn of(root: &Url, plain: PlainHttp) -> Result<Self, String> {
        let local = is_loopback(root);
        let limits = Limits { idle: QUIET, ..Limits::USUAL };
        // What is packed is unpacked by us, so that a file that was cut short is told from one that is whole.
        let client = http::client(limits, local)?.no_gzip().build().map_err(|e| Failed::from(e).why)?;
        Ok(Self { client, plain, local })
    }

    /// Whether it is asked, coming from there.
    fn trust(&self, from: Option<&Url>, to: &Url) -> Result<(), String> {
        let loopback = is_loopback(to);
        match to.scheme() {
            "https" | "http" if loopback && !self.local => {
                Err("it is on this machine, which the deployment is not".to_owned())
            }
            "http" if from.is_some_and(|from| from.scheme() == "https") => {
                Err("it leads from TLS to plain HTTP".to_owned())
            }
            "http" if !loopback && !(self.plain)(&authority(to)) => {
                Err("plain HTTP goes to this machine alone, or where your settings allow it".to_owned())
            }
            "https" | "http" => Ok(()),
            other => Err(format!("{other} is no way to fetch a file")),
        }
    }
}

impl Deployment {
    /// Puts bytes at an address that the services gave for that, again where nobody answers. No redirect is followed.
    pub(super) async fn store(
        &self,
        url: &Url,
        headers: HeaderMap,
        bytes: &Bytes,
        what: &str,
    ) -> Result<(), TaskclusterError> {
        let stores = &self.inner.stores;
        let host = authority(url);
        stores.trust(None, url).map_err(|why| TaskclusterError::Distrusted { host: host.clone(), why })?;
        let once = || async {
            let unreachable = |why: String| TaskclusterError::Unreachable { host: host.clone(), why };
            let request = stores.client.put(url.clone()).headers(headers.clone()).body(bytes.clone()).send();
            let response = match timeout(Limits::USUAL.whole, request).await {
                Ok(answer) => answer.map_err(|e| unreachable(Failed::from(e).why))?,
                Err(_) => return Err(unreachable("it did not answer in time".to_owned())),
            };
            let status = response.status();
            if status.is_success() {
                return Ok(());
            }
            let words = timeout(Limits::USUAL.idle, http::read(response, WORDS)).await;
            let body = words.ok().and_then(Result::ok).map(|(body, _)| body).unwrap_or_default();
            let why = format!("{host} answers {}: {}", status.as_u16(), said(&body, status));
            Err(if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
                unreachable(why)
            } else {
                TaskclusterError::NotStored { what: what.to_owned(), why }
            })
        };
        let pauses = ExponentialBuilder::default().with_min_delay(FIRST_PAUSE).with_max_times(TRIES - 1).with_jitter();
        once.retry(pauses).when(TaskclusterError::is_passing).await
    }

    /// The bytes at an address, once. `idle`: how long no byte of them may come. An answer that is no file is an error.
    pub(super) async fn fetch(&self, url: &Url, what: &str, idle: Duration) -> Result<Body, TaskclusterError> {
        let stores = &self.inner.stores;
        let mut before = None;
        let mut url = url.clone();
        for _ in 0..=REDIRECTS {
            let host = authority(&url);
            let distrusted = |why| TaskclusterError::Distrusted { host: host.clone(), why };
            stores.trust(before.as_ref(), &url).map_err(distrusted)?;
            // A login in an address is none of ours, and would be sent.
            let bare = url.set_username("").and_then(|()| url.set_password(None));
            bare.map_err(|()| distrusted("its address cannot be read".to_owned()))?;
            let unreachable = |why: String| TaskclusterError::Unreachable { host: host.clone(), why };
            let request = stores.client.get(url.clone()).header(ACCEPT_ENCODING, "gzip").send();
            let response = match timeout(Limits::USUAL.idle, request).await {
                Ok(answer) => answer.map_err(|e| unreachable(Failed::from(e).why))?,
                Err(_) => return Err(unreachable("it did not answer in time".to_owned())),
            };
            let status = response.status();
            if status.is_success() {
                return Body::of(response, what, idle);
            }
            let next = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            if let Some(next) = next.filter(|_| status.is_redirection()).and_then(|next| url.join(next).ok()) {
                before = Some(std::mem::replace(&mut url, next));
                continue;
            }
            let words = timeout(Limits::USUAL.idle, http::read(response, WORDS)).await;
            let body = words.ok().and_then(Result::ok).map(|(body, _)| body).unwrap_or_default();
            let why = format!("{host} answers {}: {}", status.as_u16(), said(&body, status));
            return Err(match status {
                StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE => {
                    TaskclusterError::NotUploaded { what: what.to_owned(), why }
                }
                StatusCode::TOO_MANY_REQUESTS => unreachable(why),
                _ if status.is_server_error() => unreachable(why),
                _ => TaskclusterError::Unreadable { what: what.to_owned(), why },
            });
        }
        Err(TaskclusterError::Distrusted { host: authority(&url), why: format!("{REDIRECTS} redirects led to it") })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_task_cannot_send_us_where_it_likes() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = |text: &str| Url::parse(text).unwrap();
        let plain: PlainHttp = Arc::new(|host| host == "worker.lan:60098" || host.starts_with("127.0.0.1"));
        let public = Stores::of(&url("https://tc.example"), Arc::clone(&plain)).unwrap();
        let local = Stores::of(&url("http://127.0.0.1:8080"), plain).unwrap();
        let told = |stores: &Stores, from: Option<&str>, to: &str| {
            stores.trust(from.map(url).as_ref(), &url(to)).err().unwrap_or_else(|| "trusted".to_owned())
        };
        let plainly = "plain HTTP goes to this machine alone, or where your settings allow it";
        let here = "it is on this machine, which the deployment is not";
        for (stores, from, to, expected) in [
            (&public, None, "https://bucket.example/a?X-Amz-Signature=b", "trusted"),
            (&public, None, "http://bucket.example/a", plainly),
            (&public, None, "http://worker.lan:60098/log/a", "trusted"),
            (&public, None, "http://worker.lan/log/a", plainly),
            (&public, None, "http://169.254.169.254/latest/meta-data", plainly),
            (&public, None, "http://127.0.0.1:2375/containers/json", here),
            (&public, None, "https://[::1]/", here),
            (&public, Some("https://bucket.example/a"), "http://worker.lan:60098/a", "it leads from TLS to plain HTTP"),
            (&public, Some("http://worker.lan:60098/a"), "https://bucket.example/a", "trusted"),
            (&public, None, "file:///etc/passwd", "file is no way to fetch a file"),
            (&local, None, "http://127.0.0.1:9000/bucket/a", "trusted"),
            (&local, None, "http://bucket.example/a", plainly),
            (&local, Some("https://bucket.example"), "http://127.0.0.1:9000/a", "it leads from TLS to plain HTTP"),
        ] {
            assert_eq!(told(stores, from, to), expected, "{from:?} -> {to}");
        }
    }
}
