//! Engines that do what a real one cannot be asked to do: a proxy that cuts, and one with prepared answers.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use tempfile::TempDir;

/// Passes everything on to the real engine until it is cut; then all connections break.
pub struct Proxy {
    folder: TempDir,
    line: Arc<Line>,
}

#[derive(Default)]
struct Line {
    open: Mutex<Vec<UnixStream>>,
    cut: AtomicBool,
}

impl Line {
    fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Proxy {
    pub fn start() -> Self {
        Self::watching(None)
    }

    /// Cuts itself as soon as the engine has answered this.
    pub fn cutting_after(answer: &'static str) -> Self {
        Self::watching(Some(answer))
    }

    fn watching(last: Option<&'static str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("docker.sock")).unwrap();
        let line = Arc::new(Line::default());
        let kept = Arc::clone(&line);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if kept.cut.load(Ordering::SeqCst) {
                    return;
                }
                let engine = UnixStream::connect("/var/run/docker.sock").unwrap();
                kept.open.lock().unwrap().extend([client.try_clone().unwrap(), engine.try_clone().unwrap()]);
                let (mut asks, mut asked) = (client.try_clone().unwrap(), engine.try_clone().unwrap());
                thread::spawn(move || {
                    let _ = std::io::copy(&mut asks, &mut asked);
                    let _ = asked.shutdown(Shutdown::Write);
                });
                let line = Arc::clone(&kept);
                thread::spawn(move || answer(engine, client, last, &line));
            }
        });
        Self { folder, line }
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("docker.sock")
    }

    /// As DOCKER_HOST names it.
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// As when the engine is killed.
    pub fn cut(&self) {
        self.line.cut();
    }
}

/// Passes the engine's answer on, up to the one that is to be the last.
fn answer(mut engine: UnixStream, mut client: UnixStream, last: Option<&str>, line: &Line) {
    let mut piece = vec![0; 1 << 16];
    // A text may arrive in two pieces.
    let mut seen = Vec::new();
    while let Ok(read @ 1..) = engine.read(&mut piece) {
        if client.write_all(&piece[..read]).is_err() {
            break;
        }
        if let Some(last) = last {
            seen.extend_from_slice(&piece[..read]);
            if memchr::memmem::find(&seen, last.as_bytes()).is_some() {
                return line.cut();
            }
            seen.drain(..seen.len().saturating_sub(last.len()));
        }
    }
    let _ = client.shutdown(Shutdown::Write);
}

/// One request of which the head was read.
pub struct Asked {
    pub head: String,
    pub stream: UnixStream,
}

impl Asked {
    /// Reads the (chunked) body to its end, or until who sends it goes away. Its length is returned, nothing is kept.
    pub fn read_body(&mut self) -> u64 {
        let mut reader = BufReader::with_capacity(1 << 16, self.stream.try_clone().unwrap());
        let mut total = 0;
        loop {
            let mut size = String::new();
            let Ok(2..) = reader.read_line(&mut size) else { return total };
            let size = u64::from_str_radix(size.trim(), 16).unwrap();
            // The piece and the line feed behind it.
            match std::io::copy(&mut (&mut reader).take(size + 2), &mut std::io::sink()) {
                Ok(read) if read == size + 2 && size > 0 => total += size,
                _ => return total,
            }
        }
    }

    pub fn answer(&mut self, status: &str, body: &str) {
        // Who asked may be gone; then there is nobody to tell.
        let _ = write!(
            self.stream,
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
    }

    /// With a body that comes in these pieces, as a program gets them from an engine that writes while it works.
    pub fn answer_in_pieces(&mut self, pieces: &[&str]) {
        let _ = write!(self.stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
        for piece in pieces.iter().chain(&[""]) {
            let _ = write!(self.stream, "{:x}\r\n{piece}\r\n", piece.len());
        }
    }
}

/// An engine that answers the questions of `connect` as Docker 20.10 would, and hands all others to `answer`.
pub fn engine(answer: impl Fn(Asked) + Send + Sync + 'static) -> (TempDir, PathBuf) {
    engine_of(
        r#"{"Version":"20.10.24","ApiVersion":"1.41","MinAPIVersion":"1.12","Os":"linux","Arch":"amd64"}"#,
        answer,
    )
}

pub fn engine_of(version: impl Into<String>, answer: impl Fn(Asked) + Send + Sync + 'static) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    serve(&socket, version.into(), Arc::new(answer));
    (folder, socket)
}

fn serve(socket: &Path, version: String, answer: Arc<dyn Fn(Asked) + Send + Sync>) {
    let listener = UnixListener::bind(socket).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (answer, version) = (answer.clone(), version.clone());
            thread::spawn(move || {
                let mut head = String::new();
                let mut byte = [0];
                let mut reader = stream.try_clone().unwrap();
                while !head.ends_with("\r\n\r\n") {
                    if reader.read(&mut byte).unwrap_or(0) == 0 {
                        return;
                    }
                    head.push(char::from(byte[0]));
                }
                let mut asked = Asked { head, stream };
                let path = asked.head.split(' ').nth(1).unwrap().to_owned();
                match path.trim_start_matches("/v1.41").trim_start_matches("/v1.53") {
                    "/_ping" => asked.answer("200 OK", "OK"),
                    "/version" => asked.answer("200 OK", &version),
                    "/info" => asked.answer("200 OK", r#"{"DriverStatus":[["Backing Filesystem","extfs"]]}"#),
                    _ => answer(asked),
                }
            });
        }
    });
}
