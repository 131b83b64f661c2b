//! Gathering [`GitFacts`].

use jiff::Timestamp;

use super::{
    Checkout, GitError,
    remote::{self, Listed},
};
use crate::domain::{
    name::Commit,
    policy::{BranchFact, Contained, GitFacts, Policy, RemoteFact, TagFact, Untold, Wanted, is_glob},
};

/// Enough to see what kind of change it is.
const SHOWN_PATHS: usize = 5;

/// A wanted commit, and the names it goes by.
struct Target {
    commit: Commit,
    /// `refs/heads/master`
    git_ref: Option<String>,
    branch: Option<String>,
}

pub(super) async fn gather(checkout: &Checkout, wanted: &Wanted, policy: &Policy) -> Result<GitFacts, GitError> {
    let checked_out = checked_out(checkout).await?;
    let remote = remote::choose(checkout, wanted.branch.as_deref().or(checked_out.as_deref()));
    let target = async {
        match &wanted.git_ref {
            None => tokio::try_join!(remote, head(checkout, checked_out.clone())),
            Some(name) => {
                let remote = remote.await?;
                let target = named(checkout, name, checked_out.clone(), remote.as_ref()).await?;
                Ok((remote, target))
            }
        }
    };
    // The question that takes longest needs none of the other answers.
    let ((remote, target), dirty) = tokio::try_join!(target, dirty(checkout, wanted.git_ref.is_some()))?;
    let (committed, tag_objects) =
        tokio::try_join!(committed(checkout, &target.commit), tags_at(checkout, &target.commit))?;
    let question = Question {
        checkout,
        policy,
        commit: &target.commit,
        branch: wanted.branch.as_deref().or(target.branch.as_deref()),
    };
    let (branches, tags) = question.answer(remote.as_ref(), &tag_objects).await?;
    Ok(GitFacts {
        commit: target.commit,
        committed,
        git_ref: target.git_ref,
        branch: target.branch,
        tags,
        dirty,
        remote,
        branches,
        shallow: checkout.shallow(),
    })
}

pub(super) async fn checked_out(checkout: &Checkout) -> Result<Option<String>, GitError> {
    let head = checkout.git(&["symbolic-ref", "--quiet", "HEAD"]).ask().await?;
    Ok(head.stdout.trim().strip_prefix("refs/heads/").map(ToOwned::to_owned))
}

async fn head(checkout: &Checkout, checked_out: Option<String>) -> Result<Target, GitError> {
    let commit = checkout.resolve("HEAD").await?.ok_or(GitError::NoCommit)?;
    let git_ref = checked_out.as_ref().map(|branch| format!("refs/heads/{branch}"));
    Ok(Target { commit, git_ref, branch: checked_out })
}

async fn named(
    checkout: &Checkout,
    name: &str,
    checked_out: Option<String>,
    remote: Option<&RemoteFact>,
) -> Result<Target, GitError> {
    let unknown = || GitError::UnknownRef { name: name.chars().take(200).collect() };
    // No reference may begin with a dash or hold control characters (git-check-ref-format).
    if name.is_empty() || name.starts_with('-') || name.chars().any(char::is_control) {
        return Err(unknown());
    }
    if name == "HEAD" {
        return head(checkout, checked_out).await;
    }
    let mut spelt = name.to_owned();
    let mut commit = checkout.resolve(&spelt).await?;
    if let (None, Some(remote)) = (&commit, remote) {
        // CI clones know branches by what was fetched alone; `git checkout` finds them there as well.
        spelt = format!("refs/remotes/{}/{name}", remote.name);
        commit = checkout.resolve(&spelt).await?;
    }
    let commit = commit.ok_or_else(unknown)?;
    let full = checkout.git(&["rev-parse", "--verify", "--quiet", "--symbolic-full-name", "--end-of-options"]);
    let full = full.arg(&spelt).ask().await?.stdout;
    let full = full.trim();
    let fetched = remote.and_then(|remote| full.strip_prefix(&format!("refs/remotes/{}/", remote.name)));
    let own = full.strip_prefix("refs/heads/").or(fetched).map(ToOwned::to_owned);
    let branch = match (own, checked_out) {
        (Some(own), _) => Some(own),
        (None, Some(current)) => {
            let tip = checkout.resolve(&format!("refs/heads/{current}")).await?;
            let on_it = match tip {
                Some(tip) => checkout.is_ancestor(&commit, &tip).await? == Some(true),
                None => false,
            };
            on_it.then_some(current)
        }
        (None, None) => None,
    };
    let git_ref = match (fetched, full) {
        (Some(branch), _) => Some(format!("refs/heads/{branch}")),
        (None, "") => None,
        (None, full) => Some(full.to_owned()),
    };
    Ok(Target { commit, git_ref, branch })
}

