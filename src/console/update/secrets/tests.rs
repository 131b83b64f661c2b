//! Keys and news in, what is to be done out.

use secrecy::zeroize::Zeroizing;

use crate::{
    console::{
        effect::Effect,
        message::Message,
        model::{
            Errand, Field, Layer, Loaded, Model, NewKey, NewLogin, NotSet, Offer, Reload, Screen, SecretForm,
            SecretNews, Wizard,
        },
        sample::{
            console, press,
            secrets::{
                PASSWORD, act, at_taskcluster, found, holdings, missing, name, news, open_at, refused, secrets, there,
                unreadable, without_a_vault,
            },
            tell,
        },
        update::begin,
        view::tests::{never_sees, sees},
    },
    domain::{
        audit::{Act, AuditRow, Outcome},
        failure::Failure,
        holdings::WantedEnd,
        proof::{LoginProof, PushProof, Report},
        rotation::{Account, End, Reason, Stage, Standing, Step, StepState, StepView},
        sign::Tone,
    },
};

const SIZE: (u16, u16) = (100, 30);

fn asked(effects: &[Effect]) -> Vec<&Errand> {
    effects.iter().filter_map(|effect| if let Effect::Secrets(errand) = effect { Some(errand) } else { None }).collect()
}

fn form(model: &Model) -> &SecretForm {
    match model.layers.last() {
        Some(Layer::Form(form)) => form,
        other => panic!("no form: {other:?}"),
    }
}

fn wizard(model: &Model) -> &Wizard {
    match model.layers.last() {
        Some(Layer::Wizard(wizard)) => wizard,
        other => panic!("no wizard: {other:?}"),
    }
}

fn paste(model: &mut Model, text: &str) {
    tell(model, Message::Pasted(Zeroizing::new(text.to_owned())));
}

fn typed(model: &Model) -> &str {
    form(model).password.expose()
}

fn said(model: &Model) -> (Tone, &str) {
    let toast = model.toasts.newest().expect("something is said");
    (toast.tone, &toast.words)
}

#[test]
fn the_vault_is_read_when_its_screen_is_opened_and_not_before() {
    let mut model = console(SIZE, Vec::new());
    for keys in ["1", "2", "r"] {
        assert!(asked(&press(&mut model, keys)).is_empty());
    }
    assert_eq!(tell(&mut model, Message::Changed).iter().filter(|e| matches!(e, Effect::Secrets(_))).count(), 0);
    assert_eq!(asked(&press(&mut model, "3")), [&Errand::Look]);
    assert_eq!((model.screen, model.secrets.reload), (Screen::Secrets, Reload::Asked));
    assert!(asked(&press(&mut model, "3r")).is_empty(), "it is under way");
    found(&mut model, holdings(vec![there()]));
    assert_eq!(asked(&press(&mut model, "r")), [&Errand::Look]);
    // What others did meanwhile is looked at after this look.
    tell(&mut model, Message::Trail(Ok(Vec::new())));
    assert!(asked(&tell(&mut model, Message::Trail(Ok(vec![act(Act::SecretSet, Outcome::Done)])))).is_empty());
    let again = tell(&mut model, news(SecretNews::Holdings(Ok(Box::new(holdings(vec![there()]))))));
    assert_eq!(asked(&again), [&Errand::Look]);
}

#[test]
fn a_vault_that_stays_locked_is_asked_for_once() {
    let mut model = console(SIZE, Vec::new());
    press(&mut model, "3");
    tell(&mut model, Message::Asked("Passphrase: ".to_owned()));
    assert!(matches!(model.layers.last(), Some(Layer::Secret { .. })));
    assert_eq!(press(&mut model, "<esc>"), [Effect::Answer(None)]);
    let locked = Failure::cancelled("the vault stays locked", "look again");
    tell(&mut model, news(SecretNews::Holdings(Err(locked))));
    assert!(matches!(model.secrets.holdings, Loaded::Failed(_)));
    assert!(asked(&tell(&mut model, Message::Changed)).is_empty(), "nobody is asked again by what others do");
    crate::console::view::tests::sees(&model, &["the vault is locked", "press r, and give its passphrase"]);
    assert!(press(&mut model, "s").is_empty());
    assert_eq!(said(&model), (Tone::Notice, "the vault is locked: r asks for its passphrase"));
    assert_eq!(asked(&press(&mut model, "r")), [&Errand::Look]);
    // A question of nobody is not shown.
    let mut model = console(SIZE, Vec::new());
    assert_eq!(tell(&mut model, Message::Asked("Passphrase: ".to_owned())), [Effect::Answer(None)]);
}

