//! The console in a terminal, before the double.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use serde_json::{Value, json};

use super::{
    begin_yml,
    site::{ARTIFACT, Site},
};
use crate::support::{
    processes::{until, with_arguments},
    project::SECRET,
    registry::Registry,
    screen::Screen,
    taskcluster::{
        github::Build,
        queue::{artifacts::Stored, task::Outcome},
    },
    terminal::Terminal,
};

const WIDTH: u16 = 120;
const HEIGHT: u16 = 40;
const ID: &str = "github/1|ada+rel/windlass-k3v9";
const TOKEN: &str = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo";
const PASSPHRASE: &str = "correct horse battery";

fn open(site: &Site) -> Screen {
    Screen::start(&site.project.program(&[]), WIDTH, HEIGHT)
}

#[track_caller]
fn leave(mut console: Screen) {
    console.press("q");
    assert_eq!(console.end(), 0);
    console.is_given_back();
}

#[test]
fn what_tasks_left_is_downloaded_and_replaces_nothing_unasked() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    let group = site.group("push", "success");
    site.run(&group.build, Outcome::Completed);
    site.run(&group.push, Outcome::Completed);
    let object = Stored::Object { bytes: b"the image".to_vec(), media: "application/octet-stream" };
    site.double.artifact(&group.build, 0, "public/image.bin", object);
    let gone = Stored::Error { reason: "file-missing-on-worker", message: "could not find it" };
    site.double.artifact(&group.build, 0, "public/gone.txt", gone);
    site.double.artifact(&group.push, 0, ARTIFACT, Stored::log("sha256"));
    let mut console = open(&site);
    console.sees("push-image");
    console.press("A");
    console.sees("Artifacts of release");
    console.sees("error: file-missing-on-worker");
    console.press("gg");
    console.no_longer_sees("▌public/docker-image");
    console.press("\r");
    console.sees("could not find it");
    console.press("j\r");
    console.sees("Download public/image.bin");
    console.sees("enter go on");
    console.press("\r");
    console.sees("downloaded, its hash fits");
    let file = site.project.path("image.bin");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "the image");
    std::fs::write(&file, "another").unwrap();
    console.press("\r");
    console.sees("Download public/image.bin");
    console.sees("enter go on");
    console.press("\r");
    console.sees("Replace this file?");
    console.press("\x1b");
    console.no_longer_sees("Replace this file?");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "another");
    // The name is there again, to be changed.
    console.sees("Download public/image.bin");
    console.press("\x1b");
    console.no_longer_sees("Download public/image.bin");
    console.press("G\r");
    console.sees(&format!("Download {ARTIFACT}"));
    console.sees("enter go on");
    console.press("\x15~/there.txt\r");
    console.sees("downloaded, no hash to check it by");
    assert_eq!(std::fs::read_to_string(site.project.user().join("there.txt")).unwrap(), "sha256");
    console.press("\x1b");
    console.no_longer_sees("Artifacts of release");
    leave(console);
}

#[test]
fn a_secret_at_a_deployment_is_not_missed_in_a_vault_that_nobody_made() {
    let registry = Registry::with_login();
    let site = Site::with(&registry, "store = \"taskcluster\"\n");
    let console = open(&site);
    console.sees("engine ● ");
    console.sees("secret ·");
    console.never_showed("no secret yet");
    leave(console);
}

#[test]
fn a_sign_in_in_a_locked_vault_is_used_once_somebody_opens_it() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    site.group("push", "success");
    site.double.client(ID, TOKEN, &[]);
    let mut terminal =
        Terminal::start(&site.project.program(&["signin", "--paste", "--yes", "--identity", "passphrase"]));
    terminal.sees("New passphrase of the vault: ").types(PASSPHRASE);
    terminal.sees("The same once more: ").types(PASSPHRASE);
    terminal.sees("(not shown): ").types(&format!("http://localhost:1/3f2c?clientId={ID}&accessToken={TOKEN}"));
    terminal.ends().exits(0);
    let as_somebody = || site.double.requests().iter().filter(|asked| asked.client_id.is_some()).count();
    let before = as_somebody();
    let mut console = open(&site);
    console.sees("signed in, vault locked: u unlocks");
    console.sees("locked   registry");
    console.sees("push-image");
    assert_eq!(as_somebody(), before, "nobody was asked for the passphrase");
    console.press("u");
    console.sees("The vault is locked");
    console.press("\x1b");
    console.no_longer_sees("The vault is locked");
    // Its hint is there again once the first attempt has ended.
    console.sees("u unlock  ");
    console.press("u");
    console.sees("The vault is locked");
    console.press(&format!("{PASSPHRASE}\r"));
    console.sees("the vault is open");
    console.no_longer_sees("vault locked: u unlocks");
    until("requests as the client", || as_somebody() > before);
    console.never_showed(PASSPHRASE);
    console.never_showed(TOKEN);
    leave(console);
}

