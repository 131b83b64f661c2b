//! Releases on Taskcluster that are begun by a push of git: the command that is shown is the one that is run, and the build
//! that comes of it is followed; and what is said where none comes.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use serde_json::{Value, json};

use super::site::{Group, Site};
use crate::support::{
    processes::until,
    project::{Ran, ran},
    registry::Registry,
    running::Running,
    taskcluster::{github::Build, queue::task::Outcome},
};

const ON: [&str; 3] = ["release", "--on", "taskcluster"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    ON.iter().copied().chain(more.iter().copied()).collect()
}

fn release(site: &Site, more: &[&str]) -> Ran {
    site.project.windlass(&with(more))
}

/// What the remote has under this name.
fn there(site: &Site, name: &str) -> String {
    let line = site.project.git(&["ls-remote", "origin", name]);
    line.split_whitespace().next().unwrap_or_default().to_owned()
}

/// A commit that the remote does not have yet.
fn unpushed() -> (Registry, Site, String) {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    let commit = site.project.commit_unpushed("not pushed yet");
    (registry, site, commit)
}

fn script(path: &Path, text: &str) {
    fs::write(path, text).expect("a script");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a mode");
}

fn command(commit: &str) -> String {
    format!("git push origin {commit}:refs/heads/master")
}

/// Acts and subjects of the trail with their outcome, newest first.
fn trail(site: &Site) -> Vec<[String; 3]> {
    let lines = site.project.windlass(&["audit", "--json"]).exits(0).stdout;
    let rows = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("a row"));
    rows.map(|row| ["what", "subject", "outcome"].map(|name| row[name].as_str().expect("text").to_owned())).collect()
}

fn complete(site: &Site, group: &Group) {
    site.run(&group.build, Outcome::Completed);
    site.run(&group.push, Outcome::Completed);
}

#[test]
fn a_push_begins_a_release_and_its_build_is_followed() {
    let (_registry, site, commit) = unpushed();
    // The user's own hooks run, in the user's own environment.
    let seen = site.project.folder().join("seen");
    let hook = format!("#!/bin/sh\nprintf %s \"$MARK\" >'{}'\necho a word of the hook\n", seen.display());
    script(&site.project.path(".git/hooks/pre-push"), &hook);
    let mut program = site.project.program(&with(&["--yes"]));
    let release = Running::start(program.env("MARK", "mine"));
    until("it is pushed", || there(&site, "refs/heads/master") == commit);
    // What a pull request made of the same commit is not it.
    let other = site.group("pull_request.opened", "pending");
    let group = site.group("push", "pending");
    complete(&site, &group);
    let ended = release.end().exits(0);
    for words in [command(&commit).as_str(), "a word of the hook", &group.id, "windlass cancel"] {
        assert!(ended.stderr.contains(words), "no {words}: {ended:?}");
    }
    assert!(!ended.stderr.contains(&other.id), "{ended:?}");
    assert!(ended.stdout.contains("push-image") && ended.stdout.contains("completed"), "{ended:?}");
    assert_eq!(fs::read_to_string(seen).expect("the hook ran"), "mine");
    assert_eq!(trail(&site), [["trigger".to_owned(), command(&commit), "done".to_owned()]]);
}

