//! The log on the screen: answers about it, and what is still missing of it.

use crate::{
    console::{
        action::Id,
        effect::Effect,
        message::{Message, Save, Saved, Taken},
        model::{Confirm, Layer, Line, Model, remote},
        press::log::SAVE,
        view::geometry::Geometry,
    },
    domain::{failure::Failure, name::ReleaseId, sign::Tone, written::count},
};

/// Answers about another release's log come too late.
pub(super) fn heard(model: &mut Model, message: Message) -> Vec<Effect> {
    let is_shown = |release: &ReleaseId, model: &Model| model.log.release.as_ref() == Some(release);
    match message {
        Message::Log(release, answer) if is_shown(&release, model) => model.log.take(answer),
        Message::Searched(release, wanted, answer) if is_shown(&release, model) => model.log.searched(&wanted, answer),
        Message::Found(release, wanted, which, answer) if is_shown(&release, model) => {
            model.log.found(&wanted, which, answer);
        }
        Message::Steps(release, answer) if is_shown(&release, model) => model.log.steps_read(answer),
        Message::Taken(Ok(taken)) => return copy(model, taken),
        Message::Taken(Err(failure)) => model.fails(failure),
        Message::Saved(save, saved) => take_saved(model, save, saved),
        _ => {}
    }
    Vec::new()
}

/// What was marked goes to the clipboard.
fn copy(model: &mut Model, taken: Taken) -> Vec<Effect> {
    if taken.cut {
        let (lines, save) = (count(taken.lines), model.keymap.first(Id::Save));
        let words = format!("only the first {lines} lines: more than a clipboard takes; {save} saves them all");
        model.say(Tone::Notice, words);
    }
    vec![Effect::Copy(taken.text)]
}

fn take_saved(model: &mut Model, save: Save, saved: Result<Saved, Failure>) {
    match saved {
        Ok(Saved::Lines(lines)) => model.say(Tone::Good, format!("{} lines saved to {}", count(lines), save.path)),
        Ok(Saved::Exists) => {
            model.type_again(SAVE);
            let confirm = Confirm {
                title: "Replace this file?".to_owned(),
                lines: vec![Line::new("file", save.path.clone(), Tone::Bold), Line::plain("what is in it now is lost")],
                command: None,
                typed: None,
                other: None,
                said: format!("saving the log to {}", save.path),
                then: vec![Effect::SaveLog { release: save.release, path: save.path, filter: save.filter, over: true }],
            };
            model.layers.push(Layer::Confirm(Box::new(confirm)));
        }
        Err(failure) => {
            model.type_again(SAVE);
            model.fails(failure);
        }
    }
}

/// What is missing: the log on the screen is the selected release's, its lines and steps are there or asked for, and what
/// is looked for in it is looked for to its end.
pub(super) fn wants(model: &mut Model) -> Vec<Effect> {
    let selected = remote::log_of(model);
    if model.log.release != selected {
        model.log.open(selected);
    }
    let Some(release) = model.log.release.clone() else { return Vec::new() };
    let text = Geometry::of(model).log_text;
    let log = &mut model.log;
    let read = log.wants(usize::from(text.width), usize::from(text.height));
    let read = read.map(|sight| Effect::ReadLog { release: release.clone(), sight: Box::new(sight) });
    let find = log.wants_found();
    let find = find.map(|(wanted, which)| Effect::FindInLog { release: release.clone(), wanted, which });
    let search = log.wants_searched().into_iter();
    let search = search.map(|wanted| Effect::SearchLog { release: release.clone(), wanted });
    let steps = log.tree.wants(log.total()).then(|| Effect::ReadSteps { release: release.clone() });
    read.into_iter().chain(find).chain(search).chain(steps).collect()
}