/// A project whose releases this begins, with a commit that the remote does not have.
fn released_by(registry: &Registry, trigger: &str) -> (Site, String) {
    let site = Site::new(registry);
    site.project.configure(&format!(
        "\n[runner]\nkind = \"taskcluster\"\n\n[taskcluster]\nroot-url = \"{}\"\ngithub = \"team/app\"\n\
         tasks = [\"docker-image\", \"push-image\", \"push-app\"]\ntrigger = {trigger}\n",
        site.double.root
    ));
    site.project.commit("released there");
    let commit = site.project.commit_unpushed("not pushed yet");
    (site, commit)
}

fn pushed(site: &Site, commit: &str) -> bool {
    site.project.git(&["ls-remote", "origin", "refs/heads/master"]).starts_with(commit)
}

/// What was begun from here, with what became of it.
fn begun(site: &Site) -> Vec<[String; 2]> {
    let lines = site.project.windlass(&["audit", "--json"]).exits(0).stdout;
    let rows = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("a row"));
    let begun = rows.filter(|row| row["what"] == "trigger");
    begun.map(|row| ["subject", "outcome"].map(|name| row[name].as_str().expect("text").to_owned())).collect()
}

fn pre_push(site: &Site, text: &str) {
    let hook = site.project.path(".git/hooks/pre-push");
    fs::write(&hook, text).expect("a hook");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("a mode");
}

#[test]
fn a_release_is_begun_by_a_push_and_followed_in_the_console() {
    let registry = Registry::with_login();
    let (site, commit) = released_by(&registry, "{ git = \"push\" }");
    // What a hook says, and tries to say on the terminal, is in no frame.
    pre_push(&site, "#!/bin/sh\necho NOISE\n(echo NOISE >/dev/tty) 2>/dev/null\nexit 0\n");
    let mut console = open(&site);
    console.sees("n release");
    console.press("n");
    console.sees("Begin a release at");
    console.sees("git push origin");
    console.sees(&format!("{commit}:refs/heads/master"));
    console.sees("windlass release --yes");
    console.press("\x1b");
    console.no_longer_sees("Begin a release at");
    assert!(!pushed(&site, &commit));
    console.press("n");
    console.sees("Begin a release at");
    console.press("y");
    console.sees("to master: its build is waited for");
    until("it is pushed", || pushed(&site, &commit));
    // It is waited for, and the console is there for everything else.
    console.press("?");
    console.sees("Find an action here");
    console.press("\x1b");
    console.no_longer_sees("Find an action here");
    let group = site.group("push", "pending");
    console.sees(&format!("release {} runs on its own", group.id));
    console.sees("docker-image");
    site.run(&group.build, Outcome::Completed);
    site.run(&group.push, Outcome::Completed);
    console.sees(&format!("release {} of app succeeded", group.id));
    console.never_showed("NOISE");
    assert_eq!(begun(&site), [[format!("git push origin {commit}:refs/heads/master"), "done".to_owned()]]);
    // There is nothing more to be begun.
    console.press("n");
    console.sees("nothing is begun by it");
    console.press("\x1b");
    console.no_longer_sees("nothing is begun by it");
    leave(console);
    assert_eq!(begun(&site).len(), 1);
}

#[test]
fn what_was_said_yes_to_is_begun_though_the_console_is_left_at_once() {
    let registry = Registry::with_login();
    let (site, commit) = released_by(&registry, "{ git = \"push\" }");
    let mut console = open(&site);
    console.sees("n release");
    console.press("n");
    console.sees("Begin a release at");
    console.press("yq");
    assert_eq!(console.end(), 0);
    console.is_given_back();
    until("it is pushed", || pushed(&site, &commit));
    site.group("push", "pending");
    until("it is told that it was begun", || begun(&site).iter().any(|[_, outcome]| outcome == "done"));
    let alone = || {
        let all = with_arguments("--detached").into_iter();
        all.filter(|id| fs::read_link(format!("/proc/{id}/cwd")).is_ok_and(|cwd| cwd == site.project.checkout()))
            .count()
    };
    until("nothing of it is left", || alone() == 0);
    assert_eq!(begun(&site).len(), 1);
}

