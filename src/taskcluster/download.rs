//! The bytes of an artifact, wherever it is kept: to any writer, or, where little is expected, at once.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::{
    artifacts::{Content, named},
    body::Body,
    error::TaskclusterError,
    transport::{Deployment, FIRST_PAUSE, TRIES},
};
use crate::{
    domain::{digest::Digest, task::TaskId},
    http::Limits,
};

/// How long no byte may come.
const IDLE: Duration = Limits::USUAL.idle;

/// What arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// Unpacked.
    pub bytes: u64,
    pub sha256: Digest,
    pub content_type: Option<String>,
    /// Its hashes are those that the object service knows. Nobody knows any of what is kept elsewhere.
    pub checked: bool,
}

impl Deployment {
    /// Writes an artifact of a run, or of the last one, which must not be larger than `cap` bytes. Whoever stops waiting
    /// for it, or is told of an error, has a part of it.
    ///
    /// # Errors
    /// When there is none, when it did not arrive whole, and when it cannot be written.
    pub async fn download(
        &self,
        task: &TaskId,
        run: Option<u32>,
        name: &str,
        cap: u64,
        sink: &mut (impl AsyncWrite + Unpin),
    ) -> Result<Downloaded, TaskclusterError> {
        let what = named(task, run, name);
        let content = self.content(task, run, name).await?;
        let mut body = self.open(content, &what).await?;
        let (content_type, checked) = (body.content_type.clone(), body.is_checked());
        let unwritten = |e: std::io::Error| TaskclusterError::Unwritten { what: what.clone(), why: e.to_string() };
        let (mut bytes, mut hash) = (0, Sha256::new());
        while let Some(piece) = body.next().await? {
            bytes += piece.len() as u64;
            if bytes > cap {
                return Err(TaskclusterError::TooLarge { what, cap });
            }
            hash.update(&piece);
            sink.write_all(&piece).await.map_err(unwritten)?;
        }
        sink.flush().await.map_err(unwritten)?;
        Ok(Downloaded { bytes, sha256: Digest::finish(hash), content_type, checked })
    }

    /// The bytes of an artifact of which little is expected: at most `cap`.
    ///
    /// # Errors
    /// As [`Deployment::download`].
    pub async fn read_small(
        &self,
        task: &TaskId,
        run: Option<u32>,
        name: &str,
        cap: u32,
    ) -> Result<Vec<u8>, TaskclusterError> {
        let mut bytes = Vec::new();
        self.download(task, run, name, cap.into(), &mut bytes).await?;
        Ok(bytes)
    }

    /// Whether the bytes of an artifact are where the queue says, which lists some before they are uploaded. They are
    /// asked for and left there: an address may be signed for nothing but to get them.
    ///
    /// # Errors
    /// As [`Deployment::download`], of the beginning alone.
    pub async fn is_kept(&self, task: &TaskId, run: Option<u32>, name: &str) -> Result<(), TaskclusterError> {
        let content = self.content(task, run, name).await?;
        self.open(content, &named(task, run, name)).await.map(drop)
    }

    /// The bytes of what is kept for long: asked for again where a connection or the store was in trouble.
    pub(super) async fn open(&self, content: Content, what: &str) -> Result<Body, TaskclusterError> {
        let (url, hashes) = match content {
            Content::Url { url, .. } => (url, None),
            Content::Object { name, credentials } => {
                let (url, hashes) = self.start_download(&name, credentials).await?;
                (url, Some(hashes))
            }
        };
        let pauses = ExponentialBuilder::default().with_min_delay(FIRST_PAUSE).with_max_times(TRIES - 1).with_jitter();
        let body = (|| self.fetch(&url, what, IDLE)).retry(pauses).when(TaskclusterError::is_passing).await?;
        Ok(match hashes {
            Some(hashes) => body.check(hashes),
            None => body,
        })
    }
}
