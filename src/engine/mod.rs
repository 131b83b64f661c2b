//! The container engine: Docker or podman, by its API. Builds, tags, pushes and inspects images.
//!
//! ```text
//! context (which engine?) ─► Endpoint ─► Engine::connect ─► build ─► push
//! ```
//! Not for registries: what they serve is observed without an engine in the way, in [`crate::registry`].

mod answers;
mod build;
mod classic;
pub mod context;
mod dockerfile;
mod dockerignore;
mod endpoint;
mod error;
mod logins;
mod messages;
mod output;
mod push;
mod refusal;
mod state;
mod tarball;
mod tls;
mod trace;
mod transport;
mod upload;

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::{Method, Request, Response, StatusCode, body::Incoming, http::request};
use serde::{Deserialize, de::DeserializeOwned};
use tokio_util::sync::CancellationToken;

pub use build::{BuildRequest, Outcome};
pub use dockerfile::registries;
pub use endpoint::{Endpoint, SshTarget};
pub use error::EngineError;
pub use output::{BuildEvent, CLASSIC, NOTICES, PULLS};
pub use push::{LayerState, PushEvent, Pushed};
pub use state::State;

use crate::domain::{digest::Digest, record::IdKind, reference::Platform};
use answers::{Info, Inspected, Version};
use transport::{ApiVersion, Transport, gone};

/// The newest API that our requests and bollard's models are written for.
const NEWEST: ApiVersion =
    ApiVersion { major: bollard::API_DEFAULT_VERSION.major_version, minor: bollard::API_DEFAULT_VERSION.minor_version };
/// Docker 17.09: the first that builds for a platform.
const OLDEST: ApiVersion = ApiVersion { major: 1, minor: 32 };
/// Docker 18.09: the first with BuildKit in it.
const BUILDKIT: ApiVersion = ApiVersion { major: 1, minor: 39 };
/// Larger answers than this (of requests that have short ones) are cut off.
const LARGEST_ANSWER: usize = 8 << 20;

/// How long to wait. Builds and pushes have no limit of their own: they last as long as they last.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For a connection to be ready.
    pub connect: Duration,
    /// For the answer to a question that costs the engine nothing.
    pub answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), answer: Duration::from_secs(30) }
    }
}

/// What is on the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// `Docker` or `Podman`.
    pub name: &'static str,
    pub version: String,
    /// The API that is spoken with it: the newest that both know.
    pub api: String,
    /// For which images are built unless something else is asked for.
    pub platform: Option<Platform>,
    /// BuildKit can be used.
    pub buildkit: bool,
    /// Images are kept in containerd's store, where an image id is a manifest's or an index's digest.
    pub containerd_store: bool,
    /// As DOCKER_HOST would name it.
    pub endpoint: String,
}

impl About {
    pub(crate) fn is_podman(&self) -> bool {
        self.name == "Podman"
    }

    /// Without the revision that distributions append, as in `20.10.24+dfsg1`.
    #[must_use]
    pub fn upstream_version(&self) -> &str {
        self.version.split('+').next().unwrap_or(&self.version)
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} (API {})", self.name, self.upstream_version(), self.api)
    }
}

/// An image as the engine keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalImage {
    pub id: Digest,
    pub id_kind: IdKind,
    /// Digests of the uncompressed layers, lowest first.
    pub diff_ids: Vec<Digest>,
    pub platform: Option<Platform>,
    /// `repository@digest`, for each repository it was pushed to or pulled from.
    pub repo_digests: Vec<String>,
}

/// A connection's worth of knowledge about one engine. Each request has a connection of its own.
#[derive(Debug, Clone)]
pub struct Engine {
    transport: Transport,
    about: Arc<About>,
    /// The engine's own newest API, which may be newer than ours.
    api: ApiVersion,
    limits: Limits,
}

impl Engine {
    /// Finds out who is there and agrees on a version.
    ///
    /// # Errors
    /// When nobody is, when we are not let in, or when there is no version that both speak.
    pub async fn connect(endpoint: Endpoint) -> Result<Self, EngineError> {
        Self::connect_within(endpoint, Limits::default()).await
    }

    /// [`Self::connect`] with other patience.
    ///
    /// # Errors
    /// The same.
    pub async fn connect_within(endpoint: Endpoint, limits: Limits) -> Result<Self, EngineError> {
        const DOING: &str = "asking the container engine who it is";
        let unknown = About {
            name: "Docker",
            version: String::new(),
            api: String::new(),
            platform: None,
            buildkit: false,
            containerd_store: false,
            endpoint: endpoint.to_string(),
        };
        let transport = Transport { endpoint, connect: limits.connect, version: None };
        let mut engine = Self { transport, about: Arc::new(unknown.clone()), api: OLDEST, limits };
        let prefers_classic = {
            let answer = engine.send(Method::GET, "/_ping", DOING).await?;
            // Engines whose settings switch BuildKit off say so here; older ones say nothing.
            answer.headers().get("builder-version").is_some_and(|value| value == "1")
        };
        let version: Version = engine.json("/version", DOING).await?;
        let podman = version.components.iter().any(|component| component.name.contains("Podman"));
        let name = if podman { "Podman" } else { "Docker" };
        engine.api = ApiVersion::parse(&version.api)
            .ok_or_else(|| EngineError::nonsense(DOING, format!("`{}` is no version", version.api)))?;
        let engine_name = || format!("{name} {}", version.release);
        if engine.api < OLDEST {
            return Err(EngineError::TooOld {
                engine: engine_name(),
                api: engine.api.to_string(),
                least: OLDEST.to_string(),
            });
        }
        if let Some(least) = ApiVersion::parse(&version.least).filter(|least| *least > NEWEST) {
            return Err(EngineError::TooNew {
                engine: engine_name(),
                least: least.to_string(),
                ours: NEWEST.to_string(),
            });
        }
        let spoken = engine.api.min(NEWEST);
        engine.transport.version = Some(spoken);
        let info: Info = engine.json("/info", DOING).await?;
        let from_containerd = |pair: &Vec<String>| matches!(pair.as_slice(), [key, value] if key == "driver-type" && value.starts_with("io.containerd.snapshotter"));
        engine.about = Arc::new(About {
            name,
            platform: format!("{}/{}", version.os, version.architecture).parse().ok(),
            buildkit: !podman && !prefers_classic && engine.api >= BUILDKIT && version.os == "linux",
            version: version.release,
            api: spoken.to_string(),
            containerd_store: info.driver_status.unwrap_or_default().iter().any(from_containerd),
            ..unknown
        });
        Ok(engine)
    }

