//! Events of releases, and the folds over them.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::{
    Journal,
    error::{Damaged, Fault, JournalError},
    time,
};
use crate::domain::{
    event::{Event, Stamped},
    name::ReleaseId,
    plan::{Plan, TagKind},
    reference::{Repository, Tag},
    release::{BadHistory, Release},
};

/// Which releases are listed; without a condition, all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReleaseFilter {
    pub image: Option<String>,
    /// Of one of these; without any, of all.
    pub repositories: Vec<Repository>,
    /// That came before this one.
    pub before: Option<ReleaseId>,
}

/// Releases, newest first. Those that cannot be read do not hide the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    pub releases: Vec<Release>,
    pub damaged: Vec<Damaged>,
}

/// Which releases a text on the command line names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    One(ReleaseId),
    /// Newest first.
    Many(Vec<ReleaseId>),
    None,
}

impl Journal {
    /// Begins a release, together with what it takes over from an earlier one: all of it is written, or nothing.
    /// A record among it stays the earlier release's, and is found under that one alone.
    ///
    /// # Errors
    /// When there is such a release already, or it cannot be written.
    pub async fn begin(&self, plan: &Plan, carried: Vec<Event>, at: Timestamp) -> Result<Vec<Stamped>, JournalError> {
        let release = plan.release.clone();
        let events: Vec<Event> = [Event::Planned { plan: Box::new(plan.clone()) }].into_iter().chain(carried).collect();
        self.run(move |connection| {
            write(connection, events.iter().any(Event::durable), |transaction| {
                events.into_iter().map(|event| append(transaction, &release, event, at)).collect()
            })
        })
        .await
    }

    /// Adds an event to its release, as the one after the last. On the disk when this returns, if the
    /// event is [durable](Event::durable); safe from the end of this process in any case. A clock that was set
    /// back does not make an event older than the one before it.
    ///
    /// # Errors
    /// When the event cannot be the next one of this release, or cannot be written; then nothing is.
    pub async fn append(&self, release: &ReleaseId, event: &Event, at: Timestamp) -> Result<Stamped, JournalError> {
        let (release, event) = (release.clone(), event.clone());
        self.run(move |connection| {
            let other = match &event {
                Event::Recorded { record, .. } => Some(&record.release),
                _ => None,
            };
            if let Some(other) = other.filter(|other| **other != release) {
                return Err(JournalError::OtherRelease { release: release.clone(), other: other.clone() }.into());
            }
            write(connection, event.durable(), |transaction| append(transaction, &release, event, at))
        })
        .await
    }

    /// The events of a release after number `after`, oldest first; `0` for all.
    pub async fn events(&self, release: &ReleaseId, after: u64) -> Result<Vec<Stamped>, JournalError> {
        let release = release.clone();
        self.run(move |connection| events(connection, &release, after)).await
    }

    /// The newest `limit` releases. Which is newest is told by the order in which they came, not by the clock.
    pub async fn releases(&self, filter: ReleaseFilter, limit: usize) -> Result<Listing, JournalError> {
        self.run(move |connection| {
            // One view of the file, whatever others write meanwhile.
            let view = connection.transaction()?;
            let mut listing = Listing { releases: Vec::new(), damaged: Vec::new() };
            let repositories: Vec<String> = filter.repositories.iter().map(ToString::to_string).collect();
            let repositories = (!repositories.is_empty()).then(|| serde_json::json!(repositories).to_string());
            for id in ids(
                &view,
                "SELECT id FROM releases WHERE (?1 IS NULL OR image = ?1)
                 AND (?2 IS NULL OR repository IN (SELECT value FROM json_each(?2)))
                 AND (?4 IS NULL OR number < (SELECT number FROM releases WHERE id = ?4))
                 ORDER BY number DESC LIMIT ?3",
                params![
                    filter.image,
                    repositories,
                    i64::try_from(limit).unwrap_or(i64::MAX),
                    filter.before.as_ref().map(ReleaseId::as_str),
                ],
            )? {
                match fold(&view, &id) {
                    Ok(release) => listing.releases.push(release),
                    Err(Fault::Journal(JournalError::Damaged(damaged))) => listing.damaged.push(damaged),
                    Err(fault) => return Err(fault),
                }
            }
            Ok(listing)
        })
        .await
    }