async fn committed(checkout: &Checkout, commit: &Commit) -> Result<Timestamp, GitError> {
    let answer = checkout.git(&["log", "-1", "--no-show-signature", "--format=%ct", commit.as_str()]).answer().await?;
    let seconds = answer.trim().parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    seconds.ok_or(GitError::Strange { command: "log".to_owned(), answer })
}

pub(super) async fn tags_at(checkout: &Checkout, commit: &Commit) -> Result<Vec<Listed>, GitError> {
    let git = checkout.git(&["for-each-ref", "--format=%(refname) %(objectname)", "--points-at", commit.as_str()]);
    git.arg("refs/tags/").listed().await
}

/// Untracked files count, ignored ones do not; submodules count with all they hold.
async fn dirty(checkout: &Checkout, builds_a_worktree: bool) -> Result<Vec<String>, GitError> {
    if builds_a_worktree {
        return Ok(Vec::new());
    }
    let git = checkout.git(&[
        "status",
        "--porcelain=v1",
        "-z",
        "--no-renames",
        "--untracked-files=normal",
        "--ignore-submodules=none",
    ]);
    let answer = git.ask().await?;
    if !answer.status.success() && !answer.cut {
        return Err(answer.failed("status".to_owned()));
    }
    // `XY path`: two letters of state and a space.
    let entries: Vec<&str> = answer.stdout.split('\0').filter_map(|entry| entry.get(3..)).collect();
    let mut shown: Vec<String> = entries.iter().take(SHOWN_PATHS).map(|path| path.escape_debug().to_string()).collect();
    if entries.len() > SHOWN_PATHS {
        shown.push(format!("and {} more", entries.len() - SHOWN_PATHS));
    }
    Ok(shown)
}

/// On which branches and under which tags the commit is.
struct Question<'a> {
    checkout: &'a Checkout,
    policy: &'a Policy,
    commit: &'a Commit,
    /// The branch in question; without one, every branch that the policy allows.
    branch: Option<&'a str>,
}

