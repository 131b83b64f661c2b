//! Registry and record side by side, and the evidence for the selected row. Where there is little room, columns go
//! and digests are cut before a tag is: the evidence has them in full.
//!
//! ```text
//! ╭ Registry · only 2 bad, not 238 good ───┬ verdict ─────┬ Recorded, image id ──────╮
//! │▌latest     moving  sha256:7eb2f01f0000 │ ✓ match      │ sha256:7eb2f01f0000  …   │
//! │ hotfix     -       sha256:51aa09d10000 │ • not-record…│ -                        │
//! ├ latest ────────────────────────────────┴──────────────┴──────────────────────────┤
//! │ why       …                                                                      │
//! │ registry  sha256:…                                                               │
//! │ recorded  sha256:…                                                               │
//! │ by        release k3v… (journal) of commit 3f2c1ab                               │
//! ╰ as of 14:03:12 UTC · image id · 1 of 240 ────────────────────────────────────────╯
//! ```

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{
    evidence, one_list,
    text::{fit, fit_ends, padded, width, wrap},
};
use crate::{
    console::{
        action::Id,
        model::{Inquiry, Loaded, Look, Model, TagsPane},
        view::geometry::{Geometry, Split},
    },
    domain::{
        digest::Digest,
        sign::Tone,
        table::{Identity, Row},
        verdict::Class,
        written::{count, time},
    },
};

/// Columns of what is shown beside tag and verdict; 0 is not shown.
#[derive(Clone, Copy)]
struct Columns {
    kind: usize,
    created: usize,
    id: usize,
    commit: usize,
    release: usize,
}

/// The roomiest first.
const COLUMNS: [Columns; 7] = [
    Columns { kind: 6, created: 19, id: 19, commit: 7, release: 10 },
    Columns { kind: 6, created: 0, id: 19, commit: 7, release: 10 },
    Columns { kind: 6, created: 0, id: 19, commit: 7, release: 0 },
    Columns { kind: 6, created: 0, id: 12, commit: 7, release: 0 },
    Columns { kind: 6, created: 0, id: 12, commit: 0, release: 0 },
    Columns { kind: 0, created: 0, id: 12, commit: 0, release: 0 },
    Columns { kind: 0, created: 0, id: 8, commit: 0, release: 0 },
];
const LABEL: usize = 10;
/// Lines of the reason.
const WHY: usize = 2;

impl Columns {
    /// The columns of each pane, without those of tag and verdict.
    fn left(self) -> usize {
        2 + together([self.kind, self.id, self.created])
    }

    fn right(self) -> usize {
        2 + self.id + together([self.commit, self.release])
    }
}

/// With the gap before each.
fn together<const N: usize>(widths: [usize; N]) -> usize {
    widths.into_iter().filter(|width| *width > 0).map(|width| width + 2).sum()
}

pub fn render(model: &Model, frame: &mut Frame<'_>, geometry: &Geometry) {
    let split = geometry.split;
    if split.area.is_empty() {
        return;
    }
    let (look, tags) = (model.look, &model.tags);
    if tags.whole.is_some() {
        return evidence::render(model, frame, split.area);
    }
    let columns = usize::from(split.rows.width);
    let Some(selected) = tags.selected() else {
        let title = title(model, columns.saturating_sub(4));
        one_list::boxed(look, frame, split.area, &title, &state(model));
        frame.render_widget(Paragraph::new(nothing(model, columns)), split.rows);
        return;
    };
    let verdicts = tags.widths.verdict.max("verdict".len() + 1);
    let longest = tags.widths.tag;
    // With the space around a verdict and the two lines between the panes.
    let room = |shown: Columns| columns.saturating_sub(shown.left() + verdicts + 4 + shown.right());
    let shown = COLUMNS.into_iter().find(|shown| room(*shown) >= longest).unwrap_or(COLUMNS[COLUMNS.len() - 1]);
    let tag = longest.min(room(shown));
    let left = tag + shown.left();

    let title = title(model, left.saturating_sub(3));
    one_list::boxed(look, frame, split.area, &title, &state(model));
    let right = left + verdicts + 3;
    let recorded = format!("Recorded, {}", tags.identity.words());
    let recorded = if right + 3 + width(&recorded) <= columns { recorded.as_str() } else { "Recorded" };
    borders(look, frame, split, selected.tag.as_str(), [(left, "verdict"), (right, recorded)]);
    one_list::rows(look, frame, split.rows, tags.position(), tags.shown(), |row, here| {
        line(look, row, tags.identity, shown, (tag, verdicts), here)
    });
    frame.render_widget(Paragraph::new(summary(look, selected, tags.identity, columns)), split.detail);
}

