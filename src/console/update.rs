//! What a message changes, and what is to be done about it. Pure.

mod endings;
mod log;
mod secrets;

use std::mem::{Discriminant, discriminant};

use jiff::Timestamp;

use super::{
    action::Id,
    artifacts,
    effect::{Effect, Guest},
    fault,
    masked::Masked,
    message::{Listing, Message, News, Verified},
    model::{Confirm, Doing, Fault, Inquiry, Layer, Loaded, Model, Older, Reload, Screen, runs},
    mouse::mouse,
    press::{doctor, paste, press, projects, screens},
    remote,
};
use crate::domain::{
    asker::Asker,
    event::Stamped,
    failure::{Failure, FailureKind},
    name::ReleaseId,
    progress::Progress,
    reference::Tag,
    release::Release,
    sign::Tone,
};
use crate::log::sanitise::plain;

/// The first effects, once there is a frame on the screen.
pub fn begin(model: &mut Model) -> Vec<Effect> {
    model.activity.begins();
    vec![Effect::LoadProject, Effect::LookAround, Effect::ReadTrail]
}

pub fn update(model: &mut Model, message: Message, now: Timestamp) -> Vec<Effect> {
    model.now = now;
    model.toasts.fade(now, false);
    let before = top(model);
    let asks_who = sees_asker(model, &message);
    let mut effects = match message {
        Message::Key(key) => press(model, &key),
        Message::Mouse(event) => mouse(model, event),
        Message::Resized(columns, rows) => {
            model.size = (columns, rows);
            Vec::new()
        }
        Message::Pasted(text) => {
            paste(model, &text);
            Vec::new()
        }
        Message::Tick => Vec::new(),
        Message::Project(project) => {
            model.project = match project {
                Ok(project) => Loaded::Yes(project),
                Err(failure) => Loaded::Failed(failure),
            };
            reload(model)
        }
        Message::NoProject(failure) => {
            // Whoever opens the console where there is nothing to release chooses what it is to be about.
            let first = matches!(model.releases, Loaded::Not) && model.screen == Screen::Releases;
            model.projects.nowhere = true;
            model.project = Loaded::Failed(failure);
            let mut effects = reload(model);
            if first && model.layers.is_empty() {
                effects.extend(screens::projects(model));
            }
            effects
        }
        Message::Known(known) => model.projects.take(known).then_some(Effect::LoadKnown).into_iter().collect(),
        Message::Opened(Ok(flags)) => {
            model.begin_anew(flags);
            begin(model)
        }
        Message::Forgotten(name, Ok(())) => {
            model.say(Tone::Notice, format!("project {name} is forgotten"));
            projects::look(model)
        }
        Message::Drafted(Ok((file, text))) => {
            if model.screen == Screen::Projects && model.layers.is_empty() {
                projects::drafted(model, &file, text);
            }
            Vec::new()
        }
        Message::Written(file, Ok(())) => {
            model.begin_anew(model.flags.clone());
            let [secrets, set] = [Id::Secrets, Id::SecretSet].map(|id| model.keymap.first(id));
            let next = format!("press {secrets}, then {set}, for the registry's login");
            model.say(Tone::Good, format!("{file} is written; {next}"));
            begin(model)
        }
        Message::Tags(image, table) => {
            // The reader may have gone on to another image.
            match &table {
                Ok(_) => model.standing.answered(&image),
                Err(failure) => {
                    model.standing.failed(&image, failure);
                    if model.screen != Screen::Tags {
                        model.say(Tone::Bad, failure.to_string());
                    }
                }
            }
            if model.image().is_some_and(|shown| shown.name == image) {
                model.tags.take(table);
            }
            Vec::new()
        }
        Message::Verified(verified) => {
            take_verified(model, verified);
            Vec::new()
        }
        Message::Changed => {
            if matches!(model.screen, Screen::Activity | Screen::Secrets) {
                model.activity.ask();
            }
            let mut effects = reload(model);
            if model.screen == Screen::Projects {
                effects.extend(projects::look(model));
            }
            effects
        }
        Message::Trail(trail) => {
            let effects = trail.as_ref().map_or_else(|_| Vec::new(), |rows| secrets::told(model, rows));
            model.activity.take(trail);
            effects
        }
        Message::Around(around) => {
            model.standing.looked(around);
            Vec::new()
        }
        Message::Checked(report) => {
            model.standing.checked(&report);
            model.doctor.take(report, now);
            Vec::new()
        }
        Message::Examined => {
            endings::examined(model);
            Vec::new()
        }
        Message::Secrets(news) => secrets::heard(model, news, now),
        Message::Releases(listing) => listed(model, listing),
        Message::Older(listing) => {
            take_older(model, listing);
            follow(model)
        }
        Message::Cluster(turn, seen) => {
            remote::listed(model, turn, seen);
            Vec::new()
        }
        Message::Tasks(release, turn, seen) => {
            remote::tasks(model, &release, turn, seen);
            Vec::new()
        }
        Message::Fetched(run, ended) => {
            remote::fetched(model, &run, ended);
            Vec::new()
        }
        Message::News(release, news) => heard(model, &release, news),
        Message::Downloaded(download, got) => {
            artifacts::downloaded(model, download, got);
            Vec::new()
        }
        Message::Log(..)
        | Message::Searched(..)
        | Message::Found(..)
        | Message::Steps(..)
        | Message::Taken(_)
        | Message::Saved(..) => log::heard(model, message),
        Message::Fault(release, found) => {
            model.faults.insert(release, Fault::of(found));
            Vec::new()
        }
        Message::Prepared(request, prepared) => {
            let mut there = None;
            // A dialog that was closed meanwhile stays closed.
            if matches!(model.layers.last(), Some(Layer::Waiting(asked)) if *asked == request) {
                model.layers.pop();
                match prepared {
                    Ok(answer) => {
                        there = answer.there();
                        model.layers.push(answer.layer(&request, model.look.signs, now));
                    }
                    // Whoever gave no passphrase needs no card about it.
                    Err(failure) if failure.kind == FailureKind::Cancelled => {}
                    Err(failure) => model.fails(failure),
                }
            }
            there.map_or_else(Vec::new, |release| select(model, release))
        }
        Message::Unwatched(failure) | Message::NotRemembered(failure) => {
            model.say(Tone::Bad, format!("{}: {}", failure.what, failure.why));
            Vec::new()
        }
        Message::Asker(seen) => asked_as(model, seen.ok().flatten()),
        Message::Unlocked(opened) => {
            model.standing.unlocks = false;
            match opened {
                Ok(()) => {
                    model.say(Tone::Good, "the vault is open");
                    vec![Effect::SeeAsker]
                }
                Err(failure) if failure.kind == FailureKind::Cancelled => Vec::new(),
                Err(failure) => {
                    model.fails(failure);
                    Vec::new()
                }
            }
        }
        Message::Asked(question)
            if matches!(model.layers.last(), Some(Layer::Waiting(_)))
                || model.tags.inquiry == Inquiry::Sent
                || model.doctor.runs()
                || model.standing.unlocks
                || secrets::waits(model) =>
        {
            model.layers.push(Layer::Secret { question, typed: Masked::default() });
            Vec::new()
        }
        // For a dialog that was closed meanwhile.
        Message::Asked(_) => vec![Effect::Answer(None)],
        Message::Copied(text, Ok(by)) => copied(model, text, by),
        Message::Browsed(page, Ok(())) => {
            model.hint(Tone::Good, format!("opened {page}"));
            Vec::new()
        }
        Message::Browsed(page, Err(failure)) => {
            model.say(Tone::Notice, format!("no browser here ({}): {page}", failure.why));
            Vec::new()
        }
        Message::Returned(guest, ended) => {
            if let Guest::Ours(words) = &guest {
                model.seen(if ended.is_ok() { Tone::Good } else { Tone::Bad }, "it had the terminal", words);
            }
            if let Err(failure) = ended {
                model.fails(failure);
            }
            match guest {
                Guest::Pager(_) => Vec::new(),
                Guest::Ours(_) => doctor::defined(model),
                Guest::Editor => {
                    model.project = Loaded::Not;
                    vec![Effect::LoadProject]
                }
            }
        }
        Message::Started(Ok(release)) => {
            model.say(Tone::Good, format!("release {release} runs on its own: leaving does not end it"));
            model.marked.remove(&release);
            let look = select(model, release);
            look.into_iter().chain(reload(model)).collect()
        }
        Message::Acted(Ok((group, said))) => {
            model.say(Tone::Good, said);
            remote::again(model);
            remote::changed(model, &group)
        }
        Message::CancelTold(release, Ok(())) => {
            model.say(Tone::Notice, format!("release {release} was told to cancel"));
            model.marked.remove(&release);
            remote::changed(model, &release)
        }
        Message::Failed(failure)
        | Message::Started(Err(failure))
        | Message::Acted(Err(failure))
        | Message::CancelTold(_, Err(failure))
        | Message::Copied(_, Err(failure))
        | Message::Opened(Err(failure))
        | Message::Forgotten(_, Err(failure))
        | Message::Drafted(Err(failure))
        | Message::Written(_, Err(failure)) => {
            model.fails(failure);
            Vec::new()
        }
    };
    effects.extend(asks_who.then_some(Effect::SeeAsker).filter(|_| model.cluster().is_some()));
    effects.extend(settle(model));
    for effect in &effects {
        match effect {
            Effect::Prepare(request) => model.layers.push(Layer::Waiting(request.clone())),
            Effect::Download { left, path, over: false } => {
                let words = left.words(path, false);
                model.did(format!("downloading {} to {path}", plain(&left.name)), Some(&words));
            }
            Effect::Verify { image, tags, deep, .. } => {
                let names: Vec<&str> = tags.iter().map(Tag::as_str).collect();
                let words = format!("fetching and hashing {}", names.join(", "));
                let mut command = vec!["verify".to_owned()];
                if let [only] = &tags[..] {
                    command.push(only.to_string());
                }
                command.extend(["--image".to_owned(), image.clone()]);
                command.extend(deep.then(|| "--deep".to_owned()));
                model.did(words, Some(&command));
            }
            _ => {}
        }
    }
    if top(model) != before {
        model.scrolled = 0;
    }
    effects
}

