//! Other releases, full disks, other versions, other clocks: what happens around a release and must not harm it.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader, Read as _},
    os::unix::fs::symlink,
    path::PathBuf,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use windlass::{
    domain::{
        event::Event,
        plan::{Plan, PlannedTag, TagKind},
    },
    journal::Journal,
};

use crate::support::{
    disk::SmallDisk,
    plan::{id, plan},
    project::{Project, Ran, SECRET, pushed, told},
    registry::{PASSWORD, Registry, USER},
    stop::{Stopped, event},
};

fn ready(registry: &Registry) -> Project {
    let project = Project::new(registry);
    project.set_secret();
    project
}

/// The command at the end of an advice.
fn way(next: &str) -> &str {
    next.rsplit_once("windlass ").expect("it names a command").1
}

/// Does what the newest release says must be done, then everything must match.
#[track_caller]
fn taken_up(project: &Project) -> Value {
    let newest = project.releases().swap_remove(0);
    let next = newest["failure"]["next"].as_str().unwrap_or_else(|| panic!("it did not fail: {newest}"));
    let words: Vec<&str> = way(next).split(' ').chain(["--yes", "--json"]).collect();
    let again = project.windlass(&words).exits(0).json();
    assert_eq!(again["parent"], newest["id"]);
    project.windlass(&["verify", "--strict"]).exits(0);
    again
}

/// A release whose build sleeps until it is cancelled.
struct Sleeping {
    child: Child,
}

impl Sleeping {
    fn start(project: &Project) -> Self {
        project.dockerfile("RUN echo asleep now && exec /bin/busybox sleep 600\n");
        project.commit("a long step");
        let mut command = project.program(&["release", "--yes"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("windlass");
        let mut progress = BufReader::new(child.stderr.take().expect("stderr is piped"));
        let mut line = String::new();
        while !line.trim_end().ends_with("asleep now") || line.contains("RUN") {
            line.clear();
            assert!(progress.read_line(&mut line).expect("progress") > 0, "it ended before it slept");
        }
        std::thread::spawn(move || progress.read_to_end(&mut Vec::new()));
        Self { child }
    }

    fn cancel(mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), Signal::INT).expect("it runs");
        self.child.wait().expect("it ends").code()
    }
}

#[test]
fn of_two_releases_at_once_the_second_is_refused_and_others_may_look() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let first = Sleeping::start(&project);
    let running = project.releases().swap_remove(0);
    assert_eq!(running["state"], "running", "{running}");
    let id = running["id"].as_str().expect("an id");
    let names = |ran: Ran| {
        let error = ran.exits(1).error();
        let told = format!("{} {}", error["what"], error["why"]);
        assert!(told.contains(id), "which one is running: {error}");
    };
    names(project.windlass(&["release", "--yes", "--json"]));
    names(project.windlass(&["rerun", id, "--yes", "--json"]));
    names(project.windlass(&["rerun", "@", "--from", "push", "--yes", "--json"]));
    assert_eq!(project.releases().len(), 1, "what could not begin is no release");
    // Other processes of the same user read what the running one writes.
    assert!(project.windlass(&["log", "@"]).exits(0).stdout.lines().count() < 100);
    project.windlass(&["tags", "--fresh"]).exits(0);

    // Another repository of the same user, in the same home, is not held up.
    let other = Project::new(&registry);
    let in_this_home = |arguments: &[&str], stdin: &str| {
        let mut command = other.program(arguments);
        let command = command.env("WINDLASS_HOME", project.home());
        told(command, stdin).exits(0)
    };
    let text = fs::read_to_string(other.path("windlass.toml")).expect("the file");
    other.write("windlass.toml", &text.replace(SECRET, "other"));
    other.commit("a secret of its own");
    in_this_home(&["secret", "set", "--username", USER, "--password-stdin"], PASSWORD);
    in_this_home(&["release", "--yes"], "");
    in_this_home(&["verify", "--strict"], "");

    assert_eq!(first.cancel(), Some(130));
    let ended = project.windlass(&["show", id, "--json"]).exits(0).json();
    assert_eq!(ended["state"], "cancelled");
    assert!(ended["failure"]["next"].as_str().expect("text").ends_with(&format!("windlass rerun {id}")), "{ended}");
}

/// Lets the folder or file `name` of the home lie on a disk of its own, with `kibibytes` of room left.
fn on_full_disk(project: &Project, name: &str, disk: &SmallDisk, kibibytes: usize, of: usize) {
    // Which makes everything that has its place in the home.
    project.windlass(&["releases"]).exits(0);
    let (place, target) = (project.home().join(name), disk.path().join(name));
    if place.is_dir() {
        fs::remove_dir_all(&place).expect("ours");
        fs::create_dir(&target).expect("a folder on the small disk");
    } else {
        let _ = fs::remove_file(&place);
        fs::write(&target, "").expect("a file on the small disk");
    }
    symlink(&target, &place).expect("a link");
    disk.fill(of - kibibytes);
}

