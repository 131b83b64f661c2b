//! The journal as its callers see it.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::domain::{
    audit::{Act, AuditRow, Ended, Outcome},
    digest::Digest,
    event::{Built, Event, Stamped, Step},
    failure::Failure,
    name::ReleaseId,
    observation::{Content, ObservedImage, Sighting},
    plan::{Plan, PlannedTag, TagKind},
    record::{IdKind, RECORD_SCHEMA, Record, Review},
    reference::{Repository, Tag},
    release::{Release, ReleaseState},
    verdict::Verdict,
};

struct Fresh {
    journal: Journal,
    file: PathBuf,
    _folder: TempDir,
}

async fn fresh() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.db");
    Fresh { journal: Journal::open(&file).await.unwrap(), file, _folder: folder }
}

impl Fresh {
    /// Another connection to the same file, for what the journal itself never does.
    fn raw(&self) -> Connection {
        let raw = Connection::open(&self.file).unwrap();
        raw.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
        raw
    }

    async fn plan(&self, plan: &Plan, seconds: i64) {
        self.journal.append(&plan.release, &planned(plan), at(seconds)).await.unwrap();
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_253_400 + seconds).unwrap()
}

fn id(number: u8) -> ReleaseId {
    ReleaseId::from_random([number; 10])
}

