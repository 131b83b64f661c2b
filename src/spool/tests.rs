//! A log from its first line to the search in it.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    ops::ControlFlow,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::PathBuf,
};

use proptest::prelude::*;
use regex::Regex;
use tempfile::TempDir;

use super::*;
use crate::{
    domain::{digest::Digest, failure::Failure},
    log::pattern::Pattern,
};

struct Log {
    path: PathBuf,
    _folder: TempDir,
}

impl Log {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { path: folder.path().join("logs/aaaaaaaaaa.log"), _folder: folder }
    }

    fn with<S: AsRef<str>>(lines: &[S]) -> Self {
        let log = Self::new();
        let mut writer = Writer::create(&log.path).unwrap();
        for (ms, line) in (1_000..).zip(lines) {
            writer.line_at(line.as_ref(), ms).unwrap();
        }
        writer.finish().unwrap();
        log
    }

    fn index(&self) -> PathBuf {
        self.path.with_extension("idx")
    }

    fn reader(&self) -> Reader {
        Reader::open(&self.path).unwrap()
    }
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("#{n} RUN make {}", "x".repeat(n % 90))).collect()
}

/// Where entries are, without their times.
fn places(index: &Index) -> Vec<(u64, u64)> {
    index.entries().iter().map(|entry| (entry.byte, entry.line)).collect()
}

#[test]
fn the_digest_is_that_of_the_file() {
    let log = Log::new();
    let mut writer = Writer::create(&log.path).unwrap();
    let lines = numbered(3000);
    for line in &lines {
        writer.line(line).unwrap();
    }
    let summary = writer.finish().unwrap();
    let bytes = fs::read(&log.path).unwrap();
    assert_eq!(bytes, lines.iter().flat_map(|line| [line, "\n"]).collect::<String>().into_bytes());
    assert_eq!(summary, Summary { digest: Digest::of(&bytes), bytes: bytes.len() as u64, lines: 3000 });
}

#[test]
fn an_empty_log_is_a_log() {
    let log = Log::new();
    let summary = Writer::create(&log.path).unwrap().finish().unwrap();
    assert_eq!(summary, Summary { digest: Digest::of(b""), bytes: 0, lines: 0 });
    let reader = log.reader();
    assert_eq!((reader.lines(), reader.tail(10).unwrap(), reader.rest().unwrap()), (0, vec![], None));
    assert_eq!(reader.time_of(0), None);
}

#[test]
fn a_log_is_for_its_owner_alone_and_never_written_over() {
    let log = Log::with(&["kept"]);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(&log.path), mode(&log.index())), (0o600, 0o600));
    assert_eq!(mode(log.path.parent().unwrap()), 0o700);
    let error = Writer::create(&log.path).unwrap_err();
    assert!(matches!(error, SpoolError::Exists { .. }), "{error}");
    assert_eq!(log.reader().tail(9).unwrap(), ["kept"]);
    assert_eq!(log.reader().time_of(0), Some(1_000), "its index was not touched either");
    let error = Reader::open(&log.path.with_extension("gone")).unwrap_err();
    assert!(Failure::from(error).why.starts_with("there is no log"));
}

#[test]
fn a_writer_that_is_given_up_leaves_what_was_said() {
    let log = Log::new();
    let mut writer = Writer::create(&log.path).unwrap();
    writer.line("one").unwrap();
    assert_eq!(log.reader().lines(), 0);
    drop(writer);
    assert_eq!(log.reader().tail(9).unwrap(), ["one"]);
}

