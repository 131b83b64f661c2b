//! The log of a run: as its worker writes it where that can be seen, then, once the run is over, as it was kept, of which
//! only what is new is given. The bytes are as the task wrote them: untrusted.
//!
//! | run | live log | kept log | what happens |
//! |---|---|---|---|
//! | not begun | - | - | the queue is asked at the caller's pace |
//! | running | an address | - | its bytes; each connection begins anew, and what was given is skipped |
//! | running | none | - | said once; the kept log comes at the end |
//! | over | leads to the kept one | gzip | its bytes, of which those that came live are skipped |
//! | over | a dead address | none | its worker vanished |
//!
//! The end of a live log is not the end of its run, and the end of a run says nothing about its log: the queue is asked
//! about the one, and the kept log shows whether the other is whole.

use std::{collections::VecDeque, pin::Pin, time::Duration};

use bytes::Bytes;
use reqwest::Url;
use tokio::time::sleep;

use super::{
    body::Body,
    error::TaskclusterError,
    pieces::{LogEnd, LogNote, LogPiece},
    replay::{Beginning, Given, Replay},
    sources::{Kept, Live, Sources},
    transport::Deployment,
};
use crate::domain::{
    log_names::LogNames,
    task::{Run, Status, Task, TaskId, TaskState, reason_words},
};

/// Questions in a row to which the queue gives no answer.
const QUESTIONS: u32 = 20;
/// Readings of a kept log that break off without anything new.
const READINGS: u32 = 5;
/// Answers of the queue that a run is over while its live log goes on: a cancelled command may write for a while.
const LATE: u32 = 30;
/// How often a log is asked for that may still be uploaded: a worker hears late that its run was cancelled.
const UPLOAD: u32 = 5;
/// A pause grows to so many times the pace.
const LONGEST: u32 = 8;

/// A question that goes on being asked where its answer is not waited for.
type Asking<T> = Pin<Box<dyn Future<Output = Result<T, TaskclusterError>> + Send>>;

/// The log of a run, which is followed for as long as [`Log::next`] is called.
pub struct Log {
    sources: Sources,
    pace: Duration,
    status: Status,
    /// How the task stands, when its time has come.
    asking: Asking<Status>,
    stage: Stage,
    ready: VecDeque<LogPiece>,
    given: Given,
    /// The address of a live log that came to its end, or that is not to be read.
    finished: Option<Url>,
    /// The last note, so that nothing is said twice.
    noted: Option<LogNote>,
    /// The run was running while we looked.
    seen_running: bool,
    /// Times that there was no live log.
    without: u32,
    /// Questions in a row without an answer.
    unanswered: u32,
    /// Connections to the worker, and readings of the kept log, since something new came.
    broken: u32,
    lost: u32,
    /// Times that the kept log was not there yet.
    missed: u32,
    /// It was said that two readings differ.
    differs: bool,
}

enum Stage {
    /// For the queue's answer.
    Waiting,
    LookingLive(Asking<Live>),
    LookingKept(Asking<Kept>),
    Live {
        body: Box<Body>,
        url: Url,
        replay: Replay,
        /// Something came since the queue last answered.
        heard: bool,
        /// Answers that the run is over.
        late: u32,
    },
    Kept(Box<Body>, Replay),
    Over,
}

impl Deployment {
    /// The log of this run of a task. `pace`: how often the queue is asked how the task stands; two seconds are fine.
    pub fn log(&self, task: &Task, run: u32, pace: Duration) -> Log {
        let names = LogNames::of(&task.definition.payload);
        let mut log = Log {
            sources: Sources { deployment: self.clone(), task: task.id().clone(), run, names },
            pace,
            status: task.status.clone(),
            asking: ask(self, task.id(), pace),
            stage: Stage::Waiting,
            ready: VecDeque::new(),
            given: Given::default(),
            finished: None,
            noted: None,
            seen_running: false,
            without: 0,
            unanswered: 0,
            broken: 0,
            lost: 0,
            missed: 0,
            differs: false,
        };
        log.look();
        log
    }
}

fn ask(deployment: &Deployment, task: &TaskId, after: Duration) -> Asking<Status> {
    let (deployment, task) = (deployment.clone(), task.clone());
    Box::pin(async move {
        sleep(after).await;
        deployment.status(&task).await
    })
}