/// Whose tags they are, and how many of which class; where not all of them are shown, that comes first.
fn title(model: &Model, columns: usize) -> String {
    let (look, tags) = (model.look, &model.tags);
    let repository = model.image().map(|image| image.repository.to_string()).unwrap_or_default();
    let plain = format!("Registry {repository}").trim_end().to_owned();
    let name = (!tags.name.is_empty()).then(|| format!("/{}", tags.name));
    let about: Vec<String> = name.into_iter().chain(classes(tags)).collect();
    let about = about.join(look.dot());
    let all = if about.is_empty() { plain.clone() } else { format!("{plain}{}{about}", look.dot()) };
    let fits = |title: &String| width(title) <= columns;
    let title = if fits(&all) {
        all
    } else if tags.filters() {
        Some(format!("Registry{}{about}", look.dot())).filter(fits).unwrap_or(about)
    } else {
        plain
    };
    fit(&title, columns, look.signs)
}

/// How many there are of each class: of the one that is shown alone first.
fn classes(tags: &TagsPane) -> Option<String> {
    let words = |shown: bool| -> Vec<String> {
        let these = tags.counts.iter().filter(|(class, _)| (tags.class == Some(*class)) == shown);
        these.map(|(class, number)| so_many(*number, *class)).collect()
    };
    let (only, rest) = (words(true).join(", "), words(false).join(", "));
    match (only.is_empty(), rest.is_empty()) {
        (true, true) => None,
        (true, false) => Some(rest),
        (false, true) => Some(format!("only {only}")),
        (false, false) => Some(format!("only {only}, not {rest}")),
    }
}

/// `2 bad`, `2 notices`.
fn so_many(number: usize, class: Class) -> String {
    let several = if class == Class::Notice && number != 1 { "s" } else { "" };
    format!("{} {}{several}", count(number as u64), class.word())
}

/// The line above the evidence, and where each pane to the right begins, with its title.
fn borders(look: Look, frame: &mut Frame<'_>, split: Split, tag: &str, panes: [(usize, &str); 2]) {
    one_list::rule(look, frame, split.rule, tag);
    for (x, title) in panes {
        let x = split.rows.x.saturating_add(u16::try_from(x).unwrap_or(u16::MAX));
        let at = |y, columns| Rect::new(x, y, columns, 1).intersection(split.area);
        frame.render_widget(look.span(Tone::Bold, look.signs.glyph("┬", "+")), at(split.area.y, 1));
        let title = format!(" {title} ");
        let columns = u16::try_from(width(&title)).unwrap_or(u16::MAX);
        frame.render_widget(
            Span::raw(title),
            Rect { x: x.saturating_add(1), ..at(split.area.y, columns) }.intersection(split.area),
        );
        if width(tag) + 4 < usize::from(x) {
            frame.render_widget(look.span(Tone::Bold, look.signs.glyph("┴", "+")), at(split.rule.y, 1));
        }
    }
}

/// Rows that the evidence of any tag has in this width.
pub fn evidence_rows(columns: u16) -> u16 {
    let digest = "sha256:".len() + 64;
    let lines = if usize::from(columns) > digest + LABEL + 1 { 1 } else { 2 };
    u16::try_from(WHY + 1).unwrap_or(0) + 2 * lines
}

/// As of when, which identity, and where in the list.
fn state(model: &Model) -> String {
    let TagsPane { inquiry, identity, class, .. } = &model.tags;
    let dot = model.look.dot();
    let Some(as_of) = model.tags.as_of() else { return identity.words().to_owned() };
    let again = if *inquiry == Inquiry::None { "" } else { ", looking again" };
    let when = format!("{}{again}", one_list::as_of(as_of, model.now));
    let (all, shown) = (model.tags.rows().len(), model.tags.shown().len());
    let these = class.map_or_else(|| count(shown as u64), |class| so_many(shown, class));
    let of = if model.tags.filters() { format!(" (of {})", count(all as u64)) } else { String::new() };
    let place = match shown {
        0 if all == 0 => String::new(),
        0 => format!("{dot}{these}{of}"),
        _ => format!("{dot}{} of {these}{of}", count(model.tags.position() as u64 + 1)),
    };
    format!("{when}{dot}{}{place}", identity.words())
}

