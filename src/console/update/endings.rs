//! What is told once something has ended or was found to have: releases, whoever began them, and checks.

use crate::{
    console::model::{Loaded, Model, Screen, Which, ending, runs},
    domain::{finding::Outcome, name::ReleaseId, release::Release, sign::Tone},
};

/// What is new to the list is known of from now on, and its ends are said.
pub(super) fn listed(model: &mut Model, listed: &[Release]) {
    for (tone, words) in unfollowed_ends(model, listed) {
        model.say(tone, words);
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
fn unfollowed_ends(model: &Model, listed: &[Release]) -> Vec<(Tone, String)> {
    if matches!(model.releases, Loaded::Not) {
        return Vec::new();
    }
    let is_news = |release: &&Release| {
        let known = model.list().iter().find(|known| known.plan.release == release.plan.release);
        !model.followed.contains_key(&release.plan.release)
            && known.is_none_or(runs)
            && release.ended.is_some_and(|ended| ended >= model.opened)
    };
    listed.iter().rev().filter(is_news).filter_map(ending).collect()
}

/// Where its last event is not known yet, the list that brings it tells.
pub(super) fn told(model: &mut Model, release: &ReleaseId) {
    if let Some((tone, words)) = model.release_mut(release).and_then(|release| ending(release)) {
        model.say(tone, words);
    }
}

/// All checks that ran have ended. Whoever looks at them sees it.
pub(super) fn examined(model: &mut Model) {
    let Some(which) = model.doctor.ended() else { return };
    let (words, tone) = match &which {
        Which::All => {
            let bad = model.doctor.checks.iter().any(|checked| matches!(checked.outcome(), Some(Outcome::Fail(_))));
            (model.doctor.counts().unwrap_or_default(), if bad { Tone::Bad } else { Tone::Good })
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
