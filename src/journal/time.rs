//! Times as the journal writes them: RFC 3339 with nine digits, so that text sorts as time does.

use jiff::Timestamp;

use super::error::Fault;

pub(super) fn to_text(at: Timestamp) -> String {
    format!("{at:.9}")
}

/// A time of a table other than `events`: nothing but a damaged file makes it unreadable.
pub(super) fn from_text(text: &str) -> Result<Timestamp, Fault> {
    text.parse().map_err(|_| Fault::Unreadable(format!("`{text}` is not a time")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_sorts_as_time_does() {
        let times = ["2026-11-21T09:30:00Z", "2026-11-21T09:30:00.000000001Z", "2026-11-21T09:30:00.5Z"];
        let texts = times.map(|t| to_text(t.parse().unwrap()));
        assert!(texts.is_sorted(), "{texts:?}");
        for (text, time) in texts.iter().zip(times) {
            assert_eq!(from_text(text).unwrap(), time.parse::<Timestamp>().unwrap());
        }
    }
}
