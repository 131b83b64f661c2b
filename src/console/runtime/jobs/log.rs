//! A log as a file of the reader's own.

use std::{
    io::{self, BufWriter, Write as _},
    ops::ControlFlow,
    path::Path,
};

use super::Shared;
use crate::{
    config::from_home,
    console::message::{Save, Saved},
    domain::failure::Failure,
    log::pattern::Filter,
    spool::{Reader, folder_of},
};

impl Shared {
    /// Nothing is there before all of it is; others cannot read it (0600).
    pub(super) async fn save(&self, save: &Save, over: bool) -> Result<Saved, Failure> {
        let log = self.ground.paths.logs().join(format!("{}.log", save.release));
        let to = from_home(Path::new(&save.path), &*self.ground.environment);
        let filter = save.filter.clone();
        let written = tokio::task::spawn_blocking(move || write(&log, &to, &filter, over)).await;
        written.unwrap_or_else(|e| Err(unwritten(Path::new(&save.path), &io::Error::other(e))))
    }
}

fn write(log: &Path, to: &Path, filter: &Filter, over: bool) -> Result<Saved, Failure> {
    let failed = |error: &io::Error| unwritten(to, error);
    if to.symlink_metadata().is_ok() && !over {
        return Ok(Saved::Exists);
    }
    let reader = Reader::open(log)?;
    let file = tempfile::Builder::new().prefix(".log-").tempfile_in(folder_of(to)).map_err(|e| failed(&e))?;
    let mut out = BufWriter::new(file);
    let (mut lines, mut written) = (0, Ok(()));
    reader.plain(filter, |_, text| {
        lines += u64::from(text == "\n");
        written = out.write_all(text.as_bytes());
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    written.map_err(|e| failed(&e))?;
    let file = out.into_inner().map_err(|e| failed(e.error()))?;
    file.as_file().sync_all().map_err(|e| failed(&e))?;
    let kept = if over { file.persist(to) } else { file.persist_noclobber(to) };
    match kept {
        Ok(_) => Ok(Saved::Lines(lines)),
        // Somebody made it meanwhile.
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(Saved::Exists),
        Err(error) => Err(failed(&error.error)),
    }
}

fn unwritten(to: &Path, error: &io::Error) -> Failure {
    Failure::failed(
        format!("the log was not saved to {}", to.display()),
        error.to_string(),
        "save it to another place: s asks for it again",
    )
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;
    use crate::{log::pattern::Pattern, spool::Writer};

    #[test]
    fn a_log_is_saved_plain_private_and_over_nothing_unless_that_was_said() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("a.log");
        let mut writer = Writer::create(&log).unwrap();
        for line in ["\x1b[31mred\x1b[0m", "plain"] {
            writer.line(line).unwrap();
        }
        writer.finish().unwrap();
        let to = folder.path().join("saved.txt");
        assert!(matches!(write(&log, &to, &Filter::none(), false).unwrap(), Saved::Lines(2)));
        assert_eq!(fs::read_to_string(&to).unwrap(), "red\nplain\n");
        assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
        let red = Filter { pattern: Pattern::new("red").unwrap(), invert: false };
        assert!(matches!(write(&log, &to, &red, false).unwrap(), Saved::Exists));
        assert_eq!(fs::read_to_string(&to).unwrap(), "red\nplain\n", "nothing was done");
        assert!(matches!(write(&log, &to, &red, true).unwrap(), Saved::Lines(1)));
        assert_eq!(fs::read_to_string(&to).unwrap(), "red\n");
        let nowhere = write(&log, &folder.path().join("no/such"), &red, false).unwrap_err();
        assert!(nowhere.what.contains("no/such") && nowhere.next.contains('s'));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "no file is left over");
    }
}
