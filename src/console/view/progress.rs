//! What a release does right now: in two words for the list, in a line for its step.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::text::fit;
use crate::{
    console::model::{Doing, Model},
    domain::{
        progress::Progress,
        release::{Release, StepState},
        sign::Signs,
        written::{bytes, count, seconds},
    },
};

const BAR: usize = 12;

/// `push 62 %`, `build 12 s`.
pub fn short(model: &Model, release: &Release) -> String {
    let Some(step) = release.steps.iter().find(|step| step.state == StepState::Running) else {
        return "running".to_owned();
    };
    let name = step.step.name();
    if let Some(Doing { progress: Progress::Layers { sent, total, .. }, .. }) = model.doing(&release.plan.release)
        && *total > 0
    {
        return format!("{name} {} %", percent(*sent, *total));
    }
    match step.started {
        Some(started) => format!("{name} {}", elapsed(started, model.now)),
        None => name.to_owned(),
    }
}

/// Whole seconds since then; a clock that goes on by seconds has no tenths.
pub fn elapsed(since: Timestamp, now: Timestamp) -> String {
    let whole = now.duration_since(since).as_secs().max(0);
    if whole < 60 {
        format!("{whole} s")
    } else {
        seconds(std::time::Duration::from_secs(whole.unsigned_abs()).as_secs_f64())
    }
}

/// `latest ▓▓▓▓▓▓▓░░░░░ 62 %  14.0 MB/s  3 s left`, as much of it as fits.
pub fn line(doing: &Doing, now: Timestamp, columns: usize, signs: Signs) -> String {
    let text = match &doing.progress {
        Progress::Context { files, bytes: sent } => {
            let rate = doing.rate(now).map(|rate| format!("  {}/s", bytes(rate))).unwrap_or_default();
            format!("context: {} files, {}{rate}", count(*files), bytes(*sent))
        }
        Progress::Archive { bytes: read } => {
            let rate = doing.rate(now).map(|rate| format!("  {}/s", bytes(rate))).unwrap_or_default();
            format!("archive: {}{rate}", bytes(*read))
        }
        Progress::Layers { tag, layers, total: 0, .. } => format!("{tag}  {layers} layers"),
        Progress::Layers { tag, sent, total, .. } => {
            let filled = usize::try_from(u128::from(*sent) * BAR as u128 / u128::from(*total)).unwrap_or(BAR).min(BAR);
            let bar = signs.glyph("▓", "#").repeat(filled) + &signs.glyph("░", ".").repeat(BAR - filled);
            let mut text = format!("{tag} {bar} {} %", percent(*sent, *total));
            if let Some(rate) = doing.rate(now).filter(|rate| *rate > 0) {
                let left = total.saturating_sub(*sent).div_ceil(rate);
                let _ = write!(text, "  {}/s  {left} s left", bytes(rate));
            }
            text
        }
        Progress::Retrying { tag, layer, seconds } => format!("{tag}: layer {layer} is tried again in {seconds} s"),
        Progress::Remark { tag, text } => format!("{tag}: {text}"),
    };
    fit(&text, columns, signs)
}

fn percent(sent: u64, total: u64) -> u128 {
    u128::from(sent) * 100 / u128::from(total.max(1))
}
