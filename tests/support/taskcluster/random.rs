//! Ids and tokens that nobody can guess, in the services' shapes.

use std::fmt::Write as _;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

/// Two digits a byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

fn uuid() -> [u8; 16] {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).unwrap();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    bytes
}

/// A slug id: 22 letters that do not begin with a dash.
pub fn slug() -> String {
    let mut bytes = uuid();
    bytes[0] &= 0x7f;
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// An access token, or the seed of a certificate: 44 letters.
pub fn token() -> String {
    format!("{}{}", BASE64_URL_SAFE_NO_PAD.encode(uuid()), BASE64_URL_SAFE_NO_PAD.encode(uuid()))
}

/// A UUID with dashes, as incidents and requests have.
pub fn incident() -> String {
    let hex = hex(&uuid());
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
