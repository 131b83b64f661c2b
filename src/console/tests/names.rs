//! Every name, message and error that comes from a registry, an engine, another's journal or another's folder, on every
//! screen that shows it.

mod poison;
mod releases;
mod screens;
mod secrets;

use std::cell::Cell;

use self::poison::poisoned;
use super::{SIZES, is_harmless};
use crate::{
    console::{
        message::{Listing, Message},
        model::{Image, Model, Project},
        sample::{built, console, done, now, plan, press, row, tell},
    },
    domain::{
        digest::Digest,
        event::{Event, Stamped, Step},
        failure::Failure,
        finding::CheckId,
        observation::Observation,
        plan::TagKind,
        record::RecordSource,
        release::Release,
        table::Row,
        verdict::Verdict,
    },
    log::hostile::PIECES,
};

/// What is said in place of every name and message: as many texts as there are sizes.
fn texts() -> [String; SIZES.len()] {
    [
        PIECES.iter().flat_map(|piece| ["a", piece, "b "]).collect(),
        PIECES.concat() + "\r\n\u{301}\n\u{feff}\t\n",
        "\u{301}\u{200b}\u{feff}\u{605}".repeat(50),
        format!("日{}👩{}", "\u{301}本".repeat(60), "\u{200d}👩".repeat(200)),
        "\u{202e}\u{9b}2J\x1b]52;c;".to_owned() + &"A".repeat(300),
    ]
}

#[test]
fn whatever_others_say_only_text_is_shown() {
    for (turn, text) in texts().into_iter().enumerate() {
        Tour::of(text, turn).everywhere();
    }
}

/// Goes through all that the console shows, each time on a terminal of the next size: after as many tours as there are
/// sizes, everything was seen at each.
struct Tour {
    text: String,
    turn: Cell<usize>,
    failure: Failure,
    releases: Vec<Release>,
}

impl Tour {
    fn of(text: String, turn: usize) -> Self {
        let failure = Failure::not_allowed("a", "b", "c").explained_by(CheckId::Push);
        let failure = poisoned(&failure, &text);
        let mut tour = Self { text, turn: Cell::new(turn), failure, releases: Vec::new() };
        tour.releases = tour.all();
        tour
    }

    fn everywhere(&self) {
        self.without_a_project();
        self.releases();
        self.release_dialogs();
        self.tags();
        self.secrets();
        self.secret_dialogs();
        self.doctor();
        self.activity();
        self.typed();
    }

    fn text(&self) -> String {
        self.text.clone()
    }

    fn failure(&self) -> Failure {
        self.failure.clone()
    }

    /// As it is read from a journal.
    fn release(&self, number: u8, events: Vec<Event>) -> Release {
        let planned = Event::Planned { plan: Box::new(plan(number)) };
        let events = std::iter::once(planned).chain(events);
        let stamped = (1..).zip(events).map(|(seq, event)| poisoned(&Stamped { seq, at: now(), event }, &self.text));
        Release::fold(&stamped.collect::<Vec<_>>()).unwrap()
    }

    fn row(&self, tag: &str, shown: Option<&str>) -> Row {
        let mut row = row(tag, shown, Some("ours"));
        if let Observation::Seen { content, .. } = &mut row.observation {
            *content = poisoned(content, &self.text);
        }
        if let Some(known) = &mut row.known {
            known.record = poisoned(&known.record, &self.text);
            known.source = RecordSource::Folder(self.text());
        }
        row.judgement.why = self.text();
        row
    }

    /// Runs, succeeded, failed in the build, failed in the push.
    fn all(&self) -> Vec<Release> {
        let tag = || "latest".parse().unwrap();
        let said = |steps: &[Step]| steps.iter().flat_map(|step| done(*step, "done")).collect::<Vec<_>>();
        let failed = |step| Event::StepFailed { step, failure: self.failure() };
        let mut runs = said(&[Step::Preflight, Step::Secret]);
        runs.extend([
            Event::StepSkipped { step: Step::Build, note: "reused".to_owned() },
            Event::StepStarted { step: Step::Push },
        ]);
        let record = Box::new(row("latest", Some("ours"), Some("ours")).known.unwrap().record);
        let mut succeeded = said(&Step::BUILDING);
        succeeded.extend([
            Event::Built(built("ours")),
            Event::PushIntended { tag: tag(), kind: TagKind::Moving },
            Event::Pushed { tag: tag(), kind: TagKind::Moving, digest: Digest::of(b"x"), size: u64::MAX },
            Event::TagLeft { tag: tag(), why: "newer".to_owned() },
            Event::Recorded { path: "/records".to_owned(), sha256: Digest::of(b"record"), record },
            Event::Verified { tag: tag(), verdict: Verdict::Mismatch, why: "other".to_owned() },
            Event::Finished,
        ]);
        let mut in_build = said(&[Step::Preflight]);
        in_build.extend([Event::StepStarted { step: Step::Build }, failed(Step::Build), Event::Finished]);
        let mut in_push = said(&[Step::Preflight, Step::Build]);
        in_push.extend([
            Event::PushIntended { tag: tag(), kind: TagKind::Moving },
            failed(Step::Push),
            Event::Finished,
        ]);
        let events = [runs, succeeded, in_build, in_push];
        (1..).zip(events).map(|(number, events)| self.release(number, events)).collect()
    }

    /// A console of a project with two images of this name, and its releases.
    fn console(&self) -> Model {
        let mut model = console((100, 30), Vec::new());
        model.flags = vec!["--config".to_owned(), self.text()];
        let image = |name: String| Image { name, repository: "docker.io/mozilla/balrog".parse().unwrap() };
        let images = vec![image(self.text()), image(self.text() + "2")];
        tell(&mut model, Message::Project(Ok(Project { images, cluster: None, begun: None })));
        tell(&mut model, Message::Releases(Ok(Listing { releases: self.releases.clone(), damaged: 3 })));
        model
    }

    #[track_caller]
    fn looks(&self, model: &mut Model, what: &str) {
        let turn = self.turn.replace(self.turn.get() + 1);
        is_harmless(model, SIZES[turn % SIZES.len()], &format!("{:.20?}, {what}", self.text));
    }

    /// Presses keys, and looks at each frame.
    #[track_caller]
    fn sees(&self, model: &mut Model, keys: &[&str]) {
        for keys in keys {
            press(model, keys);
            self.looks(model, keys);
        }
    }

    #[track_caller]
    fn told(&self, model: &mut Model, message: Message, what: &str) {
        tell(model, message);
        self.looks(model, what);
    }
}
