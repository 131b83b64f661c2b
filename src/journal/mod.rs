//! The journal: what happened to every release, in one SQLite file. Events are the only truth in it;
//! all other tables find events quickly or are caches.
//!
//! * `schema`: opening the file, migrations, what is refused
//! * `releases`: events of releases and the folds over them
//! * `records`: what was built, to be compared with registries
//! * `contents`: what is behind a digest, which never changes
//! * `observed`: what tags showed, and when that changed
//! * `audit`: who changed what
//!
//! Not for logs: those are files of the spool, whose digest is in the record.
//!
//! One thread owns the connection, so that no task of the runtime ever waits for a disk. A [`Journal`]
//! is a handle to that thread. Work that was handed over is done even if whoever waits for its answer
//! goes away: an event is written whole or, with an error, not at all.

use std::{
    path::Path,
    sync::{Arc, mpsc},
    thread,
};

use rusqlite::Connection;
use tokio::sync::oneshot;

mod audit;
mod contents;
mod error;
mod examine;
mod observed;
mod records;
mod releases;
mod schema;
mod seen;
mod time;

pub use audit::AuditNumber;
pub use contents::Remembered;
pub use error::{Damaged, JournalError};
pub use examine::{Examined, examine};
pub use releases::{Found, Listing, ReleaseFilter};

use error::Fault;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// A handle to the journal. Clones share its one connection; it closes with the last of them.
#[derive(Clone, Debug)]
pub struct Journal {
    jobs: mpsc::Sender<Job>,
    file: Arc<Path>,
}

impl Journal {
    /// Opens the journal in this file, and makes it (0600, its folder 0700) if there is none.
    ///
    /// # Errors
    /// When the file is of a newer windlass or no journal at all: then nothing is written to it. When
    /// it is damaged, or its disk is full or read-only.
    pub async fn open(file: &Path) -> Result<Self, JournalError> {
        let file: Arc<Path> = file.into();
        let (jobs, work) = mpsc::channel::<Job>();
        let (opened, answer) = oneshot::channel();
        let own = Arc::clone(&file);
        thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || {
                // Nobody waits for an answer any more when sending fails; then there will be no work either.
                let mut connection = match schema::open(&own) {
                    Ok(connection) => {
                        let _ = opened.send(Ok(()));
                        connection
                    }
                    Err(fault) => {
                        let _ = opened.send(Err(fault.at(&own)));
                        return;
                    }
                };
                for job in work {
                    job(&mut connection);
                }
            })
            .map_err(|source| JournalError::Io { file: file.to_path_buf(), source })?;
        answer.await.map_err(|_| JournalError::Ended)??;
        Ok(Self { jobs, file })
    }

    /// Does this on the journal's thread.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, JournalError> {
        let (done, answer) = oneshot::channel();
        let file = Arc::clone(&self.file);
        let job: Job = Box::new(move |connection| {
            // Sending fails when whoever asked has gone; the work is done all the same.
            let _ = done.send(work(connection).map_err(|fault| fault.at(&file)));
        });
        self.jobs.send(job).map_err(|_| JournalError::Ended)?;
        answer.await.map_err(|_| JournalError::Ended)?
    }
}

#[cfg(test)]
mod tests;
