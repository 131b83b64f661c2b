//! The root URL of a Taskcluster deployment: what its services, its web pages and its credentials belong to.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use url::Url;

/// `https://firefox-ci-tc.services.mozilla.com`: without a slash at its end, a query, or a login in it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RootUrl(Url);

/// Why a text is no root URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotARootUrl {
    #[error("`{text}` is no URL: {why}")]
    NotAUrl { text: String, why: url::ParseError },
    #[error("a root URL begins with https://")]
    Scheme,
    #[error("a login does not belong into a root URL")]
    Login,
    #[error("a root URL ends with its host or path")]
    Query,
}

impl RootUrl {
    /// Host and, where it is not the scheme's own, port: what tells one deployment from another.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The address of something below it. `path` is percent-encoded, and begins with a slash.
    #[must_use]
    pub fn below(&self, path: &str) -> String {
        format!("{self}{path}")
    }

    /// It names a port that is not its scheme's own.
    #[must_use]
    pub fn has_port(&self) -> bool {
        self.0.port().is_some()
    }

    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }
}

impl FromStr for RootUrl {
    type Err = NotARootUrl;

    fn from_str(text: &str) -> Result<Self, NotARootUrl> {
        let mut url = Url::parse(text.trim_end_matches('/'))
            .map_err(|why| NotARootUrl::NotAUrl { text: text.chars().take(200).collect(), why })?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(NotARootUrl::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotARootUrl::Login);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(NotARootUrl::Query);
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }
}

impl TryFrom<String> for RootUrl {
    type Error = NotARootUrl;

    fn try_from(text: String) -> Result<Self, NotARootUrl> {
        text.parse()
    }
}

impl From<RootUrl> for String {
    fn from(root: RootUrl) -> Self {
        root.to_string()
    }
}

impl fmt::Display for RootUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for RootUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_deployment_is_written_in_one_way() {
        for (text, root, host) in [
            ("https://TC.example/", "https://tc.example", "tc.example"),
            ("https://tc.example:443", "https://tc.example", "tc.example"),
            ("http://127.0.0.1:8080//", "http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("https://tc.example/tc/", "https://tc.example/tc", "tc.example"),
        ] {
            let parsed: RootUrl = text.parse().unwrap();
            assert_eq!((parsed.to_string().as_str(), parsed.host().as_str()), (root, host));
            assert_eq!(parsed.to_string().parse(), Ok(parsed));
        }
        let root: RootUrl = "https://tc.example/tc/".parse().unwrap();
        assert_eq!(root.below("/api/auth/v1/ping"), "https://tc.example/tc/api/auth/v1/ping");
    }

    #[test]
    fn what_is_none_is_told_why() {
        for (text, why) in [
            ("tc.example", "`tc.example` is no URL: relative URL without a base"),
            ("ftp://tc.example", "a root URL begins with https://"),
            ("https://bot:token@tc.example", "a login does not belong into a root URL"),
            ("https://tc.example/?a=b", "a root URL ends with its host or path"),
        ] {
            assert_eq!(text.parse::<RootUrl>().unwrap_err().to_string(), why);
        }
    }
}
