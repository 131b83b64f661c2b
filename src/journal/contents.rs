//! A cache of what is behind a digest. It never changes, so it is kept for ever; the bytes were hashed
//! before they came here.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, TransactionBehavior, params};

use super::{Journal, error::JournalError, time};
use crate::domain::{digest::Digest, observation::Content, reference::Repository};

/// What was found behind a digest, and when its bytes were last hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    pub content: Content,
    pub hashed_at: Timestamp,
}

impl Journal {
    /// What is known of these digests. One that was never hashed is not in the answer; nor is one that
    /// another version wrote in a way this one cannot read: it is fetched and remembered anew.
    pub async fn contents(&self, digests: &[Digest]) -> Result<HashMap<Digest, Remembered>, JournalError> {
        let digests = digests.to_vec();
        self.run(move |connection| {
            let view = connection.transaction()?;
            let mut statement = view.prepare("SELECT body, hashed_at FROM contents WHERE digest = ?1")?;
            let mut known = HashMap::with_capacity(digests.len());
            for digest in digests {
                let row = statement
                    .query_row([digest.as_str()], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
                    .optional()?;
                let Some((body, hashed_at)) = row else { continue };
                match serde_json::from_str::<Content>(&body) {
                    Ok(content) if content.digest == digest => {
                        known.insert(digest, Remembered { content, hashed_at: time::from_text(&hashed_at)? });
                    }
                    _ => {}
                }
            }
            Ok(known)
        })
        .await
    }

    /// What is known of the digests that the tags of this repository showed last.
    pub async fn contents_of(&self, repository: &Repository) -> Result<HashMap<Digest, Remembered>, JournalError> {
        let repository = repository.to_string();
        let digests: Vec<String> = self
            .run(move |connection| {
                let mut statement = connection
                    .prepare("SELECT DISTINCT digest FROM observed WHERE repository = ?1 AND digest IS NOT NULL")?;
                let rows = statement.query_map([repository], |row| row.get(0))?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await?;
        let digests: Vec<Digest> = digests.iter().filter_map(|digest| digest.parse().ok()).collect();
        self.contents(&digests).await
    }

    /// The contents that mention a digest beginning like this (`sha256:` and hexadecimal digits).
    pub async fn contents_with(&self, prefix: &str) -> Result<Vec<Content>, JournalError> {
        let pattern = format!("%\"{prefix}%");
        let bodies: Vec<String> = self
            .run(move |connection| {
                let mut statement =
                    connection.prepare("SELECT body FROM contents WHERE body LIKE ?1 ORDER BY hashed_at")?;
                let rows = statement.query_map([pattern], |row| row.get(0))?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await?;
        // What another version wrote in a way this one cannot read is fetched anew when it is asked for.
        Ok(bodies.iter().filter_map(|body| serde_json::from_str(body).ok()).collect())
    }

    /// What is known of one digest; many are asked for together with [`Self::contents`].
    pub async fn content(&self, digest: &Digest) -> Result<Option<Remembered>, JournalError> {
        Ok(self.contents(std::slice::from_ref(digest)).await?.remove(digest))
    }

    /// Remembers contents whose bytes were hashed at this time, in one transaction.
    pub async fn remember_contents(&self, contents: &[Content], at: Timestamp) -> Result<(), JournalError> {
        let rows: Vec<(String, String)> = contents.iter().map(encode).collect();
        if rows.is_empty() {
            return Ok(());
        }
        self.run(move |connection| {
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let at = time::to_text(at);
            let mut statement = transaction.prepare(
                "INSERT INTO contents (digest, body, hashed_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (digest) DO UPDATE SET body = excluded.body, hashed_at = max(hashed_at, excluded.hashed_at)",
            )?;
            for (digest, body) in rows {
                statement.execute(params![digest, body, at])?;
            }
            drop(statement);
            Ok(transaction.commit()?)
        })
        .await
    }

    /// Remembers one content; many are handed over together with [`Self::remember_contents`].
    pub async fn remember_content(&self, content: &Content, at: Timestamp) -> Result<(), JournalError> {
        self.remember_contents(std::slice::from_ref(content), at).await
    }
}

/// `digest` and `body` of a content.
fn encode(content: &Content) -> (String, String) {
    let body = serde_json::to_string(content).expect("structs, strings and string maps, which JSON has");
    (content.digest.to_string(), body)
}
