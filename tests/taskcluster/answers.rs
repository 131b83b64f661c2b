//! What the real services were recorded to answer, read by the client: each recording in `recorded/` that answers what
//! the client asks.

use std::{fs, path::Path};

use serde_json::Value;
use windlass::{
    domain::{digest::Digest, failure::Failure, shasum::Shasum, task::TaskId},
    taskcluster::{Deployment, Event, TaskclusterError},
};

use super::deployment::at;
use crate::support::http::{Answer, Request, Server};

/// The root URL in the recordings.
const ROOT: &str = "https://tc.example";

/// A server that answers as it was recorded, and a client of it.
struct Recorded {
    deployment: Deployment,
    _server: Server,
}

impl Recorded {
    fn of(names: &[&str]) -> Self {
        let recordings: Vec<Value> = names
            .iter()
            .map(|name| {
                let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/taskcluster/recorded");
                let text = fs::read(folder.join(format!("{name}.json"))).unwrap_or_else(|e| panic!("{name}: {e}"));
                serde_json::from_slice(&text).unwrap()
            })
            .collect();
        let server = Server::answering(|host| {
            let root = format!("http://{host}");
            move |request: &Request| {
                let asked = |recording: &&Value| {
                    let recorded = &recording["request"];
                    recorded["method"] == request.method.as_str()
                        && place(recorded["path"].as_str().unwrap()) == place(&request.path)
                };
                let Some(recording) = recordings.iter().find(asked) else {
                    return Answer::status(404).body("it was not recorded");
                };
                let response = &recording["response"];
                let body = match (&response["body"], &response["body_text"]) {
                    (Value::Null, Value::Null) => String::new(),
                    (Value::Null, text) => text.as_str().unwrap().to_owned(),
                    (json, _) => json.to_string(),
                };
                let status = u16::try_from(response["status"].as_u64().unwrap()).unwrap();
                let headers = response["headers"].as_object().unwrap().iter();
                headers.fold(Answer::status(status).body(body.replace(ROOT, &root)), |answer, (name, value)| {
                    answer.header(name, value.as_str().unwrap())
                })
            }
        });
        Self { deployment: at(&format!("http://{}", server.host), None), _server: server }
    }
}

/// The path, and of the query what tells pages apart.
fn place(path: &str) -> (&str, Option<&str>) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    (path, query.split('&').find_map(|part| part.strip_prefix("continuationToken=")))
}

fn id(text: &str) -> TaskId {
    text.parse().unwrap()
}

fn why(error: TaskclusterError) -> String {
    Failure::from(error).why
}

const TASK: &str = "f18OCIBgRoSL6-8OrQg82Q";

#[tokio::test]
async fn how_tasks_stand() {
    let now = "2026-11-23T06:30:00Z".parse().unwrap();
    for (name, task, words) in [
        ("queue-status-unscheduled", "TF1RgJ31QB-tvvB3MCA40A", "waits for the tasks that it depends on"),
        ("queue-status-pending", TASK, "pending: waits for a worker"),
        ("queue-status-running", TASK, "running"),
        ("queue-status-completed", TASK, "completed"),
        ("queue-status-rerun", TASK, "pending: it was asked for once more, run 1"),
        ("queue-status-canceled", "TF1RgJ31QB-tvvB3MCA40A", "cancelled"),
        ("queue-status-dependent-now-pending", "TF1RgJ31QB-tvvB3MCA40A", "pending: waits for a worker"),
        (
            "queue-status-after-exception-retry",
            "LHIFqN2-Twa_NSAVguP9dw",
            "pending: the queue tries it again (4 tries left), run 1",
        ),
        ("queue-status-deadline-exceeded", "Bk0-03ByQ_6FHhk2x-mU3g", "its deadline passed before it ended"),
    ] {
        let status = Recorded::of(&[name]).deployment.status(&id(task)).await.unwrap();
        assert_eq!(status.words(now), words, "{name}");
    }
    let batch = Recorded::of(&["queue-statuses-batch"]);
    let statuses = batch.deployment.statuses(&[id(TASK)]).await.unwrap();
    assert_eq!(
        statuses.iter().map(|status| status.words(now)).collect::<Vec<_>>(),
        ["pending: waits for a worker", "waits for the tasks that it depends on"]
    );
    let counts = Recorded::of(&["queue-taskQueueCounts"]).deployment.counts("proj-balrog/ci").await.unwrap();
    assert_eq!((counts.pending, counts.claimed), (3, Some(0)));
}

