//! Reads the lines of logs that are asked for, and searches them part by part, on a thread of its own: a disk keeps nothing else waiting.

use std::{
    path::PathBuf,
    sync::mpsc::{Sender, channel},
    thread,
};

use super::Outbox;
use crate::{
    console::{
        message::Message,
        model::{Found, LogPart, Window},
    },
    domain::{failure::Failure, name::ReleaseId},
    fault,
    log::pattern::Pattern,
    spool::{Reader, SpoolError},
};

/// Bytes of a line that are shown; `windlass log` has all of it.
const LONGEST: usize = 16 * 1024;
const CUT: &str = " (cut here: windlass log shows all of it)";

pub struct Logs {
    requests: Sender<Request>,
}

enum Request {
    Read(ReleaseId, LogPart),
    Search(Search),
}

/// A part of a log that is to be searched.
pub struct Search {
    pub release: ReleaseId,
    pub pattern: Pattern,
    pub from: u64,
    pub most: usize,
}

impl Logs {
    pub fn new(folder: PathBuf, to: Outbox) -> Result<Self, Failure> {
        let (requests, work) = channel();
        thread::Builder::new()
            .name("logs".to_owned())
            .spawn(move || {
                let mut files = Files { folder, open: None };
                while let Ok(request) = work.recv() {
                    // Of each kind the newest: an older one is of something that is not looked at any more.
                    let (mut part, mut search) = (None, None);
                    for request in std::iter::once(request).chain(work.try_iter()) {
                        match request {
                            Request::Read(release, lines) => part = Some((release, lines)),
                            Request::Search(wanted) => search = Some(wanted),
                        }
                    }
                    fault::console("log");
                    let read = part.map(|(release, part)| {
                        let answer = files.read(&release, part);
                        Message::Log(release, answer)
                    });
                    if read.is_some_and(|answer| to.blocking_send(answer).is_err()) {
                        return;
                    }
                    let found = search.map(|search| {
                        let answer = files.search(&search);
                        Message::Found(search.release, search.pattern, answer)
                    });
                    if found.is_some_and(|answer| to.blocking_send(answer).is_err()) {
                        return;
                    }
                }
            })
            .map_err(|e| Failure::failed("logs cannot be read", e.to_string(), "end other programs and try again"))?;
        Ok(Self { requests })
    }

    pub fn read(&self, release: ReleaseId, part: LogPart) {
        self.ask(Request::Read(release, part));
    }

    pub fn search(&self, search: Search) {
        self.ask(Request::Search(search));
    }

    fn ask(&self, request: Request) {
        // The thread lives as long as somebody waits for its answers.
        let _ = self.requests.send(request);
    }
}

/// The log that was looked at last stays open.
struct Files {
    folder: PathBuf,
    open: Option<(ReleaseId, Reader)>,
}

impl Files {
    fn read(&mut self, release: &ReleaseId, part: LogPart) -> Result<Option<Window>, Failure> {
        let window = self.with(release, |reader| {
            let total = reader.lines();
            let (first, count) = match part {
                LogPart::From(first, count) => (first.min(total), count),
                LogPart::End(count) => (total.saturating_sub(count as u64), count),
            };
            let lines = reader.lines_at(first, count)?.into_iter().map(cut).collect();
            Ok(Window { first, lines, total })
        });
        match window {
            Ok(window) => Ok(Some(window)),
            Err(SpoolError::Missing { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn search(&mut self, search: &Search) -> Result<Found, Failure> {
        let found = self.with(&search.release, |reader| {
            let mut found = Found::default();
            let end = reader.grep_part(search.from, search.pattern.regex(), |line, _| {
                found.count += 1;
                if found.lines.len() < search.most {
                    found.lines.push(line);
                }
            })?;
            Ok(Found { part: search.from..end, more: end < reader.lines(), ..found })
        });
        Ok(found?)
    }

    /// Does this with the log as it is now.
    fn with<T>(
        &mut self,
        release: &ReleaseId,
        act: impl FnOnce(&Reader) -> Result<T, SpoolError>,
    ) -> Result<T, SpoolError> {
        // One that fails is opened anew.
        let mut reader = match self.open.take() {
            Some((of, reader)) if of == *release => reader,
            _ => Reader::open(&self.folder.join(format!("{release}.log")))?,
        };
        reader.refresh()?;
        let done = act(&reader)?;
        self.open = Some((release.clone(), reader));
        Ok(done)
    }
}

fn cut(mut line: String) -> String {
    if line.len() > LONGEST {
        line.truncate(line.floor_char_boundary(LONGEST));
        line.push_str(CUT);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{console::sample::id, spool::Writer};

    #[test]
    fn a_log_is_searched_for_lines_while_it_grows() {
        let folder = tempfile::tempdir().unwrap();
        let (to, mut inbox) = tokio::sync::mpsc::channel(8);
        let logs = Logs::new(folder.path().to_owned(), to).unwrap();
        let mut log = Writer::create(&folder.path().join(format!("{}.log", id(1)))).unwrap();
        let pattern = Pattern::new("error").unwrap();
        let mut ask = |release, from, most| {
            logs.search(Search { release: id(release), pattern: pattern.clone(), from, most });
            let Some(Message::Found(of, _, answer)) = inbox.blocking_recv() else { panic!("no answer") };
            assert_eq!(of, id(release));
            answer
        };
        for line in ["fine", "an ERROR", "error", "fine"] {
            log.line(line).unwrap();
        }
        log.flush().unwrap();
        let found = ask(1, 0, 9).unwrap();
        assert_eq!((found.part, found.more, found.lines, found.count), (0..4, false, vec![1, 2], 2));
        let found = ask(1, 0, 1).unwrap();
        assert_eq!((found.lines, found.count), (vec![1], 2), "no more lines than were asked for");
        log.line("one more Error").unwrap();
        log.flush().unwrap();
        let found = ask(1, 4, 9).unwrap();
        assert_eq!((found.part, found.lines), (4..5, vec![4]));
        assert!(ask(2, 0, 9).unwrap_err().why.starts_with("there is no log"));
    }
}
