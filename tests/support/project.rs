//! A project to release: a git repository with a remote, an image of a static busybox, a home of its own; and the
//! program itself, run as a maintainer runs it.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use tempfile::TempDir;

use super::{
    base,
    registry::{PASSWORD, Registry, USER},
};

/// The name of the secret that every project here uses.
pub const SECRET: &str = "repo:git.example.org/it:registry";

pub struct Project {
    folder: TempDir,
    /// `HOST/path`: no other test has it.
    pub repository: String,
    /// Only this project's images have it as their label `windlass.test`.
    pub nonce: String,
    /// What its Dockerfile starts from, if not from scratch.
    base: OnceLock<String>,
}

/// A run of the program that has ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The one document on stdout.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("stdout is no document: {e}\n{self:?}"))
    }

    /// The last line of stdout, of a process that goes on alone.
    pub fn ready(&self) -> Value {
        let line = self.stdout.lines().last().and_then(|line| serde_json::from_str::<Value>(line).ok());
        line.unwrap_or_else(|| panic!("it tells of no release: {self:?}"))["ready"].clone()
    }

    /// The one error on stderr.
    pub fn error(&self) -> Value {
        serde_json::from_str(&self.stderr).unwrap_or_else(|e| panic!("stderr is no error: {e}\n{self:?}"))
    }

    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

impl Project {
    /// One commit on master, at the remote too. There is no secret yet.
    pub fn new(registry: &Registry) -> Self {
        Self::at(&registry.host)
    }

    /// [`Self::new`], released to whatever is at this host.
    pub fn at(host: &str) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let port = host.rsplit(':').next().expect("split gives one part");
        let nonce = format!("it{}-{port}-{number}", std::process::id());
        let folder = tempfile::tempdir().expect("a temporary folder");
        let repository = format!("{host}/team/{nonce}");
        let project = Self { repository, folder, nonce, base: OnceLock::new() };
        for folder in ["checkout", "user", "docker"] {
            fs::create_dir(project.folder.path().join(folder)).expect("a folder");
        }
        let login = STANDARD.encode(format!("{USER}:{PASSWORD}"));
        let auths = serde_json::json!({"auths": {host: {"auth": login}}});
        fs::write(project.folder.path().join("docker/config.json"), auths.to_string()).expect("docker's config.json");
        project.git(&["init", "--quiet", "--initial-branch=master"]);
        let remote = project.folder.path().join("remote.git");
        project.git(&["init", "--quiet", "--bare", "--initial-branch=master", &remote.display().to_string()]);
        project.git(&["remote", "add", "origin", &format!("file://{}", remote.display())]);
        fs::copy("/bin/busybox", project.path("busybox")).expect("busybox is installed");
        project.configure("");
        project.dockerfile("");
        project.commit("the first");
        project
    }

    /// Everything is in it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file of the checkout.
    pub fn path(&self, name: &str) -> PathBuf {
        self.checkout().join(name)
    }

    pub fn checkout(&self) -> PathBuf {
        self.folder.path().join("checkout")
    }

    /// The bare repository that `origin` is.
    pub fn remote(&self) -> PathBuf {
        self.folder.path().join("remote.git")
    }

    /// `WINDLASS_HOME`. Not there before the program makes it.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// `HOME`.
    pub fn user(&self) -> PathBuf {
        self.folder.path().join("user")
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file of the checkout");
    }

    /// Writes `windlass.toml`, with `more` at its end.
    pub fn configure(&self, more: &str) {
        let repository = &self.repository;
        self.write(
            "windlass.toml",
            &format!(
                "[[image]]\nname = \"app\"\nrepository = \"{repository}\"\n\n[secret]\nname = \"{SECRET}\"\n\
                 recipe = {{ username = \"/username\", password = \"/password\" }}\n{more}"
            ),
        );
    }

    /// Adds a key to the image of `windlass.toml`.
    pub fn image_key(&self, line: &str) {
        let text = fs::read_to_string(self.path("windlass.toml")).expect("the file");
        self.write("windlass.toml", &text.replace("[[image]]\n", &format!("[[image]]\n{line}\n")));
    }

    /// Has everything built by this builder from now on.
    pub fn builder(&self, builder: &str) {
        self.image_key(&format!("builder = \"{builder}\""));
        if builder == "classic" {
            let name = format!("windlass.test/{}", self.nonce);
            base::import(&name, "windlass.test", &self.nonce);
            self.base.set(name).expect("a builder is chosen once");
            self.dockerfile("");
        }
    }

    /// Writes the Dockerfile, with `more` at its end. No step is in the cache of another project.
    pub fn dockerfile(&self, more: &str) {
        let nonce = &self.nonce;
        let base = self.base.get().map_or("scratch", String::as_str);
        self.write(
            "Dockerfile",
            &format!(
                "FROM {base}\nLABEL windlass.test={nonce}\nCOPY busybox /bin/busybox\n\
                 SHELL [\"/bin/busybox\", \"sh\", \"-c\"]\nENV NONCE={nonce}\n{more}"
            ),
        );
    }

    /// More seconds than any test takes, and its own, so that a process which sleeps them is told from all others.
    pub fn own_seconds(&self) -> String {
        format!("{}.{}", 600, self.nonce.bytes().fold(7_u64, |sum, b| sum * 31 % 1_000_003 + u64::from(b)))
    }

    /// Commits everything and pushes it. Gives the commit.
    pub fn commit(&self, message: &str) -> String {
        let commit = self.commit_unpushed(message);
        self.git(&["push", "--quiet", "--set-upstream", "origin", "HEAD"]);
        commit
    }

    pub fn commit_unpushed(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// git in the checkout. Gives what it printed, trimmed.
    pub fn git(&self, arguments: &[&str]) -> String {
        self.git_in(&self.checkout(), arguments)
    }

    pub fn git_in(&self, folder: &Path, arguments: &[&str]) -> String {
        let who = [("NAME", "Ada"), ("EMAIL", "ada@example.org")];
        let mut git = self.command("git", folder);
        for (key, value) in who {
            git.env(format!("GIT_AUTHOR_{key}"), value).env(format!("GIT_COMMITTER_{key}"), value);
        }
        output(git.args(arguments))
    }

    /// The engine's own client, logged in to the registry.
    pub fn docker(&self, arguments: &[&str]) -> String {
        let mut docker = self.command("/usr/bin/docker", &self.checkout());
        docker.env("DOCKER_CONFIG", self.folder.path().join("docker"));
        // The classic builder would ask for a base of the project's own.
        output(docker.env("DOCKER_BUILDKIT", "1").args(arguments))
    }

    /// `skopeo copy` from one tag of the repository to another.
    pub fn copy(&self, from: &str, to: &str, more: &[&str]) {
        let login = format!("{USER}:{PASSWORD}");
        let mut skopeo = self.command("skopeo", &self.checkout());
        skopeo.args(["copy", "--quiet", "--src-tls-verify=false", "--dest-tls-verify=false"]);
        skopeo.args(["--src-creds", &login, "--dest-creds", &login]).args(more);
        output(skopeo.args([from, to].map(|tag| format!("docker://{}:{tag}", self.repository))));
    }

    /// curl on a manifest of the repository, logged in.
    pub fn curl(&self, manifest: &str, more: &[&str]) -> String {
        let (host, path) = self.repository.split_once('/').expect("a host and a path");
        let url = format!("http://{host}/v2/{path}/manifests/{manifest}");
        let mut curl = self.command("curl", &self.checkout());
        output(curl.args(["-sSf", "--user", &format!("{USER}:{PASSWORD}")]).args(more).arg(url))
    }

    fn command(&self, program: &str, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder).env_clear().stdin(Stdio::null());
        for name in ["PATH", "DOCKER_HOST"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("HOME", self.folder.path().join("user")).env("LANG", "C.UTF-8").env("USER", "ada");
        command
    }

    /// The program, not started yet: in the checkout, with a home of its own, and nobody at a terminal.
    pub fn program(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_windlass"), &self.checkout());
        command.env("WINDLASS_HOME", self.home()).args(arguments);
        command
    }

    pub fn windlass(&self, arguments: &[&str]) -> Ran {
        ran(&mut self.program(arguments))
    }

    /// With this on stdin.
    pub fn windlass_told(&self, arguments: &[&str], stdin: &str) -> Ran {
        told(&mut self.program(arguments), stdin)
    }

    /// Stores the login that the registry accepts.
    pub fn set_secret(&self) {
        self.set_password(PASSWORD);
    }

    pub fn set_password(&self, password: &str) {
        self.windlass_told(&["secret", "set", "--username", USER, "--password-stdin"], password).exits(0);
    }

    /// A release that must succeed. Gives its document.
    #[track_caller]
    pub fn release(&self) -> Value {
        self.windlass(&["release", "--yes", "--json"]).exits(0).json()
    }

    /// All releases, the newest first.
    #[track_caller]
    pub fn releases(&self) -> Vec<Value> {
        let document = self.windlass(&["releases", "--json"]).exits(0).json();
        document["releases"].as_array().expect("a list").clone()
    }

    /// The row of one tag, everything fetched and hashed now.
    #[track_caller]
    pub fn row(&self, tag: &str) -> Value {
        let document = self.windlass(&["tags", "--fresh", "--json"]).exits(0).json();
        let rows = document["rows"].as_array().expect("a list");
        rows.iter().find(|row| row["tag"] == tag).unwrap_or_else(|| panic!("no {tag} in {document}")).clone()
    }
}

