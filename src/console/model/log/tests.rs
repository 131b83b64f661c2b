//! A log on the screen, of a release that runs, with keys pressed and everything answered that is asked for.

use crate::{
    console::{
        effect::Effect,
        message::{Message, News, Save, Saved},
        model::{LogState, Marking, Mode, Model, Pane},
        sample::{console, id, news, press, read, running, tell},
        view::tests::sees,
    },
    domain::failure::Failure,
    log::{pattern::Filter, viewport::Spot},
};

struct Reading {
    model: Model,
    lines: Vec<String>,
}

impl Reading {
    /// The log has the focus and ten rows.
    fn of(lines: Vec<String>) -> Self {
        let mut model = console((60, 17), vec![running(1)]);
        model.zoom = true;
        // The answer to what was asked for meanwhile is for nobody any more.
        (model.log.waiting, model.log.asked) = (false, None);
        let effects = press(&mut model, "<enter>");
        let mut reading = Self { model, lines };
        reading.settle(effects);
        reading
    }

    fn numbered(count: usize) -> Self {
        Self::of((0..count).map(|n| format!("line {n}")).collect())
    }

    fn settle(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        read(&mut self.model, effects, &self.lines)
    }

    fn press(&mut self, keys: &str) {
        let effects = press(&mut self.model, keys);
        let others = self.settle(effects);
        assert!(others.is_empty(), "{others:?}");
    }

    fn grows(&mut self, lines: usize) {
        let before = self.lines.len();
        self.lines.extend((before..before + lines).map(|n| format!("line {n}")));
        let effects = tell(&mut self.model, news(1, News::Log(self.lines.len() as u64)));
        self.settle(effects);
    }

    fn resizes(&mut self, columns: u16, rows: u16) {
        let effects = tell(&mut self.model, Message::Resized(columns, rows));
        self.settle(effects);
    }

    /// The text of the rows on the screen.
    fn rows(&self) -> Vec<&str> {
        let (window, top) = self.model.log.shown().expect("a log");
        let rows = window.rows.iter().skip(top).take(window.layout.height);
        rows.map(|row| row.text.as_str()).collect()
    }

    fn ends(&self) -> (&str, &str) {
        let rows = self.rows();
        (rows[0], rows[rows.len() - 1])
    }
}

#[test]
fn following_keeps_the_end_in_sight() {
    let mut log = Reading::numbered(100);
    assert_eq!((log.rows().len(), log.ends()), (10, ("line 90", "line 99")));
    log.grows(5);
    assert_eq!(log.ends(), ("line 95", "line 104"));
    log.press("w");
    log.grows(1);
    assert_eq!((log.ends(), log.model.log.mode), (("line 96", "line 105"), Mode::Following));
}

#[test]
fn scrolling_up_pauses_and_the_end_goes_on() {
    let mut log = Reading::numbered(100);
    log.press("kkk");
    log.grows(12);
    assert_eq!((log.ends().0, log.model.log.unseen()), ("line 87", 12));
    log.press("jjjjj");
    assert_eq!((log.ends().1, log.model.log.unseen()), ("line 101", 10), "two of them were seen");
    log.press("kkkkk");
    assert_eq!(log.model.log.unseen(), 10);
    log.press("<page-up><page-up><page-up>");
    assert_eq!(log.ends().0, "line 60");
    log.press("gg");
    assert_eq!(log.ends(), ("line 0", "line 9"));
    log.press("<page-down><page-down>jj");
    assert_eq!(log.ends().0, "line 20");
    for _ in 0..12 {
        log.press("<page-down>");
    }
    assert_eq!((log.ends().1, log.model.log.mode), ("line 111", Mode::Following), "whoever comes to the end follows");
    log.press("f");
    log.grows(1);
    assert_eq!((log.ends().1, log.model.log.unseen()), ("line 111", 1), "or holds the log where it is");
    log.press("G");
    assert_eq!((log.ends().1, log.model.log.mode), ("line 112", Mode::Following));
}

