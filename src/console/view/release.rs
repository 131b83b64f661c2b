//! ```text
//! ╭ k3v… · 3f2c1ab · master · by hand ───────────────────────╮
//! │ ✓ preflight  0.2 s  master, clean, reviewed              │
//! │ ✓ build     42.0 s  sha256:7eb2f01f…  11 steps           │   in one row where there is no room for six:
//! │ ◐ push         3 s  latest ▓▓▓▓▓▓▓░░░░░ 62 %             │   ✓ preflight ✓ secret ✓ build ◐ push · record
//! │ · record                                                 │
//! ├ what went wrong ─────────────────────────────────────────┤   card.rs
//! ├ Steps · 11, 6 cached ────────────────────────────────────┤   step_tree.rs
//! ├ Log · following · 1 204 331 lines ───────────────────────┤   log.rs, search.rs
//! ╰──────────────────────────────────────────────────────────╯
//! ```

use ratatui::{Frame, layout::Rect, text::Line};

use super::{
    card, log, progress, search, step_tree,
    text::{fit, padded, put, width},
};
use crate::{
    console::{
        model::{Loaded, Model, Pane, remote},
        view::geometry::{Geometry, top_row},
    },
    domain::{
        release::{Release, StepState, StepView},
        sign::Tone,
        written::seconds,
    },
};

/// Columns of the longest name of a step of our own.
const NAME: usize = 9;
/// Columns of the time of a step that took less than a minute.
const TIME: usize = 6;

pub fn render(model: &Model, frame: &mut Frame<'_>, geometry: &Geometry) {
    if geometry.release.is_empty() {
        return;
    }
    let look = model.look;
    let focus = model.focus == Pane::Log;
    let Some(release) = model.selected() else {
        frame.render_widget(look.boxed("Release", focus), geometry.release);
        let words = match model.releases {
            Loaded::Not => "",
            _ => " its steps and its log will be here",
        };
        frame.render_widget(look.span(Tone::Dim, words), geometry.steps);
        return;
    };
    let plan = &release.plan;
    let trigger = plan.trigger.to_string();
    let words =
        [plan.release.as_str(), plan.source.commit.short(), plan.source.branch.as_deref().unwrap_or("-"), &trigger];
    let title = fit(&words.join(look.dot()), usize::from(geometry.release.width).saturating_sub(6), look.signs);
    frame.render_widget(look.boxed(&title, focus), geometry.release);
    if geometry.steps.height == 1 {
        frame.render_widget(strip(model, release), geometry.steps);
    } else {
        let height = usize::from(geometry.steps.height);
        // Of tasks there may be more than rows: the one whose log is shown is among them.
        let shown = remote::chosen(model, release).filter(|_| remote::is_remote(release));
        let first = top_row(shown, geometry.steps.height);
        for (i, step) in release.steps.iter().enumerate().skip(first).take(height) {
            let row = Rect { y: geometry.steps.y + u16::try_from(i - first).unwrap_or(0), height: 1, ..geometry.steps };
            put(frame, &line(model, release, step, shown == Some(i), usize::from(row.width)), row);
        }
        if release.steps.is_empty() && remote::is_remote(release) {
            frame.render_widget(look.span(Tone::Dim, " looking at its tasks"), geometry.steps);
        }
    }
    if !geometry.card.is_empty() {
        card::render(model, release, frame, geometry.card_rule, geometry.card);
    }
    if !geometry.log.is_empty() {
        step_tree::render(model, release, frame, geometry);
        log::render(model, release, frame, geometry);
        search::render(model, release, frame, geometry.search);
    }
}

fn line(model: &Model, release: &Release, step: &StepView, here: bool, columns: usize) -> Line<'static> {
    let look = model.look;
    let (sign, tone) = look.signs.step(step.state);
    let widest = |of: &dyn Fn(&StepView) -> usize| release.steps.iter().map(of).max().unwrap_or(0);
    let name = widest(&|step| width(step.step.name())).max(NAME).min((columns / 3).max(NAME));
    let time = widest(&|step| width(&took(model, step))).max(TIME);
    // With the sign and its mark, and the gaps.
    let room = columns.saturating_sub(3 + name + 1 + time + 2);
    let note = match (&step.failure, step.state, model.doing(&release.plan.release)) {
        (Some(failure), ..) => fit(&failure.what, room, look.signs),
        (None, StepState::Running, Some(doing)) => progress::line(doing, model.now, room, look.signs),
        (None, StepState::Interrupted, _) => "interrupted".to_owned(),
        (None, ..) => fit(&step.note, room, look.signs),
    };
    let name_tone = if step.state == StepState::Pending { Tone::Dim } else { Tone::Plain };
    let mark = if here { look.signs.glyph("▌", ">") } else { " " };
    Line::from(vec![
        look.span(tone, format!("{mark}{sign} ")),
        look.span(name_tone, format!("{} ", padded(step.step.name(), name, look.signs))),
        look.span(Tone::Dim, format!("{:>time$}  ", took(model, step))),
        look.span(Tone::Plain, note),
    ])
}

/// How long it took, or has taken so far.
fn took(model: &Model, step: &StepView) -> String {
    match (step.seconds(), step.started) {
        (Some(took), _) => seconds(took),
        (None, Some(started)) if step.state == StepState::Running => progress::elapsed(started, model.now),
        (None, _) => String::new(),
    }
}

fn strip(model: &Model, release: &Release) -> Line<'static> {
    let look = model.look;
    let spans = release.steps.iter().flat_map(|step| {
        let (sign, tone) = look.signs.step(step.state);
        let name = if step.state == StepState::Pending { Tone::Dim } else { Tone::Plain };
        [look.span(tone, format!(" {sign}")), look.span(name, format!(" {}", step.step.name()))]
    });
    Line::from(spans.collect::<Vec<_>>())
}
