//! Opening the journal's file: what is made, migrated and refused.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::error::{Fault, JournalError};

/// How long a process waits for another one's write.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// In the header of every journal, so that no other database is taken for one: "wndl".
const APPLICATION_ID: i64 = 0x776e_646c;

/// Each brings a journal from the schema of its place in this list to the next. Never changed once released.
const MIGRATIONS: &[&str] = &[
    "
    -- What happened: the truth. `body` is the event as JSON, `kind` its `event` field.
    CREATE TABLE events (
        release TEXT NOT NULL REFERENCES releases (id),
        seq     INTEGER NOT NULL,
        at      TEXT NOT NULL,
        kind    TEXT NOT NULL,
        body    TEXT NOT NULL,
        PRIMARY KEY (release, seq)
    ) STRICT;

    -- What a release is searched by; written with its plan. `number` is the order of arrival.
    CREATE TABLE releases (
        number     INTEGER PRIMARY KEY,
        id         TEXT NOT NULL UNIQUE,
        image      TEXT NOT NULL,
        repository TEXT NOT NULL,
        commit_id  TEXT NOT NULL,
        planned    TEXT NOT NULL
    ) STRICT;
    CREATE INDEX releases_by_time ON releases (planned, number);

    -- The frozen tags of plans, to see that one is taken; written with the plan.
    CREATE TABLE frozen_tags (
        repository TEXT NOT NULL,
        tag        TEXT NOT NULL,
        release    TEXT NOT NULL REFERENCES releases (id),
        PRIMARY KEY (repository, tag, release)
    ) STRICT, WITHOUT ROWID;

    -- Where the records are among the events; written with the event.
    CREATE TABLE records (
        number      INTEGER PRIMARY KEY,
        release     TEXT NOT NULL,
        seq         INTEGER NOT NULL,
        repository  TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        FOREIGN KEY (release, seq) REFERENCES events (release, seq)
    ) STRICT;
    CREATE INDEX records_by_repository ON records (repository, recorded_at, number);

    -- A cache: what is behind a digest.
    CREATE TABLE contents (
        digest    TEXT PRIMARY KEY,
        body      TEXT NOT NULL,
        hashed_at TEXT NOT NULL
    ) STRICT;

    -- What tags showed: a row for every change, in the order of arrival. A digest that is NULL: no such tag.
    CREATE TABLE observed (
        number     INTEGER PRIMARY KEY,
        repository TEXT NOT NULL,
        tag        TEXT NOT NULL,
        digest     TEXT,
        first_seen TEXT NOT NULL,
        last_seen  TEXT NOT NULL
    ) STRICT;
    CREATE INDEX observed_by_tag ON observed (repository, tag, number);
",
    "
    -- Who changed what, in the order of arrival. `outcome` is 'begun' until it is told once how it ended; `why` belongs
    -- to one that failed. Fingerprints are keyed by the vault: no value can be tried against them.
    CREATE TABLE audit (
        number      INTEGER PRIMARY KEY,
        at          TEXT NOT NULL,
        who         TEXT NOT NULL,
        act         TEXT NOT NULL,
        subject     TEXT NOT NULL,
        fingerprint TEXT,
        outcome     TEXT NOT NULL,
        why         TEXT
    ) STRICT;
",
    "
    -- Records of releases that ran on Taskcluster, as they were seen there. `source` says where, as JSON.
    CREATE TABLE seen_records (
        release     TEXT NOT NULL,
        repository  TEXT NOT NULL,
        recorded_at TEXT NOT NULL,
        source      TEXT NOT NULL,
        body        TEXT NOT NULL,
        PRIMARY KEY (release, repository)
    ) STRICT, WITHOUT ROWID;
",
];

/// A connection to a journal of today's schema.
pub(super) fn open(file: &Path) -> Result<Connection, Fault> {
    open_with(file, MIGRATIONS)
}

