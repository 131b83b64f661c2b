//! What the form of a secret shows in its box: fields with dots for what is secret, and exactly what will happen.
//!
//! ```text
//! ╭ Set dockerhub ───────────────────────────────────╮
//! │ user     bot                                     │
//! │ password ••••••••▏                               │
//! │                                                  │
//! │ writes   /dockerhub_username, /dockerhub_password│
//! │ bound to docker.io/mozilla/balrog                │
//! │                                                  │
//! │ as       windlass secret set dockerhub           │
//! │ enter on   tab field   esc close                 │
//! ╰──────────────────────────────────────────────────╯
//! ```

use jiff::Timestamp;

use super::{
    dialog_box::{Answers, Words},
    text::line_with_cursor,
};
use crate::{
    console::{
        action::Id,
        model::{Change, Field, KeyForm, Line, Loaded, Look, Model, Offer, SecretForm, There, masked::Masked},
    },
    domain::{
        holdings::{KeyKept, Row, WantedEnd, expiry},
        rotation::Stage,
        sign::Tone,
    },
};

/// Dots of a long password.
const SHOWN: usize = 32;
/// Columns of a terminal that are made use of.
const WIDEST: usize = 84;

const SECOND: Answers = &[(Id::FormGoOn, "on"), (Id::FormDown, "field"), (Id::FormClose, "back")];
const BUSY: Answers = &[(Id::FormClose, "do not wait")];

/// Dots, and the cursor where keys go.
pub fn dots(look: Look, typed: &Masked, here: bool) -> String {
    let mut dots = look.signs.glyph("•", "*").repeat(typed.count().min(SHOWN));
    if here {
        dots.push_str(look.signs.glyph("▏", "_"));
    }
    dots
}

pub fn form(model: &Model, form: &SecretForm) -> Words {
    let title = match (form.on_key, form.change) {
        (true, _) => "How is the vault's key to be kept?".to_owned(),
        (false, Change::Set) => format!("Set {}", form.secret),
        (false, Change::Rotate) => format!("Rotate {}", form.secret),
    };
    let mut lines = match (&form.key, form.on_key) {
        (Some(key), true) => key_page(model, form, key),
        _ => login_page(model, form),
    };
    if form.busy {
        lines.push(Line::new("", "storing it", Tone::Notice));
    }
    if let Some(wrong) = &form.wrong {
        let said = format!("{} {}: {}", model.look.signs.glyph("✗", "x"), wrong.what, wrong.why);
        lines.push(Line::new("", said, Tone::Bad));
        lines.push(Line::new("next", &wrong.next, Tone::Plain));
    }
    if !form.on_key {
        lines.push(Line::plain(""));
        lines.extend(consequences(model, form));
    }
    let foot = vec![Line::plain(""), Line::new("as", model.command_line(&form.words()), Tone::Plain)];
    let answers = match (form.busy, form.on_key) {
        (true, _) => BUSY.to_vec(),
        (false, true) => SECOND.to_vec(),
        (false, false) => first(form),
    };
    Words::new(title, lines, foot, &answers)
}

/// What can be done on the first page. What a key does is named by what comes of it.
fn first(form: &SecretForm) -> Vec<(Id, &'static str)> {
    let replace = form.there.as_ref().filter(|there| there.is_there).map(|there| there.replace);
    let replace = replace.map(|replace| (Id::FormReplace, if replace { "keep rest" } else { "replace all" }));
    let docker = match form.docker {
        Offer::There(_) => Some((Id::FormDocker, "Docker's")),
        Offer::Taken(_) => Some((Id::FormDocker, "type one")),
        Offer::Asked | Offer::None | Offer::Refused(_) => None,
    };
    // Where there is not room for all of them.
    let field = (replace.is_none() || docker.is_none()).then_some((Id::FormDown, "field"));
    let field = field.filter(|_| form.fields().len() > 1);
    let on = Some((Id::FormGoOn, "on"));
    [on, field, replace, docker, Some((Id::FormClose, "close"))].into_iter().flatten().collect()
}

