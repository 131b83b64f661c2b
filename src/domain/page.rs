//! Web pages of what is named here: the commit of a release, a tag of a repository, a new client of a deployment. Made of
//! names that were parsed, on hosts whose addresses are known; nothing remote can make one.

use std::fmt;

use super::{
    plan::Source,
    reference::{DOCKER_HUB, Repository, Tag},
    root_url::RootUrl,
};

/// The address of a page: `https`, but for a deployment that is on this machine or that the user's settings allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page(String);

impl Page {
    /// The commit, at the host of its remote.
    pub fn of_commit(source: &Source) -> Option<Self> {
        let (host, path) = place(source.remote.as_deref()?)?;
        let folder = match host {
            "github.com" | "codeberg.org" => "commit",
            "gitlab.com" => "-/commit",
            "bitbucket.org" => "commits",
            _ => return None,
        };
        Some(Self(format!("https://{host}/{path}/{folder}/{}", source.commit)))
    }

    /// The tag, at its registry. Sources: the sites themselves, 2026.
    pub fn of_tag(repository: &Repository, tag: &Tag) -> Option<Self> {
        let path = repository.path();
        Some(Self(match (repository.host(), path.strip_prefix("library/")) {
            (DOCKER_HUB, Some(official)) => format!("https://hub.docker.com/_/{official}/tags?name={tag}"),
            (DOCKER_HUB, None) => format!("https://hub.docker.com/r/{path}/tags?name={tag}"),
            // It leads on to the package of the user or the organisation.
            ("ghcr.io", _) => format!("https://ghcr.io/{path}:{tag}"),
            ("quay.io", _) => format!("https://quay.io/repository/{path}?tab=tags&tag={tag}"),
            _ => return None,
        }))
    }

    /// The one that makes a client of whoever is signed in at a Taskcluster deployment. The query is encoded.
    pub(super) fn of_new_client(root: &RootUrl, query: &str) -> Self {
        Self(root.below(&format!("/auth/clients/create?{query}")))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Host and path of `https://host/path.git`, `ssh://git@host/path` or `git@host:path`.
fn place(remote: &str) -> Option<(&str, &str)> {
    let (host, path) = match remote.split_once("://") {
        Some(("https" | "http" | "ssh" | "git", rest)) => rest.split_once('/')?,
        Some(_) => return None,
        None => remote.split_once(':')?,
    };
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let path = path.trim_matches('/').trim_end_matches(".git");
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./~".contains(c);
    let clean = path.chars().all(plain) && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    (clean && path.contains('/')).then_some((host, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(remote: &str) -> Option<String> {
        let source = serde_json::from_value(serde_json::json!({
            "commit": "3f2c1abb0e8d4f5a6b7c8d9e0f1a2b3c4d5e6f70", "git_ref": null, "branch": null, "remote": remote,
            "reviewed": true, "dirty": false, "committed": "2026-11-21T09:00:00Z",
        }));
        Page::of_commit(&source.unwrap()).map(|page| page.to_string())
    }

    #[test]
    fn a_commit_is_where_its_remote_shows_it() {
        let expected = "https://github.com/mozilla/balrog/commit/3f2c1abb0e8d4f5a6b7c8d9e0f1a2b3c4d5e6f70";
        for remote in [
            "https://github.com/mozilla/balrog",
            "https://github.com/mozilla/balrog.git",
            "git@github.com:mozilla/balrog.git",
            "ssh://git@github.com/mozilla/balrog.git",
        ] {
            assert_eq!(commit(remote).as_deref(), Some(expected), "{remote}");
        }
        assert!(
            commit("git@gitlab.com:a/b/c.git")
                .is_some_and(|page| page.starts_with("https://gitlab.com/a/b/c/-/commit/"))
        );
    }

    #[test]
    fn what_is_no_known_address_has_no_page() {
        for remote in [
            "file:///srv/balrog.git",
            "/srv/balrog.git",
            "https://git.example.org/mozilla/balrog",
            "javascript:alert(1)//github.com/a/b",
            "https://github.com.evil.example/a/b",
            "https://github.com/a/b?c=d",
            "https://github.com/a/../../b",
            "https://github.com/a\u{202e}/b",
            "https://github.com/a",
        ] {
            assert_eq!(commit(remote), None, "{remote}");
        }
    }

    #[test]
    fn three_registries_have_a_page_for_people() {
        let tag: Tag = "latest".parse().unwrap();
        for (repository, expected) in [
            ("busybox", Some("https://hub.docker.com/_/busybox/tags?name=latest")),
            ("mozilla/balrog", Some("https://hub.docker.com/r/mozilla/balrog/tags?name=latest")),
            ("ghcr.io/a/b", Some("https://ghcr.io/a/b:latest")),
            ("quay.io/a/b", Some("https://quay.io/repository/a/b?tab=tags&tag=latest")),
            ("127.0.0.1:5000/a/b", None),
        ] {
            let page = Page::of_tag(&repository.parse().unwrap(), &tag);
            assert_eq!(page.as_ref().map(Page::as_str), expected);
        }
    }
}