    /// A release, unless there is none of this id.
    pub async fn release(&self, id: &ReleaseId) -> Result<Option<Release>, JournalError> {
        let id = id.clone();
        self.run(move |connection| {
            let view = connection.transaction()?;
            let known = view.query_row("SELECT 1 FROM releases WHERE id = ?1", [id.as_str()], |_| Ok(())).optional()?;
            known.map(|()| fold(&view, &id)).transpose()
        })
        .await
    }

    /// The release that a text names: `@` is the newest (of `image`, if given), else the beginning of an
    /// id, or at least four digits of a commit (again of `image`).
    pub async fn find(&self, text: &str, image: Option<&str>) -> Result<Found, JournalError> {
        let (text, image) = (text.to_owned(), image.map(ToOwned::to_owned));
        self.run(move |connection| {
            let mut found = if text == "@" {
                ids(
                    connection,
                    "SELECT id FROM releases WHERE ?1 IS NULL OR image = ?1 ORDER BY number DESC LIMIT 1",
                    params![image],
                )?
            } else if !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
                ids(
                    connection,
                    "SELECT id FROM releases
                     WHERE id GLOB ?1 || '*'
                        OR (length(?1) >= 4 AND commit_id GLOB ?1 || '*' AND (?2 IS NULL OR image = ?2))
                     ORDER BY number DESC",
                    params![text, image],
                )?
            } else {
                Vec::new()
            };
            // A whole id is never ambiguous, even where it could also be the beginning of a commit.
            if let Some(whole) = found.iter().position(|id| id.as_str() == text) {
                return Ok(Found::One(found.swap_remove(whole)));
            }
            Ok(match found.len() {
                0 => Found::None,
                1 => Found::One(found.swap_remove(0)),
                _ => Found::Many(found),
            })
        })
        .await
    }

    /// The first release whose plan has this frozen tag. It counts from the plan on: whether it was ever
    /// pushed is for the registry to say.
    pub async fn tag_used(&self, repository: &Repository, tag: &Tag) -> Result<Option<ReleaseId>, JournalError> {
        let (repository, tag) = (repository.to_string(), tag.to_string());
        self.run(move |connection| {
            let first = ids(
                connection,
                "SELECT id FROM frozen_tags JOIN releases ON id = release
                 WHERE frozen_tags.repository = ?1 AND tag = ?2 ORDER BY number LIMIT 1",
                params![repository, tag],
            )?;
            Ok(first.into_iter().next())
        })
        .await
    }
}

/// Does this in one transaction, which is on the disk at its end if it is `durable`.
fn write<T>(
    connection: &mut Connection,
    durable: bool,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    // Cannot be changed inside a transaction.
    connection.pragma_update(None, "synchronous", if durable { "FULL" } else { "NORMAL" })?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = work(&transaction)?;
    transaction.commit()?;
    Ok(done)
}

