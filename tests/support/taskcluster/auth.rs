//! The auth service: clients, roles, scopes, and the history of who changed what.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Double,
    call::Call,
    credentials::Credentials,
    moment, paging, random,
    refusal::Refusal,
    reply::Reply,
    route::{PAGED, Route},
    schema::{Kind, Shape},
    scopes::{Expression, Role},
    world::World,
};

#[derive(Debug, Clone)]
pub struct Client {
    pub token: String,
    /// Not expanded.
    pub scopes: Vec<String>,
    pub expires: Timestamp,
    pub disabled: bool,
    pub description: String,
    created: Timestamp,
    last_rotated: Timestamp,
}

#[derive(Debug, Clone)]
struct Change {
    entity_type: &'static str,
    entity_id: String,
    client_id: String,
    action: &'static str,
    created: Timestamp,
}

#[derive(Default)]
pub struct Clients {
    by_id: BTreeMap<String, Client>,
    pub roles: BTreeMap<String, Role>,
    history: Vec<Change>,
}

const EXPAND: Shape = Shape { required: &["scopes"], fields: &[("scopes", Kind::List(&Kind::Text))], closed: true };

const CREATE_ROLE: Shape = Shape {
    required: &["scopes", "description"],
    fields: &[("scopes", Kind::List(&Kind::Text)), ("description", Kind::ShortText(10_240))],
    closed: true,
};

pub const ROUTES: &[Route] = &[
    Route::get("scopes/current", "currentScopes", current_scopes).scopes(&["auth:current-scopes"]),
    Route::post("scopes/expand", "expandScopes", expand_scopes)
        .scopes(&["auth:expand-scopes"])
        .input("auth/v1/scopeset.json#", Kind::Of(&EXPAND)),
    Route::get("clients/<clientId>", "client", client).scopes(&["auth:get-client:<clientId>"]),
    Route::delete("clients/<clientId>", "deleteClient", delete_client).scopes(&["auth:delete-client:<clientId>"]),
    Route::post("clients/<clientId>/reset", "resetAccessToken", reset_access_token)
        .scopes(&["auth:reset-access-token:<clientId>"]),
    Route::get("roles", "listRoles", list_roles).scopes(&["auth:list-roles"]),
    Route::get("roles2", "listRoles2", list_roles2).scopes(&["auth:list-roles"]).query(PAGED),
    Route::get("roles/<roleId>", "role", role).scopes(&["auth:get-role:<roleId>"]),
    Route::put("roles/<roleId>", "createRole", create_role)
        .asks_later()
        .input("auth/v1/create-role-request.json#", Kind::Of(&CREATE_ROLE)),
    Route::post("roles/<roleId>", "updateRole", update_role)
        .asks_later()
        .input("auth/v1/create-role-request.json#", Kind::Of(&CREATE_ROLE)),
    Route::get("audit/<entityType>/<entityId>", "getEntityHistory", history)
        .scopes(&["auth:audit-history:<entityType>"])
        .paged(),
];

impl World {
    /// A client that may sign; the error is what a 401 says.
    pub fn client(&self, id: &str, now: Timestamp) -> Result<&Client, String> {
        match self.auth.by_id.get(id) {
            None => Err(format!("Client with clientId '{id}' not found")),
            Some(client) if client.disabled => Err(format!("Client with clientId '{id}' is disabled")),
            Some(client) if client.expires < now => Err(format!("Client with clientId: '{id}' has expired")),
            Some(client) => Ok(client),
        }
    }

    fn client_json(&self, id: &str, client: &Client) -> Value {
        json!({
            "clientId": id,
            "description": client.description,
            "expires": moment::text(client.expires),
            "created": moment::text(client.created),
            "lastModified": moment::text(client.last_rotated),
            "lastDateUsed": moment::text(client.created),
            "lastRotated": moment::text(client.last_rotated),
            "deleteOnExpiration": false,
            "scopes": client.scopes,
            "expandedScopes": self.expanded(&client.scopes),
            "disabled": client.disabled,
        })
    }

    fn role_json(&self, id: &str, role: &Role) -> Value {
        json!({
            "roleId": id,
            "scopes": role.scopes,
            "expandedScopes": self.expanded(&[format!("assume:{id}")]),
            "description": role.description,
            "lastModified": moment::text(role.modified),
            "created": moment::text(role.created),
        })
    }
}

