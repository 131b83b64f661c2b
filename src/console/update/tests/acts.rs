//! What is done to releases: begun, taken up again, cancelled, pointed to.

use super::*;

#[test]
fn a_new_release_is_planned_shown_and_started_with_the_command_that_was_shown() {
    for yes in ["y", "<enter>"] {
        let mut model = three();
        assert_eq!(press(&mut model, "n"), [Effect::Prepare(asked())]);
        assert_eq!(press(&mut model, yes), [], "nothing is confirmed before it is shown");
        tell(&mut model, planned());
        assert!(matches!(model.layers[..], [Layer::Confirm(_)]));
        let words = ["release", "--image", "balrog", "--yes"].map(str::to_owned).to_vec();
        assert_eq!(press(&mut model, yes), [Effect::Start { words }]);
        assert!(model.layers.is_empty());
        assert!(matches!(tell(&mut model, Message::Started(Ok(id(9))))[..], [Effect::LoadReleases(_)]));
        assert_eq!(model.selected, Some(id(9)));
    }
}

#[test]
fn a_release_is_taken_up_where_it_stood_or_in_another_way_that_can_be_gone() {
    let mut model = console(SIZE, vec![again(4, "2026-11-20T09:00:00Z")]);
    let ask = Request::Ways(id(4));
    assert_eq!(press(&mut model, "e"), [Effect::Prepare(ask.clone())]);
    let ways = |refused: &str| {
        let step = |step: Step| (Some(step), (step > Step::Push).then(|| refused.to_owned()));
        let ways = std::iter::once((None, None)).chain(Step::BUILDING.map(step)).collect();
        Message::Prepared(ask.clone(), Ok(Answer::Ways(Box::new(again(4, "2026-11-20T09:00:00Z")), ways)))
    };
    tell(&mut model, ways("it left no record"));
    let rerun = |first| Request::Rerun { release: id(4), first, move_tags: false };
    assert_eq!(press(&mut model, "jj<enter>"), [], "that cannot be done");
    assert_eq!(model.toasts.newest().map(|toast| toast.words.as_str()), Some("it left no record"));
    assert_eq!(press(&mut model, "kk<enter>"), [Effect::Prepare(rerun(Some(Step::Push)))]);
    let words = ["rerun", id(4).as_str(), "--from", "push", "--yes"].map(str::to_owned).to_vec();
    tell(&mut model, Message::Prepared(rerun(Some(Step::Push)), Ok(Answer::Preview(Box::new(preview(Next::Same))))));
    assert_eq!(press(&mut model, "o"), [], "there is no other way");
    assert_eq!(press(&mut model, "y"), [Effect::Start { words }]);
    press(&mut model, "e");
    tell(&mut model, ways(""));
    assert_eq!(press(&mut model, "kkkkkkk<enter>"), [Effect::Prepare(rerun(None))]);
    let mut model = three();
    assert_eq!(press(&mut model, "e"), [], "it runs");
}

#[test]
fn a_tag_that_would_be_left_alone_can_be_moved_all_the_same() {
    let mut model = three();
    press(&mut model, "n");
    let left = preview(Next::LeftAlone("it shows a newer one".to_owned()));
    tell(&mut model, Message::Prepared(asked(), Ok(Answer::Preview(Box::new(left)))));
    let moving =
        Request::Release { image: "balrog".to_owned(), wishes: Wishes { move_tags: true, ..Wishes::default() } };
    assert_eq!(press(&mut model, "o"), [Effect::Prepare(moving.clone())]);
    tell(&mut model, Message::Prepared(moving, Ok(Answer::Preview(Box::new(preview(Next::Image))))));
    let words = ["release", "--image", "balrog", "--move", "--yes"].map(str::to_owned).to_vec();
    assert_eq!(press(&mut model, "y"), [Effect::Start { words }]);
}

#[test]
fn what_is_released_can_be_typed() {
    let mut model = three();
    assert_eq!(press(&mut model, "Nv1.2 --fast<enter>"), []);
    assert!(matches!(&model.layers[..], [Layer::Ask(ask)] if ask.wrong.as_ref().unwrap().contains("`--fast`")));
    let mut model = three();
    assert_eq!(press(&mut model, "N<enter>"), [], "nothing is typed");
    let wishes: Wishes = "--ref v1.2 --platform linux/arm64".parse().unwrap();
    let wanted = Request::Release { image: "balrog".to_owned(), wishes };
    assert_eq!(press(&mut model, "v1.2 --platform linux/arm64<enter>"), [Effect::Prepare(wanted)]);
    assert!(matches!(&model.layers[..], [Layer::Ask(_), Layer::Waiting(_)]), "it can be corrected");
}

