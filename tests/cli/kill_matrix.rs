//! The kill matrix: the program is killed (SIGKILL) before and after every event that it writes, and in the middle of
//! building and pushing; then whoever comes next does what `show` says. Nothing may be lost, nothing half written, and
//! in the end every tag of the registry is explained by a record and matches it.
//!
//! `cargo test --test windlass-tests kill_matrix -- --nocapture` prints the table.

use std::{
    fmt::Write as _,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Mutex,
};

use serde_json::Value;
use windlass::{
    attest,
    domain::{
        digest::Digest,
        event::{Event, Stamped},
        plan::{Plan, TagKind},
        reference::Tag,
    },
    journal::Journal,
};

use crate::support::{
    project::Project,
    registry::Registry,
    stop::{EVENTS, event, killed, killed_release},
};

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scenario {
    Release,
    /// Of a release that was killed when it had built.
    RerunFromPush,
    /// Of the newer of two releases back to the older one.
    Point,
}

impl Scenario {
    fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::RerunFromPush => "rerun --from push",
            Self::Point => "point",
        }
    }

    /// A project in which the command can be given, and the command.
    fn prepare(self, registry: &Registry) -> (Project, Vec<String>) {
        let project = Project::new(registry);
        project.dockerfile("RUN echo something for the log\n");
        project.commit("with a log");
        project.set_secret();
        let words = match self {
            Self::Release => vec!["release".to_owned()],
            Self::RerunFromPush => {
                let died = killed_release(&project, "after", "built");
                ["rerun", &died, "--from", "push"].map(ToOwned::to_owned).into()
            }
            Self::Point => {
                let first = project.release();
                project.commit("the second");
                project.release();
                ["point", "latest", first["id"].as_str().expect("an id")].map(ToOwned::to_owned).into()
            }
        };
        (project, words)
    }
}

#[derive(Debug)]
struct Row {
    scenario: Scenario,
    moment: &'static str,
    event: usize,
    name: String,
}

/// How a row ended: the state that was found, the command that went on, and the verdict after it.
struct Continued {
    found: String,
    way: String,
    verdict: String,
}

#[track_caller]
fn yes(project: &Project, words: &[String]) {
    let words: Vec<&str> = words.iter().map(String::as_str).chain(["--yes", "--json"]).collect();
    project.windlass(&words).exits(0);
}

fn events(project: &Project) -> Vec<Stamped> {
    let newest = project.releases().swap_remove(0);
    let id = newest["id"].as_str().expect("an id").parse().expect("a release id");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let journal = Journal::open(&project.home().join("journal.db")).await.expect("the journal");
        journal.events(&id, 0).await.expect("its events")
    })
}

fn name(stamped: &Stamped, plan: &Plan) -> String {
    let step = |step: windlass::domain::event::Step, what: &str| format!("{} {what}", step.name());
    let kind = |tag: &Tag| match plan.tags.iter().find(|planned| &planned.tag == tag).expect("of the plan").kind {
        TagKind::Frozen => "frozen",
        TagKind::Moving => "moving",
    };
    match &stamped.event {
        Event::Planned { .. } => "planned".to_owned(),
        Event::StepStarted { step: which } => step(*which, "started"),
        Event::StepSucceeded { step: which, .. } => step(*which, "succeeded"),
        Event::StepFailed { step: which, .. } => step(*which, "failed"),
        Event::StepReused { step: which, .. } => step(*which, "reused"),
        Event::StepSkipped { step: which, .. } => step(*which, "skipped"),
        Event::Built(_) => "built".to_owned(),
        Event::LayerPushed(_) => "layer pushed".to_owned(),
        Event::PushIntended { tag, .. } => format!("{} push intended", kind(tag)),
        Event::Pushed { tag, .. } => format!("{} pushed", kind(tag)),
        Event::TagLeft { tag, .. } => format!("{} left", kind(tag)),
        Event::Recorded { .. } => "recorded".to_owned(),
        Event::Verified { tag, .. } => format!("{} verified", kind(tag)),
        Event::Finished => "finished".to_owned(),
    }
}

/// The names of the events of this command when nobody stops it.
fn undisturbed(registry: &Registry, scenario: Scenario) -> Vec<String> {
    let (project, words) = scenario.prepare(registry);
    yes(&project, &words);
    let events = events(&project);
    let Event::Planned { plan } = &events[0].event else { panic!("the first event is the plan") };
    events.iter().map(|stamped| name(stamped, plan)).collect()
}

fn rows(registry: &Registry) -> Vec<Row> {
    let mut rows = Vec::new();
    for scenario in [Scenario::Release, Scenario::RerunFromPush, Scenario::Point] {
        let names = undisturbed(registry, scenario);
        let mut add = |moment, event: usize| {
            rows.push(Row { scenario, moment, event, name: names[event - 1].clone() });
        };
        if scenario == Scenario::Release {
            assert_eq!(names, EVENTS);
        }
        // What is taken over from another release is written in one piece with the plan.
        let first = names.iter().rposition(|name| name.ends_with("reused")).map_or(1, |last| last + 1);
        add("before", 1);
        add("after", first);
        for event in first + 1..=names.len() {
            let world_changed =
                names[event - 1].ends_with("pushed") || ["built", "recorded"].contains(&&*names[event - 1]);
            if scenario == Scenario::Release || world_changed {
                add("before", event);
            }
            add("after", event);
        }
    }
    for during in ["build started", "frozen push intended", "moving push intended"] {
        rows.push(Row { scenario: Scenario::Release, moment: "during", event: event(during), name: during.to_owned() });
    }
    rows
}

