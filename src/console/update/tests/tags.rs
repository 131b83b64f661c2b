//! The tags of an image.

use super::*;

#[test]
fn of_several_images_one_is_meant_on_every_screen() {
    let mut model = three();
    assert_eq!(press(&mut model, "I"), [], "there is one");
    let mut two = project();
    two.images.push(crate::console::model::Image { name: "agent".into(), repository: "ghcr.io/a/b".parse().unwrap() });
    tell(&mut model, Message::Project(Ok(two)));
    assert_eq!(press(&mut model, "n<esc>I"), [Effect::Prepare(asked())]);
    let agent = Request::Release { image: "agent".to_owned(), wishes: Wishes::default() };
    assert_eq!(press(&mut model, "n<esc>"), [Effect::Prepare(agent)]);
    let look = |image: &str| Effect::LoadTags { image: image.to_owned(), depth: Depth::Known };
    assert_eq!(press(&mut model, "2"), [look("agent")]);
    assert_eq!(press(&mut model, "<tab>"), [look("balrog")], "and its tags are asked for");
    tell(&mut model, tags(vec![row("latest", Some("ours"), Some("ours"))]));
    assert_eq!(model.tags.rows().len(), 1);
}

#[test]
fn a_pasted_digest_is_looked_up_and_a_history_can_be_gone_back_in() {
    let mut model = console(SIZE, Vec::new());
    press(&mut model, "2");
    let mut latest = row("latest", Some("ours"), Some("ours"));
    latest.kind = Some(TagKind::Moving);
    tell(&mut model, tags(vec![latest]));
    let digest = Digest::of(b"x").to_string();
    tell(&mut model, Message::Pasted(format!("{digest}\n").into()));
    assert!(matches!(&model.layers[..], [Layer::Narrow { .. }]));
    let find = Request::Find { digest };
    assert_eq!(press(&mut model, "<enter>"), [Effect::Prepare(find.clone())]);
    tell(&mut model, Message::Prepared(find, Ok(Answer::Found(vec!["it is the config of release x".to_owned()]))));
    assert!(matches!(&model.layers[..], [Layer::Told { .. }]));
    press(&mut model, "<enter>");
    assert!(model.layers.is_empty() && !model.tags.filters());

    let history = Request::History { image: "balrog".to_owned(), tag: "latest".parse().unwrap(), moving: true };
    assert_eq!(press(&mut model, "h"), [Effect::Prepare(history.clone())]);
    let sighting =
        |image: &str| Sighting { digest: Some(Digest::of(image.as_bytes())), first_seen: now(), last_seen: now() };
    let past = vec![(sighting("ours"), Some(id(2))), (sighting("theirs"), None), (sighting("older"), Some(id(3)))];
    tell(&mut model, Message::Prepared(history, Ok(Answer::Past(past))));
    sees(&model, &["enter this one"]);
    assert_eq!(press(&mut model, "<enter>"), [], "it shows that now");
    assert_eq!(press(&mut model, "j<enter>"), [], "that is of no record");
    let point = Request::Point { tag: "latest".parse().unwrap(), release: id(3) };
    press(&mut model, "j");
    sees(&model, &["; latest can be pointed there"]);
    assert_eq!(press(&mut model, "<enter>"), [Effect::Prepare(point)]);
}

#[test]
fn of_a_list_from_which_nothing_can_be_chosen_no_key_says_that_it_could() {
    let mut model = console(SIZE, Vec::new());
    press(&mut model, "2");
    tell(&mut model, tags(vec![row("latest", Some("ours"), Some("ours"))]));
    press(&mut model, "h");
    let history = Request::History { image: "balrog".to_owned(), tag: "latest".parse().unwrap(), moving: false };
    let sighting = Sighting { digest: Some(Digest::of(b"ours")), first_seen: now(), last_seen: now() };
    tell(&mut model, Message::Prepared(history, Ok(Answer::Past(vec![(sighting, Some(id(2)))]))));
    sees(&model, &["What latest showed", "│ esc close"]);
    never_sees(&model, "this one");
}

#[test]
fn whoever_filters_sees_the_table_and_how_many_there_are_of_what() {
    let mut model = console(SIZE, Vec::new());
    press(&mut model, "2");
    tell(
        &mut model,
        tags(vec![
            row("latest", Some("ours"), Some("ours")),
            row("v1", Some("ours"), None),
            row("v2", Some("ours"), None),
        ]),
    );
    press(&mut model, "<enter>");
    sees(&model, &["╭ latest · ", "esc back"]);
    never_sees(&model, "enter evidence");
    press(&mut model, "f");
    sees(&model, &["only 2 notices, not 1 good", "1 of 2 notices (of 3)"]);
}

#[test]
fn a_tag_that_was_looked_at_alone_says_when() {
    let mut model = console(SIZE, Vec::new());
    press(&mut model, "2");
    tell(&mut model, tags(vec![row("latest", Some("ours"), Some("ours")), row("v1", Some("ours"), Some("ours"))]));
    sees(&model, &["as of 09:31:00 UTC"]);
    let table =
        Table { as_of: "2026-11-21T09:45:12Z".parse().unwrap(), rows: vec![row("latest", Some("ours"), Some("ours"))] };
    let verified = Verified { image: "balrog".to_owned(), release: None, deep: false, found: Ok((table, Vec::new())) };
    tell(&mut model, Message::Verified(verified));
    sees(&model, &["as of 09:45:12 UTC"]);
    press(&mut model, "<enter>G");
    sees(&model, &["docker.io, 2026-11-21 09:45:12 UTC"]);
    press(&mut model, "<enter>j");
    sees(&model, &["as of 09:31:00 UTC"]);
    model.now = "2026-11-22T00:00:01Z".parse().unwrap();
    sees(&model, &["as of 21 Nov, 09:31:00 UTC"]);
}

