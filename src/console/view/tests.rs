//! Frames, as they are read.

use ratatui::{
    Terminal,
    backend::TestBackend,
    style::{Color, Modifier},
};

use super::*;
use crate::{
    console::{
        message::{Listing, Message, News},
        model::{Answer, Choice, Goal, Image, Loaded, Look, Match, Request, Scanned},
        sample::{console, done, id, look, news, now, plan, press, project, release, running, seen, stamped, tell},
    },
    domain::{
        digest::Digest,
        event::{Event, Step},
        failure::Failure,
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
    let mut events: Vec<Event> = Step::ALL.into_iter().flat_map(|step| done(step, "done")).collect();
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
fn releases_steps_and_log_are_seen_at_once_where_there_is_room() {
    for size in &SIZES[1..] {
        let model = busy(*size);
        sees(
            &model,
            &[
                " windlass  balrog · docker.io/mozilla/balrog",
                " 1 Releases  2 Tags",
                "▌◐ 09:30   master 3f2c1ab  push 62 %",
                " ✓ 07:41   master 3f2c1ab  match",
                " ✗ 20 Nov  master 3f2c1ab  push denied",
                "bbbbbbbbbb · 3f2c1ab · master · by hand",
                " ✓ preflight      1.0 s  master, clean, reviewed",
                " ◐ push            53 s  latest ▓▓▓▓▓▓▓░░░░░ 62 %",
                " · record",
                "├ Log · following · 1 204 331 lines ─",
                "line 1204330 of the build",
                "n release  x cancel  enter log",
            ],
        );
    }
}

#[test]
fn in_little_room_list_and_log_take_turns() {
    let mut model = busy(SIZES[0]);
    sees(&model, &["╭ Releases", "push 62 %", " ✗ 20 Nov", " ◐ push            53 s  latest ▓"]);
    never_sees(&model, "Log");
    press(&mut model, "<enter>");
    sees(&model, &["✓ preflight ✓ secret ✓ build ◐ push · record · verify", "├ Log · following", "line 1204330"]);
    never_sees(&model, "╭ Releases");
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

#[test]
fn what_failed_is_told_above_its_log() {
    for size in SIZES {
        let mut model = busy(size);
        press(&mut model, "jj<enter>");
        tell(&mut model, Message::Log(id(3), Ok(None)));
        sees(
            &model,
            &[
                "├ what went wrong ─",
                "│ bot may not push latest",
                "│ why   the registry answers 403",
                "│ next  give it the right",
                "│ tags  master-2026-11-21-09-30-00 was pushed,",
                "there is no log: this release ended before",
            ],
        );
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

#[test]
fn a_failed_build_opens_on_its_card_with_the_line_that_says_why_and_the_keys_that_help() {
    for size in SIZES {
        let mut model = console(size, vec![unbuilt(3)]);
        tell(&mut model, Message::Fault(id(3), Ok(Some((1203, "\x1b[31mE: no \x1b[2Jsuch package".into())))));
        let rows = super::super::sample::seen(&model, 0, &vec!["a line".to_owned(); 30], 3000);
        tell(&mut model, Message::Log(id(3), Ok(Some(rows))));
        let seen = [
            "├ what went wrong ─",
            "│ the build failed",
            "log   line 1 204: E: no such package",
            "why   RUN make ended with 2",
            "keys  enter goes to that line   e re-run whole",
        ];
        sees(&model, &seen);
        if size != SIZES[0] {
            sees(&model, &["next  correct the Dockerfile", "look  D runs windlass doctor engine"]);
        }
        press(&mut model, "<enter>");
        sees(&model, &seen);
    }
}

#[test]
fn an_interrupted_release_has_a_card_too() {
    for size in SIZES {
        let mut dead = running(3);
        dead.found_dead();
        let mut model = console(size, vec![dead]);
        sees(
            &model,
            &["├ interrupted ─", "release dddddddddd was interrupted in its push step", "keys  e re-run whole"],
        );
        press(&mut model, "<enter>");
        sees(&model, &["├ interrupted ─"]);
        model.size = (20, 5);
        drawn(&model);
    }
}

#[test]
fn what_a_card_has_no_room_for_is_said_to_be_missing_and_each_key_is_named_once() {
    let mut dead = running(3);
    dead.found_dead();
    sees(&console(SIZES[0], vec![dead]), &["why   its process ended without a last word: it was kil…"]);
    sees(&console(SIZES[1], vec![unbuilt(3)]), &["look  D runs windlass doctor engine: the container en…"]);
    for size in SIZES {
        let all = rows(&console(size, vec![unbuilt(3)]));
        let keys = all.iter().find(|row| row.contains("keys  ")).expect("keys that help");
        assert_eq!(keys.matches(" D ").count(), 1, "{keys}");
    }
}

#[test]
fn of_several_images_what_came_of_a_release_is_still_read() {
    for size in SIZES {
        let mut two = project();
        two.images.push(Image { name: "agent".into(), repository: "ghcr.io/mozilla/agent".parse().unwrap() });
        let mut model = busy(size);
        tell(&mut model, Message::Project(Ok(two)));
        sees(&model, &["▌◐ 09:30   balrog  ", " push 62 %", " match ", " push denied"]);
        if size != SIZES[1] {
            sees(&model, &["balrog  master 3f2c1ab  push denied"]);
        }
        let Loaded::Yes(releases) = &mut model.releases else { panic!("no releases") };
        releases[1].plan.image = "a-long-name-of-an-image".to_owned();
        sees(&model, &["a-long-name…  ", " match ", " push denied"]);
    }
}

#[test]
fn new_lines_below_are_counted_while_the_reader_is_above() {
    let mut model = busy((180, 50));
    press(&mut model, "<enter>kkll");
    tell(&mut model, news(1, News::Log(1_204_343)));
    sees(&model, &["Log · 12 new lines ↓ · 1 204 292 of 1 204 343 · column 17"]);
    never_sees(&model, "line 1204330");
}

/// So many lines of the log of [`busy`] were found; the reader is brought to this one, whose number is the first.
fn found(model: &mut Model, pattern: &str, number: u64, line: Option<u64>, count: u64) {
    let filter = Filter { pattern: Pattern::new(pattern).unwrap(), invert: false };
    let wanted = Wanted { filter, within: None };
    let scanned = Scanned { searched: 1_204_331, more: false, count, last: line };
    tell(model, Message::Searched(id(1), wanted.clone(), Ok(scanned)));
    if let Some(line) = line {
        let found = Match { number, line, byte: 0 };
        tell(model, Message::Found(id(1), wanted, Goal::Number(number), Ok(Some(found))));
    }
    shows(model);
}

/// The cells in reverse in the rows of the log, a word each run.
fn marked(model: &Model) -> Vec<String> {
    let log = Geometry::of(model).log;
    let buffer = drawn(model);
    let rows = (log.top()..log.bottom()).map(|y| {
        let cells = (log.left()..log.right()).map(|x| &buffer[(x, y)]);
        cells.map(|c| if c.modifier.contains(Modifier::REVERSED) { c.symbol() } else { "\n" }).collect::<String>()
    });
    rows.flat_map(|row| row.split('\n').map(str::to_owned).collect::<Vec<_>>()).filter(|w| !w.is_empty()).collect()
}

#[test]
fn a_search_marks_counts_and_stands_below_the_log() {
    for size in SIZES {
        let mut model = busy(size);
        press(&mut model, "/LINE 12043(25|27)");
        sees(&model, &["│ /LINE 12043(25|27)", "enter search", "esc close"]);
        press(&mut model, "<enter>");
        sees(&model, &["│ /LINE 12043(25|27)  searching 0 %"]);
        found(&mut model, "LINE 12043(25|27)", 0, None, 0);
        sees(&model, &["│ /LINE 12043(25|27)  no match yet", "following"]);
        press(&mut model, "/line 12043(25|27)<enter>");
        found(&mut model, "line 12043(25|27)", 0, Some(1_204_325), 2);
        sees(&model, &["├ Log · match 1 of 2 · paused · 1 204 ", "│ /line 12043(25|27) ", "line 1204327 of the build"]);
        assert_eq!(marked(&model), ["line 1204325", "line 1204327"], "{size:?}");
        press(&mut model, "n");
        found(&mut model, "line 12043(25|27)", 1, Some(1_204_327), 2);
        sees(&model, &["Log · match 2 of 2", "n next  N previous  esc end search", "? help  q quit"]);
        let before = rows(&model);
        model.look.colour = false;
        assert_eq!((rows(&model), marked(&model).len()), (before, 2), "not by colour alone");
        press(&mut model, "<esc>");
        shows(&mut model);
        never_sees(&model, "match 2 of 2");
        assert_eq!(marked(&model), [""; 0]);
    }
    let mut model = busy((100, 30));
    press(&mut model, "/line<enter>");
    sees(&model, &["? help  q quit"]);
    found(&mut model, "line", 1_204_324, Some(1_204_324), 1_204_331);
    sees(&model, &["match 1 204 325 of 1 204 331", "│ /line ", "n next  N previous  esc end search"]);
    never_sees(&model, "n release");
    press(&mut model, "?match");
    sees(&model, &["to the next match"]);
    press(&mut model, "<esc>/(<enter>");
    sees(&model, &["│ /(   unclosed group"]);
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
    let ways = std::iter::once((None, None)).chain(Step::ALL.map(step)).collect();
    tell(&mut model, Message::Prepared(Request::Ways(id(3)), Ok(Answer::Ways(Box::new(denied(3)), ways))));
    model
}

#[test]
fn a_menu_has_a_row_a_choice_and_says_all_of_the_chosen_one() {
    for size in SIZES {
        let mut model = ways(size);
        sees(&model, &["Re-run release dddddddddd", "▌whole", " from verify", "y this one"]);
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
    sees(&many, &["▌number 99", "number 98", "y this one"]);
}

#[test]
fn what_is_typed_is_seen_with_what_is_wrong_about_it() {
    for size in SIZES {
        let mut model = busy(size);
        press(&mut model, "N");
        sees(&model, &["Release balrog: what of?", "--platform OS/ARCH", "▏", "enter go on"]);
        sees(
            &model,
            &["│ --branch NAME      the branch it counts as, where", "│ --move             point moving tags"],
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

#[test]
fn a_terminal_that_has_just_shrunk_is_drawn_to() {
    for keys in ["", "<enter>", "?", "x", "n"] {
        let mut model = busy((100, 30));
        press(&mut model, keys);
        let mut terminal = Terminal::new(TestBackend::new(40, 9)).unwrap();
        terminal.draw(|frame| view(&model, frame)).unwrap();
    }
}
