//! Files that become artifacts of a run, from within its task. What is in a bucket is listed once it is announced,
//! uploaded or not, and may be written again; an object is there when it is finished, with its hashes, and stays.
//! Source: queue, `createArtifact`, `finishArtifact`; object, `createUpload`, `finishUpload`; measured on v106.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use jiff::Timestamp;
use reqwest::{
    Method, Url,
    header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha512};

use super::{
    credentials::Credentials,
    error::TaskclusterError,
    object::hex,
    service::{Service, segment},
    transport::{Call, Deployment, Manner},
};
use crate::domain::{document::SecretValue, permission::MayWrite, task_run::TaskRun};

/// Once, and five times more: an upload is the last thing that a long build needs.
pub(super) const TRIES: usize = 6;
/// So many bytes at most may be part of a request. Source: object, `dataInline`.
const INLINE: usize = 8 * 1024;

/// A file that is to be an artifact.
#[derive(Debug, Clone)]
pub struct File {
    pub name: String,
    pub media: &'static str,
    pub bytes: Bytes,
    /// Not after the task's own end.
    pub expires: Timestamp,
}

/// Where its bytes are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    InBucket,
    AsObject,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Announced {
    put_url: String,
}

/// An object that is expected, with who may upload it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expected {
    name: String,
    project_id: String,
    upload_id: String,
    /// As it was written: another spelling of the same time is another object.
    expires: String,
    credentials: SecretValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct UploadJson {
    upload_method: MethodJson,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MethodJson {
    #[serde(default)]
    data_inline: Option<Value>,
    #[serde(default)]
    put_url: Option<PutJson>,
}

#[derive(Deserialize)]
struct PutJson {
    url: String,
    #[serde(default)]
    headers: std::collections::BTreeMap<String, String>,
}

impl Deployment {
    /// Makes a file an artifact of this run. Each request is repeated where nobody answers: asking twice makes no second
    /// artifact.
    ///
    /// # Errors
    /// When the run takes no artifacts (any more), when it has another one of that name, and when the upload fails.
    pub async fn attach(
        &self,
        run: &TaskRun,
        file: &File,
        keep: Keep,
        permit: MayWrite,
    ) -> Result<(), TaskclusterError> {
        match keep {
            Keep::InBucket => self.attach_in_bucket(run, file, permit).await,
            Keep::AsObject => self.attach_as_object(run, file, permit).await,
        }
    }

    async fn attach_in_bucket(&self, run: &TaskRun, file: &File, permit: MayWrite) -> Result<(), TaskclusterError> {
        let announced: Announced = self.call(&announce(run, file, "s3")).await?.json()?;
        // The address is signed for the host alone; that the type is the announced one is for us to see to.
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(file.media))]);
        self.put(&announced.put_url, headers, file, permit).await
    }

    async fn attach_as_object(&self, run: &TaskRun, file: &File, permit: MayWrite) -> Result<(), TaskclusterError> {
        let expected: Expected = self.call(&announce(run, file, "object")).await?.json()?;
        let Expected { name, project_id, upload_id, expires, credentials } = &expected;
        let unreadable = |why: String| TaskclusterError::Unreadable { what: format!("the upload of {name}"), why };
        let uploader = Credentials::given(self.root(), credentials).map_err(unreadable)?;
        let uploader = self.as_somebody(Some(uploader));
        let hashes = json!({"sha256": hex(&Sha256::digest(&file.bytes)), "sha512": hex(&Sha512::digest(&file.bytes))});
        let mut methods = json!({"putUrl": {"contentType": file.media, "contentLength": file.bytes.len()}});
        if file.bytes.len() < INLINE {
            let data = BASE64_STANDARD.encode(&file.bytes);
            methods["dataInline"] = json!({"contentType": file.media, "objectData": data});
        }
        let (path, scope) = (segment(name), format!("object:upload:{project_id}:{name}"));
        let ask = |method, way: &str, body: &Value| {
            let act = format!("take the object {name}");
            let call = Call::get(Service::Object, format!("/{way}/{path}"), scope.clone(), act).method(method);
            call.manner(Manner::Repeatable).tries(TRIES).json(body)
        };
        let body = json!({
            "projectId": project_id, "uploadId": upload_id, "expires": expires, "hashes": hashes,
            "proposedUploadMethods": methods,
        });
        let method = uploader.call(&ask(Method::PUT, "upload", &body)).await?.json::<UploadJson>()?.upload_method;
        match (method.data_inline, method.put_url) {
            (Some(_), _) => {}
            (None, Some(PutJson { url, headers })) => {
                let header = |(name, value): (String, String)| {
                    let (name, value) = (HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
                    // It follows from the body.
                    (name != CONTENT_LENGTH).then_some((name, value))
                };
                let headers = headers.into_iter().filter_map(header).collect();
                self.put(&url, headers, file, permit).await?;
            }
            (None, None) => return Err(unreadable("the object service offers no way that is known here".to_owned())),
        }
        let body = json!({"projectId": project_id, "uploadId": upload_id, "hashes": hashes});
        uploader.call(&ask(Method::POST, "finish-upload", &body)).await?;
        let finish = to(run, file).method(Method::PUT).json(&json!({"uploadId": upload_id}));
        self.call(&finish).await?;
        Ok(())
    }

    async fn put(&self, url: &str, headers: HeaderMap, file: &File, _: MayWrite) -> Result<(), TaskclusterError> {
        let what = format!("the artifact {}", file.name);
        let url = Url::parse(url)
            .map_err(|e| TaskclusterError::Unreadable { what: format!("where {what} is to go"), why: e.to_string() })?;
        self.store(&url, headers, &file.bytes, &what).await
    }
}

fn to(run: &TaskRun, file: &File) -> Call {
    let TaskRun { task, run } = run;
    let path = format!("/task/{task}/runs/{run}/artifacts/{}", segment(&file.name));
    let act = format!("take {} as an artifact of the task {task}, run {run}", file.name);
    let call = Call::get(Service::Queue, path, format!("queue:create-artifact:{task}/{run}"), act);
    call.manner(Manner::Repeatable).tries(TRIES)
}

fn announce(run: &TaskRun, file: &File, storage: &str) -> Call {
    let expires = file.expires.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
    to(run, file)
        .method(Method::POST)
        .json(&json!({"storageType": storage, "contentType": file.media, "expires": expires}))
}
