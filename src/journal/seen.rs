//! Records that releases on Taskcluster left and that count, as they were seen: their artifacts expire.

use rusqlite::{TransactionBehavior, params};

use super::{
    Journal,
    error::{Fault, JournalError},
    time,
};
use crate::domain::{
    name::ReleaseId,
    record::{Known, RecordSource},
    reference::Repository,
};

impl Journal {
    /// Keeps what was seen. What is kept of a release already is replaced: a task may have been run again.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub async fn keep_seen(&self, known: &[Known]) -> Result<(), JournalError> {
        let known = known.to_vec();
        self.run(move |connection| {
            let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for Known { record, source } in &known {
                let written = |e: serde_json::Error| Fault::Unreadable(e.to_string());
                let (body, source) =
                    (serde_json::to_string(record).map_err(written)?, serde_json::to_string(source).map_err(written)?);
                change.execute(
                    "INSERT OR REPLACE INTO seen_records (release, repository, recorded_at, source, body)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![
                        record.release.as_str(),
                        record.repository.to_string(),
                        time::to_text(record.when),
                        source,
                        body
                    ],
                )?;
            }
            Ok(change.commit()?)
        })
        .await
    }

    /// Those of a repository, or of all where none is named, the one recorded last first. One that another version wrote in a way that this one cannot
    /// read is not in the answer: it is seen anew.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn seen_records(&self, repository: Option<&Repository>) -> Result<Vec<Known>, JournalError> {
        let repository = repository.map(ToString::to_string);
        self.run(move |connection| {
            let mut statement = connection.prepare(
                "SELECT body, source FROM seen_records WHERE ?1 IS NULL OR repository = ?1
                 ORDER BY recorded_at DESC, release",
            )?;
            let mut rows = statement.query(params![repository])?;
            let mut known = Vec::new();
            while let Some(row) = rows.next()? {
                let (body, source): (String, String) = (row.get(0)?, row.get(1)?);
                let source = serde_json::from_str::<RecordSource>(&source);
                if let (Ok(record), Ok(source)) = (serde_json::from_str(&body), source) {
                    known.push(Known { record, source });
                }
            }
            Ok(known)
        })
        .await
    }

    /// Whether a record of this release was seen.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn has_seen(&self, release: &ReleaseId) -> Result<bool, JournalError> {
        let release = release.to_string();
        self.run(move |connection| {
            let seen: i64 = connection.query_row(
                "SELECT count(*) FROM seen_records WHERE release = ?1",
                params![release],
                |row| row.get(0),
            )?;
            Ok(seen > 0)
        })
        .await
    }
}
