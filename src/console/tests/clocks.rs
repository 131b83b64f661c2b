//! A clock that jumps, by seconds or by years, forwards and backwards: nothing that is told in times breaks, and nothing
//! stays for ever.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use ratatui::crossterm::event::KeyCode;

use super::{drawn, harmless};
use crate::{
    console::{
        message::{Listing, Message, News},
        model::{Doing, Model},
        sample::{
            console, id, now, press, recorded, row, running,
            secrets::{found, holdings, there},
            seen, stamped, tags, tell,
        },
        update::update,
        view::tests::rows,
    },
    domain::{
        event::{Event, Step},
        progress::Progress,
        release::Release,
        sign::Tone,
    },
};

/// As far as times go.
fn jump() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        3 => (-20_i64..20).prop_map(|seconds| now() + SignedDuration::from_secs(seconds)),
        3 => (-10 * 366_i64..10 * 366).prop_map(|days| now() + SignedDuration::from_hours(24 * days)),
        1 => prop::sample::select(vec![Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX]),
    ]
}

fn pushing(sent: u64, total: u64) -> Message {
    let progress = Progress::Layers { tag: "latest".parse().unwrap(), layers: 1, sent, total };
    Message::News(id(1), News::Progress(progress))
}

/// With everything that has a time in it.
fn busy() -> Model {
    let mut model = console((100, 30), vec![running(1), recorded(2, "ours")]);
    let mut log = seen(&model, 0, &["one".to_owned(), "two".to_owned()], 2);
    for (row, time) in log.window.rows.iter_mut().zip([i64::MAX, i64::MIN]) {
        row.time = Some(time);
    }
    tell(&mut model, Message::Log(id(1), Ok(Some(log))));
    tell(&mut model, tags(vec![row("latest", Some("ours"), Some("ours"))]));
    press(&mut model, "3");
    found(&mut model, holdings(vec![there()]));
    press(&mut model, "1t");
    model
}

/// A number of seconds, bytes or days that is none.
fn negative(model: &Model) -> Option<String> {
    let units = regex::Regex::new(r"(^|[ │])-\d[\d.]* (s|min|h|days?|k?B|MB|GB|%)").unwrap();
    rows(model).into_iter().find(|row| units.is_match(row))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_time_is_said_to_be_the_console_goes_on(
        steps in prop::collection::vec((jump(), any::<u64>(), any::<u64>()), 1..6),
    ) {
        let mut model = busy();
        let mut next = stamped(&running(1), Event::StepSucceeded { step: Step::Push, note: String::new() });
        for (at, sent, total) in steps {
            update(&mut model, pushing(sent / 2, total), at);
            // So that there is a rate.
            let at = at.checked_add(SignedDuration::from_secs(2)).unwrap_or(at);
            update(&mut model, pushing(sent, total), at);
            for key in "12345".chars() {
                update(&mut model, Message::Key(KeyCode::Char(key).into()), at);
                if let Err(wrong) = harmless(&drawn(&model)) {
                    prop_assert!(false, "{at}: {wrong}");
                }
                prop_assert_eq!(negative(&model), None, "{}", at);
            }
            update(&mut model, Message::Key(KeyCode::Char('1').into()), at);
            (next.at, next.event) = (at, Event::StepStarted { step: Step::Push });
            update(&mut model, Message::News(id(1), News::Event(next.clone())), at);
            next.seq += 1;
        }
    }

    #[test]
    fn what_was_said_goes_however_the_clock_jumps(before in jump(), after in jump()) {
        let mut model = console((100, 30), vec![running(1)]);
        update(&mut model, Message::Tick, before);
        model.say(Tone::Good, "said");
        update(&mut model, Message::Tick, after);
        let long = after.duration_since(before).abs() >= SignedDuration::from_secs(8);
        prop_assert_eq!(model.toasts.is_empty(), long);
        update(&mut model, Message::Key(KeyCode::Char('j').into()), after);
        update(&mut model, Message::Tick, after + SignedDuration::from_secs(if after == Timestamp::MAX { -9 } else { 9 }));
        prop_assert!(model.toasts.is_empty(), "at the latest");
    }

    #[test]
    fn a_rate_is_none_or_what_went_by(at in prop::collection::vec((jump(), any::<u64>()), 2..9)) {
        let mut doing: Option<Doing> = None;
        for (now, sent) in at {
            let next = Doing::next(doing.as_ref(), Progress::Context { files: 1, bytes: sent }, now);
            if let Some(rate) = next.rate(now) {
                prop_assert!(rate <= sent && now > next.since.0);
            }
            doing = Some(next);
        }
    }
}

#[test]
fn a_clock_that_was_set_back_does_not_take_the_rate_away() {
    let at = |seconds| now() + SignedDuration::from_secs(seconds);
    let after =
        |before: &Doing, bytes, seconds| Doing::next(Some(before), Progress::Context { files: 1, bytes }, at(seconds));
    let first = Doing::next(None, Progress::Context { files: 1, bytes: 0 }, at(0));
    let second = after(&first, 1000, 2);
    assert_eq!(second.rate(at(2)), Some(500));
    let back = after(&second, 1500, -3600);
    let on = after(&back, 3500, -3598);
    assert_eq!((back.rate(at(-3600)), on.rate(at(-3598))), (None, Some(1000)));
}

#[test]
fn a_step_that_ended_before_it_began_took_no_time_that_is_known() {
    let mut release = Release::new(crate::console::sample::plan(1), now(), 1);
    let back = now() - SignedDuration::from_hours(1);
    for (at, event) in [
        (now(), Event::StepStarted { step: Step::Build }),
        (back, Event::StepSucceeded { step: Step::Build, note: "done".to_owned() }),
        (back, Event::StepStarted { step: Step::Push }),
    ] {
        let stamped = crate::domain::event::Stamped { at, ..stamped(&release, event) };
        release.apply(&stamped).unwrap();
    }
    let build = &release.steps[2];
    assert_eq!((build.seconds(), build.started.is_some()), (None, true));
    let mut model = console((100, 30), vec![release.clone()]);
    update(&mut model, Message::Tick, back - SignedDuration::from_hours(1));
    assert_eq!(negative(&model), None, "the push has not begun yet, as this clock says");
    tell(&mut model, Message::Releases(Ok(Listing { releases: vec![release], damaged: 0 })));
    assert_eq!(negative(&model), None);
}
