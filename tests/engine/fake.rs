//! Engines that do what a real one cannot be asked to do: a proxy that cuts, and one with prepared answers.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
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
    open: Arc<Mutex<Vec<UnixStream>>>,
    cut: Arc<AtomicBool>,
}

impl Proxy {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("docker.sock")).unwrap();
        let open: Arc<Mutex<Vec<UnixStream>>> = Arc::default();
        let cut = Arc::new(AtomicBool::new(false));
        let (kept, is_cut) = (open.clone(), cut.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if is_cut.load(Ordering::SeqCst) {
                    return;
                }
                let engine = UnixStream::connect("/var/run/docker.sock").unwrap();
                kept.lock().unwrap().extend([client.try_clone().unwrap(), engine.try_clone().unwrap()]);
                for (mut from, mut to) in [(client.try_clone().unwrap(), engine.try_clone().unwrap()), (engine, client)]
                {
                    thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(std::net::Shutdown::Write);
                    });
                }
            }
        });
        Self { folder, open, cut }
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("docker.sock")
    }

    /// As when the engine is killed.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
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
}

/// An engine that answers the questions of `connect` as Docker 20.10 would, and hands all others to `answer`.
pub fn engine(answer: impl Fn(Asked) + Send + Sync + 'static) -> (TempDir, PathBuf) {
    engine_of(
        r#"{"Version":"20.10.24","ApiVersion":"1.41","MinAPIVersion":"1.12","Os":"linux","Arch":"amd64"}"#,
        answer,
    )
}

pub fn engine_of(version: &'static str, answer: impl Fn(Asked) + Send + Sync + 'static) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    serve(&socket, version, Arc::new(answer));
    (folder, socket)
}

fn serve(socket: &Path, version: &'static str, answer: Arc<dyn Fn(Asked) + Send + Sync>) {
    let listener = UnixListener::bind(socket).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
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
                    "/version" => asked.answer("200 OK", version),
                    "/info" => asked.answer("200 OK", r#"{"DriverStatus":[["Backing Filesystem","extfs"]]}"#),
                    _ => answer(asked),
                }
            });
        }
    });
}
