//! Frames of the doctor, as they are read.

use ratatui::style::Color;

use super::*;
use crate::{
    console::{
        message::Message,
        model::Image,
        sample::{console, look, now, press, project, tell},
        view::tests::{SIZES, drawn, never_sees, rows, sees},
    },
    domain::{
        failure::Failure,
        finding::{CheckId, Finding, Owner, Report},
        sign::Signs,
    },
};

const TALE: &str = "the container engine does not answer: nothing listens at unix:///var/run/docker.sock";

pub fn report(check: CheckId, image: Option<&str>, finding: Finding) -> Message {
    Message::Checked(Report { check, image: image.map(str::to_owned), finding })
}

/// What each check of one image found.
pub fn examined(size: (u16, u16)) -> Model {
    let mut model = console(size, Vec::new());
    press(&mut model, "4");
    for check in CheckId::concerning(false) {
        let finding = match check {
            CheckId::Engine => Finding::fail(TALE, Owner::MachineAdmin, "start it: systemctl start docker"),
            CheckId::Clock => Finding::needs(CheckId::Engine),
            CheckId::Session => {
                Finding::warn("logind kills the processes of ada", Owner::You, "loginctl enable-linger")
            }
            _ => Finding::pass(format!("{check} is as it should be")),
        };
        let image = check.is_of_an_image().then_some("balrog");
        tell(&mut model, report(check, image, finding));
    }
    tell(&mut model, Message::Examined);
    press(&mut model, "gg");
    model
}

#[test]
fn outcome_evidence_fix_and_owner_are_seen_at_every_size() {
    for size in SIZES {
        let mut model = examined(size);
        sees(
            &model,
            &["╭ Doctor · 10 pass, 1 cannot tell, 1 warn, 1 fail ─", "▌✓ pass         config     config is as"],
        );
        sees(&model, &["├ config · what windlass.toml says ─", " found  config is as it should be", "1 of 13"]);
        press(&mut model, "jj");
        sees(
            &model,
            &[
                "▌✗ fail         engine     the container engine",
                "├ engine · the container engine ─",
                " found  the container engine does not answer: nothing",
                " fix    start it: systemctl start docker",
                " owner  this machine's admin",
                "as of 09:31:00 UTC · 3 of 13",
                "r run all  enter run this one",
                " 4 Doctor ",
            ],
        );
        press(&mut model, "G");
        sees(&model, &["▌• warn         session    logind kills the", " fix    loginctl enable-linger", "13 of 13"]);
        press(&mut model, "kk");
        sees(&model, &["▌? cannot tell  clock      needs engine", "windlass doctor engine"]);
    }
    let mut wide = examined((100, 30));
    press(&mut wide, "jj");
    sees(&wide, &[" as     windlass doctor engine"]);
}

#[test]
fn what_is_found_comes_while_others_are_still_looked_at() {
    for size in SIZES {
        let mut model = Model::new(size, look(), now());
        press(&mut model, "4");
        sees(&model, &["╭ Doctor ─", "reading windlass.toml"]);
        tell(&mut model, Message::Project(Ok(project())));
        sees(&model, &["▌◐ checking     config", "it is being looked at", "13 still to be told"]);
        tell(&mut model, report(CheckId::Git, None, Finding::pass("3f2c1ab of master, clean")));
        sees(&model, &[" ✓ pass         git        3f2c1ab of master", "12 still to be told", "Doctor · 1 pass"]);
        // The reader goes on while the passphrase of the vault is asked for.
        tell(&mut model, Message::Asked("Passphrase of /home/u/identity.txt: ".to_owned()));
        sees(&model, &["The vault is locked"]);
        press(&mut model, "<esc>");
        let locked = Finding::blocked("the vault was not opened: cancelled on request", Owner::You, "run it again");
        tell(&mut model, report(CheckId::Vault, None, locked));
        press(&mut model, "jjjjj");
        sees(&model, &["▌? cannot tell  vault      the vault was not opened", " fix    run it again"]);
        tell(&mut model, Message::Examined);
        never_sees(&model, "checking");
        press(&mut model, "c");
        sees(&model, &["▌◐ checking     vault      the vault was not", "1 still to be told"]);
    }
}

