//! What every failure shows: its exit code, three lines for people, one object for programs, advice that can be
//! followed. And what it must leave alone.

use std::path::Path;

use serde_json::Value;
use windlass::domain::digest::Digest;

use crate::support::project::{Project, Ran};

/// The three lines that end what people are told: what, why (its first line) and next.
#[track_caller]
fn three_lines(people: &Ran) -> [&str; 3] {
    let lines: Vec<&str> = people.stderr.lines().collect();
    let last = |label: &str| {
        lines.iter().rposition(|line| line.starts_with(label)).unwrap_or_else(|| panic!("no `{label}`: {people:?}"))
    };
    let labels = ["error: ", "  why: ", " next: "];
    let at = labels.map(last);
    assert!(at.is_sorted() && at[1] == at[0] + 1, "what, why, next: {}", people.stderr);
    assert_eq!(at[2] + 1, lines.len(), "nothing comes after them: {}", people.stderr);
    [0, 1, 2].map(|i| &lines[at[i]][labels[i].len()..])
}

/// The error says everything, people are told the same, and its advice can be followed.
#[track_caller]
fn is_told(project: &Project, error: &Value, kind: &str, people: &Ran) {
    assert_eq!(error["kind"], kind, "{error}");
    for (key, line) in ["what", "why", "next"].into_iter().zip(three_lines(people)) {
        let text = error[key].as_str().expect("text");
        assert!(!text.is_empty(), "no {key}: {error}");
        let told = match (key, error["check"].as_str()) {
            ("next", Some(check)) => format!("{text} (windlass doctor {check})"),
            _ => text.lines().next().expect("a line").to_owned(),
        };
        assert_eq!(told, line, "{key} of {error}");
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{key} could steer a terminal: {error}");
    }
    let next = error["next"].as_str().expect("text");
    for advice in next.split("windlass ").skip(1) {
        let command = advice.split(|c: char| !c.is_ascii_lowercase()).next().expect("split gives one part");
        project.windlass(&[command, "--help"]).exits(0);
    }
}

/// Runs a command that must fail, for people and for programs: the same error both times.
#[track_caller]
pub fn fails(project: &Project, arguments: &[&str], code: i32, kind: &str) -> Value {
    let people = project.windlass(arguments).exits(code);
    assert_eq!(people.stdout, "", "an error is no result");
    let error = project.windlass(&[arguments, &["--json"]].concat()).exits(code).error();
    is_told(project, &error, kind, &people);
    error
}

#[track_caller]
pub fn says(error: &Value, key: &str, wanted: &str) {
    assert!(error[key].as_str().expect("text").contains(wanted), "{key} says nothing of `{wanted}`: {error}");
}

/// The newest release, which must have failed in this step.
#[track_caller]
pub fn failed_in(project: &Project, step: &str) -> Value {
    let newest = project.releases().swap_remove(0);
    assert_eq!(newest["state"], "failed", "{newest}");
    let steps = newest["steps"].as_array().expect("steps");
    let failed = steps.iter().find(|s| s["state"] == "failed").expect("a failed step");
    assert_eq!(failed["name"], step, "{newest}");
    assert_eq!(failed["error"], newest["failure"], "the release failed as its step did");
    newest
}

/// What a run of `release` for people left in the journal: it failed in this step, and they were told what is kept.
#[track_caller]
pub fn release_failed(project: &Project, people: Ran, code: i32, step: &str) -> Value {
    let people = people.exits(code);
    let release = failed_in(project, step);
    let kind = match code {
        2 => "usage",
        3 => "not-allowed",
        4 => "unreachable",
        _ => "failed",
    };
    is_told(project, &release["failure"], kind, &people);
    let shown = project.windlass(&["show", "@"]).exits(0).stdout;
    for key in ["what", "why", "next"] {
        let text = release["failure"][key].as_str().expect("text").lines().next().expect("a line");
        assert!(shown.contains(text), "`show` says nothing of {text}: {shown}");
    }
    release
}

/// What no failure may touch: the vault, and earlier releases with their records.
pub struct Kept {
    secret: String,
    releases: Vec<Value>,
}

impl Kept {
    #[track_caller]
    pub fn of(project: &Project) -> Self {
        Self { secret: project.windlass(&["secret", "show"]).exits(0).stdout, releases: project.releases() }
    }

    #[track_caller]
    pub fn is_whole(&self, project: &Project) {
        assert_eq!(project.windlass(&["secret", "show"]).exits(0).stdout, self.secret);
        assert!(project.releases().ends_with(&self.releases), "an earlier release is told of in another way");
        for record in self.releases.iter().map(|release| &release["record"]).filter(|record| !record.is_null()) {
            let folder = Path::new(record["path"].as_str().expect("a path"));
            let bytes = std::fs::read(folder.join("release.json")).expect("the record");
            assert_eq!(record["sha256"], Digest::of(&bytes).to_string());
        }
    }
}
