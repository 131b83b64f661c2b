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
//! ╰ the vault's key is a plain file · 1 of 2 ─────────────────────────────╯
//! ```

use ratatui::{
    Frame,
    text::{Line, Span},
    widgets::Paragraph,
};

use super::{
    one_list,
    text::{fit, width, wrap},
};
use crate::{
    console::{
        action::Id,
        geometry::Geometry,
        model::{Checked, Loaded, Look, Model, Reload},
    },
    domain::{
        audit::Outcome,
        holdings::{Changed, Row, ends_soon, expiry},
        proof::PushProof,
        sign::Tone,
        written::{age, time},
    },
};

const LABEL: usize = 10;
/// Columns for what stands beside a name in the list: store, state, and the beginning of what is said of it.
const BESIDE_NAME: usize = 32;
/// Of the longest name of an act.
const ACT: usize = 15;

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

/// How the vault is kept, and where in the list.
fn state(model: &Model) -> String {
    let Loaded::Yes(holdings) = &model.secrets.holdings else { return "vault".to_owned() };
    let key = match &holdings.key {
        Some(key) => format!("the vault's key is {key}"),
        None => "no vault yet: the first secret makes it".to_owned(),
    };
    let again = if model.secrets.reload == Reload::Idle { "" } else { ", looking again" };
    let count = holdings.rows.len();
    let dot = model.look.dot();
    let place = if count == 0 { String::new() } else { format!("{dot}{} of {count}", model.secrets.position() + 1) };
    format!("{key}{again}{place}")
}

