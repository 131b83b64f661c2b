//! The bytes of a file on their way here, unpacked piece by piece: however long it is, little of it is held. One that
//! ends too early is an error.

use std::{
    io::{self, Write as _},
    time::Duration,
};

use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName};
use tokio::time::timeout;

use super::{
    error::TaskclusterError,
    object::{Checked, Hashes},
};
use crate::{http::Failed, log::sanitise::plain};

/// Packed bytes that are unpacked at once: they may become a thousand times as many.
const PIECE: usize = 8 * 1024;

/// A file that comes.
pub(super) struct Body {
    response: reqwest::Response,
    /// What came and is not unpacked yet.
    waiting: Bytes,
    /// Until its end has come.
    unpacking: Option<Unpacking>,
    checked: Option<Checked>,
    idle: Duration,
    what: String,
    pub content_type: Option<String>,
}

enum Unpacking {
    Plain,
    Gzip { decoder: Box<MultiGzDecoder<Vec<u8>>>, begun: bool },
}

impl Unpacking {
    /// By the name that the header gives.
    fn named(encoding: &str) -> Option<Self> {
        match encoding.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Some(Self::Plain),
            "gzip" | "x-gzip" => Some(Self::Gzip { decoder: Box::new(MultiGzDecoder::new(Vec::new())), begun: false }),
            _ => None,
        }
    }

    fn take(&mut self, bytes: Bytes) -> io::Result<Bytes> {
        match self {
            Self::Plain => Ok(bytes),
            Self::Gzip { decoder, begun } => {
                *begun |= !bytes.is_empty();
                decoder.write_all(&bytes)?;
                Ok(std::mem::take(decoder.get_mut()).into())
            }
        }
    }

    /// What is left at the end, which gzip proves.
    fn finish(self) -> io::Result<Bytes> {
        match self {
            Self::Gzip { decoder, begun: true } => Ok(decoder.finish()?.into()),
            Self::Gzip { begun: false, .. } | Self::Plain => Ok(Bytes::new()),
        }
    }
}

impl Body {
    pub fn of(response: reqwest::Response, what: &str, idle: Duration) -> Result<Self, TaskclusterError> {
        let encoding = text(response.headers(), &CONTENT_ENCODING).unwrap_or_default();
        let unpacking = Unpacking::named(&encoding).ok_or_else(|| TaskclusterError::Unreadable {
            what: what.to_owned(),
            why: format!("it is packed with {encoding}, which was not asked for"),
        })?;
        let content_type = text(response.headers(), &CONTENT_TYPE);
        Ok(Self {
            response,
            waiting: Bytes::new(),
            unpacking: Some(unpacking),
            checked: None,
            idle,
            what: what.to_owned(),
            content_type,
        })
    }

    /// It must have these hashes.
    pub fn check(self, hashes: Hashes) -> Self {
        Self { checked: Some(Checked::against(hashes)), ..self }
    }

    /// It is told at its end whether it has the hashes that it must have.
    pub fn is_checked(&self) -> bool {
        self.checked.is_some()
    }

    /// The next bytes, unpacked; `None` at the end of a file that is whole. Nothing is lost where it is not waited for.
    pub async fn next(&mut self) -> Result<Option<Bytes>, TaskclusterError> {
        while let Some(unpacking) = &mut self.unpacking {
            let unpacked = if self.waiting.is_empty() {
                match timeout(self.idle, self.response.chunk()).await {
                    Err(_) => return Err(self.damaged(format!("nothing came for {} s", self.idle.as_secs()))),
                    Ok(Err(e)) => {
                        return Err(self.damaged(format!("the connection broke off ({})", Failed::from(e).why)));
                    }
                    Ok(Ok(Some(bytes))) => {
                        self.waiting = bytes;
                        continue;
                    }
                    Ok(Ok(None)) => self.unpacking.take().map_or(Ok(Bytes::new()), Unpacking::finish),
                }
            } else {
                let piece = self.waiting.split_to(self.waiting.len().min(PIECE));
                unpacking.take(piece)
            };
            let unpacked = unpacked.map_err(|e| self.damaged(format!("it cannot be unpacked to its end ({e})")))?;
            if let Some(checked) = &mut self.checked {
                checked.take(&unpacked);
            }
            if self.unpacking.is_none()
                && let Some(checked) = self.checked.take()
            {
                checked.finish().map_err(|why| self.damaged(why))?;
            }
            if !unpacked.is_empty() {
                return Ok(Some(unpacked));
            }
        }
        Ok(None)
    }

    fn damaged(&self, why: String) -> TaskclusterError {
        TaskclusterError::Damaged { what: self.what.clone(), why }
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(plain)
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn body(encoding: &str, bytes: Vec<u8>) -> Body {
        let answer = http_body_util::Full::new(Bytes::from(bytes));
        let mut response = reqwest::Response::from(hyper::Response::new(reqwest::Body::wrap(answer)));
        if !encoding.is_empty() {
            response.headers_mut().insert(CONTENT_ENCODING, encoding.parse().unwrap());
        }
        Body::of(response, "a file", Duration::from_mins(1)).unwrap()
    }

    /// The bytes, and the size of the largest piece.
    async fn all(mut body: Body) -> Result<(Vec<u8>, usize), TaskclusterError> {
        let (mut bytes, mut largest) = (Vec::new(), 0);
        while let Some(piece) = body.next().await? {
            largest = largest.max(piece.len());
            bytes.extend_from_slice(&piece);
        }
        Ok((bytes, largest))
    }

    #[tokio::test]
    async fn files_are_unpacked_in_pieces() {
        let content = vec![b'a'; 50_000_000];
        let packed = gzip(&content);
        let (bytes, largest) = all(body("gzip", packed.clone())).await.unwrap();
        assert!(bytes == content && largest < 10_000_000, "{largest}");
        let two = [gzip(b"one "), gzip(b"two")].concat();
        assert_eq!(all(body("x-gzip", two)).await.unwrap().0, b"one two");
        assert_eq!(all(body("", packed.clone())).await.unwrap().0, packed, "not packed for the way");
        assert_eq!(all(body("gzip", Vec::new())).await.unwrap().0, b"");
    }

    #[tokio::test]
    async fn a_file_that_is_cut_short_or_changed_is_told() {
        let packed = gzip(b"a log, all of it");
        for wrong in [&packed[..packed.len() - 1], &packed[..packed.len() - 8], &packed[..5]] {
            let error = all(body("gzip", wrong.to_vec())).await.unwrap_err();
            assert!(matches!(error, TaskclusterError::Damaged { .. }), "{error}");
        }
        let mut changed = packed.clone();
        let crc = packed.len() - 6;
        changed[crc] ^= 1;
        assert!(all(body("gzip", changed)).await.is_err());
        let hashes =
            || serde_json::from_str(&format!(r#"{{"sha256":"{}"}}"#, crate::domain::digest::Digest::of(b"abc").hex()));
        assert_eq!(all(body("", b"abc".to_vec()).check(hashes().unwrap())).await.unwrap().0, b"abc");
        let error = all(body("", b"abd".to_vec()).check(hashes().unwrap())).await.unwrap_err();
        assert_eq!(error.to_string(), "a file did not arrive whole: its sha256 is not what the object service says");
        let response =
            reqwest::Response::from(hyper::Response::builder().header("content-encoding", "br").body("").unwrap());
        assert!(Body::of(response, "a file", Duration::from_mins(1)).is_err());
    }
}