/// Kills, looks at what is left, goes on as it says, and looks again.
fn go_on(registry: &Registry, row: &Row) -> Continued {
    let (project, words) = row.scenario.prepare(registry);
    let before = project.releases().len();
    let command: Vec<&str> = words.iter().map(String::as_str).chain(["--yes"]).collect();
    killed(&project, &command, row.moment, row.event);
    records_are_whole(&project);
    let releases = project.releases();
    let (found, way) = if releases.len() == before {
        ("no release".to_owned(), Some(words))
    } else {
        let state = releases[0]["state"].as_str().expect("a state").to_owned();
        (state, way_on(&releases[0]))
    };
    if let Some(way) = &way {
        yes(&project, way);
    } else {
        assert_eq!(found, "succeeded", "{}", releases[0]);
    }
    // What was known before is known still.
    let known = project.releases();
    assert!(releases.iter().all(|old| known.iter().any(|new| new["id"] == old["id"])), "a release was lost");
    records_are_whole(&project);
    let table = project.windlass(&["verify", "--strict", "--json"]).exits(0).json();
    let rows = table["rows"].as_array().expect("rows");
    assert!(!rows.is_empty());
    for row in rows {
        assert_eq!(row["verdict"], "match", "{row}");
        log_is_kept(&project, row["record"]["release"].as_str().expect("a release"));
    }
    let way = way.map_or("-".to_owned(), |words| words.join(" "));
    Continued { found, way, verdict: format!("{} tags match", rows.len()) }
}

/// The command that a release's own words name; `None` when there is nothing left to do.
fn way_on(release: &Value) -> Option<Vec<String>> {
    let next = release["failure"]["next"].as_str()?;
    let (_, command) = next.rsplit_once("windlass ").unwrap_or_else(|| panic!("`{next}` names no command"));
    Some(command.split(' ').map(ToOwned::to_owned).collect())
}

/// Every folder of records holds one, whole.
#[track_caller]
fn records_are_whole(project: &Project) {
    let Ok(folders) = std::fs::read_dir(project.home().join("artifacts")) else { return };
    for folder in folders {
        let folder = folder.expect("an entry").path();
        attest::read(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    }
}

/// The log that a record names by its digest is there, whichever release wrote it.
#[track_caller]
fn log_is_kept(project: &Project, release: &str) {
    let record = attest::read(&project.home().join("artifacts").join(release)).expect("the record");
    let logs = std::fs::read_dir(project.home().join("logs")).expect("the logs");
    let digests: Vec<Digest> = logs
        .map(|log| log.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "log"))
        .map(|path| Digest::of(&std::fs::read(path).expect("a log")))
        .collect();
    assert!(digests.contains(&record.log_digest.expect("a log was written")), "the log of {release} is gone");
}

fn table(lines: &[(usize, String)]) -> String {
    let mut text = format!(
        "\n{:<18} {:<7} {:<2} {:<22} {:<13} {:<34} {:<14} outcome\n",
        "command", "killed", "#", "event", "found", "went on with", "verdict"
    );
    for (_, line) in lines {
        let _ = writeln!(text, "{line}");
    }
    text
}

#[test]
fn every_row_continues() {
    let registry = Registry::with_login();
    let queue = Mutex::new(rows(&registry).into_iter().enumerate());
    let done: Mutex<Vec<(usize, String)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().expect("no row panics under this lock").next();
                    let Some((number, row)) = next else { break };
                    // A row that fails is told in the table, with the others.
                    let ended = catch_unwind(AssertUnwindSafe(|| go_on(&registry, &row)));
                    let (found, way, verdict, outcome) = match ended {
                        Ok(Continued { found, way, verdict }) => (found, way, verdict, "continued"),
                        Err(_) => ("-".to_owned(), "-".to_owned(), "-".to_owned(), "FAILED"),
                    };
                    let Row { scenario, moment, event, name } = &row;
                    let line = format!(
                        "{:<18} {moment:<7} {event:<2} {name:<22} {found:<13} {way:<34} {verdict:<14} {outcome}",
                        scenario.name()
                    );
                    done.lock().expect("no row panics under this lock").push((number, line));
                }
            });
        }
    });
    let mut lines = done.into_inner().expect("no row panics under this lock");
    lines.sort();
    println!("{}", table(&lines));
    assert!(lines.iter().all(|(_, line)| line.ends_with("continued")), "{}", table(&lines));
    assert!(lines.len() > 2 * EVENTS.len(), "every boundary of a release is a row");
}
