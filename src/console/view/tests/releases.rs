//! Frames of releases: list, steps, and the card of one that failed.

use super::*;

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
                " ✓ preflight  1.0 s  master, clean, reviewed",
                " ◐ push        53 s  latest ▓▓▓▓▓▓▓░░░░░ 62 %",
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
    sees(&model, &["╭ Releases", "push 62 %", " ✗ 20 Nov", " ◐ push        53 s  latest ▓"]);
    never_sees(&model, "Log");
    press(&mut model, "<enter>");
    sees(&model, &["✓ preflight ✓ secret ✓ build ◐ push · record · verify", "├ Log · following", "line 1204330"]);
    never_sees(&model, "╭ Releases");
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

#[test]
fn a_failed_build_opens_on_its_card_with_the_line_that_says_why_and_the_keys_that_help() {
    for size in SIZES {
        let mut model = console(size, vec![unbuilt(3)]);
        tell(&mut model, Message::Fault(id(3), Ok(Some((1203, "\x1b[31mE: no \x1b[2Jsuch package".into())))));
        let rows = seen(&model, 0, &vec!["a line".to_owned(); 30], 3000);
        tell(&mut model, Message::Log(id(3), Ok(Some(rows))));
        let seen = [
            "├ what went wrong ─",
            "│ the build failed",
            "log   line 1 204: E: no such package",
            "why   RUN make ended with 2",
            "keys  enter to line 1 204   e re-run whole",
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
    sees(
        &console(SIZES[1], vec![unbuilt(3)]),
        &["look  D runs windlass doctor engine: the container  ", "      engine "],
    );
    for size in SIZES {
        let all = rows(&console(size, vec![unbuilt(3)]));
        let keys = all.iter().find(|row| row.contains("keys  ")).expect("keys that help");
        assert_eq!(keys.matches(" D ").count(), 1, "{keys}");
        assert!(!keys.contains('…'), "{keys}");
    }
}

#[test]
fn where_a_failure_has_no_room_with_its_step_how_it_failed_is_said_whole() {
    let away = Failure::unreachable("the engine does not answer", "refused", "start it");
    let events = vec![
        Event::StepStarted { step: Step::Preflight },
        Event::StepFailed { step: Step::Preflight, failure: away },
        Event::Finished,
    ];
    for (size, seen) in
        SIZES.into_iter().zip(["preflight unreachable", "3f2c1ab  unreachable", "preflight unreachable"])
    {
        let model = console(size, vec![release(3, "2026-11-20T09:30:00Z", events.clone())]);
        sees(&model, &[seen]);
    }
}

#[test]
fn of_several_images_what_came_of_a_release_is_still_read() {
    for size in SIZES {
        let mut two = project();
        two.images.push(Image { name: "agent".into(), repository: "ghcr.io/mozilla/agent".parse().unwrap() });
        let mut model = busy(size);
        tell(&mut model, Message::Project(Ok(two)));
        sees(&model, &["▌◐ 09:30   balrog  ", " push 62 %", " match ", " push denied", "balrog · image "]);
        if size != SIZES[1] {
            sees(&model, &["balrog  master 3f2c1ab  push denied"]);
        }
        let Loaded::Yes(releases) = &mut model.releases else { panic!("no releases") };
        releases[1].plan.image = "a-long-name-of-an-image".to_owned();
        sees(&model, &["a-long-name…  ", " match ", " push denied"]);
    }
}
