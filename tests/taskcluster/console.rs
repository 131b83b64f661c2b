//! The console in a terminal, before the double.

use super::site::{ARTIFACT, Site};
use crate::support::{
    processes::until,
    registry::Registry,
    screen::Screen,
    taskcluster::queue::{artifacts::Stored, task::Outcome},
    terminal::Terminal,
};

const WIDTH: u16 = 120;
const HEIGHT: u16 = 40;
const ID: &str = "github/1|ada+rel/windlass-k3v9";
const TOKEN: &str = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo";
const PASSPHRASE: &str = "correct horse battery";

fn open(site: &Site) -> Screen {
    Screen::start(&site.project.program(&[]), WIDTH, HEIGHT)
}

#[track_caller]
fn leave(mut console: Screen) {
    console.press("q");
    assert_eq!(console.end(), 0);
    console.is_given_back();
}

#[test]
fn what_tasks_left_is_downloaded_and_replaces_nothing_unasked() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    let group = site.group("push", "success");
    site.run(&group.build, Outcome::Completed);
    site.run(&group.push, Outcome::Completed);
    let object = Stored::Object { bytes: b"the image".to_vec(), media: "application/octet-stream" };
    site.double.artifact(&group.build, 0, "public/image.bin", object);
    let gone = Stored::Error { reason: "file-missing-on-worker", message: "could not find it" };
    site.double.artifact(&group.build, 0, "public/gone.txt", gone);
    site.double.artifact(&group.push, 0, ARTIFACT, Stored::log("sha256"));
    let mut console = open(&site);
    console.sees("push-image");
    console.press("A");
    console.sees("Artifacts of release");
    console.sees("error: file-missing-on-worker");
    console.press("gg");
    console.no_longer_sees("▌public/docker-image");
    console.press("\r");
    console.sees("could not find it");
    console.press("j\r");
    console.sees("Download public/image.bin");
    console.sees("enter go on");
    console.press("\r");
    console.sees("downloaded, its hash fits");
    let file = site.project.path("image.bin");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "the image");
    std::fs::write(&file, "another").unwrap();
    console.press("\r");
    console.sees("Download public/image.bin");
    console.sees("enter go on");
    console.press("\r");
    console.sees("Replace this file?");
    console.press("\x1b");
    console.no_longer_sees("Replace this file?");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "another");
    console.press("G\r");
    console.sees(&format!("Download {ARTIFACT}"));
    console.sees("enter go on");
    console.press("\x15~/there.txt\r");
    console.sees("downloaded, no hash to check it by");
    assert_eq!(std::fs::read_to_string(site.project.user().join("there.txt")).unwrap(), "sha256");
    console.press("\x1b");
    console.no_longer_sees("Artifacts of release");
    leave(console);
}

#[test]
fn a_secret_at_a_deployment_is_not_missed_in_a_vault_that_nobody_made() {
    let registry = Registry::with_login();
    let site = Site::with(&registry, "store = \"taskcluster\"\n");
    let console = open(&site);
    console.sees("engine ● ");
    console.sees("secret ·");
    console.never_showed("no secret yet");
    leave(console);
}

#[test]
fn a_sign_in_in_a_locked_vault_is_used_once_somebody_opens_it() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    site.group("push", "success");
    site.double.client(ID, TOKEN, &[]);
    let mut terminal =
        Terminal::start(&site.project.program(&["signin", "--paste", "--yes", "--identity", "passphrase"]));
    terminal.sees("New passphrase of the vault: ").types(PASSPHRASE);
    terminal.sees("The same once more: ").types(PASSPHRASE);
    terminal.sees("(not shown): ").types(&format!("http://localhost:1/3f2c?clientId={ID}&accessToken={TOKEN}"));
    terminal.ends().exits(0);
    let as_somebody = || site.double.requests().iter().filter(|asked| asked.client_id.is_some()).count();
    let before = as_somebody();
    let mut console = open(&site);
    console.sees("signed in, vault locked: u unlocks");
    console.sees("locked   registry");
    console.sees("push-image");
    assert_eq!(as_somebody(), before, "nobody was asked for the passphrase");
    console.press("u");
    console.sees("The vault is locked");
    console.press("\x1b");
    console.no_longer_sees("The vault is locked");
    // Its hint is there again once the first attempt has ended.
    console.sees("u unlock  ");
    console.press("u");
    console.sees("The vault is locked");
    console.press(&format!("{PASSPHRASE}\r"));
    console.sees("the vault is open");
    console.no_longer_sees("vault locked: u unlocks");
    until("requests as the client", || as_somebody() > before);
    console.never_showed(PASSPHRASE);
    console.never_showed(TOKEN);
    leave(console);
}
