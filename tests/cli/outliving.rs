//! Releases that outlive whoever started them, and those who watch or cancel them from elsewhere.

use std::{
    fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    thread,
};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::{
    process::{Pid, Signal, Uid, kill_process},
    thread::set_thread_res_uid,
};
use serde_json::Value;

use crate::support::{
    processes::{runs, until, with_arguments},
    project::{Project, Ran, pushed, ran},
    registry::Registry,
};

/// Lines that [`talking`] prints, over a second or so.
const LINES: usize = 2000;

/// A project whose build prints numbered lines for a while.
fn talking(registry: &Registry) -> Project {
    let project = Project::new(registry);
    project.dockerfile(&format!(
        "RUN i=0; while [ $i -lt {LINES} ]; do echo line $i of many; i=$((i+1)); \
         [ $((i % 100)) != 0 ] || /bin/busybox sleep 0.05; done\n"
    ));
    project.commit("it talks");
    project.set_secret();
    project
}

/// A project whose build does not end by itself.
struct Sleeping {
    project: Project,
    /// The arguments of its process.
    process: String,
}

impl Sleeping {
    fn new(registry: &Registry) -> Self {
        let project = Project::new(registry);
        let seconds = project.own_seconds();
        project.dockerfile(&format!("RUN echo asleep now && exec /bin/busybox sleep {seconds}\n"));
        project.commit("a long step");
        project.set_secret();
        Self { project, process: format!("sleep\0{seconds}") }
    }

    fn sleeps(&self) -> bool {
        runs(&self.process)
    }

    #[track_caller]
    fn until_it_sleeps(&self) {
        until("the step sleeps", || self.sleeps());
    }

    /// As the engine must be soon after the release.
    #[track_caller]
    fn until_it_is_gone(&self) {
        until("the engine ended the step", || !self.sleeps());
    }
}

impl Drop for Sleeping {
    /// A test that fails leaves nothing running.
    fn drop(&mut self) {
        self.project.windlass(&["cancel", "@"]);
    }
}

/// Starts a release that nobody holds on to. Gives its id.
#[track_caller]
fn detached(project: &Project) -> String {
    let document = project.windlass(&["release", "--yes", "--detach", "--json"]).exits(0).json();
    assert_eq!(document["schema"], "windlass.detached/1");
    document["release"].as_str().expect("an id").to_owned()
}

