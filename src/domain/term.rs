//! How long something is kept: `1 year`, `28 days`, by the calendar.

use std::str::FromStr;

use jiff::{SpanFieldwise, Timestamp, tz::TimeZone};

/// A time that lasts, from whenever it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term(SpanFieldwise);

impl Default for Term {
    /// A year.
    fn default() -> Self {
        Self(jiff::Span::new().years(1).fieldwise())
    }
}

impl Term {
    /// Its end, if it begins now; the end of all times where it lasts longer than these.
    #[must_use]
    pub fn end(self, now: Timestamp) -> Timestamp {
        now.to_zoned(TimeZone::UTC).checked_add(self.0.0).map_or(Timestamp::MAX, |end| end.timestamp())
    }
}

impl FromStr for Term {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no time that something is kept: `1 year`, `6 months` or `28 days`");
        let span: jiff::Span = text.parse().map_err(|_| wrong())?;
        if span.is_positive() { Ok(Self(span.fieldwise())) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_end_by_the_calendar() {
        let now: Timestamp = "2028-02-29T10:00:00Z".parse().unwrap();
        for (text, end) in [
            ("1 year", "2029-02-28T10:00:00Z"),
            ("6 months", "2028-08-29T10:00:00Z"),
            ("28 days", "2028-03-28T10:00:00Z"),
            ("1 week 12h", "2028-03-07T22:00:00Z"),
            ("9000 years", "9999-12-30T22:00:00.999999999Z"),
        ] {
            assert_eq!(text.parse::<Term>().unwrap().end(now).to_string(), end, "{text}");
        }
        assert_eq!(Term::default(), "1 year".parse().unwrap());
        for text in ["", "soon", "0 days", "-1 year", "1 year ago", "12"] {
            assert!(text.parse::<Term>().is_err(), "{text}");
        }
    }
}
