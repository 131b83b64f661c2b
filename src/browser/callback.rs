//! The way back from a page: a listener on this machine's loopback that takes one answer, at a path that cannot be guessed,
//! and nothing else. What came is in the address that the browser asked for; the browser is led on to one without it.

use std::{
    convert::Infallible,
    future::{pending, ready},
    io,
    net::{Ipv4Addr, Ipv6Addr},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Body,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, LOCATION, REFERRER_POLICY},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};

use crate::domain::{
    failure::Failure,
    sign_in::{Answer, callback},
};

/// Ports that are tried until one is free for both kinds of address.
const TRIES: usize = 8;
/// Whoever connects has said all that it wants within this time, in this many bytes.
const VISIT: Duration = Duration::from_secs(10);
const LONGEST: usize = 16 * 1024;
/// Visitors at the same time. A browser opens a few connections and uses one.
const MOST: usize = 32;
/// For the browser to fetch the page that it is led on to.
const GOODBYE: Duration = Duration::from_secs(2);
/// Where that is.
const DONE: &str = "/done";
const DONE_PAGE: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>windlass</title>\
    <p>windlass has the answer. This page can be closed; the terminal says what came of it.</p></html>\n";

#[derive(Debug, thiserror::Error)]
pub enum CallbackError {
    #[error("no port of this machine's loopback can be listened on: {0}")]
    Listen(#[from] io::Error),
    #[error("the browser did not come back within {} minutes", .0.as_secs() / 60)]
    Late(Duration),
}

impl From<CallbackError> for Failure {
    fn from(error: CallbackError) -> Self {
        let next = "run it again; where the browser is on another machine: windlass signin --paste";
        match error {
            CallbackError::Listen(_) => Self::failed("the browser cannot be waited for", error.to_string(), next),
            CallbackError::Late(_) => Self::failed("nobody signed in", error.to_string(), next),
        }
    }
}

/// A listener that waits for one answer.
pub struct Callback {
    four: TcpListener,
    /// `localhost` is this, too. Where it is free, somebody else could listen there and be asked first.
    six: Option<TcpListener>,
    port: u16,
    path: String,
}

impl Callback {
    /// Listens at a random port. `path` is one segment that nobody can guess.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn listen(path: String) -> Result<Self, CallbackError> {
        let mut taken = io::Error::from(io::ErrorKind::AddrInUse);
        for _ in 0..TRIES {
            let four = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            let port = four.local_addr()?.port();
            match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
                Ok(six) => return Ok(Self { four, six: Some(six), port, path }),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => taken = error,
                // This machine has no such addresses.
                Err(_) => return Ok(Self { four, six: None, port, path }),
            }
        }
        Err(taken.into())
    }

    /// Where the browser is to come back.
    pub fn address(&self) -> String {
        callback(self.port, &self.path)
    }

    /// The first good answer. Everything else is refused, without effect.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn answer(self, patience: Duration) -> Result<Answer, CallbackError> {
        let desk = Arc::new(Desk::new(self.port, &self.path));
        let mut visits = JoinSet::new();
        let answered = self.serve(&desk, &mut visits, |desk| desk.answer.get().cloned());
        let answer = timeout(patience, answered).await.map_err(|_| CallbackError::Late(patience))??;
        let seen = self.serve(&desk, &mut visits, |desk| desk.done.load(Ordering::Relaxed).then_some(()));
        // A browser that does not follow has given its answer all the same.
        let _ = timeout(GOODBYE, seen).await;
        Ok(answer)
    }

    /// Receives visitors until one of them has brought what is looked for.
    async fn serve<T>(
        &self,
        desk: &Arc<Desk>,
        visits: &mut JoinSet<()>,
        found: impl Fn(&Desk) -> Option<T>,
    ) -> io::Result<T> {
        loop {
            tokio::select! {
                accepted = self.accept(), if visits.len() < MOST => {
                    visits.spawn(visit(accepted?, Arc::clone(desk)));
                }
                Some(_) = visits.join_next() => {
                    if let Some(found) = found(desk) {
                        return Ok(found);
                    }
                }
            }
        }
    }

    async fn accept(&self) -> io::Result<TcpStream> {
        let six = async {
            match &self.six {
                Some(listener) => listener.accept().await,
                None => pending().await,
            }
        };
        let (stream, _) = tokio::select! {
            accepted = self.four.accept() => accepted?,
            accepted = six => accepted?,
        };
        Ok(stream)
    }
}

