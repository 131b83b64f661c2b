//! The screens that are one list, and what is typed.

use super::Tour;
use std::collections::BTreeSet;

use ratatui::crossterm::event::{KeyCode, KeyEvent};

use crate::{
    console::{
        message::{Drafted, Message, Verified},
        model::{KnownProject, Model, Past},
        sample::{id, look, now, press, secrets::act, seen, tell},
    },
    domain::{
        audit::{Act, Outcome},
        finding::{CheckId, Finding, Owner, Report},
        observation::Observation,
        table::{Row, Table},
    },
};

impl Tour {
    pub fn without_a_project(&self) {
        let mut model = Model::new((100, 30), look(), now());
        self.told(&mut model, Message::NoProject(self.failure()), "no project");
        let known =
            |name: &str, past| KnownProject { name: name.parse().unwrap(), folder: self.text(), open: false, past };
        let last = self.releases.iter().cloned().map(|release| Past::Last(Box::new(release)));
        let pasts = last.chain([Past::NoRelease, Past::Gone, Past::Wrong(self.failure())]);
        let projects = pasts.zip('a'..).map(|(past, name)| known(&name.to_string(), past)).collect();
        self.told(&mut model, Message::Known(Ok(projects)), "known projects");
        self.sees(&mut model, &["j", "G", "x", "<esc>", "?", "<esc>"]);
        for drafted in [Drafted::File { file: self.text(), text: self.text() }, Drafted::Asks(self.text())] {
            self.told(&mut model, Message::Drafted(Ok(drafted)), "a draft");
            self.sees(&mut model, &["<esc>"]);
        }
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

    pub fn tags(&self) {
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

    pub fn doctor(&self) {
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

    pub fn activity(&self) {
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
    pub fn typed(&self) {
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
