//! Known projects, and keys of one's own, in a real terminal.

use std::fs;

use super::leave;
use crate::support::{
    project::{Project, ran},
    registry::Registry,
    screen::Screen,
};

/// The console, in a folder that is no project's.
fn elsewhere(project: &Project) -> Screen {
    Screen::start(project.program(&[]).current_dir(project.user()), 100, 30)
}

#[test]
fn a_known_project_is_opened_from_elsewhere_and_released() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    let mut console = elsewhere(&project);
    console.sees("no release yet");
    console.sees(&project.checkout().display().to_string());
    console.press("\r");
    console.sees(&project.repository);
    console.press("n");
    console.sees("Release app?");
    console.sees("windlass --project checkout release --image app --yes");
    console.press("y");
    console.sees("match");
    console.press("gp");
    console.sees("open in this console");
    console.sees("match");
    leave(&mut console);
}

#[test]
fn a_folder_becomes_a_project_and_one_that_is_gone_is_forgotten() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    project.set_secret();
    fs::remove_file(project.path("windlass.toml")).expect("it was there");
    project.git(&["remote", "set-url", "origin", "https://github.com/mozilla/balrog"]);
    let mut console = Screen::start(&project.program(&[]), 100, 30);
    console.sees("its folder is gone");
    console.press("x");
    console.sees("Forget project checkout?");
    console.press("y");
    console.sees("no project is known on this machine yet");
    console.press("i");
    console.sees("Make this folder a project?");
    console.sees("repository = \"docker.io/mozilla/balrog\"");
    console.press("y");
    console.sees("no release yet: press n");
    let list = fs::read_to_string(project.home().join("projects.toml")).expect("the list");
    assert!(list.contains("\"checkout\" = "), "{list}");
    leave(&mut console);
}

#[test]
fn keys_of_ones_own_count_and_mistakes_in_them_are_told_before_the_console_opens() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    fs::create_dir(project.home()).expect("a folder");
    let settings = project.home().join("settings.toml");
    fs::write(&settings, "[keys]\nquit = \"ctrl-x q\"\n").expect("a file");
    let mut console = Screen::start(&project.program(&[]), 100, 30);
    console.sees("ctrl-x q quit");
    console.press("q\u{18}");
    console.sees("ctrl-x q quit");
    console.press("q");
    assert_eq!(console.end(), 0);
    fs::write(&settings, "[keys]\nquit = \"n\"\n").expect("a file");
    let mut console = Screen::start(&project.program(&[]), 100, 30);
    console.sees("`n` would mean `quit` and `new`");
    console.sees("settings.toml:2:8");
    assert_eq!(console.end(), 2);
    // Whoever opens no console needs none of them.
    ran(&mut project.program(&["releases"])).exits(0);
}
