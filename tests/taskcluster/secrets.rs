//! Secrets that a deployment keeps, as a maintainer sets, reads, rotates and uses them.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::{
    project::{Project, Ran, SECRET, pushed, ran, told},
    registry::{PASSWORD, Registry, USER},
    stop::Stopped,
    taskcluster::{Double, moment, requests::Asked},
    terminal::Terminal,
};

const ME: &str = "github/1|ada";
const TOKEN: &str = "tokentokentokentoken44";
/// Somebody else.
const BOB: &str = "github/2|bob";
/// What the password becomes.
const NEW: &str = "a-new~password?with>both";
const OTHER: &str = "other";
/// What else a document holds.
const NOTE: &str = "only-for-the-team";

/// A registry, a project whose login a deployment keeps, and that deployment.
struct Team {
    registry: Registry,
    project: Project,
    double: Double,
}

impl Team {
    /// I may do everything with secrets, and see who did what.
    fn new() -> Self {
        Self::with(Double::open(), &["secrets:*", "auth:audit-history:secret"])
    }

    fn with(double: Double, scopes: &[&str]) -> Self {
        let registry = Registry::with_login();
        registry.accept(&[(USER, PASSWORD), (OTHER, NEW)]);
        let project = Project::new(&registry);
        let root = &double.root;
        project.configure(&format!("store = \"taskcluster\"\n\n[taskcluster]\nroot-url = \"{root}\"\n"));
        project.commit("the login is at a deployment");
        double.client(ME, TOKEN, scopes);
        double.client(BOB, "bobs-token", &["*"]);
        Self { registry, project, double }
    }

    fn program(&self, arguments: &[&str]) -> Command {
        let mut program = self.project.program(arguments);
        program.env("TASKCLUSTER_ROOT_URL", &self.double.root);
        program.env("TASKCLUSTER_CLIENT_ID", ME).env("TASKCLUSTER_ACCESS_TOKEN", TOKEN);
        program
    }

    /// Runs it to its end, in which no value may show.
    #[track_caller]
    fn run(&self, arguments: &[&str]) -> Ran {
        says_no_value(ran(&mut self.program(arguments)))
    }

    #[track_caller]
    fn told(&self, arguments: &[&str], stdin: &str) -> Ran {
        says_no_value(told(&mut self.program(arguments), stdin))
    }

    #[track_caller]
    fn set(&self, more: &[&str]) -> Ran {
        self.told(&[&["secret", "set", "--username", USER, "--password-stdin"], more].concat(), PASSWORD)
    }

    /// The secret is there already, set by nobody from here.
    fn there(&self, password: &str) {
        let document = json!({"username": USER, "password": password, "note": NOTE, "number": 1.0});
        self.double.secret(SECRET, document, self.double.now() + moment::days(30));
    }

    fn value(&self) -> Value {
        self.double.secret_now(SECRET).unwrap().value
    }

    /// What was asked since.
    fn asked(&self, before: usize) -> Vec<Asked> {
        self.double.requests().split_off(before)
    }

    fn count(&self) -> usize {
        self.double.requests().len()
    }

    fn bindings(&self) -> String {
        fs::read_to_string(self.project.home().join("bindings.toml")).unwrap_or_default()
    }

    fn show(&self) -> Value {
        self.run(&["secret", "show", "--json"]).exits(0).json()
    }

    #[track_caller]
    fn wrote_nothing(&self) {
        let wrote = self.double.requests().into_iter().find(|asked| asked.method != "GET");
        assert!(wrote.is_none(), "{wrote:?}");
    }
}

#[track_caller]
fn says_no_value(ran: Ran) -> Ran {
    for value in [PASSWORD, NEW, NOTE, TOKEN] {
        assert!(!ran.stdout.contains(value) && !ran.stderr.contains(value), "{value}: {ran:?}");
    }
    ran
}

/// No file below this folder holds a value.
fn holds_no_value(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            holds_no_value(&path);
            continue;
        }
        let bytes = fs::read(&path).unwrap_or_default();
        for value in [PASSWORD, NEW, NOTE, TOKEN] {
            assert!(memchr::memmem::find(&bytes, value.as_bytes()).is_none(), "{} holds {value}", path.display());
        }
    }
}