#[test]
fn a_tag_is_copied_by_digest_and_opened_where_there_is_a_page() {
    let mut model = console(SIZE, Vec::new());
    press(&mut model, "2");
    tell(&mut model, tags(vec![row("latest", Some("ours"), None), row("stable", None, Some("ours"))]));
    let digest = Digest::of(b"manifest of ours");
    assert_eq!(press(&mut model, "y"), [Effect::Copy(format!("docker.io/mozilla/balrog@{digest}"))]);
    let page = "https://hub.docker.com/r/mozilla/balrog/tags?name=latest";
    assert!(matches!(&press(&mut model, "b")[..], [Effect::Browse(opened)] if opened.as_str() == page));
    assert_eq!(press(&mut model, "jy"), [], "it shows nothing");
}

/// A console that shows these tags.
fn tagged(names: &[&str]) -> Model {
    let mut model = three();
    press(&mut model, "2");
    tell(&mut model, tags(names.iter().map(|name| row(name, Some("ours"), None)).collect()));
    model
}

fn asks(depth: Depth) -> Vec<Effect> {
    vec![Effect::LoadTags { image: "balrog".to_owned(), depth }]
}

#[test]
fn the_registry_is_asked_when_its_screen_opens_and_again_on_demand() {
    let mut model = three();
    assert_eq!(press(&mut model, "2"), asks(Depth::Known));
    assert_eq!(press(&mut model, "2r12"), [], "once at a time");
    assert!(model.tags.rows().is_empty());
    tell(&mut model, tags(vec![row("latest", Some("ours"), None)]));
    assert_eq!(model.tags.rows().len(), 1);
    assert_eq!(press(&mut model, "2"), [], "it is open already");
    assert_eq!(press(&mut model, "r"), asks(Depth::Fresh));
    tell(&mut model, tags(Vec::new()));
    assert_eq!(press(&mut model, "12"), asks(Depth::Known), "a release may have ended meanwhile");
}

#[test]
fn tags_wait_for_the_project_that_names_their_image() {
    let mut model = Model::new(SIZE, crate::console::sample::look(), crate::console::sample::now());
    assert_eq!(press(&mut model, "2"), []);
    let effects = tell(&mut model, Message::Project(Ok(project())));
    assert!(effects.contains(&asks(Depth::Known)[0]), "{effects:?}");
    let none = Failure::usage("this is no project", "there is no file", "go to one");
    tell(&mut model, tags(Vec::new()));
    tell(&mut model, Message::Project(Err(none)));
    assert_eq!(press(&mut model, "r"), [Effect::LoadProject], "it is looked for again");
    let effects = tell(&mut model, Message::Project(Ok(project())));
    assert!(effects.contains(&asks(Depth::Fresh)[0]), "{effects:?}");
}

#[test]
fn the_selected_tag_stays_selected_when_the_registry_answers_anew() {
    let mut model = tagged(&["a", "b", "c"]);
    let selected = |model: &Model| model.tags.selected().map(|row| row.tag.to_string());
    for (keys, expected) in [("", "a"), ("j", "b"), ("k", "a"), ("G", "c"), ("gg", "a"), ("j", "b")] {
        press(&mut model, keys);
        assert_eq!(selected(&model).as_deref(), Some(expected), "{keys}");
    }
    let of = |names: &[&str]| tags(names.iter().map(|name| row(name, Some("ours"), None)).collect());
    tell(&mut model, of(&["0", "a", "b"]));
    assert_eq!((selected(&model).as_deref(), model.tags.position()), (Some("b"), 2));
    tell(&mut model, of(&["0"]));
    assert_eq!(selected(&model).as_deref(), Some("0"), "it is gone");
    assert_eq!(model.selected, Some(id(1)), "the release is not touched");
}

#[test]
fn identities_switch_and_keys_of_releases_do_not_count_among_tags() {
    let mut model = tagged(&["a"]);
    press(&mut model, "i");
    assert_eq!(model.tags.identity, Identity::Manifest);
    press(&mut model, "i");
    assert_eq!(model.tags.identity, Identity::ImageId);
    assert_eq!(press(&mut model, "nxfz<tab>"), []);
    assert!(model.layers.is_empty() && !model.zoom);
    press(&mut model, "1x");
    assert!(matches!(&model.layers[..], [Layer::Confirm(confirm)] if confirm.cancels(&id(1))));
}

#[test]
fn an_answer_for_another_image_is_not_taken_for_this_one() {
    let mut model = tagged(&["a"]);
    let mut two = project();
    two.images.push(crate::console::model::Image { name: "agent".into(), repository: "ghcr.io/a/b".parse().unwrap() });
    tell(&mut model, Message::Project(Ok(two)));
    let of_agent = Effect::LoadTags { image: "agent".to_owned(), depth: Depth::Known };
    assert_eq!(press(&mut model, "<tab>"), [of_agent]);
    tell(&mut model, tags(vec![row("late", Some("ours"), None)]));
    assert!(model.tags.rows().is_empty() && model.tags.inquiry == Inquiry::Sent);
    assert_eq!(press(&mut model, "<tab>"), asks(Depth::Known), "after the last comes the first");
}

#[test]
fn a_locked_vault_is_opened_for_the_tags_too() {
    let mut model = three();
    press(&mut model, "2");
    assert_eq!(tell(&mut model, Message::Asked("Passphrase: ".to_owned())), []);
    assert!(matches!(model.layers[..], [Layer::Secret { .. }]));
    assert_eq!(press(&mut model, "<esc>"), [Effect::Answer(None)]);
}
