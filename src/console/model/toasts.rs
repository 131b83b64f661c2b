//! What is said over the screen for a while: what came of things, whoever began them. What was done stays
//! among the activity, so nothing is lost with a toast.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use crate::domain::{
    release::{Release, ReleaseState},
    sign::Tone,
};

/// Older ones make room.
const MOST: usize = 3;
/// A key takes away what was there long enough to be read.
const READ: SignedDuration = SignedDuration::from_secs(1);
/// Nothing stays longer, so that it does not lie over what is to be read.
const STAYS: SignedDuration = SignedDuration::from_secs(8);

/// Newest last.
#[derive(Debug, Default)]
pub struct Toasts(VecDeque<Toast>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    at: Timestamp,
    pub tone: Tone,
    pub words: String,
    /// The next key takes it away.
    passing: bool,
}

impl Toasts {
    /// What is there already in the same words is not said twice.
    pub fn add(&mut self, at: Timestamp, tone: Tone, words: String) {
        self.push(Toast { at, tone, words, passing: false });
    }

    /// [`Self::add`], until the next key at the latest.
    pub fn pass(&mut self, at: Timestamp, tone: Tone, words: String) {
        self.push(Toast { at, tone, words, passing: true });
    }

    fn push(&mut self, new: Toast) {
        self.0.retain(|toast| toast.words != new.words);
        self.0.push_back(new);
        if self.0.len() > MOST {
            self.0.pop_front();
        }
    }

    /// At a key, or at anything else that happens, such as a second that went by. A clock that was set back counts as time that went by.
    pub fn fade(&mut self, now: Timestamp, key: bool) {
        let stays = if key { READ } else { STAYS };
        self.0.retain(|toast| !(key && toast.passing) && now.duration_since(toast.at).abs() < stays);
    }

    /// Something greater is on the screen.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn iter(&self) -> impl Iterator<Item = &Toast> {
        self.0.iter()
    }

    pub fn newest(&self) -> Option<&Toast> {
        self.0.back()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What is said of a release that has ended; nothing of one that runs.
pub fn ending(release: &Release) -> Option<(Tone, String)> {
    let (id, image) = (&release.plan.release, &release.plan.image);
    let verdict = release.verdict();
    let (tone, how) = match release.state {
        ReleaseState::Pending | ReleaseState::Running => return None,
        ReleaseState::Succeeded => match verdict {
            Some(verdict) => (Tone::of(verdict.class()), format!("succeeded: {verdict}")),
            None => (Tone::Good, "succeeded".to_owned()),
        },
        ReleaseState::Failed => match (&release.failure, verdict) {
            (Some(failure), _) => (Tone::Bad, format!("failed: {}", failure.what)),
            (None, Some(verdict)) => (Tone::Bad, format!("failed: {verdict}")),
            (None, None) => (Tone::Bad, "failed".to_owned()),
        },
        ReleaseState::Cancelled => (Tone::Notice, "was cancelled".to_owned()),
        ReleaseState::Interrupted => (Tone::Bad, "died before it was done".to_owned()),
    };
    Some((tone, format!("release {id} of {image} {how}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    fn words(toasts: &Toasts) -> Vec<&str> {
        toasts.iter().map(|toast| toast.words.as_str()).collect()
    }

    #[test]
    fn the_newest_three_are_there_newest_last_and_each_once() {
        let mut toasts = Toasts::default();
        for said in ["a", "b", "c", "b", "d"] {
            toasts.add(at(0), Tone::Plain, said.to_owned());
        }
        assert_eq!(words(&toasts), ["c", "b", "d"]);
    }

    #[test]
    fn they_go_with_a_key_once_they_were_read_and_else_after_a_while() {
        for (key, seconds, stays) in [
            (true, 0, true),
            (true, 1, false),
            (false, 1, true),
            (false, 7, true),
            (false, 8, false),
            (false, -90, false),
        ] {
            let mut toasts = Toasts::default();
            toasts.add(at(0), Tone::Plain, "a".to_owned());
            toasts.fade(at(seconds), key);
            assert_eq!(!toasts.is_empty(), stays, "{key} {seconds}");
        }
    }
}
