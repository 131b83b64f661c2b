//! Artifacts as they are listed, described, and fetched.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::collation;
use crate::support::taskcluster::{
    Double,
    bucket::{Blob, Bucket},
    call::Call,
    moment, object, paging,
    refusal::Refusal,
    reply::{Content, Reply},
    route::Route,
    scopes::Expression,
};

#[derive(Debug, Clone)]
pub struct Artifact {
    pub storage: Storage,
    pub content_type: String,
    pub expires: Timestamp,
    pub length: Option<u64>,
    /// An object is not, until it is finished.
    pub is_present: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    S3,
    Object { upload_id: String },
    Reference { url: String },
    Link { to: String },
    Error { reason: String, message: String },
}

/// By task and run, and by name.
pub type Artifacts = BTreeMap<(String, usize), BTreeMap<String, Artifact>>;

pub const ROUTES: &[Route] = &[
    Route::get("task/<taskId>/runs/<runId>/artifacts", "listArtifacts", list)
        .scopes(&["queue:list-artifacts:<taskId>:<runId>"])
        .paged(),
    Route::get("task/<taskId>/artifacts", "listLatestArtifacts", list)
        .scopes(&["queue:list-artifacts:<taskId>"])
        .paged(),
    Route::get("task/<taskId>/runs/<runId>/artifact-info/<name*>", "artifactInfo", info)
        .scopes(&["queue:list-artifacts:<taskId>:<runId>"]),
    Route::get("task/<taskId>/artifact-info/<name*>", "latestArtifactInfo", info)
        .scopes(&["queue:list-artifacts:<taskId>"]),
    Route::get("task/<taskId>/runs/<runId>/artifacts/<name*>", "getArtifact", get).asks_later(),
    Route::get("task/<taskId>/artifacts/<name*>", "getLatestArtifact", get).asks_later(),
    Route::get("task/<taskId>/runs/<runId>/artifact-content/<name*>", "artifact", content).asks_later(),
    Route::get("task/<taskId>/artifact-content/<name*>", "latestArtifact", content).asks_later(),
];

impl Storage {
    pub fn name(&self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Object { .. } => "object",
            Self::Reference { .. } => "reference",
            Self::Link { .. } => "link",
            Self::Error { .. } => "error",
        }
    }
}

impl Artifact {
    fn json(&self, name: &str) -> Value {
        let mut json = json!({
            "storageType": self.storage.name(),
            "name": name,
            "expires": moment::text(self.expires),
            "contentType": self.content_type,
        });
        if let Some(length) = self.length {
            json["contentLength"] = length.into();
        }
        json
    }
}

/// The run that the path names, whether it exists or not; or the last one.
fn run(call: &Call) -> Result<(String, usize), Refusal> {
    let id = call.parameter("taskId").to_owned();
    if call.parameters.iter().any(|(name, _)| *name == "runId") {
        return Ok((id, call.parameter("runId").parse().unwrap_or(usize::MAX)));
    }
    let task = call.task(|_| "Task not found".to_owned())?;
    let last = task.runs.len().checked_sub(1);
    Ok((id, last.ok_or_else(|| Refusal::not_found("Task doesn't have any runs"))?))
}

fn list(call: &mut Call) -> Result<Reply, Refusal> {
    let key = run(call)?;
    let task = call.task(|_| "Task not found".to_owned())?;
    if task.runs.is_empty() {
        return Err(Refusal::not_found("Task doesn't have any runs"));
    }
    if task.runs.len() <= key.1 {
        let (id, run) = key;
        return Err(Refusal::not_found(format!("Task with taskId: `{id}` has no run with runId: {run}")));
    }
    let mut all: Vec<(&String, &Artifact)> = call.world.queue.artifacts.get(&key).into_iter().flatten().collect();
    all.sort_by_key(|(name, _)| collation(name));
    let schema = call.world.schema("queue/v1/list-artifacts-response.json#");
    let row = |(name, _): &(&String, &Artifact)| json!([key.0, key.1, name]);
    let page = paging::by_key(all, row, &call.query, call.world.pages, &schema)?;
    Ok(page.json("artifacts", |(name, artifact)| artifact.json(name)).into())
}

fn info(call: &mut Call) -> Result<Reply, Refusal> {
    let key = run(call)?;
    let name = call.parameter("name");
    let found = call.world.queue.artifacts.get(&key).and_then(|all| all.get(name));
    let artifact =
        found.filter(|artifact| artifact.is_present).ok_or_else(|| Refusal::not_found("Artifact not found"))?;
    Ok(artifact.json(name).into())
}

/// The artifact at the end of a chain of links, with its name. Every name on the way needs its scope.
fn followed<'c>(call: &'c Call, key: &(String, usize)) -> Result<(&'c str, &'c Artifact), Refusal> {
    let mut names = vec![call.parameter("name")];
    loop {
        call.authorize(&Expression::all(names.iter().map(|name| format!("queue:get-artifact:{name}"))))?;
        let name = names[names.len() - 1];
        let found = call.world.queue.artifacts.get(key).and_then(|all| all.get(name));
        let artifact =
            found.filter(|artifact| artifact.is_present).ok_or_else(|| Refusal::not_found("Artifact not found"))?;
        if artifact.expires < call.now {
            return Err(Refusal::new("ResourceExpired", "Artifact expired"));
        }
        match &artifact.storage {
            Storage::Link { to } if names.contains(&to.as_str()) => {
                return Err(Refusal::input("Artifact leads to a link cycle"));
            }
            Storage::Link { to } => names.push(to),
            _ => return Ok((name, artifact)),
        }
    }
}

