//! Frames, as they are read.

mod log;
mod releases;

use std::collections::BTreeSet;

use ratatui::{
    Terminal,
    backend::TestBackend,
    style::{Color, Modifier},
};

use super::*;
use crate::{
    console::{
        dialogs::Answer,
        message::{Listing, Message, News},
        model::{Around, Goal, Image, Loaded, Look, Match, Scanned},
        request::Request,
        sample::{
            console, done, id, look, news, now, plan, press, project, release, row, running, seen, stamped, tags, tell,
        },
    },
    domain::{
        digest::Digest,
        event::{Event, Step},
        failure::Failure,
        finding::CheckId,
        plan::TagKind,
        preview::{Change, Next, Preview, Shown},
        progress::Progress,
        release::Release,
        verdict::Verdict,
        wishes::Wishes,
    },
    log::pattern::{Filter, Pattern, Wanted},
};

pub const SIZES: [(u16, u16); 3] = [(60, 16), (100, 30), (180, 50)];

pub fn drawn(model: &Model) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(model.size.0, model.size.1)).unwrap();
    terminal.draw(|frame| view(model, frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// The rows of the frame, without the spaces at their ends.
pub fn rows(model: &Model) -> Vec<String> {
    let buffer = drawn(model);
    let row = |cells: &[ratatui::buffer::Cell]| cells.iter().map(ratatui::buffer::Cell::symbol).collect::<String>();
    buffer.content.chunks(usize::from(model.size.0)).map(|cells| row(cells).trim_end().to_owned()).collect()
}

#[track_caller]
pub fn sees(model: &Model, words: &[&str]) {
    let text = rows(model).join("\n");
    for word in words {
        assert!(text.contains(word), "`{word}` is not in\n{text}");
    }
}

#[track_caller]
pub fn never_sees(model: &Model, word: &str) {
    let text = rows(model).join("\n");
    assert!(!text.contains(word), "`{word}` is in\n{text}");
}

pub fn asked() -> Request {
    Request::Release { image: "balrog".to_owned(), wishes: Wishes::default() }
}

pub fn succeeded(number: u8, begun: &str) -> Release {
    let verified = Event::Verified { tag: "latest".parse().unwrap(), verdict: Verdict::Match, why: String::new() };
    let mut events: Vec<Event> = Step::BUILDING.into_iter().flat_map(|step| done(step, "done")).collect();
    events.extend([verified, Event::Finished]);
    release(number, begun, events)
}

pub fn denied(number: u8) -> Release {
    let mut events: Vec<Event> = done(Step::Preflight, "master, clean").into();
    events.push(Event::StepStarted { step: Step::Push });
    events.push(Event::Pushed {
        tag: "master-2026-11-21-09-30-00".parse().unwrap(),
        kind: TagKind::Frozen,
        digest: Digest::of(b"x"),
        size: 1,
    });
    let failure = Failure::not_allowed("bot may not push latest", "the registry answers 403", "give it the right");
    events.extend([Event::StepFailed { step: Step::Push, failure }, Event::Finished]);
    release(number, "2026-11-20T09:30:00Z", events)
}

/// One that pushes, one that matches, one that was denied; and the log of the first.
pub fn busy(size: (u16, u16)) -> Model {
    let mut model = console(size, vec![running(1), succeeded(2, "2026-11-21T07:41:00Z"), denied(3)]);
    let progress = Progress::Layers { tag: "latest".parse().unwrap(), layers: 3, sent: 62, total: 100 };
    tell(&mut model, news(1, News::Progress(progress)));
    shows(&mut model);
    model
}

/// The end of the log of [`busy`], in answer to what is asked for now.
fn shows(model: &mut Model) {
    let lines: Vec<String> = (1_204_181..1_204_331).map(|n| format!("\x1b[32mline {n}\x1b[0m of the build")).collect();
    let seen = seen(model, 1_204_181, &lines, 1_204_331);
    tell(model, Message::Log(id(1), Ok(Some(seen))));
}

#[test]
fn the_first_frame_needs_nothing() {
    for size in SIZES {
        let model = Model::new(size, look(), now());
        sees(&model, &["windlass", "reading windlass.toml", "Releases", "reading the journal", "? help", "q quit"]);
    }
}

#[test]
fn every_row_is_as_wide_as_the_screen_and_boxes_are_closed() {
    for size in SIZES {
        for keys in ["", "<enter>", "z", "<enter>z", "jj", "jj<enter>"] {
            let mut model = busy(size);
            press(&mut model, keys);
            let rows = rows(&model);
            for row in &rows[2..rows.len() - 1] {
                let ends = row.starts_with(['│', '╭', '╰', '├']) && row.ends_with(['│', '╮', '╯', '┤']);
                assert!(ends, "{keys} {size:?}: `{row}`\n{}", rows.join("\n"));
                assert_eq!(text::width(row), usize::from(size.0), "{row}");
            }
        }
    }
}

/// One whose build failed.
pub fn unbuilt(number: u8) -> Release {
    let mut events: Vec<Event> = done(Step::Preflight, "master, clean").into();
    events.push(Event::StepStarted { step: Step::Build });
    let failure = Failure::failed("the build failed", "RUN make ended with 2", "correct the Dockerfile");
    let failure = failure.explained_by(crate::domain::finding::CheckId::Engine);
    events.extend([Event::StepFailed { step: Step::Build, failure }, Event::Finished]);
    release(number, "2026-11-20T09:30:00Z", events)
}

/// Of a release to a new tag, and to one that shows another image.
pub fn preview() -> Preview {
    let change = |tag: &str, kind, now, next| Change { tag: tag.parse().unwrap(), kind, now, next };
    let old = Shown { digest: Digest::of(b"old"), release: Some(id(2)) };
    let changes = vec![
        change("master-2026-11-21-09-30-00", TagKind::Frozen, None, Next::Image),
        change("latest", TagKind::Moving, Some(old), Next::Image),
    ];
    Preview { plan: plan(9), first: Step::Preflight, changes }
}

/// One that failed at the push, with the ways to take it up.
pub fn ways(size: (u16, u16)) -> Model {
    let mut model = console(size, vec![denied(3)]);
    press(&mut model, "e");
    let step = |step: Step| {
        (
            Some(step),
            (step > Step::Build).then(|| {
                "the engine does not have its image any more: it was removed from there by somebody".to_owned()
            }),
        )
    };
    let ways = std::iter::once((None, None)).chain(Step::BUILDING.map(step)).collect();
    tell(&mut model, Message::Prepared(Request::Ways(id(3)), Ok(Answer::Ways(Box::new(denied(3)), ways))));
    model
}

#[test]
fn panes_without_anything_say_what_to_do() {
    let empty = console((100, 30), Vec::new());
    sees(&empty, &["no release yet: press n", "its steps and its log will be here"]);
    let mut broken = Model::new((100, 30), look(), now());
    tell(&mut broken, Message::Project(Ok(project())));
    let failure = Failure::failed("the journal is damaged", "not a database", "restore it");
    tell(&mut broken, Message::Releases(Err(failure)));
    sees(&broken, &["the journal is damaged", "not a database", "restore it", "then press r"]);
    let mut nowhere = Model::new((100, 30), look(), now());
    let failure = Failure::usage("this is no project of windlass", "no file", "go to the project's folder");
    tell(&mut nowhere, Message::Project(Err(failure)));
    tell(&mut nowhere, Message::Releases(Ok(Listing { releases: Vec::new(), damaged: 2 })));
    sees(
        &nowhere,
        &["every release of this machine · this is no project", "go to the project's folder", "2 cannot be read"],
    );
    never_sees(&nowhere, "n release");
}

#[test]
fn whoever_has_set_no_secret_yet_is_told_where_that_is_done() {
    const FIRST: &str = "no secret yet: press 3, then s";
    let refused =
        || Failure::not_allowed("it asks for a login", "", "windlass secret set").explained_by(CheckId::Login);
    for size in SIZES {
        let mut model = console(size, Vec::new());
        never_sees(&model, FIRST);
        tell(&mut model, Message::Around(Around { engine: None, absent: BTreeSet::from(["balrog".to_owned()]) }));
        sees(&model, &[FIRST, "no release yet: press n"]);
        press(&mut model, "2");
        tell(&mut model, Message::Tags("balrog".to_owned(), Err(refused())));
        sees(&model, &["it asks for a login", FIRST, "then press r"]);
        let other = Failure::unreachable("it is away", "", "look at the network").explained_by(CheckId::Registry);
        tell(&mut model, Message::Tags("balrog".to_owned(), Err(other)));
        sees(&model, &["it is away", "look at the network"]);
        press(&mut model, "1");
        model.layers.push(Layer::Failure(refused()));
        sees(&model, &["This did not work", FIRST]);
        model.layers.clear();
        model.read_only = true;
        never_sees(&model, FIRST);
    }
}

#[test]
fn the_way_back_is_in_sight_where_one_thing_has_the_whole_screen() {
    let last = |model: &Model| rows(model).pop().unwrap();
    let mut model = busy(SIZES[0]);
    assert!(!last(&model).contains("esc list"));
    press(&mut model, "<enter>");
    assert!(last(&model).starts_with(" esc list  "), "{}", last(&model));
    press(&mut model, "<esc>z");
    assert!(last(&model).contains(" z zoom "), "{}", last(&model));
    press(&mut model, "z2");
    tell(&mut model, tags(vec![row("latest", None, None)]));
    press(&mut model, "<enter>");
    assert!(last(&model).starts_with(" esc back  "), "{}", last(&model));
    press(&mut model, "4z");
    assert!(last(&model).starts_with(" z all that was found  "), "{}", last(&model));
}

#[test]
fn a_terminal_that_has_no_room_says_so() {
    for size in [(20, 5), (19, 30), (30, 4)] {
        for key in ["1", "2", "3", "4", "5", "gp"] {
            let mut model = busy(size);
            press(&mut model, key);
            assert!(rows(&model)[2].starts_with("too small a termi"), "{size:?} {key}");
        }
    }
    never_sees(&busy((20, 6)), "too small");
}

#[test]
fn a_terminal_without_these_characters_gets_others() {
    let mut model = busy((100, 30));
    model.look = Look { signs: Signs::Ascii, ..look() };
    let mut strange = running(1);
    strange.plan.source.branch = Some("größe".to_owned());
    tell(&mut model, Message::Changed);
    strange
        .apply(&stamped(
            &strange,
            Event::PushIntended { tag: "latest".parse().unwrap(), kind: crate::domain::plan::TagKind::Moving },
        ))
        .unwrap();
    tell(&mut model, Message::Releases(Ok(Listing { releases: vec![strange], damaged: 0 })));
    let text = rows(&model).join("\n");
    assert!(text.is_ascii(), "{text}");
    sees(&model, &["+ Releases ---", ">~ 09:30", "gr??e", "latest #######.....", "+ Log - following - "]);
    press(&mut model, "?");
    assert!(rows(&model).join("\n").is_ascii());
}

#[test]
fn without_colour_nothing_is_coloured_and_with_it_words_are_the_same() {
    let mut model = busy((100, 30));
    let coloured = drawn(&model);
    assert!(coloured.content.iter().any(|cell| cell.fg != Color::Reset));
    let words = rows(&model);
    model.look.colour = false;
    assert!(drawn(&model).content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    assert_eq!(rows(&model), words);
}

#[test]
fn nothing_is_yellow_on_a_light_background() {
    let mut model = busy((100, 30));
    let has = |model: &Model, colour| drawn(model).content.iter().any(|cell| cell.fg == colour);
    assert!(has(&model, Color::Yellow));
    let words = rows(&model);
    model.look.light = true;
    assert!(!has(&model, Color::Yellow) && has(&model, Color::Magenta));
    assert_eq!(rows(&model), words);
}

#[test]
fn nothing_in_a_frame_can_act_on_the_terminal() {
    let evil = "a\x1b[2J\x07\u{9b}31m\u{202e}b";
    let mut release = denied(1);
    release.plan.source.branch = Some(evil.to_owned());
    release.steps[0].note = evil.to_owned();
    release.failure = Some(Failure::failed(evil, format!("{evil}\n{evil}"), evil));
    let mut model = console((100, 30), vec![release]);
    let lines = vec![evil.to_owned(), "\x1b]0;title\x07".to_owned()];
    let seen = seen(&model, 0, &lines, 2);
    tell(&mut model, Message::Log(id(1), Ok(Some(seen))));
    tell(&mut model, Message::Started(Err(Failure::failed(evil, evil, evil))));
    for cell in &drawn(&model).content {
        assert!(!cell.symbol().contains(|c: char| c.is_control() || c == '\u{202e}'), "{:?}", cell.symbol());
    }
}

#[test]
fn no_size_is_too_small_to_draw() {
    for columns in [0, 1, 2, 5, 19, 20, 21, 60, 88] {
        for rows in [0, 1, 2, 3, 4, 5, 8, 12, 16] {
            let mut model = busy((columns, rows));
            for keys in ["", "<enter>", "z", "?", "<esc>x", "<esc>jj", "n", "<esc>/(line<enter>"] {
                press(&mut model, keys);
                drawn(&model);
            }
        }
    }
}

#[test]
fn a_terminal_that_has_just_shrunk_is_drawn_to() {
    for keys in ["", "<enter>", "?", "x", "n"] {
        let mut model = busy((100, 30));
        press(&mut model, keys);
        let mut terminal = Terminal::new(TestBackend::new(40, 9)).unwrap();
        terminal.draw(|frame| view(&model, frame)).unwrap();
    }
}