#[test]
fn pages_and_half_pages_are_turned_by_the_keys_of_other_pagers_too() {
    let mut log = Reading::numbered(100);
    let mut top = |key: &str| {
        log.press(key);
        log.ends().0.to_owned()
    };
    assert_eq!(
        ["gg", "<ctrl-f>", "<ctrl-d>", "<ctrl-b>", "<ctrl-u>"].map(&mut top),
        ["line 0", "line 9", "line 14", "line 5", "line 0"]
    );
    log.press("m<ctrl-d>");
    assert_eq!(log.model.log.marking.map(Marking::lines), Some(0..=5));
}

#[test]
fn whoever_is_faster_than_the_disk_gets_where_all_keys_lead() {
    let mut log = Reading::numbered(2000);
    let first = press(&mut log.model, "<page-up><page-up><page-up><page-up>");
    assert_eq!(first.len(), 1, "one request at a time: {first:?}");
    let again = press(&mut log.model, "kk");
    assert_eq!(again, []);
    log.settle(first);
    assert_eq!(log.ends().0, format!("line {}", 1990 - 4 * 9 - 2));
}

#[test]
fn a_log_that_is_shorter_than_the_pane_begins_at_its_top() {
    let mut log = Reading::numbered(3);
    assert_eq!(log.rows(), ["line 0", "line 1", "line 2"]);
    log.press("kj");
    assert_eq!(log.model.log.mode, Mode::Following, "there is nothing above");
    assert_eq!(Reading::of(Vec::new()).rows(), [""; 0]);
}

#[test]
fn a_log_that_was_not_there_is_looked_for_when_it_grows() {
    let mut log = Reading::numbered(3);
    log.model.log.take(Ok(None));
    assert!(matches!(log.model.log.state, LogState::Absent));
    log.grows(1);
    assert_eq!(log.rows().len(), 4);
}

/// Fifty lines, one of them of a hundred rows.
fn long() -> Reading {
    let mut lines: Vec<String> = (0..50).map(|n| format!("line {n}")).collect();
    lines[25] = (0..560).fold(String::new(), |text, n| text + &format!("{n:09} "));
    Reading::of(lines)
}

#[test]
fn wrapping_and_resizing_keep_the_place() {
    let mut log = long();
    log.press("gg<page-down><page-down>jjjjjjj");
    assert!(log.ends().0.starts_with("000000000 000000001 "));
    log.press("w");
    assert_eq!(
        log.rows()[..2],
        [
            "000000000 000000001 000000002 000000003 000000004 000000",
            "005 000000006 000000007 000000008 000000009 000000010 00"
        ]
    );
    log.press("<page-down><page-down>jj");
    let before = log.rows()[0].to_owned();
    assert_eq!(before, "000000112 000000113 000000114 000000115 000000116 000000");
    log.resizes(46, 13);
    assert!(log.rows()[0].contains("000000112 "), "{:?}", log.rows());
    log.resizes(60, 17);
    assert_eq!(log.rows()[0], before, "the place is a place of the text");
    log.press("w");
    assert!(log.model.log.left > 0 && log.ends().0.contains("000000112 "), "{:?}", log.ends());
    log.press("w");
    assert_eq!(log.rows()[0], before);
    log.press("<page-up><page-up>kk");
    assert_eq!(log.rows()[0], "000000000 000000001 000000002 000000003 000000004 000000");
    log.press("k");
    assert_eq!(log.rows()[0], "line 24");
    log.press("w0");
    assert_eq!((log.rows()[0], log.model.log.left), ("line 24", 0));
}

#[test]
fn sideways_stays_sideways_whatever_happens_below() {
    let mut log = long();
    log.press("lll");
    assert_eq!(log.model.log.left, 24);
    log.grows(3);
    log.press("kkGkf");
    assert_eq!((log.model.log.left, log.model.log.mode), (24, Mode::Following), "following never resets it");
    log.press("h0");
    assert_eq!(log.model.log.left, 0);
}

