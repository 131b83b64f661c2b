//! The steps of the build, above the log they were read out of, by stages where there are several:
//!
//! ```text
//! ├ Steps · 11, 6 cached ────────────────────────────────────┤
//! │  build                                                   │
//! │    ↷ 2/4 COPY requirements.txt .                  cached │
//! │▌   ✓ 3/4 RUN pip install -r requirements.txt      42.0 s │
//! │    ◐ 4/4 RUN make                                running │
//! │  ✓ exporting to image                              0.3 s │
//! ```

use ratatui::{
    Frame,
    layout::Rect,
    text::{Line, Span},
};

use super::text::{fit, padded};
use crate::{
    console::{
        model::{Model, Row, runs},
        view::geometry::Geometry,
    },
    domain::{
        release::{Release, StepState},
        sign::Tone,
        written::{count, seconds},
    },
    log::steps::{End, Step, Took},
};

/// Columns of the time or the word for it.
const TIME: usize = 10;
/// Before the steps of a stage that is named above them.
const INDENT: &str = "  ";
/// Columns before a name: edge, sign, and a space after each.
const BEFORE: usize = 4;

pub fn render(model: &Model, release: &Release, frame: &mut Frame<'_>, geometry: &Geometry) {
    let (Some(chosen), area) = (model.log.tree.chosen, geometry.tree) else { return };
    if area.is_empty() {
        return;
    }
    let (look, steps) = (model.look, model.log.tree.list());
    let cached = steps.iter().filter(|step| step.end == Some(End::Cached)).count();
    let title = format!("Steps{}{}, {} cached", look.dot(), count(steps.len() as u64), count(cached as u64));
    let (place, words, style) = look.rule(geometry.tree_rule, &title, true);
    frame.render_widget(Span::styled(words, style), place);
    for (y, row) in (area.top()..area.bottom()).zip(seen(model, area)) {
        let columns = usize::from(area.width);
        let line = match *row {
            Row::Stage(first) => {
                let stage = fit(&steps[first].stage, columns, look.signs);
                Line::from(look.span(Tone::Dim, format!("  {stage}")))
            }
            Row::Step { at, below } => line(model, release, &steps[at], (at == chosen, below), columns),
        };
        frame.render_widget(line, Rect { y, height: 1, ..area });
    }
}

/// The rows of the tree that are seen there: those around the chosen one.
fn seen(model: &Model, area: Rect) -> &[Row] {
    let tree = model.log.tree.rows();
    let chosen = |row: &Row| matches!(row, Row::Step { at, .. } if Some(*at) == model.log.tree.chosen);
    let at = tree.iter().position(chosen).unwrap_or(0);
    let height = usize::from(area.height);
    &tree[at.saturating_sub(height / 2).min(tree.len().saturating_sub(height))..]
}

/// The step in this row of the screen; of a stage, its first.
pub fn hit(model: &Model, area: Rect, y: u16) -> Option<usize> {
    match *seen(model, area).get(usize::from(y.checked_sub(area.y)?))? {
        Row::Stage(at) | Row::Step { at, .. } => Some(at),
    }
}

fn line(model: &Model, release: &Release, step: &Step, (chosen, below): (bool, bool), columns: usize) -> Line<'static> {
    let look = model.look;
    let (state, words) = match (step.end, step.took) {
        (Some(End::Done), took) => (StepState::Succeeded, took.map(time).unwrap_or_default()),
        (Some(End::Cached), _) => (StepState::Reused, "cached".to_owned()),
        (Some(End::Failed), _) => (StepState::Failed, "failed".to_owned()),
        (Some(End::Cancelled), _) => (StepState::Cancelled, "cancelled".to_owned()),
        (None, _) if runs(release) => (StepState::Running, "running".to_owned()),
        // The log does not say how it ended: as the build did.
        (None, _) => (StepState::Pending, String::new()),
    };
    let (sign, tone) = look.signs.step(state);
    let edge = if chosen { look.signs.glyph("▌", ">") } else { " " };
    let before = if below { INDENT } else { "" };
    let name = padded(&step.name, columns.saturating_sub(BEFORE + before.len() + TIME + 2), look.signs);
    Line::from(vec![
        look.span(Tone::Bold, format!("{edge} {before}")),
        look.span(tone, format!("{sign} ")),
        look.span(if chosen { Tone::Bold } else { Tone::Plain }, name),
        look.span(Tone::Dim, format!(" {words:>TIME$} ")),
    ])
}

fn time(took: Took) -> String {
    match took {
        Took::Said(took) => seconds(took),
        Took::About(0) => String::new(),
        Took::About(took @ ..60) => format!("~{took} s"),
        #[expect(clippy::cast_precision_loss, reason = "seconds of a build")]
        Took::About(took) => format!("~{}", seconds(took as f64)),
    }
}
