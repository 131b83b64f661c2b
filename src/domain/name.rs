//! Names that windlass and git give: [`ReleaseId`], [`Commit`], [`SecretName`], [`ProjectName`].

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::task::TaskId;

/// A text that is not the kind of name it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}")]
pub struct NotAName {
    text: String,
    what: &'static str,
}

/// The alphabet of release ids: RFC 4648 base32 in lower case.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Ten base32 characters, made from random bytes; of Taskcluster the 22 of a task or of a group of tasks, with a dot and
/// a number for one run of a task.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReleaseId(String);

impl ReleaseId {
    /// The id these random bytes stand for: five bits of each.
    #[must_use]
    pub fn from_random(bytes: [u8; 10]) -> Self {
        Self(bytes.iter().map(|b| char::from(BASE32[usize::from(b & 31)])).collect())
    }
}

/// A git object id of a commit: 40 hexadecimal digits, or 64 where the repository uses SHA-256.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Commit(String);

impl Commit {
    /// The first seven digits, as git shows them.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..7]
    }
}

impl Commit {
    /// What git writes where there is none. Source: git, "null object id".
    #[must_use]
    pub fn unknown() -> Self {
        Self("0".repeat(40))
    }

    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.0.bytes().all(|b| b == b'0')
    }
}

/// The name of a secret in its store, such as `repo:github.com/mozilla/balrog:dockerhub`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretName(String);

/// The name of a project that this machine knows: what stands behind `--project`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProjectName(String);

impl ProjectName {
    /// Characters of the longest name.
    pub const LONGEST: usize = 64;

    /// The name that a folder of this name gives to its project: what cannot be in one is a `-`.
    #[must_use]
    pub fn of_folder(folder: &str) -> Self {
        let fitting = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' };
        let name: String = folder.trim_start_matches(['.', '-']).chars().map(fitting).take(Self::LONGEST).collect();
        // Not of dashes alone, as the name of a folder in other letters would be; and never like a flag.
        let told = name.trim_start_matches('-');
        Self(if told.is_empty() { "project".to_owned() } else { told.to_owned() })
    }

    /// The same name for another project: `balrog-2`.
    #[must_use]
    pub fn numbered(&self, number: usize) -> Self {
        let end = format!("-{number}");
        let room = Self::LONGEST.saturating_sub(end.len()).min(self.0.len());
        Self(format!("{}{end}", &self.0[..room]))
    }
}

impl From<&TaskId> for ReleaseId {
    fn from(task: &TaskId) -> Self {
        Self(task.to_string())
    }
}

impl ReleaseId {
    /// One run of a task.
    #[must_use]
    pub fn of_run(task: &TaskId, run: u32) -> Self {
        Self(format!("{task}.{run}"))
    }

    /// The task, or the group of tasks, that it is of, and the run that it names.
    #[must_use]
    pub fn task(&self) -> Option<(TaskId, Option<u32>)> {
        let (task, run) = self.0.split_once('.').map_or((self.0.as_str(), None), |(task, run)| (task, Some(run)));
        Some((task.parse().ok()?, run.and_then(|run| run.parse().ok())))
    }
}

fn is_task(text: &str) -> bool {
    let (task, run) = text.split_once('.').map_or((text, "0"), |(task, run)| (task, run));
    task.parse::<TaskId>().is_ok() && (1..=4).contains(&run.len()) && run.bytes().all(|b| b.is_ascii_digit())
}

macro_rules! name {
    ($name:ident, $what:literal, $valid:expr) => {
        impl $name {
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = NotAName;
            fn from_str(text: &str) -> Result<Self, NotAName> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(NotAName { text: text.chars().take(100).collect(), what: $what })
                }
            }
        }
        impl TryFrom<String> for $name {
            type Error = NotAName;
            fn try_from(text: String) -> Result<Self, NotAName> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
name!(ReleaseId, "a release id: ten characters of a-z and 2-7, or a task id of Taskcluster", |t| (t.len() == 10
    && t.bytes().all(|b| BASE32.contains(&b)))
    || is_task(t));
name!(Commit, "a commit: 40 or 64 lower-case hexadecimal digits", |t| matches!(t.len(), 40 | 64)
    && t.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
name!(SecretName, "a secret's name: 1 to 255 printable characters without spaces", |t| (1..=255).contains(&t.len())
    && t.bytes().all(|b| b.is_ascii_graphic()));
name!(
    ProjectName,
    "a project's name: 1 to 64 letters, digits, `.`, `_` and `-`, with a letter, a digit or `_` first",
    |t| (1..=ProjectName::LONGEST).contains(&t.len())
        && !t.starts_with(['.', '-'])
        && t.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_from_bytes_and_parse() {
        let id = ReleaseId::from_random([0, 1, 31, 32, 255, 9, 8, 7, 6, 5]);
        assert_eq!(id.as_str(), "ab7a7jihgf");
        assert_eq!(id.as_str().parse::<ReleaseId>().unwrap(), id);
        assert!("ab7a7jihg1".parse::<ReleaseId>().is_err());
        let of_task: ReleaseId = "f18OCIBgRoSL6-8OrQg82Q.2".parse().unwrap();
        assert_eq!(of_task.task(), Some(("f18OCIBgRoSL6-8OrQg82Q".parse().unwrap(), Some(2))));
        assert_eq!(id.task(), None);
        for text in ["f18OCIBgRoSL6-8OrQg82Q.", "f18OCIBgRoSL6-8OrQg82Q./..", "f18OCIBgRoSL6-8OrQg82Q.99999"] {
            assert!(text.parse::<ReleaseId>().is_err(), "{text}");
        }
    }

    #[test]
    fn names_are_checked() {
        assert!("repo:github.com/mozilla/balrog:dockerhub".parse::<SecretName>().is_ok());
        assert!("with space".parse::<SecretName>().is_err());
        assert!("a88b0c2".parse::<Commit>().is_err());
    }

    #[test]
    fn whatever_a_folder_is_called_its_project_has_a_name() {
        for (folder, expected) in [
            ("balrog", "balrog"),
            ("my app (2)", "my-app--2-"),
            (".dotfiles", "dotfiles"),
            ("--force", "force"),
            ("café", "caf-"),
            ("日本", "project"),
            ("\u{1b}[2J", "2J"),
            ("..", "project"),
            ("", "project"),
        ] {
            let name = ProjectName::of_folder(folder);
            assert_eq!(name.as_str(), expected);
            assert_eq!(name.as_str().parse::<ProjectName>(), Ok(name));
        }
        let longest = ProjectName::of_folder(&"x".repeat(500));
        assert_eq!(longest.as_str().len(), 64);
        assert_eq!(longest.numbered(10).as_str(), format!("{}-10", "x".repeat(61)));
        for text in ["", "-f", ".x", "a b", "a/b", "é", "a\n"] {
            assert!(text.parse::<ProjectName>().is_err(), "{text:?}");
        }
    }
}
