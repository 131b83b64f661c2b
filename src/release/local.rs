//! A release on the Docker engine of this machine: the steps in their order, each event journalled.

use jiff::Timestamp;

use super::{
    Notice, Surroundings, Watch, archive, build, conclude,
    lock::RunLock,
    point, preflight,
    progress::{Progress, Tally},
    push::{self, Holder},
    serve::{self, Bell, Doorbell},
};
use crate::{
    domain::{
        event::{Event, Stamped, Step},
        failure::Failure,
        plan::Plan,
        reference::Tag,
        release::{BadHistory, Release},
    },
    engine::PushEvent,
    fault,
    registry::Manifest,
};

/// How a release begins: its plan, what it takes over from an earlier one, and what is left to do.
pub struct Beginning {
    pub plan: Plan,
    /// Written together with the plan, so that the release's own events tell all of it.
    pub carried: Vec<Event>,
    pub work: Work,
}

/// What a release does.
pub enum Work {
    /// Every step.
    Whole,
    /// This step and those after it, with the plan of the release that came before.
    From(Step, Box<Release>),
    /// A moving tag is put on a manifest that the registry has already.
    Point(Manifest),
}

impl From<Plan> for Beginning {
    fn from(plan: Plan) -> Self {
        Self { plan, carried: Vec::new(), work: Work::Whole }
    }
}

/// Carries out a plan. The answer is the release as its events tell it, failed or not.
///
/// # Errors
/// When there is no release to tell of: another one holds the lock, or the journal cannot be written.
pub async fn run(
    beginning: impl Into<Beginning>,
    at: &Surroundings<'_>,
    watch: &mut Watch<'_>,
) -> Result<Release, Failure> {
    let Beginning { plan, carried, work } = beginning.into();
    let lock = RunLock::acquire(&at.paths.run(), &plan.repository, &plan.release)?;
    if let Some(dead) = &lock.predecessor {
        serve::tidy(&at.paths.run(), dead);
    }
    let doorbell = Doorbell::hang(&at.paths.run(), &plan.release, at.cancel.clone())?;
    let mut run = Run::begin(plan, carried, at, watch, doorbell.bell.clone()).await?;
    let outcome = run.steps(work).await;
    match run.end(outcome).await {
        Ok(()) => Ok(run.release),
        // The release is left as if its process had been killed.
        Err(unwritten) => Err(run.release.with_way_on(unwritten)),
    }
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
        carried: Vec<Event>,
        at: &'a Surroundings<'a>,
        watch: &'a mut Watch<'w>,
        bell: Bell,
    ) -> Result<Self, Failure> {
        fault::release("before", 1);
        let begun = at.journal.begin(&plan, carried, Timestamp::now()).await?;
        let release = Release::fold(&begun).map_err(|e| misnumbered(&e))?;
        fault::release("after", release.seq);
        for stamped in &begun {
            bell.event(stamped.seq);
            watch(Notice::Event(stamped));
        }
        Ok(Self { at, release, bell, watch, tally: Tally::default() })
    }

    pub fn plan(&self) -> &Plan {
        &self.release.plan
    }

    /// Appends an event to the journal, then lets it count.
    pub async fn emit(&mut self, event: Event) -> Result<(), Failure> {
        fault::release("before", self.release.seq + 1);
        let stamped: Stamped = self.at.journal.append(&self.release.plan.release, &event, Timestamp::now()).await?;
        fault::release("after", stamped.seq);
        self.release.apply(&stamped).map_err(|e| misnumbered(&e))?;
        self.bell.event(stamped.seq);
        (self.watch)(Notice::Event(&stamped));
        Ok(())
    }

    /// A line of the build's log. Watchers elsewhere read it in the spool.
    pub fn line(&mut self, line: &str) {
        fault::release("during", self.release.seq);
        (self.watch)(Notice::Log(line));
    }

    pub fn progress(&mut self, progress: Progress) {
        fault::release("during", self.release.seq);
        (self.watch)(Notice::Progress(&progress));
        self.bell.progress(progress);
    }

    pub fn pushing(&mut self, tag: &Tag, event: &PushEvent) {
        let progress = self.tally.add(tag, event);
        self.progress(progress);
    }

    async fn end(&mut self, outcome: Result<(), Failure>) -> Result<(), Failure> {
        if let Err(failure) = outcome {
            let step = self
                .release
                .steps
                .iter()
                .find(|s| s.ended.is_none())
                .and_then(|s| s.step.own())
                .unwrap_or(Step::Verify);
            let failure = self.release.with_way_on(failure);
            self.emit(Event::StepFailed { step, failure }).await?;
        }
        self.emit(Event::Finished).await
    }

    pub async fn start(&mut self, step: Step) -> Result<(), Failure> {
        self.emit(Event::StepStarted { step }).await
    }

    pub async fn succeed(&mut self, step: Step, note: impl Into<String>) -> Result<(), Failure> {
        self.emit(Event::StepSucceeded { step, note: note.into() }).await
    }

    async fn steps(&mut self, work: Work) -> Result<(), Failure> {
        match work {
            Work::Whole => self.steps_from(Step::Preflight, None).await,
            Work::From(first, earlier) => self.steps_from(first, Some(&earlier)).await,
            Work::Point(manifest) => {
                let access = preflight::of_point(self).await?;
                preflight::secret(self, &access).await?;
                let pushed = point::push(self, &access, &manifest).await?;
                conclude::record(self, pushed).await?;
                conclude::verify(self, &access).await
            }
        }
    }

    /// `earlier` is the release whose plan this one has; its images under frozen tags count as our own.
    async fn steps_from(&mut self, first: Step, earlier: Option<&Release>) -> Result<(), Failure> {
        let (access, engine) = match first {
            Step::Preflight => preflight::preflight(self, earlier).await?,
            _ => preflight::again(self, first).await?,
        };
        if first <= Step::Secret {
            preflight::secret(self, &access).await?;
        }
        let image = match engine {
            Some(engine) => {
                if first <= Step::Build {
                    build::build(self, &access, &engine).await?;
                }
                Some(Holder::Engine(engine))
            }
            None if first <= Step::Archive => Some(Holder::Archive(Box::pin(archive::archive(self)).await?)),
            None if first == Step::Push => Some(Holder::Archive(Box::pin(archive::again(self, first)).await?)),
            None => None,
        };
        let pushed = match &image {
            Some(holder) => Some(push::push(self, &access, holder, earlier.is_some()).await?),
            None if first <= Step::Record => Some(push::read_back(self, &access).await?),
            None => None,
        };
        if let Some(pushed) = pushed {
            conclude::record(self, pushed).await?;
        }
        conclude::verify(self, &access).await
    }
}

fn misnumbered(error: &BadHistory) -> Failure {
    Failure::failed(
        "the journal gave this event a wrong number",
        error.to_string(),
        "is a second windlass writing this release?",
    )
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
                "start it again",
            )),
            done = work => done,
        }
    }
}
