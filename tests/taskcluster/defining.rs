//! `windlass init --taskcluster`: the definition of a release's tasks, as Taskcluster's own renderer reads it, and the grants
//! of its roles.

use std::fs;

use serde_json::{Value, json};
use windlass::{config, taskcluster::Event};

use super::deployment::at;
use crate::support::{
    project::{Project, Ran, ran},
    registry::Registry,
    taskcluster::{Double, credentials::Credentials},
};

const SECRET: &str = "repo:github.com/team/app:dockerhub";
const ROLE: &str = "repo:github.com/team/app:branch:main";

/// A project whose code seems to come from GitHub, without a configuration.
fn fresh(registry: &Registry) -> Project {
    let project = Project::new(registry);
    fs::remove_file(project.path("windlass.toml")).expect("it was there");
    project.git(&["remote", "set-url", "origin", "https://github.com/team/app.git"]);
    project
}

fn init<'a>(root: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let usual = ["init", "--taskcluster", "--yes", "--branch", "main", "--root-url", root, "--pool", "proj-app/ci"];
    usual.into_iter().chain(["--windlass-image", "team/windlass"]).chain(more.iter().copied()).collect()
}

fn definition(project: &Project) -> String {
    fs::read_to_string(project.path(".taskcluster.yml")).expect("it was written")
}

fn as_client(project: &Project, double: &Double, client: &Credentials, arguments: &[&str]) -> Ran {
    ran(project.program(arguments).envs([
        ("TASKCLUSTER_ROOT_URL", double.root.as_str()),
        ("TASKCLUSTER_CLIENT_ID", &client.client_id),
        ("TASKCLUSTER_ACCESS_TOKEN", &client.access_token),
    ]))
}

/// The tasks that this text makes of an event.
async fn made(double: &Double, text: &str, tasks_for: &str, overrides: Value) -> Vec<Value> {
    let event = Event { tasks_for, action: None, overrides };
    let rendered = at(&double.root, None).render(text, &event, "team", "app").await;
    rendered.unwrap_or_else(|e| panic!("{e} in {text}")).tasks.into_iter().map(|(_, task)| task).collect()
}