fn repository() -> Repository {
    "docker.io/mozilla/balrog".parse().unwrap()
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

fn plan(number: u8, commit: char) -> Plan {
    serde_json::from_value(serde_json::json!({
        "release": id(number), "image": "balrog", "repository": repository(), "runner": "local",
        "trigger": "by hand", "parent": null,
        "source": {
            "commit": commit.to_string().repeat(40), "git_ref": "refs/heads/master", "branch": "master",
            "remote": null, "reviewed": true, "dirty": false, "committed": at(-60),
        },
        "tags": [{ "tag": format!("master-{number}"), "kind": "frozen" }, { "tag": "latest", "kind": "moving" }],
        "build": {
            "context": ".", "dockerfile": "Dockerfile", "target": null, "platform": "linux/amd64",
            "args": {}, "labels": {}, "builder": "auto",
        },
        "secret": "dockerhub", "recipe": { "username": "/u", "password": "/p" },
        "move": false, "who": "bot@host", "planned": at(0),
    }))
    .unwrap()
}

fn planned(plan: &Plan) -> Event {
    Event::Planned { plan: Box::new(plan.clone()) }
}

fn built() -> Event {
    Event::Built(Built {
        image_id: Digest::of(b"image"),
        id_kind: IdKind::Config,
        diff_ids: vec![Digest::of(b"layer")],
        platform: Some("linux/amd64".parse().unwrap()),
        builder: "buildkit".into(),
        engine: "Docker 20.10.24 (API 1.41)".into(),
        dockerfile_digest: None,
        context_digest: None,
        log_digest: Some(Digest::of(b"log")),
        log_clipped: false,
        steps: 3,
        cached: 1,
        archive: None,
    })
}

fn record(plan: &Plan) -> Record {
    Record {
        schema: RECORD_SCHEMA.into(),
        release: plan.release.clone(),
        image: plan.image.clone(),
        repository: plan.repository.clone(),
        image_id: Digest::of(plan.release.as_str().as_bytes()),
        id_kind: IdKind::Config,
        config_digest: None,
        manifest_digest: None,
        index_digest: None,
        diff_ids: Vec::new(),
        platform: None,
        tags: plan.tags.clone(),
        commit: plan.source.commit.clone(),
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
        runner: plan.runner,
        task: None,
        engine: String::new(),
        who: plan.who.clone(),
        when: at(0),
    }
}

fn recorded(record: &Record) -> Event {
    Event::Recorded {
        path: format!("artifacts/{}", record.release),
        sha256: Digest::of(b"record"),
        record: Box::new(record.clone()),
    }
}

#[tokio::test]
async fn a_release_is_told_by_its_events() {
    let fresh = fresh().await;
    let plan = plan(1, 'a');
    fresh.plan(&plan, 0).await;
    let step = Event::StepStarted { step: Step::Preflight };
    let stamped = fresh.journal.append(&plan.release, &step, at(1)).await.unwrap();
    assert_eq!(stamped, Stamped { seq: 2, at: at(1), event: step });
    fresh.journal.append(&plan.release, &Event::Finished, at(2)).await.unwrap();

    let release = fresh.journal.release(&plan.release).await.unwrap().unwrap();
    assert_eq!((release.state, release.seq, release.ended), (ReleaseState::Succeeded, 3, Some(at(2))));
    let later: Vec<u64> = fresh.journal.events(&plan.release, 1).await.unwrap().iter().map(|e| e.seq).collect();
    assert_eq!(later, [2, 3]);
    assert_eq!(fresh.journal.release(&id(9)).await.unwrap(), None);
}

#[tokio::test]
async fn what_cannot_be_the_next_event_is_refused_and_not_written() {
    let fresh = fresh().await;
    let (journal, first) = (&fresh.journal, plan(1, 'a'));
    let error = journal.append(&id(1), &Event::Finished, at(0)).await.unwrap_err();
    assert!(matches!(error, JournalError::NotPlanned { .. }), "{error}");
    let error = journal.append(&id(2), &planned(&first), at(0)).await.unwrap_err();
    assert!(matches!(error, JournalError::OtherRelease { .. }), "{error}");
    assert_eq!(journal.releases(ReleaseFilter::default(), 10).await.unwrap().releases, []);

    fresh.plan(&first, 0).await;
    let error = journal.append(&id(1), &planned(&first), at(1)).await.unwrap_err();
    assert!(matches!(error, JournalError::PlannedTwice { .. }), "{error}");
    let foreign = recorded(&record(&plan(2, 'b')));
    let error = journal.append(&id(1), &foreign, at(1)).await.unwrap_err();
    assert!(matches!(error, JournalError::OtherRelease { .. }), "{error}");
    journal.append(&id(1), &Event::Finished, at(1)).await.unwrap();
    let error = journal.append(&id(1), &Event::StepStarted { step: Step::Build }, at(2)).await.unwrap_err();
    assert!(matches!(error, JournalError::AfterFinished { .. }), "{error}");
    assert_eq!(journal.events(&id(1), 0).await.unwrap().len(), 2);
    assert_eq!(journal.all_records().await.unwrap(), []);
}

#[tokio::test]
async fn events_that_must_be_on_the_disk_are_written_with_full_synchronisation() {
    let fresh = fresh().await;
    let plan = plan(1, 'a');
    // 1 is NORMAL, 2 is FULL (sqlite.org/pragma.html#pragma_synchronous); it can only be changed between transactions.
    let level = || async {
        let read = |c: &mut Connection| Ok(c.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0))?);
        fresh.journal.run(read).await.unwrap()
    };
    let intended = Event::PushIntended { tag: tag("latest"), kind: TagKind::Moving };
    for (event, expected) in [
        (planned(&plan), 1),
        (built(), 2),
        (Event::StepStarted { step: Step::Push }, 1),
        (intended, 2),
        (recorded(&record(&plan)), 2),
        (Event::Finished, 1),
    ] {
        fresh.journal.append(&plan.release, &event, at(0)).await.unwrap();
        assert_eq!(level().await, expected, "{event:?}");
    }
    fresh.journal.append(&id(2), &planned(&self::plan(2, 'b')), at(0)).await.unwrap();
    fresh.journal.append(&id(2), &built(), at(0)).await.unwrap();
    fresh.journal.observe(&repository(), &[(tag("latest"), None)], at(0)).await.unwrap();
    assert_eq!(level().await, 1, "a cache is not worth a wait for the disk");
}

