//! A whole release with podman in docker's place.

use std::{
    fs,
    os::unix::net::UnixStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::failing::{Kept, release_failed};
use crate::support::{
    project::{Project, Ran, pushed, ran},
    registry::Registry,
};

/// Podman's service with its own store, ended on drop.
struct Podman {
    process: Child,
    folder: TempDir,
}

impl Podman {
    /// It speaks plain HTTP with this registry alone.
    fn start(registry: &Registry) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = |name: &str| folder.path().join(name);
        let settings = format!("[[registry]]\nlocation = \"{}\"\ninsecure = true\n", registry.host);
        fs::write(path("registries.conf"), settings).expect("podman's settings");
        let log = fs::File::create(path("log")).expect("a file");
        let process = Command::new("podman")
            // Stores on overlay need a kernel and a disk that take it; crun refuses machines with old control groups.
            .args(["--storage-driver", "vfs", "--runtime", "runc", "--cgroup-manager", "cgroupfs", "--root"])
            .arg(path("store"))
            .arg("--runroot")
            .arg(path("run"))
            .args(["system", "service", "--time=0"])
            .arg(format!("unix://{}", path("podman.sock").display()))
            .env("CONTAINERS_REGISTRIES_CONF", path("registries.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("podman is installed (tests/run.sh installs it)");
        let mut podman = Self { process, folder };
        let start = Instant::now();
        while UnixStream::connect(podman.socket()).is_err() {
            let ended = podman.process.try_wait().expect("it was started here");
            let log = || fs::read_to_string(podman.folder.path().join("log")).expect("its log");
            assert!(ended.is_none() && start.elapsed() < Duration::from_mins(1), "podman does not answer: {}", log());
            std::thread::yield_now();
        }
        podman
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("podman.sock")
    }

    fn release(&self, project: &Project) -> Ran {
        let engine = format!("unix://{}", self.socket().display());
        ran(project.program(&["release", "--yes"]).env("DOCKER_HOST", engine))
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn podman_releases_too() {
    let registry = Registry::with_login();
    let podman = Podman::start(&registry);
    let project = Project::new(&registry);
    project.set_secret();
    project.dockerfile("RUN echo built by another engine\n");
    project.commit("for podman");
    podman.release(&project).exits(0);
    let release = project.windlass(&["show", "@", "--json"]).exits(0).json();
    for kind in ["moving", "frozen"] {
        let row = project.row(pushed(&release, kind));
        assert_eq!(
            (&row["verdict"], &row["registry"]["config_digest"]),
            (&"match".into(), &release["image_id"]),
            "{row}"
        );
    }
    let folder = release["record"]["path"].as_str().expect("a path");
    let record = fs::read_to_string(PathBuf::from(folder).join("release.json")).expect("the record");
    assert!(record.contains("\"engine\": \"Podman ") && record.contains("\"id_kind\": \"config\""), "{record}");
    assert!(project.windlass(&["log", "@"]).exits(0).stdout.contains("built by another engine"));

    let kept = Kept::of(&project);
    project.dockerfile("RUN echo low water; exit 7\n");
    project.commit("a step that fails");
    let failed = release_failed(&project, podman.release(&project), 1, "build");
    let told = failed["failure"].to_string();
    assert!(told.contains("exit code 7") && told.contains("low water"), "{told}");
    kept.is_whole(&project);
}
