//! What `git push` is to do so that a release begins on Taskcluster: the exact command, and what is in its way. Pure.

use super::{
    failure::Failure,
    finding::CheckId,
    name::Commit,
    policy::{Policy, RemoteFact},
};

/// What is pushed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ref {
    Branch(String),
    Tag(String),
}

impl Ref {
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Branch(name) | Self::Tag(name) => name,
        }
    }

    #[must_use]
    pub fn full(&self) -> String {
        match self {
            Self::Branch(name) => format!("refs/heads/{name}"),
            Self::Tag(name) => format!("refs/tags/{name}"),
        }
    }
}

/// How it is at the remote before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum There {
    /// There is no such branch or tag.
    Nothing,
    /// An object that ours descends from.
    Behind(String),
    /// It is there already.
    Same,
    /// The branch is further than our commit.
    Ahead(String),
    /// Ours does not descend from it, or nobody here knows whether it does.
    Other(String),
}

/// One push of a branch or a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefPush {
    pub remote: RemoteFact,
    pub what: Ref,
    pub commit: Commit,
    pub there: There,
}

impl RefPush {
    /// The command, word by word.
    #[must_use]
    pub fn words(&self) -> [String; 4] {
        let full = self.what.full();
        let refspec = match self.what {
            Ref::Branch(_) => format!("{}:{full}", self.commit),
            Ref::Tag(_) => full,
        };
        ["git".to_owned(), "push".to_owned(), self.remote.name.clone(), refspec]
    }

    /// The command as a shell reads it.
    #[must_use]
    pub fn command(&self) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@+".contains(c);
        let quoted = |word: &String| {
            if word.chars().all(plain) { word.clone() } else { format!("'{}'", word.replace('\'', r"'\''")) }
        };
        self.words().iter().map(quoted).collect::<Vec<_>>().join(" ")
    }

    /// There is nothing to be pushed, and nothing begins by it.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.there == There::Same
    }

    /// Why git would refuse it.
    #[must_use]
    pub fn refused(&self) -> Option<Failure> {
        let (name, remote) = (self.what.name(), &self.remote.name);
        let (why, next) = match (&self.there, &self.what) {
            (There::Nothing | There::Behind(_) | There::Same, _) => return None,
            (There::Ahead(tip), _) => (
                format!("{name} is further at {remote} ({}), and has this commit already", short(tip)),
                format!("release what is there: git fetch {remote}, then --ref {remote}/{name} --branch {name}"),
            ),
            (There::Other(tip), Ref::Branch(_)) => (
                format!("{name} at {remote} is {}, and this commit is not known to descend from it", short(tip)),
                format!("bring both together first: git fetch {remote}"),
            ),
            (There::Other(object), Ref::Tag(_)) => (
                format!("the tag {name} at {remote} is another object, {}", short(object)),
                "name another tag: one that was pushed is moved by nobody".to_owned(),
            ),
        };
        let what = format!("{} would be refused", self.command());
        Some(Failure::not_allowed(what, why, next).explained_by(CheckId::Git))
    }

    /// How it is at the remote, in words.
    #[must_use]
    pub fn stands(&self) -> String {
        let RemoteFact { name, url } = &self.remote;
        let what = self.what.name();
        match &self.there {
            There::Nothing => format!("{name} ({url}) has no {what} yet"),
            There::Same => format!("{name} ({url}), where {what} is this already"),
            There::Behind(tip) | There::Ahead(tip) | There::Other(tip) => {
                format!("{name} ({url}), where {what} is {}", short(tip))
            }
        }
    }
}

fn short(object: &str) -> &str {
    object.get(..7).unwrap_or(object)
}

/// The policy of a push: it does not demand that what is to be pushed is there, nor lets a tag stand for a branch.
#[must_use]
pub fn before_a_push(policy: &Policy, of_tag: bool) -> Policy {
    let git_tags = if of_tag { policy.git_tags.clone() } else { Vec::new() };
    Policy { pushed: false, git_tags, ..policy.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(what: Ref, there: There) -> RefPush {
        RefPush {
            remote: RemoteFact { name: "origin".into(), url: "https://h.example/o/r".into() },
            what,
            commit: "a88b0c2a88b0c2a88b0c2a88b0c2a88b0c2a88b0".parse().unwrap(),
            there,
        }
    }

    #[test]
    fn the_command_is_what_a_shell_would_be_given() {
        let branch = |name: &str| push(Ref::Branch(name.into()), There::Nothing).command();
        assert_eq!(
            branch("release/1"),
            "git push origin a88b0c2a88b0c2a88b0c2a88b0c2a88b0c2a88b0:refs/heads/release/1"
        );
        assert!(branch("it's$(x)").ends_with(r"0:refs/heads/it'\''s$(x)'"), "{}", branch("it's$(x)"));
        assert_eq!(push(Ref::Tag("v1.0".into()), There::Nothing).command(), "git push origin refs/tags/v1.0");
    }

    #[test]
    fn what_git_would_refuse_is_refused_before() {
        let tip = "b88b0c2a88b0c2a88b0c2a88b0c2a88b0c2a88b0".to_owned();
        let branch = || Ref::Branch("main".into());
        for there in [There::Nothing, There::Behind(tip.clone()), There::Same] {
            assert_eq!(push(branch(), there).refused(), None);
        }
        for (what, there, said) in [
            (branch(), There::Ahead(tip.clone()), "further at origin (b88b0c2)"),
            (branch(), There::Other(tip.clone()), "not known to descend"),
            (Ref::Tag("v1".into()), There::Other(tip), "another object"),
        ] {
            let failure = push(what, there).refused().unwrap();
            assert!(failure.why.contains(said), "{failure}");
            assert_eq!(failure.kind.exit_code(), 3);
        }
    }

    #[test]
    fn a_tag_stands_for_no_branch_that_is_pushed() {
        let policy = Policy::default();
        assert!(!before_a_push(&policy, false).allows_tag("v1") && before_a_push(&policy, true).allows_tag("v1"));
        assert!(!before_a_push(&policy, true).pushed);
    }
}
