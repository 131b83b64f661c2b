//! One connection a request, to whatever endpoint: under our own requests and under bollard's.
//!
//! ```text
//! Engine ── our requests ──┐
//!                          ├─ Transport ── Cut ── unix socket │ TCP │ TLS │ ssh
//! bollard ─ build, session ┘
//! ```
//!
//! What it adds to a plain HTTP client: the negotiated version in the path (bollard 0.21 leaves it out), registry
//! credentials in the alphabet that engines read (bollard encodes standard base64, engines decode base64url and take
//! what they cannot decode for "no credentials"), and [`Cut`], by which every connection of a cancelled operation
//! ends at once, also one that was upgraded and handed to a task of some library.

use std::{
    future::Future as _,
    io,
    pin::Pin,
    process::Stdio,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bollard::{BollardRequest, ClientVersion, Docker};
use hyper::{
    Request, Response, Uri,
    body::{Body, Incoming},
    client::conn::http1,
    header::{HOST, HeaderMap, HeaderValue},
};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream},
    process::Command,
    task::JoinHandle,
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::{Endpoint, EngineError, SshTarget};

/// How long the wait for the headers of a build's or push's answer may take: engines send them only after the whole
/// context has arrived, however slow the line is.
pub(super) const LONGEST_WORK: Duration = Duration::from_hours(24);

/// `1.41`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ApiVersion {
    pub major: usize,
    pub minor: usize,
}

impl ApiVersion {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        Some(Self { major: major.parse().ok()?, minor: minor.parse().ok()? })
    }
}

impl std::fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[derive(Debug, Clone)]
pub(super) struct Transport {
    pub endpoint: Endpoint,
    /// For the socket, TLS and ssh to be ready.
    pub connect: Duration,
    /// Put before every path once it is known.
    pub version: Option<ApiVersion>,
}

impl Transport {
    /// Sends one request on a connection of its own and waits for the answer's headers, without a limit.
    pub(super) async fn send<B>(
        &self,
        mut request: Request<B>,
        doing: &'static str,
        cut: CancellationToken,
    ) -> Result<Response<Incoming>, EngineError>
    where
        B: Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.prepare(&mut request, doing)?;
        let opening = tokio::time::timeout(self.connect, self.open(cut));
        let (io, ssh_says) = opening.await.map_err(|_| EngineError::TimedOut {
            doing: "connecting to the container engine",
            limit: self.connect,
        })??;
        let answer = async {
            let (mut sender, connection) = http1::handshake(TokioIo::new(io)).await?;
            // Its errors reach us through the response and its body.
            tokio::spawn(connection.with_upgrades());
            sender.send_request(request).await
        };
        match answer.await {
            Ok(response) => Ok(response),
            Err(error) => Err(match ssh_says {
                Some(says) => ssh_failed(&self.endpoint, says, &error).await,
                None => gone(doing, &error),
            }),
        }
    }

    fn prepare<B>(&self, request: &mut Request<B>, doing: &'static str) -> Result<(), EngineError> {
        let path = request.uri().path_and_query().map_or("/", |p| p.as_str());
        let path = match self.version {
            Some(version) => format!("/v{version}{path}"),
            None => path.to_owned(),
        };
        *request.uri_mut() = path
            .parse::<Uri>()
            .map_err(|error| EngineError::Nonsense { doing, why: format!("no path can be made of it: {error}") })?;
        let host = match &self.endpoint {
            Endpoint::Tcp { host, .. } | Endpoint::Tls { host, .. } => HeaderValue::from_str(host).ok(),
            Endpoint::Unix(_) | Endpoint::Ssh(_) => None,
        };
        request.headers_mut().insert(HOST, host.unwrap_or(HeaderValue::from_static("localhost")));
        for name in ["x-registry-auth", "x-registry-config"] {
            to_url_alphabet(request.headers_mut(), name);
        }
        Ok(())
    }

    async fn open(&self, cut: CancellationToken) -> Result<(Cut, Option<JoinHandle<String>>), EngineError> {
        let refused = |error: io::Error| EngineError::Refused {
            endpoint: self.endpoint.to_string(),
            why: match error.kind() {
                io::ErrorKind::ConnectionRefused => "connection refused, nothing listens there".to_owned(),
                _ => error.to_string(),
            },
        };
        let (io, says): (Box<dyn Connection>, _) = match &self.endpoint {
            Endpoint::Unix(path) => {
                let stream = UnixStream::connect(path).await.map_err(|error| match error.kind() {
                    io::ErrorKind::NotFound => EngineError::NoSocket(path.clone()),
                    io::ErrorKind::PermissionDenied => EngineError::SocketDenied(path.clone()),
                    _ => refused(error),
                })?;
                (Box::new(stream), None)
            }
            Endpoint::Tcp { host, port } => (Box::new(tcp(host, *port).await.map_err(refused)?), None),
            Endpoint::Tls { host, port, config } => {
                let untrusted = |why: String| EngineError::Tls { endpoint: self.endpoint.to_string(), why };
                let name = ServerName::try_from(host.clone()).map_err(|error| untrusted(error.to_string()))?;
                let stream = tcp(host, *port).await.map_err(refused)?;
                let connector = tokio_rustls::TlsConnector::from(Arc::clone(config));
                let stream = connector.connect(name, stream).await.map_err(|error| untrusted(error.to_string()))?;
                (Box::new(stream), None)
            }
            Endpoint::Ssh(target) => {
                let (stream, says) = ssh(target).map_err(refused)?;
                (Box::new(stream), Some(says))
            }
        };
        Ok((Cut { io, cancelled: Box::pin(cut.cancelled_owned()), closed: false }, says))
    }

    /// bollard on top of this transport. All its connections end when `cut` is cancelled.
    pub(super) fn bollard(&self, doing: &'static str, cut: CancellationToken) -> Result<Docker, EngineError> {
        let transport = self.clone();
        let version = self.version.unwrap_or(ApiVersion {
            major: bollard::API_DEFAULT_VERSION.major_version,
            minor: bollard::API_DEFAULT_VERSION.minor_version,
        });
        let send = move |request: BollardRequest| {
            let (transport, cut) = (transport.clone(), cut.clone());
            let answer: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(async move {
                transport.send(request, doing, cut).await.map_err(|error| io::Error::other(error).into())
            });
            answer
        };
        let version = ClientVersion { major_version: version.major, minor_version: version.minor };
        Docker::connect_with_custom_transport(send, Some("http://localhost"), LONGEST_WORK.as_secs(), &version)
            .map_err(|error| EngineError::Nonsense { doing, why: error.to_string() })
    }
}

