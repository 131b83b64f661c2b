//! The checks of the doctor: which there are, what each found, and which one is selected. Nothing is looked at before
//! it is asked for.

use jiff::Timestamp;

use crate::{
    console::model::Image,
    domain::finding::{CheckId, Finding, Outcome, Report},
};

#[derive(Debug, Default)]
pub struct DoctorPane {
    /// In the order of [`CheckId::ALL`], those of an image once for each.
    pub checks: Vec<CheckRow>,
    wanted: Option<Which>,
    running: Option<Which>,
    selected: Option<Subject>,
    /// What was found has the room of the list too.
    pub zoom: bool,
}

/// What is to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    All,
    One(Subject),
}

/// A check, and the image that it is about, where it is about one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub check: CheckId,
    pub image: Option<String>,
}

#[derive(Debug)]
pub struct CheckRow {
    pub subject: Subject,
    /// What it found when it was run last, and when that was.
    pub found: Option<(Finding, Timestamp)>,
    /// It is being run.
    pub runs: bool,
}

impl Which {
    /// The words after `windlass` that run it.
    pub fn words(&self) -> Vec<String> {
        let mut words = vec!["doctor".to_owned()];
        if let Self::One(Subject { check, image }) = self {
            words.push(check.to_string());
            words.extend(image.iter().flat_map(|image| ["--image".to_owned(), image.clone()]));
        }
        words
    }
}

impl Subject {
    /// The check as it is run for this image of a project that has these.
    pub fn of(check: CheckId, image: Option<&str>, images: &[Image]) -> Self {
        let named = images.iter().find(|known| Some(known.name.as_str()) == image).or_else(|| images.first());
        let image = named.filter(|_| check.is_of_an_image()).map(|image| image.name.clone());
        Self { check, image }
    }
}

impl DoctorPane {
    /// Has this run as soon as nothing else runs.
    pub fn ask(&mut self, which: Which) {
        self.wanted = Some(which);
    }

    pub fn was_asked(&self) -> bool {
        self.wanted.is_some() || self.runs() || self.checks.iter().any(|checked| checked.found.is_some())
    }

    pub fn runs(&self) -> bool {
        self.running.is_some()
    }

    /// What is to be run now, for a project that has these images, and may use Taskcluster.
    pub fn wants(&mut self, images: &[Image], taskcluster: bool) -> Option<Which> {
        if self.runs() {
            return None;
        }
        let which = self.wanted.take()?;
        self.list(images, taskcluster);
        for checked in &mut self.checks {
            checked.runs = match &which {
                Which::All => true,
                Which::One(subject) => checked.subject == *subject,
            };
        }
        self.running = Some(which.clone());
        Some(which)
    }

    /// Lists the checks of a project that has these images. What is known of one stays.
    fn list(&mut self, images: &[Image], taskcluster: bool) {
        let mut known = std::mem::take(&mut self.checks);
        for check in CheckId::concerning(taskcluster) {
            let of: Vec<Option<String>> = match images {
                [] => vec![None],
                images if check.is_of_an_image() => images.iter().map(|image| Some(image.name.clone())).collect(),
                _ => vec![None],
            };
            for image in of {
                let subject = Subject { check, image };
                let before = known.iter().position(|checked| checked.subject == subject);
                let checked = before.map(|at| known.swap_remove(at));
                self.checks.push(checked.unwrap_or(CheckRow { subject, found: None, runs: false }));
            }
        }
    }

    /// A check has ended.
    pub fn take(&mut self, report: Report, now: Timestamp) {
        let Report { check, image, finding } = report;
        let subject = Subject { check, image };
        let at = self.checks.iter().position(|checked| checked.subject == subject).unwrap_or_else(|| {
            // The project has another image by now.
            let at = self.checks.partition_point(|checked| checked.subject.check <= check);
            self.checks.insert(at, CheckRow { subject, found: None, runs: false });
            at
        });
        let checked = &mut self.checks[at];
        checked.found = Some((finding, now));
        checked.runs = false;
    }

    /// All that ran has ended. Gives what it was.
    pub fn ended(&mut self) -> Option<Which> {
        // Those that were not run are of an image that the project has no more.
        let all = self.running == Some(Which::All);
        self.checks.retain(|checked| !(all && checked.runs));
        self.checks.iter_mut().for_each(|checked| checked.runs = false);
        if all && self.selected.is_none() {
            self.selected = self.worst();
        }
        self.running.take()
    }

    /// The first that failed, else the first that warns: what people are to look at.
    fn worst(&self) -> Option<Subject> {
        let first = |word: &str| self.checks.iter().find(|checked| checked.outcome().map(Outcome::word) == Some(word));
        first("fail").or_else(|| first("warn")).map(|checked| checked.subject.clone())
    }

    /// How many of the checks ended how, in words, the worst last; those that never ran are not counted.
    pub fn counts(&self) -> Option<String> {
        let count = |word: &str| {
            let outcomes = self.checks.iter().filter_map(|checked| checked.outcome());
            outcomes.filter(|outcome| outcome.word() == word).count()
        };
        let counts: Vec<String> =
            [("pass", "pass"), ("cannot-tell", "cannot tell"), ("warn", "warn"), ("fail", "fail")]
                .into_iter()
                .filter_map(|(word, shown)| match count(word) {
                    0 => None,
                    count => Some(format!("{count} {shown}")),
                })
                .collect();
        (!counts.is_empty()).then(|| counts.join(", "))
    }

    /// How this one ended, if it was run.
    pub fn outcome(&self, subject: &Subject) -> Option<&Outcome> {
        self.checks.iter().find(|checked| checked.subject == *subject)?.outcome()
    }

    /// Some checks are there once for each of several images.
    pub fn of_several_images(&self) -> bool {
        self.checks.iter().filter(|checked| checked.subject.check == CheckId::Registry).count() > 1
    }

    /// Where the selected check is; the first one when it is gone.
    pub fn position(&self) -> usize {
        let selected = self.selected.as_ref();
        self.checks.iter().position(|checked| Some(&checked.subject) == selected).unwrap_or(0)
    }

    pub fn selected(&self) -> Option<&CheckRow> {
        self.checks.get(self.position())
    }

    pub fn select(&mut self, subject: Subject) {
        self.selected = Some(subject);
    }

    /// Up or down by checks.
    pub fn scroll(&mut self, checks: isize) {
        let Some(last) = self.checks.len().checked_sub(1) else { return };
        let at = self.position().saturating_add_signed(checks).min(last);
        self.selected = Some(self.checks[at].subject.clone());
    }
}

impl CheckRow {
    pub fn outcome(&self) -> Option<&Outcome> {
        self.found.as_ref().map(|(finding, _)| &finding.outcome)
    }
}
