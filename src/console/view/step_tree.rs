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
        geometry::Geometry,
        model::{Model, runs},
    },
    domain::{
        release::{Release, StepState},
        sign::Tone,
        written::{count, seconds},
    },
    log::steps::{Branch, End, Step, Steps, Took},
};

/// Columns of the time or the word for it.
const TIME: usize = 10;
/// Before the steps of a stage that is named above them.
const INDENT: &str = "  ";
/// Columns before a name: edge, sign, and a space after each.
const BEFORE: usize = 4;

/// A row is a step, or the stage that those below it are part of.
#[derive(Clone, Copy)]
enum Row<'a> {
    Stage(&'a str),
    Step { at: usize, below: bool },
}

fn tree(steps: &Steps) -> Vec<Row<'_>> {
    let tree = steps.tree();
    let several = tree.len() > 1;
    let rows = |Branch { stage, steps }| {
        let stage = Some(stage).filter(|stage| several && !stage.is_empty());
        let below = stage.is_some();
        stage.map(Row::Stage).into_iter().chain(steps.into_iter().map(move |at| Row::Step { at, below }))
    };
    tree.into_iter().flat_map(rows).collect()
}

/// Rows of the whole tree.
pub fn rows(steps: &Steps) -> usize {
    tree(steps).len()
}

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
    let tree = tree(&model.log.tree.steps);
    let at = tree.iter().position(|row| matches!(row, Row::Step { at, .. } if *at == chosen)).unwrap_or(0);
    let height = usize::from(area.height);
    let first = at.saturating_sub(height / 2).min(tree.len().saturating_sub(height));
    for (y, row) in (area.top()..area.bottom()).zip(&tree[first..]) {
        let columns = usize::from(area.width);
        let line = match *row {
            Row::Stage(stage) => Line::from(look.span(Tone::Dim, format!("  {}", fit(stage, columns, look.signs)))),
            Row::Step { at, below } => line(model, release, &steps[at], (at == chosen, below), columns),
        };
        frame.render_widget(line, Rect { y, height: 1, ..area });
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
        #[expect(clippy::cast_precision_loss, reason = "seconds of a build")]
        Took::About(took) => format!("~{}", seconds(took as f64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_named_where_there_are_several() {
        let told = |log: &str| {
            let mut steps = Steps::default();
            for line in log.lines() {
                steps.take(line, || None);
            }
            let row = |row: Row<'_>| match row {
                Row::Stage(stage) => stage.to_owned(),
                Row::Step { at, .. } => steps.list()[at].name.clone(),
            };
            tree(&steps).into_iter().map(row).collect::<Vec<_>>()
        };
        assert_eq!(told("#1 [b 1/2] x\n#2 [b 2/2] y\n"), ["1/2 x", "2/2 y"]);
        assert_eq!(
            told("#1 [b 1/2] x\n#2 [c 1/1] z\n#3 [b 2/2] y\n#4 exporting\n"),
            ["b", "1/2 x", "2/2 y", "c", "1/1 z", "exporting"]
        );
    }
}
