//! What a release that did not succeed says, above its log, and the keys that help.
//!
//! ```text
//! ├ what went wrong ─────────────────────────────┤
//! │ bot may not push to docker.io/mozilla/balrog │
//! │ log   line 1 204: denied: requested access   │
//! │ why   the registry answers 403               │
//! │ next  give it the right at the registry      │
//! │ look  D runs windlass doctor push: the right to push
//! │ tags  master-2026-11-21-09-30-00 was pushed, latest was not
//! │ keys  enter to line 1 204   e re-run from push   v verify its tags
//! ```

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::text::{fit, width, wrap};
use crate::{
    console::{
        action::{Action, Id},
        model::{Fault, Model, remote},
    },
    domain::{
        event::Step,
        release::{Release, ReleaseState, StepState},
        sign::{Signs, Tone},
        written::count,
    },
};

/// Lines of the reason that are shown at the most, and of all else that can be long; `windlass show` has all.
const WHY: usize = 6;
const LONG: usize = 4;
const LABEL: usize = 6;
/// Keys that are named.
const MOST_KEYS: usize = 3;
const KEYS: &str = "keys";

/// The rows of the card in this width: a label and words. None for a release that did not fail. Where there are more
/// than `most`, what helps least goes first, and the last lines of what is long before that.
pub fn rows(model: &Model, release: &Release, columns: u16, most: u16) -> Vec<(&'static str, String)> {
    let Some(failure) = &release.failure else { return Vec::new() };
    let columns = usize::from(columns).saturating_sub(2);
    let most = usize::from(most);
    let mut parts: Vec<Part> = Vec::new();
    // As they are seen, with the order in which they go: the highest first.
    let mut part = |label: &'static str, text: &str, most: usize, goes: u8| {
        let columns = columns.saturating_sub(if label.is_empty() { 0 } else { LABEL });
        let lines = wrap(text, columns);
        parts.push(Part { label, shown: lines.len().min(most), lines, columns, goes });
    };
    // What to do next has the room, where there is not enough for both.
    part("", &failure.what, 2, 0);
    if let Some(Fault::Line { line, text }) = model.faults.get(&release.plan.release) {
        let words = format!("line {}: {}", count(line + 1), text.trim());
        part("log", &words, 2, 2);
    }
    part("why", &failure.why, WHY, 3);
    part("next", &failure.next, LONG, 4);
    if let Some(check) = failure.check {
        let key = model.keymap.first(Id::Explain);
        part("look", &format!("{key} runs windlass doctor {check}: {}", check.title()), LONG, 6);
    }
    if release.steps.iter().any(|step| step.step == Step::Push && step.state != StepState::Pending) {
        part("tags", &pushed(release), LONG, 5);
    }
    let (keys, gap) = keys(model, release, columns.saturating_sub(LABEL));
    if !keys.is_empty() {
        part(KEYS, &in_a_line(&keys, gap), 1, 1);
    }
    let rows = |parts: &[Part]| parts.iter().map(|part| part.shown).sum::<usize>();
    while rows(&parts) > most {
        let Some(longest) = parts.iter_mut().filter(|part| part.shown > 1).max_by_key(|part| part.goes) else {
            break;
        };
        longest.shown -= 1;
    }
    while rows(&parts) > most {
        let Some(last) = parts.iter().map(|part| part.goes).max() else { break };
        parts.retain(|part| part.goes != last);
    }
    parts.into_iter().flat_map(|part| part.rows(model.look.signs)).collect()
}

struct Part {
    label: &'static str,
    lines: Vec<String>,
    /// So many of them.
    shown: usize,
    /// Of one.
    columns: usize,
    goes: u8,
}

impl Part {
    /// Of lines that have no room, the last one before them tells that they are missing.
    fn rows(mut self, signs: Signs) -> impl Iterator<Item = (&'static str, String)> {
        if let Some(last) = self.shown.checked_sub(1).filter(|_| self.shown < self.lines.len()) {
            let rest = self.lines.split_off(last).join(" ");
            self.lines.push(fit(&rest, self.columns, signs));
        }
        self.lines.into_iter().enumerate().map(move |(i, line)| (if i == 0 { self.label } else { "" }, line))
    }
}

