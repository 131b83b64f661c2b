//! What a message changes, and what is to be done about it. Pure. The files of this folder have it, one an area.

mod artifacts;
mod endings;
mod layers;
mod log;
mod outside;
mod projects;
mod releases;
mod secrets;
mod standing;
mod tags;

use std::mem::{Discriminant, discriminant};

use jiff::Timestamp;

use super::{
    effect::Effect,
    message::Message,
    model::{Fault, Layer, Loaded, Model, Screen, fault, remote},
    press::{self, mouse::mouse, paste, press},
};
use crate::{
    domain::{reference::Tag, sign::Tone},
    log::sanitise::plain,
};

/// The first effects, once there is a frame on the screen.
pub fn begin(model: &mut Model) -> Vec<Effect> {
    model.activity.begins();
    vec![Effect::LoadProject, Effect::LookAround, Effect::ReadTrail]
}

pub fn update(model: &mut Model, message: Message, now: Timestamp) -> Vec<Effect> {
    model.now = now;
    model.toasts.fade(now, false);
    let before = top(model);
    let asks_who = standing::sees_asker(model, &message);
    let mut effects = take(model, message);
    effects.extend(asks_who.then_some(Effect::SeeAsker).filter(|_| model.cluster().is_some()));
    effects.extend(settle(model));
    for effect in &effects {
        begun(model, effect);
    }
    if top(model) != before {
        model.scrolled = 0;
    }
    effects
}

fn take(model: &mut Model, message: Message) -> Vec<Effect> {
    match message {
        Message::Key(key) => return press(model, &key),
        Message::Mouse(event) => return mouse(model, event),
        Message::Pasted(text) => paste(model, &text),
        Message::Resized(columns, rows) => model.size = (columns, rows),
        Message::Tick => {}
        Message::Changed => return changed(model),

        Message::Project(project) => return projects::read(model, project),
        Message::NoProject(failure) => return projects::nowhere(model, failure),
        Message::Known(known) => return projects::known(model, known),
        Message::Opened(Ok(flags)) => return projects::opened(model, flags),
        Message::Forgotten(name, Ok(())) => return projects::forgotten(model, &name),
        Message::Drafted(Ok(drafted)) => return projects::drafted(model, drafted),
        Message::Written(file, Ok(())) => return projects::written(model, &file),

        Message::Releases(listing) => return releases::listed(model, listing),
        Message::Older(listing) => return releases::older(model, listing),
        Message::News(release, news) => return releases::heard(model, &release, news),
        Message::Started(Ok(release)) => return releases::started(model, release),
        Message::Acted(Ok((group, said))) => return releases::acted(model, &group, said),
        Message::CancelTold(release, Ok(())) => return releases::told_to_cancel(model, &release),
        Message::Cluster(turn, seen) => remote::listed(model, turn, seen),
        Message::Tasks(release, turn, seen) => remote::tasks(model, &release, turn, seen),
        Message::Fetched(run, ended) => remote::fetched(model, &run, ended),
        Message::Downloaded(download, got) => artifacts::downloaded(model, download, got),

        Message::Log(..)
        | Message::Searched(..)
        | Message::Found(..)
        | Message::Steps(..)
        | Message::Taken(_)
        | Message::Saved(..) => return log::heard(model, message),
        Message::Fault(release, found) => drop(model.faults.insert(release, Fault::of(found))),

        Message::Tags(image, table) => tags::shown(model, &image, table),
        Message::Verified(found) => tags::verified(model, found),

        Message::Secrets(news) => return secrets::heard(model, news),
        Message::Trail(trail) => {
            let effects = trail.as_ref().map_or_else(|_| Vec::new(), |rows| secrets::told(model, rows));
            model.activity.take(trail);
            return effects;
        }

        Message::Around(around) => model.standing.looked(around),
        Message::Asker(seen) => standing::asked_as(model, seen.ok().flatten()),
        Message::Unlocked(opened) => return standing::unlocked(model, opened),
        Message::Checked(report) => {
            model.standing.checked(&report);
            model.doctor.take(report, model.now);
        }
        Message::Examined => endings::examined(model),

        Message::Prepared(request, answer) => return layers::prepared(model, &request, answer),
        Message::Asked(question) => return layers::asked(model, question),

        Message::Copied(text, Ok(by)) => return outside::copied(model, text, by),
        Message::Browsed(page, ended) => outside::browsed(model, &page, ended),
        Message::Returned(guest, ended) => return outside::returned(model, &guest, ended),

        Message::Unwatched(failure) | Message::NotRemembered(failure) => {
            model.say(Tone::Bad, format!("{}: {}", failure.what, failure.why));
        }
        Message::Failed(failure)
        | Message::Started(Err(failure))
        | Message::Acted(Err(failure))
        | Message::CancelTold(_, Err(failure))
        | Message::Copied(_, Err(failure))
        | Message::Opened(Err(failure))
        | Message::Forgotten(_, Err(failure))
        | Message::Drafted(Err(failure))
        | Message::Written(_, Err(failure)) => model.fails(failure),
    }
    Vec::new()
}

/// Somebody wrote to the journal, or a release began or ended: whatever is on the screen of it is looked at again.
fn changed(model: &mut Model) -> Vec<Effect> {
    if matches!(model.screen, Screen::Activity | Screen::Secrets) {
        model.activity.ask();
    }
    let mut effects = model.look_at_releases();
    if model.screen == Screen::Projects {
        effects.extend(press::projects::look(model));
    }
    effects
}

/// What is done from now on is seen: in a dialog that waits for it, or among the activity.
fn begun(model: &mut Model, effect: &Effect) {
    match effect {
        Effect::Prepare(request) => model.layers.push(Layer::Waiting(request.clone())),
        Effect::Download { left, path, over: false } => {
            let words = left.words(path, false);
            model.did(format!("downloading {} to {path}", plain(&left.name)), Some(&words));
        }
        Effect::Verify { image, tags, deep, .. } => {
            let names: Vec<&str> = tags.iter().map(Tag::as_str).collect();
            let words = format!("fetching and hashing {}", names.join(", "));
            model.did(words, Some(&tags::verify(image, tags.iter(), *deep)));
        }
        _ => {}
    }
}

/// After whatever happened: tags, checks and rows that are wanted are asked for, the log on the screen is the selected
/// release's, its lines are there or asked for, and what is looked for in it is looked for to its end.
fn settle(model: &mut Model) -> Vec<Effect> {
    let image = model.image().map(|image| image.name.clone());
    let tags = image.and_then(|image| Some(Effect::LoadTags { depth: model.tags.wants()?, image }));
    let checks = match &model.project {
        Loaded::Yes(project) => model.doctor.wants(&project.images, project.cluster.is_some()),
        // There are checks without a project too; one of them tells why there is none.
        Loaded::Failed(_) => model.doctor.wants(&[], false),
        Loaded::Not => None,
    };
    let trail = model.activity.wants().then_some(Effect::ReadTrail);
    let fault = fault::wants(model);
    let asked = tags.into_iter().chain(checks.map(Effect::Examine)).chain(trail).chain(fault);
    asked.chain(remote::wants(model)).chain(log::wants(model)).collect()
}

/// Which dialog is on top: another one is read from its beginning.
fn top(model: &Model) -> (usize, Option<Discriminant<Layer>>) {
    (model.layers.len(), model.layers.last().map(discriminant))
}

#[cfg(test)]
mod tests;
