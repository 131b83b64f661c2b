//! The audit trail: rows are added, and a row's end is told once. Nothing else changes one.

use jiff::Timestamp;
use rusqlite::{Connection, Row, TransactionBehavior, params};

use super::{
    Journal,
    error::{Fault, JournalError},
    time,
};
use crate::domain::{
    audit::{AuditRow, Ended, Outcome},
    failure::Failure,
};

/// Which row of the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditNumber(i64);

impl Journal {
    /// Adds a row to the trail. On the disk when this returns.
    pub async fn audit(&self, row: &AuditRow) -> Result<AuditNumber, JournalError> {
        let row = row.clone();
        self.run(move |connection| {
            let why = why(&row.outcome);
            durably(connection)?;
            connection.execute(
                "INSERT INTO audit (at, who, act, subject, fingerprint, outcome, why)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    time::to_text(row.at),
                    row.who,
                    row.what.name(),
                    row.subject,
                    row.fingerprint,
                    row.outcome.name(),
                    why
                ],
            )?;
            Ok(AuditNumber(connection.last_insert_rowid()))
        })
        .await
    }

    /// Does something between the two halves of its row.
    ///
    /// The row is on the disk before the work begins, and its outcome after it ended. In this order nothing is ever
    /// changed without a trace: where the row cannot be written nothing is done, and where its process dies the row
    /// stays `begun`, which is what is known. The other order would lose just the changes that end in a crash.
    ///
    /// # Errors
    /// What keeps the row from being written (then no work was done), what the work failed with, and what keeps the
    /// outcome from being written: that is told, since the work was done all the same.
    pub async fn audited<T>(
        &self,
        row: AuditRow,
        work: impl Future<Output = Result<(T, Ended), Failure>>,
    ) -> Result<T, Failure> {
        let number = self.audit(&row).await?;
        let done = work.await;
        let ended = match &done {
            Ok((_, ended)) => ended.clone(),
            Err(failure) => Ended::with(Some(failure), None),
        };
        let told = self.audit_ended(number, ended.clone()).await.map_err(Failure::from);
        match (done, told) {
            (Ok((value, _)), Ok(())) => Ok(value),
            (Err(failure), Ok(())) => Err(failure),
            (Ok(_), Err(untold)) => {
                // What came of a release is in its own events, as far as there was room for them.
                let next = if row.what.makes_a_release() {
                    format!("{}; then see what came of it: windlass show {}", untold.next, row.subject)
                } else {
                    untold.next
                };
                Err(Failure::new(
                    untold.kind,
                    format!("the audit trail does not say how this ended: {}", untold.what),
                    format!("{} of {} is {}; but {}", row.what.name(), row.subject, ended.outcome.name(), untold.why),
                    next,
                ))
            }
            (Err(failure), Err(untold)) => {
                let why = format!("{}\nand the audit trail does not say so: {}", failure.why, untold.why);
                Err(Failure { why, ..failure })
            }
        }
    }

    async fn audit_ended(&self, number: AuditNumber, ended: Ended) -> Result<(), JournalError> {
        self.run(move |connection| {
            durably(connection)?;
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute(
                "UPDATE audit SET outcome = ?2, why = ?3, fingerprint = ?4 WHERE number = ?1 AND outcome = 'begun'",
                params![number.0, ended.outcome.name(), why(&ended.outcome), ended.fingerprint],
            )?;
            Ok(transaction.commit()?)
        })
        .await
    }

    /// The newest `limit` rows, newest first.
    pub async fn audit_rows(&self, limit: usize) -> Result<Vec<AuditRow>, JournalError> {
        self.run(move |connection| {
            let mut statement = connection.prepare(
                "SELECT at, who, act, subject, fingerprint, outcome, why FROM audit ORDER BY number DESC LIMIT ?1",
            )?;
            let mut rows = statement.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(decode(row)?);
            }
            Ok(found)
        })
        .await
    }
}

/// What was done to a secret must not be lost with the power.
fn durably(connection: &Connection) -> Result<(), Fault> {
    Ok(connection.pragma_update(None, "synchronous", "FULL")?)
}

fn why(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Failed { why } => Some(why.clone()),
        Outcome::Begun | Outcome::Done | Outcome::Cancelled => None,
    }
}

fn decode(row: &Row<'_>) -> Result<AuditRow, Fault> {
    let text = |column: usize| row.get::<_, String>(column);
    let at: Timestamp = time::from_text(&text(0)?)?;
    let what = text(2)?.parse().map_err(|error| Fault::Unreadable(format!("an audit row: {error}")))?;
    let outcome = Outcome::from_parts(&text(5)?, row.get(6)?)
        .ok_or_else(|| Fault::Unreadable("an audit row: its outcome is none".to_owned()))?;
    Ok(AuditRow { at, who: text(1)?, what, subject: text(3)?, fingerprint: row.get(4)?, outcome })
}