impl Call<'_> {
    /// Notes who did what to which entity.
    pub fn audit(&mut self, entity_type: &'static str, entity_id: &str, action: &'static str) {
        let (entity_id, client_id) = (entity_id.to_owned(), self.client_id());
        self.world.auth.history.push(Change { entity_type, entity_id, client_id, action, created: self.now });
    }
}

fn current_scopes(call: &mut Call) -> Result<Reply, Refusal> {
    let caller = call.caller.as_ref().map_err(|message| Refusal::unauthenticated(message.clone()))?;
    Ok(json!({"scopes": caller.scopes}).into())
}

fn expand_scopes(call: &mut Call) -> Result<Reply, Refusal> {
    let scopes: Vec<String> = serde_json::from_value(call.body["scopes"].clone()).unwrap();
    Ok(json!({"scopes": call.world.expanded(&scopes)}).into())
}

fn client(call: &mut Call) -> Result<Reply, Refusal> {
    let id = call.parameter("clientId");
    let client = call.world.auth.by_id.get(id).ok_or_else(|| Refusal::not_found("Client not found"))?;
    Ok(call.world.client_json(id, client).into())
}

fn delete_client(call: &mut Call) -> Result<Reply, Refusal> {
    let id = call.parameter("clientId").to_owned();
    call.world.auth.by_id.remove(&id);
    call.audit("client", &id, "deleted");
    Ok(Reply::nothing())
}

fn reset_access_token(call: &mut Call) -> Result<Reply, Refusal> {
    let id = call.parameter("clientId").to_owned();
    let now = call.now;
    let client = call.world.auth.by_id.get_mut(&id).ok_or_else(|| Refusal::not_found("Client not found"))?;
    client.token = random::token();
    client.last_rotated = now;
    let client = client.clone();
    call.audit("client", &id, "access token reset");
    let mut json = call.world.client_json(&id, &client);
    json["accessToken"] = client.token.into();
    Ok(json.into())
}

fn list_roles(call: &mut Call) -> Result<Reply, Refusal> {
    let roles: Vec<Value> = call.world.auth.roles.iter().map(|(id, role)| call.world.role_json(id, role)).collect();
    Ok(Value::from(roles).into())
}

/// This list reads its tokens otherwise than all others: what was never a token is refused, and `limit=0` is no limit.
fn list_roles2(call: &mut Call) -> Result<Reply, Refusal> {
    if call.query.get("limit").is_some_and(|limit| limit.parse() == Ok(0)) {
        call.query.remove("limit");
    }
    if call.query.get("continuationToken").is_some_and(|token| !paging::is_token(token)) {
        return Err(Refusal::input("Invalid continuationToken"));
    }
    let roles: Vec<Value> = call.world.auth.roles.iter().map(|(id, role)| call.world.role_json(id, role)).collect();
    Ok(call.page(roles, "auth/v1/list-roles2-response.json#")?.json("roles", |role| role).into())
}

fn role(call: &mut Call) -> Result<Reply, Refusal> {
    let id = call.parameter("roleId");
    let role = call.world.auth.roles.get(id).ok_or_else(|| Refusal::not_found("Role not found"))?;
    Ok(call.world.role_json(id, role).into())
}

fn create_role(call: &mut Call) -> Result<Reply, Refusal> {
    let id = call.parameter("roleId").to_owned();
    let scopes: Vec<String> = serde_json::from_value(call.body["scopes"].clone()).unwrap();
    let mut required = vec![format!("auth:create-role:{id}")];
    required.extend(scopes.clone());
    call.authorize(&Expression::all(required))?;
    let role = Role { scopes, description: call.text("description").to_owned(), created: call.now, modified: call.now };
    let there = call.world.auth.roles.entry(id.clone()).or_insert_with(|| role.clone());
    if (&there.scopes, &there.description) != (&role.scopes, &role.description) {
        return Err(Refusal::conflict(format!("Role with roleId '{id}' already exists")));
    }
    call.audit("role", &id, "created");
    Ok(call.world.role_json(&id, &call.world.auth.roles[&id]).into())
}

/// Source: auth, `updateRole`: what is added must be had, what is kept need not.
fn update_role(call: &mut Call) -> Result<Reply, Refusal> {
    let id = call.parameter("roleId").to_owned();
    let scopes: Vec<String> = serde_json::from_value(call.body["scopes"].clone()).unwrap();
    let before = call.world.auth.roles.get(&id).map(|role| role.scopes.clone());
    let mut required = vec![format!("auth:update-role:{id}")];
    let added = scopes.iter().filter(|scope| !before.iter().flatten().any(|there| there == *scope));
    required.extend(added.cloned());
    call.authorize(&Expression::all(required))?;
    if before.is_none() {
        return Err(Refusal::not_found("Role not found"));
    }
    let (now, description) = (call.now, call.text("description").to_owned());
    let role = call.world.auth.roles.get_mut(&id).expect("it is there");
    (role.scopes, role.description, role.modified) = (scopes, description, now);
    call.audit("role", &id, "updated");
    Ok(call.world.role_json(&id, &call.world.auth.roles[&id]).into())
}

