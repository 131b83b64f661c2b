use rustix::process::Signal;

use super::{HEIGHT, WIDTH, around, ended, leave, open, project, signal, start, until_gone, youngest};
use crate::support::{
    project::Project,
    registry::{PASSWORD, Registry, USER},
    screen::Screen,
    terminal::Terminal,
};

#[test]
fn a_release_is_started_watched_and_left() {
    let registry = Registry::with_login();
    let project = project(&registry, 1);
    let before = project.release();
    let before = before["id"].as_str().expect("an id");
    // Else the second build is done before it can be watched.
    project.dockerfile("RUN echo begun by the second; sleep 1; echo ended by the second\n");
    project.commit("the second");

    let mut console = open(&project);
    console.sees(&project.repository);
    console.sees(before);
    console.sees("match");
    console.sees(&format!("ended by {}", project.nonce));
    console.press("n");
    console.sees("Release app?");
    console.sees("is replaced");
    console.sees("windlass release --image app --yes");
    console.press("y");
    console.sees("begun by the second");
    console.sees("following");
    console.sees("ended by the second");
    console.until("two matches in the list", |screen| {
        screen.contents().lines().filter(|line| line.split("││").next().is_some_and(|l| l.contains("match"))).count()
            == 2
    });
    assert_ne!(ended(&project)["id"], before);
    leave(&mut console);
}

#[test]
fn a_console_that_is_killed_or_closed_leaves_its_release_running() {
    let registry = Registry::with_login();
    let project = project(&registry, 3);
    let mut console = open(&project);
    start(&project, &mut console);
    console.kill();
    console.end();
    assert_eq!(ended(&project)["state"], "succeeded");

    project.dockerfile(&format!("RUN echo begun by {}; sleep 3; echo again\n", project.nonce));
    project.commit("again");
    // A terminal that somebody else holds, and is gone with it.
    let program = project.program(&[]);
    let line = program.get_program().to_str().expect("a path in UTF-8");
    let command = around(&program, "script", &["--quiet", "--command", line, "/dev/null"]);
    let mut window = Screen::start(&command, WIDTH, HEIGHT);
    window.sees("match");
    start(&project, &mut window);
    let console = youngest(window.process());
    window.kill();
    until_gone(console);
    assert_eq!(project.releases().len(), 2);
    assert_eq!(ended(&project)["state"], "succeeded");
}

