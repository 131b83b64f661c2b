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

    /// What taking it up at this step keeps, does and needs; `None`: the whole of it.
    #[must_use]
    pub fn way(&self, first: Option<Step>) -> String {
        let image = self.built.as_ref().map_or("the image", |built| built.image_id.short());
        let pushed: Vec<&str> = self.pushes.iter().map(|push| push.tag.as_str()).collect();
        match first {
            None => "every step for this commit, under new tags".to_owned(),
            Some(Step::Preflight) => "every step, under the same tags".to_owned(),
            Some(Step::Secret) => "the checks stand: the login is tried, then it builds under the same tags".to_owned(),
            Some(Step::Build) => "checks and login stand: it builds again, under the same tags".to_owned(),
            Some(Step::Archive) => "checks and login stand: it reads the archive again, under the same tags".to_owned(),
            Some(Step::Push) => {
                let place =
                    self.plan.archive.as_ref().map_or("the engine must still have", |_| "its archive must still hold");
                format!("keeps {image}, which {place}: it pushes and records")
            }
            Some(Step::Record) if pushed.is_empty() => "records what was pushed; needs no engine".to_owned(),
            Some(Step::Record) => format!("keeps what was pushed, {}: it records; needs no engine", pushed.join(", ")),
            Some(Step::Verify) => "keeps the record: it asks the registry once more; needs no engine".to_owned(),
        }
    }

    /// Which of these ways to take it up is the one to go: where it stood, else the one that keeps the most before
    /// that. Each is a step, or the whole, and whether it can be gone.
    #[must_use]
    pub fn best_way(&self, ways: &[(Option<Step>, bool)]) -> usize {
        let wanted = if self.state == ReleaseState::Succeeded { None } else { self.open_step() };
        let at = ways.iter().position(|(first, _)| *first == wanted).unwrap_or(0);
        let before = ways.iter().take(at + 1).rposition(|(_, can)| *can);
        before.or_else(|| ways.iter().position(|(_, can)| *can)).unwrap_or(at)
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
        let during = running.map_or_else(
            || "between two steps".to_owned(),
            |step| {
                step.state = StepState::Interrupted;
                format!("in its {} step", step.step.name())
            },
        );
        let mut why =
            "its process ended without a last word: it was killed, or its machine or disk gave out".to_owned();
        for push in self.pushes.iter().filter(|push| push.digest.is_none()) {
            why.push_str(&["; whether ", push.tag.as_str(), " was pushed is not known"].concat());
        }
        let next = format!("take it up again: {}", self.take_up_command());
        let what = format!("release {} was interrupted {during}", self.plan.release);
        // A step that had failed before says more.
        self.failure.get_or_insert_with(|| Failure::failed(what, why, next));
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::{
        digest::Digest,
        event::{Built, Event, Stamped},
        observation::ObservedImage,
        plan::{Plan, TagKind},
        record::IdKind,
    };

    fn plan(trigger: &str) -> Plan {
        serde_json::from_value(serde_json::json!({
            "release": "bbbbbbbbbb", "image": "app", "repository": "docker.io/team/app", "runner": "local",
            "trigger": trigger, "parent": "aaaaaaaaaa",
            "source": {
                "commit": "a".repeat(40), "git_ref": null, "branch": null, "remote": null,
                "reviewed": true, "dirty": false, "committed": Timestamp::UNIX_EPOCH,
            },
            "tags": [{ "tag": "latest", "kind": "moving" }],
            "build": {
                "context": ".", "dockerfile": "Dockerfile", "target": null, "platform": null,
                "args": {}, "labels": {}, "builder": "auto",
            },
            "secret": "dockerhub", "recipe": { "username": "/u", "password": "/p" },
            "move": false, "who": "bot@host", "planned": Timestamp::UNIX_EPOCH,
        }))
        .unwrap()
    }

    fn built() -> Event {
        Event::Built(Built {
            image_id: Digest::of(b"config"),
            id_kind: IdKind::Config,
            diff_ids: Vec::new(),
            platform: None,
            builder: String::new(),
            engine: String::new(),
            dockerfile_digest: None,
            context_digest: None,
            log_digest: None,
            log_clipped: false,
            steps: 0,
            cached: 0,
            archive: None,
        })
    }

    fn release(trigger: &str, events: Vec<Event>) -> Release {
        let mut release = Release::new(plan(trigger), Timestamp::UNIX_EPOCH, 1);
        for event in events {
            let stamped = Stamped { seq: release.seq + 1, at: Timestamp::UNIX_EPOCH, event };
            release.apply(&stamped).unwrap();
        }
        release
    }

    fn ended(step: Step) -> Event {
        Event::StepSucceeded { step, note: String::new() }
    }

    #[test]
    fn what_stands_is_kept() {
        let reused = Event::StepReused { step: Step::Push, note: String::new() };
        for (events, expected) in [
            (vec![Event::StepStarted { step: Step::Build }], "windlass rerun bbbbbbbbbb"),
            (vec![built()], "windlass rerun bbbbbbbbbb --from push"),
            (vec![built(), Event::StepStarted { step: Step::Push }], "windlass rerun bbbbbbbbbb --from push"),
            (vec![built(), ended(Step::Push)], "windlass rerun bbbbbbbbbb --from record"),
            (vec![built(), reused], "windlass rerun bbbbbbbbbb --from record"),
        ] {
            assert_eq!(release("by hand", events).take_up_command(), expected);
        }
        assert_eq!(release("point", vec![built()]).take_up_command(), "windlass point latest aaaaaaaaaa");
    }

    #[test]
    fn the_way_to_go_is_where_it_stood_or_keeps_the_most_before_that() {
        let ways = |refused: &[Step]| -> Vec<(Option<Step>, bool)> {
            let steps = Step::BUILDING.into_iter().map(|step| (Some(step), !refused.contains(&step)));
            std::iter::once((None, true)).chain(steps).collect()
        };
        let chosen = |release: &Release, refused: &[Step]| {
            let ways = ways(refused);
            ways[release.best_way(&ways)].0
        };
        let unbuilt = release("by hand", vec![Event::StepStarted { step: Step::Build }]);
        let built = release("by hand", vec![built(), Event::StepStarted { step: Step::Push }]);
        let whole = release("by hand", vec![super::tests::built(), Event::Finished]);
        assert_eq!(chosen(&unbuilt, &[]), None);
        assert_eq!(chosen(&built, &[]), Some(Step::Push));
        assert_eq!(chosen(&built, &[Step::Push]), Some(Step::Build));
        assert_eq!(chosen(&whole, &[]), None, "nothing of it is open");
        assert_eq!(built.best_way(&[(None, false), (Some(Step::Push), false)]), 1, "then it says why not");
        assert!(built.way(Some(Step::Push)).contains(Digest::of(b"config").short()));
    }

    #[test]
    fn a_dead_release_says_where_it_was_and_how_to_go_on() {
        let mut dead = release("by hand", vec![built(), Event::StepStarted { step: Step::Push }]);
        dead.found_dead();
        assert_eq!(dead.state, ReleaseState::Interrupted);
        let failure = dead.failure.unwrap();
        assert_eq!(failure.what, "release bbbbbbbbbb was interrupted in its push step");
        assert_eq!(failure.next, "take it up again: windlass rerun bbbbbbbbbb --from push");

        let known = Failure::failed("it failed", "so", "mend it");
        let mut unfinished =
            release("by hand", vec![built(), Event::StepFailed { step: Step::Push, failure: known.clone() }]);
        unfinished.found_dead();
        assert_eq!(unfinished.failure, Some(known), "what it said itself is worth more");
        let mut whole = release("by hand", vec![Event::Finished]);
        whole.found_dead();
        assert_eq!((whole.state, whole.failure), (ReleaseState::Succeeded, None));
    }

    #[test]
    fn its_own_image_is_told_from_one_beside_others() {
        let image = |config: &[u8]| ObservedImage {
            manifest: Digest::of(b"manifest"),
            config: Digest::of(config),
            platform: None,
            diff_ids: Vec::new(),
            layers: Vec::new(),
            created: None,
            labels: std::collections::BTreeMap::new(),
        };
        let content = |config: &[u8], index| Content {
            digest: Digest::of(if index { b"index".as_slice() } else { b"manifest" }),
            media_type: String::new(),
            index,
            images: vec![image(config)],
        };
        let only_built = release("by hand", vec![built()]);
        assert!(only_built.made(&content(b"config", false)));
        assert!(!only_built.made(&content(b"other", false)));
        assert!(!only_built.made(&content(b"config", true)), "somebody put it into an index");
        let pushed = |digest: &[u8]| Event::Pushed {
            tag: "latest".parse().unwrap(),
            kind: TagKind::Moving,
            digest: Digest::of(digest),
            size: 1,
        };
        assert!(release("by hand", vec![built(), pushed(b"index")]).made(&content(b"config", true)));
        assert!(!release("by hand", Vec::new()).made(&content(b"config", false)));
    }
}
