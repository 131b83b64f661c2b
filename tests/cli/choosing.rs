//! Which commit is released, from where, and what becomes of the moving tag; and releases that only would happen.

use crate::support::{
    project::{Project, Ran, pushed},
    registry::Registry,
};

fn ready(registry: &Registry) -> Project {
    let project = Project::new(registry);
    project.set_secret();
    project
}

#[test]
fn a_dry_run_shows_everything_and_does_nothing() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let ran = project.windlass(&["release", "--dry-run"]).exits(0);
    let commit = project.git(&["rev-parse", "--short=7", "HEAD"]);
    for wanted in [project.repository.as_str(), &commit, "latest", "master-20", "clean, reviewed"] {
        assert!(ran.stdout.contains(wanted), "nothing of {wanted}: {}", ran.stdout);
    }
    let document = project.windlass(&["release", "--dry-run", "--json"]).exits(0).json();
    assert_eq!(document["schema"], "windlass.plan/1");
    assert_eq!(document["plan"]["tags"].as_array().expect("tags").len(), 2);
    assert_eq!(project.releases(), [] as [serde_json::Value; 0]);
    assert_eq!(project.windlass(&["tags", "--json"]).exits(0).json()["rows"], serde_json::json!([]));
    let filter = format!("label=windlass.test={}", project.nonce);
    assert_eq!(project.docker(&["images", "--quiet", "--filter", &filter]), "", "nothing was built");
    for folder in ["logs", "artifacts"] {
        let files = std::fs::read_dir(project.home().join(folder)).map(Iterator::count).unwrap_or_default();
        assert_eq!(files, 0, "{folder}");
    }
}

#[test]
fn another_commit_is_built_and_the_checkout_left_alone() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    project.dockerfile("COPY page /page\nRUN /bin/busybox cat /page\n");
    project.write("page", "the older page\n");
    let older = project.commit("older");
    project.write("page", "the newer page\n");
    project.commit("newer");
    // Half-done work, of the kind that a policy refuses to build.
    project.write("page", "half done\n");
    project.write("notes", "not for git\n");
    let state = |project: &Project| {
        let state = [["status", "--porcelain"], ["rev-parse", "HEAD"], ["symbolic-ref", "HEAD"], ["stash", "list"]];
        (state.map(|arguments| project.git(&arguments)), project.git(&["worktree", "list"]))
    };
    let before = state(&project);
    let release = project.windlass(&["release", "--yes", "--json", "--ref", &older]).exits(0).json();
    assert_eq!(release["commit"], older);
    let log = project.windlass(&["log", "@"]).exits(0).stdout;
    assert!(log.contains("the older page") && !log.contains("the newer page") && !log.contains("half done"), "{log}");
    assert_eq!(state(&project), before);
    assert_eq!(std::fs::read_to_string(project.path("page")).expect("the file"), "half done\n");
}

#[test]
fn a_moving_tag_is_not_taken_back_by_accident() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let older = project.commit("older");
    project.commit("newer");
    let newer = project.release();
    let back = project.windlass(&["release", "--yes", "--json", "--ref", &older]).exits(0).json();
    let tags: Vec<_> = back["pushes"].as_array().expect("pushes").iter().map(|push| &push["kind"]).collect();
    assert_eq!(tags, ["frozen"], "{back}");
    assert_eq!(project.row("latest")["registry"]["config_digest"], newer["image_id"]);
    let shown = project.windlass(&["show", "@"]).exits(0).stdout;
    assert!(shown.contains("latest left alone") && shown.contains("not an ancestor"), "{shown}");
    project.windlass(&["verify"]).exits(0);

    let moved = project.windlass(&["release", "--yes", "--json", "--ref", &older, "--move"]).exits(0).json();
    assert_eq!(pushed(&moved, "moving"), "latest");
    let row = project.row("latest");
    assert_eq!((&row["verdict"], &row["record"]["release"]), (&"match".into(), &moved["id"]), "{row}");
    // Forward again without a word: what it shows is an ancestor.
    assert_eq!(pushed(&project.release(), "moving"), "latest");
}

#[test]
fn a_shallow_clone_without_a_branch() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    project.commit("the second");
    let newest = project.commit("the third");
    let clone = project.home().join("clone");
    let remote = format!("file://{}", project.remote().display());
    project.git(&["clone", "--quiet", "--depth=1", &remote, &clone.display().to_string()]);
    project.git_in(&clone, &["checkout", "--quiet", "--detach"]);
    let there =
        |arguments: &[&str]| -> Ran { crate::support::project::ran(project.program(arguments).current_dir(&clone)) };
    let release = there(&["release", "--yes", "--json"]).exits(0).json();
    assert_eq!((&release["commit"], &release["ref"]), (&newest.into(), &"refs/heads/master".into()));
    assert_eq!(pushed(&release, "moving"), "latest");
    let named = there(&["release", "--yes", "--json", "--branch", "master"]).exits(0).json();
    assert_eq!(named["image_id"], release["image_id"], "the same commit gives the same image");
}
