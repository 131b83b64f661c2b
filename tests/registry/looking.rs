//! Observations: what was hashed, what was only claimed, and runs over many tags.

use std::{
    collections::BTreeMap,
    sync::{Barrier, Mutex},
};

use windlass::{
    domain::{
        digest::Digest,
        observation::{Content, Hashed, Observation},
    },
    registry::{Options, RegistryError},
};

use super::{
    by_digest, by_tag, client, client_with, digest, hashed_now, images, login, nothing_known, right_login, tag,
};
use crate::support::{
    fake_registry::{Answer, FakeRegistry, MANIFEST, Shelf},
    registry::Registry,
};

#[tokio::test]
async fn an_image_is_hashed_from_manifest_to_config() {
    let registry = Registry::with_login();
    let mut shelf = Shelf::default();
    let image = shelf.image("one");
    images::put(&shelf, &image, &registry, "team/app:latest");
    let client = client(&registry.repository("team/app"), Some(right_login()));
    for fresh in [true, false] {
        let content = hashed_now(client.observe(&tag("latest"), &nothing_known, fresh).await);
        assert_eq!((content.digest.as_str(), content.media_type.as_str()), (image.as_str(), MANIFEST));
        let [only] = &content.images[..] else { panic!("{content:?}") };
        assert!(!content.index && only.manifest == content.digest);
        assert!(shelf.blobs.contains_key(only.config.as_str()));
        assert_eq!(only.diff_ids, [Digest::of(b"one")]);
        assert_eq!(only.layers.len(), 1);
        assert_eq!(only.platform, Some("linux/amd64".parse().unwrap()));
        assert_eq!(only.created, Some("2026-11-21T09:30:00Z".parse().unwrap()));
        assert_eq!(only.labels, BTreeMap::from([("name".to_owned(), "one".to_owned())]));
    }
}

