//! Learns of what others do: releases that begin or end (their locks and sockets in `run/`), and whatever is written
//! to the journal.

use std::path::Path;

use super::Outbox;
use crate::{config::Paths, console::message::Message, domain::failure::Failure};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _, event::ModifyKind};

/// Tells as long as it is kept.
pub struct Watch {
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// The folders must be there.
    pub fn begin(paths: &Paths, to: Outbox) -> Result<Self, Failure> {
        let failed = |error: &notify::Error| {
            Failure::failed(
                "changes by others cannot be seen",
                error.to_string(),
                "raise fs.inotify.max_user_watches; until then look again by hand",
            )
        };
        let (run, journal) = (paths.run(), paths.journal());
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| tells(&event, &run, &journal)) {
                // The console has ended when nobody is there to be told.
                let _ = to.blocking_send(Message::Changed);
            }
        })
        .map_err(|error| failed(&error))?;
        for folder in [paths.run(), paths.state.clone()] {
            watcher.watch(&folder, RecursiveMode::NonRecursive).map_err(|error| failed(&error))?;
        }
        Ok(Self { _watcher: watcher })
    }
}

/// Looking at a lock or at the journal, as we do ourselves, is no news; nor is anything else in these folders.
fn tells(event: &Event, run: &Path, journal: &Path) -> bool {
    let changes = matches!(
        event.kind,
        EventKind::Create(_)
            | EventKind::Remove(_)
            | EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Name(_) | ModifyKind::Any)
    );
    let shared_memory = journal.with_extension("db-shm");
    changes
        && event.paths.iter().any(|path| {
            path.starts_with(run)
                || (path.file_stem() == journal.file_stem()
                    && path.parent() == journal.parent()
                    && *path != shared_memory)
        })
}

#[cfg(test)]
mod tests {
    use notify::event::{AccessKind, AccessMode, CreateKind, DataChange};

    use super::*;

    #[test]
    fn only_what_others_may_have_written_is_told() {
        let (run, journal) = (Path::new("/s/run"), Path::new("/s/journal.db"));
        let written = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        for (kind, path, expected) in [
            (written, "/s/run/abc.lock", true),
            (EventKind::Create(CreateKind::File), "/s/run/abc.sock", true),
            (EventKind::Access(AccessKind::Open(AccessMode::Any)), "/s/run/abc.lock", false),
            (written, "/s/journal.db-wal", true),
            (written, "/s/journal.db-shm", false),
            (written, "/s/vault.age", false),
        ] {
            assert_eq!(tells(&Event::new(kind).add_path(path.into()), run, journal), expected, "{kind:?} {path}");
        }
    }
}
