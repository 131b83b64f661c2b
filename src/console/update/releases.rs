//! The releases: the list of them, and news of those that run.

use crate::{
    console::{
        effect::Effect,
        message::{Listing, News},
        model::{Confirm, Doing, Layer, Loaded, Model, Older, Screen, remote, runs},
        update::endings,
    },
    domain::{event::Stamped, failure::Failure, name::ReleaseId, progress::Progress, release::Release, sign::Tone},
};

pub(super) fn listed(model: &mut Model, listing: Result<Listing, Failure>) -> Vec<Effect> {
    let again = model.reload.ended();
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
    let mut effects = if again { model.look_at_releases() } else { Vec::new() };
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

/// A release that was followed may be further than the list that was read meanwhile.
fn newest_of_both(known: &[Release], listed: Vec<Release>) -> Vec<Release> {
    let further = |release: Release| {
        let ours = known.iter().find(|r| r.plan.release == release.plan.release && r.seq > release.seq);
        ours.cloned().unwrap_or(release)
    };
    listed.into_iter().map(further).collect()
}

/// Releases that came before those in the list.
pub(super) fn older(model: &mut Model, listing: Result<Listing, Failure>) -> Vec<Effect> {
    take_older(model, listing);
    follow(model)
}

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

pub(super) fn heard(model: &mut Model, release: &ReleaseId, news: News) -> Vec<Effect> {
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
            if let Some(release) = model.release_mut(release) {
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
    let known = match model.release_mut(release) {
        Some(known) if stamped.seq <= known.seq => return Vec::new(),
        Some(known) => known.apply(stamped).is_ok().then(|| known.clone()),
        // It is of an image that is not in the list.
        None if only_image => return Vec::new(),
        None => None,
    };
    let Some(known) = known else { return model.look_at_releases() };
    model.standing.happened(&known.plan.image, &stamped.event);
    // What its end would leave behind may be more by now.
    if let Some(Layer::Confirm(confirm)) = model.layers.last_mut()
        && confirm.cancels(release)
    {
        **confirm = Confirm::cancel(&known);
    }
    Vec::new()
}

/// It runs on its own, and is looked at.
pub(super) fn started(model: &mut Model, release: ReleaseId) -> Vec<Effect> {
    let words = format!("release {release} runs on its own: leaving does not end it");
    model.came(Tone::Good, words, &endings::show(&release));
    model.marked.remove(&release);
    let look = select(model, release);
    look.into_iter().chain(model.look_at_releases()).collect()
}

/// The hook of an action was fired, and this is the group of the task that it made.
pub(super) fn acted(model: &mut Model, group: &ReleaseId, said: String) -> Vec<Effect> {
    model.say(Tone::Good, said);
    remote::again(model);
    remote::changed(model, group)
}

pub(super) fn told_to_cancel(model: &mut Model, release: &ReleaseId) -> Vec<Effect> {
    model.came(Tone::Notice, format!("release {release} was told to cancel"), &endings::show(release));
    model.marked.remove(release);
    remote::changed(model, release)
}

/// It is looked at, also where the list does not have it yet.
pub(super) fn select(model: &mut Model, release: ReleaseId) -> Vec<Effect> {
    let look = remote::changed(model, &release);
    model.selected = Some(release);
    look
}
