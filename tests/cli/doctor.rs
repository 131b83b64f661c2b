//! `windlass doctor`: what each check says of a machine on which all is well, and of each thing that can be wrong.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use jiff::{Timestamp, ToSpan as _, fmt::rfc2822::DateTimePrinter};
use serde_json::{Value, json};
use windlass::{
    domain::{finding::CheckId, name::ReleaseId, permission::MayWrite},
    journal::Journal,
    secrets::{NewIdentity, Passphrase, Unanswered, Vault, VaultPaths},
};

use crate::support::{
    disk::SmallDisk,
    fake_engine,
    fake_registry::{Answer, FakeRegistry, Shelf},
    plan::{id, planned},
    project::{Project, SECRET, ran},
    registry::{PASSWORD, Registry, USER},
    said::{Said, said},
    terminal::Terminal,
};

/// A project with its secret.
fn ready(registry: &Registry) -> Project {
    let project = Project::new(registry);
    project.set_secret();
    project
}

/// Every file below a folder with its bytes and mode, but for the journal's: SQLite tidies what is there.
fn everything(folder: &Path) -> Vec<(PathBuf, u32, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.to_string_lossy().contains("journal.db") {
            continue;
        }
        let mode = fs::symlink_metadata(&path).expect("it is there").permissions().mode();
        if path.is_dir() {
            found.extend(everything(&path));
        }
        found.push((path.clone(), mode, fs::read(&path).unwrap_or_default()));
    }
    found.sort();
    found
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
}

#[test]
fn where_all_is_well_nothing_fails_and_nothing_changes() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    project.release();
    let before = everything(&project.home());
    let ran = project.windlass(&["doctor", "--json"]).exits(0);
    assert!(everything(&project.home()) == before, "something was changed");
    assert!(ran.stderr.is_empty(), "{}", ran.stderr);
    let document = ran.json();
    let ids: Vec<&str> =
        document["checks"].as_array().expect("a list").iter().map(|c| c["id"].as_str().unwrap()).collect();
    assert_eq!(ids, CheckId::concerning(false).map(CheckId::name).collect::<Vec<_>>());
    for check in document["checks"].as_array().expect("a list") {
        for key in ["id", "title", "image", "outcome", "evidence", "fix", "owner"] {
            assert!(check.get(key).is_some(), "no {key}: {check}");
        }
    }
    for (check, evidence) in [
        ("config", project.repository.as_str()),
        ("git", "of master, clean, on its branch at origin"),
        ("engine", "Docker "),
        ("registry", "plain HTTP, which stays on this machine"),
        ("vault", "holds 1 secret"),
        ("journal", "releases 1"),
        ("secret", "set today by ada@"),
        ("login", "refuses a wrong password"),
        ("push", "an upload was begun and called off"),
        ("clock", "the engine agrees with this machine"),
        ("leftovers", "no release is running"),
    ] {
        Said::of(&ran, check).is("pass", evidence);
    }
    Said::of(&ran, "registry").is("pass", &format!("{} is there", project.repository));

    let people = project.windlass(&["doctor"]).exits(0).stdout;
    for check in CheckId::concerning(false) {
        assert!(
            people.lines().any(|line| line.split_whitespace().any(|word| word == check.name())),
            "{check}: {people}"
        );
    }
    assert!(people.lines().last().expect("a line").contains(" pass"), "{people}");
    assert!(!people.contains(PASSWORD));
}

#[test]
fn where_nothing_is_set_up_it_says_where_to_begin() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    fs::remove_file(project.path("windlass.toml")).expect("it was there");
    let ran = project.windlass(&["doctor", "--json"]).exits(1);
    Said::of(&ran, "config").is("fail", "there is no windlass.toml").fixed_by("windlass init");
    for check in ["git", "registry", "secret", "login", "push"] {
        Said::of(&ran, check).is("cannot-tell", "needs config").fixed_by("windlass doctor config");
    }
    Said::of(&ran, "engine").is("pass", "Docker ");
    Said::of(&ran, "vault").is("pass", "there is no vault");
    Said::of(&ran, "journal").is("pass", "there is no journal");
    assert!(!project.home().exists(), "nothing is made");
    let people = project.windlass(&["doctor"]).exits(1).stdout;
    assert!(people.contains("fail") && people.contains("windlass init") && people.contains("(you)"), "{people}");
}

