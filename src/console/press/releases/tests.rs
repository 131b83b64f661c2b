use super::*;
use crate::{
    console::{
        dialogs::Answer,
        message::Message,
        model::Project,
        sample::{console, press, project, tell},
        view::tests::{never_sees, preview, sees},
    },
    domain::{beginning::By, failure::Failure, finding::CheckId},
};

fn of(begun: Option<By>) -> Model {
    let mut model = console((100, 30), Vec::new());
    model.project = Loaded::Yes(Project { begun, ..project() });
    model
}

fn asked(effects: &[Effect]) -> Option<&Request> {
    match effects {
        [Effect::Prepare(request)] => Some(request),
        _ => None,
    }
}

#[test]
fn what_begins_a_release_decides_what_is_asked() {
    let release =
        |wishes: &str| Request::Release { image: "balrog".to_owned(), wishes: wishes.parse().expect("wishes") };
    for begun in [None, Some(By::Push), Some(By::Tasks)] {
        let mut model = of(begun);
        assert_eq!(asked(&press(&mut model, "n")), Some(&release("")), "{begun:?}");
        let mut model = of(begun);
        assert_eq!(asked(&press(&mut model, "N--branch main v1<enter>")), Some(&release("v1 --branch main")));
    }
    // Somebody has to say which tag.
    for key in ["n", "N"] {
        let mut model = of(Some(By::Tag));
        assert_eq!(press(&mut model, key), [], "{key}");
        sees(&model, &["Release balrog on Taskcluster: what of?", "the git tag that is pushed"]);
        assert_eq!(press(&mut model, "<enter>"), []);
        sees(&model, &["nothing is typed"]);
        assert_eq!(asked(&press(&mut model, "v1.0<enter>")), Some(&release("v1.0")));
    }
    assert_eq!(asked(&press(&mut of(Some(By::Hook)), "n")), Some(&release("")));
    assert_eq!(asked(&press(&mut of(Some(By::Hook)), "N")), Some(&Request::Payload));
}

#[test]
fn what_says_nothing_to_the_trigger_is_refused_in_the_words_of_the_command() {
    for begun in [By::Push, By::Tag, By::Tasks] {
        for (typed, option) in [("v1 --move", "--move"), ("v1 --platform linux/amd64", "--platform")] {
            let mut model = of(Some(begun));
            assert_eq!(press(&mut model, &format!("N{typed}<enter>")), []);
            sees(&model, &[&format!("{option} says nothing to this release on Taskcluster")]);
        }
    }
    let mut model = of(None);
    assert!(asked(&press(&mut model, "Nv1 --move<enter>")).is_some());
    // On this machine its words count whatever begins a release elsewhere.
    let mut model = of(Some(By::Push));
    let effects = press(&mut model, "N--on local --move<enter>");
    let Some(Request::Release { wishes, .. }) = asked(&effects) else { panic!("{effects:?}") };
    assert!(wishes.local && wishes.move_tags);
    let words = asked(&effects).expect("a request").words().join(" ");
    assert_eq!(words, "release --image balrog --on local --move --yes");
}

#[test]
fn a_read_only_console_begins_nothing() {
    for begun in [None, Some(By::Push), Some(By::Hook)] {
        for key in ["n", "N"] {
            let mut model = of(begun);
            model.read_only = true;
            assert_eq!(press(&mut model, key), []);
            sees(&model, &["refused: windlass runs read-only"]);
        }
    }
}

/// A line was typed, and is being looked into.
fn typed() -> (Model, Request) {
    let mut model = of(None);
    let effects = press(&mut model, "N--branch main v1<enter>");
    let request = asked(&effects).expect("a request").clone();
    sees(&model, &["finding out what would happen"]);
    (model, request)
}

#[test]
fn what_was_typed_is_there_again_until_it_is_done() {
    let no_tag = || Failure::usage("git could not tell what is released", "`v1` is no tag", "check the name");
    let (mut model, request) = typed();
    tell(&mut model, Message::Prepared(request, Err(no_tag().explained_by(CheckId::Git))));
    sees(&model, &["`v1` is no tag"]);
    press(&mut model, "<esc>");
    sees(&model, &["Release balrog: what of?", "--branch main v1▏"]);
    let effects = press(&mut model, ".2<enter>");
    let request = asked(&effects).expect("a request").clone();
    let planned = |request| Message::Prepared(request, Ok(Answer::Preview(Box::new(preview()))));
    tell(&mut model, planned(request));
    sees(&model, &["y yes   esc no, change nothing"]);
    press(&mut model, "<esc>");
    sees(&model, &["--branch main v1.2▏"]);
    // Whoever does not wait is back there, too; whoever says yes has done with it.
    let effects = press(&mut model, "<enter>");
    let request = asked(&effects).expect("a request").clone();
    press(&mut model, "<esc>");
    sees(&model, &["--branch main v1.2▏"]);
    tell(&mut model, planned(request));
    never_sees(&model, "y yes");
    let effects = press(&mut model, "<enter>");
    let request = asked(&effects).expect("a request").clone();
    tell(&mut model, planned(request));
    assert!(matches!(press(&mut model, "y")[..], [Effect::Start { .. }]) && model.layers.is_empty());
    let (mut model, request) = typed();
    tell(&mut model, Message::Prepared(request, Err(no_tag().explained_by(CheckId::Git))));
    press(&mut model, "D");
    assert!(model.layers.is_empty(), "the check is in sight");
}
