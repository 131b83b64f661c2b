//! Names of things in a registry: [`Repository`], [`Tag`], [`Platform`]. Parsing happens here, at the
//! border; what holds one of these types holds a valid name.
//!
//! Sources: OCI distribution specification, "Pulling manifests"; the reference grammar of distribution.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A text that names nothing in a registry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAReference {
    #[error("`{text}` is not a repository: {why}")]
    Repository { text: String, why: &'static str },
    #[error("`{text}` is not a tag: {why}")]
    Tag { text: String, why: &'static str },
    #[error("`{text}` is not a platform: {why}")]
    Platform { text: String, why: &'static str },
}

/// A repository with its registry, such as `docker.io/mozilla/balrog`.
///
/// A name without a registry is one of Docker Hub, where a single component stands for `library/…`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Repository {
    host: String,
    path: String,
}

/// The name of Docker Hub in references; its API answers elsewhere ([`Repository::api_host`]).
pub const DOCKER_HUB: &str = "docker.io";

impl Repository {
    /// Registry as written in references: host and, where given, port.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Host and port where the registry's API answers. Differs from [`Self::host`] for Docker Hub alone.
    #[must_use]
    pub fn api_host(&self) -> &str {
        if self.host == DOCKER_HUB { "registry-1.docker.io" } else { &self.host }
    }

    /// The name inside the registry: `mozilla/balrog`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The last component, the default name of an image.
    #[must_use]
    pub fn last(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

impl FromStr for Repository {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<Self, NotAReference> {
        let refuse = |why| Err(NotAReference::Repository { text: text.chars().take(200).collect(), why });
        if text.is_empty() {
            return refuse("it is empty");
        }
        if text.contains("://") {
            return refuse("it is written without a scheme, as in registry.example.com/team/image");
        }
        let (host, path) = match text.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest),
            _ => (DOCKER_HUB, text),
        };
        let host = match host {
            "index.docker.io" | "registry-1.docker.io" => DOCKER_HUB,
            other => other,
        };
        if !valid_host(host) {
            return refuse("its registry is not a host name with an optional port");
        }
        if path.contains('@') || path.rsplit('/').next().is_some_and(|last| last.contains(':')) {
            return refuse("a tag or digest does not belong here");
        }
        let path = if host == DOCKER_HUB && !path.contains('/') { format!("library/{path}") } else { path.to_owned() };
        if !path.split('/').all(valid_component) {
            return refuse("components are lower-case letters and digits, separated by one of . _ __ -");
        }
        if host.len() + path.len() > 254 {
            return refuse("it is longer than 255 characters");
        }
        Ok(Self { host: host.to_owned(), path })
    }
}

fn valid_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    };
    let name_ok = if let Some(v6) = name.strip_prefix('[').and_then(|n| n.strip_suffix(']')) {
        v6.parse::<std::net::Ipv6Addr>().is_ok()
    } else {
        !name.is_empty()
            && name.split('.').all(|label| {
                !label.is_empty()
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            })
    };
    name_ok && port.is_none_or(|p| p.parse::<u16>().is_ok_and(|p| p > 0))
}

fn valid_component(component: &str) -> bool {
    let bytes = component.as_bytes();
    let alnum = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let mut runs = bytes.chunk_by(|a, b| alnum(*a) == alnum(*b));
    let first = runs.next();
    first.is_some_and(|run| alnum(run[0]))
        && bytes.last().is_some_and(|b| alnum(*b))
        && runs.all(|run| alnum(run[0]) || matches!(run, b"." | b"_" | b"__") || run.iter().all(|b| *b == b'-'))
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.path)
    }
}

/// A tag: at most 128 of letters, digits, `_`, `.` and `-`, not beginning with `.` or `-`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(String);

impl Tag {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest valid tag to this text: `release/1.2` becomes `release-1.2`. `None` when nothing is left.
    #[must_use]
    pub fn made_valid(text: &str) -> Option<Self> {
        let mapped: String = text
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') { c } else { '-' })
            .collect();
        let mut tag = mapped.trim_start_matches(['.', '-']).to_owned();
        tag.truncate(128);
        tag.parse().ok()
    }
}

