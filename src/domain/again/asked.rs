//! Which scopes calls need, beside those that somebody has.

use super::facts::Facts;
use crate::domain::{
    failure::Failure,
    finding::CheckId,
    scope::{Expression, Scopes},
};

/// What all calls together need, beside what there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub needs: Expression,
    pub lacks: Option<Expression>,
    /// What there is was told.
    pub known: bool,
}

impl Asked {
    /// Nothing is missing where nobody tells what there is: the queue says so then.
    pub(in crate::domain) fn of(facts: &Facts, needs: impl IntoIterator<Item = Expression>) -> Self {
        Self::beside(facts.scopes.as_ref(), Expression::all(needs))
    }

    /// The same, beside these; `None`: nobody tells.
    #[must_use]
    pub fn beside(scopes: Option<&Scopes>, needs: Expression) -> Self {
        let lacks = scopes.and_then(|scopes| needs.missing(scopes));
        Self { needs, lacks, known: scopes.is_some() }
    }

    #[must_use]
    pub fn words(&self) -> String {
        match (&self.lacks, self.known) {
            (Some(lacks), _) => format!("{}; missing: {lacks}", self.needs),
            (None, true) => format!("{}: there", self.needs),
            (None, false) => format!("{}; whether they are there the deployment does not tell", self.needs),
        }
    }

    /// Why it is not allowed to do `act`.
    pub(in crate::domain) fn refused(&self, facts: &Facts, act: &str) -> Option<Failure> {
        self.refused_by(&facts.host, facts.signed, facts.clean, act)
    }

    /// The same, by the deployment at this host; `signed`: somebody asks who has credentials there.
    #[must_use]
    pub fn refused_by(&self, host: &str, signed: bool, clean: fn(&str) -> String, act: &str) -> Option<Failure> {
        let lacks = self.lacks.as_ref()?;
        let scopes: Vec<String> = lacks.enough().iter().map(|scope| format!(" --scope '{}'", clean(scope))).collect();
        let (why, next) = if signed {
            (format!("the credentials lack {lacks}"), "sign in with that, or have it granted")
        } else {
            (format!("that needs {lacks}, and nobody is signed in"), "sign in")
        };
        let what = format!("{host} does not let you {act}");
        let next = format!("{next}: windlass signin{}", scopes.concat());
        Some(Failure::not_allowed(what, clean(&why), next).explained_by(CheckId::Client))
    }
}
