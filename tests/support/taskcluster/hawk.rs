//! Hawk, from its own description and independent of any client's implementation: headers, bewits and payload hashes,
//! checked with the services' messages, and made for tests that ask as a client.

use std::collections::BTreeMap;

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{moment, pattern};

/// HMAC-SHA256 in base64.
pub fn hmac(key: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

/// The hash of a body, with the type that was sent for it (parameters do not count).
pub fn payload_hash(content_type: &str, body: &[u8]) -> String {
    let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let mut hash = Sha256::new();
    hash.update(format!("hawk.1.payload\n{media}\n"));
    hash.update(body);
    hash.update("\n");
    BASE64_STANDARD.encode(hash.finalize())
}

/// Where a request went, as far as a signature covers it.
#[derive(Debug, Clone)]
pub struct Target<'a> {
    pub method: &'a str,
    /// With its query.
    pub resource: &'a str,
    pub host: &'a str,
    pub port: u16,
}

/// The fields of an `Authorization` header, or of a bewit.
#[derive(Debug, Clone, Default)]
pub struct Signature {
    pub id: String,
    /// Seconds since 1970; of a bewit: when it expires.
    pub ts: String,
    pub nonce: String,
    pub hash: Option<String>,
    pub ext: Option<String>,
    pub mac: String,
}

impl Signature {
    /// The MAC that belongs here.
    pub fn expected(&self, kind: &str, key: &str, target: &Target) -> String {
        let ext = self.ext.as_deref().unwrap_or_default().replace('\\', "\\\\").replace('\n', "\\n");
        let text = format!(
            "hawk.1.{kind}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{ext}\n",
            self.ts,
            self.nonce,
            target.method.to_ascii_uppercase(),
            target.resource,
            target.host.to_ascii_lowercase(),
            target.port,
            self.hash.as_deref().unwrap_or_default(),
        );
        hmac(key, &text)
    }

    /// The header with these fields.
    pub fn header(&self) -> String {
        let optional = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| format!(", {name}=\"{value}\"")).unwrap_or_default()
        };
        format!(
            "Hawk id=\"{}\", ts=\"{}\", nonce=\"{}\", mac=\"{}\"{}{}",
            self.id,
            self.ts,
            self.nonce,
            self.mac,
            optional("hash", &self.hash),
            optional("ext", &self.ext)
        )
    }

    /// The value of the `bewit` parameter.
    pub fn bewit(&self) -> String {
        let ext = self.ext.as_deref().unwrap_or_default();
        BASE64_URL_SAFE_NO_PAD.encode(format!("{}\\{}\\{}\\{ext}", self.id, self.ts, self.mac))
    }

    /// Reads a header; the error is what a 401 says.
    pub fn parse(header: &str) -> Result<Self, String> {
        let (scheme, attributes) = header.split_once(' ').unwrap_or((header, ""));
        if !scheme.eq_ignore_ascii_case("hawk") {
            return Err("Unauthorized: Unauthorized".to_owned());
        }
        if attributes.trim().is_empty() {
            return Err("Bad Request: Invalid header syntax".to_owned());
        }
        let mut found: BTreeMap<&str, &str> = BTreeMap::new();
        let pair = pattern::pattern(r#"^(\w+)="([^"\\]*)"\s*(?:,\s*|$)"#);
        let mut rest = attributes.trim_start();
        while !rest.is_empty() {
            let Some(pair) = pair.captures(rest) else { return Err("Bad Request: Bad header format".to_owned()) };
            let (key, value) = (pair.get(1).unwrap().as_str(), pair.get(2).unwrap().as_str());
            if !["id", "ts", "nonce", "hash", "ext", "mac", "app", "dlg"].contains(&key) {
                return Err(format!("Bad Request: Unknown attribute: {key}"));
            }
            if found.insert(key, value).is_some() {
                return Err(format!("Bad Request: Duplicate attribute: {key}"));
            }
            rest = &rest[pair.get(0).unwrap().end()..];
        }
        let mut take = |key: &str| found.remove(key).filter(|value| !value.is_empty()).map(str::to_owned);
        let (hash, ext) = (take("hash"), take("ext"));
        match (take("id"), take("ts"), take("nonce"), take("mac")) {
            (Some(id), Some(ts), Some(nonce), Some(mac)) => Ok(Self { id, ts, nonce, hash, ext, mac }),
            _ => Err("Bad Request: Missing attributes".to_owned()),
        }
    }

    /// Reads a bewit, whose time must not be over.
    pub fn parse_bewit(bewit: &str, now: Timestamp) -> Result<Self, String> {
        if bewit.is_empty() {
            return Err("Unauthorized: Empty bewit".to_owned());
        }
        let decoded = BASE64_URL_SAFE_NO_PAD.decode(bewit).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let Some(decoded) = decoded else { return Err("Bad Request: Invalid bewit encoding".to_owned()) };
        let [id, ts, mac, ext] = decoded.split('\\').collect::<Vec<_>>()[..] else {
            return Err("Bad Request: Invalid bewit structure".to_owned());
        };
        if id.is_empty() || ts.is_empty() || mac.is_empty() {
            return Err("Bad Request: Missing bewit attributes".to_owned());
        }
        if ts.parse::<i64>().is_ok_and(|expiry| expiry * 1000 <= now.as_millisecond()) {
            return Err("Unauthorized: Access expired".to_owned());
        }
        let ext = Some(ext.to_owned()).filter(|ext| !ext.is_empty());
        Ok(Self { id: id.to_owned(), ts: ts.to_owned(), mac: mac.to_owned(), ext, ..Self::default() })
    }

    /// The MAC fits, and it is not older or newer than 15 minutes. In this order: a stale request with a wrong token
    /// says "Bad mac".
    pub fn check(&self, key: &str, target: &Target, now: Timestamp) -> Result<(), String> {
        if self.expected("header", key, target) != self.mac {
            return Err("Unauthorized: Bad mac".to_owned());
        }
        let skew = moment::minutes(15).as_secs();
        let age = self.ts.parse::<i64>().map(|ts| now.as_millisecond().abs_diff(ts.saturating_mul(1000)));
        if age.is_ok_and(|age| age <= skew * 1000) { Ok(()) } else { Err("Unauthorized: Stale timestamp".to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples that Hawk's own description gives.
    #[test]
    fn the_macs_are_those_of_hawks_description() {
        let target = Target { method: "GET", resource: "/resource/1?b=1&a=2", host: "example.com", port: 8000 };
        let mut signature = Signature {
            id: "dh37fgj492je".to_owned(),
            ts: "1353832234".to_owned(),
            nonce: "j4h3g2".to_owned(),
            ext: Some("some-app-ext-data".to_owned()),
            ..Signature::default()
        };
        let key = "werxhqb98rpaxn39848xrunpaw3489ruxnpa98w4rxn";
        assert_eq!(signature.expected("header", key, &target), "6R4rV5iE+NPoym+WwjeHzjAGXUtLNIxmo1vpMofpLAE=");
        signature.hash = Some(payload_hash("text/plain", b"Thank you for flying Hawk"));
        assert_eq!(signature.hash.as_deref(), Some("Yi9LfIIFRtBEPt74PVmbTF/xVAwPn7ub15ePICfgnuY="));
        let target = Target { method: "POST", ..target };
        assert_eq!(signature.expected("header", key, &target), "aSe1DERmZuRl3pI36/9BdZmnErTw3sNzOOAUlfeKjVw=");
    }
}