#[test]
fn the_log_is_searched_and_the_reader_brought_to_the_match_with_what_is_around_it() {
    let mut log = Reading::numbered(200);
    log.press("k/LINE .*7$<enter>");
    assert!(log.model.log.search.as_ref().unwrap().at.is_none(), "a capital letter makes case matter");
    log.press("/line .*7$<enter>");
    let at = |log: &Reading| log.model.log.search.as_ref().unwrap().at.map(|at| (at.number, at.line));
    // The row at the bottom is for the search.
    assert_eq!((at(&log), log.rows().len()), (Some((19, 197)), 9));
    log.press("n");
    assert_eq!((at(&log), log.rows()[4]), (Some((0, 7)), "line 7"), "after the last comes the first");
    log.press("nnN");
    assert_eq!((at(&log), log.rows()[4]), (Some((1, 17)), "line 17"));
    assert_eq!(log.model.log.search.as_ref().unwrap().scan.count, 20);
    let (window, top) = log.model.log.shown().unwrap();
    assert_eq!(window.rows[top + 4].marks, vec![0..7; 1], "what was found is marked");
    log.press("<esc>");
    assert!(log.model.log.search.is_none() && log.model.focus == Pane::Log);
    assert!(log.model.log.shown().unwrap().0.rows.iter().all(|row| row.marks.is_empty()));
    log.press("<esc>");
    assert_eq!(log.model.focus, Pane::List);
}

#[test]
fn the_next_match_is_next_to_what_the_reader_sees() {
    let mut log = Reading::numbered(200);
    let at = |log: &Reading| log.model.log.search.as_ref().unwrap().at.map(|at| at.line);
    log.press("gg/line .*7$<enter>");
    assert_eq!(at(&log), Some(7));
    log.press("GN");
    assert_eq!(at(&log), Some(197), "from the end, the last one");
    log.press("ggn");
    assert_eq!(at(&log), Some(7));
    log.press("jn");
    assert_eq!(at(&log), Some(17), "it is still seen: the one after it");
    log.press("<page-down><page-down><page-down><page-down>n");
    assert_eq!(at(&log), Some(47));
    let effects = press(&mut log.model, "gg<page-down><page-down>nn");
    log.settle(effects);
    assert_eq!(at(&log), Some(27), "whoever is faster than the disk loses no key");
}

#[test]
fn lines_that_come_later_are_found_too_and_move_nobody() {
    let mut log = Reading::numbered(50);
    log.press("/line 7.$<enter>");
    assert_eq!((log.model.log.mode, log.model.log.search.as_ref().unwrap().scan.count), (Mode::Following, 0));
    log.grows(25);
    assert_eq!((log.model.log.mode, log.model.log.search.as_ref().unwrap().scan.count), (Mode::Following, 5));
    log.press("nn");
    assert_eq!(log.model.log.search.as_ref().unwrap().at.unwrap().line, 71);
    assert!(matches!(log.model.log.mode, Mode::Paused { .. }));
}

#[test]
fn a_match_to_the_right_is_scrolled_to() {
    let mut log = long();
    log.press("/000000333<enter>");
    assert!(log.model.log.left > 0 && log.rows()[4].contains("000000333"), "{:?}", log.rows());
    log.press("/line 3$<enter>");
    assert_eq!((log.model.log.left, log.rows()[3]), (0, "line 3"), "and one to the left");
    log.press("w/000000444<enter>");
    assert!(log.rows()[4].contains("000000444"), "{:?}", log.rows());
}

#[test]
fn a_filter_shows_its_lines_while_it_is_typed_and_a_search_is_one_among_them() {
    let mut log = Reading::numbered(300);
    log.press("&1$");
    assert_eq!(log.ends(), ("line 211", "line 291"), "nine rows, and the one that is typed in");
    log.press("(");
    assert_eq!(log.ends().1, "line 291", "they stay while it is no pattern");
    log.press("<backspace><home>!<enter>");
    assert_eq!(log.ends(), ("line 290", "line 299"), "all but those");
    log.grows(3);
    assert_eq!((log.ends().1, log.model.log.filter.as_ref().unwrap().count), ("line 302", 272));
    log.press("/line 2.[12]$<enter>");
    let search = log.model.log.search.as_ref().unwrap();
    assert_eq!((search.scan.count, search.at.unwrap().line), (10, 202), "line 2.1 is not shown");
    log.press("gg");
    assert_eq!(log.ends().0, "line 0");
    log.press("j");
    assert_eq!(log.ends().0, "line 2");
    log.press("<esc><esc>");
    assert!(log.model.log.filter.is_none() && log.model.focus == Pane::Log);
    assert_eq!(log.ends().0, "line 2", "the reader is where he was");
    log.press("&nowhere");
    assert_eq!(log.rows(), [""; 0]);
    log.press("<esc>");
    assert_eq!(log.rows().len(), 10);
}