impl Log {
    /// How the task stands, as far as it is known here.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// The next piece; `None` after the end. Whoever stops waiting loses nothing, and may call it again; so may whoever
    /// was told of an error.
    ///
    /// # Errors
    /// When we may not read it, and when something cannot be reached for long.
    pub async fn next(&mut self) -> Result<Option<LogPiece>, TaskclusterError> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Ok(Some(piece));
            }
            match &mut self.stage {
                Stage::Over => return Ok(None),
                Stage::Waiting => {
                    let answer = (&mut self.asking).await;
                    if self.answered(answer)? {
                        self.look();
                    }
                }
                Stage::LookingLive(looking) => {
                    let found = looking.await;
                    self.found_live(found)?;
                }
                Stage::LookingKept(looking) => {
                    let found = looking.await;
                    self.found_kept(found)?;
                }
                Stage::Live { body, .. } => {
                    // Fair: neither a flood of text nor the queue is to keep the other waiting.
                    tokio::select! {
                        text = body.next() => self.live(text),
                        answer = &mut self.asking => if self.answered(answer)? {
                            self.while_live();
                        },
                    }
                }
                Stage::Kept(body, _) => {
                    let text = body.next().await;
                    self.kept(text)?;
                }
            }
        }
    }

    /// Takes an answer of the queue, and has it asked again later; whether it was one.
    fn answered(&mut self, answer: Result<Status, TaskclusterError>) -> Result<bool, TaskclusterError> {
        self.unanswered = if answer.is_ok() { 0 } else { self.unanswered + 1 };
        self.asking = self.ask(self.pause());
        match answer {
            Ok(status) => self.status = status,
            Err(error) if error.is_passing() && self.unanswered < QUESTIONS => {
                self.note(LogNote::Broken(error.to_string()));
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// Whether the queue's answer ends the reading of a live log.
    fn while_live(&mut self) {
        let over = self.this_run().is_none_or(|run| run.state.is_over());
        if let Stage::Live { heard, late, .. } = &mut self.stage
            && over
        {
            *late += 1;
            // It may be on its way still; but a worker that has gone ends nothing.
            if !std::mem::take(heard) || *late > LATE {
                self.look();
            }
        }
    }

    /// Takes what came of a live log.
    fn live(&mut self, text: Result<Option<Bytes>, TaskclusterError>) {
        let Stage::Live { replay, url, heard, .. } = &mut self.stage else { return };
        match text {
            Ok(Some(bytes)) => {
                *heard = true;
                let (new, beginning) = replay.take(bytes);
                self.give(new, beginning);
            }
            Ok(None) => {
                self.finished = Some(url.clone());
                self.soon();
            }
            Err(error) => {
                self.broke(&error);
                self.soon();
            }
        }
    }

    /// Takes what came of the kept log.
    fn kept(&mut self, text: Result<Option<Bytes>, TaskclusterError>) -> Result<(), TaskclusterError> {
        let Stage::Kept(_, replay) = &mut self.stage else { return Ok(()) };
        match text {
            Ok(Some(bytes)) => {
                let (new, beginning) = replay.take(bytes);
                self.give(new, beginning);
            }
            Ok(None) => {
                if replay.is_short() {
                    self.differ();
                }
                self.end(LogEnd::Whole);
            }
            Err(error) => self.lost(error)?,
        }
        Ok(())
    }

    fn give(&mut self, new: Bytes, beginning: Beginning) {
        if beginning == Beginning::Other {
            self.differ();
        }
        if !new.is_empty() {
            (self.broken, self.lost) = (0, 0);
            self.given.add(&new);
            self.ready.push_back(LogPiece::Text(new));
        }
    }

    /// Begins to find out what is to be read now.
    fn look(&mut self) {
        let over = |state: &TaskState| state.is_over();
        match self.this_run().map(|run| &run.state) {
            Some(TaskState::Running) => {
                self.seen_running = true;
                let looking = self.sources.clone().live(self.finished.clone());
                self.stage = Stage::LookingLive(Box::pin(looking));
            }
            Some(state) if over(state) => self.stage = Stage::LookingKept(Box::pin(self.sources.clone().kept())),
            None if over(&self.status.state) => {
                self.end(LogEnd::NotKept(format!("there is no run {}", self.sources.run)));
            }
            _ => {
                self.stage = Stage::Waiting;
                self.note(LogNote::Waiting(Box::new(self.status.clone())));
            }
        }
    }

    fn found_live(&mut self, found: Result<Live, TaskclusterError>) -> Result<(), TaskclusterError> {
        self.stage = Stage::Waiting;
        match found? {
            Live::Open(body, url) => {
                self.note(LogNote::Live);
                self.stage = Stage::Live { body, url, replay: self.given.again(), heard: true, late: 0 };
            }
            Live::Finished => {}
            Live::None => {
                self.without += 1;
                // A worker needs a moment to tell of it; and it takes it away before what it keeps is there.
                if self.without == 2 && self.given.bytes == 0 {
                    self.note(LogNote::NoLiveLog("its worker writes none".to_owned()));
                }
            }
            Live::Untrusted(url, error) => {
                self.finished = Some(url);
                self.note(LogNote::NoLiveLog(error.to_string()));
            }
            Live::Broken(error) => self.broke(&error),
        }
        Ok(())
    }

    fn found_kept(&mut self, found: Result<Kept, TaskclusterError>) -> Result<(), TaskclusterError> {
        let (expired, at_worker, why) = match found {
            Ok(Kept::Open(body)) => {
                self.stage = Stage::Kept(body, self.given.again());
                return Ok(());
            }
            Ok(Kept::Missing { expired, at_worker, why }) => (expired, at_worker, why),
            Err(error) => return self.lost(error),
        };
        let reason = self.this_run().and_then(|run| run.reason_resolved.clone()).unwrap_or_default();
        let gone = reason == "claim-expired";
        self.missed += 1;
        if self.seen_running && !gone && !expired && self.missed <= UPLOAD {
            self.stage = Stage::Waiting;
            return Ok(());
        }
        self.end(if expired {
            LogEnd::Expired
        } else if gone || at_worker {
            LogEnd::WorkerVanished
        } else {
            LogEnd::NotKept(why.unwrap_or_else(|| reason_words(&reason).map_or(reason, ToOwned::to_owned)))
        });
        Ok(())
    }

    fn this_run(&self) -> Option<&Run> {
        self.status.runs.iter().find(|run| run.id == self.sources.run)
    }

    fn ask(&self, after: Duration) -> Asking<Status> {
        ask(&self.sources.deployment, &self.sources.task, after)
    }

    /// Has the queue asked without a pause: something has changed. What goes wrong again and again waits longer.
    fn soon(&mut self) {
        self.stage = Stage::Waiting;
        let after = if self.broken == 0 { Duration::ZERO } else { self.pause() };
        self.asking = self.ask(after);
    }

    fn pause(&self) -> Duration {
        self.pace * 2_u32.saturating_pow(self.broken.max(self.lost).max(self.unanswered)).min(LONGEST)
    }

    /// The worker could not be heard: it is tried for as long as its run is running.
    fn broke(&mut self, error: &TaskclusterError) {
        self.broken += 1;
        self.note(LogNote::Broken(error.to_string()));
    }

    /// The kept log did not come.
    fn lost(&mut self, error: TaskclusterError) -> Result<(), TaskclusterError> {
        self.lost += 1;
        self.stage = Stage::Waiting;
        let may_pass = error.is_passing() || matches!(error, TaskclusterError::Damaged { .. });
        if !may_pass || self.lost >= READINGS {
            return Err(error);
        }
        self.note(LogNote::Broken(error.to_string()));
        Ok(())
    }

    fn differ(&mut self) {
        if !std::mem::replace(&mut self.differs, true) {
            self.note(LogNote::Differs);
        }
    }

    fn note(&mut self, note: LogNote) {
        if self.noted.as_ref() != Some(&note) {
            self.noted = Some(note.clone());
            self.ready.push_back(LogPiece::Note(note));
        }
    }

    fn end(&mut self, end: LogEnd) {
        self.stage = Stage::Over;
        self.ready.push_back(LogPiece::End(end));
    }
}