/// What is there to say without a secret, and what to do.
fn nothing(model: &Model, columns: usize) -> Vec<Line<'static>> {
    let key = |id| model.keymap.first(id);
    let again = format!("then press {}", key(Id::SecretsAgain));
    let said: Vec<(Tone, String)> = match (&model.secrets.holdings, model.secrets.reload) {
        (Loaded::Not, _) | (Loaded::Failed(_), Reload::Asked | Reload::AskedAndChanged) => {
            vec![(Tone::Dim, "opening the vault".to_owned())]
        }
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

/// A label, words, and how they look.
type Detail = (&'static str, Tone, String);

fn details(model: &Model, row: &Row, columns: usize) -> Vec<Line<'static>> {
    let mut all: Vec<Detail> = Vec::new();
    let mut say = |label, tone, words: String| all.push((label, tone, words));
    if let Some(account) = &row.rotation {
        let key = model.keymap.first(Id::SecretRotate);
        say("rotation", Tone::Notice, format!("{}; {key} takes it up", account.said()));
    }
    match &row.held {
        None => match &row.untold {
            None => {
                let set = model.keymap.first(Id::SecretSet);
                say("", Tone::Bold, format!("no secret yet: press {set}"));
            }
            Some(untold) => {
                say("", Tone::Notice, untold.what.clone());
                say("why", Tone::Plain, untold.why.clone());
                say("next", Tone::Bold, untold.next.clone());
            }
        },
        Some(held) => {
            let mut label = "keys";
            for key in &held.keys {
                let fingerprint = key.fingerprint.as_ref().map_or("no text", |fingerprint| fingerprint.as_str());
                say(std::mem::take(&mut label), Tone::Plain, format!("{} fingerprint {fingerprint}", key.at));
            }
            let bound: Vec<String> = held.bindings.iter().map(ToString::to_string).collect();
            say("bound to", Tone::Plain, if bound.is_empty() { "nothing".to_owned() } else { bound.join(", ") });
            say(
                "set",
                Tone::Plain,
                match &held.changed {
                    Ok(Changed { at, by }) => format!("{} UTC, {}, by {by}", time(*at), age(model.now, *at)),
                    Err(_) => held.set(),
                },
            );
            let soon = ends_soon(held.expires, model.now);
            say("expires", if soon { Tone::Bad } else { Tone::Plain }, expiry(held.expires));
        }
    }
    if let Some(root) = row.store().root() {
        say("kept at", Tone::Plain, root.to_string());
        let unlock = model.keymap.first(Id::Unlock).to_string();
        let asked = model.standing.asker.iter().flat_map(|asker| asker.told(model.now, &unlock));
        for ((tone, words), label) in asked.zip(std::iter::once("asked as").chain(std::iter::repeat(""))) {
            say(label, tone, words);
        }
    }
    if let Some(needed) = &row.needed {
        say("used by", Tone::Plain, needed.images.join(", "));
        let bound = row.held.as_ref().map(|held| &held.bindings);
        let unbound = needed.repositories.iter().filter(|repository| !bound.is_some_and(|b| b.contains(repository)));
        let unbound: Vec<String> = unbound.map(ToString::to_string).collect();
        if !unbound.is_empty() {
            let label = if row.held.is_some() { "not bound" } else { "for" };
            say(label, if row.held.is_some() { Tone::Bad } else { Tone::Plain }, unbound.join(", "));
            if row.held.is_some() {
                say(
                    "",
                    Tone::Bold,
                    format!("if it is to be used for these: press {}", model.keymap.first(Id::SecretBind)),
                );
            }
        }
    }
    all.extend(checks(model, row));
    one_list::labelled(model.look, LABEL, all, columns)
}

/// What the registries said the last time that they were asked.
fn checks(model: &Model, row: &Row) -> Vec<Detail> {
    if row.held.is_none() {
        return Vec::new();
    }
    if let Some(checked) = model.secrets.check_of(&row.name) {
        let found = checked.found.iter().map(|(repository, report)| {
            let (tone, words) = match report {
                Ok(report) => {
                    let words = report.words();
                    let worst = words.iter().map(|(_, tone)| *tone).find(|tone| *tone == Tone::Bad);
                    let notice = words.iter().map(|(_, tone)| *tone).find(|tone| *tone == Tone::Notice);
                    let said = words.iter().map(|(words, tone)| format!("{} {words}", sign(model.look, *tone)));
                    let said = said.collect::<Vec<_>>().join(", ");
                    (worst.or(notice).unwrap_or(Tone::Good), format!("{}, {said}", report.username))
                }
                Err(failure) => {
                    (Tone::Bad, format!("{} {}: {}", sign(model.look, Tone::Bad), failure.what, failure.why))
                }
            };
            ("", tone, format!("{repository}: {words}"))
        });
        let when = ("checked", Tone::Dim, format!("{} UTC", time(checked.at)));
        return std::iter::once(when).chain(found).collect();
    }
    vec![match model.activity.proven_by_rotation(&row.name) {
        Some(row) => ("checked", Tone::Good, format!("{} UTC, when {} rotated it", time(row.at), row.who)),
        None => ("checked", Tone::Dim, format!("not yet: press {}", model.keymap.first(Id::SecretCheck))),
    }]
}

/// The last line of a history that can be at the top.
pub fn last(model: &Model) -> usize {
    let area = Geometry::of(model).split.rows;
    let lines = model.secrets.selected().map_or(0, |row| history(model, row, usize::from(area.width)).len());
    lines.saturating_sub(usize::from(area.height))
}

/// What was done to a secret, newest first; a reason has lines of its own.
fn history(model: &Model, row: &Row, columns: usize) -> Vec<Line<'static>> {
    let look = model.look;
    let mut lines = Vec::new();
    for row in model.activity.acts_on(&row.name) {
        let (outcome, tone) = match &row.outcome {
            Outcome::Begun => ("begun, end unknown", Tone::Notice),
            Outcome::Done => ("done", Tone::Good),
            Outcome::Failed { .. } => ("failed", Tone::Bad),
            Outcome::Cancelled => ("cancelled", Tone::Notice),
        };
        let fingerprint = row.fingerprint.as_ref().map_or(String::new(), |f| format!(", fingerprint {f}"));
        let words = [
            (Tone::Dim, time(row.at), 0),
            (Tone::Bold, row.what.name().to_owned(), ACT),
            (tone, format!("{} {outcome}", sign(look, tone)), 0),
            (Tone::Plain, format!("by {}{fingerprint}", row.who), 0),
        ];
        let mut room = columns;
        let mut line = Line::default();
        for (tone, words, least) in words {
            let words = fit(&words, room.saturating_sub(1), look.signs);
            let words = format!("{words:<least$}");
            room = room.saturating_sub(width(&words) + 1);
            line.push_span(Span::raw(" "));
            line.push_span(look.span(tone, words));
        }
        lines.push(line);
        if let Outcome::Failed { why } = &row.outcome {
            let why = wrap(why, columns.saturating_sub(4)).into_iter();
            lines.extend(why.map(|words| Line::from(look.span(Tone::Plain, format!("   {words}")))));
        }
    }
    if lines.is_empty() {
        let (tone, said) = match &model.activity.trail {
            Loaded::Not => (Tone::Dim, "reading the audit trail".to_owned()),
            Loaded::Yes(_) => (Tone::Dim, "nothing was done to it on this machine yet".to_owned()),
            Loaded::Failed(failure) => (Tone::Bad, failure.to_string()),
        };
        lines = one_list::said(look, vec![(tone, said)], columns);
    }
    lines
}

#[cfg(test)]
mod tests;
