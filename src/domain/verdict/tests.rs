//! The verdict function as a table, and as properties over everything that can be said to it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::domain::{
    digest::Digest,
    plan::{PlannedTag, Runner, TagKind},
    record::{RECORD_SCHEMA, RecordSource, Review},
};

fn digest(name: &str) -> Digest {
    Digest::of(name.as_bytes())
}

fn tag() -> Tag {
    "latest".parse().unwrap()
}

/// A record of an image built here: everything about it is derived from `name`.
fn record(release: &str, name: &str) -> Known {
    let record = Record {
        schema: RECORD_SCHEMA.into(),
        release: release.parse().unwrap(),
        image: "app".into(),
        repository: "docker.io/team/app".parse().unwrap(),
        image_id: digest(&format!("{name} config")),
        id_kind: IdKind::Config,
        config_digest: None,
        manifest_digest: Some(digest(&format!("{name} manifest"))),
        index_digest: None,
        diff_ids: vec![digest(&format!("{name} layer"))],
        platform: Some("linux/amd64".parse().unwrap()),
        tags: vec![PlannedTag { tag: tag(), kind: TagKind::Moving }],
        commit: "3f2c1ab3f2c1ab3f2c1ab3f2c1ab3f2c1ab3f2c1".parse().unwrap(),
        git_ref: None,
        remote: None,
        review: Review::Reviewed,
        dirty: false,
        layers: Vec::new(),
        archive: None,
        dockerfile_digest: None,
        context_digest: None,
        log_digest: None,
        log_clipped: false,
        runner: Runner::Local,
        task: None,
        engine: "Docker".into(),
        who: "me".into(),
        when: Timestamp::UNIX_EPOCH,
    };
    Known { record, source: RecordSource::Journal }
}

fn image(manifest: &str, config: &str, layer: &str, platform: &str) -> ObservedImage {
    ObservedImage {
        manifest: digest(manifest),
        config: digest(config),
        platform: Some(platform.parse().unwrap()),
        diff_ids: vec![digest(layer)],
        layers: vec![],
        created: None,
        labels: BTreeMap::default(),
    }
}

fn single(manifest: &str, config: &str, layer: &str) -> Content {
    single_for(manifest, config, layer, "linux/amd64")
}

fn single_for(manifest: &str, config: &str, layer: &str, platform: &str) -> Content {
    let images = vec![image(manifest, config, layer, platform)];
    Content { digest: digest(manifest), media_type: String::new(), index: false, images }
}

fn index(name: &str, images: Vec<ObservedImage>) -> Content {
    Content { digest: digest(name), media_type: String::new(), index: true, images }
}

/// What a task left that recorded the image id alone.
fn only_an_id(name: &str) -> Known {
    let mut known = record("aaaaaaaaaa", name);
    known.record.manifest_digest = None;
    known.record.diff_ids = Vec::new();
    known
}

#[test]
fn an_image_id_alone_is_matched_by_its_image() {
    let known = only_an_id("ours");
    let verdict = |content| judge(&tag(), Some(&known), std::slice::from_ref(&known), &seen(content)).verdict;
    assert_eq!(verdict(single("any", "ours config", "ours layer")), Verdict::Match);
    assert_eq!(verdict(single("any", "other config", "ours layer")), Verdict::Mismatch);
    let inside = index("x", vec![image("any", "ours config", "ours layer", "linux/amd64")]);
    assert_eq!(verdict(inside), Verdict::SameImageRepacked);
}

fn seen(content: Content) -> Observation {
    Observation::Seen { content, hashed: Hashed::Now }
}

fn verdict_on(content: Content) -> Verdict {
    let ours = record("aaaaaaaaaa", "ours");
    let all = [ours.clone(), record("bbbbbbbbbb", "other")];
    judge(&tag(), Some(&ours), &all, &seen(content)).verdict
}

