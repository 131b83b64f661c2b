//! Questions and their answers, what is typed and pasted, and leaving.

use super::*;

#[test]
fn what_is_pasted_is_taken_whole_or_not_at_all_and_that_is_said() {
    let paste = |model: &mut Model, text: &str| tell(model, Message::Pasted(text.to_owned().into()));
    let said = |model: &Model| model.toasts.newest().map(|toast| toast.words.clone()).unwrap_or_default();
    let mut model = three();
    paste(&mut model, "q");
    assert_eq!(said(&model), "nothing is pasted here");
    press(&mut model, "?");
    paste(&mut model, &"x".repeat(1000));
    paste(&mut model, "y");
    assert_eq!(said(&model), "nothing pasted: no room for 1 character");
    let kept = model.activity.rows("").len();
    press(&mut model, "zz");
    assert_eq!(said(&model), "there is no room for more characters");
    assert_eq!(model.activity.rows("").len(), kept, "whoever holds a key down hides what was done");
    let Some(Layer::Help { typed, .. }) = model.layers.last() else { panic!("{:?}", model.layers) };
    assert_eq!(typed.value(), "x".repeat(1000));
    model.layers.push(Layer::Secret { question: String::new(), typed: Masked::default() });
    paste(&mut model, "correct horse\n");
    paste(&mut model, &"x".repeat(1 << 20));
    assert_eq!(said(&model), "nothing pasted: no room for 1048576 characters");
    let Some(Layer::Secret { typed, .. }) = model.layers.last() else { panic!("{:?}", model.layers) };
    assert_eq!(typed.expose(), "correct horse");
}

#[test]
fn a_line_is_pasted_where_the_cursor_is() {
    let mut model = three();
    press(&mut model, "?ad");
    tell(&mut model, Message::Key(ratatui::crossterm::event::KeyCode::Left.into()));
    tell(&mut model, Message::Pasted("bé\nc".to_owned().into()));
    let Some(Layer::Help { typed, .. }) = model.layers.last() else { panic!("{:?}", model.layers) };
    assert!(typed.value().starts_with("abé") && typed.value().ends_with("cd"), "{:?}", typed.value());
    press(&mut model, "!");
    let Some(Layer::Help { typed, .. }) = model.layers.last() else { panic!("{:?}", model.layers) };
    assert!(typed.value().ends_with("c!d"), "{:?}", typed.value());
}

#[test]
fn a_dialog_that_was_closed_stays_closed() {
    for no in ["<esc>", "n", "q", "<ctrl-c>"] {
        let mut model = three();
        press(&mut model, "n");
        assert_eq!(press(&mut model, no), []);
        assert_eq!(tell(&mut model, planned()), []);
        assert!(model.layers.is_empty(), "{no}");
        press(&mut model, "n");
        tell(&mut model, planned());
        assert_eq!(press(&mut model, no), []);
        assert!(model.layers.is_empty(), "{no}");
    }
}

#[test]
fn a_refusal_is_a_card_that_any_answer_closes() {
    let mut model = three();
    press(&mut model, "n");
    let refused = Failure::not_allowed("the branch is not released", "policy", "merge it");
    tell(&mut model, Message::Prepared(asked(), Err(refused.clone())));
    assert!(matches!(&model.layers[..], [Layer::Failure(shown)] if *shown == refused));
    assert_eq!(press(&mut model, "<enter>"), []);
    assert!(model.layers.is_empty());
}

