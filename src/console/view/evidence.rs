//! All that is known of one tag: both identities under each other, what the registry shows, what was recorded, and who
//! was asked.
//!
//! ```text
//! ╭ latest · ✗ mismatch ───────────────────────────────────────────╮
//! │ why        release k3v… recorded …; the registry shows …       │
//! │ image id                                                       │
//! │  registry  sha256:7eb2f01f…                                    │
//! │  recorded  sha256:c0ffee00…       underlined from where it differs
//! │            differs from digit 1 on                             │
//! │ …                                                              │
//! ╰ 1 to 20 of 34 ─────────────────────────────────────────────────╯
//! ```

use ratatui::{
    Frame,
    layout::Rect,
    style::Modifier,
    text::{Line, Span},
};

use super::text::{fit, wrap};
use crate::{
    console::{
        model::{Look, Model},
        view::geometry::{Geometry, inside},
    },
    domain::{
        digest::Digest,
        observation::{Content, Hashed, Observation, ObservedImage},
        record::{Known, Review},
        sign::Tone,
        table::{Identity, Row},
        written::time,
    },
};

const LABEL: usize = 11;

pub fn render(model: &Model, frame: &mut Frame<'_>, area: Rect) {
    let Some(row) = model.tags.selected() else { return };
    let look = model.look;
    let (verdict, _) = look.signs.verdict(row.judgement.verdict);
    let inner = inside(area);
    let title =
        fit(&format!("{}{}{verdict}", row.tag, look.dot()), usize::from(inner.width).saturating_sub(3), look.signs);
    let lines = lines(model, usize::from(inner.width));
    let height = usize::from(inner.height);
    let first = model.tags.whole.unwrap_or(0).min(lines.len().saturating_sub(height));
    let place = format!(" {} to {} of {} ", first + 1, (first + height).min(lines.len()), lines.len());
    frame.render_widget(look.boxed(&title, true).title_bottom(look.span(Tone::Dim, place)), area);
    for (i, line) in lines.into_iter().skip(first).take(height).enumerate() {
        let y = inner.y + u16::try_from(i).unwrap_or(u16::MAX);
        frame.render_widget(line, Rect { y, height: 1, ..inner });
    }
}

/// The last line that can be at the top.
pub fn last(model: &Model) -> usize {
    let inner = inside(Geometry::of(model).split.area);
    lines(model, usize::from(inner.width)).len().saturating_sub(usize::from(inner.height))
}

fn lines(model: &Model, columns: usize) -> Vec<Line<'static>> {
    let Some(row) = model.tags.selected() else { return Vec::new() };
    let mut page = Page { look: model.look, columns, lines: Vec::new() };
    let (verdict, tone) = model.look.signs.verdict(row.judgement.verdict);
    page.said("verdict", &verdict, tone);
    page.said("why", &row.judgement.why, Tone::Plain);
    page.compared("image id", row.in_registry(Identity::ImageId), row.recorded(Identity::ImageId));
    page.compared("manifest", row.in_registry(Identity::Manifest), row.recorded(Identity::Manifest));
    registry(&mut page, row);
    match &row.known {
        Some(known) => record(&mut page, known),
        None => page.said("recorded", "no record names this tag", Tone::Plain),
    }
    asked(&mut page, model, row);
    page.lines
}

/// What the registry shows.
fn registry(page: &mut Page, row: &Row) {
    let Some(content) = row.content() else {
        return page.said("registry", "shows no image under this tag", Tone::Plain);
    };
    let Content { digest, media_type, index, images } = content;
    page.head("In the registry");
    page.said(if *index { "index" } else { "digest" }, digest.as_str(), Tone::Plain);
    page.said("type", media_type, Tone::Dim);
    let platform =
        |image: &ObservedImage| image.platform.as_ref().map_or("an unnamed platform".to_owned(), ToString::to_string);
    page.said("platforms", &images.iter().map(platform).collect::<Vec<_>>().join(", "), Tone::Plain);
    let Some(image) = row.image() else { return };
    page.said("manifest", image.manifest.as_str(), Tone::Plain);
    page.said("config", image.config.as_str(), Tone::Plain);
    let created = image
        .created
        .map_or("its config does not say".to_owned(), |at| format!("{} UTC, as its config says", time(at)));
    page.said("created", &created, Tone::Plain);
    for (i, (name, value)) in image.labels.iter().enumerate() {
        page.said(if i == 0 { "labels" } else { "" }, &format!("{name}={value}"), Tone::Plain);
    }
    for (i, layer) in image.layers.iter().enumerate() {
        page.said(if i == 0 { "layers" } else { "" }, layer.as_str(), Tone::Plain);
    }
}