#[test]
fn a_release_that_runs_is_cancelled_once_that_is_confirmed() {
    let registry = Registry::with_login();
    let project = project(&registry, 600);
    let mut console = open(&project);
    start(&project, &mut console);
    console.press("x");
    console.sees("Cancel release");
    console.sees("nothing was pushed yet");
    console.press("\x1b");
    console.no_longer_sees("Cancel release");
    console.press("x");
    console.sees("Cancel release");
    console.press("y");
    console.sees("■ build");
    console.sees("cancelled");
    assert_eq!(ended(&project)["state"], "cancelled");
    let trail = project.windlass(&["audit", "--json"]).exits(0).stdout;
    assert!(trail.contains(r#""what":"cancel""#), "who did it is known: {trail}");
    // Its second Ctrl-C leaves.
    console.press("\x03");
    console.sees("once more leaves the console");
    console.press("\x03");
    assert_eq!(console.end(), 0);
    console.is_given_back();
}

#[test]
fn a_release_that_others_start_is_seen() {
    let registry = Registry::with_login();
    let project = project(&registry, 0);
    let mut console = open(&project);
    console.sees("no release yet: press n");
    let release = project.release();
    console.sees(release["id"].as_str().expect("an id"));
    console.sees("match");
    console.press("\r");
    console.sees("esc list");
    console.press("?");
    console.sees("Find an action");
    console.press("leave\r");
    assert_eq!(console.end(), 0);
    console.is_given_back();
}

#[test]
fn the_log_of_a_release_is_searched() {
    let registry = Registry::with_login();
    let project = project(&registry, 0);
    project.dockerfile("RUN i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo number $i; done; echo $((900+9)) Error\n");
    project.commit("says a lot");
    project.release();
    let mut console = open(&project);
    console.sees("909 Error");
    console.press("/");
    console.sees("enter search");
    console.press("NUMBER 7$\r");
    console.sees("no match");
    console.press("/number 1?7$");
    console.sees("/number 1?7$");
    console.press("\r");
    console.sees("match 1 of 2");
    console.sees("number 12");
    console.until("what was found in reverse", |screen| {
        let (row, column) = (0..HEIGHT)
            .flat_map(|row| (0..WIDTH).map(move |column| (row, column)))
            .find(|(row, column)| {
                let text = screen.contents_between(*row, *column, *row, WIDTH);
                text.starts_with("number 7 ") && screen.cell(*row, *column).is_some_and(vt100::Cell::inverse)
            })
            .unwrap_or((0, 0));
        row > 0 && screen.cell(row, column + 8).is_some_and(|after| !after.inverse())
    });
    console.press("n");
    console.sees("match 2 of 2");
    console.press("nN");
    console.sees("match 2 of 2");
    console.press("/(\r");
    console.sees("unclosed group");
    console.press("\x1b");
    console.no_longer_sees("unclosed group");
    console.press("\x1b");
    console.no_longer_sees("match 2 of 2");
    leave(&mut console);
}

#[test]
fn tags_are_judged_and_what_was_changed_behind_their_back_is_found() {
    let registry = Registry::with_login();
    let project = project(&registry, 0);
    let release = project.release();
    let id = release["image_id"].as_str().expect("a digest");
    let digest = release["pushes"][0]["digest"].as_str().expect("a digest");
    let mut console = open(&project);
    console.sees("match");
    console.press("2");
    // The release hashed these bytes; only their names were asked for now.
    console.sees("• match-claimed");
    console.press("r");
    console.no_longer_sees("match-claimed");
    console.sees("✓ match");
    console.sees("1 of 2");
    console.until("both identities", |screen| screen.contents().matches(id).count() == 2);
    console.press("i");
    console.sees("manifest digest");
    console.until("the other ones", |screen| screen.contents().matches(digest).count() == 2);
    project.curl(digest, &["--request", "DELETE"]);
    console.press("r");
    console.sees("✗ missing");
    console.press("1");
    console.sees("enter log");
    leave(&mut console);
}

#[test]
fn what_policy_refuses_is_told_before_anything_happens() {
    let registry = Registry::with_login();
    let project = project(&registry, 0);
    project.write("uncommitted", "");
    let mut console = open(&project);
    console.sees("n release");
    console.press("n");
    console.sees("This did not work");
    console.sees("uncommitted");
    console.press("\r");
    console.no_longer_sees("This did not work");
    assert_eq!(project.releases().len(), 0);
}

#[test]
fn without_a_terminal_there_is_help_and_the_reason() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    let ran = project.windlass(&[]).exits(2);
    assert!(ran.stdout.is_empty() && ran.stderr.contains("Usage: windlass"), "{ran:?}");
    assert!(ran.stderr.contains("the console cannot be opened") && ran.stderr.contains("stdin is no terminal"));
    let ran = project.windlass(&["--json"]).exits(2);
    assert_eq!((ran.stdout.as_str(), &ran.error()["kind"]), ("", &"usage".into()), "{ran:?}");
    let mut dumb = project.program(&[]);
    dumb.env("TERM", "dumb");
    let said = Terminal::start(&dumb).ends().exits(2);
    assert!(said.transcript.contains("TERM is dumb"), "{}", said.transcript);
    let program = project.program(&[]);
    let line = format!("'{}' >/dev/null", program.get_program().display());
    let said = Terminal::start(&around(&program, "/bin/sh", &["-c", &line])).ends().exits(2);
    assert!(said.transcript.contains("stdout is no terminal"), "{}", said.transcript);
}

#[test]
fn a_locked_vault_is_opened_in_the_console_and_by_the_release_it_starts() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.dockerfile(&format!("RUN echo begun by {}\n", project.nonce));
    project.commit("says something");
    let set = project.program(&["secret", "set", "--username", USER, "--identity", "passphrase"]);
    let mut terminal = Terminal::start(&set);
    terminal.sees("New passphrase of the vault: ").types("correct horse battery");
    terminal.sees("The same once more: ").types("correct horse battery");
    terminal.sees("Password: ").types(PASSWORD);
    terminal.ends().exits(0);

    let mut console = open(&project);
    console.sees("n release");
    console.press("n");
    console.sees("The vault is locked");
    console.press("a wrong one\r");
    console.sees("That is not it.");
    console.press("correct horse battery");
    console.sees("•••");
    console.until("no passphrase", |screen| !screen.contents().contains("horse"));
    console.press("\r");
    console.sees("Release app?");
    console.press("y");
    console.sees(&format!("begun by {}", project.nonce));
    assert_eq!(ended(&project)["state"], "succeeded");
    leave(&mut console);

    // A worker that waits for an answer keeps nobody from leaving.
    let mut console = open(&project);
    console.sees("n release");
    console.press("n");
    console.sees("The vault is locked");
    signal(&console, Signal::TERM);
    assert_eq!(console.end(), 143);
}
