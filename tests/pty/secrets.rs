//! The console's secrets, with a real registry: set, check, rotate, remove, by somebody who sits there.

use super::{HEIGHT, WIDTH, leave};
use crate::{
    cli::rotating,
    support::{
        project::{Project, SECRET},
        registry::{PASSWORD, Registry, USER},
        screen::Screen,
    },
};

const NEW: &str = "another!password-of~theirs";

/// A console on the secrets of this project.
fn open(project: &Project, options: &[&str]) -> Screen {
    let mut console = Screen::start(&project.program(options), WIDTH, HEIGHT);
    console.sees(&project.repository);
    console.press("3");
    console.sees("Secrets ─");
    console
}

fn paste(console: &mut Screen, text: &str) {
    console.press(&format!("\x1b[200~{text}\x1b[201~"));
}

/// Fills in user name and password, which is pasted with a line break, and goes on.
fn login(console: &mut Screen, user: &str, password: &str) {
    console.press("\x15");
    console.press(&format!("{user}\r"));
    console.press("\x15");
    paste(console, &format!("{password}\n"));
    console.sees("the line break at the end of what was pasted is left out");
    console.press("\r");
}

#[track_caller]
fn leaves(mut console: Screen) {
    leave(&mut console);
    for password in [PASSWORD, NEW, rotating::NEW] {
        console.never_showed(password);
    }
}

#[test]
fn the_first_secret_makes_the_vault_and_is_checked_and_removed() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    let mut console = open(&project, &[]);
    console.sees("no vault yet: the first secret makes it");
    console.sees("no secret yet: press s");
    console.press("s");
    console.sees(&format!("Set {SECRET}"));
    console.sees("writes");
    login(&mut console, USER, "short");
    console.sees("How is the vault's key to be kept?");
    // Under a passphrase, which is typed twice; what is weak is refused in its place.
    console.press("\rcorrect horse\rcorrect horse\r");
    console.sees("the secret is not stored: the password at /password has 5 characters");
    assert!(!project.home().join("vault.age").exists());
    console.sees(&format!("Set {SECRET}"));
    console.press("\x15");
    paste(&mut console, PASSWORD);
    console.press("\r");
    console.sees("How is the vault's key to be kept?");
    // What was typed before is still there.
    console.press("\r\r\r");
    console.sees("✓ set");
    console.sees("the vault's key is a file under a passphrase");
    console.sees("/password fingerprint ");
    console.press("c");
    console.sees("login accepted, a wrong one refused");
    console.sees("✓ may push");
    console.press("h");
    console.sees("secret-set");
    console.press("\x1b");
    console.no_longer_sees("History of");
    console.press("d");
    console.sees("this cannot be undone");
    console.press(&format!("{SECRET}\r"));
    console.sees("is removed");
    console.sees("no secret yet: press s");
    leaves(console);
    // Another console has to be told the passphrase before it shows anything.
    let mut console = open(&project, &[]);
    console.sees("The vault is locked");
    console.press("\x1b");
    console.sees("press r, and give its passphrase");
    console.press("r");
    console.sees("The vault is locked");
    console.press("correct horse\r");
    console.sees("no secret yet: press s");
    leaves(console);
}

#[test]
fn a_password_is_rotated_once_the_registry_takes_it() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    let mut console = open(&project, &[]);
    console.sees("✓ set");
    // One that the registry does not know is not stored, and can be corrected.
    console.press("t");
    console.sees(&format!("Rotate {SECRET}"));
    paste(&mut console, NEW);
    console.press("\r");
    console.sees("✗ verify new");
    console.sees("not rotated: nothing was stored");
    registry.accept(&[(USER, NEW)]);
    console.press("\r");
    console.sees(&format!("Rotate {SECRET}"));
    console.press("\r");
    console.sees("✓ verify stored");
    console.sees("✓ retire old");
    console.sees("whoever runs that registry");
    console.press("\x1b");
    console.no_longer_sees("Rotation of");
    console.press("c");
    console.sees("✓ may push");
    leaves(console);
    project.windlass(&["secret", "check"]).exits(0);
}

#[test]
fn a_rotation_that_was_left_is_in_sight_and_rolled_back() {
    let (_registry, project) = rotating::ready();
    crate::cli::rotation_faults::kill_at(&project, "rotation:stored");
    let mut console = open(&project, &[]);
    console.sees("◐ rotation open");
    console.press("s");
    console.sees("finish it, or roll it back");
    console.press("t");
    console.sees("open: the new one is stored, and was not read back yet");
    console.press("b");
    console.sees("✓ restore old");
    console.sees("✓ verify old");
    console.sees("rolled back: the old one is the secret, and it still works");
    console.press("\x1b");
    console.no_longer_sees("Rotation of");
    console.sees("✓ set");
    leaves(console);
    project.windlass(&["secret", "check"]).exits(0);
}

#[test]
fn dockers_login_is_taken_over() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    let mut program = project.program(&[]);
    program.env("DOCKER_CONFIG", project.folder().join("docker"));
    let mut console = Screen::start(&program, WIDTH, HEIGHT);
    console.sees(&project.repository);
    console.press("3");
    console.sees("no secret yet: press s");
    console.press("s");
    console.sees(&format!("Docker has a login of {USER}"));
    console.press("\x0f");
    console.sees("which Docker has");
    console.press("\r");
    console.sees("How is the vault's key to be kept?");
    console.press("3\r");
    console.sees("✓ set");
    console.press("c");
    console.sees("✓ may push");
    leaves(console);
}

#[test]
fn whoever_has_read_only_looks_and_changes_nothing() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    let mut console = open(&project, &["--read-only"]);
    console.sees("✓ set");
    for key in ["s", "t", "d"] {
        console.press(key);
        console.sees("refused: windlass runs read-only");
        console.press("j");
        console.no_longer_sees("refused");
    }
    console.press("c");
    console.sees("tell, read-only, ✓ may pull");
    leaves(console);
}
