//! Several releases that one command names: all are looked at and shown before one question, each is dealt with in its turn,
//! one that fails keeps no other from its turn, and the exit code is that of the worst.

use serde_json::{Value, json};

use super::site::Site;
use crate::support::{
    processes::until,
    project::{Ran, pushed},
    registry::Registry,
    running::Running,
    taskcluster::queue::task::Outcome,
    terminal::Terminal,
};

/// The documents on stdout, one a line.
#[track_caller]
fn documents(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).expect("a document a line")).collect()
}

#[test]
fn each_is_cancelled_and_one_that_is_over_keeps_no_other_from_it() {
    let registry = Registry::with_login();
    let site = Site::new(&registry).may(&["queue:cancel-task:*"]);
    let [first, over, last] = ["pending", "success", "pending"].map(|state| site.group("push", state));
    site.run(&over.build, Outcome::Completed);
    site.run(&over.push, Outcome::Completed);
    let all = [first.id.as_str(), &over.id, &last.id];
    let cancel = |more: &[&str]| site.run_me(&[&["cancel"], &all[..], more].concat());
    let planned = cancel(&["--dry-run", "--json"]).exits(1);
    let of: Vec<Value> = documents(&planned).iter().map(|plan| plan["release"].clone()).collect();
    assert_eq!(of, [json!(first.id), json!(last.id)]);
    assert!(site.changes().is_empty());

    let ended = cancel(&["--yes", "--json"]).exits(1);
    let states: Vec<Value> = documents(&ended).iter().map(|release| release["state"].clone()).collect();
    assert_eq!(states, ["cancelled", "cancelled"]);
    assert_eq!(ended.error()["what"], format!("nothing of release {} is there to be cancelled", over.id));
    for task in [&first.build, &first.push, &last.build, &last.push] {
        assert_eq!(site.state(task), "exception");
    }
    assert_eq!((site.state(&over.push), site.trail().len()), ("completed".to_owned(), 4));
}

#[test]
fn one_question_is_asked_of_all_that_was_shown() {
    let registry = Registry::with_login();
    let site = Site::new(&registry).may(&["queue:cancel-task:*", "queue:rerun-task:*"]);
    let [one, two] = [site.group("push", "pending"), site.group("push", "pending")];
    let words = ["cancel", &one.id, &two.id];
    let error = site.run_me(&[&words[..], &["--json"]].concat()).exits(2).error();
    assert_eq!(error["next"], format!("look at `windlass cancel {} {} --dry-run`, then say --yes", one.id, two.id));
    for (answer, code) in [("n", 2), ("y", 0)] {
        assert!(site.changes().is_empty());
        let mut terminal = Terminal::start(&site.program(&words));
        terminal.sees(&one.id).sees(&two.id).sees("Go on?").types(answer);
        let session = terminal.ends().exits(code);
        assert_eq!(session.transcript.matches("Go on?").count(), 1, "{}", session.screen);
    }
    for task in [&one.build, &one.push, &two.build, &two.push] {
        assert_eq!(site.state(task), "exception");
    }
}

#[test]
fn each_is_run_again_in_its_turn_and_the_worst_is_the_exit_code() {
    let registry = Registry::with_login();
    let site = Site::new(&registry).may(&["queue:rerun-task:*"]);
    let [one, two] = [site.failed(), site.failed()];
    let rerun = Running::start(&mut site.program(&["rerun", &one.id, &two.id, "--yes", "--json"]));
    until("the first is asked for", || site.runs(&one.build) == 2);
    assert_eq!(site.runs(&two.build), 1, "it is not its turn");
    site.run(&one.build, Outcome::Failed);
    until("the second is asked for", || site.runs(&two.build) == 2);
    site.run(&two.build, Outcome::Completed);
    site.run(&two.push, Outcome::Completed);
    let ended = rerun.end().exits(1);
    assert_eq!(ended.error()["what"], "the task docker-image failed");
    let begun: Vec<Value> = documents(&ended).into_iter().filter(|one| one["schema"] == "windlass.rerun/1").collect();
    let of: Vec<&Value> = begun.iter().map(|begun| &begun["release"]).collect();
    assert_eq!(of, [&json!(one.id), &json!(two.id)]);
    assert_eq!(site.show(&two.id)["state"], "succeeded");
}

