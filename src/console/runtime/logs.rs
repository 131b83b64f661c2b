//! Reads the lines of logs that are asked for, on a thread of its own: a disk keeps nothing else waiting.

use std::{
    path::PathBuf,
    sync::mpsc::{Sender, channel},
    thread,
};

use tokio::sync::mpsc::UnboundedSender;

use crate::{
    console::{
        message::Message,
        model::{LogPart, Window},
    },
    domain::{failure::Failure, name::ReleaseId},
    spool::{Reader, SpoolError},
};

/// Bytes of a line that are shown; `windlass log` has all of it.
const LONGEST: usize = 16 * 1024;
const CUT: &str = " (cut here: windlass log shows all of it)";

pub struct Logs {
    requests: Sender<(ReleaseId, LogPart)>,
}

impl Logs {
    pub fn new(folder: PathBuf, to: UnboundedSender<Message>) -> Result<Self, Failure> {
        let (requests, work) = channel::<(ReleaseId, LogPart)>();
        thread::Builder::new()
            .name("logs".to_owned())
            .spawn(move || {
                let mut open: Option<(ReleaseId, Reader)> = None;
                while let Ok(mut request) = work.recv() {
                    // An older request is of a release that is not looked at any more.
                    while let Ok(newer) = work.try_recv() {
                        request = newer;
                    }
                    let (release, part) = request;
                    if open.as_ref().is_some_and(|(of, _)| *of != release) {
                        open = None;
                    }
                    let answer = read(&folder, &mut open, &release, part).map_err(Failure::from);
                    if answer.is_err() {
                        open = None;
                    }
                    if to.send(Message::Log(release, answer)).is_err() {
                        return;
                    }
                }
            })
            .map_err(|e| Failure::failed("logs cannot be read", e.to_string(), "end other programs and try again"))?;
        Ok(Self { requests })
    }

    pub fn ask(&self, release: ReleaseId, part: LogPart) {
        // The thread lives as long as somebody waits for its answers.
        let _ = self.requests.send((release, part));
    }
}

fn read(
    folder: &std::path::Path,
    open: &mut Option<(ReleaseId, Reader)>,
    release: &ReleaseId,
    part: LogPart,
) -> Result<Option<Window>, SpoolError> {
    let (_, reader) = match open {
        Some(open) => open,
        None => match Reader::open(&folder.join(format!("{release}.log"))) {
            Ok(reader) => open.insert((release.clone(), reader)),
            Err(SpoolError::Missing { .. }) => return Ok(None),
            Err(error) => return Err(error),
        },
    };
    reader.refresh()?;
    let total = reader.lines();
    let (first, count) = match part {
        LogPart::From(first, count) => (first.min(total), count),
        LogPart::End(count) => (total.saturating_sub(count as u64), count),
    };
    let lines = reader.lines_at(first, count)?.into_iter().map(cut).collect();
    Ok(Some(Window { first, lines, total }))
}

fn cut(mut line: String) -> String {
    if line.len() > LONGEST {
        line.truncate(line.floor_char_boundary(LONGEST));
        line.push_str(CUT);
    }
    line
}
