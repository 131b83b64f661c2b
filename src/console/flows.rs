//! A world around the console, in plain values: keys go in as somebody types them, whatever the console asks for is
//! answered as its runtime would, until it asks for no more, and the frame is read. Not for what one message does.
//!
//! ```text
//!  keys, events of releases ──► update ──► effects ──► answers.rs ──┐
//!                                 ▲                                 │      until nothing is left; then: view
//!                                 └──────────── messages ◄──────────┘
//! ```

mod answers;
mod tests;

use std::collections::{BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::{
    effect::Effect,
    message::{Message, News},
    model::Model,
    sample::{id, look, now, secrets::there, stamped, typed},
    update::{begin, update},
    view,
};
use crate::domain::{
    artifact::Left,
    beginning::By,
    event::{Event, Stamped},
    holdings,
    name::ReleaseId,
    release::{Release, StepView},
    table::Row,
};

/// The first release that is begun in a world.
pub const NEW: u8 = 10;
/// Messages after which a console that is let alone has come to rest.
const PATIENCE: usize = 200;

pub struct World {
    model: Model,
    now: Timestamp,
    /// Newest first.
    journal: Vec<Kept>,
    /// What registry and record say of the image's tags.
    tags: Vec<Row>,
    secret: holdings::Row,
    /// The registry does not take the login.
    refuses: bool,
    engine_is_down: bool,
    /// The name of the project that is open.
    project: &'static str,
    /// What begins releases on Taskcluster, where they run there.
    begun: Option<By>,
    /// Of the release on Taskcluster, where there is one, and what they left.
    tasks: Vec<StepView>,
    artifacts: Vec<Left>,
    /// Files that are there.
    files: BTreeSet<String>,
    /// What was done outside, the words of commands that were started.
    done: Vec<String>,
    clipboard: String,
    left: bool,
}

/// A release in the journal, with what happened to it in this world.
struct Kept {
    release: Release,
    events: Vec<Stamped>,
    log: Vec<String>,
    followed: bool,
}

impl Kept {
    fn of(release: Release) -> Self {
        Self { release, events: Vec::new(), log: Vec::new(), followed: false }
    }
}

impl World {
    /// Of a console that was just opened where there are these releases, in a terminal of this size.
    fn new(size: (u16, u16), releases: Vec<Release>) -> Self {
        let mut world = Self {
            model: Model::new(size, look(), now()),
            now: now(),
            journal: releases.into_iter().map(Kept::of).collect(),
            tags: Vec::new(),
            secret: there(),
            refuses: false,
            engine_is_down: false,
            project: "balrog",
            begun: None,
            tasks: Vec::new(),
            artifacts: Vec::new(),
            files: BTreeSet::new(),
            done: Vec::new(),
            clipboard: String::new(),
            left: false,
        };
        world.begins();
        world
    }

    /// The same with a release on Taskcluster that has these tasks, which left this.
    fn with_tasks(size: (u16, u16), tasks: Vec<StepView>, left: Vec<Left>) -> Self {
        let mut world = Self::new(size, Vec::new());
        (world.model, world.tasks, world.artifacts) = (Model::new(size, look(), now()), tasks, left);
        world.begins();
        world
    }

    /// The same where releases run on Taskcluster, and none has begun yet. One that begins has these tasks.
    fn on_taskcluster(size: (u16, u16), begun: By, tasks: Vec<StepView>) -> Self {
        let mut world = Self::new(size, Vec::new());
        (world.model, world.begun, world.tasks) = (Model::new(size, look(), now()), Some(begun), tasks);
        world.begins();
        world
    }

    fn begins(&mut self) {
        let effects = begin(&mut self.model);
        self.settle(effects);
    }

    /// Somebody who has read what there is presses these keys, one after the other was answered.
    fn press(&mut self, keys: &str) {
        self.now += SignedDuration::from_secs(2);
        for key in typed(keys) {
            self.tell(Message::Key(key));
        }
    }

    fn tell(&mut self, message: Message) {
        let effects = update(&mut self.model, message, self.now);
        self.settle(effects);
    }

    /// Answers, and answers what follows from that.
    fn settle(&mut self, effects: Vec<Effect>) {
        let mut messages: VecDeque<Message> = effects.into_iter().flat_map(|effect| self.answer(effect)).collect();
        for _ in 0..PATIENCE {
            let Some(message) = messages.pop_front() else { return };
            for effect in update(&mut self.model, message, self.now) {
                messages.extend(self.answer(effect));
            }
        }
        panic!("after {PATIENCE} messages the console still asks\n{}", view::tests::rows(&self.model).join("\n"));
    }

    /// These events, one after the other.
    fn happens(&mut self, number: u8, events: impl IntoIterator<Item = Event>) {
        for event in events {
            for message in self.record(&id(number), event) {
                self.tell(message);
            }
        }
    }

    /// The build says these lines.
    fn says(&mut self, number: u8, lines: &[&str]) {
        let kept = self.kept(&id(number)).expect("a release");
        kept.log.extend(lines.iter().map(|line| (*line).to_owned()));
        let (followed, count) = (kept.followed, kept.log.len() as u64);
        if followed {
            self.tell(Message::News(id(number), News::Log(count)));
        }
    }

    /// Puts the event into the journal. Gives what the console is told of that.
    fn record(&mut self, release: &ReleaseId, event: Event) -> Vec<Message> {
        let kept = self.kept(release).expect("a release");
        let stamped = stamped(&kept.release, event);
        kept.release.apply(&stamped).expect("the next event");
        kept.events.push(stamped.clone());
        let ended = kept.release.ended.is_some();
        let news = [Some(News::Event(stamped)), ended.then_some(News::Ended)];
        let news =
            news.into_iter().flatten().filter(|_| kept.followed).map(|news| Message::News(release.clone(), news));
        let messages = news.chain([Message::Changed]).collect();
        kept.followed &= !ended;
        messages
    }

    fn kept(&mut self, release: &ReleaseId) -> Option<&mut Kept> {
        self.journal.iter_mut().find(|kept| kept.release.plan.release == *release)
    }

    #[track_caller]
    fn sees(&self, words: &[&str]) {
        view::tests::sees(&self.model, words);
    }

    #[track_caller]
    fn never_sees(&self, word: &str) {
        view::tests::never_sees(&self.model, word);
    }

    /// Nothing is waited for, and time that goes by has nothing done.
    #[track_caller]
    fn rests(&mut self) {
        for _ in 0..3 {
            self.now += SignedDuration::from_secs(10);
            assert_eq!(update(&mut self.model, Message::Tick, self.now), []);
        }
        for waiting in ["reading", "finding out", "asking", "looking again", "checking", "storing", "searching"] {
            self.never_sees(waiting);
        }
    }
}