/// What was recorded.
fn record(page: &mut Page, known: &Known) {
    let record = &known.record;
    page.head("Recorded");
    page.said("by", &known.cite(), Tone::Plain);
    let git_ref = record.git_ref.as_deref().map(|name| format!(" of {name}")).unwrap_or_default();
    let state = match (record.review, record.dirty) {
        (_, true) => "with uncommitted changes",
        (Review::Reviewed, false) => "reviewed",
        (Review::Unreviewed, false) => "unreviewed",
    };
    page.said("commit", &format!("{}{git_ref}, {state}", record.commit), Tone::Plain);
    page.said("who", &format!("{}, {} UTC", record.who, time(record.when)), Tone::Plain);
    page.said("engine", &record.engine, Tone::Plain);
    let platform = record.platform.as_ref().map_or("not known", |platform| platform.as_str());
    page.said("platform", platform, Tone::Plain);
    page.said("image id", record.image_id.as_str(), Tone::Plain);
    for (i, layer) in record.diff_ids.iter().enumerate() {
        page.said(if i == 0 { "unpacked" } else { "" }, layer.as_str(), Tone::Plain);
    }
}

/// Who was asked, and when.
fn asked(page: &mut Page, model: &Model, row: &Row) {
    page.head("Asked");
    let host = model.image().map_or("the registry", |image| image.repository.api_host());
    let when = model.tags.as_of().map_or("not yet".to_owned(), |at| format!("{} UTC", time(at)));
    let how = match &row.observation {
        Observation::Seen { hashed: Hashed::Now, .. } => ", its bytes fetched and hashed".to_owned(),
        Observation::Seen { hashed: Hashed::Earlier(at), .. } => {
            format!(", which named the digest; its bytes were hashed {} UTC", time(*at))
        }
        _ => String::new(),
    };
    page.said("registry", &format!("{host}, {when}{how}"), Tone::Plain);
    let source = row.known.as_ref().map_or("journal".to_owned(), |known| known.source.to_string());
    page.said("records", &format!("{source} of this machine"), Tone::Plain);
}

struct Page {
    look: Look,
    columns: usize,
    lines: Vec<Line<'static>>,
}

impl Page {
    fn head(&mut self, words: &str) {
        self.lines.push(Line::default());
        self.lines.push(Line::from(self.look.span(Tone::Bold, format!(" {words}"))));
    }

    fn said(&mut self, label: &str, words: &str, tone: Tone) {
        let lines = wrap(words, self.columns.saturating_sub(LABEL + 2));
        for (i, line) in lines.into_iter().enumerate() {
            let label = if i == 0 { label } else { "" };
            let label = self.look.span(Tone::Dim, format!(" {label:<LABEL$}"));
            self.lines.push(Line::from(vec![label, self.look.span(tone, line)]));
        }
    }

    /// Two digests under each other, part by part where they are longer than a line; from their first difference on
    /// they are underlined.
    fn compared(&mut self, what: &str, registry: Option<&Digest>, recorded: Option<&Digest>) {
        self.head(what);
        let (Some(ours), Some(theirs)) = (registry, recorded) else {
            let full = |digest: Option<&Digest>| digest.map_or("-".to_owned(), ToString::to_string);
            self.said("registry", &full(registry), Tone::Plain);
            return self.said("recorded", &full(recorded), Tone::Plain);
        };
        let (ours, theirs) = (ours.as_str(), theirs.as_str());
        // Digests are ASCII, all of one length.
        let differs = ours.bytes().zip(theirs.bytes()).position(|(a, b)| a != b).unwrap_or(ours.len());
        let room = self.columns.saturating_sub(LABEL + 2).max(1);
        for from in (0..ours.len()).step_by(room) {
            for (label, digest) in [("registry", ours), ("recorded", theirs)] {
                let part = &digest[from..(from + room).min(digest.len())];
                let (same, other) = part.split_at(differs.saturating_sub(from).min(part.len()));
                let label = if from == 0 { label } else { "" };
                self.lines.push(Line::from(vec![
                    self.look.span(Tone::Dim, format!(" {label:<LABEL$}")),
                    self.look.span(Tone::Plain, same.to_owned()),
                    Span::styled(other.to_owned(), self.look.style(Tone::Bold).add_modifier(Modifier::UNDERLINED)),
                ]));
            }
        }
        let words = match differs.checked_sub("sha256:".len()) {
            Some(digit) if differs < ours.len() => format!("they differ from digit {} on", digit + 1),
            _ => "the same".to_owned(),
        };
        self.said("", &words, Tone::Dim);
    }
}