fn append(transaction: &Transaction<'_>, release: &ReleaseId, event: Event, now: Timestamp) -> Result<Stamped, Fault> {
    let last = transaction
        .query_row(
            "SELECT seq, kind, at FROM events WHERE release = ?1 ORDER BY seq DESC LIMIT 1",
            [release.as_str()],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?)),
        )
        .optional()?;
    let (seq, at) = match (&last, &event) {
        (None, Event::Planned { .. }) => (1, now),
        (None, _) => return Err(JournalError::NotPlanned { release: release.clone() }.into()),
        (Some(_), Event::Planned { .. }) => return Err(JournalError::PlannedTwice { release: release.clone() }.into()),
        (Some((_, kind, _)), _) if kind == FINISHED => {
            return Err(JournalError::AfterFinished { release: release.clone() }.into());
        }
        (Some((seq, _, at)), _) => (seq + 1, time::from_text(at)?.max(now)),
    };
    if let Event::Planned { plan } = &event {
        if plan.release != *release {
            let other = plan.release.clone();
            return Err(JournalError::OtherRelease { release: release.clone(), other }.into());
        }
        index_plan(transaction, plan, at)?;
    }
    let (kind, body) = encode(&event);
    transaction.execute(
        "INSERT INTO events (release, seq, at, kind, body) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![release.as_str(), seq, time::to_text(at), kind, body],
    )?;
    if let Event::Recorded { record, .. } = &event
        && record.release == *release
    {
        transaction.execute(
            "INSERT INTO records (release, seq, repository, recorded_at) VALUES (?1, ?2, ?3, ?4)",
            params![release.as_str(), seq, record.repository.to_string(), time::to_text(at)],
        )?;
    }
    Ok(Stamped { seq: to_seq(seq)?, at, event })
}

fn index_plan(transaction: &Transaction<'_>, plan: &Plan, at: Timestamp) -> Result<(), Fault> {
    let (release, repository) = (plan.release.as_str(), plan.repository.to_string());
    transaction.execute(
        "INSERT INTO releases (id, image, repository, commit_id, planned) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![release, plan.image, repository, plan.source.commit.as_str(), time::to_text(at)],
    )?;
    for planned in plan.tags.iter().filter(|planned| planned.kind == TagKind::Frozen) {
        transaction.execute(
            "INSERT OR IGNORE INTO frozen_tags (repository, tag, release) VALUES (?1, ?2, ?3)",
            params![repository, planned.tag.as_str(), release],
        )?;
    }
    Ok(())
}

/// `kind` of the last event.
const FINISHED: &str = "finished";

/// `kind` and `body` of an event.
fn encode(event: &Event) -> (String, String) {
    let body = serde_json::to_value(event).expect("events are structs, strings and numbers, which JSON has");
    let kind = body["event"].as_str().expect("`Event` is tagged with `event`").to_owned();
    (kind, body.to_string())
}

fn events(connection: &Connection, release: &ReleaseId, after: u64) -> Result<Vec<Stamped>, Fault> {
    let mut statement =
        connection.prepare("SELECT seq, at, body FROM events WHERE release = ?1 AND seq > ?2 ORDER BY seq")?;
    let mut rows = statement.query(params![release.as_str(), i64::try_from(after).unwrap_or(i64::MAX)])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(decode(release, row)?);
    }
    Ok(events)
}

/// An event from the columns `seq, at, body`.
pub(super) fn decode(release: &ReleaseId, row: &rusqlite::Row<'_>) -> Result<Stamped, Fault> {
    let seq = to_seq(row.get(0)?)?;
    let damaged = |why: String| Damaged { release: release.clone(), seq, why };
    // Fails for text that is not UTF-8.
    let text = |column: usize| row.get::<_, String>(column).map_err(|error| damaged(error.to_string()));
    let (at, body) = (text(1)?, text(2)?);
    Ok(Stamped {
        seq,
        at: at.parse().map_err(|_| damaged(format!("`{at}` is not a time")))?,
        event: serde_json::from_str(&body).map_err(|error| damaged(error.to_string()))?,
    })
}

fn fold(connection: &Connection, id: &ReleaseId) -> Result<Release, Fault> {
    Release::fold(&events(connection, id, 0)?).map_err(|bad| {
        let seq = match bad {
            BadHistory::NoPlan => 1,
            BadHistory::Gap { found, .. } => found,
        };
        Damaged { release: id.clone(), seq, why: bad.to_string() }.into()
    })
}

fn ids(connection: &Connection, sql: &str, given: impl rusqlite::Params) -> Result<Vec<ReleaseId>, Fault> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query(given)?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        ids.push(row.get::<_, String>(0)?.parse()?);
    }
    Ok(ids)
}

fn to_seq(number: i64) -> Result<u64, Fault> {
    u64::try_from(number).map_err(|_| Fault::Unreadable(format!("an event has number {number}")))
}
