//! The list of releases, and those that are followed.

use super::*;

#[test]
fn the_project_is_read_before_the_releases_it_limits() {
    let mut model = Model::new(SIZE, crate::console::sample::look(), crate::console::sample::now());
    assert_eq!(begin(&mut model), [Effect::LoadProject, Effect::LookAround, Effect::ReadTrail]);
    assert_eq!(tell(&mut model, Message::Changed), []);
    let effects = tell(&mut model, Message::Project(Ok(project())));
    assert_eq!(effects, [Effect::LoadReleases(vec!["docker.io/mozilla/balrog".parse().unwrap()])]);
    let none = Failure::usage("this is no project", "there is no file", "go to one");
    let mut model = Model::new(SIZE, crate::console::sample::look(), crate::console::sample::now());
    assert_eq!(tell(&mut model, Message::Project(Err(none))), [Effect::LoadReleases(Vec::new())]);
}

#[test]
fn releases_that_run_are_followed_once_and_the_newest_is_selected_with_its_log() {
    let mut model = Model::new(SIZE, crate::console::sample::look(), crate::console::sample::now());
    tell(&mut model, Message::Project(Ok(project())));
    let effects = tell(&mut model, listing(vec![running(1), finished(2, "2026-11-20T09:00:00Z")]));
    let [Effect::Follow { release, after: 8, .. }, Effect::ReadLog { release: log, .. }] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!((release, log), (&id(1), &id(1)));
    tell(&mut model, Message::Changed);
    assert_eq!(tell(&mut model, listing(vec![running(1)])), [], "it is followed already");
}

#[test]
fn the_journal_is_looked_at_once_at_a_time() {
    let mut model = three();
    assert!(matches!(tell(&mut model, Message::Changed)[..], [Effect::LoadReleases(_)]));
    assert_eq!(tell(&mut model, Message::Changed), []);
    assert_eq!(tell(&mut model, Message::Changed), []);
    let effects = tell(&mut model, listing(vec![running(1)]));
    assert!(matches!(effects[..], [Effect::LoadReleases(_)]), "{effects:?}");
    assert_eq!(tell(&mut model, listing(vec![running(1)])), []);
}

#[test]
fn a_list_that_was_read_before_an_event_does_not_take_it_back() {
    let mut model = three();
    let next = stamped(model.selected().unwrap(), Event::StepSucceeded { step: Step::Push, note: String::new() });
    tell(&mut model, news(1, News::Event(next.clone())));
    assert_eq!(tell(&mut model, news(1, News::Event(next))), [], "the same event again is no news");
    tell(&mut model, Message::Changed);
    tell(&mut model, listing(vec![running(1)]));
    assert_eq!(model.selected().unwrap().steps[3].state, StepState::Succeeded);
}

#[test]
fn an_event_that_does_not_fit_makes_the_journal_speak() {
    let mut model = three();
    let mut gap = stamped(model.selected().unwrap(), Event::Finished);
    gap.seq += 1;
    assert!(matches!(tell(&mut model, news(1, News::Event(gap)))[..], [Effect::LoadReleases(_)]));
    assert_eq!(model.selected().unwrap().state, ReleaseState::Running);
}

#[test]
fn a_release_that_ends_or_dies_says_so() {
    let mut model = three();
    tell(&mut model, news(1, News::Interrupted));
    assert_eq!(model.selected().unwrap().state, ReleaseState::Interrupted);
    assert!(model.followed.is_empty());
    let mut model = three();
    assert!(model.ticks());
    let last = stamped(model.selected().unwrap(), Event::Finished);
    tell(&mut model, news(1, News::Event(last)));
    tell(&mut model, news(1, News::Ended));
    assert_eq!(model.selected().unwrap().state, ReleaseState::Succeeded);
    assert!(model.followed.is_empty(), "nothing runs: nobody to follow");
    assert!(model.ticks() && !model.toasts.is_empty(), "its end is said");
    let later = model.now + jiff::SignedDuration::from_secs(8);
    update(&mut model, Message::Tick, later);
    assert!(!model.ticks() && model.toasts.is_empty(), "what was said is gone, and nobody is woken any more");
}

#[test]
fn progress_belongs_to_its_step() {
    let mut model = three();
    let layers = |sent| Progress::Layers { tag: "latest".parse().unwrap(), layers: 2, sent, total: 100 };
    tell(&mut model, news(1, News::Progress(layers(10))));
    let later = crate::console::sample::now() + jiff::SignedDuration::from_secs(2);
    update(&mut model, news(1, News::Progress(layers(30))), later);
    let doing = model.doing(&id(1)).unwrap();
    assert_eq!((doing.since.1, doing.rate(later)), (10, Some(10)));
    let next = stamped(model.selected().unwrap(), Event::StepSucceeded { step: Step::Push, note: String::new() });
    tell(&mut model, news(1, News::Event(next)));
    assert_eq!(model.doing(&id(1)), None);
}

