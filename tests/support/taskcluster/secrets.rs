//! The secrets service.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Double,
    call::Call,
    moment,
    refusal::Refusal,
    reply::Reply,
    route::Route,
    schema::{Kind, Shape},
    world::World,
};

#[derive(Debug, Clone, PartialEq)]
pub struct Secret {
    pub value: Value,
    pub expires: Timestamp,
}

/// By name. Those that are expired stay until something sweeps them, and nobody sees them.
pub type Secrets = BTreeMap<String, Secret>;

const SECRET: Shape = Shape {
    required: &["secret", "expires"],
    fields: &[("secret", Kind::Object), ("expires", Kind::Time)],
    closed: true,
};

pub const ROUTES: &[Route] = &[
    Route::put("secret/<name*>", "set", set)
        .scopes(&["secrets:set:<name>"])
        .input("secrets/v1/secret.json#", Kind::Of(&SECRET))
        .hides("secret"),
    Route::delete("secret/<name*>", "remove", remove).scopes(&["secrets:set:<name>"]),
    Route::get("secret/<name*>", "get", get).scopes(&["secrets:get:<name>"]),
    Route::get("secrets", "list", list).scopes(&["secrets:list-secrets"]).paged(),
];

impl World {
    /// A secret that is not over.
    fn secret(&self, name: &str, now: Timestamp) -> Option<&Secret> {
        self.secrets.get(name).filter(|secret| secret.expires > now)
    }
}

fn set(call: &mut Call) -> Result<Reply, Refusal> {
    let secret = Secret { value: call.body["secret"].clone(), expires: call.time("expires") };
    let name = call.parameter("name").to_owned();
    let is_new = call.world.secret(&name, call.now).is_none();
    call.audit("secret", &name, if is_new { "created" } else { "updated" });
    call.world.secrets.insert(name, secret);
    Ok(json!({}).into())
}

fn remove(call: &mut Call) -> Result<Reply, Refusal> {
    let name = call.parameter("name").to_owned();
    call.world.secrets.remove(&name);
    call.audit("secret", &name, "deleted");
    Ok(json!({}).into())
}

fn get(call: &mut Call) -> Result<Reply, Refusal> {
    let found = call.world.secret(call.parameter("name"), call.now);
    let secret = found.ok_or_else(|| Refusal::not_found("Secret not found"))?;
    Ok(json!({"secret": secret.value, "expires": moment::text(secret.expires)}).into())
}

fn list(call: &mut Call) -> Result<Reply, Refusal> {
    let now = call.now;
    let alive = call.world.secrets.iter().filter(|(_, secret)| secret.expires > now);
    let names: Vec<String> = alive.map(|(name, _)| name.clone()).collect();
    let page = call.page(names, "secrets/v1/secret-list.json#")?;
    Ok(page.json("secrets", Value::from).into())
}

impl Double {
    /// A secret that is there already; no history tells of it.
    pub fn secret(&self, name: &str, value: Value, expires: Timestamp) {
        self.world().secrets.insert(name.to_owned(), Secret { value, expires });
    }

    /// What a secret holds now, whoever may read it and whether it is over or not.
    pub fn secret_now(&self, name: &str) -> Option<Secret> {
        self.world().secrets.get(name).cloned()
    }
}
