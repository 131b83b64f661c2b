//! The logins that Docker itself has for the registries of a secret, taken over on demand or on offer.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
};

use crate::{
    domain::{
        failure::Failure,
        recipe::{Login, Recipe},
        reference::Repository,
    },
    engine::context::{DockerLogin, docker_logins},
    log::sanitise::plain,
    release::Environment,
};

/// A password for the registry of each repository that a secret is for.
#[derive(Debug)]
pub struct DockerLogins(HashMap<String, DockerLogin>);

impl DockerLogins {
    /// The logins that somebody demands: they must be there.
    ///
    /// # Errors
    /// When Docker cannot be asked, or one of them is missing or is none that can be kept.
    pub async fn demanded(
        environment: &Environment,
        recipe: &Recipe,
        bound: &BTreeSet<Repository>,
    ) -> Result<Self, Failure> {
        let hosts = hosts(bound);
        let logins = docker_logins(environment, hosts.clone()).await?;
        Self::checked(logins, &hosts, recipe)
    }

    /// The logins that can be offered to somebody; `None` where Docker has none.
    ///
    /// # Errors
    /// As [`Self::demanded`]. What keeps Docker from answering does not keep a login from being typed.
    pub async fn offered(
        environment: &Environment,
        recipe: &Recipe,
        bound: &BTreeSet<Repository>,
    ) -> Result<Option<Self>, Failure> {
        let hosts = hosts(bound);
        let logins = docker_logins(environment, hosts.clone()).await?;
        if logins.is_empty() { Ok(None) } else { Self::checked(logins, &hosts, recipe).map(Some) }
    }

    fn checked(
        logins: HashMap<String, DockerLogin>,
        hosts: &BTreeSet<String>,
        recipe: &Recipe,
    ) -> Result<Self, Failure> {
        const TYPED: &str = "windlass secret set --username USER --password-stdin";
        if hosts.len() > 1 && matches!(recipe, Recipe::Pair { .. }) {
            let names: Vec<&str> = hosts.iter().map(String::as_str).collect();
            return Err(Failure::usage(
                "Docker's logins are not taken over",
                format!("the recipe has room for one, and the secret is for {}", names.join(" and ")),
                format!("give the login that all of them accept: {TYPED}"),
            ));
        }
        for host in hosts {
            match logins.get(host) {
                None => {
                    return Err(Failure::usage(
                        format!("Docker has no login for {host}"),
                        "neither its config.json (in DOCKER_CONFIG or ~/.docker) nor a credential helper has one",
                        format!("run `docker login {host}`, or give it yourself: {TYPED}"),
                    ));
                }
                Some(found) if found.is_identity_token() => {
                    return Err(Failure::usage(
                        format!("Docker's login for {host} is not taken over"),
                        format!("{} has an identity token, which is no password and ends at any time", found.keeper),
                        format!("make an access token at the registry and give that: {TYPED}"),
                    ));
                }
                Some(_) => {}
            }
        }
        Ok(Self(logins))
    }

    pub fn of(&self, repository: &Repository) -> Option<&Login> {
        self.0.get(repository.host()).map(|found| &found.login)
    }

    /// Each login with the registry it is for.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &DockerLogin)> {
        self.0.iter().map(|(host, found)| (host.as_str(), found))
    }
}

impl fmt::Display for DockerLogins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (host, found)) in self.0.iter().enumerate() {
            let comma = if n > 0 { ", " } else { "" };
            write!(f, "{comma}a login of {} for {host}, in {}", plain(&found.login.username), found.keeper)?;
        }
        Ok(())
    }
}

fn hosts(repositories: &BTreeSet<Repository>) -> BTreeSet<String> {
    repositories.iter().map(|repository| repository.host().to_owned()).collect()
}
