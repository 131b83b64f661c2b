use std::sync::Arc;

use ratatui::crossterm::event::KeyModifiers;

use super::*;
use crate::{
    console::{
        effect::Effect,
        message::Message,
        model::{Choice, KnownProject, LogState, Menu, Mode, Mouse, Past, StepsRead},
        sample::{
            console, id, press, release, row, running,
            secrets::{missing, secrets, there},
            seen, tags, tell,
        },
    },
    domain::event::{Event, Step},
    log::steps::Steps,
};

const SIZE: (u16, u16) = (100, 30);

fn model() -> Model {
    let old = release(2, "2026-11-20T09:00:00Z", vec![Event::StepStarted { step: Step::Preflight }, Event::Finished]);
    let mut model = console(SIZE, vec![running(1), old]);
    let lines: Vec<String> = (0..90).map(|n| n.to_string()).collect();
    let seen = seen(&model, 210, &lines, 300);
    tell(&mut model, Message::Log(id(1), Ok(Some(seen))));
    assert!(matches!(model.log.state, LogState::Open(_)));
    model
}

fn at(model: &mut Model, kind: MouseEventKind, column: u16, row: u16) -> Vec<Effect> {
    tell(model, Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }))
}

fn clicked(model: &mut Model, column: u16, row: u16) -> Vec<Effect> {
    at(model, MouseEventKind::Down(MouseButton::Left), column, row)
}

