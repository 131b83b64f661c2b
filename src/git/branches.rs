//! Which branches there are, as far as was fetched, and which tags: for what is asked about them elsewhere, not for policy.

use super::{
    Checkout, GitError,
    facts::{checked_out, tags_at},
    remote,
};
use crate::domain::name::Commit;

impl Checkout {
    /// The branches of the remote as they were when it was last asked; of this clone where there is no remote. The one
    /// that was committed to last is the first.
    ///
    /// # Errors
    /// When git fails.
    pub async fn branches(&self) -> Result<Vec<String>, GitError> {
        let under = match remote::choose(self, checked_out(self).await?.as_deref()).await? {
            Some(remote) => format!("refs/remotes/{}/", remote.name),
            None => "refs/heads/".to_owned(),
        };
        let format = "--format=%(refname) %(symref)";
        let listed = self.git(&["for-each-ref", "--sort=-committerdate", format, &under]).listed().await?;
        // A symbolic one is `origin/HEAD`: another name of a branch that is listed as well.
        let own = listed.into_iter().filter(|listed| listed.object.is_empty());
        Ok(own.filter_map(|listed| Some(listed.name.strip_prefix(&under)?.to_owned())).collect())
    }

    /// The tags that are put on a commit here.
    ///
    /// # Errors
    /// When git fails.
    pub async fn tags_at(&self, commit: &Commit) -> Result<Vec<String>, GitError> {
        let listed = tags_at(self, commit).await?;
        Ok(listed.iter().filter_map(|tag| Some(tag.name.strip_prefix("refs/tags/")?.to_owned())).collect())
    }
}
