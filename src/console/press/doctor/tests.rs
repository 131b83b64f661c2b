//! Keys and reports in, effects out.

use super::*;
use crate::{
    console::{
        effect::Ours,
        message::Message,
        model::{Image, activity::Entry},
        sample::{cluster, console, done, id, look, now, press, project, release, running, tell},
    },
    domain::{
        event::{Event, Step},
        finding::{CheckId, Finding, Owner, Report},
        sign::Tone,
    },
};

const SIZE: (u16, u16) = (100, 30);

fn failed(failure: Failure) -> Model {
    let mut events: Vec<Event> = done(Step::Preflight, "master, clean").into();
    events.extend([Event::StepFailed { step: Step::Secret, failure }, Event::Finished]);
    console(SIZE, vec![release(1, "2026-11-20T09:30:00Z", events)])
}

fn denied() -> Failure {
    Failure::not_allowed("bot may not push", "the registry answers 403", "give it the right")
        .explained_by(CheckId::Push)
}

fn passed(check: CheckId, image: Option<&str>) -> Message {
    Message::Checked(Report { check, image: image.map(str::to_owned), finding: Finding::pass("well") })
}

fn one(check: CheckId, image: Option<&str>) -> Effect {
    Effect::Examine(Which::One(Subject { check, image: image.map(str::to_owned) }))
}

#[test]
fn nothing_is_checked_before_somebody_looks_and_then_all_of_it_once() {
    let mut model = console(SIZE, vec![running(1)]);
    assert_eq!(press(&mut model, "4"), [Effect::Examine(Which::All)]);
    assert_eq!(press(&mut model, "1414"), [], "it is being checked already");
    assert_eq!(model.doctor.checks.len(), 13);
    tell(&mut model, passed(CheckId::Git, None));
    assert_eq!(tell(&mut model, Message::Examined), []);
    assert_eq!(press(&mut model, "14"), [], "what was found stays");
    assert_eq!(press(&mut model, "r"), [Effect::Examine(Which::All)]);
    assert_eq!(press(&mut model, "rr"), [], "one run at a time");
    assert_eq!(tell(&mut model, Message::Examined), [Effect::Examine(Which::All)], "and once more after it");
}

#[test]
fn who_has_chosen_none_stands_at_the_first_that_failed() {
    let failed = |check| {
        let finding = Finding::fail("it is not there", Owner::You, "make it");
        Message::Checked(Report { check, image: None, finding })
    };
    let mut model = console(SIZE, vec![running(1)]);
    press(&mut model, "4");
    tell(&mut model, passed(CheckId::Config, None));
    tell(&mut model, failed(CheckId::Engine));
    tell(&mut model, failed(CheckId::Disk));
    assert_eq!(model.doctor.position(), 0);
    tell(&mut model, Message::Examined);
    assert_eq!(model.doctor.selected().unwrap().subject.check, CheckId::Engine);
    press(&mut model, "gg");
    tell(&mut model, Message::Examined);
    press(&mut model, "r");
    tell(&mut model, failed(CheckId::Engine));
    tell(&mut model, Message::Examined);
    assert_eq!(model.doctor.position(), 0, "somebody has chosen it");
}

#[test]
fn the_checks_wait_for_the_project_whose_images_they_are_about() {
    let mut model = Model::new(SIZE, look(), now());
    assert_eq!(press(&mut model, "4"), []);
    let effects = tell(&mut model, Message::Project(Ok(project())));
    assert!(effects.contains(&Effect::Examine(Which::All)), "{effects:?}");
    let mut model = Model::new(SIZE, look(), now());
    press(&mut model, "4");
    let effects = tell(&mut model, Message::Project(Err(Failure::usage("this is no project", "no file", "go to one"))));
    assert!(effects.contains(&Effect::Examine(Which::All)), "without a project there is something to say too");
}

#[test]
fn one_check_is_run_alone_and_the_others_keep_what_they_found() {
    for key in ["<enter>", "c"] {
        let mut model = console(SIZE, Vec::new());
        press(&mut model, "4");
        for check in CheckId::concerning(false) {
            tell(&mut model, passed(check, check.is_of_an_image().then_some("balrog")));
        }
        tell(&mut model, Message::Examined);
        assert_eq!(press(&mut model, &format!("jjjj{key}")), [one(CheckId::Registry, Some("balrog"))]);
        assert_eq!(model.doctor.checks.iter().filter(|checked| checked.runs).count(), 1);
        let finding = Finding::fail("away", Owner::You, "start it");
        let away = Report { check: CheckId::Registry, image: Some("balrog".to_owned()), finding };
        tell(&mut model, Message::Checked(away));
        tell(&mut model, Message::Examined);
        assert_eq!(model.doctor.counts().unwrap(), "12 pass, 1 fail");
        let words = ["doctor", "registry", "--image", "balrog"].map(str::to_owned).to_vec();
        let said = model.activity.rows("")[0].command().map(ToOwned::to_owned);
        assert_eq!(said, Some(model.command_line(&words)));
        assert!(model.toasts.is_empty(), "whoever looks at it has seen it");
    }
}

