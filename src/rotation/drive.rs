//! Takes a rotation from stage to stage: a check, then one write of the vault, until it ends.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Surroundings, account, check::check};
use crate::{
    domain::{
        audit::{Act, AuditRow, Ended},
        failure::Failure,
        holdings::StoreKind,
        name::SecretName,
        proof::{LoginProof, PushProof},
        recipe::{Login, Recipe},
        reference::Repository,
        rotation::{Account, End, Holds, Next, Stage, Standing, StepState, StepView},
    },
    fault,
    keeping::Unheld,
    secrets::{Entry, OpenRotation, VaultError},
};

/// What somebody wants of a rotation.
#[derive(Clone, Copy)]
pub(super) enum Intent {
    Begin,
    Resume,
    RollBack,
}

impl Intent {
    fn act(self) -> Act {
        match self {
            Self::Begin => Act::SecretRotate,
            Self::Resume => Act::SecretResume,
            Self::RollBack => Act::SecretRollback,
        }
    }
}

/// A rotation while this process takes it on.
pub(super) struct Drive<'a> {
    at: Surroundings<'a>,
    /// As the vault holds it.
    rotation: OpenRotation,
    account: Account,
}

impl<'a> Drive<'a> {
    pub fn new(at: Surroundings<'a>, name: &SecretName, rotation: OpenRotation) -> Self {
        let account = account(&at.store.vault, &at.store.kind(), name, &rotation);
        Self { at, rotation, account }
    }

    fn name(&self) -> &SecretName {
        &self.account.secret
    }

    /// The whole of it, as one act in the audit trail.
    pub async fn run(mut self, intent: Intent) -> Result<Account, Failure> {
        let row = AuditRow::begun(Timestamp::now(), self.at.who, intent.act(), self.name().as_str());
        let journal = self.at.journal;
        let work = async {
            self.drive(intent).await?;
            let ended = Ended::with(self.account.failure().as_ref(), self.account.in_force());
            Ok((self.account, ended))
        };
        Box::pin(journal.audited(row, work)).await
    }

    async fn drive(&mut self, intent: Intent) -> Result<(), Failure> {
        match intent {
            Intent::Begin => {
                // What cannot be proven anywhere is not begun.
                logins(&self.rotation.recipe, &self.rotation.entry(Holds::New))?;
                let Account { secret, store, .. } = &self.account;
                let vault = &mut self.at.store.vault;
                vault.open_rotation(store, secret, self.rotation.clone(), self.at.permit)?;
                self.reached();
            }
            Intent::Resume => {}
            Intent::RollBack => {
                let restored = self.rotation.stage.clone().rolled_back();
                if restored != self.rotation.stage {
                    self.turn(Next::To(restored)).await?;
                }
            }
        }
        while let Standing::Open(stage) = self.account.stands.clone() {
            let checked = self.check(&stage).await;
            let state = match &checked {
                Ok(note) => StepState::Done { note: Some(note.clone()) },
                Err(failure) => StepState::Failed(failure.clone()),
            };
            self.tell(StepView { step: stage.ahead()[0], state });
            fault::point(format_args!("rotation:{}:checked", stage.name()));
            self.turn(stage.after(checked.map(drop))).await?;
        }
        Ok(())
    }

    /// The check that is due, and what it found.
    async fn check(&self, stage: &Stage) -> Result<String, Failure> {
        match stage {
            Stage::Opened => self.prove(&self.rotation.entry(Holds::New)).await,
            Stage::Stored => self.read_back().await,
            Stage::ReadBack => {
                // What the store gives now, not what is in memory.
                let stored = self.at.store.again(self.name(), &self.rotation.old.bindings).await?;
                // Another login that works may be somebody else's.
                if !stored.document.means(&self.rotation.new) {
                    return Err(self.not_given_back());
                }
                self.prove(&stored).await
            }
            Stage::Restored(_) => self.prove(&self.rotation.old).await,
        }
    }

    async fn read_back(&self) -> Result<String, Failure> {
        let place = self.account.store.place();
        if self.at.store.holds(self.name(), &self.rotation).await? == Some(Holds::New) {
            return Ok(format!("another read of {place} gives what was stored"));
        }
        Err(self.not_given_back())
    }

