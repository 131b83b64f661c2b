//! `windlass doctor` on a project that releases on Taskcluster: what each check says where all is well, and of each thing
//! that can be wrong.

use std::process::Command;

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{
    project::{Project, SECRET, ran},
    registry::{PASSWORD, Registry, USER},
    said::Said,
    taskcluster::{
        Double,
        credentials::Credentials,
        fault::Fault,
        github::Build,
        moment,
        queue::{artifacts::Stored, task::Outcome},
    },
};

const YML: &str = "version: 1\ntasks: []\n";
pub const ROLE: &str = "repo:github.com/o/r:branch:master";
/// What the role of a branch needs to make the task of these tests.
pub const MAKES: [&str; 2] = ["queue:create-task:project:none", "queue:create-task:lowest:proj/ci"];
/// A push to a branch that is released.
const PUSH: &str = r#"tasks_for == "github-push" && event.ref in ["refs/heads/master", "refs/heads/release/1"]"#;
/// The checks of Taskcluster, but for `client`, which warns those who are nobody there.
const CHECKS: [&str; 6] = ["cluster", "github", "grants", "yml", "pool", "dates"];

pub struct World {
    pub double: Double,
    pub project: Project,
}

impl World {
    /// A project whose last push was built, on a deployment that anybody may look at.
    pub fn new() -> Self {
        Self::on(Double::open())
    }

    pub fn on(double: Double) -> Self {
        // Whoever asks the registry has one.
        Self::of(double, Project::at("127.0.0.1:9"))
    }

    fn of(double: Double, project: Project) -> Self {
        let root = &double.root;
        project.configure(&format!(
            "store = \"taskcluster\"\n\n[runner]\nkind = \"taskcluster\"\n\n[taskcluster]\nroot-url = \"{root}\"\ngithub = \"o/r\"\n\
             tasks = [\"push-*\"]\n"
        ));
        project.write(".taskcluster.yml", YML);
        let sha: &str = Box::leak(project.commit("on Taskcluster").into_boxed_str());
        let world = Self { double, project };
        world.role(&[&format!("secrets:get:{SECRET}")]);
        world.makes(&json!({}));
        world.double.installed("o/r");
        world.double.pool("proj/ci", &json!({}));
        let task = world.task(&json!({}));
        world.double.claim(&task);
        world.double.resolve(&task, Outcome::Completed);
        world.double.artifact(&task, 0, "public/docker-image-shasum256.txt", Stored::log("sha256:0"));
        world.build(sha, &task);
        world
    }

    /// A task of a release, with these parts.
    pub fn task(&self, parts: &Value) -> String {
        let mut whole = json!({"taskQueueId": "proj/ci", "metadata": {"name": "push-app", "owner": "ada@example.org",
            "source": "https://example.org/", "description": ""}});
        for (key, value) in parts.as_object().unwrap() {
            whole[key] = value.clone();
        }
        self.double.task(&whole)
    }

    pub fn build(&self, sha: &'static str, group: &str) {
        self.double.build(&Build {
            owner: "o",
            repository: "r",
            sha,
            task_group: group.to_owned(),
            state: "success",
            event: "push",
            pull_request: None,
        });
    }

    /// Gives the role of the branch what it needs for its task, and this.
    pub fn role(&self, scopes: &[&str]) {
        self.double.role(ROLE, &[&MAKES[..], scopes].concat());
    }

    /// The file makes a task that pushes, with this payload merged into its own.
    fn makes(&self, payload: &Value) {
        let (created, deadline) = (self.double.now(), self.double.now() + moment::hours(2));
        let mut whole = json!({"image": "skopeo", "command": ["/push.sh"], "maxRunTime": 3600});
        whole["features"] = json!({"taskclusterProxy": true});
        for (key, value) in payload.as_object().unwrap() {
            whole[key] = value.clone();
        }
        let task = json!({
            "taskId": "D2fTqBjkSX-__dsMocd9fg", "taskQueueId": "proj/ci", "payload": whole,
            "scopes": [format!("secrets:get:{SECRET}")], "metadata": {"name": "push-app"},
            "created": moment::text(created), "deadline": moment::text(deadline),
        });
        self.makes_when(PUSH, &task);
    }

