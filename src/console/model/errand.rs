//! What a worker is to do about secrets, and what comes of it. Values are in [`Masked`] memory on their way to it.

use super::{masked::Masked, secrets::Holdings};
use crate::domain::{
    failure::Failure,
    holdings::WantedEnd,
    name::SecretName,
    proof::Reports,
    rotation::{Account, StepView},
};

/// What a worker is to do about secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    /// Find out what there is. May ask for the vault's passphrase.
    Look,
    /// Find out which logins Docker has for this secret's registries.
    AskDocker(SecretName),
    Set {
        secret: SecretName,
        login: NewLogin,
        /// How the key is kept of the vault that this makes.
        key: Option<NewKey>,
        /// The whole document, whatever else is in it.
        replace: bool,
        /// `None`: as it was.
        end: Option<WantedEnd>,
    },
    /// Let it be used for every repository of the project that needs it.
    Bind(SecretName),
    Check(SecretName),
    Rotate {
        secret: SecretName,
        login: NewLogin,
        /// As of [`Self::Set`].
        key: Option<NewKey>,
    },
    Resume(SecretName),
    RollBack(SecretName),
    Remove(SecretName),
}

/// What a secret is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewLogin {
    Typed {
        username: String,
        password: Masked,
    },
    /// What Docker has, which nobody here has seen.
    Docker,
}

/// How the key of a new vault is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewKey {
    Passphrase(Masked),
    /// At this path.
    Ssh(String),
    Plain,
}

/// What a worker found out or did about secrets.
#[derive(Debug)]
pub enum SecretNews {
    Holdings(Result<Box<Holdings>, Failure>),
    /// Docker's logins in words; `None`: it has none. The failure says why they cannot be taken over.
    Docker(SecretName, Result<Option<String>, Failure>),
    /// What is to be said of it.
    Set(SecretName, Result<Vec<String>, NotSet>),
    /// What it may be used for.
    Bound(SecretName, Result<Vec<String>, Failure>),
    Checked(SecretName, Result<Reports, Failure>),
    /// A step of a rotation has ended.
    Step(SecretName, StepView),
    /// A rotation has come to where it stands now. The failure keeps it from having begun, or from going on.
    Rotated(SecretName, Result<Box<Account>, Failure>),
    Removed(SecretName, Result<(), Failure>),
}

/// Why a secret was not stored.
#[derive(Debug)]
pub enum NotSet {
    /// The login is refused for what it is.
    Unfit(Failure),
    Failed(Failure),
}

impl From<Failure> for NotSet {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