#[test]
fn nothing_is_pushed_that_nobody_said_yes_to() {
    let (_registry, site, commit) = unpushed();
    let before = there(&site, "refs/heads/master");
    let plan = release(&site, &["--dry-run", "--json"]).exits(0).json();
    assert_eq!(plan["schema"], "windlass.trigger-plan/1");
    assert_eq!(plan["command"], json!(["git", "push", "origin", format!("{commit}:refs/heads/master")]));
    assert_eq!((&plan["commit"], &plan["pushed"], &plan["refused"]), (&json!(commit), &json!(false), &Value::Null));
    let shown = release(&site, &["--dry-run"]).exits(0).stdout;
    assert!(shown.contains(&command(&commit)) && shown.contains("team/app"), "{shown}");
    release(&site, &[]).exits(2);
    release(&site, &["--yes", "--read-only"]).exits(3);
    site.project.write("stray", "x");
    let dirty = release(&site, &["--yes", "--json"]).exits(3).error();
    assert!(dirty["why"].as_str().expect("text").contains("stray"), "{dirty}");
    release(&site, &["--yes", "--platform", "linux/amd64", "--ref", "HEAD"]).exits(2);
    site.project.git(&["checkout", "--quiet", "-b", "topic"]);
    let branch = release(&site, &["--yes", "--json", "--ref", "topic"]).exits(3).error();
    assert!(branch["why"].as_str().expect("text").contains("`topic` is not released"), "{branch}");
    assert_eq!(there(&site, "refs/heads/master"), before);
    assert_eq!(trail(&site), [] as [[String; 3]; 0]);
}

#[test]
fn the_tags_that_it_overwrites_are_shown_before() {
    let (_registry, site, _) = unpushed();
    site.project.set_secret();
    let plan = release(&site, &["--dry-run", "--json"]).exits(0).json();
    let tags = plan["tags"].as_array().expect("a list");
    assert!(!tags.is_empty() && tags.iter().all(|tag| tag["kind"] == "moving" && tag["digest"].is_null()), "{plan}");
}

#[test]
fn what_is_pushed_already_begins_nothing_and_its_build_is_followed() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    let none = release(&site, &["--yes", "--json"]).exits(1).error();
    assert_eq!((&none["what"], &none["check"]), (&json!("nothing was begun"), &json!("github")));
    let group = site.group("push", "success");
    complete(&site, &group);
    let ended = release(&site, &["--yes"]).exits(0);
    assert!(ended.stderr.contains("nothing is begun") && ended.stdout.contains("push-image"), "{ended:?}");
    let begun = release(&site, &["--yes", "--detach", "--json"]).exits(0).json();
    assert_eq!((&begun["release"], &begun["begun"]), (&json!(group.id), &json!(false)));
    assert_eq!(release(&site, &["--yes", "--detach"]).exits(0).stdout.trim(), group.id);
    assert_eq!(trail(&site), [] as [[String; 3]; 0]);
}

#[test]
fn that_no_build_comes_is_said_with_what_the_doctor_sees() {
    let (_registry, site, commit) = unpushed();
    let error = release(&site, &["--yes", "--json", "--wait", "0"]).exits(1).error();
    assert_eq!(error["what"], "it was pushed, and no build came of it");
    assert!(error["why"].as_str().expect("text").contains("its app is not installed there"), "{error}");
    assert!(error["next"].as_str().expect("text").contains("install the app"), "{error}");
    assert_eq!(there(&site, "refs/heads/master"), commit);
}

#[test]
fn a_build_that_made_no_task_is_said_to_have_failed() {
    let (_registry, site, commit) = unpushed();
    let release = Running::start(&mut site.project.program(&with(&["--yes", "--json"])));
    until("it is pushed", || there(&site, "refs/heads/master") == commit);
    site.double.build(&Build {
        owner: "team",
        repository: "app",
        sha: site.commit(),
        task_group: "f18OCIBgRoSL6-8OrQg82Q".to_owned(),
        state: "error",
        event: "push",
        pull_request: None,
    });
    let error = release.end().exits(1).error();
    assert_eq!((&error["what"], &error["check"]), (&json!("the build made no task"), &json!("yml")));
    assert!(error["why"].as_str().expect("text").contains(&format!("/team/app/commit/{commit}")), "{error}");
}

