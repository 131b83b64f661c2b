//! What can go wrong between us and a Taskcluster deployment, and what a maintainer is told about it.

use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::service::Service;
use crate::{
    domain::{failure::Failure, finding::CheckId, scope::Expression},
    log::sanitise::plain,
};

/// An error of the Taskcluster adapter. Texts of services in it are sanitised; no secret is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaskclusterError {
    /// No connection, no answer in time, or a connection that broke.
    #[error("{host} cannot be reached: {why}")]
    Unreachable { host: String, why: String },
    /// A service answered, and not with what was asked for.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The answer is not what the service's reference says it is.
    #[error("{what} is unreadable: {why}")]
    Unreadable { what: String, why: String },
    /// It would be sent where it must not go, or credentials to where they were not made for.
    #[error("{host} is not spoken to: {why}")]
    Distrusted { host: String, why: String },
    /// A file of a task was announced, and is not where it should be.
    #[error("{what} was recorded but is not there: {why}")]
    NotUploaded { what: String, why: String },
    /// A file of a task could not be made: its worker recorded why.
    #[error("{what} was not made: {why}")]
    NotMade { what: String, why: String },
    /// A file of a task was announced, and what keeps its bytes did not take them.
    #[error("{what} was not stored: {why}")]
    NotStored { what: String, why: String },
    /// A file ended before its end, or is another than the one that was recorded.
    #[error("{what} did not arrive whole: {why}")]
    Damaged { what: String, why: String },
    #[error("{what} is larger than {cap} bytes")]
    TooLarge { what: String, cap: u64 },
    /// What arrived could not be kept here.
    #[error("{what} cannot be written: {why}")]
    Unwritten { what: String, why: String },
    /// The request cannot be made.
    #[error("the request cannot be made: {why}")]
    Setup { why: String },
}

/// An answer that is an error, as far as it could be read: JSON of the services, HTML, XML of a bucket, or nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{service} answers {status}{}: {message}", self.code.as_ref().map(|code| format!(" {code}")).unwrap_or_default())]
pub struct Refusal {
    /// Host and port of the deployment.
    pub host: String,
    pub service: Service,
    /// What was asked for: `read the secret x`.
    pub act: String,
    pub status: u16,
    /// `InsufficientScopes`, `ResourceNotFound`; some answers have none.
    pub code: Option<String>,
    /// Without the tail that repeats method, status and time.
    pub message: String,
    /// What the caller is missing, or, where it came without credentials, what somebody needs.
    pub missing: Option<Missing>,
    /// Of this request, in the service's log.
    pub request_id: Option<String>,
    /// Of an internal error: what those who run the service look for.
    pub incident: Option<String>,
    /// The request came with credentials.
    pub signed: bool,
    /// Seconds that our clock is ahead of the service's, where that may be the cause.
    pub ahead: Option<i64>,
}

/// Scopes, as the service writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing(pub String);

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ErrorJson {
    code: Option<String>,
    message: Option<String>,
    /// Of an artifact that is an error, and of routes that are not there.
    reason: Option<String>,
    error: Option<String>,
    incident_id: Option<String>,
    body: Option<Value>,
}

/// What the caller knows of a request that was refused.
pub(super) struct Asked<'a> {
    pub host: String,
    pub service: Service,
    pub act: &'a str,
    pub signed: bool,
    pub narrowed: &'a [String],
    pub request_id: Option<String>,
    pub ahead: Option<i64>,
}

/// The longest message that is kept: a scope expression of a big task has thousands of characters.
const LONGEST: usize = 8 * 1024;

