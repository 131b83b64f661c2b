//! ```text
//! ├ Log · following · 1 204 331 lines ───────────────────────┤
//! │ Step 4/6 : RUN pip install -r requirements.txt           │
//! │  ---> Running in f10b5945f013                            │
//! ```

use ratatui::{
    Frame,
    layout::Rect,
    style::Modifier,
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{coloured, text::wrap};
use crate::{
    console::model::{LogState, Mode, Model, Pane, Search, Window, runs},
    domain::{release::Release, sign::Tone, written::count},
};

pub fn render(model: &Model, release: &Release, frame: &mut Frame<'_>, rule: Rect, area: Rect) {
    let look = model.look;
    let (place, words, style) = look.rule(rule, &title(model, release), model.focus == Pane::Log);
    frame.render_widget(Span::styled(words, style), place);
    let text = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    match &model.log.state {
        LogState::Open(window) => lines(model, window, frame, text),
        LogState::Loading => said(model, frame, text, &[(Tone::Dim, "reading the log")]),
        LogState::Absent if runs(release) => {
            said(model, frame, text, &[(Tone::Dim, "no log yet: it begins with the build step")]);
        }
        LogState::Absent => {
            let words = "there is no log: this release ended before its build began, or the log was deleted";
            said(model, frame, text, &[(Tone::Dim, words)]);
        }
        LogState::Failed(failure) => {
            let words = [(Tone::Bad, &*failure.what), (Tone::Plain, &failure.why), (Tone::Bold, &failure.next)];
            said(model, frame, text, &words);
        }
    }
}

fn title(model: &Model, release: &Release) -> String {
    let dot = model.look.dot();
    let log = &model.log;
    let mut words = vec!["Log".to_owned()];
    if let Some(search) = &log.search {
        words.extend(match (search.at(), search.count()) {
            (_, 0) => None,
            (Some(at), matches) => Some(format!("match {} of {}", count(at as u64 + 1), count(matches))),
            (None, 1) => Some("1 match".to_owned()),
            (None, matches) => Some(format!("{} matches", count(matches))),
        });
    }
    match log.mode {
        Mode::Following if runs(release) => words.push("following".to_owned()),
        Mode::Paused { .. } if log.unseen() > 0 => {
            words.push(format!("{} new lines {}", count(log.unseen()), model.look.signs.glyph("↓", "below")));
        }
        Mode::Paused { .. } if runs(release) => words.push("paused".to_owned()),
        Mode::Following | Mode::Paused { .. } => {}
    }
    match (log.mode, log.total()) {
        (_, 0) => {}
        (Mode::Following, 1) => words.push("1 line".to_owned()),
        (Mode::Following, total) => words.push(format!("{} lines", count(total))),
        (Mode::Paused { .. }, total) => words.push(format!("{} of {}", count((log.top + 1).min(total)), count(total))),
    }
    if log.left > 0 {
        words.push(format!("column {}", log.left + 1));
    }
    words.join(dot)
}

fn lines(model: &Model, window: &Window, frame: &mut Frame<'_>, area: Rect) {
    // Lines that are still on their way stay empty.
    let log = &model.log;
    let before = log.top.saturating_sub(window.first);
    let skip = usize::try_from(before).unwrap_or(usize::MAX);
    let gap = usize::try_from(window.first.saturating_sub(log.top)).unwrap_or(usize::MAX);
    for (i, line) in window.lines.iter().skip(skip).take(usize::from(area.height).saturating_sub(gap)).enumerate() {
        let row = Rect { y: area.y + u16::try_from(gap + i).unwrap_or(u16::MAX), height: 1, ..area };
        let matches = log.search.as_ref().map_or_else(Vec::new, |search| search.matches(line));
        let shown = coloured::line(line, log.left, usize::from(area.width), model.look.colour, &matches);
        let number = window.first + (skip + i) as u64;
        let here = log.search.as_ref().and_then(Search::here) == Some(number);
        let shown = if here { shown.patch_style(Modifier::BOLD) } else { shown };
        frame.render_widget(shown, row);
    }
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
