//! `[policy]`: whether a commit may be released. [`judge`] is a pure function of the policy and of what
//! git found; nothing is looked up here.

use globset::GlobBuilder;
use jiff::Timestamp;

use super::{failure::Failure, finding::CheckId, name::Commit, plan::Source};
pub use super::{
    tag_rules::{NoTags, TagRules},
    template::{Template, Values},
};

/// What a commit must be like to be released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Globs of branches that are released. `*` stops at `/`, `**` does not.
    pub branches: Vec<String>,
    /// Globs of git tags that allow a release from any branch.
    pub git_tags: Vec<String>,
    /// Uncommitted changes are refused.
    pub clean: bool,
    /// The commit must be on its branch, or under its tag, at the remote.
    pub pushed: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self { branches: vec!["master".into(), "main".into()], git_tags: vec!["v*".into()], clean: true, pushed: true }
    }
}

/// It stands for any number of branches or tags.
#[must_use]
pub fn is_glob(name: &str) -> bool {
    name.contains(['*', '?', '[', '{', '\\'])
}

impl Policy {
    /// The branches that are named, and not by a pattern.
    pub fn named_branches(&self) -> impl Iterator<Item = &str> {
        self.branches.iter().map(String::as_str).filter(|branch| !is_glob(branch))
    }

    #[must_use]
    pub fn allows_branch(&self, branch: &str) -> bool {
        matches_any(&self.branches, branch)
    }

    #[must_use]
    pub fn allows_tag(&self, tag: &str) -> bool {
        matches_any(&self.git_tags, tag)
    }
}

/// Reads a glob of branches or tags as [`Policy`] does.
///
/// # Errors
/// When it is no glob.
pub fn ref_glob(glob: &str) -> Result<globset::Glob, globset::Error> {
    GlobBuilder::new(glob).literal_separator(true).build()
}

fn matches_any(globs: &[String], name: &str) -> bool {
    globs.iter().filter_map(|glob| ref_glob(glob).ok()).any(|glob| glob.compile_matcher().is_match(name))
}

/// What is released, as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// `--ref`; without it, the commit that is checked out with the working tree as it is.
    pub git_ref: Option<String>,
    /// `--branch`.
    pub branch: Option<String>,
}

/// Whether the commit is on a branch, or under a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contained {
    Yes,
    No,
    Unknown(Untold),
}

/// Why that cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Untold {
    /// Nothing depended on it.
    #[error("the remote was not asked about it")]
    NotAsked,
    /// The clone is shallow: the history that would tell is not here.
    #[error("this clone is shallow, the history that would tell is not here")]
    Shallow,
    /// The branch's newest commit at the remote was never fetched.
    #[error("the newest commits there were never fetched")]
    TipNotHere,
    /// The remote did not answer; its words.
    #[error("{0}")]
    NoAnswer(String),
}

/// A branch at the remote, or of this repository where it has no remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchFact {
    pub name: String,
    pub contains: Contained,
}

/// A git tag at the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagFact {
    pub name: String,
    pub at_remote: Contained,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteFact {
    pub name: String,
    /// Without credentials.
    pub url: String,
}

/// What git found about the commit that is to be released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitFacts {
    pub commit: Commit,
    pub committed: Timestamp,
    /// The full name of what was asked for, or of what is checked out: `refs/heads/master`.
    pub git_ref: Option<String>,
    /// The branch that `--ref` names, else the branch checked out if the commit is on it.
    pub branch: Option<String>,
    pub tags: Vec<TagFact>,
    /// The first few paths with uncommitted changes, untracked files included: docker would send them.
    /// Empty with `--ref`, which is built from a clean worktree.
    pub dirty: Vec<String>,
    pub remote: Option<RemoteFact>,
    /// The branch in question; where none was named, every branch that the policy allows.
    pub branches: Vec<BranchFact>,
    pub shallow: bool,
}