    pub fn about(&self) -> &About {
        &self.about
    }

    /// The image with this id or name; `None` when the engine has none.
    ///
    /// # Errors
    /// When the engine does not answer, or not in a way that is understood.
    pub async fn inspect(&self, image: &str) -> Result<Option<LocalImage>, EngineError> {
        const DOING: &str = "looking at an image";
        let (status, body) = self.ask(Method::GET, &format!("/images/{image}/json"), DOING).await?;
        if status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let found: Inspected = understand(status, &body, DOING)?;
        let nonsense = |why: String| EngineError::nonsense(DOING, why);
        let id = image_id(&found.id).ok_or_else(|| nonsense(format!("`{}` is no image id", found.id)))?;
        let layers = found.root_fs.and_then(|fs| fs.layers).unwrap_or_default();
        let diff_ids: Result<Vec<Digest>, _> = layers.iter().map(|layer| layer.parse::<Digest>()).collect();
        let variant = found.variant.filter(|v| !v.is_empty()).map(|v| format!("/{v}")).unwrap_or_default();
        let media_type = found.descriptor.map(|descriptor| descriptor.media_type).unwrap_or_default();
        Ok(Some(LocalImage {
            id,
            id_kind: match media_type.as_str() {
                _ if !self.about.containerd_store => IdKind::Config,
                kind if kind.contains("index") || kind.contains("manifest.list") => IdKind::Index,
                kind if kind.contains("manifest") => IdKind::Manifest,
                _ => IdKind::Unknown,
            },
            diff_ids: diff_ids.map_err(|error| nonsense(error.to_string()))?,
            platform: format!("{}/{}{variant}", found.os, found.architecture).parse().ok(),
            repo_digests: found.repo_digests.unwrap_or_default(),
        }))
    }

    fn request(method: Method, path: &str) -> request::Builder {
        Request::builder()
            .method(method)
            .uri(path)
            .header("User-Agent", concat!("windlass/", env!("CARGO_PKG_VERSION")))
    }

    /// A request without body that is answered soon.
    async fn send(&self, method: Method, path: &str, doing: &'static str) -> Result<Response<Incoming>, EngineError> {
        let request = Self::request(method, path)
            .body(Empty::<Bytes>::new())
            .map_err(|error| EngineError::Nonsense { doing, why: error.to_string() })?;
        tokio::time::timeout(self.limits.answer, self.transport.send(request, doing, CancellationToken::new()))
            .await
            .map_err(|_| EngineError::TimedOut { doing, limit: self.limits.answer })?
    }

    async fn ask(&self, method: Method, path: &str, doing: &'static str) -> Result<(StatusCode, Bytes), EngineError> {
        let response = self.send(method, path, doing).await?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LARGEST_ANSWER).collect();
        let body = tokio::time::timeout(self.limits.answer, body)
            .await
            .map_err(|_| EngineError::TimedOut { doing, limit: self.limits.answer })?
            .map_err(|error| gone(doing, &*error))?;
        Ok((status, body.to_bytes()))
    }

    async fn json<T: DeserializeOwned>(&self, path: &str, doing: &'static str) -> Result<T, EngineError> {
        let (status, body) = self.ask(Method::GET, path, doing).await?;
        understand(status, &body, doing)
    }
}

fn understand<T: DeserializeOwned>(status: StatusCode, body: &[u8], doing: &'static str) -> Result<T, EngineError> {
    if !status.is_success() {
        return Err(EngineError::Status { doing, status: status.as_u16(), message: message_of(body) });
    }
    serde_json::from_slice(body).map_err(|error| EngineError::nonsense(doing, error))
}

/// The `message` of an engine's error answer, or its text.
fn message_of(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Error {
        message: String,
    }
    let text = serde_json::from_slice(body)
        .map_or_else(|_| String::from_utf8_lossy(body).into_owned(), |error: Error| error.message);
    Some(refusal::plain(&text)).filter(|text| !text.is_empty()).unwrap_or_else(|| "it does not say why".to_owned())
}

/// An image id with or without its algorithm (podman leaves it out in places).
fn image_id(text: &str) -> Option<Digest> {
    text.parse().or_else(|_| format!("sha256:{text}").parse()).ok()
}