fn methods(asked: &[Asked]) -> Vec<&str> {
    asked.iter().map(|asked| asked.method.as_str()).collect()
}

#[track_caller]
fn says(error: &Value, field: &str, all: &[&str]) {
    let text = error[field].as_str().unwrap();
    for words in all {
        assert!(text.contains(words), "no `{words}` in {field}: {error}");
    }
}

#[test]
fn a_login_is_written_where_the_recipe_points_and_the_rest_is_kept() {
    let team = Team::new();
    team.there("an-older-password");
    let before = team.double.secret_now(SECRET).unwrap();
    let set = team.set(&["--json"]).exits(0).json();
    assert_eq!((&set["store"], &set["bindings"]), (&"taskcluster".into(), &json!([team.project.repository])));
    assert_eq!((&set["untold"], &set["identity"]), (&Value::Null, &Value::Null), "no vault is made: {set}");
    assert_eq!(team.value(), json!({"username": USER, "password": PASSWORD, "note": NOTE, "number": 1.0}));
    assert_eq!(team.double.secret_now(SECRET).unwrap().expires, before.expires, "its end stays");

    let asked = team.asked(0);
    assert_eq!(methods(&asked), ["GET", "GET", "PUT", "GET"], "read, read just before, written, read back");
    for asked in &asked {
        let act = if asked.method == "PUT" { "set" } else { "get" };
        assert_eq!(asked.authorized_scopes, Some(vec![format!("secrets:{act}:{SECRET}")]), "{asked:?}");
    }
    assert!(!team.project.home().join("vault.age").exists());
    let bindings = team.project.home().join("bindings.toml");
    assert_eq!(fs::metadata(&bindings).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(team.bindings().contains(&format!("repositories = [\"{}\"]", team.project.repository)));
    holds_no_value(&team.project.home());

    let shown = team.show();
    assert_eq!((&shown["store"], &shown["bindings"]), (&"taskcluster".into(), &json!([team.project.repository])));
    let keys: Vec<&Value> = shown["keys"].as_array().unwrap().iter().map(|key| &key["key"]).collect();
    assert_eq!(keys, ["/note", "/number", "/password", "/username"]);
    assert_eq!((&shown["by"], &shown["set_unknown"]), (&ME.into(), &Value::Null), "the history says so");
    let people = team.run(&["secret", "show"]).exits(0).stdout;
    assert!(people.contains(&format!("by {ME}")) && people.contains("expires"), "{people}");
    team.run(&["secret", "check"]).exits(0);
    let trail = team.run(&["audit"]).exits(0).stdout;
    assert!(trail.contains("secret-set") && trail.contains(SECRET), "{trail}");
}

#[test]
fn a_new_secret_has_no_end_and_an_end_can_be_given() {
    let team = Team::new();
    let past = team.set(&["--expires", "2001-01-01T00:00:00Z", "--json"]).exits(2).error();
    says(&past, "why", &["its end is past"]);
    assert_eq!(team.count(), 0, "that is refused here");
    team.set(&["--expires", "soon"]).exits(2);

    let set = team.set(&[]).exits(0);
    assert!(set.stdout.contains("it expires: never"), "{set:?}");
    assert_eq!(methods(&team.asked(0)), ["GET", "GET", "PUT", "GET"]);
    assert!(team.double.secret_now(SECRET).unwrap().expires > "2900-01-01T00:00:00Z".parse::<Timestamp>().unwrap());
    assert!(team.run(&["secret", "show"]).exits(0).stdout.contains("never"));

    let soon = Timestamp::now() + moment::days(3);
    team.set(&["--expires", &soon.to_string()]).exits(0);
    let shown = team.run(&["secret", "show"]).exits(0);
    assert!(shown.stderr.contains("expires at ") && shown.stderr.contains("--expires"), "{shown:?}");
    let doctor = team.run(&["doctor", "secret", "--json"]).exits(0).json();
    assert_eq!(doctor["checks"][0]["outcome"], "warn", "{doctor}");

    team.project.configure("");
    team.project.commit("the vault keeps it");
    let vault = team.set(&["--expires", "never", "--json"]).exits(2).error();
    says(&vault, "why", &["the vault sets no end"]);
}

#[test]
fn what_may_not_be_read_is_only_replaced_as_a_whole() {
    let team = Team::with(Double::open(), &["secrets:set:*"]);
    team.there("an-older-password");
    let refused = team.set(&["--json"]).exits(3).error();
    says(&refused, "why", &[&format!("secrets:get:{SECRET}"), "the secret is there", "could not be kept"]);
    says(&refused, "next", &["--replace", "--document-stdin", "/username and /password alone", "are lost"]);
    team.wrote_nothing();

    let before = team.count();
    let replaced = team.set(&["--replace", "--json"]).exits(0).json();
    says(&replaced, "untold", &["it was not read back", &format!("secrets:get:{SECRET}")]);
    assert_eq!(team.value(), json!({"username": USER, "password": PASSWORD}));
    assert!(team.asked(before).len() <= 4, "{:?}", team.asked(before));
    let document = json!({"username": USER, "password": PASSWORD, "note": NOTE}).to_string();
    team.told(&["secret", "set", "--document-stdin"], &document).exits(0);
    assert_eq!(team.value()["note"], NOTE);
    let doctor = team.run(&["doctor", "secret", "--json"]).exits(0).json();
    assert_eq!(doctor["checks"][0]["outcome"], "cannot-tell", "{doctor}");
}

#[test]
fn not_allowed_never_there_misspelt_and_expired_are_told_apart() {
    let show = |team: &Team, code| team.run(&["secret", "show", "--json"]).exits(code).error();
    let nothing = Team::with(Double::open(), &[]);
    let error = show(&nothing, 3);
    says(&error, "what", &["there is no secret"]);
    says(&error, "why", &["the list of its secrets does not have it", "secrets:get:"]);
    nothing.there(PASSWORD);
    says(&show(&nothing, 3), "why", &["the secret is there", "secrets:get:"]);
    nothing.double.anonymous(&[]);
    says(&show(&nothing, 3), "why", &["is not known", "secrets:list-secrets is missing"]);

    let team = Team::new();
    says(&show(&team, 1), "why", &["never set, was removed, or has expired"]);
    let misspelt = SECRET.replace("registry", "registyr");
    team.double.secret(&misspelt, json!({}), team.double.now() + moment::days(1));
    let error = show(&team, 1);
    says(&error, "why", &[&misspelt]);
    says(&error, "next", &["[secret] name"]);

    // The service sweeps once an hour: until then its history has no end of it.
    let end = Timestamp::now() + moment::minutes(5);
    team.set(&["--expires", &end.to_string()]).exits(0);
    team.double.clock(jiff::SignedDuration::from_mins(10));
    says(&show(&team, 1), "why", &["it has expired", ME]);
    team.double.clock(jiff::SignedDuration::ZERO);
    team.run(&["secret", "remove", "--confirm", SECRET]).exits(0);
    says(&show(&team, 1), "why", &[&format!("{ME} removed it")]);

    // Whoever may not see the history has seen its end.
    let team = Team::with(Double::open(), &["secrets:*"]);
    team.there(PASSWORD);
    says(&team.show(), "set_unknown", &["auth:audit-history:secret is missing"]);
    team.run(&["secret", "bind"]).exits(0);
    let seen = format!("{}expires = \"2020-02-03T04:05:06Z\"\n", team.bindings());
    fs::write(team.project.home().join("bindings.toml"), seen).unwrap();
    team.double.secret(SECRET, json!({}), Timestamp::UNIX_EPOCH);
    says(&show(&team, 1), "why", &["it expired at 2020-02-03 04:05:06 UTC"]);
}

#[test]
fn somebody_who_changes_it_meanwhile_is_noticed_and_loses_nothing() {
    let theirs = || json!({"username": "bob", "password": "the-password-of-bob"});
    let team = Team::new();
    team.there("an-older-password");
    let mut terminal = Terminal::start(&team.program(&["secret", "set", "--username", USER]));
    terminal.sees("Password: ");
    team.double.secret(SECRET, theirs(), team.double.now() + moment::days(1));
    terminal.types(PASSWORD);
    let session = terminal.ends().exits(1);
    assert!(session.screen.contains("changed it since it was read"), "{}", session.screen);
    assert_eq!(team.value(), theirs());
    team.wrote_nothing();

    let set = ["secret", "set", "--username", USER, "--password-stdin", "--json"];
    let stopped = Stopped::at(team.program(&set), PASSWORD, "secret:written");
    assert_eq!(team.value()["password"], PASSWORD);
    team.double.secret(SECRET, theirs(), team.double.now() + moment::days(1));
    let error = says_no_value(stopped.go_on()).exits(1).error();
    says(&error, "why", &["at the same time", "theirs is what is there"]);
    assert_eq!(team.value(), theirs());
}

#[test]
fn names_of_others_are_listed_and_those_that_are_none_are_counted() {
    let team = Team::new();
    team.set(&[]).exits(0);
    for name in ["project/x/docker", "project/\u{1b}[2Jx", "with space"] {
        team.double.secret(name, json!({}), team.double.now() + moment::days(1));
    }
    let list = team.run(&["secret", "list", "--json"]).exits(0).json();
    let names: Vec<&Value> = list["secrets"].as_array().unwrap().iter().map(|secret| &secret["name"]).collect();
    assert_eq!(names, ["project/x/docker", SECRET]);
    assert_eq!(list["unfit_names"], 2);
    assert_eq!(list["secrets"][1]["bindings"], json!([team.project.repository]));
    assert_eq!(list["secrets"][0]["keys"], Value::Null, "what may be read of it was not asked");
    let people = team.run(&["secret", "list"]).exits(0).stdout;
    assert!(people.contains("2 more at the deployment") && !people.contains('\u{1b}'), "{people}");
    let asked = team.asked(0);
    let listing = asked.iter().find(|asked| asked.path.ends_with("/secrets")).unwrap();
    assert_eq!(listing.authorized_scopes, Some(vec!["secrets:list-secrets".to_owned()]));

    let nobody = Team::with(Double::start(), &[]);
    let error = nobody.run(&["secret", "list", "--json"]).exits(3);
    says(&error.error(), "why", &["secrets:list-secrets"]);
}

#[test]
fn read_only_changes_nothing_there() {
    let team = Team::new();
    team.there(PASSWORD);
    team.set(&["--read-only"]).exits(3);
    team.run(&["secret", "bind", "--read-only"]).exits(3);
    team.run(&["secret", "remove", "--confirm", SECRET, "--read-only"]).exits(3);
    team.told(&["secret", "rotate", "--username", OTHER, "--password-stdin", "--read-only"], NEW).exits(3);
    team.run(&["secret", "show", "--read-only"]).exits(0);
    team.wrote_nothing();
    assert_eq!(team.bindings(), "");
}

#[test]
fn a_removed_secret_leaves_nothing_behind() {
    let team = Team::new();
    team.set(&[]).exits(0);
    team.run(&["secret", "remove"]).exits(2);
    let removed = team.run(&["secret", "remove", "--confirm", SECRET]).exits(0);
    assert!(removed.stdout.contains(&format!("is removed from {}", team.double.root.trim_start_matches("http://"))));
    assert_eq!(team.double.secret_now(SECRET), None);
    assert!(!team.bindings().contains(SECRET));
    team.run(&["secret", "remove", "--confirm", SECRET]).exits(1);
}

#[test]
fn a_release_takes_its_login_from_there() {
    let team = Team::new();
    team.there(PASSWORD);
    // Set elsewhere, and nobody here has said what it is for.
    let refused = team.run(&["release", "--yes", "--json"]).exits(3);
    says(&refused.error(), "next", &["windlass secret bind"]);
    team.run(&["tags"]).exits(3);
    team.run(&["secret", "bind"]).exits(0);
    let release = team.run(&["release", "--yes", "--json"]).exits(0).json();
    assert_eq!(release["state"], "succeeded", "{release}");
    let tags = team.run(&["tags", "--json"]).exits(0).json();
    assert_eq!(tags["rows"].as_array().unwrap().len(), 2, "{tags}");
    team.run(&["verify", pushed(&release, "moving")]).exits(0);
    let asked = team.asked(0);
    let reads = |asked: &Asked| asked.method == "GET" && asked.path.contains("/secret/");
    assert!(asked.iter().all(reads), "{asked:?}");
    let narrowed = Some(vec![format!("secrets:get:{SECRET}")]);
    assert!(asked.iter().all(|asked| asked.authorized_scopes == narrowed), "{asked:?}");
    holds_no_value(&team.project.home());
    assert!(!team.project.home().join("vault.age").exists());

    // Another repository in windlass.toml does not get the login.
    let text = fs::read_to_string(team.project.path("windlass.toml")).unwrap();
    let elsewhere = team.registry.repository("somebody/else");
    team.project.write("windlass.toml", &text.replace(&team.project.repository, &elsewhere));
    team.project.commit("to somebody else");
    let refused = team.run(&["release", "--yes", "--json"]).exits(3);
    says(&refused.error(), "what", &[&elsewhere]);
}

#[test]
fn whoever_is_there_is_asked_what_a_secret_is_for() {
    let team = Team::new();
    team.there(PASSWORD);
    for (answer, code) in [("n", 3), ("y", 0)] {
        let mut terminal = Terminal::start(&team.program(&["secret", "check"]));
        terminal.sees(&format!("Use its login for {}?", team.project.repository)).types(answer);
        terminal.ends().exits(code);
    }
    assert!(team.bindings().contains(&team.project.repository));
    let session = Terminal::start(&team.program(&["secret", "check"])).ends().exits(0);
    assert!(!session.transcript.contains("Use its login"), "once is enough");
}

/// A secret that may be used and is kept there, and the words that rotate it.
fn ready() -> Team {
    let team = Team::new();
    team.there(PASSWORD);
    team.run(&["secret", "bind"]).exits(0);
    team
}

const ROTATE: [&str; 6] = ["secret", "rotate", "--username", OTHER, "--password-stdin", "--json"];

fn status(team: &Team) -> Value {
    team.run(&["secret", "rotate", "--status", "--json"]).exits(0).json()
}

/// What the vault holds, in plain text.
fn vault(team: &Team) -> String {
    let home = team.project.home();
    let age = Command::new("age").args(["-d", "-i"]).args([home.join("identity.txt"), home.join("vault.age")]).output();
    String::from_utf8(age.unwrap().stdout).unwrap()
}

#[test]
fn a_proven_login_takes_the_place_of_the_old_one_there() {
    let team = ready();
    let before = team.double.secret_now(SECRET).unwrap();
    assert!(!team.project.home().join("vault.age").exists(), "the rotation makes it");
    let count = team.count();
    let rotated = team.told(&ROTATE, NEW).exits(0).json();
    assert_eq!((&rotated["state"], &rotated["store"]), (&"rotated".into(), &"taskcluster".into()), "{rotated}");
    let after = team.double.secret_now(SECRET).unwrap();
    assert_eq!(after.value, json!({"username": OTHER, "password": NEW, "note": NOTE, "number": 1.0}));
    assert_eq!(after.expires, before.expires);
    let asked = team.asked(count);
    assert_eq!(methods(&asked), ["GET", "GET", "PUT", "GET", "GET"]);
    let set = asked.iter().find(|asked| asked.method == "PUT").unwrap();
    assert_eq!(set.authorized_scopes, Some(vec![format!("secrets:set:{SECRET}")]));
    assert_eq!(status(&team)["state"], "none");
    let left = vault(&team);
    assert!(left.contains("windlass.vault/1"), "{left}");
    for value in [PASSWORD, NEW, NOTE] {
        assert!(!left.contains(value), "of neither document anything is left: {left}");
    }
    holds_no_value(&team.project.home());
    team.run(&["secret", "check"]).exits(0);
}

#[test]
fn a_rotation_there_is_rolled_back_where_what_is_stored_does_not_work() {
    let team = ready();
    let before = team.value();
    let refused = team.told(&["secret", "rotate", "--password-stdin", "--json"], NEW).exits(3).json();
    assert_eq!(refused["state"], "withdrawn", "the registry knows that one of another user");
    team.wrote_nothing();
    let stopped = Stopped::at(team.program(&ROTATE), NEW, "rotation:read-back");
    assert_eq!(team.value()["password"], NEW);
    team.registry.accept(&[(USER, PASSWORD)]);
    let back = says_no_value(stopped.go_on()).exits(3).json();
    assert_eq!(back["state"], "rolled-back", "{back}");
    assert_eq!(team.value(), before);
    assert_eq!(status(&team)["state"], "none");
}

#[test]
fn a_rotation_there_that_died_is_taken_up_or_back() {
    for point in ["rotation:opened:checked", "rotation:opened:held", "rotation:stored", "rotation:read-back:checked"] {
        for (way, state, user) in [("--resume", "rotated", OTHER), ("--rollback", "rolled-back", USER)] {
            let team = ready();
            Stopped::at(team.program(&ROTATE), NEW, point).kill();
            assert_eq!(status(&team)["state"], "open", "{point}");
            let held = vault(&team);
            assert!(held.contains("windlass.vault/3") && held.contains(PASSWORD) && held.contains(NEW), "{point}");
            let busy = team.set(&["--json"]).exits(1).error();
            says(&busy, "what", &["is being rotated"]);
            let ended = team.run(&["secret", "rotate", way, "--json"]).exits(0).json();
            assert_eq!(ended["state"], state, "{point} {way}");
            assert_eq!(
                (&team.value()["username"], &team.value()["note"]),
                (&user.into(), &NOTE.into()),
                "{point} {way}"
            );
        }
    }
}

#[test]
fn while_a_rotation_there_is_open_a_build_shows_neither_password() {
    for point in ["rotation:opened:checked", "rotation:stored"] {
        let team = ready();
        team.project.write("page", &format!("old {PASSWORD} end\nnew {NEW} end\n"));
        team.project.dockerfile("COPY page /page\nRUN /bin/busybox cat /page\n");
        team.project.commit("a step that leaks");
        Stopped::at(team.program(&ROTATE), NEW, point).kill();
        team.run(&["release", "--yes"]).exits(0);
        let log = team.run(&["log", "@"]).exits(0);
        assert!(log.stdout.contains("old [redacted] end") && log.stdout.contains("new [redacted] end"), "{log:?}");
    }
}

#[test]
fn a_rotation_there_that_is_overtaken_takes_nothing_back() {
    let theirs = json!({"username": "bob", "password": "the-password-of-bob"});
    for point in ["rotation:opened:checked", "rotation:stored", "rotation:stored:checked"] {
        let team = ready();
        let stopped = Stopped::at(team.program(&ROTATE), NEW, point);
        team.double.secret(SECRET, theirs.clone(), team.double.now() + moment::days(1));
        let ended = says_no_value(stopped.go_on());
        let document = ended.json();
        assert_ne!(document["state"], "rotated", "{point}: {document}");
        assert_eq!(document["state"], "overtaken", "{point}: {document}");
        says(&document["failure"], "what", &["somebody else changed it meanwhile"]);
        assert_eq!(team.value(), theirs, "{point}");
        assert_eq!(status(&team)["state"], "none", "{point}");
        assert!(!vault(&team).contains(NEW), "{point}");
    }
}

#[test]
fn a_secret_of_the_same_name_in_the_vault_is_another() {
    let team = Team::new();
    let there = fs::read_to_string(team.project.path("windlass.toml")).unwrap();
    team.project.configure("");
    team.project.windlass_told(&["secret", "set", "--username", USER, "--password-stdin"], "of-the-vault").exits(0);
    team.project.write("windlass.toml", &there);
    team.there(PASSWORD);
    team.run(&["secret", "bind"]).exits(0);
    team.told(&ROTATE, NEW).exits(0);
    let left = vault(&team);
    assert!(left.contains("of-the-vault") && !left.contains(NEW), "{left}");
}
