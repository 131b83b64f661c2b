//! What was proven of a login at a registry.

use super::{failure::Failure, reference::Repository, sign::Tone};

/// What was found on each repository of a secret, or what kept it from an answer.
pub type Reports = Vec<(Repository, Result<Report, Failure>)>;

/// What was found on one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub username: String,
    pub login: LoginProof,
    pub push: PushProof,
    /// The login can list or read the repository.
    pub may_pull: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginProof {
    /// Accepted, and a wrong password was refused.
    Proven,
    /// The registry asks nobody for a login: there is nothing to prove.
    Open,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushProof {
    /// An upload was begun and cancelled.
    May,
    MayNot {
        why: String,
    },
    /// A read-only process does not begin uploads.
    CannotTell,
}

impl Report {
    /// Login, right to push and right to pull, in words.
    #[must_use]
    pub fn words(&self) -> [(String, Tone); 3] {
        let login = match self.login {
            LoginProof::Proven => ("login accepted, a wrong one refused", Tone::Good),
            LoginProof::Open => ("the registry asks for no login", Tone::Notice),
        };
        let push = match &self.push {
            PushProof::May => ("may push".to_owned(), Tone::Good),
            PushProof::MayNot { why } => (format!("may not push: {why}"), Tone::Bad),
            PushProof::CannotTell => ("push right: cannot tell, read-only".to_owned(), Tone::Notice),
        };
        let pull = if self.may_pull { ("may pull", Tone::Good) } else { ("may not pull", Tone::Bad) };
        [(login.0.to_owned(), login.1), push, (pull.0.to_owned(), pull.1)]
    }
}
