//! A look at a journal that changes nothing in it: neither makes the file nor migrates it. That SQLite moves what a
//! process left in its -wal file to the journal is no change to any reader.

use std::path::Path;

use super::{
    error::{Fault, JournalError},
    schema,
};

/// What is known of a journal's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// Its schema, and the newest that this program knows: an older one is migrated when it is next used.
    pub schema: i64,
    pub known: i64,
    pub releases: u32,
}

/// Reads the whole file once; `None` where there is none. Blocks for as long as that takes.
///
/// # Errors
/// When it is damaged, of a newer program, no journal, or cannot be read and written.
pub fn examine(file: &Path) -> Result<Option<Examined>, JournalError> {
    if !file.exists() {
        return Ok(None);
    }
    let look = || {
        let (connection, schema) = schema::look(file)?;
        let sound: String = connection.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
        if sound != "ok" {
            return Err(Fault::Unreadable(sound));
        }
        let releases = match schema.found {
            // A file that was made and never used.
            0 => 0,
            _ => connection.query_row("SELECT count(*) FROM releases", (), |row| row.get(0))?,
        };
        Ok(Some(Examined { schema: schema.found, known: schema.known, releases }))
    };
    look().map_err(|fault: Fault| fault.at(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("journal.db");
        assert_eq!(examine(&file).unwrap(), None);
        assert!(!file.exists(), "it is not made");
        drop(schema::open(&file).unwrap());
        let before = std::fs::read(&file).unwrap();
        let found = examine(&file).unwrap().unwrap();
        assert_eq!((found.schema, found.releases), (found.known, 0));
        assert_eq!(std::fs::read(&file).unwrap(), before);

        let connection = rusqlite::Connection::open(&file).unwrap();
        connection.pragma_update(None, "user_version", found.known + 1).unwrap();
        drop(connection);
        assert!(matches!(examine(&file), Err(JournalError::Newer { .. })));
        std::fs::write(&file, "no database at all").unwrap();
        assert!(matches!(examine(&file), Err(JournalError::NotAJournal { .. })));
    }
}
