//! A release inside a task: a push makes it, a worker runs it, the secret comes through the proxy, both tags are in the
//! registry, and the record is an artifact that anybody can check. And what it says where something of that is missing.

use std::{fs, path::Path};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use windlass::{
    domain::{permission::MayWrite, task_run::TaskRun},
    taskcluster::{Deployment, File, Keep, TaskclusterError},
};

use super::deployment::by_proxy;

use crate::support::{
    project::{Project, Ran, SECRET, ran},
    registry::{PASSWORD, Registry, USER},
    screen::Screen,
    taskcluster::{
        Double,
        fault::Fault,
        github::{Build, Push},
        moment,
        queue::artifacts::Stored,
        worker::{Claimed, Done},
    },
};

pub const ARTIFACT: &str = "public/docker-image-shasum256.txt";
pub const RECORD: &str = "public/release.json";
pub const QUEUE: &str = "proj-example/ci";
pub const ROLE: &str = "repo:github.com/team/app:branch:master";
pub const RELEASE: &str = "windlass release --yes --branch master";
/// A maintainer elsewhere, who may read the secret.
pub const ME: &str = "github/1|ada";
pub const TOKEN: &str = "tokentokentokentoken44";

/// A project that is released by tasks of the double.
pub struct Factory {
    pub registry: Registry,
    pub project: Project,
    pub double: Double,
}

pub fn get() -> String {
    format!("secrets:get:{SECRET}")
}

impl Factory {
    pub fn new() -> Self {
        Self::with("")
    }

    pub fn with(more: &str) -> Self {
        Self::of_tasks("[\"release\"]", more)
    }

    /// Tasks of these names make a release; `more` is said in `[taskcluster]`.
    pub fn of_tasks(tasks: &str, more: &str) -> Self {
        let (registry, double) = (Registry::with_login(), Double::open());
        let project = Project::new(&registry);
        project.configure(&format!(
            "store = \"taskcluster\"\n\n[runner]\nkind = \"taskcluster\"\n\n[taskcluster]\nroot-url = \"{}\"\n\
             github = \"team/app\"\ntasks = {tasks}\n{more}",
            double.root
        ));
        project.commit("released by a task");
        double.secret(SECRET, json!({"username": USER, "password": PASSWORD}), double.now() + moment::days(30));
        double.role(ROLE, &[&get()]);
        double.client(ME, TOKEN, &[&get()]);
        Self { registry, project, double }
    }

    /// A push of what is checked out makes this task. Its command is run in a clone.
    pub fn push(&self, command: &str, change: impl FnOnce(&mut Value)) -> String {
        self.push_cloned(&format!("git clone --quiet file://{} app", self.project.remote().display()), command, change)
    }

    fn push_cloned(&self, clone: &str, command: &str, change: impl FnOnce(&mut Value)) -> String {
        let commit = self.project.git(&["rev-parse", "HEAD"]);
        let script = format!("set -e; {clone}; cd app; git checkout --quiet --detach {commit}; {command}");
        let mut definition = json!({
            "taskQueueId": QUEUE,
            "scopes": [get()],
            "expires": moment::text(self.double.now() + moment::days(60)),
            "payload": {
                "maxRunTime": 3600,
                "features": {"taskclusterProxy": true},
                "command": ["/bin/sh", "-c", script],
            },
            "metadata": {
                "name": "release", "owner": "ada@example.org", "source": "https://github.com/team/app", "description": "",
            },
        });
        change(&mut definition);
        let task = self.double.task(&definition);
        self.double.build(&Build {
            owner: "team",
            repository: "app",
            sha: commit.leak(),
            task_group: task.clone(),
            state: "pending",
            event: "push",
            pull_request: None,
        });
        task
    }

    /// A worker runs the task that is pending, in a home that nobody used before.
    pub fn work(&self) -> Done {
        self.run(self.double.work(QUEUE))
    }

