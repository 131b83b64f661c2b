//! The first line, as it is read.

use std::collections::BTreeSet;

use super::*;
use crate::{
    console::{
        message::{Listing, Message, News},
        model::{Around, Look},
        sample::{console, done, look, news, now, release, stamped, tell},
        view::tests::{SIZES, rows},
    },
    domain::{
        event::{Event, Step},
        failure::Failure,
        sign::Signs,
    },
};

fn first(model: &Model) -> String {
    rows(model)[0].clone()
}

pub fn around(engine: Result<&str, Failure>) -> Message {
    Message::Around(Around { engine: Some(engine.map(str::to_owned)), absent: BTreeSet::new() })
}

/// All is known, and well.
pub fn well(size: (u16, u16)) -> Model {
    let mut model =
        console(size, vec![release(1, "2026-11-21T09:30:00Z", vec![Event::StepStarted { step: Step::Secret }])]);
    tell(&mut model, around(Ok("20.10.24")));
    let done = Event::StepSucceeded { step: Step::Secret, note: "bot, may push".to_owned() };
    let done = stamped(model.selected().unwrap(), done);
    tell(&mut model, news(1, News::Event(done)));
    model
}

#[test]
fn nothing_is_said_of_what_nobody_looked_at() {
    for size in SIZES {
        let mut model = console(size, Vec::new());
        let gap = if size.0 == 60 { "  " } else { "   " };
        let rest = format!("{gap}registry ·{gap}secret ·");
        assert!(first(&model).ends_with(&format!("engine ·{rest}")), "{}", first(&model));
        tell(&mut model, around(Ok("20.10.24")));
        assert!(first(&model).contains("engine ●") && first(&model).ends_with(&rest), "{}", first(&model));
    }
    let model = Model::new((100, 30), look(), now());
    assert!(first(&model).ends_with(" engine ·"), "of which images is not known yet: {}", first(&model));
}

#[test]
fn what_is_known_is_said_as_far_as_there_is_room() {
    for (size, expected) in [
        ((180, 50), " windlass  balrog · docker.io/mozilla/balrog"),
        ((100, 30), " windlass  balrog · docker.io/mozilla/balrog"),
        ((60, 16), " windlass  balrog · d"),
    ] {
        let line = first(&well(size));
        assert!(line.starts_with(expected), "{line}");
        let shown = if size.0 == 60 {
            "engine ●  registry ●  secret ●"
        } else {
            "engine ● 20.10.24   registry ● bot   secret ●"
        };
        assert!(line.contains(shown), "{line}");
    }
    assert!(first(&well((180, 50))).ends_with("secret ● works"));
}

#[test]
fn a_release_that_was_quicker_than_its_follower_tells_of_itself() {
    let events: Vec<Event> = done(Step::Secret, "bot, may push").into();
    let mut model = console((180, 50), vec![release(1, "2026-11-20T09:30:00Z", events.clone())]);
    assert!(first(&model).ends_with("registry ·   secret ·"), "what was before is not known to be so now");
    let releases = vec![release(2, "2026-11-21T09:31:02Z", events), model.list()[0].clone()];
    tell(&mut model, Message::Releases(Ok(Listing { releases, damaged: 0 })));
    assert!(first(&model).ends_with("registry ● bot   secret ● works"), "{}", first(&model));
}

#[test]
fn what_is_bad_stays_where_there_is_no_room_for_all() {
    let mut model = well((60, 16));
    model.read_only = true;
    tell(&mut model, around(Err(Failure::unreachable("the engine does not answer", "", ""))));
    let line = first(&model);
    assert!(line.contains("engine ✗") && line.ends_with("read-only") && line.contains("balrog"), "{line}");
    for columns in 1..60 {
        model.size = (columns, 16);
        first(&model);
    }
}

#[test]
fn the_line_is_read_without_colour_or_unicode() {
    let mut model = well((100, 30));
    let words = first(&model);
    model.look.colour = false;
    assert_eq!(first(&model), words);
    model.look = Look { signs: Signs::Ascii, colour: false, light: false };
    assert!(first(&model).contains("engine + 20.10.24   registry + bot   secret +"), "{}", first(&model));
}
