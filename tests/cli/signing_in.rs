//! Signing in at a Taskcluster deployment: a test plays the browser, or brings what one would have brought.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::identities::without_terminal;
use crate::support::{
    processes::until,
    project::{Project, Ran, SECRET, ran},
    running::Running,
    taskcluster::{Double, moment},
    terminal::Terminal,
};

const ID: &str = "github/1|ada+rel/windlass-k3v9";
const TOKEN: &str = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo";
const PASSPHRASE: &str = "correct horse battery";

/// A project with a secret at the deployment. Nobody is signed in.
fn project(double: &Double) -> Project {
    let project = Project::at("127.0.0.1:9");
    project.configure(&format!("store = \"taskcluster\"\n\n[taskcluster]\nroot-url = \"{}\"\n", double.root));
    project
}

/// A deployment that knows the client which the page would have made.
fn deployment() -> Double {
    let double = Double::open();
    let (get, set) = (format!("secrets:get:{SECRET}"), format!("secrets:set:{SECRET}"));
    double.client(ID, TOKEN, &[&get, &set, "auth:audit-history:secret"]);
    double
}

/// Waits until the program has said which page to open.
fn page(running: &mut Running, double: &Double) -> String {
    loop {
        let line = running.line().expect("it says which page to open");
        if line.trim().starts_with(&double.root) {
            return line.trim().to_owned();
        }
    }
}

/// What a page is asked for, in order.
fn asked(page: &str) -> Vec<(String, String)> {
    let (_, query) = page.split_once('?').expect("a query");
    serde_urlencoded::from_str(query).expect("pairs")
}

/// Where the page leads the browser back to.
fn callback(page: &str) -> String {
    let pairs = asked(page);
    pairs.into_iter().find(|(name, _)| name == "callback_url").expect("a callback").1
}

/// Asks for an address as a browser does, with this `Host`. Gives the answer, headers and all.
fn visits(address: &str, host: Option<&str>) -> String {
    let (port, path) =
        address.strip_prefix("http://localhost:").and_then(|rest| rest.split_once('/')).expect("a port and a path");
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).expect("somebody listens");
    let host = host.map_or(format!("localhost:{port}"), ToOwned::to_owned);
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n\r\n").expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

/// Comes back from the page as a browser does, and follows where it is led.
fn comes_back(page: &str, id: &str, token: &str) {
    let callback = callback(page);
    let answer = visits(&format!("{callback}?clientId={id}&accessToken={token}"), None);
    assert!(answer.starts_with("HTTP/1.1 303 ") && answer.contains("location: /done\r\n"), "{answer}");
    let origin = &callback[..callback.rfind('/').expect("a path")];
    let done = visits(&format!("{origin}/done"), None);
    assert!(done.contains("This page can be closed") && !done.contains(token), "{done}");
}

fn signed_in(project: &Project, id: &str, token: &str) -> Ran {
    project.windlass_told(&["signin", "--stdin"], &format!("{id}\n{token}\n"))
}

fn status(project: &Project, code: i32) -> Value {
    project.windlass(&["signin", "--status", "--json"]).exits(code).json()
}

fn nothing_is_kept(project: &Project) {
    for file in ["vault.age", "identity.txt", "signins.toml"] {
        assert!(!project.home().join(file).exists(), "{file}");
    }
}

/// Neither what was printed nor any file of ours has the token, and no other user can read one.
fn nowhere(project: &Project, printed: &[&Ran]) {
    fn walk(folder: &Path, see: &mut dyn FnMut(&Path)) {
        for entry in fs::read_dir(folder).expect("a folder of ours") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { walk(&path, see) } else { see(&path) }
        }
    }
    for ran in printed {
        assert!(!ran.stdout.contains(TOKEN) && !ran.stderr.contains(TOKEN), "{ran:?}");
    }
    walk(&project.home(), &mut |file| {
        let bytes = fs::read(file).expect("a file of ours");
        assert!(memchr::memmem::find(&bytes, TOKEN.as_bytes()).is_none(), "{} has it", file.display());
        let mode = fs::metadata(file).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} is open to others", file.display());
    });
}

