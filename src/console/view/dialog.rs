//! A box over everything, which says exactly what will happen, and its keys.
//!
//! ```text
//! ╭ Release balrog? ─────────────────────────────────╮
//! │ image   balrog to docker.io/mozilla/balrog       │
//! │ frozen  master-2026-11-21-09-30-00  new          │
//! │ moving  latest  sha256:7eb2f01f is replaced      │
//! │                                                  │
//! │ windlass release --image balrog --yes            │
//! │ y yes   esc no                                   │
//! ╰──────────────────────────────────────────────────╯
//! ```

use ratatui::{Frame, layout::Rect, text::Line, widgets::Clear};

use super::text::{width, wrap};
use crate::{
    console::{
        action::{Action, Id},
        masked::Masked,
        model::{Layer, Model},
    },
    domain::{failure::Failure, name::ReleaseId, preview::Preview, sign::Tone},
};

const WIDEST: usize = 84;
const LABEL: usize = 8;
/// Dots of a long passphrase.
const SHOWN: usize = 40;

/// A label, words, and how they look.
type Row = (String, String, Tone);

fn blank() -> Row {
    (String::new(), String::new(), Tone::Plain)
}

pub fn render(model: &Model, frame: &mut Frame<'_>, layer: &Layer) {
    let (title, rows, answers): (String, Vec<Row>, &[(Id, &str)]) = match layer {
        Layer::Choose { at } => ("Release which image?".to_owned(), images(model, *at), &CHOOSE),
        Layer::Planning { image } => {
            let words = "asking git and the registry what would happen".to_owned();
            (format!("Release {image}"), vec![(String::new(), words, Tone::Dim)], &WAIT)
        }
        Layer::Secret { question, typed } => {
            ("The vault is locked".to_owned(), secret(model, question, typed), &ANSWER)
        }
        Layer::Plan(preview) => (format!("Release {}?", preview.plan.image), plan(model, preview), &YES_NO),
        Layer::Cancel { release, .. } => (format!("Cancel release {release}?"), cancel(model, release), &YES_NO),
        Layer::Failure(failure) => ("This did not work".to_owned(), refusal(failure), &SEEN),
        Layer::Search { .. } | Layer::Help { .. } => return,
    };
    boxed(model, frame, &title, &rows, answers);
}

const YES_NO: [(Id, &str); 2] = [(Id::Confirm, "yes"), (Id::Close, "no, change nothing")];
const CHOOSE: [(Id, &str); 2] = [(Id::Confirm, "this one"), (Id::Close, "none")];
const WAIT: [(Id, &str); 1] = [(Id::Close, "do not wait")];
const ANSWER: [(Id, &str); 2] = [(Id::Answer, "open it"), (Id::NoAnswer, "change nothing")];
const SEEN: [(Id, &str); 1] = [(Id::Close, "close")];

fn images(model: &Model, at: usize) -> Vec<Row> {
    let mark = |i| if i == at { model.look.signs.glyph("▌", ">") } else { model.look.signs.glyph("·", "-") };
    let row = |(i, image): (usize, &crate::console::model::Image)| {
        let tone = if i == at { Tone::Bold } else { Tone::Plain };
        (String::new(), format!("{} {}  {}", mark(i), image.name, image.repository), tone)
    };
    model.images().iter().enumerate().map(row).collect()
}

fn secret(model: &Model, question: &str, typed: &Masked) -> Vec<Row> {
    let mut dots = model.look.signs.glyph("•", "*").repeat(typed.count().min(SHOWN));
    dots.push_str(model.look.signs.glyph("▏", "_"));
    let mut rows =
        vec![(String::new(), question.trim_end().to_owned(), Tone::Plain), (String::new(), dots, Tone::Bold)];
    if typed.trimmed() {
        rows.push((String::new(), "the line break at the end of what was pasted is left out".to_owned(), Tone::Dim));
    }
    rows.push(blank());
    rows
}

