//! What a check of `windlass doctor` found: what is so, what to do about it, and who can.

use std::{cmp::Ordering, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::failure::Failure;

/// The checks, in the order in which one needs the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckId {
    Config,
    Git,
    Engine,
    Disk,
    Registry,
    Vault,
    Journal,
    Secret,
    Login,
    Push,
    Clock,
    Leftovers,
    Session,
    Cluster,
    Client,
    Github,
    Grants,
    Yml,
    Pool,
    Dates,
}

impl CheckId {
    pub const ALL: [Self; 20] = [
        Self::Config,
        Self::Git,
        Self::Engine,
        Self::Disk,
        Self::Registry,
        Self::Vault,
        Self::Journal,
        Self::Secret,
        Self::Login,
        Self::Push,
        Self::Clock,
        Self::Leftovers,
        Self::Session,
        Self::Cluster,
        Self::Client,
        Self::Github,
        Self::Grants,
        Self::Yml,
        Self::Pool,
        Self::Dates,
    ];

    /// Those that concern a project, which may use Taskcluster.
    pub fn concerning(taskcluster: bool) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |check| taskcluster || !check.is_of_taskcluster())
    }

    /// As it is written on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Git => "git",
            Self::Engine => "engine",
            Self::Disk => "disk",
            Self::Registry => "registry",
            Self::Vault => "vault",
            Self::Journal => "journal",
            Self::Secret => "secret",
            Self::Login => "login",
            Self::Push => "push",
            Self::Clock => "clock",
            Self::Leftovers => "leftovers",
            Self::Session => "session",
            Self::Cluster => "cluster",
            Self::Client => "client",
            Self::Github => "github",
            Self::Grants => "grants",
            Self::Yml => "yml",
            Self::Pool => "pool",
            Self::Dates => "dates",
        }
    }

    /// It is run for each image of a project.
    #[must_use]
    pub fn is_of_an_image(self) -> bool {
        matches!(self, Self::Registry | Self::Secret | Self::Login | Self::Push)
    }

    /// It is of the Taskcluster deployment that a project names.
    #[must_use]
    pub fn is_of_taskcluster(self) -> bool {
        self >= Self::Cluster
    }

    /// What is looked at, in a few words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Config => "what windlass.toml says",
            Self::Git => "the commit that would be released",
            Self::Engine => "the container engine",
            Self::Disk => "room on the disks",
            Self::Registry => "the registry and the repository in it",
            Self::Vault => "the vault and its key",
            Self::Journal => "the journal of releases",
            Self::Secret => "the registry's login in its store",
            Self::Login => "what the registry makes of the login",
            Self::Push => "the right to push",
            Self::Clock => "the clocks of registry and engine",
            Self::Leftovers => "what dead releases left behind",
            Self::Session => "releases after a log-out",
            Self::Cluster => "the Taskcluster deployment",
            Self::Client => "who we are there, and for how long",
            Self::Github => "what became of the head commit at GitHub",
            Self::Grants => "whether a release's role may read the secret",
            Self::Yml => "the tasks that the next release would make",
            Self::Pool => "the pools of workers",
            Self::Dates => "deadlines and artifacts of the newest release",
        }
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for CheckId {
    type Err = NoSuchCheck;

    fn from_str(text: &str) -> Result<Self, NoSuchCheck> {
        Self::ALL.into_iter().find(|check| check.name() == text).ok_or_else(|| NoSuchCheck(text.to_owned()))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a check")]
pub struct NoSuchCheck(String);

/// Who can do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    You,
    /// Whoever runs the registry, or gives rights in it.
    RegistryAdmin,
    /// Whoever is root on this machine.
    MachineAdmin,
    /// Whoever runs the Taskcluster deployment, or grants scopes in it.
    TaskclusterAdmin,
}

impl Owner {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::You => "you",
            Self::RegistryAdmin => "the registry's admin",
            Self::MachineAdmin => "this machine's admin",
            Self::TaskclusterAdmin => "the deployment's admin",
        }
    }
}

/// What to do, and who can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    pub fix: String,
    pub owner: Owner,
}

impl Remedy {
    pub fn new(owner: Owner, fix: impl Into<String>) -> Self {
        Self { fix: fix.into(), owner }
    }
}

/// How a check ended. What is not as it should be always comes with what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Pass,
    /// A release works, and something about it may surprise.
    Warn(Remedy),
    /// A release would fail, or do harm.
    Fail(Remedy),
    /// Not to be told from here, and nothing is known to be wrong.
    CannotTell(Remedy),
    /// Not to be told because something that the check needs does not work or does not answer.
    Blocked(Remedy),
}