#[test]
fn the_browsers_answer_is_kept_and_found() {
    let (double, other) = (deployment(), Double::open());
    let project = project(&double);
    let mut running = Running::start(&mut project.program(&["signin", "--yes", "--scope", "queue:rerun-task:x"]));
    let page = page(&mut running, &double);
    let wanted = asked(&page);
    let scopes: Vec<&str> = wanted.iter().filter(|(name, _)| name == "scope").map(|(_, value)| &**value).collect();
    let (get, set) = (format!("secrets:get:{SECRET}"), format!("secrets:set:{SECRET}"));
    assert!(scopes.contains(&get.as_str()) && scopes.contains(&set.as_str()), "{scopes:?}");
    assert!(scopes.contains(&"queue:rerun-task:x") && scopes.iter().all(|scope| !scope.ends_with('*')), "{scopes:?}");
    assert!(page.starts_with(&format!("{}/auth/clients/create?", double.root)), "{page}");
    assert!(wanted.contains(&("expires".to_owned(), "1d".to_owned())), "{wanted:?}");
    let callback = callback(&page);
    let good = format!("{callback}?clientId={ID}&accessToken={TOKEN}");
    for (address, host, status) in [
        (good.clone(), Some("evil.example"), "400"),
        (good.replace(callback.rsplit('/').next().expect("a path"), "guessed"), None, "404"),
        (callback.clone(), None, "400"),
    ] {
        let answer = visits(&address, host);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
    comes_back(&page, ID, TOKEN);
    let first = running.end().exits(0);
    assert!(first.stdout.starts_with(&format!("signed in at {} as {ID}, until ", &double.root[7..])), "{first:?}");
    assert!(first.stdout.contains("not granted: queue:rerun-task:x\n"), "{first:?}");

    let doctor = project.windlass(&["doctor", "client"]).exits(0);
    assert!(doctor.stdout.contains(&format!("{ID} is accepted, with ")), "{doctor:?}");
    assert!(doctor.stdout.contains("from windlass signin"), "{doctor:?}");
    let document = status(&project, 0);
    assert_eq!((&document["client_id"], &document["source"]), (&json!(ID), &json!("windlass signin")), "{document}");
    assert!(document["expires"].is_string() && document["scopes"].as_array().expect("scopes").contains(&json!(get)));
    let people = project.windlass(&["signin", "--status"]).exits(0);
    let trail = project.windlass(&["audit", "--json"]).exits(0);
    let row: Value = serde_json::from_str(trail.stdout.lines().next().expect("a row")).expect("a document");
    assert_eq!(
        (&row["what"], &row["subject"], &row["outcome"]),
        (&json!("sign-in"), &json!(double.root), &json!("done"))
    );
    nowhere(&project, &[&first, &doctor, &people, &trail]);

    // What was made for one deployment goes to no other.
    let elsewhere = project.windlass(&["signin", "--status", "--root-url", &other.root, "--json"]).exits(1).json();
    assert_eq!(elsewhere["client_id"], Value::Null);
    assert!(!other.requests().is_empty() && other.requests().iter().all(|asked| asked.client_id.is_none()));

    let forgotten = project.windlass(&["signin", "--forget"]).exits(0);
    assert!(forgotten.stdout.contains(ID), "{forgotten:?}");
    assert_eq!(status(&project, 1)["client_id"], Value::Null);
    project.windlass(&["signin", "--forget"]).exits(1);
    let doctor = project.windlass(&["doctor", "client"]).exits(0);
    assert!(doctor.stdout.contains("is asked as nobody"), "{doctor:?}");
}

#[test]
fn what_the_deployment_does_not_accept_is_not_kept() {
    let double = deployment();
    let project = project(&double);
    let mut running = Running::start(&mut project.program(&["signin", "--yes"]));
    let page = page(&mut running, &double);
    comes_back(&page, ID, &TOKEN.replace('Q', "R"));
    let refused = running.end().exits(3);
    assert!(refused.stderr.contains("does not accept the credentials"), "{refused:?}");
    double.change_client(ID, |client| client.expires = "2020-01-01T00:00:00Z".parse().unwrap());
    let expired = signed_in(&project, ID, TOKEN).exits(3);
    assert!(expired.stderr.contains("has expired"), "{expired:?}");
    nothing_is_kept(&project);
    assert_eq!(project.windlass(&["audit", "--json"]).exits(0).stdout, "");
    nowhere(&project, &[&refused, &expired]);
}

#[test]
fn the_next_sign_in_takes_the_place_and_one_that_has_ended_is_passed_over() {
    let double = deployment();
    let project = project(&double);
    let other = "github/1|ada/windlass-z7";
    double.client(other, &TOKEN.to_lowercase(), &["secrets:list-secrets"]);
    double.change_client(other, |client| client.expires -= moment::days(29));
    signed_in(&project, ID, TOKEN).exits(0);
    signed_in(&project, other, &TOKEN.to_lowercase()).exits(0);
    assert_eq!(status(&project, 0)["client_id"], other);
    let mut program = project.program(&["signin", "--status", "--json"]);
    program.envs([("TASKCLUSTER_ROOT_URL", double.root.as_str()), ("TASKCLUSTER_CLIENT_ID", ID)]);
    let document = ran(program.env("TASKCLUSTER_ACCESS_TOKEN", TOKEN)).exits(0).json();
    assert_eq!((&document["client_id"], &document["source"]), (&json!(ID), &json!("the environment")));
    let list = project.home().join("signins.toml");
    let text = fs::read_to_string(&list).expect("the list");
    let year = text.split(" = \"").nth(1).expect("an end")[..4].to_owned();
    fs::write(&list, text.replace(&format!("\"{year}-"), "\"2020-")).expect("the list");
    let document = status(&project, 1);
    assert_eq!(document["passed_over"][0]["place"], "windlass signin", "{document}");
    assert!(document["passed_over"][0]["why"].as_str().expect("why").contains("it lasted until 2020-"), "{document}");
}

#[test]
fn who_has_a_browser_elsewhere_brings_its_address() {
    let double = deployment();
    let project = project(&double);
    let mut program = project.program(&["signin", "--identity", "plain"]);
    let mut terminal = Terminal::start(program.env("SSH_CONNECTION", "192.0.2.1 5 192.0.2.2 22"));
    terminal.sees("this is a login over SSH").sees("sign in at").sees(&double.root[7..]);
    terminal.sees(&format!("secrets:set:{SECRET}")).sees("Go on? [y/N] ").types("y");
    terminal.sees("callback_url=http%3A%2F%2Flocalhost%3A1%2F").sees("(not shown): ");
    terminal.types(&format!("http://localhost:1/3f2c?clientId={ID}&accessToken={TOKEN}"));
    let session = terminal.ends().exits(0);
    assert!(session.screen.contains(&format!("as {ID}, until ")), "{}", session.screen);
    assert!(!session.transcript.contains(TOKEN), "{}", session.transcript);

    // By hand, in two answers.
    let mut terminal = Terminal::start(&project.program(&["signin", "--paste", "--yes"]));
    terminal.sees("(not shown): ").types(ID);
    terminal.sees("The access token (not shown): ").types(TOKEN);
    let session = terminal.ends().exits(0);
    assert!(!session.transcript.contains(TOKEN), "{}", session.transcript);
    let mut terminal = Terminal::start(&project.program(&["signin", "--paste", "--yes"]));
    terminal.sees("(not shown): ").types(&format!("http://localhost:1/3f2c?clientId={ID}"));
    let session = terminal.ends().exits(2);
    assert!(session.screen.contains("there is no access token in it"), "{}", session.screen);
    let mut terminal = Terminal::start(&project.program(&["signin", "--paste", "--yes"]));
    terminal.sees("(not shown): ").presses("half\u{3}");
    terminal.ends().exits(130);
    assert_eq!(status(&project, 0)["client_id"], ID);
}

#[test]
fn the_vaults_passphrase_is_asked_for_where_there_is_a_sign_in_and_only_there() {
    let (double, other) = (deployment(), Double::open());
    let project = project(&double);
    let mut terminal = Terminal::start(&project.program(&["signin", "--paste", "--yes", "--identity", "passphrase"]));
    terminal.sees("New passphrase of the vault: ").types(PASSPHRASE);
    terminal.sees("The same once more: ").types(PASSPHRASE);
    terminal.sees("(not shown): ").types(&format!("http://localhost:1/3f2c?clientId={ID}&accessToken={TOKEN}"));
    let session = terminal.ends().exits(0);
    assert!(!session.transcript.contains(TOKEN) && !session.transcript.contains(PASSPHRASE), "{}", session.transcript);
    without_terminal(&project, &["signin", "--status", "--root-url", &other.root]).exits(1);
    let error = without_terminal(&project, &["signin", "--status", "--json"]).exits(2).error();
    assert!(error["why"].as_str().expect("text").contains("no terminal to ask at"), "{error}");
    let mut terminal = Terminal::start(&project.program(&["signin", "--status"]));
    terminal.sees("Passphrase of ").types(PASSPHRASE).sees(ID);
    terminal.ends().exits(0);
}

#[test]
fn a_desktop_opens_the_page() {
    let double = deployment();
    let project = project(&double);
    let (programs, opened) = (project.folder().join("programs"), project.folder().join("opened"));
    fs::create_dir(&programs).expect("a folder");
    let script =
        "#!/bin/sh\nprintf '%s' \"$1\" > \"$HOME/../opening\" && mv \"$HOME/../opening\" \"$HOME/../opened\"\n";
    fs::write(programs.join("xdg-open"), script).expect("a program");
    fs::set_permissions(programs.join("xdg-open"), fs::Permissions::from_mode(0o755)).expect("a program");
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").expect("a PATH"));
    let mut program = project.program(&["signin", "--yes", "--json", "--expires", "8h"]);
    let running = Running::start(program.env("PATH", path).env("DISPLAY", ":0"));
    until("the page was opened", || opened.exists());
    let page = fs::read_to_string(&opened).expect("the page");
    assert!(asked(&page).contains(&("expires".to_owned(), "8h".to_owned())), "{page}");
    comes_back(&page, ID, TOKEN);
    let ran = running.end().exits(0);
    assert_eq!((&ran.json()["client_id"], ran.stderr.as_str()), (&json!(ID), ""));
    nowhere(&project, &[&ran]);
}

#[test]
fn nobody_is_sent_anywhere_without_need() {
    let double = deployment();
    let project = project(&double);
    let mut running = Running::start(&mut project.program(&["signin", "--yes"]));
    let page = page(&mut running, &double);
    while !running.line().expect("it waits").contains("Ctrl-C") {}
    running.signal(Signal::INT);
    running.end().exits(130);
    let callback = callback(&page);
    let port = callback.split([':', '/']).find(|part| part.parse::<u16>().is_ok()).expect("a port");
    assert!(TcpStream::connect(format!("127.0.0.1:{port}")).is_err(), "nobody listens any more");

    let refused = project.windlass(&["--read-only", "signin", "--yes"]).exits(3);
    assert!(refused.stderr.contains("signin is refused"), "{refused:?}");
    let unasked = project.windlass(&["signin"]).exits(2);
    assert!(unasked.stderr.contains("nobody to ask"), "{unasked:?}");
    let unseen = project.windlass(&["signin", "--yes", "--json"]).exits(2);
    assert!(unseen.error()["why"].as_str().expect("why").contains("--json prints nothing but"), "{unseen:?}");
    project.windlass(&["signin", "--yes", "--root-url", "http://127.0.0.1:9"]).exits(4);
    let plain = project.windlass(&["signin", "--yes", "--root-url", "http://tc.example"]).exits(3);
    assert!(plain.stderr.contains("tc.example is not spoken to"), "{plain:?}");
    project.windlass(&["signin", "--scope", "a**"]).exits(2);
    project.windlass(&["signin", "--expires", "never"]).exits(2);
    project.configure("");
    let nowhere = project.windlass(&["signin", "--yes"]).exits(2);
    assert!(nowhere.stderr.contains("--root-url URL"), "{nowhere:?}");
    nothing_is_kept(&project);
}