#[test]
fn what_keeps_a_push_from_being_a_release_is_said_in_the_console() {
    let registry = Registry::with_login();
    let (site, commit) = released_by(&registry, "{ git = \"push\" }");
    let asks = "#!/bin/sh\nprintf 'protocol=https\\nhost=git.example.org\\n\\n' | git credential fill\n";
    pre_push(&site, asks);
    let mut console = open(&site);
    console.sees("n release");
    console.press("n");
    console.sees("Begin a release at");
    console.press("y");
    console.sees("the remote wants a login that git has not");
    console.never_showed("Username for 'https://git.example.org': ");
    assert!(!pushed(&site, &commit));
    console.press("\x1b");
    console.no_longer_sees("the remote wants a login");
    // Somebody else was first: all of it is shown, and there is no yes to it.
    fs::remove_file(site.project.path(".git/hooks/pre-push")).expect("the hook");
    let first = site.project.git(&["commit-tree", "HEAD^{tree}", "-p", "HEAD~1", "-m", "another"]);
    site.project.git(&["push", "--quiet", "origin", &format!("{first}:refs/heads/master")]);
    console.press("n");
    console.sees("No release is begun at");
    console.sees("not known to descend");
    console.press("y");
    console.no_longer_sees("No release is begun at");
    leave(console);
    assert!(pushed(&site, &first));
    assert_eq!(begun(&site), [[format!("git push origin {commit}:refs/heads/master"), "failed".to_owned()]]);
}

#[test]
fn a_build_that_made_no_task_is_told_in_the_console_that_began_it() {
    let registry = Registry::with_login();
    let (site, commit) = released_by(&registry, "{ git = \"push\" }");
    let mut console = open(&site);
    console.sees("n release");
    console.press("n");
    console.sees("Begin a release at");
    console.press("y");
    until("it is pushed", || pushed(&site, &commit));
    site.double.build(&Build {
        owner: "team",
        repository: "app",
        sha: site.commit(),
        task_group: "f18OCIBgRoSL6-8OrQg82Q".to_owned(),
        state: "error",
        event: "push",
        pull_request: None,
    });
    console.sees("the build made no task");
    console.sees("windlass doctor yml");
    console.press("\x1b");
    console.no_longer_sees("the build made no task");
    leave(console);
}

#[test]
fn the_tasks_that_were_shown_are_those_that_are_made() {
    let registry = Registry::with_login();
    let get = format!("secrets:get:{SECRET}");
    let site = begin_yml::site(&registry, &begin_yml::all(&get));
    let text = fs::read_to_string(site.project.path("windlass.toml")).expect("the file");
    site.project.write("windlass.toml", &format!("{text}\n[runner]\nkind = \"taskcluster\"\n"));
    site.project.commit("released there");
    let mut program = site.project.program(&[]);
    program.env("TASKCLUSTER_ROOT_URL", &site.double.root);
    program.env("TASKCLUSTER_CLIENT_ID", begin_yml::ME).env("TASKCLUSTER_ACCESS_TOKEN", begin_yml::TOKEN);
    let mut console = Screen::start(&program, WIDTH, HEIGHT);
    console.sees("n release");
    console.press("n");
    console.sees("the tasks of .taskcluster.yml");
    let mut group = String::new();
    console.until("their group", |screen| {
        let contents = screen.contents();
        let row = contents.lines().find_map(|line| line.split_once("\u{2502} group "));
        group = row.and_then(|(_, after)| after.split_whitespace().next()).unwrap_or_default().to_owned();
        !group.is_empty()
    });
    console.press("y");
    console.sees(&format!("release {group} runs on its own"));
    console.sees("docker-image");
    assert_eq!(site.double.status(&group)["state"], "pending");
    let made = site.double.requests().iter().filter(|asked| asked.method == "PUT").count();
    assert_eq!(made, 2);
    leave(console);
}

