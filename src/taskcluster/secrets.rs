//! The Secrets service: named JSON documents with an end, each replaced as a whole. There is no version of them and no
//! compare-and-swap: whoever changes one reads it just before and just after.
//!
//! Who may not read a secret is told 403 whether there is one or not; one that has expired is as if it had never been.
//! The list of names tells these apart.

use jiff::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::{
    error::TaskclusterError,
    pages::Page,
    service::{Service, segment},
    transport::{Call, Deployment, Manner},
};
use crate::domain::{
    document::{SecretValue, wiped_json},
    name::SecretName,
    permission::MayWrite,
};

/// A secret as the service has it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct Stored {
    #[serde(rename = "secret")]
    pub document: SecretValue,
    /// From then on there is no such secret.
    pub expires: Timestamp,
}

/// The names of secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    pub names: Vec<SecretName>,
    /// How many more there are that could not be names here: what is in them could act on a terminal.
    pub unfit: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NamesPage {
    secrets: Vec<String>,
    continuation_token: Option<String>,
}

impl Page for NamesPage {
    type Item = String;

    fn parts(self) -> (Vec<String>, Option<String>) {
        (self.secrets, self.continuation_token)
    }
}

fn path(name: &SecretName) -> String {
    format!("/secret/{}", segment(name.as_str()))
}

impl Deployment {
    /// The names of all secrets, whatever of them we may read. Those that could not be names here are counted.
    ///
    /// # Errors
    /// When we may not know.
    pub async fn secret_names(&self) -> Result<Names, TaskclusterError> {
        let call = Call::get(Service::Secrets, "/secrets", "secrets:list-secrets", "list the secrets");
        let all = self.pages::<NamesPage>(call, usize::MAX).await?;
        let names: Vec<SecretName> = all.iter().filter_map(|name| name.parse().ok()).collect();
        Ok(Names { unfit: all.len() - names.len(), names })
    }

    /// The secret of this name.
    ///
    /// # Errors
    /// When there is none, when it has expired, or when we may not read it.
    pub async fn secret(&self, name: &SecretName) -> Result<Stored, TaskclusterError> {
        let call =
            Call::get(Service::Secrets, path(name), format!("secrets:get:{name}"), format!("show the secret {name}"));
        self.call(&call).await?.json()
    }

    /// Replaces the secret of this name, whatever is there.
    ///
    /// # Errors
    /// When we may not, or the service does not take it.
    pub async fn set_secret(&self, name: &SecretName, stored: &Stored, _: MayWrite) -> Result<(), TaskclusterError> {
        let act = format!("set the secret {name}");
        let call = Call::get(Service::Secrets, path(name), format!("secrets:set:{name}"), act);
        let setup = |e: serde_json::Error| TaskclusterError::Setup { why: e.to_string() };
        let body = wiped_json(stored).map_err(setup)?;
        self.call(&call.method(Method::PUT).manner(Manner::Repeatable).body(body)).await?;
        Ok(())
    }

    /// Removes the secret of this name; where there is none, nothing happens.
    ///
    /// # Errors
    /// When we may not.
    pub async fn remove_secret(&self, name: &SecretName, _: MayWrite) -> Result<(), TaskclusterError> {
        let act = format!("remove the secret {name}");
        let call = Call::get(Service::Secrets, path(name), format!("secrets:set:{name}"), act);
        self.call(&call.method(Method::DELETE).manner(Manner::Repeatable)).await?;
        Ok(())
    }
}
