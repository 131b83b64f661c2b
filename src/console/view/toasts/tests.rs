//! Frames with toasts, as they are read.

use super::*;
use crate::{
    console::{
        model::Look,
        sample::{console, press, running},
        view::tests::{SIZES, drawn, never_sees, rows, sees},
    },
    domain::sign::Signs,
};

pub fn said(size: (u16, u16)) -> Model {
    let mut model = console(size, vec![running(1)]);
    model.say(Tone::Plain, "the first goes");
    model.say(Tone::Good, "release bbbbbbbbbb of balrog succeeded: match");
    model.say(Tone::Notice, "release cccccccccc was told to cancel");
    model.say(
        Tone::Bad,
        "release dddddddddd of balrog failed: ".to_owned() + &"the registry does not answer ".repeat(9),
    );
    model
}

#[test]
fn three_are_seen_with_their_signs_newest_last_and_keys_are_not_theirs() {
    for size in &SIZES[1..] {
        let mut model = said(*size);
        sees(
            &model,
            &[
                "│ ✓ release bbbbbbbbbb of balrog succeeded: match ",
                "│ • release cccccccccc was told to cancel ",
                "│ ✗ release dddddddddd of balrog failed: the ",
                "…",
                "? help  q quit",
            ],
        );
        never_sees(&model, "the first goes");
        let corner = rows(&model)[0].clone();
        assert!(corner.ends_with("─╮") && corner.chars().count() == usize::from(size.0), "{corner}");
        press(&mut model, "?");
        sees(&model, &["Find an action", "\n ✗ release dddddddddd of balrog failed: "]);
        press(&mut model, "<esc>x");
        sees(&model, &["y yes   esc no, change nothing", "\n ✗ release dddddddddd of balrog failed: "]);
    }
}

#[test]
fn words_say_it_without_colour_or_unicode() {
    let mut model = said((100, 30));
    let words = rows(&model);
    model.look.colour = false;
    assert_eq!(rows(&model), words);
    model.look = Look { signs: Signs::Ascii, colour: false, light: false };
    assert!(rows(&model).join("\n").is_ascii());
    sees(&model, &["| + release bbbb", "| * release cccc", "| x release dddd", "~"]);
}

#[test]
fn where_there_is_no_room_the_newest_has_the_last_line() {
    for size in [(30, 5), SIZES[0]] {
        let model = said(size);
        let all = rows(&model);
        assert!(all[usize::from(size.1) - 1].starts_with(" ✗ release dddddddddd"), "{all:?}");
        never_sees(&model, "release cccccccccc was told");
    }
    for columns in [0, 1, 5, 20, 39, 40, 41] {
        for height in [0, 1, 2, 3, 8, 9, 10] {
            drawn(&said((columns, height)));
        }
    }
}

#[test]
fn what_is_typed_at_the_bottom_stays_in_sight_and_so_does_what_is_said_of_it() {
    for size in SIZES {
        for keys in ["2/ab", "5/ab"] {
            let mut model = console(size, vec![running(1)]);
            press(&mut model, keys);
            model.hint(Tone::Notice, "nothing pasted");
            sees(&model, &["/ab▏", " • nothing pasted"]);
        }
    }
}

#[test]
fn nothing_in_a_toast_can_act_on_the_terminal() {
    for size in [(100, 30), (30, 5)] {
        let mut model = said(size);
        model.say(Tone::Bad, "a\x1b[2J\x07\u{9b}31m\u{202e}b\nc");
        for cell in &drawn(&model).content {
            assert!(!cell.symbol().contains(|c: char| c.is_control() || c == '\u{202e}'), "{:?}", cell.symbol());
        }
    }
}