    pub fn run(&self, claimed: Claimed) -> Done {
        let home = tempfile::tempdir().unwrap();
        let windlass = Path::new(env!("CARGO_BIN_EXE_windlass")).parent().unwrap().display().to_string();
        let path = format!("{windlass}:{}", std::env::var("PATH").unwrap());
        let engine = std::env::var("DOCKER_HOST").ok();
        let engine = engine.iter().map(|host| ("DOCKER_HOST", host.as_str()));
        let image: Vec<(&str, &str)> =
            [("PATH", path.as_str()), ("LANG", "C.UTF-8")].into_iter().chain(engine).collect();
        let task = claimed.task.clone();
        let done = claimed.run(home.path(), &image);
        self.double.build_state(&task, if done.reported == ("completed", 200) { "success" } else { "failure" });
        assert!(!done.log.contains(PASSWORD), "{}", done.log);
        done
    }

    /// The program of a maintainer elsewhere.
    pub fn outside(&self, arguments: &[&str]) -> std::process::Command {
        let mut program = self.project.program(arguments);
        program.env("TASKCLUSTER_ROOT_URL", &self.double.root);
        program.env("TASKCLUSTER_CLIENT_ID", ME).env("TASKCLUSTER_ACCESS_TOKEN", TOKEN);
        program
    }

    pub fn elsewhere(&self, arguments: &[&str]) -> Ran {
        ran(&mut self.outside(arguments))
    }

    pub fn artifact(&self, task: &str, run: usize, name: &str) -> Option<String> {
        let bytes = self.double.uploaded(task, run, name)?;
        Some(String::from_utf8(bytes).unwrap())
    }

    /// What the registry has of it, in the order of the alphabet.
    pub fn tags(&self) -> Vec<String> {
        let output = std::process::Command::new("skopeo")
            .args(["list-tags", "--tls-verify=false", "--creds", &format!("{USER}:{PASSWORD}")])
            .arg(format!("docker://{}", self.project.repository))
            .output()
            .unwrap();
        let listed: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        listed["Tags"].as_array().into_iter().flatten().map(|tag| tag.as_str().unwrap().to_owned()).collect()
    }
}

