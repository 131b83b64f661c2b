//! The log of a run, from a worker that comes and goes, and from what it kept.

use std::time::Duration;

use serde_json::json;
use windlass::{
    domain::task::TaskId,
    taskcluster::{Deployment, Log, LogEnd, LogNote, LogPiece, TaskclusterError},
};

use super::deployment::nobody;
use crate::support::taskcluster::{
    Double,
    fault::Fault,
    live::Live,
    queue::{artifacts::Stored, task::Outcome},
};

const LIVE: &str = "public/logs/live.log";
const KEPT: &str = "public/logs/live_backing.log";
/// No test waits for real.
const PACE: Duration = Duration::from_millis(1);

/// A log that is read step by step.
struct Reader {
    log: Log,
    text: String,
    notes: Vec<String>,
    end: Option<LogEnd>,
}

impl Reader {
    async fn of(deployment: &Deployment, task: &str) -> Self {
        let task = deployment.task(&task.parse::<TaskId>().unwrap()).await.unwrap();
        Self { log: deployment.log(&task, 0, PACE), text: String::new(), notes: Vec::new(), end: None }
    }

    async fn step(&mut self) -> Result<(), TaskclusterError> {
        let piece = self.log.next().await?.expect("it was not at its end");
        self.take(piece);
        Ok(())
    }

    fn take(&mut self, piece: LogPiece) {
        match piece {
            LogPiece::Text(bytes) => self.text.push_str(std::str::from_utf8(&bytes).unwrap()),
            LogPiece::Note(note) => self.notes.push(word(&note)),
            LogPiece::End(end) => self.end = Some(end),
        }
    }

    async fn until(&mut self, reached: impl Fn(&Self) -> bool) {
        while !reached(self) {
            self.step().await.unwrap();
        }
    }

    async fn reads(&mut self, text: &str) {
        self.until(|reader| reader.text.len() >= text.len()).await;
        assert_eq!(self.text, text);
    }

    async fn reads_all(&mut self) -> LogEnd {
        self.until(|reader| reader.end.is_some()).await;
        assert_eq!(self.log.next().await, Ok(None));
        self.end.clone().unwrap()
    }
}

/// Notes that quote addresses or statuses differ each time.
fn word(note: &LogNote) -> String {
    match note {
        LogNote::Waiting(status) => String::from(status.state.clone()),
        LogNote::Live => "live".to_owned(),
        LogNote::NoLiveLog(_) => "no live log".to_owned(),
        LogNote::Broken(_) => "broken".to_owned(),
        LogNote::Differs => "differs".to_owned(),
    }
}

fn lines(numbers: impl IntoIterator<Item = u32>) -> String {
    numbers.into_iter().fold(String::new(), |text, n| text + "line " + &n.to_string() + "\n")
}

/// A task that is running, with a live log.
fn running(double: &Double) -> (String, Live) {
    let task = double.task(&json!({}));
    double.claim(&task);
    let live = Live::start();
    double.artifact(&task, 0, LIVE, Stored::Reference { url: live.url.clone() });
    (task, live)
}

/// What a worker does at its end.
fn ends(double: &Double, task: &str, text: &str) {
    double.artifact(task, 0, KEPT, Stored::log(text));
    double.artifact(task, 0, LIVE, Stored::Link { to: KEPT });
    double.resolve(task, Outcome::Completed);
}

#[tokio::test]
async fn a_log_that_was_kept_is_unpacked() {
    let double = Double::open();
    let task = double.task(&json!({}));
    double.claim(&task);
    ends(&double, &task, "one\ntwo\n");
    let mut reader = Reader::of(&nobody(&double), &task).await;
    assert_eq!(reader.reads_all().await, LogEnd::Whole);
    assert_eq!((reader.text.as_str(), reader.notes.len()), ("one\ntwo\n", 0));
    assert!(double.bucket_requests().iter().all(|asked| asked.client_id.is_none()));
}

#[tokio::test]
async fn a_run_is_followed_from_before_it_begins_to_the_last_byte_that_was_kept() {
    let double = Double::open();
    let task = double.task(&json!({}));
    let mut reader = Reader::of(&nobody(&double), &task).await;
    reader.until(|reader| reader.notes == ["pending"]).await;
    double.claim(&task);
    let live = Live::start();
    live.push("one\n");
    double.artifact(&task, 0, LIVE, Stored::Reference { url: live.url.clone() });
    reader.reads("one\n").await;
    live.push("two\n");
    reader.reads("one\ntwo\n").await;
    live.close();
    ends(&double, &task, "one\ntwo\nlast words\n");
    assert_eq!(reader.reads_all().await, LogEnd::Whole);
    assert_eq!(reader.text, "one\ntwo\nlast words\n");
    assert_eq!(reader.notes.iter().filter(|note| *note == "live").count(), 1, "{:?}", reader.notes);
}