/// A release that fails for want of room, which it says.
#[track_caller]
fn fails_full(project: &Project) -> Value {
    let error = project.windlass(&["release", "--yes", "--json"]).exits(1).stderr;
    let error: Value = serde_json::from_str(error.lines().last().expect("an error")).expect("JSON");
    assert!(error["next"].as_str().expect("text").contains("free space"), "{error}");
    error
}

/// Registries have no compare-and-swap: of two who find a frozen tag free, the later push wins, and the table says so.
#[test]
fn two_users_who_push_one_frozen_tag_at_once_hear_of_it() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.configure("[tags]\nfrozen = [\"v1\"]\n");
    project.commit("a frozen tag without a date");
    project.set_secret();
    let home = project.folder().join("another home");
    let other = |arguments: &[&str], stdin: &str| told(project.program(arguments).env("WINDLASS_HOME", &home), stdin);
    other(&["secret", "set", "--username", USER, "--password-stdin"], PASSWORD).exits(0);

    let place = format!("release:before:{}", event("frozen push intended"));
    let first = Stopped::at(project.program(&["release", "--yes"]), "", &place);
    project.commit("another image, by its labels");
    other(&["release", "--yes"], "").exits(0);
    other(&["verify", "--strict"], "").exits(0);
    first.go_on().exits(0);
    project.windlass(&["verify", "v1"]).exits(0);
    let lost = other(&["verify", "v1", "--json"], "").exits(1).json();
    assert_eq!(lost["rows"][0]["verdict"], "same-files-new-config", "{lost}");
}

#[test]
fn a_log_that_finds_no_room_stops_the_release_which_is_taken_up_when_there_is_some() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    // BuildKit drops what comes too fast.
    project.builder("classic");
    project.dockerfile("RUN i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done\n");
    project.commit("a long log");
    let disk = SmallDisk::new(1024);
    on_full_disk(&project, "logs", &disk, 128, 1024);
    assert_eq!(fails_full(&project)["what"], "the log cannot be written");
    let failed = project.releases().swap_remove(0);
    assert_eq!((&failed["state"], &failed["image_id"]), (&"failed".into(), &Value::Null));
    let kept = project.windlass(&["log", "@"]).exits(0).stdout;
    assert!(kept.contains("line 1\n"), "its beginning is kept");
    disk.free();
    taken_up(&project);
    assert!(project.windlass(&["log", "@"]).exits(0).stdout.contains("line 19999\n"));
}

#[test]
fn a_record_that_finds_no_room_is_written_when_there_is_some() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let disk = SmallDisk::new(64);
    on_full_disk(&project, "artifacts", &disk, 0, 64);
    assert_eq!(fails_full(&project)["what"], "the record was not written");
    assert_eq!(fs::read_dir(disk.path().join("artifacts")).expect("a folder").count(), 0, "nothing half written");
    assert_eq!(project.row("latest")["verdict"], "not-recorded");
    disk.free();
    let again = taken_up(&project);
    let states: Vec<&Value> = again["steps"].as_array().expect("steps").iter().map(|step| &step["state"]).collect();
    assert_eq!(states, ["reused", "reused", "reused", "reused", "succeeded", "succeeded"]);
}

#[test]
fn a_journal_that_finds_no_room_loses_nothing_wherever_that_happens() {
    let registry = Registry::with_login();
    let mut ends = BTreeSet::new();
    // Room for a part of what a release writes.
    for kibibytes in [64, 128, 160, 192, 224, 256, 320] {
        let project = ready(&registry);
        let disk = SmallDisk::new(2048);
        on_full_disk(&project, "journal.db", &disk, kibibytes, 2048);
        let ran = project.windlass(&["release", "--yes", "--json"]);
        disk.free();
        if ran.code == 0 {
            project.windlass(&["verify", "--strict"]).exits(0);
            continue;
        }
        let error: Value = serde_json::from_str(ran.stderr.lines().last().expect("an error")).expect("JSON");
        let what = error["what"].as_str().expect("text");
        // The last thing that is written is the trail's row.
        let trail = what.starts_with("the audit trail does not say how this ended: the journal cannot be");
        assert!(trail || what.starts_with("the journal cannot be"), "{error}");
        if let Some(release) = project.releases().first() {
            // Its last word may be short enough for what room is left.
            assert!(["interrupted", "failed"].contains(&release["state"].as_str().expect("a state")), "{release}");
            let next = error["next"].as_str().map(way);
            if trail {
                assert_eq!(next, Some(&*format!("show {}", release["id"].as_str().expect("an id"))));
            } else {
                assert_eq!(next, release["failure"]["next"].as_str().map(way));
            }
            let steps = release["steps"].as_array().expect("steps");
            ends.extend(steps.iter().find(|step| step["state"] != "succeeded").map(|step| step["name"].to_string()));
            taken_up(&project);
        } else {
            project.release();
            project.windlass(&["verify", "--strict"]).exits(0);
        }
    }
    assert!(ends.len() > 2, "it was to end early, in the middle, and late: {ends:?}");
}