#[test]
fn without_a_project_the_checks_say_why() {
    for size in SIZES {
        let mut model = Model::new(size, look(), now());
        let nowhere = Failure::usage("this is no project of windlass", "no file", "go to the project's folder");
        tell(&mut model, Message::Project(Err(nowhere.clone())));
        press(&mut model, "4");
        tell(&mut model, report(CheckId::Config, None, Finding::failed(&nowhere, Owner::You)));
        sees(
            &model,
            &["▌✗ fail         config     this is no project", " fix    go to the project's folder", "1 of 13"],
        );
    }
}

#[test]
fn of_several_images_each_has_its_checks() {
    let mut model = console((100, 30), Vec::new());
    let mut two = project();
    two.images.push(Image { name: "agent".into(), repository: "ghcr.io/a/b".parse().unwrap() });
    tell(&mut model, Message::Project(Ok(two)));
    press(&mut model, "4");
    sees(&model, &["17 still to be told", "registry   balrog        ", "registry   agent         "]);
    tell(&mut model, report(CheckId::Login, Some("agent"), Finding::fail("401", Owner::You, "windlass secret set")));
    for _ in 0..4 {
        press(&mut model, "<down>");
    }
    sees(&model, &["├ registry · the registry and the repository in it · balrog ─"]);
    sees(&model, &[" as     windlass doctor registry --image balrog"]);
}

#[test]
fn all_that_was_found_has_the_screen_when_that_is_asked_for() {
    let long = (1..=7).map(|n| format!("image {n}: Dockerfile in .")).collect::<Vec<_>>();
    let mut model = examined((60, 16));
    tell(&mut model, report(CheckId::Config, None, Finding::pass(long.join("\n"))));
    sees(&model, &["image 1: ", "…"]);
    never_sees(&model, "image 7: ");
    press(&mut model, "z");
    sees(&model, &["├ config · what windlass.toml says ─", "image 1: ", "image 7: "]);
    press(&mut model, "jj");
    sees(&model, &["├ engine · ", "unix:///var/run/docker.sock", "windlass doctor engine"]);
    press(&mut model, "z");
    sees(&model, &["▌✗ fail         engine"]);
}

#[test]
fn boxes_are_closed_no_size_is_too_small_and_words_do_not_need_colour_or_unicode() {
    for size in SIZES {
        for keys in ["", "z", "jj", "G"] {
            let mut model = examined(size);
            press(&mut model, keys);
            let all = rows(&model);
            for row in &all[2..all.len() - 1] {
                let ends = row.starts_with(['│', '╭', '╰', '├']) && row.ends_with(['│', '╮', '╯', '┤']);
                assert!(ends && width(row) == usize::from(size.0), "{size:?}: `{row}`\n{}", all.join("\n"));
            }
        }
    }
    for columns in [0, 1, 19, 20, 21, 30, 41, 60] {
        for rows in [0, 1, 2, 3, 5, 6, 7, 8, 9, 12] {
            let mut model = examined((columns, rows));
            for keys in ["", "G", "z", "?"] {
                press(&mut model, keys);
                drawn(&model);
            }
        }
    }
    let mut model = examined((100, 30));
    let words = rows(&model);
    assert!(drawn(&model).content.iter().any(|cell| cell.fg != Color::Reset));
    model.look.colour = false;
    assert!(drawn(&model).content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    assert_eq!(rows(&model), words);
    model.look.signs = Signs::Ascii;
    assert!(rows(&model).join("\n").is_ascii());
    sees(&model, &["+ Doctor - 10 pass", "x fail         engine", ">+ pass         config", "* warn "]);
}

#[test]
fn nothing_that_a_check_found_can_act_on_the_terminal() {
    let evil = "a\x1b[2J\x07\u{9b}31m\u{202e}b";
    let mut model = examined((100, 30));
    tell(&mut model, report(CheckId::Config, None, Finding::fail(evil, Owner::You, format!("{evil}\n{evil}"))));
    for cell in &drawn(&model).content {
        assert!(!cell.symbol().contains(|c: char| c.is_control() || c == '\u{202e}'), "{:?}", cell.symbol());
    }
}
