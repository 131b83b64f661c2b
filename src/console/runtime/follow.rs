//! Follows one release, and tells of it: every event, and of its log and its progress the newest, since a flood is
//! faster than a screen.

use super::Outbox;
use crate::{
    console::message::{Message, News},
    domain::{failure::Failure, name::ReleaseId, progress::Progress},
    release::attach::{self, Follower},
};

/// What only its newest counts of, until there is room for it.
#[derive(Default)]
struct Newest {
    progress: Option<Progress>,
    lines: Option<u64>,
}

impl Newest {
    fn is_empty(&self) -> bool {
        self.progress.is_none() && self.lines.is_none()
    }

    /// The progress first: that of the context is over once the log begins.
    fn take(&mut self) -> Option<News> {
        self.progress.take().map(News::Progress).or_else(|| self.lines.take().map(News::Log))
    }
}

/// Until the release has ended, or nobody listens any more.
///
/// # Errors
/// When journal, spool or lock cannot be read.
pub async fn tell(mut follower: Follower, release: &ReleaseId, to: &Outbox) -> Result<(), Failure> {
    let message = |news| Message::News(release.clone(), news);
    let mut newest = Newest::default();
    loop {
        let news = tokio::select! {
            biased;
            room = to.reserve(), if !newest.is_empty() => {
                let Ok(room) = room else { return Ok(()) };
                if let Some(news) = newest.take() {
                    room.send(message(news));
                }
                continue;
            }
            news = follower.next() => news?,
        };
        let news = match news {
            attach::News::Progress(progress) => {
                newest.progress = Some(progress);
                continue;
            }
            attach::News::Log { lines, .. } => {
                newest.lines = Some(lines);
                continue;
            }
            attach::News::Event(stamped) => News::Event(stamped),
            attach::News::Ended => News::Ended,
            attach::News::Interrupted => News::Interrupted,
        };
        let last = matches!(news, News::Ended | News::Interrupted);
        // What came before an event is told before it.
        for news in std::iter::from_fn(|| newest.take()).chain([news]).collect::<Vec<_>>() {
            if to.send(message(news)).await.is_err() {
                return Ok(());
            }
        }
        if last {
            return Ok(());
        }
    }
}