impl Question<'_> {
    async fn answer(
        &self,
        remote: Option<&RemoteFact>,
        tag_objects: &[Listed],
    ) -> Result<(Vec<BranchFact>, Vec<TagFact>), GitError> {
        let known = match remote {
            Some(remote) => format!("refs/remotes/{}/", remote.name),
            None => "refs/heads/".to_owned(),
        };
        let mut branches = self.known_branches(&known).await?;
        let tag = |tag: &Listed| TagFact {
            name: tag.name.strip_prefix("refs/tags/").unwrap_or(&tag.name).to_owned(),
            at_remote: Contained::Unknown(Untold::NotAsked),
        };
        let mut tags: Vec<TagFact> = tag_objects.iter().map(tag).collect();
        if let Some(remote) = remote
            && self.remote_must_be_asked(&branches, &tags)
        {
            self.ask(remote, &mut branches, &mut tags, tag_objects).await?;
        }
        Ok((branches, tags))
    }

    fn concerns(&self, branch: &str) -> bool {
        self.branch.map_or_else(|| self.policy.allows_branch(branch), |asked| asked == branch)
    }

    /// What the clone itself knows, from the references under `known`.
    async fn known_branches(&self, known: &str) -> Result<Vec<BranchFact>, GitError> {
        let format = "--format=%(refname) %(symref)";
        let all = self.checkout.git(&["for-each-ref", format, known]).listed();
        let containing = ["for-each-ref", format, "--contains", self.commit.as_str(), known];
        let containing = self.checkout.git(&containing).listed();
        let (all, containing) = tokio::try_join!(all, containing)?;
        // A symbolic one is `origin/HEAD`: another name of a branch that is listed as well.
        let concerned = all.iter().filter(|listed| listed.object.is_empty());
        let concerned = concerned.filter_map(|listed| Some((listed, listed.name.strip_prefix(known)?)));
        let facts = concerned.filter(|(_, branch)| self.concerns(branch)).map(|(listed, branch)| BranchFact {
            name: branch.to_owned(),
            contains: match containing.iter().any(|other| other.name == listed.name) {
                true => Contained::Yes,
                false if self.checkout.shallow() => Contained::Unknown(Untold::Shallow),
                false => Contained::No,
            },
        });
        Ok(facts.collect())
    }

    /// Nothing that was fetched shows what the policy demands, and the remote's answer could change that.
    fn remote_must_be_asked(&self, branches: &[BranchFact], tags: &[TagFact]) -> bool {
        let allowed = |fact: &&BranchFact| self.policy.allows_branch(&fact.name);
        let shown = branches.iter().filter(allowed).any(|fact| fact.contains == Contained::Yes);
        let could_help = self.branch.is_none_or(|branch| self.policy.allows_branch(branch))
            || tags.iter().any(|tag| self.policy.allows_tag(&tag.name));
        !shown && could_help && (self.policy.pushed || self.branch.is_none())
    }

    /// The remote's word replaces what the clone knew.
    async fn ask(
        &self,
        remote: &RemoteFact,
        branches: &mut Vec<BranchFact>,
        tags: &mut [TagFact],
        tag_objects: &[Listed],
    ) -> Result<(), GitError> {
        let mut names: Vec<String> = match self.branch {
            Some(branch) => vec![format!("refs/heads/{branch}")],
            // git's globs are not the policy's: where there is one, all branches are listed and ours decides.
            None if self.policy.branches.iter().any(|glob| is_glob(glob)) => {
                vec!["refs/heads/*".to_owned()]
            }
            None => self.policy.branches.iter().map(|branch| format!("refs/heads/{branch}")).collect(),
        };
        names.extend(tag_objects.iter().map(|tag| tag.name.clone()));
        let listed = match remote::list(self.checkout, &remote.name, &names).await {
            Ok(listed) => listed,
            Err(GitError::Failed { words, .. }) => {
                self.note_silence(&words, branches, tags);
                return Ok(());
            }
            Err(silent @ GitError::Silent { .. }) => {
                self.note_silence(&silent.to_string(), branches, tags);
                return Ok(());
            }
            Err(other) => return Err(other),
        };
        branches.clear();
        for (found, name) in listed.iter().filter_map(|found| Some((found, found.name.strip_prefix("refs/heads/")?))) {
            if self.concerns(name) {
                let contains = self.under_tip(found.commit()).await?;
                branches.push(BranchFact { name: name.to_owned(), contains });
            }
        }
        if let Some(asked) = self.branch
            && branches.is_empty()
        {
            branches.push(BranchFact { name: asked.to_owned(), contains: Contained::No });
        }
        for (tag, ours) in tags.iter_mut().zip(tag_objects) {
            // The same object is the same tag: one that was moved at the remote does not count.
            let same = listed.iter().any(|found| found.name == ours.name && found.object == ours.object);
            tag.at_remote = if same { Contained::Yes } else { Contained::No };
        }
        Ok(())
    }

    async fn under_tip(&self, tip: Option<Commit>) -> Result<Contained, GitError> {
        let on_it = match &tip {
            Some(tip) => self.checkout.is_ancestor(self.commit, tip).await?,
            None => None,
        };
        Ok(match on_it {
            Some(true) => Contained::Yes,
            Some(false) => Contained::No,
            None if self.checkout.shallow() => Contained::Unknown(Untold::Shallow),
            None => Contained::Unknown(Untold::TipNotHere),
        })
    }

    /// What did not show before can now not be told.
    fn note_silence(&self, words: &str, branches: &mut Vec<BranchFact>, tags: &mut [TagFact]) {
        let silent = || Contained::Unknown(Untold::NoAnswer(format!("the remote does not answer: {words}")));
        if let Some(asked) = self.branch
            && branches.is_empty()
        {
            branches.push(BranchFact { name: asked.to_owned(), contains: silent() });
        }
        for fact in branches.iter_mut().filter(|fact| fact.contains != Contained::Yes) {
            fact.contains = silent();
        }
        for tag in tags {
            tag.at_remote = silent();
        }
    }
}
