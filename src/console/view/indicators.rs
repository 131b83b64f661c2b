//! How engine, registry and secret are, at the right end of the first line. Where there is little room, words go first,
//! then those of which nothing bad is known; what keeps somebody from a release stays.
//!
//! ```text
//!  engine ● 20.10.24   registry ● bot   secret ·
//!  engine ✗ away   registry ·   secret ✗ none   read-only
//!  engine ● 29.0.1   tc ◐ tc.example 42m   registry ● bot   secret ● set 11 Nov
//! ```

use ratatui::text::Span;

use super::text::{fit, width};
use crate::{
    console::model::{Known, Look, Model, Mouse},
    domain::sign::Tone,
};

/// Of a user name or a version.
const LONGEST: usize = 20;
const CLUSTER: &str = "tc";
/// In less, they stand closer together.
const ROOMY: usize = 40;

/// One of them, with how much of it is said.
struct Indicator {
    label: &'static str,
    known: Option<Known>,
    /// After the words, whatever room these have.
    tail: Option<String>,
    /// The words too.
    whole: bool,
}

impl Indicator {
    fn spans(&self, look: Look) -> Vec<Span<'static>> {
        let (sign, tone, words) = match &self.known {
            None => (look.signs.glyph("·", "."), Tone::Dim, ""),
            Some(known) => {
                let sign =
                    if known.tone == Tone::Good { look.signs.glyph("●", "+") } else { look.signs.tone(known.tone) };
                (sign, known.tone, known.words.as_str())
            }
        };
        let mut spans = vec![look.span(Tone::Plain, format!("{} ", self.label)), look.span(tone, sign)];
        if self.whole && !words.is_empty() {
            spans.push(look.span(Tone::Plain, format!(" {}", fit(words, LONGEST, look.signs))));
        }
        spans.extend(self.tail.as_ref().map(|tail| look.span(tone, format!(" {tail}"))));
        spans
    }

    fn is_well(&self) -> bool {
        self.known.as_ref().is_none_or(|known| known.tone == Tone::Good)
    }
}

/// In at most so many columns.
pub fn spans(model: &Model, columns: usize) -> Vec<Span<'static>> {
    let (look, images, standing) = (model.look, model.images(), &model.standing);
    let one = |label, known| Indicator { label, known, tail: None, whole: true };
    let mut all = vec![one("engine", standing.engine.clone())];
    all.extend(model.cluster().map(|host| {
        let (tone, tail) = standing.cluster(model.now);
        Indicator { tail, ..one(CLUSTER, Some(Known { tone, words: host.to_owned() })) }
    }));
    if !images.is_empty() {
        all.push(one("registry", standing.registry(images)));
        all.push(one("secret", standing.secret(images)));
    }
    if let Some(open) = &model.rotation {
        let words = open.due.map_or("open", |step| step.name()).to_owned();
        let known = Some(Known { tone: Tone::Notice, words });
        all.push(one("rotation", known));
    }
    let mut states: Vec<&str> = Vec::new();
    if model.read_only {
        states.push("read-only");
    }
    if model.mouse == Mouse::Terminals {
        states.push("mouse off");
    }
    let gap = if columns < ROOMY { "  " } else { "   " };
    let line = |all: &[Indicator]| {
        let mut parts: Vec<Vec<Span<'static>>> = all.iter().map(|indicator| indicator.spans(look)).collect();
        parts.extend(states.iter().map(|words| vec![look.span(Tone::Notice, *words)]));
        let mut spans = parts.join(&Span::raw(gap));
        spans.push(Span::raw(" "));
        spans
    };
    let too_wide = |all: &[Indicator]| line(all).iter().map(|span| width(&span.content)).sum::<usize>() > columns;
    while too_wide(&all) {
        // Which deployment is spoken to is always told.
        let wordy = |well: bool| {
            move |indicator: &&mut Indicator| {
                indicator.whole && indicator.is_well() == well && indicator.label != CLUSTER
            }
        };
        if let Some(wordy) = all.iter_mut().rev().find(wordy(true)) {
            wordy.whole = false;
        } else if let Some(wordy) = all.iter_mut().rev().find(wordy(false)) {
            wordy.whole = false;
        } else if let Some(last) = all.iter().rposition(|known| known.is_well() && known.label != CLUSTER) {
            all.remove(last);
        } else if all.pop().is_none() {
            break;
        }
    }
    line(&all)
}

#[cfg(test)]
pub(super) mod tests;
