//! A release on the Docker engine of this machine: the steps in their order, each event journalled.

use jiff::Timestamp;

use super::{
    Notice, Surroundings, Watch, build, conclude,
    lock::RunLock,
    preflight,
    progress::{Progress, Tally},
    push,
    serve::{self, Bell, Doorbell},
};
use crate::domain::{
    event::{Event, Stamped, Step},
    failure::Failure,
    plan::Plan,
    reference::Tag,
    release::Release,
};
use crate::engine::PushEvent;

/// Carries out a plan. The answer is the release as its events tell it, failed or not.
///
/// # Errors
/// When there is no release to tell of: another one holds the lock, or the journal cannot be written.
pub async fn run(plan: Plan, at: &Surroundings<'_>, watch: &mut Watch<'_>) -> Result<Release, Failure> {
    let lock = RunLock::acquire(&at.paths.run(), &plan.repository, &plan.release)?;
    if let Some(dead) = &lock.predecessor {
        serve::tidy(&at.paths.run(), dead);
    }
    let doorbell = Doorbell::hang(&at.paths.run(), &plan.release, at.cancel.clone())?;
    let mut run = Run::begin(plan, at, watch, doorbell.bell.clone()).await?;
    if let Err(failure) = run.steps().await {
        let step = run.release.steps.iter().find(|s| s.ended.is_none()).map_or(Step::Verify, |s| s.step);
        run.emit(Event::StepFailed { step, failure }).await?;
    }
    run.emit(Event::Finished).await?;
    Ok(run.release)
}

/// A release while it runs: its events so far, and where the next ones go.
pub(super) struct Run<'a, 'w> {
    pub at: &'a Surroundings<'a>,
    pub release: Release,
    /// Rings for those who watch from other processes.
    pub bell: Bell,
    watch: &'a mut Watch<'w>,
    tally: Tally,
}

impl<'a, 'w> Run<'a, 'w> {
    async fn begin(
        plan: Plan,
        at: &'a Surroundings<'a>,
        watch: &'a mut Watch<'w>,
        bell: Bell,
    ) -> Result<Self, Failure> {
        let event = Event::Planned { plan: Box::new(plan.clone()) };
        let stamped = at.journal.append(&plan.release, &event, Timestamp::now()).await?;
        bell.event(stamped.seq);
        watch(Notice::Event(&stamped));
        Ok(Self { at, release: Release::new(plan, stamped.at, stamped.seq), bell, watch, tally: Tally::default() })
    }

    pub fn plan(&self) -> &Plan {
        &self.release.plan
    }

    /// Appends an event to the journal, then lets it count.
    pub async fn emit(&mut self, event: Event) -> Result<(), Failure> {
        let stamped: Stamped = self.at.journal.append(&self.release.plan.release, &event, Timestamp::now()).await?;
        self.release.apply(&stamped).map_err(|e| {
            Failure::failed(
                "the journal gave this event a wrong number",
                e.to_string(),
                "is a second windlass writing this release?",
            )
        })?;
        self.bell.event(stamped.seq);
        (self.watch)(Notice::Event(&stamped));
        Ok(())
    }

    /// A line of the build's log. Watchers elsewhere read it in the spool.
    pub fn line(&mut self, line: &str) {
        (self.watch)(Notice::Log(line));
    }

    pub fn progress(&mut self, progress: Progress) {
        (self.watch)(Notice::Progress(&progress));
        self.bell.progress(progress);
    }

    pub fn pushing(&mut self, tag: &Tag, event: &PushEvent) {
        let progress = self.tally.add(tag, event);
        self.progress(progress);
    }

    pub async fn start(&mut self, step: Step) -> Result<(), Failure> {
        self.emit(Event::StepStarted { step }).await
    }

    pub async fn succeed(&mut self, step: Step, note: impl Into<String>) -> Result<(), Failure> {
        self.emit(Event::StepSucceeded { step, note: note.into() }).await
    }

    async fn steps(&mut self) -> Result<(), Failure> {
        let ready = preflight::preflight(self).await?;
        preflight::secret(self, &ready).await?;
        build::build(self, &ready).await?;
        let pushed = push::push(self, &ready).await?;
        conclude::record(self, pushed).await?;
        conclude::verify(self, &ready).await
    }
}

impl Surroundings<'_> {
    /// Waits for `work`, or for somebody to cancel: then `work` is dropped, which ends what it does.
    pub(super) async fn or_cancelled<T>(
        &self,
        step: Step,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Failure::cancelled(
                format!("the {} step was cancelled", step.name()),
                "start it again with `windlass release`",
            )),
            done = work => done,
        }
    }
}