fn history(call: &mut Call) -> Result<Reply, Refusal> {
    let (entity_type, entity_id) = (call.parameter("entityType"), call.parameter("entityId"));
    let all = call.world.auth.history.iter();
    let own = all.filter(|change| change.entity_type == entity_type && change.entity_id == entity_id);
    let page = call.page(own.cloned().collect(), "auth/v1/get-entity-history-response.json#")?;
    let json = page.json("auditHistory", |change| {
        json!({
            "clientId": change.client_id,
            "actionType": change.action,
            "created": moment::text(change.created),
            "entityId": change.entity_id,
            "entityType": change.entity_type,
        })
    });
    Ok(json.into())
}

/// What anonymous callers may read at Firefox's deployment.
const OPEN: &[&str] = &[
    "auth:current-scopes",
    "auth:expand-scopes",
    "auth:get-client:*",
    "auth:get-role:*",
    "auth:list-clients",
    "auth:list-roles",
    "github:get-badge:*",
    "github:get-repository:*",
    "github:latest-status:*",
    "github:list-builds",
    "hooks:get:*",
    "hooks:list-hooks:*",
    "hooks:list-last-fires:*",
    "hooks:status:*",
    "index:find-task:*",
    "index:list-namespaces:*",
    "index:list-tasks:*",
    "purge-cache:all-purge-requests",
    "purge-cache:purge-requests:*",
    "queue:get-artifact:public/*",
    "queue:get-provisioner:*",
    "queue:get-task:*",
    "queue:get-worker-type:*",
    "queue:get-worker:*",
    "queue:list-artifacts:*",
    "queue:list-dependent-tasks:*",
    "queue:list-provisioners",
    "queue:list-task-group:*",
    "queue:list-worker-types:*",
    "queue:list-workers:*",
    "queue:pending-count:*",
    "queue:status:*",
    "secrets:list-secrets",
    "worker-manager:get-worker-pool:*",
    "worker-manager:get-worker:*",
    "worker-manager:list-providers",
    "worker-manager:list-worker-pool-errors:*",
    "worker-manager:list-worker-pools",
    "worker-manager:list-workers:*",
];

impl Double {
    /// A double whose `anonymous` role reads what that of Firefox's deployment reads.
    pub fn open() -> Self {
        let double = Self::start();
        double.anonymous(OPEN);
        double
    }

    /// A client that is not over for a thousand years, whatever the clock is set to.
    pub fn client(&self, id: &str, token: &str, scopes: &[&str]) -> Credentials {
        let mut world = self.world();
        let now = world.now();
        let client = Client {
            token: token.to_owned(),
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            expires: now + moment::days(365_000),
            disabled: false,
            description: "a client of the tests".to_owned(),
            created: now,
            last_rotated: now,
        };
        world.auth.by_id.insert(id.to_owned(), client);
        Credentials::new(id, token)
    }

    /// Changes a client, as an administrator would: disables it, lets it expire, takes scopes.
    pub fn change_client(&self, id: &str, change: impl FnOnce(&mut Client)) {
        change(self.world().auth.by_id.get_mut(id).unwrap());
    }

    /// A role; its id may end in `*`, and then `<..>` in its scopes is what the `*` stands for.
    pub fn role(&self, id: &str, scopes: &[&str]) {
        self.described_role(id, "a role of the tests", scopes);
    }

    /// What a role has, not expanded; `None` where there is none.
    pub fn scopes_of(&self, role: &str) -> Option<Vec<String>> {
        self.world().auth.roles.get(role).map(|role| role.scopes.clone())
    }

    pub fn described_role(&self, id: &str, description: &str, scopes: &[&str]) {
        let mut world = self.world();
        let (created, modified) = (world.now(), world.now());
        let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        let role = Role { scopes, description: description.to_owned(), created, modified };
        world.auth.roles.insert(id.to_owned(), role);
    }

    /// What everybody has, without credentials and with them.
    pub fn anonymous(&self, scopes: &[&str]) {
        self.role("anonymous", scopes);
    }
}
