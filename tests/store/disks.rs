//! Full and read-only disks: a clear error, and nothing that was there before is lost.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use windlass::{
    attest::{self, ArtifactError},
    domain::{
        digest::Digest,
        event::{Event, Step},
        failure::Failure,
        record::{RECORD_SCHEMA, Record},
    },
    journal::{Journal, JournalError},
    spool::{Reader, SpoolError, Writer},
};

use crate::support::{
    disk::SmallDisk,
    plan::{id, plan, planned},
};

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn note(text: &str) -> Event {
    Event::StepSucceeded { step: Step::Build, note: text.repeat(4096) }
}

#[tokio::test]
async fn a_journal_on_a_full_disk_loses_nothing_and_goes_on_when_there_is_room() {
    let disk = SmallDisk::new(768);
    let journal = Journal::open(&disk.path().join("journal.db")).await.unwrap();
    journal.append(&id(1), &planned(&id(1)), now()).await.unwrap();
    disk.fill(256);
    let mut written = 1;
    let error = loop {
        match journal.append(&id(1), &note("n"), now()).await {
            Ok(stamped) => written = stamped.seq,
            Err(error) => break error,
        }
        assert!(written < 10_000, "the disk never became full");
    };
    assert!(matches!(error, JournalError::Full { .. }), "{error}");
    assert!(Failure::from(error).next.contains("free space"));
    let events = journal.events(&id(1), 0).await.unwrap();
    assert_eq!(events.last().map(|event| event.seq), Some(written));

    disk.free();
    let next = journal.append(&id(1), &note("m"), now()).await.unwrap();
    assert_eq!(next.seq, written + 1);
    let again = Journal::open(&disk.path().join("journal.db")).await.unwrap();
    assert_eq!(again.release(&id(1)).await.unwrap().unwrap().seq, written + 1);
}

#[tokio::test]
async fn a_journal_is_not_begun_on_a_full_disk() {
    let disk = SmallDisk::new(64);
    disk.fill(64);
    let file = disk.path().join("journal.db");
    let error = Journal::open(&file).await.unwrap_err();
    assert!(matches!(error, JournalError::Full { .. }), "{error:?}");
    disk.free();
    // Room for the file, but not for the shared memory beside it.
    disk.fill(24);
    let error = Journal::open(&file).await.unwrap_err();
    assert!(matches!(error, JournalError::Full { .. }), "{error:?}");
}

#[tokio::test]
async fn a_read_only_disk_is_said_to_be_one() {
    let disk = SmallDisk::new(768);
    let file = disk.path().join("journal.db");
    let journal = Journal::open(&file).await.unwrap();
    journal.append(&id(1), &planned(&id(1)), now()).await.unwrap();
    drop(journal);
    until(|| !file.with_file_name("journal.db-wal").exists());
    disk.make_read_only();
    for file in [file, disk.path().join("none.db"), disk.path().join("folder/none.db")] {
        let error = Journal::open(&file).await.unwrap_err();
        assert!(matches!(error, JournalError::ReadOnly { .. }), "{}: {error:?}", file.display());
    }
}

/// The journal's thread closes the file some time after its last handle.
fn until(mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(30), "it never came to be so");
        std::thread::yield_now();
    }
}

#[test]
fn a_log_on_a_full_disk_keeps_its_beginning_and_says_so_to_the_end() {
    let disk = SmallDisk::new(256);
    let log = disk.path().join("logs/aaaaaaaaaa.log");
    let mut writer = Writer::create(&log).unwrap();
    let line = "y".repeat(99);
    let full = SpoolError::Full { file: log.clone() };
    let written = (0..100_000).find_map(|_| writer.line(&line).err());
    assert_eq!(written, Some(full.clone()));
    assert_eq!(writer.line("more"), Err(full.clone()));
    assert_eq!(writer.flush(), Err(full.clone()));
    assert_eq!(writer.finish().unwrap_err(), full);

    let bytes = fs::read(&log).unwrap();
    assert!(bytes.len() > 64 * 1024);
    assert!(bytes.chunks(100).all(|chunk| (line.clone() + "\n").as_bytes().starts_with(chunk)), "a prefix, unharmed");
    let reader = Reader::open(&log).unwrap();
    assert_eq!(reader.lines(), bytes.len() as u64 / 100);
    assert_eq!(reader.tail(1).unwrap(), [line]);

    let error = Writer::create(&disk.path().join("logs/bbbbbbbbbb.log")).unwrap_err();
    assert!(matches!(error, SpoolError::Full { .. }), "{error}");
    assert!(!disk.path().join("logs/bbbbbbbbbb.log").exists(), "or the next attempt would find a log");
}

#[test]
fn the_index_of_a_log_on_a_read_only_disk_is_made_in_memory() {
    let disk = SmallDisk::new(256);
    let log = disk.path().join("aaaaaaaaaa.log");
    fs::write(&log, "line\n".repeat(1000)).unwrap();
    disk.make_read_only();
    let reader = Reader::open(&log).unwrap();
    assert_eq!((reader.lines(), reader.lines_at(999, 2).unwrap()), (1000, vec!["line".to_owned()]));
}

fn record() -> Record {
    let plan = plan(&id(1));
    serde_json::from_value(serde_json::json!({
        "schema": RECORD_SCHEMA, "release": plan.release, "image": plan.image, "repository": plan.repository,
        "image_id": Digest::of(b"image"), "id_kind": "config", "config_digest": null, "manifest_digest": null,
        "index_digest": null, "diff_ids": vec![Digest::of(b"layer"); 100], "platform": null, "tags": plan.tags,
        "commit": plan.source.commit, "ref": null, "remote": null, "review": "unreviewed", "dirty": false,
        "dockerfile_digest": null, "context_digest": null, "log_digest": null, "log_clipped": false,
        "runner": plan.runner, "engine": "", "who": plan.who, "when": plan.planned,
    }))
    .unwrap()
}

#[test]
fn a_record_is_never_half_written() {
    let names = |folder: &Path| -> Vec<_> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let disk = SmallDisk::new(64);
    let folder = disk.path().join("artifacts/bbbbbbbbbb");
    fs::create_dir(folder.parent().unwrap()).unwrap();
    // Room for the first file of the two.
    disk.fill(60);
    let error = attest::write(&folder, &record()).unwrap_err();
    assert!(matches!(error, ArtifactError::Io { .. }), "{error}");
    assert!(Failure::from(error).next.contains("free space"));
    assert_eq!(names(folder.parent().unwrap()), Vec::<String>::new());

    disk.free();
    attest::write(&folder, &record()).unwrap();
    assert_eq!(attest::read(&folder).unwrap(), record());
}