impl GitFacts {
    /// `{version}`: the git tag `v…` at the commit, without its `v`.
    ///
    /// # Errors
    /// When several tags could be meant and `--ref` names none of them.
    pub fn version(&self) -> Result<Option<String>, Refusal> {
        let version = |tag: &str| tag.strip_prefix('v').filter(|rest| !rest.is_empty()).map(ToOwned::to_owned);
        if let Some(named) = self.git_ref.as_deref().and_then(|full| version(full.strip_prefix("refs/tags/")?)) {
            return Ok(Some(named));
        }
        let mut tags = self.tags.iter().filter(|tag| version(&tag.name).is_some()).map(|tag| tag.name.clone());
        match (tags.next(), tags.next()) {
            (Some(first), Some(second)) => {
                Err(Refusal::SeveralVersions { tags: [first, second].into_iter().chain(tags).collect() })
            }
            (first, _) => Ok(first.as_deref().and_then(version)),
        }
    }

    fn on(&self, branch: &str) -> Contained {
        let fact = self.branches.iter().find(|fact| fact.name == branch);
        fact.map_or(Contained::Unknown(Untold::NotAsked), |fact| fact.contains.clone())
    }
}

/// The policy does not let this commit be released.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("it was found on none of the branches {allowed}{}", match .untold {
        Some(untold) => format!(": {untold}"),
        None => String::new(),
    })]
    NoBranch { allowed: String, untold: Option<Untold> },
    #[error("it is on several branches that are released: {}", .branches.join(", "))]
    SeveralBranches { branches: Vec<String> },
    #[error("the branch `{branch}` is not released: [policy] allows the branches {branches} and the git tags {tags}")]
    BranchNotAllowed { branch: String, branches: String, tags: String },
    #[error("there are uncommitted changes: {}", .paths.join(", "))]
    Dirty { paths: Vec<String> },
    #[error("{commit} is not on {place} at the remote {remote}", commit = .commit.short())]
    NotPushed { commit: Commit, place: String, remote: String },
    #[error("whether it is on {place} at the remote {remote} cannot be told: {untold}")]
    CannotTell { place: String, remote: String, untold: Untold },
    #[error("several git tags at the commit could be its version: {}", .tags.join(", "))]
    SeveralVersions { tags: Vec<String> },
}

/// Whether the commit that git found may be released, and what the release's plan says about it.
///
/// The branch is the wanted one, else the one that [`GitFacts::branch`] names, else the only branch of the
/// policy that contains the commit. An allowed git tag at the commit does instead of a branch.
///
/// # Errors
/// When the policy refuses, or the branch cannot be determined.
pub fn judge(policy: &Policy, facts: &GitFacts, wanted: &Wanted) -> Result<Source, Refusal> {
    let tags: Vec<&TagFact> = facts.tags.iter().filter(|tag| policy.allows_tag(&tag.name)).collect();
    let branch = match wanted.branch.clone().or_else(|| facts.branch.clone()) {
        Some(named) => Some(named),
        None => match only_branch(policy, facts) {
            Ok(found) => Some(found),
            Err(_) if !tags.is_empty() => None,
            Err(refusal) => return Err(refusal),
        },
    };
    let allowed = branch.as_deref().filter(|branch| policy.allows_branch(branch));
    if let (None, true, Some(branch)) = (allowed, tags.is_empty(), &branch) {
        return Err(Refusal::BranchNotAllowed {
            branch: branch.clone(),
            branches: listed(&policy.branches),
            tags: listed(&policy.git_tags),
        });
    }
    if policy.clean && !facts.dirty.is_empty() {
        return Err(Refusal::Dirty { paths: facts.dirty.clone() });
    }
    let by_branch = allowed.map(|branch| (format!("the branch {branch}"), facts.on(branch)));
    let by_tag = tags.iter().map(|tag| (format!("the git tag {}", tag.name), tag.at_remote.clone()));
    let claims: Vec<(String, Contained)> = by_branch.into_iter().chain(by_tag).collect();
    let reviewed = facts.remote.is_some() && claims.iter().any(|(_, contained)| *contained == Contained::Yes);
    if let (Some(remote), true, false) = (&facts.remote, policy.pushed, reviewed) {
        return Err(not_pushed(facts, remote, claims));
    }
    let by_name = branch.as_ref().map(|branch| format!("refs/heads/{branch}"));
    let by_tag = tags.first().map(|tag| format!("refs/tags/{}", tag.name));
    Ok(Source {
        commit: facts.commit.clone(),
        git_ref: facts.git_ref.clone().or(by_name).or(by_tag),
        branch,
        remote: facts.remote.as_ref().map(|remote| remote.url.clone()),
        reviewed,
        dirty: !facts.dirty.is_empty(),
        committed: facts.committed,
    })
}

