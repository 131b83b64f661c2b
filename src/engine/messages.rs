//! An answer that comes as JSON messages, one a line, while the engine works.
//!
//! bollard's reader is not used for those of a build that speaks: it looks at a message again from its beginning whenever
//! another few bytes of it have come, and a classic build sends 32 KiB in one.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::{
    Response, StatusCode,
    body::{Body, Incoming},
};
use memchr::memchr;

use super::{EngineError, message_of, transport::gone};

/// A message is a few hundred bytes, or 32 KiB of output in which every byte is escaped; a longer one is none.
const LONGEST: usize = 1 << 20;

pub(super) struct Messages<B = Incoming> {
    body: B,
    doing: &'static str,
    pending: BytesMut,
    /// Bytes of it in which there is no end of a message.
    searched: usize,
}

impl<B: Body<Data = Bytes> + Unpin> Messages<B>
where
    B::Error: std::error::Error + 'static,
{
    /// # Errors
    /// With the engine's status and words, when it refuses.
    pub(super) async fn of(response: Response<B>, doing: &'static str) -> Result<Self, EngineError> {
        let status = response.status();
        let mut messages = Self { body: response.into_body(), doing, pending: BytesMut::new(), searched: 0 };
        if status == StatusCode::OK {
            return Ok(messages);
        }
        while messages.more().await? {}
        Err(EngineError::Status { doing, status: status.as_u16(), message: message_of(&messages.pending) })
    }

    /// The next one that is not empty. May be dropped and called again.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, EngineError> {
        loop {
            let end = memchr(b'\n', &self.pending[self.searched..]).map(|end| self.searched + end + 1);
            self.searched = self.pending.len();
            if end.is_none() && self.more().await? {
                continue;
            }
            if self.pending.is_empty() {
                return Ok(None);
            }
            let message = self.pending.split_to(end.unwrap_or(self.pending.len()));
            self.searched = 0;
            let message = message.freeze();
            let trimmed = message.trim_ascii();
            if !trimmed.is_empty() {
                return Ok(Some(message.slice_ref(trimmed)));
            }
        }
    }

    /// Whether some more came.
    async fn more(&mut self) -> Result<bool, EngineError> {
        if self.pending.len() > LONGEST {
            return Err(EngineError::Nonsense { doing: self.doing, why: "a message without end".to_owned() });
        }
        match self.body.frame().await {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.pending.extend_from_slice(data);
                }
                Ok(true)
            }
            Some(Err(error)) => Err(gone(self.doing, &error)),
            None => Ok(false),
        }
    }
}

/// What a message says.
///
/// # Errors
/// With its beginning, when it is not understood.
pub(super) fn read<T: serde::de::DeserializeOwned>(message: &[u8], doing: &'static str) -> Result<T, EngineError> {
    serde_json::from_slice(message).map_err(|error| {
        let begins = String::from_utf8_lossy(&message[..message.len().min(200)]);
        EngineError::nonsense(doing, format!("{error} in {begins}"))
    })
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, io};

    use futures_util::stream;
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    use super::*;

    /// What an answer says that comes in pieces of this length.
    async fn said(status: u16, text: &str, piece: usize) -> Result<Vec<String>, EngineError> {
        let pieces: Vec<_> = text.as_bytes().chunks(piece).map(Bytes::copy_from_slice).collect();
        let frames = stream::iter(pieces.into_iter().map(|piece| Ok::<_, Infallible>(Frame::data(piece))));
        let response = Response::builder().status(status).body(StreamBody::new(frames)).unwrap();
        let mut messages = Messages::of(response, "building").await?;
        let mut said = Vec::new();
        while let Some(message) = messages.next().await? {
            said.push(String::from_utf8(message.to_vec()).unwrap());
        }
        Ok(said)
    }

    #[tokio::test]
    async fn messages_are_put_together_however_they_come() {
        let long = format!("{{\"stream\":\"{}\"}}", "x".repeat(40_000));
        let text = format!("{{}}\r\n\r\n\n{long}\r\n[1]\n{{\"last\":1}}");
        for piece in [1, 7, 8192, 1 << 20] {
            assert_eq!(said(200, &text, piece).await.unwrap(), ["{}", &long, "[1]", "{\"last\":1}"], "{piece}");
        }
        assert_eq!(said(200, "", 1).await.unwrap(), [""; 0]);
    }

    #[tokio::test]
    async fn what_never_ends_is_none_and_a_refusal_is_told() {
        let endless = said(200, &"x".repeat(3 << 20), 8192).await.unwrap_err();
        assert!(endless.to_string().contains("without end"), "{endless}");
        let refused = said(500, "{\"message\":\"no such stage\"}\n", 3).await.unwrap_err();
        assert!(matches!(&refused, EngineError::Status { status: 500, message, .. } if message == "no such stage"));
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_an_error() {
        let frames = [Ok(Frame::data(Bytes::from_static(b"{}\n{"))), Err(io::Error::other("the engine has gone"))];
        let response = Response::new(StreamBody::new(stream::iter(frames)));
        let mut messages = Messages::of(response, "building").await.unwrap();
        assert_eq!(messages.next().await.unwrap().as_deref(), Some(&b"{}"[..]));
        assert!(messages.next().await.unwrap_err().to_string().contains("the engine has gone"));
    }

    #[test]
    fn a_message_that_is_none_is_shown_by_its_beginning() {
        let error = read::<u8>(format!("nonsense{}", "x".repeat(1000)).as_bytes(), "building").unwrap_err();
        assert!(error.to_string().contains("nonsensexxx") && error.to_string().len() < 500, "{error}");
    }
}
