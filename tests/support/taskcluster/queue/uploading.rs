//! How artifacts come to be.

use jiff::Timestamp;
use serde_json::json;

use super::artifacts::{Artifact, Storage};
use crate::support::taskcluster::{
    bucket::Bucket,
    call::Call,
    moment, object, random,
    refusal::Refusal,
    reply::Reply,
    route::{Route, SLUG},
    schema::{Kind, Shape},
};

const LENGTH: (&str, Kind) = ("contentLength", Kind::Integer(0, i64::MAX));

const S3: Shape = Shape {
    required: &["storageType", "expires", "contentType"],
    fields: &[
        ("storageType", Kind::OneOf(&["s3"])),
        ("expires", Kind::Time),
        ("contentType", Kind::ShortText(255)),
        LENGTH,
    ],
    closed: true,
};

const OBJECT: Shape = Shape {
    fields: &[
        ("storageType", Kind::OneOf(&["object"])),
        ("expires", Kind::Time),
        ("contentType", Kind::ShortText(255)),
        LENGTH,
    ],
    ..S3
};

const REFERENCE: Shape = Shape {
    required: &["storageType", "expires", "url", "contentType"],
    fields: &[
        ("storageType", Kind::OneOf(&["reference"])),
        ("expires", Kind::Time),
        ("contentType", Kind::ShortText(255)),
        ("url", Kind::Text),
    ],
    closed: true,
};

const LINK: Shape = Shape {
    required: &["storageType", "expires", "artifact"],
    fields: &[
        ("storageType", Kind::OneOf(&["link"])),
        ("expires", Kind::Time),
        ("contentType", Kind::ShortText(255)),
        ("artifact", Kind::ShortText(1024)),
    ],
    closed: true,
};

const ERROR: Shape = Shape {
    required: &["storageType", "expires", "reason", "message"],
    fields: &[
        ("storageType", Kind::OneOf(&["error"])),
        ("expires", Kind::Time),
        (
            "reason",
            Kind::OneOf(&[
                "file-missing-on-worker",
                "invalid-resource-on-worker",
                "too-large-file-on-worker",
                "file-not-readable-on-worker",
            ]),
        ),
        ("message", Kind::ShortText(4096)),
    ],
    closed: true,
};

const FINISH: Shape = Shape { required: &["uploadId"], fields: &[("uploadId", Kind::Matching(SLUG))], closed: true };

pub const ROUTES: &[Route] = &[
    Route::post("task/<taskId>/runs/<runId>/artifacts/<name*>", "createArtifact", create)
        .scopes(&["queue:create-artifact:<taskId>/<runId>"])
        .input("queue/v1/post-artifact-request.json#", Kind::Either(&[S3, OBJECT, REFERENCE, LINK, ERROR])),
    Route::put("task/<taskId>/runs/<runId>/artifacts/<name*>", "finishArtifact", finish)
        .scopes(&["queue:create-artifact:<taskId>/<runId>"])
        .input("queue/v1/finish-artifact-request.json#", Kind::Of(&FINISH)),
];

/// Whether an artifact may become this one: it may live longer, a reference may change and become a link, nothing else.
fn may_become(old: &Artifact, new: &Artifact) -> bool {
    let is_link = matches!(new.storage, Storage::Link { .. });
    if !is_link && old.content_type != new.content_type || old.expires > new.expires {
        return false;
    }
    match (&old.storage, &new.storage) {
        (Storage::Reference { .. }, Storage::Reference { .. } | Storage::Link { .. }) => true,
        (old, new) => old == new,
    }
}

/// The run takes artifacts now.
fn check_run(call: &Call, expires: Timestamp) -> Result<(String, usize, String), Refusal> {
    let task = call.task(|_| "Task not found".to_owned()).map_err(|missing| Refusal::input(missing.message))?;
    let run = call.parameter("runId").parse::<usize>().ok().and_then(|run| task.runs.get(run));
    let run = run.ok_or_else(|| Refusal::input("Run not found"))?;
    let (Some(group), Some(worker)) = (&run.worker_group, &run.worker_id) else {
        return Err(Refusal::input("Run was not claimed by a worker and so no artifacts can exist"));
    };
    if expires > task.time("expires") {
        return Err(Refusal::input(format!(
            "Artifact expires ({}) after the task expiration {} (task.expires < expires) - this is not allowed, artifacts \
             may not expire after the task they belong to expires",
            moment::text(expires),
            task.text("expires")
        )));
    }
    let ended_lately = run.resolved.is_some_and(|ended| ended > call.now - moment::minutes(25));
    if run.state == "running" || run.state == "exception" && ended_lately {
        return Ok((task.id.clone(), run.number, format!("{group}/{worker}")));
    }
    let status = serde_json::to_string_pretty(&task.status()).unwrap();
    Err(Refusal::conflict(format!(
        "Artifacts cannot be created for a task after it is resolved, unless it is resolved 'exception', and even in this \
         case only up to 25 min past resolution.This to ensure that artifacts have been uploaded before a task is \
         'completed' and output is consumed by a dependent task\n\nTask status: {status}"
    )))
}

