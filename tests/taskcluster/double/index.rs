//! The index, the GitHub service, the worker manager.

use serde_json::json;

use super::{
    asking::{Question, Signing},
    queue::{PUSH, World, world},
    recorded::Recorded,
};
use crate::support::taskcluster::{Double, github::Build, moment, queue::task::Outcome};

#[test]
fn tasks_are_found_by_path_as_recorded() {
    let world = world();
    let World { double, admin, .. } = &world;
    world.again("queue-createTask");
    double.claim(PUSH);
    double.resolve(PUSH, Outcome::Completed);
    let insert = |path: &str, rank: i64, data: serde_json::Value| {
        let expires = moment::text(double.now() + moment::days(1));
        let body = json!({"taskId": PUSH, "rank": rank, "data": data, "expires": expires});
        let question = Question::new("PUT", &format!("/api/index/v1/task/{path}")).json(&body);
        assert_eq!(question.signed(double, &Signing::by(admin)).ask(&double.root).unwrap().status, 200);
    };
    insert("project.balrog.manual.latest.docker", 0, json!({"hello": 1}));
    for i in 0..4 {
        insert(&format!("project.balrog.many.n{i}"), i, json!({"i": i}));
    }
    world.by_anyone("index-findTask");
    world.again("index-insertTask-lower-rank");
    world.by_anyone("index-findTask-404");
    world.by_anyone("index-listTasks");
    world.by_anyone("index-findTask-via-route");
    world.by_anyone("index-findArtifactFromTask-303");
    world.by_anyone("index-findArtifactFromTask-private-no-creds-403");
    let said = Recorded::again("index-findArtifactFromTask-private-root-303", double, Some(admin));
    let location = said.header("location").unwrap().strip_prefix(double.root.as_str()).unwrap();
    let followed = Question::get(location).ask(&double.root).unwrap();
    assert_eq!(followed.message(), "Artifact not found", "the bewit is good");
    let namespaces = Question::get("/api/index/v1/namespaces/project.balrog").ask(&double.root).unwrap();
    Recorded::named("index-listNamespaces").check(double, &namespaces);
    let task = double.task(&json!({}));
    double.index("other.path", &task);
    let found = Question::get("/api/index/v1/task/other.path").ask(&double.root).unwrap().json();
    assert_eq!(found["taskId"], task.as_str());
    double.clock(double.now().duration_since(jiff::Timestamp::now()) + jiff::SignedDuration::from_hours(24 * 400));
    let over = Question::get("/api/index/v1/task/other.path").ask(&double.root).unwrap();
    assert_eq!((over.status, over.message().as_str()), (404, "Indexed task not found"));
}

#[test]
fn builds_are_found_by_repository_and_commit() {
    let double = Double::open();
    let build = |repository, sha, pull_request| {
        double.build(&Build {
            owner: "mozilla",
            repository,
            sha,
            task_group: format!("{sha:0>22}"),
            state: "success",
            event: "release.published",
            pull_request,
        });
    };
    build("balrog", "a1", None);
    build("balrog", "b2", None);
    build("balrog", "c3", Some(7));
    build("shipit", "d4", None);
    let found = |query: &str| {
        let said = Question::get(&format!("/api/github/v1/builds?{query}")).ask(&double.root).unwrap().json();
        let builds = said["builds"].as_array().unwrap_or_else(|| panic!("{said}")).clone();
        builds.iter().map(|build| build["sha"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found(""), ["a1", "b2", "c3", "d4"], "the oldest first");
    assert_eq!(found("organization=mozilla&repository=balrog"), ["a1", "b2", "c3"]);
    assert_eq!(found("organization=mozilla&repository=balrog&sha=a1"), ["a1"]);
    assert_eq!(found("organization=mozilla&repository=balrog&pullRequest=7"), ["c3"]);
    assert_eq!(found("organization=other"), Vec::<String>::new());
    let said = Question::get("/api/github/v1/builds?sha=a1").ask(&double.root).unwrap();
    assert_eq!(said.message(), "Must provide `repository` if querying `sha`");
}

#[test]
fn the_github_service_answers_as_recorded() {
    let World { double, admin, .. } = world();
    Recorded::again("github-repository", &double, Some(&admin));
    double.installed("mozilla/balrog");
    let said = Question::get("/api/github/v1/repository/mozilla/balrog").ask(&double.root).unwrap();
    assert_eq!(said.json(), json!({"installed": true}));
    let latest = || Question::get("/api/github/v1/repository/mozilla/balrog/main/latest").ask(&double.root).unwrap();
    assert_eq!((latest().status, latest().message().as_str()), (404, "Status not found"));
    double.latest("mozilla/balrog/main", "https://example.com/group");
    assert_eq!((latest().status, latest().header("location")), (302, Some("https://example.com/group")));

    let recorded = Recorded::named("github-renderTaskclusterYml");
    let body = recorded.question().body;
    let file = serde_json::from_slice::<serde_json::Value>(&body).unwrap()["body"].as_str().unwrap().to_owned();
    double.renders(&file, Ok(recorded.answered()));
    Recorded::again("github-renderTaskclusterYml", &double, Some(&admin));
    double.renders("version: 2", Err("unknown version"));
    let body = json!({"body": "version: 2", "fakeEvent": {"type": "github-release", "action": "published"}});
    let said = Question::new("POST", "/api/github/v1/taskcluster-yml").json(&body).ask(&double.root).unwrap();
    assert_eq!((said.status, said.message().as_str()), (400, "unknown version"));
}

#[test]
fn pools_have_definitions_and_errors() {
    let double = Double::open();
    let ask = |path: &str| Question::get(&format!("/api/worker-manager/v1/{path}")).ask(&double.root).unwrap();
    assert_eq!(ask("worker-pool/proj%2Fci").message(), "Worker pool does not exist");
    double.pool("proj/ci", &json!({"workerConfig": {"genericWorker": {}}}));
    assert_eq!(ask("worker-pool/proj%2Fci").json()["config"]["workerConfig"], json!({"genericWorker": {}}));
    assert_eq!(ask("worker-pool-errors/proj%2Fci").json()["workerPoolErrors"], json!([]));
    double.pool_error("proj/ci", "quota", "no machines");
    assert_eq!(ask("worker-pool-errors/proj%2Fci").json()["workerPoolErrors"][0]["title"], "quota");
}
