//! A repository with its working tree.

use std::path::{Component, Path, PathBuf};

use super::{GitError, Worktree, command::Git, facts};
use crate::domain::{
    name::Commit,
    policy::{GitFacts, Policy, Wanted},
};

/// The git repository that a project lies in.
#[derive(Debug, Clone)]
pub struct Checkout {
    top: PathBuf,
    prefix: PathBuf,
    shallow: bool,
}

impl Checkout {
    /// The repository of this folder.
    ///
    /// # Errors
    /// When it is in none, or git refuses it.
    pub async fn open(folder: &Path) -> Result<Self, GitError> {
        let questions =
            ["rev-parse", "--is-bare-repository", "--is-shallow-repository", "--show-toplevel", "--show-prefix"];
        let answer = Git::new(folder, &questions).ask().await?;
        let folder = folder.to_owned();
        if !answer.status.success() {
            // Messages are in English: the environment says LC_ALL=C.
            return Err(match answer.words.as_str() {
                words if words.contains("dubious ownership") => GitError::NotYours { folder },
                words if words.contains("not a git repository") => GitError::NotARepository { folder },
                _ if answer.stdout.starts_with("true") => GitError::Bare { folder },
                words if words.contains("work tree") => GitError::Bare { folder },
                _ => answer.failed(questions[0].to_owned()),
            });
        }
        let mut lines = answer.stdout.split('\n');
        let (Some("false"), Some(shallow), Some(top), Some(prefix)) =
            (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(GitError::Strange { command: questions[0].to_owned(), answer: answer.stdout });
        };
        Ok(Self { top: top.into(), prefix: prefix.into(), shallow: shallow == "true" })
    }

    /// The folder of the whole working tree.
    #[must_use]
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// The opened folder, relative to [`Self::top`]: where the project lies in a [`Worktree`] too.
    #[must_use]
    pub fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// What git knows about the wanted commit. Branches that were fetched answer first; the remote itself is
    /// asked where they do not show what the policy demands. Nothing is fetched.
    ///
    /// # Errors
    /// When there is no such commit. That a remote is silent is a fact, not an error.
    pub async fn facts(&self, wanted: &Wanted, policy: &Policy) -> Result<GitFacts, GitError> {
        facts::gather(self, wanted, policy).await
    }

    /// Whether `of` descends from `ancestor`, or is it. `None`: the history that would tell is not here.
    ///
    /// # Errors
    /// When git fails.
    pub async fn is_ancestor(&self, ancestor: &Commit, of: &Commit) -> Result<Option<bool>, GitError> {
        if ancestor == of {
            return Ok(Some(true));
        }
        let git = self.git(&["merge-base", "--is-ancestor", ancestor.as_str(), of.as_str()]);
        let answer = git.ask().await?;
        match answer.status.code() {
            Some(0) => Ok(Some(true)),
            // In a shallow clone the path between them may have been cut off.
            Some(1) => Ok((!self.shallow).then_some(false)),
            _ if !(self.has(ancestor).await? && self.has(of).await?) => Ok(None),
            _ => Err(answer.failed("merge-base".to_owned())),
        }
    }

    /// Whether the commit certainly has nothing at this path, which starts at [`Self::top`]. Where a link may lead
    /// there, or this clone lacks the commit's folders, that is not certain.
    ///
    /// # Errors
    /// When git cannot be run.
    pub async fn lacks(&self, commit: &Commit, path: &Path) -> Result<bool, GitError> {
        let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        if !path.components().all(is_plain) {
            return Ok(false);
        }
        let path: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
        let mut git = self.git(&["ls-tree", "-z", commit.as_str(), "--"]);
        for way in path.ancestors().filter(|way| !way.as_os_str().is_empty()) {
            git = git.arg(way);
        }
        let answer = git.ask().await?;
        let wanted = path.to_string_lossy();
        // Entries are `mode kind object TAB path`; links have mode 120000.
        let may_lead_there = |entry: &str| {
            entry.starts_with("120000 ") || entry.split_once('\t').is_some_and(|(_, path)| path == wanted)
        };
        Ok(answer.status.success() && !answer.stdout.split('\0').any(may_lead_there))
    }

    /// The text of a file of the commit; `None` where it has none there. The path starts at [`Self::top`]; of a link this is
    /// where it leads to.
    ///
    /// # Errors
    /// When git cannot be run.
    pub async fn file(&self, commit: &Commit, path: &Path) -> Result<Option<String>, GitError> {
        let answer = self.git(&["cat-file", "blob"]).arg(format!("{commit}:{}", path.display())).ask().await?;
        Ok((answer.status.success() && !answer.cut).then_some(answer.stdout))
    }

    /// A worktree of this commit in a new folder under `under`; the checkout is left alone.
    ///
    /// # Errors
    /// When it cannot be made, or would not be whole: submodules are not part of it.
    pub async fn worktree(&self, commit: &Commit, under: &Path) -> Result<Worktree, GitError> {
        Worktree::make(self, commit, under).await
    }

    pub(super) fn shallow(&self) -> bool {
        self.shallow
    }

    pub(super) fn git(&self, arguments: &[&str]) -> Git {
        Git::new(&self.top, arguments)
    }

    /// The commit is in this clone.
    async fn has(&self, commit: &Commit) -> Result<bool, GitError> {
        let answer = self.git(&["cat-file", "-e"]).arg(format!("{commit}^{{commit}}")).ask().await?;
        Ok(answer.status.success())
    }

    /// The commit that a name stands for.
    pub(super) async fn resolve(&self, name: &str) -> Result<Option<Commit>, GitError> {
        let spelt = format!("{name}^{{commit}}");
        let git = self.git(&["rev-parse", "--verify", "--quiet", "--end-of-options"]).arg(spelt);
        let answer = git.ask().await?;
        Ok(answer.stdout.trim().parse().ok().filter(|_| answer.status.success()))
    }
}
