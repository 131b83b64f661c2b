//! The log of a run of a task, brought into the spool: sanitised, redacted, and read there like any other. A log that is
//! whole is brought once, and written no more.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use regex::Regex;
use tokio::time::{Instant, sleep};

use super::{cluster::Cluster, serve::PACE};
use crate::{
    domain::{
        failure::Failure,
        shasum::Shasum,
        task::{Task, TaskId},
    },
    keeping::Redaction,
    log::{
        lines::{LineAssembler, MAX_LINE},
        redact::Redactor,
    },
    spool,
    taskcluster::{LogEnd, LogNote, LogPiece, TaskclusterError},
};

/// How often the queue is asked how the task stands.
const ASKED: Duration = Duration::from_secs(2);
/// Lines with a digest in them that are looked at: more of them say nothing that is one digest.
const DIGESTS: usize = 1000;

/// What is fetched, and where to.
pub struct Fetching {
    pub task: TaskId,
    pub run: u32,
    pub file: PathBuf,
    pub redaction: Redaction,
    /// Told of the number of lines that can be read, now and then.
    pub grown: Arc<dyn Fn(u64) + Send + Sync>,
}

/// Brings a log in until it has ended. The answer is what is missing of it, in words, if anything is.
///
/// # Errors
/// When it cannot be read there or written here.
pub async fn fetch(cluster: &Cluster, fetching: Fetching) -> Result<Option<String>, Failure> {
    if is_whole(&fetching.file) {
        return Ok(None);
    }
    let Some(_lock) = lock(&fetching.file)? else { return elsewhere(&fetching).await };
    if is_whole(&fetching.file) {
        return Ok(None);
    }
    // What an earlier process began and did not end is begun anew: nobody knows how far it was.
    remove(&fetching.file)?;
    let task = cluster.deployment.task(&fetching.task).await?;
    let mut spool = None;
    let ended = bring(cluster, &task, &fetching, &mut spool).await;
    let mut wrote = false;
    if let Some(writer) = spool {
        (fetching.grown)(finish(writer)?);
        wrote = true;
    }
    let (ended, differs) = ended?;
    if differs {
        // What is here came live. Whoever opens it anew gets what was kept.
        return Ok(Some("this came live, and what was kept is something else".to_owned()));
    }
    if wrote && ended == LogEnd::Whole {
        let kept = fs::set_permissions(&fetching.file, Permissions::from_mode(0o400));
        kept.map_err(|e| unwritten(&fetching.file, &e))?;
    }
    Ok((ended != LogEnd::Whole).then(|| ended.to_string()))
}

/// How the log ended, and whether what was kept of it is something else than what came live.
async fn bring(
    cluster: &Cluster,
    task: &Task,
    fetching: &Fetching,
    spool: &mut Option<spool::Writer>,
) -> Result<(LogEnd, bool), Failure> {
    let mut differs = false;
    let mut log = cluster.deployment.log(task, fetching.run, ASKED);
    let mut lines = LineAssembler::new(MAX_LINE, fetching.redaction.now());
    let mut told = Instant::now();
    // Text is shown soon after it came, also where nothing follows it.
    let mut quiet = false;
    loop {
        let piece = tokio::select! {
            piece = log.next() => piece?,
            () = sleep(PACE), if quiet => {
                quiet = false;
                tell(fetching, spool)?;
                continue;
            }
        };
        match piece {
            Some(LogPiece::Text(bytes)) => {
                let writer = match spool {
                    Some(writer) => writer,
                    None => spool.insert(spool::Writer::create(&fetching.file)?),
                };
                let now = Timestamp::now().as_millisecond();
                let mut wrote = Ok(());
                lines.redact_by(fetching.redaction.now());
                lines.push(&bytes, &mut |line| wrote = wrote.clone().and_then(|()| writer.line_at(line, now)));
                wrote?;
                quiet = true;
                if told.elapsed() >= PACE {
                    told = Instant::now();
                    tell(fetching, spool)?;
                }
            }
            Some(LogPiece::Note(note)) => differs |= note == LogNote::Differs,
            Some(LogPiece::End(end)) => {
                if let Some(writer) = spool {
                    let now = Timestamp::now().as_millisecond();
                    let mut wrote = Ok(());
                    lines.finish(&mut |line| wrote = wrote.clone().and_then(|()| writer.line_at(line, now)));
                    wrote?;
                }
                return Ok((end, differs));
            }
            None => return Ok((LogEnd::Whole, differs)),
        }
    }
}

fn tell(fetching: &Fetching, spool: &mut Option<spool::Writer>) -> Result<(), Failure> {
    if let Some(writer) = spool {
        writer.flush()?;
        (fetching.grown)(writer.size().1);
    }
    Ok(())
}

fn finish(writer: spool::Writer) -> Result<u64, Failure> {
    Ok(writer.finish()?.lines)
}

/// The mode says it: what is whole is for reading alone.
pub fn is_whole(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|found| found.permissions().mode() & 0o200 == 0)
}

/// The right to bring this log in; `None` while another process does.
fn lock(file: &Path) -> Result<Option<File>, Failure> {
    let path = file.with_extension("lock");
    let opened = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        File::options().create(true).truncate(false).write(true).open(&path)
    };
    let lock = opened().map_err(|e| unwritten(&path, &e))?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(fs::TryLockError::WouldBlock) => Ok(None),
        Err(fs::TryLockError::Error(e)) => Err(unwritten(&path, &e)),
    }
}

/// Another process brings it in: how far it is is read from what it wrote.
async fn elsewhere(fetching: &Fetching) -> Result<Option<String>, Failure> {
    let mut lines = 0;
    loop {
        if let Ok(reader) = spool::Reader::open(&fetching.file)
            && reader.lines() > lines
        {
            lines = reader.lines();
            (fetching.grown)(lines);
        }
        if is_whole(&fetching.file) {
            return Ok(None);
        }
        if lock(&fetching.file)?.is_some() {
            return Ok(Some("another windlass brought it in, and ended before it was whole".to_owned()));
        }
        sleep(ASKED).await;
    }
}

fn remove(file: &Path) -> Result<(), Failure> {
    for path in [file.to_owned(), file.with_extension("idx")] {
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(unwritten(&path, &e)),
        }
    }
    Ok(())
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(
        "the log cannot be kept",
        format!("{}: {error}", path.display()),
        "make room on that disk, or give your user the right to it",
    )
}

/// What the pattern finds in the log of a run that is over.
///
/// # Errors
/// When the log cannot be read. Where there is none, nothing is found.
pub(super) async fn digest(
    cluster: &Cluster,
    task: &Task,
    run: u32,
    pattern: &Regex,
) -> Result<Shasum, TaskclusterError> {
    let mut log = cluster.deployment.log(task, run, ASKED);
    let mut assembler = LineAssembler::new(MAX_LINE, Arc::new(Redactor::new([], &[])));
    let mut found: Vec<String> = Vec::new();
    let mut take = |line: &str| {
        if found.len() < DIGESTS && pattern.is_match(line) {
            found.push(line.to_owned());
        }
    };
    while let Some(piece) = log.next().await? {
        match piece {
            LogPiece::Text(bytes) => assembler.push(&bytes, &mut take),
            LogPiece::End(_) => assembler.finish(&mut take),
            LogPiece::Note(_) => {}
        }
    }
    Ok(Shasum::in_log(pattern, found))
}