fn watching(project: &Project, arguments: &[&str]) -> Child {
    project.program(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("windlass")
}

fn ended(child: Child) -> Ran {
    Ran::of(child.wait_with_output().expect("it ends"))
}

fn socket(home: &Path, id: &str) -> PathBuf {
    home.join("run").join(format!("{id}.sock"))
}

/// The numbered lines in a text, which must be all of them, each once and in order.
#[track_caller]
fn all_lines(text: &str) {
    let numbers: Vec<usize> = text
        .lines()
        .filter(|line| line.ends_with("of many"))
        .filter_map(|line| line.split_whitespace().rev().nth(2)?.parse().ok())
        .collect();
    assert!(numbers.iter().copied().eq(0..LINES), "{} lines: {numbers:?}", numbers.len());
}

#[test]
fn everybody_who_watches_sees_all_of_it() {
    let registry = Registry::with_login();
    let project = talking(&registry);
    let id = detached(&project);
    // One that never reads is nobody's burden.
    let mut deaf = UnixStream::connect(socket(&project.home(), &id)).expect("it is watched");
    deaf.write_all(b"{\"from\":0}\n").expect("it is heard");
    let people = watching(&project, &["show", &id, "--watch"]);
    let program = watching(&project, &["show", "@", "--watch", "--json"]);
    let log = watching(&project, &["log", &id, "--follow"]);
    let some = watching(&project, &["log", &id, "-f", "--grep", "line 1?7 of"]);

    let people = ended(people).exits(0);
    all_lines(&people.stderr);
    let marks = ["release ", "line 0 of", "✓ build", "✓ push", "✓ record", "✓ verify"];
    let told: Vec<usize> = marks.into_iter().filter_map(|mark| people.stderr.find(mark)).collect();
    assert!(told.len() == marks.len() && told.is_sorted(), "in the order in which it happened: {}", people.stderr);
    assert!(people.stdout.contains("match"), "the end is told: {}", people.stdout);
    let program = ended(program).exits(0);
    assert_eq!(program.stderr, "");
    let events: Vec<Value> = program.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(events.iter().enumerate().all(|(i, event)| event["seq"] == i + 1), "{events:?}");
    assert!(events.iter().all(|event| event["schema"] == "windlass.event/1" && event["at"].is_string()), "{events:?}");
    let kinds = [&events[0]["event"], &events[events.len() - 1]["event"]];
    assert_eq!(kinds, ["planned", "finished"]);
    let log = ended(log).exits(0).stdout;
    all_lines(&log);
    assert_eq!(log, project.windlass(&["log", &id]).exits(0).stdout, "as it is printed afterwards");
    assert_eq!(ended(some).exits(0).stdout.lines().filter(|line| line.ends_with("of many")).count(), 2);
    // Late ones see the same.
    assert_eq!(project.windlass(&["show", &id, "--watch", "--json"]).exits(0).stdout, program.stdout);
    all_lines(&project.windlass(&["log", &id, "-f"]).exits(0).stdout);

    let release = project.windlass(&["show", &id, "--json"]).exits(0).json();
    assert_eq!(release["state"], "succeeded");
    assert_eq!(project.row(pushed(&release, "moving"))["verdict"], "match");
    assert!(!socket(&project.home(), &id).exists(), "its socket is gone with it");
}

#[test]
fn a_detached_release_has_let_go_of_everything() {
    let registry = Registry::with_login();
    let sleeping = Sleeping::new(&registry);
    let project = &sleeping.project;
    let id = detached(project);
    sleeping.until_it_sleeps();
    let home = project.home();
    let processes = with_arguments("--detached").into_iter().map(|pid| PathBuf::from(format!("/proc/{pid}")));
    let ours: Vec<PathBuf> = processes
        .filter(|process| fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == project.checkout()))
        .collect();
    let [process] = &ours[..] else { panic!("one process: {ours:?}") };
    let pid = process.file_name().and_then(|name| name.to_str()).expect("a number").to_owned();
    let stat = fs::read_to_string(process.join("stat")).expect("it runs");
    let after_name: Vec<&str> = stat.rsplit(')').next().expect("a name").split_whitespace().collect();
    assert_eq!(after_name[3], pid, "a session of its own: {stat}");
    assert_eq!(after_name[4], "0", "no terminal: {stat}");
    for stdio in ["fd/0", "fd/1", "fd/2"] {
        assert_eq!(fs::read_link(process.join(stdio)).expect("open"), Path::new("/dev/null"));
    }

    let refused = project.windlass(&["release", "--yes", "--detach", "--json"]).exits(1);
    assert_eq!(refused.stdout, "", "no release began");
    let error = refused.error();
    assert!(error["what"].as_str().expect("text").contains("another release"), "{error}");
    for hint in [format!("windlass show {id} --watch"), format!("windlass cancel {id}")] {
        assert!(error["next"].as_str().expect("text").contains(&hint), "{error}");
    }
    let people = project.windlass(&["release", "--yes", "--detach"]).exits(1).stderr;
    assert!(people.contains("error: another release") && people.contains(" next: watch it"), "{people}");

    let file = socket(&home, &id);
    assert_eq!(fs::metadata(&file).expect("the socket").permissions().mode() & 0o7777, 0o600);
    for command in [&["cancel", "@"][..], &["release", "--yes", "--detach"]] {
        project.windlass(&[command, &["--read-only"]].concat()).exits(3);
    }
    assert!(sleeping.sleeps(), "nothing of this has touched it");
    project.windlass(&["cancel", &id]).exits(0);
}

