//! The plain HTTP/1.1 that the scripted servers of the tests speak: requests as they arrived, answers as they are to be
//! sent (also broken ones), and a server on a port of its own that ends with its test.

use std::{
    io::{BufRead, BufReader, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};

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
    /// No answer at all: the connection is torn down, as by a host that crashed.
    Reset,
    /// No answer at all: the connection stays open until the server ends.
    Silence,
    /// This long after it was ready.
    Late(Vec<u8>, Duration),
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

    /// 200 with a body that never ends.
    pub fn endless(media_type: &str) -> Self {
        Self { body: Body::Endless, ..Self::ok(media_type, "") }
    }

    /// The connection is closed without an answer.
    pub fn hang_up() -> Self {
        Self { body: Body::HangUp, ..Self::status(200) }
    }

    /// The connection is reset without an answer.
    pub fn reset() -> Self {
        Self { body: Body::Reset, ..Self::status(200) }
    }

    /// The connection stays open without an answer until the server ends.
    pub fn silence() -> Self {
        Self { body: Body::Silence, ..Self::status(200) }
    }

    /// This answer, but the connection is closed in the middle of its body.
    pub fn cut_short(mut self) -> Self {
        if let Body::Bytes(bytes) = self.body {
            self.body = Body::CutShort(bytes);
        }
        self
    }

    /// This answer, so much later; the server's end does not wait for it.
    pub fn late(mut self, after: Duration) -> Self {
        if let Body::Bytes(bytes) = self.body {
            self.body = Body::Late(bytes, after);
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

    /// The status that will be sent; `None` where no answer will be.
    pub fn sent_status(&self) -> Option<u16> {
        (!matches!(self.body, Body::HangUp | Body::Reset | Body::Silence)).then_some(self.status)
    }

    /// Sends it; false when the connection is to be closed.
    fn send(&self, stream: &mut TcpStream, is_head: bool, ended: &Ended) -> std::io::Result<bool> {
        let (bytes, length): (&[u8], Option<usize>) = match &self.body {
            Body::HangUp => return Ok(false),
            Body::Reset => {
                // Closing would not do: the server has copies of the stream. This resets whoever holds it.
                rustix::net::connect_unspec(&*stream)?;
                return Ok(false);
            }
            Body::Silence => {
                ended.wait(None);
                return Ok(false);
            }
            Body::Late(bytes, after) => {
                ended.wait(Some(*after));
                (bytes, Some(bytes.len()))
            }
            Body::Bytes(bytes) => (bytes, Some(bytes.len())),
            Body::CutShort(bytes) => (bytes, Some(bytes.len() + 1000)),
            Body::Endless => (b"", None),
        };
        let mut head = format!("HTTP/1.1 {} Scripted\r\n", self.status);
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        let has_body = !matches!(self.status, 204 | 304);
        if let Some(length) = length.filter(|_| has_body) {
            head.extend(["Content-Length: ", &length.to_string(), "\r\n"]);
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes())?;
        if is_head || !has_body {
            return Ok(true);
        }
        stream.write_all(bytes)?;
        if matches!(self.body, Body::Endless) {
            let spaces = vec![b' '; 64 * 1024];
            loop {
                stream.write_all(&spaces)?;
            }
        }
        Ok(matches!(self.body, Body::Bytes(_) | Body::Late(..)))
    }
}

/// Set once, when the server ends; whoever waits goes on then.
#[derive(Default)]
pub struct Ended(Mutex<bool>, Condvar);

impl Ended {
    fn set(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }

    pub fn is_set(&self) -> bool {
        *self.0.lock().unwrap()
    }

    /// Until it is set, or until this has passed.
    fn wait(&self, most: Option<Duration>) {
        let ended = self.0.lock().unwrap();
        match most {
            None => drop(self.1.wait_while(ended, |ended| !*ended).unwrap()),
            Some(most) => drop(self.1.wait_timeout_while(ended, most, |ended| !*ended).unwrap()),
        }
    }
}

/// A port on loopback, a thread for each connection; all of it ends on drop.
pub struct Server {
    /// `127.0.0.1:PORT`.
    pub host: String,
    address: SocketAddr,
    ended: Arc<Ended>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    accepting: Option<thread::JoinHandle<()>>,
}

impl Server {
    /// Answers each request by a rule, which may know the server's host.
    pub fn answering<R>(rule: impl FnOnce(&str) -> R) -> Self
    where
        R: Fn(&Request) -> Answer + Send + Sync + 'static,
    {
        Self::accepting(|host| {
            let rule = rule(host);
            move |stream, ended: &Ended| {
                // A client that goes away in the middle is what some tests are about.
                let _ = answer_all(stream, &rule, ended);
            }
        })
    }

    /// Hands each connection over, for servers that write as they like.
    pub fn accepting<S>(serve: impl FnOnce(&str) -> S) -> Self
    where
        S: Fn(TcpStream, &Ended) + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        let address = listener.local_addr().expect("a bound listener has an address");
        let host = address.to_string();
        let (ended, open) = (Arc::new(Ended::default()), Arc::new(Mutex::new(Vec::new())));
        let serve = Arc::new(serve(&host));
        let (ending, opening) = (Arc::clone(&ended), Arc::clone(&open));
        let accepting = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ending.is_set() {
                    return;
                }
                let mut open = opening.lock().unwrap();
                open.retain(|stream: &TcpStream| stream.peer_addr().is_ok());
                open.extend(stream.try_clone());
                drop(open);
                let (serve, ended) = (Arc::clone(&serve), Arc::clone(&ending));
                thread::spawn(move || serve(stream, &ended));
            }
        });
        Self { host, address, ended, open, accepting: Some(accepting) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.set();
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        // Wakes the thread that accepts; when it is gone, the port is closed.
        let _ = TcpStream::connect(self.address);
        let _ = self.accepting.take().map(thread::JoinHandle::join);
    }
}

fn answer_all(mut stream: TcpStream, rule: &impl Fn(&Request) -> Answer, ended: &Ended) -> std::io::Result<()> {
    // Head and body are written apart, and the client acknowledges late.
    stream.set_nodelay(true)?;
    let mut input = BufReader::new(stream.try_clone()?);
    while let Some(request) = read_request(&mut input)? {
        if !rule(&request).send(&mut stream, request.method == "HEAD", ended)? {
            break;
        }
    }
    stream.shutdown(Shutdown::Both)
}

/// The next request of a connection; `None` at its end.
pub fn read_request(input: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
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
    if request.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        request.body = read_chunks(input)?;
    } else {
        let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        request.body = vec![0; length];
        input.read_exact(&mut request.body)?;
    }
    Ok(Some(request))
}

fn read_chunks(input: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut size = String::new();
        input.read_line(&mut size)?;
        let size = usize::from_str_radix(size.trim(), 16).map_err(std::io::Error::other)?;
        let start = body.len();
        // The piece and the line feed behind it.
        body.resize(start + size + 2, 0);
        input.read_exact(&mut body[start..])?;
        body.truncate(start + size);
        if size == 0 {
            return Ok(body);
        }
    }
}
