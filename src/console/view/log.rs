//! ```text
//! ├ Log · following · 1 204 331 lines ───────────────────────┤
//! │ Step 4/6 : RUN pip install -r requirements.txt           │
//! │  ---> Running in f10b5945f013                            │
//! ```

use jiff::Timestamp;
use ratatui::{
    Frame,
    layout::Rect,
    style::Modifier,
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{
    coloured,
    text::{put, width, wrap},
};
use crate::{
    console::{
        model::{Fetch, LogState, Mode, Model, Pane, remote, runs},
        view::geometry::Geometry,
    },
    domain::{
        event::Step,
        release::{Release, StepState},
        sign::Tone,
        written::count,
    },
    log::{viewport::Row, wrap::column_after},
};

/// The builder's output is not all here.
const CLIPPED: &str = "! not all of it: clipped by BuildKit";

pub fn render(model: &Model, release: &Release, frame: &mut Frame<'_>, geometry: &Geometry) {
    let (rule, area, text) = (geometry.log_rule, geometry.log, geometry.log_text);
    let (place, words, style) = model.look.rule(rule, &title(model, release), model.focus == Pane::Log);
    let warned = words.split_once(CLIPPED).map(|(before, _)| before.to_owned());
    frame.render_widget(Span::styled(words, style), place);
    if let Some(before) = warned {
        let at = Rect { x: place.x + u16::try_from(width(&before)).unwrap_or(u16::MAX), ..place };
        let warning = Span::styled(CLIPPED, model.look.style(Tone::Notice));
        frame.render_widget(warning, at.intersection(place));
    }
    match &model.log.state {
        LogState::Open(_) => rows(model, frame, area, text),
        LogState::Loading => said(model, frame, text, &[(Tone::Dim, "reading the log")]),
        LogState::Absent => said(model, frame, text, &[(Tone::Dim, &no_log(model, release))]),
        LogState::Failed(failure) => {
            let words = [(Tone::Bad, &*failure.what), (Tone::Plain, &failure.why), (Tone::Bold, &failure.next)];
            said(model, frame, text, &words);
        }
    }
}

fn no_log(model: &Model, release: &Release) -> String {
    if remote::is_remote(release) {
        return match remote::fetch(model) {
            Some(Fetch::Comes) => "the log is on its way".to_owned(),
            Some(Fetch::Ended(Some(why))) => why.clone(),
            Some(Fetch::Ended(None)) => "its log is empty".to_owned(),
            Some(Fetch::Failed(failure)) => format!("{}: {}; {}", failure.what, failure.why, failure.next),
            None => "no log yet: it begins when a worker takes the task".to_owned(),
        };
    }
    if let Some(archive) = &release.plan.archive {
        return format!(
            "there is no log: nothing was built, the image is of {}",
            crate::log::sanitise::plain(&archive.source.to_string())
        );
    }
    let built = release.steps.iter().find(|step| step.step == Step::Build).map(|step| step.state);
    match (&release.plan.parent, built) {
        (Some(parent), Some(StepState::Reused)) => format!("nothing was built: the image is that of release {parent}"),
        _ if runs(release) => "no log yet: it begins with the build step".to_owned(),
        _ => "there is no log: this release ended before its build began, or the log was deleted".to_owned(),
    }
}

/// More of it may come.
fn grows(model: &Model, release: &Release) -> bool {
    if remote::is_remote(release) { remote::fetch(model) == Some(&Fetch::Comes) } else { runs(release) }
}

fn title(model: &Model, release: &Release) -> String {
    let dot = model.look.dot();
    let log = &model.log;
    let mut words = vec!["Log".to_owned()];
    if let Some(task) = remote::chosen(model, release).and_then(|at| release.steps.get(at))
        && remote::is_remote(release)
    {
        words.push(task.step.name().to_owned());
        words.extend(task.run.filter(|run| *run > 0).map(|run| format!("run {run}")));
    }
    if clipped(model, release) {
        words.push(CLIPPED.to_owned());
    }
    if let Some(search) = &log.search {
        words.extend(match (search.at, search.scan.count) {
            (_, 0) => None,
            (Some(at), matches) => Some(format!("match {} of {}", count(at.number + 1), count(matches))),
            (None, 1) => Some("1 match".to_owned()),
            (None, matches) => Some(format!("{} matches", count(matches))),
        });
    }
    if let Some(Fetch::Ended(Some(why))) = remote::fetch(model) {
        words.push(why.clone());
    }
    match log.mode {
        Mode::Following if grows(model, release) => words.push("following".to_owned()),
        Mode::Paused { .. } if log.unseen() > 0 => {
            let (new, below) = (log.unseen(), model.look.signs.glyph("↓", "below"));
            words.push(format!("{} new line{} {below}", count(new), if new == 1 { "" } else { "s" }));
        }
        Mode::Paused { .. } if grows(model, release) => words.push("paused".to_owned()),
        Mode::Following | Mode::Paused { .. } => {}
    }
    match (log.mode, log.total(), &log.filter) {
        (_, 0, _) => {}
        (_, total, Some(filter)) => words.push(format!("{} of {} lines", count(filter.count), count(total))),
        (Mode::Following, 1, None) => words.push("1 line".to_owned()),
        (Mode::Following, total, None) => words.push(format!("{} lines", count(total))),
        (Mode::Paused { .. }, total, None) => {
            words.push(format!("line {} of {}", count((log.top_line() + 1).min(total)), count(total)));
        }
    }
    if let Some(marking) = log.marking {
        let lines = marking.lines();
        // How many of them a filter leaves is not known here.
        words.push(match lines.end() - lines.start() + 1 {
            _ if log.filter.is_some() => "marking".to_owned(),
            1 => "1 line marked".to_owned(),
            marked => format!("{} lines marked", count(marked)),
        });
    }
    if log.wrap {
        words.push("wrapped".to_owned());
    } else if log.left > 0 {
        words.push(format!("column {}", count(log.left as u64 + 1)));
    }
    if log.times {
        words.push("UTC".to_owned());
    }
    words.join(dot)
}

/// BuildKit dropped output: this is known once the build has ended, or the log was read.
fn clipped(model: &Model, release: &Release) -> bool {
    model.log.tree.steps.clipped || release.built.as_ref().is_some_and(|built| built.log_clipped)
}

fn rows(model: &Model, frame: &mut Frame<'_>, area: Rect, text: Rect) {
    let log = &model.log;
    let Some((window, top)) = log.shown() else { return };
    if window.rows.is_empty()
        && let Some(filter) = &log.filter
    {
        let words = if filter.whole { "no line is left by the filter" } else { "filtering" };
        said(model, frame, text, &[(Tone::Dim, words)]);
        return;
    }
    let left = if window.layout.wrap { 0 } else { window.layout.left };
    // What is asked for is on its way; until it comes the columns that are here are shown.
    let left = if window.columns.contains(&log.left) && !window.layout.wrap { log.left } else { left };
    let mut before = top.checked_sub(1).and_then(|row| window.rows.get(row)).map(|row| row.line);
    for (y, row) in (text.top()..text.bottom()).zip(&window.rows[top..]) {
        let place = Rect { y, height: 1, ..text };
        let shown = coloured::line(&row.text, row.column, left, usize::from(text.width), model.look.colour, &row.marks);
        let here = log.gone_to == Some(row.line);
        let shown = if here { shown.patch_style(Modifier::BOLD) } else { shown };
        put(frame, &shown, place);
        if !window.layout.wrap && goes_on(row, left + usize::from(text.width)) {
            let sign = model.look.span(Tone::Dim, model.look.signs.glyph("›", ">"));
            frame.render_widget(sign, Rect { x: text.right(), width: 1, ..place }.intersection(area));
        }
        let sign = match log.marking {
            Some(marking) => marking.lines().contains(&row.line).then_some(Tone::Notice),
            None => here.then_some(Tone::Bold),
        };
        if let Some(tone) = sign.filter(|_| area.x < text.x) {
            let sign = model.look.span(tone, model.look.signs.glyph("▌", ">"));
            frame.render_widget(sign, Rect { x: area.x, width: 1, ..place });
        }
        // The rows of one line were said at one time.
        if text.x > area.x + 1 && before != Some(row.line) {
            let time = row.time.and_then(|at| Timestamp::from_millisecond(at).ok());
            let words = time.map_or_else(|| "--:--:--".to_owned(), |at| at.strftime("%H:%M:%S").to_string());
            let columns = (text.x - area.x - 2).min(8);
            frame.render_widget(model.look.span(Tone::Dim, words), Rect { x: area.x + 1, width: columns, ..place });
        }
        before = Some(row.line);
    }
}

/// Something of the line is to the right of this column.
fn goes_on(row: &Row, right: usize) -> bool {
    row.column + row.text.len() > right && column_after(row.text.as_bytes(), row.column) > right
}

fn said(model: &Model, frame: &mut Frame<'_>, area: Rect, words: &[(Tone, &str)]) {
    let lines: Vec<Line<'_>> = words
        .iter()
        .flat_map(|(tone, text)| {
            wrap(text, usize::from(area.width)).into_iter().map(|line| Line::from(model.look.span(*tone, line)))
        })
        .collect();
    frame.render_widget(Paragraph::new(lines), area);
}
