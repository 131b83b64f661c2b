//! A scripted HTTP server in a registry's place, for answers that a real one cannot be made to give: read-only
//! tokens, rate limits, lies in headers, bodies without end, redirects, pages. Whatever the real registry of
//! [`super::registry`] can answer is tested with that one.
//!
//! A test gives a rule from [`Request`] to [`Answer`]; a [`Shelf`] answers as a well-behaved registry would, so that a
//! rule need only say what is different:
//!
//! ```ignore
//! let mut shelf = Shelf::default();
//! let digest = shelf.image("one");
//! shelf.tag("latest", &digest);
//! let registry = FakeRegistry::answering(move |request| match request.path.as_str() {
//!     "/v2/team/app/manifests/latest" => Answer::refusal(429, "TOOMANYREQUESTS", "slow down"),
//!     _ => shelf.answer(request),
//! });
//! // … ask `registry.host` …
//! assert_eq!(registry.requests().len(), 1);
//! ```

use std::{
    collections::BTreeMap,
    io::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use windlass::domain::digest::Digest;

use super::http::Server;
pub use super::http::{Answer, Request};

/// Media types of what a [`Shelf`] holds.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";

impl Request {
    /// The request came with this user name and password.
    pub fn has_login(&self, user: &str, password: &str) -> bool {
        let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
        self.header("authorization") == Some(&expected)
    }
}

/// What registries say.
impl Answer {
    /// An error as the OCI distribution specification writes it.
    pub fn refusal(status: u16, code: &str, message: &str) -> Self {
        let body = serde_json::json!({"errors": [{"code": code, "message": message}]});
        Self::json(&body.to_string()).with_status(status)
    }

    /// 401 that names the token service at `/token` of `host`.
    pub fn token_asked(host: &str, error: Option<&str>) -> Self {
        let error = error.map(|error| format!(",error=\"{error}\"")).unwrap_or_default();
        Self::refusal(401, "UNAUTHORIZED", "authentication required").header(
            "WWW-Authenticate",
            &format!("Bearer realm=\"http://{host}/token\",service=\"fake\",scope=\"repository:x:pull\"{error}"),
        )
    }

    /// 401 that asks for user name and password.
    pub fn login_asked() -> Self {
        Self::refusal(401, "UNAUTHORIZED", "authentication required").header("WWW-Authenticate", "Basic realm=\"fake\"")
    }

    pub fn redirect(to: &str) -> Self {
        Self::status(307).header("Location", to)
    }
}

#[derive(Default)]
struct State {
    requests: Mutex<Vec<Request>>,
    now: AtomicUsize,
    most: AtomicUsize,
}

/// The server: own port on loopback, a thread for each connection, ended on drop.
pub struct FakeRegistry {
    /// `127.0.0.1:PORT`.
    pub host: String,
    state: Arc<State>,
    _server: Server,
}

impl FakeRegistry {
    pub fn answering(rule: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        Self::knowing_itself(move |_| rule)
    }

    /// As [`Self::answering`], for a rule that needs the server's own host, as one that names a token service does.
    pub fn knowing_itself<R>(rule: impl FnOnce(&str) -> R) -> Self
    where
        R: Fn(&Request) -> Answer + Send + Sync + 'static,
    {
        let state = Arc::new(State::default());
        let serving = Arc::clone(&state);
        let server = Server::answering(|host| {
            let rule = rule(host);
            move |request: &Request| serving.answer(&rule, request)
        });
        Self { host: server.host.clone(), state, _server: server }
    }

    /// `HOST/path` as a repository's name.
    pub fn repository(&self, path: &str) -> String {
        format!("{}/{path}", self.host)
    }

    /// All requests so far, in the order of their arrival.
    pub fn requests(&self) -> Vec<Request> {
        self.state.requests.lock().expect("no rule panics with the list in hand").clone()
    }

    /// How many of the requests so far had this method and this text in their path.
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.requests().iter().filter(|r| r.method == method && r.path.contains(path)).count()
    }

    /// The largest number of requests that were being answered at the same time.
    pub fn most_at_once(&self) -> usize {
        self.state.most.load(Ordering::SeqCst)
    }
}

impl State {
    fn answer(&self, rule: impl Fn(&Request) -> Answer, request: &Request) -> Answer {
        self.requests.lock().expect("no rule panics with the list in hand").push(request.clone());
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let answer = rule(request);
        self.now.fetch_sub(1, Ordering::SeqCst);
        answer
    }
}