#[test]
fn a_log_is_followed_while_it_is_written() {
    let log = Log::new();
    let mut writer = Writer::create(&log.path).unwrap();
    let mut reader = log.reader();
    let lines = numbered(2000);
    let mut followed = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        writer.line_at(line, 5).unwrap();
        if number % 333 == 0 {
            writer.flush().unwrap();
            let first = reader.lines();
            let new = reader.refresh().unwrap();
            followed.extend(reader.lines_at(first, usize::try_from(new).unwrap()).unwrap());
            assert_eq!(followed.last(), Some(line));
        }
    }
    let ino = fs::metadata(log.index()).unwrap().ino();
    let late = log.reader();
    assert_eq!(fs::metadata(log.index()).unwrap().ino(), ino, "the index of a living writer is right as it is");
    assert_eq!(late.time_of(late.lines()), Some(5));
    drop(writer);
    let first = reader.lines();
    reader.refresh().unwrap();
    followed.extend(reader.lines_at(first, usize::MAX).unwrap());
    assert_eq!(followed, lines);
    assert_eq!(places(&reader.index), places(&log.reader().index));
}

#[test]
fn lines_that_were_said_apart_have_their_own_times() {
    let log = Log::new();
    let mut writer = Writer::create(&log.path).unwrap();
    for (line, ms) in [("one", 5_000), ("two", 5_400), ("three", 9_000), ("four", 9_100), ("five", 3_000)] {
        writer.line_at(line, ms).unwrap();
    }
    writer.finish().unwrap();
    let reader = log.reader();
    let times: Vec<_> = (0..5).map(|line| reader.time_of(line).unwrap()).collect();
    assert_eq!(times, [5_000, 5_000, 9_000, 9_000, 9_000], "a clock that jumps back makes no entries");
    assert_eq!(reader.lines_at(1, 3).unwrap(), ["two", "three", "four"]);
}

#[test]
fn lines_of_a_log_that_is_followed_have_their_times_too() {
    let log = Log::new();
    let mut writer = Writer::create(&log.path).unwrap();
    let mut reader = log.reader();
    for (ms, line) in (0..).step_by(400).zip(numbered(1000)) {
        writer.line_at(&line, ms).unwrap();
        if ms % 7 == 0 {
            writer.flush().unwrap();
            reader.refresh().unwrap();
        }
    }
    writer.finish().unwrap();
    reader.refresh().unwrap();
    assert_eq!(reader.lines(), 1000);
    assert_eq!(reader.index, log.reader().index);
    let late =
        (0..1000).find(|line| reader.time_of(*line).is_none_or(|at| at + 1200 <= 400 * i64::try_from(*line).unwrap()));
    assert_eq!(late, None);
}

/// Its times are lost, nothing else.
#[test]
fn an_index_that_goes_wrong_while_its_log_is_followed_is_left() {
    let lines = numbered(4000);
    let log = Log::new();
    let mut writer = Writer::create(&log.path).unwrap();
    for line in &lines[..1000] {
        writer.line_at(line, 5).unwrap();
    }
    writer.flush().unwrap();
    let mut reader = log.reader();
    for line in &lines[1000..] {
        writer.line_at(line, 5).unwrap();
    }
    writer.finish().unwrap();
    let right = fs::read(log.index()).unwrap();
    for at in [0, 1, 3] {
        let mut bytes = right.clone();
        bytes[16 + 24 * (reader.index.entries().len() + at)] ^= 1;
        fs::write(log.index(), bytes).unwrap();
        let mut index = reader.index.clone();
        index.extend(&log.path, &reader.log).unwrap();
        let followed = Reader { path: log.path.clone(), log: fs::File::open(&log.path).unwrap(), index };
        assert_eq!((followed.lines(), followed.lines_at(3990, 99).unwrap()), (4000, lines[3990..].to_vec()), "{at}");
    }
    fs::remove_file(log.index()).unwrap();
    reader.refresh().unwrap();
    assert_eq!((reader.lines(), places(&reader.index)), (4000, places(&log.reader().index)));
}

