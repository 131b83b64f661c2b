//! The object service, which keeps its bytes in the bucket and knows their hashes.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

use super::{
    bucket::Blob,
    call::Call,
    moment,
    random::hex,
    refusal::Refusal,
    reply::{Content, Reply},
    route::{Route, SLUG},
    schema::{Kind, Shape},
    world::World,
};

#[derive(Debug, Clone)]
pub struct Object {
    project: String,
    /// Until it is finished.
    upload: Option<String>,
    expires: Timestamp,
    hashes: BTreeMap<String, String>,
}

/// By name.
pub type Objects = BTreeMap<String, Object>;

const HASH: Kind = Kind::Matching("^[a-f0-9]*$");
const HASHES: Shape = Shape { required: &[], fields: &[("sha256", HASH), ("sha512", HASH)], closed: true };

const CREATE: Shape = Shape {
    required: &["projectId", "uploadId", "expires", "proposedUploadMethods"],
    fields: &[
        ("projectId", Kind::Text),
        ("uploadId", Kind::Matching(SLUG)),
        ("expires", Kind::Time),
        ("hashes", Kind::Of(&HASHES)),
        ("proposedUploadMethods", Kind::Object),
    ],
    closed: true,
};

const FINISH: Shape = Shape {
    required: &["projectId", "uploadId"],
    fields: &[("projectId", Kind::Text), ("uploadId", Kind::Matching(SLUG)), ("hashes", Kind::Of(&HASHES))],
    closed: true,
};

const DOWNLOAD: Shape =
    Shape { required: &["acceptDownloadMethods"], fields: &[("acceptDownloadMethods", Kind::Object)], closed: true };

pub const ROUTES: &[Route] = &[
    Route::put("upload/<name*>", "createUpload", create_upload)
        .asks_later()
        .input("object/v1/create-upload-request.json#", Kind::Of(&CREATE)),
    Route::post("finish-upload/<name*>", "finishUpload", finish_upload)
        .asks_later()
        .input("object/v1/finish-upload-request.json#", Kind::Of(&FINISH)),
    Route::put("start-download/<name*>", "startDownload", start_download)
        .scopes(&["object:download:<name>"])
        .input("object/v1/download-object-request.json#", Kind::Of(&DOWNLOAD)),
    Route::get("download/<name*>", "download", download).scopes(&["object:download:<name>"]),
];

/// The name of the object behind an artifact.
pub fn name(run: &(String, usize), artifact: &str) -> String {
    format!("t/{}/{}/{artifact}", run.0, run.1)
}

fn path(name: &str) -> String {
    format!("public-bucket/{name}")
}

impl World {
    /// An object that is finished.
    pub fn keep_object(&mut self, name: &str, blob: Blob, expires: Timestamp) {
        let hashes = [("sha256", Blob::hash(&blob.bytes)), ("sha512", hex(&Sha512::digest(&blob.bytes)))];
        let hashes = hashes.into_iter().map(|(kind, hash)| (kind.to_owned(), hash)).collect();
        let object = Object { project: "none".to_owned(), upload: None, expires, hashes };
        self.objects.insert(name.to_owned(), object);
        self.bucket.keep(path(name), blob);
    }

    /// An object that will be uploaded; another upload for it makes it another.
    pub fn expect_object(&mut self, name: &str, project: &str, upload: &str, expires: Timestamp) {
        let object =
            Object { project: project.to_owned(), upload: Some(upload.to_owned()), expires, hashes: BTreeMap::new() };
        self.objects.insert(name.to_owned(), object);
    }

    pub fn has_object(&self, name: &str) -> bool {
        self.objects.get(name).is_some_and(|object| object.upload.is_none())
    }
}

fn authorize(call: &Call) -> Result<String, Refusal> {
    let name = call.parameter("name").to_owned();
    call.authorize(&format!("object:upload:{}:{name}", call.text("projectId")).into())?;
    Ok(name)
}

/// Notes hashes of a body; none may change.
fn add_hashes(object: &mut Object, body: &Value) -> Result<(), Refusal> {
    for (kind, hash) in body["hashes"].as_object().into_iter().flatten() {
        let hash = hash.as_str().unwrap();
        if object.hashes.entry(kind.clone()).or_insert_with(|| hash.to_owned()) != hash {
            return Err(Refusal::conflict("Content hash already exists with a different value"));
        }
    }
    Ok(())
}

