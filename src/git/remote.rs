//! The remote whose word counts: which one it is, and what it says its branches and tags are.

use super::{
    Checkout, GitError,
    command::{Git, without_logins},
};
use crate::domain::{name::Commit, policy::RemoteFact};

/// A branch or tag at the remote.
pub(super) struct Listed {
    /// `refs/heads/master`
    pub name: String,
    /// The object it names: of an annotated tag, the tag itself.
    pub object: String,
}

/// The upstream remote of the branch, else `origin`, else the only one.
pub(super) async fn choose(checkout: &Checkout, branch: Option<&str>) -> Result<Option<RemoteFact>, GitError> {
    let upstream = async {
        let Some(branch) = branch else { return Ok(None) };
        let answer = checkout.git(&["config", "--get"]).arg(format!("branch.{branch}.remote")).ask().await?;
        Ok(Some(answer.stdout.trim().to_owned()))
    };
    let (listed, upstream) = tokio::try_join!(checkout.git(&["remote"]).answer(), upstream)?;
    let names: Vec<&str> = listed.lines().collect();
    // An upstream may also be `.` or a bare URL; neither has branches that were fetched.
    let known = |name: &str| names.contains(&name);
    let name = match (upstream.filter(|name| known(name)), names.as_slice()) {
        (Some(upstream), _) => upstream,
        (None, []) => return Ok(None),
        (None, [only]) => (*only).to_owned(),
        (None, _) if known("origin") => "origin".to_owned(),
        (None, several) => {
            return Err(GitError::SeveralRemotes { names: several.iter().map(|name| (*name).to_owned()).collect() });
        }
    };
    let url = checkout.git(&["remote", "get-url"]).arg(&name).answer().await?;
    Ok(Some(RemoteFact { url: shown(url.trim()), name }))
}

/// A URL without what may be secret in it. `git@` of an SSH address is no secret and part of the address.
fn shown(url: &str) -> String {
    let clean = without_logins(url);
    if !url.contains("://") {
        return clean;
    }
    let query = clean.find(['?', '#']).unwrap_or(clean.len());
    clean[..query].to_owned()
}

/// Asks the remote for these full names, in which `*` stands for anything. Nothing is fetched.
pub(super) async fn list(checkout: &Checkout, remote: &str, names: &[String]) -> Result<Vec<Listed>, GitError> {
    let mut git = checkout.git(&["ls-remote", "--quiet"]).remote().arg("--end-of-options").arg(remote);
    for name in names {
        git = git.arg(name);
    }
    let git = match ssh_command(checkout).await? {
        Some(ssh) => git.env("GIT_SSH_COMMAND", &ssh),
        None => git,
    };
    let answer = git.answer().await?;
    let listed = answer.lines().filter_map(|line| line.split_once('\t'));
    Ok(listed.map(|(object, name)| Listed { name: name.to_owned(), object: object.to_owned() }).collect())
}

/// ssh asks its questions on the terminal, whatever stdin is; in batch mode it fails instead of waiting.
/// A command that is not OpenSSH's is left as the user configured it.
async fn ssh_command(checkout: &Checkout) -> Result<Option<String>, GitError> {
    let configured = checkout.git(&["config", "--get", "core.sshCommand"]).ask().await?.stdout;
    let command = Some(configured.trim()).filter(|command| !command.is_empty()).unwrap_or("ssh");
    let program = command.split_whitespace().next().and_then(|program| program.rsplit('/').next());
    Ok((program == Some("ssh")).then(|| format!("{command} -o BatchMode=yes")))
}

impl Listed {
    pub fn commit(&self) -> Option<Commit> {
        self.object.parse().ok()
    }
}

impl Git {
    /// Lines of `name object`, as [`Listed`].
    pub async fn listed(self) -> Result<Vec<Listed>, GitError> {
        let answer = self.answer().await?;
        let listed = answer.lines().filter_map(|line| line.split_once(' '));
        Ok(listed.map(|(name, object)| Listed { name: name.to_owned(), object: object.to_owned() }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn urls_are_shown_without_secrets() {
        for (url, expected) in [
            ("https://me:token@github.com/a/b.git?x=token", "https://github.com/a/b.git"),
            ("git@github.com:a/b.git", "git@github.com:a/b.git"),
            ("ssh://git@github.com/a/b", "ssh://github.com/a/b"),
            ("/srv/git/what?.git", "/srv/git/what?.git"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }
}