/// The tag of this kind that a release pushed.
#[track_caller]
pub fn pushed<'a>(release: &'a Value, kind: &str) -> &'a str {
    let pushes = release["pushes"].as_array().expect("a list");
    let push = pushes.iter().find(|push| push["kind"] == kind).unwrap_or_else(|| panic!("no {kind} tag: {release}"));
    push["tag"].as_str().expect("a tag")
}

impl Ran {
    pub fn of(output: std::process::Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
        let code = output.status.code().expect("no signal ended it");
        Self { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// Runs the program to its end.
pub fn ran(command: &mut Command) -> Ran {
    Ran::of(command.output().expect("windlass"))
}

/// Runs the program to its end, with this on stdin.
pub fn told(command: &mut Command, stdin: &str) -> Ran {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("windlass");
    // A program that refuses at once does not read it.
    let _ = child.stdin.take().expect("stdin is piped").write_all(stdin.as_bytes());
    Ran::of(child.wait_with_output().expect("windlass"))
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim().to_owned()
}

impl Drop for Project {
    fn drop(&mut self) {
        let filter = format!("label=windlass.test={}", self.nonce);
        let mut list = self.command("/usr/bin/docker", Path::new("/"));
        let list = list.args(["images", "--quiet", "--no-trunc", "--filter", &filter]).output();
        let ids = list.map(|list| String::from_utf8_lossy(&list.stdout).into_owned()).unwrap_or_default();
        if !ids.trim().is_empty() {
            let mut remove = self.command("/usr/bin/docker", Path::new("/"));
            // What is left is left: a test has no other place to say so.
            let _ = remove.args(["image", "rm", "--force"]).args(ids.split_whitespace()).output();
        }
    }
}
