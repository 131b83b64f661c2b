//! What the thread answers about a log that grows.

use tokio::sync::mpsc::{Receiver, channel};

use super::*;
use crate::{
    console::sample::id,
    log::{
        pattern::{Filter, Pattern},
        steps::End,
        viewport::{Layout, Spot},
    },
    spool::Writer,
};

struct Logged {
    logs: Logs,
    inbox: Receiver<Message>,
    writer: Writer,
    _folder: tempfile::TempDir,
}

impl Logged {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (to, inbox) = channel(8);
        let logs = Logs::new(folder.path().to_owned(), to).unwrap();
        let writer = Writer::create(&folder.path().join(format!("{}.log", id(1)))).unwrap();
        Self { logs, inbox, writer, _folder: folder }
    }

    fn says(&mut self, lines: &[&str]) {
        for line in lines {
            self.writer.line(line).unwrap();
        }
        self.writer.flush().unwrap();
    }

    fn search(&mut self, release: u8, wanted: &Wanted) -> Result<Scanned, Failure> {
        self.logs.ask(Request::Search(id(release), wanted.clone()));
        let Some(Message::Searched(of, what, answer)) = self.inbox.blocking_recv() else { panic!("no answer") };
        assert!(of == id(release) && what == *wanted);
        answer
    }

    fn find(&mut self, wanted: &Wanted, which: Goal) -> Option<Match> {
        self.logs.ask(Request::Find(id(1), wanted.clone(), which));
        let Some(Message::Found(.., answer)) = self.inbox.blocking_recv() else { panic!("no answer") };
        answer.unwrap()
    }

    fn steps(&mut self) -> Arc<Steps> {
        self.logs.ask(Request::Steps(id(1)));
        let Some(Message::Steps(_, Ok(read))) = self.inbox.blocking_recv() else { panic!("no answer") };
        assert!(!read.more);
        read.steps
    }

    fn end(&mut self, filter: Option<Filter>) -> (Vec<String>, u64) {
        let layout = Layout { height: 3, width: 9, ..Layout::default() };
        let sight = Sight { spot: Spot::End, layout, filter, ..Sight::default() };
        self.logs.ask(Request::Read(id(1), sight.clone()));
        let Some(Message::Log(_, Ok(Some(seen)))) = self.inbox.blocking_recv() else { panic!("no answer") };
        assert_eq!(seen.sight, sight);
        (seen.window.rows.into_iter().map(|row| row.text).collect(), seen.total)
    }
}

fn filter(typed: &str, invert: bool) -> Filter {
    Filter { pattern: Pattern::new(typed).unwrap(), invert }
}

#[test]
fn whoever_goes_on_to_another_log_still_gets_what_was_marked_in_the_one_before() {
    let (ask, work) = std::sync::mpsc::channel();
    let mut waiting = vec![Request::Take(id(1), 0..=1, Filter::none()), Request::Steps(id(1))];
    ask.send(Request::Read(id(2), Sight::default())).unwrap();
    take_in(&mut waiting, &work);
    assert!(matches!(&waiting[..], [Request::Take(..), Request::Read(..)]), "{} requests", waiting.len());
}

#[test]
fn a_log_is_searched_for_lines_while_it_grows() {
    let mut log = Logged::new();
    let error = Wanted { filter: filter("error", false), within: None };
    log.says(&["fine", "an ERROR", "error", "fine"]);
    assert_eq!(log.search(1, &error).unwrap(), Scanned { searched: 4, more: false, count: 2, last: Some(2) });
    log.says(&["one more Error"]);
    assert_eq!(log.search(1, &error).unwrap().count, 3);
    assert_eq!(log.find(&error, Goal::From(2)), Some(Match { number: 1, line: 2, byte: 0 }));
    assert_eq!(log.find(&error, Goal::Number(2)), Some(Match { number: 2, line: 4, byte: 9 }));
    assert_eq!(log.find(&error, Goal::Number(3)), None);
    let before = [5, 4, 1].map(|line| log.find(&error, Goal::Before(line)).unwrap().line);
    assert_eq!(before, [4, 2, 4], "before the first comes the last");
    assert!(log.search(2, &error).unwrap_err().why.starts_with("there is no log"));
}

#[test]
fn steps_are_told_anew_when_the_log_tells_of_them() {
    let mut log = Logged::new();
    log.says(&["#1 [a 1/2] x", "#1 hello"]);
    let first = log.steps();
    assert_eq!(first.list().len(), 1);
    log.says(&["#1 hello", "no step"]);
    assert!(Arc::ptr_eq(&first, &log.steps()), "they are the same ones");
    log.says(&["#1 DONE 1.0s"]);
    let ended = log.steps();
    assert_eq!((first.list()[0].end, ended.list()[0].end), (None, Some(End::Done)));
    log.says(&["#2 [a 2/2] y", "#2 [output clipped, log limit 200KiB/s reached]"]);
    assert!(log.steps().clipped && !ended.clipped);
}

#[test]
fn a_filter_and_a_search_are_two_things() {
    let mut log = Logged::new();
    log.says(&["a error", "b error", "a fine", "b fine"]);
    let only = filter("^a", true);
    assert_eq!(log.end(Some(only.clone())), (Vec::new(), 4), "nothing was searched yet");
    log.search(1, &Wanted { filter: only.clone(), within: None }).unwrap();
    assert_eq!(log.end(Some(only.clone())).0, ["b error", "b fine"]);
    let both = Wanted { filter: filter("error", false), within: Some(only.clone()) };
    assert_eq!(log.search(1, &both).unwrap().count, 1);
    assert_eq!(log.find(&both, Goal::Number(0)).unwrap().line, 1);
    assert_eq!(log.end(Some(only)).0, ["b error", "b fine"], "it was kept beside the search");
    assert_eq!(log.end(None).0.len(), 4);
}