/// The tags that outside are said to be what was recorded.
#[track_caller]
fn matches(factory: &Factory, task: &str) -> Vec<String> {
    let table = factory.elsewhere(&["tags", "--fresh", "--json"]).exits(0).json();
    let rows = table["rows"].as_array().unwrap();
    for row in rows {
        assert_eq!((&row["verdict"], &row["record"]["release"]), (&"match".into(), &task.into()), "{table}");
        assert_eq!(row["record"]["source"], format!("{ARTIFACT} of task {task}, run 0").as_str());
    }
    rows.iter().map(|row| row["tag"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_push_is_released_by_its_task_and_anybody_can_check_it() {
    let factory = Factory::new();
    // Credentials that are there are not sent to the proxy, which would refuse them.
    let mine = json!({"TASKCLUSTER_CLIENT_ID": ME, "TASKCLUSTER_ACCESS_TOKEN": TOKEN});
    let task = factory.push(&format!("{RELEASE}; windlass show @; windlass doctor client"), |definition| {
        definition["payload"]["env"] = mine;
    });
    let done = factory.work();
    assert_eq!(done.reported, ("completed", 200), "{}", done.log);
    assert!(done.log.contains("in the name of this task"), "{}", done.log);
    assert!(done.log.contains(&format!("{ARTIFACT}, {RECORD} of task {task}, run 0, until ")), "{}", done.log);
    assert!(done.log.contains(&format!("in task {task}, run 0")), "{}", done.log);

    // The seed's artifact: the image id as the engine shows it, and nothing else.
    let shasum = factory.artifact(&task, 0, ARTIFACT).unwrap();
    assert!(shasum.len() == 71 && shasum.starts_with("sha256:"), "{shasum:?}");
    let record: Value = serde_json::from_str(&factory.artifact(&task, 0, RECORD).unwrap()).unwrap();
    assert_eq!((&record["image_id"], &record["runner"]), (&shasum.as_str().into(), &"local".into()));
    assert_eq!((&record["task"], &record["review"]), (&json!({"task": task, "run": 0}), &"reviewed".into()));
    let put: Vec<_> = factory.double.bucket_requests().into_iter().filter(|asked| asked.method == "PUT").collect();
    assert_eq!(put.len(), 3, "two artifacts and the log: {put:?}");
    let created = |name: &str| {
        let asked = factory.double.requests().into_iter().find(|asked| asked.path.ends_with(&name.replace('/', "%2F")));
        serde_json::from_slice::<Value>(&asked.unwrap().body).unwrap()
    };
    let (text, whole) = (created(ARTIFACT), created(RECORD));
    assert_eq!((&text["contentType"], &text["storageType"]), (&"text/plain".into(), &"s3".into()));
    assert_eq!(whole["contentType"], "application/json");
    // A year is longer than the task is kept.
    let ends: Timestamp = text["expires"].as_str().unwrap().parse().unwrap();
    let kept = ends.duration_since(factory.double.now()).as_secs();
    assert!((59 * 86_400..=60 * 86_400).contains(&kept), "{kept}");

    // All that was asked of Taskcluster was asked through the proxy, in the task's name.
    assert!(done.asked.iter().any(|asked| asked.starts_with("GET /api/secrets/v1/secret/")), "{:?}", done.asked);
    let mut tags = factory.tags();
    let outside = factory.elsewhere(&["verify", "latest"]).exits(3);
    assert!(
        outside.stderr.contains("windlass secret bind"),
        "outside, nobody said what the secret is for: {outside:?}"
    );
    factory.elsewhere(&["secret", "bind"]).exits(0);
    let mut shown = matches(&factory, &task);
    tags.sort();
    shown.sort();
    assert_eq!((shown.len(), &shown), (2, &tags));
    for tag in &tags {
        factory.elsewhere(&["verify", tag]).exits(0);
    }
    assert_eq!(factory.elsewhere(&["show", &task, "--json"]).exits(0).json()["image_id"], shasum.as_str());
    let log = factory.elsewhere(&["log", &task]).exits(0).stdout;
    assert!(log.contains("=== Task Finished ==="), "{log}");
    let mut console = Screen::start(&factory.outside(&[]), 160, 40);
    console.press("2");
    console
        .until("both tags match", |screen| screen.contents().lines().filter(|row| row.contains("match")).count() >= 2);
    console.press("q");
    console.end();
}

/// What the image of a builder does here: with the engine of this machine.
const BUILD: &str = "set -e; git clone --quiet \"$REPOSITORY_URL\" source; cd source; git checkout --quiet --detach \"$COMMIT\"; \
                     DOCKER_BUILDKIT=1 /usr/bin/docker build --quiet --tag \"built:$COMMIT\" \"$CONTEXT\"; \
                     /usr/bin/docker save --output \"$ARCHIVE\" \"built:$COMMIT\"; /usr/bin/docker rmi --force \"built:$COMMIT\"";

/// The whole way of a new project: the definition that init writes, the grants that it makes, a push, a task that builds and
/// may do nothing, one that pushes what the first left and runs none of it, and the verdict.
#[test]
fn the_definition_that_init_writes_builds_in_one_task_and_pushes_in_another() {
    let factory = Factory::of_tasks("[\"docker-image-*\", \"push-image-*\"]", "");
    let (project, double) = (&factory.project, &factory.double);
    // A builder without an engine is an image of its own; this one has a script in it.
    let builder = project.folder().join("build.sh");
    fs::write(&builder, BUILD).unwrap();
    let builder = format!("sh {}", builder.display());
    project
        .windlass(
            &[
                &["init", "--taskcluster", "--yes", "--pool", QUEUE, "--windlass-image", "team/windlass"][..],
                &["--build-image", "team/builder", "--build-command", &builder],
            ]
            .concat(),
        )
        .exits(0);
    let sha: &'static str = project.commit("tasks").leak();
    let text = fs::read_to_string(project.path(".taskcluster.yml")).unwrap();
    let clone_url = format!("file://{}", project.remote().display());
    let push = Push { owner: "team", repository: "app", branch: "master", sha, clone_url: &clone_url };
    // The role may read the secret, and make no task: which the service tells in a comment alone.
    let refused = double.pushed(&push, &text).unwrap_err();
    assert!(refused.contains("queue:create-task:"), "{refused}");
    let may = factory.elsewhere(&["doctor", "yml", "--json"]).json();
    assert!(may["checks"][0]["evidence"].as_str().unwrap().contains("queue:create-task:"), "{may}");

    double.role(ROLE, &[&get(), &format!("queue:create-task:low:{QUEUE}"), "queue:create-task:project:none"]);
    let may = factory.elsewhere(&["doctor", "yml", "--json"]).json();
    assert_eq!(may["checks"][0]["outcome"], "pass", "{may}");
    let [build, release] = &double.pushed(&push, &text).unwrap()[..] else { panic!("two tasks: {text}") };
    let first = factory.work();
    assert_eq!(first.reported, ("completed", 200), "{}", first.log);
    assert!(first.asked.is_empty(), "it has no proxy");
    let pushed = factory.run(double.work(QUEUE));
    assert_eq!(pushed.reported, ("completed", 200), "{}", pushed.log);
    let shasum = factory.artifact(release, 0, ARTIFACT).unwrap();
    let record: Value = serde_json::from_str(&factory.artifact(release, 0, RECORD).unwrap()).unwrap();
    assert_eq!((&record["image_id"], &record["commit"]), (&shasum.as_str().into(), &sha.into()));
    factory.elsewhere(&["secret", "bind"]).exits(0);
    let table = factory.elsewhere(&["tags", "--fresh", "--json"]).exits(0).json();
    let rows = table["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{table}");
    for row in rows {
        assert_eq!(
            (&row["verdict"], &row["record"]["image_id"]),
            (&"match".into(), &shasum.as_str().into()),
            "{table}"
        );
    }
    let shown = factory.elsewhere(&["show", build, "--json"]).exits(0).json();
    assert_eq!((&shown["state"], &shown["image_id"]), (&"succeeded".into(), &shasum.as_str().into()));
}

#[test]
fn the_record_may_be_kept_by_the_object_service() {
    let factory = Factory::with("storage = \"object\"\nartifact-expires = \"1 week\"\n");
    let task = factory.push(RELEASE, |_| {});
    let done = factory.work();
    assert_eq!(done.reported, ("completed", 200), "{}", done.log);
    let asked = |path: &str| factory.double.requests().into_iter().filter(|asked| asked.path.contains(path)).count();
    assert_eq!((asked("/upload/"), asked("/finish-upload/")), (2, 2));
    factory.elsewhere(&["secret", "bind"]).exits(0);
    assert_eq!(matches(&factory, &task).len(), 2);
    // The uploader's credentials do not go through the proxy, which would sign as the task.
    assert!(done.asked.iter().all(|asked| !asked.contains("/api/object/")), "{:?}", done.asked);
}

#[tokio::test]
async fn files_of_any_size_arrive_whole_however_often_it_takes() {
    let factory = Factory::new();
    let task = factory.push(RELEASE, |_| {});
    let claimed = factory.double.work(QUEUE);
    let proxy = claimed.proxy().unwrap();
    let deployment = by_proxy(&factory.double.root, &proxy.url);
    let run = TaskRun { task: task.parse().unwrap(), run: 0 };
    let permit = MayWrite::unless(false).unwrap();
    let expires = factory.double.now() + moment::days(1);
    for keep in [Keep::InBucket, Keep::AsObject] {
        for (size, put) in [(0, keep == Keep::InBucket), (8191, keep == Keep::InBucket), (8192, true), (300_000, true)]
        {
            let name = format!("public/{keep:?}/{size}.bin");
            let bytes: Vec<u8> = (0..size).map(|n: u32| n.to_le_bytes()[0]).collect();
            let file = File { name: name.clone(), media: "application/x-test", bytes: bytes.clone().into(), expires };
            let before = factory.double.bucket_requests().len();
            // Every part of it goes wrong once, and its first five times: the sixth is the last.
            if size == 300_000 {
                factory.double.fault("POST", "/runs/0/artifacts/", Fault::Html500, 5);
                factory.double.fault("PUT", "-bucket/", Fault::Lost, 1);
                factory.double.fault("PUT", "/upload/", Fault::Lost, 1);
                factory.double.fault("POST", "/finish-upload/", Fault::Lost, 1);
                factory.double.fault("PUT", "/runs/0/artifacts/", Fault::Lost, 1);
            }
            deployment.attach(&run, &file, keep, permit).await.unwrap();
            assert_eq!(factory.double.bucket_requests().len() > before, put, "{name}");
            let read = deployment.read_small(&run.task, Some(0), &name, 1_000_000).await.unwrap();
            assert!(read == bytes, "{name}");
        }
    }
    let name = "public/more.bin".to_owned();
    let file = File { name, media: "text/plain", bytes: "x".into(), expires };
    factory.double.fault("POST", "/runs/0/artifacts/", Fault::Html500, 6);
    let error = deployment.attach(&run, &file, Keep::InBucket, permit).await.unwrap_err();
    assert_eq!(error.status(), Some(500), "{error}");
    // What is not within the task's scopes the proxy does not get either.
    let error = deployment.secret_history("x").await.unwrap_err();
    assert!(error.is_denied() && error.to_string().contains("task-client/"), "{error}");
    let other = TaskRun { run: 1, ..run };
    let error = deployment.attach(&other, &file, Keep::InBucket, permit).await.unwrap_err();
    assert!(error.to_string().contains(&format!("queue:create-artifact:{task}/1")), "{error}");
    // Answers that lead elsewhere are given as they are.
    let led = Fault::Status { code: 302, media: "text/html", body: "moved" };
    factory.double.fault("GET", "/status", led, 1);
    assert_eq!(deployment.status(&other.task).await.unwrap_err().status(), Some(302));
}

/// Runs the task, which fails, and gives what it told.
#[track_caller]
pub fn fails(factory: &Factory) -> String {
    let done = factory.work();
    assert_eq!(done.reported.0, "failed", "{}", done.log);
    done.log
}

#[track_caller]
pub fn says(log: &str, words: &[&str]) {
    for word in words {
        assert!(log.contains(word), "no `{word}` in {log}");
    }
}

#[test]
fn who_lacks_which_scope_is_told() {
    let factory = Factory::new();
    let scope = get();
    let no_scopes = |definition: &mut Value| definition["scopes"] = json!([]);
    // The role may, and the task does not ask for it.
    factory.push(RELEASE, no_scopes);
    let log = fails(&factory);
    says(
        &log,
        &["may not read the secret", &format!("the task's `scopes` do not have {scope}"), ROLE, ".taskcluster.yml"],
    );
    says(&log, &["windlass doctor yml"]);
    // The role may not.
    factory.double.role(ROLE, &["queue:route:x"]);
    factory.push(RELEASE, no_scopes);
    let log = fails(&factory);
    says(&log, &[&format!("the role {ROLE} lacks {scope}"), &format!("have {scope} granted to the role {ROLE}")]);
    says(&log, &["windlass doctor grants"]);
    // The task has its role as a scope, which does not give it.
    let assumes = |definition: &mut Value| definition["scopes"] = json!([format!("assume:{ROLE}")]);
    factory.push(RELEASE, assumes);
    says(&fails(&factory), &[&format!("the role {ROLE} lacks {scope}")]);
    // Nobody may look into roles.
    factory.double.anonymous(&["queue:get-task:*", "queue:status:*"]);
    factory.push(RELEASE, no_scopes);
    says(&fails(&factory), &[&format!("whether the role {ROLE} may give it is not known")]);
    assert_eq!(factory.tags(), Vec::<String>::new());
}

#[test]
fn without_the_proxy_or_with_the_vault_it_says_what_to_set() {
    let factory = Factory::new();
    factory.push(RELEASE, |definition| definition["payload"]["features"] = json!({}));
    says(&fails(&factory), &["TASKCLUSTER_PROXY_URL is not set", "features.taskclusterProxy: true"]);
    factory.project.configure("");
    factory.project.commit("the login is in the vault");
    factory.push(RELEASE, |_| {});
    says(&fails(&factory), &["cannot be read inside a task", "[secret] store = \"taskcluster\"", &get()]);
}

#[test]
fn a_run_that_is_over_releases_nothing() {
    let factory = Factory::new();
    let soon = moment::text(factory.double.now() + moment::minutes(5));
    factory.push(RELEASE, |definition| definition["deadline"] = soon.into());
    let claimed = factory.double.work(QUEUE);
    factory.double.clock(SignedDuration::from_mins(7));
    let done = factory.run(claimed);
    says(&done.log, &["run 0 is over", "its deadline passed", "windlass doctor dates"]);
    assert_eq!(done.reported, ("failed", 409));

    let task = factory.push(RELEASE, |_| {});
    let claimed = factory.double.work(QUEUE);
    factory.double.clock(SignedDuration::from_mins(7 + 21));
    let done = factory.run(claimed);
    says(&done.log, &["run 0 is over", "its worker vanished", "another run"]);
    // Much later not even its credentials are accepted.
    let claimed = factory.double.work(QUEUE);
    assert_eq!((claimed.task.as_str(), claimed.run), (task.as_str(), 1));
    factory.double.clock(SignedDuration::from_mins(28 + 31));
    let done = factory.run(claimed);
    says(&done.log, &["run 1 has lost its credentials", "have the task run again"]);
    assert_eq!(factory.tags(), Vec::<String>::new());
}

#[test]
fn a_run_that_ends_while_it_builds_pushes_nothing() {
    let factory = Factory::new();
    factory.double.fault("GET", "/secret/", Fault::Clock(SignedDuration::from_mins(21)), 1);
    factory.push(RELEASE, |_| {});
    let done = factory.work();
    says(&done.log, &["✓ build", "run 0 is over", "its worker vanished, and the queue began another run"]);
    says(&done.log, &["leave it to that run"]);
    assert_eq!(done.reported, ("failed", 409));
    assert_eq!(factory.tags(), Vec::<String>::new());
}

#[test]
fn credentials_that_ended_are_no_missing_scope() {
    let factory = Factory::new();
    // The run is looked at, and then its claim ends.
    factory.double.fault("GET", "/status", Fault::Clock(SignedDuration::from_mins(31)), 1);
    factory.push(RELEASE, |_| {});
    says(&fails(&factory), &["run 0 has lost its credentials", "have the task run again"]);
}

#[test]
fn a_run_that_ends_before_its_record_is_attached_says_so() {
    let factory = Factory::new();
    factory.double.fault("POST", &ARTIFACT.replace('/', "%2F"), Fault::Clock(SignedDuration::from_mins(31)), 1);
    let task = factory.push(RELEASE, |_| {});
    let done = factory.work();
    says(&done.log, &[&format!("{RECORD} was not attached to task {task}, run 0"), "has lost its credentials"]);
    assert_eq!((factory.tags().len(), factory.artifact(&task, 0, RECORD)), (2, None));
}

#[test]
fn artifacts_that_are_refused_are_explained_and_made_later() {
    let factory = Factory::new();
    let body = "{\"code\":\"InsufficientScopes\",\"message\":\"Client ID x does not have sufficient scopes and is missing \
                the following scopes:\\n\\n```\\nqueue:create-artifact:x/0\\n```\"}";
    let refused = Fault::Status { code: 403, media: "application/json; charset=utf-8", body };
    factory.double.fault("POST", &ARTIFACT.replace('/', "%2F"), refused, 1);
    // What is down comes up again before the last of six tries.
    factory.double.fault("POST", &RECORD.replace('/', "%2F"), Fault::Html500, 3);
    let again = format!("({RELEASE} || true); windlass show @; windlass rerun @ --from record --yes");
    let task = factory.push(&again, |_| {});
    let done = factory.work();
    assert_eq!(done.reported, ("completed", 200), "{}", done.log);
    let refused = format!("{ARTIFACT} was not attached to task {task}, run 0");
    says(&done.log, &[&refused, "queue:create-artifact:x/0", "--from record"]);
    assert_eq!(factory.artifact(&task, 0, ARTIFACT).unwrap().len(), 71);
    assert_eq!(factory.tags().len(), 2);
    factory.elsewhere(&["secret", "bind"]).exits(0);
    assert_eq!(matches(&factory, &task).len(), 2);

    // Another step of the task made something of that name.
    let task = factory.push(RELEASE, |_| {});
    let claimed = factory.double.work(QUEUE);
    factory.double.artifact(&task, 0, ARTIFACT, Stored::S3 { bytes: b"x".to_vec(), media: "text/html", gzip: false });
    let done = factory.run(claimed);
    says(&done.log, &["was not attached", "another artifact of that name", "[taskcluster] artifact"]);
}

#[test]
fn an_object_that_an_earlier_attempt_left_is_enough() {
    let factory = Factory::with("storage = \"object\"\n");
    factory.double.fault(
        "POST",
        &RECORD.replace('/', "%2F"),
        Fault::Status { code: 404, media: "text/plain", body: "" },
        1,
    );
    let again =
        format!("({RELEASE} || true); windlass rerun @ --from record --yes; windlass rerun @ --from record --yes");
    let task = factory.push(&again, |_| {});
    let done = factory.work();
    assert_eq!(done.reported, ("completed", 200), "{}", done.log);
    says(&done.log, &[&format!("{RECORD} was not attached")]);
    factory.elsewhere(&["secret", "bind"]).exits(0);
    assert_eq!(matches(&factory, &task).len(), 2);
}

#[test]
fn a_shallow_clone_without_branches_is_told_from_one_that_proves_nothing() {
    let factory = Factory::new();
    let commit = factory.project.git(&["rev-parse", "HEAD"]);
    let remote = factory.project.remote().display().to_string();
    let shallow = format!(
        "git init --quiet app; git -C app remote add origin file://{remote}; \
         git -C app fetch --quiet --depth 1 origin {commit}"
    );
    factory.project.git_in(&factory.project.remote(), &["config", "uploadpack.allowAnySHA1InWant", "true"]);
    factory.push_cloned(&shallow, RELEASE, |_| {});
    let done = factory.work();
    assert_eq!(done.reported, ("completed", 200), "{}", done.log);
    // Without the branch's name, and with the branch gone on, nothing shows that the commit is on it.
    factory.push_cloned(&shallow, "windlass release --yes", |_| {});
    factory.project.commit("master goes on");
    let log = fails(&factory);
    says(&log, &["--branch", "shallow"]);
    factory.project.git(&["checkout", "--quiet", &commit]);
    factory.push_cloned(&shallow, RELEASE, |_| {});
    let log = fails(&factory);
    says(&log, &["this clone is shallow", "git fetch --unshallow"]);
    factory.project.git(&["checkout", "--quiet", "master"]);
    assert_eq!(factory.tags().len(), 2, "of the first alone");
}

#[test]
fn plain_http_goes_to_the_proxy_that_the_environment_names_alone() {
    let deployment = by_proxy("https://tc.example", "http://taskcluster/");
    assert!(deployment.is_by_proxy() && !deployment.anonymously().is_by_proxy());
    let no = std::sync::Arc::new(|_: &str| false);
    let refused = Deployment::new("http://taskcluster".parse().unwrap(), None, no).err().unwrap();
    assert!(matches!(refused, TaskclusterError::Distrusted { .. }), "{refused}");
}

#[test]
fn what_the_task_says_of_itself_must_be_a_task() {
    let factory = Factory::new();
    let mut program = factory.outside(&["release", "--yes", "--json"]);
    let refused = ran(program.env("TASK_ID", "x").env("RUN_ID", "0")).exits(2).error();
    assert!(refused["why"].as_str().unwrap().starts_with("TASK_ID: "), "{refused}");
    // One of the two alone is somebody's own variable: then it is no task, and credentials are what they were.
    let mut program = factory.outside(&["release", "--dry-run", "--json"]);
    let begins = ran(program.env("TASK_ID", "fN1SbArXTPSVFNUvaOlinQ")).exits(0).stdout;
    assert!(begins.contains("windlass.trigger-plan/1"), "it begins one there: {begins}");
    assert!(!fs::exists(factory.project.home().join("bindings.toml")).unwrap());
    drop(factory.registry);
}