    /// The file makes this task where that is so.
    fn makes_when(&self, condition: &str, task: &Value) {
        let tasks = json!({"$if": condition, "then": [task], "else": []});
        // What is JSON is YAML.
        self.project.write(".taskcluster.yml", &format!("version: 1\nreporting: checks-v1\ntasks: {tasks}\n"));
    }

    pub fn program(&self, arguments: &[&str], who: Option<&Credentials>) -> Command {
        let mut program = self.project.program(arguments);
        if let Some(who) = who {
            program.env("TASKCLUSTER_ROOT_URL", &self.double.root).env("TASKCLUSTER_CLIENT_ID", &who.client_id);
            program.env("TASKCLUSTER_ACCESS_TOKEN", &who.access_token);
            if let Some(certificate) = &who.certificate {
                program.env("TASKCLUSTER_CERTIFICATE", certificate);
            }
        }
        program
    }

    /// What a check says to somebody.
    #[track_caller]
    pub fn says_to(&self, who: Option<&Credentials>, check: &str, code: i32) -> Said {
        Said::of(&ran(&mut self.program(&["doctor", check, "--json"], who)).exits(code), check)
    }

    /// What a check says to anybody.
    #[track_caller]
    pub fn says(&self, check: &str, code: i32) -> Said {
        self.says_to(None, check, code)
    }
}

#[test]
fn where_all_is_well_every_check_says_so() {
    let world = World::new();
    for (check, evidence) in [
        ("cluster", "its clock agrees with this machine's"),
        ("cluster", "auth, secrets, queue, object, github (__heartbeat__: 200)"),
        ("github", "which is checked out, was built"),
        ("grants", &format!("{ROLE} may read {SECRET}")),
        ("yml", ".taskcluster.yml for a push to master makes push-app"),
        ("pool", "proj/ci: tasks that wait: 0"),
        ("dates", "what push-app recorded is there until"),
    ] {
        world.says(check, 0).is("pass", evidence);
    }
    world.says("client", 0).is("warn", "is asked as nobody").fixed_by("windlass signin");
    let me = world.double.client("github/1|me", &"t".repeat(44), &["secrets:get:*"]);
    world.says_to(Some(&me), "client", 0).is("pass", "github/1|me is accepted, with");
}

#[test]
fn nothing_is_changed_and_little_is_asked() {
    let world = World::new();
    for read_only in [false, true] {
        let before = world.double.requests().len();
        let mut program = world.program(&["doctor", "--json"], None);
        if read_only {
            program.env("WINDLASS_READ_ONLY", "1");
        }
        let all = ran(&mut program).json();
        let outcomes =
            all["checks"].as_array().unwrap().iter().filter(|check| CHECKS.contains(&check["id"].as_str().unwrap()));
        assert!(outcomes.clone().all(|check| check["outcome"] == "pass"), "{all}");
        assert_eq!(outcomes.count(), CHECKS.len());
        let asked = world.double.requests().split_off(before);
        let told: Vec<String> = asked.iter().map(|asked| format!("{} {}", asked.method, asked.path)).collect();
        for asked in &told {
            let reads = asked.starts_with("GET ")
                || asked.starts_with("POST /api/auth/v1/scopes/expand")
                || asked.starts_with("POST /api/github/v1/taskcluster-yml");
            assert!(reads, "{asked}");
        }
        assert!(told.len() <= 25, "{} requests: {told:#?}", told.len());
        // For a push that is released, for another one and for a pull request.
        for (asked, times) in [("POST /api/github/v1/taskcluster-yml", 3), ("GET /api/github/v1/builds", 1)] {
            assert_eq!(told.iter().filter(|told| told.starts_with(asked)).count(), times, "{told:#?}");
        }
    }
}

#[test]
fn a_role_that_may_not_read_the_secret_is_named() {
    let world = World::new();
    world.role(&["secrets:get:another"]);
    let said = world.says("grants", 1);
    said.is("fail", &format!("the role {ROLE} lacks secrets:get:{SECRET}")).fixed_by("/auth/roles");
    assert_eq!(said.owner, "the deployment's admin");
    world.says("yml", 1).is("fail", &format!("push-app: the role {ROLE} lacks secrets:get:{SECRET}"));
}

