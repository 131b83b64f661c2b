//! What a running release does, and how fast.

use jiff::Timestamp;

use crate::domain::progress::Progress;

/// What a running release does now, and what is needed to say how fast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doing {
    pub progress: Progress,
    /// When this tag's or context's first progress came, and how many bytes it said.
    pub since: (Timestamp, u64),
}

impl Doing {
    /// What came after `before`, at this time. A clock that was set back begins anew: else there would be no rate until it
    /// is where it was.
    pub fn next(before: Option<&Self>, progress: Progress, now: Timestamp) -> Self {
        let same = before.filter(|before| subject(&before.progress) == subject(&progress) && before.since.0 <= now);
        let since = same.map_or((now, sent(&progress).unwrap_or(0)), |before| before.since);
        Self { progress, since }
    }

    /// Bytes a second, once a second has passed.
    pub fn rate(&self, now: Timestamp) -> Option<u64> {
        let millis = u64::try_from(now.duration_since(self.since.0).as_millis()).ok()?;
        let sent = sent(&self.progress)?.checked_sub(self.since.1)?;
        (millis >= 1000).then(|| sent.saturating_mul(1000) / millis)
    }
}

fn sent(progress: &Progress) -> Option<u64> {
    match progress {
        Progress::Context { bytes, .. } | Progress::Archive { bytes } => Some(*bytes),
        Progress::Layers { sent, .. } => Some(*sent),
        Progress::Retrying { .. } | Progress::Remark { .. } => None,
    }
}

fn subject(progress: &Progress) -> Option<&str> {
    match progress {
        Progress::Context { .. } | Progress::Archive { .. } => None,
        Progress::Layers { tag, .. } | Progress::Retrying { tag, .. } | Progress::Remark { tag, .. } => {
            Some(tag.as_str())
        }
    }
}