#[test]
fn a_moving_tag_is_pointed_to_a_release_that_left_a_record() {
    let mut model = console(SIZE, vec![recorded(4, "ours"), again(5, "2026-11-20T09:00:00Z"), recorded(6, "older")]);
    let point = |number| Effect::Prepare(Request::Point { tag: "latest".parse().unwrap(), release: id(number) });
    assert_eq!(press(&mut model, "p<esc>"), [point(4)]);
    press(&mut model, "j");
    assert_eq!(press(&mut model, "p"), []);
    assert!(model.toasts.newest().unwrap().words.contains("left no record"));
    press(&mut model, "2");
    let mut latest = row("latest", Some("ours"), Some("ours"));
    latest.kind = Some(TagKind::Moving);
    tell(&mut model, tags(vec![latest, row("v1", Some("ours"), Some("ours"))]));
    press(&mut model, "p");
    let Some(Layer::Menu(menu)) = model.layers.last() else { panic!("no menu") };
    assert_eq!((menu.choices.len(), menu.at), (2, 1), "the newest that it does not show");
    assert_eq!(press(&mut model, "<enter>"), [point(6)]);
    press(&mut model, "<esc>j");
    assert_eq!(press(&mut model, "p"), []);
    assert!(model.toasts.newest().unwrap().words.contains("v1 is frozen"));
}

#[test]
fn what_was_verified_is_said_and_is_in_the_list_and_among_the_tags() {
    let mut model = console(SIZE, vec![recorded(4, "ours")]);
    press(&mut model, "2");
    tell(&mut model, tags(vec![row("latest", Some("ours"), Some("ours")), row("v1", Some("ours"), Some("ours"))]));
    press(&mut model, "1v");
    let all = plan(4).tags.into_iter().map(|planned| planned.tag).collect();
    let verify = |tags, release, deep| Effect::Verify { image: "balrog".to_owned(), release, tags, deep };
    assert_eq!(press(&mut model, "j<enter>"), [verify(all, Some(id(4)), true)]);
    let table = Table { as_of: now(), rows: vec![row("latest", Some("theirs"), Some("ours"))] };
    let found = Ok((table, vec!["a layer cannot be unpacked here".to_owned()]));
    let verified = Verified { image: "balrog".to_owned(), release: Some(id(4)), deep: true, found };
    tell(&mut model, Message::Verified(verified));
    assert_eq!(model.verified.get(&id(4)), Some(&Verdict::Mismatch));
    assert_eq!(model.tags.rows()[0].judgement.verdict, Verdict::Mismatch);
    let said: Vec<&str> = model.toasts.iter().map(|toast| toast.words.as_str()).collect();
    assert!(
        said.ends_with(&["a layer cannot be unpacked here", "fetched and hashed, every layer too: latest mismatch"]),
        "{said:?}"
    );
    let command = |model: &Model| Some(model.activity.rows("")[0].command()?.to_owned());
    assert_eq!(command(&model).as_deref(), Some("windlass verify latest --image balrog --deep"));
    tell(&mut model, Message::Started(Ok(id(5))));
    assert_eq!(command(&model), Some(format!("windlass show {}", id(5))));
    let one = vec!["latest".parse().unwrap()];
    assert!(press(&mut model, "2v<enter>").contains(&verify(one, None, false)));
    let failure = Failure::unreachable("the registry does not answer", "refused", "start it");
    let verified = Verified { image: "balrog".to_owned(), release: None, deep: false, found: Err(failure) };
    tell(&mut model, Message::Verified(verified));
    assert!(matches!(&model.layers[..], [Layer::Failure(_)]));
}

#[test]
fn only_what_runs_is_cancelled_and_only_once_confirmed() {
    let mut model = three();
    assert_eq!(press(&mut model, "x"), []);
    assert_eq!(press(&mut model, "<esc>x"), []);
    let effects = press(&mut model, "y");
    assert_eq!(effects, [Effect::Cancel { release: id(1), repository: "docker.io/mozilla/balrog".parse().unwrap() }]);
    press(&mut model, "j");
    assert_eq!(press(&mut model, "x"), []);
    assert!(model.layers.is_empty() && !model.toasts.is_empty());
}
