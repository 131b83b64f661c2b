//! Ten thousand tags and a thousand releases: what a key and its frame cost is told by what is seen.

use super::{drawn, harmless};
use crate::{
    console::{
        effect::Effect,
        message::{Listing, Message, PAGE},
        model::{Model, Older},
        sample::{console, done, plan, press, recorded, row, tags, tell},
        view::text::MEASURED,
    },
    domain::{
        event::{Event, Step},
        name::ReleaseId,
        plan::TagKind,
        release::Release,
        table::Row,
    },
};

const SIZE: (u16, u16) = (100, 30);

/// Texts that were laid out for these keys and the frame after them.
fn cost(model: &mut Model, keys: &str) -> usize {
    MEASURED.set(0);
    press(model, keys);
    harmless(&drawn(model)).unwrap();
    MEASURED.get()
}

/// The same keys cost the same, whichever of these consoles they are pressed in.
#[track_caller]
fn cost_alike(few: &mut Model, many: &mut Model, keys: &[&str]) {
    for keys in keys {
        assert_eq!(cost(few, keys), cost(many, keys), "{keys}");
    }
}

fn of_tags(count: usize) -> Model {
    let mut model = console(SIZE, vec![recorded(1, "ours")]);
    press(&mut model, "2");
    let one = row("latest", Some("ours"), Some("ours"));
    let tag = |number: usize| format!("v{number:05}").parse().unwrap();
    let rows = (0..count).map(|number| Row { tag: tag(number), kind: Some(TagKind::Moving), ..one.clone() });
    tell(&mut model, tags(rows.collect()));
    model
}

#[test]
fn ten_thousand_tags_are_shown_for_what_a_hundred_cost() {
    let (mut few, mut many) = (of_tags(100), of_tags(10_000));
    cost_alike(
        &mut few,
        &mut many,
        &["", "j", "<page-down>", "i", "G", "k", "<page-up>", "<enter>", "<esc>", "v", "<esc>"],
    );
    press(&mut many, "G");
    assert_eq!(many.tags.selected().unwrap().tag.as_str(), "v09999");
    let pages = 10_000 / 10;
    for _ in 0..pages {
        press(&mut many, "<page-up>");
    }
    assert_eq!(many.tags.position(), 0, "the way back is as long");
}

/// As short as a release can be, so that many are soon there.
fn release(number: usize) -> Release {
    let mut plan = plan(1);
    plan.release = name(number);
    let mut release = Release::new(plan, "2026-11-20T09:30:00Z".parse().unwrap(), 1);
    for event in done(Step::Preflight, "clean").into_iter().chain([Event::Finished]) {
        release.apply(&crate::console::sample::stamped(&release, event)).unwrap();
    }
    release
}

fn name(number: usize) -> ReleaseId {
    let digit = |place: u32| u8::try_from(number / 32_usize.pow(place) % 32).unwrap();
    ReleaseId::from_random([0, 0, 0, 0, 0, 0, 0, digit(2), digit(1), digit(0)])
}

/// A console whose journal has so many releases, all of which are in the list: read page by page.
fn of_releases(count: usize) -> Model {
    let journal: Vec<Release> = (0..count).rev().map(release).collect();
    let page = |after: usize| Listing { releases: journal[after..(after + PAGE).min(count)].to_vec(), damaged: 0 };
    let mut model = console(SIZE, Vec::new());
    tell(&mut model, Message::Releases(Ok(page(0))));
    while model.older != Older::None {
        let effects = press(&mut model, "G");
        let before = effects.iter().find_map(|effect| match effect {
            Effect::LoadOlder { before, .. } => Some(before),
            _ => None,
        });
        let at = journal.iter().position(|release| Some(&release.plan.release) == before).unwrap();
        tell(&mut model, Message::Older(Ok(page(at + 1))));
    }
    let shown: Vec<&ReleaseId> = model.list().iter().map(|release| &release.plan.release).collect();
    assert_eq!(shown, journal.iter().map(|release| &release.plan.release).collect::<Vec<_>>());
    model
}

#[test]
fn a_thousand_releases_are_read_page_by_page_and_shown_for_what_a_page_costs() {
    let (mut few, mut many) = (of_releases(2 * PAGE + 1), of_releases(1000));
    for model in [&mut few, &mut many] {
        press(model, "gg");
    }
    cost_alike(
        &mut few,
        &mut many,
        &["", "j", "<page-down>", "G", "k", "<page-up>", "<enter>", "<esc>", "z", "z", "gg"],
    );
    press(&mut many, "G");
    assert_eq!(many.selected.as_ref(), Some(&name(0)));
}

/// Of those a moving tag is pointed to one of.
#[test]
fn one_of_a_thousand_is_chosen_for_what_one_of_two_hundred_costs() {
    let of = |count: usize| {
        let one = recorded(1, "theirs");
        let with = |number| {
            let mut release = one.clone();
            release.plan.release = name(number);
            release
        };
        let mut model = of_tags(1);
        tell(&mut model, Message::Releases(Ok(Listing { releases: (0..count).map(with).collect(), damaged: 0 })));
        press(&mut model, "p");
        model
    };
    let (mut few, mut many) = (of(200), of(1000));
    cost_alike(&mut few, &mut many, &["", "j", "k", "<esc>"]);
}