#[tokio::test]
async fn connections_that_break_lose_and_repeat_nothing() {
    let double = Double::open();
    let (task, live) = running(&double);
    let mut reader = Reader::of(&nobody(&double), &task).await;
    let mut text = String::new();
    for n in 0..5 {
        let more = lines(n..=n);
        live.push(&more);
        text.push_str(&more);
        reader.reads(&text).await;
        live.drop_connections();
    }
    let readers = live.readers();
    assert!(readers.len() >= 5 && readers.iter().all(|reader| reader.range.is_none()), "{readers:?}");
    live.close();
    ends(&double, &task, &text);
    assert_eq!(reader.reads_all().await, LogEnd::Whole);
    assert_eq!(reader.text, text);
    assert!(!reader.notes.contains(&"differs".to_owned()), "{:?}", reader.notes);
}

#[tokio::test]
async fn nothing_is_lost_by_whoever_stops_waiting() {
    let double = Double::open();
    let (task, live) = running(&double);
    let mut reader = Reader::of(&nobody(&double), &task).await;
    let text = lines(0..2000);
    live.push(&text);
    live.close();
    ends(&double, &task, &format!("{text}end\n"));
    let mut patience = 0;
    while reader.end.is_none() {
        // Stops waiting after so many turns of the runtime, and asks again: as early as may be, and at last never.
        patience += 1;
        let turns = async {
            for _ in 0..patience {
                tokio::task::yield_now().await;
            }
        };
        let piece = tokio::select! {
            biased;
            piece = reader.log.next() => Some(piece.unwrap().unwrap()),
            () = turns => None,
        };
        if let Some(piece) = piece {
            reader.take(piece);
        }
    }
    assert_eq!(reader.text, format!("{text}end\n"));
}

#[tokio::test]
async fn a_run_without_a_live_log_says_so_and_shows_what_was_kept() {
    let double = Double::open();
    let task = double.task(&json!({}));
    double.claim(&task);
    let mut reader = Reader::of(&nobody(&double), &task).await;
    reader.until(|reader| reader.notes == ["no live log"]).await;
    ends(&double, &task, "all of it\n");
    assert_eq!(reader.reads_all().await, LogEnd::Whole);
    assert_eq!((reader.text.as_str(), reader.notes.len()), ("all of it\n", 1));
}

#[tokio::test]
async fn a_live_log_elsewhere_is_not_followed() {
    let double = Double::open();
    let task = double.task(&json!({}));
    double.claim(&task);
    double.artifact(&task, 0, LIVE, Stored::Reference { url: "http://worker.example/log".to_owned() });
    let mut reader = Reader::of(&nobody(&double), &task).await;
    reader.until(|reader| reader.notes == ["no live log"]).await;
    ends(&double, &task, "all of it\n");
    assert_eq!(reader.reads_all().await, LogEnd::Whole);
    assert_eq!((reader.text.as_str(), reader.notes.len()), ("all of it\n", 1));
}

#[tokio::test]
async fn names_of_the_payload_are_used() {
    let double = Double::open();
    let task = double.task(&json!({"payload": {"logs": {"live": "public/a.txt", "backing": "public/b.txt"}}}));
    double.claim(&task);
    double.artifact(&task, 0, "public/b.txt", Stored::log("by another name\n"));
    double.resolve(&task, Outcome::Failed);
    let mut reader = Reader::of(&nobody(&double), &task).await;
    assert_eq!(reader.reads_all().await, LogEnd::Whole);
    assert_eq!(reader.text, "by another name\n");
}

#[tokio::test]
async fn a_worker_that_vanished_is_named_as_the_reason() {
    let double = Double::open();
    let (task, live) = running(&double);
    live.push("one\n");
    let mut reader = Reader::of(&nobody(&double), &task).await;
    reader.reads("one\n").await;
    drop(live);
    reader.until(|reader| reader.notes.contains(&"broken".to_owned())).await;
    double.clock(jiff::SignedDuration::from_mins(21));
    assert_eq!(reader.reads_all().await, LogEnd::WorkerVanished);
    assert_eq!(reader.text, "one\n");
    assert_eq!(LogEnd::WorkerVanished.to_string(), "its worker vanished, and no log was uploaded");
}

#[tokio::test]
async fn logs_that_are_gone_or_never_came_are_told_apart() {
    let double = Double::open();
    let end = async |stored: Option<Stored>| {
        let task = double.task(&json!({}));
        double.claim(&task);
        if let Some(stored) = stored {
            double.artifact(&task, 0, KEPT, stored);
            double.artifact(&task, 0, LIVE, Stored::Link { to: KEPT });
        }
        double.resolve(&task, Outcome::Exception("malformed-payload"));
        Reader::of(&nobody(&double), &task).await.reads_all().await
    };
    assert_eq!(end(Some(Stored::Expired)).await, LogEnd::Expired);
    let LogEnd::NotKept(why) = end(Some(Stored::NeverUploaded)).await else { panic!("another end") };
    assert!(why.contains("never uploaded") && why.contains("answers 404: The specified key does not exist."), "{why}");
    assert_eq!(end(None).await, LogEnd::NotKept("the worker does not take its payload".to_owned()));
    let broken = Stored::Error { reason: "file-missing-on-worker", message: "no log" };
    assert_eq!(end(Some(broken)).await, LogEnd::NotKept("file-missing-on-worker: no log".to_owned()));
}

