//! Where a repository comes from and on which branch its work comes together: for guesses, not for policy.

use super::{Checkout, GitError, facts::checked_out, remote};
use crate::domain::policy::RemoteFact;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearings {
    pub remote: Option<RemoteFact>,
    /// The remote's default branch as it was when it was cloned, else `main` or `master`, else what is checked out.
    pub branch: Option<String>,
}

impl Checkout {
    /// What can be told without asking the remote. Also of a repository without a commit.
    ///
    /// # Errors
    /// When git fails.
    pub async fn bearings(&self) -> Result<Bearings, GitError> {
        let checked_out = checked_out(self).await?;
        let remote = remote::choose(self, checked_out.as_deref()).await?;
        let default = match &remote {
            Some(remote) => {
                let under = format!("refs/remotes/{}/", remote.name);
                let head = self.git(&["symbolic-ref", "--quiet"]).arg(format!("{under}HEAD")).ask().await?;
                head.stdout.trim().strip_prefix(&under).map(ToOwned::to_owned)
            }
            None => None,
        };
        let known = self.git(&["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/"]).answer().await?;
        let usual = || ["main", "master"].into_iter().find(|name| known.lines().any(|line| line == *name));
        let branch = default.or_else(|| usual().map(ToOwned::to_owned)).or(checked_out);
        Ok(Bearings { remote, branch })
    }
}
