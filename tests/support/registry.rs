//! A real CNCF distribution registry for one test: own port, own storage, ended on drop.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// User name of every test registry that asks for a login.
pub const USER: &str = "bot";
/// Its password: with the characters that base64url and base64 encode differently.
pub const PASSWORD: &str = "a~b?c>d~~~???>>>";

pub struct Registry {
    process: Child,
    log: Arc<Mutex<String>>,
    folder: TempDir,
    /// `127.0.0.1:PORT`; engines take loopback registries over plain HTTP.
    pub host: String,
}

impl Registry {
    /// Without logins: everybody may push.
    pub fn open() -> Self {
        Self::start(None)
    }

    /// With [`USER`] and [`PASSWORD`], checked with bcrypt as real ones do.
    pub fn with_login() -> Self {
        Self::start(Some((USER, PASSWORD)))
    }

    pub fn start(login: Option<(&str, &str)>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let auth = login.map(|login| {
            write_logins(folder.path(), &[login]);
            format!("auth:\n  htpasswd:\n    realm: test\n    path: {}\n", folder.path().join("htpasswd").display())
        });
        let config = format!(
            "version: 0.1\nlog: {{level: info}}\nstorage:\n  filesystem:\n    rootdirectory: {}\n  delete:\n    enabled: true\nhttp:\n  addr: 127.0.0.1:0\n{}",
            folder.path().join("data").display(),
            auth.unwrap_or_default()
        );
        let file = folder.path().join("config.yml");
        std::fs::write(&file, config).expect("registry configuration");
        let mut process = Command::new("docker-registry")
            .arg("serve")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("docker-registry is installed (tests/run.sh installs it)");
        let mut log = BufReader::new(process.stderr.take().expect("stderr is piped"));
        let host = loop {
            let mut line = String::new();
            assert!(log.read_line(&mut line).expect("registry log") > 0, "the registry ended before it listened");
            if let Some((_, rest)) = line.split_once("listening on ") {
                break rest.split(['"', ' ', ',', '\n']).next().expect("split gives one part").to_owned();
            }
        };
        // It is read to the end, so that the registry never blocks on a full pipe.
        let heard = Arc::new(Mutex::new(String::new()));
        let keep = Arc::clone(&heard);
        std::thread::spawn(move || {
            let mut line = String::new();
            while log.read_line(&mut line).is_ok_and(|read| read > 0) {
                keep.lock().expect("nobody panics with the log in hand").push_str(&line);
                line.clear();
            }
        });
        Self { process, log: heard, folder, host }
    }

    /// Only these are accepted from now on: the registry reads its file again when that has changed.
    pub fn accept(&self, logins: &[(&str, &str)]) {
        write_logins(self.folder.path(), logins);
    }

    /// How many requests of this method it has answered.
    pub fn count(&self, method: &str) -> usize {
        self.answered(method).len()
    }

    /// What its log says of the requests of this method that it has answered.
    pub fn answered(&self, method: &str) -> Vec<String> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        // Its log comes later than its answers: what it says of this one comes after all before.
        let mark = format!("/v2/mark-{}/tags/list", NUMBER.fetch_add(1, Ordering::Relaxed));
        let mut stream = TcpStream::connect(&self.host).expect("the registry answers");
        write!(stream, "GET {mark} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.host).expect("a request");
        std::io::copy(&mut stream, &mut std::io::sink()).expect("an answer");
        let start = Instant::now();
        loop {
            let log = self.log.lock().expect("nobody panics with the log in hand").clone();
            if log.contains(&mark) {
                let method = format!("http.request.method={method} ");
                return log
                    .lines()
                    .filter(|line| line.contains("response completed") && line.contains(&method))
                    .map(str::to_owned)
                    .collect();
            }
            assert!(start.elapsed() < Duration::from_mins(1), "the registry never told of {mark}: {log}");
            std::thread::yield_now();
        }
    }

    /// Ends it: nobody answers at its port any more.
    pub fn stop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// `HOST/path` as a repository's name.
    pub fn repository(&self, path: &str) -> String {
        format!("{}/{path}", self.host)
    }

    /// The file in which the registry keeps the bytes of a digest (`sha256:…`).
    pub fn blob_file(&self, digest: &str) -> PathBuf {
        let hex = digest.strip_prefix("sha256:").expect("a sha256 digest");
        self.storage().join(format!("blobs/sha256/{}/{hex}/data", &hex[..2]))
    }

    /// Where the registry keeps everything.
    pub fn storage(&self) -> PathBuf {
        self.folder.path().join("data/docker/registry/v2")
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.stop();
    }
}

fn write_logins(folder: &Path, logins: &[(&str, &str)]) {
    let mut lines = Vec::new();
    for (user, password) in logins {
        // Cost 4, the least: tests ask often.
        let line = Command::new("htpasswd")
            .args(["-Bbn", "-C", "4", user, password])
            .output()
            .expect("htpasswd is installed (tests/run.sh installs apache2-utils)");
        lines.extend(line.stdout);
    }
    std::fs::write(folder.join("htpasswd"), lines).expect("htpasswd file");
}
