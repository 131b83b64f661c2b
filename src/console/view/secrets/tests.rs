//! Frames of the secrets, as they are read.

use secrecy::zeroize::Zeroizing;

use super::*;
use crate::{
    console::{
        message::Message,
        model::{Holdings, NotSet, SecretNews},
        sample::{
            console, press,
            secrets::{
                PASSWORD, act, found, holdings, missing, name, news, open_at, refused, secrets, there, without_a_vault,
            },
            tell,
        },
        view::tests::{SIZES, never_sees, rows, sees},
    },
    domain::{
        audit::{Act, Outcome},
        failure::Failure,
        holdings::StoreKind,
        proof::{LoginProof, Report},
        rotation::{Account, End, Reason, Stage, Standing, Step, StepState, StepView},
        sign::Signs,
    },
};

fn paste(model: &mut Model, text: &str) {
    tell(model, Message::Pasted(Zeroizing::new(text.to_owned())));
}

/// All words of the frame, whatever was broken into lines.
fn words(model: &Model) -> String {
    rows(model).join(" ").replace(['│', '╰', '╯', '╭', '╮'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn reads(model: &Model, all: &[&str]) {
    let words = words(model);
    for text in all {
        assert!(words.contains(text), "no `{text}` at {:?} in\n{}", model.size, rows(model).join("\n"));
    }
}

#[test]
fn what_is_there_and_what_is_missing_is_seen_at_every_size() {
    for size in SIZES {
        let model = secrets(size, vec![there(), missing()]);
        sees(&model, &["╭ Secrets ─", "▌dockerhub  vault  ✓ set  set 10 days ago", " ghcr       vault  ✗ missing"]);
        sees(&model, &["✗ missing  no secret yet: press s", "├ dockerhub ─", "1 of 2", "3 Secrets"]);
        reads(
            &model,
            &[
                "keys /note fingerprint aa0000000001 /p fingerprint 0d9e8c7b6a5f /u fingerprint 3f2c1abb0e8d",
                "bound to docker.io/mozilla/balrog",
                "set 2026-11-11 09:30:00 UTC, 10 days ago, by ada@host",
                "the vault's key is a plain file",
            ],
        );
    }
    let model = secrets((100, 30), vec![there(), missing()]);
    reads(&model, &["expires the vault sets no end; the registry may", "used by balrog", "checked not yet: press c"]);
    sees(&model, &["s set", "c check", "t rotate", "d remove", "h history"]);
    let mut model = secrets((100, 30), vec![there(), missing()]);
    press(&mut model, "j");
    reads(&model, &["no secret yet: press s", "for docker.io/mozilla/agent"]);
    never_sees(&model, "t rotate");
}

#[test]
fn of_a_long_name_the_end_is_seen() {
    let long = "repo:github.com/mozilla/balrog:dockerhub";
    let row = Row { name: long.parse().unwrap(), ..there() };
    let model = secrets((60, 16), vec![row.clone(), missing()]);
    sees(&model, &["▌…/mozilla/balrog:dockerhub  vault", "✓ set", "✗ missing", &format!("├ {long} ─")]);
    sees(&secrets((100, 30), vec![row]), &[&format!("▌{long}  vault")]);
}

#[test]
fn a_vault_that_is_not_read_says_why_and_what_to_do() {
    for size in SIZES {
        let mut model = console(size, Vec::new());
        press(&mut model, "3");
        sees(&model, &["opening the vault"]);
        tell(&mut model, Message::Asked("Passphrase of /home/ada/identity.txt: ".to_owned()));
        sees(&model, &["The vault is locked", "Passphrase of /home/ada/identity.txt:"]);
        let at = |text: &str| rows(&model).iter().position(|row| row.contains(text)).expect("it is there");
        assert_eq!(at("enter open it") - at("▏"), 2, "one gap:\n{}", rows(&model).join("\n"));
        press(&mut model, "<esc>");
        let failure = Failure::cancelled("the vault stays locked", "run it again");
        tell(&mut model, news(SecretNews::Holdings(Err(failure))));
        sees(&model, &["the vault is locked", "press r, and give its passphrase"]);
        never_sees(&model, "run it again");
        let failure = Failure::failed("the vault cannot be read", "it is cut short", "take it from a backup");
        tell(&mut model, news(SecretNews::Holdings(Err(failure))));
        sees(&model, &["the vault cannot be read", "it is cut short", "take it from a backup", "then press r"]);
        found(&mut model, holdings(Vec::new()));
        sees(&model, &["no secret is in the vault"]);
    }
    let model = without_a_vault((60, 16));
    sees(&model, &["dockerhub  vault  ✗ missing  no secret yet: press s", "no vault yet: the first secret makes it"]);
}

#[test]
fn what_a_deployment_does_not_tell_is_not_called_missing() {
    let mut row = missing();
    row.needed.iter_mut().for_each(|needed| needed.store = taskcluster());
    row.untold = Some(Failure::not_allowed("tc.example does not show ghcr", "secrets:get:ghcr is missing", "sign in"));
    let mut model = secrets((100, 30), vec![row]);
    sees(&model, &["▌ghcr  taskcluster  ◐ cannot tell  secrets:get:ghcr is missing"]);
    sees(&model, &["tc.example does not show ghcr", "next      sign in", "kept at   https://tc.example"]);
    never_sees(&model, "press s");
    press(&mut model, "c");
    sees(&model, &["tc.example does not show ghcr: secrets:get:ghcr is missing"]);
}

fn taskcluster() -> StoreKind {
    StoreKind::Taskcluster("https://tc.example".parse().unwrap())
}

/// A secret that a deployment keeps until then.
fn kept_until(expires: &str) -> Row {
    let mut row = there();
    row.needed.iter_mut().for_each(|needed| needed.store = taskcluster());
    row.held.iter_mut().for_each(|held| (held.store, held.expires) = (taskcluster(), expires.parse().ok()));
    row
}

#[test]
fn the_end_of_what_a_deployment_keeps_is_in_sight() {
    let model = secrets((100, 30), vec![kept_until("3026-11-21T00:00:00Z")]);
    sees(&model, &["taskcluster  ✓ set  set 10 days ago", "expires   never", "kept at   https://tc.example"]);
    let model = secrets((100, 30), vec![kept_until("2026-12-01T00:00:00Z")]);
    sees(&model, &["✓ set  set 10 days ago  expires 2026-12-01 00:00:00 UTC"]);
    let mut unknown = kept_until("3026-11-21T00:00:00Z");
    unknown.held.iter_mut().for_each(|held| held.changed = Err("auth:audit-history:secret is missing".to_owned()));
    let model = secrets((100, 30), vec![unknown]);
    sees(&model, &["set       not known: auth:audit-history:secret is missing"]);
    never_sees(&model, "days ago");
}

#[test]
fn a_rotation_of_what_a_deployment_keeps_makes_a_vault_and_setting_does_not() {
    let without = |keys: &str| {
        let mut model = without_a_vault((100, 30));
        let rows = vec![kept_until("3026-11-21T00:00:00Z")];
        found(&mut model, Holdings { key: None, ..holdings(rows) });
        press(&mut model, keys);
        model
    };
    let rotating = without("t");
    sees(&rotating, &["makes     the vault /home/ada/vault.age", "at        https://tc.example"]);
    let mut setting = without("s");
    sees(&setting, &["at       https://tc.example", "ctrl-r replace all"]);
    never_sees(&setting, "the vault /home");
    press(&mut setting, "<ctrl-r>");
    sees(&setting, &["ctrl-r keep rest"]);
}

#[test]
fn before_there_is_a_vault_there_are_no_fingerprints() {
    let mut row = kept_until("3026-11-21T00:00:00Z");
    let no_prints =
        |row: &mut Row| row.held.iter_mut().flat_map(|held| &mut held.keys).for_each(|key| key.fingerprint = None);
    no_prints(&mut row);
    let mut model = without_a_vault((100, 30));
    found(&mut model, Holdings { key: None, ..holdings(vec![row.clone()]) });
    sees(&model, &["keys      /note ", "          /p ", "their fingerprints are told once there is a vault"]);
    row.held.iter_mut().for_each(|held| held.changed = Err("the service remembers no change of it".to_owned()));
    found(&mut model, holdings(vec![row]));
    sees(&model, &["keys      /note is no text"]);
    press(&mut model, "s");
    sees(&model, &["was      not known: the service remembers no change of it"]);
}

#[test]
fn what_is_to_open_a_new_vault_is_not_the_vault() {
    let mut model = without_a_vault((100, 30));
    press(&mut model, "sbot<enter>");
    paste(&mut model, PASSWORD);
    press(&mut model, "<enter>2<enter><enter>");
    tell(&mut model, Message::Asked("Passphrase of /home/ada/.ssh/id_ed25519: ".to_owned()));
    sees(&model, &["The key is locked", "Passphrase of /home/ada/.ssh/id_ed25519:"]);
    never_sees(&model, "vault is locked");
}

#[test]
fn a_check_is_told_by_repository() {
    let report = |push| Report { username: "bot".to_owned(), login: LoginProof::Proven, push, may_pull: true };
    for size in SIZES {
        let mut model = secrets(size, vec![there()]);
        press(&mut model, "c");
        sees(&model, &["asking the registry"]);
        let repositories = ["docker.io/mozilla/balrog", "docker.io/mozilla/agent"].map(|r| r.parse().unwrap());
        let [balrog, agent] = repositories;
        let all = vec![(balrog, Ok(report(PushProof::May))), (agent, Err(refused()))];
        tell(&mut model, news(SecretNews::Checked(name(), Ok(all))));
        sees(&model, &["▌dockerhub  vault  ✓ set  check failed"]);
        if size.1 > 16 {
            reads(
                &model,
                &[
                    "docker.io/mozilla/balrog: bot, ✓ login accepted, a wrong one refused, ✓ may push, ✓ may pull",
                    "docker.io/mozilla/agent: ✗ docker.io does not accept the login of bot: 401 unauthorized",
                ],
            );
        }
        let all = vec![("docker.io/mozilla/balrog".parse().unwrap(), Ok(report(PushProof::CannotTell)))];
        tell(&mut model, news(SecretNews::Checked(name(), Ok(all))));
        model.toasts = crate::console::model::Toasts::default();
        reads(&model, &["cannot tell: read-only"]);
    }
    let mut model = secrets((100, 30), vec![there()]);
    tell(&mut model, Message::Trail(Ok(vec![act(Act::SecretRotate, Outcome::Done)])));
    reads(&model, &["checked 2026-11-11 09:30:00 UTC, when ada@host rotated it"]);
    tell(
        &mut model,
        Message::Trail(Ok(vec![act(Act::SecretBind, Outcome::Done), act(Act::SecretRotate, Outcome::Done)])),
    );
    reads(&model, &["when ada@host rotated it"]);
    found(&mut model, holdings(vec![set_elsewhere()]));
    reads(&model, &["checked not yet: press c"]);
}

/// With another login than it was.
fn set_elsewhere() -> Row {
    let mut row = there();
    row.held
        .iter_mut()
        .flat_map(|held| &mut held.keys)
        .for_each(|key| key.fingerprint = Some("777777777777".to_owned()));
    row
}

#[test]
fn a_check_of_a_login_that_is_the_secret_no_more_is_not_told() {
    let report = Report { username: "bot".to_owned(), login: LoginProof::Proven, push: PushProof::May, may_pull: true };
    let mut model = secrets((100, 30), vec![there()]);
    let found_out = vec![("docker.io/mozilla/balrog".parse().unwrap(), Ok(report))];
    tell(&mut model, news(SecretNews::Checked(name(), Ok(found_out))));
    found(&mut model, holdings(vec![there()]));
    reads(&model, &["✓ may push, ✓ may pull"]);
    found(&mut model, holdings(vec![set_elsewhere()]));
    never_sees(&model, "may pull");
    reads(&model, &["checked not yet: press c"]);
}

#[test]
fn a_form_says_exactly_what_will_happen() {
    for size in SIZES {
        let mut model = secrets(size, vec![there()]);
        press(&mut model, "s");
        sees(&model, &["╭ Set dockerhub ─", "user     ▏", "│ password ", "asking whether Docker has a login"]);
        tell(&mut model, news(SecretNews::Docker(name(), Ok(Some("a login of bot for docker.io".to_owned())))));
        press(&mut model, "bot<enter>");
        paste(&mut model, &format!("{PASSWORD}\n"));
        let dots = "•".repeat(PASSWORD.len());
        sees(&model, &["user     bot", &format!("password {dots}▏"), "the line break at the end of what was pasted"]);
        reads(&model, &["Docker has a login of bot for docker.io", "ctrl-o Docker's", "enter on", "esc close"]);
        never_sees(&model, PASSWORD);
        if size.1 > 16 {
            reads(
                &model,
                &[
                    "writes /u, /p",
                    "keeps /note",
                    "was set 2026-11-11 09:30:00 UTC by ada@host",
                    "bound to docker.io/mozilla/balrog",
                    "as windlass secret set dockerhub --username bot",
                ],
            );
        }
        press(&mut model, "<enter>");
        sees(&model, &["storing it"]);
        let weak = Failure::usage("the secret is not stored", "it has 7 characters", "use a token");
        tell(&mut model, news(SecretNews::Set(name(), Err(NotSet::Unfit(weak)))));
        sees(&model, &["✗ the secret is not stored: it has 7 characters", "use a token", &dots]);
        press(&mut model, "<ctrl-o>");
        sees(&model, &["login    a login of bot for docker.io", "enter on   ctrl-o type one   esc close"]);
    }
}

#[test]
fn the_page_about_the_key_of_a_new_vault() {
    for size in SIZES {
        let mut model = without_a_vault(size);
        press(&mut model, "sbot<enter>");
        paste(&mut model, PASSWORD);
        press(&mut model, "<enter>");
        sees(&model, &["How is the vault's key to be kept?", "▌1", "phrase", "again", "esc back"]);
        reads(&model, &["in a file under a passphrase, which you type whenever the vault is needed"]);
        press(&mut model, "<enter>");
        paste(&mut model, "correct horse");
        sees(&model, &[&"•".repeat(13)]);
        never_sees(&model, "correct horse");
        press(&mut model, "<up>");
        press(&mut model, "2");
        sees(&model, &["▌2", "/home/ada/.ssh/id_ed25519"]);
        press(&mut model, "3");
        sees(&model, &["▌3"]);
        never_sees(&model, "phrase ");
    }
}

fn told(model: &mut Model, step: Step, state: StepState) {
    tell(model, news(SecretNews::Step(name(), StepView { step, state })));
}

fn ended(model: &mut Model, end: End, steps: &[StepView]) {
    let steps = steps.to_vec();
    let account = Account { stands: Standing::Ended(end), steps, ..open_at(Stage::Opened) };
    tell(model, news(SecretNews::Rotated(name(), Ok(Box::new(account)))));
}

#[test]
fn a_rotation_shows_where_it_stands() {
    let done = |note: &str| StepState::Done { note: Some(note.to_owned()) };
    for size in SIZES {
        let mut model = secrets(size, vec![there()]);
        press(&mut model, "t");
        sees(&model, &["╭ Rotate dockerhub ─", "user"]);
        reads(&model, &["steps verify new → store → read back → verify stored → retire old"]);
        paste(&mut model, PASSWORD);
        press(&mut model, "<enter>");
        sees(&model, &["╭ Rotation of dockerhub ─", "◐ verify new", "· store", "· read back", "· verify stored"]);
        sees(&model, &["· retire old", "esc do not watch; it goes on"]);
        let after = |text: &str| rows(&model).iter().position(|row| row.contains(text)).expect("it is there");
        assert_eq!(after("esc do not watch") - after("· retire old"), 2, "one gap:\n{}", rows(&model).join("\n"));
        told(&mut model, Step::VerifyNew, done("bot is accepted"));
        sees(&model, &["✓ verify new: bot is accepted", "◐ store"]);
        let mut steps = Account::steps(&Stage::Opened);
        Account::note(&mut steps, StepView { step: Step::VerifyNew, state: StepState::Failed(refused()) });
        ended(&mut model, End::Withdrawn(refused()), &steps);
        reads(&model, &["✗ verify new: docker.io does not accept the login of bot: 401 unauthorized"]);
        reads(&model, &["not rotated: nothing was stored", "enter correct what was typed"]);
        ended(&mut model, End::Rotated, &Account::steps(&Stage::ReadBack));
        sees(&model, &["✓ retire old", "esc close"]);
        reads(&model, &["revoke docker.io: its account, at"]);
        let old = Ok(());
        ended(
            &mut model,
            End::RolledBack { reason: Reason::Failed(refused()), old },
            &Account::steps(&Stage::Restored(Reason::Asked)),
        );
        reads(&model, &["rolled back: the old one is the secret, and it still works"]);
        never_sees(&model, "retire old");
        never_sees(&model, PASSWORD);
    }
}

#[test]
fn an_open_rotation_can_be_taken_up() {
    for size in SIZES {
        let mut model = secrets(size, vec![Row { rotation: Some(open_at(Stage::Stored)), ..there() }]);
        sees(&model, &["◐ rotation open"]);
        reads(&model, &["open: the new one is stored, and was not read back yet; t takes it up"]);
        press(&mut model, "t");
        sees(&model, &["✓ verify new", "✓ store", "· read back", "f finish it", "b roll back", "esc leave it open"]);
        press(&mut model, "b");
        sees(&model, &["◐ restore old", "· verify old"]);
        let full = Failure::failed("the vault cannot be written", "no space is left", "make room");
        tell(&mut model, news(SecretNews::Rotated(name(), Err(full))));
        reads(&model, &["✗ the vault cannot be written", "why no space is left", "next make room"]);
    }
}

#[test]
fn what_is_removed_is_named_first() {
    for size in SIZES {
        let mut model = secrets(size, vec![there()]);
        press(&mut model, "d");
        sees(&model, &["Remove dockerhub from the vault?"]);
        reads(&model, &["deleted /note, /p, /u", "no release of balrog until another is set", "type dockerhub"]);
        reads(&model, &["as windlass secret remove dockerhub --confirm dockerhub"]);
    }
}

#[test]
fn the_history_of_a_secret_has_the_screen() {
    for size in SIZES {
        let mut model = secrets(size, vec![there()]);
        let why = || "the registry answers 401".to_owned();
        let mut trail = vec![
            act(Act::SecretRotate, Outcome::Begun),
            act(Act::SecretRotate, Outcome::Failed { why: why() }),
            act(Act::SecretSet, Outcome::Done),
        ];
        tell(&mut model, Message::Trail(Ok(trail.clone())));
        press(&mut model, "h");
        sees(&model, &["╭ History of dockerhub ─", "2026-11-11 09:30:00 secret-rotate", "begun, end unknown"]);
        sees(&model, &["✗ failed by ada@host", "   the registry answers 401", "✓ done by ada@host", "esc list"]);
        press(&mut model, "j");
        sees(&model, &["begun, end unknown"]);
        trail.extend(vec![act(Act::SecretRotate, Outcome::Failed { why: why() }); 50]);
        trail.push(act(Act::SecretRemove, Outcome::Done));
        tell(&mut model, Message::Trail(Ok(trail)));
        press(&mut model, "j");
        never_sees(&model, "begun, end unknown");
        press(&mut model, "G");
        sees(&model, &["secret-remove", "   the registry answers 401"]);
        press(&mut model, "h");
        sees(&model, &["╭ Secrets ─"]);
    }
}

#[test]
fn a_history_without_rows_says_why() {
    let mut model = console((60, 16), Vec::new());
    press(&mut model, "3");
    found(&mut model, holdings(vec![there()]));
    press(&mut model, "h");
    sees(&model, &["reading the audit trail"]);
    let damaged = Failure::failed("the journal is damaged", "not a database", "restore it");
    tell(&mut model, Message::Trail(Err(damaged)));
    sees(&model, &["the journal is damaged: not a database"]);
    tell(&mut model, Message::Trail(Ok(Vec::new())));
    sees(&model, &["nothing was done to it on this machine yet"]);
}

#[test]
fn nothing_from_elsewhere_acts_on_the_terminal_and_ascii_is_enough() {
    let evil = "a\x1b[2J\x07\u{9b}31m\u{202e}ä";
    let mut row = there();
    if let Some(held) = &mut row.held {
        held.changed = Err(evil.to_owned());
        held.keys[0].at = evil.to_owned();
    }
    for signs in [Signs::Unicode, Signs::Ascii] {
        let mut model = secrets((100, 30), vec![row.clone()]);
        model.look.signs = signs;
        let evil_failure = || Failure::failed(evil, format!("{evil}\n{evil}"), evil);
        tell(&mut model, news(SecretNews::Checked(name(), Ok(vec![("a/b".parse().unwrap(), Err(evil_failure()))]))));
        for keys in ["", "h", "hs", "<esc>t", "<esc>d"] {
            press(&mut model, keys);
            tell(&mut model, news(SecretNews::Docker(name(), Ok(Some(evil.to_owned())))));
            let text = rows(&model).join("");
            assert!(!text.contains(|c: char| c.is_control() || c == '\u{202e}'), "{text:?}");
            assert!(signs == Signs::Unicode || text.is_ascii(), "{text}");
        }
    }
}

#[test]
fn no_size_is_too_small_for_a_secret() {
    for columns in [0, 1, 2, 5, 20, 21, 60] {
        for rows in [0, 1, 2, 3, 5, 8, 16] {
            for keys in ["", "h", "s", "sbot<enter>x<enter>", "t", "d", "tx<enter>", "c"] {
                for mut model in [secrets((columns, rows), vec![there(), missing()]), without_a_vault((columns, rows))]
                {
                    press(&mut model, keys);
                    crate::console::view::tests::drawn(&model);
                }
            }
        }
    }
}
