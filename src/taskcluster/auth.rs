//! The auth service: does it answer, what may we do, what may a role do, what it is given, who changed what.

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    error::{TaskclusterError, said},
    pages::Page,
    service::{Service, segment},
    transport::{Call, Deployment, Manner},
};
use crate::domain::{permission::MayWrite, scope::Scopes};

/// Of an answer that is no Taskcluster's: enough to see whose it is.
const WORDS: usize = 100;

#[derive(Deserialize)]
struct ScopesJson {
    scopes: Scopes,
}

#[derive(Deserialize)]
struct PingJson {
    alive: bool,
}

/// A client as the auth service has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Client {
    pub client_id: String,
    pub expires: Timestamp,
    #[serde(default)]
    pub disabled: bool,
    #[serde(default)]
    pub expanded_scopes: Scopes,
}

/// A change of something, by whom.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    pub client_id: String,
    /// `created`, `updated`, `deleted`, `expired`.
    #[serde(rename = "actionType")]
    pub act: String,
    pub created: Timestamp,
}

/// A role as the auth service has it: what whoever has `assume:<id>` may do. Its scopes are not expanded.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Role {
    #[serde(rename = "roleId")]
    pub id: String,
    pub scopes: Vec<String>,
    #[serde(default)]
    pub description: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HistoryPage {
    #[serde(default)]
    audit_history: Vec<Change>,
    continuation_token: Option<String>,
}

impl Page for HistoryPage {
    type Item = Change;

    fn parts(self) -> (Vec<Change>, Option<String>) {
        (self.audit_history, self.continuation_token)
    }
}

fn role_path(id: &str) -> String {
    format!("/roles/{}", segment(id))
}

impl Deployment {
    /// Whether a deployment is there. Credentials play no part in the answer.
    ///
    /// # Errors
    /// When nothing answers, or something that is no Taskcluster.
    pub async fn ping(&self) -> Result<(), TaskclusterError> {
        let call = Call::get(Service::Auth, "/ping", "", "say whether it is alive");
        let answer = self.anonymously().call(&call).await?;
        let alive = answer.json::<PingJson>().is_ok_and(|ping| ping.alive);
        if alive {
            return Ok(());
        }
        let what = format!("the answer of {} to a ping", self.root().host());
        let words: String = said(&answer.body, answer.status).chars().take(WORDS).collect();
        let why = format!("it is not what a Taskcluster deployment says: {words}");
        Err(TaskclusterError::Unreadable { what, why })
    }

    /// Whether a service of the deployment is well, with what it needs itself. Credentials play no part in the answer.
    ///
    /// # Errors
    /// When it is not, or does not say.
    pub async fn heartbeat(&self, service: Service) -> Result<(), TaskclusterError> {
        let call = Call::get(service, "/__heartbeat__", "", format!("say that {service} is well"));
        self.anonymously().call(&call).await?.json::<Map<String, Value>>().map(drop)
    }

    /// Every scope that we have, roles expanded.
    ///
    /// # Errors
    /// When the credentials are not accepted.
    pub async fn current_scopes(&self) -> Result<Scopes, TaskclusterError> {
        let call = Call::get(Service::Auth, "/scopes/current", "auth:current-scopes", "say which scopes we have");
        // Narrowed to one scope we would be told of that one.
        let call = Call { scopes: None, ..call };
        Ok(self.call(&call).await?.json::<ScopesJson>()?.scopes)
    }

    /// Asks for something with a query, as whoever we are: where that is not accepted and a request without one is,
    /// something on the way rewrites addresses. Whether we may know what is asked for does not matter.
    ///
    /// # Errors
    /// When the credentials are not accepted, or the service does not answer.
    pub async fn accepts_queries(&self) -> Result<(), TaskclusterError> {
        let call = Call::get(Service::Auth, "/roles2/", "auth:list-roles", "accept a request with a query");
        match self.call(&Call { scopes: None, ..call }.query("limit", "1")).await {
            Err(error) if !error.is_denied() => Err(error),
            _ => Ok(()),
        }
    }

    /// What scopes stand for, roles (`assume:…`) expanded: also of roles that are not ours.
    ///
    /// # Errors
    /// When the service does not say.
    pub async fn expand(&self, scopes: &[String]) -> Result<Scopes, TaskclusterError> {
        let call = Call::get(Service::Auth, "/scopes/expand", "auth:expand-scopes", "expand scopes");
        let call = call.method(Method::POST).json(&json!({"scopes": scopes}));
        Ok(self.call(&call).await?.json::<ScopesJson>()?.scopes)
    }

    /// # Errors
    /// When there is none, or the service does not say.
    pub async fn client(&self, id: &str) -> Result<Client, TaskclusterError> {
        let act = format!("show the client {id}");
        let call = Call::get(Service::Auth, format!("/clients/{}", segment(id)), format!("auth:get-client:{id}"), act);
        self.call(&call).await?.json()
    }

    /// The role of this name; `None` where there is none.
    ///
    /// # Errors
    /// When we may not know.
    pub async fn role(&self, id: &str) -> Result<Option<Role>, TaskclusterError> {
        let act = format!("show the role {id}");
        match self.call(&Call::get(Service::Auth, role_path(id), format!("auth:get-role:{id}"), act)).await {
            Err(error) if error.is_absent() => Ok(None),
            answer => answer?.json().map(Some),
        }
    }

    /// Makes a role. Whoever does so has all that they give.
    ///
    /// # Errors
    /// When there is another of that name, or we may not.
    pub async fn create_role(&self, role: &Role, _: MayWrite) -> Result<(), TaskclusterError> {
        let scopes = std::iter::once(format!("auth:create-role:{}", role.id)).chain(role.scopes.iter().cloned());
        self.put_role(role, Method::PUT, scopes.collect(), format!("make the role {}", role.id)).await
    }

    /// Gives a role these scopes, of which it had not `added` before. There is no precondition: whoever was quicker is
    /// written over.
    ///
    /// # Errors
    /// When there is no such role, or we may not.
    pub async fn update_role(&self, role: &Role, added: &[String], _: MayWrite) -> Result<(), TaskclusterError> {
        let scopes = std::iter::once(format!("auth:update-role:{}", role.id)).chain(added.iter().cloned());
        self.put_role(role, Method::POST, scopes.collect(), format!("change the role {}", role.id)).await
    }

    async fn put_role(
        &self,
        role: &Role,
        method: Method,
        scopes: Vec<String>,
        act: String,
    ) -> Result<(), TaskclusterError> {
        let call = Call::get(Service::Auth, role_path(&role.id), "", act);
        let call = Call { scopes: Some(scopes), ..call }.method(method).manner(Manner::Repeatable);
        let call = call.json(&json!({"scopes": role.scopes, "description": role.description}));
        self.call(&call).await.map(drop)
    }

    /// Who created, updated and deleted the secret of this name, as the service lists it. There are no values in it.
    ///
    /// # Errors
    /// When we may not know.
    pub async fn secret_history(&self, name: &str) -> Result<Vec<Change>, TaskclusterError> {
        let path = format!("/audit/secret/{}", segment(name));
        let act = format!("show the history of the secret {name}");
        self.pages::<HistoryPage>(Call::get(Service::Auth, path, "auth:audit-history:secret", act), usize::MAX).await
    }
}