#[test]
fn what_git_or_the_remote_refuses_is_told_in_its_words() {
    let (_registry, site, commit) = unpushed();
    script(&site.project.remote().join("hooks/pre-receive"), "#!/bin/sh\necho 'not on a Friday'\nexit 1\n");
    let error = release(&site, &["--yes", "--json"]).exits(1).error();
    assert_eq!(error["what"], "nothing was pushed");
    assert!(error["why"].as_str().expect("text").contains("not on a Friday"), "{error}");
    assert_eq!(trail(&site), [["trigger".to_owned(), command(&commit), "failed".to_owned()]]);
    // Somebody else was first.
    fs::remove_file(site.project.remote().join("hooks/pre-receive")).expect("the hook");
    let first = site.project.git(&["commit-tree", "HEAD^{tree}", "-p", "HEAD~1", "-m", "another"]);
    site.project.git(&["push", "--quiet", "origin", &format!("{first}:refs/heads/master")]);
    let error = release(&site, &["--yes", "--json"]).exits(3).error();
    assert!(error["why"].as_str().expect("text").contains("not known to descend"), "{error}");
    assert_eq!(there(&site, "refs/heads/master"), first);
}

#[test]
fn a_push_that_was_done_though_git_failed_is_followed() {
    let (_registry, site, commit) = unpushed();
    let folder = site.project.folder().join("bin");
    fs::create_dir(&folder).expect("a folder");
    let git = ran(Command::new("sh").args(["-c", "command -v git"])).stdout;
    // The connection breaks after the remote has taken it.
    let text = format!("#!/bin/sh\n{} \"$@\"\ncode=$?\n[ \"$1\" = push ] && exit 128\nexit $code\n", git.trim());
    script(&folder.join("git"), &text);
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").expect("a path"));
    let release = Running::start(site.project.program(&with(&["--yes", "--detach"])).env("PATH", path));
    until("it is pushed", || there(&site, "refs/heads/master") == commit);
    let group = site.group("push", "pending");
    assert_eq!(release.end().exits(0).stdout.trim(), group.id);
    assert_eq!(trail(&site)[0][2], "done");
}

#[test]
fn a_tag_begins_a_release_where_that_is_the_trigger() {
    let (_registry, site, commit) = unpushed();
    let text = fs::read_to_string(site.project.path("windlass.toml")).expect("the file");
    site.project
        .write("windlass.toml", &format!("{text}trigger = {{ git = \"tag\" }}\n\n[runner]\nkind = \"taskcluster\"\n"));
    site.project.git(&["tag", "--annotate", "--message", "one", "v1.0", &commit]);
    site.project.git(&["tag", "other", &commit]);
    let none = site.project.windlass(&["release", "--yes", "--json"]).exits(2).error();
    assert!(none["next"].as_str().expect("text").contains("--ref vX"), "{none}");
    site.project.windlass(&["release", "--yes", "--ref", "other"]).exits(3);
    let release = Running::start(&mut site.project.program(&["release", "--yes", "--ref", "v1.0", "--detach"]));
    until("it is pushed", || !there(&site, "refs/tags/v1.0").is_empty());
    let group = site.group("tag", "pending");
    let ended = release.end().exits(0);
    assert!(ended.stderr.contains("git push origin refs/tags/v1.0"), "{ended:?}");
    assert_eq!(ended.stdout.trim(), group.id);
    assert_eq!(trail(&site)[0][1], "git push origin refs/tags/v1.0");
    let again = site.project.windlass(&["release", "--yes", "--ref", "v1.0", "--detach", "--json"]).exits(0).json();
    assert_eq!((&again["ref"], &again["begun"]), (&json!("refs/tags/v1.0"), &json!(false)));
}

#[test]
fn a_project_of_taskcluster_is_released_here_where_that_is_said() {
    let (_registry, site, _) = unpushed();
    site.project.configure(&format!(
        "\n[runner]\nkind = \"taskcluster\"\n\n[taskcluster]\nroot-url = \"{}\"\n",
        site.double.root
    ));
    site.project.commit("released elsewhere");
    let plan = site.project.windlass(&["release", "--on", "local", "--dry-run", "--json"]);
    assert!(!plan.stdout.contains("trigger-plan") && !plan.stderr.contains("Taskcluster"), "{plan:?}");
    // Without a repository at GitHub no build can be found.
    let error = site.project.windlass(&["release", "--dry-run", "--json"]).exits(2).error();
    assert!(error["next"].as_str().expect("text").contains("github ="), "{error}");
}

