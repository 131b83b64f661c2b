//! What is told once something has ended or was found to have: releases, whoever began them, and checks.

use crate::{
    console::model::{CheckRow, Loaded, Model, Screen, Which, ending, runs},
    domain::{finding::Outcome, name::ReleaseId, release::Release, sign::Tone},
};

/// What is new to the list is known of from now on, and its ends are said.
pub(super) fn listed(model: &mut Model, listed: &[Release]) {
    for (id, (tone, words)) in unfollowed_ends(model, listed) {
        model.came(tone, words, &show(&id));
    }
    let seq = |model: &Model, release: &Release| {
        let before = model.list().iter().find(|known| known.plan.release == release.plan.release);
        before.map_or(0, |known| known.seq)
    };
    for release in listed.iter().rev() {
        if release.started >= model.opened && release.seq > seq(model, release) {
            model.standing.listed(release);
        }
    }
}

/// What is said of releases that ended while the console was open, and were not followed to their end: they were too
/// short for that, or their end is news to the list.
fn unfollowed_ends(model: &Model, listed: &[Release]) -> Vec<(ReleaseId, (Tone, String))> {
    if matches!(model.releases, Loaded::Not) {
        return Vec::new();
    }
    let is_news = |release: &&Release| {
        let known = model.list().iter().find(|known| known.plan.release == release.plan.release);
        !model.followed.contains_key(&release.plan.release)
            && known.is_none_or(runs)
            && release.ended.is_some_and(|ended| ended >= model.opened)
    };
    let end = |release: &Release| Some((release.plan.release.clone(), ending(release)?));
    listed.iter().rev().filter(is_news).filter_map(end).collect()
}

/// What shows a release.
pub(super) fn show(release: &ReleaseId) -> [String; 2] {
    ["show".to_owned(), release.to_string()]
}

/// Where its last event is not known yet, the list that brings it tells.
pub(super) fn told(model: &mut Model, release: &ReleaseId) {
    if let Some((tone, words)) = model.release_mut(release).and_then(|release| ending(release)) {
        model.came(tone, words, &show(release));
    }
}

/// All checks that ran have ended. Whoever looks at them sees it.
pub(super) fn examined(model: &mut Model) {
    let Some(which) = model.doctor.ended() else { return };
    let (words, tone) = match &which {
        Which::All => {
            let some = |of: fn(&Outcome) -> bool| model.doctor.checks.iter().filter_map(CheckRow::outcome).any(of);
            let tone = match () {
                () if some(|outcome| matches!(outcome, Outcome::Fail(_))) => Tone::Bad,
                () if some(|outcome| !matches!(outcome, Outcome::Pass)) => Tone::Notice,
                () => Tone::Good,
            };
            (model.doctor.counts().unwrap_or_default(), tone)
        }
        Which::One(subject) => {
            let outcome = model.doctor.outcome(subject);
            let tone = match outcome {
                Some(Outcome::Pass) => Tone::Good,
                Some(Outcome::Fail(_)) => Tone::Bad,
                _ => Tone::Notice,
            };
            (format!("{} {}", subject.check, outcome.map_or("was not run", Outcome::word)), tone)
        }
    };
    let said = format!("checked: {words}");
    model.seen(tone, said.clone(), &which.words());
    if model.screen != Screen::Doctor {
        model.hint(tone, said);
    }
}
