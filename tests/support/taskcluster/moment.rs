//! Times as the services write them: milliseconds, UTC, `Z`.

use std::time::Duration;

use jiff::Timestamp;

pub fn text(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// The time that this text names, as the services keep it.
pub fn parse(text: &str) -> Option<Timestamp> {
    let time: Timestamp = text.parse().ok()?;
    Timestamp::from_millisecond(time.as_millisecond()).ok()
}

/// The `Date` header.
pub fn http(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

pub fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

pub fn hours(count: u64) -> Duration {
    minutes(60 * count)
}

pub fn days(count: u64) -> Duration {
    hours(24 * count)
}