#[tokio::test]
async fn a_push_makes_a_task_that_builds_and_one_that_pushes() {
    let (registry, double) = (Registry::open(), Double::open());
    let project = fresh(&registry);
    let ran = project.windlass(&init(&double.root, &[])).exits(0);
    for word in [ROLE, &format!("secrets:get:{SECRET}"), "queue:create-task:low:proj-app/ci", "windlass secret set"] {
        assert!(ran.stdout.contains(word), "no {word} in {}", ran.stdout);
    }
    let found = config::load(&project.checkout(), None).unwrap_or_else(|e| panic!("{e}"));
    let at = found.taskcluster.expect("it names a deployment");
    assert_eq!((at.github.as_deref(), at.pools.as_slice()), (Some("team/app"), &["proj-app/ci".to_owned()][..]));

    let text = definition(&project);
    let push = |branch: &str| json!({"ref": format!("refs/heads/{branch}"), "after": "c".repeat(40)});
    let tasks = made(&double, &text, "github-push", push("main")).await;
    let [build, push_task] = tasks.as_slice() else { panic!("{tasks:?}") };
    assert_eq!(build["metadata"]["name"], "docker-image-app");
    assert_eq!(build["scopes"], Value::Null, "what runs the project's code may do nothing");
    assert_eq!(build["payload"]["features"], Value::Null);
    let command: Vec<&str> =
        build["payload"]["command"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    let context = format!("--context=git://github.com/team/app.git#refs/heads/main#{}", "c".repeat(40));
    assert_eq!(command[0], context);
    assert_eq!(push_task["metadata"]["name"], "push-image-app");
    assert_eq!(push_task["scopes"], json!([format!("secrets:get:{SECRET}")]));
    assert_eq!(push_task["payload"]["features"], json!({"taskclusterProxy": true}));
    assert_eq!(push_task["dependencies"], json!([build["taskGroupId"]]), "the first task gives the group its id");
    let archive = push_task["payload"]["env"]["ARCHIVE"].as_str().expect("text");
    assert_eq!(archive, format!("{}:public/image.tar", build["taskGroupId"].as_str().expect("an id")));
    assert_eq!(push_task["payload"]["env"]["BRANCH"], "main");

    assert_eq!(made(&double, &text, "github-push", push("topic")).await, [] as [Value; 0]);
    assert_eq!(made(&double, &text, "github-push", json!({"ref": "refs/tags/main"})).await, [] as [Value; 0]);
    for tasks_for in ["github-pull-request", "github-pull-request-untrusted", "github-release"] {
        assert_eq!(made(&double, &text, tasks_for, json!({})).await, [] as [Value; 0], "{tasks_for}");
    }

    double.role(
        ROLE,
        &[&format!("secrets:get:{SECRET}"), "queue:create-task:low:proj-app/ci", "queue:create-task:project:none"],
    );
    project.git(&["branch", "--move", "main"]);
    let report = project.windlass(&["doctor", "yml", "--json"]);
    assert_eq!(report.json()["checks"][0]["outcome"], "pass", "{}", report.stdout);
}

#[tokio::test]
async fn names_of_the_project_stay_names() {
    let (registry, double) = (Registry::open(), Double::open());
    let project = fresh(&registry);
    fs::create_dir(project.path("it's ${here}")).expect("a folder");
    project.write("it's ${here}/Dockerfile", "FROM scratch\n");
    fs::remove_file(project.path("Dockerfile")).expect("it was there");
    project.write(
        "windlass.toml",
        &format!(
            "[[image]]\nname = \"a.b\"\nrepository = \"docker.io/team/app\"\ncontext = \"it's ${{here}}\"\ntarget = \"t\"\n\
             args = {{ AT = \"${{{{event}}}} {{branch}} {{short}}\" }}\n[policy]\nbranches = [\"it's\", \"release/*\"]\n\
             [secret]\nstore = \"taskcluster\"\nname = \"{SECRET}\"\nrecipe = {{ username = \"/u\", password = \"/p\" }}\n\
             [taskcluster]\nroot-url = \"{}\"\ngithub = \"team/app\"\n",
            double.root
        ),
    );
    project.windlass(&init(&double.root, &[])).exits(0);
    let push = json!({"ref": "refs/heads/it's", "after": "0123456789".repeat(4)});
    let tasks = made(&double, &definition(&project), "github-push", push).await;
    let command: Vec<&str> =
        tasks[0]["payload"]["command"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(command.contains(&"--context-sub-path=it's ${here}"), "{command:?}");
    assert!(command.contains(&"--build-arg=AT=${event} it's 0123456"), "{command:?}");
    assert!(command.contains(&"--target=t"), "{command:?}");
    assert_eq!(tasks[1]["metadata"]["name"], "push-image-a.b");
    assert_eq!(tasks[1]["payload"]["env"]["IMAGE"], "a.b");
}

#[tokio::test]
async fn one_task_is_written_with_what_it_risks() {
    let (registry, double) = (Registry::open(), Double::open());
    let project = fresh(&registry);
    project.windlass(&init(&double.root, &["--single-task"])).exits(0);
    let text = definition(&project);
    assert!(text.contains("so can each RUN step of the Dockerfile"), "{text}");
    let push = json!({"ref": "refs/heads/main", "after": "c".repeat(40)});
    let tasks = made(&double, &text, "github-push", push).await;
    let [task] = tasks.as_slice() else { panic!("{tasks:?}") };
    let command = task["payload"]["command"][2].as_str().expect("text");
    assert!(command.contains("windlass release --yes") && !command.contains("--from-archive"), "{command}");
}

#[test]
fn what_does_not_fit_is_refused_and_nothing_is_written_over() {
    let (registry, double) = (Registry::open(), Double::open());
    let project = fresh(&registry);
    project.windlass(&[&init(&double.root, &[])[..], &["--read-only"]].concat()).exits(3);
    let lacking = ["init", "--taskcluster", "--yes", "--branch", "main", "--root-url", &double.root, "--json"];
    let error = project.windlass(&lacking).exits(2).error();
    assert!(error["next"].as_str().expect("text").contains("--pool"), "{error}");
    assert!(!project.path("windlass.toml").exists());
    // Of a project that has a configuration, and whose login no task can read.
    let vault = Project::new(&registry);
    let error = vault.windlass(&[&init(&double.root, &[])[..], &["--json"]].concat()).exits(2).error();
    assert!(error["why"].as_str().expect("text").contains("names no deployment"), "{error}");
    vault.configure(&format!("\n[taskcluster]\nroot-url = \"{}\"\ngithub = \"team/app\"\n", double.root));
    let error = vault.windlass(&[&init(&double.root, &[])[..], &["--json"]].concat()).exits(2).error();
    assert!(error["next"].as_str().expect("text").contains("store = \"taskcluster\""), "{error}");

    project.write(".taskcluster.yml", "version: 1\n# mine\n");
    project.windlass(&init(&double.root, &[])).exits(2);
    assert_eq!(definition(&project), "version: 1\n# mine\n");
    let printed = project.windlass(&init(&double.root, &["--print"])).exits(0).stdout;
    assert!(printed.contains("push-image-app"), "{printed}");
    assert_eq!(definition(&project), "version: 1\n# mine\n");
}

#[test]
fn roles_are_given_what_they_lack_and_keep_what_they_have() {
    let (registry, double) = (Registry::open(), Double::open());
    let project = fresh(&registry);
    let wanted = [
        "queue:create-task:low:proj-app/ci".to_owned(),
        "queue:create-task:project:none".to_owned(),
        format!("secrets:get:{SECRET}"),
    ];
    let poor = double.client("poor", "token-of-somebody-poor", &["auth:create-role:*", "auth:update-role:*"]);
    let error = as_client(&project, &double, &poor, &init(&double.root, &["--apply", "--json"])).exits(3).error();
    assert!(error["why"].as_str().expect("text").contains("secrets:get"), "{error}");
    assert!(double.scopes_of(ROLE).is_none());

    let mut scopes = vec!["auth:create-role:repo:github.com/team/app:*", "auth:update-role:repo:github.com/team/app:*"];
    scopes.extend(wanted.iter().map(String::as_str));
    let admin = double.client("admin", "token-of-an-admin-there", &scopes);
    fs::remove_file(project.path(".taskcluster.yml")).expect("it was written before the roles were asked");
    let told = as_client(&project, &double, &admin, &init(&double.root, &["--apply", "--json"])).exits(0).json();
    assert_eq!(told["granted"], json!([ROLE]));
    assert_eq!(double.scopes_of(ROLE).expect("it was made"), wanted);

    double.role(ROLE, &["project:app:other", wanted[1].as_str()]);
    fs::remove_file(project.path(".taskcluster.yml")).expect("it was written");
    let told = as_client(&project, &double, &admin, &init(&double.root, &["--apply"])).exits(0).stdout;
    assert!(told.contains(&format!("the role {ROLE} was given {}, {}", wanted[0], wanted[2])), "{told}");
    assert_eq!(double.scopes_of(ROLE).expect("it is there"), ["project:app:other", &wanted[1], &wanted[0], &wanted[2]]);
    let audit = project.windlass(&["audit", "--json"]).exits(0).stdout;
    assert!(audit.contains("\"grant\"") && audit.contains(ROLE), "{audit}");

    fs::remove_file(project.path(".taskcluster.yml")).expect("it was written");
    let told = as_client(&project, &double, &admin, &init(&double.root, &["--apply"])).exits(0).stdout;
    assert!(told.contains("the roles have all"), "{told}");
}