impl Refusal {
    pub(super) fn read(asked: Asked<'_>, status: StatusCode, body: &[u8]) -> Self {
        let json: Option<ErrorJson> = serde_json::from_slice(body).ok();
        let json = json.unwrap_or_default();
        let whole = json.message.or(json.error).unwrap_or_else(|| bare(body, status));
        let message: String = without_tail(&whole).chars().take(LONGEST).collect();
        let mut missing = missing(&message, status, asked.narrowed);
        if let Some(Missing(scopes)) = &mut missing {
            *scopes = plain(scopes);
        }
        let line = |text: &str| plain(text).trim().to_owned();
        let incident = json.incident_id.or_else(|| {
            json.body.as_ref().and_then(|body| body.get("incidentId")).and_then(Value::as_str).map(ToOwned::to_owned)
        });
        Self {
            host: asked.host,
            service: asked.service,
            act: asked.act.to_owned(),
            status: status.as_u16(),
            code: json.code.or(json.reason).map(|code| line(&code)),
            message: one_line(&message),
            missing,
            request_id: asked.request_id.map(|id| line(&id)),
            incident: incident.map(|id| line(&id)),
            signed: asked.signed,
            ahead: asked.ahead,
        }
    }

    /// The doctor's check that looks at its cause.
    fn explained(&self) -> Option<CheckId> {
        match (self.service, self.status) {
            _ if self.is_of_nobody() => Some(CheckId::Cluster),
            (Service::Secrets, _) => Some(CheckId::Secret),
            (_, 401 | 403) => Some(CheckId::Client),
            // Things of the queue are gone once they expire, and cannot be run again past their deadline; some were not made.
            (Service::Queue | Service::Index | Service::Object, 404 | 409 | 410 | 424) => Some(CheckId::Dates),
            (Service::Github | Service::Hooks, 400 | 404) => Some(CheckId::Yml),
            (Service::WorkerManager, 404) => Some(CheckId::Pool),
            _ => None,
        }
    }

    /// No service looks after what was asked for: those give their own 404 a code.
    fn is_of_nobody(&self) -> bool {
        self.status == 404 && self.code.is_none()
    }

    pub fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

/// Services put method, code, status and time below a line; an error that came through two of them has two such tails.
fn without_tail(message: &str) -> &str {
    message.split("\n---\n").next().unwrap_or(message).trim_end()
}

/// What a service says, without the fences of Markdown and without its tail.
pub(super) fn one_line(message: &str) -> String {
    let beginning: String = without_tail(message).chars().take(LONGEST).collect();
    let lines = beginning.lines().filter(|line| !line.starts_with("```"));
    lines.map(plain).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What a host that is no service says with this answer.
pub(super) fn said(body: &[u8], status: StatusCode) -> String {
    plain(&bare(body, status))
}

/// What is said by a body that is not the JSON of a service.
fn bare(body: &[u8], status: StatusCode) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(LONGEST)]).into_owned();
    // HTML of a proxy or of a service that fell over, XML of a bucket: their one telling element.
    let between = |open: &str, close: &str| {
        let from = text.find(open)? + open.len();
        let to = text[from..].find(close)? + from;
        Some(text[from..to].trim().to_owned()).filter(|found| !found.is_empty())
    };
    between("<Message>", "</Message>")
        .or_else(|| between("<Code>", "</Code>"))
        .or_else(|| between("<pre>", "</pre>"))
        .or_else(|| between("<title>", "</title>"))
        .or_else(|| Some(text.trim().to_owned()).filter(|text| !text.is_empty() && !text.starts_with('<')))
        .unwrap_or_else(|| status.canonical_reason().unwrap_or("no reason was given").to_owned())
}

/// The scopes that a refusal names: those in its first fence, in the services' own notation.
fn missing(message: &str, status: StatusCode, narrowed: &[String]) -> Option<Missing> {
    if status == StatusCode::UNAUTHORIZED && message.contains("do not satisfy authorizedScopes") {
        // The fences list what there is and what we narrowed to: what we narrowed to is what the request needs.
        return Some(Missing(narrowed.join(", ")));
    }
    if status != StatusCode::FORBIDDEN {
        return None;
    }
    let fence = message.split("```").nth(1)?.trim();
    let read = serde_json::from_str::<Expression>(fence).map(|expression| expression.to_string());
    Some(Missing(read.unwrap_or_else(|_| fence.lines().map(str::trim).collect::<Vec<_>>().join(", "))))
}

