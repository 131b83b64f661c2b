//! What was built, as releases recorded it.

use rusqlite::{Connection, params};

use super::{
    Journal,
    error::{Damaged, Fault, JournalError},
    releases::decode,
};
use crate::domain::{event::Event, name::ReleaseId, record::Record, reference::Repository};

impl Journal {
    /// The records of a repository, the one recorded last first; by the order in which they came, as a clock may
    /// have been set back.
    ///
    /// # Errors
    /// Also when a single record cannot be read: a verdict over the others could name the wrong release.
    pub async fn records(&self, repository: &Repository) -> Result<Vec<Record>, JournalError> {
        let repository = repository.to_string();
        self.run(move |connection| records(connection, Some(&repository))).await
    }

    /// The records of all repositories, the one recorded last first.
    ///
    /// # Errors
    /// As for [`Self::records`].
    pub async fn all_records(&self) -> Result<Vec<Record>, JournalError> {
        self.run(|connection| records(connection, None)).await
    }
}

fn records(connection: &Connection, repository: Option<&str>) -> Result<Vec<Record>, Fault> {
    let mut statement = connection.prepare(
        "SELECT seq, at, body, release FROM records JOIN events USING (release, seq)
         WHERE ?1 IS NULL OR repository = ?1 ORDER BY number DESC",
    )?;
    let mut rows = statement.query(params![repository])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        let release: ReleaseId = row.get::<_, String>(3)?.parse()?;
        let stamped = decode(&release, row)?;
        let Event::Recorded { record, .. } = stamped.event else {
            return Err(Damaged { release, seq: stamped.seq, why: "it is no record".to_owned() }.into());
        };
        records.push(*record);
    }
    Ok(records)
}