#[test]
fn the_first_line_knows_what_the_vault_holds() {
    let words = |model: &Model| model.standing.secret(model.images()).map(|known| (known.tone, known.words));
    assert_eq!(words(&secrets(SIZE, vec![there()])), Some((Tone::Good, "set 11 Nov".to_owned())));
    assert_eq!(words(&without_a_vault(SIZE)), Some((Tone::Bad, "missing".to_owned())));
    let open = crate::domain::holdings::Row { rotation: Some(open_at(Stage::Stored)), ..there() };
    let open = secrets(SIZE, vec![open]);
    assert_eq!(words(&open), Some((Tone::Notice, String::new())), "it is said once");
    let first = crate::console::view::tests::rows(&open)[0].clone();
    assert!(first.contains("secret •   rotation • read back"), "{first}");
}

#[test]
fn a_login_is_typed_and_given_to_a_worker() {
    let mut model = secrets(SIZE, vec![there(), missing()]);
    assert_eq!(asked(&press(&mut model, "s")), [&Errand::AskDocker(name())]);
    assert!(press(&mut model, "bot<enter>").is_empty());
    paste(&mut model, &format!("{PASSWORD}\n"));
    assert!(form(&model).password.trimmed());
    let effects = press(&mut model, "<enter>");
    let [Errand::Set { secret, login: NewLogin::Typed { username, password }, key: None, replace: false, end: None }] =
        asked(&effects)[..]
    else {
        panic!("{effects:?}")
    };
    assert_eq!((secret, username.as_str(), password.expose()), (&name(), "bot", PASSWORD));
    assert!(form(&model).busy);
    // What is pressed while a worker has it changes nothing.
    assert!(press(&mut model, "x<enter>").is_empty());
    let weak = Failure::usage("the secret is not stored", "it is short", "use a token");
    tell(&mut model, news(SecretNews::Set(name(), Err(NotSet::Unfit(weak.clone())))));
    assert_eq!((form(&model).wrong.as_ref(), typed(&model)), (Some(&weak), PASSWORD), "nothing typed is lost");
    let kept: Vec<String> = model.activity.rows("").iter().map(|row| format!("{row:?}")).collect();
    assert!(kept[0].contains("the secret is not stored: it is short"), "{kept:?}");
    assert!(kept[1].contains("storing dockerhub"), "{kept:?}");
    press(&mut model, "!");
    assert_eq!(typed(&model), format!("{PASSWORD}!"));
    assert_eq!(asked(&press(&mut model, "<enter>")).len(), 1);
    let effects = tell(&mut model, news(SecretNews::Set(name(), Ok(vec!["dockerhub is set".to_owned()]))));
    assert_eq!(asked(&effects), [&Errand::Look]);
    assert!(model.layers.is_empty());
    assert_eq!(said(&model), (Tone::Good, "dockerhub is set"));
    let done = model.activity.rows("");
    let did = done.iter().find_map(|row| row.command()).expect("it was done");
    assert_eq!(did, "windlass secret set dockerhub --username bot");
}

#[test]
fn what_is_not_filled_in_is_asked_for_in_its_place() {
    let mut model = secrets(SIZE, vec![there()]);
    press(&mut model, "s<enter>");
    assert!(press(&mut model, PASSWORD).is_empty());
    assert!(press(&mut model, "<enter>").is_empty());
    assert_eq!(form(&model).wrong.as_ref().map(|wrong| wrong.what.as_str()), Some("there is no user name"));
    assert_eq!(asked(&press(&mut model, "bot<enter><enter>")).len(), 1);

    let mut model = secrets(SIZE, vec![there()]);
    press(&mut model, "sbot<enter>");
    paste(&mut model, PASSWORD);
    paste(&mut model, &"x".repeat(1_000_000));
    assert!(said(&model).1.contains("no room for 1000000 characters"));
    assert_eq!(typed(&model), PASSWORD, "no part of it is taken");
    press(&mut model, "<ctrl-u>");
    assert_eq!(typed(&model), "");
    // Nor does a user name grow without end.
    press(&mut model, "<tab>");
    press(&mut model, "<up>");
    paste(&mut model, &"y".repeat(1_000_000));
    assert_eq!(form(&model).username.value(), "bot");
    assert!(said(&model).1.contains("no room for 1000000 characters"));
}