fn field(model: &Model, form: &SecretForm, field: Field, label: &str) -> Vec<Line> {
    let here = form.at == field && !form.busy;
    let tone = if here { Tone::Bold } else { Tone::Plain };
    let Some(masked) = form.masked(field) else {
        let typed = match field {
            Field::Path => form.key.as_ref().map(|key| &key.path),
            Field::End => form.there.as_ref().map(|there| &there.end),
            Field::Name => form.there.as_ref().map(|there| &there.name),
            _ => Some(&form.username),
        };
        let words = typed.map_or_else(String::new, |typed| {
            if here { line_with_cursor(typed, room(model), model.look.signs) } else { typed.value().to_owned() }
        });
        return vec![Line::new(label, words, tone)];
    };
    let mut lines = vec![Line::new(label, dots(model.look, masked, here), tone)];
    if masked.trimmed() {
        lines.push(Line::new("", "the line break at the end of what was pasted is left out", Tone::Dim));
    }
    lines
}

/// Columns for what is typed, beside label and border.
fn room(model: &Model) -> usize {
    usize::from(model.size.0).min(WIDEST).saturating_sub(18).max(1)
}

fn login_page(model: &Model, form: &SecretForm) -> Vec<Line> {
    let mut lines = login(model, form);
    if let Some(there) = &form.there {
        lines.extend(field(model, form, Field::End, "end"));
        if form.at == Field::End && !form.busy {
            let held = model.secrets.row(&form.secret).is_some_and(|row| row.held.is_some());
            let empty = if held { "as it was" } else { "never" };
            let words = format!("a time such as 2027-06-30T00:00:00Z, or never; empty: {empty}");
            lines.push(Line::new("", words, Tone::Dim));
        }
        if there.replace {
            lines.push(Line::new("", format!("this cannot be undone: type {}", form.secret), Tone::Bad));
            lines.extend(field(model, form, Field::Name, "name"));
        }
    }
    lines
}

fn login(model: &Model, form: &SecretForm) -> Vec<Line> {
    if let Offer::Taken(words) = &form.docker {
        return vec![Line::new("login", format!("{words}, which Docker has"), Tone::Bold)];
    }
    let password = if form.change == Change::Rotate { "new" } else { "password" };
    let mut lines = field(model, form, Field::Username, "user");
    lines.extend(field(model, form, Field::Password, password));
    match &form.docker {
        Offer::Asked => lines.push(Line::new("", "asking whether Docker has a login", Tone::Dim)),
        Offer::There(words) => lines.push(Line::new("", format!("Docker has {words}"), Tone::Notice)),
        Offer::Refused(why) => lines.push(Line::new("", why, Tone::Dim)),
        Offer::None | Offer::Taken(_) => {}
    }
    lines
}

fn key_page(model: &Model, form: &SecretForm, key: &KeyForm) -> Vec<Line> {
    let mut lines = Vec::new();
    for (number, way) in (1..).zip(KeyKept::ALL) {
        let chosen = way == key.way;
        let mark = if chosen { model.look.signs.glyph("▌", ">") } else { " " };
        let tone = if chosen { Tone::Bold } else { Tone::Dim };
        lines.push(Line::new(format!("{mark}{number}"), way.words(), tone));
    }
    if form.at == Field::Way && !form.busy {
        lines.push(Line::new("", "1, 2, 3, left and right choose", Tone::Dim));
    }
    match key.way {
        KeyKept::Passphrase => {
            lines.extend(field(model, form, Field::Passphrase, "phrase"));
            lines.extend(field(model, form, Field::Again, "again"));
        }
        KeyKept::Ssh => lines.extend(field(model, form, Field::Path, "SSH key")),
        KeyKept::Plain => {}
    }
    lines
}

