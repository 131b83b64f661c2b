//! Frames of the activity, as they are read.

use ratatui::style::Color;

use super::*;
use crate::{
    console::{
        message::Message,
        sample::{console, id, now, press, running, tell},
        view::tests::{SIZES, drawn, never_sees, rows, sees},
    },
    domain::{
        audit::{Act, AuditRow},
        failure::Failure,
        sign::Signs,
    },
};

fn row(at: &str, what: Act, subject: &str, outcome: Outcome) -> AuditRow {
    AuditRow { outcome, ..AuditRow::begun(at.parse().unwrap(), "ada@host", what, subject) }
}

fn trail() -> Vec<AuditRow> {
    let denied = Outcome::Failed { why: "bot may not push: the registry answers 403".to_owned() };
    let set = row("2025-06-03T09:00:00Z", Act::SecretSet, "dockerhub", Outcome::Done);
    vec![
        row("2026-11-21T09:30:00Z", Act::Release, id(1).as_str(), Outcome::Begun),
        row("2026-11-20T09:00:00Z", Act::Point, "docker.io/mozilla/balrog:latest", denied),
        AuditRow { fingerprint: Some("k7dq-2m".to_owned()), ..set },
    ]
}

/// A release was told to cancel here, and there is a trail.
pub fn busy(size: (u16, u16)) -> Model {
    let mut model = console(size, vec![running(1)]);
    press(&mut model, "xy5");
    tell(&mut model, Message::Trail(Ok(trail())));
    model.toasts.clear();
    model
}

#[test]
fn what_was_done_here_and_the_trail_are_read_as_one_list() {
    for size in SIZES {
        let mut model = busy(size);
        let release = id(1);
        sees(
            &model,
            &[
                "╭ Activity ─",
                "▌09:31:00  • ",
                &format!("release {release} is being told to cancel"),
                "├ 2026-11-21 09:31:00 UTC ─",
                &format!(" as          windlass cancel {release}"),
                "1 of 4",
                "y copy command  / filter",
                "5 Activity",
            ],
        );
        press(&mut model, "j");
        sees(&model, &["▌09:30:00  ◐ ", &format!("release {release} begun"), " who         ada@host"]);
        press(&mut model, "j");
        sees(
            &model,
            &["▌20 Nov    ✗ ", " what        point docker.io/mozilla/balrog:latest", "failed: bot may not push"],
        );
        press(&mut model, "j");
        sees(&model, &["▌Jun 2025  ✓ ", " outcome     done", " fingerprint k7dq-2m", "4 of 4"]);
        never_sees(&model, "y copy command");
    }
    sees(&busy((100, 30)), &["• here                release", "◐ ada@host            release"]);
}

#[test]
fn rows_are_narrowed_while_words_are_typed() {
    for size in SIZES {
        let mut model = busy(size);
        press(&mut model, "/point ADA");
        sees(&model, &["▌20 Nov    ✗ ", "1 of 1 · /point ADA▏", "enter keep  esc show all"]);
        never_sees(&model, "told to cancel");
        press(&mut model, "<enter>");
        sees(&model, &["1 of 1 · /point ADA ─", "y"]);
        press(&mut model, "/zzz<enter>");
        sees(&model, &["no row has these words", "press / to type others"]);
        press(&mut model, "/<esc>");
        sees(&model, &["1 of 4"]);
    }
}

#[test]
fn without_a_row_it_is_said_what_to_do() {
    for size in SIZES {
        let mut model = console(size, Vec::new());
        press(&mut model, "5");
        sees(&model, &["reading the audit trail"]);
        tell(&mut model, Message::Trail(Ok(Vec::new())));
        sees(&model, &["nothing was changed yet, and nothing was done here", "press 1, then n to release"]);
        let failure = Failure::failed("the journal is damaged", "not a database", "restore it");
        tell(&mut model, Message::Trail(Err(failure.clone())));
        sees(&model, &["the journal is damaged", "not a database", "restore it", "then press r"]);
        press(&mut model, "/<enter>");
        let mut model = busy(size);
        tell(&mut model, Message::Trail(Err(failure)));
        sees(&model, &["told to cancel", "1 of 1 · no audit trail: the journal is"]);
    }
}

#[test]
fn a_long_trail_is_bounded_and_scrolls() {
    for size in SIZES {
        let mut model = console(size, Vec::new());
        press(&mut model, "5");
        let at = |n: i64| now() - jiff::SignedDuration::from_mins(n);
        let all = (0..5000).map(|n| AuditRow::begun(at(n), "ada@host", Act::Cancel, &format!("r{n:04}"))).collect();
        tell(&mut model, Message::Trail(Ok(all)));
        sees(&model, &["1 of 5000 · the newest 5000 of the trail"]);
        press(&mut model, "G");
        sees(&model, &["cancel r4999 begun", "5000 of 5000"]);
        press(&mut model, "<page-up>gg");
        sees(&model, &["cancel r0000 begun", "1 of 5000"]);
    }
}

#[test]
fn boxes_are_closed_no_size_is_too_small_and_words_do_not_need_colour_or_unicode() {
    for size in SIZES {
        let all = rows(&busy(size));
        for row in &all[2..all.len() - 1] {
            let ends = row.starts_with(['│', '╭', '╰', '├']) && row.ends_with(['│', '╮', '╯', '┤']);
            assert!(ends && width(row) == usize::from(size.0), "{size:?}: `{row}`\n{}", all.join("\n"));
        }
    }
    for columns in [0, 1, 19, 20, 21, 30, 41, 60] {
        for rows in [0, 1, 2, 3, 5, 6, 7, 8, 9, 12] {
            let mut model = busy((columns, rows));
            for keys in ["", "G", "/a", "<esc>?"] {
                press(&mut model, keys);
                drawn(&model);
            }
        }
    }
    let mut model = busy((100, 30));
    let words = rows(&model);
    model.look.colour = false;
    assert!(drawn(&model).content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    assert_eq!(rows(&model), words);
    model.look.signs = Signs::Ascii;
    assert!(rows(&model).join("\n").is_ascii());
    sees(&model, &["+ Activity -", ">09:31:00  * here", "09:30:00  ~ ada@host", "x ada@host"]);
}

#[test]
fn nothing_in_the_trail_can_act_on_the_terminal() {
    let evil = "a\x1b[2J\x07\u{9b}31m\u{202e}b";
    let mut model = busy((100, 30));
    let why = Outcome::Failed { why: format!("{evil}\n{evil}") };
    tell(
        &mut model,
        Message::Trail(Ok(vec![AuditRow {
            who: evil.to_owned(),
            ..row("2026-11-21T09:32:00Z", Act::Point, evil, why)
        }])),
    );
    for cell in &drawn(&model).content {
        assert!(!cell.symbol().contains(|c: char| c.is_control() || c == '\u{202e}'), "{:?}", cell.symbol());
    }
}
