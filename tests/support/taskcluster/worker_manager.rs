//! The worker manager: pools, and what went wrong in them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Double, call::Call, moment, random, refusal::Refusal, reply::Reply, route::Route};

#[derive(Debug, Clone, Default)]
pub struct Pool {
    json: Value,
    /// The newest first.
    errors: Vec<Value>,
}

/// By id.
pub type Pools = BTreeMap<String, Pool>;

pub const ROUTES: &[Route] = &[
    Route::get("worker-pool/<workerPoolId*>", "workerPool", pool)
        .scopes(&["worker-manager:get-worker-pool:<workerPoolId>"]),
    Route::get("worker-pool-errors/<workerPoolId*>", "listWorkerPoolErrors", errors)
        .scopes(&["worker-manager:list-worker-pool-errors:<workerPoolId>"])
        .paged(),
];

fn pool(call: &mut Call) -> Result<Reply, Refusal> {
    let pool = call.world.pools.get(call.parameter("workerPoolId"));
    Ok(pool.ok_or_else(|| Refusal::not_found("Worker pool does not exist"))?.json.clone().into())
}

fn errors(call: &mut Call) -> Result<Reply, Refusal> {
    let pool = call.world.pools.get(call.parameter("workerPoolId"));
    let errors = pool.map(|pool| pool.errors.clone()).unwrap_or_default();
    let page = call.page(errors, "worker-manager/v1/worker-pool-error-list.json#")?;
    Ok(page.json("workerPoolErrors", |error| error).into())
}

impl Double {
    /// A pool, with the configuration that its provider takes.
    pub fn pool(&self, id: &str, config: &Value) {
        let mut world = self.world();
        let now = moment::text(world.now());
        let counts = ["current", "requested", "running", "stopping", "stopped"];
        let mut json = json!({
            "workerPoolId": id, "providerId": "static", "description": "", "created": now, "lastModified": now,
            "owner": "nobody@example.com", "emailOnError": false, "config": config,
        });
        for name in counts {
            json[format!("{name}Capacity")] = 0.into();
            if name != "current" {
                json[format!("{name}Count")] = 0.into();
            }
        }
        world.pools.insert(id.to_owned(), Pool { json, errors: Vec::new() });
    }

    /// An error of provisioning that happens now.
    pub fn pool_error(&self, id: &str, title: &str, description: &str) {
        let mut world = self.world();
        let error = json!({
            "errorId": random::slug(),
            "workerPoolId": id,
            "reported": moment::text(world.now()),
            "kind": "creation-error",
            "title": title,
            "description": description,
            "extra": {},
        });
        world.pools.get_mut(id).unwrap().errors.insert(0, error);
    }
}
