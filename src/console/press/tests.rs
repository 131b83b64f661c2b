//! Keys that follow each other, keys that the user chose, and the search for an action.

use super::*;
use crate::{
    console::{
        action::{
            found,
            keymap::{Keymap, Wish},
        },
        model::{Pane, Reach},
        sample::{console, id, press, release, running},
        view::tests::{SIZES, rows, sees},
    },
    domain::event::{Event, Step},
};

fn two() -> Model {
    let finished =
        release(2, "2026-11-20T09:00:00Z", vec![Event::StepStarted { step: Step::Preflight }, Event::Finished]);
    console((100, 30), vec![running(1), finished])
}

fn titles(model: &Model, typed: &str, reach: Reach) -> Vec<&'static str> {
    found(model, typed, reach).into_iter().map(|action| action.title).collect()
}

#[test]
fn two_keys_in_turn_are_one_action_and_what_can_follow_is_shown() {
    let mut model = two();
    press(&mut model, "G");
    assert_eq!(model.selected, Some(id(2)));
    assert_eq!(press(&mut model, "g"), []);
    assert_eq!(model.selected, Some(id(2)));
    for size in SIZES {
        model.size = size;
        sees(&model, &["g g to the beginning"]);
    }
    press(&mut model, "g");
    assert_eq!((model.selected.clone(), model.pending), (Some(id(1)), None));
    press(&mut model, "G<home>");
    assert_eq!(model.selected, Some(id(1)));
}

#[test]
fn a_key_that_leads_nowhere_or_esc_drops_the_first_and_does_nothing() {
    let mut model = two();
    press(&mut model, "gx");
    assert!(model.layers.is_empty() && model.pending.is_none());
    sees(&model, &["g x means nothing here"]);
    press(&mut model, "g<esc>");
    assert!(model.pending.is_none() && !rows(&model).join("\n").contains("esc means nothing"));
    press(&mut model, "x");
    assert_eq!(model.layers.len(), 1, "the key counts again");
    press(&mut model, "<esc>g<ctrl-c>");
    assert!(model.leaving && model.pending.is_none());
    assert_eq!(press(&mut model, "g<ctrl-c>"), [], "a key between the two");
    assert_eq!(press(&mut model, "<ctrl-c>"), [Effect::Quit]);
}

#[test]
fn where_text_is_typed_no_key_waits_for_another() {
    let mut model = two();
    press(&mut model, "?gg");
    assert!(model.pending.is_none());
    sees(&model, &["Find an action here: gg"]);
}