fn in_a_line(keys: &[Key], gap: &str) -> String {
    keys.iter().map(|Key { key, effect }| format!("{key} {effect}")).collect::<Vec<_>>().join(gap)
}

struct Key {
    key: String,
    effect: String,
}

/// Keys that help, each with its effect, and the gap between them: as many as there is room for, since a part of one helps
/// nobody.
fn keys(model: &Model, release: &Release, columns: usize) -> (Vec<Key>, &'static str) {
    let key = |id, effect: String| {
        let action = Action::of(id);
        (action.refused)(model).is_none().then(|| Key { key: model.keymap.first(id).to_string(), effect })
    };
    let line = match model.faults.get(&release.plan.release) {
        Some(Fault::Line { line, .. }) => Some(format!("to line {}", count(line + 1))),
        _ => None,
    };
    let again = match release.open_step() {
        // Which of its tasks can be run again, its deployment says.
        _ if remote::is_remote(release) => "re-run its tasks".to_owned(),
        None => "re-run whole".to_owned(),
        Some(step) => format!("re-run from {}", step.name()),
    };
    let keys = [
        line.and_then(|line| key(Id::Open, line)),
        key(Id::Rerun, again),
        release
            .failure
            .as_ref()
            .and_then(|failure| failure.check)
            .and_then(|check| key(Id::Explain, format!("doctor {check}"))),
        (!release.pushes.is_empty()).then(|| key(Id::Verify, "verify its tags".to_owned())).flatten(),
    ];
    let mut keys: Vec<Key> = keys.into_iter().flatten().take(MOST_KEYS).collect();
    loop {
        let gap = ["   ", "  "].into_iter().find(|gap| width(&in_a_line(&keys, gap)) <= columns);
        match gap {
            Some(gap) => return (keys, gap),
            None => keys.pop(),
        };
    }
}

/// What of it is in the registry already.
fn pushed(release: &Release) -> String {
    let tags = release.plan.tags.iter().map(|planned| {
        let push = release.pushes.iter().find(|push| push.tag == planned.tag);
        let how = match push.map(|push| push.digest.is_some()) {
            Some(true) => "was pushed",
            Some(false) => "may have been pushed",
            None => "was not",
        };
        format!("{} {how}", planned.tag)
    });
    tags.collect::<Vec<_>>().join(", ")
}

pub fn render(model: &Model, release: &Release, frame: &mut Frame<'_>, rule: Rect, area: Rect) {
    let title = match release.state {
        ReleaseState::Interrupted => "interrupted",
        ReleaseState::Cancelled => "cancelled",
        _ => "what went wrong",
    };
    let (place, words, style) = model.look.rule(rule, title, false);
    frame.render_widget(Span::styled(words, style), place);
    let all = rows(model, release, area.width, area.height);
    let labelled = all.iter().position(|(label, _)| !label.is_empty()).unwrap_or(all.len());
    for (i, (label, text)) in all.into_iter().enumerate() {
        let row = Rect { y: area.y + u16::try_from(i).unwrap_or(0), height: 1, ..area };
        let label_span = model.look.span(Tone::Dim, format!(" {label:<LABEL$}"));
        let line = if i < labelled {
            Line::from(model.look.span(Tone::Bad, format!(" {text}")))
        } else if label == KEYS {
            let (keys, gap) = keys(model, release, usize::from(area.width).saturating_sub(2 + LABEL));
            let key = |Key { key, effect }: Key| {
                [model.look.span(Tone::Bold, key), model.look.span(Tone::Plain, format!(" {effect}{gap}"))]
            };
            std::iter::once(label_span).chain(keys.into_iter().flat_map(key)).collect()
        } else {
            Line::from(vec![label_span, model.look.span(Tone::Plain, text)])
        };
        frame.render_widget(line, row);
    }
}
