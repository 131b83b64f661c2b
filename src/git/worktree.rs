//! A temporary worktree of a commit, for building what is not checked out.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use super::{Checkout, GitError, command::Git};
use crate::domain::name::Commit;

/// The files of one commit in a folder of their own, without submodules. Gone when dropped, which blocks
/// until they are.
#[derive(Debug)]
pub struct Worktree {
    top: PathBuf,
    path: PathBuf,
    /// Closed to others; what lies in it has the modes that a checkout has. Removed after `drop`.
    _folder: TempDir,
}

impl Worktree {
    pub(super) async fn make(checkout: &Checkout, commit: &Commit, under: &Path) -> Result<Self, GitError> {
        let no_folder = |source| GitError::NoFolder { under: under.to_owned(), source };
        let folder = tempfile::Builder::new().prefix("worktree-").tempdir_in(under).map_err(no_folder)?;
        // Absolute, as git runs in another folder.
        let path = folder.path().canonicalize().map_err(no_folder)?.join("files");
        // Made before git is asked, so that dropping it also cleans up after a cancelled or failed checkout.
        let worktree = Self { top: checkout.top().to_owned(), path, _folder: folder };
        let add = checkout.git(&["worktree", "add", "--detach", "--quiet"]).writes_files();
        add.arg(&worktree.path).arg(commit.as_str()).answer().await?;
        let submodules = submodules(&worktree.path).await?;
        if submodules.is_empty() { Ok(worktree) } else { Err(GitError::Submodules { paths: submodules }) }
    }

    /// The folder that holds the commit's files: the top of the repository.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Paths that the commit leaves to other repositories: entries of mode 160000, "gitlink".
async fn submodules(worktree: &Path) -> Result<Vec<String>, GitError> {
    let entries = Git::new(worktree, &["ls-files", "--stage", "-z"]).answer().await?;
    let links = entries.split('\0').filter(|entry| entry.starts_with("160000 "));
    Ok(links.filter_map(|entry| entry.split_once('\t')).map(|(_, path)| path.escape_debug().to_string()).collect())
}

impl Drop for Worktree {
    fn drop(&mut self) {
        let forget = || {
            let git = Git::new(&self.top, &["worktree", "remove", "--force", "--force"]).arg(&self.path);
            git.blocking().output().is_ok_and(|output| output.status.success())
        };
        // git refuses where its own file in the folder is gone, and knows the worktree by the path alone then.
        // Not `git worktree prune`: it would also forget the user's worktrees on disks that are not mounted.
        if !forget() && fs::remove_dir_all(&self.path).is_ok() {
            forget();
        }
    }
}
