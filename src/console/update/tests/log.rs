//! The log of a release: what is looked for in it.

use super::*;

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
