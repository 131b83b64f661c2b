//! Names of repository and secret, from where the code is: github.com/mozilla/balrog is most likely released as
//! docker.io/mozilla/balrog, by the secret `repo:github.com/mozilla/balrog:dockerhub`.

use super::Found;
use crate::domain::{
    name::SecretName,
    recipe::Recipe,
    reference::{DOCKER_HUB, Repository},
};

/// `github.com`, `mozilla/balrog`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub host: String,
    pub path: String,
}

impl Origin {
    /// Reads a git URL. `None` where it names no host, as a path does.
    #[must_use]
    pub fn of(url: &str) -> Option<Self> {
        let (host, path) = match url.split_once("://") {
            Some(("file", _)) => return None,
            Some((_, rest)) => rest.split_once('/')?,
            // As scp writes it: a path may have a colon too, but only after a slash.
            None => url.split_once(':').filter(|(host, _)| !host.contains('/'))?,
        };
        let host = host.rsplit('@').next().unwrap_or(host);
        let host = host.split(':').next().unwrap_or(host).to_lowercase();
        let path = path.trim_matches('/').trim_end_matches(".git").trim_end_matches('/').to_owned();
        (!host.is_empty() && !path.is_empty()).then_some(Self { host, path })
    }
}

/// What is proposed, for the maintainer to accept or to correct.
pub struct Guess<'a> {
    found: &'a Found,
}

impl<'a> Guess<'a> {
    #[must_use]
    pub fn from(found: &'a Found) -> Self {
        Self { found }
    }

    /// `owner/repository`, where the code is at GitHub.
    #[must_use]
    pub fn github(&self) -> Option<&str> {
        let origin = self.found.origin.as_ref()?;
        (origin.host == "github.com").then_some(origin.path.as_str())
    }

    /// The folders to build: those with a Dockerfile, else this one, where a Dockerfile may yet be written.
    #[must_use]
    pub fn contexts(&self) -> Vec<String> {
        if self.found.contexts.is_empty() { vec![".".to_owned()] } else { self.found.contexts.clone() }
    }

    /// The repository of the project: named as the code is, on Docker Hub, unless docker is logged in to one other
    /// registry alone.
    #[must_use]
    pub fn repository(&self) -> Option<Repository> {
        let origin = self.found.origin.as_ref()?;
        let host = match self.found.registries.as_slice() {
            [only] => only.as_str(),
            _ => DOCKER_HUB,
        };
        format!("{host}/{}", origin.path.to_lowercase()).parse().ok()
    }

    /// The repository of one of several images: the project's own for the image at the top or the only one.
    #[must_use]
    pub fn repository_of(&self, context: &str, project: &Repository) -> Option<Repository> {
        if context == "." || self.contexts().len() == 1 {
            return Some(project.clone());
        }
        format!("{project}-{}", context.to_lowercase().replace(['_', ' '], "-")).parse().ok()
    }

    #[must_use]
    pub fn branches(&self) -> Vec<String> {
        self.found.branch.clone().into_iter().collect()
    }

    /// The secret's name says which code may use it and which registry it is for.
    #[must_use]
    pub fn secret(&self, repository: &Repository) -> Option<SecretName> {
        let (host, path) = match &self.found.origin {
            Some(origin) => (origin.host.as_str(), origin.path.as_str()),
            None => (repository.host(), repository.path()),
        };
        format!("repo:{host}/{path}:{}", registry_word(repository)).parse().ok()
    }

    /// Where in the secret's document the login is. One document may hold the logins of several registries.
    #[must_use]
    pub fn recipe(repository: &Repository) -> Recipe {
        let word = registry_word(repository);
        Recipe::Pair { username: format!("/{word}_username"), password: format!("/{word}_password") }
    }
}

/// What people call a registry: `dockerhub`, `ghcr`, `quay`; of others, `registry`.
fn registry_word(repository: &Repository) -> &'static str {
    match repository.host() {
        DOCKER_HUB => "dockerhub",
        "ghcr.io" => "ghcr",
        "quay.io" => "quay",
        _ => "registry",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(url: &str, registries: &[&str], contexts: &[&str]) -> Found {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Found {
            origin: Origin::of(url),
            branch: Some("main".into()),
            contexts: owned(contexts),
            registries: owned(registries),
        }
    }

    #[test]
    fn git_urls_say_where_the_code_is() {
        for url in [
            "https://github.com/mozilla/balrog",
            "https://github.com/mozilla/balrog.git",
            "git@github.com:mozilla/balrog.git",
            "ssh://git@github.com:22/mozilla/balrog/",
            "https://GitHub.com/mozilla/balrog",
        ] {
            let origin = Origin { host: "github.com".into(), path: "mozilla/balrog".into() };
            assert_eq!(Origin::of(url), Some(origin), "{url}");
        }
        for url in ["/srv/git/x.git", "file:///srv/git/x.git", "../x", "./a:b", ""] {
            assert_eq!(Origin::of(url), None, "{url}");
        }
    }

    #[test]
    fn names_follow_the_code_and_the_registry() {
        for (registries, repository, secret) in [
            (&[][..], "docker.io/mozilla/balrog", "repo:github.com/mozilla/balrog:dockerhub"),
            (&["docker.io"], "docker.io/mozilla/balrog", "repo:github.com/mozilla/balrog:dockerhub"),
            (&["ghcr.io"], "ghcr.io/mozilla/balrog", "repo:github.com/mozilla/balrog:ghcr"),
            (&["docker.io", "ghcr.io"], "docker.io/mozilla/balrog", "repo:github.com/mozilla/balrog:dockerhub"),
            (&["127.0.0.1:5000"], "127.0.0.1:5000/mozilla/balrog", "repo:github.com/mozilla/balrog:registry"),
        ] {
            let found = found("git@github.com:mozilla/balrog.git", registries, &["."]);
            let guess = Guess::from(&found);
            let proposed = guess.repository().unwrap();
            assert_eq!(proposed.to_string(), repository);
            assert_eq!(guess.secret(&proposed).unwrap().as_str(), secret);
        }
        let capital = found("https://github.com/Mozilla/Balrog", &[], &[]);
        assert_eq!(Guess::from(&capital).repository().unwrap().to_string(), "docker.io/mozilla/balrog");
        assert_eq!(Guess::from(&found("/srv/x", &[], &[])).repository(), None, "nothing is made up");
    }

    #[test]
    fn each_image_has_a_repository_of_its_own() {
        let project: Repository = "mozilla/balrog".parse().unwrap();
        let names = |contexts: &[&str]| {
            let found = found("https://github.com/mozilla/balrog", &[], contexts);
            let guess = Guess::from(&found);
            let named = |context: &String| guess.repository_of(context, &project).map(|r| r.path().to_owned());
            guess.contexts().iter().map(named).map(Option::unwrap).collect::<Vec<_>>()
        };
        assert_eq!(names(&[]), ["mozilla/balrog"]);
        assert_eq!(names(&["web"]), ["mozilla/balrog"]);
        assert_eq!(names(&[".", "The_Agent"]), ["mozilla/balrog", "mozilla/balrog-the-agent"]);
        assert_eq!(names(&["agent", "web"]), ["mozilla/balrog-agent", "mozilla/balrog-web"]);
    }
}