#[test]
fn what_ends_behind_another_screen_is_told() {
    let mut model = console(SIZE, Vec::new());
    press(&mut model, "4");
    tell(&mut model, passed(CheckId::Git, None));
    press(&mut model, "1");
    tell(&mut model, Message::Examined);
    let said: Vec<_> = model.toasts.iter().map(|toast| (toast.tone, toast.words.as_str())).collect();
    assert_eq!(said, [(Tone::Good, "checked: 1 pass")]);
}

#[test]
fn a_failure_leads_to_the_check_that_explains_it() {
    let mut model = failed(denied());
    assert_eq!(press(&mut model, "D"), [one(CheckId::Push, Some("balrog"))]);
    assert_eq!(model.screen, Screen::Doctor);
    assert_eq!(model.doctor.selected().map(|checked| checked.subject.check), Some(CheckId::Push));
    // From a card over any screen.
    let mut model = console(SIZE, vec![running(1)]);
    press(&mut model, "2");
    let away = Failure::unreachable("the engine does not answer", "", "start it").explained_by(CheckId::Engine);
    tell(&mut model, Message::Started(Err(away)));
    assert_eq!(press(&mut model, "D"), [one(CheckId::Engine, None)]);
    assert!(model.layers.is_empty() && model.screen == Screen::Doctor);
}

#[test]
fn what_no_check_explains_leads_nowhere_and_says_so() {
    let mut model = failed(Failure::failed("it is full", "no space", "make room"));
    assert_eq!(press(&mut model, "D"), []);
    assert!(model.screen == Screen::Releases && !model.toasts.is_empty());
    let mut model = console(SIZE, vec![running(1)]);
    assert_eq!(press(&mut model, "D"), [], "it did not fail");
    tell(&mut model, Message::Started(Err(Failure::failed("it is full", "no space", "make room"))));
    assert_eq!(press(&mut model, "D"), []);
    assert!(matches!(model.layers[..], [Layer::Failure(_)]), "the card stays");
}

#[test]
fn the_image_of_the_failure_is_the_one_that_is_checked() {
    let mut model = failed(denied());
    let mut two = project();
    two.images.insert(0, Image { name: "agent".into(), repository: "ghcr.io/a/b".parse().unwrap() });
    tell(&mut model, Message::Project(Ok(two)));
    assert_eq!(press(&mut model, "D"), [one(CheckId::Push, Some("balrog"))]);
    assert_eq!(model.selected, Some(id(1)));
    assert_eq!(model.means("CHECK").as_deref(), Some("push"));
}

#[test]
fn a_check_that_needs_the_vault_may_ask_for_its_passphrase() {
    let mut model = console(SIZE, Vec::new());
    press(&mut model, "4");
    assert_eq!(tell(&mut model, Message::Asked("Passphrase: ".to_owned())), []);
    assert!(matches!(model.layers[..], [Layer::Secret { .. }]));
    assert_eq!(press(&mut model, "<esc>"), [Effect::Answer(None)]);
    tell(&mut model, Message::Examined);
    assert_eq!(tell(&mut model, Message::Asked("Passphrase: ".to_owned())), [Effect::Answer(None)], "nobody runs one");
}

#[test]
fn an_image_that_came_or_went_meanwhile_changes_the_list() {
    let mut model = console(SIZE, Vec::new());
    press(&mut model, "4");
    tell(&mut model, passed(CheckId::Login, Some("new")));
    for check in CheckId::concerning(false).filter(|check| !check.is_of_an_image()) {
        tell(&mut model, passed(check, None));
    }
    tell(&mut model, Message::Examined);
    let of_images: Vec<_> = model.doctor.checks.iter().filter_map(|checked| checked.subject.image.as_deref()).collect();
    assert_eq!(of_images, ["new"]);
}

#[test]
fn the_definition_of_tasks_is_written_by_the_command_at_the_terminal() {
    let mut model = cluster(SIZE, Vec::new());
    press(&mut model, "4");
    tell(&mut model, Message::Examined);
    press(&mut model, "w");
    let guest = Guest::Ours(Ours::Define(&["--apply"]));
    assert_eq!(press(&mut model, "j<enter>"), [Effect::Lend(guest.clone())]);
    let effects = tell(&mut model, Message::Returned(guest, Ok(())));
    assert_eq!(effects, [one(CheckId::Yml, None)], "it is looked at");
    let rows = model.activity.rows("apply");
    assert!(
        matches!(&rows[..], [Entry::Said(said)] if said.command.as_deref() == Some("windlass init --taskcluster --apply"))
    );
}

#[test]
fn without_a_deployment_there_are_no_tasks_to_define() {
    let mut model = console(SIZE, Vec::new());
    press(&mut model, "4w");
    assert!(model.toasts.newest().unwrap().words.contains("names no deployment"));
    assert!(model.layers.is_empty());
}
