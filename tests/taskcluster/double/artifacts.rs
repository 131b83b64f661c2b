//! Artifacts, from their creation to their bytes.

use std::io::Read as _;

use serde_json::{Value, json};

use super::{
    asking::{Question, Said, Signing},
    queue::{PUSH, World, world},
    recorded::Recorded,
    workers::{claimed, given},
};
use crate::support::taskcluster::{
    credentials::Credentials,
    moment,
    paging::Pages,
    queue::{artifacts::Stored, task::Outcome},
};

const SHASUM: &str = "public/docker-image-shasum256.txt";

impl World {
    /// The recorded run, claimed; with the credentials of its task.
    fn claimed(&self) -> Credentials {
        self.tasks();
        claimed(&Recorded::again("queue-claimWork", &self.double, Some(&self.admin)), PUSH)
    }

    fn create(&self, task: &Credentials, name: &str, body: &Value) -> Value {
        let mut body = body.clone();
        body["expires"] = moment::text(self.double.now() + moment::days(1)).into();
        let path = format!("/api/queue/v1/task/{PUSH}/runs/0/artifacts/{}", name.replace('/', "%2F"));
        let said = Question::new("POST", &path).json(&body).signed(&self.double, &Signing::by(task));
        let said = said.ask(&self.double.root).unwrap();
        assert_eq!(said.status, 200, "{}", said.text());
        said.json()
    }
}

/// Asks the bucket, which is not the host of the services.
fn at_bucket(world: &World, url: &str, question: impl FnOnce(Question) -> Question) -> Said {
    let bucket = &world.double.bucket_root;
    question(Question::get(url.strip_prefix(bucket.as_str()).unwrap())).ask(bucket).unwrap()
}

fn put(world: &World, url: &Value, body: &[u8], coding: Option<&str>) -> Said {
    at_bucket(world, url.as_str().unwrap(), |question| {
        let question = question.with("content-type", "text/plain; charset=utf-8");
        let question = coding.into_iter().fold(question, |question, coding| question.with("content-encoding", coding));
        Question { method: "PUT".to_owned(), body: body.to_vec(), ..question }
    })
}

fn packed(text: &str) -> Vec<u8> {
    let mut gzip = flate2::read::GzEncoder::new(text.as_bytes(), flate2::Compression::fast());
    let mut packed = Vec::new();
    gzip.read_to_end(&mut packed).unwrap();
    packed
}

