//! What others did for the console: the clipboard, the browser, and programs that had the terminal.

use crate::{
    console::{
        effect::{Effect, Guest, Ours},
        model::{Loaded, Model},
        press::{doctor, sign_in},
        update::projects,
    },
    domain::{failure::Failure, page::Page, sign::Tone},
    log::sanitise::plain,
};

/// Says how, since a terminal may refuse in silence.
pub(super) fn copied(model: &mut Model, text: String, by: Option<&str>) -> Vec<Effect> {
    let what = match text.lines().count() {
        0 | 1 => plain(&text),
        lines => format!("{lines} lines"),
    };
    let how = by.map_or_else(|| "the terminal was asked to".to_owned(), |program| format!("by {program}"));
    model.hint(Tone::Good, format!("copied ({how}): {what}"));
    if by.is_some() { Vec::new() } else { vec![Effect::CopyByTerminal(text)] }
}

pub(super) fn browsed(model: &mut Model, page: &Page, ended: Result<(), Failure>) {
    match ended {
        Ok(()) => model.hint(Tone::Good, format!("opened {page}")),
        Err(failure) => model.say(Tone::Notice, format!("no browser here ({}): {page}", failure.why)),
    }
}

/// What it may have changed is looked at again.
pub(super) fn returned(model: &mut Model, guest: &Guest, ended: Result<(), Failure>) -> Vec<Effect> {
    let well = ended.is_ok();
    if let Guest::Ours(ours) = guest {
        model.seen(if well { Tone::Good } else { Tone::Bad }, "it had the terminal", &ours.words());
    }
    match ended {
        Err(failure) if !matches!(guest, Guest::Ours(ours) if ours.tells()) => model.fails(failure),
        _ => {}
    }
    match guest {
        Guest::Ours(Ours::Init) if well => projects::written(model, "windlass.toml"),
        Guest::Pager(_) | Guest::Ours(Ours::Init) => Vec::new(),
        Guest::Ours(Ours::Define(_)) => doctor::defined(model),
        Guest::Ours(Ours::SignIn(_)) => sign_in::returned(model),
        Guest::Editor => {
            model.project = Loaded::Not;
            vec![Effect::LoadProject]
        }
    }
}