#[test]
fn errors_are_gone_through() {
    let mut lines: Vec<String> = (0..100).map(|n| format!("terror {n}")).collect();
    lines[30] = "\x1b[31mE\x1b[1mrror\x1b[0m: it broke".to_owned();
    lines[80] = "make: *** [all] Error 2".to_owned();
    let mut log = Reading::of(lines);
    log.press("ggE");
    assert!(log.rows()[4].contains("it broke"), "{:?}", log.rows());
    log.press("E");
    assert!(log.rows()[4].contains("Error 2"), "{:?}", log.rows());
    assert_eq!(log.model.log.search.as_ref().unwrap().scan.count, 2);
}

/// A build of three steps with twenty lines in each.
fn build() -> Reading {
    let step = |n: usize| {
        let says = (0..20).map(move |line| format!("#{n} {line}"));
        std::iter::once(format!("#{n} [{n}/3] RUN make {n}")).chain(says).chain([format!("#{n} DONE 1.0s")])
    };
    Reading::of((1..=3).flat_map(step).collect())
}

#[test]
fn steps_are_jumped_to() {
    let mut log = build();
    log.press("gg]");
    assert_eq!(log.ends().0, "#2 [2/3] RUN make 2");
    log.press("j]");
    assert_eq!(log.ends().0, "#3 [3/3] RUN make 3");
    log.press("]");
    assert_eq!(log.ends().0, "#3 [3/3] RUN make 3", "there is none after it");
    log.press("j[");
    assert_eq!(log.ends().0, "#3 [3/3] RUN make 3", "its own beginning is the nearest");
    log.press("[[");
    assert_eq!(log.ends().0, "#1 [1/3] RUN make 1");
}

#[test]
fn the_tree_of_steps_goes_along_with_the_log_and_leads_in_it() {
    let mut log = build();
    log.press("S");
    assert_eq!(log.model.log.tree.chosen, Some(2), "the one that began last");
    log.lines.push("#4 exporting".to_owned());
    log.grows(0);
    assert_eq!(log.model.log.tree.chosen, Some(3));
    log.press("kkk");
    assert_eq!((log.model.log.tree.chosen, log.ends().0), (Some(0), "#1 [1/3] RUN make 1"));
    assert!(matches!(log.model.log.mode, Mode::Paused { .. }));
    log.lines.push("#5 naming".to_owned());
    log.grows(0);
    assert_eq!(log.model.log.tree.chosen, Some(0), "whoever reads is left alone");
    log.press("j<enter>");
    assert_eq!((log.model.log.tree.chosen, log.ends().0), (None, "#2 [2/3] RUN make 2"));
    log.press("S<esc>");
    assert_eq!((log.model.log.tree.chosen, log.model.focus), (None, Pane::Log));
    let mut none = Reading::numbered(3);
    none.press("S");
    assert_eq!(none.model.log.tree.chosen, None, "where there are no steps there is no tree");
}

