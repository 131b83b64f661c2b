//! What may be told of the selected secret: never its values; and its history.

use ratatui::text::{Line, Span};

use super::sign;
use crate::{
    console::{
        action::Id,
        model::{Loaded, Model},
        view::{
            geometry::Geometry,
            one_list,
            text::{fit, width, wrap},
        },
    },
    domain::{
        audit::Outcome,
        holdings::{Changed, Row, ends_soon, expiry},
        sign::Tone,
        written::{age, time},
    },
};

const LABEL: usize = 10;
/// Of the longest name of an act.
const ACT: usize = 15;

/// A label, words, and how they look.
type Detail = (&'static str, Tone, String);

pub fn details(model: &Model, row: &Row, columns: usize) -> Vec<Line<'static>> {
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
            // The vault has the key that makes them.
            let prints = !matches!(&model.secrets.holdings, Loaded::Yes(holdings) if holdings.key.is_none());
            let mut label = "keys";
            for key in &held.keys {
                let words = match &key.fingerprint {
                    Some(fingerprint) => format!("{} fingerprint {fingerprint}", key.at),
                    None if prints => format!("{} is no text", key.at),
                    None => key.at.clone(),
                };
                say(std::mem::take(&mut label), Tone::Plain, words);
            }
            if !prints {
                say("", Tone::Dim, "their fingerprints are told once there is a vault".to_owned());
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
        let [unlock, sign_in] = [Id::Unlock, Id::SignIn].map(|id| model.keymap.first(id).to_string());
        let asked = model.standing.asker.iter().flat_map(|asker| asker.told(model.now, &unlock, &sign_in));
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
    let Some(held) = &row.held else { return Vec::new() };
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
    vec![match model.activity.proven_by_rotation(held) {
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
pub fn history(model: &Model, row: &Row, columns: usize) -> Vec<Line<'static>> {
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