    fn not_given_back(&self) -> Failure {
        Failure::failed(
            format!("{} does not give back what was stored", self.account.store.place()),
            "another read of it gives something else",
            match self.account.store {
                StoreKind::Vault => "check the disk that holds the vault",
                StoreKind::Taskcluster(_) => "find out who else sets it, and agree on who does",
            },
        )
    }

    /// At every repository the secret is for, by clients that know nothing yet.
    async fn prove(&self, entry: &Entry) -> Result<String, Failure> {
        let mut proven: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (repository, login) in logins(&self.rotation.recipe, entry)? {
            let report =
                check(&repository, &login, self.at.registry, Some(self.at.permit)).await.map_err(|failure| {
                    let why = format!("{}, asked for {repository}", failure.why);
                    Failure { why, ..failure }
                })?;
            if report.login == LoginProof::Open {
                return Err(Failure::failed(
                    format!("{repository} proves no login"),
                    "its registry asks nobody for one",
                    "store it without a proof: windlass secret set",
                ));
            }
            if let PushProof::MayNot { why } = report.push {
                return Err(Failure::not_allowed(
                    format!("{} may not push to {repository}", report.username),
                    why,
                    "give it the right at the registry",
                ));
            }
            proven.entry(report.username).or_default().push(repository.to_string());
        }
        let said = proven.iter().map(|(username, to)| {
            format!("{username} is accepted, a wrong password refused, and may push to {}", to.join(", "))
        });
        Ok(said.collect::<Vec<_>>().join("; "))
    }

    /// One transition: in the store first, then told.
    async fn turn(&mut self, next: Next) -> Result<(), Failure> {
        let (name, kept) = (self.account.secret.clone(), self.account.store.clone());
        let next = match self.at.store.hold(&name, &self.rotation, &next, self.at.permit).await {
            Ok(()) => next,
            Err(Unheld::Failed(failure)) => return Err(self.stays_open(failure)),
            Err(Unheld::Overtaken(failure)) => {
                if let Some((step, _)) = next.write(&kept) {
                    self.tell(StepView { step, state: StepState::Failed(failure.clone()) });
                }
                Next::End(End::Overtaken(failure))
            }
        };
        fault::point(format_args!("rotation:{}:held", self.rotation.stage.name()));
        let written = self.at.store.vault.advance(&kept, &name, &self.rotation, &next, self.at.permit);
        written.map_err(|error| match error {
            VaultError::Overtaken { .. } => error.into(),
            error => self.stays_open(error.into()),
        })?;
        if let Some((step, note)) = next.write(&kept) {
            self.tell(StepView { step, state: StepState::Done { note: Some(note) } });
        }
        match next {
            Next::To(stage) => {
                self.account.stands = Standing::Open(stage.clone());
                self.rotation.stage = stage;
            }
            Next::End(end) => self.account.stands = Standing::Ended(end),
        }
        self.reached();
        Ok(())
    }

    fn reached(&self) {
        fault::point(format_args!("rotation:{}", self.account.stands.name()));
    }

    fn tell(&mut self, view: StepView) {
        (self.at.watch)(&view);
        Account::note(&mut self.account.steps, view);
    }

    /// The stage that is on the disk stands: whoever takes it up again finds the check that is due.
    fn stays_open(&self, failure: Failure) -> Failure {
        let name = self.name();
        Failure {
            why: format!(
                "{}; the rotation of {name} stays open where it was ({})",
                failure.why,
                self.rotation.stage.name()
            ),
            next: format!(
                "{}; then: windlass secret rotate {name} --resume; or: windlass secret rotate {name} --rollback",
                failure.next
            ),
            ..failure
        }
    }
}

/// The login for every repository that the secret is bound to.
fn logins(recipe: &Recipe, entry: &Entry) -> Result<Vec<(Repository, Login)>, Failure> {
    if entry.bindings.is_empty() {
        return Err(Failure::not_allowed(
            "the login cannot be proven",
            "the secret is bound to no repository",
            "bind it: windlass secret set",
        ));
    }
    let of = |repository: &Repository| Ok((repository.clone(), entry.login_for(recipe, repository)?));
    entry.bindings.iter().map(of).collect()
}
