//! The log of a release in a terminal: the steps of its build, lines that are copied, the file that it is saved to.

use std::{fs, os::unix::fs::PermissionsExt as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{HEIGHT, WIDTH, leave, project};
use crate::support::{registry::Registry, screen::Screen};

#[test]
fn a_log_is_read_by_steps_copied_from_and_saved() {
    let registry = Registry::with_login();
    let project = project(&registry, 0);
    let release = project.release();
    let id = release["id"].as_str().expect("an id");
    let mut program = project.program(&[]);
    // Whoever is far away copies through the terminal.
    program.env("SSH_TTY", "/dev/pts/1");
    let mut console = Screen::start(&program, WIDTH, HEIGHT);
    console.sees("ended by");
    console.press("S");
    console.sees("├ Steps · ");
    console.sees("exporting to image");
    let logged = project.windlass(&["log", id]).exits(0).stdout;
    let begins = logged.lines().position(|line| line.contains("RUN echo begun by")).expect("its step");
    console.press("\r");
    console.no_longer_sees("├ Steps · ");
    console.press("gg");
    console.sees(&format!("1 of {}", logged.lines().count()));
    for _ in 0..begins {
        console.press("j");
    }
    console.press("mj");
    console.sees("2 lines marked");
    console.press("y");
    console.sees("(the terminal was asked to): 2 lines");
    let text = console.text();
    let (_, copied) = text.split_once("\x1b]52;c;").expect("it was copied");
    let (copied, _) = copied.split_once('\x07').expect("whole");
    let copied = String::from_utf8(STANDARD.decode(copied).expect("Base64")).expect("text");
    assert!(copied.lines().count() == 2 && logged.contains(&copied), "{copied}");

    console.press("s");
    console.sees("Save the log");
    console.press("\r");
    console.sees(&format!("lines saved to {id}.log"));
    let saved = project.path(&format!("{id}.log"));
    assert_eq!(fs::read_to_string(&saved).expect("a file"), logged);
    assert_eq!(fs::metadata(&saved).expect("a file").permissions().mode() & 0o777, 0o600);
    fs::write(&saved, "something else").expect("written");
    console.press("s\r");
    console.sees("Replace this file?");
    console.press("n");
    console.no_longer_sees("Replace this file?");
    assert_eq!(fs::read_to_string(&saved).expect("a file"), "something else");
    // The name is there again, to be changed or to be meant after all.
    console.sees("Save the log");
    console.press("\r");
    console.sees("Replace this file?");
    console.press("y");
    console.until("it is replaced", |_| fs::read_to_string(&saved).is_ok_and(|text| text == logged));
    leave(&mut console);
}
