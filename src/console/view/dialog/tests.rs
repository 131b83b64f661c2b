//! Dialogs that are higher than the screen.

use ratatui::crossterm::event::{KeyModifiers, MouseEvent, MouseEventKind};

use super::*;
use crate::{
    console::{
        effect::Effect,
        message::Message,
        sample::{console, press, tell},
        sample_secrets::{secrets, there},
        view::tests::{SIZES, never_sees, sees},
    },
    domain::sign::Signs,
};

/// A question of thirty lines.
fn long(size: (u16, u16)) -> Model {
    let mut model = console(size, Vec::new());
    let confirm = Confirm {
        title: "Write it?".to_owned(),
        lines: (0..30).map(|n| Line::plain(format!("line {n} of it"))).collect(),
        command: Some(["init", "--yes"].map(str::to_owned).to_vec()),
        typed: None,
        other: None,
        then: vec![Effect::LoadKnown],
        said: "writing it".to_owned(),
    };
    model.layers.push(Layer::Confirm(Box::new(confirm)));
    model
}

#[test]
fn what_there_is_no_room_for_is_scrolled_to_while_command_and_keys_stay() {
    let mut model = long(SIZES[0]);
    for (keys, first, last, more) in [
        ("", 0, 10, "│ ↓ 19 more lines "),
        ("j", 1, 11, "│ ↑ 1, ↓ 18 more lines "),
        ("<down>k", 1, 11, "│ ↑ 1, ↓ 18 more lines "),
        ("<page-down>", 11, 21, "│ ↑ 11, ↓ 8 more lines "),
        ("GG", 19, 29, "│ ↑ 19 more lines "),
        ("<up>", 18, 28, "│ ↑ 18, ↓ 1 more line "),
        ("<page-up>", 8, 18, "│ ↑ 8, ↓ 11 more lines "),
        ("ggk", 0, 10, "│ ↓ 19 more lines "),
    ] {
        press(&mut model, keys);
        sees(&model, &[&format!("│ line {first} of it "), &format!("│ line {last} of it "), more]);
        sees(&model, &["│ as      windlass init --yes", "y yes   esc no, change nothing"]);
        never_sees(&model, &format!("line {} of it", last + 1));
    }
    assert_eq!(press(&mut model, "y"), [Effect::LoadKnown]);
    sees(&long(SIZES[1]), &["line 24 of it", "↓ 5 more lines", "as      windlass init --yes"]);
    never_sees(&long(SIZES[2]), "more line");
    let mut ascii = long(SIZES[0]);
    ascii.look.signs = Signs::Ascii;
    press(&mut ascii, "j");
    sees(&ascii, &["| ^ 1, v 18 more lines"]);
}

#[test]
fn the_wheel_scrolls_and_another_dialog_is_read_from_its_beginning() {
    let mut model = long(SIZES[0]);
    let turn = MouseEvent { kind: MouseEventKind::ScrollDown, column: 30, row: 8, modifiers: KeyModifiers::NONE };
    tell(&mut model, Message::Mouse(turn));
    sees(&model, &["↑ 1, ↓ 18 more lines"]);
    let lines: Vec<String> = (0..30).map(|n| format!("reason {n}")).collect();
    let failure = Failure::failed("it is broken", lines.join("\n"), "mend it");
    tell(&mut model, Message::Failed(failure));
    sees(&model, &["it is broken", "reason 0", "close"]);
    press(&mut model, "G");
    sees(&model, &["reason 29", "next    mend it"]);
    never_sees(&model, "it is broken");
    press(&mut model, "<esc>");
    sees(&model, &["line 0 of it"]);
}

#[test]
fn where_something_is_typed_it_stays_in_sight() {
    let mut row = there();
    let more = (0..40).map(|n| format!("docker.io/mozilla/image{n:02}").parse().unwrap());
    row.held.iter_mut().for_each(|held| held.bindings.extend(more.clone()));
    let mut model = secrets(SIZES[0], vec![row.clone()]);
    press(&mut model, "d");
    sees(&model, &["/balrog,", "more lines", "type dockerhub", "as       windlass secret remove"]);
    press(&mut model, "<page-down>".repeat(9).as_str());
    press(&mut model, "docker");
    sees(&model, &["image39", "more lines", "docker▏", "as       windlass secret remove"]);
    // The fields of a form are at its top, and come back when somebody types.
    let mut model = secrets(SIZES[0], vec![row]);
    press(&mut model, "t");
    sees(&model, &["user      bot", "more lines", "as        windlass secret rotate"]);
    press(&mut model, "<page-down>");
    never_sees(&model, "user      bot");
    press(&mut model, "x");
    sees(&model, &["user      bot", "•▏"]);
    press(&mut model, "<page-down><tab>");
    sees(&model, &["user      bot"]);
}

#[test]
fn no_screen_is_too_low_for_a_long_dialog() {
    for columns in [0, 1, 20, 60] {
        for rows in 0..12 {
            for keys in ["", "j", "G", "<page-up>"] {
                let mut model = long((columns, rows));
                press(&mut model, keys);
                super::super::tests::drawn(&model);
            }
        }
    }
}