#[tokio::test]
async fn a_manifest_that_rots_on_disk_is_corrupt_though_the_head_is_unchanged() {
    let registry = Registry::open();
    let mut shelf = Shelf::default();
    let image = shelf.image("one");
    images::put(&shelf, &image, &registry, "team/app:latest");
    let file = registry.blob_file(&image);
    let text = std::fs::read_to_string(&file).unwrap();
    let rotten = text.replacen("\"size\":", "\"size\":1", 1);
    assert_ne!(text, rotten);
    std::fs::write(&file, &rotten).unwrap();

    let client = client(&registry.repository("team/app"), None);
    assert_eq!(client.head(&by_tag("latest")).await, Ok(Some(digest(&image))), "the registry still claims it");
    let corrupt = Observation::Corrupt { expected: digest(&image), actual: Digest::of(rotten.as_bytes()) };
    for fresh in [true, false] {
        assert_eq!(client.observe(&tag("latest"), &nothing_known, fresh).await, corrupt);
        let all = client.observe_all(&[tag("latest")], &nothing_known, fresh).await;
        assert_eq!(all, [(tag("latest"), corrupt.clone())]);
    }
    for name in [by_tag("latest"), by_digest(&image)] {
        let error = client.manifest(&name).await.unwrap_err();
        assert!(matches!(error, RegistryError::Corrupt { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_config_that_rots_on_disk_is_corrupt() {
    let registry = Registry::open();
    let mut shelf = Shelf::default();
    let image = shelf.image("one");
    images::put(&shelf, &image, &registry, "team/app:latest");
    let client = client(&registry.repository("team/app"), None);
    let content = hashed_now(client.observe(&tag("latest"), &nothing_known, true).await);
    let config = content.images[0].config.clone();
    std::fs::write(registry.blob_file(config.as_str()), "{}").unwrap();
    let seen = client.observe(&tag("latest"), &nothing_known, true).await;
    assert!(matches!(&seen, Observation::Corrupt { expected, .. } if *expected == config), "{seen:?}");
}

#[tokio::test]
async fn a_tag_is_absent_for_sure_only_where_the_repository_can_be_listed() {
    let registry = Registry::open();
    let mut shelf = Shelf::default();
    let image = shelf.image("one");
    images::put(&shelf, &image, &registry, "team/app:latest");
    let here = client(&registry.repository("team/app"), None);
    hashed_now(here.observe(&tag("latest"), &nothing_known, true).await);
    let deleted = reqwest::Client::new()
        .delete(format!("http://{}/v2/team/app/manifests/{image}", registry.host))
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.status(), 202);
    for fresh in [true, false] {
        let gone = here.observe(&tag("latest"), &nothing_known, fresh).await;
        assert_eq!(gone, Observation::Absent { visible: true });
        let nowhere = client(&registry.repository("team/other"), None);
        let hidden = nowhere.observe(&tag("latest"), &nothing_known, fresh).await;
        assert_eq!(hidden, Observation::Absent { visible: false });
    }
}

#[tokio::test]
async fn what_was_hashed_earlier_is_reported_as_earlier_unless_it_must_be_fresh() {
    let mut shelf = Shelf::default();
    let image = shelf.image("one");
    shelf.tag("latest", &image);
    let registry = FakeRegistry::answering(move |request| shelf.answer(request));
    let client = client(&registry.repository("x"), None);
    let content = hashed_now(client.observe(&tag("latest"), &nothing_known, false).await);
    let at = "2026-11-21T10:00:00Z".parse().unwrap();
    let known = {
        let content = content.clone();
        move |asked: &Digest| (*asked == content.digest).then(|| (content.clone(), at))
    };
    let before = registry.requests().len();
    let earlier = Observation::Seen { content: content.clone(), hashed: Hashed::Earlier(at) };
    assert_eq!(client.observe(&tag("latest"), &known, false).await, earlier);
    let requests = registry.requests();
    assert_eq!(requests[before..].iter().map(|r| r.method.as_str()).collect::<Vec<_>>(), ["HEAD"]);
    assert_eq!(hashed_now(client.observe(&tag("latest"), &known, true).await), content);
    let all = client.observe_all(&[tag("latest")], &known, true).await;
    assert_eq!(hashed_now(all[0].1.clone()), content);
}

#[tokio::test]
async fn lies_about_digests_are_found_out() {
    let mut shelf = Shelf::default();
    let (one, other) = (shelf.image("one"), shelf.image("other"));
    shelf.tag("latest", &one);
    // Claims `other` for the bytes of `one`, and serves the bytes of `one` under both digests.
    let registry = FakeRegistry::answering({
        let (one, other) = (one.clone(), other.clone());
        move |request| {
            let mut request = request.clone();
            request.path = request.path.replace(&other, &one);
            shelf.answer(&request).header("Docker-Content-Digest", &other)
        }
    });
    let client = client(&registry.repository("x"), None);
    let corrupt = Observation::Corrupt { expected: digest(&other), actual: digest(&one) };
    assert_eq!(client.observe(&tag("latest"), &nothing_known, true).await, corrupt);
    assert_eq!(client.observe(&tag("latest"), &nothing_known, false).await, corrupt);
    assert_eq!(client.observe_all(&[tag("latest")], &nothing_known, true).await[0].1, corrupt);
    let by_its_own = client.manifest(&by_digest(&one)).await.unwrap().unwrap();
    assert_eq!(by_its_own.digest.as_str(), one, "bytes that hash to what was asked for are not doubted");
}

#[tokio::test]
async fn a_head_without_a_digest_is_made_up_for_by_hashing() {
    let mut shelf = Shelf::default();
    let image = shelf.image("one");
    shelf.tag("latest", &image);
    let registry =
        FakeRegistry::answering(move |request| shelf.answer(request).without_header("Docker-Content-Digest"));
    let client = client(&registry.repository("x"), None);
    assert_eq!(client.head(&by_tag("latest")).await, Ok(Some(digest(&image))));
    assert_eq!(client.head(&by_tag("none")).await, Ok(None));
    hashed_now(client.observe(&tag("latest"), &nothing_known, false).await);
}

/// An index of two platforms, with an attestation for the first.
fn attested(shelf: &mut Shelf) -> (String, [String; 3]) {
    let children = [shelf.image("amd64"), shelf.image("arm64"), shelf.image("proof")];
    let index = shelf.index(&[
        (&children[0], serde_json::json!({"platform": {"os": "linux", "architecture": "amd64"}})),
        (&children[1], serde_json::json!({"platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}})),
        (
            &children[2],
            serde_json::json!({
                "platform": {"os": "unknown", "architecture": "unknown"},
                "annotations": {
                    "vnd.docker.reference.type": "attestation-manifest",
                    "vnd.docker.reference.digest": children[0],
                },
            }),
        ),
    ]);
    (index, children)
}

#[tokio::test]
async fn an_attested_index_shows_its_platforms_alone() {
    let registry = Registry::open();
    let mut shelf = Shelf::default();
    let (index, [amd, arm, _]) = attested(&mut shelf);
    images::put(&shelf, &index, &registry, "team/app:latest");
    let client = client(&registry.repository("team/app"), None);
    assert_eq!(client.head(&by_tag("latest")).await, Ok(Some(digest(&index))), "not a 404, as without Accept");
    let content = hashed_now(client.observe(&tag("latest"), &nothing_known, true).await);
    assert!(content.index && content.digest == digest(&index));
    let found: Vec<_> =
        content.images.iter().map(|i| (i.manifest.to_string(), i.platform.as_ref().unwrap().to_string())).collect();
    assert_eq!(found, [(amd, "linux/amd64".to_owned()), (arm, "linux/arm64/v8".to_owned())]);
    assert!(content.image_for(Some(&"linux/arm64".parse().unwrap())).is_some());
}

#[tokio::test]
async fn an_index_with_a_hole_is_unreadable() {
    let mut shelf = Shelf::default();
    let (index, [_, arm, _]) = attested(&mut shelf);
    shelf.manifests.remove(&arm);
    shelf.tag("latest", &index);
    let registry = FakeRegistry::answering(move |request| shelf.answer(request));
    let seen = client(&registry.repository("x"), None).observe(&tag("latest"), &nothing_known, true).await;
    let named = |why: &str| why.contains(&arm) && why.contains("does not have it");
    assert!(matches!(&seen, Observation::Unreadable { why } if named(why)), "{seen:?}");
}

#[tokio::test]
async fn an_index_of_itself_ends() {
    // Bytes cannot hold their own hash, so a deep chain stands for it.
    let mut shelf = Shelf::default();
    let mut top = shelf.image("one");
    for _ in 0..4 {
        top = shelf.index(&[(&top, serde_json::json!({}))]);
    }
    shelf.tag("deep", &top);
    let registry = FakeRegistry::answering(move |request| shelf.answer(request));
    let seen = client(&registry.repository("x"), None).observe(&tag("deep"), &nothing_known, true).await;
    assert!(matches!(&seen, Observation::Unreadable { why } if why.contains("nested")), "{seen:?}");
}

#[tokio::test]
async fn many_tags_keep_their_order_and_share_what_they_point_to() {
    let mut shelf = Shelf::default();
    let digests: Vec<String> = (0..5).map(|n| shelf.image(&format!("image {n}"))).collect();
    for n in 0..40 {
        shelf.tag(&format!("t{n}"), &digests[n % 5]);
    }
    let registry = FakeRegistry::answering(move |request| shelf.answer(request));
    let mut tags: Vec<_> = (0..40).map(|n| tag(&format!("t{n}"))).collect();
    tags.insert(7, tag("none"));
    for fresh in [true, false] {
        let before = (registry.count("GET", "/manifests/"), registry.count("GET", "/blobs/"));
        let seen = client(&registry.repository("x"), None).observe_all(&tags, &nothing_known, fresh).await;
        assert_eq!(seen.iter().map(|(tag, _)| tag).collect::<Vec<_>>(), tags.iter().collect::<Vec<_>>());
        for (tag, observation) in seen {
            match tag.as_str().strip_prefix('t').and_then(|n| n.parse::<usize>().ok()) {
                Some(n) => assert_eq!(hashed_now(observation).digest.as_str(), digests[n % 5]),
                None => assert_eq!(observation, Observation::Absent { visible: true }),
            }
        }
        let after = (registry.count("GET", "/manifests/"), registry.count("GET", "/blobs/"));
        assert_eq!((after.0 - before.0, after.1 - before.1), (5, 5), "each digest once a run");
    }
    assert_eq!(registry.count("HEAD", ""), 2 * 41);
}

#[tokio::test]
async fn as_many_requests_at_once_as_allowed_and_no_more() {
    const AT_ONCE: usize = 6;
    let mut shelf = Shelf::default();
    let image = shelf.image("one");
    for n in 0..5 * AT_ONCE {
        shelf.tag(&format!("t{n}"), &image);
    }
    // Every HEAD but the first, which is alone because nothing is known yet, waits until AT_ONCE are there.
    let barrier = Barrier::new(AT_ONCE);
    let seen = Mutex::new(0);
    let registry = FakeRegistry::answering(move |request| {
        if request.method == "HEAD" {
            let number = {
                let mut seen = seen.lock().unwrap();
                *seen += 1;
                *seen
            };
            if (2..2 + 2 * AT_ONCE).contains(&number) {
                barrier.wait();
            }
        }
        shelf.answer(request)
    });
    let options = Options { concurrency: AT_ONCE, ..Options::default() };
    let tags: Vec<_> = (0..5 * AT_ONCE).map(|n| tag(&format!("t{n}"))).collect();
    let known = |_: &Digest| Some((nothing(), "2026-11-21T10:00:00Z".parse().unwrap()));
    let seen = client_with(&registry.repository("x"), None, &options).observe_all(&tags, &known, false).await;
    assert!(seen.iter().all(|(_, o)| matches!(o, Observation::Seen { hashed: Hashed::Earlier(_), .. })));
    assert_eq!(registry.most_at_once(), AT_ONCE);
}

fn nothing() -> Content {
    Content { digest: Digest::of(b""), media_type: String::new(), index: false, images: Vec::new() }
}

#[tokio::test]
async fn one_refusal_ends_a_run() {
    type Rule = fn() -> Answer;
    let refusals: [(Rule, Observation); 2] = [
        (
            || Answer::status(429).header("Retry-After", "600"),
            Observation::RateLimited { retry_after_seconds: Some(600) },
        ),
        (Answer::login_asked, Observation::Denied { why: String::new() }),
    ];
    for (refusal, expected) in refusals {
        let registry = FakeRegistry::answering(move |_| refusal());
        let options = Options { concurrency: 4, ..Options::default() };
        let tags: Vec<_> = (0..200).map(|n| tag(&format!("t{n}"))).collect();
        let client = client_with(&registry.repository("x"), Some(login("bot", "wrong")), &options);
        let seen = client.observe_all(&tags, &nothing_known, true).await;
        assert_eq!(seen.len(), 200);
        for (_, observation) in &seen {
            assert_eq!(std::mem::discriminant(observation), std::mem::discriminant(&expected), "{observation:?}");
        }
        assert!(registry.requests().len() <= 10, "{} requests", registry.requests().len());
    }
}

#[tokio::test]
async fn one_blocked_image_does_not_hide_the_others() {
    let mut shelf = Shelf::default();
    let (good, blocked) = (shelf.image("good"), shelf.image("blocked"));
    shelf.tag("good", &good);
    shelf.tag("blocked", &blocked);
    let registry = FakeRegistry::answering(move |request| {
        let is_blocked = request.method == "GET" && request.path.contains(&blocked);
        if is_blocked { Answer::refusal(403, "DENIED", "vulnerable") } else { shelf.answer(request) }
    });
    let tags = [tag("blocked"), tag("good"), tag("blocked"), tag("good")];
    let seen = client(&registry.repository("x"), None).observe_all(&tags, &nothing_known, true).await;
    assert!(matches!(&seen[0].1, Observation::Denied { why } if why.contains("vulnerable")), "{seen:?}");
    assert!(matches!(&seen[2].1, Observation::Denied { .. }));
    hashed_now(seen[1].1.clone());
    hashed_now(seen[3].1.clone());
}

#[tokio::test]
async fn a_registry_that_is_gone_is_not_asked_two_hundred_times() {
    let registry = FakeRegistry::answering(|_| Answer::status(500));
    let options = Options { concurrency: 2, ..Options::default() };
    let tags: Vec<_> = (0..200).map(|n| tag(&format!("t{n}"))).collect();
    let seen = client_with(&registry.repository("x"), None, &options).observe_all(&tags, &nothing_known, true).await;
    assert!(seen.iter().all(|(_, o)| matches!(o, Observation::Unreachable { .. })));
    assert!(registry.requests().len() <= 10, "{} requests", registry.requests().len());
}

#[tokio::test]
async fn a_chart_is_seen_and_holds_no_image() {
    let mut shelf = Shelf::default();
    let config = shelf.blob("{}");
    let chart = serde_json::json!({
        "schemaVersion": 2, "layers": [],
        "config": {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": config, "size": 2},
    });
    let chart = shelf.manifest(MANIFEST, &chart);
    shelf.tag("chart", &chart);
    let registry = FakeRegistry::answering(move |request| shelf.answer(request));
    let content =
        hashed_now(client(&registry.repository("x"), None).observe(&tag("chart"), &nothing_known, true).await);
    assert_eq!((content.digest.as_str(), content.images.len()), (chart.as_str(), 0));
}

#[tokio::test]
async fn observations_can_be_spawned() {
    let registry = FakeRegistry::answering(|_| Answer::status(404));
    let client = client(&registry.repository("x"), None);
    let task = tokio::spawn(async move {
        let one = client.observe(&tag("a"), &nothing_known, true).await;
        (one, client.observe_all(&[tag("b")], &nothing_known, true).await)
    });
    let (one, all) = task.await.unwrap();
    assert_eq!((one, all.len()), (Observation::Absent { visible: false }, 1));
}
