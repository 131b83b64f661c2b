//! What begins a release on Taskcluster: which options of a release say something to it, and what is shown and agreed to
//! before. Pure.

use serde_json::Value;

use super::{failure::Failure, name::ReleaseId, wishes::Wishes};

/// By what it is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// A push of git to a branch.
    Push,
    /// A push of a git tag.
    Tag,
    /// A hook is fired.
    Hook,
    /// The tasks of a `.taskcluster.yml` are made by us.
    Tasks,
}

impl By {
    /// Why that cannot be wished of it.
    #[must_use]
    pub fn refuses(self, wishes: &Wishes) -> Option<Failure> {
        let said = [
            ("--move", wishes.move_tags),
            ("--platform", wishes.platform.is_some()),
            ("--from-archive", wishes.archive.is_some()),
            ("--ref", self == Self::Hook && wishes.git_ref.is_some()),
            ("--branch", self == Self::Hook && wishes.branch.is_some()),
        ];
        said.iter().find(|(_, said)| *said).map(|(option, _)| says_nothing(option))
    }
}

/// Why this option is refused.
#[must_use]
pub fn says_nothing(option: &str) -> Failure {
    Failure::usage(
        format!("{option} says nothing to this release on Taskcluster"),
        "what is built and pushed there, and of what, `trigger` in windlass.toml and its tasks' own script decide",
        "leave it out, or release on this machine: --on local",
    )
}

/// The words after `windlass` that begin what is wished.
#[must_use]
pub fn words(wishes: &Wishes) -> Vec<String> {
    ["release".to_owned()].into_iter().chain(wishes.words()).chain(["--yes".to_owned()]).collect()
}

/// One that can be begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    /// Of the deployment.
    pub host: String,
    /// Labels and what stands beside them: exactly what would be done.
    pub rows: Vec<(&'static str, String)>,
    /// Why it is not begun.
    pub refused: Option<Failure>,
    /// The words after `windlass` that begin it.
    pub words: Vec<String>,
    /// What these are given on stdin where they begin it on their own: what was agreed to, so that nothing else is done.
    pub agreed: Option<String>,
    /// What is said once it is begun, and what is waited for.
    pub said: String,
    /// There is a release of it already, and nothing is begun.
    pub there: Option<ReleaseId>,
}

/// What a hook takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Takes {
    pub hook: String,
    /// What its owner says of it.
    pub about: String,
    /// Of the payload.
    pub schema: Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_nothing_to_a_trigger_is_refused() {
        for (typed, refusing) in [
            ("v1", &[By::Hook][..]),
            ("v1 --branch main", &[By::Hook]),
            ("--branch main", &[By::Hook]),
            ("--platform linux/amd64", &[By::Push, By::Tag, By::Hook, By::Tasks]),
            ("v1 --move", &[By::Push, By::Tag, By::Hook, By::Tasks]),
            ("--from-archive image.tar", &[By::Push, By::Tag, By::Hook, By::Tasks]),
        ] {
            let wishes: Wishes = typed.parse().unwrap();
            for by in [By::Push, By::Tag, By::Hook, By::Tasks] {
                assert_eq!(by.refuses(&wishes).is_some(), refusing.contains(&by), "{by:?} and {typed}");
            }
        }
        let refused = By::Tag.refuses(&"v1 --move".parse().unwrap()).unwrap();
        assert_eq!(refused.what, "--move says nothing to this release on Taskcluster");
    }
}