/// What is there to say without a tag, and what to do.
fn nothing(model: &Model, columns: usize) -> Vec<Line<'static>> {
    let key = |id| model.keymap.first(id);
    let again = format!("then press {}", key(Id::LookAgain));
    let said: Vec<(Tone, String)> = match (&model.project, &model.tags.table, model.tags.inquiry) {
        (Loaded::Failed(failure), ..) => {
            vec![(Tone::Bad, failure.what.clone()), (Tone::Bold, failure.next.clone()), (Tone::Dim, again)]
        }
        (Loaded::Not, ..) => vec![(Tone::Dim, "reading windlass.toml".to_owned())],
        (.., Loaded::Not, _) | (.., Inquiry::Sent | Inquiry::Wanted(_)) => {
            vec![(Tone::Dim, "asking the registry what its tags show".to_owned())]
        }
        (_, Loaded::Failed(failure), Inquiry::None) => vec![
            (Tone::Bad, failure.what.clone()),
            (Tone::Plain, failure.why.clone()),
            (Tone::Bold, model.next_after(failure)),
            (Tone::Dim, again),
        ],
        (_, Loaded::Yes(table), Inquiry::None) if !table.rows.is_empty() => {
            let mut said = vec![(Tone::Plain, format!("none of {} tags is like that", count(table.rows.len() as u64)))];
            if Digest::digits(&model.tags.name).is_some() {
                said.push((Tone::Bold, format!("{} says what this digest is", key(Id::NarrowKeep))));
            }
            said.push((Tone::Dim, format!("{} shows all of them", key(Id::TagsBack))));
            said
        }
        (_, Loaded::Yes(_), Inquiry::None) => vec![
            (Tone::Plain, "no tags that this login can see, and no record names one".to_owned()),
            (Tone::Bold, format!("press {}, then {} to release", key(Id::Releases), key(Id::New))),
        ],
    };
    one_list::said(model.look, said, columns)
}

fn line(
    look: Look,
    row: &Row,
    identity: Identity,
    shown: Columns,
    (tag, verdicts): (usize, usize),
    here: bool,
) -> Line<'static> {
    let cell = |tone, text: &str, columns: usize| look.span(tone, padded(text, columns, look.signs));
    let more = |tone, text: &str, columns: usize| {
        (columns > 0).then(|| look.span(tone, format!("  {}", padded(text, columns, look.signs))))
    };
    let bar = || look.span(Tone::Bold, look.signs.glyph(" │ ", " | "));
    let created = row.image().and_then(|image| image.created).map(time).unwrap_or_default();
    let (verdict, tone) = look.signs.verdict(row.judgement.verdict);
    let mark = if here { look.signs.glyph("▌", ">") } else { " " };
    let name = fit_ends(row.tag.as_str(), tag, look.signs);
    let mut spans = vec![look.span(Tone::Bold, mark), cell(Tone::Bold, &name, tag)];
    spans.extend(more(Tone::Dim, row.kind_word(), shown.kind));
    spans.extend(more(Tone::Plain, short(row.in_registry(identity), shown.id), shown.id));
    spans.extend(more(Tone::Dim, &created, shown.created));
    spans.extend([bar(), cell(tone, &verdict, verdicts), bar()]);
    spans.push(cell(Tone::Plain, short(row.recorded(identity), shown.id), shown.id));
    if let Some(known) = &row.known {
        spans.extend(more(Tone::Dim, known.record.commit.short(), shown.commit));
        spans.extend(more(Tone::Dim, known.record.release.as_str(), shown.release));
    }
    Line::from(spans)
}

/// With the name of the algorithm where there is room for it.
fn short(digest: Option<&Digest>, columns: usize) -> &str {
    let Some(digest) = digest else { return "-" };
    let short = digest.short();
    let hex = short.trim_start_matches("sha256:");
    if columns >= short.len() { short } else { &hex[..columns.min(hex.len())] }
}

fn summary(look: Look, row: &Row, identity: Identity, columns: usize) -> Vec<Line<'static>> {
    let full = |digest: Option<&Digest>| digest.map_or("-".to_owned(), ToString::to_string);
    let by = row.known.as_ref().map_or("no record names this tag".to_owned(), |known| {
        format!("{} of commit {}", known.cite(), known.record.commit.short())
    });
    let parts = [
        ("why", row.judgement.why.clone(), WHY),
        ("registry", full(row.in_registry(identity)), WHY),
        ("recorded", full(row.recorded(identity)), WHY),
        ("by", by, 1),
    ];
    let lines = parts.into_iter().flat_map(|(label, text, most)| {
        let mut lines = wrap(&text, columns.saturating_sub(LABEL + 2));
        if lines.len() > most {
            lines.truncate(most);
            lines[most - 1].push_str(look.signs.glyph("…", "~"));
        }
        lines.into_iter().enumerate().map(move |(i, line)| (if i == 0 { label } else { "" }, line))
    });
    lines.map(|(label, text)| one_list::line(look, LABEL, label, Tone::Plain, text)).collect()
}

#[cfg(test)]
pub(super) mod tests;
