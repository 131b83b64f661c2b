//! The logins that Docker itself has for the registries of a secret, taken over on demand or on offer.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
};

use serde_json::{Value, json};

use super::{ground::Ground, terminal::Terminal};
use crate::{
    domain::{
        failure::Failure,
        recipe::{Login, Recipe},
        reference::Repository,
    },
    engine::context::{DockerLogin, docker_logins},
    log::sanitise::plain,
};

/// A password for the registry of each repository that a secret is for.
pub struct DockerLogins(HashMap<String, DockerLogin>);

impl DockerLogins {
    /// The logins for `--from-docker`: they must be there.
    pub async fn demanded(ground: &Ground, recipe: &Recipe, bound: &BTreeSet<Repository>) -> Result<Self, Failure> {
        let hosts = hosts(bound);
        let logins = docker_logins(&*ground.environment, hosts.clone()).await?;
        Self::checked(logins, &hosts, recipe)
    }

    /// The logins, if Docker has them and somebody at the terminal wants them. What keeps Docker from answering does
    /// not keep a login from being typed.
    pub async fn offered(
        ground: &Ground,
        terminal: &Terminal,
        recipe: &Recipe,
        bound: &BTreeSet<Repository>,
    ) -> Result<Option<Self>, Failure> {
        let hosts = hosts(bound);
        let checked = match docker_logins(&*ground.environment, hosts.clone()).await {
            Ok(logins) if logins.is_empty() => return Ok(None),
            Ok(logins) => Self::checked(logins, &hosts, recipe),
            Err(error) => Err(error.into()),
        };
        let logins = match checked {
            Ok(logins) => logins,
            Err(Failure { what, why, .. }) => {
                ground.output.note(&format!("{what}: {why}"));
                return Ok(None);
            }
        };
        let answer = terminal.ask(&format!("Docker has {logins}. Use it? [Y/n] "))?;
        Ok(matches!(answer.as_str(), "" | "y" | "Y" | "yes").then_some(logins))
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

    /// Whose logins they are, and where Docker has them.
    pub fn json(&self) -> Value {
        let logins: Vec<Value> = self
            .0
            .iter()
            .map(|(host, f)| json!({"registry": host, "username": f.login.username, "from": f.keeper.to_string()}))
            .collect();
        logins.into()
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
