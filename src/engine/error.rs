//! What can go wrong between us and a container engine, and what a maintainer is told about it.

use std::{fmt, path::PathBuf, time::Duration};

use super::refusal::plain;
use crate::domain::{
    digest::Digest,
    failure::{Failure, FailureKind},
    finding::CheckId,
    reference::{Repository, Tag},
};

/// Everything that can fail in this adapter.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    // Which engine?
    #[error("`{host}` names no engine: {why}")]
    BadHost { host: String, why: String },
    #[error("the docker context `{name}` is not usable: {why}")]
    BadContext { name: String, why: String },
    #[error("{} cannot be used: {why}", path.display())]
    BadConfig { path: PathBuf, why: String },
    #[error("{} is no usable certificate or key: {why}", path.display())]
    BadCertificate { path: PathBuf, why: String },
    #[error("credential helper {helper}: {why}")]
    Helper { helper: String, why: String },

    // Reaching it.
    #[error("there is no socket {}", .0.display())]
    NoSocket(PathBuf),
    #[error("no permission to use {}", .0.display())]
    SocketDenied(PathBuf),
    #[error("{endpoint} does not answer: {why}")]
    Refused { endpoint: String, why: String },
    #[error("no trusted connection to {endpoint}: {why}")]
    Tls { endpoint: String, why: String },
    #[error("no answer while {doing} within {limit:?}")]
    TimedOut { doing: &'static str, limit: Duration },
    #[error("the engine went away while {doing}: {why}")]
    Gone { doing: &'static str, why: String },
    #[error("{engine} speaks API {api}; at least {least} is needed")]
    TooOld { engine: String, api: String, least: String },
    #[error("{engine} wants at least API {least}; this program speaks {ours}")]
    TooNew { engine: String, least: String, ours: String },
    #[error("status {status} while {doing}: {message}")]
    Status { doing: &'static str, status: u16, message: String },
    #[error("an answer that makes no sense while {doing}: {why}")]
    Nonsense { doing: &'static str, why: String },
    #[error("no space left on the engine's disk while {doing}: {message}")]
    DiskFull { doing: &'static str, message: String },

    // Before a build.
    #[error("{} is no folder to build from: {why}", path.display())]
    NoContext { path: PathBuf, why: String },
    #[error("there is no `{name}` in {}", folder.display())]
    NoDockerfile { name: String, folder: PathBuf, near: Vec<String> },
    #[error("`{name}` cannot be used as Dockerfile: {why}")]
    BadDockerfile { name: String, why: String },
    #[error("{}, line {line}: {why}", file.display())]
    BadIgnoreRule { file: PathBuf, line: usize, why: String },
    #[error("line {line} of the Dockerfile mounts a {what} (`{mount}`)")]
    NeedsMount { line: usize, what: &'static str, mount: String },
    #[error("{engine} has no BuildKit")]
    NoBuildKit { engine: String },
    #[error("{}: {why}", path.display())]
    Context { path: PathBuf, why: String },

    // During a build.
    #[error("{message}")]
    BuildFailed { message: String, exit_code: Option<i64>, step: Option<String> },
    #[error("{message}")]
    CacheChanged { message: String },
    #[error("{message}")]
    BaseDenied { message: String },
    #[error("{message}")]
    BaseUnreachable { message: String },

    // Pushing.
    #[error("{registry} refuses this login: {message}")]
    Unauthorized { registry: String, message: String },
    #[error("{registry} was given no login: {message}")]
    NoCredentials { registry: String, message: String },
    #[error("this login may not push to {repository}: {message}")]
    PushDenied { repository: Repository, message: String },
    #[error("the engine cannot reach {registry}: {message}")]
    RegistryUnreachable { registry: String, message: String },
    #[error("{registry} asks to slow down: {message}")]
    RateLimited { registry: String, message: String },
    #[error("{message}")]
    PushFailed { repository: Repository, message: String },
    #[error("the engine has no image {image}: {message}")]
    NoSuchImage { image: String, message: String },
    #[error("{repository}:{tag} was pushed as {pushed}; the engine now says {}", known.join(", "))]
    Disagrees { repository: Repository, tag: Tag, pushed: Digest, known: Vec<String> },
}

impl EngineError {
    /// An answer that is not understood; why may quote it.
    pub(super) fn nonsense(doing: &'static str, why: impl fmt::Display) -> Self {
        Self::Nonsense { doing, why: plain(&why.to_string()) }
    }

    /// The check that looks at the cause. What the build itself says has none.
    fn check(&self) -> Option<CheckId> {
        Some(match self {
            Self::BadHost { .. }
            | Self::BadContext { .. }
            | Self::BadConfig { .. }
            | Self::BadCertificate { .. }
            | Self::NoSocket(_)
            | Self::SocketDenied(_)
            | Self::Refused { .. }
            | Self::Tls { .. }
            | Self::TimedOut { .. }
            | Self::Gone { .. }
            | Self::TooOld { .. }
            | Self::TooNew { .. }
            | Self::Status { .. }
            | Self::Nonsense { .. }
            | Self::NoBuildKit { .. } => CheckId::Engine,
            Self::DiskFull { .. } => CheckId::Disk,
            Self::NoContext { .. } | Self::NoDockerfile { .. } => CheckId::Config,
            Self::Unauthorized { .. } | Self::NoCredentials { .. } => CheckId::Login,
            Self::PushDenied { .. } => CheckId::Push,
            Self::RegistryUnreachable { .. } | Self::RateLimited { .. } => CheckId::Registry,
            Self::Helper { .. }
            | Self::BadDockerfile { .. }
            | Self::BadIgnoreRule { .. }
            | Self::NeedsMount { .. }
            | Self::Context { .. }
            | Self::BuildFailed { .. }
            | Self::CacheChanged { .. }
            | Self::BaseDenied { .. }
            | Self::BaseUnreachable { .. }
            | Self::PushFailed { .. }
            | Self::NoSuchImage { .. }
            | Self::Disagrees { .. } => return None,
        })
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        use EngineError as E;
        let why = error.to_string();
        let check = error.check();
        let (kind, what, next): (_, String, String) = match error {
            E::BadHost { .. } => usage(
                "the engine's address is not usable",
                "set DOCKER_HOST to unix:///PATH, tcp://HOST:PORT or ssh://USER@HOST, or unset it",
            ),
            E::BadContext { .. } => {
                usage("the docker context is not usable", "see `docker context ls`, then `docker context use NAME`")
            }
            E::BadConfig { path, .. } => {
                usage("docker's settings are not usable", &format!("mend {}, or move it away", path.display()))
            }
            E::BadCertificate { path, .. } => usage(
                "the engine's certificates are not usable",
                &format!("check {} and DOCKER_CERT_PATH: ca.pem, cert.pem and key.pem are read", path.display()),
            ),
            E::Helper { helper, .. } => failed(
                "a stored login could not be read",
                &format!("run `echo HOST | {helper} get` to see what it says"),
            ),
            E::NoSocket(_) => unreachable(
                "no container engine was found",
                "install Docker or podman and start it (`systemctl start docker`), or set DOCKER_HOST",
            ),
            E::SocketDenied(path) => {
                let next = format!(
                    "add yourself to the group that owns {} (`sudo usermod -aG docker $USER`, then log in again)",
                    path.display()
                );
                (FailureKind::NotAllowed, "the container engine may not be used by you".into(), next)
            }
            E::Refused { .. } => unreachable(
                "the container engine does not answer",
                "start it (`systemctl start docker`), or check DOCKER_HOST and `docker context ls`",
            ),
            E::Tls { .. } => unreachable(
                "the container engine is not trusted, or does not trust us",
                "check ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH or the docker context",
            ),
            E::TimedOut { .. } => {
                unreachable("the container engine is too slow", "look at its load and its log, then run it again")
            }
            E::Gone { .. } => unreachable(
                "the connection to the container engine broke",
                "see the engine's log (`journalctl -u docker`); once it runs, start it again",
            ),
            E::TooOld { .. } => failed("the container engine is too old", "update it: Docker 17.09 or podman 3"),
            E::TooNew { .. } => failed("the container engine is too new", "update windlass"),
            E::Status { .. } => failed("the container engine refuses", "see the engine's log for more"),
            E::Nonsense { .. } => failed(
                "the container engine's answer is not understood",
                "check that DOCKER_HOST names a Docker or podman engine, then see its log",
            ),
            E::DiskFull { .. } => failed(
                "the engine's disk is full",
                "free space on the engine's machine: `docker system df`, then `docker builder prune`",
            ),
            E::NoContext { .. } => usage("there is nothing to build", "check `context` in windlass.toml"),
            E::NoDockerfile { near, .. } => usage(
                "the Dockerfile is missing",
                &if near.is_empty() {
                    "check `dockerfile` in windlass.toml: it is relative to `context`".to_owned()
                } else {
                    format!("did you mean {}? `dockerfile` in windlass.toml names it", near.join(" or "))
                },
            ),
            E::BadDockerfile { .. } => usage(
                "the Dockerfile is not usable",
                "check `dockerfile` in windlass.toml: it is relative to `context`",
            ),
            E::BadIgnoreRule { .. } => usage("a rule of .dockerignore is not valid", "mend that line"),
            E::NeedsMount { .. } => usage(
                "the build needs a secret that it would not get",
                "take the mount out (the build would succeed without what it mounts), or build that part with docker buildx first",
            ),
            E::NoBuildKit { .. } => usage(
                "BuildKit was asked for, and there is none",
                "set builder = \"auto\" in windlass.toml, or use Docker 18.09 or newer",
            ),
            E::Context { .. } => failed(
                "the build context could not be sent whole",
                "mend that file, or list it in .dockerignore if the image does not need it",
            ),
            E::BuildFailed { exit_code, step, .. } => {
                let what = match (step, exit_code) {
                    (Some(step), Some(code)) => format!("the build failed with exit code {code} in {step}"),
                    (Some(step), None) => format!("the build failed in {step}"),
                    (None, Some(code)) => format!("the build failed with exit code {code}"),
                    (None, None) => "the build failed".to_owned(),
                };
                (FailureKind::Failed, what, "read the end of the log; mend the Dockerfile or what it runs".into())
            }
            E::CacheChanged { .. } => failed(
                "an image was removed while the engine looked for cached steps",
                "run it again: nothing is wrong with the Dockerfile",
            ),
            E::BaseDenied { .. } => denied(
                "an image that the build starts from may not be pulled",
                "check its name, and log in to its registry with `docker login`",
            ),
            E::BaseUnreachable { .. } => unreachable(
                "an image that the build starts from cannot be pulled",
                "check the engine's network and the registry, then run it again",
            ),
            E::Unauthorized { .. } => denied(
                "the registry refuses the login",
                "check the secret with `windlass secret check`, or set another",
            ),
            E::NoCredentials { .. } => {
                denied("the registry wants a login", "set it with `windlass secret set` and run it again")
            }
            E::PushDenied { repository, .. } => denied(
                "the registry refuses the push",
                &format!("give the account write access to {repository}, or use another secret"),
            ),
            E::RegistryUnreachable { .. } => unreachable(
                "the registry cannot be reached by the engine",
                "check the network of the engine's machine and the registry's status, then run it again",
            ),
            E::RateLimited { .. } => {
                unreachable("the registry limits how often it may be asked", "wait some minutes and run it again")
            }
            E::PushFailed { repository, .. } => (
                FailureKind::Failed,
                format!("the push to {repository} failed"),
                "see the engine's log and the registry's status, then run it again".into(),
            ),
            E::NoSuchImage { .. } => failed("the image to push is gone", "build it again: it was removed or pruned"),
            E::Disagrees { .. } => failed(
                "what was pushed cannot be confirmed",
                "somebody else pushed or tagged at the same time: compare with `windlass verify`",
            ),
        };
        Self::new(kind, what, why, next).explained_by(check)
    }
}

type Told = (FailureKind, String, String);

fn usage(what: &str, next: &str) -> Told {
    (FailureKind::Usage, what.to_owned(), next.to_owned())
}

fn failed(what: &str, next: &str) -> Told {
    (FailureKind::Failed, what.to_owned(), next.to_owned())
}

fn denied(what: &str, next: &str) -> Told {
    (FailureKind::NotAllowed, what.to_owned(), next.to_owned())
}

fn unreachable(what: &str, next: &str) -> Told {
    (FailureKind::Unreachable, what.to_owned(), next.to_owned())
}
