//! What becomes of the terminal: whatever ends the console, it is given back; whatever size it has, it is drawn on.

use rustix::process::Signal;

use super::{HEIGHT, WIDTH, around, leave, open, send, signal, until_gone, youngest};
use crate::support::{processes::until, project::Project, registry::Registry, screen::Screen};

/// What makes a terminal everybody's again, at the end of all that was written to it.
const GIVEN_BACK: &str = "\x1b[?2026l\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?1049l\x1b[?25h";

/// It takes keys, and shows what they do.
#[track_caller]
fn answers(console: &mut Screen) {
    console.press("?");
    console.sees("Find an action");
    console.press("\x1b");
    console.no_longer_sees("Find an action");
}

#[test]
fn signals_end_the_console_and_give_the_terminal_back() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    for (sent, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130), (Signal::QUIT, 131)] {
        let mut console = open(&project);
        console.sees("no release yet");
        console.until("its own screen", |screen| screen.alternate_screen() && screen.hide_cursor());
        signal(&console, sent);
        assert_eq!(console.end(), code);
        console.is_given_back();
        assert!(console.text().ends_with(GIVEN_BACK), "{:?}", console.text());
    }
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_says_why() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    project.release();
    for (place, key) in [("console:key", "j"), ("console:log", "")] {
        let mut program = project.program(&[]);
        program.env("WINDLASS_PANIC_AT", place);
        let mut console = Screen::start(&program, WIDTH, HEIGHT);
        if !key.is_empty() {
            console.sees("n release");
            console.press(key);
        }
        assert_eq!(console.end(), 101);
        console.is_given_back();
        console.sees(&format!("a panic was asked for at {place}"));
        let text = console.text();
        let (_, after) = text.rsplit_once(GIVEN_BACK).expect("the terminal was given back");
        assert!(after.contains("a panic was asked for"), "{after:?}");
    }
}

#[test]
fn a_console_whose_terminal_is_gone_ends_although_nobody_tells_it() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    // In a session of its own it is sent no HUP.
    let program = project.program(&[]);
    let line = format!("setsid --wait {}", program.get_program().display());
    let command = around(&program, "script", &["--quiet", "--command", &line, "/dev/null"]);
    let mut window = Screen::start(&command, WIDTH, HEIGHT);
    window.sees("no release yet");
    let console = youngest(window.process());
    window.kill();
    until_gone(console);
}

/// Whoever stops it, below a shell, has the terminal back, and the console comes back whole.
#[track_caller]
fn stops_and_comes_back(stop: impl FnOnce(&mut Screen)) {
    let registry = Registry::open();
    let project = Project::new(&registry);
    // Nobody stops a group that has no shell above it.
    let program = project.program(&[]);
    let line = format!("'{}' & fg; echo it is stopped; read line; fg", program.get_program().display());
    let command = around(&program, "/bin/sh", &["-mc", &line]);
    let mut shell = Screen::start(&command, WIDTH, HEIGHT);
    shell.sees("no release yet");
    stop(&mut shell);
    shell.sees("it is stopped");
    shell.is_given_back();
    shell.press("\r");
    shell.sees("no release yet");
    answers(&mut shell);
    leave(&mut shell);
}

#[test]
fn ctrl_z_stops_the_console_and_it_comes_back_whole() {
    stops_and_comes_back(|shell| shell.press("\x1a"));
}

#[test]
fn a_console_that_somebody_else_stops_comes_back_whole() {
    stops_and_comes_back(|shell| send(youngest(shell.process()), Signal::TSTP));
}

/// Nobody is asked before that signal, so nothing is given back; a shell takes the modes that it needs.
#[test]
fn a_console_that_is_stopped_unasked_takes_the_terminal_once_more() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    let program = project.program(&[]);
    let line = format!("'{}' & fg; stty sane; echo it is stopped; read line; fg", program.get_program().display());
    let mut shell = Screen::start(&around(&program, "/bin/sh", &["-mc", &line]), WIDTH, HEIGHT);
    shell.sees("no release yet");
    send(youngest(shell.process()), Signal::STOP);
    shell.sees("it is stopped");
    shell.press("\r");
    shell.no_longer_sees("it is stopped");
    shell.sees("no release yet");
    answers(&mut shell);
    leave(&mut shell);
}

#[test]
fn a_console_that_no_shell_is_above_does_not_stop() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    let mut console = open(&project);
    console.sees("no release yet");
    let taken = |console: &Screen| console.text().matches("\x1b[?1049h").count();
    console.press("\x1a");
    until("it is back", || taken(&console) == 2);
    signal(&console, Signal::TSTP);
    until("it is back again", || taken(&console) == 3);
    console.press("?");
    console.sees("Find an action");
    signal(&console, Signal::TERM);
    assert_eq!(console.end(), 143);
    console.is_given_back();
}

#[test]
fn a_terminal_that_shrinks_and_grows_shows_all_again() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    let mut console = open(&project);
    console.sees("no release yet: press n");
    for (columns, rows) in [(20, 5), (1, 1), (WIDTH, HEIGHT), (60, 16)] {
        console.resize(columns, rows);
        if columns >= 20 {
            console.sees("windlass");
            console.sees("quit");
        }
    }
    // As from a window that is dragged.
    for step in 0..200 {
        console.resize(20 + step % 60, 5 + step % 20);
    }
    console.resize(WIDTH, HEIGHT);
    console.sees("no release yet: press n");
    console.sees("q quit");
    answers(&mut console);
    leave(&mut console);
}

#[test]
fn a_paste_of_a_megabyte_is_taken_as_one_and_none_of_it_as_keys() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    let mut console = open(&project);
    console.sees("no release yet");
    let paste = format!("\x1b[200~{}\x1b[201~", "q\r\n".repeat(350_000));
    console.press(&paste);
    console.sees("nothing is pasted here");
    console.press("?");
    console.sees("Find an action");
    console.press(&paste);
    console.sees("no room for 1050000 characters");
    console.press("\x1b");
    console.no_longer_sees("Find an action");
    leave(&mut console);
}

#[test]
fn a_terminal_of_ascii_and_without_colour_shows_the_same_words() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    let mut command = project.program(&["--ascii"]);
    command.env("NO_COLOR", "1");
    let console = Screen::start(&command, 60, 16);
    console.sees("no release yet: press n");
    console.sees("+ Releases ---");
    console.until("ASCII alone", |screen| screen.contents().is_ascii());
    console.until("no colour", |screen| {
        let cells = (0..16).flat_map(|row| (0..60).filter_map(move |column| screen.cell(row, column)));
        cells.into_iter().all(|cell| cell.fgcolor() == vt100::Color::Default)
    });
}
