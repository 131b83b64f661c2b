//! A build that says more than a terminal can show, or what no terminal should get.

use std::time::Duration;

use super::{HEIGHT, WIDTH, ended, leave, open, start};
use crate::support::{
    project::Project,
    registry::Registry,
    screen::{Screen, Speed},
};

/// A frame begins.
const FRAME: &str = "\x1b[?2026h";

/// A project whose build says `begun`, and then floods for as long as it is let.
fn flooding(registry: &Registry) -> Project {
    let project = Project::new(registry);
    // BuildKit clips what is said too fast.
    project.builder("classic");
    let nonce = &project.nonce;
    project.dockerfile(&format!(
        "RUN echo begun by {nonce}; while :; do echo $((i=i+1)) {}; done\n",
        "flooded ".repeat(12)
    ));
    project.commit("floods");
    project.set_secret();
    project
}

/// The log has come so far that whole screens of it are behind.
fn until_it_floods(console: &Screen) {
    console.sees("following");
    console.until("a flood", |screen| {
        let numbers = screen.contents();
        let lines = numbers.lines().filter(|line| line.contains("flooded flooded")).count();
        lines > 10 && numbers.contains(" flooded") && !numbers.contains(" 9 flooded")
    });
}

#[test]
fn whoever_leaves_a_flood_leaves_at_once_and_it_goes_on() {
    let registry = Registry::with_login();
    let project = flooding(&registry);
    let mut console = open(&project);
    start(&project, &mut console);
    until_it_floods(&console);
    leave(&mut console);
    let release = project.releases().swap_remove(0);
    assert_eq!(release["state"], "running");
    project.windlass(&["cancel", release["id"].as_str().expect("an id")]).exits(0);
    assert_eq!(ended(&project)["state"], "cancelled");
}

#[test]
fn at_the_end_of_a_slow_connection_a_key_is_answered_by_the_next_frame() {
    let registry = Registry::with_login();
    let project = flooding(&registry);
    let speed = Speed { bytes: 20_000, delay: Duration::from_millis(300) };
    let mut console = Screen::start_slow(&project.program(&[]), WIDTH, HEIGHT, speed);
    start(&project, &mut console);
    until_it_floods(&console);
    let before = console.text().matches(FRAME).count();
    console.press("x");
    console.sees("Cancel release");
    // One may have been under way when the key was pressed.
    let frames = console.text().matches(FRAME).count() - before;
    assert!(frames <= 2, "the dialog came with frame {frames}");
    console.press("y");
    console.sees("■ build");
    assert_eq!(ended(&project)["state"], "cancelled");
    leave(&mut console);
}

#[test]
fn keys_that_do_not_stop_are_drawn_meanwhile() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    let mut console = open(&project);
    console.sees("no release yet");
    console.press("?");
    console.sees("Find an action");
    let frames = |console: &Screen| console.text().matches(FRAME).count();
    let before = frames(&console);
    // However many are read at once, the field is seldom as it was before, and never too empty for the last.
    let keys = "ab\x7fc\x7f\x7f".repeat(400);
    for _ in 0..100 {
        console.press(&keys);
    }
    let drawn = frames(&console) - before;
    assert!(drawn >= 5, "{drawn} frames");
    console.sees("Find an action");
    console.press("\x1b");
    console.no_longer_sees("Find an action");
    leave(&mut console);
}

/// The escape sequences in what was written, each once, and every control character.
fn controls(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8(bytes.to_vec()).expect("a terminal gets UTF-8");
    let mut found = std::collections::BTreeSet::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find(char::is_control) {
        rest = &rest[at..];
        let end = match rest.strip_prefix("\x1b[") {
            Some(more) => 2 + more.find(|c| ('@'..='~').contains(&c)).expect("a whole sequence") + 1,
            None if rest.starts_with('\x1b') => 2.min(rest.len()),
            None => rest.chars().next().map_or(1, char::len_utf8),
        };
        found.insert(rest[..end].to_owned());
        rest = &rest[end..];
    }
    found.into_iter().collect()
}

#[test]
fn of_what_a_build_says_nothing_but_colours_reaches_the_terminal() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    let hostile = [
        r"\033]52;c;ZXZpbA==\007",
        r"\033]8;;http://evil.example/\033\\\\link\033]8;;\033\\\\",
        r"\033]0;title\007",
        r"\033[6n\033[c\033[5n\033[?2026\$p",
        r"\033[2J\033[H\033[999;999H\033[?1049l\033[?1003h",
        r"\033P1\$r0m\033\\\\\033_apc\033\\\\\033^pm\033\\\\",
        r"\302\233\061\063\155\302\235\065\062;c;ZXZpbA==\302\234",
        r"\233\061J\377\376\000\001\016\017\005",
        r"\342\200\256rtl\342\200\213\342\201\246zero\357\273\277",
        r"\033[31mred\033[0m\033c\033(0\033#8",
    ];
    let said: Vec<String> = hostile.iter().map(|text| format!("printf 'said {text}\\n'; ")).collect();
    project.dockerfile(&format!("RUN {} echo all of it\n", said.concat()));
    project.commit("is hostile");
    project.set_secret();
    project.release();
    let mut console = open(&project);
    console.sees("all of it");
    console.press("\r");
    console.sees("esc list");
    console.until("ten lines of it", |screen| screen.contents().matches("said ").count() >= 10);
    leave(&mut console);
    for sequence in controls(&console.bytes()) {
        let parameters = sequence.strip_prefix("\x1b[").and_then(|s| s.get(..s.len() - 1)).unwrap_or_default();
        let numbers = parameters.bytes().all(|byte| byte.is_ascii_digit() || byte == b';');
        let ours = match sequence.chars().last() {
            // Colours and places.
            Some('m' | 'H') => numbers,
            Some('J') => parameters == "2",
            Some('h' | 'l') => ["?2026", "?1049", "?2004", "?25", "?1000", "?1006"].contains(&parameters),
            Some('n') => parameters == "5",
            _ => false,
        };
        assert!(ours || sequence == "\r" || sequence == "\n", "{sequence:?} reached the terminal");
    }
}