/// The same, begun by a hook that takes this, for somebody who may fire it.
fn released_by_hook(registry: &Registry, schema: &Value) -> (Site, Command) {
    let (site, _) = released_by(registry, "{ hook = \"project-x/docker\" }");
    let task = json!({
        "taskQueueId": "proj/ci", "payload": {},
        "metadata": {"name": "push-app", "owner": "ada@example.org", "source": "https://example.org/", "description": ""},
    });
    site.double.hook("project-x", "docker", &task, schema);
    site.double.role("hook-id:project-x/docker", &["queue:*"]);
    site.double.client(ID, TOKEN, &["hooks:trigger-hook:project-x/docker"]);
    let mut program = site.project.program(&[]);
    program.env("TASKCLUSTER_ROOT_URL", &site.double.root);
    program.env("TASKCLUSTER_CLIENT_ID", ID).env("TASKCLUSTER_ACCESS_TOKEN", TOKEN);
    (site, program)
}

fn fired(site: &Site) -> Vec<Value> {
    let all = site.double.requests().into_iter().filter(|asked| asked.path.ends_with("/project-x/docker/trigger"));
    all.map(|asked| serde_json::from_slice(&asked.body).expect("JSON")).collect()
}

#[test]
fn a_release_is_begun_by_a_hook_and_followed_in_the_console() {
    let registry = Registry::with_login();
    let schema = json!({
        "type": "object", "additionalProperties": false,
        "properties": {"ref": {"type": "string", "default": "main"}},
    });
    let (site, program) = released_by_hook(&registry, &schema);
    let mut console = Screen::start(&program, WIDTH, HEIGHT);
    console.sees("n release");
    console.press("n");
    console.sees("the hook project-x/docker at");
    console.sees("hooks:trigger-hook:project-x/docker: there");
    console.press("y");
    console.sees("runs on its own");
    console.sees("push-app");
    let newest = || site.project.windlass(&["releases", "--json"]).exits(0).json()["releases"][0].clone();
    let group = newest()["id"].as_str().expect("an id").to_owned();
    site.run(&group, Outcome::Completed);
    console.sees(&format!("release {group} of app succeeded"));
    assert_eq!(fired(&site), [json!({})]);
    // Another payload: nothing is sent that its schema does not take.
    console.press("N");
    console.sees("{\"ref\":\"main\"}");
    console.press("\x15{\"ref\": 1}\r");
    console.sees("/ref: it must be string");
    console.press("\x15{\"ref\": \"v1\"}\r");
    console.sees("Begin a release at");
    console.sees("windlass release --payload-stdin --yes");
    assert_eq!(fired(&site).len(), 1);
    console.press("y");
    until("it is fired", || fired(&site).len() == 2);
    assert_eq!(fired(&site)[1], json!({"ref": "v1"}));
    console.never_showed(TOKEN);
    leave(console);
    until("both are told", || begun(&site).iter().filter(|[_, outcome]| outcome == "done").count() == 2);
}

#[test]
fn who_may_not_fire_the_hook_is_told_so_and_a_read_only_console_asks_nothing() {
    let registry = Registry::with_login();
    let (site, mut program) = released_by_hook(&registry, &json!({"type": "object"}));
    site.double.client(ID, TOKEN, &["queue:*"]);
    let mut console = Screen::start(&program, WIDTH, HEIGHT);
    console.sees("n release");
    console.press("n");
    console.sees("No release is begun at");
    console.sees("windlass signin --scope");
    console.press("y");
    console.no_longer_sees("No release is begun at");
    leave(console);
    let mut console = Screen::start(program.arg("--read-only"), WIDTH, HEIGHT);
    console.sees("no release yet");
    console.press("n");
    console.sees("refused: windlass runs read-only");
    leave(console);
    assert_eq!(fired(&site), [] as [Value; 0]);
}

#[test]
fn a_sign_in_in_a_locked_vault_fires_the_hook_once_its_passphrase_is_typed() {
    let registry = Registry::with_login();
    let (site, _) = released_by_hook(&registry, &json!({"type": "object"}));
    let mut terminal =
        Terminal::start(&site.project.program(&["signin", "--paste", "--yes", "--identity", "passphrase"]));
    terminal.sees("New passphrase of the vault: ").types(PASSPHRASE);
    terminal.sees("The same once more: ").types(PASSPHRASE);
    terminal.sees("(not shown): ").types(&format!("http://localhost:1/3f2c?clientId={ID}&accessToken={TOKEN}"));
    terminal.ends().exits(0);
    let mut console = open(&site);
    console.sees("n release");
    console.press("n");
    console.sees("The vault is locked");
    console.press(&format!("{PASSPHRASE}\r"));
    console.sees("Begin a release at");
    console.press("y");
    console.sees("runs on its own");
    assert_eq!(fired(&site).len(), 1);
    console.never_showed(PASSPHRASE);
    console.never_showed(TOKEN);
    leave(console);
}
