//! The build step: context to the engine, its output to the spool, the image's identity to the journal.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use tokio::{sync::Notify, time::sleep};

use super::{
    local::Run,
    plan::context_root,
    preflight::Access,
    progress::Progress,
    serve::{Bell, PACE},
};
use crate::{
    domain::{
        event::{Built, Event, Step},
        failure::Failure,
    },
    engine::{self, BuildEvent, BuildRequest, Engine, Outcome},
    log::{
        lines::{LineAssembler, MAX_LINE},
        redact::Redactor,
    },
    spool,
};

pub async fn build(run: &mut Run<'_, '_>, access: &Access, engine: &Engine) -> Result<(), Failure> {
    run.start(Step::Build).await?;
    let at = run.at;
    let plan = run.plan().clone();
    let worktree =
        if at.from_worktree { Some(at.checkout.worktree(&plan.source.commit, &at.paths.run()).await?) } else { None };
    let project = match &worktree {
        Some(worktree) => worktree.path().join(at.checkout.prefix()),
        None => at.root.clone(),
    };
    let root = context_root(&project, &plan.build.context);
    // A Dockerfile that cannot be read is told of by the build itself.
    let dockerfile = std::fs::read_to_string(root.join(&plan.build.dockerfile)).unwrap_or_default();
    let hosts = engine::registries(&dockerfile, &plan.build.args);
    let logins = engine::context::docker_logins(&at.environment, hosts).await?;
    let logins = logins.into_iter().map(|(host, found)| (host, found.login)).collect();
    let log = Log::create(&at.paths.logs().join(format!("{}.log", plan.release)))?;
    let mut streams = Streams::new(&log, &access.redactor);
    let bell = run.bell.clone();
    let outcome = {
        let mut on = |event: BuildEvent<'_>| streams.take(&event, run);
        let request = BuildRequest { root: &root, definition: &plan.build, logins };
        let work = async {
            tokio::select! {
                biased;
                // A build without its log is not gone on with.
                error = log.publish(&bell) => Err(error.into()),
                done = engine.build(request, &mut on, at.permit) => done.map_err(Failure::from),
            }
        };
        at.or_cancelled(Step::Build, work).await
    };
    streams.finish(run);
    let log = log.finish()?;
    run.bell.log(log.bytes, log.lines);
    let outcome = outcome?;
    let note = note(&outcome);
    run.emit(Event::Built(built(outcome, &log, engine.about().to_string()))).await?;
    run.succeed(Step::Build, note).await
}

fn built(outcome: Outcome, log: &spool::Summary, engine: String) -> Built {
    Built {
        image_id: outcome.image.id,
        id_kind: outcome.image.id_kind,
        diff_ids: outcome.image.diff_ids,
        platform: outcome.image.platform,
        builder: outcome.builder.to_owned(),
        engine,
        dockerfile_digest: Some(outcome.dockerfile_digest),
        context_digest: Some(outcome.context_digest),
        log_digest: Some(log.digest.clone()),
        log_clipped: outcome.clipped,
        steps: outcome.steps,
        cached: outcome.cached,
        archive: None,
    }
}

fn note(outcome: &Outcome) -> String {
    let steps = if outcome.steps == 1 { "1 step".to_owned() } else { format!("{} steps", outcome.steps) };
    let clipped = if outcome.clipped { ", log clipped by BuildKit" } else { "" };
    format!("{}  {steps}, {} cached{clipped}", outcome.image.id.short(), outcome.cached)
}

/// The log in the spool, written by the build and published beside it.
struct Log {
    spool: Mutex<spool::Writer>,
    written: Notify,
}

impl Log {
    fn create(file: &Path) -> Result<Self, Failure> {
        Ok(Self { spool: Mutex::new(spool::Writer::create(file)?), written: Notify::new() })
    }

    fn spool(&self) -> MutexGuard<'_, spool::Writer> {
        self.spool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, line: &str) {
        // An error stays with the writer, and `publish` meets it.
        let _ = self.spool().line_at(line, Timestamp::now().as_millisecond());
        self.written.notify_one();
    }

    /// Lets readers see what was written, and rings for them. Ends when the log cannot be written.
    async fn publish(&self, bell: &Bell) -> spool::SpoolError {
        loop {
            self.written.notified().await;
            sleep(PACE).await;
            let mut spool = self.spool();
            if let Err(error) = spool.flush() {
                return error;
            }
            let (bytes, lines) = spool.size();
            bell.log(bytes, lines);
        }
    }

    fn finish(self) -> Result<spool::Summary, Failure> {
        Ok(self.spool.into_inner().unwrap_or_else(PoisonError::into_inner).finish()?)
    }
}

/// decode → sanitise → redact → spool, for each of the build's streams.
struct Streams<'a> {
    log: &'a Log,
    redactor: &'a Arc<Redactor>,
    open: BTreeMap<u32, LineAssembler>,
}

impl<'a> Streams<'a> {
    fn new(log: &'a Log, redactor: &'a Arc<Redactor>) -> Self {
        Self { log, redactor, open: BTreeMap::new() }
    }

    fn take(&mut self, event: &BuildEvent<'_>, run: &mut Run<'_, '_>) {
        match event {
            BuildEvent::Text { stream, bytes } => self
                .open
                .entry(*stream)
                .or_insert_with(|| LineAssembler::new(MAX_LINE, Arc::clone(self.redactor)))
                .push(bytes, &mut |line: &str| write(self.log, run, line)),
            BuildEvent::StreamEnd { stream } => {
                if let Some(mut rest) = self.open.remove(stream) {
                    rest.finish(&mut |line: &str| write(self.log, run, line));
                }
            }
            BuildEvent::Context { files, bytes } => run.progress(Progress::Context { files: *files, bytes: *bytes }),
            BuildEvent::Step { .. } | BuildEvent::Clipped => {}
        }
    }

    fn finish(self, run: &mut Run<'_, '_>) {
        for mut rest in self.open.into_values() {
            rest.finish(&mut |line: &str| write(self.log, run, line));
        }
    }
}

fn write(log: &Log, run: &mut Run<'_, '_>, line: &str) {
    log.line(line);
    run.line(line);
}