impl Outcome {
    /// As people and programs read it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn(_) => "warn",
            Self::Fail(_) => "fail",
            Self::CannotTell(_) | Self::Blocked(_) => "cannot-tell",
        }
    }

    /// One of the same weight: both are to be mended.
    fn also(&mut self, other: &Self) {
        if let (Self::Warn(ours) | Self::Fail(ours) | Self::CannotTell(ours) | Self::Blocked(ours), Some(theirs)) =
            (self, other.remedy())
            && ours.fix != theirs.fix
        {
            ours.fix = format!("{}\n{}", ours.fix, theirs.fix);
        }
    }

    /// How much it weighs beside others.
    fn weight(&self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::CannotTell(_) => 1,
            Self::Warn(_) => 2,
            Self::Blocked(_) => 3,
            Self::Fail(_) => 4,
        }
    }

    #[must_use]
    pub fn remedy(&self) -> Option<&Remedy> {
        match self {
            Self::Pass => None,
            Self::Warn(remedy) | Self::Fail(remedy) | Self::CannotTell(remedy) | Self::Blocked(remedy) => Some(remedy),
        }
    }
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub outcome: Outcome,
    /// What was seen, in the maintainer's words.
    pub evidence: String,
}

impl Finding {
    pub fn pass(evidence: impl Into<String>) -> Self {
        Self { outcome: Outcome::Pass, evidence: evidence.into() }
    }

    pub fn warn(evidence: impl Into<String>, owner: Owner, fix: impl Into<String>) -> Self {
        Self { outcome: Outcome::Warn(Remedy::new(owner, fix)), evidence: evidence.into() }
    }

    pub fn fail(evidence: impl Into<String>, owner: Owner, fix: impl Into<String>) -> Self {
        Self { outcome: Outcome::Fail(Remedy::new(owner, fix)), evidence: evidence.into() }
    }

    pub fn cannot_tell(evidence: impl Into<String>, owner: Owner, fix: impl Into<String>) -> Self {
        Self { outcome: Outcome::CannotTell(Remedy::new(owner, fix)), evidence: evidence.into() }
    }

    pub fn blocked(evidence: impl Into<String>, owner: Owner, fix: impl Into<String>) -> Self {
        Self { outcome: Outcome::Blocked(Remedy::new(owner, fix)), evidence: evidence.into() }
    }

    /// It cannot be told before another check passes.
    #[must_use]
    pub fn needs(check: CheckId) -> Self {
        Self::blocked(format!("needs {check}"), Owner::You, format!("see what is wrong there: windlass doctor {check}"))
    }

    /// Several findings as one: all that was seen, and what to do about the worst of it.
    #[must_use]
    pub fn together(findings: Vec<Self>) -> Self {
        let evidence: Vec<&str> = findings.iter().map(|finding| finding.evidence.as_str()).collect();
        let evidence = evidence.join("\n");
        let mut together = Self::pass(evidence);
        for Self { outcome, .. } in findings {
            match outcome.weight().cmp(&together.outcome.weight()) {
                Ordering::Greater => together.outcome = outcome,
                Ordering::Equal => together.outcome.also(&outcome),
                Ordering::Less => {}
            }
        }
        together
    }

    /// What an attempt failed with, as a check that fails.
    #[must_use]
    pub fn failed(failure: &Failure, owner: Owner) -> Self {
        Self::fail(format!("{}: {}", failure.what, failure.why.trim_end()), owner, &failure.next)
    }
}

/// A finding with what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub check: CheckId,
    /// The name of the image it is about, where it is about one.
    pub image: Option<String>,
    pub finding: Finding,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_go_by_one_name_everywhere() {
        for check in CheckId::ALL {
            assert_eq!(check.name().parse(), Ok(check));
            assert_eq!(serde_json::to_value(check).unwrap(), check.name());
        }
        assert!("everything".parse::<CheckId>().is_err());
        assert!(CheckId::ALL.is_sorted(), "they are listed in the order of the type");
    }

    #[test]
    fn what_is_not_right_says_what_to_do() {
        let failure = Failure::unreachable("the engine does not answer", "nothing listens\n", "start it");
        let finding = Finding::failed(&failure, Owner::MachineAdmin);
        assert_eq!(finding.evidence, "the engine does not answer: nothing listens");
        assert_eq!(finding.outcome.remedy(), Some(&Remedy::new(Owner::MachineAdmin, "start it")));
        assert_eq!((finding.outcome.word(), Finding::needs(CheckId::Vault).outcome.word()), ("fail", "cannot-tell"));
    }

    #[test]
    fn of_several_findings_the_worst_counts() {
        let (warn, fail) =
            (|e: &str| Finding::warn(e, Owner::You, "w"), |e: &str, fix: &str| Finding::fail(e, Owner::You, fix));
        let all = vec![Finding::pass("a"), fail("b", "x"), warn("c"), fail("d", "y")];
        let together = Finding::together(all);
        assert_eq!(together, Finding { evidence: "a\nb\nc\nd".into(), ..fail("", "x\ny") });
        assert_eq!(Finding::together(vec![Finding::needs(CheckId::Engine), warn("c")]).outcome.word(), "cannot-tell");
        assert_eq!(Finding::together(vec![Finding::pass("a")]), Finding::pass("a"));
    }
}
