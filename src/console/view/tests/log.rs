//! Frames of a log, and of what is looked for in it.

use super::*;

#[test]
fn new_lines_below_are_counted_while_the_reader_is_above() {
    let mut model = busy((180, 50));
    press(&mut model, "<enter>kkll");
    tell(&mut model, news(1, News::Log(1_204_332)));
    sees(&model, &["Log · 1 new line ↓ · line"]);
    tell(&mut model, news(1, News::Log(1_204_343)));
    sees(&model, &["Log · 12 new lines ↓ · line 1 204 292 of 1 204 343 · column 17"]);
    never_sees(&model, "line 1204330");
}

#[test]
fn the_footer_tells_a_reader_how_to_read() {
    for (size, hints) in [
        ((60, 16), " esc list  f follow  / search  & filter  ? help  q quit"),
        ((100, 30), " f follow  / search  & filter  w wrap  n release  x cancel  z zoom  v verify  ? help  q quit"),
    ] {
        let mut model = busy(size);
        press(&mut model, "<enter>");
        sees(&model, &[hints]);
    }
}

#[test]
fn a_line_that_goes_on_to_the_right_says_so() {
    let mut model = console((60, 17), vec![running(1)]);
    press(&mut model, "<enter>");
    let lines = ["#".repeat(56), "#".repeat(57), "#".repeat(55) + "日"];
    let there = seen(&model, 0, &lines, 3);
    tell(&mut model, Message::Log(id(1), Ok(Some(there))));
    let ends = |model: &Model| {
        rows(model).iter().filter(|row| row.contains('#')).map(|row| row.contains('›')).collect::<Vec<_>>()
    };
    assert_eq!(ends(&model), [false, true, true], "{:?}", rows(&model));
}

#[test]
fn the_line_that_was_gone_to_is_seen_among_the_others() {
    let mut model = console((100, 30), vec![unbuilt(3)]);
    tell(&mut model, Message::Fault(id(3), Ok(Some((2, "E: no such package".into())))));
    let lines = ["Step 1/1 : RUN make", "cc main.c", "E: no such package", "make: *** stopped"].map(str::to_owned);
    let there = seen(&model, 0, &lines, 4);
    tell(&mut model, Message::Log(id(3), Ok(Some(there))));
    never_sees(&model, "▌E: no");
    press(&mut model, "<enter>");
    sees(&model, &["▌E: no such package"]);
    press(&mut model, "m");
    sees(&model, &["▌E: no such package", "1 line marked"]);
    press(&mut model, "<esc>G");
    never_sees(&model, "▌E: no");
}

/// So many lines of the log of [`busy`] were found; the reader is brought to this one, whose number is the first.
fn found(model: &mut Model, pattern: &str, number: u64, line: Option<u64>, count: u64) {
    let filter = Filter { pattern: Pattern::new(pattern).unwrap(), invert: false };
    let wanted = Wanted { filter, within: None };
    let scanned = Scanned { searched: 1_204_331, more: false, count, last: line };
    tell(model, Message::Searched(id(1), wanted.clone(), Ok(scanned)));
    if let Some(line) = line {
        let found = Match { number, line, byte: 0 };
        tell(model, Message::Found(id(1), wanted, Goal::Number(number), Ok(Some(found))));
    }
    shows(model);
}

/// The cells in reverse in the rows of the log, a word each run.
fn marked(model: &Model) -> Vec<String> {
    let log = Geometry::of(model).log;
    let buffer = drawn(model);
    let rows = (log.top()..log.bottom()).map(|y| {
        let cells = (log.left()..log.right()).map(|x| &buffer[(x, y)]);
        cells.map(|c| if c.modifier.contains(Modifier::REVERSED) { c.symbol() } else { "\n" }).collect::<String>()
    });
    rows.flat_map(|row| row.split('\n').map(str::to_owned).collect::<Vec<_>>()).filter(|w| !w.is_empty()).collect()
}

#[test]
fn a_search_marks_counts_and_stands_below_the_log() {
    for size in SIZES {
        let mut model = busy(size);
        press(&mut model, "/LINE 12043(25|27)");
        sees(&model, &["│ /LINE 12043(25|27)", "enter search", "esc close"]);
        press(&mut model, "<enter>");
        sees(&model, &["│ /LINE 12043(25|27)  searching 0 %"]);
        found(&mut model, "LINE 12043(25|27)", 0, None, 0);
        sees(&model, &["│ /LINE 12043(25|27)  no match yet", "following"]);
        press(&mut model, "/line 12043(25|27)<enter>");
        found(&mut model, "line 12043(25|27)", 0, Some(1_204_325), 2);
        sees(&model, &["├ Log · match 1 of 2 · paused · line 1", "│ /line 12043(25|27) ", "line 1204327 of the build"]);
        assert_eq!(marked(&model), ["line 1204325", "line 1204327"], "{size:?}");
        press(&mut model, "n");
        found(&mut model, "line 12043(25|27)", 1, Some(1_204_327), 2);
        sees(&model, &["Log · match 2 of 2", "n next  N previous  esc end search", "? help  q quit"]);
        let before = rows(&model);
        model.look.colour = false;
        assert_eq!((rows(&model), marked(&model).len()), (before, 2), "not by colour alone");
        press(&mut model, "<esc>");
        shows(&mut model);
        never_sees(&model, "match 2 of 2");
        assert_eq!(marked(&model), [""; 0]);
    }
    let mut model = busy((100, 30));
    press(&mut model, "/line<enter>");
    sees(&model, &["? help  q quit"]);
    found(&mut model, "line", 1_204_324, Some(1_204_324), 1_204_331);
    sees(&model, &["match 1 204 325 of 1 204 331", "│ /line ", "n next  N previous  esc end search"]);
    never_sees(&model, "n release");
    press(&mut model, "?match");
    sees(&model, &["to the next match"]);
    press(&mut model, "<esc>/(<enter>");
    sees(&model, &["│ /(   unclosed group"]);
}

#[test]
fn a_release_that_took_an_image_over_says_whose_log_there_is() {
    let mut events = Vec::new();
    for step in [Step::Preflight, Step::Secret, Step::Build] {
        events.push(Event::StepReused { step, note: String::new() });
    }
    let mut taken_over = release(1, "2026-11-21T09:30:00Z", events);
    taken_over.plan.parent = Some(id(7));
    let mut model = console((100, 30), vec![taken_over]);
    tell(&mut model, Message::Log(id(1), Ok(None)));
    sees(&model, &["nothing was built: the image is that of release", id(7).as_str()]);
}
