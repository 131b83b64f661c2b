//! Repositories and environments that want to bend what git says or run something of their own.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use windlass::domain::policy::Wanted;

use super::repository::{Repository, World, wanted};

/// A program that leaves a trace when it is run.
fn trap(repository: &Repository, name: &str) -> String {
    let program = repository.path.join(".git").join(name);
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    let trace = repository.path.join(".git/trace");
    fs::write(&program, format!("#!/bin/sh\necho {name} >> {}\n", trace.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    program.display().to_string()
}

#[tokio::test]
async fn neither_hooks_nor_fsmonitor_nor_pagers_are_run() {
    let world = World::new();
    let author = world.pushed();
    for hook in ["post-checkout", "post-index-change", "reference-transaction", "pre-commit"] {
        trap(&author, &format!("hooks/{hook}"));
    }
    for setting in ["core.fsmonitor", "core.pager", "core.askPass", "gpg.program", "core.editor", "diff.external"] {
        author.git(&["config", setting, &trap(&author, setting)]);
    }
    author.git(&["config", "log.showSignature", "true"]);
    let trace = author.path.join(".git/trace");
    let count = || fs::read_to_string(&trace).unwrap_or_default();
    author.git(&["checkout", "--quiet", "--detach"]);
    assert!(count().contains("post-checkout") && count().contains("core.fsmonitor"), "the traps work: {}", count());
    fs::remove_file(&trace).unwrap();

    assert_eq!(author.told(&Wanted::default()).await, "master true");
    drop(author.open().await.worktree(&author.head(), &world.path()).await.unwrap());
    assert_eq!(count(), "");
}

#[tokio::test]
async fn a_replaced_commit_does_not_pass_for_a_pushed_one() {
    let world = World::new();
    let author = world.pushed();
    let pushed = author.head();
    let mine = author.commit("unpushed");
    let forged = author.git(&["commit-tree", "-p", mine.as_str(), "-m", "forged", "HEAD^{tree}"]);
    author.git(&["replace", pushed.as_str(), &forged]);
    assert!(author.told(&wanted(Some(mine.as_str()), Some("master"))).await.starts_with("3 "));
}

#[tokio::test]
async fn a_repository_of_someone_else_is_explained() {
    let world = World::new();
    let author = world.pushed();
    // Only root can give a repository away; elsewhere there is nothing to test.
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let given = Command::new("chown").args(["-R", "65534"]).arg(&author.path).status().unwrap();
    assert!(given.success());
    let told = windlass::git::Checkout::open(&author.path).await.unwrap_err();
    let failure = windlass::domain::failure::Failure::from(told);
    assert_eq!(failure.kind.exit_code(), 3, "{failure:?}");
    assert!(failure.next.contains("safe.directory"), "{failure:?}");
}

/// Runs an ordinary test of this binary again, in an environment that points git elsewhere.
#[test]
fn the_callers_git_variables_change_nothing() {
    let world = World::new();
    let decoy = world.empty("decoy");
    let ran = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "git::a_pushed_branch_that_is_checked_out",
            "git::worktrees::another_commit_is_laid_out_and_the_checkout_left_alone",
        ])
        .env("GIT_DIR", decoy.path.join(".git"))
        .env("GIT_WORK_TREE", &decoy.path)
        .env("GIT_INDEX_FILE", "/nonexistent")
        .env("GIT_OBJECT_DIRECTORY", "/nonexistent")
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "core.bare")
        .env("GIT_CONFIG_VALUE_0", "true")
        .env("GIT_CEILING_DIRECTORIES", "/")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && told.contains("2 passed"), "{told}");
}