#[test]
fn one_row_for_each_relation_of_image_and_record() {
    let amd = |m, c, l| image(m, c, l, "linux/amd64");
    let arm = |m, c, l| image(m, c, l, "linux/arm64");
    for (what, content, expected) in [
        ("the recorded manifest", single("ours manifest", "ours config", "ours layer"), Verdict::Match),
        ("another pusher's manifest", single("x", "ours config", "ours layer"), Verdict::SameImageRepacked),
        ("relabelled or converted", single("x", "y", "ours layer"), Verdict::SameFilesNewConfig),
        ("unknown", single("x", "y", "z"), Verdict::Mismatch),
        ("another release's", single("other manifest", "other config", "other layer"), Verdict::TagMoved),
        ("another release's, same files", single("other manifest", "other config", "ours layer"), Verdict::TagMoved),
        ("another release's, repacked", single("x", "other config", "other layer"), Verdict::TagMoved),
        (
            "an index with our manifest",
            index("i", vec![arm("x", "y", "z"), amd("ours manifest", "ours config", "ours layer")]),
            Verdict::IndexChanged,
        ),
        (
            "an index with our image repacked",
            index("i", vec![amd("x", "ours config", "ours layer")]),
            Verdict::SameImageRepacked,
        ),
        ("an index without our platform", index("i", vec![arm("x", "y", "z")]), Verdict::OtherPlatformOnly),
        ("one image of another platform", single_for("x", "y", "z", "linux/arm64"), Verdict::OtherPlatformOnly),
        ("an index of attestations alone", index("i", vec![]), Verdict::OtherPlatformOnly),
        ("an index with an unknown image", index("i", vec![amd("x", "y", "z")]), Verdict::Mismatch),
    ] {
        assert_eq!(verdict_on(content), expected, "{what}");
    }
}

#[test]
fn answers_without_an_image() {
    let ours = record("aaaaaaaaaa", "ours");
    for (observation, expected) in [
        (Observation::Absent { visible: true }, Verdict::Missing),
        (Observation::Absent { visible: false }, Verdict::Missing),
        (Observation::Corrupt { expected: digest("a"), actual: digest("b") }, Verdict::Corrupt),
        (Observation::Unreadable { why: "html".into() }, Verdict::Corrupt),
        (Observation::Denied { why: "401".into() }, Verdict::Denied),
        (Observation::RateLimited { retry_after_seconds: Some(9) }, Verdict::RateLimited),
        (Observation::Unreachable { why: "refused".into() }, Verdict::Unreachable),
    ] {
        for record in [Some(&ours), None] {
            assert_eq!(judge(&tag(), record, &[], &observation).verdict, expected);
        }
    }
}

#[test]
fn what_a_registry_only_names_is_not_said_to_be_hashed_now() {
    let ours = record("aaaaaaaaaa", "ours");
    let content = single("ours manifest", "ours config", "ours layer");
    let found = content.digest.short().to_owned();
    let observation = Observation::Seen { content, hashed: Hashed::Earlier(Timestamp::UNIX_EPOCH) };
    let judged = judge(&tag(), Some(&ours), &[], &observation);
    let why = format!("the registry names {found}, hashed 1970-01-01 00:00:00 UTC; recorded by {}", ours.cite());
    assert_eq!((judged.verdict, judged.why), (Verdict::MatchClaimed, why));
}

#[test]
fn a_tag_no_record_names_says_whose_image_it_is() {
    let all = [record("bbbbbbbbbb", "other")];
    let known = judge(&tag(), None, &all, &seen(single("other manifest", "other config", "l")));
    assert_eq!(known.verdict, Verdict::NotRecorded);
    assert!(known.why.contains("release bbbbbbbbbb (journal)"), "{}", known.why);
    let unknown = judge(&tag(), None, &all, &seen(single("x", "y", "z")));
    assert_eq!((unknown.verdict, unknown.why.as_str()), (Verdict::NotRecorded, "no record names latest or its image"));
}

