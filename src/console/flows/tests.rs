//! From keys to frames, until the console rests.

use super::{NEW, World};
use crate::{
    console::{
        sample::{
            COMMIT, built, done, finished_task, id, left, recorded, row, running,
            secrets::{PASSWORD, there},
        },
        view::tests::SIZES,
    },
    domain::{
        beginning::By,
        digest::Digest,
        event::{Event, Step},
        failure::Failure,
        finding::CheckId,
        holdings,
        plan::TagKind,
        table::Row,
        verdict::Verdict,
    },
};

/// A moving tag, with images of these names in registry and record.
fn latest(shown: &str, recorded: &str) -> Row {
    Row { kind: Some(TagKind::Moving), ..row("latest", Some(shown), Some(recorded)) }
}

/// From its record on, all is well with a release that built this image.
fn end(image: &str) -> Vec<Event> {
    let record = row("latest", Some(image), Some(image)).known.unwrap().record;
    let recorded = Event::Recorded { path: "/records".into(), sha256: Digest::of(b"record"), record: Box::new(record) };
    let verified = Event::Verified { tag: "latest".parse().unwrap(), verdict: Verdict::Match, why: String::new() };
    let mut events = vec![Event::StepStarted { step: Step::Record }, recorded];
    events.push(Event::StepSucceeded { step: Step::Record, note: "recorded".to_owned() });
    events.extend([Event::StepStarted { step: Step::Verify }, verified]);
    events.extend([Event::StepSucceeded { step: Step::Verify, note: "match".to_owned() }, Event::Finished]);
    events
}

#[test]
fn a_release_is_followed_from_the_key_to_its_tags() {
    for size in SIZES {
        let mut world = World::new(size, vec![recorded(2, "old")]);
        world.tags = vec![latest("old", "old")];
        world.press("n");
        world.sees(&["Release balrog?", "windlass release --image balrog --yes", "y yes"]);
        world.press("y");
        assert_eq!(world.done, ["release --image balrog --yes"]);
        world.sees(&[&format!("release {} runs on its own", id(NEW)), "▌◐ 09:31", "waiting"]);
        world.happens(NEW, done(Step::Preflight, "master, clean, reviewed"));
        world.happens(NEW, done(Step::Secret, "bot, may push"));
        world.happens(NEW, [Event::StepStarted { step: Step::Build }]);
        world.says(NEW, &["Step 1/2 : FROM scratch", "Step 2/2 : COPY app /"]);
        world.press("<enter>");
        world.sees(&["◐ build", "Log · following · 2 lines", "Step 2/2 : COPY app /"]);
        world.says(NEW, &["Successfully built 7eb2f01f0000"]);
        world.sees(&["following · 3 lines", "Successfully built"]);
        world.happens(NEW, [Event::Built(built("new")), done(Step::Build, "2 steps")[1].clone()]);
        world.happens(NEW, done(Step::Push, "both pushed"));
        world.sees(&["✓ push"]);
        world.happens(NEW, end("new"));
        world.sees(&[&format!("release {} of balrog succeeded: match", id(NEW)), "✓ verify", "Log · 3 lines"]);
        world.press("<esc>");
        world.sees(&["▌✓ 09:31   master 3f2c1ab  match"]);
        world.rests();
        world.tags = vec![latest("new", "new")];
        world.press("2");
        world.sees(&["▌latest", "✓ match", "1 of 1"]);
        world.rests();
    }
}

#[test]
fn what_failed_is_explained_and_taken_up_where_it_stood() {
    for size in SIZES {
        let mut world = World::new(size, Vec::new());
        world.press("ny");
        for step in [Step::Preflight, Step::Secret] {
            world.happens(NEW, done(step, "well"));
        }
        let [begun, ended] = done(Step::Build, "2 steps");
        world.happens(NEW, [begun, Event::Built(built("new")), ended, Event::StepStarted { step: Step::Push }]);
        let failure = Failure::not_allowed("bot may not push latest", "the registry answers 403", "give it the right");
        let failure = failure.explained_by(CheckId::Push);
        world.happens(NEW, [Event::StepFailed { step: Step::Push, failure }, Event::Finished]);
        world.sees(&["what went wrong", "bot may not push latest", "keys  e re-run from push"]);
        world.rests();

        world.refuses = true;
        world.press("D");
        world.sees(&[
            "✗ fail         push       bot may not push",
            "fix    give bot the right to write",
            "Doctor · 1 fail",
        ]);
        world.rests();
        world.refuses = false;
        world.press("<enter>");
        world.sees(&["✓ pass         push       push is well", "Doctor · 1 pass"]);

        world.press("1e");
        world.sees(&[&format!("Re-run release {}", id(NEW)), "▌from push"]);
        world.press("<enter>");
        world.sees(&[&format!("Re-run release {} from push?", id(NEW)), "y yes"]);
        world.press("y");
        assert_eq!(world.done[1..], [format!("rerun {} --from push --yes", id(NEW))]);
        let stands = [Step::Preflight, Step::Secret, Step::Build];
        world.happens(NEW + 1, stands.map(|step| Event::StepReused { step, note: "stands".to_owned() }));
        world.happens(NEW + 1, done(Step::Push, "both pushed"));
        world.happens(NEW + 1, end("new"));
        world.sees(&[&format!("release {} of balrog succeeded: match", id(NEW + 1))]);
        world.press("j");
        world.sees(&[" ✓ 09:3", "master 3f2c1ab  match", "▌✗ 09:31   master 3f2c1ab  push denied", "what went wrong"]);
        world.rests();
    }
}

