//! What tags showed, and when that changed: the registry's past, which no registry tells.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, TransactionBehavior, params};

use super::{
    Journal,
    error::{Fault, JournalError},
    time,
};
use crate::domain::{
    digest::Digest,
    observation::Sighting,
    reference::{Repository, Tag},
};

impl Journal {
    /// Notes what these tags showed at this time, in one transaction. `None`: no such tag.
    ///
    /// Sightings are kept in the order in which they arrive; a clock that was set back does not reorder them.
    pub async fn observe(
        &self,
        repository: &Repository,
        seen: &[(Tag, Option<Digest>)],
        at: Timestamp,
    ) -> Result<(), JournalError> {
        if seen.is_empty() {
            return Ok(());
        }
        let (repository, seen) = (repository.to_string(), seen.to_vec());
        self.run(move |connection| {
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let at = time::to_text(at);
            let mut newest = transaction.prepare(
                "SELECT number, digest FROM observed WHERE repository = ?1 AND tag = ?2 ORDER BY number DESC LIMIT 1",
            )?;
            let mut again =
                transaction.prepare("UPDATE observed SET last_seen = max(last_seen, ?2) WHERE number = ?1")?;
            let mut changed = transaction.prepare(
                "INSERT INTO observed (repository, tag, digest, first_seen, last_seen) VALUES (?1, ?2, ?3, ?4, ?4)",
            )?;
            for (tag, digest) in &seen {
                let digest = digest.as_ref().map(Digest::as_str);
                let last = newest
                    .query_row(params![repository, tag.as_str()], |row| {
                        Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?))
                    })
                    .optional()?;
                match last {
                    Some((number, same)) if same.as_deref() == digest => again.execute(params![number, at])?,
                    _ => changed.execute(params![repository, tag.as_str(), digest, at])?,
                };
            }
            drop((newest, again, changed));
            Ok(transaction.commit()?)
        })
        .await
    }

    /// What a tag showed over time, newest first; neighbours always differ.
    pub async fn history(&self, repository: &Repository, tag: &Tag) -> Result<Vec<Sighting>, JournalError> {
        let (repository, tag) = (repository.to_string(), tag.to_string());
        self.run(move |connection| {
            let mut statement = connection.prepare(
                "SELECT digest, first_seen, last_seen FROM observed WHERE repository = ?1 AND tag = ?2
                 ORDER BY number DESC",
            )?;
            let mut rows = statement.query(params![repository, tag])?;
            let mut history = Vec::new();
            while let Some(row) = rows.next()? {
                let digest = row
                    .get::<_, Option<String>>(0)?
                    .map(|text| text.parse::<Digest>().map_err(|error| Fault::Unreadable(error.to_string())))
                    .transpose()?;
                history.push(Sighting {
                    digest,
                    first_seen: time::from_text(&row.get::<_, String>(1)?)?,
                    last_seen: time::from_text(&row.get::<_, String>(2)?)?,
                });
            }
            Ok(history)
        })
        .await
    }
}