#[test]
fn a_torn_line_is_shown_but_is_no_line() {
    let log = Log::with(&["one", "two"]);
    let mut file = OpenOptions::new().append(true).open(&log.path).unwrap();
    file.write_all("thr\u{e9}".as_bytes()).unwrap();
    let mut reader = log.reader();
    assert_eq!((reader.lines(), reader.tail(1).unwrap()), (2, vec!["two".to_owned()]));
    assert_eq!(reader.rest().unwrap().as_deref(), Some("thr\u{e9}"));
    file.write_all(b"e\nfour").unwrap();
    assert_eq!(reader.rest().unwrap().as_deref(), Some("thr\u{e9}e"));
    assert_eq!(reader.refresh().unwrap(), 1);
    assert_eq!(reader.lines_at(2, 5).unwrap(), ["thr\u{e9}e"]);
    assert_eq!(reader.rest().unwrap().as_deref(), Some("four"));
}

#[test]
fn a_log_that_became_shorter_is_an_error() {
    let log = Log::with(&numbered(5000));
    let mut reader = log.reader();
    OpenOptions::new().write(true).open(&log.path).unwrap().set_len(1000).unwrap();
    assert!(matches!(reader.tail(1), Err(SpoolError::Shrunk { .. })));
    assert!(matches!(reader.refresh(), Err(SpoolError::Shrunk { .. })));
    assert!(log.reader().lines() > 0, "a new reader sees what is left");
}