#[tokio::test]
async fn releases_are_listed_newest_first() {
    let fresh = fresh().await;
    let mut other = plan(3, 'c');
    other.image = "agent".into();
    other.repository = "ghcr.io/mozilla/agent".parse().unwrap();
    fresh.plan(&plan(1, 'a'), 10).await;
    fresh.plan(&plan(2, 'b'), 30).await;
    fresh.plan(&other, 20).await;
    fresh.plan(&plan(4, 'a'), 30).await;
    let list = |image: Option<&str>, repository: Option<&Repository>, limit| {
        let filter = ReleaseFilter {
            image: image.map(Into::into),
            repositories: repository.cloned().into_iter().collect(),
            before: None,
        };
        let journal = fresh.journal.clone();
        async move {
            let listing = journal.releases(filter, limit).await.unwrap();
            assert_eq!(listing.damaged, []);
            listing.releases.into_iter().map(|r| r.plan.release).collect::<Vec<_>>()
        }
    };
    assert_eq!(list(None, None, 10).await, [id(4), id(3), id(2), id(1)], "the third came with the clock set back");
    assert_eq!(list(None, None, 2).await, [id(4), id(3)]);
    assert_eq!(list(Some("agent"), None, 10).await, [id(3)]);
    assert_eq!(list(None, Some(&repository()), 10).await, [id(4), id(2), id(1)]);
    assert_eq!(list(Some("agent"), Some(&repository()), 10).await, []);
    assert_eq!(list(None, None, usize::MAX).await.len(), 4);
}

#[tokio::test]
async fn a_thousand_releases_are_listed_page_by_page() {
    let fresh = fresh().await;
    let name = |number: usize| {
        let digits = [number / 1024 % 32, number / 32 % 32, number % 32].map(|digit| u8::try_from(digit).unwrap());
        ReleaseId::from_random([0, 0, 0, 0, 0, 0, 0, digits[0], digits[1], digits[2]])
    };
    for number in 0..1000 {
        let mut plan = plan(1, 'a');
        plan.release = name(number);
        plan.tags.clear();
        fresh.plan(&plan, 0).await;
    }
    let (mut listed, mut pages) = (Vec::new(), 0);
    loop {
        let filter = ReleaseFilter { before: listed.last().cloned(), ..ReleaseFilter::default() };
        let page = fresh.journal.releases(filter, 300).await.unwrap().releases;
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 300);
        pages += 1;
        listed.extend(page.into_iter().map(|release| release.plan.release));
    }
    assert_eq!((pages, listed), (4, (0..1000).rev().map(name).collect()));
}

#[tokio::test]
async fn one_unreadable_event_hides_no_other_release() {
    let fresh = fresh().await;
    for number in 1..=3 {
        fresh.plan(&plan(number, 'a'), number.into()).await;
        fresh.journal.append(&id(number), &Event::StepStarted { step: Step::Build }, at(9)).await.unwrap();
    }
    let raw = fresh.raw();
    raw.execute(
        r#"UPDATE events SET body = '{"event":"teleported","where":"moon"}' WHERE release = ?1 AND seq = 2"#,
        [id(2).as_str()],
    )
    .unwrap();
    raw.execute("UPDATE events SET body = CAST(x'ff' AS TEXT) WHERE release = ?1 AND seq = 2", [id(1).as_str()])
        .unwrap();

    let listing = fresh.journal.releases(ReleaseFilter::default(), 10).await.unwrap();
    assert_eq!(listing.releases.iter().map(|r| &r.plan.release).collect::<Vec<_>>(), [&id(3)]);
    assert_eq!(listing.damaged.iter().map(|d| (&d.release, d.seq)).collect::<Vec<_>>(), [(&id(2), 2), (&id(1), 2)]);
    let error = fresh.journal.release(&id(2)).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("event 2 of release cccccccccc") && text.contains("teleported"), "{text}");
    let failure = Failure::from(error);
    assert!(failure.next.contains("newer windlass"), "{failure:?}");

    raw.execute("DELETE FROM events WHERE release = ?1 AND seq = 1", [id(3).as_str()]).unwrap();
    let error = fresh.journal.release(&id(3)).await.unwrap_err();
    assert!(matches!(&error, JournalError::Damaged(d) if d.seq == 1), "{error}");
}