/// Clicks on the first place where the screen shows this.
fn clicked_on(model: &mut Model, words: &str) -> Vec<Effect> {
    let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(model.size.0, model.size.1)).unwrap();
    terminal.draw(|frame| crate::console::view::view(model, frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let (column, row) = (0..model.size.1)
        .find_map(|y| {
            let line: Vec<&str> = (0..model.size.0).map(|x| buffer[(x, y)].symbol()).collect();
            let column = (0..line.len()).find(|x| line[*x..].concat().starts_with(words))?;
            Some((u16::try_from(column).unwrap(), y))
        })
        .unwrap_or_else(|| panic!("`{words}` is not on the screen"));
    clicked(model, column, row)
}

#[test]
fn a_click_goes_to_the_release_or_to_the_pane_that_is_there() {
    let mut model = model();
    let list = Geometry::of(&model).list_rows();
    clicked(&mut model, list.x + 3, list.y + 1);
    assert_eq!((model.selected.clone(), model.focus), (Some(id(2)), Pane::List));
    clicked(&mut model, list.x + 3, list.y + 9);
    assert_eq!(model.selected, Some(id(2)), "there is no release");
    let log = Geometry::of(&model).log;
    clicked(&mut model, log.x, log.y);
    assert_eq!(model.focus, Pane::Log);
    clicked(&mut model, list.x, list.y);
    assert_eq!((model.selected.clone(), model.focus), (Some(id(1)), Pane::List));
}

#[test]
fn a_screen_is_gone_to_by_its_name() {
    let mut model = model();
    clicked_on(&mut model, "Tags");
    assert_eq!(model.screen, Screen::Tags);
    clicked_on(&mut model, "1 Releases");
    assert_eq!(model.screen, Screen::Releases);
    clicked(&mut model, 99, 1);
    assert_eq!(model.screen, Screen::Releases, "nothing is named there");
}

#[test]
fn a_hint_of_the_footer_is_done_where_it_is_clicked_on() {
    for size in [(60, 16), SIZE, (180, 50)] {
        let mut model = model();
        model.size = size;
        clicked_on(&mut model, "f follow");
        assert!(matches!(model.log.mode, Mode::Paused { .. }), "{size:?}");
        clicked_on(&mut model, "? help");
        assert!(matches!(model.layers[..], [Layer::Help { .. }]));
        clicked(&mut model, 1, size.1 - 1);
        assert_eq!(model.layers.len(), 1, "a box has the keys");
        press(&mut model, "<esc>");
        assert_eq!(clicked(&mut model, size.0 - 1, size.1 - 1), [], "nothing is named there");
        press(&mut model, "2g");
        clicked_on(&mut model, "g p");
        assert_eq!((model.screen, model.pending), (Screen::Projects, None));
        clicked_on(&mut model, "1 Releases");
        press(&mut model, "&x");
        clicked_on(&mut model, "enter keep");
        assert!(model.layers.is_empty());
        assert_eq!(clicked_on(&mut model, "q quit"), [Effect::Quit]);
    }
}

#[test]
fn what_is_typed_among_the_tags_is_kept_or_ended_by_a_click() {
    let mut model = model();
    press(&mut model, "2");
    tell(&mut model, tags(["latest", "b", "c"].map(|tag| row(tag, None, None)).into()));
    press(&mut model, "/late");
    clicked_on(&mut model, "enter keep");
    assert_eq!((model.layers.len(), model.tags.shown().len()), (0, 1));
    press(&mut model, "/");
    clicked_on(&mut model, "esc show all");
    assert_eq!((model.layers.len(), model.tags.shown().len()), (0, 3));
    press(&mut model, "/");
    assert_eq!(clicked_on(&mut model, "3 of 3"), []);
    assert_eq!(model.layers.len(), 1, "what is typed is no hint");
}

#[test]
fn the_wheel_moves_what_is_under_the_pointer_and_not_what_has_the_focus() {
    let mut model = model();
    let geometry = Geometry::of(&model);
    at(&mut model, MouseEventKind::ScrollUp, geometry.log.x, geometry.log.y);
    assert_eq!((model.log.unseen(), model.log.mode), (0, Mode::Paused { at: 300 }));
    assert_eq!((model.selected.clone(), model.focus), (Some(id(1)), Pane::List));
    model.focus = Pane::Log;
    at(&mut model, MouseEventKind::ScrollDown, geometry.list.x + 1, geometry.list.y + 1);
    assert_eq!((model.selected.clone(), model.focus), (Some(id(2)), Pane::Log));
    at(&mut model, MouseEventKind::ScrollDown, 0, 0);
    assert_eq!(model.selected, Some(id(2)), "nothing to scroll is there");
}

#[test]
fn a_step_of_the_build_is_chosen_where_the_tree_shows_it() {
    let mut model = model();
    let mut steps = Steps::default();
    for n in 1..=4 {
        steps.take(&format!("#{n} [stage-{} 1/1] RUN {n}", n / 3), || None);
    }
    tell(&mut model, Message::Steps(id(1), Ok(Box::new(StepsRead { steps: Arc::new(steps), more: false }))));
    press(&mut model, "S");
    let tree = Geometry::of(&model).tree;
    clicked_on(&mut model, "1/1 RUN 2");
    assert_eq!(model.log.tree.chosen, Some(1));
    assert!(matches!(model.log.mode, Mode::Paused { .. }), "the log is there, too");
    clicked_on(&mut model, "stage-1");
    assert_eq!(model.log.tree.chosen, Some(2), "a stage is its first step");
    at(&mut model, MouseEventKind::ScrollUp, tree.x, tree.y);
    assert_eq!(model.log.tree.chosen, Some(1));
}

#[test]
fn a_dialog_is_answered_where_its_answers_are_and_nowhere_else() {
    let mut model = model();
    press(&mut model, "x");
    assert!(matches!(model.layers[..], [Layer::Confirm(_)]));
    assert_eq!(clicked(&mut model, 0, 0), []);
    assert_eq!(clicked_on(&mut model, "Cancel release"), []);
    assert_eq!(model.layers.len(), 1, "a click that misses changes nothing");
    clicked_on(&mut model, "no, change nothing");
    assert!(model.layers.is_empty());
    press(&mut model, "x");
    let effects = clicked_on(&mut model, "yes");
    assert!(matches!(&effects[..], [Effect::Cancel { release, .. }] if *release == id(1)), "{effects:?}");
}

#[test]
fn a_choice_is_shown_by_the_first_click_and_made_by_the_second() {
    let mut model = model();
    let choice = |label: &str, effect| Choice {
        label: label.to_owned(),
        note: "a note".to_owned(),
        refused: None,
        then: vec![effect],
    };
    let choices = vec![choice("first", Effect::LoadProject), choice("second", Effect::Suspend)];
    model.layers.push(Layer::Menu(Menu { title: "Which?".to_owned(), choices, at: 0, stays: false }));
    assert_eq!(clicked_on(&mut model, "second"), []);
    assert_eq!(clicked_on(&mut model, "second"), [Effect::Suspend]);
    assert!(model.layers.is_empty());
}

#[test]
fn an_action_of_the_help_is_chosen_by_the_first_click_and_done_by_the_second() {
    for size in [(60, 16), SIZE, (180, 50)] {
        let mut model = model();
        model.size = size;
        press(&mut model, ":pane");
        assert_eq!(clicked_on(&mut model, "go to the previous pane"), []);
        assert!(matches!(model.layers[..], [Layer::Help { at: 1.., .. }]));
        clicked_on(&mut model, "go to the previous pane");
        assert_eq!((model.layers.len(), model.focus), (0, Pane::Log), "{size:?}");
        press(&mut model, "?");
        clicked_on(&mut model, "down choose");
        assert!(matches!(model.layers[..], [Layer::Help { at: 1, .. }]));
        clicked_on(&mut model, "esc close");
        assert!(model.layers.is_empty());
    }
    // Of a list that was scrolled, what is seen there.
    let mut model = model();
    press(&mut model, &format!(":{}", "<down>".repeat(60)));
    let at = |model: &Model| match model.layers[..] {
        [Layer::Help { at, .. }] => at,
        _ => panic!("no help"),
    };
    let below = at(&model);
    let first = crate::console::view::geometry::palette(SIZE);
    clicked(&mut model, first.x + 3, first.y + 1);
    assert_eq!(at(&model), below + 1 - usize::from(crate::console::view::geometry::palette_rows(SIZE)));
    press(&mut model, "zzzz");
    assert_eq!(clicked(&mut model, first.x + 3, first.y + 1), [], "nothing is there");
    assert_eq!(model.layers.len(), 1);
}

#[test]
fn a_tag_is_selected_by_a_click_and_the_wheel() {
    let mut model = model();
    press(&mut model, "2");
    let rows = ["a", "b", "c"].map(|tag| row(tag, None, None));
    tell(&mut model, tags(rows.into()));
    let rows = Geometry::of(&model).split.rows;
    clicked(&mut model, rows.x + 2, rows.y + 2);
    assert_eq!(model.tags.position(), 2);
    at(&mut model, MouseEventKind::ScrollUp, rows.x, rows.y);
    assert_eq!(model.tags.position(), 1);
    clicked(&mut model, rows.x, rows.y + 3);
    assert_eq!(model.tags.position(), 1, "there is no tag");
}

#[test]
fn the_mouse_is_left_to_the_terminal_and_taken_back() {
    let mut model = model();
    assert_eq!(press(&mut model, "M"), [Effect::Capture(Mouse::Terminals)]);
    assert_eq!(press(&mut model, "M"), [Effect::Capture(Mouse::Ours)]);
}

#[test]
fn clicks_anywhere_do_no_harm_in_any_size() {
    for size in [(1, 1), (20, 5), (60, 16), (100, 30)] {
        let mut model = model();
        model.size = size;
        for key in ["", "x", "<esc>?"] {
            press(&mut model, key);
            for column in 0..size.0 + 2 {
                at(&mut model, MouseEventKind::ScrollDown, column, size.1 / 2);
                clicked(&mut model, column, size.1 / 2);
            }
        }
    }
}

#[test]
fn a_click_selects_a_row_of_a_list() {
    let mut model = model();
    clicked_on(&mut model, "Doctor");
    clicked_on(&mut model, "engine  ");
    assert_eq!(model.doctor.position(), 2);
    clicked_on(&mut model, "config  ");
    assert_eq!(model.doctor.position(), 0);
    let rows = Geometry::of(&model).split.rows;
    clicked(&mut model, rows.x, rows.bottom() - 1);
    assert_eq!(model.doctor.position(), 0, "there is no check");
    model.say(crate::domain::sign::Tone::Good, "said here");
    model.say(crate::domain::sign::Tone::Good, "said later");
    model.toasts.clear();
    clicked_on(&mut model, "Activity");
    clicked_on(&mut model, "said here");
    assert_eq!(model.activity.position(&model.activity.rows("")), 1);
    let known = ["balrog", "docs", "shipit"].map(|name| KnownProject {
        name: name.parse().unwrap(),
        folder: format!("/home/me/{name}"),
        open: false,
        past: Past::NoRelease,
    });
    press(&mut model, "gp");
    tell(&mut model, Message::Known(Ok(known.into())));
    clicked_on(&mut model, "shipit ");
    assert_eq!(model.projects.position(), 2);
    for (size, row) in [((60, 16), "ghcr"), (SIZE, "✗ missing"), ((180, 50), "press s")] {
        let mut model = secrets(size, vec![there(), missing()]);
        clicked_on(&mut model, row);
        assert_eq!(model.secrets.position(), 1);
        clicked_on(&mut model, "dockerhub ");
        assert_eq!(model.secrets.position(), 0);
    }
}