#[tokio::test]
async fn tasks_and_groups() {
    let queue = Recorded::of(&[
        "queue-task",
        "queue-status-completed",
        "queue-listTaskGroup",
        "queue-getTaskGroup",
        "queue-listTaskGroup-404",
        "bad-creds-on-anonymous-scoped-task",
    ]);
    let task = queue.deployment.task(&id(TASK)).await.unwrap();
    assert_eq!(task.name(), "Balrog Docker Image Creation");
    assert_eq!(task.definition.payload["maxRunTime"], 1800);
    assert_eq!(task.status.runs[0].worker_id.as_deref(), Some("host-1"));
    let tasks = queue.deployment.task_group(&id(TASK)).await.unwrap();
    let ids: Vec<&str> = tasks.iter().map(|task| task.id().as_str()).collect();
    assert_eq!(ids, [TASK, "TF1RgJ31QB-tvvB3MCA40A", "LHIFqN2-Twa_NSAVguP9dw"], "in the order of their creation");
    let group = queue.deployment.group(&id(TASK)).await.unwrap();
    assert_eq!((group.scheduler_id.as_str(), group.sealed), ("taskcluster-github", None));
    let absent = queue.deployment.task_group(&id("AD-pliaATO2dXhpMB0Z6vg")).await.unwrap_err();
    assert!(absent.is_absent());
    assert_eq!(
        why(absent),
        "queue answers 404 ResourceNotFound: No task-group with taskGroupId: `AD-pliaATO2dXhpMB0Z6vg`"
    );
}

#[tokio::test]
async fn artifacts() {
    let queue = Recorded::of(&[
        "listArtifacts",
        "artifactInfo",
        "artifactContent-live.log",
        "artifactContent-missing.txt",
        "artifactContent-object.bin",
        "artifactContent-private",
        "object-startDownload",
        "artifact-s3-not-uploaded-GET",
    ]);
    let task = id(TASK);
    let listed = queue.deployment.artifacts(&task, Some(0)).await.unwrap();
    assert_eq!(listed.len(), 8);
    let info = queue.deployment.artifact(&task, Some(0), "public/docker-image-shasum256.txt").await.unwrap();
    assert!(listed.contains(&info), "{info:?}");
    let told = async |name| why(queue.deployment.read_small(&task, Some(0), name, 100).await.unwrap_err());
    assert_eq!(told("public/missing.txt").await, "file-missing-on-worker: could not find file");
    // Where the bytes are is read; they were not recorded.
    for name in ["public/logs/live.log", "private/secret.txt", "public/object.bin"] {
        let told = told(name).await;
        assert!(told.ends_with(" answers 404: it was not recorded"), "{told}");
    }
    let pages = Recorded::of(&["listArtifacts-limit3", "listArtifacts-continue"]);
    let more = pages.deployment.artifacts(&task, Some(0)).await.unwrap_err();
    assert_eq!(more.status(), Some(404), "the third page was not recorded: {more}");
    assert!(more.is_of_nobody(), "{more}");
}