#[test]
fn the_keys_that_the_user_chose_are_pressed_and_shown() {
    let wish = |action, keys: &[&'static str]| Wish { action, keys: keys.to_vec() };
    let wishes = [wish("new", &["g n"]), wish("help", &["f1"]), wish("confirm", &["ctrl-y"])];
    let mut model = two();
    model.keymap = Keymap::with(&wishes).unwrap();
    sees(&model, &["g n release", "f1 help"]);
    assert_eq!(press(&mut model, "n"), []);
    assert!(matches!(press(&mut model, "gn")[..], [Effect::Prepare(_)]));
    press(&mut model, "<esc>x");
    sees(&model, &["ctrl-y yes"]);
    press(&mut model, "<esc>N<enter>");
    sees(&model, &["nothing is typed: esc, then g n, releases what is here"]);
    press(&mut model, "<esc>:release an");
    sees(&model, &["g n", "release an image"]);
}

#[test]
fn the_palette_finds_actions_of_every_screen_by_part_of_their_words_the_best_first() {
    let mut model = two();
    assert_eq!(titles(&model, "lkagn", Reach::Everywhere)[0], "look again: fetch and hash everything now");
    assert!(!titles(&model, "lkagn", Reach::Here).contains(&"look again: fetch and hash everything now"));
    assert_eq!(titles(&model, "can", Reach::Everywhere)[0], "cancel the release that runs");
    assert_eq!(titles(&model, "next-pane", Reach::Everywhere)[0], "go to the next pane");
    let again = "take the release up again, whole or from a step on";
    assert_eq!(titles(&model, "re-run", Reach::Here)[0], again, "as its hint calls it");
    assert_eq!(titles(&model, "x", Reach::Here)[0], "cancel the release that runs", "its key");
    let all = titles(&model, "", Reach::Everywhere);
    assert!(all.len() > titles(&model, "", Reach::Here).len());
    assert!(!all.contains(&"yes, do what the dialog says"), "what a dialog can is its own");
    for size in SIZES {
        model.size = size;
        press(&mut model, "<esc>:");
        sees(&model, &["Find an action of any screen", "release an image", "windlass release --image balrog --yes"]);
        press(&mut model, "zzzz");
        sees(&model, &["nothing is called that"]);
        press(&mut model, "<esc>");
    }
}

#[test]
fn what_fits_far_worse_than_the_best_is_not_found_but_a_key_hides_nobody() {
    let model = two();
    for typed in ["secret", "sec rot", "cancel", "tnp"] {
        let found = found(&model, typed, Reach::Everywhere);
        assert!(!found.is_empty() && found.len() < 11, "{typed}: {}", found.len());
    }
    let all = titles(&model, "secret", Reach::Everywhere);
    assert!(all.contains(&"prove that it may push") && !all.contains(&"to the previous match"), "{all:?}");
    let all = titles(&model, "n", Reach::Everywhere);
    assert_eq!(all[0], "release an image", "its key");
    assert!(all.contains(&"next row, or down a line"), "{all:?}");
}

#[test]
fn the_palette_names_the_screen_of_each_and_tells_what_nobody_has_looked_at_from_what_is_not_there() {
    let mut model = two();
    for size in SIZES {
        model.size = size;
        press(&mut model, ":secret");
        sees(&model, &["c          secrets   prove that it may push", "the secrets are not looked at yet"]);
        press(&mut model, "<esc>:verify-tag");
        sees(&model, &["v          tags      verify the tag", "the tags are not looked at yet"]);
        press(&mut model, "<esc>:forget-project");
        sees(&model, &["x          projects  forget the project", "the known projects are not looked at yet"]);
        press(&mut model, "<esc>");
    }
    press(&mut model, ":verify-tag<enter>");
    assert_eq!(model.screen, Screen::Tags);
    sees(&model, &["the tags are still being read"]);
    press(&mut model, "?");
    sees(&model, &["page-down, space", "r                 look again"]);
}

#[test]
fn the_palette_goes_to_the_screen_where_an_action_counts() {
    let mut model = two();
    press(&mut model, ":look again");
    let effects = press(&mut model, "<enter>");
    assert!(model.screen == Screen::Tags && model.layers.is_empty());
    assert!(matches!(effects[..], [Effect::LoadTags { .. }]), "{effects:?}");
    press(&mut model, ":to the right<enter>");
    assert_eq!((model.screen, model.focus), (Screen::Releases, Pane::Log));
    assert!(model.log.left > 0);
}

#[test]
fn what_cannot_be_done_says_why() {
    let mut model = two();
    press(&mut model, "j");
    for size in SIZES {
        model.size = size;
        press(&mut model, ":cancel the rel");
        sees(&model, &[&format!("nothing to cancel: release {} has ended", id(2))]);
        press(&mut model, "<enter>");
        assert!(model.layers.is_empty());
        sees(&model, &["nothing to cancel"]);
    }
}

#[test]
fn a_long_list_scrolls_with_the_chosen_one() {
    for size in SIZES {
        let mut model = two();
        model.size = size;
        press(&mut model, ":");
        let count = found(&model, "", Reach::Everywhere).len();
        press(&mut model, &"<down>".repeat(count + 5));
        let last = found(&model, "", Reach::Everywhere)[count - 1];
        sees(&model, &[last.title, &format!("{count} of {count}")]);
        press(&mut model, &"<page-up>".repeat(count));
        sees(&model, &[&format!("1 of {count}")]);
        press(&mut model, "<page-down>");
        assert!(!rows(&model).join("\n").contains(&format!(" 1 of {count}")));
    }
}

#[test]
fn a_long_paste_is_looked_for_and_its_end_is_seen() {
    let mut model = two();
    press(&mut model, ":");
    paste(&mut model, &("e".repeat(500) + "nd"));
    sees(&model, &["nothing is called that", "eeend"]);
    let effects = press(&mut model, "<esc>j");
    assert!(matches!(&effects[..], [Effect::ReadLog { release, .. }] if *release == id(2)), "{effects:?}");
}