#[test]
fn branches_that_policy_names_by_a_pattern_are_those_that_are_there() {
    let world = World::new();
    let toml = std::fs::read_to_string(world.project.path("windlass.toml")).unwrap();
    world.project.write("windlass.toml", &format!("{toml}\n[policy]\nbranches = [\"release/*\"]\n"));
    world.says("grants", 0).is("cannot-tell", "by patterns alone, and none of them is there").fixed_by("git fetch");
    let role = |n: u8| format!("repo:github.com/o/r:branch:release/{n}");
    let may = [&MAKES[..], &["secrets:get:*"]].concat();
    world.project.git(&["push", "--quiet", "origin", "HEAD:release/1"]);
    world.says("grants", 1).is("fail", &format!("the role {} lacks secrets:get:{SECRET}", role(1)));
    world.double.role(&role(1), &may);
    world.says("grants", 0).is("pass", &format!("{} may read {SECRET}", role(1)));
    world.says("yml", 0).is("pass", ".taskcluster.yml for a push to release/1 makes push-app");
    world.project.git(&["push", "--quiet", "origin", "HEAD:release/2"]);
    let said = world.says("grants", 0);
    said.is("warn", &format!("the role {} lacks secrets:get:{SECRET}", role(2)));
    said.fixed_by("take the branch out of [policy]");
    world.project.git(&["checkout", "--quiet", "-b", "release/2"]);
    world.says("grants", 1).is("fail", &format!("the role {} lacks secrets:get:{SECRET}", role(2)));
}

#[test]
fn tasks_that_no_worker_would_run_are_told_before_they_are_made() {
    let world = World::new();
    for (payload, evidence) in [
        (json!({"features": {"dind": true, "taskclusterProxy": true}}), "`features.dind` was removed"),
        (json!({"command": ["sh", "-c", "docker build ."]}), "no Docker daemon is there"),
        (json!({"features": {}}), "without the proxy that signs for it"),
    ] {
        world.makes(&payload);
        let said = world.says("yml", 1);
        said.is("fail", evidence);
        assert_eq!(said.owner, "you");
    }
    world.makes_when("nonsense", &json!({}));
    world.says("yml", 1).is("fail", "nonsense").fixed_by("correct .taskcluster.yml");
    std::fs::remove_file(world.project.path(".taskcluster.yml")).unwrap();
    world.says("yml", 1).is("fail", "No such file").fixed_by("add .taskcluster.yml");
}

#[test]
fn what_others_may_have_run_is_to_read_no_secret() {
    let world = World::new();
    let pushes = |command: &str| {
        json!({
            "taskId": "D2fTqBjkSX-__dsMocd9fg", "taskQueueId": "proj/ci", "metadata": {"name": "push-app"},
            "deadline": {"$fromNow": "1 hour"}, "scopes": [format!("secrets:get:{SECRET}")],
            "payload": {"image": "x", "command": [command], "maxRunTime": 60, "features": {"taskclusterProxy": true}},
        })
    };
    world.makes_when("tasks_for == \"github-push\"", &pushes("/push.sh"));
    let evidence = format!("a push to any other branch makes push-app with the scope secrets:get:{SECRET}");
    world.says("yml", 1).is("fail", &evidence).fixed_by("windlass init --taskcluster --print");
    let pull_requests = "tasks_for != \"github-push\" || event.ref == \"refs/heads/master\"";
    world.makes_when(pull_requests, &pushes("/push.sh"));
    let evidence = format!("a pull request makes push-app with the scope secrets:get:{SECRET}");
    world.says("yml", 1).is("fail", &evidence).fixed_by("windlass init --taskcluster --print");
    world.makes_when(PUSH, &pushes("windlass release --yes"));
    let evidence = "it builds (`windlass release`) and may read the login";
    world.says("yml", 0).is("warn", evidence).fixed_by("windlass init --taskcluster --print");
    world.makes_when(PUSH, &pushes("windlass release --yes --from-archive $ARCHIVE"));
    world.says("yml", 0).is("pass", "makes push-app");
}

