//! Each frame is as it was accepted last. `CONTRIBUTING.md` says how another one is.

use std::{collections::BTreeSet, fs, path::Path};

use ratatui::{
    Terminal,
    backend::TestBackend,
    style::{Color, Stylize as _},
    text::Line,
};

use super::{State, layers, letters, lists, picture, releases, secrets, style, tags};
use crate::{
    console::{
        model::Look,
        sample::console,
        view::tests::{SIZES, busy, denied},
    },
    domain::sign::Signs,
};

const SCREENS: [(&str, &[State]); 11] = [
    ("projects", lists::PROJECTS),
    ("releases", releases::RELEASES),
    ("log", releases::LOG),
    ("tags", tags::TAGS),
    ("secrets", secrets::SECRETS),
    ("doctor", lists::DOCTOR),
    ("activity", lists::ACTIVITY),
    ("header", lists::HEADER),
    ("find", layers::FIND),
    ("dialog", layers::DIALOGS),
    ("toasts", layers::TOASTS),
];
const LOOKS: [(&str, Look); 3] = [
    ("light", Look { signs: Signs::Unicode, colour: true, light: true }),
    ("no-color", Look { signs: Signs::Unicode, colour: false, light: false }),
    ("ascii", Look { signs: Signs::Ascii, colour: true, light: false }),
];

fn name(screen: &str, state: &str, (columns, rows): (u16, u16)) -> String {
    format!("{screen}-{state}@{columns}x{rows}")
}

fn is_as_kept(name: String, picture: &str) {
    let mut settings = insta::Settings::new();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("");
    settings.bind(|| insta::assert_snapshot!(name, picture));
}

/// In each of its states, at each size.
fn are_as_kept(screen: &str) {
    let states = SCREENS.into_iter().find(|(name, _)| *name == screen).expect("a screen").1;
    for (state, made) in states {
        for size in SIZES {
            is_as_kept(name(screen, state, size), &picture(&made(size)));
        }
    }
}

#[test]
fn projects() {
    are_as_kept("projects");
}

#[test]
fn the_list_of_releases_and_the_steps_of_one() {
    are_as_kept("releases");
}

#[test]
fn the_log() {
    are_as_kept("log");
}

#[test]
fn the_tags() {
    are_as_kept("tags");
}

#[test]
fn the_secrets() {
    are_as_kept("secrets");
}

#[test]
fn the_doctor() {
    are_as_kept("doctor");
}

#[test]
fn the_activity() {
    are_as_kept("activity");
}

#[test]
fn the_first_line() {
    are_as_kept("header");
}

#[test]
fn help_and_palette() {
    are_as_kept("find");
}

#[test]
fn dialogs() {
    are_as_kept("dialog");
}

#[test]
fn toasts() {
    are_as_kept("toasts");
}

#[test]
fn a_light_background_no_colour_and_ascii() {
    for (state, look) in LOOKS {
        let mut model = busy((100, 30));
        model.look = look;
        is_as_kept(name("look", state, model.size), &picture(&model));
    }
}

#[test]
fn no_file_is_left_of_a_state_that_is_no_more() {
    let states = SCREENS.into_iter().flat_map(|(screen, states)| states.iter().map(move |(state, _)| (screen, *state)));
    let all = states.flat_map(|(screen, state)| SIZES.map(|size| name(screen, state, size)));
    let known: BTreeSet<String> = all.chain(LOOKS.map(|(state, _)| name("look", state, (100, 30)))).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/console/view/snapshots");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let kept: BTreeSet<String> = files.filter_map(|file| Some(file.strip_suffix(".snap")?.to_owned())).collect();
    assert_eq!(kept.difference(&known).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn a_picture_has_text_styles_and_what_the_letters_are() {
    let mut terminal = Terminal::new(TestBackend::new(5, 1)).unwrap();
    let line = Line::from(vec!["a".into(), "b".red(), "c".red().bold(), "d".on_blue(), "e".fg(Color::Indexed(3))]);
    terminal.draw(|frame| frame.render_widget(line, frame.area())).unwrap();
    let cells = &terminal.backend().buffer().content;
    let styles: Vec<String> = cells.iter().map(style).collect();
    assert_eq!(styles, ["", "red", "red bold", "on blue", "indexed(3)"]);
    let letters = letters(styles.into_iter().chain(["rapid_blink".to_owned()]).collect());
    assert_eq!(letters.into_values().collect::<String>(), "iOraR");

    let mut model = console((100, 30), vec![denied(1)]);
    let before = picture(&model);
    assert!(before.starts_with("| windlass  balrog · docker.io/mozilla/balrog"), "{before}");
    assert!(before.contains("rows more\n") && before.ends_with("\nd dim\ng green\nR red bold\n"), "{before}");
    model.look.colour = false;
    assert_ne!(picture(&model), before, "a style counts");
}