#[test]
fn dockers_login_is_offered_and_taken_unseen() {
    let mut model = secrets(SIZE, vec![there()]);
    press(&mut model, "s");
    press(&mut model, "<ctrl-o>");
    assert_eq!(form(&model).docker, Offer::Asked, "nothing to take yet");
    tell(&mut model, news(SecretNews::Docker(name(), Ok(Some("a login of bot".to_owned())))));
    press(&mut model, "<ctrl-o>");
    let effects = press(&mut model, "<enter>");
    assert_eq!(
        asked(&effects),
        [&Errand::Set { secret: name(), login: NewLogin::Docker, key: None, replace: false, end: None }]
    );
    assert!(form(&model).words().contains(&"--from-docker".to_owned()));

    let mut model = secrets(SIZE, vec![there()]);
    press(&mut model, "s<esc>");
    tell(&mut model, news(SecretNews::Docker(name(), Ok(Some("a login of bot".to_owned())))));
    assert!(model.layers.is_empty(), "a form that was closed stays closed");
}

#[test]
fn the_first_secret_asks_how_the_vaults_key_is_kept() {
    let begin = || {
        let mut model = without_a_vault(SIZE);
        press(&mut model, "sbot<enter>");
        paste(&mut model, PASSWORD);
        assert!(press(&mut model, "<enter>").is_empty());
        assert!(form(&model).on_key);
        model
    };
    let key = |effects: &[Effect]| match asked(effects)[..] {
        [Errand::Set { key, .. }] => key.clone(),
        ref other => panic!("{other:?}"),
    };
    let mut model = begin();
    press(&mut model, "<enter>correct horse<enter>");
    assert!(press(&mut model, "correct mule<enter>").is_empty());
    assert!(form(&model).wrong.as_ref().is_some_and(|wrong| wrong.what.contains("not the same")));
    press(&mut model, "<ctrl-u>");
    let Some(NewKey::Passphrase(typed)) = key(&press(&mut model, "correct horse<enter>")) else {
        panic!("a passphrase")
    };
    assert_eq!(typed.expose(), "correct horse");

    // A phrase that is typed at once is one, and chooses nothing.
    let mut model = begin();
    let effects = press(&mut model, "correct 2 horses<enter>correct 2 horses<enter>");
    let Some(NewKey::Passphrase(typed)) = key(&effects) else { panic!("a passphrase") };
    assert_eq!(typed.expose(), "correct 2 horses");
    let mut model = begin();
    press(&mut model, "3 a 2x");
    assert_eq!((form(&model).at, key(&press(&mut model, "3 <enter>"))), (Field::Way, Some(NewKey::Plain)));

    let mut model = begin();
    press(&mut model, "2");
    assert_eq!(key(&press(&mut model, "<enter><enter>")), Some(NewKey::Ssh("/home/ada/.ssh/id_ed25519".to_owned())));
    let mut model = begin();
    press(&mut model, "3");
    assert_eq!(key(&press(&mut model, "<enter>")), Some(NewKey::Plain));
    // What is refused of the login is shown where it was typed, and so is what is refused of the key.
    let mut model = begin();
    press(&mut model, "3<enter>");
    let weak = || Failure::usage("the secret is not stored", "it is short", "use a token");
    tell(&mut model, news(SecretNews::Set(name(), Err(NotSet::Failed(weak())))));
    assert!(form(&model).on_key && !form(&model).busy && form(&model).wrong.is_some());
    press(&mut model, "<enter>");
    tell(&mut model, news(SecretNews::Set(name(), Err(NotSet::Unfit(weak())))));
    assert!(!form(&model).on_key && form(&model).at == Field::Password && form(&model).wrong.is_some());
    // Back to the login, and out.
    let mut model = begin();
    press(&mut model, "<esc>");
    assert!(!form(&model).on_key && typed_is_kept(&model));
    press(&mut model, "<esc>");
    assert!(model.layers.is_empty());
}

fn typed_is_kept(model: &Model) -> bool {
    typed(model) == PASSWORD
}

