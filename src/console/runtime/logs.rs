//! Reads the rows of logs that are asked for, and searches logs part by part, on a thread of its own: a disk keeps nothing
//! else waiting.

use std::{
    ops::{ControlFlow, RangeInclusive},
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use super::Outbox;
use crate::{
    console::{
        message::{Message, Taken},
        model::{Goal, Match, Scanned, Seen, Sight, StepsRead},
    },
    domain::{failure::Failure, name::ReleaseId},
    fault,
    log::{
        pattern::{Filter, Wanted},
        steps::Steps,
        viewport::window,
    },
    spool::{Browse, Hits, Reader, SpoolError},
};

pub struct Logs {
    requests: Sender<Request>,
}

pub enum Request {
    /// Some rows.
    Read(ReleaseId, Sight),
    /// Searching the next part.
    Search(ReleaseId, Wanted),
    /// A line that was found.
    Find(ReleaseId, Wanted, Goal),
    /// The text of lines.
    Take(ReleaseId, RangeInclusive<u64>, Filter),
    /// The steps of the build, on through the next part.
    Steps(ReleaseId),
}

impl Request {
    fn release(&self) -> &ReleaseId {
        match self {
            Self::Read(release, _)
            | Self::Search(release, _)
            | Self::Find(release, ..)
            | Self::Take(release, ..)
            | Self::Steps(release) => release,
        }
    }
}

impl Logs {
    pub fn new(folder: PathBuf, to: Outbox) -> Result<Self, Failure> {
        let (requests, work) = channel();
        thread::Builder::new()
            .name("logs".to_owned())
            .spawn(move || answer(folder, &work, &to))
            .map_err(|e| Failure::failed("logs cannot be read", e.to_string(), "end other programs and try again"))?;
        Ok(Self { requests })
    }

    pub fn ask(&self, request: Request) {
        // The thread lives as long as somebody waits for its answers.
        let _ = self.requests.send(request);
    }
}

/// Until nobody asks any more, or waits for answers.
fn answer(folder: PathBuf, work: &Receiver<Request>, to: &Outbox) {
    let mut files = Files { folder, open: None };
    let mut waiting: Vec<Request> = Vec::new();
    loop {
        if waiting.is_empty() {
            match work.recv() {
                Ok(request) => waiting.push(request),
                Err(_) => return,
            }
        }
        take_in(&mut waiting, work);
        fault::console("log");
        // What is looked at comes before what is looked for.
        let next = waiting.iter().position(|request| matches!(request, Request::Read(..))).unwrap_or(0);
        let message = match waiting.remove(next) {
            Request::Read(release, sight) => {
                let seen = files.read(&release, sight);
                Message::Log(release, seen)
            }
            Request::Search(release, wanted) => {
                let begun = Instant::now();
                // How far it is is told now and then, and at once when somebody wants something else.
                let scanned = loop {
                    let scanned = files.search(&release, &wanted);
                    take_in(&mut waiting, work);
                    let more = scanned.as_ref().is_ok_and(|scanned| scanned.more);
                    if !more || !waiting.is_empty() || begun.elapsed() >= TOLD {
                        break scanned;
                    }
                };
                Message::Searched(release, wanted, scanned)
            }
            Request::Find(release, wanted, which) => {
                let found = files.find(&release, &wanted, which);
                Message::Found(release, wanted, which, found)
            }
            Request::Take(release, lines, filter) => Message::Taken(files.take(&release, &lines, &filter)),
            Request::Steps(release) => {
                let steps = files.steps(&release);
                Message::Steps(release, steps)
            }
        };
        if to.blocking_send(message).is_err() {
            return;
        }
    }
}

fn take_in(waiting: &mut Vec<Request>, work: &Receiver<Request>) {
    for request in work.try_iter() {
        // Rows that are wanted no more are not read, nor is another log looked through; what was marked is still copied.
        if let Request::Read(release, _) = &request {
            waiting.retain(|other| match other {
                Request::Take(..) => true,
                Request::Read(..) => false,
                other => other.release() == release,
            });
        }
        waiting.push(request);
    }
}

/// The log that was looked at last stays open.
struct Files {
    folder: PathBuf,
    open: Option<Log>,
}

struct Log {
    release: ReleaseId,
    reader: Reader,
    /// What was looked for in it, the last first: a search, and the filter on the screen.
    hits: Vec<Hits>,
    steps: Steps,
    /// As they were told of last.
    told: Arc<Steps>,
}

/// Bytes that are copied: terminals take little more, in base64.
const TAKEN: usize = 64 * 1024;
/// How often it is told how far a search is.
const TOLD: Duration = Duration::from_millis(100);
/// Searches that are kept.
const KEPT: usize = 2;

impl Files {
    fn read(&mut self, release: &ReleaseId, sight: Sight) -> Result<Option<Seen>, Failure> {
        let seen = self.with(release, |log| {
            let mut wanted = sight.filter.clone().map(|filter| log.taken(&Wanted { filter, within: None }));
            let found = wanted.as_ref().map_or(0, Hits::count);
            let mut browse = Browse::new(&log.reader, wanted.as_mut());
            let window = window(&mut browse, sight.spot, sight.reveal, sight.layout, sight.marks.as_ref());
            log.hits.splice(0..0, wanted);
            Ok(Seen { window: window?, total: log.reader.lines(), found, sight })
        });
        match seen {
            Ok(seen) => Ok(Some(seen)),
            Err(SpoolError::Missing { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn search(&mut self, release: &ReleaseId, wanted: &Wanted) -> Result<Scanned, Failure> {
        let scanned = self.with(release, |log| {
            let mut hits = log.taken(wanted);
            hits.extend(&log.reader)?;
            let (searched, count, last) = (hits.searched(), hits.count(), hits.last());
            log.hits.insert(0, hits);
            Ok(Scanned { searched, more: searched < log.reader.lines(), count, last })
        });
        Ok(scanned?)
    }

    fn find(&mut self, release: &ReleaseId, wanted: &Wanted, which: Goal) -> Result<Option<Match>, Failure> {
        let found = self.with(release, |log| {
            let mut hits = log.taken(wanted);
            let number = match which {
                Goal::Number(number) => number,
                Goal::From(line) => hits.rank(&log.reader, line)?,
                Goal::Before(line) => {
                    let before = hits.rank(&log.reader, line)?.checked_sub(1);
                    before.unwrap_or(hits.count().saturating_sub(1))
                }
            };
            let line = hits.nth(&log.reader, number)?;
            log.hits.insert(0, hits);
            let Some(line) = line else { return Ok(None) };
            let byte = log.reader.first_in(line, &wanted.filter.pattern)?.unwrap_or(0);
            Ok(Some(Match { number, line, byte }))
        });
        Ok(found?)
    }

    fn take(&mut self, release: &ReleaseId, lines: &RangeInclusive<u64>, filter: &Filter) -> Result<Taken, Failure> {
        let taken = self.with(release, |log| {
            let mut taken = Taken::default();
            log.reader.plain_between(lines, filter, |_, text| {
                let room = TAKEN.saturating_sub(taken.text.len());
                taken.cut |= text.len() > room;
                taken.text.push_str(&text[..text.floor_char_boundary(room)]);
                taken.lines += u64::from(text == "\n" && !taken.cut);
                if taken.cut { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
            // A part of a line is one, too.
            taken.lines += u64::from(taken.cut);
            Ok(taken)
        });
        Ok(taken?)
    }

    fn steps(&mut self, release: &ReleaseId) -> Result<Box<StepsRead>, Failure> {
        let read = self.with(release, |log| {
            let (reader, steps) = (&log.reader, &mut log.steps);
            let mut news = false;
            reader.lines_part(steps.lines, |number, line| news |= steps.take(line, || reader.time_of(number)))?;
            if news {
                log.told = Arc::new(steps.clone());
            }
            Ok(Box::new(StepsRead { more: steps.lines < reader.lines(), steps: log.told.clone() }))
        });
        Ok(read?)
    }

    /// Does this with the log as it is now.
    fn with<T>(
        &mut self,
        release: &ReleaseId,
        act: impl FnOnce(&mut Log) -> Result<T, SpoolError>,
    ) -> Result<T, SpoolError> {
        // One that fails is opened anew.
        let mut log = match self.open.take() {
            Some(log) if log.release == *release => log,
            _ => {
                let reader = Reader::open(&self.folder.join(format!("{release}.log")))?;
                Log::new(release.clone(), reader)
            }
        };
        log.reader.refresh()?;
        let done = act(&mut log)?;
        self.open = Some(log);
        Ok(done)
    }
}

impl Log {
    fn new(release: ReleaseId, reader: Reader) -> Self {
        Self { release, reader, hits: Vec::new(), steps: Steps::default(), told: Arc::default() }
    }

    /// What was found of this so far; to be put back in front.
    fn taken(&mut self, wanted: &Wanted) -> Hits {
        if let Some(at) = self.hits.iter().position(|hits| hits.wanted() == wanted) {
            return self.hits.remove(at);
        }
        self.hits.truncate(KEPT - 1);
        Hits::new(wanted.clone())
    }
}

#[cfg(test)]
mod tests;