#[test]
fn a_release_is_cancelled_and_that_is_seen() {
    for size in SIZES {
        let mut world = World::new(size, vec![running(1)]);
        world.sees(&["▌◐ 09:30"]);
        world.press("x");
        world.sees(&[&format!("Cancel release {}?", id(1)), "nothing was pushed yet"]);
        world.press("<esc>");
        world.sees(&["▌◐ 09:30"]);
        world.press("xy");
        world.sees(&["▌■ 09:30   master 3f2c1ab  cancelled", &format!("release {} of balrog was cancelled", id(1))]);
        world.press("x");
        world.sees(&[&format!("nothing to cancel: release {} has ended", id(1))]);
        world.rests();
    }
}

#[test]
fn a_moving_tag_is_pointed_back_to_an_earlier_release() {
    for size in SIZES {
        let mut world = World::new(size, vec![recorded(3, "new"), recorded(2, "old")]);
        world.tags = vec![latest("new", "old")];
        world.press("p");
        world.sees(&[&format!("Point latest to release {}", id(3)), "already: nothing changes"]);
        world.press("<esc>");
        assert!(world.done.is_empty(), "there is nothing to confirm");
        world.press("jp");
        world.sees(&[&format!("Point latest to release {}?", id(2)), "moving  latest"]);
        world.press("y");
        assert_eq!(world.done, [format!("point latest {} --yes", id(2))]);
        world.happens(NEW, done(Step::Push, "latest pointed"));
        world.happens(NEW, end("old"));
        world.tags = vec![latest("old", "old")];
        world.press("2");
        world.sees(&["▌latest", "✓ match"]);
        world.rests();
    }
}

#[test]
fn a_log_is_searched_and_filtered_and_says_where_the_errors_are() {
    for size in SIZES {
        let mut world = World::new(size, vec![running(1)]);
        world.press("<enter>");
        world.sees(&["no log yet"]);
        let lines: Vec<String> = (0..200).map(|n| format!("Collecting dependency-{n:03}")).collect();
        world.says(1, &lines.iter().map(String::as_str).collect::<Vec<_>>());
        world.says(1, &["error: no wheel for it", "Successfully built the others"]);
        world.sees(&["following · 202 lines", "Successfully built the others"]);
        world.press("/dependency-0[01]7<enter>");
        world.sees(&["match 1 of 2", "dependency-007"]);
        world.press("n");
        world.sees(&["match 2 of 2", "dependency-017"]);
        world.press("<esc>E");
        world.sees(&["match 1 of 1", "error: no wheel for it"]);
        world.press("<esc>&!collecting");
        world.sees(&["2 of 202 lines", "error: no wheel for it", "Successfully built the others"]);
        world.never_sees("Collecting");
        world.press("<enter>");
        world.sees(&["&!collecting", "esc all lines"]);
        world.press("<esc>G");
        world.sees(&["following · 202 lines", "Collecting dependency-199"]);
        world.says(1, &["one more"]);
        world.sees(&["following · 203 lines", "one more"]);
        world.rests();
    }
}

#[test]
fn the_steps_of_a_build_lead_into_its_log_which_is_copied_and_saved() {
    for size in SIZES {
        let mut world = World::new(size, vec![running(1)]);
        let mut lines = vec!["Step 1/2 : FROM scratch".to_owned()];
        lines.extend((0..100).map(|n| format!("line {n}")));
        lines.extend(["Step 2/2 : COPY app /", "app was copied", "Successfully built 7eb2f01f0000"].map(str::to_owned));
        world.says(1, &lines.iter().map(String::as_str).collect::<Vec<_>>());
        world.press("<enter>S");
        world.sees(&["Steps · 2", "1/2 FROM scratch", "2/2 COPY app /", "enter read  esc hide"]);
        world.press("k<enter>");
        world.sees(&["Step 1/2 : FROM scratch", "line 0", "1 of 104"]);
        world.rests();
        world.press("Gmk");
        world.sees(&["2 lines marked", "y copy  esc mark nothing"]);
        world.press("y");
        world.sees(&["copied (by wl-copy): 2 lines"]);
        assert_eq!(world.clipboard, lines[102..].join("\n"));
        world.press("s");
        world.sees(&["Save the log", "the log so far, 104 lines", &format!("{}.log", id(1))]);
        world.press("<enter>");
        world.sees(&["Replace this file?", "what is in it now is lost"]);
        world.press("y");
        world.sees(&[&format!("104 lines saved to {}.log", id(1))]);
        world.rests();
    }
}

