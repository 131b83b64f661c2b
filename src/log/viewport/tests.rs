//! Logs in memory, walked through.

use proptest::prelude::*;

use super::{memory::Log, *};
use crate::log::{pattern::Pattern, wrap::SEGMENT};

impl Log {
    fn window(&mut self, spot: Spot, layout: Layout) -> Window {
        window(self, spot, false, layout, None).unwrap()
    }
}

const WRAPPED: Layout = Layout { height: 4, width: 10, wrap: true, left: 0 };
const CUT: Layout = Layout { wrap: false, ..WRAPPED };

fn at(line: u64, byte: u64, rows: i64) -> Spot {
    Spot::At { place: Place { line, offset: Offset::Byte(byte) }, rows }
}

/// What is on the screen.
fn seen(window: &Window) -> Vec<&str> {
    window.rows.iter().skip(window.top).take(window.layout.height).map(|row| row.text.as_str()).collect()
}

#[test]
fn the_end_is_in_sight_whatever_the_lines_are() {
    let mut log = Log::of(["one", "two", "a line of more than ten columns", "four"]);
    assert_eq!(seen(&log.window(Spot::End, WRAPPED)), ["more than ", "ten column", "s", "four"]);
    assert_eq!(
        seen(&log.window(Spot::End, CUT)),
        ["one", "two", "a line of more than ", "four"],
        "a screen to the right"
    );
    let few = log.window(Spot::End, Layout { height: 40, ..WRAPPED });
    assert!(few.at_start && few.at_end && few.top == 0 && few.rows.len() == 7);
    assert!(Log::of([""; 0]).window(Spot::End, WRAPPED).rows.is_empty());
}

#[test]
fn a_place_is_on_top_unless_the_end_is_near() {
    let mut log = Log::of((0..100).map(|n| format!("line {n}")));
    let window = log.window(at(50, 0, 0), CUT);
    assert_eq!(seen(&window), ["line 50", "line 51", "line 52", "line 53"]);
    assert_eq!((window.rows.len(), window.rows[0].line, window.rows[0].time), (12, 46, Some(46)));
    assert_eq!(seen(&log.window(at(50, 0, -3), CUT))[0], "line 47");
    assert_eq!(seen(&log.window(at(50, 0, 500), CUT))[3], "line 99");
    assert_eq!(seen(&log.window(at(50, 0, -500), CUT))[0], "line 0");
    assert_eq!(seen(&log.window(at(500, 0, 0), CUT))[3], "line 99");
    log.shown = Box::new(|line| line % 10 == 3);
    assert_eq!(seen(&log.window(at(50, 0, 0), CUT)), ["line 53", "line 63", "line 73", "line 83"]);
    assert_eq!(seen(&log.window(Spot::End, CUT))[3], "line 93");
    log.shown = Box::new(|_| false);
    assert!(log.window(at(50, 0, 0), CUT).rows.is_empty());
}

#[test]
fn columns_to_the_right_keep_tabs_and_colours() {
    let mut log = Log::of(["\x1b[1m\x1b[31m0123456789\t日本\x1b[0m and what is after it, to no end", "short"]);
    let layout = Layout { left: 21, width: 6, ..CUT };
    let window = log.window(at(0, 0, 0), layout);
    assert_eq!(window.columns, 15..33);
    assert_eq!(window.rows[0].column, 10, "a tab has the column that is wanted");
    assert_eq!(window.rows[0].text, "\x1b[1m\x1b[31m\t日本\x1b[0m and what is ");
    assert_eq!((window.rows[1].text.as_str(), window.rows[1].column), ("", 5));
}

#[test]
fn a_place_is_revealed_and_a_column_becomes_a_place() {
    let wide = format!("{}needle{}", "x".repeat(1000), "y".repeat(1000));
    let mut log = Log::of(["first", &wide, "last"]);
    let revealed = window(&mut log, at(1, 1000, 0), true, CUT, None).unwrap();
    assert_eq!(revealed.layout.left, 997);
    let same = window(&mut log, at(1, 1000, 0), true, Layout { left: 995, ..CUT }, None).unwrap();
    assert_eq!(same.layout.left, 995, "it is in sight already");
    let column = Spot::At { place: Place { line: 1, offset: Offset::Column(1003) }, rows: 0 };
    let wrapped = log.window(column, WRAPPED);
    assert_eq!(wrapped.place, Some(Place { line: 1, offset: Offset::Byte(1003) }));
    assert_eq!(seen(&wrapped)[0], "needleyyyy");
}

#[test]
fn what_was_found_is_marked_over_the_rows_of_a_line() {
    let mut log = Log::of(["an \x1b[31merr\x1b[1mor in the\x1b[0m line, and an error", "error"]);
    let pattern = Pattern::new("error").unwrap();
    let marked = |window: &Window| -> Vec<String> {
        let text = |row: &Row| row.marks.iter().map(|mark| row.text[mark.clone()].to_owned()).collect::<Vec<_>>();
        window.rows.iter().flat_map(text).collect()
    };
    let wrapped = window(&mut log, at(0, 0, 0), false, Layout { width: 6, ..WRAPPED }, Some(&pattern)).unwrap();
    assert_eq!(marked(&wrapped), ["err\x1b[1m", "or", "e", "rror", "error"]);
    let cut = window(&mut log, at(0, 0, 0), false, CUT, Some(&pattern)).unwrap();
    assert_eq!(marked(&cut), ["err\x1b[1mor", "error"], "what is not in the window is not marked");
}