#[test]
fn lines_are_marked_from_where_the_reader_is_and_then_asked_for() {
    let mut log = Reading::numbered(100);
    log.press("mkk");
    let marked = |log: &Reading| log.model.log.marking.map(Marking::lines);
    assert_eq!((marked(&log), log.ends().1), (Some(97..=99), "line 99"), "the last line of a log that is followed");
    log.press("<page-up>k");
    assert_eq!((marked(&log), log.ends().0), (Some(87..=99), "line 87"), "the window goes along");
    log.press("<esc>gg");
    log.press("jmj");
    assert_eq!(marked(&log), Some(1..=2));
    let effects = press(&mut log.model, "y");
    let [Effect::TakeLines { lines, filter, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((lines, filter, marked(&log)), (&(1..=2), &Filter::none(), None));
    log.press("/line 5$<enter>");
    log.press("m");
    assert_eq!(marked(&log), Some(5..=5), "what was found is meant");
    log.press("&7$<enter>");
    assert_eq!(marked(&log), None, "the lines that are shown are others");
}

#[test]
fn all_lines_from_here_to_an_end_are_marked() {
    let mut log = Reading::numbered(100);
    let marked = |log: &Reading| log.model.log.marking.map(Marking::lines);
    log.press("gg");
    log.press("jjmG");
    assert_eq!((marked(&log), log.ends().1), (Some(2..=99), "line 99"));
    log.grows(1);
    assert_eq!((marked(&log), log.ends().1), (Some(2..=99), "line 99"), "what comes later is not marked");
    log.press("k");
    assert_eq!(marked(&log), Some(2..=98));
    log.press("gg");
    assert_eq!((marked(&log), log.ends().0), (Some(0..=2), "line 0"));
}

#[test]
fn the_keys_of_a_search_are_its_own_while_lines_are_marked_or_steps_shown() {
    let mut log = Reading::numbered(100);
    log.press("gg/line .*7$<enter>");
    log.press("mnn");
    assert_eq!(log.model.log.marking.map(Marking::lines), Some(7..=27), "up to the match");
    log.press("<esc>N");
    assert_eq!((log.model.log.marking, log.model.log.search.as_ref().unwrap().at.unwrap().line), (None, 17));
    let mut log = build();
    log.press("gg/DONE<enter>");
    log.press("Sn");
    log.press("n");
    assert!(log.model.log.search.as_ref().unwrap().at.unwrap().number > 0);
}

#[test]
fn a_log_is_saved_where_it_was_said_and_over_a_file_only_once_that_was_confirmed() {
    let mut log = Reading::numbered(100);
    log.press("&7$<enter>");
    log.press("s");
    sees(&log.model, &["the 10 lines that the filter leaves;", &format!("{}.log", id(1))]);
    log.press("<ctrl-u>");
    let effects = press(&mut log.model, " ~/a.log <enter>");
    let [Effect::SaveLog { path, filter, over: false, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((path.as_str(), filter.pattern.as_str()), ("~/a.log", "7$"));
    let save = Save { release: id(1), path: path.clone(), filter: filter.clone() };
    let effects = tell(&mut log.model, Message::Saved(save.clone(), Ok(Saved::Exists)));
    assert_eq!(effects, [], "it asks first");
    press(&mut log.model, "<esc>");
    sees(&log.model, &["~/a.log"]);
    assert!(
        matches!(press(&mut log.model, "<enter>")[..], [Effect::SaveLog { over: false, .. }]),
        "nothing typed is lost"
    );
    tell(&mut log.model, Message::Saved(save.clone(), Ok(Saved::Exists)));
    let effects = press(&mut log.model, "y");
    let [Effect::SaveLog { filter, over: true, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(*filter, save.filter, "of the same lines");
    tell(&mut log.model, Message::Saved(save, Ok(Saved::Lines(10))));
    sees(&log.model, &["10 lines saved to ~/a.log"]);
    let full = Failure::failed("the log was not saved to ~/a.log", "no space is left", "save it to another place");
    let mut log = Reading::numbered(100);
    log.press("s");
    log.press("<ctrl-u>");
    press(&mut log.model, "~/a.log<enter>");
    let save = Save { release: id(1), path: "~/a.log".to_owned(), filter: Filter::none() };
    tell(&mut log.model, Message::Saved(save, Err(full)));
    sees(&log.model, &["no space is left"]);
    press(&mut log.model, "<esc>");
    sees(&log.model, &["Save the log", "~/a.log▏"]);
}

#[test]
fn another_log_begins_anew_as_it_is_looked_at() {
    let mut log = long();
    log.press("wtllkk/line<enter>");
    log.model.log.open(Some(id(2)));
    let pane = &log.model.log;
    assert!(pane.wrap && pane.times && pane.search.is_none() && pane.mode == Mode::Following && pane.spot == Spot::End);
}
