//! Messages and keys in, model and effects out.

use super::*;
use crate::{
    console::{
        action::{ACTIONS, Action, Danger, Scope},
        model::{Answer, Depth, Errand, LogState, Mode, Older, Pane, Request},
        press::scopes,
        sample::{
            console, id, news, now, plan, press, project, read, recorded, release, row, running, seen, stamped, tags,
            tell,
        },
        sample_secrets::{secrets, there},
    },
    domain::{
        digest::Digest,
        event::{Event, Step},
        observation::Sighting,
        plan::TagKind,
        preview::{Change, Next, Preview, Shown},
        progress::Progress,
        release::{ReleaseState, StepState},
        table::{Identity, Table},
        verdict::Verdict,
        wishes::Wishes,
    },
    log::pattern::{Filter, Pattern, Wanted},
};

const SIZE: (u16, u16) = (100, 30);

fn finished(number: u8, begun: &str) -> Release {
    release(number, begun, vec![Event::StepStarted { step: Step::Preflight }, Event::Finished])
}

/// Three releases, the newest of which runs.
fn three() -> Model {
    let old = ["2026-11-20T09:00:00Z", "2026-11-14T09:00:00Z"];
    console(SIZE, vec![running(1), finished(2, old[0]), finished(3, old[1])])
}

fn listing(releases: Vec<Release>) -> Message {
    Message::Releases(Ok(Listing { releases, damaged: 0 }))
}

fn asked() -> Request {
    Request::Release { image: "balrog".to_owned(), wishes: Wishes::default() }
}

/// What a release would do to `latest`.
fn preview(next: Next) -> Preview {
    let now = Some(Shown { digest: Digest::of(b"old"), release: Some(id(2)) });
    let change = Change { tag: "latest".parse().unwrap(), kind: TagKind::Moving, now, next };
    Preview { plan: plan(9), first: Step::Preflight, changes: vec![change] }
}

fn planned() -> Message {
    Message::Prepared(asked(), Ok(Answer::Preview(Box::new(preview(Next::Image)))))
}

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
fn what_is_pasted_is_taken_whole_or_not_at_all_and_that_is_said() {
    let paste = |model: &mut Model, text: &str| tell(model, Message::Pasted(text.to_owned().into()));
    let said = |model: &Model| model.toasts.newest().map(|toast| toast.words.clone()).unwrap_or_default();
    let mut model = three();
    paste(&mut model, "q");
    assert_eq!(said(&model), "nothing is pasted here");
    press(&mut model, "?");
    paste(&mut model, &"x".repeat(1000));
    paste(&mut model, "y");
    assert!(said(&model).starts_with("nothing was pasted: 1 characters"), "{}", said(&model));
    press(&mut model, "z");
    assert_eq!(said(&model), "there is no room for more characters");
    let Some(Layer::Help { typed, .. }) = model.layers.last() else { panic!("{:?}", model.layers) };
    assert_eq!(typed.value(), "x".repeat(1000));
    model.layers.push(Layer::Secret { question: String::new(), typed: Masked::default() });
    paste(&mut model, "correct horse\n");
    paste(&mut model, &"x".repeat(1 << 20));
    assert!(said(&model).starts_with("nothing was pasted: 1048576 characters"), "{}", said(&model));
    let Some(Layer::Secret { typed, .. }) = model.layers.last() else { panic!("{:?}", model.layers) };
    assert_eq!(typed.expose(), "correct horse");
}

