//! What is checked out: for what is asked about it elsewhere, not for policy.

use super::{Checkout, GitError, facts::checked_out};
use crate::domain::name::Commit;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub commit: Commit,
    /// `None` where HEAD is detached.
    pub branch: Option<String>,
    /// Of the commit, whole; whoever wrote it chose its characters.
    pub message: String,
}

impl Checkout {
    /// # Errors
    /// When there is no commit yet, or git fails.
    pub async fn head(&self) -> Result<Head, GitError> {
        let commit = self.resolve("HEAD").await?.ok_or(GitError::NoCommit)?;
        let branch = checked_out(self).await?;
        let message = self.git(&["log", "-1", "--no-show-signature", "--format=%B", commit.as_str()]).answer().await?;
        Ok(Head { commit, branch, message })
    }
}
