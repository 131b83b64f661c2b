//! What the console leaves to other programs: pager, editor, clipboard, and the terminal's own progress bar.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustix::process::Signal;

use super::{HEIGHT, WIDTH, ended, leave, project, signal, start};
use crate::support::{processes::until, project::Project, registry::Registry, screen::Screen};

fn open_with(project: &Project, variables: &[(&str, &str)]) -> Screen {
    let mut program = project.program(&[]);
    program.envs(variables.iter().copied());
    Screen::start(&program, WIDTH, HEIGHT)
}

#[track_caller]
fn is_the_consoles(screen: &Screen) {
    screen.until("the console's modes", |screen| {
        screen.alternate_screen()
            && screen.bracketed_paste()
            && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::PressRelease
    });
}

#[test]
fn a_pager_has_the_terminal_until_it_ends() {
    let registry = Registry::with_login();
    let project = project(&registry, 0);
    project.release();
    let pager = "sh -c 'echo a pager has it with $LESS; tail -n 1 \"$1\"; read line; echo it had $line' pager";
    let mut console = open_with(&project, &[("PAGER", pager)]);
    console.sees("ended by");
    is_the_consoles(&console);
    console.press("o");
    console.sees("a pager has it with R\n");
    console.is_given_back();
    // Keys are the pager's.
    console.press("q\r");
    console.sees("n release");
    is_the_consoles(&console);
    // Ctrl-C there is the pager's too.
    console.press("o");
    // What earlier ones said is still there, below the console.
    let pagers = |count| move |screen: &vt100::Screen| screen.contents().matches("a pager has it").count() == count;
    console.until("a second pager", pagers(2));
    console.press("\x03");
    console.sees("This did not work");
    is_the_consoles(&console);
    console.press("\r");
    console.no_longer_sees("This did not work");
    console.press("o");
    console.until("a third pager", pagers(3));
    signal(&console, Signal::TERM);
    assert_eq!(console.end(), 143);
    console.is_given_back();

    // Else less would end before a short log is read.
    for (less, had) in [("FRX", "FRX$-+F"), ("-iMR", "-iMR")] {
        let mut console = open_with(&project, &[("PAGER", pager), ("LESS", less)]);
        console.sees("ended by");
        console.press("o");
        console.sees(&format!("a pager has it with {had}\n"));
        console.press("q\r");
        console.sees("n release");
        leave(&mut console);
    }
}

#[test]
fn what_was_edited_is_read_again_and_an_editor_that_fails_is_told_of() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    let editor = "sed -i s/\\\"app\\\"/\\\"other\\\"/";
    let mut console = open_with(&project, &[("EDITOR", "no-such-editor"), ("VISUAL", editor)]);
    console.sees("app · ");
    console.press("\x05");
    console.sees("other · ");
    is_the_consoles(&console);
    leave(&mut console);

    let mut console = open_with(&project, &[("EDITOR", "no-such-editor")]);
    console.sees("other · ");
    console.press("\x05");
    console.sees("no-such-editor did not do its work");
    console.press("\r");
    console.no_longer_sees("did not do its work");
    leave(&mut console);
}

#[test]
fn over_ssh_the_terminal_keeps_what_is_copied_and_its_mouse() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    let release = project.release();
    let digest = release["pushes"][0]["digest"].as_str().expect("a digest");
    let mut console = open_with(&project, &[("SSH_TTY", "/dev/pts/1"), ("DISPLAY", ":7")]);
    console.sees("mouse off");
    console.press("2");
    console.sees("• match-claimed");
    console.press("y");
    console.sees("(the terminal was asked to)");
    let expected = format!("\x1b]52;c;{}\x07", STANDARD.encode(format!("{}@{digest}", project.repository)));
    assert!(console.text().contains(&expected), "{expected:?}");
    console.until("the terminal's mouse", |screen| screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None);
    console.press("M");
    console
        .until("the console's mouse", |screen| screen.mouse_protocol_mode() == vt100::MouseProtocolMode::PressRelease);
    leave(&mut console);
}

#[test]
fn a_terminal_that_has_a_bar_shows_how_far_a_release_is() {
    let registry = Registry::with_login();
    let project = project(&registry, 1);
    let mut console = open_with(&project, &[("TERM_PROGRAM", "ghostty")]);
    console.sees("n release");
    assert!(!console.text().contains("\x1b]9;"));
    start(&project, &mut console);
    console.sees("✓ record");
    assert_eq!(ended(&project)["state"], "succeeded");
    console.sees("match");
    let text = console.text();
    let (_, bar) = text.split_once("\x1b]9;4;3\x1b\\").expect("it is busy");
    assert!(bar.contains("\x1b]9;4;0\x1b\\"), "it ends with the release");
    leave(&mut console);
}

/// The end of what the terminal is told, with its bar.
const BAR_ENDS: &str = "\x1b[?2026l\x1b]9;4;0\x1b\\\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?1049l\x1b[?25h";

#[test]
fn a_terminal_that_shows_how_far_a_release_is_shows_it_no_longer_than_the_console_is_open() {
    let registry = Registry::with_login();
    let project = project(&registry, 600);
    let ghostty = &[("TERM_PROGRAM", "ghostty")][..];
    let busy = |console: &Screen| until("a bar", || console.text().contains("\x1b]9;4;3\x1b\\"));
    let mut console = open_with(&project, ghostty);
    start(&project, &mut console);
    busy(&console);
    leave(&mut console);
    assert!(console.text().ends_with(BAR_ENDS), "{:?}", console.text());
    let mut console = open_with(&project, ghostty);
    console.sees("begun by");
    busy(&console);
    signal(&console, Signal::TERM);
    assert_eq!(console.end(), 143);
    console.is_given_back();
    assert!(console.text().ends_with(BAR_ENDS), "{:?}", console.text());
    let mut console = open_with(&project, &[("TERM_PROGRAM", "ghostty"), ("WINDLASS_PANIC_AT", "console:key")]);
    console.sees("begun by");
    busy(&console);
    console.press("j");
    assert_eq!(console.end(), 101);
    console.is_given_back();
    assert!(console.text().contains(BAR_ENDS), "{:?}", console.text());
    project.windlass(&["cancel", "@"]).exits(0);
    assert_eq!(ended(&project)["state"], "cancelled");
}

#[test]
fn the_tasks_of_releases_are_defined_at_the_terminal_and_the_console_comes_back() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    let root = "https://tc.example";
    project.configure(&format!(
        "store = \"taskcluster\"\n\n[taskcluster]\nroot-url = \"{root}\"\ngithub = \"team/app\"\npools = [\"proj/ci\"]\n"
    ));
    project.commit("at a deployment");
    let mut console = open_with(&project, &[]);
    console.sees("app · ");
    console.press("4w");
    console.sees("Define the tasks of releases");
    console.press("\r");
    console.sees("Image with windlass and git");
    console.press("registry.example/windlass:1\r");
    console.sees("Write this to");
    console.press("y\r");
    console.sees("enter: back to the console");
    console.press("\r");
    console.sees("Doctor");
    is_the_consoles(&console);
    let written = std::fs::read_to_string(project.path(".taskcluster.yml")).expect("the definition");
    assert!(written.contains("registry.example/windlass:1") && written.contains("proj/ci"), "{written}");
    // It is there already: the command refuses, and says why where it is read.
    console.press("w\r");
    console.sees("is there already");
    console.press("\r");
    console.sees("did not do its work");
    console.press("\r");
    console.no_longer_sees("did not do its work");
    leave(&mut console);
}
