//! One push, by image id: tag, push that tag, and confirm what the engine says it pushed.
//!
//! The engine's own stream is read here and not bollard's, which drops the layer of a message and the final digest.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE};
use hyper::{Method, StatusCode};
use secrecy::{ExposeSecret as _, zeroize::Zeroizing};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::{
    Engine, EngineError, message_of,
    messages::{self, Messages},
    refusal,
};
use crate::{
    domain::{
        digest::Digest,
        permission::MayWrite,
        recipe::Login,
        reference::{DOCKER_HUB, Repository, Tag},
    },
    log::sanitise::plain,
};

const DOING: &str = "pushing";

/// One thing that happened in a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushEvent {
    /// A layer, by the short id that the engine shows.
    Layer { id: String, state: LayerState },
    /// What the engine says beside that.
    Status(String),
}

/// How far one layer is. Sizes in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerState {
    Preparing,
    /// For other layers: the engine pushes a few at a time.
    Waiting,
    /// `current` never exceeds `total`, though the engine's may; 0 when the total is not known.
    Pushing {
        current: u64,
        total: u64,
    },
    Pushed,
    /// The registry has it already.
    Exists,
    /// The registry took it from another repository.
    Mounted,
    /// After an error of the registry, in so many seconds.
    Retrying {
        seconds: u64,
    },
}

impl fmt::Display for LayerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preparing => f.write_str("preparing"),
            Self::Waiting => f.write_str("waiting"),
            Self::Pushing { current, total } => write!(f, "pushing {current}/{total}"),
            Self::Pushed => f.write_str("pushed"),
            Self::Exists => f.write_str("already there"),
            Self::Mounted => f.write_str("mounted"),
            Self::Retrying { seconds } => write!(f, "retrying in {seconds} s"),
        }
    }
}

/// What the registry took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Of the manifest (or index) that the tag now names.
    pub digest: Digest,
    /// Of that manifest, in bytes.
    pub size: u64,
}

impl Engine {
    /// Tags `image` as `repository:tag` in the engine and pushes that. Dropping the future stops the push.
    ///
    /// # Errors
    /// When the registry refuses (each reason its own variant), when the engine goes away, or when docker does not
    /// confirm what it said.
    pub async fn push(
        &self,
        image: &Digest,
        repository: &Repository,
        tag: &Tag,
        login: Option<&Login>,
        on: &mut (dyn FnMut(PushEvent) + Send),
        _permit: MayWrite,
    ) -> Result<Pushed, EngineError> {
        self.tag(image, repository, tag).await?;
        let cut = CancellationToken::new();
        let _cut_on_return = cut.clone().drop_guard();
        let request = Self::request(Method::POST, &format!("/images/{repository}/push?tag={tag}"))
            .header("X-Registry-Auth", authorization(login, repository)?)
            .body(http_body_util::Empty::<bytes::Bytes>::new())
            .map_err(|error| nonsense(&error.to_string()))?;
        let response = self.transport.send(request, DOING, cut).await?;
        let mut messages = Messages::of(response, DOING).await.map_err(|error| match error {
            EngineError::Status { message, .. } => refusal::of_push(&message, repository),
            other => other,
        })?;
        let mut reader = Reader { pushed: None, repository };
        while let Some(message) = messages.next().await? {
            reader.take(&message, on)?;
        }
        let pushed = reader.pushed.ok_or_else(|| nonsense("the push ended without a digest"))?;
        if self.about().is_podman() {
            // Its RepoDigests are of the manifest in its own store, where layers are not compressed, whatever was
            // pushed (measured with 4.3): only the registry can confirm it.
            return Ok(pushed);
        }
        confirm(pushed, self.digests_of(repository, tag).await?, repository, tag)
    }

    async fn tag(&self, image: &Digest, repository: &Repository, tag: &Tag) -> Result<(), EngineError> {
        let path = format!("/images/{image}/tag?repo={repository}&tag={tag}");
        let (status, body) = self.ask(Method::POST, &path, "tagging the image").await?;
        let message = message_of(&body);
        match status {
            StatusCode::CREATED | StatusCode::OK => Ok(()),
            StatusCode::NOT_FOUND => Err(EngineError::NoSuchImage { image: image.to_string(), message }),
            other => Err(EngineError::Status { doing: "tagging the image", status: other.as_u16(), message }),
        }
    }