#[test]
fn a_clock_that_is_an_hour_fast_is_told_with_how_far() {
    let world = World::new();
    let me = world.double.client("me", &"t".repeat(44), &[]);
    world.double.clock(-SignedDuration::from_mins(61));
    let said = world.says_to(Some(&me), "cluster", 1);
    said.is("fail", "this machine's clock is 61 min fast: signed requests are refused").fixed_by("timedatectl");
    assert_eq!(said.owner, "this machine's admin");
    world.says_to(Some(&me), "client", 1).is("fail", "it is 61 min fast");
}

#[test]
fn credentials_that_are_refused_are_told_why() {
    let world = World::new();
    let (long, now) = ("t".repeat(44), world.double.now());
    let me = world.double.client("me", &long, &["secrets:get:*"]);
    let wrong = Credentials::new("me", &"w".repeat(44));
    world.says_to(Some(&wrong), "client", 1).is("fail", "Bad mac: the token is wrong").fixed_by("the environment");
    let temporary = me.temporary(None, &["secrets:get:*"], now - moment::hours(2), now + moment::hours(2));
    world.says_to(Some(&temporary), "client", 0).is("warn", "me is accepted, with");
    let forgotten = Credentials { certificate: None, ..temporary };
    world
        .says_to(Some(&forgotten), "client", 1)
        .is("fail", "their certificate is not there")
        .fixed_by("add the certificate");
    let over = me.temporary(None, &["secrets:get:*"], now - moment::hours(2), now - moment::hours(1));
    world
        .says_to(Some(&over), "client", 1)
        .is("fail", "the credentials of me lasted until")
        .fixed_by("windlass signin");
    // As a proxy does that writes addresses anew.
    let body = r#"{"code":"AuthenticationFailed","message":"Unauthorized: Bad mac"}"#;
    let rewritten = Fault::Status { code: 401, media: "application/json", body };
    world.double.fault("GET", "/roles2/?limit=1", rewritten, 1);
    let said = world.says_to(Some(&me), "client", 1);
    said.is("fail", "but not where an address has a query").fixed_by("look at the proxy");
    world.double.change_client("me", |client| client.disabled = true);
    world.says_to(Some(&me), "client", 1).is("fail", "is disabled");
}

#[test]
fn what_nobody_may_look_at_cannot_be_told_and_the_scope_is_named() {
    let world = World::on(Double::start());
    for (check, scope) in [
        ("github", "github:get-repository:o:r"),
        ("grants", "auth:expand-scopes"),
        ("yml", "auth:expand-scopes"),
        ("pool", "worker-manager:get-worker-pool:proj/ci"),
        ("dates", "github:list-builds"),
    ] {
        let said = world.says(check, 0);
        said.is("cannot-tell", &format!("403, needs {scope}")).fixed_by("windlass signin");
        assert_eq!(said.owner, "the deployment's admin", "{check}");
    }
}

#[test]
fn where_the_deployment_is_gone_its_check_is_named() {
    let World { double, project } = World::new();
    drop(double);
    for check in ["github", "grants", "yml", "pool", "dates"] {
        let ran = project.windlass(&["doctor", check, "--json"]).exits(4);
        Said::of(&ran, check).is("cannot-tell", "needs cluster").fixed_by("windlass doctor cluster");
    }
    Said::of(&project.windlass(&["doctor", "cluster", "--json"]).exits(1), "cluster").is("fail", "cannot be reached");
}

#[test]
fn pools_that_are_gone_or_in_trouble() {
    let world = World::new();
    world.double.pool_error("proj/ci", "Instance Creation Error", "quota exceeded");
    let said = world.says("pool", 0);
    said.is("warn", "errors of provisioning in the last hour: 1, the last: Instance Creation Error: quota exceeded");
    world.double.pool("proj/ci", &json!({"workerConfig": {"d2gConfig": {"enableD2G": false}}}));
    world.says("pool", 1).is("fail", "takes no payload in docker's format");
    let toml = std::fs::read_to_string(world.project.path("windlass.toml")).unwrap();
    world.project.write("windlass.toml", &format!("{toml}pools = [\"proj/gone\"]\n"));
    world.says("pool", 1).is("fail", "there is no pool proj/gone").fixed_by("`pools` in [taskcluster]");
}

