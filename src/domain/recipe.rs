//! Where in a secret's document the login is.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use serde::{Deserialize, Serialize};

use super::{
    document::{InTheWay, SecretValue},
    reference::{DOCKER_HUB, Repository},
};

/// JSON pointers into the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Recipe {
    Pair {
        username: String,
        password: String,
    },
    /// To a Docker `config.json`; the entry for the repository's registry is used.
    DockerConfig {
        #[serde(rename = "docker-config")]
        docker_config: String,
    },
}

/// A login to a registry. The user name is shown; the password never is.
#[derive(Clone, Debug)]
pub struct Login {
    pub username: String,
    pub password: SecretString,
}

/// The document does not hold what the recipe says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoLogin {
    #[error("the document has no `{pointer}`; its keys are {keys}")]
    NoSuchKey { pointer: String, keys: String },
    #[error("`{0}` is not a string")]
    NotAString(String),
    #[error("`{0}` is empty")]
    Empty(String),
    #[error("`{pointer}` is no Docker config: {why}")]
    NotADockerConfig { pointer: String, why: &'static str },
    #[error("the Docker config at `{pointer}` has no login for {host}")]
    NoEntry { pointer: String, host: String },
    #[error(transparent)]
    InTheWay(#[from] InTheWay),
}

impl Recipe {
    /// The login for this repository's registry.
    ///
    /// # Errors
    /// When the document does not hold it.
    pub fn login(&self, document: &SecretValue, repository: &Repository) -> Result<Login, NoLogin> {
        match self {
            Self::Pair { username, password } => Ok(Login {
                username: string_at(document, username)?.expose_secret().to_owned(),
                password: string_at(document, password)?.clone(),
            }),
            Self::DockerConfig { docker_config: pointer } => docker_login(document, pointer, repository),
        }
    }

    /// Writes a login where this recipe finds it, and keeps the document's other keys.
    ///
    /// # Errors
    /// When something else is in the way.
    pub fn store(&self, document: &mut SecretValue, login: &Login, repository: &Repository) -> Result<(), NoLogin> {
        match self {
            Self::Pair { username, password } => {
                document.put(username, SecretValue::String(login.username.clone().into()))?;
                document.put(password, SecretValue::String(login.password.clone()))?;
            }
            Self::DockerConfig { docker_config: pointer } => {
                // The entry that is read, or the old login would stay in it.
                let known = docker_auths(document, pointer).ok().and_then(|auths| docker_place(auths, repository));
                let key = known.unwrap_or(docker_key(repository)).replace('~', "~0").replace('/', "~1");
                let place = format!("{pointer}/auths/{key}");
                let pair = Zeroizing::new(format!("{}:{}", login.username, login.password.expose_secret()));
                document.put(
                    &format!("{place}/auth"),
                    SecretValue::String(BASE64_STANDARD.encode(pair.as_bytes()).into()),
                )?;
                for (key, value) in
                    [("username", SecretString::from(login.username.as_str())), ("password", login.password.clone())]
                {
                    let at = format!("{place}/{key}");
                    if document.at(&at).is_some() {
                        document.put(&at, SecretValue::String(value))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Every string that the recipe marks as secret: what must never appear in a log. Of a Docker config these
    /// are all but the names in it, whatever keys later versions of docker add.
    #[must_use]
    pub fn marked<'a>(&self, document: &'a SecretValue) -> Vec<&'a SecretString> {
        match self {
            Self::Pair { password, .. } => document.at(password).map(SecretValue::strings).unwrap_or_default(),
            Self::DockerConfig { docker_config } => {
                let Some(SecretValue::Object(config)) = document.at(docker_config) else { return Vec::new() };
                let entries = config.get("auths").into_iter().flat_map(|auths| match auths {
                    SecretValue::Object(entries) => entries.values().collect(),
                    _ => Vec::new(),
                });
                let secrets = entries.flat_map(|entry| match entry {
                    SecretValue::Object(keys) => keys
                        .iter()
                        .filter(|(key, _)| !matches!(key.as_str(), "username" | "email" | "serveraddress"))
                        .flat_map(|(_, value)| value.strings())
                        .collect(),
                    other => other.strings(),
                });
                secrets.chain(config.get("HttpHeaders").into_iter().flat_map(SecretValue::strings)).collect()
            }
        }
    }

    /// The password of every login in reach of this recipe, each with the place it is at.
    ///
    /// # Errors
    /// When the document holds none, or one that cannot be read.
    pub fn passwords(&self, document: &SecretValue) -> Result<Vec<(String, SecretString)>, NoLogin> {
        match self {
            Self::Pair { password, .. } => Ok(vec![(password.clone(), string_at(document, password)?.clone())]),
            Self::DockerConfig { docker_config: pointer } => {
                // docker leaves an empty entry behind where the login is in a credential helper.
                let kept = |entry: &SecretValue| !matches!(entry, SecretValue::Object(keys) if keys.is_empty());
                let found = docker_auths(document, pointer)?
                    .iter()
                    .filter(|(_, entry)| kept(entry))
                    .map(|(host, entry)| Ok((format!("{pointer}, {host}"), docker_entry(entry, pointer)?.password)))
                    .collect::<Result<Vec<_>, NoLogin>>()?;
                if found.is_empty() {
                    return Err(NoLogin::NotADockerConfig { pointer: pointer.clone(), why: "it holds no login" });
                }
                Ok(found)
            }
        }
    }
}

fn string_at<'a>(document: &'a SecretValue, pointer: &str) -> Result<&'a SecretString, NoLogin> {
    match document.at(pointer) {
        None => Err(NoLogin::NoSuchKey { pointer: pointer.to_owned(), keys: document.keys().join(", ") }),
        Some(SecretValue::String(s)) if s.expose_secret().is_empty() => Err(NoLogin::Empty(pointer.to_owned())),
        Some(SecretValue::String(s)) => Ok(s),
        Some(_) => Err(NoLogin::NotAString(pointer.to_owned())),
    }
}

/// The key under `auths` that docker itself writes for this registry.
fn docker_key(repository: &Repository) -> &str {
    if repository.host() == DOCKER_HUB { "https://index.docker.io/v1/" } else { repository.host() }
}

fn docker_login(document: &SecretValue, pointer: &str, repository: &Repository) -> Result<Login, NoLogin> {
    let auths = docker_auths(document, pointer)?;
    let entry = docker_place(auths, repository)
        .and_then(|key| auths.get(key))
        .ok_or_else(|| NoLogin::NoEntry { pointer: pointer.to_owned(), host: repository.host().to_owned() })?;
    docker_entry(entry, pointer)
}

/// The key under which the login for this registry is.
fn docker_place<'a>(auths: &'a BTreeMap<String, SecretValue>, repository: &Repository) -> Option<&'a str> {
    let host = repository.host();
    let names_host = |key: &str| {
        let bare = key.trim_start_matches("https://").trim_start_matches("http://");
        let bare = bare.split('/').next().unwrap_or(bare);
        bare == host || (host == DOCKER_HUB && matches!(bare, "index.docker.io" | "registry-1.docker.io"))
    };
    let own = auths.get_key_value(docker_key(repository)).map(|(key, _)| key);
    own.or_else(|| auths.keys().find(|key| names_host(key))).map(String::as_str)
}

