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
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use windlass::domain::digest::Digest;

/// Media types of what a [`Shelf`] holds.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// With its query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// The request came with this user name and password.
    pub fn has_login(&self, user: &str, password: &str) -> bool {
        let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
        self.header("authorization") == Some(&expected)
    }
}

/// What the server does with a request.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    Bytes(Vec<u8>),
    /// The first bytes of a longer body; then the connection closes.
    CutShort(Vec<u8>),
    Endless,
    /// No answer at all: the connection closes.
    HangUp,
}

impl Answer {
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Bytes(Vec::new()) }
    }

    pub fn ok(media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::status(200).header("Content-Type", media_type).body(body)
    }

    pub fn json(body: &str) -> Self {
        Self::ok("application/json", body)
    }

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

    /// 200 with a body that never ends.
    pub fn endless(media_type: &str) -> Self {
        Self { body: Body::Endless, ..Self::ok(media_type, "") }
    }

    /// The connection is closed without an answer.
    pub fn hang_up() -> Self {
        Self { body: Body::HangUp, ..Self::status(200) }
    }

    /// This answer, but the connection is closed in the middle of its body.
    pub fn cut_short(mut self) -> Self {
        if let Body::Bytes(bytes) = self.body {
            self.body = Body::CutShort(bytes);
        }
        self
    }

    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Adds a header, or replaces it.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(found, _)| !found.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(found, _)| !found.eq_ignore_ascii_case(name));
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Body::Bytes(body.into());
        self
    }

    /// Sends it; false when the connection is to be closed.
    fn send(&self, stream: &mut TcpStream, is_head: bool) -> std::io::Result<bool> {
        let (bytes, length): (&[u8], Option<usize>) = match &self.body {
            Body::HangUp => return Ok(false),
            Body::Bytes(bytes) => (bytes, Some(bytes.len())),
            Body::CutShort(bytes) => (bytes, Some(bytes.len() + 1000)),
            Body::Endless => (b"", None),
        };
        let mut head = format!("HTTP/1.1 {} Scripted\r\n", self.status);
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        if let Some(length) = length {
            head.extend(["Content-Length: ", &length.to_string(), "\r\n"]);
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes())?;
        if is_head {
            return Ok(true);
        }
        stream.write_all(bytes)?;
        if matches!(self.body, Body::Endless) {
            let spaces = vec![b' '; 64 * 1024];
            loop {
                stream.write_all(&spaces)?;
            }
        }
        Ok(matches!(self.body, Body::Bytes(_)))
    }
}

type Rule = dyn Fn(&Request) -> Answer + Send + Sync;

struct State {
    rule: Box<Rule>,
    requests: Mutex<Vec<Request>>,
    now: AtomicUsize,
    most: AtomicUsize,
    ended: AtomicBool,
}

/// The server: own port on loopback, a thread for each connection, ended on drop.
pub struct FakeRegistry {
    /// `127.0.0.1:PORT`.
    pub host: String,
    address: SocketAddr,
    state: Arc<State>,
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
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        let address = listener.local_addr().expect("a bound listener has an address");
        let host = address.to_string();
        let state = Arc::new(State {
            rule: Box::new(rule(&host)),
            requests: Mutex::new(Vec::new()),
            now: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
        });
        let serving = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.ended.load(Ordering::SeqCst) {
                    return;
                }
                let state = Arc::clone(&serving);
                // A client that goes away in the middle is what some tests are about.
                std::thread::spawn(move || state.serve(stream).ok());
            }
        });
        Self { host, address, state }
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

impl Drop for FakeRegistry {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

impl State {
    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        // Head and body are written apart, and the client acknowledges late.
        stream.set_nodelay(true)?;
        let mut input = BufReader::new(stream.try_clone()?);
        while let Some(request) = read_request(&mut input)? {
            self.requests.lock().expect("no rule panics with the list in hand").push(request.clone());
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            let answer = (self.rule)(&request);
            self.now.fetch_sub(1, Ordering::SeqCst);
            if !answer.send(&mut stream, request.method == "HEAD")? {
                break;
            }
        }
        stream.shutdown(Shutdown::Both)
    }
}

/// The next request of a connection; `None` at its end.
fn read_request(input: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if input.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        input.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request { method, path, headers, body: Vec::new() };
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    request.body = vec![0; length];
    input.read_exact(&mut request.body)?;
    Ok(Some(request))
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