/// Exactly what will happen.
fn consequences(model: &Model, form: &SecretForm) -> Vec<Line> {
    let Some(row @ Row { needed: Some(needed), held, .. }) = model.secrets.row(&form.secret) else { return Vec::new() };
    let list = |words: Vec<String>| words.join(", ");
    let repositories: Vec<String> = match (form.change, held) {
        (Change::Rotate, Some(held)) => held.bindings.iter().map(ToString::to_string).collect(),
        _ => needed.repositories.iter().map(ToString::to_string).collect(),
    };
    let mut lines = Vec::new();
    if form.change == Change::Rotate {
        lines.push(Line::new("steps", steps_in_words(model.look), Tone::Plain));
        lines.push(Line::new("", "the old one is kept beside it until the end", Tone::Dim));
    }
    let replace = form.there.as_ref().is_some_and(|there| there.replace);
    let alone = if replace { ", and nothing else" } else { "" };
    lines.push(Line::new("writes", format!("{}{alone}", list(needed.written())), Tone::Plain));
    if let Some(held) = held {
        let kept = held.keys.iter().filter(|key| !needed.replaces(&key.at)).map(|key| key.at.clone());
        let kept: Vec<String> = kept.collect();
        match (kept.is_empty(), replace) {
            (true, _) => {}
            (false, true) => lines.push(Line::new("loses", list(kept), Tone::Bad)),
            (false, false) => lines.push(Line::new("keeps", list(kept), Tone::Plain)),
        }
        if form.change == Change::Set {
            let set = if held.changed.is_ok() { "set " } else { "" };
            lines.push(Line::new("was", format!("{set}{}", held.set()), Tone::Plain));
        }
    }
    if let (None, Some(untold), Some(_)) = (held, &row.untold, &form.there) {
        if replace {
            lines.push(Line::new("loses", "whatever other keys it has: nobody here can read them", Tone::Bad));
            lines.push(Line::new("", "what is written cannot be read back either", Tone::Notice));
        } else {
            let key = model.keymap.first(Id::FormReplace);
            let words = format!("a login cannot be written into what cannot be read; {key} replaces all of it");
            lines.push(Line::new("", words, Tone::Notice));
            lines.push(Line::new("why", &untold.why, Tone::Plain));
        }
    }
    let written = held.is_some() || row.untold.is_none() || replace;
    lines.extend(form.there.as_ref().filter(|_| written).and_then(|there| ends(there, row, model.now)));
    lines.push(Line::new(
        if form.change == Change::Set { "bound to" } else { "proven at" },
        list(repositories),
        Tone::Plain,
    ));
    if let Some(root) = needed.store.root() {
        lines.push(Line::new("at", root.to_string(), Tone::Plain));
    }
    if form.key.is_some()
        && let Loaded::Yes(holdings) = &model.secrets.holdings
    {
        lines.push(Line::new("makes", format!("the vault {}", holdings.vault), Tone::Plain));
    }
    lines
}

/// When the deployment gives it no more; `None` while what is typed is no time.
fn ends(there: &There, row: &Row, now: Timestamp) -> Option<Line> {
    let words = match (there.wanted().ok()?, &row.held) {
        (Some(WantedEnd::At(at)), _) if at <= now => {
            return Some(Line::new("expires", "at once: that is past, and refused", Tone::Bad));
        }
        (Some(WantedEnd::At(at)), _) => expiry(Some(at)),
        (None, Some(held)) => format!("as it was: {}", expiry(held.expires)),
        // The end of what is not read is not known, and none is written in its place.
        (Some(WantedEnd::Never), _) | (None, None) => "never".to_owned(),
    };
    Some(Line::new("expires", words, Tone::Plain))
}

fn steps_in_words(look: Look) -> String {
    let arrow = look.signs.glyph(" → ", " > ");
    let steps: Vec<&str> = Stage::Opened.ahead().iter().map(|step| step.name()).collect();
    format!("{}{arrow}retire old", steps.join(arrow))
}
