//! The dialogs about a release that begins on Taskcluster: what of, or what its hook is fired with; and what would be done.

use tui_input::Input;

use crate::{
    console::{
        effect::Effect,
        model::{Ask, Confirm, Layer, Line},
        request::Request,
    },
    domain::{
        beginning::{Beginning, By, Takes},
        payload::{defaults, fields, typed},
        sign::Tone,
        wishes::Wishes,
    },
    log::sanitise::plain,
};

/// Exactly what would be done, and whether it shall; where it cannot be, why.
pub fn shown(beginning: Beginning) -> Layer {
    let Beginning { host, rows, refused, words, agreed, said, there } = beginning;
    let mut lines = Line::rows(rows.into_iter().map(|(label, words)| (label, plain(&words))));
    if let Some(refused) = refused {
        lines.extend([
            Line::plain(""),
            Line::new("refused", plain(&refused.what), Tone::Bad),
            Line::new("why", plain(&refused.why), Tone::Plain),
            Line::new("next", plain(&refused.advice()), Tone::Plain),
        ]);
        return Layer::Told { title: format!("No release is begun at {host}"), lines };
    }
    if there.is_some() {
        return Layer::Told { title: format!("No release is begun at {host}"), lines };
    }
    Layer::Confirm(Box::new(Confirm {
        title: format!("Begin a release at {host}?"),
        lines,
        command: Some(words.clone()),
        typed: None,
        other: None,
        then: vec![Effect::Begin { words, agreed }],
        said,
    }))
}

/// Asks what is to be released instead of what is checked out.
pub fn of(image: &str, by: By) -> Ask {
    let (what, branch) = match by {
        By::Push => {
            ("a commit or branch that is pushed; the checkout is left alone", "the branch that it is pushed to")
        }
        By::Tag => ("the git tag that is pushed; make it before: git tag TAG", "the branch that it is of"),
        By::Hook | By::Tasks => ("a commit, branch or tag; the checkout is left alone", "the branch that it is of"),
    };
    Ask {
        title: format!("Release {image} on Taskcluster: what of?"),
        lines: vec![
            Line::plain(what),
            Line::new("--branch NAME", format!("{branch}, where git cannot tell"), Tone::Dim),
            Line::new("--on local", "on this machine, by its engine", Tone::Dim),
        ],
        typed: Input::default(),
        wrong: None,
        take: Box::new(move |model, text| {
            let wishes = text.parse::<Wishes>().map_err(|error| error.to_string())?;
            if wishes == Wishes::default() {
                return Err("nothing is typed".to_owned());
            }
            if let Some(refused) = by.refuses(&wishes).filter(|_| !wishes.local) {
                return Err(refused.to_string());
            }
            let image = model.image().map(|image| image.name.clone());
            Ok(image.map(|image| Effect::Prepare(Request::Release { image, wishes })).into_iter().collect())
        }),
    }
}

/// Asks what the hook is fired with. What its schema does not take is not even asked about.
pub fn payload(title: String, takes: Takes) -> Ask {
    let Takes { hook, about, schema } = takes;
    let mut lines = vec![Line::new("hook", plain(&format!("{hook}: {about}")), Tone::Plain)];
    lines.extend(fields(&schema).into_iter().map(|(name, words)| Line::new(plain(&name), plain(&words), Tone::Dim)));
    lines.push(Line::plain("what it is fired with, as one line of JSON"));
    Ask {
        title,
        lines,
        typed: Input::new(plain(&defaults(&schema).to_string())),
        wrong: None,
        take: Box::new(move |_, text| {
            let payload = typed(&schema, text).map_err(|why| plain(&why))?.to_string();
            Ok(vec![Effect::Prepare(Request::Fire { payload })])
        }),
    }
}
