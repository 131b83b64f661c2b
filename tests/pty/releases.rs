//! What a maintainer does with releases that have ended, and with the tags that they left.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{leave, open};
use crate::support::{project::Project, registry::Registry, stop::killed_release};

fn ready(registry: &Registry) -> Project {
    let project = Project::new(registry);
    project.set_secret();
    project
}

fn id(release: &Value) -> &str {
    release["id"].as_str().expect("an id")
}

/// A digest as it is written in a line.
fn short(digest: &Value) -> &str {
    &digest.as_str().expect("a digest")[.."sha256:".len() + 12]
}

/// Waits until there are so many releases, and the newest has ended.
#[track_caller]
fn ended(project: &Project, count: usize) {
    let start = Instant::now();
    loop {
        let releases = project.releases();
        if releases.len() == count && releases[0]["ended"].is_string() {
            return;
        }
        assert!(start.elapsed() < Duration::from_mins(1), "{releases:?}");
    }
}

#[test]
fn a_release_that_died_is_taken_up_where_it_stood_from_its_card() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let died = killed_release(&project, "after", "built");
    let mut console = open(&project);
    console.sees("├ interrupted ─");
    console.sees("e re-run from push");
    console.press("e");
    console.sees("▌from push");
    console.sees("it left no record");
    console.press("\r");
    console.sees(&format!("Re-run release {died} from push?"));
    console.sees(&format!("windlass rerun {died} --from push --yes"));
    console.press("y");
    console.sees("match");
    console.sees("↷ build");
    let newest = project.releases().swap_remove(0);
    assert_eq!((&newest["parent"], &newest["trigger"]), (&died.as_str().into(), &"rerun".into()));
    project.windlass(&["verify", "--strict"]).exits(0);
    leave(&mut console);
}

#[test]
fn a_build_that_failed_says_where_its_log_says_why() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    project.dockerfile("RUN i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo line $i; done; echo error: it is broken; i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo line $i; done; exit 3\n");
    project.commit("broken");
    project.windlass(&["release", "--yes"]).exits(1);
    let mut console = open(&project);
    console.sees("├ what went wrong ─");
    console.sees("keys  enter to line ");
    console.sees("e re-run whole");
    console.press("\r");
    console.until("the line in the log as well", |screen| {
        let text = screen.contents();
        // Not the command itself, which the card repeats.
        let said = text.lines().filter(|line| line.contains("error: it is broken") && !line.contains("echo"));
        said.count() == 2 && text.contains("line 200")
    });
    leave(&mut console);
}

#[test]
fn latest_is_pointed_back_and_what_it_shows_is_verified() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let first = project.release();
    project.commit("the second");
    let second = project.release();
    let (old, new) = (&second["pushes"][0]["digest"], &first["pushes"][0]["digest"]);
    let mut console = open(&project);
    console.sees(id(&second));
    console.press("jp");
    console.sees(&format!("Point latest to release {}?", id(&first)));
    console.sees(&format!("{} (release {}) → {}", short(old), id(&second), short(new)));
    console.press("y");
    console.sees("runs on its own");
    ended(&project, 3);
    let row = project.row("latest");
    assert_eq!((&row["registry"]["digest"], &row["verdict"]), (new, &"match".into()));

    console.press("v");
    console.sees("▌verify");
    console.press("j\r");
    console.sees("every layer too: latest match");
    console.sees("match now");

    // And forth, from the tags.
    console.press("2");
    console.sees("as of");
    console.sees("▌latest");
    console.press("p");
    console.sees("Point latest to which release?");
    console.sees("shown now");
    console.press("\r");
    console.sees(&format!("Point latest to release {}?", id(&second)));
    console.press("y");
    ended(&project, 4);
    assert_eq!(&project.row("latest")["registry"]["digest"], old);
    leave(&mut console);
}

#[test]
fn another_commit_is_released_and_a_tag_is_moved_back_only_when_that_is_said() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let first = project.git(&["rev-parse", "HEAD"]);
    project.commit("the second");
    let second = project.release();
    let mut console = open(&project);
    console.sees(id(&second));
    console.press("N");
    console.sees("what of?");
    console.press("--fast\r");
    console.sees("`--fast` is no option");
    console.press("\x15");
    console.press(&format!("{first} --branch master\r"));
    console.sees("Release app?");
    console.sees("is left alone");
    console.press("o");
    console.sees("--move --yes");
    console.sees("is replaced");
    console.press("y");
    console.sees("runs on its own");
    ended(&project, 2);
    let newest = project.releases().swap_remove(0);
    assert_eq!(newest["commit"], first.as_str());
    assert_eq!(project.row("latest")["record"]["release"], newest["id"]);
    leave(&mut console);
}

#[test]
fn a_pasted_digest_is_explained_and_a_history_is_gone_back_in() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let first = project.release();
    project.windlass(&["tags"]).exits(0);
    project.commit("the second");
    project.release();
    let mut console = open(&project);
    console.sees("match");
    console.press("2");
    console.sees("▌latest");
    console.press(&format!("\x1b[200~{}\x1b[201~", first["image_id"].as_str().expect("a digest")));
    console.sees("enter says what this digest is");
    console.press("\r");
    console.sees(&format!("is the image id of release {}", id(&first)));
    console.press("\r");
    console.no_longer_sees("is the image id of release");

    console.press("h");
    console.sees("since, release");
    console.press("j");
    console.sees("latest can be pointed there");
    console.press("\r");
    console.sees(&format!("Point latest to release {}?", id(&first)));
    console.press("\x1b");
    console.no_longer_sees("Point latest to release");

    console.press("\r");
    console.sees("In the registry");
    console.sees("org.opencontainers.image.revision=");
    console.press("G");
    console.sees("journal of this machine");
    console.press("\x1b");
    console.sees("as of");

    project.curl(first["pushes"][0]["digest"].as_str().expect("a digest"), &["--request", "DELETE"]);
    console.press("r");
    console.sees("✗ missing");
    console.press("f");
    console.sees("bad (of 3)");
    leave(&mut console);
}
