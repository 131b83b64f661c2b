//! How a release that did not come to a good end is taken up again: what of it stands, and the command that goes on
//! from there.

use super::{
    event::Step,
    failure::{Failure, FailureKind},
    observation::Content,
    plan::Trigger,
    release::{Release, ReleaseState, StepState},
};

impl Release {
    /// The first step that is still to be done; what came before it stands. `None`: nothing was built, so that there is
    /// nothing to keep.
    #[must_use]
    pub fn open_step(&self) -> Option<Step> {
        self.built.as_ref()?;
        let pushed = |step: &StepState| matches!(step, StepState::Succeeded | StepState::Reused);
        Some(match &self.record {
            Some(_) => Step::Verify,
            None if self.steps.iter().any(|s| s.step == Step::Push && pushed(&s.state)) => Step::Record,
            None => Step::Push,
        })
    }

    /// What the maintainer types to take this release up again.
    #[must_use]
    pub fn take_up_command(&self) -> String {
        let plan = &self.plan;
        match (plan.trigger, &plan.parent, plan.tags.first(), self.open_step()) {
            // Nothing of it has to be kept: to point once more is as good.
            (Trigger::Point, Some(parent), Some(planned), _) => format!("windlass point {} {parent}", planned.tag),
            (.., Some(step)) => format!("windlass rerun {} --from {}", plan.release, step.name()),
            (.., None) => format!("windlass rerun {}", plan.release),
        }
    }

    /// This failure, with how to go on after it.
    #[must_use]
    pub fn with_way_on(&self, failure: Failure) -> Failure {
        let again = self.take_up_command();
        let next = match failure.kind {
            FailureKind::Cancelled => format!("take it up again: {again}"),
            _ if self.built.is_some() => format!("{}; then: {again}", failure.next),
            // What the commit holds may be the reason, and then only another commit helps.
            _ => format!("{}; this commit once more: {again}", failure.next),
        };
        Failure { next, ..failure }
    }

    /// Says what the missing last event means once nobody holds the lock any more.
    pub fn found_dead(&mut self) {
        if self.ended.is_some() {
            return;
        }
        self.state = ReleaseState::Interrupted;
        let running = self.steps.iter_mut().find(|step| step.state == StepState::Running);
        let place = running.map_or_else(String::new, |step| {
            step.state = StepState::Interrupted;
            format!(" in the {} step", step.step.name())
        });
        let next = format!("take it up again: {}", self.take_up_command());
        self.failure.get_or_insert(Failure::failed(
            format!("the release was interrupted{place}"),
            "its process ended without a last word: it was killed, or its machine or disk gave out",
            next,
        ));
    }

    /// This content is the image that this release built or pushed, and nothing beside it.
    #[must_use]
    pub fn made(&self, content: &Content) -> bool {
        let known = self.built.iter().map(|built| &built.image_id);
        let known: Vec<_> = known.chain(self.pushes.iter().filter_map(|push| push.digest.as_ref())).collect();
        let alone = content.images.iter().filter(|_| !content.index);
        alone.flat_map(|image| [&image.config, &image.manifest]).chain([&content.digest]).any(|d| known.contains(&d))
    }
}
