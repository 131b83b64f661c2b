//! The build step: context to the engine, its output to the spool, the image's identity to the journal.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{Notice, local::Run, plan::context_root, preflight::Access};
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
    let mut log = BuildLog::create(&at.paths.logs().join(format!("{}.log", plan.release)), &access.redactor)?;
    let outcome = {
        let stop = log.stop.clone();
        let mut on = |event: BuildEvent<'_>| log.take(&event, &mut |notice| run.show(notice));
        let request = BuildRequest { root: &root, definition: &plan.build, logins };
        let work = async {
            tokio::select! {
                biased;
                () = stop.cancelled() => Err(Failure::failed(
                    "the build was stopped",
                    "its log could not be written",
                    "see to the disk, then release again",
                )),
                done = engine.build(request, &mut on, at.permit) => done.map_err(Failure::from),
            }
        };
        at.or_cancelled(Step::Build, work).await
    };
    let log = log.finish(&mut |notice| run.show(notice))?;
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
    }
}

fn note(outcome: &Outcome) -> String {
    let steps = if outcome.steps == 1 { "1 step".to_owned() } else { format!("{} steps", outcome.steps) };
    let clipped = if outcome.clipped { ", log clipped by BuildKit" } else { "" };
    format!("{}  {steps}, {} cached{clipped}", outcome.image.id.short(), outcome.cached)
}

/// decode → sanitise → redact → spool, for each of the build's streams.
struct BuildLog {
    spool: spool::Writer,
    streams: BTreeMap<u32, LineAssembler>,
    redactor: Arc<Redactor>,
    failed: Option<spool::SpoolError>,
    /// Set when the log cannot be written: a build without its log is not gone on with.
    stop: CancellationToken,
}

impl BuildLog {
    fn create(file: &Path, redactor: &Arc<Redactor>) -> Result<Self, Failure> {
        Ok(Self {
            spool: spool::Writer::create(file)?,
            streams: BTreeMap::new(),
            redactor: Arc::clone(redactor),
            failed: None,
            stop: CancellationToken::new(),
        })
    }

    fn take(&mut self, event: &BuildEvent<'_>, show: &mut dyn FnMut(Notice<'_>)) {
        let Self { spool, streams, redactor, failed, stop } = self;
        let mut write = |line: &str| {
            if failed.is_none()
                && let Err(error) = spool.line_at(line, Timestamp::now().as_millisecond())
            {
                *failed = Some(error);
                stop.cancel();
            }
            show(Notice::Log(line));
        };
        match event {
            BuildEvent::Text { stream, bytes } => streams
                .entry(*stream)
                .or_insert_with(|| LineAssembler::new(MAX_LINE, Arc::clone(redactor)))
                .push(bytes, &mut write),
            BuildEvent::StreamEnd { stream } => {
                if let Some(mut rest) = streams.remove(stream) {
                    rest.finish(&mut write);
                }
            }
            BuildEvent::Context { files, bytes } => show(Notice::Context { files: *files, bytes: *bytes }),
            BuildEvent::Step { .. } | BuildEvent::Clipped => {}
        }
    }

    fn finish(mut self, show: &mut dyn FnMut(Notice<'_>)) -> Result<spool::Summary, Failure> {
        let streams: Vec<u32> = self.streams.keys().copied().collect();
        for stream in streams {
            self.take(&BuildEvent::StreamEnd { stream }, show);
        }
        match self.failed {
            Some(error) => Err(error.into()),
            None => Ok(self.spool.finish()?),
        }
    }
}