fn only_branch(policy: &Policy, facts: &GitFacts) -> Result<String, Refusal> {
    let containing = facts.branches.iter().filter(|fact| fact.contains == Contained::Yes);
    let mut found: Vec<String> = containing.map(|fact| fact.name.clone()).filter(|b| policy.allows_branch(b)).collect();
    if found.len() > 1 {
        return Err(Refusal::SeveralBranches { branches: found });
    }
    found.pop().ok_or_else(|| {
        let untold = facts.branches.iter().find_map(|fact| match &fact.contains {
            Contained::Unknown(untold) => Some(untold.clone()),
            Contained::Yes | Contained::No => None,
        });
        let untold = untold.or(facts.shallow.then_some(Untold::Shallow));
        Refusal::NoBranch { allowed: listed(&policy.branches), untold }
    })
}

/// Of several claims that do not hold, the one that the maintainer can most likely mend: what could not
/// be told goes before what is known to be false.
fn not_pushed(facts: &GitFacts, remote: &RemoteFact, claims: Vec<(String, Contained)>) -> Refusal {
    let remote = format!("{} ({})", remote.name, remote.url);
    let untold = claims.iter().find_map(|(place, contained)| match contained {
        Contained::Unknown(untold) => Some((place.clone(), untold.clone())),
        Contained::Yes | Contained::No => None,
    });
    if let Some((place, untold)) = untold {
        return Refusal::CannotTell { place, remote, untold };
    }
    let places: Vec<String> = claims.into_iter().map(|(place, _)| place).collect();
    Refusal::NotPushed { commit: facts.commit.clone(), place: places.join(" or "), remote }
}

