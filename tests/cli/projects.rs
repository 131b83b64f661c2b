//! Projects that are known by name: `--project`, from anywhere.

use std::fs;

use crate::support::{
    project::{Project, Ran, ran},
    registry::Registry,
};

/// The program, in a folder that is no project's.
fn elsewhere(project: &Project, arguments: &[&str]) -> Ran {
    ran(project.program(arguments).current_dir(project.user()))
}

#[test]
fn a_project_that_was_used_is_reached_from_anywhere() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    let error = elsewhere(&project, &["tags", "--project", "checkout", "--json"]).exits(2).error();
    assert!(error["why"].as_str().expect("text").contains("none is known"), "{error}");
    // To look is not to use.
    project.windlass(&["releases"]).exits(0);
    assert!(!project.home().join("projects.toml").exists());
    project.set_secret();
    elsewhere(&project, &["release", "--yes"]).exits(2);
    let document = elsewhere(&project, &["--project", "checkout", "release", "--yes", "--json"]).exits(0).json();
    assert_eq!(document["schema"], "windlass.release/1");
    let tags = elsewhere(&project, &["tags", "--project", "checkout", "--json"]).exits(0).json();
    assert_eq!(tags["repository"], project.repository.as_str());
    let error = elsewhere(&project, &["tags", "--project", "chekout", "--json"]).exits(2).error();
    assert!(error["next"].as_str().expect("text").contains("--project checkout"), "{error}");
    let ran = elsewhere(&project, &["tags", "--project", "checkout", "--config", "windlass.toml"]).exits(2);
    assert!(ran.stderr.contains("cannot be used with"), "{}", ran.stderr);
    elsewhere(&project, &["tags", "--project", "../checkout"]).exits(2);
}

#[test]
fn a_detached_release_is_of_the_project_that_was_named() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    let words = ["release", "--project", "checkout", "--yes", "--detach", "--json"];
    let id = elsewhere(&project, &words).exits(0).json()["release"].as_str().expect("an id").to_owned();
    elsewhere(&project, &["show", &id, "--watch"]).exits(0);
}

#[test]
fn a_project_that_is_gone_says_so() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    project.set_secret();
    fs::rename(project.path("windlass.toml"), project.path("away.toml")).expect("it was there");
    let error = elsewhere(&project, &["tags", "--project", "checkout", "--json"]).exits(2).error();
    assert_eq!(error["what"], "project checkout is not where it was");
}

#[test]
fn a_list_with_mistakes_keeps_no_command_from_its_work() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    fs::create_dir(project.home()).expect("a folder");
    let list = project.home().join("projects.toml");
    fs::write(&list, "checkout = 5\n").expect("a file");
    let ran = project.windlass_told(&["secret", "set", "--username", "u", "--password-stdin"], "password1").exits(0);
    assert!(ran.stderr.contains("not entered among the known ones") && ran.stderr.contains("projects.toml:1:12"));
    assert_eq!(fs::read_to_string(&list).expect("the file"), "checkout = 5\n");
    let error = project.windlass(&["releases", "--project", "checkout", "--json"]).exits(2).error();
    assert!(error["what"].as_str().expect("text").contains("projects.toml has a mistake"), "{error}");
}

#[test]
fn read_only_enters_nothing_and_init_does() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    project.windlass(&["release", "--yes", "--read-only"]);
    assert!(!project.home().join("projects.toml").exists());
    fs::remove_file(project.path("windlass.toml")).expect("it was there");
    project.windlass(&["init", "--yes", "--repository", "a/b", "--secret", "s"]).exits(0);
    let list = fs::read_to_string(project.home().join("projects.toml")).expect("the list");
    assert!(list.contains("\"checkout\" = "), "{list}");
}