/// Images, and the answers that a well-behaved registry gives for them, in whatever repository.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    pub tags: BTreeMap<String, String>,
    /// Media type and bytes by digest.
    pub manifests: BTreeMap<String, (String, Vec<u8>)>,
    pub blobs: BTreeMap<String, Vec<u8>>,
}

impl Shelf {
    pub fn blob(&mut self, bytes: impl Into<Vec<u8>>) -> String {
        let bytes = bytes.into();
        let digest = Digest::of(&bytes).to_string();
        self.blobs.insert(digest.clone(), bytes);
        digest
    }

    pub fn manifest(&mut self, media_type: &str, json: &serde_json::Value) -> String {
        let bytes = json.to_string().into_bytes();
        let digest = Digest::of(&bytes).to_string();
        self.manifests.insert(digest.clone(), (media_type.to_owned(), bytes));
        digest
    }

    /// An image of linux/amd64 with one gzipped layer, made from this text. Gives its manifest's digest.
    pub fn image(&mut self, text: &str) -> String {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).expect("memory takes everything");
        let packed = gzip.finish().expect("memory takes everything");
        let layer = self.blob(packed);
        let config = self.config(text, &[Digest::of(text.as_bytes()).as_str()]);
        self.image_of(&config, &[("application/vnd.oci.image.layer.v1.tar+gzip", &layer)])
    }

    /// A config of linux/amd64 that claims these diff ids.
    pub fn config(&mut self, name: &str, diff_ids: &[&str]) -> String {
        let json = serde_json::json!({
            "os": "linux", "architecture": "amd64", "created": "2026-11-21T09:30:00Z",
            "config": {"Labels": {"name": name}}, "rootfs": {"type": "layers", "diff_ids": diff_ids},
        });
        self.blob(json.to_string())
    }

    /// A manifest of these blobs, which are on the shelf.
    pub fn image_of(&mut self, config: &str, layers: &[(&str, &str)]) -> String {
        let layers: Vec<_> = layers.iter().map(|(kind, digest)| self.descriptor(kind, digest)).collect();
        let json = serde_json::json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "layers": layers,
            "config": self.descriptor("application/vnd.oci.image.config.v1+json", config),
        });
        self.manifest(MANIFEST, &json)
    }

    /// An index of these manifests, each with what its descriptor says besides (`platform`, `annotations`).
    pub fn index(&mut self, children: &[(&str, serde_json::Value)]) -> String {
        let children: Vec<_> = children
            .iter()
            .map(|(digest, besides)| {
                let mut descriptor = self.descriptor(MANIFEST, digest);
                for (key, value) in besides.as_object().expect("an object") {
                    descriptor[key] = value.clone();
                }
                descriptor
            })
            .collect();
        self.manifest(INDEX, &serde_json::json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}))
    }

    fn descriptor(&self, media_type: &str, digest: &str) -> serde_json::Value {
        let size = self.manifests.get(digest).map(|(_, bytes)| bytes.len());
        let size = size.or_else(|| self.blobs.get(digest).map(Vec::len)).expect("it is on the shelf");
        serde_json::json!({"mediaType": media_type, "digest": digest, "size": size})
    }

    pub fn tag(&mut self, name: &str, digest: &str) {
        self.tags.insert(name.to_owned(), digest.to_owned());
    }

    /// Answers GET and HEAD of manifests, blobs and the tag list, uploads, and `/v2/`.
    pub fn answer(&self, request: &Request) -> Answer {
        let path = request.path.split('?').next().unwrap_or_default();
        if path == "/v2/" {
            return Answer::json("{}");
        }
        if path.ends_with("/tags/list") {
            let tags: Vec<&String> = self.tags.keys().collect();
            return Answer::json(&serde_json::json!({"name": "x", "tags": tags}).to_string());
        }
        if let Some((_, name)) = path.split_once("/manifests/") {
            let digest = self.tags.get(name).map_or(name, String::as_str);
            return match self.manifests.get(digest) {
                Some((media_type, bytes)) => {
                    Answer::ok(media_type, bytes.clone()).header("Docker-Content-Digest", digest)
                }
                None => Answer::refusal(404, "MANIFEST_UNKNOWN", "manifest unknown"),
            };
        }
        if request.method == "POST" && path.ends_with("/blobs/uploads/") {
            return Answer::status(202).header("Location", &format!("{path}one-upload?_state=x"));
        }
        match path.split_once("/blobs/").and_then(|(_, digest)| self.blobs.get(digest)) {
            Some(bytes) => Answer::ok("application/octet-stream", bytes.clone()),
            None => Answer::refusal(404, "BLOB_UNKNOWN", "blob unknown"),
        }
    }
}
