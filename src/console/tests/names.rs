//! Every name, message and error that comes from a registry, an engine, another's journal or another's folder, on every
//! screen that shows it.

use std::{cell::Cell, collections::BTreeSet};

use ratatui::crossterm::event::{KeyCode, KeyEvent};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{SIZES, is_harmless};
use crate::{
    console::{
        message::{Around, Listing, Message, News, Save, Saved, Taken, Verified},
        model::{
            Act as Action, Answer, Goal, Image, KnownProject, Model, NotSet, Past, Project, Request, Scanned,
            SecretNews, StepsRead,
        },
        sample::{beginning, built, console, done, id, left, look, now, offers, plan, press, row, seen, tell},
        sample_secrets::{act, holdings, missing, name, open_at, there},
    },
    domain::{
        action::Offer,
        again::{Manner, Way, Which},
        artifact::Left,
        audit::{Act, Outcome},
        beginning::{Beginning, Takes},
        digest::Digest,
        event::{Event, Stamped, Step},
        failure::Failure,
        finding::{CheckId, Finding, Owner, Report},
        observation::{Observation, Sighting},
        plan::TagKind,
        preview::{Change, Next, Preview, Shown},
        progress::Progress,
        proof::{self, LoginProof, PushProof},
        record::RecordSource,
        release::Release,
        rotation::{self, End, Reason, Stage, Standing, StepState, StepView},
        table::{Row, Table},
        verdict::Verdict,
        wishes::Wishes,
    },
    log::{hostile::PIECES, pattern::Filter, sanitise::plain, steps::Steps},
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

/// The same, with this in every place that takes it: names that are parsed stay what they are.
fn poisoned<T: Serialize + DeserializeOwned>(value: &T, text: &str) -> T {
    let mut json = serde_json::to_value(value).unwrap();
    let mut places = Vec::new();
    collect(&json, String::new(), &mut places);
    for place in places {
        let mut other = json.clone();
        match other.pointer_mut(&place) {
            // A map of names takes one more; what has fields of its own leaves it out.
            Some(Value::Object(map)) => drop(map.insert(text.to_owned(), text.into())),
            Some(value) => *value = text.into(),
            None => panic!("{place}"),
        }
        if serde_json::from_value::<T>(other.clone()).is_ok() {
            json = other;
        }
    }
    serde_json::from_value(json).unwrap()
}

/// Where there are texts, maps, and values that are not there.
fn collect(json: &Value, at: String, places: &mut Vec<String>) {
    match json {
        Value::Object(map) => {
            for (name, value) in map {
                collect(value, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), places);
            }
            places.push(at);
        }
        Value::Array(values) => {
            for (number, value) in values.iter().enumerate() {
                collect(value, format!("{at}/{number}"), places);
            }
        }
        Value::String(_) | Value::Null => places.push(at),
        Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn poison_is_where_text_is_free_and_nowhere_else() {
    let plan = poisoned(&plan(1), "!");
    assert_eq!((plan.image.as_str(), plan.who.as_str(), plan.source.remote.as_deref()), ("!", "!", Some("!")));
    assert_eq!((plan.build.labels.get("!").map(String::as_str), plan.release), (Some("!"), id(1)));
    let failure = poisoned(&Failure::failed("a", "b", "c").explained_by(CheckId::Push), "!");
    assert_eq!(failure, Failure::failed("!", "!", "!").explained_by(CheckId::Push));
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

    fn without_a_project(&self) {
        let mut model = Model::new((100, 30), look(), now());
        self.told(&mut model, Message::NoProject(self.failure()), "no project");
        let known =
            |name: &str, past| KnownProject { name: name.parse().unwrap(), folder: self.text(), open: false, past };
        let last = self.releases.iter().cloned().map(|release| Past::Last(Box::new(release)));
        let pasts = last.chain([Past::NoRelease, Past::Gone, Past::Wrong(self.failure())]);
        let projects = pasts.zip('a'..).map(|(past, name)| known(&name.to_string(), past)).collect();
        self.told(&mut model, Message::Known(Ok(projects)), "known projects");
        self.sees(&mut model, &["j", "G", "x", "<esc>", "?", "<esc>"]);
        self.told(&mut model, Message::Drafted(Ok((self.text(), self.text()))), "a draft");
        self.sees(&mut model, &["<esc>"]);
        for failed in [Message::Drafted(Err(self.failure())), Message::Opened(Err(self.failure()))] {
            self.told(&mut model, failed, "a failure");
            self.sees(&mut model, &["<esc>"]);
        }
        self.told(&mut model, Message::Known(Err(self.failure())), "no known projects");
        self.sees(&mut model, &["1", "2", "3", "4", "5"]);
        self.told(&mut model, Message::Project(Err(self.failure())), "a project that cannot be read");
        self.told(&mut model, Message::Releases(Err(self.failure())), "a journal that cannot be read");
        self.sees(&mut model, &["1", "?", "<esc>"]);
    }

    fn releases(&self) {
        let mut model = self.console();
        tell(&mut model, Message::Around(Around { engine: Some(Ok(self.text())), absent: BTreeSet::new() }));
        self.sees(&mut model, &["", "j", "j", "j", "gg", "a", "a"]);
        tell(&mut model, Message::Releases(Ok(Listing { releases: self.releases.clone(), damaged: 0 })));
        let tag = || "latest".parse().unwrap();
        for progress in [
            Progress::Context { files: u64::MAX, bytes: u64::MAX },
            Progress::Archive { bytes: u64::MAX },
            Progress::Layers { tag: tag(), layers: usize::MAX, sent: 10, total: 5 },
            Progress::Layers { tag: tag(), layers: 1, sent: u64::MAX, total: u64::MAX },
            Progress::Layers { tag: tag(), layers: 1, sent: 0, total: 0 },
            poisoned(&Progress::Retrying { tag: tag(), layer: "layer".to_owned(), seconds: u64::MAX }, &self.text),
            poisoned(&Progress::Remark { tag: tag(), text: "text".to_owned() }, &self.text),
        ] {
            self.told(&mut model, Message::News(id(1), News::Progress(progress)), "progress");
        }
        for (line, number) in [(Some((u64::MAX - 1, self.text())), 3), (None, 4)] {
            self.told(&mut model, Message::Fault(id(number), Ok(line)), "what went wrong");
        }
        let lines: Vec<String> = [self.text(), "x".to_owned()].map(|text| text.replace('\n', " ")).into();
        for keys in ["jj", "<enter>", "z"] {
            press(&mut model, keys);
            let rows = seen(&model, 0, &lines, 2);
            let release = model.selected.clone().unwrap();
            self.told(&mut model, Message::Log(release, Ok(Some(rows))), "a log");
            self.sees(&mut model, &["t", "w", "l", "/x<enter>"]);
        }
        let wanted = model.log.search.as_ref().unwrap().scan.wanted.clone();
        let release = model.selected.clone().unwrap();
        let failed = Message::Searched(release.clone(), wanted.clone(), Err(self.failure()));
        self.told(&mut model, failed, "a search that failed");
        let scanned = Scanned { searched: 2, more: false, count: 1, last: Some(1) };
        tell(&mut model, Message::Searched(release.clone(), wanted.clone(), Ok(scanned)));
        self.told(&mut model, Message::Found(release.clone(), wanted, Goal::From(0), Err(self.failure())), "no place");
        self.log_tools(&mut model);
        self.told(&mut model, Message::Log(release, Err(self.failure())), "a log that cannot be read");
        for said in [
            Message::Unwatched(self.failure()),
            Message::NotRemembered(self.failure()),
            Message::News(id(1), News::Lost(self.failure())),
            Message::News(id(1), News::Interrupted),
            Message::Around(Around { engine: Some(Err(self.failure())), absent: BTreeSet::from([self.text()]) }),
            Message::Copied(self.text(), Ok(None)),
            Message::Copied(self.text(), Err(self.failure())),
            Message::CancelTold(id(1), Err(self.failure())),
            Message::Started(Err(self.failure())),
            Message::Failed(self.failure()),
        ] {
            self.told(&mut model, said, "what is said");
            self.sees(&mut model, &["<esc>"]);
        }
        self.told(&mut model, Message::Older(Err(self.failure())), "older ones");
    }

    /// Steps, marked lines and files of the log that is shown.
    fn log_tools(&self, model: &mut Model) {
        let release = model.selected.clone().unwrap();
        let text = self.text.replace('\n', " ");
        let mut steps = Steps::default();
        for line in [format!("#1 [{text} 1/2] RUN {text}"), format!("#2 [b 1/1] {text}"), "#1 DONE infs".to_owned()] {
            steps.take(&line, || None);
        }
        let read = StepsRead { steps: steps.into(), more: false };
        self.told(model, Message::Steps(release.clone(), Ok(Box::new(read))), "steps");
        self.sees(model, &["S", "j", "k", "<esc>", "m", "j", "<esc>", "s", "<esc>"]);
        let taken = Taken { text: self.text(), lines: u64::MAX, cut: true };
        self.told(model, Message::Taken(Ok(taken)), "taken");
        self.told(model, Message::Taken(Err(self.failure())), "not taken");
        self.sees(model, &["<esc>"]);
        let save = || Save { release: release.clone(), path: self.text(), filter: Filter::none() };
        for saved in [Ok(Saved::Lines(u64::MAX)), Ok(Saved::Exists), Err(self.failure())] {
            self.told(model, Message::Saved(save(), saved), "saved");
            self.sees(model, &["<esc>"]);
        }
        self.told(model, Message::Steps(release, Err(self.failure())), "no steps");
    }

    fn release_dialogs(&self) {
        let mut model = self.console();
        self.sees(&mut model, &["x", "<esc>", "v", "<esc>", "N", "v1<enter>", "<esc>", "<esc>", "I"]);
        let request = Request::Release {
            image: self.text() + "2",
            wishes: Wishes { git_ref: Some(self.text()), ..Wishes::default() },
        };
        let change = |next| Change {
            tag: "latest".parse().unwrap(),
            kind: TagKind::Moving,
            now: Some(Shown { digest: Digest::of(b"x"), release: None }),
            next,
        };
        let preview = || Preview {
            plan: poisoned(&plan(5), &self.text),
            first: Step::Preflight,
            changes: vec![change(Next::Image), change(Next::LeftAlone(self.text()))],
        };
        let answers = [
            (request.clone(), Answer::Preview(Box::new(preview()))),
            (request.clone(), Answer::Found(vec![self.text(), self.text()])),
            (request.clone(), Answer::Beginning(Box::new(self.beginning(None)))),
            (request.clone(), Answer::Beginning(Box::new(self.beginning(Some(self.failure()))))),
            (Request::Payload, Answer::Takes(Box::new(self.takes()))),
            (Request::Find { digest: self.text() }, Answer::Found(Vec::new())),
            (
                Request::Artifacts { release: id(3), chosen: None },
                Answer::Left(left().into_iter().map(|one| self.named(one)).collect()),
            ),
            (Request::Download(Box::new(self.named(left().remove(1)))), Answer::Folder("/home/ada".to_owned())),
            (
                Request::Actions { release: id(3), chosen: None },
                Answer::Actions(offers().into_iter().map(|offer| self.offered(offer)).collect()),
            ),
            (Request::Act(self.act()), Answer::Input(Box::new(self.offered(offers().remove(0))))),
            (
                Request::Act(self.act()),
                Answer::Act { rows: vec![("payload", self.text()), ("mind", self.text())], payload: self.text() },
            ),
            (
                Request::Ways(id(3)),
                Answer::Ways(
                    Box::new(self.releases[2].clone()),
                    vec![(None, None), (Some(Step::Push), Some(self.text()))],
                ),
            ),
            (
                Request::TaskWays(id(3)),
                Answer::TaskWays(vec![Way {
                    which: Which::Whole,
                    manner: Manner::Rerun,
                    label: self.text(),
                    note: self.text(),
                    refused: Some(self.text()),
                }]),
            ),
            (
                Request::History { image: self.text(), tag: "latest".parse().unwrap(), moving: true },
                Answer::Past(vec![(Sighting { digest: None, first_seen: now(), last_seen: now() }, Some(id(1)))]),
            ),
        ];
        for (request, answer) in answers {
            model.layers.push(crate::console::model::Layer::Waiting(request.clone()));
            self.sees(&mut model, &[""]);
            self.told(&mut model, Message::Prepared(request, Ok(answer)), "an answer");
            self.sees(&mut model, &["j", "<esc>"]);
        }
        model.layers.push(crate::console::model::Layer::Waiting(request.clone()));
        self.told(&mut model, Message::Prepared(request.clone(), Err(self.failure())), "no answer");
        self.sees(&mut model, &["<esc>"]);
        model.layers.push(crate::console::model::Layer::Waiting(request));
        self.told(&mut model, Message::Asked(self.text()), "a question");
    }

    fn beginning(&self, refused: Option<Failure>) -> Beginning {
        Beginning {
            host: plain(&self.text()),
            rows: vec![("hook", self.text()), ("mind", self.text())],
            refused,
            said: plain(&self.text()),
            ..beginning(&Wishes { git_ref: Some(self.text()), ..Wishes::default() })
        }
    }

    fn takes(&self) -> Takes {
        let text = self.text();
        let schema = serde_json::json!({
            "required": [text, "ref"],
            "properties": { text.as_str(): { "type": text, "description": text, "default": text } },
        });
        Takes { hook: self.text(), about: self.text(), schema }
    }

    /// As a decision task of others may offer it: names, titles and reasons come harmless, what schemas say does not.
    fn offered(&self, offer: Offer) -> Offer {
        let schema = serde_json::json!({
            "properties": {self.text(): {"type": self.text(), "title": self.text(), "default": self.text()}},
        });
        let said = || plain(&self.text());
        Offer {
            name: said(),
            title: said(),
            description: said(),
            schema,
            refused: offer.refused.map(|_| said()),
            ..offer
        }
    }

    fn act(&self) -> Action {
        Action { release: id(3), name: plain(&self.text()), task: None, input: Some(self.text()) }
    }

    /// As a task of others may have left it.
    fn named(&self, left: Left) -> Left {
        let unmade = left.unmade.map(|_| plain(&self.text()));
        Left { name: self.text(), task_name: plain(&self.text()), unmade, ..left }
    }

    fn tags(&self) {
        let mut model = self.console();
        self.sees(&mut model, &["2"]);
        let mut rows = vec![self.row("a", Some("ours")), self.row("b", Some("theirs")), self.row("c", None)];
        let other = |observation| Row { observation, ..self.row("d", None) };
        rows.extend([
            other(Observation::Unreadable { why: self.text() }),
            other(Observation::Denied { why: self.text() }),
            other(Observation::Unreachable { why: self.text() }),
            other(Observation::RateLimited { retry_after_seconds: Some(u64::MAX) }),
        ]);
        let table = || Table { as_of: now(), rows: rows.clone() };
        self.told(&mut model, Message::Tags(self.text(), Ok(table())), "tags");
        self.sees(&mut model, &["<enter>", " ", "G", "<esc>", "j", "<enter>", "<esc>", "G", "<enter>", "<esc>"]);
        self.sees(
            &mut model,
            &["p", "j", "<esc>", "v", "<esc>", "h", "<esc>", "i", "f", "?", "<esc>", "/a", "<enter>"],
        );
        let verified = |found| Message::Verified(Verified { image: self.text(), release: None, deep: true, found });
        self.told(&mut model, verified(Ok((table(), vec![self.text()]))), "verified");
        self.told(&mut model, verified(Err(self.failure())), "not verified");
        self.sees(&mut model, &["<esc>"]);
        self.told(&mut model, Message::Tags(self.text(), Err(self.failure())), "no tags");
    }

    fn secret(&self, mut row: crate::domain::holdings::Row) -> crate::domain::holdings::Row {
        if let Some(held) = &mut row.held {
            if let Ok(changed) = &mut held.changed {
                changed.by = self.text();
            }
            for key in &mut held.keys {
                (key.at, key.fingerprint) = (self.text(), Some(self.text()));
            }
        }
        if let Some(needed) = &mut row.needed {
            needed.images = vec![self.text(), self.text()];
            needed.recipe = poisoned(&needed.recipe, &self.text);
        }
        row.username = Some(self.text());
        row
    }

    fn account(&self, stands: Standing) -> rotation::Account {
        let mut account = open_at(Stage::Opened);
        account.by = self.text();
        (account.old, account.new) = (vec![self.text()], vec![self.text()]);
        account.steps[0].state = StepState::Done { note: Some(self.text()) };
        account.steps[1].state = StepState::Failed(self.failure());
        account.stands = stands;
        account
    }

    fn holdings(&self) -> Message {
        let rotating = |row| crate::domain::holdings::Row {
            name: "rotating".parse().unwrap(),
            rotation: Some(self.account(Standing::Open(Stage::Restored(Reason::Failed(self.failure()))))),
            ..row
        };
        let untold =
            |row| crate::domain::holdings::Row { name: "untold".parse().unwrap(), untold: Some(self.failure()), ..row };
        let mut unknown = self.secret(there());
        unknown.name = "unknown".parse().unwrap();
        unknown.held.iter_mut().for_each(|held| held.changed = Err(self.text()));
        let rows = vec![
            self.secret(there()),
            self.secret(missing()),
            rotating(self.secret(there())),
            untold(self.secret(missing())),
            unknown,
        ];
        let mut all = holdings(rows);
        (all.key, all.vault, all.ssh_key) = (Some(self.text()), self.text(), Some(self.text()));
        Message::Secrets(SecretNews::Holdings(Ok(Box::new(all))))
    }

    fn history(&self) -> Message {
        let mut failed = act(Act::SecretRotate, Outcome::Failed { why: self.text() });
        (failed.who, failed.fingerprint) = (self.text(), Some(self.text()));
        Message::Trail(Ok(vec![failed, act(Act::SecretSet, Outcome::Done)]))
    }

    fn secrets(&self) {
        let mut model = self.console();
        press(&mut model, "3");
        self.told(&mut model, self.holdings(), "secrets");
        self.told(&mut model, self.history(), "their history");
        self.sees(&mut model, &["j", "j", "gg", "h", "j", "<esc>", "d", "xyz", "<esc>", "?", "<esc>"]);
        let report = |push| proof::Report { username: self.text(), login: LoginProof::Proven, push, may_pull: true };
        let at = |report| ("docker.io/mozilla/balrog".parse().unwrap(), report);
        let found = vec![
            at(Ok(report(PushProof::MayNot { why: self.text() }))),
            at(Ok(report(PushProof::May))),
            at(Err(self.failure())),
        ];
        self.told(&mut model, Message::Secrets(SecretNews::Checked(name(), Ok(found))), "a check");
        for failed in [
            SecretNews::Checked(name(), Err(self.failure())),
            SecretNews::Set(name(), Ok(vec![self.text()])),
            SecretNews::Set(name(), Err(NotSet::Failed(self.failure()))),
            SecretNews::Removed(name(), Err(self.failure())),
            SecretNews::Rotated(name(), Err(self.failure())),
            SecretNews::Holdings(Err(self.failure())),
        ] {
            self.told(&mut model, Message::Secrets(failed), "news");
            self.sees(&mut model, &["<esc>"]);
        }
    }

    fn secret_dialogs(&self) {
        let mut model = self.console();
        press(&mut model, "3");
        tell(&mut model, self.holdings());
        for docker in [Ok(Some(self.text())), Err(self.failure())] {
            self.sees(&mut model, &["s"]);
            self.told(&mut model, Message::Secrets(SecretNews::Docker(name(), docker)), "Docker's login");
            self.sees(&mut model, &["<ctrl-d>", "<ctrl-d>"]);
            self.told(&mut model, Message::Pasted(self.text().into()), "a user name");
            self.sees(&mut model, &["bot<enter>"]);
            self.told(&mut model, Message::Pasted(self.text().into()), "a password");
            self.sees(&mut model, &["secret<enter>"]);
            self.told(
                &mut model,
                Message::Secrets(SecretNews::Set(name(), Err(NotSet::Unfit(self.failure())))),
                "unfit",
            );
            self.sees(&mut model, &["<esc>", "<esc>"]);
        }
        self.sees(&mut model, &["t", "bot<enter>secret<enter>"]);
        let view = |state| StepView { step: rotation::Step::VerifyNew, state };
        for state in [StepState::Done { note: Some(self.text()) }, StepState::Failed(self.failure())] {
            self.told(&mut model, Message::Secrets(SecretNews::Step(name(), view(state))), "a step");
        }
        for stands in [
            Standing::Open(Stage::ReadBack),
            Standing::Ended(End::Rotated),
            Standing::Ended(End::Withdrawn(self.failure())),
            Standing::Ended(End::RolledBack { reason: Reason::Failed(self.failure()), old: Err(self.failure()) }),
        ] {
            let account = Box::new(self.account(stands));
            self.told(&mut model, Message::Secrets(SecretNews::Rotated(name(), Ok(account))), "an account");
        }
        self.told(&mut model, Message::Secrets(SecretNews::Rotated(name(), Err(self.failure()))), "stopped");
        self.sees(&mut model, &["<esc>", "<esc>", "G", "t"]);
    }

    fn doctor(&self) {
        let mut model = self.console();
        self.sees(&mut model, &["4"]);
        let findings = [
            Finding::pass(self.text()),
            Finding::warn(self.text(), Owner::You, self.text()),
            Finding::fail(self.text(), Owner::RegistryAdmin, self.text()),
            Finding::cannot_tell(self.text(), Owner::MachineAdmin, self.text()),
            Finding::failed(&self.failure(), Owner::You),
        ];
        for (check, finding) in CheckId::ALL.into_iter().zip(findings.into_iter().cycle()) {
            let image = check.is_of_an_image().then(|| self.text());
            tell(&mut model, Message::Checked(Report { check, image, finding }));
        }
        self.told(&mut model, Message::Examined, "checks");
        self.sees(&mut model, &["j", "jj", "z", "jj", "G", "z", "?", "<esc>"]);
    }

    fn activity(&self) {
        let mut model = self.console();
        self.sees(&mut model, &["5"]);
        let rows = [Outcome::Begun, Outcome::Done, Outcome::Failed { why: self.text() }, Outcome::Cancelled];
        let rows = rows.map(|outcome| {
            let mut row = act(Act::Point, outcome);
            (row.who, row.subject, row.fingerprint) = (self.text(), self.text(), Some(self.text()));
            row
        });
        self.told(&mut model, Message::Trail(Ok(rows.into())), "a trail");
        self.sees(&mut model, &["G", "k", "k", "?", "<esc>"]);
        press(&mut model, "/");
        self.told(&mut model, Message::Pasted(self.text().into()), "words");
        self.sees(&mut model, &["<enter>"]);
        self.told(&mut model, Message::Trail(Err(self.failure())), "no trail");
    }

    /// Typed, or pasted into a terminal that does not say so.
    fn typed(&self) {
        for keys in ["?", ":", "N", "2/", "5/", "3s", "3sbot<enter>", "3d"] {
            let mut model = self.console();
            tell(&mut model, self.holdings());
            press(&mut model, keys);
            tell(&mut model, self.holdings());
            self.type_into(&mut model, keys);
        }
        for keys in ["/", "&"] {
            let mut model = self.console();
            let rows = seen(&model, 0, &["x".to_owned()], 1);
            tell(&mut model, Message::Log(id(1), Ok(Some(rows))));
            press(&mut model, keys);
            self.type_into(&mut model, keys);
        }
        let mut model = self.console();
        tell(&mut model, Message::Asked(self.text()));
        self.type_into(&mut model, "a passphrase");
    }

    fn type_into(&self, model: &mut Model, what: &str) {
        // Each once; all of it is pasted elsewhere.
        let characters: BTreeSet<char> = self.text.chars().filter(|c| !c.is_ascii()).collect();
        for character in characters {
            tell(model, Message::Key(KeyEvent::from(KeyCode::Char(character))));
        }
        self.looks(model, what);
        for code in [KeyCode::Home, KeyCode::Left, KeyCode::End, KeyCode::Backspace, KeyCode::Enter] {
            self.told(model, Message::Key(code.into()), what);
        }
    }
}