#[test]
fn a_secret_is_set_checked_and_rotated_after_a_wrong_one_was_corrected() {
    for size in SIZES {
        let mut world = World::new(size, Vec::new());
        world.secret = holdings::Row { held: None, username: None, ..there() };
        world.press("3");
        world.sees(&["▌dockerhub  vault  ✗ missing  no secret yet: press s"]);
        world.press(&format!("sbot<enter>{PASSWORD}"));
        world.sees(&["╭ Set dockerhub ─", "user     bot", "•••"]);
        world.never_sees(PASSWORD);
        world.press("<enter>");
        world.sees(&["▌dockerhub  vault  ✓ set", "dockerhub is set, bound to"]);
        world.press("c");
        world.sees(&["dockerhub is accepted and may push"]);
        world.rests();

        world.refuses = true;
        world.press("twrong<enter>");
        world.sees(&["✗ verify new", "not rotated", "enter correct what was typed"]);
        world.rests();
        world.refuses = false;
        world.press("<enter>");
        world.sees(&["╭ Rotate dockerhub ─", " bot ", "•••••▏"]);
        world.press(&format!("<ctrl-u>{PASSWORD}<enter>"));
        world.sees(&["✓ verify new", "✓ verify stored", "✓ retire old"]);
        world.press("<esc>");
        world.sees(&["▌dockerhub  vault  ✓ set"]);
        world.never_sees(PASSWORD);
        world.rests();
    }
}

#[test]
fn every_check_is_run_and_then_the_one_that_failed() {
    for size in SIZES {
        let mut world = World::new(size, Vec::new());
        world.engine_is_down = true;
        world.press("4");
        world.sees(&["Doctor · 12 pass, 1 fail", "engine ✗"]);
        world.sees(&["▌✗ fail         engine", "fix    systemctl start docker"]);
        world.engine_is_down = false;
        world.press("<enter>");
        world.sees(&["Doctor · 13 pass", "▌✓ pass         engine     engine is well", "engine ●"]);
        world.rests();
    }
}

#[test]
fn the_palette_does_what_belongs_to_another_screen() {
    for size in SIZES {
        let mut world = World::new(size, vec![running(1)]);
        world.press(":run every check");
        world.sees(&["▌r", "run every check again", "windlass doctor"]);
        world.press("<enter>");
        world.sees(&["Doctor · 13 pass"]);
        world.press(":image id<enter>");
        world.sees(&["Registry docker.io/mozilla/balrog", "manifest digest"]);
        world.rests();
    }
}

#[test]
fn another_project_is_opened_in_the_same_console() {
    for size in SIZES {
        let mut world = World::new(size, vec![running(1)]);
        world.press("gp");
        world.sees(&["▌◐ balrog", " · docs", "open in this console"]);
        world.press("j");
        world.sees(&["/home/ada/docs", "enter opens it"]);
        world.press("<enter>");
        world.sees(&["windlass  docs", "no release yet: press n"]);
        world.press("gp");
        world.sees(&["▌· docs"]);
        world.press("k<enter>");
        world.sees(&["windlass  balrog", "▌◐ 09:30"]);
        let push = Event::StepSucceeded { step: Step::Push, note: "both pushed".to_owned() };
        world.happens(1, [push]);
        world.happens(1, end("new"));
        world.sees(&["▌✓ 09:30   master 3f2c1ab  match"]);
        world.rests();
    }
}

#[test]
fn the_console_is_left_and_what_runs_goes_on() {
    for key in ["q", "<ctrl-c>"] {
        let mut world = World::new(SIZES[1], vec![running(1)]);
        world.press("x");
        world.press(key);
        assert!(!world.left, "{key} closed a dialog");
        world.press(key);
        assert!(world.left && world.done.is_empty(), "{key}");
        assert_eq!(world.journal[0].release, running(1));
    }
}