fn create(call: &mut Call) -> Result<Reply, Refusal> {
    let expires = call.time("expires");
    if expires < call.now - moment::minutes(15) {
        return Err(Refusal::input("Expires must be in the future"));
    }
    let (id, run, worker) = check_run(call, expires)?;
    let name = call.parameter("name").to_owned();
    let text = |field: &str| call.body[field].as_str().unwrap_or_default().to_owned();
    let content_type = call.body["contentType"].as_str().unwrap_or("application/binary").to_owned();
    let storage = match call.text("storageType") {
        "s3" => Storage::S3,
        "object" => Storage::Object { upload_id: random::slug() },
        "reference" => Storage::Reference { url: text("url") },
        "link" => Storage::Link { to: text("artifact") },
        _ => Storage::Error { reason: text("reason"), message: text("message") },
    };
    let is_present = !matches!(storage, Storage::Object { .. });
    let length = call.body["contentLength"].as_u64();
    let artifact = Artifact { storage, content_type, expires, length, is_present };
    let (key, now) = ((id, run), call.now);
    let all = call.world.queue.artifacts.entry(key.clone()).or_default();
    match all.get(&name) {
        Some(old) if !may_become(old, &artifact) => {
            return Err(Refusal::conflict(format!(
                "Artifact already exists with different properties, and none of the allowed exceptions apply: {{\n  \
                 \"storageType\": \"{}\",\n  \"contentType\": \"{}\",\n  \"expires\": \"{}\"\n}}",
                old.storage.name(),
                old.content_type,
                moment::text(old.expires)
            )));
        }
        _ => drop(all.insert(name.clone(), artifact.clone())),
    }
    let storage_type = artifact.storage.name();
    Ok(match artifact.storage {
        Storage::S3 => {
            let until = now + moment::minutes(45);
            let path = Bucket::path(&key, &name);
            json!({
                "storageType": storage_type,
                "contentType": artifact.content_type,
                "expires": moment::text(until),
                "putUrl": call.world.bucket.signed("PUT", &path, now, 2710, "host"),
            })
        }
        Storage::Object { upload_id } => {
            let object = object::name(&key, &name);
            let project = call.world.queue.tasks[&key.0].text("projectId").to_owned();
            call.world.expect_object(&object, &project, &upload_id, expires);
            let scope = format!("object:upload:{project}:{object}");
            let client = format!("artifact-upload/{}/{run}/on/{worker}", key.0);
            let expiry = expires.min(now + moment::days(1));
            json!({
                "storageType": storage_type,
                "name": object,
                "projectId": project,
                "uploadId": upload_id,
                "expires": moment::text(expires),
                "credentials": call.world.queue_credentials(&client, &[&scope], now, expiry),
            })
        }
        _ => json!({"storageType": storage_type}),
    }
    .into())
}

fn finish(call: &mut Call) -> Result<Reply, Refusal> {
    let key = (call.parameter("taskId").to_owned(), call.parameter("runId").parse().unwrap_or(usize::MAX));
    let name = call.parameter("name").to_owned();
    let upload = call.text("uploadId").to_owned();
    let is_stored = call.world.has_object(&object::name(&key, &name));
    let artifact = call.world.queue.artifacts.get_mut(&key).and_then(|all| all.get_mut(&name)).ok_or_else(|| {
        Refusal::not_found(format!("Artifact with taskId `{}`, runId {}, name `{name}` not found", key.0, key.1))
    })?;
    let Storage::Object { upload_id } = &artifact.storage else {
        return Err(Refusal::input("Only object artifacts can be finished"));
    };
    if !artifact.is_present && *upload_id != upload {
        return Err(Refusal::input("given uploadId does not match that for the artifact"));
    }
    if !is_stored {
        return Err(Refusal::input("Object storing artifact data does not exist"));
    }
    artifact.is_present = true;
    Ok(Reply::nothing())
}
