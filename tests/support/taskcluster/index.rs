//! The index: names for tasks.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Double,
    call::Call,
    credentials::Credentials,
    hawk::{Signature, Target},
    moment,
    refusal::Refusal,
    reply::{Content, Reply},
    route::{Route, SLUG},
    schema::{Kind, Shape},
    world::World,
};

#[derive(Debug, Clone)]
pub struct Entry {
    task: String,
    rank: i64,
    data: Value,
    expires: Timestamp,
}

/// By path.
pub type Index = BTreeMap<String, Entry>;

/// The client in whose name the index signs addresses.
pub const ITSELF: &str = "static/taskcluster/index";

const INSERT: Shape = Shape {
    required: &["taskId", "rank", "data", "expires"],
    fields: &[
        ("taskId", Kind::Matching(SLUG)),
        ("rank", Kind::Integer(i64::MIN, i64::MAX)),
        ("data", Kind::Object),
        ("expires", Kind::Time),
    ],
    closed: true,
};

pub const ROUTES: &[Route] = &[
    Route::get("task/<indexPath>", "findTask", find_task).scopes(&["index:find-task:<indexPath>"]),
    Route::put("task/<namespace>", "insertTask", insert_task)
        .scopes(&["index:insert-task:<namespace>"])
        .input("index/v1/insert-task-request.json#", Kind::Of(&INSERT)),
    Route::get("task/<indexPath>/artifacts/<name*>", "findArtifactFromTask", find_artifact)
        .scopes(&["queue:get-artifact:<name>"]),
    Route::get("tasks/<namespace>", "listTasks", list_tasks).scopes(&["index:list-tasks:<namespace>"]).paged(),
    Route::get("namespaces/<namespace>", "listNamespaces", list_namespaces)
        .scopes(&["index:list-namespaces:<namespace>"])
        .paged(),
];

impl Entry {
    fn json(&self, path: &str) -> Value {
        json!({
            "namespace": path,
            "taskId": self.task,
            "rank": self.rank,
            "data": self.data,
            "expires": moment::text(self.expires),
        })
    }
}

impl World {
    /// Gives a path to a task, unless one of a higher rank has it.
    pub fn index_task(&mut self, path: &str, task: &str, rank: i64, data: Value, expires: Timestamp) {
        let entry = Entry { task: task.to_owned(), rank, data, expires };
        let there = self.index.entry(path.to_owned()).or_insert_with(|| entry.clone());
        if rank >= there.rank {
            *there = entry;
        }
    }
}

fn found<'c>(call: &'c Call) -> Result<(&'c str, &'c Entry), Refusal> {
    let path = call.parameter("indexPath");
    let entry = call.world.index.get(path).filter(|entry| entry.expires > call.now);
    Ok((path, entry.ok_or_else(|| Refusal::not_found("Indexed task not found"))?))
}

fn find_task(call: &mut Call) -> Result<Reply, Refusal> {
    let (path, entry) = found(call)?;
    Ok(entry.json(path).into())
}

fn insert_task(call: &mut Call) -> Result<Reply, Refusal> {
    let path = call.parameter("namespace").to_owned();
    let (task, expires) = (call.text("taskId").to_owned(), call.time("expires"));
    let (rank, data) = (call.body["rank"].as_i64().unwrap(), call.body["data"].clone());
    call.world.index_task(&path, &task, rank, data, expires);
    Ok(call.world.index[&path].json(&path).into())
}

/// To the queue; for what is not public with the index's own signature.
fn find_artifact(call: &mut Call) -> Result<Reply, Refusal> {
    let (_, entry) = found(call)?;
    let name = call.parameter("name");
    let path = format!("/api/queue/v1/task/{}/artifacts/{}", entry.task, name.replace('/', "%2F"));
    let bewit = if name.starts_with("public/") { String::new() } else { format!("?bewit={}", bewit(call, &path)) };
    let url = format!("{}{path}{bewit}", call.world.root);
    let text = format!("See Other. Redirecting to {url}");
    Ok(Reply::of(303, Content::Text("text/plain; charset=utf-8", text)).header("location", url))
}

fn bewit(call: &Call, path: &str) -> String {
    let token = &call.world.client(ITSELF, call.now).unwrap().token;
    let credentials = Credentials::new(ITSELF, token);
    let mut bewit = Signature {
        id: credentials.client_id,
        ts: (call.now + moment::minutes(15)).as_second().to_string(),
        ..Signature::default()
    };
    let (host, port) = call.world.root.strip_prefix("http://").and_then(|host| host.split_once(':')).unwrap();
    let target = Target { method: "GET", resource: path, host, port: port.parse().unwrap() };
    bewit.mac = bewit.expected("bewit", &credentials.access_token, &target);
    bewit.bewit()
}

fn list_tasks(call: &mut Call) -> Result<Reply, Refusal> {
    let (namespace, now) = (call.parameter("namespace"), call.now);
    let inside = |path: &str| path.strip_prefix(namespace).and_then(|rest| rest.strip_prefix('.')).map(str::to_owned);
    let all = call.world.index.iter().filter(|(_, entry)| entry.expires > now);
    let own = all.filter(|(path, _)| inside(path).is_some_and(|name| !name.contains('.')));
    let page = call.page(own.collect(), "index/v1/list-tasks-response.json#")?;
    Ok(page.json("tasks", |(path, entry)| entry.json(path)).into())
}

fn list_namespaces(call: &mut Call) -> Result<Reply, Refusal> {
    let namespace = call.parameter("namespace");
    let prefix = format!("{namespace}.");
    let deeper = call.world.index.iter().filter_map(|(path, entry)| Some((path.strip_prefix(&prefix)?, entry)));
    let mut latest: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for (name, expires) in deeper.filter_map(|(rest, entry)| Some((rest.split_once('.')?.0, entry.expires))) {
        let kept = latest.entry(name).or_insert(expires);
        *kept = (*kept).max(expires);
    }
    let names: BTreeSet<_> = latest.into_iter().collect();
    let page = call.page(names.into_iter().collect(), "index/v1/list-namespaces-response.json#")?;
    let json = page.json("namespaces", |(name, expires)| {
        json!({"namespace": format!("{prefix}{name}"), "name": name, "expires": moment::text(expires)})
    });
    Ok(json.into())
}

impl Double {
    /// Gives a path to a task, for as long as the task lives.
    pub fn index(&self, path: &str, task: &str) {
        let mut world = self.world();
        let expires = world.queue.tasks[task].time("expires");
        world.index_task(path, task, 0, json!({}), expires);
    }
}