async fn visit(stream: TcpStream, desk: Arc<Desk>) {
    let service = service_fn(|request| ready(Ok::<_, Infallible>(desk.reply(&request))));
    let mut connection = http1::Builder::new();
    connection.keep_alive(false).max_buf_size(LONGEST);
    // Whoever says nothing, or breaks off, was not here.
    let _ = timeout(VISIT, connection.serve_connection(TokioIo::new(stream), service)).await;
}

/// What visitors are answered.
struct Desk {
    hosts: [String; 3],
    path: String,
    answer: OnceLock<Answer>,
    done: AtomicBool,
}

impl Desk {
    fn new(port: u16, path: &str) -> Self {
        let hosts = ["localhost", "127.0.0.1", "[::1]"].map(|host| format!("{host}:{port}"));
        Self { hosts, path: format!("/{path}"), answer: OnceLock::new(), done: AtomicBool::new(false) }
    }

    fn reply<B: Body>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        // Another name may lead here, too: a page of elsewhere would then speak with us in its own name.
        let mut hosts = request.headers().get_all(HOST).iter().filter_map(|host| host.to_str().ok());
        let named = hosts.next().is_some_and(|host| self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)));
        if !named || hosts.next().is_some() || request.uri().authority().is_some() {
            return refusal(StatusCode::BAD_REQUEST, "this is another host");
        }
        if request.method() != Method::GET || !request.body().is_end_stream() {
            return refusal(StatusCode::BAD_REQUEST, "only GET is answered");
        }
        let nothing = || refusal(StatusCode::NOT_FOUND, "there is nothing here");
        match request.uri().path() {
            path if path == self.path => {
                let answer = match Answer::of_query(request.uri().query().unwrap_or_default()) {
                    Ok(answer) => answer,
                    Err(why) => return refusal(StatusCode::BAD_REQUEST, &why.to_string()),
                };
                if self.answer.set(answer).is_err() {
                    return nothing();
                }
                let mut response = response(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "");
                response.headers_mut().insert(LOCATION, hyper::header::HeaderValue::from_static(DONE));
                response
            }
            DONE if self.answer.get().is_some() => {
                self.done.store(true, Ordering::Relaxed);
                response(StatusCode::OK, "text/html; charset=utf-8", DONE_PAGE)
            }
            _ => nothing(),
        }
    }
}

fn refusal(status: StatusCode, why: &str) -> Response<Full<Bytes>> {
    response(status, "text/plain; charset=utf-8", &format!("{why}\n"))
}

