//! ```text
//! ╭ Releases ─────────────────────────────╮
//! │▌◐ 07:41   master 3f2c1ab  push 62 %   │   sign, begin (UTC), branch, commit, what came of it
//! │ ✓ 21 Nov  master a88b0c2  match       │
//! ╰───────────────────────────────────────╯
//! ```

use jiff::{Timestamp, tz::TimeZone};
use std::ops::Range;

use ratatui::{
    Frame,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{
    progress,
    text::{fit, padded, put, width, wrap},
};
use crate::{
    console::{
        action::Id,
        model::{Loaded, Model, Older, Pane},
        view::geometry::top_row,
    },
    domain::{
        failure::FailureKind,
        release::{Release, ReleaseState, StepState},
        sign::Tone,
        verdict::{Class, Verdict},
    },
};

/// Columns of what came of it that are never given to anything else.
const OUTCOME: usize = 12;
/// Of the mark, the sign and the begin.
const BEGUN: usize = 2 + 1 + 6 + 2;
const COMMIT: usize = 7;
/// Of an image's name at the most, and of a branch's at the least.
const IMAGE: usize = 12;
const BRANCH: usize = 4;
/// Releases at the top of the list that there are columns for wherever the reader is.
const NEWEST: usize = 100;

/// Columns of what stands before the outcome; what there are none for is not shown.
#[derive(Clone, Copy)]
struct Columns {
    image: usize,
    branch: usize,
    commit: usize,
}

impl Columns {
    /// For those that are seen and the newest, so that columns seldom move, in rows of this width: not for all that were
    /// ever read. The branch goes first, then the commit.
    fn of(model: &Model, seen: Range<usize>, columns: usize) -> Self {
        let sample = || model.list()[seen.clone()].iter().chain(model.list().iter().take(NEWEST));
        let fitted = |text: &str| width(&fit(text, columns, model.look.signs));
        let widest = |of: fn(&Release) -> &str| sample().map(|release| fitted(of(release))).max().unwrap_or(0);
        let image = if model.images().len() == 1 { 0 } else { widest(|release| &release.plan.image).min(IMAGE) };
        let room = columns.saturating_sub(BEGUN + gapped(image) + OUTCOME);
        let commit = if room >= gapped(COMMIT) { COMMIT } else { 0 };
        let room = room.saturating_sub(gapped(commit) + 1);
        let branch = if room >= BRANCH { widest(branch).min(room) } else { 0 };
        Self { image, branch, commit }
    }
}

/// With the gap behind it, if it is shown.
fn gapped(columns: usize) -> usize {
    if columns > 0 { columns + 2 } else { 0 }
}

pub fn render(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    if area.is_empty() {
        return;
    }
    let look = model.look;
    let focus = model.focus == Pane::List;
    let of = model.image().filter(|_| model.only_image).map(|image| format!(" of {}", image.name)).unwrap_or_default();
    let marked = match model.marked().count() {
        0 => String::new(),
        count => format!(" · {count} marked"),
    };
    let title = fit(&format!("Releases{of}{marked}"), usize::from(area.width).saturating_sub(5), look.signs);
    let mut block = look.boxed(&title, focus);
    if model.damaged > 0 {
        let words = format!(" {} cannot be read: windlass releases says why ", model.damaged);
        block = block.title_bottom(look.span(Tone::Bad, words));
    }
    if model.standing.is_locked() {
        let unlock = model.keymap.first(Id::Unlock);
        let words = format!(" signed in, vault locked: {unlock} unlocks ");
        block = block.title_bottom(look.span(Tone::Notice, words));
    }
    if model.older == Older::Asked {
        block = block.title_bottom(look.span(Tone::Dim, " reading older ones "));
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let list = model.list();
    if list.is_empty() {
        frame.render_widget(Paragraph::new(nothing(model, usize::from(inner.width))), inner);
        return;
    }
    let height = usize::from(inner.height);
    let selected = model.position();
    let first = top_row(selected, inner.height);
    let columns = Columns::of(model, first..(first + height).min(list.len()), usize::from(inner.width));
    for (i, release) in list.iter().enumerate().skip(first).take(height) {
        let row = Rect { y: inner.y + u16::try_from(i - first).unwrap_or(u16::MAX), height: 1, ..inner };
        let here = selected == Some(i);
        let line = line(model, release, here, usize::from(inner.width), columns);
        // In reverse its colours would be blocks of colour.
        let bar = Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD);
        let line = if here && focus { Line::styled(line.to_string(), bar) } else { line };
        put(frame, &line, row);
    }
}

/// What is there to say without a release, and what to do.
fn nothing(model: &Model, columns: usize) -> Vec<Line<'static>> {
    let columns = columns.saturating_sub(2);
    let look = model.look;
    let said = |tone, text: &str| wrap(text, columns).into_iter().map(move |line| (tone, line));
    let lines: Vec<(Tone, String)> = match (&model.releases, &model.project) {
        (Loaded::Failed(failure), _) => said(Tone::Bad, &failure.what)
            .chain(said(Tone::Plain, &failure.why))
            .chain(said(Tone::Bold, &failure.next))
            .chain(said(Tone::Dim, &format!("then press {}", model.keymap.text(Id::Reload))))
            .collect(),
        (Loaded::Not, _) => said(Tone::Dim, "reading the journal").collect(),
        (Loaded::Yes(_), Loaded::Failed(failure)) => {
            said(Tone::Plain, "no release yet on this machine").chain(said(Tone::Bold, &failure.next)).collect()
        }
        (Loaded::Yes(_), _) if model.read_only => said(Tone::Plain, "no release yet").collect(),
        (Loaded::Yes(_), _) => {
            let first = model.first_its_secret();
            let release = format!("no release yet: press {}", model.keymap.text(Id::New));
            first.iter().flat_map(|words| said(Tone::Bold, words)).chain(said(Tone::Plain, &release)).collect()
        }
    };
    lines.into_iter().map(|(tone, text)| Line::from(look.span(tone, format!(" {text}")))).collect()
}

