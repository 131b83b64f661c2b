//! All that the services know, behind one lock.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{
    auth::Clients, bucket::Bucket, call::Caller, fault::Faults, github::Github, hooks::Hooks, index::Index,
    object::Objects, paging::Pages, queue::Queue, requests::Asked, scopes, secrets::Secrets, worker_manager::Pools,
};

#[derive(Default)]
pub struct World {
    /// `http://127.0.0.1:PORT`.
    pub root: String,
    /// How far the services' clock is ahead.
    pub ahead: SignedDuration,
    pub pages: Pages,
    /// How long who waits for work is kept waiting.
    pub long_poll: Duration,
    pub faults: Faults,
    pub asked: Vec<Asked>,
    pub auth: Clients,
    pub secrets: Secrets,
    pub queue: Queue,
    pub bucket: Bucket,
    pub objects: Objects,
    pub index: Index,
    pub hooks: Hooks,
    pub github: Github,
    pub pools: Pools,
}

impl World {
    /// In the services' own milliseconds.
    pub fn now(&self) -> Timestamp {
        let now = Timestamp::now() + self.ahead;
        Timestamp::from_millisecond(now.as_millisecond()).unwrap()
    }

    /// The address of a schema: `secrets/v1/secret.json#`.
    pub fn schema(&self, name: &str) -> String {
        format!("{}/schemas/{name}", self.root)
    }

    /// These scopes with what roles add.
    pub fn expanded(&self, granted: &[String]) -> Vec<String> {
        scopes::expanded(&self.auth.roles, granted)
    }

    /// A caller with these scopes and those that everybody has.
    pub fn caller(&self, client_id: Option<String>, mut granted: Vec<String>) -> Caller {
        granted.push("assume:anonymous".to_owned());
        Caller { client_id, scopes: self.expanded(&granted) }
    }
}
