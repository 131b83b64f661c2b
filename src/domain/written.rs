//! How times, durations, sizes and counts are written, everywhere the same.

use std::time::Duration;

use jiff::Timestamp;

/// `2026-11-21 09:30:00`, UTC.
#[must_use]
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `today`, `yesterday`, `12 days ago`; what lies ahead, as after a clock that was set back, is today.
#[must_use]
pub fn age(now: Timestamp, at: Timestamp) -> String {
    match now.duration_since(at).as_hours() / 24 {
        ..=0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{days} days ago"),
    }
}

/// `0.2 s`, `42.0 s`, `3 min 05 s`; a number that is no time, as a log may say, is none.
#[must_use]
pub fn seconds(seconds: f64) -> String {
    let seconds = seconds.max(0.0).abs();
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        let whole = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX).as_secs();
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}

/// `12.3 MB`, decimal as registries and docker count.
#[must_use]
pub fn bytes(count: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let count = count as f64;
    match count {
        c if c < 1e3 => format!("{c} B"),
        c if c < 1e6 => format!("{:.1} kB", c / 1e3),
        c if c < 1e9 => format!("{:.1} MB", c / 1e6),
        c => format!("{:.2} GB", c / 1e9),
    }
}

/// `1 204 331`: a count, in groups of three digits.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_can_read_them() {
        assert_eq!(
            (seconds(0.24), seconds(59.94), seconds(185.0)),
            ("0.2 s".into(), "59.9 s".into(), "3 min 05 s".into())
        );
        for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -5.0, -0.0, 1e300] {
            assert!(seconds(odd).ends_with(" s") && !seconds(odd).starts_with('-'), "{odd}");
        }
        let day = |text: &str| text.parse().unwrap();
        let ages = ["2026-11-22T00:00:00Z", "2026-11-21T09:00:00Z", "2026-11-20T09:00:00Z", "2026-11-11T09:00:00Z"];
        let ages = ages.map(|at| age(day("2026-11-21T10:00:00Z"), day(at)));
        assert_eq!(ages, ["today", "today", "yesterday", "10 days ago"]);
        assert_eq!((bytes(999), bytes(12_345_678)), ("999 B".into(), "12.3 MB".into()));
        assert_eq!(
            (count(0), count(999), count(1000), count(1_204_331)),
            ("0".into(), "999".into(), "1 000".into(), "1 204 331".into())
        );
    }
}
