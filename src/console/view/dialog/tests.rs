//! Frames of dialogs, as they are read.

use ratatui::crossterm::event::{KeyModifiers, MouseEvent, MouseEventKind};

use super::*;
use crate::{
    console::{
        dialogs::Answer,
        effect::Effect,
        message::Message,
        request::Request,
        sample::{
            cluster, console, finished_task, press, remote,
            secrets::{secrets, there},
            task_facts, tell,
        },
        view::tests::{SIZES, asked, busy, drawn, never_sees, preview, sees, ways},
    },
    domain::{
        again::{Facts, Manner, Which, again, ways as ways_of},
        digest::Digest,
        ending::ending,
        preview::Next,
        sign::Signs,
        task::TaskState,
    },
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
    sees(&model, &["it is broken", "reason 0", "next    mend it", "close"]);
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
    press(&mut model, "<home>");
    sees(&model, &["▏docker"]);
    tell(&mut model, Message::Pasted("x".repeat(900).into()));
    sees(&model, &["type dockerhub", "x▏", "as       windlass secret remove"]);
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
                drawn(&model);
            }
        }
    }
}

#[test]
fn what_will_happen_is_shown_before_it_does() {
    for size in SIZES {
        let mut model = busy(size);
        press(&mut model, "n");
        sees(&model, &["Release balrog", "finding out what would happen"]);
        tell(&mut model, Message::Prepared(asked(), Ok(Answer::Preview(Box::new(preview())))));
        sees(
            &model,
            &[
                "Release balrog?",
                "image   balrog to docker.io/mozilla/balrog",
                "commit  3f2c1ab of master, clean, reviewed",
                "frozen  master-2026-11-21-09-30-00  new",
                "moving  latest ",
                &format!("{} (release", Digest::of(b"old").short()),
                "cccccccccc) is replaced",
                "the time in the frozen tag will be that of the start",
                "as      windlass release --image balrog --yes",
                "y yes   esc no, change nothing",
            ],
        );
    }
}

#[test]
fn another_way_to_go_about_it_is_offered_where_there_is_little_room_too() {
    for size in SIZES {
        let mut model = busy(size);
        press(&mut model, "n");
        let mut preview = preview();
        preview.changes[1].next = Next::LeftAlone("it shows a release that is no ancestor".to_owned());
        tell(&mut model, Message::Prepared(asked(), Ok(Answer::Preview(Box::new(preview)))));
        sees(&model, &["y yes   esc no, change nothing   o move it anyway "]);
    }
}

#[test]
fn a_menu_has_a_row_a_choice_and_says_all_of_the_chosen_one() {
    for size in SIZES {
        let mut model = ways(size);
        sees(&model, &["Re-run release dddddddddd", "▌whole", " from verify", "enter this one"]);
        press(&mut model, "jjjj");
        sees(&model, &["▌from push", "somebody"]);
    }
    let mut many = ways((60, 16));
    let Some(Layer::Menu(menu)) = many.layers.last_mut() else { panic!("no menu") };
    let one = menu.choices[0].clone();
    menu.choices = (0..100).map(|n| Choice { label: format!("number {n}"), ..one.clone() }).collect();
    sees(&many, &["▌number 0"]);
    press(&mut many, &"j".repeat(60));
    sees(&many, &["▌number 60", "number 59", "number 61"]);
    press(&mut many, &"j".repeat(60));
    sees(&many, &["▌number 99", "number 98", "enter this one"]);
}

#[test]
fn what_is_typed_is_seen_with_what_is_wrong_about_it() {
    for size in SIZES {
        let mut model = busy(size);
        press(&mut model, "N");
        sees(&model, &["Release balrog: what of?", "--platform OS/ARCH", "▏", "enter go on"]);
        sees(
            &model,
            &["│ --branch NAME       the branch it counts as, where", "│ --move              point moving tags"],
        );
        press(&mut model, "v1 --fast<enter>");
        sees(&model, &["v1 --fast▏", "`--fast` is no option"]);
        press(&mut model, &"x".repeat(300));
        sees(&model, &["xxx▏"]);
    }
}

#[test]
fn cancelling_says_what_stays() {
    let mut model = busy((60, 16));
    press(&mut model, "x");
    sees(&model, &["Cancel release bbbbbbbbbb?", "nothing was pushed yet", "windlass cancel bbbbbbbbbb", "y yes"]);
}

#[test]
fn what_happens_to_tasks_is_seen_with_scopes_deadlines_and_the_command() {
    for size in SIZES {
        let mut model = cluster(size, vec![remote(&[finished_task("build"), finished_task("push")])]);
        let release = model.selected().unwrap().plan.release.clone();
        let shown = |model: &mut Model, request: Request, answer: Answer| {
            model.layers.push(Layer::Waiting(request.clone()));
            tell(model, Message::Prepared(request, Ok(answer)));
        };
        let may = task_facts(&["queue:rerun-task-in-project:balrog"]);
        shown(&mut model, Request::TaskWays(release.clone()), Answer::TaskWays(ways_of(&may)));
        sees(&model, &[&format!("Re-run release {release}"), "whole", "build-image-balrog, then push-image-balrog"]);
        press(&mut model, "jjj");
        sees(&model, &["▌new tasks", "does not let you make these tasks"]);
        press(&mut model, "<esc>");

        let request = Request::Again { release: release.clone(), which: Which::Whole, manner: Manner::Rerun };
        let again = |facts: &Facts| Answer::Again(Box::new(again(facts, &Which::Whole, Manner::Rerun).unwrap()));
        shown(&mut model, request.clone(), again(&may));
        sees(&model, &[&format!("{release} at tc.example"), "10:00:00 UTC", "y yes"]);
        press(&mut model, "GG");
        sees(&model, &["may take 60 min", &format!("windlass rerun {release} --yes")]);
        press(&mut model, "<esc>");
        shown(&mut model, request, again(&task_facts(&[])));
        sees(&model, &["tc.example does not let you run this again"]);
        if size != SIZES[0] {
            sees(&model, &["--scope"]);
        }
        press(&mut model, "<esc>");

        let repository = model.selected().unwrap().plan.repository.clone();
        let mut runs = task_facts(&["*"]);
        runs.tasks[0].status.state = TaskState::Running;
        let end = Answer::End(Box::new(ending(&runs, None, false).unwrap()));
        shown(&mut model, Request::End { release: release.clone(), repository: repository.clone() }, end);
        sees(&model, &[&format!("Cancel release {release}?"), "ends", &format!("windlass cancel {release} --yes")]);
        assert_eq!(press(&mut model, "y"), [Effect::Cancel { release, repository }]);
    }
}

#[test]
fn a_refusal_has_three_parts() {
    for size in SIZES {
        let mut model = busy(size);
        press(&mut model, "n");
        let refused = Failure::not_allowed("topic is not released", "policy allows master, main", "merge it first");
        tell(&mut model, Message::Prepared(asked(), Err(refused)));
        sees(&model, &["topic is not released", "why     policy allows master, main", "next    merge it first"]);
    }
}

#[test]
fn a_passphrase_is_dots() {
    for size in SIZES {
        let mut model = busy(size);
        press(&mut model, "n");
        tell(&mut model, Message::Asked("Passphrase of /home/u/identity.txt: ".to_owned()));
        press(&mut model, "zebra");
        sees(&model, &["The vault is locked", "Passphrase of /home/u/identity.txt:", "│ •••••▏", "enter open it"]);
        never_sees(&model, "zebra");
    }
}