fn create_upload(call: &mut Call) -> Result<Reply, Refusal> {
    let name = authorize(call)?;
    let (project, upload) = (call.text("projectId").to_owned(), call.text("uploadId").to_owned());
    let expires = call.time("expires");
    let there = call.world.objects.get(&name);
    if there.is_some_and(|there| {
        there.upload.as_ref() != Some(&upload) || there.project != project || there.expires != expires
    }) {
        return Err(Refusal::conflict("Object already exists"));
    }
    if there.is_none() {
        call.world.expect_object(&name, &project, &upload, expires);
    }
    add_hashes(call.world.objects.get_mut(&name).unwrap(), &call.body)?;
    let proposed = &call.body["proposedUploadMethods"];
    let text = |method: &str, field: &str| proposed[method][field].as_str().unwrap_or_default().to_owned();
    let method = if proposed.get("dataInline").is_some() {
        let data = BASE64_STANDARD.decode(text("dataInline", "objectData"));
        let data = data.map_err(|_| Refusal::input("Invalid base64 objectData"))?;
        call.world.bucket.keep(path(&name), Blob::new(&text("dataInline", "contentType"), &data, false));
        json!({"dataInline": true})
    } else if proposed.get("putUrl").is_some() {
        let signed = "content-length;content-type;host";
        json!({"putUrl": {
            "url": call.world.bucket.signed("PUT", &path(&name), call.now, 2710, signed),
            "expires": moment::text(call.now + moment::minutes(45)),
            "headers": {
                "Content-Type": text("putUrl", "contentType"),
                "Content-Length": proposed["putUrl"]["contentLength"].to_string(),
                "Content-Encoding": "identity",
            },
        }})
    } else {
        json!({})
    };
    let json = json!({
        "projectId": project, "uploadId": upload, "expires": call.body["expires"], "uploadMethod": method,
    });
    Ok(json.into())
}

fn finish_upload(call: &mut Call) -> Result<Reply, Refusal> {
    let name = authorize(call)?;
    let (project, upload) = (call.text("projectId").to_owned(), call.text("uploadId").to_owned());
    let object = call.world.objects.get_mut(&name);
    let object = object.ok_or_else(|| Refusal::not_found(format!("Object \"{name}\" not found")))?;
    if object.project != project {
        return Err(Refusal::input(format!("Object \"{name}\" does not have projectId {project}")));
    }
    if object.upload.as_ref().is_some_and(|expected| *expected != upload) {
        return Err(Refusal::conflict(format!("Object \"{name}\" does not have uploadId {upload}")));
    }
    add_hashes(object, &call.body)?;
    object.upload = None;
    Ok(json!({}).into())
}

fn finished<'c>(call: &'c Call) -> Result<(&'c str, &'c Object), Refusal> {
    let name = call.parameter("name");
    let object = call.world.objects.get(name).filter(|object| object.upload.is_none());
    let object = object.ok_or_else(|| Refusal::not_found(format!("Object \"{name}\" not found")))?;
    Ok((name, object))
}

fn start_download(call: &mut Call) -> Result<Reply, Refusal> {
    let (name, object) = finished(call)?;
    let accepted = &call.body["acceptDownloadMethods"];
    let json = if accepted.get("getUrl").is_some() {
        json!({
            "method": "getUrl",
            "url": call.world.bucket.signed("GET", &path(name), call.now, 120, "host"),
            "expires": moment::text(call.now + moment::minutes(1)),
            "hashes": object.hashes,
        })
    } else if accepted.get("simple").is_some() {
        json!({"method": "simple", "url": call.world.bucket.simple_address(name)})
    } else {
        return Err(Refusal::input("Object supports methods simple, getUrl"));
    };
    Ok(json.into())
}

fn download(call: &mut Call) -> Result<Reply, Refusal> {
    let (name, _) = finished(call)?;
    let url = call.world.bucket.simple_address(name);
    let text = format!("See Other. Redirecting to {url}");
    Ok(Reply::of(303, Content::Text("text/plain; charset=utf-8", text)).header("location", url))
}
