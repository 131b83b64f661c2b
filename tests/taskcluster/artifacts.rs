//! Artifacts of every kind, asked of the double and fetched from its bucket.

use std::sync::{Arc, Mutex};

use serde_json::json;
use windlass::{
    domain::{digest::Digest, failure::Failure, task::TaskId},
    taskcluster::{Deployment, Storage, TaskclusterError},
};

use super::deployment::{at, nobody, somebody};
use crate::support::{
    http::{Answer, Server},
    taskcluster::{
        Double,
        fault::Fault,
        paging::Pages,
        queue::{artifacts::Stored, task::Outcome},
    },
};

const SHASUM: &str = "public/docker-image-shasum256.txt";

/// A task with a run.
fn running(double: &Double) -> TaskId {
    let task = double.task(&json!({}));
    double.claim(&task);
    task.parse().unwrap()
}

fn text(bytes: &str) -> Stored {
    Stored::S3 { bytes: bytes.as_bytes().to_vec(), media: "text/plain", gzip: false }
}

async fn read(deployment: &Deployment, task: &TaskId, name: &str) -> Result<String, TaskclusterError> {
    let bytes = deployment.read_small(task, Some(0), name, 1000).await?;
    Ok(String::from_utf8(bytes).unwrap())
}

#[tokio::test]
async fn every_kind_of_artifact_is_listed_and_read() {
    let double = Double::open();
    let task = running(&double);
    let worker = Server::answering(|_| |_: &_| Answer::ok("text/plain", "of a worker"));
    let packed = Stored::S3 { bytes: b"packed".to_vec(), media: "text/plain", gzip: true };
    for (name, stored) in [
        (SHASUM, text("sha256:abc")),
        ("public/packed.txt", packed),
        ("public/object.bin", Stored::Object { bytes: b"object".to_vec(), media: "application/x" }),
        ("public/reference.txt", Stored::Reference { url: format!("http://{}/log", worker.host) }),
        ("public/link.txt", Stored::Link { to: SHASUM }),
        ("public/error.txt", Stored::Error { reason: "file-missing-on-worker", message: "could not\u{1b}[2J find it" }),
        ("public/gone.txt", Stored::Expired),
        ("public/never.txt", Stored::NeverUploaded),
    ] {
        double.artifact(task.as_str(), 0, name, stored);
    }
    let deployment = nobody(&double);
    for pages in [Pages::Full, Pages::Short(3)] {
        double.pages(pages);
        let mut listed = deployment.artifacts(&task, Some(0)).await.unwrap();
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        let kinds: Vec<Storage> = listed.into_iter().map(|artifact| artifact.storage).collect();
        assert_eq!(
            kinds,
            [
                Storage::S3,
                Storage::Error,
                Storage::S3,
                Storage::Link,
                Storage::S3,
                Storage::Object,
                Storage::S3,
                Storage::Reference
            ]
        );
    }
    assert_eq!(deployment.artifact(&task, None, SHASUM).await.unwrap().content_length, Some(10));
    let told = async |name| match read(&deployment, &task, name).await {
        Ok(text) => text,
        Err(error) => {
            let failure = Failure::from(error);
            format!("{}: {}", failure.what, failure.why)
        }
    };
    for (name, expected) in [
        (SHASUM, "sha256:abc"),
        ("public/packed.txt", "packed"),
        ("public/object.bin", "object"),
        ("public/reference.txt", "of a worker"),
        ("public/link.txt", "sha256:abc"),
    ] {
        assert_eq!(told(name).await, expected, "{name}");
    }
    let run = format!("of the task {task}, run 0");
    assert_eq!(
        told("public/error.txt").await,
        format!("public/error.txt {run} was not made: file-missing-on-worker: could not find it")
    );
    let never = told("public/never.txt").await;
    assert!(
        never.starts_with(&format!("public/never.txt {run} was recorded but is not there: 127.0.0.1:"))
            && never.ends_with("answers 404: The specified key does not exist."),
        "{never}"
    );
    let gone = told("public/gone.txt").await;
    assert!(gone.contains(" 410 ResourceExpired: Artifact expired"), "{gone}");
    let none = told("public/none.txt").await;
    assert!(none.contains(" 404 ResourceNotFound: Artifact not found"), "{none}");
}