#[test]
fn what_expires_before_it_is_needed() {
    let world = World::new();
    let before = world.task(&json!({"metadata": {"name": "docker-image", "owner": "ada@example.org",
        "source": "https://example.org/", "description": ""}}));
    world.double.claim(&before);
    world.double.artifact(&before, 0, "public/image.tar.zst", Stored::Expired);
    world.double.resolve(&before, Outcome::Completed);
    let image = json!({"type": "task-image", "taskId": before, "path": "public/image.tar.zst"});
    let push = world.task(&json!({"payload": {"image": image, "maxRunTime": 3600}}));
    world.build("a88b0c2a88b0c2a88b0c2a88b0c2a88b0c2a88b0", &push);
    let said = world.says("dates", 1);
    said.is("fail", "public/image.tar.zst of").fixed_by("begin another release");

    let deadline = moment::text(world.double.now() + moment::minutes(30));
    let late = world.task(&json!({"deadline": deadline, "payload": {"maxRunTime": 3600}}));
    world.build("b88b0c2a88b0c2a88b0c2a88b0c2a88b0c2a88b0", &late);
    world.says("dates", 0).is("warn", "push-app may run for 60 min, and its deadline is at");
}

#[test]
fn where_only_secrets_are_kept_no_task_is_looked_for() {
    let world = World::new();
    let root = &world.double.root;
    world.project.configure(&format!("store = \"taskcluster\"\n\n[taskcluster]\nroot-url = \"{root}\"\n"));
    for check in ["github", "grants", "yml", "pool", "dates"] {
        world.says(check, 0).is("pass", "releases run on this machine");
    }
}

#[test]
fn a_commit_that_no_push_builds() {
    let world = World::new();
    world.project.commit("Not this one [ci skip]");
    world.says("github", 0).is("warn", "says [ci skip]: a push of it makes no task");
    world.project.commit("This one");
    world.says("github", 0).is("pass", "was not built yet");
}

#[test]
fn a_login_that_a_deployment_keeps_is_used_where_it_may_be() {
    let registry = Registry::with_login();
    let world = World::of(Double::open(), Project::new(&registry));
    let me = world.double.client("me", &"t".repeat(44), &["secrets:get:*"]);
    let document = json!({"username": USER, "password": PASSWORD});
    world.double.secret(SECRET, document.clone(), world.double.now() + moment::days(365));
    world.says_to(Some(&me), "secret", 1).is("fail", "is bound to no repository").fixed_by("windlass secret bind");
    world.says_to(Some(&me), "login", 4).is("cannot-tell", "needs secret");
    ran(&mut world.program(&["secret", "bind"], Some(&me))).exits(0);
    world.says_to(Some(&me), "secret", 0).is("pass", &format!("{USER} for {}", world.project.repository));
    world.says_to(Some(&me), "login", 0).is("pass", &format!("accepts {USER}, and refuses a wrong password"));
    world.says_to(Some(&me), "push", 0).is("pass", "an upload was begun and called off");
    world.says("secret", 0).is("cannot-tell", &format!("secrets:get:{SECRET}"));

    world.double.secret(SECRET, document.clone(), world.double.now() + moment::days(13));
    world.says_to(Some(&me), "secret", 0).is("warn", "expires").fixed_by("--expires");
    world.double.secret(SECRET, json!({"user": USER, "password": PASSWORD}), world.double.now() + moment::days(365));
    let missing = world.says_to(Some(&me), "secret", 1);
    missing.is("fail", "the document has no `/username`; its keys are /password, /user");
    assert!(!missing.evidence.contains(PASSWORD));
    world.double.secret(SECRET, document.clone(), world.double.now() - moment::days(1));
    world.says_to(Some(&me), "secret", 1).is("fail", "there is no secret").fixed_by("windlass secret set");
    world.says("secret", 1).is("fail", "the list of its secrets does not have it");
    let near = SECRET.replace("registry", "registyr");
    world.double.secret(&near, document, world.double.now() + moment::days(365));
    world.says_to(Some(&me), "secret", 1).is("fail", &format!("there is {near}")).fixed_by("correct [secret] name");
    world.says("secret", 1).is("fail", &format!("but {near}"));
}