#[test]
fn a_release_is_cancelled_from_elsewhere() {
    let registry = Registry::with_login();
    let sleeping = Sleeping::new(&registry);
    let project = &sleeping.project;
    let id = detached(project);
    let watcher = watching(project, &["show", &id, "--watch"]);
    sleeping.until_it_sleeps();
    let cancelled = project.windlass(&["cancel", "@", "--json"]).exits(0).json();
    sleeping.until_it_is_gone();
    assert_eq!(cancelled["state"], "cancelled");
    assert_eq!(cancelled, project.windlass(&["show", &id, "--json"]).exits(0).json());
    let seen = ended(watcher).exits(130).stderr;
    assert!(seen.contains("asleep now") && seen.contains("cancelled"), "{seen}");
    let error = project.windlass(&["cancel", &id, "--json"]).exits(1).error();
    assert!(error["why"].as_str().expect("text").contains("ended already"), "{error}");
    assert_eq!(project.releases()[0]["pushes"], serde_json::json!([]));
}

#[test]
fn a_release_in_the_foreground_is_watched_and_cancelled_too() {
    let registry = Registry::with_login();
    let sleeping = Sleeping::new(&registry);
    let project = &sleeping.project;
    let foreground = watching(project, &["release", "--yes"]);
    sleeping.until_it_sleeps();
    let told = project.windlass(&["cancel", "@"]).exits(0).stdout;
    assert!(told.contains("is cancelled") && told.contains("nothing of it was pushed"), "{told}");
    assert_eq!(ended(foreground).code, 130);
}

#[test]
fn a_killed_release_is_interrupted() {
    let registry = Registry::with_login();
    let sleeping = Sleeping::new(&registry);
    let project = &sleeping.project;
    let mut release = watching(project, &["release", "--yes"]);
    sleeping.until_it_sleeps();
    let id = project.releases()[0]["id"].as_str().expect("an id").to_owned();
    let watcher = watching(project, &["show", &id, "--watch", "--json"]);
    let reader = watching(project, &["log", &id, "-f"]);
    release.kill().expect("it runs");
    release.wait().expect("it ended");
    assert_eq!(ended(watcher).exits(1).error()["kind"], "failed");
    assert!(ended(reader).exits(0).stdout.contains("asleep now"));
    sleeping.until_it_is_gone();

    let shown = project.windlass(&["show", "@", "--json"]).exits(0).json();
    assert_eq!(shown["state"], "interrupted");
    assert_eq!(shown["steps"][2]["state"], "interrupted");
    let people = project.windlass(&["show", "@"]).exits(0).stdout;
    assert!(people.contains("ended without a last word") && people.contains("windlass rerun"), "{people}");
    assert!(project.windlass(&["releases"]).exits(0).stdout.contains("interrupted in its build step"));
    let error = project.windlass(&["cancel", "@", "--json"]).exits(1).error();
    assert!(error["why"].as_str().expect("text").contains("interrupted"), "{error}");

    assert!(socket(&project.home(), &id).exists(), "it could not remove its socket");
    project.dockerfile("");
    project.commit("no long step");
    project.release();
    assert!(!socket(&project.home(), &id).exists(), "the next release did");
}

#[test]
fn a_terminal_that_hangs_up_does_not_end_its_release() {
    let registry = Registry::with_login();
    let project = talking(&registry);
    let pty = native_pty_system().openpty(PtySize::default()).expect("a terminal");
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_windlass"));
    command.args(["release", "--yes"]);
    command.cwd(project.checkout());
    command.env_clear();
    for (key, value) in project.program(&[]).get_envs() {
        command.env(key, value.expect("only set"));
    }
    let mut release = pty.slave.spawn_command(command).expect("windlass");
    drop(pty.slave);
    let mut screen = pty.master.try_clone_reader().expect("its screen");
    let mut seen = String::new();
    while !seen.contains("line 7 of") {
        let mut part = [0; 1024];
        let count = screen.read(&mut part).expect("it is still there");
        assert!(count > 0, "it ended: {seen}");
        seen.push_str(&String::from_utf8_lossy(&part[..count]));
    }
    drop((screen, pty.master));
    assert!(release.wait().expect("it ends").success());
    let shown = project.windlass(&["show", "@", "--json"]).exits(0).json();
    assert_eq!(shown["state"], "succeeded");
    all_lines(&project.windlass(&["log", "@"]).exits(0).stdout);
}