/// No cache keeps it, and no page learns the address that led here.
fn response(status: StatusCode, media_type: &'static str, body: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(body.as_bytes())));
    *response.status_mut() = status;
    for (name, value) in [
        (CONTENT_TYPE, media_type),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ] {
        response.headers_mut().insert(name, hyper::header::HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const TOKEN: &str = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo";
    const PATIENCE: Duration = Duration::from_mins(1);

    /// What is answered to these bytes.
    async fn said(address: (impl Into<std::net::IpAddr>, u16), bytes: &str) -> String {
        let mut stream = TcpStream::connect((address.0.into(), address.1)).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A server that does not read all that is sent may reset the connection after its answer.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    fn get(host: &str, target: &str) -> String {
        format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n")
    }

    #[tokio::test]
    async fn one_answer_is_taken_and_the_address_is_cleaned() {
        let callback = Callback::listen("3f2c".to_owned()).await.unwrap();
        let (port, six) = (callback.port, callback.six.is_some());
        assert_eq!(callback.address(), format!("http://localhost:{port}/3f2c"));
        let here = format!("localhost:{port}");
        let browser = async {
            let good = format!("/3f2c?clientId=me&accessToken={TOKEN}");
            let at = (Ipv4Addr::LOCALHOST, port);
            for (bytes, status) in [
                (get(&here, "/done"), "404"),
                (get(&here, "/"), "404"),
                (get(&here, "/favicon.ico"), "404"),
                (get(&here, &format!("/?clientId=me&accessToken={TOKEN}")), "404"),
                (get(&here, &good.replace("3f2c", "3f2d")), "404"),
                (get(&here, "/3f2c"), "400"),
                (get(&here, "/3f2c?clientId=me"), "400"),
                (get("evil.example", &good), "400"),
                (get(&format!("evil.example:{port}"), &good), "400"),
                (get("localhost", &good), "400"),
                (get(&here, &format!("http://evil.example{good}")), "400"),
                (format!("GET {good} HTTP/1.1\r\n\r\n"), "400"),
                (format!("GET {good} HTTP/1.1\r\nHost: {here}\r\nHost: evil.example\r\n\r\n"), "400"),
                (format!("GET {good} HTTP/1.1\r\nHost: {here}\r\nContent-Length: 2\r\n\r\nab"), "400"),
                (format!("POST {good} HTTP/1.1\r\nHost: {here}\r\nContent-Length: 0\r\n\r\n"), "400"),
                (format!("HEAD {good} HTTP/1.1\r\nHost: {here}\r\n\r\n"), "400"),
                (get(&here, &format!("{good}&{}", "x".repeat(LONGEST))), "431"),
                ("nonsense\r\n\r\n".to_owned(), "400"),
            ] {
                let answer = said(at, &bytes).await;
                assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{bytes}\n{answer}");
            }
            let taken = if six {
                said((Ipv6Addr::LOCALHOST, port), &get(&format!("[::1]:{port}"), &good)).await
            } else {
                said(at, &get(&here, &good)).await
            };
            assert!(taken.starts_with("HTTP/1.1 303 "), "{taken}");
            assert!(
                taken.contains("location: /done\r\n") && taken.contains("referrer-policy: no-referrer\r\n"),
                "{taken}"
            );
            let second = said(at, &get(&here, &good.replace("=me", "=other"))).await;
            assert!(second.starts_with("HTTP/1.1 404 "), "{second}");
            let page = said(at, &get(&here, "/done")).await;
            assert!(page.starts_with("HTTP/1.1 200 ") && page.contains("can be closed"), "{page}");
            for answer in [taken, second, page] {
                assert!(!answer.contains(TOKEN) && answer.contains("cache-control: no-store\r\n"), "{answer}");
            }
        };
        let (answer, ()) = tokio::join!(callback.answer(PATIENCE), browser);
        let Answer { client_id, access_token } = answer.unwrap();
        assert_eq!((client_id.as_str(), access_token.expose_secret()), ("me", TOKEN));
        assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err(), "nobody listens any more");
    }

    #[tokio::test]
    async fn a_visitor_that_says_nothing_keeps_nobody_waiting() {
        let callback = Callback::listen("3f2c".to_owned()).await.unwrap();
        let port = callback.port;
        let browser = async {
            let at = (Ipv4Addr::LOCALHOST, port);
            let silent = TcpStream::connect(at).await.unwrap();
            said(at, &get(&format!("127.0.0.1:{port}"), &format!("/3f2c?accessToken={TOKEN}&clientId=me"))).await;
            said(at, &get(&format!("localhost:{port}"), "/done")).await;
            drop(silent);
        };
        let (answer, ()) = tokio::join!(callback.answer(PATIENCE), browser);
        assert_eq!(answer.unwrap().client_id, "me");
    }

    #[tokio::test]
    async fn nobody_is_waited_for_without_end() {
        let callback = Callback::listen("3f2c".to_owned()).await.unwrap();
        let failure: Failure = callback.answer(Duration::ZERO).await.unwrap_err().into();
        assert_eq!(failure.what, "nobody signed in");
    }
}
