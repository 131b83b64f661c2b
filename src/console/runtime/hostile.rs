//! What a build may say, from its bytes to the cells of the screen: whatever it is, the console goes on, shows text, and
//! shows each line where it is.

use std::{collections::VecDeque, fs, path::Path};

use proptest::prelude::*;
use ratatui::{buffer::Cell, style::Modifier};
use secrecy::SecretString;
use tokio::sync::mpsc::{Receiver, channel};

use super::logs::{Logs, Request};
use crate::{
    console::{
        effect::Effect,
        message::Message,
        model::{LogState, Model, Seen},
        sample::{console, id, press, running, tell},
        tests::{drawn, harmless},
    },
    log::{
        hostile,
        lines::LineAssembler,
        pattern::Filter,
        redact::Redactor,
        wrap::{Piece, Pieces},
    },
    spool::Writer,
};

/// A log of release 1, and a console that reads it.
struct Reading {
    logs: Logs,
    inbox: Receiver<Message>,
    model: Model,
    _folder: tempfile::TempDir,
}

impl Reading {
    fn new(size: (u16, u16), write: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join(format!("{}.log", id(1))));
        let (to, inbox) = channel(1);
        let logs = Logs::new(folder.path().to_owned(), to).unwrap();
        let mut model = console(size, vec![running(1)]);
        // What it asked for when it was opened was not answered.
        model.log.open(None);
        Self { logs, inbox, model, _folder: folder }
    }

    /// Carries out what is asked of the log, until nothing more is.
    fn read(&mut self, effects: Vec<Effect>) {
        let mut waiting = VecDeque::from(effects);
        while let Some(effect) = waiting.pop_front() {
            self.logs.ask(match effect {
                Effect::ReadLog { release, sight } => Request::Read(release, *sight),
                Effect::SearchLog { release, wanted } => Request::Search(release, wanted),
                Effect::FindInLog { release, wanted, which } => Request::Find(release, wanted, which),
                Effect::ReadSteps { release } => Request::Steps(release),
                Effect::TakeLines { release, lines, filter } => Request::Take(release, lines, filter),
                _ => continue,
            });
            let answer = self.inbox.blocking_recv().unwrap();
            waiting.extend(tell(&mut self.model, answer));
        }
    }

    fn press(&mut self, keys: &str) {
        let effects = press(&mut self.model, keys);
        self.read(effects);
    }

    fn resize(&mut self, (columns, rows): (u16, u16)) {
        let effects = tell(&mut self.model, Message::Resized(columns, rows));
        self.read(effects);
    }

    /// What is wrong with what is shown of a log that has these lines.
    fn wrong(&self, lines: &[Vec<u8>]) -> Result<(), String> {
        harmless(&drawn(&self.model))?;
        let LogState::Open(Seen { window, total, .. }) = &self.model.log.state else {
            return Err(format!("{:?}", self.model.log.state));
        };
        if *total != lines.len() as u64 {
            return Err(format!("{total} lines instead of {}", lines.len()));
        }
        let mut before = None;
        for row in &window.rows {
            let line = &lines[usize::try_from(row.line).unwrap()];
            let from = usize::try_from(row.byte).unwrap();
            if before.is_some_and(|before| before >= (row.line, row.byte)) {
                return Err(format!("{row:?} comes after {before:?}"));
            }
            before = Some((row.line, row.byte));
            let shown = text(row.text.as_bytes());
            // Mostly, what is near is enough; but there may be any number of bytes that show nothing.
            let near = &line[from..(from + 8 * row.text.len()).min(line.len())];
            if !text(near).starts_with(&shown) && !text(&line[from..]).starts_with(&shown) {
                return Err(format!("{row:?} is not in its line"));
            }
            let leaves = |filter: &Filter| filter.pattern.first_in(line).is_none() == filter.invert;
            let another = row.byte == 0 || !self.model.log.wrap;
            if another && !self.model.log.filter.as_ref().is_none_or(|scan| leaves(&scan.wanted.filter)) {
                return Err(format!("{row:?} is filtered out"));
            }
        }
        Ok(())
    }
}

/// What can be shown of a line.
fn text(line: &[u8]) -> String {
    let shown = |(_, piece)| match piece {
        Piece::Text(text, _) => text.to_owned(),
        Piece::Tab => "\t".to_owned(),
        Piece::Code(_) | Piece::Nothing => String::new(),
    };
    Pieces::of(line).map(shown).collect()
}

/// The way of what an engine says: gives the lines that are in the spool.
fn spool(path: &Path, bytes: &[u8], longest: usize) -> Vec<Vec<u8>> {
    let mut kept = Vec::new();
    let mut writer = Writer::create(path).unwrap();
    let mut lines = LineAssembler::new(longest, Redactor::new(&[] as &[SecretString], []));
    let mut keep = |line: &str| {
        writer.line_at(line, 1_700_000_000_000).unwrap();
        kept.push(line.as_bytes().to_vec());
    };
    lines.push(bytes, &mut keep);
    lines.finish(&mut keep);
    writer.finish().unwrap();
    kept
}

