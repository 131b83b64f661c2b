//! The object service: where the bytes of an object are, and the hashes that they must have.

use reqwest::{Method, Url};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256, Sha512};

use super::{
    credentials::Credentials,
    error::TaskclusterError,
    service::{Service, segment},
    transport::{Call, Deployment},
};

#[derive(Deserialize)]
struct DownloadJson {
    url: String,
    hashes: Hashes,
}

/// What the bytes of an object must hash to, in hexadecimal. Algorithms that are not known here are left out.
#[derive(Deserialize, Default)]
pub(super) struct Hashes {
    sha256: Option<String>,
    sha512: Option<String>,
}

/// Bytes on their way, and what they must hash to.
pub(super) struct Checked {
    expected: Hashes,
    sha256: Sha256,
    sha512: Sha512,
}

impl Checked {
    pub fn against(expected: Hashes) -> Self {
        Self { expected, sha256: Sha256::new(), sha512: Sha512::new() }
    }

    pub fn take(&mut self, bytes: &[u8]) {
        if self.expected.sha256.is_some() {
            self.sha256.update(bytes);
        }
        if self.expected.sha512.is_some() {
            self.sha512.update(bytes);
        }
    }

    /// # Errors
    /// When they are others, or when there is nothing to compare with: nobody else has looked at them.
    pub fn finish(self) -> Result<(), String> {
        let Hashes { sha256, sha512 } = self.expected;
        if sha256.is_none() && sha512.is_none() {
            return Err("the object service gives no sha256 and no sha512 of it".to_owned());
        }
        for (name, expected, actual) in
            [("sha256", sha256, hex(&self.sha256.finalize())), ("sha512", sha512, hex(&self.sha512.finalize()))]
        {
            if expected.is_some_and(|expected| !expected.eq_ignore_ascii_case(&actual)) {
                return Err(format!("its {name} is not what the object service says"));
            }
        }
        Ok(())
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

impl Deployment {
    /// Where the bytes of an object are for the next minute, asked with the credentials that the queue handed out.
    pub(super) async fn start_download(
        &self,
        name: &str,
        credentials: Credentials,
    ) -> Result<(Url, Hashes), TaskclusterError> {
        let (scope, act) = (format!("object:download:{name}"), format!("hand out the object {name}"));
        let call = Call::get(Service::Object, format!("/start-download/{}", segment(name)), scope, act)
            .method(Method::PUT)
            .json(&json!({"acceptDownloadMethods": {"getUrl": true}}));
        let json: DownloadJson = self.as_somebody(Some(credentials)).call(&call).await?.json()?;
        let url = Url::parse(&json.url).map_err(|e| TaskclusterError::Unreadable {
            what: format!("the place of the object {name}"),
            why: e.to_string(),
        })?;
        Ok((url, json.hashes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(text: &str) -> Hashes {
        serde_json::from_str(text).unwrap()
    }

    fn checked(expected: Hashes, bytes: &[u8]) -> Result<(), String> {
        let mut checked = Checked::against(expected);
        for piece in bytes.chunks(2) {
            checked.take(piece);
        }
        checked.finish()
    }

    #[test]
    fn each_known_hash_must_fit_and_one_must_be_known() {
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let sha512 = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                      2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
        let both = || hashes(&format!(r#"{{"sha256":"{sha256}","sha512":"{sha512}","blake3":"x"}}"#));
        assert_eq!(checked(both(), b"abc"), Ok(()));
        assert_eq!(checked(both(), b"abd"), Err("its sha256 is not what the object service says".into()));
        let one = || hashes(&format!(r#"{{"sha512":"{sha512}"}}"#));
        assert_eq!(checked(one(), b"abc"), Ok(()));
        assert_eq!(checked(one(), b""), Err("its sha512 is not what the object service says".into()));
        assert!(checked(hashes(r#"{"blake3":"x"}"#), b"abc").is_err());
    }
}
