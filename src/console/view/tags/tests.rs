//! Frames of the tags, as they are read.

use ratatui::style::{Color, Modifier};

use super::*;
use crate::{
    console::{
        message::Message,
        sample::{console, press, row, tags, tell},
        view::tests::{SIZES, drawn, never_sees, rows, sees},
    },
    domain::{failure::Failure, sign::Signs},
};

const FROZEN: &str = "master-2026-11-21-09-30-00";

/// One that matches, one that does not, one that nobody recorded, one that is gone.
pub fn table(size: (u16, u16)) -> Model {
    let mut model = console(size, Vec::new());
    press(&mut model, "2");
    let all = vec![
        row(FROZEN, Some("ours"), Some("ours")),
        row("latest", Some("theirs"), Some("ours")),
        row("hotfix", Some("theirs"), None),
        row("stable", None, Some("ours")),
    ];
    tell(&mut model, tags(all));
    model
}

fn config(image: &str) -> Digest {
    Digest::of(format!("config of {image}").as_bytes())
}

fn manifest(image: &str) -> Digest {
    Digest::of(format!("manifest of {image}").as_bytes())
}

/// What is read when the lines of a wrapped digest are put together again.
fn joined(model: &Model) -> String {
    rows(model).join("").replace(['│', ' '], "")
}

#[test]
fn both_sides_their_verdict_and_the_evidence_are_seen_at_every_size() {
    for size in SIZES {
        let model = table(size);
        sees(
            &model,
            &[
                "╭ Registry ",
                "┬ verdict ",
                "┬ Recorded",
                "✓ match",
                "✗ mismatch",
                "• not-recorded",
                "✗ missing",
                "as of 09:31:00 UTC · image id · 1 of 4",
                &format!("├ {FROZEN} ─"),
                "why ",
                "r look again",
                " 1 Releases  2 Tags",
            ],
        );
        assert_eq!(joined(&model).matches(&config("ours").to_string()).count(), 2, "both identities in full");
    }
}

#[test]
fn columns_go_before_tags_are_cut() {
    let id = config("ours").short().to_owned();
    let wide = table((180, 50));
    sees(&wide, &[&format!("▌{FROZEN}  frozen  {id}  2026-11-21 09:31:00 │ ✓ match "), &format!("{id}  3f2c1ab  ")]);
    let hex = &id["sha256:".len()..];
    let middle = table((100, 30));
    sees(&middle, &[&format!("▌{FROZEN}  frozen  {hex} │ ✓ match        │ {hex}  3f2c1ab")]);
    let narrow = table((60, 16));
    sees(&narrow, &["▌maste…-21-09-30-00  ", &format!("{} │ ✓ match", &hex[..8])]);
    never_sees(&narrow, "frozen");
}

#[test]
fn the_other_identity_is_shown_on_both_sides() {
    for size in SIZES {
        let mut model = table(size);
        press(&mut model, "ji");
        sees(&model, &["UTC · manifest digest · 2 of 4", "├ latest ─"]);
        let text = joined(&model);
        for digest in [manifest("theirs"), manifest("ours")] {
            assert!(text.contains(digest.as_str()), "{digest} is not in {text}");
        }
        assert!(!text.contains(config("theirs").as_str()), "{text}");
    }
}

#[test]
fn hundreds_of_tags_scroll_and_the_selected_one_stays_in_sight() {
    for size in SIZES {
        let mut model = table(size);
        tell(&mut model, tags((0..500).map(|n| row(&format!("v{n:03}"), Some("ours"), None)).collect()));
        press(&mut model, "G");
        sees(&model, &["▌v499", "500 of 500", "├ v499 ─"]);
        press(&mut model, "<page-up><page-down>kk");
        sees(&model, &["▌v497"]);
        press(&mut model, "gg");
        sees(&model, &["▌v000", " v001"]);
    }
}