/// Why a request or a body ended early, without the type names of the HTTP library.
pub(super) fn gone(doing: &'static str, error: &(dyn std::error::Error + 'static)) -> EngineError {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    EngineError::Gone { doing, why: root.to_string() }
}

async fn ssh_failed(endpoint: &Endpoint, says: JoinHandle<String>, error: &hyper::Error) -> EngineError {
    // ssh has ended or is about to; should it hang, what HTTP says has to do.
    let said = match tokio::time::timeout(Duration::from_secs(2), says).await {
        Ok(Ok(text)) if !text.trim().is_empty() => text.trim().to_owned(),
        _ => error.to_string(),
    };
    EngineError::Refused { endpoint: endpoint.to_string(), why: said }
}

fn to_url_alphabet(headers: &mut HeaderMap, name: &'static str) {
    let Some(value) = headers.get_mut(name) else { return };
    let bytes = value
        .as_bytes()
        .iter()
        .map(|b| match b {
            b'+' => b'-',
            b'/' => b'_',
            other => *other,
        })
        .collect::<bytes::Bytes>();
    if let Ok(mut rewritten) = HeaderValue::from_maybe_shared(bytes) {
        rewritten.set_sensitive(true);
        *value = rewritten;
    }
}

async fn tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Starts ssh. What it prints on stderr is read to its end and kept up to a few lines.
fn ssh(target: &SshTarget) -> io::Result<(Piped, JoinHandle<String>)> {
    let mut command = Command::new("ssh");
    command.args(["-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-T"]);
    if let Some(user) = &target.user {
        command.args(["-l", user]);
    }
    if let Some(port) = target.port {
        command.args(["-p", &port.to_string()]);
    }
    command.args(["--", &target.host, "docker"]);
    if let Some(socket) = &target.socket {
        command.arg("--host").arg(format!("unix://{socket}"));
    }
    command.args(["system", "dial-stdio"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| io::Error::new(error.kind(), format!("ssh cannot be started: {error}")))?;
    let (Some(stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::Error::other("ssh was started without pipes"));
    };
    let says = tokio::spawn(async move {
        let mut kept = Vec::new();
        let mut stderr = stderr;
        let mut piece = [0; 1024];
        while let Ok(read @ 1..) = stderr.read(&mut piece).await {
            kept.extend_from_slice(&piece[..read.min(4096_usize.saturating_sub(kept.len()))]);
        }
        String::from_utf8_lossy(&kept).into_owned()
    });
    Ok((Piped { stdio: tokio::io::join(stdout, stdin), _child: child }, says))
}

trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// A child's pipes as one stream; the child is killed with it.
struct Piped {
    stdio: tokio::io::Join<tokio::process::ChildStdout, tokio::process::ChildStdin>,
    _child: tokio::process::Child,
}

impl AsyncRead for Piped {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdio).poll_read(cx, buf)
    }
}

impl AsyncWrite for Piped {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stdio).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdio).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdio).poll_shutdown(cx)
    }
}

/// A connection that fails, and so is closed by whoever holds it, as soon as its operation is cancelled.
struct Cut {
    io: Box<dyn Connection>,
    cancelled: Pin<Box<WaitForCancellationFutureOwned>>,
    closed: bool,
}

impl Cut {
    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if !self.closed && self.cancelled.as_mut().poll(cx).is_ready() {
            self.closed = true;
        }
        if self.closed { Err(io::Error::new(io::ErrorKind::ConnectionAborted, "cancelled")) } else { Ok(()) }
    }
}

impl AsyncRead for Cut {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Cut {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.io).poll_write(cx, buf)
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }
    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_get_the_negotiated_version_and_credentials_the_right_alphabet() {
        let transport = Transport {
            endpoint: Endpoint::Unix("/nowhere".into()),
            connect: Duration::from_secs(1),
            version: ApiVersion::parse("1.41"),
        };
        let mut request =
            Request::get("http://localhost/build?q=a%2Bb").header("x-registry-config", "ab+/cd==").body(()).unwrap();
        transport.prepare(&mut request, "testing").unwrap();
        assert_eq!(request.uri().to_string(), "/v1.41/build?q=a%2Bb");
        assert_eq!(request.headers()["x-registry-config"].as_bytes(), b"ab-_cd==");
        assert_eq!(request.headers()["host"], "localhost");
        assert!(!format!("{request:?}").contains("ab-_cd"));
    }

    #[test]
    fn versions_are_compared_by_number() {
        assert!(ApiVersion::parse("1.9") < ApiVersion::parse("1.41"));
        assert_eq!(ApiVersion::parse("1.x"), None);
    }
}
