//! What was done and said since the console was opened, with the command that does the same; and beside it the audit
//! trail: who changed what on this machine, in whatever process. One list in the order of time, newest first.

use std::{cmp::Reverse, collections::VecDeque};

use jiff::Timestamp;

use crate::{
    console::model::{Loaded, Reload},
    domain::{
        audit::{Act, AuditRow, Outcome},
        failure::Failure,
        holdings::Held,
        name::SecretName,
        sign::Tone,
    },
};

/// Older ones go.
const KEPT: usize = 1000;
/// Rows of the trail that are read; `windlass audit` has all.
pub const TRAIL: usize = 5000;

#[derive(Debug)]
pub struct Activity {
    /// Newest first.
    said: VecDeque<Said>,
    /// Newest first.
    pub trail: Loaded<Vec<AuditRow>>,
    /// The trail is read once at a time.
    reading: Reload,
    wanted: bool,
    /// Words that the shown rows have, once they were typed.
    pub narrowed: String,
    selected: Option<Mark>,
    /// How many were said so far.
    count: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    number: u64,
    pub at: Timestamp,
    pub tone: Tone,
    pub words: String,
    /// As a shell takes it.
    pub command: Option<String>,
}

/// A row of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry<'a> {
    Said(&'a Said),
    Trail(&'a AuditRow),
}

/// Which row, whatever comes before it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mark {
    Said(u64),
    Trail(Timestamp, Act, String),
}

impl Default for Activity {
    fn default() -> Self {
        Self {
            said: VecDeque::new(),
            trail: Loaded::Not,
            reading: Reload::Idle,
            wanted: false,
            narrowed: String::new(),
            selected: None,
            count: 0,
        }
    }
}

impl Activity {
    pub fn add(&mut self, at: Timestamp, tone: Tone, words: String, command: Option<String>) {
        self.said.truncate(KEPT - 1);
        self.said.push_front(Said { number: self.count, at, tone, words, command });
        self.count += 1;
    }

    /// Has the trail read, and once more if it is being read already.
    pub fn ask(&mut self) {
        match self.reading {
            Reload::Idle => self.wanted = true,
            Reload::Asked | Reload::AskedAndChanged => self.reading = Reload::AskedAndChanged,
        }
    }

    /// Whether it is to be read now.
    pub fn wants(&mut self) -> bool {
        let wanted = self.wanted;
        if wanted {
            self.begins();
        }
        wanted
    }

    /// It is being read from now on; who was asked before answers no more.
    pub fn begins(&mut self) {
        (self.wanted, self.reading) = (false, Reload::Asked);
    }

    /// The answer to what [`Self::wants`] asked for.
    pub fn take(&mut self, trail: Result<Vec<AuditRow>, Failure>) {
        self.wanted = self.reading.ended();
        self.trail = trail.into();
    }

    pub fn is_reading(&self) -> bool {
        self.wanted || self.reading != Reload::Idle
    }

    /// The trail as far as it was read.
    fn known(&self) -> &[AuditRow] {
        self.trail.here().map_or(&[], Vec::as_slice)
    }

    /// What was done to this secret, newest first.
    pub fn acts_on(&self, secret: &SecretName) -> impl Iterator<Item = &AuditRow> {
        self.known().iter().filter(move |row| row.what.is_of_secret() && row.subject == secret.as_str())
    }

    /// When the login that is this secret now was proven by a rotation.
    pub fn proven_by_rotation(&self, held: &Held) -> Option<&AuditRow> {
        let logs_in = |row: &&AuditRow| row.outcome == Outcome::Done && row.what != Act::SecretBind;
        let newest = self.acts_on(&held.name).find(logs_in)?;
        let rotates = matches!(newest.what, Act::SecretRotate | Act::SecretResume | Act::SecretRollback);
        // A rotation that is open, or somebody at another machine, may have stored another one since.
        let is_held = |print: &str| held.keys.iter().any(|key| key.fingerprint.as_deref() == Some(print));
        let same = newest.fingerprint.as_ref().is_some_and(|prints| prints.split(", ").all(is_held));
        (rotates && same).then_some(newest)
    }

    /// The rows that have all of these words, newest first.
    pub fn rows(&self, words: &str) -> Vec<Entry<'_>> {
        let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        let said = self.said.iter().map(Entry::Said);
        let mut rows: Vec<Entry<'_>> = said.chain(self.known().iter().map(Entry::Trail)).collect();
        rows.retain(|row| row.has(&words));
        // Of one time, what was said here comes first, since that tells of it.
        rows.sort_by_key(|row| Reverse(row.at()));
        rows
    }

    /// Where the selected one of these rows is; the newest when it is gone.
    pub fn position(&self, rows: &[Entry<'_>]) -> usize {
        let selected = self.selected.as_ref();
        rows.iter().position(|row| selected.is_some_and(|mark| row.is(mark))).unwrap_or(0)
    }

    /// Up or down by rows of those that have these words. Whoever stands at the top stays at the newest.
    pub fn scroll(&mut self, words: &str, steps: isize) {
        let rows = self.rows(words);
        let Some(last) = rows.len().checked_sub(1) else { return };
        let at = self.position(&rows).saturating_add_signed(steps).min(last);
        let mark = (at > 0).then(|| rows[at].mark());
        self.selected = mark;
    }
}

