//! The side-by-side table: what the registry shows, the verdict, what was recorded.
//!
//! Both sides show the image id, so that equal verdicts show equal text.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::output::{Cell, Style, Tone, time, widths};
use crate::domain::{
    digest::Digest,
    reference::Repository,
    table::{Identity, Row, Table},
};

pub fn side_by_side(style: Style, repository: &Repository, table: &Table) -> String {
    let as_of = style.paint(Tone::Dim, &format!("as of {} UTC", time(table.as_of)));
    if table.rows.is_empty() {
        return format!("{repository} has no tags that this login can see, and no record names one\n{as_of}\n");
    }
    let panes = Detail::ALL.map(|detail| panes(style, repository, table, detail));
    let fits = |panes: &[Pane; 3]| style.columns().is_none_or(|columns| whole_width(panes) <= columns);
    let [.., least] = &panes;
    let panes = panes.iter().find(|panes| fits(panes)).unwrap_or(least);
    let mut text = border(style, panes, ["╭", "┬", "╮"], true);
    for i in 0..table.rows.len() {
        let bar = style.paint(Tone::Dim, style.glyph("│", "|"));
        let cells: Vec<String> = panes.iter().map(|pane| pane.line(style, i)).collect();
        let _ = writeln!(text, "{bar} {} {bar}", cells.join(&format!(" {bar} ")));
    }
    text.push_str(&border(style, panes, ["╰", "┴", "╯"], false));
    for row in table.rows.iter().filter(|row| row.judgement.verdict.class() != crate::domain::verdict::Class::Good) {
        let _ = writeln!(text, "{}: {}", style.paint(Tone::Bold, row.tag.as_str()), row.judgement.why);
    }
    let _ = writeln!(text, "{as_of}");
    text
}

/// How much is shown of each tag: the less, the narrower the terminal. Each leaves out what those before it do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    Everything,
    NoRelease,
    NoTime,
    NoAlgorithm,
    NoKind,
    NoCommit,
}

impl Detail {
    const ALL: [Self; 6] =
        [Self::Everything, Self::NoRelease, Self::NoTime, Self::NoAlgorithm, Self::NoKind, Self::NoCommit];

    fn digest(self, digest: Option<&Digest>) -> String {
        let Some(short) = digest.map(Digest::short) else { return "-".to_owned() };
        let bare = short.strip_prefix("sha256:").unwrap_or(short);
        if self < Self::NoAlgorithm { short } else { bare }.to_owned()
    }
}

fn panes(style: Style, repository: &Repository, table: &Table, detail: Detail) -> [Pane; 3] {
    let verdict = |row: &Row| {
        let (word, tone) = style.verdict(row.judgement.verdict);
        vec![Cell::toned(word, tone)]
    };
    let title = if detail < Detail::NoKind { format!("Registry {repository}") } else { "Registry".to_owned() };
    [
        Pane::new(title, table.rows.iter().map(|row| registry_side(row, detail)).collect()),
        Pane::new("verdict".to_owned(), table.rows.iter().map(verdict).collect()),
        Pane::new("Recorded, image id".to_owned(), table.rows.iter().map(|row| recorded_side(row, detail)).collect()),
    ]
}

/// With the bars, and a space on both sides of each pane.
fn whole_width(panes: &[Pane; 3]) -> usize {
    panes.iter().map(|pane| pane.width + 3).sum::<usize>() + 1
}

struct Pane {
    title: String,
    rows: Vec<Vec<Cell>>,
    columns: Vec<usize>,
    width: usize,
}

impl Pane {
    fn new(title: String, rows: Vec<Vec<Cell>>) -> Self {
        let columns = widths(&rows);
        let content = columns.iter().sum::<usize>() + 2 * columns.len().saturating_sub(1);
        let width = content.max(title.width());
        Self { title, rows, columns, width }
    }

    fn line(&self, style: Style, row: usize) -> String {
        let mut line = String::new();
        let mut used = 0;
        for (i, (cell, width)) in self.rows[row].iter().zip(&self.columns).enumerate() {
            let gap = if i + 1 < self.columns.len() { 2 } else { 0 };
            line.push_str(&style.paint(cell.tone, &cell.text));
            line.push_str(&" ".repeat(width - cell.text.width() + gap));
            used += width + gap;
        }
        line.push_str(&" ".repeat(self.width.saturating_sub(used)));
        line
    }
}

fn border(style: Style, panes: &[Pane], corners: [&str; 3], titled: bool) -> String {
    let dash = style.glyph("─", "-");
    let [first, between, last] = corners.map(|c| style.glyph(c, "+"));
    let parts: Vec<String> = panes
        .iter()
        .map(|pane| {
            if titled {
                format!(
                    " {} {}",
                    style.paint(Tone::Bold, &pane.title),
                    style.paint(Tone::Dim, &dash.repeat(pane.width - pane.title.width()))
                )
            } else {
                style.paint(Tone::Dim, &dash.repeat(pane.width + 2))
            }
        })
        .collect();
    let paint = |corner: &str| style.paint(Tone::Dim, corner);
    format!("{}{}{}\n", paint(first), parts.join(&paint(between)), paint(last))
}

fn registry_side(row: &Row, detail: Detail) -> Vec<Cell> {
    let mut cells = vec![Cell::toned(row.tag.as_str(), Tone::Bold)];
    if detail < Detail::NoKind {
        cells.push(Cell::toned(row.kind_word(), Tone::Dim));
    }
    cells.push(Cell::new(detail.digest(row.in_registry(Identity::ImageId))));
    if detail < Detail::NoTime {
        cells.push(Cell::toned(row.image().and_then(|i| i.created).map(time).unwrap_or_default(), Tone::Dim));
    }
    cells
}

fn recorded_side(row: &Row, detail: Detail) -> Vec<Cell> {
    let Some(known) = &row.known else { return vec![Cell::toned("-", Tone::Dim)] };
    let record = &known.record;
    let mut cells = vec![Cell::new(detail.digest(row.recorded(Identity::ImageId)))];
    if detail < Detail::NoCommit {
        cells.push(Cell::toned(record.commit.short(), Tone::Dim));
    }
    if detail < Detail::NoRelease {
        cells.push(Cell::toned(record.release.as_str(), Tone::Dim));
    }
    cells
}