#[test]
fn a_check_is_kept_until_the_secret_is_another() {
    let mut model = secrets(SIZE, vec![there()]);
    assert_eq!(asked(&press(&mut model, "c")), [&Errand::Check(name())]);
    assert!(asked(&press(&mut model, "c")).is_empty());
    let repository = "docker.io/mozilla/balrog".parse().unwrap();
    let report = |push| Report { username: "bot".to_owned(), login: LoginProof::Proven, push, may_pull: true };
    for (found, tone, words) in [
        (Ok(report(PushProof::May)), Tone::Good, "may push"),
        (Ok(report(PushProof::MayNot { why: "403".to_owned() })), Tone::Bad, "does not work everywhere"),
        (Ok(report(PushProof::CannotTell)), Tone::Notice, "cannot tell whether it may push: read-only"),
        (Err(refused()), Tone::Bad, "does not work everywhere"),
    ] {
        press(&mut model, "c");
        let repository: &crate::domain::reference::Repository = &repository;
        tell(&mut model, news(SecretNews::Checked(name(), Ok(vec![(repository.clone(), found)]))));
        assert_eq!(said(&model).0, tone);
        assert!(said(&model).1.contains(words), "{:?}", said(&model));
        assert!(model.secrets.check_of(&name()).is_some() && model.secrets.checking.is_empty());
    }
    assert_eq!(model.standing.registry(model.images()).map(|known| known.words).as_deref(), Some("bot"));
    tell(&mut model, news(SecretNews::Set(name(), Ok(vec!["set".to_owned()]))));
    assert!(model.secrets.check_of(&name()).is_none());
}

fn step(step: Step, state: StepState) -> SecretNews {
    SecretNews::Step(name(), StepView { step, state })
}

fn done() -> StepState {
    StepState::Done { note: Some("done".to_owned()) }
}

#[test]
fn a_rotation_is_followed_step_by_step() {
    let mut model = secrets(SIZE, vec![there()]);
    press(&mut model, "t");
    assert_eq!(form(&model).username.value(), "bot", "the old one's");
    paste(&mut model, PASSWORD);
    let effects = press(&mut model, "<enter>");
    assert!(matches!(asked(&effects)[..], [Errand::Rotate { .. }]), "{effects:?}");
    assert_eq!(wizard(&model).under_way(), Some(Step::VerifyNew));
    for (ended, next) in [
        (Step::VerifyNew, Some(Step::Store)),
        (Step::Store, Some(Step::ReadBack)),
        (Step::ReadBack, Some(Step::VerifyStored)),
    ] {
        tell(&mut model, news(step(ended, done())));
        assert_eq!(wizard(&model).under_way(), next);
        assert_eq!(model.rotation.as_ref().and_then(|open| open.due), next, "on every screen");
    }
    let steps = Account::steps(&Stage::ReadBack);
    let account = Account { stands: Standing::Ended(End::Rotated), steps, ..open_at(Stage::Opened) };
    let effects = tell(&mut model, news(SecretNews::Rotated(name(), Ok(Box::new(account)))));
    assert_eq!(asked(&effects), [&Errand::Look]);
    assert_eq!(model.rotation, None);
    assert!(!wizard(&model).can_go_back());
    assert!(!format!("{model:?}").contains(PASSWORD));
    press(&mut model, "<esc>");
    assert!(model.layers.is_empty());
}

#[test]
fn a_login_that_is_not_proven_can_be_corrected() {
    let mut model = secrets(SIZE, vec![there()]);
    press(&mut model, "t");
    paste(&mut model, PASSWORD);
    press(&mut model, "<enter>");
    tell(&mut model, news(step(Step::VerifyNew, StepState::Failed(refused()))));
    let mut steps = Account::steps(&Stage::Opened);
    Account::note(&mut steps, StepView { step: Step::VerifyNew, state: StepState::Failed(refused()) });
    let account = Account { stands: Standing::Ended(End::Withdrawn(refused())), steps, ..open_at(Stage::Opened) };
    tell(&mut model, news(SecretNews::Rotated(name(), Ok(Box::new(account)))));
    assert!(wizard(&model).can_go_back());
    assert_eq!(said(&model).0, Tone::Bad);
    press(&mut model, "<enter>");
    assert_eq!((typed(&model), form(&model).busy), (PASSWORD, false));
    assert_eq!(asked(&press(&mut model, "!<enter>")).len(), 1);
    // What is refused before it began leads back as well.
    let same = Failure::usage("dockerhub was not rotated", "that is the same password", "make a new one");
    tell(&mut model, news(SecretNews::Rotated(name(), Err(same))));
    press(&mut model, "<enter>");
    assert_eq!(typed(&model), format!("{PASSWORD}!"));
}

