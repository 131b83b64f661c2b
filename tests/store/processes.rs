//! Several processes on the same files, and processes that are killed.

use std::{
    env,
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

use jiff::Timestamp;
use tempfile::TempDir;
use windlass::{
    domain::{
        event::{Event, Step},
        name::ReleaseId,
        reference::Repository,
        release::ReleaseState,
    },
    journal::{Journal, ReleaseFilter},
    release::lock::{self, LockError, RunLock},
    spool::{Reader, Writer},
};

use crate::support::plan::{id, planned};

const PART: &str = "WINDLASS_TEST_PART";
const FOLDER: &str = "WINDLASS_TEST_FOLDER";
const RELEASE: &str = "WINDLASS_TEST_RELEASE";
/// Before everything that a child says, among what the test harness prints.
const SAYS: &str = "child says ";
/// Events of a child that comes to its end.
const EVENTS: u64 = 60;

fn repository() -> Repository {
    "docker.io/mozilla/balrog".parse().unwrap()
}

/// This test binary once more, in one of the parts below.
struct Part {
    process: Child,
    output: BufReader<ChildStdout>,
}

impl Part {
    fn start(part: &str, folder: &Path, release: &ReleaseId) -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "store::processes::a_part_in_a_process_of_its_own", "--ignored", "--nocapture"])
            .envs([(PART, part), (RELEASE, release.as_str())])
            .env(FOLDER, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, output }
    }

    /// What it says next.
    fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        while self.output.read_line(&mut line).unwrap() > 0 {
            if let Some((_, said)) = line.trim_end().split_once(SAYS) {
                return Some(said.to_owned());
            }
            line.clear();
        }
        None
    }

    /// As by `kill -9`. What it had said before is still heard.
    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
#[ignore = "the other process of the tests in this file, started by them"]
fn a_part_in_a_process_of_its_own() {
    let Ok(part) = env::var(PART) else { return };
    let folder = env::var_os(FOLDER).unwrap();
    let folder = Path::new(&folder);
    let release: ReleaseId = env::var(RELEASE).unwrap().parse().unwrap();
    let say = |text: &str| println!("\n{SAYS}{text}");
    match part.as_str() {
        "append" | "append without end" => {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let journal = Journal::open(&folder.join("journal.db")).await.unwrap();
                let mut last = journal.append(&release, &planned(&release), Timestamp::now()).await.unwrap();
                while part == "append without end" || last.seq < EVENTS {
                    say(&last.seq.to_string());
                    let event = Event::StepStarted { step: Step::Build };
                    last = journal.append(&release, &event, Timestamp::now()).await.unwrap();
                    journal.observe(&repository(), &[("latest".parse().unwrap(), None)], last.at).await.unwrap();
                }
                journal.append(&release, &Event::Finished, Timestamp::now()).await.unwrap();
            });
        }
        "lock" => {
            let _lock = RunLock::acquire(&folder.join("run"), &repository(), &release).unwrap();
            say("locked");
            // To its end: when the parent closes it, or dies.
            std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        }
        "log" => {
            let mut writer = Writer::create(&folder.join("logs/a.log")).unwrap();
            for number in 0.. {
                writer.line_at(&format!("line {number}"), number).unwrap();
                if number % 5000 == 0 {
                    writer.flush().unwrap();
                    say(&number.to_string());
                }
            }
        }
        other => panic!("there is no part {other}"),
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn many_processes_write_one_journal() {
    let folder = folder();
    let mut parts: Vec<Part> = (1..=4).map(|number| Part::start("append", folder.path(), &id(number))).collect();
    for part in &mut parts {
        while part.hear().is_some() {}
        assert!(part.process.wait().unwrap().success());
    }
    let journal = Journal::open(&folder.path().join("journal.db")).await.unwrap();
    let listing = journal.releases(ReleaseFilter::default(), 10).await.unwrap();
    assert_eq!(listing.damaged, []);
    let ends: Vec<_> = listing.releases.iter().map(|release| (release.seq, release.state)).collect();
    assert_eq!(ends, [(EVENTS + 1, ReleaseState::Succeeded); 4]);
    let history = journal.history(&repository(), &"latest".parse().unwrap()).await.unwrap();
    assert_eq!(history.len(), 1, "{history:?}");
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let folder = folder();
    let mut part = Part::start("append without end", folder.path(), &id(1));
    while part.hear().unwrap() != "50" {}
    part.kill();
    let mut acknowledged = 50;
    while let Some(said) = part.hear() {
        // The last word may be torn.
        acknowledged = acknowledged.max(said.parse().unwrap_or(0));
    }
    let journal = Journal::open(&folder.path().join("journal.db")).await.unwrap();
    let release = journal.release(&id(1)).await.unwrap().unwrap();
    assert!(release.seq >= acknowledged, "{} of {acknowledged}", release.seq);
    let next = journal.append(&id(1), &Event::Finished, Timestamp::now()).await.unwrap();
    assert_eq!(next.seq, release.seq + 1);
}

#[test]
fn a_release_is_alive_until_its_process_is_not() {
    let folder = folder();
    let run = folder.path().join("run");
    let mut part = Part::start("lock", folder.path(), &id(7));
    assert_eq!(part.hear().as_deref(), Some("locked"));
    assert_eq!(lock::holder(&run, &repository()).unwrap(), Some(id(7)));
    let error = RunLock::acquire(&run, &repository(), &id(8)).unwrap_err();
    assert!(matches!(error, LockError::Held { by: Some(by), .. } if by == id(7)));
    part.kill();
    assert_eq!(lock::holder(&run, &repository()).unwrap(), None);
    RunLock::acquire(&run, &repository(), &id(8)).unwrap();
}

#[test]
fn a_log_is_followed_from_another_process_and_whole_after_kill_9() {
    let folder = folder();
    let log = folder.path().join("logs/a.log");
    let mut part = Part::start("log", folder.path(), &id(1));
    assert_eq!(part.hear().as_deref(), Some("0"));
    let mut reader = Reader::open(&log).unwrap();
    let mut next = 0;
    while next < 40_000 {
        assert!(part.hear().is_some());
        reader.refresh().unwrap();
        for line in reader.lines_at(next, usize::MAX).unwrap() {
            assert_eq!(line, format!("line {next}"));
            next += 1;
        }
        let late = Reader::open(&log).unwrap();
        assert!(late.lines() >= next);
        assert!(late.time_of(late.lines() - 1).is_some(), "the writer's own index, times and all");
    }
    part.kill();
    let dead = Reader::open(&log).unwrap();
    assert_eq!(dead.tail(1).unwrap(), [format!("line {}", dead.lines() - 1)]);
}
