//! Finds the line of a log that says what went wrong.

use std::path::Path;

use super::Shared;
use crate::{
    domain::{failure::Failure, name::ReleaseId},
    log::{errors, steps},
    spool::{Reader, SpoolError, Text},
};

impl Shared {
    /// The first such line and its number, from 0; `None`: there is no log, or no such line in it.
    pub(super) async fn fault(&self, release: &ReleaseId) -> Result<Option<(u64, String)>, Failure> {
        let log = self.ground.paths.logs().join(format!("{release}.log"));
        let searched = tokio::task::spawn_blocking(move || first(&log)).await;
        let searched = searched.map_err(|e| {
            Failure::failed("the log was not searched", e.to_string(), "search it: windlass log --grep")
        })?;
        match searched {
            Err(SpoolError::Missing { .. }) => Ok(None),
            found => Ok(found?),
        }
    }
}

fn first(log: &Path) -> Result<Option<(u64, String)>, SpoolError> {
    let reader = Reader::open(log)?;
    let mut from = 0;
    while from < reader.lines() {
        let mut found = None;
        from = reader.grep_part(from, errors::pattern(), false, |line, text| {
            // Of a line too long to be held, its place has to do.
            let text = if let Text::Whole(text) = text { text } else { "" };
            if !steps::begins_step(text) {
                found.get_or_insert_with(|| (line, text.to_owned()));
            }
        })?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::Writer;

    #[test]
    fn the_first_line_that_says_what_went_wrong_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        let mut log = Writer::create(&path).unwrap();
        for line in ["Step 1/2 : RUN make || echo error: no", "0 errors", "E: it is missing", "error: and more"] {
            log.line(line).unwrap();
        }
        log.flush().unwrap();
        assert_eq!(first(&path).unwrap(), Some((2, "E: it is missing".to_owned())));
        let mut quiet = Writer::create(&folder.path().join("b.log")).unwrap();
        quiet.line("fine").unwrap();
        quiet.flush().unwrap();
        assert_eq!(first(&folder.path().join("b.log")).unwrap(), None);
        assert!(matches!(first(&folder.path().join("c.log")), Err(SpoolError::Missing { .. })));
    }
}