impl FromStr for Tag {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<Self, NotAReference> {
        let refuse = |why| Err(NotAReference::Tag { text: text.chars().take(200).collect(), why });
        let Some(first) = text.bytes().next() else { return refuse("it is empty") };
        if !(first.is_ascii_alphanumeric() || first == b'_') {
            return refuse("it begins with a letter, a digit or _");
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')) {
            return refuse("letters, digits, _ . and - are allowed");
        }
        if text.len() > 128 {
            return refuse("it is longer than 128 characters");
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Operating system, architecture and, where given, variant: `linux/amd64`, `linux/arm/v7`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Platform(String);

impl Platform {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `other` runs where `self` was asked for: equal, or equal but for a variant that one side leaves out.
    #[must_use]
    pub fn accepts(&self, other: &Self) -> bool {
        let ours: Vec<&str> = self.0.split('/').collect();
        let theirs: Vec<&str> = other.0.split('/').collect();
        ours.iter().zip(&theirs).all(|(a, b)| a == b)
    }
}

impl FromStr for Platform {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<Self, NotAReference> {
        let parts: Vec<&str> = text.split('/').collect();
        let valid =
            |p: &&str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        if !(2..=3).contains(&parts.len()) || !parts.iter().all(valid) || text.len() > 100 {
            return Err(NotAReference::Platform {
                text: text.chars().take(100).collect(),
                why: "it is written os/architecture, as in linux/amd64",
            });
        }
        // The names that `uname` and old engines use for the same machines.
        let architecture = match parts[1] {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        let variant = parts.get(2).map(|v| format!("/{v}")).unwrap_or_default();
        Ok(Self(format!("{}/{architecture}{variant}", parts[0])))
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Conversions that serde and `format!` need, the same for every name.
macro_rules! text_conversions {
    ($($name:ident),*) => { $(
        impl TryFrom<String> for $name {
            type Error = NotAReference;
            fn try_from(text: String) -> Result<Self, NotAReference> { text.parse() }
        }
        impl From<$name> for String {
            fn from(name: $name) -> Self { name.to_string() }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{self}") }
        }
    )* };
}
text_conversions!(Repository, Tag, Platform);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn repositories() {
        for (text, host, path) in [
            ("docker.io/mozilla/balrog", "docker.io", "mozilla/balrog"),
            ("mozilla/balrog", "docker.io", "mozilla/balrog"),
            ("busybox", "docker.io", "library/busybox"),
            ("index.docker.io/mozilla/balrog", "docker.io", "mozilla/balrog"),
            ("localhost/x", "localhost", "x"),
            ("127.0.0.1:5000/team/image", "127.0.0.1:5000", "team/image"),
            ("[::1]:5000/x", "[::1]:5000", "x"),
            ("ghcr.io/a/b__c/d--e.f", "ghcr.io", "a/b__c/d--e.f"),
        ] {
            let parsed: Repository = text.parse().unwrap_or_else(|e| panic!("{e}"));
            assert_eq!((parsed.host(), parsed.path()), (host, path), "{text}");
            assert_eq!(parsed.to_string().parse::<Repository>().unwrap(), parsed);
        }
        assert_eq!("mozilla/balrog".parse::<Repository>().unwrap().api_host(), "registry-1.docker.io");
    }

    #[test]
    fn refused_repositories() {
        for text in [
            "",
            "a/B",
            "docker.io/a:tag",
            "a@sha256:0",
            "https://ghcr.io/a",
            "ghcr.io/",
            "ghcr.io/a//b",
            "-a/b",
            "a/b___c",
            "a/b-",
            "h:0/x",
            "h:99999/x",
            "a/../b",
        ] {
            assert!(text.parse::<Repository>().is_err(), "{text}");
        }
    }

    #[test]
    fn tags_are_made_valid() {
        assert_eq!(Tag::made_valid("feature/x y").unwrap().as_str(), "feature-x-y");
        assert_eq!(Tag::made_valid("-.v1").unwrap().as_str(), "v1");
        assert_eq!(Tag::made_valid("//"), None);
    }

    #[test]
    fn platforms_know_aliases_and_variants() {
        let arm: Platform = "linux/arm64".parse().unwrap();
        assert!(arm.accepts(&"linux/aarch64/v8".parse().unwrap()));
        assert!(!arm.accepts(&"linux/amd64".parse().unwrap()));
        assert!("linux".parse::<Platform>().is_err());
    }

    proptest! {
        #[test]
        fn made_valid_is_valid_and_stable(text in ".{0,200}") {
            if let Some(tag) = Tag::made_valid(&text) {
                prop_assert_eq!(tag.as_str().parse::<Tag>().unwrap(), tag.clone());
                prop_assert_eq!(Tag::made_valid(tag.as_str()), Some(tag));
            }
        }
    }
}
