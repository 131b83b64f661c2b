//! What a release and its watchers say to each other on its socket: one JSON document a line.
//!
//! ```text
//! release → watcher   {"event":{"seq":7}}   {"log":{"bytes":812,"lines":9}}   {"progress":{…}}   {"cancelling":true}
//! watcher → release   {"from":3}            {"cancel":true}
//! ```
//! A release says nothing to a watcher before `from`, the number of the last event that the watcher knows, and
//! never more than that there is more: events are in the journal, text is in the spool.

use std::io;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio_util::codec::{FramedRead, LinesCodec};

use super::progress::Progress;

/// A longer line is no frame: far more than any [`Progress`] takes.
const LONGEST: usize = 16 * 1024;

/// Said by a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Ring {
    /// The journal has events up to this number.
    Event {
        seq: u64,
    },
    /// The log has so many bytes and lines by now.
    Log {
        bytes: u64,
        lines: u64,
    },
    Progress(Progress),
    /// The answer to [`Ask::Cancel`]: the steps were told to end.
    Cancelling(True),
}

/// Said by a watcher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Ask {
    /// Ring for everything after this event.
    From(u64),
    Cancel(True),
}

/// `true`, where nothing else makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "bool", into = "bool")]
pub(super) struct True;

impl TryFrom<bool> for True {
    type Error = &'static str;
    fn try_from(value: bool) -> Result<Self, Self::Error> {
        value.then_some(Self).ok_or("only `true` is said")
    }
}

impl From<True> for bool {
    fn from(True: True) -> Self {
        true
    }
}

/// The lines that arrive, each of a bounded length.
pub(super) type Lines<R> = FramedRead<R, LinesCodec>;

pub(super) fn lines<R: AsyncRead>(from: R) -> Lines<R> {
    FramedRead::new(from, LinesCodec::new_with_max_length(LONGEST))
}

/// The next frame; `None` at the end, and for what is no frame. Nothing is lost when this is dropped.
pub(super) async fn hear<F: DeserializeOwned, R: AsyncRead + Unpin>(lines: &mut Lines<R>) -> Option<F> {
    use futures_util::StreamExt as _;
    let line = lines.next().await?.ok()?;
    serde_json::from_str(&line).ok()
}

pub(super) async fn say(to: &mut (impl AsyncWrite + Unpin), frame: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(frame)?;
    line.push(b'\n');
    to.write_all(&line).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_as_documented() {
        let text = |frame: &Ring| serde_json::to_string(frame).unwrap();
        assert_eq!(text(&Ring::Event { seq: 7 }), r#"{"event":{"seq":7}}"#);
        assert_eq!(text(&Ring::Log { bytes: 812, lines: 9 }), r#"{"log":{"bytes":812,"lines":9}}"#);
        assert_eq!(text(&Ring::Cancelling(True)), r#"{"cancelling":true}"#);
        assert_eq!(
            text(&Ring::Progress(Progress::Context { files: 1, bytes: 2 })),
            r#"{"progress":{"doing":"context","files":1,"bytes":2}}"#
        );
        let ask = |text| serde_json::from_str::<Ask>(text).ok();
        assert_eq!(ask(r#"{"from":3}"#), Some(Ask::From(3)));
        assert_eq!(ask(r#"{"cancel":true}"#), Some(Ask::Cancel(True)));
        for garbage in [r#"{"cancel":false}"#, r#"{"from":-1}"#, r#"{"from":1,"cancel":true}"#, "{}", "cancel", ""] {
            assert_eq!(ask(garbage), None, "{garbage}");
        }
    }

    #[tokio::test]
    async fn a_line_without_end_is_given_up() {
        let endless = vec![b'x'; 4 * LONGEST];
        assert_eq!(hear::<Ask, _>(&mut lines(&endless[..])).await, None);
    }
}
