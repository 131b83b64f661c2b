//! The releases, the log of one, and the dialogs about them.

use super::{Tour, poison::poisoned};
use std::collections::BTreeSet;

use crate::{
    console::{
        dialogs::Answer,
        message::{Listing, Message, News, Save, Saved, Taken},
        model::{Around, Goal, Model, Scanned, StepsRead},
        request::{Act as Action, Request},
        sample::{beginning, id, left, now, offers, plan, press, seen, tell},
    },
    domain::{
        action::Offer,
        again::{Manner, Way, Which},
        artifact::Left,
        beginning::{Beginning, Takes},
        digest::Digest,
        event::Step,
        failure::Failure,
        observation::Sighting,
        plan::TagKind,
        preview::{Change, Next, Preview, Shown},
        progress::Progress,
        wishes::Wishes,
    },
    log::{pattern::Filter, sanitise::plain, steps::Steps},
};

impl Tour {
    pub fn releases(&self) {
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

    pub fn release_dialogs(&self) {
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
}
