//! The signature of a request: Hawk over method, path **and query**, host and port of the root URL, the body, and what
//! the caller narrows itself to. What is signed is sent byte for byte. Source: Taskcluster's manual, "Hawk".

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hawk::{Credentials as HawkCredentials, DigestAlgorithm::Sha256, Key, PayloadHasher, RequestBuilder};
use reqwest::{Url, header::HeaderValue};
use secrecy::{ExposeSecret as _, zeroize::Zeroizing};

use super::credentials::Credentials;

/// The media type of every body; the signature covers it.
pub(super) const JSON: &str = "application/json";

/// The `Authorization` of a request. `scopes`: what it may do at most; `None`: all that its sender may.
pub(super) fn sign(
    credentials: &Credentials,
    method: &str,
    url: &Url,
    body: Option<&[u8]>,
    scopes: Option<&[String]>,
) -> Result<HeaderValue, String> {
    let said = |error: hawk::Error| error.to_string();
    let key = Key::new(credentials.access_token().expose_secret().as_bytes(), Sha256).map_err(said)?;
    let whose = HawkCredentials { id: credentials.client_id.clone(), key };
    let hash = body.map(|body| PayloadHasher::hash(JSON, Sha256, body)).transpose().map_err(said)?;
    let ext = ext(credentials, scopes);
    let request = RequestBuilder::from_url(method, url).map_err(said)?;
    let request = request.hash(hash.as_deref()).ext(ext.as_str()).request();
    let header = Zeroizing::new(format!("Hawk {}", request.make_header(&whose).map_err(said)?));
    let mut value = HeaderValue::from_str(&header).map_err(|_| "the client id cannot stand in a header".to_owned())?;
    value.set_sensitive(true);
    Ok(value)
}

/// Base64 of the JSON in which the certificate is an object, not the string that it is elsewhere.
fn ext(credentials: &Credentials, scopes: Option<&[String]>) -> Zeroizing<String> {
    let certificate = credentials.certificate.as_ref().map(|made| made.json.expose_secret());
    let scopes = scopes.map(|scopes| serde_json::Value::from(scopes).to_string());
    let parts = [("certificate", certificate), ("authorizedScopes", scopes.as_deref())];
    let mut json = Zeroizing::new(String::from("{"));
    for (name, value) in parts.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        if json.len() > 1 {
            json.push(',');
        }
        json.push('"');
        json.push_str(name);
        json.push_str("\":");
        json.push_str(value);
    }
    json.push('}');
    Zeroizing::new(BASE64_STANDARD.encode(json.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taskcluster::credentials::Source;

    fn signed(url: &str, body: Option<&[u8]>) -> hawk::Header {
        let root = "https://tc.example".parse().unwrap();
        let made = Credentials::new(root, "project/a".into(), "the-token".into(), None, Source::Environment).unwrap();
        let value = sign(&made, "GET", &url.parse().unwrap(), body, Some(&["a:b".to_owned()])).unwrap();
        assert!(value.is_sensitive());
        value.to_str().unwrap().strip_prefix("Hawk ").unwrap().parse().unwrap()
    }

    fn holds(header: &hawk::Header, url: &str, hash: Option<&[u8]>) -> bool {
        let url: Url = url.parse().unwrap();
        let key = Key::new(b"the-token", Sha256).unwrap();
        let request = RequestBuilder::from_url("GET", &url).unwrap().hash(hash).ext(header.ext.as_deref()).request();
        request.validate_header(header, &key, std::time::Duration::from_mins(1))
    }

    #[test]
    fn path_query_host_port_and_body_are_signed() {
        let url = "https://tc.example/api/secrets/v1/secrets?limit=2&continuationToken=a%3D";
        let header = signed(url, None);
        assert!(holds(&header, url, None));
        for other in [
            "https://tc.example/api/secrets/v1/secrets",
            "https://tc.example/api/secrets/v1/secrets?limit=2&continuationToken=a=",
            "https://tc.example:8443/api/secrets/v1/secrets?limit=2&continuationToken=a%3D",
            "https://other.example/api/secrets/v1/secrets?limit=2&continuationToken=a%3D",
        ] {
            assert!(!holds(&header, other, None), "{other}");
        }
        let body = br#"{"a":1}"#;
        let header = signed(url, Some(body));
        let hash = PayloadHasher::hash("application/json", Sha256, body).unwrap();
        assert!(holds(&header, url, Some(&hash)));
        let other = PayloadHasher::hash("application/json", Sha256, b"{}").unwrap();
        assert!(!holds(&header, url, Some(&other)));
    }

    #[test]
    fn a_certificate_is_an_object_beside_the_scopes() {
        let root = "https://tc.example".parse().unwrap();
        let certificate = r#"{"start":1,"expiry":2,"scopes":["a"]}"#;
        let certificate = Some(certificate.into());
        let made = Credentials::new(root, "a".into(), "t".into(), certificate, Source::Environment).unwrap();
        let json = BASE64_STANDARD.decode(ext(&made, Some(&["x\"y".to_owned()])).as_bytes()).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(json["certificate"]["expiry"], 2);
        assert_eq!(json["authorizedScopes"], serde_json::json!(["x\"y"]));
        let root = "https://tc.example".parse().unwrap();
        let bare = Credentials::new(root, "a".into(), "t".into(), None, Source::Environment).unwrap();
        assert_eq!(ext(&bare, None).as_str(), "e30=");
    }
}
