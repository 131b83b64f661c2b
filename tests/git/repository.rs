//! Real git repositories in a temporary folder: a bare remote, and clones of it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use windlass::{
    domain::{name::Commit, policy::*},
    git::{Checkout, GitError},
};

/// A folder of repositories; gone when dropped.
pub struct World {
    folder: tempfile::TempDir,
}

/// One repository with a working tree.
pub struct Repository {
    pub path: PathBuf,
}

impl World {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("the folder is there")
    }

    pub fn remote(&self) -> PathBuf {
        self.path().join("remote.git")
    }

    /// A repository without remote and commit.
    pub fn empty(&self, name: &str) -> Repository {
        let path = self.path().join(name);
        run(&self.path(), &["init", "--quiet", "--initial-branch=master", name]);
        Repository { path }
    }

    /// A bare remote, and the clone that pushed its three commits on `master`.
    pub fn pushed(&self) -> Repository {
        run(&self.path(), &["init", "--quiet", "--bare", "--initial-branch=master", "remote.git"]);
        let repository = self.empty("author");
        repository.git(&["remote", "add", "origin", &self.remote().display().to_string()]);
        for name in ["one", "two", "three"] {
            repository.commit(name);
        }
        repository.git(&["push", "--quiet", "--set-upstream", "origin", "master"]);
        repository
    }

    /// `git clone` with these options. Over `file://`, as depth is ignored for plain paths.
    pub fn clone(&self, name: &str, options: &[&str]) -> Repository {
        let url = format!("file://{}", self.remote().display());
        run(&self.path(), &[&["clone", "--quiet"], options, &[&url, name]].concat());
        Repository { path: self.path().join(name) }
    }
}

impl Repository {
    pub fn git(&self, arguments: &[&str]) -> String {
        run(&self.path, arguments)
    }

    pub fn write(&self, name: &str, text: &str) {
        let file = self.path.join(name);
        fs::create_dir_all(file.parent().expect("a file has a folder")).expect("a folder");
        fs::write(file, text).expect("a file");
    }

    /// A commit that adds a file of this name.
    pub fn commit(&self, name: &str) -> Commit {
        self.write(name, name);
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", name]);
        self.head()
    }

    pub fn head(&self) -> Commit {
        self.commit_at("HEAD")
    }

    pub fn commit_at(&self, name: &str) -> Commit {
        self.git(&["rev-parse", name]).parse().expect("a commit")
    }

    pub async fn open(&self) -> Checkout {
        Checkout::open(&self.path).await.expect("a checkout")
    }

    pub async fn facts(&self, wanted: &Wanted) -> Result<GitFacts, GitError> {
        self.open().await.facts(wanted, &Policy::default()).await
    }

    /// What the default policy says: `branch reviewed`, or exit code and reason.
    pub async fn told(&self, wanted: &Wanted) -> String {
        let facts = match self.facts(wanted).await {
            Ok(facts) => facts,
            Err(error) => return told(error),
        };
        match judge(&Policy::default(), &facts, wanted) {
            Ok(source) => format!("{} {}", source.branch.as_deref().unwrap_or("-"), source.reviewed),
            Err(refusal) => told(refusal),
        }
    }
}

fn told(error: impl Into<windlass::domain::failure::Failure>) -> String {
    let failure = error.into();
    format!("{} {} | {}", failure.kind.exit_code(), failure.why, failure.next)
}

pub fn wanted(git_ref: Option<&str>, branch: Option<&str>) -> Wanted {
    Wanted { git_ref: git_ref.map(ToOwned::to_owned), branch: branch.map(ToOwned::to_owned) }
}

/// Runs git with an identity of its own, apart from this machine's configuration.
fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").expect("PATH is set"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_NAME"), "Test")))
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_EMAIL"), "test@example.com")))
        .env("GIT_COMMITTER_DATE", "2026-11-21T09:30:00Z")
        .env("GIT_ALLOW_PROTOCOL", "file")
        .output()
        .expect("git is installed");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}
