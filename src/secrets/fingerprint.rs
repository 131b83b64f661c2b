//! Names a secret value without saying what it is.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The first 12 hexadecimal digits of a value's HMAC-SHA256 under the vault's key. Equal values of one vault
/// have equal fingerprints; without the key nobody can try values against one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(String);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The key of a vault's fingerprints. Base64 in the vault's document.
#[derive(Clone)]
pub(super) struct FingerprintKey(Zeroizing<[u8; 32]>);

impl FingerprintKey {
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *key)?;
        Ok(Self(key))
    }

    pub fn fingerprint(&self, value: &SecretString) -> Fingerprint {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.0.as_slice()).expect("HMAC takes a key of any length (RFC 2104)");
        mac.update(value.expose_secret().as_bytes());
        let digest = mac.finalize().into_bytes();
        let beginning = digest[..6].iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        Fingerprint(format!("{beginning:012x}"))
    }
}

impl Serialize for FingerprintKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(BASE64_STANDARD.encode(self.0.as_slice())))
    }
}

impl<'de> Deserialize<'de> for FingerprintKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let bytes = BASE64_STANDARD.decode(text.as_bytes()).map(Zeroizing::new);
        let key = bytes.ok().and_then(|bytes| Some(Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).ok()?)));
        key.map(Self).ok_or_else(|| de::Error::custom("not the base64 of 32 bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2: the key is padded with zeros, as HMAC itself does.
    #[test]
    fn is_the_beginning_of_an_hmac() {
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let key = FingerprintKey(Zeroizing::new(key));
        assert_eq!(key.fingerprint(&"what do ya want for nothing?".into()).to_string(), "5bdcc146bf60");
    }

    #[test]
    fn the_key_survives_its_document() {
        let key = FingerprintKey::generate().unwrap();
        let back: FingerprintKey = serde_json::from_str(&serde_json::to_string(&key).unwrap()).unwrap();
        assert_eq!(back.fingerprint(&"value".into()), key.fingerprint(&"value".into()));
        assert_ne!(FingerprintKey::generate().unwrap().fingerprint(&"value".into()), key.fingerprint(&"value".into()));
        assert!(serde_json::from_str::<FingerprintKey>("\"c2hvcnQ=\"").is_err());
    }
}