/// The schema of a journal that is there, and ours. Nothing is made or migrated.
pub(super) fn look(file: &Path) -> Result<(Connection, Schema), Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(file, flags)?;
    connection.busy_timeout(PATIENCE)?;
    let found = accepted_version(&connection.transaction()?, file, MIGRATIONS)?;
    Ok((connection, Schema { found, known: count(MIGRATIONS) }))
}

pub(super) struct Schema {
    pub found: i64,
    pub known: i64,
}

fn open_with(file: &Path, migrations: &[&str]) -> Result<Connection, Fault> {
    make(file)?;
    let mut connection =
        Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    // SQLite opens what it may not write for reading, without a word.
    if connection.is_readonly(rusqlite::MAIN_DB)? {
        return Err(JournalError::ReadOnly { file: file.to_path_buf() }.into());
    }
    // Asked before anything is written; a file that is no database fails here.
    let version = patiently(|| accepted_version(&connection.transaction()?, file, migrations))?;
    patiently(|| {
        let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
        if mode.eq_ignore_ascii_case("wal") { Ok(()) } else { Err(no_wal().into()) }
    })?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    if version < count(migrations) {
        migrate(&mut connection, file, migrations)?;
    }
    Ok(connection)
}

/// Makes an empty file of mode 0600 if there is none, and takes from others what they may do with one that is there.
///
/// An existing journal is never opened here: closing any descriptor of a file drops the locks that
/// another connection of this process holds on it (sqlite.org/howtocorrupt.html, 2.2).
fn make(file: &Path) -> Result<(), Fault> {
    let folder = file.parent().ok_or_else(|| io::Error::other("its path names no file"))?;
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    match fs::metadata(file) {
        Ok(found) => {
            let mode = found.permissions().mode();
            if mode & 0o077 != 0 {
                fs::set_permissions(file, fs::Permissions::from_mode(mode & 0o700))?;
            }
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Closed before it gets its name; for the same reason. SQLite gives its -wal and -shm this file's mode.
            let empty = tempfile::Builder::new().prefix(".journal-").tempfile_in(folder)?.into_temp_path();
            match empty.persist_noclobber(file) {
                Err(lost) if lost.error.kind() != io::ErrorKind::AlreadyExists => Err(lost.error.into()),
                _ => Ok(()),
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// The schema in the file, unless it is none of ours or of a newer windlass. Asked in a transaction: another
/// process that makes the tables meanwhile would else be seen half done, as the database of somebody else.
fn accepted_version(transaction: &Transaction<'_>, file: &Path, migrations: &[&str]) -> Result<i64, Fault> {
    let number = |name| transaction.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (version, application) = (number("user_version")?, number("application_id")?);
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))?;
    let empty = version == 0 && application == 0 && tables == 0;
    if application != APPLICATION_ID && !empty {
        let why = "it is the database of another program".to_owned();
        return Err(JournalError::NotAJournal { file: file.to_path_buf(), why }.into());
    }
    let known = count(migrations);
    if version > known {
        return Err(JournalError::Newer { file: file.to_path_buf(), found: version, known }.into());
    }
    Ok(version)
}

fn migrate(connection: &mut Connection, file: &Path, migrations: &[&str]) -> Result<(), Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Asked again: another process may have been faster.
    let version = accepted_version(&transaction, file, migrations)?;
    let done = usize::try_from(version).map_err(|_| Fault::Unreadable(format!("its schema is {version}")))?;
    for migration in &migrations[done..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", count(migrations))?;
    Ok(transaction.commit()?)
}

/// Again while another process holds the file. Changing to WAL, and recovering after a crash, answer
/// "busy" at once where a plain write would wait.
fn patiently<T>(mut attempt: impl FnMut() -> Result<T, Fault>) -> Result<T, Fault> {
    let start = Instant::now();
    loop {
        match attempt() {
            Err(fault) if fault.is_busy() && start.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(5)),
            answer => return answer,
        }
    }
}

fn no_wal() -> io::Error {
    io::Error::other("its file system does not offer the shared memory that several processes need (WAL)")
}

fn count(migrations: &[&str]) -> i64 {
    i64::try_from(migrations.len()).expect("a handful of migrations")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(file: &Path) -> i64 {
        Connection::open(file).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn file_and_folder_are_for_their_owner_alone() {
        let folder = folder();
        let file = folder.path().join("state/windlass/journal.db");
        let connection = open(&file).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode(&folder.path().join("state")), 0o700);
        assert_eq!(mode(&folder.path().join("state/windlass")), 0o700);
        for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
            assert_eq!(mode(&file.with_file_name(name)), 0o600, "{name}");
        }
        drop(connection);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        drop(open(&file).unwrap());
        assert_eq!(mode(&file), 0o600);
        let names: Vec<_> =
            fs::read_dir(file.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["journal.db"], "nothing else is left");
    }

    #[test]
    fn migrations_are_done_once_and_in_order() {
        let folder = folder();
        let file = folder.path().join("journal.db");
        let steps = ["CREATE TABLE a (x) STRICT_NOT", "INSERT INTO a VALUES (1)"];
        let first = ["CREATE TABLE a (x)"];
        let both = ["CREATE TABLE a (x)", "ALTER TABLE a ADD COLUMN y; INSERT INTO a VALUES (1, 2)"];
        assert!(open_with(&file, &steps).is_err());
        assert_eq!(version(&file), 0, "a migration that fails leaves nothing behind");
        drop(open_with(&file, &first).unwrap());
        assert_eq!(version(&file), 1);
        for _ in 0..2 {
            let connection = open_with(&file, &both).unwrap();
            let rows: i64 = connection.query_row("SELECT count(*) FROM a WHERE y = 2", (), |row| row.get(0)).unwrap();
            assert_eq!((version(&file), rows), (2, 1));
        }
    }

    #[test]
    fn a_journal_of_every_older_schema_is_brought_up() {
        for older in 1..MIGRATIONS.len() {
            let folder = folder();
            let file = folder.path().join("journal.db");
            let connection = open_with(&file, &MIGRATIONS[..older]).unwrap();
            connection
                .execute("INSERT INTO contents (digest, body, hashed_at) VALUES ('sha256:a', '{}', '2026')", ())
                .unwrap();
            drop(connection);
            let connection = open(&file).unwrap();
            let kept: i64 = connection.query_row("SELECT count(*) FROM contents", (), |row| row.get(0)).unwrap();
            let audit: i64 = connection.query_row("SELECT count(*) FROM audit", (), |row| row.get(0)).unwrap();
            assert_eq!((version(&file), kept, audit), (count(MIGRATIONS), 1, 0));
        }
    }

    #[test]
    fn a_newer_schema_is_refused_and_left_alone() {
        let folder = folder();
        let file = folder.path().join("journal.db");
        drop(open(&file).unwrap());
        let newer = count(MIGRATIONS) + 1;
        Connection::open(&file).unwrap().pragma_update(None, "user_version", newer).unwrap();
        let before = fs::read(&file).unwrap();
        let error = open(&file).unwrap_err().at(&file);
        assert!(matches!(error, JournalError::Newer { found, .. } if found == newer), "{error}");
        assert_eq!(fs::read(&file).unwrap(), before);
    }

    #[test]
    fn what_is_no_journal_is_refused_and_left_alone() {
        let folder = folder();
        let text = folder.path().join("text.db");
        fs::write(&text, "a long text that is no database at all\n".repeat(200)).unwrap();
        let other = folder.path().join("other.db");
        Connection::open(&other).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
        for file in [text, other] {
            let before = fs::read(&file).unwrap();
            let error = open(&file).unwrap_err().at(&file);
            assert!(matches!(error, JournalError::NotAJournal { .. }), "{error}");
            assert_eq!(fs::read(&file).unwrap(), before);
        }
    }
}
