//! Which URLs a registry's answers may send us to, and which of them may see a login.
//!
//! Plain HTTP goes to loopback, or where the user's settings allow it, and only when the registry itself is
//! spoken to like that: no answer of a registry turns https into http.

use std::sync::Arc;

use reqwest::Url;

use crate::{
    domain::reference::Repository,
    http::{authority, is_loopback},
};

/// Says of a host, with its port where one is written, whether the user allows plain HTTP to it.
pub(super) type PlainHttp = Arc<dyn Fn(&str) -> bool + Send + Sync>;

#[derive(Clone)]
pub(super) struct Trust {
    base: Url,
    plain: PlainHttp,
}

impl Trust {
    /// Decides how this repository's registry is spoken to.
    pub(super) fn of(repository: &Repository, plain: PlainHttp) -> Result<Self, String> {
        let host = repository.api_host();
        let read = |scheme: &str| Url::parse(&format!("{scheme}://{host}/v2/")).map_err(|e| e.to_string());
        let mut base = read("https")?;
        if is_loopback(&base) || plain(host) {
            base = read("http")?;
        }
        Ok(Self { base, plain })
    }

    /// `https://HOST/v2/`.
    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    /// The token service that a challenge names: it is given the login, wherever it is, since that is how the
    /// protocol works. Source: distribution, "Token Authentication Specification".
    pub(super) fn realm(&self, realm: &str) -> Result<Url, String> {
        let url = Url::parse(realm).map_err(|e| format!("its token service has no valid address: {e}"))?;
        self.reachable(&url).map_err(|why| format!("its token service {} {why}", authority(&url)))?;
        Ok(url)
    }

    /// Where a redirect from `from` leads.
    pub(super) fn redirect(&self, from: &Url, location: &str) -> Result<Url, String> {
        let url = from.join(location).map_err(|e| format!("it redirects to no valid address: {e}"))?;
        if from.scheme() == "https" && url.scheme() != "https" {
            return Err(format!("it redirects from https to {}", url.scheme()));
        }
        self.reachable(&url).map_err(|why| format!("it redirects to {}, which {why}", authority(&url)))?;
        Ok(url)
    }

    fn reachable(&self, url: &Url) -> Result<(), &'static str> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err("carries a login of its own in its address");
        }
        let plain_here = self.base.scheme() == "http"
            && if is_loopback(url) { is_loopback(&self.base) } else { (self.plain)(&authority(url)) };
        match url.scheme() {
            "https" => Ok(()),
            "http" if plain_here => Ok(()),
            "http" => Err("would be spoken to in plain HTTP"),
            _ => Err("is neither http nor https"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::same_origin;

    fn trust(repository: &str) -> Trust {
        let plain: PlainHttp = Arc::new(|host| ["images.lan:5000", "images.lan", "token.lan"].contains(&host));
        Trust::of(&repository.parse().unwrap(), plain).unwrap()
    }

    #[test]
    fn plain_http_is_for_loopback_and_the_users_hosts() {
        for (repository, base) in [
            ("mozilla/balrog", "https://registry-1.docker.io/v2/"),
            ("ghcr.io/a/b", "https://ghcr.io/v2/"),
            ("localhost:5000/x", "http://localhost:5000/v2/"),
            ("127.8.0.1:5000/x", "http://127.8.0.1:5000/v2/"),
            ("[::1]:5000/x", "http://[::1]:5000/v2/"),
            ("127.0.0.1.example.com/x", "https://127.0.0.1.example.com/v2/"),
            ("images.lan:5000/x", "http://images.lan:5000/v2/"),
        ] {
            assert_eq!(trust(repository).base().as_str(), base);
        }
    }

    #[test]
    fn a_token_service_is_https_or_as_plain_as_its_registry() {
        for (repository, realm, trusted) in [
            ("mozilla/balrog", "https://auth.docker.io/token", true),
            ("mozilla/balrog", "http://auth.docker.io/token", false),
            ("mozilla/balrog", "http://127.0.0.1/token", false),
            ("mozilla/balrog", "http://token.lan/", false),
            ("mozilla/balrog", "https://a:b@auth.docker.io/token", false),
            ("mozilla/balrog", "file:///etc/passwd", false),
            ("mozilla/balrog", "/token", false),
            ("127.0.0.1:5000/x", "http://127.0.0.1:5001/token", true),
            ("127.0.0.1:5000/x", "http://elsewhere.example/token", false),
            ("127.0.0.1:5000/x", "https://elsewhere.example/token", true),
            ("images.lan/x", "http://token.lan/", true),
            ("images.lan/x", "http://127.0.0.1/", false),
        ] {
            assert_eq!(trust(repository).realm(realm).is_ok(), trusted, "{repository} → {realm}");
        }
    }

    #[test]
    fn redirects_never_lose_tls() {
        let hub = trust("mozilla/balrog");
        let from = hub.base().join("mozilla/balrog/blobs/x").unwrap();
        assert!(hub.redirect(&from, "https://cdn.example/x").is_ok());
        assert!(hub.redirect(&from, "/elsewhere").is_ok_and(|to| same_origin(&to, &from)));
        assert!(hub.redirect(&from, "http://registry-1.docker.io/x").is_err());
        let local = trust("127.0.0.1:5000/x");
        let tls = Url::parse("https://cdn.example/x").unwrap();
        assert!(local.redirect(&tls, "http://127.0.0.1:5000/x").is_err(), "not even back to where it came from");
    }
}