fn unpacked(bytes: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

#[test]
fn artifacts_of_all_kinds_are_made_and_fetched_as_recorded() {
    let world = world();
    let World { double, admin, few } = &world;
    let task = world.claimed();
    let by_task = |name: &str| Recorded::again(name, double, Some(&task)).json();
    let put_url = by_task("artifact-create-s3-shasum")["putUrl"].clone();
    let recorded = Recorded::named("artifact-s3-PUT");
    recorded.check(double, &put(&world, &put_url, &recorded.question().body, None));
    by_task("artifact-create-reference-live");
    world.by_anyone("artifact-get-reference-live-303");
    by_task("artifact-replace-reference-with-link");
    by_task("artifact-create-error");

    let s3 = |media: &str| json!({"storageType": "s3", "contentType": media});
    let link = |to: &str, media: &str| json!({"storageType": "link", "artifact": to, "contentType": media});
    let text = "text/plain; charset=utf-8";
    world.create(&task, "private/secret.txt", &s3("text/plain"));
    world.create(&task, "public/alias.txt", &link(SHASUM, text));
    world.create(&task, "public/dangling.txt", &link("public/nowhere", "text/plain"));
    let log = world.create(&task, "public/logs/live_backing.log", &s3(text))["putUrl"].clone();
    let lines = "[taskcluster] === Task Starting ===\nhello log\n[taskcluster] === Task Finished ===\n";
    put(&world, &log, &packed(lines), Some("gzip"));

    let upload = by_task("artifact-create-object");
    let uploader = given(&upload["credentials"]);
    let ours = |question: &mut Question| {
        let body = String::from_utf8(question.body.clone()).unwrap();
        question.body = body.replace("XY0eG5eFQiiA_2_7EYrPAA", upload["uploadId"].as_str().unwrap()).into_bytes();
        let (expires, recorded) = (upload["expires"].as_str().unwrap(), "2026-11-24T06:14:16.815Z");
        question.body = String::from_utf8(question.body.clone()).unwrap().replace(recorded, expires).into_bytes();
    };
    Recorded::changed("object-createUpload", double, Some(&uploader), ours);
    world.by_anyone("artifact-get-object-unfinished");
    world.by_anyone("artifact-get-object-before-finish");
    Recorded::changed("object-finishUpload", double, Some(&uploader), ours);
    Recorded::changed("queue-finishArtifact", double, Some(&task), ours);

    for refused in ["artifact-create-400-bad-type", "artifact-create-400-expires-after-task", "artifact-create-409"] {
        by_task(refused);
    }
    Recorded::again("artifact-create-403-other-client", double, Some(few));
    for read in [
        "artifact-get-shasum-303",
        "artifact-get-livelog-link",
        "artifact-get-dangling-404",
        "artifact-get-error-424",
        "artifact-get-private-anon-403",
        "artifact-get-object",
        "artifact-get-badrun-404",
        "artifact-get-badrun-400",
        "artifactContent-live.log",
        "artifactContent-missing.txt",
        "artifactInfo",
        "listArtifacts",
        "listArtifacts-limit3",
        "listArtifacts-continue",
    ] {
        world.by_anyone(read);
    }
    let object = Recorded::again("artifactContent-object.bin", double, None).json();
    let download = Recorded::again("object-startDownload", double, Some(&given(&object["credentials"]))).json();
    let bytes = at_bucket(&world, download["url"].as_str().unwrap(), |question| question);
    assert_eq!(bytes.text(), "object-bytes-123");
    Recorded::again("artifactContent-private", double, Some(admin));
    Recorded::again("artifact-get-private-root-303-signed", double, Some(admin));
    let path = format!("/api/queue/v1/task/{PUSH}/runs/0/artifacts/private%2Fsecret.txt");
    let bewit = Signing::by(admin).bewit(double, &path, 60);
    let said = Question::get(&format!("{path}?bewit={bewit}")).ask(&double.root).unwrap();
    Recorded::named("artifact-buildSignedUrl-private").check(double, &said);

    let url = |name: &str| format!("{}/public-bucket/{PUSH}/0/{name}", double.bucket_root);
    let shasum = at_bucket(&world, &url(SHASUM), |question| question);
    Recorded::named("artifact-s3-GET").check(double, &shasum);
    let backing = at_bucket(&world, &url("public/logs/live_backing.log"), |question| question);
    assert_eq!((backing.header("content-encoding"), unpacked(&backing.body).as_str()), (Some("gzip"), lines));
    assert_eq!(double.uploaded(PUSH, 0, SHASUM), Some(recorded.question().body));

    double.resolve(PUSH, Outcome::Completed);
    double.rerun(PUSH);
    world.by_anyone("artifact-get-latest-after-rerun-404");
    world.by_anyone("artifact-get-run0-after-rerun-303");
}

#[test]
fn an_artifact_may_live_longer_and_not_shorter() {
    let world = world();
    let task = world.claimed();
    let path = format!("/api/queue/v1/task/{PUSH}/runs/0/artifacts/public%2Fx");
    let create = |hours: u64| {
        let expires = moment::text(world.double.now() + moment::hours(hours));
        let body =
            json!({"storageType": "error", "expires": expires, "reason": "file-missing-on-worker", "message": "m"});
        let question = Question::new("POST", &path).json(&body).signed(&world.double, &Signing::by(&task));
        question.ask(&world.double.root).unwrap().status
    };
    assert_eq!([create(2), create(3), create(2)], [200, 200, 409]);
}

#[test]
fn larger_objects_are_put_as_recorded() {
    let World { double, admin, .. } = &world();
    let recorded = Recorded::named("object-createUpload-putUrl");
    recorded.set_clock(double);
    let said = Recorded::again("object-createUpload-putUrl", double, Some(admin)).json();
    let url = said["uploadMethod"]["putUrl"]["url"].as_str().unwrap();
    let path = url.strip_prefix(double.bucket_root.as_str()).unwrap();
    let question = Recorded::named("object-PUT").question();
    let question = Question { path: path.to_owned(), ..question };
    Recorded::named("object-PUT").check(double, &question.ask(&double.bucket_root).unwrap());
    // Nobody has it before it is finished.
    let path = "/api/object/v1/download/t%2FMgqTF7jBRwCrnsTVHaqMAQ%2F0%2Fpublic%2Fo200000.bin";
    let download = || Question::get(path).signed(double, &Signing::by(admin)).ask(&double.root).unwrap();
    assert_eq!(download().status, 404);
    let finish = json!({"projectId": "none", "uploadId": "aMRJnL9mSMOxm1Giw0E_bA"});
    let finish = Question::new("POST", &path.replace("download", "finish-upload")).json(&finish);
    assert_eq!(finish.signed(double, &Signing::by(admin)).ask(&double.root).unwrap().status, 200);
    assert_eq!(download().status, 303);
}

#[test]
fn what_was_seeded_is_there_as_if_a_worker_had_made_it() {
    let world = world();
    let double = &world.double;
    let task = double.task(&json!({}));
    double.claim(&task);
    let bytes = b"\x00\x01".to_vec();
    double.artifact(&task, 0, "public/plain", Stored::S3 { bytes: bytes.clone(), media: "x/y", gzip: false });
    double.artifact(&task, 0, "public/logs/live_backing.log", Stored::log("a log\n"));
    double.artifact(&task, 0, "public/logs/live.log", Stored::Link { to: "public/logs/live_backing.log" });
    double.artifact(&task, 0, "public/object", Stored::Object { bytes: bytes.clone(), media: "x/y" });
    double.artifact(&task, 0, "public/elsewhere", Stored::Reference { url: "http://127.0.0.1:1/x".to_owned() });
    let reason = Stored::Error { reason: "file-missing-on-worker", message: "gone" };
    double.artifact(&task, 0, "public/error", reason);
    double.artifact(&task, 0, "public/a.txt", Stored::NeverUploaded);
    double.artifact(&task, 0, "public/short", Stored::Expired);
    double.artifact(&task, 0, "public/circle", Stored::Link { to: "public/circle" });
    let path = |name: &str| format!("/api/queue/v1/task/{task}/runs/0/artifacts/{name}");
    let get = |name: &str| Question::get(&path(name)).ask(&double.root).unwrap();
    let fetched = |name: &str| {
        let said = get(name);
        assert_eq!(said.status, 303, "{}", said.text());
        at_bucket(&world, said.header("location").unwrap(), |question| question)
    };
    let plain = fetched("public/plain");
    assert_eq!((plain.header("content-type"), &plain.body), (Some("x/y"), &bytes));
    assert_eq!(unpacked(&fetched("public/logs/live.log").body), "a log\n");
    assert_eq!(fetched("public/object").body, bytes);
    assert_eq!(get("public/elsewhere").header("location"), Some("http://127.0.0.1:1/x"));
    assert_eq!(
        (get("public/error").status, get("public/error").json()["reason"].as_str()),
        (424, Some("file-missing-on-worker"))
    );
    assert_eq!((get("public/short").status, get("public/circle").status), (410, 400));
    let listed = Question::get(&format!("/api/queue/v1/task/{task}/artifacts")).ask(&double.root).unwrap().json();
    assert_eq!(listed["artifacts"].as_array().unwrap().len(), 9);
    let plain = listed["artifacts"].as_array().unwrap().iter().find(|artifact| artifact["name"] == "public/plain");
    assert_eq!(plain.unwrap()["contentLength"], 2);

    double.pages(Pages::EmptyFirst);
    let list = format!("/api/queue/v1/task/{task}/artifacts");
    let empty = Question::get(&list).ask(&double.root).unwrap().json();
    assert_eq!(empty["artifacts"], json!([]));
    let token = empty["continuationToken"].as_str().unwrap().replace('=', "%3D");
    let all = Question::get(&format!("{list}?continuationToken={token}")).ask(&double.root).unwrap().json();
    assert_eq!(all["artifacts"].as_array().unwrap().len(), 9);
}

#[test]
fn the_bucket_answers_as_recorded_and_knows_no_taskcluster() {
    let world = world();
    let double = &world.double;
    let task = "c-De678pQN6Sgw7PuBPhkw";
    Recorded::named("artifact-s3-created-not-uploaded-303").set_clock(double);
    double.task(&json!({"taskId": task}));
    double.claim(task);
    double.artifact(task, 0, "public/a.txt", Stored::NeverUploaded);
    double.artifact(task, 0, "public/short", Stored::Expired);
    world.by_anyone("artifact-s3-created-not-uploaded-303");
    let url = format!("{}/public-bucket/{task}/0/public/a.txt", double.bucket_root);
    let missing = at_bucket(&world, &url, |question| question);
    Recorded::named("artifact-s3-not-uploaded-GET").check(double, &missing);
    world.by_anyone("artifact-expired-410");

    let refused = at_bucket(&world, &url, |question| question.with("authorization", "Hawk id=\"x\""));
    assert_eq!((refused.status, refused.header("content-type")), (400, Some("application/xml")));
    let private = url.replace("public-bucket", "private-bucket");
    let unsigned = at_bucket(&world, &private, |question| question);
    assert!(unsigned.status == 403 && unsigned.text().contains("<Code>AccessDenied</Code>"), "{}", unsigned.text());
    double.artifact(task, 0, "private/x", Stored::log("x"));
    let get = Question::get(&format!("/api/queue/v1/task/{task}/runs/0/artifacts/private%2Fx"));
    let signed = get.signed(double, &Signing::by(&world.admin)).ask(&double.root).unwrap();
    let location = signed.header("location").unwrap();
    assert_eq!(at_bucket(&world, location, |question| question).status, 200);
    let other = location.replace("/private/x", "/private/y");
    assert_eq!(at_bucket(&world, &other, |question| question).status, 403, "it is signed for another");
    let later = double.now() + moment::minutes(31);
    double.clock(later.duration_since(jiff::Timestamp::now()));
    let late = at_bucket(&world, location, |question| question);
    assert!(late.status == 403 && late.text().contains("Request has expired"), "{}", late.text());
    assert_eq!(double.bucket_requests().len(), 6);
}