#[test]
fn an_index_that_is_missing_short_or_wrong_is_made_again() {
    let lines = numbered(5000);
    let log = Log::with(&lines);
    let right = fs::read(log.index()).unwrap();
    let known = log.reader().index;
    assert!(known.entries().len() > 15);
    let other = Log::with(&vec!["another log"; 10_000]);
    let mut wrong = vec![
        ("empty", Vec::new()),
        ("header only", right[..16].to_vec()),
        ("no header", right[16..].to_vec()),
        ("short", right[..right.len() / 2 / 24 * 24 + 16].to_vec()),
        ("torn", right[..right.len() - 7].to_vec()),
        ("of another log", fs::read(other.index()).unwrap()),
    ];
    for (name, at) in
        [("magic", 1), ("version", 8), ("first", 16), ("byte", 16 + 24 * 3 + 6), ("line", 16 + 24 * 4 + 8)]
    {
        let mut bytes = right.clone();
        bytes[at] ^= 1;
        wrong.push((name, bytes));
    }
    for (name, bytes) in wrong {
        fs::write(log.index(), bytes).unwrap();
        let reader = log.reader();
        assert_eq!(places(&reader.index), places(&known), "{name}");
        assert_eq!(reader.lines_at(4000, 3).unwrap(), lines[4000..4003], "{name}");
        let kept = fs::read(log.index()).unwrap();
        assert_eq!(kept.len(), right.len(), "{name}: it is kept for the next reader");
        assert_eq!(fs::metadata(log.index()).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    fs::remove_file(log.index()).unwrap();
    let reader = log.reader();
    assert_eq!((reader.time_of(0), reader.time_of(4999)), (None, None), "times are in the index alone");
    assert!(log.index().exists());
    fs::write(log.index(), &right[..right.len() / 2 / 24 * 24 + 16]).unwrap();
    let reader = log.reader();
    assert_eq!((reader.time_of(0), reader.time_of(4999)), (Some(1_000), None), "times that are there are kept");
}

#[test]
fn entries_of_lines_that_never_came_are_not_believed() {
    let log = Log::with(&numbered(5000));
    let lines = log.reader().lines_at(0, 300).unwrap();
    let end: usize = lines.iter().map(|line| line.len() + 1).sum();
    OpenOptions::new().write(true).open(&log.path).unwrap().set_len(end as u64).unwrap();
    let reader = log.reader();
    assert_eq!((reader.lines(), reader.tail(1).unwrap()), (300, lines[299..].to_vec()));
    let known: Vec<_> = reader.index.entries().iter().map(|entry| entry.unix_ms).collect();
    assert_eq!(known, [Some(1_000), Some(1_256)], "the times of those that came are kept");
}

fn whole(text: &Text<'_>) -> String {
    let Text::Whole(line) = text else { panic!("{text:?}") };
    (*line).to_owned()
}

#[test]
fn a_log_is_searched_over_the_borders_of_chunks() {
    let mut lines = numbered(20_000);
    lines[10_000] = "y".repeat(300_000) + " needle";
    lines[19_999].push_str("needle");
    let log = Log::with(&lines);
    let reader = log.reader();
    for pattern in ["needle", "needle$", r"^#1\d7 ", "#123 RUN", "absent"] {
        let pattern = Regex::new(pattern).unwrap();
        for invert in [false, true] {
            let mut found = Vec::new();
            reader
                .grep(&pattern, invert, |number, text| {
                    found.push((number, whole(&text)));
                    ControlFlow::Continue(())
                })
                .unwrap();
            let expected: Vec<(u64, String)> =
                (0..).zip(lines.iter().cloned()).filter(|(_, line)| pattern.is_match(line) != invert).collect();
            assert_eq!(found, expected, "{pattern} {invert}");
        }
    }
    let mut found = Vec::new();
    let first_two = |number, _: Text<'_>| {
        found.push(number);
        if found.len() < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    reader.grep(&Regex::new("make").unwrap(), false, first_two).unwrap();
    assert_eq!(found, [0, 1]);
}

/// Neither is held whole, nor is what crosses the parts it is searched in missed, nor a part's end taken for the line's.
#[test]
fn a_line_of_many_megabytes_is_searched_part_by_part() {
    let part = 1_179_648 - 3;
    let endless = format!("{}needle{}\x1b[1mpin{}", "x".repeat(part), "y".repeat(3 << 20), "z".repeat(500_000));
    let log = Log::with(&["first needle", &endless, "last pin"]);
    let reader = log.reader();
    for (pattern, expected) in [
        ("needle", vec![0, 1]),
        ("xneedley", vec![1]),
        ("ypinz", vec![1]),
        ("^first|^last|^z|^y", vec![0, 2]),
        ("x$|y$|pin$", vec![2]),
        ("z$", vec![1]),
        ("^x", vec![1]),
        ("absent", vec![]),
    ] {
        for invert in [false, true] {
            let mut found = Vec::new();
            let all = |number, text: Text<'_>| {
                if let (1, Text::Long(bytes)) = (number, &text) {
                    assert_eq!(*bytes, 13..13 + endless.len() as u64);
                }
                found.push(number);
                ControlFlow::Continue(())
            };
            reader.grep(&Regex::new(pattern).unwrap(), invert, all).unwrap();
            let expected: Vec<u64> = (0..3).filter(|n| expected.contains(n) != invert).collect();
            assert_eq!(found, expected, "{pattern} {invert}");
        }
    }
    let at = |typed, line| reader.first_in(line, &Pattern::new(typed).unwrap()).unwrap();
    assert_eq!([at("needle", 0), at("needle", 1), at("needle", 2)], [Some(6), Some(part as u64), None]);
    assert_eq!([at("pin", 1), at("pin", 2)], [Some(part as u64 + 6 + (3 << 20) + 4), Some(5)]);
    assert_eq!(reader.lines_at(0, 9).unwrap(), ["first needle", &endless, "last pin"]);
    let mut copied = Vec::new();
    reader.bytes_at(13..13 + endless.len() as u64, |part| copied.extend_from_slice(part)).unwrap();
    assert_eq!(copied, endless.as_bytes());
}

#[test]
fn colours_do_not_hide_what_is_looked_for_and_stay_in_what_is_found() {
    let lines = ["plain", "an \x1b[31mer\x1b[1mror\x1b[0m", "error", "\x1b[32mfine\x1b[0m"];
    let reader = Log::with(&lines).reader();
    for (pattern, expected) in [("error", vec![1, 2]), ("error$", vec![1, 2]), ("^fine$", vec![3])] {
        let mut found = Vec::new();
        let all = |number, text: Text<'_>| {
            found.push((number, whole(&text)));
            ControlFlow::Continue(())
        };
        reader.grep(&Regex::new(pattern).unwrap(), false, all).unwrap();
        let expected: Vec<(u64, String)> = expected.into_iter().map(|n| (n as u64, lines[n].to_owned())).collect();
        assert_eq!(found, expected, "{pattern}");
    }
}