    /// The digests under which the engine knows `repository:tag` in that repository.
    async fn digests_of(&self, repository: &Repository, tag: &Tag) -> Result<Vec<Digest>, EngineError> {
        let name = format!("{repository}:{tag}");
        let image = self.inspect(&name).await?.ok_or_else(|| EngineError::NoSuchImage {
            image: name,
            message: "it was pushed just now and is gone already".into(),
        })?;
        let of_repository = |text: &String| {
            let (name, digest) = text.split_once('@')?;
            (name.parse::<Repository>().ok()? == *repository).then(|| digest.parse().ok())?
        };
        Ok(image.repo_digests.iter().filter_map(of_repository).collect())
    }
}

/// What was pushed, if the engine's image agrees with what its stream said.
fn confirm(pushed: Pushed, known: Vec<Digest>, repository: &Repository, tag: &Tag) -> Result<Pushed, EngineError> {
    if known.contains(&pushed.digest) {
        return Ok(pushed);
    }
    Err(EngineError::Disagrees {
        repository: repository.clone(),
        tag: tag.clone(),
        pushed: pushed.digest,
        known: known.into_iter().map(String::from).collect(),
    })
}

#[derive(Serialize)]
struct Authorization<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    username: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    password: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    identitytoken: &'a str,
    serveraddress: &'a str,
}

/// The header that engines decode with the URL alphabet. Without a login it is an empty object: engines want one.
fn authorization(login: Option<&Login>, repository: &Repository) -> Result<hyper::header::HeaderValue, EngineError> {
    let serveraddress = if repository.host() == DOCKER_HUB { super::logins::DOCKER_HUB_KEY } else { repository.host() };
    let secret = login.map_or("", |login| login.password.expose_secret());
    let object = match login {
        Some(login) if login.username == super::logins::IDENTITY_TOKEN => {
            Authorization { username: "", password: "", identitytoken: secret, serveraddress }
        }
        Some(login) => Authorization { username: &login.username, password: secret, identitytoken: "", serveraddress },
        None => Authorization { username: "", password: "", identitytoken: "", serveraddress: "" },
    };
    let mut json = Zeroizing::new(Vec::with_capacity(128 + 6 * secret.len()));
    serde_json::to_writer(&mut *json, &object).map_err(|error| nonsense(&error.to_string()))?;
    let text = Zeroizing::new(BASE64_URL_SAFE.encode(&*json));
    let mut value = hyper::header::HeaderValue::from_str(&text).map_err(|error| nonsense(&error.to_string()))?;
    value.set_sensitive(true);
    Ok(value)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Message {
    status: String,
    id: Option<String>,
    #[serde(rename = "progressDetail")]
    progress: Option<Progress>,
    error: Option<String>,
    #[serde(rename = "errorDetail")]
    detail: Option<Detail>,
    aux: Option<Aux>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Progress {
    current: i64,
    total: i64,
}

#[derive(Deserialize)]
struct Detail {
    message: Option<String>,
}

#[derive(Deserialize)]
struct Aux {
    #[serde(rename = "Digest")]
    digest: Option<Digest>,
    #[serde(rename = "Size")]
    size: Option<u64>,
}

struct Reader<'a> {
    pushed: Option<Pushed>,
    repository: &'a Repository,
}

impl Reader<'_> {
    fn take(&mut self, message: &[u8], on: &mut (dyn FnMut(PushEvent) + Send)) -> Result<(), EngineError> {
        let message: Message = messages::read(message, DOING)?;
        if let Some(text) = message.detail.and_then(|detail| detail.message).or(message.error) {
            return Err(refusal::of_push(&text, self.repository));
        }
        if let Some(Aux { digest: Some(digest), size }) = message.aux {
            self.pushed = Some(Pushed { digest, size: size.unwrap_or(0) });
        }
        if message.status.is_empty() {
            return Ok(());
        }
        if self.pushed.is_none() {
            self.pushed = in_words(&message.status);
        }
        let (id, status) = (message.id.map(|id| plain(&id)), plain(&message.status));
        let state = id.as_ref().and_then(|_| layer_state(&status, message.progress.as_ref()));
        on(match (id, state) {
            (Some(id), Some(state)) => PushEvent::Layer { id, state },
            (Some(id), None) => PushEvent::Status(format!("{id}: {status}")),
            (None, _) => PushEvent::Status(status),
        });
        Ok(())
    }
}