fn listed(globs: &[String]) -> String {
    if globs.is_empty() { "(none)".to_owned() } else { globs.join(", ") }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let why = refusal.to_string();
        match refusal {
            Refusal::NoBranch { untold, .. } => Self::usage(
                "the branch of this commit cannot be determined",
                why,
                match untold {
                    Some(Untold::Shallow) => {
                        "name it: --branch NAME, or fetch the whole history: git fetch --unshallow"
                    }
                    _ => "name it: --branch NAME, or fetch what is new at the remote: git fetch",
                },
            ),
            Refusal::SeveralBranches { .. } => {
                Self::usage("the branch of this commit cannot be determined", why, "name it: --branch NAME")
            }
            Refusal::SeveralVersions { .. } => {
                Self::usage("the version of this commit cannot be determined", why, "name the tag: --ref TAG")
            }
            Refusal::BranchNotAllowed { .. } => Self::not_allowed(
                "this commit may not be released",
                why,
                "release from one of these, or change [policy] in windlass.toml",
            ),
            Refusal::Dirty { .. } => Self::not_allowed(
                "this working tree may not be released",
                why,
                "commit, stash or ignore them, or release the commit as it is: --ref HEAD",
            ),
            Refusal::NotPushed { .. } => Self::not_allowed(
                "this commit may not be released",
                why,
                "have it reviewed and push it, then try again",
            ),
            Refusal::CannotTell { untold, .. } => {
                let what = "this commit may not be released";
                match untold {
                    Untold::Shallow => Self::not_allowed(what, why, "fetch the whole history: git fetch --unshallow"),
                    Untold::TipNotHere | Untold::NotAsked => {
                        Self::not_allowed(what, why, "fetch what is new at the remote: git fetch")
                    }
                    Untold::NoAnswer(_) => Self::unreachable(
                        what,
                        why,
                        "check the network and your access to the remote (git fetch), then try again",
                    ),
                }
            }
        }
        .explained_by(CheckId::Git)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{Contained::*, *};

    /// A clean commit of `master` that is at its remote.
    pub(crate) fn facts() -> GitFacts {
        GitFacts {
            commit: "a88b0c2a88b0c2a88b0c2a88b0c2a88b0c2a88b0".parse().unwrap(),
            committed: "2026-11-21T09:30:00Z".parse().unwrap(),
            git_ref: Some("refs/heads/master".into()),
            branch: Some("master".into()),
            tags: Vec::new(),
            dirty: Vec::new(),
            remote: Some(RemoteFact { name: "origin".into(), url: "https://example.com/x".into() }),
            branches: branches(&[("master", Yes)]),
            shallow: false,
        }
    }

    fn branches(list: &[(&str, Contained)]) -> Vec<BranchFact> {
        list.iter().map(|(name, contains)| BranchFact { name: (*name).into(), contains: contains.clone() }).collect()
    }

    fn tag(name: &str, at_remote: Contained) -> TagFact {
        TagFact { name: name.into(), at_remote }
    }

    fn detached(list: &[(&str, Contained)]) -> GitFacts {
        GitFacts { git_ref: None, branch: None, branches: branches(list), ..facts() }
    }

    fn on(branch: &str, contains: Contained) -> GitFacts {
        GitFacts { branch: Some(branch.into()), branches: branches(&[(branch, contains)]), ..facts() }
    }

    /// `branch reviewed`, or the refusal's exit code and words.
    fn told(facts: &GitFacts, wanted: &Wanted) -> String {
        match judge(&Policy::default(), facts, wanted) {
            Ok(source) => format!("{} {}", source.branch.as_deref().unwrap_or("-"), source.reviewed),
            Err(refusal) => {
                let failure = Failure::from(refusal);
                format!("{} {} | {}", failure.kind.exit_code(), failure.why, failure.next)
            }
        }
    }

    #[test]
    fn what_may_be_released() {
        for (case, facts, expected) in [
            ("checked out and pushed", facts(), "master true"),
            ("no remote", GitFacts { remote: None, ..on("master", Yes) }, "master false"),
            ("detached at the remote's tip", detached(&[("main", No), ("master", Yes)]), "master true"),
            (
                "a tag does instead of a branch",
                GitFacts { tags: vec![tag("v1", Yes)], ..on("feature", No) },
                "feature true",
            ),
            ("detached at a tag", GitFacts { tags: vec![tag("v1", Yes)], ..detached(&[("main", No)]) }, "- true"),
            (
                "an unpushed tag does not spoil a pushed branch",
                GitFacts { tags: vec![tag("v1", Unknown(Untold::NotAsked))], ..facts() },
                "master true",
            ),
        ] {
            assert_eq!(told(&facts, &Wanted::default()), expected, "{case}");
        }
    }

    #[test]
    fn what_may_not_and_why() {
        for (case, facts, expected) in [
            (
                "another branch",
                on("feature", Yes),
                "3 the branch `feature` is not released: [policy] allows the branches master, main and the git tags v* \
                 | release from one of these, or change [policy] in windlass.toml",
            ),
            (
                "another tag does not help",
                GitFacts { tags: vec![tag("nightly", Yes)], ..on("feature", Yes) },
                "3 the branch `feature` is not released",
            ),
            (
                "dirty",
                GitFacts { dirty: vec!["a".into(), "b".into()], ..facts() },
                "3 there are uncommitted changes: a, b | commit, stash or ignore them, or release the commit as it is: \
                 --ref HEAD",
            ),
            (
                "not pushed",
                on("master", No),
                "3 a88b0c2 is not on the branch master at the remote origin (https://example.com/x) | have it reviewed",
            ),
            (
                "neither branch nor tag pushed",
                GitFacts { tags: vec![tag("v1", No)], ..on("master", No) },
                "3 a88b0c2 is not on the branch master or the git tag v1 at",
            ),
            (
                "shallow",
                on("master", Unknown(Untold::Shallow)),
                "3 whether it is on the branch master at the remote origin (https://example.com/x) cannot be told: this \
                 clone is shallow, the history that would tell is not here | fetch the whole history: git fetch --unshallow",
            ),
            ("never fetched", on("master", Unknown(Untold::TipNotHere)), "3 whether"),
            (
                "the remote is silent",
                on("master", Unknown(Untold::NoAnswer("could not resolve host".into()))),
                "4 whether it is on the branch master at the remote origin (https://example.com/x) cannot be told: could \
                 not resolve host",
            ),
            (
                "detached, nowhere",
                detached(&[("master", No)]),
                "2 it was found on none of the branches master, main | name it: --branch NAME, or fetch what is new",
            ),
            (
                "detached in a shallow clone, nowhere",
                GitFacts { shallow: true, ..detached(&[]) },
                "2 it was found on none of the branches master, main: this clone is shallow, the history that would \
                 tell is not here | name it: --branch NAME, or fetch the whole history: git fetch --unshallow",
            ),
            (
                "detached, on two",
                detached(&[("master", Yes), ("main", Yes)]),
                "2 it is on several branches that are released: master, main | name it: --branch NAME",
            ),
        ] {
            let told = told(&facts, &Wanted::default());
            assert!(told.starts_with(expected), "{case}: {told}");
        }
    }

    #[test]
    fn the_wanted_branch_goes_before_every_other() {
        let wanted = Wanted { branch: Some("main".into()), git_ref: None };
        assert_eq!(told(&detached(&[("master", Yes), ("main", Yes)]), &wanted), "main true");
        assert!(told(&facts(), &wanted).starts_with("3 whether it is on the branch main"), "it was not asked about");
    }

    #[test]
    fn a_lax_policy_says_what_it_let_pass() {
        let policy = Policy { clean: false, pushed: false, ..Policy::default() };
        let facts = GitFacts { dirty: vec!["a".into()], ..on("master", No) };
        let source = judge(&policy, &facts, &Wanted::default()).unwrap();
        assert!(source.dirty && !source.reviewed);
    }

    #[test]
    fn the_reference_is_as_full_as_it_is_known() {
        let full = |facts: &GitFacts| judge(&Policy::default(), facts, &Wanted::default()).unwrap().git_ref.unwrap();
        assert_eq!(full(&facts()), "refs/heads/master");
        assert_eq!(full(&detached(&[("main", Yes)])), "refs/heads/main");
        assert_eq!(full(&GitFacts { tags: vec![tag("v1", Yes)], ..detached(&[]) }), "refs/tags/v1");
    }

    #[test]
    fn versions_come_from_tags() {
        let with = |tags: &[&str], git_ref: Option<&str>| {
            let tags = tags.iter().map(|name| tag(name, Yes)).collect();
            GitFacts { tags, git_ref: git_ref.map(ToOwned::to_owned), ..facts() }.version()
        };
        assert_eq!(with(&[], None), Ok(None));
        assert_eq!(with(&["nightly", "v1.2.3"], None), Ok(Some("1.2.3".into())));
        assert_eq!(with(&["v1", "v1.2"], Some("refs/tags/v1.2")), Ok(Some("1.2".into())));
        assert!(with(&["v1", "v1.2"], None).is_err());
    }

    #[test]
    fn a_star_stops_at_a_slash() {
        let policy = Policy { branches: vec!["release/*".into(), "[".into()], ..Policy::default() };
        assert!(policy.allows_branch("release/1"));
        assert!(!policy.allows_branch("release/1/try") && !policy.allows_branch("["));
    }
}
