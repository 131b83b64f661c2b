//! A line of a hundred megabytes: from its writer to the window and the search, only as much of it is held as is looked
//! at. Whoever reads a debug build's clock sees that it is not looked at twice either.

use std::{
    fs::{self, File},
    io::Write as _,
    ops::Range,
    path::PathBuf,
};

use secrecy::SecretString;
use tempfile::TempDir;

use super::{
    read::{CHUNK, Chunk, Chunks, HELD, READ},
    *,
};
use crate::log::{
    lines::{LineAssembler, MAX_LINE},
    pattern::{Filter, Pattern, Wanted},
    redact::Redactor,
    viewport::{Layout, Offset, Place, Source, Spot, window},
    wrap::SEGMENT,
};

const MEGA: usize = 1 << 20;
/// Of which the line is made, again and again.
const UNIT: &str = "0123456789 abcde";
/// In the middle of it.
const NEEDLE: &str = "\x1b[31mNee\x1b[1mdle\x1b[0m";

/// A log of which the second line has so many megabytes.
struct Long {
    path: PathBuf,
    half: usize,
    _folder: TempDir,
}

impl Long {
    /// As somebody else may have put it there: none of ours is so long.
    fn of(megabytes: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        let mut file = File::create(&path).unwrap();
        let half = megabytes / 2;
        file.write_all(b"before\n").unwrap();
        let block = UNIT.repeat(MEGA / UNIT.len());
        for part in 0..megabytes {
            file.write_all(if part == half { NEEDLE } else { "" }.as_bytes()).unwrap();
            file.write_all(block.as_bytes()).unwrap();
        }
        file.write_all(b"\nafter\n").unwrap();
        Self { path, half: half * MEGA, _folder: folder }
    }

    fn reader(&self) -> Reader {
        Reader::open(&self.path).unwrap()
    }

    /// What is to be seen from this byte of the line on.
    fn shown(&self, byte: u64) -> impl Iterator<Item = char> {
        let byte = usize::try_from(byte).unwrap();
        assert!(byte <= self.half || byte >= self.half + NEEDLE.len(), "{byte}");
        let before = self.half.saturating_sub(byte);
        let needle = if byte <= self.half { "Needle" } else { "" };
        let passed = if byte <= self.half { byte } else { byte - NEEDLE.len() };
        let unit = UNIT.chars().cycle().skip(passed % UNIT.len());
        unit.clone().take(before).chain(needle.chars()).chain(unit.skip(before % UNIT.len()))
    }
}

/// A log, and the most that was asked of it at once.
struct Measured<'a> {
    log: Browse<'a>,
    most: u64,
}

impl Source for Measured<'_> {
    type Error = SpoolError;

    fn at_or_after(&mut self, line: u64) -> Result<Option<u64>, SpoolError> {
        self.log.at_or_after(line)
    }

    fn before(&mut self, line: u64) -> Result<Option<u64>, SpoolError> {
        self.log.before(line)
    }

    fn length(&mut self, line: u64) -> Result<u64, SpoolError> {
        self.log.length(line)
    }

    fn read(&mut self, line: u64, bytes: Range<u64>) -> Result<Vec<u8>, SpoolError> {
        self.most = self.most.max(bytes.end - bytes.start);
        self.log.read(line, bytes)
    }

    fn time(&self, line: u64) -> Option<i64> {
        self.log.time(line)
    }
}

/// Looks at the line at its beginning, its middle and its end: gives the bytes that were read for each.
fn looked_at(log: &Long, wrap: bool) -> [u64; 3] {
    let reader = log.reader();
    let end = reader.bytes() - "before\n\nafter\n".len() as u64;
    [0, log.half as u64, end - 1].map(|byte| {
        READ.set(0);
        let mut source = Measured { log: Browse::new(&reader, None), most: 0 };
        let spot = Spot::At { place: Place { line: 1, offset: Offset::Byte(byte) }, rows: 0 };
        let layout = Layout { height: 50, width: 120, wrap, left: 0 };
        let needle = Pattern::new("Needle").unwrap();
        let window = window(&mut source, spot, true, layout, Some(&needle)).unwrap();
        assert!(source.most <= 3 * SEGMENT, "{} bytes at once", source.most);
        let rows: Vec<_> = window.rows.iter().filter(|row| row.line == 1).collect();
        assert_eq!(rows.len() > 1, wrap);
        for row in &rows {
            let text = crate::log::bare::bare(&row.text);
            assert!(!text.is_empty() && text.len() <= 3 * 120, "{text}");
            assert!(log.shown(row.byte).zip(text.chars()).all(|(ours, theirs)| ours == theirs), "{row:?}");
        }
        let marked = rows.iter().any(|row| !row.marks.is_empty());
        assert_eq!(marked, byte == log.half as u64, "it is seen and marked where it is");
        READ.get()
    })
}

#[test]
fn it_is_shown_wrapped_from_what_is_around_the_place() {
    let log = Long::of(100);
    assert_eq!(log.reader().index.entries().len(), 2, "one for it and the line before, one for the line after");
    for read in looked_at(&log, true) {
        assert!(read < MEGA as u64, "{read} bytes");
    }
}