pub(super) fn branch(release: &Release) -> &str {
    release.plan.source.branch.as_deref().unwrap_or("-")
}

fn line(model: &Model, release: &Release, here: bool, row: usize, columns: Columns) -> Line<'static> {
    let look = model.look;
    let (sign, tone) = look.signs.release(release.state);
    let (outcome, outcome_tone) = outcome(model, release);
    let mark = match (model.marked.contains(&release.plan.release), here) {
        (true, _) => look.signs.glyph("◆", "*"),
        (false, true) => look.signs.glyph("▌", ">"),
        (false, false) => " ",
    };
    let mut spans: Vec<Span<'static>> = vec![
        look.span(Tone::Bold, mark),
        look.span(tone, sign),
        look.span(Tone::Dim, format!(" {}  ", begun(release.started, model.now))),
    ];
    if columns.image > 0 {
        let image = padded(&release.plan.image, columns.image, look.signs);
        spans.push(look.span(Tone::Plain, format!("{image}  ")));
    }
    let bold = if here { Tone::Bold } else { Tone::Plain };
    if columns.branch > 0 {
        spans.push(look.span(bold, format!("{} ", padded(branch(release), columns.branch, look.signs))));
    }
    if columns.commit > 0 {
        spans.push(look.span(bold, format!("{}  ", release.plan.source.commit.short())));
    }
    let used = spans.iter().map(Span::width).sum();
    let room = row.saturating_sub(used);
    // How it failed says more than a part of where: that is among its steps.
    let outcome =
        if width(&outcome) > room { how_alone(model, release).map_or(outcome, str::to_owned) } else { outcome };
    spans.push(look.span(outcome_tone, padded(&outcome, room, look.signs)));
    Line::from(spans)
}

/// When it began, UTC, in six columns: the time of today, else the day, else month and year.
pub(super) fn begun(at: Timestamp, now: Timestamp) -> String {
    let [at, now] = [at, now].map(|t| t.to_zoned(TimeZone::UTC));
    let form = match () {
        () if at.date() == now.date() => "%H:%M ",
        () if at.year() == now.year() => "%e %b",
        () => "%b %y",
    };
    at.strftime(form).to_string()
}

/// What came of a release, in a word or two.
pub(super) fn outcome(model: &Model, release: &Release) -> (String, Tone) {
    let tone = model.look.signs.release(release.state).1;
    // What is seen there today is worth more than what came of it then.
    if let Some(verdict) = model.verified.get(&release.plan.release) {
        return (format!("{verdict} now"), Tone::of(verdict.class()));
    }
    let word = match release.state {
        ReleaseState::Pending => "waiting".to_owned(),
        ReleaseState::Running => return (progress::short(model, release), tone),
        ReleaseState::Succeeded => match release.verdict() {
            Some(verdict) => return (verdict.to_string(), Tone::of(verdict.class())),
            None => "succeeded".to_owned(),
        },
        ReleaseState::Cancelled => "cancelled".to_owned(),
        ReleaseState::Interrupted => "interrupted".to_owned(),
        ReleaseState::Failed => match bad(release) {
            Some(verdict) => return (verdict.to_string(), Tone::Bad),
            None => failed(release),
        },
    };
    (word, tone)
}

/// The verdict that made it fail.
fn bad(release: &Release) -> Option<Verdict> {
    release.verdict().filter(|verdict| verdict.class() != Class::Good)
}

fn failed(release: &Release) -> String {
    let step = release.steps.iter().find(|step| step.state == StepState::Failed);
    let how = how(release);
    step.map_or_else(|| how.to_owned(), |step| format!("{} {how}", step.step.name()))
}

/// [`failed`] without the step, where that is what is said of it.
fn how_alone(model: &Model, release: &Release) -> Option<&'static str> {
    let said = !model.verified.contains_key(&release.plan.release) && bad(release).is_none();
    (said && release.state == ReleaseState::Failed).then(|| how(release))
}

fn how(release: &Release) -> &'static str {
    match release.failure.as_ref().map(|failure| failure.kind) {
        Some(FailureKind::NotAllowed) => "denied",
        Some(FailureKind::Unreachable) => "unreachable",
        _ => "failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_begin_takes_six_columns() {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        for (at, expected) in [
            ("2026-11-23T07:41:09Z", "07:41 "),
            ("2026-11-22T23:59:59Z", "22 Nov"),
            ("2026-02-03T00:00:00Z", " 3 Feb"),
            ("2025-11-23T12:00:00Z", "Nov 25"),
        ] {
            assert_eq!(begun(at.parse().unwrap(), now), expected);
        }
    }
}