/// What a builder says, or what says so: the console reads steps out of it.
fn said() -> impl Strategy<Value = Vec<u8>> {
    let builders = prop::sample::select(vec![
        ("#1 [", " 1/2] RUN x"),
        ("#2 [a 2/2] ", ""),
        ("#3 ", ""),
        ("#4294967295 [a 1/1] ", ""),
        ("#1 DONE 0.5s", ""),
        ("#2 DONE infs", ""),
        ("#2 DONE NaNs", ""),
        ("#3 DONE -7s", ""),
        ("#3 DONE 1e300s", ""),
        ("#1 CACHED", ""),
        ("#2 ERROR: ", ""),
        ("#1 [output clipped, log limit ", ""),
        ("Step 1/2 : FROM ", " AS y"),
        ("STEP 2/2: RUN ", ""),
        ("[1/2] STEP 1/4294967295: FROM ", ""),
        ("Step 4294967295/1 : ", ""),
        (" ---> Using cache", ""),
        ("Successfully built ", ""),
    ]);
    let builder = (builders, prop_oneof![Just(Vec::new()), hostile::line()])
        .prop_map(|((before, after), text)| [before.as_bytes(), &text, after.as_bytes()].concat());
    prop_oneof![2 => hostile::line(), 1 => builder]
}

fn size() -> impl Strategy<Value = (u16, u16)> {
    prop_oneof![
        1 => (1_u16..20, 1_u16..60),
        6 => (20_u16..200, 5_u16..60),
    ]
}

/// Scrolling in all directions, wrapping, searching, filtering.
fn keys() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "w",
        "t",
        "z",
        "lll",
        "h",
        "0",
        "jj",
        "k",
        "<page-up>",
        "<page-down>",
        "gg",
        "G",
        "f",
        "E",
        "/a<enter>",
        "/[^ ]+$<enter>",
        "/.*<enter>",
        "/\\W<enter>",
        "&e<enter>",
        "&!e<enter>",
        "&<ctrl-u><enter>",
        "n",
        "N",
        "<esc>",
        "S",
        "Sj",
        "]",
        "[",
        "m",
        "mjjy",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// As windlass spools it; or, `foreign`, as somebody else put it there.
    #[test]
    fn whatever_a_build_says_its_lines_are_shown_and_nothing_of_it_acts(
        said in prop::collection::vec((said(), prop_oneof![8 => Just(1_usize), 1 => Just(300)]), 0..12),
        foreign: bool,
        sizes in prop::collection::vec(size(), 1..3),
        keys in prop::collection::vec(keys(), 1..8),
    ) {
        let bytes: Vec<u8> = said.iter().flat_map(|(line, times)| [line.repeat(*times), vec![b'\n']].concat()).collect();
        let mut lines = Vec::new();
        let mut reading = Reading::new(sizes[0], |path| {
            if foreign {
                fs::write(path, &bytes).unwrap();
                lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
                lines.pop();
            } else {
                lines = spool(path, &bytes, 4096);
            }
        });
        reading.press("<enter>");
        for keys in keys {
            reading.press(keys);
            if let Err(wrong) = reading.wrong(&lines) {
                prop_assert!(false, "after {keys}: {wrong}");
            }
            for size in &sizes {
                reading.resize(*size);
                if let Err(wrong) = reading.wrong(&lines) {
                    prop_assert!(false, "after {keys} at {size:?}: {wrong}");
                }
            }
        }
    }
}

/// One that no build of ours has, in a log that somebody else put there.
#[test]
fn a_line_of_many_megabytes_is_read_as_any_other() {
    let mut long = "0123456789 abcde".repeat(1 << 18).into_bytes();
    let after = long.clone();
    long.extend_from_slice("\x1b[31mNee\x1b[1mdle\x1b[0m日\u{301}".as_bytes());
    long.extend(after);
    let lines = vec![b"before".to_vec(), long, b"after".to_vec()];
    let mut reading =
        Reading::new((100, 30), |path| fs::write(path, [lines.join(&b'\n'), b"\n".to_vec()].concat()).unwrap());
    for keys in
        ["<enter>", "w", "k", "<page-up>", "gg", "jj", "/Needle<enter>", "w", "l", "h", "&Needle<enter>", "w", "G"]
    {
        reading.press(keys);
        if let Err(wrong) = reading.wrong(&lines) {
            panic!("after {keys}: {wrong}");
        }
        if keys == "/Needle<enter>" {
            let marked = drawn(&reading.model);
            let marked = marked.content.iter().filter(|cell| cell.modifier.contains(Modifier::REVERSED));
            assert!(marked.map(Cell::symbol).collect::<String>().contains("Needle"));
        }
    }
}
