//! Temporary worktrees: whole, apart from the checkout, and gone afterwards.

use std::{fs, os::unix::fs::PermissionsExt as _};

use windlass::git::GitError;

use super::repository::World;

#[tokio::test]
async fn another_commit_is_laid_out_and_the_checkout_left_alone() {
    let world = World::new();
    let author = world.pushed();
    author.write("one", "changed");
    let before = author.git(&["status", "--porcelain"]);
    let worktree = author.open().await.worktree(&author.commit_at("HEAD~1"), &world.path()).await.unwrap();
    let path = worktree.path().to_owned();
    assert_eq!(fs::read_to_string(path.join("one")).unwrap(), "one");
    assert!(path.join("two").exists() && !path.join("three").exists());
    assert_eq!(fs::metadata(path.join("one")).unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!(author.git(&["status", "--porcelain"]), before);
    fs::write(path.join("left-by-the-build"), "").unwrap();
    drop(worktree);
    assert!(!path.parent().unwrap().exists());
    assert_eq!(author.git(&["worktree", "list"]).lines().count(), 1);
}

#[tokio::test]
async fn it_goes_even_if_git_no_longer_knows_it_for_one() {
    let world = World::new();
    let author = world.pushed();
    let absent = author.path.parent().unwrap().join("on-a-disk-that-is-not-mounted");
    author.git(&["worktree", "add", "--quiet", absent.to_str().unwrap()]);
    fs::remove_dir_all(&absent).unwrap();
    let worktree = author.open().await.worktree(&author.head(), &world.path()).await.unwrap();
    let path = worktree.path().to_owned();
    fs::remove_file(path.join(".git")).unwrap();
    drop(worktree);
    assert!(!path.exists());
    let listed = author.git(&["worktree", "list"]);
    assert!(listed.lines().count() == 2 && listed.contains("not-mounted"), "the user's own is kept: {listed}");
}

#[tokio::test]
async fn it_is_whole_although_the_checkout_is_sparse() {
    let world = World::new();
    let author = world.pushed();
    author.write("folder/file", "");
    author.commit("four");
    author.git(&["sparse-checkout", "set", "--no-cone", "/two"]);
    assert!(!author.path.join("one").exists());
    let worktree = author.open().await.worktree(&author.head(), &world.path()).await.unwrap();
    assert!(worktree.path().join("one").exists() && worktree.path().join("folder/file").exists());
}

#[tokio::test]
async fn a_commit_with_submodules_is_refused_as_it_would_not_be_whole() {
    let world = World::new();
    let author = world.pushed();
    let commit = author.head();
    author.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},vendor/part")]);
    author.git(&["commit", "--quiet", "--message=submodule"]);
    let error = author.open().await.worktree(&author.head(), &world.path()).await.unwrap_err();
    assert!(matches!(&error, GitError::Submodules { paths } if paths == &["vendor/part"]), "{error}");
    assert_eq!(author.git(&["worktree", "list"]).lines().count(), 1);
}

#[tokio::test]
async fn what_cannot_be_made_leaves_nothing_behind() {
    let world = World::new();
    let author = world.pushed();
    let unknown = "0123456789012345678901234567890123456789".parse().unwrap();
    let under = world.path().join("under");
    fs::create_dir(&under).unwrap();
    let checkout = author.open().await;
    assert!(matches!(checkout.worktree(&unknown, &under).await, Err(GitError::Failed { .. })));
    assert_eq!(fs::read_dir(&under).unwrap().count(), 0);
    let error = checkout.worktree(&author.head(), &under.join("absent")).await.unwrap_err();
    assert!(matches!(error, GitError::NoFolder { .. }), "{error}");
}