#[test]
fn a_rotation_that_was_left_is_finished_or_rolled_back() {
    let row = |stage| crate::domain::holdings::Row { rotation: Some(open_at(stage)), ..there() };
    let mut model = secrets(SIZE, vec![row(Stage::Stored)]);
    assert_eq!(
        model.rotation.as_ref().map(ToString::to_string).as_deref(),
        Some("rotation of dockerhub open: read back is due")
    );
    // Nothing else is done to it meanwhile.
    for keys in ["s", "d"] {
        assert!(asked(&press(&mut model, keys)).is_empty());
        assert!(said(&model).1.contains("a rotation of dockerhub is open"), "{keys}");
        assert!(model.layers.is_empty());
    }
    press(&mut model, "t");
    assert!(wizard(&model).is_open());
    assert_eq!(asked(&press(&mut model, "f")), [&Errand::Resume(name())]);
    assert!(asked(&press(&mut model, "f")).is_empty(), "it goes on");
    // It stays open where it was: the vault says so, and it can be taken up again.
    let full = Failure::failed("the vault cannot be written", "no space", "make room");
    let effects = tell(&mut model, news(SecretNews::Rotated(name(), Err(full))));
    assert_eq!(asked(&effects), [&Errand::Look]);
    found(&mut model, holdings(vec![row(Stage::ReadBack)]));
    assert!(wizard(&model).is_open() && wizard(&model).stopped.is_some());
    assert_eq!(asked(&press(&mut model, "b")), [&Errand::RollBack(name())]);
    assert_eq!(wizard(&model).under_way(), Some(Step::Restore));
    tell(&mut model, news(step(Step::Restore, done())));
    assert_eq!(wizard(&model).under_way(), Some(Step::VerifyOld));
    let steps = Account::steps(&Stage::Restored(Reason::Asked));
    let end = End::RolledBack { reason: Reason::Asked, old: Ok(()) };
    let account = Account { stands: Standing::Ended(end), steps, ..open_at(Stage::Opened) };
    tell(&mut model, news(SecretNews::Rotated(name(), Ok(Box::new(account)))));
    assert_eq!((model.rotation.clone(), wizard(&model).is_open()), (None, false));
}

#[test]
fn whoever_leaves_a_rotation_that_has_not_ended_is_told_first() {
    let open =
        || secrets(SIZE, vec![crate::domain::holdings::Row { rotation: Some(open_at(Stage::Stored)), ..there() }]);
    let words = "once more leaves the rotation of dockerhub open: read back is due";
    for first in ["q", "<ctrl-c>"] {
        for second in ["q", "<ctrl-c>"] {
            let mut model = open();
            assert_eq!(press(&mut model, first), []);
            assert_eq!(said(&model), (Tone::Notice, words));
            assert_eq!(press(&mut model, second), [Effect::Quit], "{first} {second}");
        }
    }
    assert_eq!(press(&mut open(), "qjq"), [], "a key between the two");
    // The first Ctrl-C closes what is open, and says it all the same.
    let mut model = open();
    assert_eq!(press(&mut model, "t<ctrl-c>"), []);
    assert_eq!((model.layers.len(), said(&model).1), (0, words));
    assert_eq!(press(&mut model, "<ctrl-c>"), [Effect::Quit]);
    assert_eq!(press(&mut secrets(SIZE, vec![there()]), "q"), [Effect::Quit], "none is open");
}

#[test]
fn what_is_removed_has_its_name_typed() {
    let mut model = secrets(SIZE, vec![there()]);
    press(&mut model, "d");
    assert!(press(&mut model, "docker<enter>").is_empty(), "that is not its name");
    assert_eq!(said(&model), (Tone::Notice, "not done: what is typed is not what is asked for"));
    assert_eq!(asked(&press(&mut model, "hub<enter>")), [&Errand::Remove(name())]);
    let effects = tell(&mut model, news(SecretNews::Removed(name(), Ok(()))));
    assert_eq!(asked(&effects), [&Errand::Look]);
    assert_eq!(said(&model), (Tone::Good, "dockerhub is removed"));
}