#[tokio::test]
async fn releases_are_found_by_what_a_maintainer_types() {
    let fresh = fresh().await;
    let journal = &fresh.journal;
    assert_eq!(journal.find("@", None).await.unwrap(), Found::None);
    let mut other = plan(3, 'a');
    other.image = "agent".into();
    fresh.plan(&plan(1, 'a'), 1).await;
    fresh.plan(&plan(2, 'b'), 2).await;
    fresh.plan(&other, 3).await;
    // An id that begins as the commit of the second release does.
    let mut both = plan(4, 'e');
    both.release = "bbbbbbbbba".parse().unwrap();
    fresh.plan(&both, 4).await;

    for (text, image, expected) in [
        ("@", None, Found::One(both.release.clone())),
        ("@", Some("agent"), Found::One(id(3))),
        ("@", Some("nothing"), Found::None),
        ("cc", None, Found::One(id(2))),
        ("cccccccccc", Some("agent"), Found::One(id(2))),
        ("aaa", None, Found::None),
        ("aaaa", None, Found::Many(vec![id(3), id(1)])),
        ("aaaa", Some("agent"), Found::One(id(3))),
        ("eeee", None, Found::One(both.release.clone())),
        ("b", None, Found::Many(vec![both.release.clone(), id(1)])),
        ("bbbb", None, Found::Many(vec![both.release.clone(), id(2), id(1)])),
        ("bbbbbbbbbb", None, Found::One(id(1))),
        ("", None, Found::None),
        ("*", None, Found::None),
        ("aaaa*", None, Found::None),
        ("é", None, Found::None),
    ] {
        assert_eq!(journal.find(text, image).await.unwrap(), expected, "{text} {image:?}");
    }
    let commit = "a".repeat(40);
    assert_eq!(journal.find(&commit, Some("balrog")).await.unwrap(), Found::One(id(1)));
}