fn see(storage: &Storage, url: String) -> Reply {
    let json = json!({"storageType": storage.name(), "url": url});
    Reply::of(303, Content::Json(json)).header("location", url)
}

fn get(call: &mut Call) -> Result<Reply, Refusal> {
    // Who may not have it does not learn whether there is such a task.
    call.authorize(&Expression::all([format!("queue:get-artifact:{}", call.parameter("name"))]))?;
    let key = run(call)?;
    let (name, artifact) = followed(call, &key)?;
    let storage = &artifact.storage;
    let reply = match storage {
        Storage::S3 => see(storage, call.world.bucket.address(&key, name, call.now)),
        Storage::Object { .. } => see(storage, call.world.bucket.simple_address(&object::name(&key, name))),
        Storage::Reference { url } => see(storage, url.clone()),
        Storage::Error { reason, message } => {
            Reply::of(424, Content::Json(json!({"reason": reason, "message": message})))
        }
        Storage::Link { .. } => unreachable!("links are followed"),
    };
    Ok(reply.header("x-taskcluster-artifact-storage-type", storage.name()))
}

fn content(call: &mut Call) -> Result<Reply, Refusal> {
    let key = run(call)?;
    let (name, artifact) = followed(call, &key)?;
    let storage_type = artifact.storage.name();
    let json = match &artifact.storage {
        Storage::S3 => {
            json!({"storageType": storage_type, "url": call.world.bucket.address(&key, name, call.now)})
        }
        Storage::Reference { url } => json!({"storageType": storage_type, "url": url}),
        Storage::Error { reason, message } => {
            json!({"storageType": storage_type, "reason": reason, "message": message})
        }
        Storage::Object { .. } => {
            let object = object::name(&key, name);
            let client = format!("artifact-download/{}/{}/{name}", key.0, key.1);
            let scope = format!("object:download:{object}");
            let expiry = call.now + moment::hours(1);
            let credentials = call.world.queue_credentials(&client, &[&scope], call.now, expiry);
            json!({"storageType": storage_type, "name": object, "credentials": credentials})
        }
        Storage::Link { .. } => unreachable!("links are followed"),
    };
    Ok(json.into())
}

/// An artifact that is there already.
#[derive(Debug, Clone)]
pub enum Stored {
    /// In the bucket, packed or not; the text is its media type.
    S3 {
        bytes: Vec<u8>,
        media: &'static str,
        gzip: bool,
    },
    /// In the object service, with its hashes.
    Object {
        bytes: Vec<u8>,
        media: &'static str,
    },
    Reference {
        url: String,
    },
    Link {
        to: &'static str,
    },
    Error {
        reason: &'static str,
        message: &'static str,
    },
    /// It was created, and then nothing came: it is listed, and the bucket has nothing.
    NeverUploaded,
    /// It is over, and not collected yet.
    Expired,
}

impl Stored {
    /// Plain text in the bucket, packed as workers pack their logs.
    pub fn log(text: &str) -> Self {
        Self::S3 { bytes: text.as_bytes().to_vec(), media: "text/plain; charset=utf-8", gzip: true }
    }
}

impl Double {
    /// Adds an artifact to a run, or replaces it.
    pub fn artifact(&self, task: &str, run: usize, name: &str, stored: Stored) {
        let mut world = self.world();
        let now = world.now();
        let key = (task.to_owned(), run);
        let mut expires = world.queue.tasks[task].time("expires");
        let (mut content_type, mut length) = ("text/plain; charset=utf-8", None);
        let storage = match stored {
            Stored::S3 { bytes, media, gzip } => {
                (content_type, length) = (media, Some(bytes.len() as u64));
                world.bucket.keep(Bucket::path(&key, name), Blob::new(media, &bytes, gzip));
                Storage::S3
            }
            Stored::Object { bytes, media } => {
                content_type = media;
                let object = object::name(&key, name);
                world.keep_object(&object, Blob::new(media, &bytes, false), expires);
                Storage::Object { upload_id: String::new() }
            }
            Stored::Reference { url } => Storage::Reference { url },
            Stored::Link { to } => Storage::Link { to: to.to_owned() },
            Stored::Error { reason, message } => {
                content_type = "application/binary";
                Storage::Error { reason: reason.to_owned(), message: message.to_owned() }
            }
            Stored::NeverUploaded => Storage::S3,
            Stored::Expired => {
                expires = now - moment::minutes(1);
                Storage::S3
            }
        };
        let artifact = Artifact { storage, content_type: content_type.to_owned(), expires, length, is_present: true };
        world.queue.artifacts.entry(key).or_default().insert(name.to_owned(), artifact);
    }
}
