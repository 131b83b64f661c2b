//! Doctor, activity, toasts and the first line, with the engine of this machine and a registry of their own.

use super::{HEIGHT, WIDTH, leave, open};
use crate::support::{
    project::Project,
    registry::{PASSWORD, Registry, USER},
    screen::Screen,
    terminal::Terminal,
};

/// All checks have ended.
fn all_told(console: &Screen) {
    console.sees("1 of 13");
    console.no_longer_sees("checking");
}

#[test]
fn the_doctor_tells_of_each_check_and_runs_one_again() {
    let mut registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    let mut console = open(&project);
    console.sees("engine ● ");
    console.sees("registry ·   secret ·");
    console.press("4");
    for check in ["config", "git", "engine", "vault", "secret", "login", "push"] {
        console.sees(&format!("✓ pass         {check}"));
    }
    all_told(&console);
    console.sees("registry ● pass   secret ● pass");
    registry.stop();
    console.press("jjjj");
    console.sees("├ registry · ");
    console.press("c");
    console.sees("▌✗ fail         registry");
    console.sees("windlass doctor registry --image app");
    console.sees("✓ pass         login");
    console.sees("registry ✗ fail");
    console.press("r");
    console.sees("? cannot tell  login");
    console.press("5");
    console.sees("checked: registry fail");
    leave(&mut console);
}

#[test]
fn a_release_without_an_engine_leads_to_the_check_that_explains_it() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    let mut program = project.program(&[]);
    program.env("DOCKER_HOST", "unix:///nonexistent/docker.sock");
    let mut console = Screen::start(&program, WIDTH, HEIGHT);
    console.sees("engine ✗ away");
    console.press("n");
    console.sees("Release app?");
    console.press("y");
    console.sees(" of app failed: ");
    console.sees("what explains it");
    console.press("D");
    console.sees("▌✗ fail         engine");
    console.sees("named by DOCKER_HOST");
    console.sees(" fix ");
    console.sees(" owner  you");
    console.sees("· not run      disk");
    leave(&mut console);
}

#[test]
fn the_vault_is_opened_for_the_checks_that_need_it_and_the_others_do_not_wait() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    let set = project.program(&["secret", "set", "--username", USER, "--identity", "passphrase"]);
    let mut terminal = Terminal::start(&set);
    terminal.sees("New passphrase of the vault: ").types("correct horse battery");
    terminal.sees("The same once more: ").types("correct horse battery");
    terminal.sees("Password: ").types(PASSWORD);
    terminal.ends().exits(0);
    let mut console = open(&project);
    console.sees("n release");
    console.press("4");
    console.sees("The vault is locked");
    console.sees("✓ pass         git");
    console.press("\x1b");
    console.sees("? cannot tell  vault");
    console.no_longer_sees("checking");
    console.press("r");
    console.sees("The vault is locked");
    console.press("correct horse battery\r");
    console.sees("✓ pass         vault");
    console.sees("✓ pass         push");
    leave(&mut console);
}

#[test]
fn what_was_done_here_and_elsewhere_is_among_the_activity() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    let nonce = &project.nonce;
    project.dockerfile(&format!("RUN echo begun by {nonce}; sleep 600\n"));
    project.commit("takes a while");
    project.set_secret();
    let mut console = open(&project);
    console.sees("n release");
    console.press("n");
    console.sees("Release app?");
    console.press("y");
    console.sees(&format!("begun by {nonce}"));
    console.sees("registry ● bot   secret ● works");
    console.press("x");
    console.sees("Cancel release");
    console.press("y");
    console.sees(" of app was cancelled");
    let id = project.releases()[0]["id"].as_str().expect("an id").to_owned();
    console.press("5");
    console.sees(&format!("release {id} cancelled"));
    console.sees(&format!("cancel {id} done"));
    console.sees("starting a release of app");
    console.press("/told to");
    console.sees("1 of 2 · /told to▏");
    console.press("\rG");
    console.sees(&format!("as          windlass cancel {id}"));
    console.press("y");
    console.sees(&format!("copied (the terminal was asked to): windlass cancel {id}"));
    console.press("/\x1b");
    // Others' changes come in while somebody looks.
    project.dockerfile("");
    project.commit("takes no time");
    let other = project.release()["id"].as_str().expect("an id").to_owned();
    console.sees(&format!("release {other} of app succeeded: match"));
    console.sees(&format!("release {other} done"));
    leave(&mut console);
}