#[test]
fn a_configuration_with_mistakes() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    project.configure("\n[tags]\nmovnig = []\n");
    said(&project, "config", 1).is("fail", "unknown key `movnig`");
    project.configure("");
    fs::remove_file(project.path("Dockerfile")).expect("it was there");
    said(&project, "config", 1).is("fail", "there is no ").fixed_by("`dockerfile`");
}

#[test]
fn commits_that_would_be_refused() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    project.write("left-over", "x");
    said(&project, "git", 1).is("fail", "left-over").fixed_by("commit, stash");
    project.configure("\n[policy]\nclean = false\n");
    said(&project, "git", 0).is("warn", "with uncommitted changes");
    project.configure("");
    project.commit("clean again");
    project.git(&["checkout", "--quiet", "--detach"]);
    said(&project, "git", 0).is("pass", "HEAD is detached");
    project.git(&["checkout", "--quiet", "master"]);
    project.commit_unpushed("nobody has seen this");
    said(&project, "git", 1).is("fail", "is not on the branch master");
    fs::rename(project.remote(), project.remote().with_extension("away")).expect("a folder");
    said(&project, "git", 4).is("cannot-tell", "the remote does not answer").fixed_by("git fetch");
    project.git(&["remote", "remove", "origin"]);
    said(&project, "git", 0).is("warn", "there is no remote");
    fs::rename(project.path(".git"), project.path("git-away")).expect("a folder");
    said(&project, "git", 1).is("fail", "is in no git repository");
}

#[test]
fn engines_that_are_not_as_they_should_be() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    let with = |host: &str, check: &str, code: i32| {
        let ran = ran(project.program(&["doctor", check, "--json"]).env("DOCKER_HOST", host)).exits(code);
        Said::of(&ran, check)
    };
    with("unix:///nonexistent/docker.sock", "engine", 1).is("fail", "named by DOCKER_HOST").fixed_by("start it");
    with("unix:///nonexistent/docker.sock", "disk", 4).is("cannot-tell", "needs engine");
    with("unix:///nonexistent/docker.sock", "clock", 4).is("cannot-tell", "needs engine");
    with("nowhere://", "engine", 1).is("fail", "names no engine");
    let gone =
        ran(project.program(&["doctor", "engine", "--json"]).env_remove("DOCKER_HOST").env("DOCKER_CONTEXT", "gone"));
    Said::of(&gone.exits(1), "engine").is("fail", "named by the docker context gone").fixed_by("docker context ls");

    // It has neither BuildKit nor a disk in sight nor a clock.
    let podman = r#"{"Version":"4.3.1","ApiVersion":"1.41","Os":"linux","Arch":"amd64","Components":[{"Name":"Podman Engine"}]}"#;
    let (_folder, socket) = fake_engine::engine_of(podman, |mut asked| asked.answer("404 Not Found", "{}"));
    let host = format!("unix://{}", socket.display());
    with(&host, "engine", 0).is("pass", "the classic builder for linux/amd64");
    with(&host, "disk", 0).is("cannot-tell", "not in sight");
    with(&host, "clock", 0).is("cannot-tell", "does not tell its time");
    project.write(
        "windlass.toml",
        &fs::read_to_string(project.path("windlass.toml"))
            .unwrap()
            .replace("name = \"app\"", "name = \"app\"\nbuilder = \"buildkit\""),
    );
    with(&host, "engine", 1).is("fail", "app asks for BuildKit").fixed_by("auto");
}

#[test]
fn a_disk_that_is_nearly_full() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    let disk = SmallDisk::new(1024);
    let ran =
        ran(project.program(&["doctor", "disk", "--json"]).env("WINDLASS_HOME", disk.path().join("home"))).exits(1);
    let said = Said::of(&ran, "disk");
    said.is("fail", &format!("free at {}", disk.path().display())).fixed_by("WINDLASS_HOME");
    assert_eq!(said.owner, "this machine's admin");
}

#[test]
fn a_login_that_is_refused_is_told_once() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    project.set_password("not the right password");
    let ran = project.windlass(&["doctor", "--json"]).exits(1);
    let login = Said::of(&ran, "login");
    login.is("fail", &format!("does not accept the login of {USER}: 401")).fixed_by("windlass secret set");
    assert_eq!(login.evidence.matches("does not accept").count(), 1, "{}", login.evidence);
    Said::of(&ran, "push").is("cannot-tell", "needs login");
    for check in ["registry", "vault", "secret"] {
        Said::of(&ran, check).is("pass", "");
    }
    said(&project, "push", 4).is("cannot-tell", "needs login").fixed_by("windlass doctor login");
}

