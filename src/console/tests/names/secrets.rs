//! The secrets, and the dialogs about them.

use super::{Tour, poison::poisoned};

use crate::{
    console::{
        message::Message,
        model::{NotSet, SecretNews},
        sample::{
            press,
            secrets::{act, holdings, missing, name, open_at, there},
            tell,
        },
    },
    domain::{
        audit::{Act, Outcome},
        proof::{self, LoginProof, PushProof},
        rotation::{self, End, Reason, Stage, Standing, StepState, StepView},
    },
};

impl Tour {
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

    pub fn holdings(&self) -> Message {
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

    pub fn secrets(&self) {
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

    pub fn secret_dialogs(&self) {
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
}