fn docker_auths<'a>(document: &'a SecretValue, pointer: &str) -> Result<&'a BTreeMap<String, SecretValue>, NoLogin> {
    let config = document
        .at(pointer)
        .ok_or_else(|| NoLogin::NoSuchKey { pointer: pointer.to_owned(), keys: document.keys().join(", ") })?;
    match config.at("/auths") {
        Some(SecretValue::Object(auths)) => Ok(auths),
        _ => Err(NoLogin::NotADockerConfig { pointer: pointer.to_owned(), why: "it has no `auths`" }),
    }
}

fn docker_entry(entry: &SecretValue, pointer: &str) -> Result<Login, NoLogin> {
    let wrong = |why| NoLogin::NotADockerConfig { pointer: pointer.to_owned(), why };
    if let (Some(SecretValue::String(user)), Some(SecretValue::String(password))) =
        (entry.at("/username"), entry.at("/password"))
    {
        return Ok(Login { username: user.expose_secret().to_owned(), password: password.clone() });
    }
    let Some(SecretValue::String(auth)) = entry.at("/auth") else { return Err(wrong("the entry has no `auth`")) };
    let decoded =
        Zeroizing::new(BASE64_STANDARD.decode(auth.expose_secret()).map_err(|_| wrong("its `auth` is not base64"))?);
    let text = std::str::from_utf8(&decoded).map_err(|_| wrong("its `auth` is not text"))?;
    let (user, password) = text.split_once(':').ok_or_else(|| wrong("its `auth` is not user:password"))?;
    // docker pads passwords with NULs in some versions and strips them itself.
    Ok(Login { username: user.to_owned(), password: password.trim_end_matches('\0').into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> Recipe {
        Recipe::Pair { username: "/dockerhub_username".into(), password: "/dockerhub_password".into() }
    }

    fn docker() -> Recipe {
        Recipe::DockerConfig { docker_config: "/dockercfg".into() }
    }

    fn empty() -> SecretValue {
        serde_json::from_str(r#"{"other":"kept"}"#).unwrap()
    }

    #[test]
    fn both_recipes_find_what_they_store() {
        let login = Login { username: "bot".into(), password: "a~b?c>d:e".into() };
        for repository in ["mozilla/balrog", "127.0.0.1:5000/a/b"] {
            let repository: Repository = repository.parse().unwrap();
            for recipe in [pair(), docker()] {
                let mut document = empty();
                recipe.store(&mut document, &login, &repository).unwrap();
                let found = recipe.login(&document, &repository).unwrap();
                assert_eq!((found.username.as_str(), found.password.expose_secret()), ("bot", "a~b?c>d:e"));
                assert!(document.at("/other").is_some());
                assert_eq!(recipe.marked(&document).len(), 1);
            }
        }
    }

    #[test]
    fn a_login_of_another_registry_is_not_used() {
        let mut document = empty();
        docker()
            .store(
                &mut document,
                &Login { username: "bot".into(), password: "secret-secret".into() },
                &"ghcr.io/a/b".parse().unwrap(),
            )
            .unwrap();
        assert!(matches!(docker().login(&document, &"quay.io/a/b".parse().unwrap()), Err(NoLogin::NoEntry { .. })));
    }

    #[test]
    fn names_in_a_docker_config_are_no_secrets() {
        let document: SecretValue = serde_json::from_str(
            r#"{"dockercfg":{
                "auths":{
                    "ghcr.io":{"username":"bot","password":"first-password","email":"bot@example.com"},
                    "quay.io":{"auth":"Ym90OnNlY29uZC1wYXNzd29yZA==","identitytoken":"a-token"},
                    "helped.example.com":{}},
                "HttpHeaders":{"Authorization":"a-header"},
                "credsStore":"osxkeychain"}}"#,
        )
        .unwrap();
        let marked: Vec<&str> = docker().marked(&document).into_iter().map(ExposeSecret::expose_secret).collect();
        assert_eq!(marked, ["first-password", "Ym90OnNlY29uZC1wYXNzd29yZA==", "a-token", "a-header"]);
        let passwords = docker().passwords(&document).unwrap();
        let passwords: Vec<&str> = passwords.iter().map(|(_, password)| password.expose_secret()).collect();
        assert_eq!(passwords, ["first-password", "second-password"]);
    }

    #[test]
    fn a_login_takes_the_place_of_the_one_that_was_read() {
        let hub: Repository = "mozilla/balrog".parse().unwrap();
        for entry in [
            r#""https://registry-1.docker.io":{"auth":"Ym90OnRoZS1vbGQtcGFzc3dvcmQ=","email":"bot@example.com"}"#,
            r#""https://index.docker.io/v1/":{"username":"bot","password":"the-old-password","auth":""}"#,
        ] {
            let text = format!(r#"{{"dockercfg":{{"auths":{{{entry},"ghcr.io":{{"auth":"b3RoZXI6b3RoZXI="}}}}}}}}"#);
            let mut document: SecretValue = serde_json::from_str(&text).unwrap();
            assert_eq!(docker().login(&document, &hub).unwrap().password.expose_secret(), "the-old-password");
            let login = Login { username: "bot2".into(), password: "the-new-password".into() };
            docker().store(&mut document, &login, &hub).unwrap();
            let found = docker().login(&document, &hub).unwrap();
            assert_eq!((found.username.as_str(), found.password.expose_secret()), ("bot2", "the-new-password"));
            let left = serde_json::to_string(&document).unwrap();
            assert!(!left.contains("the-old") && !left.contains("dGhlLW9sZC"), "{left}");
            assert!(left.contains("b3RoZXI6b3RoZXI="), "{left}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = pair().login(&empty(), &"a/b".parse().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "the document has no `/dockerhub_username`; its keys are /other");
    }
}
