//! What can go wrong between us and a registry, and what a maintainer is told about it.

use super::answer::Answer;
use crate::domain::{digest::Digest, failure::Failure, finding::CheckId, observation::Observation};

/// An error of the registry adapter. Texts of a registry in it are sanitised; no secret is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// No connection, no answer in time, a connection that broke, or a server error.
    #[error("{host} cannot be reached: {why}")]
    Unreachable { host: String, why: String },
    /// 429, with the wait that was asked for when it is longer than we wait ourselves.
    #[error("{host} asks to slow down ({answer})")]
    RateLimited { host: String, retry_after_seconds: Option<u64>, answer: Answer },
    /// The registry or its token service does not accept this user name with this password.
    #[error("{host} does not accept the login of {username} ({answer})")]
    LoginRefused { host: String, username: String, answer: Answer },
    /// The registry asks for a login and this client has none.
    #[error("{host} asks for a login to {act}")]
    LoginNeeded { host: String, act: String },
    /// Whoever this client is may not do this: 403, or 401 with `insufficient_scope`.
    #[error("{host} does not allow us to {act} ({answer})")]
    Denied { host: String, act: String, answer: Answer },
    /// 404. `visible` when this client could list the repository: else it may exist and be hidden.
    #[error("{what} {}", if *.visible { "does not exist" } else { "is missing or not visible to this credential" })]
    NotFound { what: String, visible: bool, answer: Answer },
    /// The bytes do not hash to the digest that was claimed or asked for.
    #[error("the registry serves bytes of {actual} where {expected} was claimed")]
    Corrupt { expected: Digest, actual: Digest },
    /// The answer is not what the specifications say it is.
    #[error("{what} is unreadable: {why}")]
    Unreadable { what: String, why: String },
    /// The bytes are whole, and this program has no way to check them further.
    #[error("{what} cannot be checked: {why}")]
    Uncheckable { what: String, why: String },
    /// What is to be sent cannot be read, or is not what it should be.
    #[error("{what} was not sent: {why}")]
    Unsent { what: String, why: String },
    /// Following the answer would send a login or a request where it must not go.
    #[error("{host} is not followed: {why}")]
    Distrusted { host: String, why: String },
    /// A status that nothing else here means.
    #[error("{host} gave an unexpected answer to our request to {act} ({answer})")]
    Unexpected { host: String, act: String, answer: Answer },
    /// The HTTP client could not be made.
    #[error("the registry client cannot be set up: {why}")]
    Setup { why: String },
}

impl RegistryError {
    /// The registry answered, and does not let this credential do it.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::LoginRefused { .. } | Self::LoginNeeded { .. } | Self::Denied { .. })
    }

    /// This answer is about the client, not about one tag: further requests would get it too. A 403 may be about one
    /// tag, as where a scanner blocks an image.
    pub(super) fn ends_a_run(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::LoginRefused { .. } | Self::LoginNeeded { .. } => true,
            Self::Denied { answer, .. } => answer.status == 401,
            _ => false,
        }
    }
}

impl From<RegistryError> for Observation {
    fn from(error: RegistryError) -> Self {
        let why = error.to_string();
        match error {
            RegistryError::RateLimited { retry_after_seconds, .. } => Self::RateLimited { retry_after_seconds },
            RegistryError::Corrupt { expected, actual } => Self::Corrupt { expected, actual },
            RegistryError::LoginRefused { .. }
            | RegistryError::LoginNeeded { .. }
            | RegistryError::Denied { .. }
            | RegistryError::Distrusted { .. } => Self::Denied { why },
            RegistryError::Unreadable { .. }
            | RegistryError::Uncheckable { .. }
            | RegistryError::Unsent { .. }
            | RegistryError::NotFound { .. } => Self::Unreadable { why },
            RegistryError::Unreachable { .. } | RegistryError::Unexpected { .. } | RegistryError::Setup { .. } => {
                Self::Unreachable { why }
            }
        }
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        let text = error.to_string();
        let check = if error.is_denied() { CheckId::Login } else { CheckId::Registry };
        match error {
            RegistryError::Unreachable { host, why } => Self::unreachable(
                format!("{host} cannot be reached"),
                why,
                "check the network, the registry's status page and HTTPS_PROXY, then try again",
            ),
            RegistryError::RateLimited { host, retry_after_seconds, answer } => Self::unreachable(
                format!("{host} asks to slow down"),
                format!("rate-limited ({answer})"),
                match retry_after_seconds {
                    Some(seconds) => format!("try again in {seconds} s; a login usually has a higher limit"),
                    None => "try again later; a login usually has a higher limit".to_owned(),
                },
            ),
            RegistryError::LoginRefused { host, username, answer } => Self::not_allowed(
                format!("{host} does not accept the login of {username}"),
                answer.to_string(),
                "check that the secret holds this registry's user name and a token that is active and not expired: \
                 windlass secret check",
            ),
            RegistryError::LoginNeeded { host, act } => Self::not_allowed(
                format!("{host} asks for a login to {act}"),
                "this was asked without one",
                "set the registry's login: windlass secret set",
            ),
            RegistryError::Denied { host, act, answer } => Self::not_allowed(
                format!("{host} does not allow us to {act}"),
                answer.to_string(),
                "give the token the right for this repository, or use one that has it: windlass secret set",
            ),
            RegistryError::NotFound { what, visible, answer } => Self::failed(
                if visible { format!("{what} does not exist") } else { format!("{what} was not found") },
                if visible {
                    format!("the registry answers {answer}")
                } else {
                    format!("it is missing or not visible to this credential ({answer})")
                },
                "check the name, and that the login may read it",
            ),
            RegistryError::Corrupt { expected, actual } => Self::failed(
                "the registry serves other bytes than it claims",
                format!("{expected} was claimed and the bytes hash to {actual}"),
                "do not deploy it; push the image again, and tell whoever runs the registry",
            ),
            RegistryError::Unreadable { what, why } => Self::failed(
                format!("{what} is unreadable"),
                why,
                "look at it with another tool (skopeo inspect --raw), and check that no proxy answers in between",
            ),
            RegistryError::Uncheckable { what, why } => Self::failed(
                format!("{what} cannot be checked"),
                why,
                "pull the image with an engine that can read it: pulling checks every layer",
            ),
            RegistryError::Unsent { what, why } => Self::failed(
                format!("{what} was not sent"),
                why,
                "nothing was tagged; see that what it is read from is whole, and stays so",
            ),
            RegistryError::Distrusted { host, why } => Self::not_allowed(
                format!("{host} is not followed"),
                why,
                "logins and requests go to https, or to plain HTTP where your settings allow it; check the registry's set-up",
            ),
            RegistryError::Unexpected { .. } => Self::failed(
                text,
                "no registry we know answers like that",
                "check that the host is a registry and that no proxy answers in its place",
            ),
            RegistryError::Setup { why } => Self::failed(
                "the registry client cannot be set up",
                why,
                "check the system's certificates and the proxy variables",
            ),
        }
        .explained_by(check)
    }
}