#[test]
fn what_was_set_elsewhere_is_bound_on_demand() {
    let mut unbound = there();
    unbound.held.iter_mut().for_each(|held| held.bindings.clear());
    let mut model = secrets(SIZE, vec![unbound]);
    assert!(press(&mut model, "b").is_empty(), "it is asked first");
    assert_eq!(asked(&press(&mut model, "y")), [&Errand::Bind(name())]);
    let effects = tell(&mut model, news(SecretNews::Bound(name(), Ok(vec!["docker.io/mozilla/balrog".to_owned()]))));
    assert_eq!(asked(&effects), [&Errand::Look]);
    assert_eq!(said(&model), (Tone::Good, "dockerhub may be used for docker.io/mozilla/balrog"));
    found(&mut model, holdings(vec![there()]));
    assert!(press(&mut model, "b").is_empty());
    assert!(model.layers.is_empty() && said(&model).1.contains("may be used for all that need it already"));
}

#[test]
fn whoever_has_read_only_is_told_so_and_may_look() {
    let mut model = secrets(SIZE, vec![there()]);
    model.read_only = true;
    for keys in ["s", "b", "t", "d"] {
        assert!(press(&mut model, keys).is_empty());
        assert_eq!(said(&model).1, "refused: windlass runs read-only", "{keys}");
        assert!(model.layers.is_empty());
    }
    assert_eq!(asked(&press(&mut model, "c")), [&Errand::Check(name())]);
    press(&mut model, "h");
    assert_eq!(model.secrets.history, Some(0));
    press(&mut model, "j<esc>");
    assert_eq!(model.secrets.history, None);
}

#[test]
fn why_something_cannot_be_done_is_said() {
    let unused = crate::domain::holdings::Row { needed: None, ..there() };
    for (rows, keys, words) in [
        (vec![], "s", "there is no secret"),
        (vec![unused], "s", "no image of this project uses dockerhub"),
        (vec![missing()], "c", "there is no secret ghcr yet"),
        (vec![missing()], "t", "there is no secret ghcr yet"),
        (vec![missing()], "d", "there is no secret ghcr yet"),
    ] {
        let mut model = secrets(SIZE, rows);
        assert!(press(&mut model, keys).is_empty());
        assert_eq!(said(&model).1, words, "{keys}");
    }
}

#[test]
fn an_unfinished_rotation_is_known_from_the_trail_until_the_vault_is_read() {
    let mut model = console(SIZE, Vec::new());
    let trail = || Message::Trail(Ok(vec![act(Act::SecretRotate, Outcome::Begun)]));
    tell(&mut model, trail());
    assert_eq!(model.rotation.as_ref().map(ToString::to_string).as_deref(), Some("rotation of dockerhub not finished"));
    press(&mut model, "3");
    found(&mut model, holdings(vec![there()]));
    assert_eq!(model.rotation, None, "the vault has none");
    tell(&mut model, trail());
    assert_eq!(model.rotation, None);
}

#[test]
fn stores_are_looked_into_again_when_a_secret_changed_and_not_with_every_line_of_the_journal() {
    let mut model = secrets(SIZE, vec![there()]);
    let mut trail = vec![act(Act::SecretSet, Outcome::Done)];
    let mut looks = |what: Act, outcome: Outcome| {
        trail.insert(0, act(what, outcome));
        assert!(asked(&tell(&mut model, Message::Changed)).is_empty(), "the trail says what changed");
        let effects = tell(&mut model, Message::Trail(Ok(trail.clone())));
        let looks = asked(&effects).len();
        found(&mut model, holdings(vec![there()]));
        (looks, effects.contains(&Effect::SeeAsker))
    };
    for (what, outcome, expected) in [
        (Act::Release, Outcome::Done, (0, false)),
        (Act::Point, Outcome::Done, (0, false)),
        (Act::SecretRemove, Outcome::Begun, (0, false)),
        (Act::SecretRemove, Outcome::Done, (1, false)),
        (Act::SecretRotate, Outcome::Begun, (1, false)),
        (Act::SecretBind, Outcome::Failed { why: "it is gone".to_owned() }, (1, false)),
        (Act::SignIn, Outcome::Done, (1, true)),
    ] {
        assert_eq!(looks(what, outcome.clone()), expected, "{what:?} {outcome:?}");
    }
    press(&mut model, "1");
    let more = Message::Trail(Ok(vec![act(Act::SecretResume, Outcome::Done)]));
    assert!(asked(&tell(&mut model, more)).is_empty(), "nobody looks");
}

