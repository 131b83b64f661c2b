//! What git knows about the commit that is released, and a worktree of another one. Through git's own
//! command line, in an environment that neither the caller nor the repository can bend: no hooks, no
//! fsmonitor, no prompts, none of the caller's `GIT_…` variables. Nothing is fetched and nothing is written
//! but the temporary worktrees; what is pushed is
//! pushed by [`Checkout::push`] alone, which runs git as its user would. Whether the commit *may* be released, `domain::policy` judges.

mod bearings;
mod branches;
mod checkout;
mod command;
mod facts;
mod head;
mod push;
mod remote;
mod worktree;

use std::{io, path::PathBuf};

pub use bearings::Bearings;
pub use checkout::Checkout;
pub use head::Head;
pub use worktree::Worktree;

use crate::domain::{failure::Failure, finding::CheckId};

/// Git could not answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    #[error("the program `git` was not found in PATH")]
    NotInstalled,
    #[error("{} is in no git repository", .folder.display())]
    NotARepository { folder: PathBuf },
    #[error("the repository at {} has no working tree", .folder.display())]
    Bare { folder: PathBuf },
    /// Another user's repository: its configuration could run that user's programs.
    #[error("git refuses {}: it belongs to another user", .folder.display())]
    NotYours { folder: PathBuf },
    #[error("the repository has no commit yet")]
    NoCommit,
    #[error("`{name}` is no commit, branch or tag of this repository")]
    UnknownRef { name: String },
    #[error("this repository has several remotes ({}) and none of them is `origin`", .names.join(", "))]
    SeveralRemotes { names: Vec<String> },
    #[error("the commit has submodules ({}), which a temporary worktree does not hold", .paths.join(", "))]
    Submodules { paths: Vec<String> },
    #[error("`{command}` ended with {words}")]
    NotPushed { command: String, words: String },
    #[error("`git {command}` failed: {words}")]
    Failed { command: String, words: String },
    #[error("`git {command}` did not answer within {seconds} seconds")]
    Silent { command: String, seconds: u64 },
    #[error("`git {command}` answered more than {} MiB", .bytes / (1024 * 1024))]
    TooLong { command: String, bytes: u64 },
    #[error("`git {command}` answered `{answer}`, which was not understood")]
    Strange { command: String, answer: String },
    #[error("`git {command}` could not be run: {source}")]
    Io { command: String, source: io::Error },
    #[error("a temporary folder cannot be made in {}: {source}", .under.display())]
    NoFolder { under: PathBuf, source: io::Error },
}

/// What git and ssh say where nobody gives them one, as without a terminal to ask in. Source: git, `prompt.c` (which is not
/// translated); OpenSSH, `sshconnect2.c` and `sshconnect.c`.
fn wants_a_login(words: &str) -> bool {
    let said = [
        "could not read Username for",
        "could not read Password for",
        "Permission denied (",
        "Host key verification failed",
    ];
    said.iter().any(|said| words.contains(said))
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        let why = error.to_string();
        let what = "git could not tell what is released";
        match error {
            GitError::NotInstalled => Self::failed(what, why, "install git 2.30 or newer"),
            GitError::NotARepository { .. } => Self::usage(
                what,
                why,
                "a release is made from a git repository: git init, or go to the project's folder",
            ),
            GitError::Bare { .. } => Self::usage(what, why, "release from a clone of it: git clone"),
            GitError::NotYours { folder } => Self::not_allowed(
                what,
                why,
                format!("if you trust it: git config --global --add safe.directory '{}'", folder.display()),
            ),
            GitError::NoCommit => Self::usage(what, why, "commit the project first: git commit"),
            GitError::UnknownRef { .. } => {
                Self::usage(what, why, "check the name; what is new at the remote is fetched with: git fetch --tags")
            }
            GitError::SeveralRemotes { .. } => Self::usage(
                what,
                why,
                "say which one is reviewed: git branch --set-upstream-to REMOTE/BRANCH, or name it `origin`",
            ),
            GitError::Submodules { .. } => Self::failed(
                "the commit cannot be checked out for the build",
                why,
                "check the commit out with its submodules and release it without --ref",
            ),
            GitError::NoFolder { .. } => Self::failed(
                "the commit cannot be checked out for the build",
                why,
                "check the folder's permissions and the space on its disk",
            ),
            GitError::NotPushed { words, .. } if wants_a_login(&words) => Self::failed(
                "nothing was pushed: the remote wants a login that git has not",
                why,
                "have a credential helper or an ssh agent give it; windlass release in a terminal lets git ask for it",
            ),
            GitError::NotPushed { .. } => Self::failed("nothing was pushed", why, "do what git says, then try again"),
            GitError::Silent { .. } => Self::failed(what, why, "check the disk and the repository: git fsck"),
            GitError::Failed { .. } | GitError::TooLong { .. } | GitError::Strange { .. } | GitError::Io { .. } => {
                Self::failed(what, why, "try the command in the project's folder: it should work there first")
            }
        }
        .explained_by(CheckId::Git)
    }
}