/// As the console starts it, without a passphrase.
fn on_its_own(site: &Site, agreed: &str) -> Running {
    Running::told(&mut site.project.program(&with(&["--yes", "--detached"])), &format!("\n{agreed}"))
}

#[test]
fn a_push_that_goes_on_alone_does_what_was_agreed_to_and_tells_the_release_alone() {
    let (_registry, site, commit) = unpushed();
    // Whatever git says and asks reaches no terminal: there is none.
    let seen = site.project.folder().join("seen");
    let hook =
        format!("#!/bin/sh\necho a word of the hook\n(: </dev/tty) 2>/dev/null || echo none >'{}'\n", seen.display());
    script(&site.project.path(".git/hooks/pre-push"), &hook);
    let release = on_its_own(&site, &command(&commit));
    until("it is pushed", || there(&site, "refs/heads/master") == commit);
    let group = site.group("push", "pending");
    let ended = release.end().exits(0);
    assert_eq!(ended.stdout, format!("{{\"left\":true}}\n{{\"ready\":\"{}\"}}\n", group.id));
    assert_eq!(ended.stderr, "");
    assert_eq!(fs::read_to_string(seen).expect("the hook ran"), "none\n");
    assert_eq!(trail(&site), [["trigger".to_owned(), command(&commit), "done".to_owned()]]);
    // Once more: it is there by now, and nothing is begun.
    let again = on_its_own(&site, &command(&commit)).end().exits(0);
    assert_eq!((again.stdout, again.stderr), (ended.stdout, String::new()));
    assert_eq!(trail(&site).len(), 1);
}

#[test]
fn a_push_that_goes_on_alone_does_nothing_else_than_was_agreed_to() {
    let (_registry, site, commit) = unpushed();
    let before = there(&site, "refs/heads/master");
    let later = site.project.commit_unpushed("one more");
    let error = on_its_own(&site, &command(&commit)).end().exits(1).error();
    assert_eq!(error["what"], "nothing was begun");
    let why = error["why"].as_str().expect("text");
    assert!(why.contains(&command(&commit)) && why.contains(&command(&later)), "{error}");
    assert_eq!(there(&site, "refs/heads/master"), before);
    assert_eq!(trail(&site), [] as [[String; 3]; 0]);
}

#[test]
fn that_no_build_comes_of_a_push_that_goes_on_alone_is_told_to_whoever_began_it() {
    let (_registry, site, commit) = unpushed();
    let mut program = site.project.program(&with(&["--yes", "--detached", "--wait", "0"]));
    let error = Running::told(&mut program, &format!("\n{}", command(&commit))).end().exits(1).error();
    assert_eq!((&error["what"], &error["check"]), (&json!("it was pushed, and no build came of it"), &json!("github")));
    assert!(error["why"].as_str().expect("text").contains("its app is not installed there"), "{error}");
    assert_eq!(there(&site, "refs/heads/master"), commit);
}

#[test]
fn a_login_that_git_cannot_ask_for_is_told_as_that() {
    let (_registry, site, commit) = unpushed();
    let before = there(&site, "refs/heads/master");
    // What git does where a remote wants one.
    let asks = "#!/bin/sh\nprintf 'protocol=https\\nhost=git.example.org\\n\\n' | git credential fill\n";
    script(&site.project.path(".git/hooks/pre-push"), asks);
    let error = on_its_own(&site, &command(&commit)).end().exits(1).error();
    assert_eq!(error["what"], "nothing was pushed: the remote wants a login that git has not");
    assert!(
        error["why"].as_str().expect("text").contains("could not read Username for 'https://git.example.org'"),
        "{error}"
    );
    assert!(error["next"].as_str().expect("text").contains("in a terminal"), "{error}");
    assert_eq!(there(&site, "refs/heads/master"), before);
    assert_eq!(trail(&site), [["trigger".to_owned(), command(&commit), "failed".to_owned()]]);
}
