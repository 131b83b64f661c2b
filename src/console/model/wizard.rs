//! A rotation as it goes on: which steps are behind it, which one it is at, and what can be done when it stops.

use super::secret_form::SecretForm;
use crate::domain::{
    failure::Failure,
    name::SecretName,
    rotation::{Account, End, Stage, Standing, Step, StepState, StepView},
};

#[derive(Debug)]
pub struct Wizard {
    pub secret: SecretName,
    /// A worker takes it on.
    pub running: bool,
    pub steps: Vec<StepView>,
    /// How it stands, once that was told.
    pub account: Option<Account>,
    /// What keeps it from going on, though nothing that it checks does.
    pub stopped: Option<Failure>,
    /// The new login as it was typed, to go back to.
    form: Option<Box<SecretForm>>,
}

impl Wizard {
    /// One that begins, with what was typed for it.
    pub fn begins(form: Box<SecretForm>) -> Self {
        Self {
            secret: form.secret.clone(),
            running: true,
            steps: Account::steps(&Stage::Opened),
            account: None,
            stopped: None,
            form: Some(form),
        }
    }

    /// One that was left open.
    pub fn found(account: Account) -> Self {
        let (secret, steps) = (account.secret.clone(), account.steps.clone());
        Self { secret, running: false, steps, account: Some(account), stopped: None, form: None }
    }

    /// It stands here, as the vault tells: it can be taken up.
    pub fn stands(&mut self, account: Account) {
        self.steps.clone_from(&account.steps);
        self.account = Some(account);
    }

    /// It goes on, to its end or back.
    pub fn goes_on(&mut self, back: bool) {
        (self.running, self.stopped) = (true, None);
        if let (true, Some(Account { stands: Standing::Open(stage), .. })) = (back, &self.account) {
            self.steps = Account::steps(&stage.clone().rolled_back());
            // It is not done yet.
            self.steps.iter_mut().for_each(|view| view.state = StepState::Pending);
        }
    }

    /// A step has ended: one that was due, or one that nobody had hoped for.
    pub fn told(&mut self, view: StepView) {
        Account::note(&mut self.steps, view);
    }

    /// The answer of the worker.
    pub fn ends(&mut self, told: Result<Account, Failure>) {
        self.running = false;
        match told {
            Ok(account) => {
                self.steps.clone_from(&account.steps);
                if !can_go_back(Some(&account)) {
                    // The login is in the vault, or was taken out of it again.
                    self.form = None;
                }
                self.account = Some(account);
            }
            Err(failure) => self.stopped = Some(failure),
        }
    }

    /// The step that is under way.
    pub fn under_way(&self) -> Option<Step> {
        let next = self.steps.iter().find(|view| view.state == StepState::Pending);
        next.filter(|_| self.running).map(|view| view.step)
    }

    /// It stands still, and can be taken on or back.
    pub fn is_open(&self) -> bool {
        !self.running && matches!(&self.account, Some(Account { stands: Standing::Open(_), .. }))
    }

    /// What was typed, where nothing of it was stored.
    pub fn back(&mut self) -> Option<Box<SecretForm>> {
        let mut form = self.form.take_if(|_| !self.running && can_go_back(self.account.as_ref()))?;
        form.busy = false;
        Some(form)
    }

    pub fn can_go_back(&self) -> bool {
        !self.running && self.form.is_some() && can_go_back(self.account.as_ref())
    }
}

fn can_go_back(account: Option<&Account>) -> bool {
    match account {
        None => true,
        Some(account) => matches!(account.stands, Standing::Ended(End::Withdrawn(_))),
    }
}