/// It is looked at, also where the list does not have it yet.
fn select(model: &mut Model, release: ReleaseId) -> Vec<Effect> {
    let look = remote::changed(model, &release);
    model.selected = Some(release);
    look
}

/// Who the deployment is asked as is looked at with project and list, and once the vault may have been opened.
fn sees_asker(model: &Model, message: &Message) -> bool {
    match message {
        Message::Project(Ok(_)) | Message::Cluster(..) => true,
        Message::Secrets(_) | Message::Tags(..) | Message::Prepared(..) | Message::Examined => {
            model.standing.is_locked()
        }
        _ => false,
    }
}

/// What was seen as somebody else is looked at again.
fn asked_as(model: &mut Model, asker: Option<Asker>) -> Vec<Effect> {
    let before = std::mem::replace(&mut model.standing.asker, asker);
    let client = |asker: &Option<Asker>| asker.as_ref().and_then(|asker| asker.client.clone());
    if before.is_some() && client(&before) != client(&model.standing.asker) {
        remote::again(model);
    }
    Vec::new()
}

/// Which dialog is on top: another one is read from its beginning.
fn top(model: &Model) -> (usize, Option<Discriminant<Layer>>) {
    (model.layers.len(), model.layers.last().map(discriminant))
}

/// The verdicts are in the tags and in the list, and are said.
fn take_verified(model: &mut Model, verified: Verified) {
    let Verified { image, release, deep, found } = verified;
    let (table, missed) = match found {
        Ok(found) => found,
        Err(failure) => return model.fails(failure),
    };
    let verdicts = table.rows.iter().map(|row| format!("{} {}", row.tag, row.judgement.verdict));
    let verdicts = verdicts.collect::<Vec<_>>().join(", ");
    let worst = table.rows.iter().map(|row| row.judgement.verdict).max_by_key(|verdict| verdict.class().weight());
    let Some(worst) = worst else { return };
    let what = if deep { "fetched and hashed, every layer too" } else { "fetched and hashed" };
    for words in missed {
        model.say(Tone::Notice, words);
    }
    model.say(Tone::of(worst.class()), format!("{what}: {verdicts}"));
    if let Some(release) = release {
        model.verified.insert(release, worst);
    }
    if model.image().is_some_and(|shown| shown.name == image) {
        model.tags.renew(table.rows);
    }
}

