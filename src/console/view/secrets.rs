//! The secrets that are there and those that are missing, and what may be told of the selected one; or its history.
//!
//! ```text
//! ╭ Secrets ──────────────────────────────────────────────────────────────╮
//! │▌dockerhub   vault  ✓ set  set 10 days ago                             │
//! │ ghcr        vault  ✗ missing  no secret yet: press s                  │
//! ├ dockerhub ────────────────────────────────────────────────────────────┤
//! │ keys      /dockerhub_password fingerprint 0d9e8c7b6a5f                │
//! │           /dockerhub_username fingerprint 3f2c1abb0e8d                │
//! │ bound to  docker.io/mozilla/balrog                                    │
//! │ …                                                                     │
//! ╰ 1 of 2 · the vault's key is a plain file ─────────────────────────────╯
//! ```

mod detail;

use ratatui::{Frame, text::Line, widgets::Paragraph};

pub use self::detail::last;
use self::detail::{details, history};
use super::{
    one_list,
    text::{fit, width},
};
use crate::{
    console::{
        action::Id,
        model::{Checked, Loaded, Look, Model, Reload},
        view::geometry::Geometry,
    },
    domain::{
        failure::FailureKind,
        holdings::{Changed, Row, ends_soon, expiry},
        proof::PushProof,
        sign::Tone,
        written::age,
    },
};

/// Columns for what stands beside a name in the list: store, state, and the beginning of what is said of it.
const BESIDE_NAME: usize = 32;

/// Rows of the list, of so many secrets in so many rows of the box: what is told of one has the rest.
pub fn list_rows(secrets: usize, inside: u16) -> u16 {
    u16::try_from(secrets.max(1)).unwrap_or(u16::MAX).min((inside / 3).max(1))
}

pub fn render(model: &Model, frame: &mut Frame<'_>, geometry: &Geometry) {
    let split = geometry.split;
    if split.area.is_empty() {
        return;
    }
    let (look, pane) = (model.look, &model.secrets);
    let columns = usize::from(split.rows.width);
    let title = match (pane.history, pane.selected()) {
        (Some(_), Some(row)) => format!("History of {}", row.name),
        _ => "Secrets".to_owned(),
    };
    one_list::boxed(look, frame, split.area, &title, &state(model));
    let Some(selected) = pane.selected() else {
        frame.render_widget(Paragraph::new(nothing(model, columns)), split.rows);
        return;
    };
    if let Some(first) = pane.history {
        let lines = history(model, selected, columns).into_iter().skip(first.min(last(model)));
        frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), split.rows);
        return;
    }
    let longest = pane.rows().iter().map(|row| width(row.name.as_str())).max().unwrap_or(0);
    let longest = longest.min(columns.saturating_sub(BESIDE_NAME));
    one_list::rows(look, frame, split.rows, pane.position(), pane.rows().iter(), |row, here| {
        line(model, row, longest, here)
    });
    one_list::rule(look, frame, split.rule, selected.name.as_str());
    frame.render_widget(Paragraph::new(details(model, selected, columns)), split.detail);
}

/// Where in the list, and how the vault is kept.
fn state(model: &Model) -> String {
    let Loaded::Yes(holdings) = &model.secrets.holdings else { return "vault".to_owned() };
    let key = match &holdings.key {
        Some(key) => format!("the vault's key is {key}"),
        None => "no vault yet: the first secret makes it".to_owned(),
    };
    let again = if model.secrets.reload == Reload::Idle { "" } else { ", looking again" };
    let count = holdings.rows.len();
    let dot = model.look.dot();
    let place = if count == 0 { String::new() } else { format!("{} of {count}{dot}", model.secrets.position() + 1) };
    format!("{place}{key}{again}")
}