fn layer_state(status: &str, progress: Option<&Progress>) -> Option<LayerState> {
    Some(match status {
        "Preparing" => LayerState::Preparing,
        "Waiting" => LayerState::Waiting,
        "Pushing" => {
            let [current, total] =
                progress.map_or([0, 0], |p| [p.current, p.total].map(|n| u64::try_from(n).unwrap_or(0)));
            // Compression and rounding let the engine count beyond its own total.
            LayerState::Pushing { current: if total > 0 { current.min(total) } else { current }, total }
        }
        "Pushed" => LayerState::Pushed,
        "Layer already exists" => LayerState::Exists,
        _ if status.starts_with("Mounted from") => LayerState::Mounted,
        _ => {
            let rest = status.strip_prefix("Retrying in ")?;
            LayerState::Retrying { seconds: rest.split(' ').next()?.parse().ok()? }
        }
    })
}

/// `v1: digest: sha256:… size: 942`.
fn in_words(status: &str) -> Option<Pushed> {
    let (_, rest) = status.split_once(": digest: ")?;
    let (digest, size) = rest.split_once(" size: ")?;
    Some(Pushed { digest: digest.parse().ok()?, size: size.trim().parse().ok()? })
}

fn nonsense(why: &str) -> EngineError {
    EngineError::Nonsense { doing: DOING, why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(lines: &[&str]) -> (Vec<PushEvent>, Result<Option<Pushed>, EngineError>) {
        let repository: Repository = "127.0.0.1:5000/a".parse().unwrap();
        let mut reader = Reader { pushed: None, repository: &repository };
        let mut events = Vec::new();
        for line in lines {
            if let Err(error) = reader.take(line.as_bytes(), &mut |event| events.push(event)) {
                return (events, Err(error));
            }
        }
        (events, Ok(reader.pushed))
    }

    #[test]
    fn the_engines_messages_are_read() {
        let digest = format!("sha256:{}", "5".repeat(64));
        let (events, pushed) = events(&[
            r#"{"status":"The push refers to repository [127.0.0.1:5000/a]"}"#,
            r#"{"status":"Preparing","progressDetail":{},"id":"7a779ee79f96"}"#,
            r#"{"status":"Pushing","progressDetail":{"current":138752,"total":3216},"progress":"[=>]","id":"7a"}"#,
            r#"{"status":"Retrying in 5 seconds","progressDetail":{},"id":"7a"}"#,
            r#"{"status":"Mounted from x/y","progressDetail":{},"id":"7a"}"#,
            &format!(r#"{{"status":"v1: digest: {digest} size: 942"}}"#),
            &format!(r#"{{"progressDetail":{{}},"aux":{{"Tag":"v1","Digest":"{digest}","Size":943}}}}"#),
        ]);
        let layer = |id: &str, state| PushEvent::Layer { id: id.into(), state };
        assert_eq!(events[1], layer("7a779ee79f96", LayerState::Preparing));
        assert_eq!(events[2], layer("7a", LayerState::Pushing { current: 3216, total: 3216 }));
        assert_eq!(events[3], layer("7a", LayerState::Retrying { seconds: 5 }));
        assert_eq!(events[4], layer("7a", LayerState::Mounted));
        assert_eq!(events.len(), 6);
        assert_eq!(pushed.unwrap(), Some(Pushed { digest: digest.parse().unwrap(), size: 943 }));
    }

    #[test]
    fn an_error_in_the_stream_ends_it() {
        let (_, end) =
            events(&[r#"{"errorDetail":{"message":"no basic auth credentials"},"error":"no basic auth credentials"}"#]);
        assert!(matches!(end, Err(EngineError::NoCredentials { .. })));
    }

    #[test]
    fn a_digest_that_the_engine_does_not_know_is_not_believed() {
        let (repository, tag): (Repository, Tag) = ("a/b".parse().unwrap(), "v1".parse().unwrap());
        let pushed = Pushed { digest: Digest::of(b"a"), size: 1 };
        assert_eq!(confirm(pushed.clone(), vec![Digest::of(b"a")], &repository, &tag).unwrap(), pushed);
        let other = vec![Digest::of(b"b")];
        assert!(matches!(confirm(pushed, other, &repository, &tag), Err(EngineError::Disagrees { .. })));
    }

    #[test]
    fn credentials_are_encoded_for_engines_and_hidden() {
        let login = Login { username: "bot".into(), password: "a~b?c>d~~~???>>>".into() };
        let value = authorization(Some(&login), &"docker.io/a/b".parse().unwrap()).unwrap();
        assert!(value.is_sensitive());
        let text = value.to_str().unwrap();
        assert!(!text.contains(['+', '/']), "{text}");
        let json: serde_json::Value = serde_json::from_slice(&BASE64_URL_SAFE.decode(text).unwrap()).unwrap();
        assert_eq!(json["password"], "a~b?c>d~~~???>>>");
        assert_eq!(json["serveraddress"], "https://index.docker.io/v1/");
    }
}