/// A line of many megabytes is shown, wrapped or not, from what is around the place.
#[test]
fn a_place_in_a_long_line_is_as_near_as_another() {
    let size = 300 * SEGMENT;
    let mut log = Log::of([
        b"before".to_vec(),
        "0123456789é".repeat(usize::try_from(size / 12).unwrap()).into(),
        b"after".to_vec(),
    ]);
    for spot in [Spot::End, at(1, size / 2, 0), at(1, 0, 0), at(1, size, -100)] {
        log.read = 0;
        let window = log.window(spot, Layout { height: 50, width: 120, ..WRAPPED });
        assert!(log.read < 12 * SEGMENT, "{spot:?}: {} bytes", log.read);
        assert!(window.rows.len() >= 100 && window.rows.iter().all(|row| row.text.len() <= 132));
    }
    let middle = log.window(at(1, size / 2, 0), WRAPPED);
    let row = &middle.rows[middle.top];
    assert!((row.byte..row.byte + 12).contains(&(size / 2)));
}

/// Lines of all kinds; now and then one of some segments.
fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let line = || crate::log::hostile::line().prop_map(|line| line.into_iter().filter(|b| *b != b'\n').collect());
    let long = prop_oneof![
        3 => Just(Vec::new()),
        1 => line().prop_map(|line: Vec<u8>| line.into_iter().cycle().take(usize::try_from(SEGMENT).unwrap() + 9000).collect()),
    ];
    (prop::collection::vec(line(), 1..12), long).prop_map(|(mut lines, long): (Vec<Vec<u8>>, Vec<u8>)| {
        let at = long.len() % lines.len();
        lines[at].extend(long);
        lines
    })
}

fn layout() -> impl Strategy<Value = Layout> {
    (1_usize..12, 1_usize..60, any::<bool>(), 0_usize..40).prop_map(|(height, width, wrap, left)| Layout {
        height,
        width,
        wrap,
        left,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Page by page through all of it: every byte of every line is in one row, in order.
    #[test]
    fn rows_put_together_are_the_log(lines in lines(), width in 20_usize..90) {
        let mut log = Log::of(lines.clone());
        let layout = Layout { height: 400, width, wrap: true, left: 0 };
        let mut rows: Vec<(u64, u64)> = Vec::new();
        let mut spot = at(0, 0, 0);
        loop {
            let window = log.window(spot, layout);
            let page = window.rows.iter().skip(window.top).take(layout.height);
            rows.extend(page.map(|row| (row.line, row.byte)));
            if window.at_end && window.top + layout.height >= window.rows.len() { break }
            let top = &window.rows[window.top];
            spot = at(top.line, top.byte, 400);
        }
        rows.dedup();
        rows.sort_unstable();
        rows.dedup();
        let mut expected = Vec::new();
        for (line, text) in lines.iter().enumerate() {
            let begins: Vec<u64> = rows.iter().filter(|row| row.0 == line as u64).map(|row| row.1).collect();
            prop_assert_eq!(begins[0], 0);
            for (i, begin) in begins.iter().enumerate() {
                let end = begins.get(i + 1).map_or(text.len(), |next| usize::try_from(*next).unwrap());
                let row = &text[usize::try_from(*begin).unwrap()..end];
                prop_assert!(i == 0 || !row.is_empty());
                prop_assert_eq!(crate::log::wrap::rows(row, width).len(), 1, "a row is one row");
            }
            expected.extend(begins);
        }
        prop_assert_eq!(expected.len(), rows.len());
    }

    /// Switched to and fro and resized, the reader's place stays in the row on top, unless the end is near.
    #[test]
    fn the_place_stays(lines in lines(), line in any::<prop::sample::Index>(), byte in any::<prop::sample::Index>(), layouts in prop::collection::vec(layout(), 1..4)) {
        let line = line.index(lines.len());
        let byte = byte.index(lines[line].len() + 1) as u64;
        let mut log = Log::of(lines);
        for layout in layouts {
            let window = window(&mut log, at(line as u64, byte, 0), true, layout, None).unwrap();
            let row = window.rows.iter().rposition(|row| (row.line, row.byte) <= (line as u64, if layout.wrap { byte } else { u64::MAX })).unwrap();
            prop_assert!(row == window.top || (row > window.top && window.at_end && window.top + layout.height == window.rows.len()) || window.rows.len() < layout.height);
            prop_assert_eq!(window.covers(at(line as u64, byte, 0), &window.layout), Some(window.top));
        }
    }

    /// What a window says of another spot is what a window of that spot shows.
    #[test]
    fn a_window_that_covers_a_spot_is_right(lines in lines(), line in 0_u64..12, rows in -9_i64..9, to in -9_i64..9, layout in layout()) {
        let mut log = Log::of(lines);
        let first = log.window(at(line, 0, rows), layout);
        let place = &first.rows[first.top];
        for spot in [at(place.line, place.byte, to), Spot::End, at(0, 0, 0)] {
            let Some(top) = first.covers(spot, &layout) else { continue };
            let other = log.window(spot, layout);
            let ours: Vec<_> = first.rows.iter().skip(top).take(layout.height).collect();
            let theirs: Vec<_> = other.rows.iter().skip(other.top).take(layout.height).collect();
            prop_assert_eq!(ours, theirs, "{:?}", spot);
        }
    }

    #[test]
    fn nothing_but_text_tabs_and_colours_is_in_a_row(lines in lines(), layout in layout(), line in 0_u64..12) {
        let mut log = Log::of(lines);
        for row in log.window(at(line, 0, 0), layout).rows {
            let bare = crate::log::bare::bare(&row.text).into_owned();
            prop_assert!(bare.chars().all(|c| c == '\t' || !c.is_control()), "{:?}", row.text);
        }
    }
}