#[test]
fn a_journal_of_a_newer_version_is_left_alone() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    project.release();
    let file = project.home().join("journal.db");
    let version = |to: Option<i64>| {
        let journal = Connection::open(&file).expect("the journal");
        match to {
            Some(to) => journal.pragma_update(None, "user_version", to).map(|()| to),
            None => journal.pragma_query_value(None, "user_version", |row| row.get(0)),
        }
        .expect("a version")
    };
    let ours = version(None);
    version(Some(999));
    let bytes = fs::read(&file).expect("the journal");
    for command in [["release", "--yes"].as_slice(), &["rerun", "@", "--yes"], &["releases"], &["tags"]] {
        let error = project.windlass(&[command, &["--json"]].concat()).exits(1).error();
        assert!(error["next"].as_str().expect("text").contains("newer windlass"), "{error}");
    }
    assert_eq!(fs::read(&file).expect("the journal"), bytes, "nothing was written to it");
    version(Some(ours));
    assert_eq!(project.releases().len(), 1);
    project.windlass(&["verify", "--strict"]).exits(0);
}

#[test]
fn a_journal_that_somebody_holds_for_a_while_is_waited_for() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    project.windlass(&["releases"]).exits(0);
    let holder = Connection::open(project.home().join("journal.db")).expect("the journal");
    holder.execute_batch("BEGIN IMMEDIATE").expect("nobody else writes");
    let mut command = project.program(&["release", "--yes", "--json"]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("windlass");
    // More often than its plan asks anything: it tries to write, and sleeps, and tries again.
    until(|| sleeps_of_the_journal(child.id()) > 20);
    holder.execute_batch("COMMIT").expect("what was begun");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    project.windlass(&["verify", "--strict"]).exits(0);
}

/// How often the thread that owns the journal has gone to sleep in this process.
fn sleeps_of_the_journal(process: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().filter_map(Result::ok);
    let read = |path: PathBuf| fs::read_to_string(path).unwrap_or_default();
    let journal = tasks.map(|task| task.path()).find(|task| read(task.join("comm")).trim() == "journal");
    let status = journal.map(|task| read(task.join("status"))).unwrap_or_default();
    let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}

/// A plan of this project, made at that time.
fn planned_at(project: &Project, number: u8, at: Timestamp) -> Plan {
    let tag = format!("master-{}", at.strftime("%Y-%m-%d-%H-%M-%S"));
    Plan {
        image: "app".to_owned(),
        repository: project.repository.parse().expect("a repository"),
        tags: vec![PlannedTag { tag: tag.parse().expect("a tag"), kind: TagKind::Frozen }],
        planned: at,
        ..plan(&id(number))
    }
}

#[test]
fn a_clock_that_was_set_back_neither_reuses_a_date_nor_reorders_anything() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let now = Timestamp::now();
    let in_the_journal = |work: &dyn Fn(&Journal)| {
        let journal = runtime.block_on(Journal::open(&project.home().join("journal.db"))).expect("the journal");
        work(&journal);
    };
    let first = project.release();
    in_the_journal(&|journal| {
        // Releases of an hour ahead, and of the very seconds that come now.
        for (number, ahead) in [3600, 0, 1, 2, 3].into_iter().enumerate() {
            let at = now + SignedDuration::from_secs(ahead);
            let plan = planned_at(&project, u8::try_from(number).expect("five"), at);
            runtime.block_on(journal.begin(&plan, vec![Event::Finished], at)).expect("a plan");
        }
        // The first release's record, as if its clock had been an hour ahead.
        let raw = Connection::open(project.home().join("journal.db")).expect("the journal");
        raw.execute("UPDATE records SET recorded_at = '2999-01-01T00:00:00.000000000Z'", ()).expect("a table");
    });
    project.commit("after the clock was set back");
    let second = project.release();
    let frozen = pushed(&second, "frozen");
    for number in 0..4 {
        let tag = format!("master-{}", (now + SignedDuration::from_secs(number)).strftime("%Y-%m-%d-%H-%M-%S"));
        assert_ne!(frozen, tag, "it was planned before");
    }
    let ids: Vec<Value> = project.releases().into_iter().map(|release| release["id"].clone()).collect();
    assert_eq!((&ids[0], ids.last()), (&second["id"], Some(&first["id"])), "in the order in which they came");
    assert_eq!(project.windlass(&["show", "@", "--json"]).exits(0).json(), second);
    let row = project.row("latest");
    assert_eq!((&row["verdict"], &row["record"]["release"]), (&"match".into(), &second["id"]), "{row}");
}

fn until(mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(30), "it never came to be so");
        std::thread::yield_now();
    }
}