#[test]
fn a_registry_that_is_gone() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    drop(registry);
    let ran = project.windlass(&["doctor", "--json"]).exits(1);
    Said::of(&ran, "registry").is("fail", "cannot be reached");
    for check in ["login", "push", "clock"] {
        Said::of(&ran, check).is("cannot-tell", "needs registry");
    }
    said(&project, "login", 4);
}

/// A project of a registry that answers as a test says.
fn against(registry: &FakeRegistry) -> Project {
    let real = Registry::open();
    let mut project = Project::new(&real);
    project.repository = registry.repository("team/app");
    project.configure("");
    project.commit("another registry");
    project.set_secret();
    project
}

fn dated(seconds: i64) -> String {
    let then = Timestamp::now() + seconds.seconds();
    DateTimePrinter::new().timestamp_to_rfc9110_string(&then).expect("a date")
}

#[test]
fn a_registry_whose_clock_is_wrong() {
    for (seconds, outcome, code, evidence) in [
        (0, "pass", 0, "agrees"),
        (40, "warn", 0, "s ahead"),
        (-40, "warn", 0, "s behind"),
        (3600, "fail", 1, "s ahead"),
    ] {
        let registry =
            FakeRegistry::answering(move |request| Shelf::default().answer(request).header("Date", &dated(seconds)));
        let project = against(&registry);
        let said = said(&project, "clock", code);
        said.is(outcome, evidence);
        assert!(outcome == "pass" || said.owner == "this machine's admin");
    }
}

#[test]
fn registries_that_limit_refuse_and_take_anything() {
    let mut shelf = Shelf::default();
    let digest = shelf.image("one");
    shelf.tag("latest", &digest);
    let limited = FakeRegistry::answering(move |request| {
        let answer = shelf.answer(request);
        match (request.method.as_str(), request.has_login(USER, PASSWORD)) {
            ("HEAD", true) => {
                answer.header("RateLimit-Limit", "100;w=21600").header("RateLimit-Remaining", "3;w=21600")
            }
            ("POST", true) => Answer::refusal(403, "DENIED", "read-only account"),
            (_, true) => answer,
            _ => Answer::login_asked(),
        }
    });
    let project = against(&limited);
    said(&project, "registry", 0).is("warn", "3 of 100 requests are left");
    let denied = said(&project, "push", 1);
    denied.is("fail", "read-only account").fixed_by(&format!("give {USER} the right to push"));
    assert_eq!(denied.owner, "the registry's admin");

    let gullible = FakeRegistry::answering(|request| match request.header("authorization") {
        Some(_) => Shelf::default().answer(request),
        None => Answer::login_asked(),
    });
    said(&against(&gullible), "login", 1).is("fail", "accepts a wrong password");
}

#[test]
fn read_only_begins_no_upload() {
    let registry = FakeRegistry::answering(|request| Shelf::default().answer(request));
    let project = against(&registry);
    let ran = project.windlass(&["doctor", "--json", "--read-only"]).exits(0);
    Said::of(&ran, "push").is("cannot-tell", "read-only").fixed_by("without read-only");
    Said::of(&ran, "login").is("pass", "asks for no login");
    assert_eq!(registry.count("POST", ""), 0);
    said(&project, "push", 0).is("pass", "may push");
    assert_eq!(registry.count("POST", "/blobs/uploads/"), 1);
}

#[test]
fn secrets_that_cannot_be_used() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    said(&project, "secret", 1).is("fail", SECRET).fixed_by("windlass secret set");
    said(&project, "login", 4).is("cannot-tell", "needs secret");
    project.set_secret();
    let paths = VaultPaths { vault: project.home().join("vault.age"), identity: project.home().join("identity.txt") };
    let nobody = Passphrase::asked(|_| Err(Unanswered::NoTerminal));
    let set = |document: Value, repository: &str, at: Timestamp| {
        let mut vault = Vault::open(paths.clone(), &nobody).unwrap();
        let document = serde_json::from_value(document).unwrap();
        let permit = MayWrite::unless(false).unwrap();
        let bindings = [repository.parse().unwrap()].into();
        vault.set(SECRET.parse().unwrap(), document, bindings, at, "ada@host".into(), permit).unwrap();
    };
    let (now, login) = (Timestamp::now(), json!({"username": USER, "password": PASSWORD}));
    set(login.clone(), "docker.io/somebody/else", now);
    said(&project, "secret", 1).is("fail", "docker.io/somebody/else alone");
    set(json!({"user": USER, "password": PASSWORD}), &project.repository, now);
    said(&project, "secret", 1).is("fail", "no `/username`").fixed_by("recipe");
    set(json!({"username": USER, "password": "short"}), &project.repository, now);
    said(&project, "secret", 1).is("fail", "5 characters");
    set(login, &project.repository, now - (24 * 400).hours());
    said(&project, "secret", 0).is("warn", "set 400 days ago by ada@host");
}

