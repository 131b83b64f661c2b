//! What git tells about the commit that is released, in real repositories.

mod hostile;
mod repository;
mod worktrees;

use windlass::{
    domain::{failure::Failure, policy::*},
    git::{Checkout, GitError},
};

use repository::{World, wanted};

#[tokio::test]
async fn a_pushed_branch_that_is_checked_out() {
    let world = World::new();
    let author = world.pushed();
    let facts = author.facts(&Wanted::default()).await.unwrap();
    assert_eq!(facts.commit, author.head());
    assert_eq!(facts.committed.to_string(), "2026-11-21T09:30:00Z");
    assert_eq!((facts.git_ref.as_deref(), facts.branch.as_deref()), (Some("refs/heads/master"), Some("master")));
    assert_eq!(facts.remote.as_ref().map(|r| r.url.as_str()), world.remote().to_str());
    assert_eq!((facts.dirty.len(), facts.tags.len(), facts.shallow), (0, 0, false));
    assert_eq!(author.told(&Wanted::default()).await, "master true");
}

#[tokio::test]
async fn the_remote_is_not_asked_when_what_was_fetched_tells() {
    let world = World::new();
    let author = world.pushed();
    author.git(&["remote", "set-url", "origin", "/nowhere"]);
    assert_eq!(author.told(&Wanted::default()).await, "master true");
}

#[tokio::test]
async fn an_unpushed_commit_is_refused() {
    let world = World::new();
    let author = world.pushed();
    author.commit("four");
    let told = author.told(&Wanted::default()).await;
    assert!(told.starts_with("3 ") && told.contains("is not on the branch master at the remote origin"), "{told}");
    author.git(&["remote", "set-url", "origin", "/nowhere"]);
    let told = author.told(&Wanted::default()).await;
    assert!(told.starts_with("4 ") && told.contains("the remote does not answer: fatal: '/nowhere'"), "{told}");
}

#[tokio::test]
async fn the_remote_is_asked_where_a_stale_clone_cannot_tell() {
    let world = World::new();
    let author = world.pushed();
    let stale = world.clone("stale", &[]);
    author.commit("four");
    author.git(&["push", "--quiet"]);
    stale.git(&["fetch", "--quiet", "origin", "master:elsewhere"]);
    stale.git(&["update-ref", "refs/remotes/origin/master", "HEAD"]);
    stale.git(&["merge", "--quiet", "--ff-only", "elsewhere"]);
    assert_eq!(stale.told(&Wanted::default()).await, "master true", "the remote shows this very commit");
    author.commit("five");
    author.git(&["push", "--quiet"]);
    let told = stale.told(&Wanted::default()).await;
    assert!(
        told.starts_with("3 ") && told.ends_with("never fetched | fetch what is new at the remote: git fetch"),
        "{told}"
    );
}

#[tokio::test]
async fn detached_at_the_tip_or_behind_it() {
    let world = World::new();
    world.pushed();
    let clone = world.clone("ci", &[]);
    for name in ["origin/master", "origin/master~1"] {
        clone.git(&["checkout", "--quiet", "--detach", name]);
        clone.git(&["branch", "--force", "--delete", "--quiet", "master"]);
        assert_eq!(clone.told(&Wanted::default()).await, "master true", "{name}");
        clone.git(&["branch", "--quiet", "master", "origin/master"]);
    }
    clone.commit("local");
    let told = clone.told(&Wanted::default()).await;
    assert!(told.starts_with("2 it was found on none of the branches master, main"), "{told}");
}

#[tokio::test]
async fn detached_where_nothing_but_the_commit_was_fetched() {
    let world = World::new();
    let author = world.pushed();
    let ci = world.empty("ci");
    ci.git(&["remote", "add", "origin", &format!("file://{}", world.remote().display())]);
    ci.git(&["fetch", "--quiet", "--depth=1", "origin", author.head().as_str()]);
    ci.git(&["checkout", "--quiet", "--detach", "FETCH_HEAD"]);
    assert_eq!(ci.told(&Wanted::default()).await, "master true");
}

#[tokio::test]
async fn a_shallow_clone_knows_its_tip_and_says_what_it_cannot_tell() {
    let world = World::new();
    let author = world.pushed();
    let shallow = world.clone("shallow", &["--depth=1"]);
    shallow.git(&["checkout", "--quiet", "--detach"]);
    assert_eq!(shallow.told(&Wanted::default()).await, "master true");
    author.commit("four");
    author.git(&["push", "--quiet"]);
    shallow.git(&["fetch", "--quiet", "--depth=1"]);
    let told = shallow.told(&wanted(None, Some("master"))).await;
    assert!(told.starts_with("3 ") && told.ends_with("fetch the whole history: git fetch --unshallow"), "{told}");
    let told = shallow.told(&Wanted::default()).await;
    assert!(told.starts_with("2 ") && told.ends_with("git fetch --unshallow"), "{told}");
    shallow.git(&["fetch", "--quiet", "--unshallow"]);
    assert_eq!(shallow.told(&Wanted::default()).await, "master true");
}