#[test]
fn ids_of_the_containerd_store_compare_by_manifest() {
    let mut ours = record("aaaaaaaaaa", "ours");
    ours.record.id_kind = IdKind::Manifest;
    ours.record.image_id = digest("m");
    ours.record.manifest_digest = None;
    assert_eq!(judge(&tag(), Some(&ours), &[], &seen(single("m", "c", "ours layer"))).verdict, Verdict::Match);
    assert_eq!(judge(&tag(), Some(&ours), &[], &seen(single("x", "c", "other layer"))).verdict, Verdict::Mismatch);
    ours.record.diff_ids.clear();
    assert_eq!(judge(&tag(), Some(&ours), &[], &seen(single("x", "c", "l"))).verdict, Verdict::Uncomparable);
}

#[test]
fn a_manifest_that_was_recorded_alone_is_compared_with_what_the_registry_shows() {
    let mut ours = only_an_id("ours");
    ours.record.id_kind = IdKind::Manifest;
    ours.record.image_id = digest("m");
    ours.record.manifest_digest = Some(digest("m"));
    let judged = |manifest| judge(&tag(), Some(&ours), &[], &seen(single(manifest, "c", "l")));
    assert_eq!(judged("m").verdict, Verdict::Match);
    let other = judged("x");
    let [recorded, shown] = ["m", "x"].map(|name| digest(name).short().to_string());
    assert_eq!(other.verdict, Verdict::Mismatch);
    let told = format!("recorded the manifest {recorded}; the registry shows the manifest {shown} of no record");
    assert!(other.why.ends_with(&told), "{}", other.why);
}

#[test]
fn every_word_is_the_one_that_json_shows() {
    for verdict in Verdict::ALL {
        assert_eq!(serde_json::to_string(&verdict).unwrap(), format!("\"{}\"", verdict.word()));
    }
}

fn any_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["ours manifest", "ours config", "ours layer", "other manifest", "other config", "x", "y"])
}

fn any_image() -> impl Strategy<Value = ObservedImage> {
    let platform = prop::sample::select(vec!["linux/amd64", "linux/arm64", "linux/arm/v7"]);
    (any_name(), any_name(), any_name(), platform).prop_map(|(m, c, l, p)| image(m, c, l, p))
}

prop_compose! {
    fn any_content()(name in any_name(), index in any::<bool>(), images in prop::collection::vec(any_image(), 0..3)) -> Content {
        Content { digest: digest(name), media_type: String::new(), index, images }
    }
}

proptest! {
    /// Only bytes hashed now are good, and only identity makes them so.
    #[test]
    fn good_needs_identity_and_bytes_hashed_now(content in any_content(), now in any::<bool>(), recorded in any::<bool>()) {
        let ours = record("aaaaaaaaaa", "ours");
        let all = [ours.clone(), record("bbbbbbbbbb", "other")];
        let hashed = if now { Hashed::Now } else { Hashed::Earlier(Timestamp::UNIX_EPOCH) };
        let observation = Observation::Seen { content: content.clone(), hashed };
        let judged = judge(&tag(), recorded.then_some(&ours), &all, &observation);
        let identical = content.digest == digest("ours manifest")
            || content.images.iter().any(|i| i.config == digest("ours config"));
        let good = judged.verdict.class() == Class::Good;
        prop_assert!(!good || (now && recorded && identical));
        prop_assert!(!(recorded && identical && !good)
            || matches!(judged.verdict, Verdict::MatchClaimed | Verdict::IndexChanged));
        prop_assert!(recorded || judged.verdict == Verdict::NotRecorded);
        prop_assert!(!judged.why.is_empty());
    }

    /// The answer does not depend on the order in which records are known.
    #[test]
    fn order_of_records_does_not_matter(content in any_content()) {
        let (ours, other) = (record("aaaaaaaaaa", "ours"), record("bbbbbbbbbb", "other"));
        let one = judge(&tag(), Some(&ours), &[ours.clone(), other.clone()], &seen(content.clone()));
        let two = judge(&tag(), Some(&ours), &[other, ours.clone()], &seen(content));
        prop_assert_eq!(one, two);
    }
}