#[tokio::test]
async fn records_are_found_by_repository_newest_first() {
    let fresh = fresh().await;
    let journal = &fresh.journal;
    let mut elsewhere = plan(3, 'c');
    elsewhere.repository = "ghcr.io/mozilla/agent".parse().unwrap();
    elsewhere.tags.clear();
    let plans = [plan(1, 'a'), plan(2, 'b'), elsewhere];
    for (plan, recorded_at) in plans.iter().zip([50, 40, 45]) {
        fresh.plan(plan, 0).await;
        journal.append(&plan.release, &recorded(&record(plan)), at(recorded_at)).await.unwrap();
    }
    let newest_first = [record(&plans[1]), record(&plans[0])];
    assert_eq!(journal.records(&repository()).await.unwrap(), newest_first, "although the clock was set back");
    assert_eq!(journal.records(&plans[2].repository).await.unwrap(), [record(&plans[2])]);
    let all: Vec<_> = journal.all_records().await.unwrap().into_iter().map(|r| r.release).collect();
    assert_eq!(all, [id(3), id(2), id(1)]);

    let damage = r#"UPDATE events SET body = '{"event":"recorded"}' WHERE release = ?1 AND kind = 'recorded'"#;
    fresh.raw().execute(damage, [id(2).as_str()]).unwrap();
    let error = journal.records(&repository()).await.unwrap_err();
    assert!(matches!(&error, JournalError::Damaged(d) if d.release == id(2) && d.seq == 2), "{error}");
    assert_eq!(journal.records(&plans[2].repository).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_carried_over_is_written_with_the_plan_or_not_at_all() {
    let fresh = fresh().await;
    let journal = &fresh.journal;
    let (first, second) = (plan(1, 'a'), plan(2, 'a'));
    fresh.plan(&first, 0).await;
    journal.append(&first.release, &recorded(&record(&first)), at(1)).await.unwrap();

    let reused = |step| Event::StepReused { step, note: "of another".into() };
    let wrong = vec![built(), planned(&second)];
    assert!(matches!(journal.begin(&second, wrong, at(2)).await, Err(JournalError::PlannedTwice { .. })));
    assert_eq!(journal.events(&second.release, 0).await.unwrap(), []);
    assert_eq!(journal.tag_used(&repository(), &tag("master-2")).await.unwrap(), None);

    let carried = vec![built(), reused(Step::Build), recorded(&record(&first)), reused(Step::Record)];
    let stamped = journal.begin(&second, carried, at(2)).await.unwrap();
    assert_eq!(stamped.iter().map(|s| s.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    let told = journal.release(&second.release).await.unwrap().unwrap();
    assert_eq!(told, Release::fold(&stamped).unwrap());
    assert!(told.built.is_some() && told.record.is_some());
    assert_eq!(journal.records(&repository()).await.unwrap(), [record(&first)], "it is still the first one's record");
}

#[tokio::test]
async fn a_frozen_tag_is_taken_from_its_plan_on() {
    let fresh = fresh().await;
    let journal = &fresh.journal;
    assert_eq!(journal.tag_used(&repository(), &tag("master-1")).await.unwrap(), None);
    fresh.plan(&plan(1, 'a'), 5).await;
    let mut again = plan(2, 'a');
    again.tags = vec![PlannedTag { tag: tag("master-1"), kind: TagKind::Frozen }];
    fresh.plan(&again, 4).await;
    assert_eq!(journal.tag_used(&repository(), &tag("master-1")).await.unwrap(), Some(id(1)));
    assert_eq!(journal.tag_used(&repository(), &tag("latest")).await.unwrap(), None, "a moving tag is never taken");
    assert_eq!(journal.tag_used(&"ghcr.io/a/b".parse().unwrap(), &tag("master-1")).await.unwrap(), None);
}

fn content(bytes: &[u8]) -> Content {
    Content {
        digest: Digest::of(bytes),
        media_type: "application/vnd.oci.image.manifest.v1+json".into(),
        index: false,
        images: vec![ObservedImage {
            manifest: Digest::of(bytes),
            config: Digest::of(b"config"),
            platform: Some("linux/arm64/v8".parse().unwrap()),
            diff_ids: vec![Digest::of(b"layer")],
            layers: vec![Digest::of(b"layer.gz")],
            created: Some(at(0)),
            labels: [("a".to_owned(), "b".to_owned())].into(),
        }],
    }
}

#[tokio::test]
async fn contents_are_remembered_by_digest() {
    let fresh = fresh().await;
    let journal = &fresh.journal;
    let contents: Vec<Content> = (0..200_u8).map(|n| content(&[n])).collect();
    journal.remember_contents(&contents, at(0)).await.unwrap();
    journal.remember_content(&contents[7], at(60)).await.unwrap();
    journal.remember_content(&contents[8], at(-60)).await.unwrap();
    let mut asked: Vec<Digest> = contents.iter().map(|c| c.digest.clone()).collect();
    asked.push(Digest::of(b"never hashed"));
    let known = journal.contents(&asked).await.unwrap();
    assert_eq!(known.len(), 200);
    for (number, content) in contents.iter().enumerate() {
        let hashed_at = at(if number == 7 { 60 } else { 0 });
        assert_eq!(known[&content.digest], Remembered { content: content.clone(), hashed_at });
    }
    assert_eq!(journal.content(asked.last().unwrap()).await.unwrap(), None);

    // What was written under a wrong digest, or cannot be read, is not known.
    let raw = fresh.raw();
    raw.execute("UPDATE contents SET body = '{}' WHERE digest = ?1", [asked[0].as_str()]).unwrap();
    raw.execute(
        "UPDATE contents SET body = (SELECT body FROM contents WHERE digest = ?2) WHERE digest = ?1",
        [asked[1].as_str(), asked[2].as_str()],
    )
    .unwrap();
    assert_eq!(journal.contents(&asked[..2]).await.unwrap().len(), 0);
    journal.remember_content(&contents[0], at(90)).await.unwrap();
    assert_eq!(journal.content(&asked[0]).await.unwrap().unwrap().content, contents[0]);
}

#[tokio::test]
async fn every_change_of_a_tag_is_kept() {
    let fresh = fresh().await;
    let journal = &fresh.journal;
    let (one, two) = (Some(Digest::of(b"1")), Some(Digest::of(b"2")));
    for (seconds, digest) in
        [(1, None), (2, one.clone()), (3, one.clone()), (4, two.clone()), (5, one.clone()), (4, one.clone()), (6, None)]
    {
        let seen = [(tag("latest"), digest), (tag("steady"), two.clone())];
        journal.observe(&repository(), &seen, at(seconds)).await.unwrap();
    }
    let sighting = |digest: &Option<Digest>, first, last| Sighting {
        digest: digest.clone(),
        first_seen: at(first),
        last_seen: at(last),
    };
    assert_eq!(
        journal.history(&repository(), &tag("latest")).await.unwrap(),
        [
            sighting(&None, 6, 6),
            sighting(&one, 5, 5),
            sighting(&two, 4, 4),
            sighting(&one, 2, 3),
            sighting(&None, 1, 1)
        ]
    );
    assert_eq!(journal.history(&repository(), &tag("steady")).await.unwrap(), [sighting(&two, 1, 6)]);
    assert_eq!(journal.history(&repository(), &tag("unseen")).await.unwrap(), []);
    assert_eq!(journal.history(&"ghcr.io/a/b".parse().unwrap(), &tag("latest")).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_handles_write_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.db");
    // The file is made by whichever comes first; two of the eight share each release.
    let writers: Vec<_> = (0..8_u8)
        .map(|number| {
            let file = file.clone();
            tokio::spawn(async move {
                let journal = Journal::open(&file).await.unwrap();
                let plan = plan(number / 2, 'a');
                let first = journal.append(&plan.release, &planned(&plan), at(0)).await;
                assert!(matches!(first, Ok(_) | Err(JournalError::PlannedTwice { .. })), "{first:?}");
                for _ in 0..25 {
                    journal.append(&plan.release, &Event::StepStarted { step: Step::Build }, at(1)).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let journal = Journal::open(&file).await.unwrap();
    let listing = journal.releases(ReleaseFilter::default(), 10).await.unwrap();
    assert_eq!(listing.releases.iter().map(|r| r.seq).collect::<Vec<_>>(), [51; 4]);
}

#[tokio::test]
async fn a_damaged_file_is_said_to_be_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.db");
    let journal = Journal::open(&file).await.unwrap();
    for number in 1..=20 {
        journal.append(&id(number), &planned(&plan(number, 'a')), at(0)).await.unwrap();
    }
    drop(journal);
    // The last connection moves everything into the file and removes the -wal.
    let raw = Connection::open(&file).unwrap();
    raw.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(())).unwrap();
    raw.close().unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    for byte in &mut bytes[4096..] {
        *byte ^= 0x5a;
    }
    std::fs::write(&file, &bytes).unwrap();
    let journal = Journal::open(&file).await.unwrap();
    let error = journal.releases(ReleaseFilter::default(), 10).await.unwrap_err();
    assert!(matches!(error, JournalError::Corrupt { .. }), "{error}");
    assert!(Failure::from(error).next.contains(".recover"));
    drop(journal);
    assert_eq!(std::fs::read(&file).unwrap()[4096..], bytes[4096..], "nothing was written over it");
}

/// Events as they follow a plan; not all such sequences make sense, and the journal does not judge that.
fn event() -> impl Strategy<Value = Event> {
    let step = prop::sample::select(Step::ALL.to_vec());
    let tags = || "[a-z][a-z0-9._-]{0,9}".prop_map(|text| tag(&text));
    let kind = || prop::sample::select(vec![TagKind::Frozen, TagKind::Moving]);
    prop_oneof![
        step.clone().prop_map(|step| Event::StepStarted { step }),
        (step.clone(), ".{0,20}").prop_map(|(step, note)| Event::StepSucceeded { step, note }),
        (step.clone(), ".{0,20}").prop_map(|(step, note)| Event::StepReused { step, note }),
        (step.clone(), ".{0,20}").prop_map(|(step, note)| Event::StepSkipped { step, note }),
        (step, ".{0,20}", ".{0,20}").prop_map(|(step, what, why)| Event::StepFailed {
            step,
            failure: Failure::unreachable(what, why, "again")
        }),
        Just(built()),
        (tags(), kind()).prop_map(|(tag, kind)| Event::PushIntended { tag, kind }),
        (tags(), kind(), any::<u64>()).prop_map(|(tag, kind, size)| Event::Pushed {
            tag,
            kind,
            digest: Digest::of(b"manifest"),
            size
        }),
        (tags(), ".{0,20}").prop_map(|(tag, why)| Event::TagLeft { tag, why }),
        Just(recorded(&record(&plan(1, 'a')))),
        (tags(), prop::sample::select(Verdict::ALL.to_vec()), ".{0,20}")
            .prop_map(|(tag, verdict, why)| { Event::Verified { tag, verdict, why } }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn what_is_read_back_folds_as_what_was_written(
        events in prop::collection::vec((event(), 0_i64..2_000_000_000), 0..20),
        finished: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let fresh = fresh().await;
            let plan = plan(1, 'a');
            let mut events = events;
            if finished {
                events.push((Event::Finished, 0));
            }
            let mut written = vec![fresh.journal.append(&plan.release, &planned(&plan), at(0)).await.unwrap()];
            for (event, nanoseconds) in &events {
                let at = at(0) + SignedDuration::from_nanos(*nanoseconds);
                written.push(fresh.journal.append(&plan.release, event, at).await.unwrap());
            }
            prop_assert!(written.is_sorted_by_key(|stamped| stamped.at), "whatever the clock said");
            // Read by another process' eyes.
            let reader = Journal::open(&fresh.file).await.unwrap();
            prop_assert_eq!(&reader.events(&plan.release, 0).await.unwrap(), &written);
            let folded = reader.release(&plan.release).await.unwrap();
            prop_assert_eq!(folded, Some(Release::fold(&written).unwrap()));
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn the_trail_has_a_row_before_the_act_and_its_end_after_it() {
    let fresh = fresh().await;
    let journal = &fresh.journal;
    let row = |seconds, subject: &str| AuditRow::begun(at(seconds), "ada@host", Act::SecretSet, subject);
    let fingerprint = || Some("0123456789ab".to_owned());
    let work = async {
        assert_eq!(journal.audit_rows(10).await.unwrap(), [row(1, "one")], "it is there while the work is done");
        Ok((7, Ended::with(None, fingerprint())))
    };
    assert_eq!(journal.audited(row(1, "one"), work).await, Ok(7));
    let refused = Failure::not_allowed("the login is refused", "401", "set another");
    let work = async { Err::<((), Ended), _>(refused.clone()) };
    assert_eq!(journal.audited(row(2, "two"), work).await, Err(refused));
    journal.audit(&AuditRow { outcome: Outcome::Done, ..row(0, "three") }).await.unwrap();

    let rows = journal.audit_rows(10).await.unwrap();
    let failed = Outcome::Failed { why: "the login is refused: 401".to_owned() };
    let wanted = [
        // Newest by arrival: a clock that was set back does not reorder them.
        AuditRow { outcome: Outcome::Done, ..row(0, "three") },
        AuditRow { outcome: failed, ..row(2, "two") },
        AuditRow { outcome: Outcome::Done, fingerprint: fingerprint(), ..row(1, "one") },
    ];
    assert_eq!(rows, wanted);
    assert_eq!(journal.audit_rows(1).await.unwrap(), wanted[..1]);
    let full = |c: &mut Connection| Ok(c.pragma_query_value(None, "synchronous", |row| row.get::<_, i64>(0))?);
    assert_eq!(journal.run(full).await.unwrap(), 2, "on the disk, not only in the system's hands");
}

#[tokio::test]
async fn what_the_trail_cannot_say_is_an_error() {
    let fresh = fresh().await;
    let row = || AuditRow::begun(at(1), "ada@host", Act::SecretRemove, "one");
    let broken = "CREATE TRIGGER broken BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'broken'); END";
    fresh.raw().execute_batch(broken).unwrap();
    let done = fresh.journal.audited(row(), async { Ok(((), Ended::with(None, None))) }).await.unwrap_err();
    assert!(done.why.contains("secret-remove of one is done"), "{done:?}");
    let refused = Failure::not_allowed("the login is refused", "401", "set another");
    let work = async { Err::<((), Ended), _>(refused.clone()) };
    let failed = fresh.journal.audited(row(), work).await.unwrap_err();
    assert_eq!((failed.kind, &failed.what), (refused.kind, &refused.what), "what failed first is told first");
    assert!(failed.why.contains("audit trail"), "{failed:?}");

    fresh.raw().execute_batch("DROP TABLE audit").unwrap();
    let worked = std::cell::Cell::new(false);
    let work = async {
        worked.set(true);
        Ok(((), Ended::with(None, None)))
    };
    fresh.journal.audited(row(), work).await.unwrap_err();
    assert!(!worked.get(), "without a row nothing is done");
}
