//! What a run of a task left: its name, where its bytes are kept, how many there are, and until when.

use jiff::{SignedDuration, Timestamp};

use super::{digest::Digest, name::ReleaseId, sign::Tone, task::TaskId, written::time};

/// Whoever needs it has to fetch it before then.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

/// An artifact with the task, and the run of it, that left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub task: TaskId,
    /// Its name, made harmless.
    pub task_name: String,
    pub run: u32,
    /// As the queue has it: not made harmless.
    pub name: String,
    /// Where its bytes are, as the queue writes it: `s3`, `object`, `reference`, `link`, `error`.
    pub storage: String,
    pub content_type: String,
    /// In bytes, unpacked, where the worker said it.
    pub size: Option<u64>,
    pub expires: Timestamp,
    /// Why there are no bytes of it, where the worker said so.
    pub unmade: Option<String>,
}

impl Left {
    /// There are no bytes of it.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.storage == "error"
    }

    /// The last part of its name, as a file in some folder; `None` where that is no name for a file.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        file_name(&self.name)
    }

    /// The words after `windlass` that write it to this file.
    #[must_use]
    pub fn words(&self, file: &str, over: bool) -> Vec<String> {
        let run = ReleaseId::of_run(&self.task, self.run).to_string();
        let words = ["artifacts", &run, "--get", &self.name, "--output", file].map(str::to_owned);
        words.into_iter().chain(over.then(|| "--force".to_owned())).collect()
    }
}

/// A file that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Got {
    Written(Written),
    /// There is such a file, and nothing was done.
    Exists,
}

/// A file that is there now, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub bytes: u64,
    pub sha256: Digest,
    /// It is the hash that the object service knows; nobody knows one of what is kept elsewhere.
    pub checked: bool,
}

impl Written {
    /// Its hash, and whether that proves anything.
    #[must_use]
    pub fn told(&self) -> String {
        let proof = if self.checked { "as the object service has it" } else { "no service has a hash to check it by" };
        format!("{}, {proof}", self.sha256)
    }
}

/// Whether it is there long, not long, or no more: the word before its end.
#[must_use]
pub fn lasts(expires: Timestamp, now: Timestamp) -> (&'static str, Tone) {
    let left = expires.duration_since(now);
    match () {
        () if left <= SignedDuration::ZERO => ("expired", Tone::Bad),
        () if left < SOON => ("only until", Tone::Notice),
        () => ("until", Tone::Dim),
    }
}

/// Until when it is there, and how that is to be taken.
#[must_use]
pub fn ends(expires: Timestamp, now: Timestamp) -> (String, Tone) {
    let (word, tone) = lasts(expires, now);
    (format!("{word} {}", time(expires)), tone)
}

fn file_name(name: &str) -> Option<&str> {
    let last = name.rsplit('/').next().unwrap_or(name);
    let fits = !last.is_empty() && !last.starts_with('.') && last.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    fits.then_some(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_others_lead_to_no_other_folder() {
        assert_eq!(file_name("public/docker-image-shasum256.txt"), Some("docker-image-shasum256.txt"));
        for name in ["public/..", "public/", "public/.bashrc", "a/b\\..\\c", "public/a b", "x/\u{1b}[2J"] {
            assert_eq!(file_name(name), None, "{name:?}");
        }
    }

    #[test]
    fn what_ends_soon_is_told() {
        let now: Timestamp = "2026-11-23T06:00:00Z".parse().unwrap();
        for (expires, told, tone) in [
            ("2026-11-23T05:59:59Z", "expired 2026-11-23 05:59:59", Tone::Bad),
            ("2026-11-24T06:00:00Z", "only until 2026-11-24 06:00:00", Tone::Notice),
            ("2027-11-24T06:00:00Z", "until 2027-11-24 06:00:00", Tone::Dim),
        ] {
            assert_eq!(ends(expires.parse().unwrap(), now), (told.to_owned(), tone));
        }
    }
}