fn plan(model: &Model, preview: &Preview) -> Vec<Row> {
    let plan = &preview.plan;
    let tone = |label| if label == "image" { Tone::Bold } else { Tone::Plain };
    let mut rows: Vec<Row> =
        preview.rows().into_iter().map(|(label, text)| (label.to_owned(), text, tone(label))).collect();
    rows.push(blank());
    let date = plan.planned.strftime("%Y-%m-%d-%H-%M-%S").to_string();
    if plan.tags.iter().any(|planned| planned.tag.as_str().contains(&date)) {
        rows.push((String::new(), "the time in the frozen tag will be that of the start".to_owned(), Tone::Dim));
    }
    rows.extend(command(model, Id::New, &plan.image, ""));
    rows
}

fn cancel(model: &Model, release: &ReleaseId) -> Vec<Row> {
    let pushed = model.list().iter().find(|r| &r.plan.release == release).map_or(0, |r| r.pushes.len());
    let words = match pushed {
        0 => "its running step ends; nothing was pushed yet".to_owned(),
        1 => {
            "its running step ends; the tag that was pushed stays pushed, and there will be no record of it".to_owned()
        }
        n => format!("its running step ends; the {n} tags that were pushed stay pushed, without a record"),
    };
    let mut rows = vec![(String::new(), words, Tone::Plain), blank()];
    rows.extend(command(model, Id::Cancel, "", release.as_str()));
    rows
}

fn command(model: &Model, id: Id, image: &str, release: &str) -> Option<Row> {
    let words = Action::of(id).command_words(image, release)?;
    Some(("as".to_owned(), model.command_line(&words), Tone::Plain))
}

fn refusal(failure: &Failure) -> Vec<Row> {
    vec![
        (String::new(), failure.what.clone(), Tone::Bad),
        ("why".to_owned(), failure.why.clone(), Tone::Plain),
        ("next".to_owned(), failure.next.clone(), Tone::Plain),
    ]
}

fn boxed(model: &Model, frame: &mut Frame<'_>, title: &str, rows: &[Row], answers: &[(Id, &str)]) {
    let look = model.look;
    let screen = frame.area();
    let most = usize::from(screen.width).saturating_sub(4).min(WIDEST);
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut widest = width(title) + 4;
    for (label, text, tone) in rows {
        let labelled = !label.is_empty();
        let indent = if labelled { LABEL } else { 0 };
        for (i, part) in wrap(text, most.saturating_sub(4 + indent)).into_iter().enumerate() {
            widest = widest.max(width(&part) + indent + 4);
            let before = if i == 0 { label.as_str() } else { "" };
            lines.push(Line::from(vec![
                look.span(Tone::Dim, if labelled { format!(" {before:<LABEL$}") } else { " ".to_owned() }),
                look.span(*tone, part),
            ]));
        }
        if text.is_empty() {
            lines.push(Line::default());
        }
    }
    let mut keys = Line::default();
    for (id, word) in answers {
        keys.push_span(look.span(Tone::Bold, format!(" {}", Action::of(*id).keys[0])));
        keys.push_span(look.span(Tone::Dim, format!(" {word}  ")));
    }
    widest = widest.max(keys.width() + 2);
    let columns = u16::try_from(widest.min(most)).unwrap_or(screen.width);
    let rows = u16::try_from(lines.len() + 4).unwrap_or(u16::MAX).min(screen.height);
    let area = Rect::new((screen.width - columns.min(screen.width)) / 2, (screen.height - rows) / 2, columns, rows);
    frame.render_widget(Clear, area);
    let block = look.boxed(title, true);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    // The keys stay in sight whatever else there is no room for.
    let room = usize::from(inner.height.saturating_sub(1));
    for (i, line) in lines.into_iter().take(room).enumerate() {
        frame.render_widget(line, Rect { y: inner.y + u16::try_from(i).unwrap_or(0), height: 1, ..inner });
    }
    frame.render_widget(keys, Rect { y: inner.bottom().saturating_sub(1), height: inner.height.min(1), ..inner });
}