#[test]
fn a_vault_that_others_can_open() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let home = project.home();
    chmod(&home, 0o755);
    chmod(&home.join("vault.age"), 0o644);
    let open = said(&project, "vault", 0);
    open.is("warn", "mode 755").is("warn", "vault.age (mode 644)");
    open.fixed_by(&format!("chmod 700 {}", home.display())).fixed_by("chmod 600");
    chmod(&home, 0o700);
    chmod(&home.join("vault.age"), 0o600);
    said(&project, "vault", 0).is("pass", "1 secret");
    chmod(&home.join("identity.txt"), 0o644);
    let ran = project.windlass(&["doctor", "--json"]).exits(1);
    Said::of(&ran, "vault").is("fail", "identity.txt (mode 644)").fixed_by("chmod 600");
    for check in ["secret", "login", "push"] {
        Said::of(&ran, check).is("cannot-tell", "needs vault");
    }
}

#[test]
fn a_vault_whose_passphrase_nobody_types() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    let paths = VaultPaths { vault: project.home().join("vault.age"), identity: project.home().join("identity.txt") };
    let mut vault = Vault::open(paths, &Passphrase::given("correct horse battery".into())).unwrap();
    vault.keep_key(NewIdentity::under("correct horse battery".into()).unwrap());
    let document = serde_json::from_value(json!({"username": USER, "password": PASSWORD})).unwrap();
    let bindings = [project.repository.parse().unwrap()].into();
    let permit = MayWrite::unless(false).unwrap();
    vault.set(SECRET.parse().unwrap(), document, bindings, Timestamp::now(), "ada@host".into(), permit).unwrap();

    let doctor = |arguments: &[&str]| {
        // In a session of its own it has no terminal to ask at, wherever the tests run.
        let program = project.program(&[&["doctor", "--json"], arguments].concat());
        let mut alone = std::process::Command::new("setsid");
        alone.arg("--wait").arg(program.get_program()).args(program.get_args()).env_clear();
        alone.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir(project.checkout());
        ran(alone.stdin(std::process::Stdio::null()))
    };
    let locked = doctor(&[]).exits(4);
    Said::of(&locked, "vault").is("cannot-tell", "the vault needs its passphrase").fixed_by("terminal");
    Said::of(&locked, "login").is("cannot-tell", "needs vault");
    Said::of(&doctor(&["engine"]).exits(0), "engine").is("pass", "Docker ");

    let mut terminal = Terminal::start(&project.program(&["doctor", "login"]));
    terminal.sees("assphrase").types("correct horse battery");
    terminal.ends().exits(0);
}

#[tokio::test]
async fn journals_that_cannot_be_used() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    let file = project.home().join("journal.db");
    let journal = Journal::open(&file).await.unwrap();
    journal.append(&id(1), &planned(&id(1)), Timestamp::now()).await.unwrap();
    said(&project, "journal", 0).is("pass", "releases 1");
    drop(journal);
    chmod(&file, 0o644);
    said(&project, "journal", 0).is("warn", "mode 644").fixed_by("chmod 600");
    fs::write(&file, "no database").unwrap();
    said(&project, "journal", 1).is("fail", "is not a journal of windlass");
}

