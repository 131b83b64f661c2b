//! What every client of an HTTP service here does the same way: time limits, size caps, waits that a server asks for,
//! and why a connection failed. Not for what a service means by its answers: that is its adapter's.

mod failed;

use std::{net::IpAddr, time::Duration};

use bytes::{Bytes, BytesMut};
use jiff::{Timestamp, fmt::rfc2822::DateTimeParser};
use reqwest::Url;

pub use failed::Failed;

/// Time limits of one request.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub connect: Duration,
    /// Without a byte.
    pub idle: Duration,
    /// Of an answer that is read whole; a stream has none.
    pub whole: Duration,
}

impl Limits {
    pub const USUAL: Self =
        Self { connect: Duration::from_secs(10), idle: Duration::from_secs(30), whole: Duration::from_mins(2) };
}

/// A client that follows no redirect by itself and keeps to these limits. `loopback`: of a server on this machine, which
/// no proxy gets to see.
///
/// # Errors
/// When the system's certificates or the proxy's variables are of no use, or no TLS provider is installed.
pub fn client(limits: Limits, loopback: bool) -> Result<reqwest::ClientBuilder, String> {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        return Err("no TLS provider is installed in this process".to_owned());
    }
    let builder = reqwest::Client::builder()
        .user_agent(concat!("windlass/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(limits.connect)
        .read_timeout(limits.idle)
        // Shorter than the servers' own, so that a POST seldom meets a connection that is just being closed.
        .pool_idle_timeout(Duration::from_secs(30));
    // A proxy would see the login of a server that is only spoken to in plain HTTP because it is on this machine.
    Ok(if loopback { builder.no_proxy() } else { builder })
}

/// At most `cap` bytes of the body, and whether that is all of it.
///
/// # Errors
/// When the connection breaks.
pub async fn read(mut response: reqwest::Response, cap: usize) -> Result<(Bytes, bool), reqwest::Error> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        let room = cap - bytes.len();
        if chunk.len() > room {
            bytes.extend_from_slice(&chunk[..room]);
            return Ok((bytes.freeze(), false));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok((bytes.freeze(), true))
}

/// What `Retry-After` asks for: seconds, or a date. Source: RFC 9110, section 10.2.3.
#[must_use]
pub fn retry_after(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    Some(Duration::try_from(date(value)?.duration_since(Timestamp::now())).unwrap_or(Duration::ZERO))
}

/// A date as HTTP writes it. Source: RFC 9110, section 5.6.7.
#[must_use]
pub fn date(value: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(value.trim()).ok()
}

/// Scheme, host and port are the same: what a login may not leave.
#[must_use]
pub fn same_origin(a: &Url, b: &Url) -> bool {
    a.origin() == b.origin()
}

/// Host and, where it is not the scheme's own, port.
#[must_use]
pub fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or("nowhere");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// This machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let url = |text| Url::parse(text).unwrap();
        assert!(same_origin(&url("https://a/x"), &url("https://a:443/y")));
        for other in ["http://a/x", "https://b/x", "https://a:444/x"] {
            assert!(!same_origin(&url("https://a/x"), &url(other)), "{other}");
        }
    }

    #[test]
    fn waits_are_seconds_or_dates() {
        assert_eq!(retry_after(" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO), "long past");
        assert_eq!(retry_after("soon"), None);
        let later = Timestamp::now() + Duration::from_hours(1);
        let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&later).unwrap();
        let wait = retry_after(&date).unwrap();
        assert!(wait > Duration::from_mins(59) && wait <= Duration::from_hours(1), "{wait:?}");
    }
}
