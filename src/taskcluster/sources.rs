//! Where the log of a run can be read at this moment: at its worker, or where it was kept.

use reqwest::Url;

use super::{
    artifacts::{Content, Storage, named},
    body::Body,
    error::TaskclusterError,
    stores::QUIET,
    transport::Deployment,
};
use crate::domain::{log_names::LogNames, task::TaskId};

/// The artifacts of a run that are its log.
#[derive(Clone)]
pub(super) struct Sources {
    pub deployment: Deployment,
    pub task: TaskId,
    pub run: u32,
    pub names: LogNames,
}

/// What a worker has to say.
pub(super) enum Live {
    Open(Box<Body>, Url),
    /// Nothing but what was read to its end.
    Finished,
    None,
    /// An address that is not to be read.
    Untrusted(Url, TaskclusterError),
    /// It may come back.
    Broken(TaskclusterError),
}

/// What there is of a run that is over.
pub(super) enum Kept {
    Open(Box<Body>),
    /// Nothing.
    Missing {
        /// No more.
        expired: bool,
        /// Its log is said to be at a worker still.
        at_worker: bool,
        why: Option<String>,
    },
}

impl Sources {
    /// The log that the worker writes. `finished`: what was read to its end.
    pub async fn live(self, finished: Option<Url>) -> Result<Live, TaskclusterError> {
        let url = match self.content(&self.names.live).await {
            Ok(Content::Url { url, .. }) if finished.as_ref() == Some(&url) => return Ok(Live::Finished),
            Ok(Content::Url { url, .. }) => url,
            // What is uploaded already is read when the run is over.
            Ok(Content::Object { .. }) => return Ok(Live::Finished),
            Err(error) if error.is_absent() => return Ok(Live::None),
            Err(error) if error.is_passing() => return Ok(Live::Broken(error)),
            Err(error) => return Err(error),
        };
        Ok(match self.deployment.fetch(&url, &self.named(&self.names.live), QUIET).await {
            Ok(body) => Live::Open(Box::new(body), url),
            Err(error @ TaskclusterError::Distrusted { .. }) => Live::Untrusted(url, error),
            Err(error) => Live::Broken(error),
        })
    }

    /// The log as it was kept.
    pub async fn kept(self) -> Result<Kept, TaskclusterError> {
        let (mut expired, mut at_worker, mut why) = (false, false, None);
        // Where the one was not kept, the other may be a file of its own.
        for name in [&self.names.kept, &self.names.live] {
            let opened = match self.content(name).await {
                Ok(Content::Url { storage: Storage::Reference, .. }) => {
                    at_worker = true;
                    continue;
                }
                Ok(content) => self.deployment.open(content, &self.named(name)).await,
                Err(error) => Err(error),
            };
            match opened {
                Ok(body) => return Ok(Kept::Open(Box::new(body))),
                Err(error) if error.is_absent() => expired |= error.status() == Some(410),
                Err(TaskclusterError::NotUploaded { why: said, .. }) => {
                    why = Some(format!("it was announced, and never uploaded ({said})"));
                }
                Err(TaskclusterError::NotMade { why: said, .. }) => why = Some(said),
                Err(error) => return Err(error),
            }
        }
        Ok(Kept::Missing { expired, at_worker, why })
    }

    async fn content(&self, name: &str) -> Result<Content, TaskclusterError> {
        self.deployment.content(&self.task, Some(self.run), name).await
    }

    fn named(&self, name: &str) -> String {
        named(&self.task, Some(self.run), name)
    }
}