#[test]
fn what_is_dangerous_asks_before_it_changes_anything() {
    let changes = |effects: &[Effect]| {
        effects.iter().any(|effect| match effect {
            Effect::Start { .. } | Effect::Cancel { .. } | Effect::Act { .. } => true,
            Effect::Secrets(errand) => !matches!(errand, Errand::AskDocker(_)),
            _ => false,
        })
    };
    // What the projects ask is tested with them.
    let asks = |action: &&Action| action.danger == Danger::Asks && action.scope != Scope::Projects;
    let mut tagged = console(SIZE, vec![recorded(4, "ours")]);
    press(&mut tagged, "2");
    let mut latest = row("latest", Some("ours"), Some("ours"));
    latest.kind = Some(TagKind::Moving);
    tell(&mut tagged, tags(vec![latest]));
    let mut asked = std::collections::HashSet::new();
    let mut held = secrets(SIZE, vec![there()]);
    let mut unbound = there();
    unbound.held.iter_mut().for_each(|held| held.bindings.clear());
    let mut unbound = secrets(SIZE, vec![unbound]);
    let mut elsewhere = cluster(SIZE, vec![remote(&[finished_task("build")])]);
    let mut here = console(SIZE, vec![recorded(4, "ours")]);
    for model in [&mut three(), &mut here, &mut tagged, &mut held, &mut unbound, &mut elsewhere] {
        for action in actions().filter(asks) {
            if !scopes(model).contains(&action.scope) || (action.refused)(model).is_some() {
                continue;
            }
            let effects = press(model, &action.keys[0].to_string());
            assert!(!changes(&effects) && !model.layers.is_empty(), "{:?}", action.id);
            model.layers.clear();
            asked.insert(action.id);
        }
    }
    assert_eq!(asked.len(), actions().filter(asks).count());
}

#[test]
fn the_help_finds_and_runs_an_action() {
    let mut model = three();
    press(&mut model, "?cancel");
    assert!(matches!(model.layers[..], [Layer::Help { .. }]));
    press(&mut model, "<enter>");
    assert!(matches!(&model.layers[..], [Layer::Confirm(confirm)] if confirm.cancels(&id(1))));
    press(&mut model, "<esc>?zzz<enter>");
    assert!(matches!(model.layers[..], [Layer::Help { .. }]), "nothing is called that");
    press(&mut model, "<esc>");
    assert!(model.layers.is_empty());
}

#[test]
fn leaving() {
    assert_eq!(press(&mut three(), "q"), [Effect::Quit]);
    let mut model = three();
    assert_eq!(press(&mut model, "<ctrl-c>"), []);
    assert!(!model.toasts.is_empty());
    assert_eq!(press(&mut model, "<ctrl-c>"), [Effect::Quit]);
    let effects = press(&mut model, "<ctrl-c>j<ctrl-c>");
    assert!(matches!(&effects[..], [Effect::ReadLog { release, .. }] if *release == id(2)), "{effects:?}");
    assert_eq!(press(&mut model, "<ctrl-z>"), [Effect::Suspend]);
    // The first one closes what is open.
    let mut model = three();
    assert_eq!(press(&mut model, "x<ctrl-c>"), []);
    assert!(model.layers.is_empty());
    assert_eq!(press(&mut model, "<ctrl-c>"), [Effect::Quit]);
}

#[test]
fn the_passphrase_is_asked_for_where_a_plan_needs_it() {
    let question = || Message::Asked("Passphrase of /identity.txt: ".to_owned());
    let mut model = three();
    assert_eq!(tell(&mut model, question()), [Effect::Answer(None)], "nobody wants anything that needs it");
    press(&mut model, "n");
    tell(&mut model, question());
    assert_eq!(press(&mut model, "nqx?"), [], "every letter is its own");
    tell(&mut model, Message::Pasted(" horse\n".to_owned().into()));
    let [Effect::Answer(Some(typed))] = &press(&mut model, "<enter>")[..] else { panic!("no answer") };
    assert_eq!(typed.expose(), "nqx? horse");
    tell(&mut model, planned());
    assert!(matches!(model.layers[..], [Layer::Confirm(_)]));
    for no in ["<esc>", "<ctrl-c>"] {
        let mut model = three();
        press(&mut model, "n");
        tell(&mut model, question());
        assert_eq!(press(&mut model, no), [Effect::Answer(None)], "{no}");
        tell(&mut model, Message::Prepared(asked(), Err(Failure::cancelled("nothing was changed", "again"))));
        assert!(model.layers.is_empty());
    }
}

#[test]
fn what_is_pasted_never_acts_as_keys() {
    let mut model = three();
    assert_eq!(tell(&mut model, Message::Pasted("ny\nxy\nq".to_owned().into())), []);
    assert!(model.layers.is_empty());
}
