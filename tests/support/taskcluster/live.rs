//! A live log as workers serve it: plain text in chunks over HTTP/1.1, without length, ranges or gzip. Each connection
//! begins at byte 0; a reader that lags behind is cut, and so are all when the worker goes away: without a last chunk.

use std::{
    io::{BufReader, Write as _},
    net::{Shutdown, TcpStream},
    sync::{Arc, Condvar, Mutex},
};

use crate::support::http::{Ended, Server, read_request};

#[derive(Default)]
struct Log {
    text: Vec<u8>,
    is_closed: bool,
    /// Raised when all connections are to be cut.
    cut: usize,
    /// How many bytes a reader may be behind, once it has what was there when it came.
    patience: usize,
    readers: Vec<Reader>,
}

/// One connection, for tests to look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reader {
    /// The `Range` that it asked for, in vain.
    pub range: Option<String>,
    /// How much was sent.
    pub sent: usize,
    pub is_cut: bool,
}

#[derive(Default)]
struct Shared(Mutex<Log>, Condvar);

/// The log of one run, on a port of its own, which closes when this is dropped.
pub struct Live {
    /// Where it is read.
    pub url: String,
    shared: Arc<Shared>,
    _server: Server,
}

impl Live {
    pub fn start() -> Self {
        let shared = Arc::new(Shared::default());
        shared.0.lock().unwrap().patience = usize::MAX;
        let serving = Arc::clone(&shared);
        let server = Server::accepting(|_| {
            move |stream: TcpStream, ended: &Ended| {
                // A reader that goes away is nothing to a worker.
                let _ = serving.serve(stream, ended);
            }
        });
        Self { url: format!("http://{}/log/s3cr3t", server.host), shared, _server: server }
    }

    fn change(&self, change: impl FnOnce(&mut Log)) {
        change(&mut self.shared.0.lock().unwrap());
        self.shared.1.notify_all();
    }

    /// Readers see this now; those that come later begin at the first text.
    pub fn push(&self, text: &str) {
        self.change(|log| log.text.extend_from_slice(text.as_bytes()));
    }

    /// The end: readers get the last chunk.
    pub fn close(&self) {
        self.change(|log| log.is_closed = true);
    }

    /// All readers are cut, without a last chunk; they may come back.
    pub fn drop_connections(&self) {
        self.change(|log| log.cut += 1);
    }

    /// From now on a reader that has what was there when it came is cut if it is more than this many bytes behind.
    pub fn patience(&self, bytes: usize) {
        self.change(|log| log.patience = bytes);
    }

    pub fn readers(&self) -> Vec<Reader> {
        self.shared.0.lock().unwrap().readers.clone()
    }

    /// Waits until this is true of the readers.
    pub fn until(&self, predicate: impl Fn(&[Reader]) -> bool) {
        let log = self.shared.0.lock().unwrap();
        drop(self.shared.1.wait_while(log, |log| !predicate(&log.readers)).unwrap());
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // A test that failed with the log in hand is to say why it failed.
        if let Ok(mut log) = self.shared.0.lock() {
            log.cut += 1;
        }
        self.shared.1.notify_all();
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream, ended: &Ended) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut input = BufReader::new(stream.try_clone()?);
        let Some(request) = read_request(&mut input)? else { return Ok(()) };
        if request.path != "/log/s3cr3t" {
            stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")?;
            return stream.shutdown(Shutdown::Both);
        }
        stream.write_all(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\
              Access-Control-Allow-Origin: *\r\n\r\n",
        )?;
        let mut log = self.0.lock().unwrap();
        let (me, cut, before) = (log.readers.len(), log.cut, log.text.len());
        let range = request.header("range").map(str::to_owned);
        log.readers.push(Reader { range, ..Reader::default() });
        loop {
            let sent = log.readers[me].sent;
            let lags = sent >= before && log.text.len() - sent > log.patience;
            if lags || log.cut > cut || ended.is_set() {
                log.readers[me].is_cut = true;
                self.1.notify_all();
                drop(log);
                return stream.shutdown(Shutdown::Both);
            }
            if sent == log.text.len() {
                if log.is_closed {
                    stream.write_all(b"0\r\n\r\n")?;
                    drop(log);
                    return stream.shutdown(Shutdown::Both);
                }
                log = self.1.wait(log).unwrap();
                continue;
            }
            let chunk = log.text[sent..log.text.len().min(sent + (1 << 16))].to_vec();
            drop(log);
            stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes())?;
            stream.write_all(&chunk)?;
            stream.write_all(b"\r\n")?;
            log = self.0.lock().unwrap();
            log.readers[me].sent += chunk.len();
            self.1.notify_all();
        }
    }
}