#[test]
fn what_tasks_left_is_listed_and_downloaded_one_after_the_other() {
    for size in SIZES {
        let mut world = World::with_tasks(size, vec![finished_task("build"), finished_task("push")], left());
        world.press("A");
        world.sees(&["Artifacts of release", "public/docker-image-shasum256.txt", "public/coverage.xml"]);
        world.press("<enter>");
        world.sees(&["Download public/docker-image-shasum256.txt"]);
        world.press("<enter>");
        world.sees(&["downloaded, no hash to check it by", "public/image.tar.zst"]);
        world.press("j<enter><enter>");
        world.sees(&["downloaded, its hash fits"]);
        world.press("<enter><enter>");
        world.sees(&["Replace this file?"]);
        world.press("y");
        world.sees(&["downloaded, its hash fits"]);
        world.press("jj<enter>");
        world.sees(&["could not find"]);
        assert_eq!(world.done.len(), 3, "{:?}", world.done);
        assert!(world.done[2].ends_with("--get public/image.tar.zst --output image.tar.zst --force"));
        world.press("<esc>");
        world.never_sees("Artifacts of release");
        world.rests();
    }
}

#[test]
fn a_release_on_taskcluster_is_begun_by_a_push_and_followed() {
    for size in SIZES {
        let mut world = World::on_taskcluster(size, By::Push, vec![finished_task("build")]);
        let push = format!("git push origin {COMMIT}:refs/heads/master");
        world.press("n");
        world.sees(&["Begin a release at tc.example?", "windlass release --yes", "y yes"]);
        world.press("<esc>");
        assert_eq!(world.done, [""; 0], "nobody said yes");
        world.press("ny");
        assert_eq!(world.done, [format!("release --yes < {push}")]);
        world.sees(&["runs on its own", "build-image-balrog"]);
        world.press("5");
        world.sees(&["pushing 3f2c1ab to master: its build is"]);
        // By now it is there: nothing is begun once more, and what there is is selected.
        world.press("1n");
        world.sees(&["No release is begun at tc.example"]);
        world.press("y<esc>");
        world.sees(&["build-image-balrog"]);
        assert_eq!(world.done.len(), 1);
    }
}

#[test]
fn a_release_on_taskcluster_of_another_commit_is_asked_for() {
    for size in SIZES {
        let mut world = World::on_taskcluster(size, By::Push, vec![finished_task("build")]);
        world.press("Nv1 --move<enter>");
        world.sees(&["--move says nothing to this release on Taskcluster"]);
        world.press("<ctrl-u>v1 --branch master<enter>");
        world.sees(&["Begin a release at tc.example?", "windlass release --ref v1 --branch master"]);
        world.press("y");
        assert!(world.done[0].starts_with("release --ref v1 --branch master --yes < git push"), "{:?}", world.done);
    }
}

#[test]
fn what_a_hook_is_fired_with_is_held_against_its_schema_before() {
    for size in SIZES {
        let mut world = World::on_taskcluster(size, By::Hook, vec![finished_task("build")]);
        world.press("N");
        world.sees(&["Begin a release by its hook", "string, needed, the commit that is built", r#"{"dry":false}"#]);
        world.press("<enter>");
        world.sees(&["the whole of it: it lacks ref"]);
        world.press(r#"<ctrl-u>{"ref": 1}<enter>"#);
        world.sees(&["/ref: it must be string"]);
        assert_eq!(world.done, [""; 0]);
        world.press(r#"<ctrl-u>{"ref": "v1"}<enter>"#);
        world.sees(&["Begin a release at tc.example?", r#"{"ref":"v1"}"#, "--payload-stdin --yes"]);
        world.press("y");
        assert_eq!(world.done, [r#"release --payload-stdin --yes < {"ref":"v1"}"#]);
    }
}

#[test]
fn an_action_of_the_decision_task_is_chosen_given_its_input_shown_and_done() {
    for size in SIZES {
        let mut world = World::with_tasks(size, vec![finished_task("build"), finished_task("push")], left());
        world.press("O");
        world.sees(&["Actions of release", "retrigger", "Retrigger, of build-image-balrog", "cancel-all"]);
        world.press("jjj<enter>");
        world.sees(&["only hooks are fired from here"]);
        world.press("kkk<enter>");
        world.sees(&["Have retrigger of release", "times", "{\"times\":1}"]);
        world.press("<backspace><backspace>3}<enter>");
        world.sees(&["{\"times\":3}", "the hook project-releng/in-tree", "--input-stdin --yes"]);
        world.press("<esc>");
        world.sees(&["Have retrigger of release", "{\"times\":3}"]);
        world.press("<esc>O");
        assert_eq!(world.done, [""; 0], "it was not confirmed");
        world.press("j<enter>");
        world.sees(&["Have add-new-jobs of release", "y yes"]);
        world.press("y");
        world.sees(&["add-new-jobs: its hook made a task"]);
        assert!(
            matches!(&world.done[..], [only] if only.starts_with("action ") && only.ends_with("add-new-jobs --yes with null"))
        );
        world.rests();
    }
}
