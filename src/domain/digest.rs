//! SHA-256 digests as the OCI specifications write them. Not for comparing images: see [`super::verdict`].

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// `sha256:` and 64 lower-case hexadecimal digits; no other algorithm is accepted.
///
/// Source: OCI image specification, "Descriptors", "Registered algorithms".
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

/// Fewer digits than git's own short ids name too much.
pub const SHORTEST: usize = 7;

/// A text that is no `sha256` digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a digest: sha256: and 64 lower-case hexadecimal digits are expected")]
pub struct NotADigest(pub String);

impl Digest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::finish(Sha256::new_with_prefix(bytes))
    }

    /// The digest of everything a hasher was given.
    #[must_use]
    pub fn finish(hasher: Sha256) -> Self {
        use fmt::Write as _;
        let mut text = String::with_capacity(71);
        text.push_str("sha256:");
        for byte in hasher.finalize() {
            write!(text, "{byte:02x}").expect("writing to a String cannot fail");
        }
        Self(text)
    }

    /// The hexadecimal digits of what may be a digest or the beginning of one, as people copy them:
    /// `sha256:7eb2f01f0000…`, `repository@sha256:…`, or 7 to 64 digits alone.
    #[must_use]
    pub fn digits(text: &str) -> Option<String> {
        let text = text.trim();
        let digits = text.rsplit_once('@').map_or(text, |(_, digest)| digest);
        let digits = digits.strip_prefix("sha256:").unwrap_or(digits).trim_end_matches('…').to_ascii_lowercase();
        let so_many = (SHORTEST..=64).contains(&digits.len());
        (so_many && digits.bytes().all(|b| b.is_ascii_hexdigit())).then_some(digits)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 64 hexadecimal digits without the algorithm.
    #[must_use]
    pub fn hex(&self) -> &str {
        &self.0["sha256:".len()..]
    }

    /// Enough to tell digests apart in a line of text: `sha256:` and twelve digits.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[.."sha256:".len() + 12]
    }
}

impl FromStr for Digest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let valid = text
            .strip_prefix("sha256:")
            .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
        if valid { Ok(Self(text.to_owned())) } else { Err(NotADigest(text.chars().take(100).collect())) }
    }
}

impl TryFrom<String> for Digest {
    type Error = NotADigest;

    fn try_from(text: String) -> Result<Self, NotADigest> {
        text.parse()
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_empty_string() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(b"").as_str(), empty);
        assert_eq!(Digest::of(b"").short(), "sha256:e3b0c44298fc");
    }

    #[test]
    fn only_lower_case_sha256_is_one() {
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert!(format!("sha256:{hex}").parse::<Digest>().is_ok());
        for wrong in [
            hex.to_owned(),
            format!("sha512:{hex}"),
            format!("sha256:{}", hex.to_uppercase()),
            format!("sha256:{hex}0"),
            "sha256:é".into(),
        ] {
            assert!(wrong.parse::<Digest>().is_err(), "{wrong}");
        }
    }
}