impl TaskclusterError {
    /// The status of an answer that is an error.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.status),
            _ => None,
        }
    }

    /// It may be otherwise in a moment: a connection or a host is in trouble.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable { .. }) || matches!(self.status(), Some(429 | 500..))
    }

    /// There is no such thing; or a thing that is over.
    pub fn is_absent(&self) -> bool {
        matches!(self.status(), Some(404 | 410)) && !self.is_of_nobody()
    }

    /// There is no such service, or it is of another version.
    pub fn is_of_nobody(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.is_of_nobody())
    }

    /// Whoever asked may not: 403, or more scopes were wanted than the credentials have.
    pub fn is_denied(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.status == 403 || refusal.missing.is_some(),
            _ => false,
        }
    }

    /// The credentials themselves are no good.
    pub fn is_unauthenticated(&self) -> bool {
        self.status() == Some(401) && !self.is_denied()
    }
}

impl From<TaskclusterError> for Failure {
    fn from(error: TaskclusterError) -> Self {
        match error {
            TaskclusterError::Unreachable { host, why } => Self::unreachable(
                format!("{host} cannot be reached"),
                why,
                "check the network, HTTPS_PROXY and `root-url` in windlass.toml, then try again",
            )
            .explained_by(CheckId::Cluster),
            TaskclusterError::Refused(refusal) => (*refusal).into(),
            TaskclusterError::Unreadable { what, why } => Self::failed(
                format!("{what} is unreadable"),
                why,
                "check that `root-url` is that of a Taskcluster deployment and that no proxy answers in its place",
            )
            .explained_by(CheckId::Cluster),
            TaskclusterError::Distrusted { host, why } => {
                let next = "check `root-url` in windlass.toml; your settings say where plain HTTP may go";
                Self::not_allowed(format!("{host} is not spoken to"), why, next).explained_by(CheckId::Client)
            }
            TaskclusterError::NotUploaded { what, why } => Self::failed(
                format!("{what} was recorded but is not there"),
                why,
                "look at the task's log: its upload did not end, or the file is gone by now",
            )
            .explained_by(CheckId::Dates),
            TaskclusterError::NotStored { what, why } => Self::failed(
                format!("{what} was not stored"),
                why,
                "try again: the address that it goes to is good for a while only",
            ),
            TaskclusterError::NotMade { what, why } => Self::failed(
                format!("{what} was not made"),
                why,
                "look at the task's log: its worker says why there is no such file",
            )
            .explained_by(CheckId::Dates),
            TaskclusterError::Damaged { what, why } => {
                let next = "try again; if it stays so, the file is damaged where it is kept";
                Self::failed(format!("{what} did not arrive whole"), why, next)
            }
            TaskclusterError::TooLarge { what, cap } => Self::failed(
                format!("{what} is too large"),
                format!("it has more than {cap} bytes, and no more are taken"),
                "check the name of the artifact in windlass.toml",
            ),
            TaskclusterError::Unwritten { what, why } => {
                Self::failed(format!("{what} cannot be written"), why, "make room, or choose another place")
            }
            TaskclusterError::Setup { why } => Self::failed(
                "the request to Taskcluster cannot be made",
                why,
                "check the credentials, the system's certificates and the proxy variables",
            )
            .explained_by(CheckId::Client),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let Refusal { ref host, ref act, status, .. } = refusal;
        let told = refusal.to_string();
        let what = format!("{host} does not {act}");
        let explained = refusal.explained();
        match status {
            _ if refusal.missing.is_some() => {
                let Missing(scopes) = refusal.missing.as_ref().map_or_else(|| Missing(String::new()), Clone::clone);
                let (why, next) = if refusal.signed {
                    (
                        format!("the credentials lack {scopes}"),
                        "sign in with that scope, or have it granted to your client or role: windlass signin",
                    )
                } else {
                    (
                        format!("anybody needs {scopes} for that, and this was asked without credentials"),
                        "sign in, or give credentials in the environment: windlass signin",
                    )
                };
                Self::not_allowed(what, why, next).explained_by(explained)
            }
            401 => {
                let (why, next) = unauthenticated(&refusal);
                Self::not_allowed(format!("{host} does not accept the credentials"), why, next)
                    .explained_by(CheckId::Client)
            }
            403 => Self::not_allowed(what, told, "have it granted to your client or role").explained_by(explained),
            404 if refusal.is_of_nobody() => {
                let next = "check that `root-url` is that of a Taskcluster deployment, and that it has this service";
                Self::failed(what, told, next).explained_by(explained)
            }
            404 | 410 => {
                Self::failed(what, told, "check the name; things of Taskcluster expire").explained_by(explained)
            }
            424 => Self::failed(what, told, "look at the task's log: its worker says why there is no such file")
                .explained_by(explained),
            400 | 409 => Self::failed(what, told, "look at it anew, and try again").explained_by(explained),
            500.. => {
                let incident = refusal.incident.as_ref().or(refusal.request_id.as_ref());
                let next = match incident {
                    Some(id) => format!("try again later; if it stays so, tell whoever runs {host} of {id}"),
                    None => format!("try again later; if it stays so, tell whoever runs {host}"),
                };
                Self::unreachable(format!("{host} does not {act}"), told, next).explained_by(CheckId::Cluster)
            }
            _ => Self::failed(what, told, "check that `root-url` is that of a Taskcluster deployment"),
        }
    }
}

/// What a 401 means. The services tell no more than these words. Source: measured on v106.
fn unauthenticated(refusal: &Refusal) -> (String, String) {
    let message = refusal.message.as_str();
    if message.contains("Stale timestamp") {
        let skew = refusal.ahead.map_or_else(String::new, |ahead| format!(": it is {}", skewed(ahead)));
        return (
            format!("the clock of this machine differs by more than 15 minutes from the service's{skew}"),
            "set the clock (timedatectl set-ntp true), then try again".to_owned(),
        );
    }
    if message.contains("Bad mac") {
        return (
            "the signature does not fit (Bad mac)".to_owned(),
            "check the access token, that a certificate is there where the credentials are temporary, and that \
             `root-url` has the host and port that the deployment itself has"
                .to_owned(),
        );
    }
    if message.contains("expir") {
        return (message.to_owned(), "get new ones: windlass signin".to_owned());
    }
    (message.to_owned(), "correct them, get new ones (windlass signin), or go without any".to_owned())
}

/// How far a clock is off, in words.
pub fn skewed(ahead: i64) -> String {
    let (far, which) = (ahead.unsigned_abs(), if ahead > 0 { "fast" } else { "slow" });
    if far < 120 { format!("{far} s {which}") } else { format!("{} min {which}", (far + 30) / 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_names_the_check_that_looks_at_its_cause() {
        for (service, status, check) in [
            (Service::Secrets, 403, Some(CheckId::Secret)),
            (Service::Secrets, 404, Some(CheckId::Secret)),
            (Service::Queue, 403, Some(CheckId::Client)),
            (Service::Secrets, 401, Some(CheckId::Client)),
            (Service::Queue, 404, Some(CheckId::Dates)),
            (Service::Queue, 409, Some(CheckId::Dates)),
            (Service::Queue, 410, Some(CheckId::Dates)),
            (Service::Queue, 424, Some(CheckId::Dates)),
            (Service::Queue, 400, None),
            (Service::Github, 400, Some(CheckId::Yml)),
            (Service::Hooks, 404, Some(CheckId::Yml)),
            (Service::WorkerManager, 404, Some(CheckId::Pool)),
            (Service::Auth, 404, None),
            (Service::Auth, 503, Some(CheckId::Cluster)),
        ] {
            let asked = || Asked {
                host: "tc.example".to_owned(),
                service,
                act: "do it",
                signed: true,
                narrowed: &[],
                request_id: None,
                ahead: None,
            };
            let status = StatusCode::from_u16(status).unwrap();
            let asks = |body: &[u8]| Failure::from(Refusal::read(asked(), status, body)).check;
            assert_eq!(asks(br#"{"code":"ResourceNotFound"}"#), check, "{service} {status}");
            if status == StatusCode::NOT_FOUND {
                assert_eq!(asks(br#"{"error":"Not found"}"#), Some(CheckId::Cluster), "{service}");
            }
        }
    }
}