#[test]
fn one_read_of_the_trail_serves_activity_histories_and_the_rotation_that_is_open() {
    let mut model = console(SIZE, Vec::new());
    let reads = |effects: Vec<Effect>| effects.into_iter().filter(|effect| *effect == Effect::ReadTrail).count();
    assert_eq!(reads(begin(&mut model)), 1);
    assert_eq!(reads(press(&mut model, "53")), 0, "it is being read");
    let of_a_tag = AuditRow { what: Act::Point, ..act(Act::SecretSet, Outcome::Done) };
    let trail = || Message::Trail(Ok(vec![act(Act::SecretRotate, Outcome::Begun), of_a_tag.clone()]));
    assert_eq!(reads(tell(&mut model, trail())), 1, "once more for those who asked meanwhile");
    assert_eq!(reads(tell(&mut model, trail())), 0);
    assert!(model.rotation.is_some());
    assert_eq!(model.activity.rows("").len(), 2);
    let acts: Vec<Act> = model.activity.acts_on(&name()).map(|row| row.what).collect();
    assert_eq!(acts, [Act::SecretRotate], "a release that has its name is no secret");
    // Where it is shown it is followed.
    assert_eq!(reads(tell(&mut model, Message::Changed)), 1);
    tell(&mut model, trail());
    press(&mut model, "1");
    assert_eq!(reads(tell(&mut model, Message::Changed)), 0);
}

#[test]
fn at_a_deployment_an_end_is_typed_and_a_document_is_replaced_only_by_who_types_its_name() {
    let mut model = secrets(SIZE, vec![unreadable()]);
    press(&mut model, "sbot<enter>");
    paste(&mut model, PASSWORD);
    sees(&model, &["what cannot be read; ctrl-r replaces all of it", "secrets:get:dockerhub is missing"]);
    press(&mut model, "<enter>");
    sees(&model, &["or never; empty: never"]);
    press(&mut model, "tomorrow<enter>");
    assert_eq!(form(&model).wrong.as_ref().unwrap().what, "this is no end of a secret");
    press(&mut model, "<ctrl-u>2027-06-30T00:00:00Z<ctrl-r>");
    sees(&model, &["and nothing else", "nobody here can read them", "--username bot --replace", "--expires"]);
    assert!(asked(&press(&mut model, "<enter>docker<enter>")).is_empty(), "the name is not typed to its end");
    sees(&model, &["type dockerhub to replace it"]);
    let effects = press(&mut model, "hub<enter>");
    let end = Some(WantedEnd::At("2027-06-30T00:00:00Z".parse().unwrap()));
    assert!(matches!(asked(&effects)[..], [Errand::Set { replace: true, end: given, .. }] if *given == end));

    let mut model = secrets(SIZE, vec![at_taskcluster()]);
    press(&mut model, "s");
    sees(&model, &["keeps", "as it was: 2027-06-30 00:00:00 UTC"]);
    press(&mut model, "<ctrl-r>");
    sees(&model, &["loses", "/note", "this cannot be undone: type dockerhub"]);
    press(&mut model, "<ctrl-r>");
    never_sees(&model, "loses");
    // The vault sets no end, and a login is written into what is there.
    let mut model = secrets(SIZE, vec![there()]);
    press(&mut model, "s<ctrl-r>");
    never_sees(&model, "cannot be undone");
    assert_eq!(form(&model).fields(), [Field::Username, Field::Password]);
}

/// A value that was typed is in nothing that is shown, written or handed on as text.
#[test]
fn what_is_typed_is_in_no_debug() {
    for keys in ["sbot<enter>", "t"] {
        let mut model = secrets(SIZE, vec![there()]);
        press(&mut model, keys);
        paste(&mut model, PASSWORD);
        assert!(!format!("{model:?}").contains(PASSWORD));
        let effects = press(&mut model, "<enter>");
        assert_eq!(asked(&effects).len(), 1, "{keys}");
        assert!(!format!("{effects:?}{model:?}").contains(PASSWORD), "{effects:?}");
    }
    let mut model = without_a_vault(SIZE);
    press(&mut model, "sbot<enter>");
    paste(&mut model, PASSWORD);
    press(&mut model, "<enter><enter>");
    paste(&mut model, PASSWORD);
    press(&mut model, "<enter>");
    paste(&mut model, PASSWORD);
    let effects = press(&mut model, "<enter>");
    assert_eq!(asked(&effects).len(), 1);
    assert!(!format!("{effects:?}{model:?}").contains(PASSWORD), "{effects:?}");
}
