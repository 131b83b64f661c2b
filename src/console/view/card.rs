//! What a release that did not succeed says, above its log.
//!
//! ```text
//! ├ what went wrong ─────────────────────────────┤
//! │ bot may not push to docker.io/mozilla/balrog │
//! │ why   the registry answers 403               │
//! │ next  give it the right at the registry      │
//! │ tags  master-2026-11-21-09-30-00 was pushed, latest was not
//! ```

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::text::wrap;
use crate::{
    console::model::Model,
    domain::{
        event::Step,
        release::{Release, StepState},
        sign::Tone,
    },
};

/// Lines of the reason that are shown; `windlass show` has all.
const WHY: usize = 4;
const LABEL: usize = 6;

/// The rows of the card in this width: a label and words. None for a release that did not fail. Where there are more
/// than `most`, the reason is shortened first.
pub fn rows(release: &Release, columns: u16, most: u16) -> Vec<(&'static str, String)> {
    let Some(failure) = &release.failure else { return Vec::new() };
    let columns = usize::from(columns).saturating_sub(2);
    let part = |label: &'static str, text: &str, lines: usize, indent: usize| {
        let lines = wrap(text, columns.saturating_sub(indent)).into_iter().take(lines).enumerate();
        lines.map(|(i, line)| (if i == 0 { label } else { "" }, line)).collect::<Vec<_>>()
    };
    let mut rows = part("", &failure.what, 2, 0);
    let mut rest = part("next", &failure.next, 2, LABEL);
    if release.steps.iter().any(|step| step.step == Step::Push && step.state != StepState::Pending) {
        rest.extend(part("tags", &pushed(release), 2, LABEL));
    }
    let most = usize::from(most);
    rows.extend(part("why", &failure.why, most.saturating_sub(rows.len() + rest.len()).clamp(1, WHY), LABEL));
    rows.extend(rest);
    rows.truncate(most);
    rows
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
    let (place, words, style) = model.look.rule(rule, "what went wrong", false);
    frame.render_widget(Span::styled(words, style), place);
    let all = rows(release, area.width, area.height);
    let labelled = all.iter().position(|(label, _)| !label.is_empty()).unwrap_or(all.len());
    for (i, (label, text)) in all.into_iter().enumerate() {
        let row = Rect { y: area.y + u16::try_from(i).unwrap_or(0), height: 1, ..area };
        let line = if i < labelled {
            Line::from(model.look.span(Tone::Bad, format!(" {text}")))
        } else {
            Line::from(vec![
                model.look.span(Tone::Dim, format!(" {label:<LABEL$}")),
                model.look.span(Tone::Plain, text),
            ])
        };
        frame.render_widget(line, row);
    }
}