#[test]
fn what_a_dead_release_left() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    let left = project.home().join("run/worktree-Xy12");
    fs::create_dir_all(&left).unwrap();
    project.git(&["worktree", "add", "--quiet", "--detach", &left.join("files").display().to_string()]);
    let dead = ReleaseId::from_random([3; 10]);
    fs::write(project.home().join("run").join(format!("{dead}.sock")), "").unwrap();
    let said_now = said(&project, "leftovers", 0);
    said_now.is("warn", "worktree-Xy12").is("warn", &format!("the socket of {dead}"));
    // The advice is right: doing what it says leaves nothing.
    let advice = said_now.fix.lines().map(|line| line.split(" (").next().unwrap_or(line));
    let advice = advice.collect::<Vec<_>>().join("\n");
    let done = std::process::Command::new("sh").args(["-ec", &advice]).output().unwrap();
    assert!(done.status.success(), "{advice}: {done:?}");
    said(&project, "leftovers", 0).is("pass", "no release is running");
    assert_eq!(project.git(&["worktree", "list"]).lines().count(), 1);
}

#[test]
fn each_image_is_looked_at() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let other = format!("{}-web", project.repository);
    project.configure("\n[secrets.web]\nname = \"web\"\nrecipe = { username = \"/u\", password = \"/p\" }\n\n[[image]]\nname = \"web\"\n");
    let text = fs::read_to_string(project.path("windlass.toml")).unwrap();
    project.write("windlass.toml", &format!("{text}repository = \"{other}\"\nsecret = \"web\"\n"));
    let document = project.windlass(&["doctor", "secret", "--json"]).exits(1).json();
    let rows: Vec<_> = document["checks"].as_array().unwrap().iter().map(|c| (&c["image"], &c["outcome"])).collect();
    assert_eq!(rows, [(&json!("app"), &json!("pass")), (&json!("web"), &json!("fail"))]);
    let people = project.windlass(&["doctor", "secret"]).exits(1).stdout;
    assert!(people.contains("of app") && people.contains("of web"), "{people}");
    project.windlass(&["doctor", "secret", "--image", "app"]).exits(0);
    let error = project.windlass(&["doctor", "--image", "wbe", "--json"]).exits(2).error();
    assert!(error["next"].as_str().unwrap().contains("did you mean web?"), "{error}");
    let refused = project.windlass(&["doctor", "engin"]).exits(2);
    assert!(refused.stderr.contains("engine"), "{}", refused.stderr);
}

/// Whatever fails names a check, and that check fails too: or it cannot tell, because of one that does.
#[test]
fn failures_name_the_check_that_explains_them() {
    let registry = Registry::with_login();
    let project = ready(&registry);
    let explained = |project: &Project, arguments: &[&str], docker: Option<&str>, check: &str| {
        let run = |arguments: &[&str]| {
            let mut program = project.program(arguments);
            if let Some(host) = docker {
                program.env("DOCKER_HOST", host);
            }
            ran(&mut program)
        };
        let failed = run(&[arguments, &["--json"]].concat());
        assert_ne!(failed.code, 0, "{failed:?}");
        let error = failed.error();
        assert_eq!(error["check"], check, "{error}");
        let people = run(arguments);
        assert!(people.stderr.contains(&format!("(windlass doctor {check})")), "{}", people.stderr);
        Said::of(&run(&["doctor", check, "--json"]).exits(1), check).is("fail", "");
    };
    explained(&project, &["release", "--yes"], Some("unix:///nonexistent/docker.sock"), "engine");
    project.write("left-over", "x");
    explained(&project, &["release", "--yes"], None, "git");
    fs::remove_file(project.path("left-over")).unwrap();
    project.set_password("not the right password");
    explained(&project, &["secret", "check"], None, "login");
    explained(&project, &["tags"], None, "login");
    project.windlass(&["secret", "remove", SECRET, "--confirm", SECRET]).exits(0);
    explained(&project, &["release", "--yes"], None, "secret");
    explained(&project, &["secret", "show"], None, "secret");
    chmod(&project.home().join("identity.txt"), 0o644);
    explained(&project, &["secret", "list"], None, "vault");
    chmod(&project.home().join("identity.txt"), 0o600);
    for left in ["journal.db-wal", "journal.db-shm"] {
        let _ = fs::remove_file(project.home().join(left));
    }
    fs::write(project.home().join("journal.db"), "no database").unwrap();
    explained(&project, &["releases"], None, "journal");
    fs::remove_file(project.home().join("journal.db")).unwrap();
    drop(registry);
    explained(&project, &["tags"], None, "registry");
    project.configure("wrong = 1\n");
    explained(&project, &["tags"], None, "config");
    let error = project.windlass(&["tags", "--json"]).error();
    assert!(!error["why"].as_str().unwrap().contains("error:"), "{error}");
}