#[tokio::test]
async fn changes_and_untracked_files_are_dirty_and_ignored_ones_are_not() {
    let world = World::new();
    let author = world.pushed();
    author.write(".git/info/exclude", "ignored\n");
    author.write("ignored", "");
    assert_eq!(author.told(&Wanted::default()).await, "master true");
    author.write("one", "changed");
    author.write("new\x1b\u{fc}", "");
    author.git(&["config", "status.showUntrackedFiles", "no"]);
    assert_eq!(author.facts(&Wanted::default()).await.unwrap().dirty, ["one", "new\\u{1b}\u{fc}"]);
    assert!(author.told(&Wanted::default()).await.starts_with("3 there are uncommitted changes: one, new"));
    assert_eq!(author.told(&wanted(Some("HEAD"), None)).await, "master true", "--ref builds the commit, not the tree");
    for n in 0..9 {
        author.write(&format!("more{n}"), "");
    }
    assert_eq!(author.facts(&Wanted::default()).await.unwrap().dirty[5], "and 6 more");
}

#[tokio::test]
async fn a_tag_does_instead_of_a_branch_once_it_is_at_the_remote() {
    let world = World::new();
    let author = world.pushed();
    author.git(&["checkout", "--quiet", "-b", "feature"]);
    author.commit("four");
    author.git(&["tag", "--annotate", "--message=x", "v1.2"]);
    let told = author.told(&Wanted::default()).await;
    assert!(told.starts_with("3 ") && told.contains("is not on the git tag v1.2 at the remote"), "{told}");
    author.git(&["push", "--quiet", "origin", "v1.2"]);
    assert_eq!(author.told(&Wanted::default()).await, "feature true");
    assert_eq!(author.facts(&Wanted::default()).await.unwrap().version(), Ok(Some("1.2".into())));

    let ci = world.clone("ci", &["--depth=1", "--branch=v1.2"]);
    assert_eq!(ci.told(&Wanted::default()).await, "- true");
    author.git(&["tag", "--force", "v1.2", "HEAD~1"]);
    author.git(&["push", "--quiet", "--force", "origin", "v1.2"]);
    assert!(ci.told(&Wanted::default()).await.starts_with("3 "), "another commit has the tag at the remote");
}

#[tokio::test]
async fn names_are_found_where_people_expect_them() {
    let world = World::new();
    let author = world.pushed();
    author.git(&["tag", "nightly", "master~1"]);
    author.git(&["push", "--quiet", "origin", "nightly"]);
    let clone = world.clone("clone", &[]);
    clone.git(&["checkout", "--quiet", "-b", "feature"]);
    clone.commit("mine");
    clone.git(&["branch", "--quiet", "--delete", "--force", "master"]);
    let (tip, before) = (author.commit_at("master"), author.commit_at("master~1"));
    for (name, commit, git_ref, branch) in [
        ("master", &tip, Some("refs/heads/master"), Some("master")),
        ("origin/master", &tip, Some("refs/heads/master"), Some("master")),
        ("nightly", &before, Some("refs/tags/nightly"), Some("feature")),
        (before.as_str(), &before, None, Some("feature")),
    ] {
        let facts = clone.facts(&wanted(Some(name), None)).await.unwrap();
        assert_eq!((&facts.commit, facts.git_ref.as_deref()), (commit, git_ref), "{name}");
        assert_eq!(facts.branch.as_deref(), branch, "{name}");
    }
    assert_eq!(clone.told(&wanted(Some("master"), None)).await, "master true");
    assert_eq!(clone.told(&wanted(Some("nightly"), Some("master"))).await, "master true");
    for name in ["nope", "", "-x", "--all", "^HEAD", "HEAD~9", "master..feature", "a\nb", "HEAD:one"] {
        let error = clone.facts(&wanted(Some(name), None)).await.unwrap_err();
        assert!(matches!(error, GitError::UnknownRef { .. }), "{name}: {error}");
    }
}

#[tokio::test]
async fn without_a_remote_a_release_is_unreviewed() {
    let world = World::new();
    let alone = world.empty("alone");
    assert!(alone.told(&Wanted::default()).await.starts_with("2 the repository has no commit yet"));
    alone.commit("one");
    assert_eq!(alone.told(&Wanted::default()).await, "master false");
    alone.git(&["checkout", "--quiet", "--detach"]);
    assert_eq!(alone.told(&Wanted::default()).await, "master false");
}