/// Columns are counted from the line's beginning, which takes a debug build its time.
#[test]
fn it_is_shown_cut_wherever_the_reader_is() {
    looked_at(&Long::of(12), false);
}

#[test]
fn it_is_searched_in_parts_each_once() {
    let log = Long::of(100);
    let reader = log.reader();
    let mut chunks = Chunks::new(&reader.path, &reader.log, 0, reader.bytes());
    let mut passed = 0;
    while let Some(chunk) = chunks.next().unwrap() {
        let (text, seen) = match chunk {
            Chunk::Lines(text) => (text, 0),
            Chunk::Part { text, seen } => (text, seen),
        };
        assert!(text.len() <= HELD + CHUNK, "{} bytes are held", text.len());
        passed += text.len() - seen;
    }
    assert_eq!(passed as u64, reader.bytes());
    for (typed, place) in [("Needle", Some(log.half as u64 + 5)), ("Absent", None)] {
        READ.set(0);
        let pattern = Pattern::new(typed).unwrap();
        let filter = Filter { pattern: pattern.clone(), invert: false };
        let mut hits = Hits::new(Wanted { filter, within: None });
        while hits.searched() < reader.lines() {
            hits.extend(&reader).unwrap();
        }
        assert_eq!((hits.count(), hits.last()), place.map_or((0, None), |_| (1, Some(1))));
        assert!(READ.get() < 2 * reader.bytes(), "{} bytes", READ.get());
        READ.set(0);
        for line in 0..3 {
            let hit = place.is_some().then_some(1);
            assert_eq!(hits.at_or_after(&reader, line).unwrap(), hit.filter(|hit| *hit >= line));
            assert_eq!(hits.before(&reader, line).unwrap(), hit.filter(|hit| *hit < line));
        }
        assert_eq!(READ.get(), 0, "which lines they are is known");
        assert_eq!(hits.nth(&reader, 0).unwrap().map(|line| reader.first_in(line, &pattern).unwrap()), place.map(Some));
    }
}

/// Wherever such a pattern begins in a part of the line, it goes on to the part's end.
#[test]
fn what_matches_to_no_end_is_found_and_ends() {
    let log = Long::of(4);
    let reader = log.reader();
    let end = reader.bytes() - "before\n\nafter\n".len() as u64;
    for (typed, places) in [
        (".*", [Some(0), Some(0), Some(0)]),
        (r"[\w ]+", [Some(0), Some(0), Some(0)]),
        ("[0-9]+", [None, Some(0), None]),
        (r"\w+$", [Some(0), Some(end - 5), Some(0)]),
        ("E.*", [None; 3]),
        ("N.*", [None, Some(log.half as u64 + 5), None]),
        ("^[0-9]+ abcde0", [None, Some(0), None]),
        ("^[1-9]", [None; 3]),
        ("9$", [None; 3]),
        ("", [None, Some(0), None]),
    ] {
        let pattern = Pattern::new(typed).unwrap();
        let found = [0, 1, 2].map(|line| reader.first_in(line, &pattern).unwrap());
        assert_eq!(found, places, "{typed}");
        let mut lines = Vec::new();
        reader
            .grep(pattern.regex(), false, |line, _| {
                lines.push(line);
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        let expected: Vec<u64> = (0..).zip(places).filter_map(|(line, place)| place.map(|_| line)).collect();
        assert!(lines == expected || typed.is_empty() && lines == [0, 1, 2], "{typed}: {lines:?}");
    }
}

/// What an engine says without an end of line is a line a megabyte long, and the next: each is as the one before, so that
/// two dozen tell of a hundred.
#[test]
fn it_is_written_in_pieces_and_none_of_them_waits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    let mut writer = Writer::create(&path).unwrap();
    let mut lines = LineAssembler::new(MAX_LINE, Redactor::new(&[] as &[SecretString], []));
    let chunk = UNIT.repeat(4096);
    let mut write = |line: &str| {
        assert!(line.len() <= MAX_LINE, "{} bytes in one piece", line.len());
        writer.line(line).unwrap();
        let waiting = writer.size().0 - fs::metadata(&path).unwrap().len();
        assert!(waiting <= 64 * 1024, "{waiting} bytes are not written");
    };
    for _ in 0..24 * MEGA / chunk.len() {
        lines.push(chunk.as_bytes(), &mut write);
    }
    lines.finish(&mut write);
    let summary = writer.finish().unwrap();
    assert_eq!(summary.bytes, 24 * MEGA as u64 + summary.lines);
    assert!((24..27).contains(&summary.lines), "{} lines", summary.lines);
}

#[test]
fn the_beginning_is_told_of_one_that_has_no_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    fs::write(&path, format!("whole\n{}", UNIT.repeat(8 * MEGA / UNIT.len()))).unwrap();
    let reader = Reader::open(&path).unwrap();
    let rest = reader.rest().unwrap().unwrap();
    assert!(rest.starts_with(UNIT) && (MAX_LINE..2 * MAX_LINE).contains(&rest.len()), "{} bytes", rest.len());
    fs::write(&path, "whole\ntorn").unwrap();
    assert_eq!(Reader::open(&path).unwrap().rest().unwrap().as_deref(), Some("torn"));
}