/// Says how, since a terminal may refuse in silence.
fn copied(model: &mut Model, text: String, by: Option<&str>) -> Vec<Effect> {
    let what = match text.lines().count() {
        0 | 1 => plain(&text),
        lines => format!("{lines} lines"),
    };
    let how = by.map_or_else(|| "the terminal was asked to".to_owned(), |program| format!("by {program}"));
    model.hint(Tone::Good, format!("copied ({how}): {what}"));
    if by.is_some() { Vec::new() } else { vec![Effect::CopyByTerminal(text)] }
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

/// Looks at the journal, unless somebody is at it: then once more after that.
pub(super) fn reload(model: &mut Model) -> Vec<Effect> {
    if matches!(model.project, Loaded::Not) {
        // Which releases are meant is not known before.
        return Vec::new();
    }
    if model.reload != Reload::Idle {
        model.reload = Reload::AskedAndChanged;
        return Vec::new();
    }
    model.reload = Reload::Asked;
    vec![Effect::LoadReleases(model.repositories())]
}

fn listed(model: &mut Model, listing: Result<Listing, Failure>) -> Vec<Effect> {
    let again = std::mem::replace(&mut model.reload, Reload::Idle) == Reload::AskedAndChanged;
    match listing {
        Ok(listing) => newest(model, listing),
        Err(failure) => {
            // Their own screen shows it; it is said once.
            let is_news = !matches!(model.releases, Loaded::Failed(_));
            if is_news && model.screen != Screen::Releases {
                model.say(Tone::Bad, failure.to_string());
            }
            model.releases = Loaded::Failed(failure);
        }
    }
    if model.selected.is_none() {
        model.selected = model.list().first().map(|release| release.plan.release.clone());
    }
    let mut effects = if again { reload(model) } else { Vec::new() };
    effects.extend(follow(model));
    effects
}

/// The newest releases. Older ones that are in the list stay there.
fn newest(model: &mut Model, listing: Listing) {
    let full = listing.is_full();
    let mut known = newest_of_both(model.list(), listing.releases);
    endings::listed(model, &known);
    let before = match std::mem::replace(&mut model.releases, Loaded::Not) {
        Loaded::Yes(releases) => releases,
        Loaded::Not | Loaded::Failed(_) => Vec::new(),
    };
    let last = known.last().map(|release| release.plan.release.clone());
    let at = before.iter().position(|release| Some(&release.plan.release) == last.as_ref());
    match at {
        _ if !full => model.older = Older::None,
        // Between the two there may be some that are in neither.
        None => model.older = Older::There,
        Some(at) => {
            let wanted = model.repositories();
            let ours = |release: &Release| wanted.is_empty() || wanted.contains(&release.plan.repository);
            known.extend(before.into_iter().skip(at + 1).filter(ours));
        }
    }
    model.releases = Loaded::Yes(known);
    model.damaged = listing.damaged;
    remote::merge(model);
}

/// Releases that came before those in the list.
fn take_older(model: &mut Model, listing: Result<Listing, Failure>) {
    let listing = match listing {
        Ok(listing) => listing,
        Err(failure) => {
            model.older = Older::There;
            return model.say(Tone::Bad, format!("{}: {}", failure.what, failure.why));
        }
    };
    model.older = if listing.is_full() { Older::There } else { Older::None };
    model.damaged += listing.damaged;
    let Loaded::Yes(known) = &mut model.releases else { return };
    let new = |release: &Release| known.iter().all(|known| known.plan.release != release.plan.release);
    let older: Vec<Release> = listing.releases.into_iter().filter(new).collect();
    known.extend(older);
    remote::merge(model);
}

/// Every release that runs is followed, once.
fn follow(model: &mut Model) -> Vec<Effect> {
    let Model { releases: Loaded::Yes(releases), followed, .. } = model else { return Vec::new() };
    let mut effects = Vec::new();
    for release in releases.iter().filter(|release| runs(release) && !remote::is_remote(release)) {
        let plan = &release.plan;
        followed.entry(plan.release.clone()).or_insert_with(|| {
            effects.push(Effect::Follow {
                release: plan.release.clone(),
                repository: plan.repository.clone(),
                after: release.seq,
            });
            None
        });
    }
    effects
}

/// A release that was followed may be further than the list that was read meanwhile.
fn newest_of_both(known: &[Release], listed: Vec<Release>) -> Vec<Release> {
    let further = |release: Release| {
        let ours = known.iter().find(|r| r.plan.release == release.plan.release && r.seq > release.seq);
        ours.cloned().unwrap_or(release)
    };
    listed.into_iter().map(further).collect()
}

fn heard(model: &mut Model, release: &ReleaseId, news: News) -> Vec<Effect> {
    match news {
        News::Event(stamped) => return event(model, release, &stamped),
        News::Progress(progress) => {
            let now = model.now;
            if let Some(doing) = model.followed.get_mut(release) {
                *doing = Some(Doing::next(doing.as_ref(), progress, now));
            }
        }
        News::Log(lines) => {
            // The context has arrived once the build says something.
            if let Some(doing) = model.followed.get_mut(release)
                && doing.as_ref().is_some_and(|doing| matches!(doing.progress, Progress::Context { .. }))
            {
                *doing = None;
            }
            if model.log.release.as_ref() == Some(release) {
                model.log.grown(lines);
            }
        }
        News::Ended => {
            model.followed.remove(release);
            endings::told(model, release);
        }
        News::Interrupted => {
            model.followed.remove(release);
            if let Some(release) = find(model, release) {
                release.found_dead();
            }
            endings::told(model, release);
        }
        News::Lost(failure) => {
            // It stays among the followed: what the journal tells of it is shown, and it is not tried in a circle.
            model.say(Tone::Bad, format!("{}: {}", failure.what, failure.why));
        }
    }
    Vec::new()
}

fn event(model: &mut Model, release: &ReleaseId, stamped: &Stamped) -> Vec<Effect> {
    // What is going on belongs to the step it was said in.
    if let Some(doing) = model.followed.get_mut(release) {
        *doing = None;
    }
    let only_image = model.only_image;
    let known = match find(model, release) {
        Some(known) if stamped.seq <= known.seq => return Vec::new(),
        Some(known) => known.apply(stamped).is_ok().then(|| known.clone()),
        // It is of an image that is not in the list.
        None if only_image => return Vec::new(),
        None => None,
    };
    let Some(known) = known else { return reload(model) };
    model.standing.happened(&known.plan.image, &stamped.event);
    // What its end would leave behind may be more by now.
    if let Some(Layer::Confirm(confirm)) = model.layers.last_mut()
        && confirm.cancels(release)
    {
        **confirm = Confirm::cancel(&known);
    }
    Vec::new()
}

fn find<'a>(model: &'a mut Model, release: &ReleaseId) -> Option<&'a mut Release> {
    let Loaded::Yes(releases) = &mut model.releases else { return None };
    releases.iter_mut().find(|known| &known.plan.release == release)
}

#[cfg(test)]
mod tests;