/// What is there to say without a secret, and what to do.
fn nothing(model: &Model, columns: usize) -> Vec<Line<'static>> {
    let key = |id| model.keymap.first(id);
    let again = format!("then press {}", key(Id::SecretsAgain));
    let said: Vec<(Tone, String)> = match (&model.secrets.holdings, model.secrets.reload) {
        (Loaded::Not, _) | (Loaded::Failed(_), Reload::Asked | Reload::AskedAndChanged) => {
            vec![(Tone::Dim, "opening the vault".to_owned())]
        }
        (Loaded::Failed(failure), Reload::Idle) if failure.kind == FailureKind::Cancelled => vec![
            (Tone::Notice, "the vault is locked".to_owned()),
            (Tone::Bold, format!("press {}, and give its passphrase", key(Id::SecretsAgain))),
        ],
        (Loaded::Failed(failure), Reload::Idle) => vec![
            (Tone::Bad, failure.what.clone()),
            (Tone::Plain, failure.why.clone()),
            (Tone::Bold, failure.next.clone()),
            (Tone::Dim, again),
        ],
        (Loaded::Yes(_), _) => vec![
            (Tone::Plain, "no secret is in the vault".to_owned()),
            (Tone::Bold, "go to the folder of a project: its secret is set there".to_owned()),
        ],
    };
    one_list::said(model.look, said, columns)
}

fn sign(look: Look, tone: Tone) -> &'static str {
    match tone {
        Tone::Good => look.signs.glyph("✓", "+"),
        Tone::Bad => look.signs.glyph("✗", "x"),
        Tone::Notice => look.signs.glyph("◐", "~"),
        Tone::Plain | Tone::Dim | Tone::Bold => look.signs.glyph("·", "."),
    }
}

fn line(model: &Model, row: &Row, longest: usize, here: bool) -> Line<'static> {
    let look = model.look;
    let (standing, tone) = row.standing();
    let mark = if here { look.signs.glyph("▌", ">") } else { " " };
    let mut spans = vec![
        look.span(Tone::Bold, mark),
        look.span(Tone::Bold, format!("{:<longest$}", end_of(row.name.as_str(), longest, look))),
        look.span(Tone::Dim, format!("  {}  ", row.store())),
        look.span(tone, format!("{} {standing}", sign(look, tone))),
    ];
    let checking = model.secrets.checking.contains(&row.name);
    match (&row.held, checking, model.secrets.check_of(&row.name)) {
        (None, ..) if row.untold.is_some() => {
            let why = row.untold.as_ref().map_or(String::new(), |untold| fit(&untold.why, usize::MAX, look.signs));
            spans.push(look.span(Tone::Dim, format!("  {why}")));
        }
        (None, ..) => {
            let set = format!("  no secret yet: press {}", model.keymap.first(Id::SecretSet));
            spans.push(look.span(Tone::Bold, set));
        }
        (Some(_), true, _) => spans.push(look.span(Tone::Notice, "  asking the registry")),
        (Some(_), false, Some(checked)) => {
            let (words, tone) = summed_up(checked);
            spans.push(look.span(tone, format!("  {words}")));
        }
        (Some(held), false, None) => {
            if let Ok(Changed { at, .. }) = &held.changed {
                spans.push(look.span(Tone::Dim, format!("  set {}", age(model.now, *at))));
            }
            if ends_soon(held.expires, model.now) {
                spans.push(look.span(Tone::Bad, format!("  expires {}", expiry(held.expires))));
            }
        }
    }
    Line::from(spans)
}

/// Names differ at their end: where there is too little room, their beginning goes.
fn end_of(name: &str, columns: usize, look: Look) -> String {
    let name = fit(name, usize::MAX, look.signs);
    if width(&name) <= columns {
        return name;
    }
    let mark = look.signs.glyph("…", "~");
    let kept = columns.saturating_sub(1);
    let from = name.char_indices().map(|(at, _)| at).find(|at| width(&name[*at..]) <= kept).unwrap_or(name.len());
    format!("{mark}{}", &name[from..])
}

/// A check in a word or two.
fn summed_up(checked: &Checked) -> (&'static str, Tone) {
    let proofs: Vec<Option<&PushProof>> =
        checked.found.iter().map(|(_, report)| report.as_ref().ok().map(|report| &report.push)).collect();
    if proofs.iter().any(|proof| matches!(proof, None | Some(PushProof::MayNot { .. }))) {
        ("check failed", Tone::Bad)
    } else if proofs.contains(&Some(&PushProof::CannotTell)) {
        ("cannot tell: read-only", Tone::Notice)
    } else {
        ("may push", Tone::Good)
    }
}

#[cfg(test)]
mod tests;