impl<'a> Entry<'a> {
    pub fn at(self) -> Timestamp {
        match self {
            Self::Said(said) => said.at,
            Self::Trail(row) => row.at,
        }
    }

    /// As a shell takes it.
    pub fn command(self) -> Option<&'a str> {
        match self {
            Self::Said(said) => said.command.as_deref(),
            Self::Trail(_) => None,
        }
    }

    fn mark(self) -> Mark {
        match self {
            Self::Said(said) => Mark::Said(said.number),
            Self::Trail(row) => Mark::Trail(row.at, row.what, row.subject.clone()),
        }
    }

    fn is(self, mark: &Mark) -> bool {
        match (self, mark) {
            (Self::Said(said), Mark::Said(number)) => said.number == *number,
            (Self::Trail(row), Mark::Trail(at, what, subject)) => {
                row.at == *at && row.what == *what && row.subject == *subject
            }
            _ => false,
        }
    }

    /// In any of its parts, whatever the case.
    fn has(self, words: &[String]) -> bool {
        if words.is_empty() {
            return true;
        }
        let text = match self {
            Self::Said(said) => format!("{} {}", said.words, said.command.as_deref().unwrap_or_default()),
            Self::Trail(row) => {
                let why = match &row.outcome {
                    Outcome::Failed { why } => why,
                    Outcome::Begun | Outcome::Done | Outcome::Cancelled => "",
                };
                let print = row.fingerprint.as_deref().unwrap_or_default();
                let parts = [&row.who, row.what.name(), &row.subject, print, row.outcome.name(), why];
                parts.join(" ")
            }
        };
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn trail(second: i64, what: Act, subject: &str) -> AuditRow {
        AuditRow::begun(at(second), "ada@host", what, subject)
    }

    fn words(activity: &Activity, typed: &str) -> Vec<String> {
        let text = |row: &Entry<'_>| match row {
            Entry::Said(said) => said.words.clone(),
            Entry::Trail(row) => format!("{} {}", row.what.name(), row.subject),
        };
        activity.rows(typed).iter().map(text).collect()
    }

    #[test]
    fn the_newest_come_first_and_the_oldest_go() {
        let mut activity = Activity::default();
        for n in 0..KEPT + 5 {
            activity.add(Timestamp::UNIX_EPOCH, Tone::Plain, n.to_string(), None);
        }
        let rows = words(&activity, "");
        assert_eq!((rows.len(), rows[0].as_str()), (KEPT, "1004"));
    }

    #[test]
    fn what_was_said_and_the_trail_are_one_list_that_is_narrowed_by_words() {
        let mut activity = Activity::default();
        activity.add(at(1), Tone::Good, "begun here".to_owned(), Some("windlass release".to_owned()));
        activity.add(at(9), Tone::Good, "ended".to_owned(), None);
        activity.take(Ok(vec![trail(9, Act::Cancel, "k3v"), trail(5, Act::Point, "a/b:latest")]));
        assert_eq!(words(&activity, ""), ["ended", "cancel k3v", "point a/b:latest", "begun here"]);
        assert_eq!(words(&activity, " K3V ada"), ["cancel k3v"]);
        assert_eq!(words(&activity, "windlass"), ["begun here"], "its command counts too");
        assert_eq!(words(&activity, "begun"), ["cancel k3v", "point a/b:latest", "begun here"], "so does the outcome");
        assert_eq!(words(&activity, "nothing"), [""; 0]);
    }

    #[test]
    fn the_selected_row_stays_selected_and_the_newest_stays_the_newest() {
        let mut activity = Activity::default();
        let selected = |activity: &Activity| words(activity, "")[activity.position(&activity.rows(""))].clone();
        activity.take(Ok(vec![trail(5, Act::Point, "a/b:latest")]));
        activity.add(at(7), Tone::Plain, "seven".to_owned(), None);
        assert_eq!(selected(&activity), "seven");
        activity.add(at(8), Tone::Plain, "eight".to_owned(), None);
        assert_eq!(selected(&activity), "eight", "nobody chose another");
        activity.scroll("", 2);
        assert_eq!(selected(&activity), "point a/b:latest");
        activity.scroll("", -1);
        activity.add(at(9), Tone::Plain, "nine".to_owned(), None);
        assert_eq!(selected(&activity), "seven");
        activity.scroll("", isize::MIN);
        activity.add(at(10), Tone::Plain, "ten".to_owned(), None);
        assert_eq!(selected(&activity), "ten");
    }

    #[test]
    fn the_trail_is_read_once_at_a_time_and_again_after_a_change() {
        let mut activity = Activity::default();
        assert!(!activity.wants());
        activity.ask();
        assert!(activity.wants() && !activity.wants());
        activity.ask();
        activity.ask();
        assert!(!activity.wants(), "it is being read");
        activity.take(Ok(Vec::new()));
        assert!(activity.wants());
        activity.take(Ok(Vec::new()));
        assert!(!activity.wants());
    }
}