#[tokio::test]
async fn a_run_that_was_asked_for_again_hides_what_the_last_one_made() {
    let double = Double::open();
    let task = running(&double);
    double.artifact(task.as_str(), 0, SHASUM, text("sha256:abc"));
    double.resolve(task.as_str(), Outcome::Completed);
    double.rerun(task.as_str());
    let deployment = nobody(&double);
    assert!(deployment.read_small(&task, None, SHASUM, 100).await.unwrap_err().is_absent());
    assert_eq!(read(&deployment, &task, SHASUM).await.unwrap(), "sha256:abc");
    assert!(deployment.artifacts(&task, None).await.unwrap().is_empty());
    assert!(deployment.artifacts(&task, Some(7)).await.unwrap_err().is_absent());
}

#[tokio::test]
async fn credentials_stay_with_the_services() {
    let double = Double::open();
    let task = running(&double);
    let me = double.client("project/example/me", "the token of me", &["queue:get-artifact:private/*"]);
    double.artifact(task.as_str(), 0, "private/a.txt", text("private"));
    double.artifact(task.as_str(), 0, "private/link.txt", Stored::Link { to: "private/a.txt" });
    double.artifact(task.as_str(), 0, "private/b.bin", Stored::Object { bytes: b"object".to_vec(), media: "a/b" });
    let denied = read(&nobody(&double), &task, "private/a.txt").await.unwrap_err();
    assert!(denied.is_denied(), "{denied}");
    let deployment = somebody(&double, &me);
    for (name, content) in [("private/a.txt", "private"), ("private/link.txt", "private"), ("private/b.bin", "object")]
    {
        assert_eq!(read(&deployment, &task, name).await.unwrap(), content);
    }
    assert_eq!(double.bucket_requests().len(), 3);
    assert!(double.bucket_requests().iter().all(|asked| asked.client_id.is_none() && asked.status == Some(200)));

    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    let worker = Server::answering(|_| {
        move |request: &crate::support::http::Request| {
            seen.lock().unwrap().push(request.clone());
            Answer::ok("text/plain", "hello")
        }
    });
    let url = format!("http://me:password@{}/log", worker.host);
    double.artifact(task.as_str(), 0, "private/log", Stored::Reference { url });
    assert_eq!(read(&deployment, &task, "private/log").await.unwrap(), "hello");
    let heads = heads.lock().unwrap();
    assert!(heads.len() == 1 && heads[0].header("authorization").is_none(), "{heads:?}");
}

#[tokio::test]
async fn redirects_are_followed_five_times() {
    let double = Double::open();
    let task = running(&double);
    let worker = Server::answering(|_| {
        |request: &crate::support::http::Request| match request.path.strip_prefix("/again/").unwrap() {
            "0" => Answer::ok("text/plain", "here"),
            left => {
                let left = left.parse::<u32>().unwrap() - 1;
                Answer::status(302).header("Location", &format!("/again/{left}"))
            }
        }
    });
    for (name, times) in [("public/five", 5), ("public/six", 6)] {
        let url = format!("http://{}/again/{times}", worker.host);
        double.artifact(task.as_str(), 0, name, Stored::Reference { url });
    }
    let deployment = nobody(&double);
    assert_eq!(read(&deployment, &task, "public/five").await.unwrap(), "here");
    let error = read(&deployment, &task, "public/six").await.unwrap_err();
    assert!(matches!(error, TaskclusterError::Distrusted { .. }), "{error}");
    for url in ["http://bucket.example/a", "file:///etc/passwd"] {
        double.artifact(task.as_str(), 0, "public/elsewhere", Stored::Reference { url: url.to_owned() });
        let error = read(&deployment, &task, "public/elsewhere").await.unwrap_err();
        assert!(matches!(error, TaskclusterError::Distrusted { .. }), "{url}: {error}");
    }
}