#[test]
fn parts_of_a_log_are_searched_one_after_another() {
    let lines: Vec<String> = (0..200_000).map(|n| format!("#{n} {}", "x".repeat(90))).collect();
    let reader = Log::with(&lines).reader();
    let pattern = Regex::new("^#[0-9]*7 ").unwrap();
    for first in [0, 7, 300, 199_999] {
        let (mut found, mut next, mut parts) = (Vec::new(), first, 0);
        while next < reader.lines() {
            let begun = next;
            next = reader.grep_part(next, &pattern, false, |number, _| found.push(number)).unwrap();
            assert!(next > begun, "every part is a step");
            parts += 1;
        }
        let expected: Vec<u64> = (first..200_000).filter(|number| number % 10 == 7).collect();
        assert_eq!(found, expected, "from {first}");
        assert!(parts > 1 || first == 199_999, "{parts} parts from {first}");
    }
    assert_eq!(reader.grep_part(200_000, &pattern, false, |_, _| panic!("nothing is there")).unwrap(), 200_000);
}

#[test]
fn bytes_that_are_no_text_do_not_stop_a_reader() {
    let log = Log::with(&["one"]);
    OpenOptions::new().append(true).open(&log.path).unwrap().write_all(b"\xff two\nthree\n").unwrap();
    let reader = log.reader();
    assert_eq!(reader.tail(2).unwrap(), ["\u{fffd} two", "three"]);
    let mut found = Vec::new();
    let all = |number, text: Text<'_>| {
        found.push((number, whole(&text)));
        ControlFlow::Continue(())
    };
    reader.grep(&Regex::new("t").unwrap(), false, all).unwrap();
    assert_eq!(found, [(1, "\u{fffd} two".to_owned()), (2, "three".to_owned())]);
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        10 => "[^\n]{0,60}",
        5 => Just(String::new()),
        1 => (0..200_000_usize).prop_map(|length| "z".repeat(length)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn what_is_written_is_read(
        kinds in prop::collection::vec((line(), 1..400_usize), 0..8),
        first in 0..2000_u64,
        count in 0..500_usize,
        cut in 0..400_usize,
    ) {
        let lines: Vec<String> = kinds.into_iter().flat_map(|(line, times)| {
            let times = if line.len() > 1000 { 1 } else { times };
            vec![line; times]
        }).collect();
        let log = Log::with(&lines);
        let written = log.reader();
        prop_assert_eq!(written.lines(), lines.len() as u64);
        let from = usize::try_from(first).unwrap().min(lines.len());
        prop_assert_eq!(&written.lines_at(first, count).unwrap()[..], &lines[from..(from + count).min(lines.len())]);
        prop_assert_eq!(&written.tail(count).unwrap()[..], &lines[lines.len().saturating_sub(count)..]);
        prop_assert_eq!(written.rest().unwrap(), None);
        for window in written.index.entries().windows(2) {
            prop_assert!(window[1].line - window[0].line <= 256);
        }

        let mut short = fs::read(log.index()).unwrap();
        short.truncate(cut);
        fs::write(log.index(), short).unwrap();
        let rebuilt = log.reader();
        prop_assert_eq!(places(&rebuilt.index), places(&written.index));
        prop_assert_eq!(rebuilt.lines_at(first, count).unwrap(), written.lines_at(first, count).unwrap());
        let again = log.reader();
        prop_assert_eq!(again.index.entries(), rebuilt.index.entries());
    }
}
