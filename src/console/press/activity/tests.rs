//! Keys and rows in, effects out.

use super::*;
use crate::{
    console::{
        message::{Message, News},
        model::Model,
        sample::{console, id, news, press, running, stamped, tell},
    },
    domain::{
        audit::{Act, AuditRow},
        event::Event,
        failure::{Failure, FailureKind},
        sign::Tone,
    },
};

const SIZE: (u16, u16) = (100, 30);

fn trail(subject: &str) -> Message {
    Message::Trail(Ok(vec![AuditRow::begun("2026-11-20T09:00:00Z".parse().unwrap(), "ada@host", Act::Point, subject)]))
}

fn toasts(model: &Model) -> Vec<(Tone, &str)> {
    model.toasts.iter().map(|toast| (toast.tone, toast.words.as_str())).collect()
}

#[test]
fn the_trail_is_read_when_its_screen_opens_and_followed_while_it_is_open() {
    let mut model = console(SIZE, vec![running(1)]);
    let reads = |effects: &[Effect]| effects.contains(&Effect::ReadTrail);
    assert!(!reads(&tell(&mut model, Message::Changed)), "nobody looks");
    assert_eq!(press(&mut model, "5"), [Effect::ReadTrail]);
    assert!(!reads(&tell(&mut model, Message::Changed)), "it is being read");
    assert!(reads(&tell(&mut model, trail("a/b:1"))), "and once more, since it changed");
    assert!(!reads(&tell(&mut model, trail("a/b:2"))));
    assert!(reads(&tell(&mut model, Message::Changed)));
    tell(&mut model, trail("a/b:3"));
    assert_eq!(press(&mut model, "r"), [Effect::ReadTrail]);
    tell(&mut model, trail("a/b:4"));
    press(&mut model, "1");
    assert!(!reads(&tell(&mut model, Message::Changed)));
}

#[test]
fn the_command_of_a_row_is_copied() {
    let mut model = console(SIZE, vec![running(1)]);
    press(&mut model, "xy5");
    tell(&mut model, trail("a/b:latest"));
    let command = format!("windlass cancel {}", id(1));
    assert_eq!(press(&mut model, "y"), [Effect::Copy(command.clone())]);
    press(&mut model, "G");
    assert_eq!(press(&mut model, "y"), [], "nobody typed that here");
    assert!(toasts(&model).iter().any(|(_, words)| words.contains("no command")));
}

#[test]
fn rows_are_narrowed_and_only_those_are_moved_over() {
    let mut model = console(SIZE, vec![running(1)]);
    press(&mut model, "xy5");
    tell(&mut model, trail("a/b:latest"));
    press(&mut model, "/latest");
    assert_eq!((model.narrowed(), model.activity.narrowed.as_str()), ("latest", ""), "while it is typed");
    press(&mut model, "<enter>");
    assert_eq!((model.layers.len(), model.narrowed()), (0, "latest"));
    assert_eq!(press(&mut model, "ggGy"), [], "the row that has a command is not there");
    press(&mut model, "/");
    assert_eq!(model.narrowed(), "latest", "it can be typed on");
    press(&mut model, "<esc>");
    assert_eq!(model.narrowed(), "");
    assert!(matches!(press(&mut model, "ggy")[..], [Effect::Copy(_)]));
    press(&mut model, "/");
    tell(&mut model, Message::Pasted("evil\x1b[2J\n".to_owned().into()));
    assert_eq!(model.narrowed(), "evil");
}

#[test]
fn a_release_that_ends_is_told_whoever_began_it() {
    let mut model = console(SIZE, vec![running(1)]);
    let last = stamped(model.selected().unwrap(), Event::Finished);
    tell(&mut model, news(1, News::Event(last)));
    assert_eq!(toasts(&model), []);
    tell(&mut model, news(1, News::Ended));
    let said = format!("release {} of balrog succeeded", id(1));
    assert_eq!(toasts(&model), [(Tone::Good, said.as_str())]);
    assert_eq!(model.activity.rows(&said).len(), 1);
    let mut model = console(SIZE, vec![running(1)]);
    tell(&mut model, news(1, News::Interrupted));
    assert_eq!(toasts(&model)[0].0, Tone::Bad);
}

#[test]
fn a_release_that_came_and_went_between_two_looks_is_told_and_old_ones_are_not() {
    let list = |releases| Message::Releases(Ok(crate::console::message::Listing { releases, damaged: 0 }));
    let ended = |number, begun: &str| {
        let failure = Failure::new(FailureKind::Failed, "no space is left", "", "");
        let events = vec![Event::StepFailed { step: crate::domain::event::Step::Preflight, failure }, Event::Finished];
        crate::console::sample::release(number, begun, events)
    };
    let mut model = console(SIZE, vec![ended(1, "2026-11-21T09:32:00Z")]);
    assert_eq!(toasts(&model).len(), 0, "what was there when the console opened is no news");
    tell(
        &mut model,
        list(vec![
            ended(3, "2026-11-21T09:32:10Z"),
            ended(2, "2026-11-21T09:00:00Z"),
            ended(1, "2026-11-21T09:32:00Z"),
        ]),
    );
    let said = format!("release {} of balrog failed: no space is left", id(3));
    assert_eq!(toasts(&model), [(Tone::Bad, said.as_str())]);
}

#[test]
fn what_fails_behind_another_screen_is_told_once() {
    let mut model = console(SIZE, vec![running(1)]);
    let failure = || Failure::failed("the journal is damaged", "not a database", "restore it");
    tell(&mut model, Message::Releases(Err(failure())));
    assert_eq!(toasts(&model).len(), 0, "whoever looks at it has seen it");
    press(&mut model, "25");
    tell(&mut model, Message::Releases(Err(failure())));
    assert_eq!(toasts(&model).len(), 0, "it is no news");
    tell(&mut model, Message::Tags("balrog".to_owned(), Err(Failure::unreachable("no answer", "refused", "start it"))));
    assert_eq!(toasts(&model), [(Tone::Bad, "no answer: refused")]);
}

#[test]
fn a_card_takes_the_place_of_toasts_and_keys_leave_what_is_new() {
    let mut model = console(SIZE, vec![running(1)]);
    model.say(Tone::Notice, "something");
    press(&mut model, "j");
    assert_eq!(toasts(&model).len(), 1, "nobody could read it yet");
    let later = model.now + jiff::SignedDuration::from_secs(2);
    crate::console::update::update(&mut model, Message::Tick, later);
    assert_eq!(toasts(&model).len(), 1);
    model.say(Tone::Notice, "something else");
    tell(&mut model, Message::Started(Err(Failure::failed("it is full", "no space", "make room"))));
    assert_eq!(toasts(&model).len(), 0);
    assert_eq!(model.activity.rows("something").len(), 2, "they stay there");
}