#[tokio::test]
async fn what_does_not_arrive_whole_is_told() {
    let double = Double::open();
    let task = running(&double);
    let deployment = nobody(&double);
    double.artifact(task.as_str(), 0, "public/object.bin", Stored::Object { bytes: b"object".to_vec(), media: "a/b" });
    let bucket = "/0/public/";
    double.fault("GET", bucket, Fault::Status { code: 200, media: "a/b", body: "objecu" }, 1);
    let error = read(&deployment, &task, "public/object.bin").await.unwrap_err();
    assert!(error.to_string().contains("sha256 is not what the object service says"), "{error}");

    double.artifact(task.as_str(), 0, SHASUM, Stored::log("sha256:abc"));
    double.fault("GET", bucket, Fault::TruncatedBody, 1);
    let error = read(&deployment, &task, SHASUM).await.unwrap_err();
    assert!(matches!(error, TaskclusterError::Damaged { .. }), "{error}");

    let xml = "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>";
    double.fault("GET", bucket, Fault::Status { code: 503, media: "application/xml", body: xml }, 1);
    double.fault("GET", bucket, Fault::Reset, 1);
    assert_eq!(read(&deployment, &task, SHASUM).await.unwrap(), "sha256:abc", "asked again");
    double.fault("GET", bucket, Fault::Status { code: 403, media: "application/xml", body: xml }, 1);
    let error = read(&deployment, &task, SHASUM).await.unwrap_err();
    assert!(error.to_string().ends_with("answers 403: Reduce your request rate."), "{error}");
}

#[tokio::test]
async fn a_large_file_is_written_as_it_comes_and_a_small_one_has_a_cap() {
    let double = Double::open();
    let task = running(&double);
    let content: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    double.artifact(
        task.as_str(),
        0,
        "public/image.tar",
        Stored::S3 { bytes: content.clone(), media: "application/x-tar", gzip: true },
    );
    let deployment = nobody(&double);
    let mut sink = Vec::new();
    let got = deployment.download(&task, Some(0), "public/image.tar", u64::MAX, &mut sink).await.unwrap();
    assert!(sink == content);
    assert_eq!((got.bytes, got.sha256), (content.len() as u64, Digest::of(&content)));
    assert_eq!(got.content_type.as_deref(), Some("application/x-tar"));
    let error = deployment.read_small(&task, Some(0), "public/image.tar", 1000).await.unwrap_err();
    assert!(matches!(error, TaskclusterError::TooLarge { cap: 1000, .. }), "{error}");
    // A writer that takes no more.
    let mut room = [0_u8; 10];
    let mut full = std::io::Cursor::new(&mut room[..]);
    let error = deployment.download(&task, Some(0), "public/image.tar", u64::MAX, &mut full).await.unwrap_err();
    assert!(matches!(error, TaskclusterError::Unwritten { .. }), "{error}");
}

#[tokio::test]
async fn a_file_that_never_ends_is_left_at_its_cap() {
    let double = Double::open();
    let task = running(&double);
    let worker = Server::answering(|_| |_: &_| Answer::endless("text/plain"));
    double.artifact(task.as_str(), 0, SHASUM, Stored::Reference { url: format!("http://{}/", worker.host) });
    let error = read(&nobody(&double), &task, SHASUM).await.unwrap_err();
    assert!(matches!(error, TaskclusterError::TooLarge { .. }), "{error}");
    let gone = worker.host.clone();
    drop(worker);
    let closed = at(&format!("http://{gone}"), None).status(&task).await.unwrap_err();
    assert!(closed.is_passing() && Failure::from(closed).kind.exit_code() == 4);
}