#[test]
fn boxes_are_closed_and_no_size_is_too_small() {
    for size in SIZES {
        let all = rows(&table(size));
        for row in &all[2..all.len() - 1] {
            let ends = row.starts_with(['│', '╭', '╰', '├']) && row.ends_with(['│', '╮', '╯', '┤']);
            assert!(ends && width(row) == usize::from(size.0), "{size:?}: `{row}`\n{}", all.join("\n"));
        }
    }
    for columns in [0, 1, 19, 20, 21, 30, 41, 60] {
        for rows in [0, 1, 2, 3, 5, 6, 7, 8, 9, 12] {
            let mut model = table((columns, rows));
            for keys in ["", "G", "i", "?"] {
                press(&mut model, keys);
                drawn(&model);
            }
        }
    }
}

#[test]
fn without_colour_or_unicode_the_same_words_are_seen() {
    let mut model = table((100, 30));
    assert!(drawn(&model).content.iter().any(|cell| cell.fg != Color::Reset));
    model.look = Look { signs: Signs::Ascii, colour: false, light: false };
    assert!(drawn(&model).content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    assert!(rows(&model).join("\n").is_ascii());
    sees(&model, &["+ Registry ", "+ verdict ", "x mismatch", ">master-", "as of 09:31:00 UTC - image id"]);
}

#[test]
fn without_a_tag_it_is_said_what_to_do() {
    for size in SIZES {
        let mut model = console(size, Vec::new());
        press(&mut model, "2");
        sees(&model, &["Registry docker.io/mozilla/balrog", "asking the registry"]);
        tell(&mut model, tags(Vec::new()));
        sees(&model, &["no tags that this login can see", "press 1, then n to release"]);
        press(&mut model, "r");
        sees(&model, &["asking the registry"]);
        let failure = Failure::failed("the registry does not answer", "refused", "start it");
        tell(&mut model, Message::Tags("balrog".to_owned(), Err(failure)));
        sees(&model, &["the registry does not answer", "refused", "start it", "then press r"]);
        let nowhere = Failure::usage("this is no project of windlass", "no file", "go to the project's folder");
        tell(&mut model, Message::Project(Err(nowhere)));
        sees(&model, &["this is no project", "go to the project's folder"]);
    }
}

#[test]
fn while_the_registry_is_asked_again_the_table_stays() {
    let mut model = table((100, 30));
    press(&mut model, "r");
    sees(&model, &["as of 09:31:00 UTC, looking again", "✓ match"]);
}

#[test]
fn tags_are_filtered_by_verdict_and_by_name() {
    for size in SIZES {
        let mut model = table(size);
        press(&mut model, "f");
        sees(&model, &["only 2 bad, not 1 notice, ", "1 of 2 bad (of 4)", "▌latest", " stable"]);
        never_sees(&model, "hotfix");
        assert!(model.toasts.is_empty());
        press(&mut model, "f");
        sees(&model, &["only 1 notice, not 2 bad, ", "1 of 1 notice (of 4)", "▌hotfix"]);
        press(&mut model, "ff");
        sees(&model, &["╭ Registry docker.io/moz", " of 4", "stable"]);
        never_sees(&model, "only ");
        press(&mut model, "/LATE");
        sees(&model, &["/LATE▏", "1 of 4", "enter keep  esc show all", "▌latest"]);
        never_sees(&model, "hotfix");
        press(&mut model, "<enter>");
        sees(&model, &["/LATE", "1 of 1 (of 4)"]);
        press(&mut model, "<esc>");
        sees(&model, &[" of 4 ", "hotfix"]);
        press(&mut model, "/7eb2f01f0000");
        sees(&model, &["none of 4 tags is like that", "enter says what this digest is"]);
    }
}

#[test]
fn the_title_says_how_many_tags_there_are_of_which_class() {
    let mut model = table((180, 50));
    sees(&model, &["╭ Registry docker.io/mozilla/balrog · 2 bad, 1 notice, 1 good ─"]);
    press(&mut model, "f/late<enter>");
    sees(&model, &["╭ Registry · /late · only 2 bad, not 1 notice, 1 good ─"]);
    press(&mut model, "/<ctrl-u>none");
    sees(
        &model,
        &["╭ Registry docker.io/mozilla/balrog · /none · only 2 bad, not 1 notice, 1 good ─", "none of 4 tags"],
    );
    tell(&mut model, tags(vec![row("latest", Some("ours"), Some("ours"))]));
    press(&mut model, "<esc>f");
    sees(&model, &["· only 1 good ─"]);
    let mut model = table((100, 30));
    sees(&model, &["╭ Registry docker.io/mozilla/balrog ─"]);
    press(&mut model, "f");
    sees(&model, &["╭ Registry · only 2 bad, not 1 notice, 1 good ─"]);
}

#[test]
fn all_that_is_known_of_a_tag_has_both_identities_under_each_other() {
    for size in SIZES {
        let mut model = table(size);
        press(&mut model, "j<enter>");
        sees(&model, &["╭ latest · ✗ mismatch ─", " to ", " image id", "registry ", "recorded "]);
        let (ours, theirs) = (config("ours").to_string(), config("theirs").to_string());
        let differs = ours.bytes().zip(theirs.bytes()).position(|(a, b)| a != b).unwrap();
        let underlined = |model: &Model| -> String {
            let buffer = drawn(model);
            let cells = buffer.content.iter().filter(|cell| cell.modifier.contains(Modifier::UNDERLINED));
            cells.map(ratatui::buffer::Cell::symbol).collect()
        };
        if size != SIZES[0] {
            sees(&model, &[&format!("they differ from digit {} on", differs + 1 - "sha256:".len())]);
            assert!(underlined(&model).starts_with(&theirs[differs..]), "{}", underlined(&model));
            sees(&model, &["In the registry", "platforms", "as its config says"]);
        }
        press(&mut model, "G");
        sees(
            &model,
            &["Asked", "registry-1.docker.io, 2026-11-21 09:31:00", "fetched and hashed", "journal of this machine"],
        );
        press(&mut model, "ggk");
        sees(&model, &["1 to "]);
        press(&mut model, "<esc>");
        sees(&model, &["▌latest", "as of "]);
        for columns in [20, 21, 30] {
            for rows in [5, 6, 7] {
                model.size = (columns, rows);
                press(&mut model, "<enter>G");
                drawn(&model);
                press(&mut model, "<enter>");
            }
        }
    }
}

#[test]
fn names_and_labels_from_a_registry_are_harmless() {
    let mut model = console((100, 30), Vec::new());
    press(&mut model, "2");
    let mut bad = row("latest", Some("ours"), None);
    if let crate::domain::observation::Observation::Seen { content, .. } = &mut bad.observation {
        content.images[0].labels.insert("a\x1b[2J\u{202e}b".to_owned(), "c\x1b]52;c;x\x07\u{9b}2Jd".to_owned());
        content.media_type = "x\x1b[31my".to_owned();
    }
    bad.judgement.why = "because\x1b[2J".to_owned();
    tell(&mut model, tags(vec![bad]));
    press(&mut model, "<enter>G");
    for keys in ["", "g", "<esc>"] {
        press(&mut model, keys);
        let text = rows(&model).join("\n");
        assert!(!text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{text:?}");
    }
}

#[test]
fn ten_thousand_tags_and_the_frame_formats_those_that_are_seen() {
    let mut model = table((100, 30));
    let all: Vec<Row> = (0..10_000).map(|n| row(&format!("v{n:05}"), Some("ours"), None)).collect();
    tell(&mut model, tags(all));
    press(&mut model, "G");
    sees(&model, &["▌v09999", "10 000 of 10 000"]);
    press(&mut model, "/09998");
    sees(&model, &["▌v09998", "1 of 10000"]);
}