#[tokio::test]
async fn the_old_digest_file() {
    let bucket = Recorded::of(&["artifact-s3-GET"]);
    let url =
        bucket.deployment.root().below("/public-bucket/f18OCIBgRoSL6-8OrQg82Q/0/public/docker-image-shasum256.txt");
    let queue =
        Server::answering(|_| move |_: &Request| Answer::json(&format!(r#"{{"storageType":"s3","url":"{url}"}}"#)));
    let deployment = at(&format!("http://{}", queue.host), None);
    let file = deployment.read_small(&id(TASK), Some(0), "public/docker-image-shasum256.txt", 100).await.unwrap();
    let digest: Digest = "sha256:6105d6cc76af400325e94d588ce511be5bfdbb73b437dc51eca43917d7a43e3d".parse().unwrap();
    assert_eq!(Shasum::read(&file), Shasum::One(digest));
}

#[tokio::test]
async fn paths_hooks_and_builds() {
    let index = Recorded::of(&["index-findTask", "index-findTask-via-route", "index-findTask-404"]);
    for path in ["project.balrog.manual.latest.docker", "project.balrog.v1.branch.master.latest.docker"] {
        assert_eq!(index.deployment.indexed(path).await.unwrap().as_str(), TASK);
    }
    let absent = why(index.deployment.indexed("project.balrog.nope").await.unwrap_err());
    assert_eq!(absent, "index answers 404 ResourceNotFound: Indexed task not found");

    let hooks = Recorded::of(&["hooks-hook", "hooks-listLastFires"]);
    let hook = hooks.deployment.hook("project-balrog", "docker").await.unwrap();
    assert_eq!((hook.metadata.description.as_str(), &hook.trigger_schema["required"][0]), ("builds", &"msg".into()));
    let fires = hooks.deployment.last_fires("project-balrog", "docker").await.unwrap();
    assert_eq!((fires[0].task.as_str(), fires[0].error.as_deref()), ("cP0vkI0kSkmkII8UFs2KuA", None));

    let github = Recorded::of(&["github-repository", "github-renderTaskclusterYml"]);
    assert!(!github.deployment.is_installed("mozilla", "balrog").await.unwrap());
    let event = Event { tasks_for: "github-push", action: None, overrides: serde_json::json!({}) };
    let rendered = github.deployment.render("version: 1", &event, "mozilla", "balrog").await.unwrap();
    assert_eq!(rendered.tasks[0].1["metadata"]["name"], "n");
    assert!(rendered.scopes.satisfy("assume:repo:github.com/mozilla/balrog:branch:main"));
}

#[tokio::test]
async fn scopes_clients_and_secrets() {
    Recorded::of(&["x-taskcluster-trace-id"]).deployment.ping().await.unwrap();
    for name in ["anon", "authorizedScopes", "authorizedScopes-empty", "balrog", "temp-named"] {
        let scopes = Recorded::of(&[&format!("ok-currentScopes-{name}")]).deployment.current_scopes().await.unwrap();
        assert!(scopes.satisfy("assume:anonymous"), "{name}");
    }
    for (name, scope) in [
        ("auth-expandScopes", "queue:create-task:highest:proj-x/ci"),
        ("auth-expandScopes-param", "assume:project:foo:bar"),
    ] {
        let scopes = Recorded::of(&[name]).deployment.expand(&["assume:it".to_owned()]).await.unwrap();
        assert!(scopes.satisfy(scope), "{name}: {scopes:?}");
    }
    let client = Recorded::of(&["auth-client"]).deployment.client("project/example/balrog").await.unwrap();
    assert!(!client.disabled && !client.expanded_scopes.is_empty());
    for name in ["secrets-list-all", "secrets-list-anonymous", "secrets-list-after-expiry"] {
        let names = Recorded::of(&[name]).deployment.secret_names().await.unwrap();
        assert!(names.names.iter().any(|name| name.as_str() == "project/example/allowed"), "{name}");
    }
    for (name, secret, told) in [
        ("secrets-get-404-missing", "project/example/nope", "secrets answers 404 ResourceNotFound: Secret not found"),
        ("secrets-get-expired", "project/example/soon", "secrets answers 404 ResourceNotFound: Secret not found"),
        (
            "secrets-get-403-anonymous",
            "repo:github.com/mozilla/balrog:dockerhub",
            "anybody needs secrets:get:repo:github.com/mozilla/balrog:dockerhub for that, and this was asked without \
             credentials",
        ),
    ] {
        let refused = Recorded::of(&[name]).deployment.secret(&secret.parse().unwrap()).await.unwrap_err();
        assert_eq!(why(refused), told, "{name}");
    }
    let recorded = Recorded::of(&["secrets-get-limited-client-allowed"]);
    let secret = recorded.deployment.secret(&"project/example/allowed".parse().unwrap()).await.unwrap();
    assert_eq!(secret.document.keys(), ["/k", "/n", "/nested/a"]);
}
