//! The engine adapter against the real engine, and against engines that do what a real one cannot be asked to do.

#![expect(clippy::unwrap_used, reason = "a test ends where the ground under it gives way")]

mod building;
mod cancelling;
mod connecting;
mod dockerignore;
mod logins;
mod memory;
mod pushing;
mod remote;

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use windlass::{
    domain::{
        permission::MayWrite,
        plan::{BuildDefinition, Builder},
    },
    engine::{BuildEvent, BuildRequest, Endpoint, Engine, EngineError, Outcome},
};

use crate::support::{base, fake_engine as fake};

const BOTH: [Builder; 2] = [Builder::Classic, Builder::BuildKit];

/// The reference client: docker 20.10 with BuildKit.
const DOCKER: &str = "/usr/bin/docker";

fn may_write() -> MayWrite {
    MayWrite::unless(false).expect("not read-only")
}

async fn engine() -> Engine {
    Engine::connect(Endpoint::Unix("/var/run/docker.sock".into()))
        .await
        .expect("an engine runs (tests/run.sh starts it)")
}

/// Something no other test or run has, so that nothing is found in a cache and nobody else's image is removed.
fn unique() -> String {
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random).expect("the kernel's random numbers");
    format!("t{:016x}", u64::from_ne_bytes(random))
}

/// A build context in a temporary folder.
struct Project {
    folder: TempDir,
    /// The value of the label `windlass-test` of all its images, unfinished ones too.
    label: String,
}

impl Drop for Project {
    /// Removes its images. After a cancelled build the engine still holds one for a moment.
    fn drop(&mut self) {
        let filter = format!("label=windlass-test={}", self.label);
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(10) {
            let list = Command::new(DOCKER).args(["images", "-aq", "--filter", &filter]).output();
            let list = list.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
            if list.trim().is_empty() {
                return;
            }
            for image in list.split_whitespace() {
                let _ = Command::new(DOCKER).args(["rmi", "-f", image]).output();
            }
        }
    }
}

impl Project {
    /// The Dockerfile goes on from an image that holds a shell.
    fn with_shell(rest: &str) -> Self {
        let project = Self::empty();
        let base = project.base();
        let start = format!("FROM {base} AS shell\nSHELL [\"/bin/busybox\", \"sh\", \"-c\"]\n");
        project.write("Dockerfile", format!("{start}{rest}"));
        project
    }

    /// Gives the engine an image that is this project's alone, to build from. Gives its name.
    fn base(&self) -> String {
        let name = format!("windlass.test/{}", self.label);
        base::import(&name, "windlass-test", &self.label);
        name
    }

    /// For engines that build nothing.
    fn never_built() -> Self {
        let project = Self::empty();
        project.write("Dockerfile", "FROM scratch\nCOPY . /all\n");
        project
    }

    fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder"), label: unique() }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a parent")).expect("folder");
        std::fs::write(path, content).expect("file");
    }
}

fn definition(builder: Builder) -> BuildDefinition {
    BuildDefinition {
        context: ".".into(),
        dockerfile: "Dockerfile".into(),
        target: None,
        platform: None,
        args: BTreeMap::new(),
        labels: BTreeMap::new(),
        builder,
    }
}

/// Everything that was told during a build.
#[derive(Default, Debug)]
struct Told {
    /// Of each stream, whole.
    streams: BTreeMap<u32, String>,
    /// `number name cached`.
    steps: Vec<String>,
    /// The last report: files and bytes.
    context: (u64, u64),
    clipped: u32,
}

impl Told {
    fn take(&mut self, event: &BuildEvent<'_>) {
        match *event {
            BuildEvent::Context { files, bytes } => self.context = (files, bytes),
            BuildEvent::Text { stream, bytes } => {
                self.streams.entry(stream).or_default().push_str(&String::from_utf8_lossy(bytes));
            }
            BuildEvent::Step { number, name, cached, .. } => self.steps.push(format!("{number} {name} {cached}")),
            BuildEvent::Clipped => self.clipped += 1,
            BuildEvent::StreamEnd { .. } => {}
        }
    }

    fn text(&self) -> String {
        self.streams.values().map(String::as_str).collect()
    }
}

async fn build_with(
    engine: &Engine,
    root: &Path,
    definition: &BuildDefinition,
) -> (Result<Outcome, EngineError>, Told) {
    let mut told = Told::default();
    let request = BuildRequest { root, definition, logins: HashMap::new() };
    let result = engine.build(request, &mut |event| told.take(&event), may_write()).await;
    (result, told)
}

/// A build that must succeed; its image goes when the guard does.
async fn built(engine: &Engine, root: &Path, definition: &BuildDefinition) -> (Outcome, Told, Image) {
    let (result, told) = build_with(engine, root, definition).await;
    let outcome = result.unwrap_or_else(|error| panic!("{error}\n{}", told.text()));
    let image = Image(outcome.image.id.to_string());
    (outcome, told, image)
}

/// An image, or a name of one, that is removed on drop.
struct Image(String);

impl Drop for Image {
    fn drop(&mut self) {
        let _ = Command::new(DOCKER).args(["rmi", "-f", &self.0]).output();
    }
}

fn docker(args: &[&str]) -> String {
    let output = Command::new(DOCKER).args(args).output().expect("the docker CLI is installed");
    assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The files of an image, as `tar tv` lists them: mode, size, path and link target.
fn files_of(image: &str) -> Vec<String> {
    let container = docker(&["create", image, "/none"]);
    let list = Command::new("sh")
        .arg("-c")
        .arg(format!("{DOCKER} export {container} | tar -tv --quoting-style=escape"))
        .output()
        .expect("tar");
    docker(&["rm", &container]);
    let mut files: Vec<String> = String::from_utf8_lossy(&list.stdout)
        .lines()
        .map(|line| {
            let mut words = line.split_whitespace();
            let (mode, _owner, size) = (words.next().unwrap(), words.next(), words.next().unwrap());
            let path = words.skip(2).collect::<Vec<_>>().join(" ");
            format!("{mode} {size} {path}")
        })
        .filter(|line| line.contains(" ctx/"))
        .collect();
    files.sort();
    files
}

/// Waits until something holds; panics after a time that no working engine needs.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_mins(1), "{what}: not within a minute");
        tokio::task::yield_now().await;
    }
}