#[test]
fn moving_in_the_list_opens_the_log_of_what_is_selected() {
    let mut model = three();
    for (keys, expected) in
        [("j", 2), ("j", 3), ("j", 3), ("k", 2), ("gg", 1), ("G", 3), ("<page-up>", 1), ("<down>", 2)]
    {
        let before = model.selected.clone();
        let effects = press(&mut model, keys);
        assert_eq!(model.selected, Some(id(expected)), "{keys}");
        let opened =
            |effects: &[Effect]| matches!(effects, [Effect::ReadLog { release, .. }] if *release == id(expected));
        assert!(if before == model.selected { effects.is_empty() } else { opened(&effects) }, "{keys}: {effects:?}");
    }
    // The answer for another release is too late.
    let late = seen(&model, 0, &["late".to_owned()], 1);
    tell(&mut model, Message::Log(id(3), Ok(Some(late))));
    assert!(matches!(model.log.state, LogState::Loading));
}

#[test]
fn the_selection_stays_when_the_list_changes() {
    let mut model = three();
    press(&mut model, "j");
    tell(&mut model, Message::Changed);
    let mut more = vec![running(4)];
    more.extend(model.list().to_vec());
    tell(&mut model, listing(more));
    assert_eq!((model.selected.clone(), model.position()), (Some(id(2)), Some(2)));
}

/// So many that succeeded, the newest first.
fn page(numbers: std::ops::Range<u16>) -> Vec<Release> {
    let mut releases: Vec<Release> = numbers
        .map(|number| {
            let mut release = finished(1, "2026-11-20T09:00:00Z");
            let [a, b, c] = [8, 4, 0].map(|bits| u8::try_from(number >> bits & 0xf).unwrap());
            release.plan.release = crate::domain::name::ReleaseId::from_random([1, 2, 3, 4, 5, 6, 7, a, b, c]);
            release
        })
        .collect();
    releases.reverse();
    releases
}

#[test]
fn older_releases_are_read_at_the_end_of_the_list_and_stay_there() {
    let mut model = console(SIZE, page(900..1000));
    let oldest = model.list().last().unwrap().plan.release.clone();
    let effects = press(&mut model, "G");
    let repositories = vec!["docker.io/mozilla/balrog".parse().unwrap()];
    assert!(effects.contains(&Effect::LoadOlder { repositories, before: oldest }), "{effects:?}");
    let asks = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::LoadOlder { .. }));
    assert!(!asks(&press(&mut model, "kG")), "once");
    tell(&mut model, Message::Older(Ok(Listing { releases: page(850..900), damaged: 0 })));
    assert_eq!(model.list().len(), 150);
    assert!(!asks(&press(&mut model, "G")), "there are no more");
    assert_eq!(model.position(), Some(149));
    // Something new came.
    tell(&mut model, Message::Changed);
    tell(&mut model, listing(page(901..1001)));
    assert_eq!((model.list().len(), model.position()), (151, Some(150)));
    // And so much that what is between is not known.
    tell(&mut model, Message::Changed);
    tell(&mut model, listing(page(1200..1300)));
    assert_eq!((model.list().len(), model.older), (100, Older::There));
    // A page that is not full is all there is.
    tell(&mut model, Message::Changed);
    tell(&mut model, listing(page(0..3)));
    assert_eq!((model.list().len(), model.older), (3, Older::None));
}

#[test]
fn the_list_has_the_releases_of_all_images_or_of_one() {
    let mut model = three();
    let mut two = project();
    two.images.push(crate::console::model::Image { name: "agent".into(), repository: "ghcr.io/a/b".parse().unwrap() });
    let all: Vec<_> = two.images.iter().map(|image| image.repository.clone()).collect();
    tell(&mut model, Message::Project(Ok(two)));
    tell(&mut model, listing(vec![running(1)]));
    assert_eq!(press(&mut model, "a"), [Effect::LoadReleases(vec![all[0].clone()])]);
    tell(&mut model, listing(vec![running(1)]));
    assert_eq!(press(&mut model, "I"), [Effect::LoadReleases(vec![all[1].clone()])]);
    tell(&mut model, listing(Vec::new()));
    let next = stamped(&running(1), Event::StepSucceeded { step: Step::Push, note: String::new() });
    assert_eq!(tell(&mut model, news(1, News::Event(next))), [], "another image's release is no reason to look");
    assert_eq!(press(&mut model, "a"), [Effect::LoadReleases(all)]);
}

#[test]
fn panes() {
    let mut model = three();
    press(&mut model, "<tab>");
    assert_eq!(model.focus, Pane::Log);
    press(&mut model, "<tab>z");
    assert!(model.focus == Pane::List && model.zoom);
    let mut empty = console(SIZE, Vec::new());
    press(&mut empty, "<tab><enter>");
    assert_eq!(empty.focus, Pane::List, "there is no log to go to");
    assert_eq!(press(&mut empty, "jkxf"), []);
}

#[test]
fn looking_again_reads_the_project_too() {
    assert_eq!(press(&mut three(), "r"), [Effect::LoadProject]);
}
