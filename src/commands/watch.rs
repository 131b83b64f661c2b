//! Progress of a release on stderr: steps, the build's log, and one line that tells about the push.

use std::{
    collections::BTreeMap,
    io::{self, Write as _},
};

use super::output::{Output, Tone, bytes, seconds};
use crate::{
    domain::{
        event::{Event, Stamped, Step},
        release::{Release, StepState},
    },
    engine::LayerState,
    release::Notice,
};

/// Prints what a release shows while it runs.
pub struct Printer {
    output: Output,
    release: Option<Release>,
    layers: BTreeMap<String, (u64, u64)>,
    /// The live line is on the screen and must be wiped before the next text.
    dirty: bool,
}

impl Printer {
    pub fn new(output: Output) -> Self {
        Self { output, release: None, layers: BTreeMap::new(), dirty: false }
    }

    pub fn show(&mut self, notice: &Notice<'_>) {
        match notice {
            Notice::Event(stamped) => self.event(stamped),
            Notice::Log(line) => self.line(&format!("  {} {line}", self.output.err.paint(Tone::Dim, self.bar()))),
            Notice::Context { files, bytes: sent } => {
                self.live(&format!("context: {files} files, {}", bytes(*sent)));
            }
            Notice::Layer { tag, id, state } => self.layer(tag.as_str(), id, state),
            Notice::Push { tag, status } => self.live(&format!("push {tag}: {status}")),
        }
    }

    fn bar(&self) -> &'static str {
        self.output.err.glyph("│", "|")
    }

    fn event(&mut self, stamped: &Stamped) {
        match (&stamped.event, &mut self.release) {
            (Event::Planned { plan }, _) => {
                self.line(&format!(
                    "release {} of {} from {} {}",
                    plan.release,
                    plan.repository,
                    plan.source.branch.as_deref().unwrap_or("-"),
                    plan.source.commit.short()
                ));
                self.release = Some(Release::new((**plan).clone(), stamped.at, stamped.seq));
                return;
            }
            (_, Some(release)) => {
                // The journal numbers events without gaps; a wrong one is told by the release itself.
                let _ = release.apply(stamped);
            }
            (_, None) => return,
        }
        match &stamped.event {
            Event::StepStarted { step: Step::Push } => self.layers.clear(),
            Event::StepSucceeded { step, .. } | Event::StepReused { step, .. } | Event::StepSkipped { step, .. } => {
                self.step(*step);
            }
            Event::StepFailed { step, .. } => self.step(*step),
            Event::TagLeft { tag, why } => self.line(&format!("  {tag} is left alone: {why}")),
            _ => {}
        }
    }

    fn step(&mut self, step: Step) {
        let Some(view) = self.release.as_ref().and_then(|r| r.steps.iter().find(|s| s.step == step)) else { return };
        let (sign, tone) = self.output.err.step_sign(view.state);
        let took = view.seconds().map(seconds).unwrap_or_default();
        let note = match (&view.failure, view.state) {
            (Some(failure), StepState::Failed | StepState::Cancelled) => failure.what.clone(),
            _ => view.note.clone(),
        };
        let line = format!("{} {:<9} {took:>8}  {note}", self.output.err.paint(tone, sign), step.name());
        self.line(&line);
    }

    fn layer(&mut self, tag: &str, id: &str, state: &LayerState) {
        let known = self.layers.entry(id.to_owned()).or_default();
        match state {
            LayerState::Pushing { current, total } => *known = ((*current).min(*total), *total),
            LayerState::Pushed | LayerState::Exists | LayerState::Mounted => known.0 = known.1,
            LayerState::Retrying { seconds } => {
                let text = format!("  {tag}: layer {id} is tried again in {seconds} s");
                return self.line(&text);
            }
            LayerState::Preparing | LayerState::Waiting => {}
        }
        let (sent, total) = self.layers.values().fold((0, 0), |sum, (s, t)| (sum.0 + s, sum.1 + t));
        let percent = (sent * 100).checked_div(total).unwrap_or(0);
        self.live(&format!(
            "push {tag}: {} layers, {} of {}, {percent} %",
            self.layers.len(),
            bytes(sent),
            bytes(total)
        ));
    }

    /// One line that the next one replaces. Only where the terminal can.
    fn live(&mut self, text: &str) {
        if self.output.live {
            let mut err = io::stderr().lock();
            // Nobody can be told when stderr itself is gone.
            let _ = write!(err, "\r\x1b[2K{text}").and_then(|()| err.flush());
            self.dirty = true;
        }
    }

    fn line(&mut self, text: &str) {
        if std::mem::take(&mut self.dirty) {
            let _ = write!(io::stderr().lock(), "\r\x1b[2K");
        }
        self.output.note(text);
    }
}