#[test]
fn a_line_is_pasted_where_the_cursor_is() {
    let mut model = three();
    press(&mut model, "?ad");
    tell(&mut model, Message::Key(ratatui::crossterm::event::KeyCode::Left.into()));
    tell(&mut model, Message::Pasted("bé\nc".to_owned().into()));
    let Some(Layer::Help { typed, .. }) = model.layers.last() else { panic!("{:?}", model.layers) };
    assert!(typed.value().starts_with("abé") && typed.value().ends_with("cd"), "{:?}", typed.value());
    press(&mut model, "!");
    let Some(Layer::Help { typed, .. }) = model.layers.last() else { panic!("{:?}", model.layers) };
    assert!(typed.value().ends_with("c!d"), "{:?}", typed.value());
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
    assert!(!model.ticks() && model.followed.is_empty());
    let mut model = three();
    assert!(model.ticks());
    let last = stamped(model.selected().unwrap(), Event::Finished);
    tell(&mut model, news(1, News::Event(last)));
    tell(&mut model, news(1, News::Ended));
    assert_eq!(model.selected().unwrap().state, ReleaseState::Succeeded);
    assert!(!model.ticks() && model.followed.is_empty(), "nothing runs: no clock, nobody to follow");
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

/// The log of a release that runs, of 200 lines with the last 57 at hand, and what is typed in it.
fn searching(keys: &str) -> (Model, Vec<Effect>) {
    let mut model = three();
    let lines: Vec<String> = (143..200).map(|n| format!("line {n}")).collect();
    let seen = seen(&model, 143, &lines, 200);
    tell(&mut model, Message::Log(id(1), Ok(Some(seen))));
    let effects = press(&mut model, keys);
    (model, effects)
}

fn searched(pattern: &str) -> Effect {
    let filter = Filter { pattern: Pattern::new(pattern).unwrap(), invert: false };
    Effect::SearchLog { release: id(1), wanted: Wanted { filter, within: None } }
}

#[test]
fn escape_ends_the_search_before_it_leaves_the_log() {
    let (mut model, _) = searching("/line<enter>");
    press(&mut model, "/other<esc>");
    assert_eq!(model.log.search.as_ref().unwrap().pattern().as_str(), "line", "it stays until another one begins");
    press(&mut model, "/<enter>");
    assert!(model.log.search.is_some());
    press(&mut model, "<esc>");
    assert!(model.log.search.is_none() && model.focus == Pane::Log);
    assert!(matches!(press(&mut model, "n")[..], [Effect::Prepare(_)]), "the key is that of a release again");
    press(&mut model, "<esc><esc>");
    assert_eq!(model.focus, Pane::List);
    let (mut model, _) = searching("/line<enter><tab>j");
    assert!(model.log.search.is_none(), "another log is not searched");
    press(&mut model, "/");
    assert!(model.layers.is_empty() && !model.toasts.is_empty(), "it is not there yet");
}

#[test]
fn what_is_no_pattern_is_told_where_it_is_typed() {
    let (mut model, _) = searching("/(q<enter>");
    assert!(model.log.search.is_none());
    assert!(matches!(&model.layers[..], [Layer::Prompt { wrong: Some(why), .. }] if why == "unclosed group"));
    press(&mut model, "?");
    assert!(matches!(&model.layers[..], [Layer::Prompt { wrong: None, typed, .. }] if typed.value() == "(q?"));
    tell(&mut model, Message::Pasted("|\x1b[2Jx)\n".to_owned().into()));
    assert!(press(&mut model, "<enter>").contains(&searched("(q?|x)")));
}

#[test]
fn a_new_release_is_planned_shown_and_started_with_the_command_that_was_shown() {
    for yes in ["y", "<enter>"] {
        let mut model = three();
        assert_eq!(press(&mut model, "n"), [Effect::Prepare(asked())]);
        assert_eq!(press(&mut model, yes), [], "nothing is confirmed before it is shown");
        tell(&mut model, planned());
        assert!(matches!(model.layers[..], [Layer::Confirm(_)]));
        let words = ["release", "--image", "balrog", "--yes"].map(str::to_owned).to_vec();
        assert_eq!(press(&mut model, yes), [Effect::Start { words }]);
        assert!(model.layers.is_empty());
        assert!(matches!(tell(&mut model, Message::Started(Ok(id(9))))[..], [Effect::LoadReleases(_)]));
        assert_eq!(model.selected, Some(id(9)));
    }
}

#[test]
fn a_dialog_that_was_closed_stays_closed() {
    for no in ["<esc>", "n", "q", "<ctrl-c>"] {
        let mut model = three();
        press(&mut model, "n");
        assert_eq!(press(&mut model, no), []);
        assert_eq!(tell(&mut model, planned()), []);
        assert!(model.layers.is_empty(), "{no}");
        press(&mut model, "n");
        tell(&mut model, planned());
        assert_eq!(press(&mut model, no), []);
        assert!(model.layers.is_empty(), "{no}");
    }
}

#[test]
fn of_several_images_one_is_meant_on_every_screen() {
    let mut model = three();
    assert_eq!(press(&mut model, "I"), [], "there is one");
    let mut two = project();
    two.images.push(crate::console::model::Image { name: "agent".into(), repository: "ghcr.io/a/b".parse().unwrap() });
    tell(&mut model, Message::Project(Ok(two)));
    assert_eq!(press(&mut model, "n<esc>I"), [Effect::Prepare(asked())]);
    let agent = Request::Release { image: "agent".to_owned(), wishes: Wishes::default() };
    assert_eq!(press(&mut model, "n<esc>"), [Effect::Prepare(agent)]);
    let look = |image: &str| Effect::LoadTags { image: image.to_owned(), depth: Depth::Known };
    assert_eq!(press(&mut model, "2"), [look("agent")]);
    assert_eq!(press(&mut model, "<tab>"), [look("balrog")], "and its tags are asked for");
    tell(&mut model, tags(vec![row("latest", Some("ours"), Some("ours"))]));
    assert_eq!(model.tags.rows().len(), 1);
}

fn again(number: u8, begun: &str) -> Release {
    let built = crate::console::sample::built("ours");
    let mut events: Vec<Event> = vec![Event::Built(built), Event::StepStarted { step: Step::Push }];
    let failure = Failure::not_allowed("bot may not push latest", "403", "give it the right");
    events.extend([Event::StepFailed { step: Step::Push, failure }, Event::Finished]);
    release(number, begun, events)
}

#[test]
fn a_release_is_taken_up_where_it_stood_or_in_another_way_that_can_be_gone() {
    let mut model = console(SIZE, vec![again(4, "2026-11-20T09:00:00Z")]);
    let ask = Request::Ways(id(4));
    assert_eq!(press(&mut model, "e"), [Effect::Prepare(ask.clone())]);
    let ways = |refused: &str| {
        let step = |step: Step| (Some(step), (step > Step::Push).then(|| refused.to_owned()));
        let ways = std::iter::once((None, None)).chain(Step::ALL.map(step)).collect();
        Message::Prepared(ask.clone(), Ok(Answer::Ways(Box::new(again(4, "2026-11-20T09:00:00Z")), ways)))
    };
    tell(&mut model, ways("it left no record"));
    let rerun = |first| Request::Rerun { release: id(4), first, move_tags: false };
    assert_eq!(press(&mut model, "jj<enter>"), [], "that cannot be done");
    assert_eq!(model.toasts.newest().map(|toast| toast.words.as_str()), Some("it left no record"));
    assert_eq!(press(&mut model, "kk<enter>"), [Effect::Prepare(rerun(Some(Step::Push)))]);
    let words = ["rerun", id(4).as_str(), "--from", "push", "--yes"].map(str::to_owned).to_vec();
    tell(&mut model, Message::Prepared(rerun(Some(Step::Push)), Ok(Answer::Preview(Box::new(preview(Next::Same))))));
    assert_eq!(press(&mut model, "o"), [], "there is no other way");
    assert_eq!(press(&mut model, "y"), [Effect::Start { words }]);
    press(&mut model, "e");
    tell(&mut model, ways(""));
    assert_eq!(press(&mut model, "kkkkkkk<enter>"), [Effect::Prepare(rerun(None))]);
    let mut model = three();
    assert_eq!(press(&mut model, "e"), [], "it runs");
}

#[test]
fn a_tag_that_would_be_left_alone_can_be_moved_all_the_same() {
    let mut model = three();
    press(&mut model, "n");
    let left = preview(Next::LeftAlone("it shows a newer one".to_owned()));
    tell(&mut model, Message::Prepared(asked(), Ok(Answer::Preview(Box::new(left)))));
    let moving =
        Request::Release { image: "balrog".to_owned(), wishes: Wishes { move_tags: true, ..Wishes::default() } };
    assert_eq!(press(&mut model, "o"), [Effect::Prepare(moving.clone())]);
    tell(&mut model, Message::Prepared(moving, Ok(Answer::Preview(Box::new(preview(Next::Image))))));
    let words = ["release", "--image", "balrog", "--move", "--yes"].map(str::to_owned).to_vec();
    assert_eq!(press(&mut model, "y"), [Effect::Start { words }]);
}

#[test]
fn the_log_of_a_failed_build_is_searched_once_for_what_went_wrong_and_enter_goes_there() {
    let events = vec![
        Event::StepStarted { step: Step::Build },
        Event::StepFailed { step: Step::Build, failure: Failure::failed("the build failed", "2", "mend it") },
        Event::Finished,
    ];
    let failed = release(4, "2026-11-20T09:00:00Z", events);
    let mut model = console(SIZE, vec![again(5, "2026-11-20T09:00:00Z"), failed]);
    assert!(model.faults.is_empty(), "the push failed, of which the log says nothing");
    let find = Effect::FindFault { release: id(4) };
    assert!(press(&mut model, "j").contains(&find));
    assert!(!press(&mut model, "kj").contains(&find));
    let lines: Vec<String> = (2900..3000).map(|n| format!("line {n}")).collect();
    let end = seen(&model, 2900, &lines, 3000);
    tell(&mut model, Message::Log(id(4), Ok(Some(end))));
    let lines: Vec<String> = (0..3000).map(|n| format!("line {n}")).collect();
    let effects = tell(&mut model, Message::Fault(id(4), Ok(Some((1203, "E: it is missing".to_owned())))));
    read(&mut model, effects, &lines);
    let effects = press(&mut model, "<enter>");
    read(&mut model, effects, &lines);
    let (window, top) = model.log.shown().unwrap();
    assert!(model.focus == Pane::Log && window.rows[top..].iter().any(|row| row.line == 1203));
    assert!(matches!(model.log.mode, Mode::Paused { .. }));
}

#[test]
fn a_pasted_digest_is_looked_up_and_a_history_can_be_gone_back_in() {
    let mut model = console(SIZE, Vec::new());
    press(&mut model, "2");
    let mut latest = row("latest", Some("ours"), Some("ours"));
    latest.kind = Some(TagKind::Moving);
    tell(&mut model, tags(vec![latest]));
    let digest = Digest::of(b"x").to_string();
    tell(&mut model, Message::Pasted(format!("{digest}\n").into()));
    assert!(matches!(&model.layers[..], [Layer::Narrow { .. }]));
    let find = Request::Find { digest };
    assert_eq!(press(&mut model, "<enter>"), [Effect::Prepare(find.clone())]);
    tell(&mut model, Message::Prepared(find, Ok(Answer::Found(vec!["it is the config of release x".to_owned()]))));
    assert!(matches!(&model.layers[..], [Layer::Told { .. }]));
    press(&mut model, "<enter>");
    assert!(model.layers.is_empty() && !model.tags.filters());

    let history = Request::History { image: "balrog".to_owned(), tag: "latest".parse().unwrap(), moving: true };
    assert_eq!(press(&mut model, "h"), [Effect::Prepare(history.clone())]);
    let sighting =
        |image: &str| Sighting { digest: Some(Digest::of(image.as_bytes())), first_seen: now(), last_seen: now() };
    let past = vec![(sighting("ours"), Some(id(2))), (sighting("theirs"), None), (sighting("older"), Some(id(3)))];
    tell(&mut model, Message::Prepared(history, Ok(Answer::Past(past))));
    assert_eq!(press(&mut model, "<enter>"), [], "it shows that now");
    assert_eq!(press(&mut model, "j<enter>"), [], "that is of no record");
    let point = Request::Point { tag: "latest".parse().unwrap(), release: id(3) };
    assert_eq!(press(&mut model, "j<enter>"), [Effect::Prepare(point)]);
}

#[test]
fn a_tag_is_copied_by_digest_and_opened_where_there_is_a_page() {
    let mut model = console(SIZE, Vec::new());
    press(&mut model, "2");
    tell(&mut model, tags(vec![row("latest", Some("ours"), None), row("stable", None, Some("ours"))]));
    let digest = Digest::of(b"manifest of ours");
    assert_eq!(press(&mut model, "y"), [Effect::Copy(format!("docker.io/mozilla/balrog@{digest}"))]);
    let page = "https://hub.docker.com/r/mozilla/balrog/tags?name=latest";
    assert!(matches!(&press(&mut model, "b")[..], [Effect::Browse(opened)] if opened.as_str() == page));
    assert_eq!(press(&mut model, "jy"), [], "it shows nothing");
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
fn what_is_released_can_be_typed() {
    let mut model = three();
    assert_eq!(press(&mut model, "Nv1.2 --fast<enter>"), []);
    assert!(matches!(&model.layers[..], [Layer::Ask(ask)] if ask.wrong.as_ref().unwrap().contains("`--fast`")));
    let mut model = three();
    assert_eq!(press(&mut model, "N<enter>"), [], "nothing is typed");
    let wishes: Wishes = "--ref v1.2 --platform linux/arm64".parse().unwrap();
    let wanted = Request::Release { image: "balrog".to_owned(), wishes };
    assert_eq!(press(&mut model, "v1.2 --platform linux/arm64<enter>"), [Effect::Prepare(wanted)]);
    assert!(matches!(&model.layers[..], [Layer::Waiting(_)]));
}

#[test]
fn a_moving_tag_is_pointed_to_a_release_that_left_a_record() {
    let mut model = console(SIZE, vec![recorded(4, "ours"), again(5, "2026-11-20T09:00:00Z"), recorded(6, "older")]);
    let point = |number| Effect::Prepare(Request::Point { tag: "latest".parse().unwrap(), release: id(number) });
    assert_eq!(press(&mut model, "p<esc>"), [point(4)]);
    press(&mut model, "j");
    assert_eq!(press(&mut model, "p"), []);
    assert!(model.toasts.newest().unwrap().words.contains("left no record"));
    press(&mut model, "2");
    let mut latest = row("latest", Some("ours"), Some("ours"));
    latest.kind = Some(TagKind::Moving);
    tell(&mut model, tags(vec![latest, row("v1", Some("ours"), Some("ours"))]));
    press(&mut model, "p");
    let Some(Layer::Menu(menu)) = model.layers.last() else { panic!("no menu") };
    assert_eq!((menu.choices.len(), menu.at), (2, 1), "the newest that it does not show");
    assert_eq!(press(&mut model, "<enter>"), [point(6)]);
    press(&mut model, "<esc>j");
    assert_eq!(press(&mut model, "p"), []);
    assert!(model.toasts.newest().unwrap().words.contains("v1 is frozen"));
}

#[test]
fn what_was_verified_is_said_and_is_in_the_list_and_among_the_tags() {
    let mut model = console(SIZE, vec![recorded(4, "ours")]);
    press(&mut model, "2");
    tell(&mut model, tags(vec![row("latest", Some("ours"), Some("ours")), row("v1", Some("ours"), Some("ours"))]));
    press(&mut model, "1v");
    let all = plan(4).tags.into_iter().map(|planned| planned.tag).collect();
    let verify = |tags, release, deep| Effect::Verify { image: "balrog".to_owned(), release, tags, deep };
    assert_eq!(press(&mut model, "j<enter>"), [verify(all, Some(id(4)), true)]);
    let table = Table { as_of: now(), rows: vec![row("latest", Some("theirs"), Some("ours"))] };
    let found = Ok((table, vec!["a layer cannot be unpacked here".to_owned()]));
    let verified = Verified { image: "balrog".to_owned(), release: Some(id(4)), deep: true, found };
    tell(&mut model, Message::Verified(verified));
    assert_eq!(model.verified.get(&id(4)), Some(&Verdict::Mismatch));
    assert_eq!(model.tags.rows()[0].judgement.verdict, Verdict::Mismatch);
    let said: Vec<&str> = model.toasts.iter().map(|toast| toast.words.as_str()).collect();
    assert!(
        said.ends_with(&["a layer cannot be unpacked here", "fetched and hashed, every layer too: latest mismatch"]),
        "{said:?}"
    );
    let one = vec!["latest".parse().unwrap()];
    assert!(press(&mut model, "2v<enter>").contains(&verify(one, None, false)));
    let failure = Failure::unreachable("the registry does not answer", "refused", "start it");
    let verified = Verified { image: "balrog".to_owned(), release: None, deep: false, found: Err(failure) };
    tell(&mut model, Message::Verified(verified));
    assert!(matches!(&model.layers[..], [Layer::Failure(_)]));
}

#[test]
fn a_refusal_is_a_card_that_any_answer_closes() {
    let mut model = three();
    press(&mut model, "n");
    let refused = Failure::not_allowed("the branch is not released", "policy", "merge it");
    tell(&mut model, Message::Prepared(asked(), Err(refused.clone())));
    assert!(matches!(&model.layers[..], [Layer::Failure(shown)] if *shown == refused));
    assert_eq!(press(&mut model, "<enter>"), []);
    assert!(model.layers.is_empty());
}

#[test]
fn only_what_runs_is_cancelled_and_only_once_confirmed() {
    let mut model = three();
    assert_eq!(press(&mut model, "x"), []);
    assert_eq!(press(&mut model, "<esc>x"), []);
    let effects = press(&mut model, "y");
    assert_eq!(effects, [Effect::Cancel { release: id(1), repository: "docker.io/mozilla/balrog".parse().unwrap() }]);
    press(&mut model, "j");
    assert_eq!(press(&mut model, "x"), []);
    assert!(model.layers.is_empty() && !model.toasts.is_empty());
}

#[test]
fn what_is_dangerous_asks_before_it_changes_anything() {
    let changes = |effects: &[Effect]| {
        effects.iter().any(|effect| match effect {
            Effect::Start { .. } | Effect::Cancel { .. } => true,
            Effect::Secrets(errand) => !matches!(errand, Errand::AskDocker(_)),
            _ => false,
        })
    };
    // What the projects ask is tested with them.
    let asks = |action: &&Action| action.danger == Danger::Asks && action.scope != Scope::Projects;
    let mut tagged = console(SIZE, vec![recorded(4, "ours")]);
    press(&mut tagged, "2");
    let mut latest = row("latest", Some("ours"), Some("ours"));
    latest.kind = Some(TagKind::Moving);
    tell(&mut tagged, tags(vec![latest]));
    let mut asked = std::collections::HashSet::new();
    let mut held = secrets(SIZE, vec![there()]);
    for model in [&mut three(), &mut console(SIZE, vec![recorded(4, "ours")]), &mut tagged, &mut held] {
        for action in ACTIONS.iter().filter(asks) {
            if !scopes(model).contains(&action.scope) || (action.refused)(model).is_some() {
                continue;
            }
            let effects = press(model, &action.keys[0].to_string());
            assert!(!changes(&effects) && !model.layers.is_empty(), "{:?}", action.id);
            model.layers.clear();
            asked.insert(action.id);
        }
    }
    assert_eq!(asked.len(), ACTIONS.iter().filter(asks).count());
}

#[test]
fn the_help_finds_and_runs_an_action() {
    let mut model = three();
    press(&mut model, "?cancel");
    assert!(matches!(model.layers[..], [Layer::Help { .. }]));
    press(&mut model, "<enter>");
    assert!(matches!(&model.layers[..], [Layer::Confirm(confirm)] if confirm.cancels(&id(1))));
    press(&mut model, "<esc>?zzz<enter>");
    assert!(matches!(model.layers[..], [Layer::Help { .. }]), "nothing is called that");
    press(&mut model, "<esc>");
    assert!(model.layers.is_empty());
}

#[test]
fn leaving() {
    assert_eq!(press(&mut three(), "q"), [Effect::Quit]);
    let mut model = three();
    assert_eq!(press(&mut model, "<ctrl-c>"), []);
    assert!(!model.toasts.is_empty());
    assert_eq!(press(&mut model, "<ctrl-c>"), [Effect::Quit]);
    let effects = press(&mut model, "<ctrl-c>j<ctrl-c>");
    assert!(matches!(&effects[..], [Effect::ReadLog { release, .. }] if *release == id(2)), "{effects:?}");
    assert_eq!(press(&mut model, "<ctrl-z>"), [Effect::Suspend]);
    // The first one closes what is open.
    let mut model = three();
    assert_eq!(press(&mut model, "x<ctrl-c>"), []);
    assert!(model.layers.is_empty());
    assert_eq!(press(&mut model, "<ctrl-c>"), [Effect::Quit]);
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

#[test]
fn the_passphrase_is_asked_for_where_a_plan_needs_it() {
    let question = || Message::Asked("Passphrase of /identity.txt: ".to_owned());
    let mut model = three();
    assert_eq!(tell(&mut model, question()), [Effect::Answer(None)], "nobody wants anything that needs it");
    press(&mut model, "n");
    tell(&mut model, question());
    assert_eq!(press(&mut model, "nqx?"), [], "every letter is its own");
    tell(&mut model, Message::Pasted(" horse\n".to_owned().into()));
    let [Effect::Answer(Some(typed))] = &press(&mut model, "<enter>")[..] else { panic!("no answer") };
    assert_eq!(typed.expose(), "nqx? horse");
    tell(&mut model, planned());
    assert!(matches!(model.layers[..], [Layer::Confirm(_)]));
    for no in ["<esc>", "<ctrl-c>"] {
        let mut model = three();
        press(&mut model, "n");
        tell(&mut model, question());
        assert_eq!(press(&mut model, no), [Effect::Answer(None)], "{no}");
        tell(&mut model, Message::Prepared(asked(), Err(Failure::cancelled("nothing was changed", "again"))));
        assert!(model.layers.is_empty());
    }
}

#[test]
fn what_is_pasted_never_acts_as_keys() {
    let mut model = three();
    assert_eq!(tell(&mut model, Message::Pasted("ny\nxy\nq".to_owned().into())), []);
    assert!(model.layers.is_empty());
}

/// A console that shows these tags.
fn tagged(names: &[&str]) -> Model {
    let mut model = three();
    press(&mut model, "2");
    tell(&mut model, tags(names.iter().map(|name| row(name, Some("ours"), None)).collect()));
    model
}

fn asks(depth: Depth) -> Vec<Effect> {
    vec![Effect::LoadTags { image: "balrog".to_owned(), depth }]
}

#[test]
fn the_registry_is_asked_when_its_screen_opens_and_again_on_demand() {
    let mut model = three();
    assert_eq!(press(&mut model, "2"), asks(Depth::Known));
    assert_eq!(press(&mut model, "2r12"), [], "once at a time");
    assert!(model.tags.rows().is_empty());
    tell(&mut model, tags(vec![row("latest", Some("ours"), None)]));
    assert_eq!(model.tags.rows().len(), 1);
    assert_eq!(press(&mut model, "2"), [], "it is open already");
    assert_eq!(press(&mut model, "r"), asks(Depth::Fresh));
    tell(&mut model, tags(Vec::new()));
    assert_eq!(press(&mut model, "12"), asks(Depth::Known), "a release may have ended meanwhile");
}

#[test]
fn tags_wait_for_the_project_that_names_their_image() {
    let mut model = Model::new(SIZE, crate::console::sample::look(), crate::console::sample::now());
    assert_eq!(press(&mut model, "2"), []);
    let effects = tell(&mut model, Message::Project(Ok(project())));
    assert!(effects.contains(&asks(Depth::Known)[0]), "{effects:?}");
    let none = Failure::usage("this is no project", "there is no file", "go to one");
    tell(&mut model, tags(Vec::new()));
    tell(&mut model, Message::Project(Err(none)));
    assert_eq!(press(&mut model, "r"), [Effect::LoadProject], "it is looked for again");
    let effects = tell(&mut model, Message::Project(Ok(project())));
    assert!(effects.contains(&asks(Depth::Fresh)[0]), "{effects:?}");
}

#[test]
fn the_selected_tag_stays_selected_when_the_registry_answers_anew() {
    let mut model = tagged(&["a", "b", "c"]);
    let selected = |model: &Model| model.tags.selected().map(|row| row.tag.to_string());
    for (keys, expected) in [("", "a"), ("j", "b"), ("k", "a"), ("G", "c"), ("gg", "a"), ("j", "b")] {
        press(&mut model, keys);
        assert_eq!(selected(&model).as_deref(), Some(expected), "{keys}");
    }
    let of = |names: &[&str]| tags(names.iter().map(|name| row(name, Some("ours"), None)).collect());
    tell(&mut model, of(&["0", "a", "b"]));
    assert_eq!((selected(&model).as_deref(), model.tags.position()), (Some("b"), 2));
    tell(&mut model, of(&["0"]));
    assert_eq!(selected(&model).as_deref(), Some("0"), "it is gone");
    assert_eq!(model.selected, Some(id(1)), "the release is not touched");
}

#[test]
fn identities_switch_and_keys_of_releases_do_not_count_among_tags() {
    let mut model = tagged(&["a"]);
    press(&mut model, "i");
    assert_eq!(model.tags.identity, Identity::Manifest);
    press(&mut model, "i");
    assert_eq!(model.tags.identity, Identity::ImageId);
    assert_eq!(press(&mut model, "nxfz<tab>"), []);
    assert!(model.layers.is_empty() && !model.zoom);
    press(&mut model, "1x");
    assert!(matches!(&model.layers[..], [Layer::Confirm(confirm)] if confirm.cancels(&id(1))));
}

#[test]
fn an_answer_for_another_image_is_not_taken_for_this_one() {
    let mut model = tagged(&["a"]);
    let mut two = project();
    two.images.push(crate::console::model::Image { name: "agent".into(), repository: "ghcr.io/a/b".parse().unwrap() });
    tell(&mut model, Message::Project(Ok(two)));
    let of_agent = Effect::LoadTags { image: "agent".to_owned(), depth: Depth::Known };
    assert_eq!(press(&mut model, "<tab>"), [of_agent]);
    tell(&mut model, tags(vec![row("late", Some("ours"), None)]));
    assert!(model.tags.rows().is_empty() && model.tags.inquiry == Inquiry::Sent);
    assert_eq!(press(&mut model, "<tab>"), asks(Depth::Known), "after the last comes the first");
}

#[test]
fn a_locked_vault_is_opened_for_the_tags_too() {
    let mut model = three();
    press(&mut model, "2");
    assert_eq!(tell(&mut model, Message::Asked("Passphrase: ".to_owned())), []);
    assert!(matches!(model.layers[..], [Layer::Secret { .. }]));
    assert_eq!(press(&mut model, "<esc>"), [Effect::Answer(None)]);
}