#[tokio::test]
async fn the_remote_is_the_upstream_or_origin_or_the_only_one() {
    let world = World::new();
    let author = world.pushed();
    let name = async || author.facts(&Wanted::default()).await.map(|facts| facts.remote.map(|remote| remote.name));
    author.git(&["remote", "add", "fork", "https://me:s3cret@example.com/fork?token=s3cret"]);
    assert_eq!(name().await.unwrap().as_deref(), Some("origin"));
    author.git(&["config", "branch.master.remote", "fork"]);
    let facts = author.open().await.facts(&Wanted::default(), &Policy { pushed: false, ..Policy::default() }).await;
    assert_eq!(facts.unwrap().remote.unwrap().url, "https://example.com/fork");
    author.git(&["config", "branch.master.remote", "."]);
    author.git(&["remote", "rename", "origin", "upstream"]);
    author.git(&["config", "--unset-all", "branch.master.remote"]);
    let error = name().await.unwrap_err();
    assert!(matches!(&error, GitError::SeveralRemotes { names } if names == &["fork", "upstream"]), "{error}");
    author.git(&["remote", "remove", "fork"]);
    assert_eq!(name().await.unwrap().as_deref(), Some("upstream"));
}

#[tokio::test]
async fn ancestry_is_told_only_where_it_is_known() {
    let world = World::new();
    let author = world.pushed();
    let (first, tip) = (author.commit_at("HEAD~2"), author.head());
    let checkout = author.open().await;
    assert_eq!(checkout.is_ancestor(&first, &tip).await.unwrap(), Some(true));
    assert_eq!(checkout.is_ancestor(&tip, &first).await.unwrap(), Some(false));
    let unknown = "0123456789012345678901234567890123456789".parse().unwrap();
    assert_eq!(checkout.is_ancestor(&unknown, &tip).await.unwrap(), None);
    let shallow = world.clone("shallow", &["--depth=1"]);
    assert_eq!(shallow.open().await.is_ancestor(&first, &tip).await.unwrap(), None);
    shallow.git(&["fetch", "--quiet", "--depth=1", "origin", first.as_str()]);
    assert_eq!(shallow.open().await.is_ancestor(&first, &tip).await.unwrap(), None, "the path between is cut off");
}

#[tokio::test]
async fn what_is_no_checkout_is_explained() {
    let world = World::new();
    world.pushed();
    for (folder, expected) in [(world.path(), "git init"), (world.remote(), "git clone")] {
        let failure = Failure::from(Checkout::open(&folder).await.unwrap_err());
        assert!(failure.kind.exit_code() == 2 && failure.next.contains(expected), "{failure:?}");
    }
    let folder = Checkout::open(&world.path().join("absent")).await.unwrap_err();
    assert!(matches!(folder, GitError::Failed { .. }), "{folder}");
}

#[tokio::test]
async fn a_project_may_lie_deeper_than_the_repository() {
    let world = World::new();
    let author = world.pushed();
    author.write("images/web/Dockerfile", "");
    let checkout = Checkout::open(&author.path.join("images/web")).await.unwrap();
    assert_eq!((checkout.top(), checkout.prefix()), (author.path.as_path(), std::path::Path::new("images/web/")));
}

#[tokio::test]
async fn branches_are_those_of_the_remote_as_they_were_fetched() {
    let world = World::new();
    let author = world.pushed();
    let old = author.git(&["rev-parse", "HEAD~2"]);
    assert_eq!(author.open().await.branches().await.unwrap(), ["master"]);
    // An old commit under a name that sorts first.
    let dated = std::process::Command::new("git")
        .args([
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b.c",
            "commit-tree",
            "-m",
            "old",
            "-p",
            old.trim(),
            "HEAD^{tree}",
        ])
        .current_dir(&author.path)
        .envs([("GIT_COMMITTER_DATE", "2020-01-01T00:00:00Z"), ("GIT_AUTHOR_DATE", "2020-01-01T00:00:00Z")])
        .output()
        .unwrap();
    let dated = String::from_utf8(dated.stdout).unwrap();
    author.git(&["push", "--quiet", "origin", &format!("{}:refs/heads/a/old", dated.trim())]);
    author.git(&["branch", "local"]);
    assert_eq!(author.open().await.branches().await.unwrap(), ["master", "a/old"]);
    // A clone has a name more for the remote's own branch.
    assert_eq!(world.clone("reader", &[]).open().await.branches().await.unwrap(), ["master", "a/old"]);
    let alone = world.empty("alone");
    alone.commit("one");
    alone.git(&["branch", "other"]);
    let mut branches = alone.open().await.branches().await.unwrap();
    branches.sort();
    assert_eq!(branches, ["master", "other"]);
}
