//! What `U` asks, and what follows once the command gave the terminal back.

use super::*;
use crate::{
    console::{
        message::Message,
        model::Errand,
        sample::{
            cluster, console, press,
            secrets::{at_taskcluster, holdings},
            tell,
        },
        view::tests::{SIZES, never_sees, sees},
    },
    domain::{
        failure::Failure,
        finding::{Finding, Report},
    },
};

fn ended(options: &'static [&'static str], ended: Result<(), Failure>) -> Message {
    Message::Returned(Guest::Ours(Ours::SignIn(options)), ended)
}

#[test]
fn it_is_done_at_the_terminal_in_the_way_that_is_chosen() {
    for size in SIZES {
        for (keys, options) in [("", [].as_slice()), ("j", &["--paste"]), ("jj", &["--status"]), ("jjj", &["--forget"])]
        {
            let mut model = cluster(size, Vec::new());
            press(&mut model, "U");
            sees(&model, &["Sign in at tc.example", "sign in elsewhere", "who is asked as", "forget the sign-in"]);
            let effects = press(&mut model, &format!("{keys}<enter>"));
            let [Effect::Lend(Guest::Ours(ours))] = &effects[..] else { panic!("{effects:?}") };
            assert_eq!(ours.words()[1..], *options);
            assert!(model.layers.is_empty());
        }
    }
}

#[test]
fn whatever_depends_on_who_is_asked_as_is_looked_at_again() {
    let mut model = cluster((100, 30), Vec::new());
    let effects = tell(&mut model, ended(&[], Ok(())));
    assert!(effects.contains(&Effect::SeeAsker), "{effects:?}");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::LookAtCluster { .. })), "{effects:?}");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Secrets(_) | Effect::Examine(_))), "{effects:?}");
    model.secrets.holdings = Loaded::Yes(holdings(vec![at_taskcluster()]));
    press(&mut model, "4");
    let found = Report { check: CheckId::Client, image: None, finding: Finding::pass("ada") };
    tell(&mut model, Message::Checked(found));
    tell(&mut model, Message::Examined);
    let effects = tell(&mut model, ended(&["--forget"], Ok(())));
    assert!(effects.contains(&Effect::Secrets(Errand::Look)), "{effects:?}");
    let client = Which::One(Subject { check: CheckId::Client, image: None });
    assert!(effects.contains(&Effect::Examine(client)), "{effects:?}");
}

#[test]
fn that_nobody_is_asked_as_is_no_failure_of_the_command_that_says_so() {
    let one = || Failure::failed("windlass signin did not do its work", "exit status: 1", "it is above");
    let mut model = cluster((100, 30), Vec::new());
    tell(&mut model, ended(&["--status"], Err(one())));
    assert!(model.layers.is_empty());
    tell(&mut model, ended(&[], Err(one())));
    sees(&model, &["windlass signin did not do its work"]);
}

#[test]
fn read_only_only_tells_and_without_a_deployment_there_is_nothing_to_sign_in_at() {
    let mut model = cluster((100, 30), Vec::new());
    model.read_only = true;
    press(&mut model, "U");
    assert!(matches!(press(&mut model, "<enter>")[..], [Effect::Lend(Guest::Ours(Ours::SignIn(&["--status"])))]));
    press(&mut model, "Ugg");
    assert_eq!(press(&mut model, "<enter>"), []);
    sees(&model, &["refused: windlass runs read-only"]);
    let mut model = console((100, 30), Vec::new());
    press(&mut model, "U");
    sees(&model, &["names no deployment"]);
    never_sees(&model, "Sign in at");
}