#[tokio::test]
async fn a_log_that_is_uploaded_after_the_end_is_waited_for() {
    let double = Double::open();
    let (task, live) = running(&double);
    live.push("one\n");
    let mut reader = Reader::of(&nobody(&double), &task).await;
    reader.reads("one\n").await;
    // A cancelled command goes on until its worker hears of it.
    live.push("two\n");
    live.until(|readers| readers[0].sent == 8);
    double.cancel(&task);
    reader.reads("one\ntwo\n").await;
    live.close();
    double.artifact(&task, 0, KEPT, Stored::log("one\ntwo\ncancelled\n"));
    assert_eq!(reader.reads_all().await, LogEnd::Whole);
    assert_eq!(reader.text, "one\ntwo\ncancelled\n");
}

#[tokio::test]
async fn a_worker_that_says_nothing_more_is_left_when_the_run_is_over() {
    let double = Double::open();
    let (task, live) = running(&double);
    live.push("one\n");
    let mut reader = Reader::of(&nobody(&double), &task).await;
    reader.reads("one\n").await;
    double.artifact(&task, 0, KEPT, Stored::log("one\ntwo\n"));
    double.resolve(&task, Outcome::Completed);
    assert_eq!(reader.reads_all().await, LogEnd::Whole, "its live log never came to an end");
    assert_eq!(reader.text, "one\ntwo\n");
    drop(live);
}

#[tokio::test]
async fn a_live_log_without_an_end_does_not_hide_the_end_of_its_run() {
    let double = Double::open();
    let (task, live) = running(&double);
    let mut reader = Reader::of(&nobody(&double), &task).await;
    double.artifact(&task, 0, KEPT, Stored::log("kept\n"));
    double.resolve(&task, Outcome::Completed);
    // Each piece that is read makes the worker write more.
    while reader.end.is_none() {
        live.push("more and more\n");
        reader.step().await.unwrap();
    }
    assert_eq!(reader.end, Some(LogEnd::Whole));
    assert!(reader.text == "kept\n" || reader.notes.last().unwrap() == "differs", "{:?}", reader.notes);
}

#[tokio::test]
async fn a_log_that_was_kept_and_is_another_is_told_once() {
    let double = Double::open();
    let (task, live) = running(&double);
    live.push("one\ntwo\n");
    let mut reader = Reader::of(&nobody(&double), &task).await;
    reader.reads("one\ntwo\n").await;
    live.close();
    ends(&double, &task, "ONE\nTWO\nthree\n");
    assert_eq!(reader.reads_all().await, LogEnd::Whole);
    assert_eq!(reader.text, "one\ntwo\nthree\n");
    assert_eq!(reader.notes, ["live", "differs"]);
}

#[tokio::test]
async fn a_kept_log_that_breaks_off_is_read_again_and_not_repeated() {
    let double = Double::open();
    let text = lines((0..200_000).map(|n| n * 7919 % 100_003));
    let task = double.task(&json!({}));
    double.claim(&task);
    ends(&double, &task, &text);
    double.fault("GET", KEPT, Fault::TruncatedBody, 2);
    let deployment = nobody(&double);
    let mut reader = Reader::of(&deployment, &task).await;
    assert_eq!(reader.reads_all().await, LogEnd::Whole);
    assert!(reader.text == text && reader.notes == ["broken"], "{:?}", reader.notes);
    double.fault("GET", KEPT, Fault::TruncatedBody, 100);
    let mut reader = Reader::of(&deployment, &task).await;
    let error = loop {
        match reader.step().await {
            Ok(()) => assert!(reader.end.is_none()),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, TaskclusterError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn a_queue_in_trouble_ends_nothing() {
    let double = Double::open();
    let (task, live) = running(&double);
    let mut reader = Reader::of(&nobody(&double), &task).await;
    // As often as one question is asked.
    double.fault("GET", "/status", Fault::Html500, 4);
    live.push("one\n");
    reader.reads("one\n").await;
    reader.until(|reader| reader.notes.contains(&"broken".to_owned())).await;
    live.push("two\n");
    reader.reads("one\ntwo\n").await;
    live.close();
    ends(&double, &task, "one\ntwo\n");
    assert_eq!(reader.reads_all().await, LogEnd::Whole);
}

#[tokio::test]
async fn a_log_that_we_may_not_read_is_an_error() {
    let double = Double::start();
    double.anonymous(&["queue:get-task:*", "queue:status:*"]);
    let (task, _live) = running(&double);
    let error = Reader::of(&nobody(&double), &task).await.step().await.unwrap_err();
    assert!(error.is_denied() && error.to_string().contains("queue:get-artifact:public/logs/live.log"), "{error}");
}