#[test]
fn without_its_socket_a_release_is_watched_all_the_same() {
    let registry = Registry::with_login();
    let project = talking(&registry);
    let id = detached(&project);
    let before = watching(&project, &["show", &id, "--watch"]);
    fs::remove_file(socket(&project.home(), &id)).expect("it is there");
    let after = watching(&project, &["log", &id, "-f"]);
    all_lines(&ended(before).exits(0).stderr);
    all_lines(&ended(after).exits(0).stdout);
}

#[test]
fn ctrl_c_ends_the_watching_alone() {
    let registry = Registry::with_login();
    let sleeping = Sleeping::new(&registry);
    let project = &sleeping.project;
    let id = detached(project);
    let mut watcher = watching(project, &["show", &id, "--watch"]);
    let mut screen = watcher.stderr.take().expect("piped");
    let mut seen = String::new();
    while !seen.contains("asleep now\n") {
        let mut part = [0; 1024];
        let count = screen.read(&mut part).expect("it watches");
        assert!(count > 0, "it ended: {seen}");
        seen.push_str(&String::from_utf8_lossy(&part[..count]));
    }
    kill_process(Pid::from_child(&watcher), Signal::INT).expect("it watches");
    let mut rest = String::new();
    screen.read_to_string(&mut rest).expect("its last words");
    assert_eq!(watcher.wait().expect("it ends").code(), Some(130));
    assert!(rest.contains("goes on") && rest.contains(&format!("windlass cancel {id}")), "{rest}");
    assert!(sleeping.sleeps());
    assert_eq!(project.windlass(&["show", &id, "--json"]).exits(0).json()["state"], "running");
    project.windlass(&["cancel", &id]).exits(0);
}

#[test]
fn a_home_deeper_than_a_sockets_path_may_be() {
    let registry = Registry::with_login();
    let sleeping = Sleeping::new(&registry);
    let project = &sleeping.project;
    let home = project.home().join("d".repeat(200));
    fs::create_dir(&home).expect("a folder");
    for file in ["vault.age", "identity.txt"] {
        fs::rename(project.home().join(file), home.join(file)).expect("it is there");
    }
    let windlass = |arguments: &[&str]| ran(project.program(arguments).env("WINDLASS_HOME", &home));
    let id = windlass(&["release", "--yes", "--detach", "--json"]).exits(0).json()["release"].clone();
    sleeping.until_it_sleeps();
    assert!(socket(&home, id.as_str().expect("an id")).exists());
    windlass(&["cancel", "@"]).exits(0);
    sleeping.until_it_is_gone();
}

/// What this user hears who opens the socket and asks for all events: one line, or nothing.
fn heard(socket: &Path, user: Uid) -> io::Result<String> {
    let ask = || {
        set_thread_res_uid(user, user, user)?;
        let mut stream = UnixStream::connect(socket)?;
        stream.write_all(b"{\"from\":0}\n")?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line)?;
        Ok(line)
    };
    // The user is the thread's alone, and ends with it.
    thread::scope(|scope| scope.spawn(ask).join().expect("it does not panic"))
}

#[test]
fn nobody_else_is_let_in() {
    let registry = Registry::with_login();
    let sleeping = Sleeping::new(&registry);
    let project = &sleeping.project;
    let id = detached(project);
    sleeping.until_it_sleeps();
    let socket = socket(&project.home(), &id);
    let nobody = Uid::from_raw(65534);
    assert_eq!(heard(&socket, nobody).expect_err("closed").kind(), io::ErrorKind::PermissionDenied);
    // Every door opened by hand: then it is the release itself that asks who comes.
    let folders = socket.ancestors().skip(1).take_while(|folder| folder.starts_with(project.folder()));
    for folder in folders.chain([socket.as_path()]) {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).expect("it is ours");
    }
    // Dropped at once, perhaps before all of it was said.
    let theirs = heard(&socket, nobody).or_else(|error| match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Ok(String::new()),
        _ => Err(error),
    });
    assert_eq!(theirs.expect("a connection"), "");
    let ours = heard(&socket, Uid::ROOT).expect("a connection");
    assert!(ours.starts_with("{\"log\":{\"bytes\":"), "{ours}");
    project.windlass(&["cancel", &id]).exits(0);
}