#[test]
fn what_is_left_to_itself_is_asked_for_at_once() {
    let registry = Registry::with_login();
    let site = Site::new(&registry).may(&["queue:rerun-task:*"]);
    let [one, two] = [site.failed(), site.failed()];
    let left = ["--yes", "--detach", "--json"];
    let begun = site.run_me(&[&["rerun", &one.id, &two.id], &left[..]].concat()).exits(0);
    assert_eq!((documents(&begun).len(), site.runs(&one.build), site.runs(&two.build)), (2, 2, 2));
    // Somebody has to be there between two tasks that depend on each other: one process for one release.
    for group in [&one, &two] {
        site.run(&group.build, Outcome::Completed);
        site.run(&group.push, Outcome::Completed);
    }
    let error = site.run_me(&[&["rerun", &one.id, &two.id], &left[..]].concat()).exits(2).error();
    assert!(error["why"].as_str().expect("text").contains("is for one release"), "{error}");
    assert_eq!((site.runs(&one.build), site.runs(&two.build)), (2, 2));
}

#[test]
fn what_is_refused_is_told_and_the_others_have_their_turn() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    let [one, two] = [site.failed(), site.failed()];
    // Of the second they may do nothing.
    let site = site.may(&[&format!("queue:rerun-task:-/{}/*", one.id)]);
    let rerun = |more: &[&str]| site.run_me(&[&["rerun"], more, &["--yes", "--detach", "--json"]].concat());
    let ended = rerun(&[&two.id, &one.id]).exits(3);
    assert!(ended.error()["why"].as_str().expect("text").contains("queue:rerun-task:"), "{ended:?}");
    assert_eq!((site.runs(&one.build), site.runs(&two.build)), (2, 1));

    let error = rerun(&[&two.id, &format!("{}/tasks/groups/{}", site.double.root, two.id)]).exits(2).error();
    assert_eq!(error["next"], "name each once");
    let seal = ["cancel", &one.id, &two.id, "--seal", "--confirm", &one.id, "--json"];
    assert!(site.run_me(&seal).exits(2).error()["why"].as_str().expect("text").contains("one group at a time"));
    assert_eq!((site.runs(&one.build), site.runs(&two.build)), (2, 1));
}

#[test]
fn those_of_this_machine_take_their_turns_too() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    site.project.set_secret();
    let [one, two] = [site.project.release(), site.project.release()];
    let ids = [&one, &two].map(|release| release["id"].as_str().expect("an id"));
    let run = |more: &[&str]| site.project.windlass(&[&["rerun"], more, &["--yes", "--json"]].concat());
    // Its newest is meant, as it was when all were looked at.
    let done = run(&[ids[0], "@", "none"]).exits(2);
    let done_all = documents(&done);
    let parents: Vec<&Value> = done_all.iter().map(|release| &release["parent"]).collect();
    assert_eq!(parents, [&json!(ids[0]), &json!(ids[1])]);
    assert_ne!(pushed(&done_all[0], "frozen"), pushed(&done_all[1], "frozen"));
    assert!(done_all.iter().all(|release| release["state"] == "succeeded"), "{done:?}");
    assert_eq!(done.error()["what"], "there is no release `none`");
    run(&[ids[0], ids[1], "--detach"]).exits(2);
    assert_eq!(site.project.releases().len(), 4);
}

#[test]
fn whoever_goes_away_leaves_the_others_as_they_are() {
    let registry = Registry::with_login();
    let site = Site::new(&registry).may(&["queue:rerun-task:*"]);
    let [one, two] = [site.failed(), site.failed()];
    let mut rerun = Running::start(&mut site.program(&["rerun", &one.id, &two.id, "--yes"]));
    while !rerun.line().expect("it is begun").contains("end it:") {}
    while !rerun.line().expect("it is followed").contains("docker-image") {}
    rerun.signal(rustix::process::Signal::INT);
    let ended = rerun.end().exits(130);
    assert!(ended.stderr.contains(&format!("nothing is done to {}", two.id)), "{ended:?}");
    assert_eq!((site.runs(&one.build), site.runs(&two.build)), (2, 1));
}
