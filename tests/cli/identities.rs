//! How the vault's key is kept: chosen at a terminal or by option, asked for once, and open to `age` and `ssh-keygen`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::{
    processes::until,
    project::{Project, Ran, ran},
    registry::{PASSWORD, Registry, USER},
    terminal::{Session, Terminal},
};

const PASSPHRASE: &str = "correct horse battery";

fn at_terminal(project: &Project, arguments: &[&str]) -> Terminal {
    Terminal::start(&project.program(arguments))
}

/// In a session of its own: there is no terminal to ask at, whatever this test runs in.
pub fn without_terminal(project: &Project, arguments: &[&str]) -> Ran {
    let program = project.program(arguments);
    let mut command = Command::new("setsid");
    command.arg("--wait").arg(program.get_program()).args(program.get_args()).env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    ran(command.current_dir(program.get_current_dir().expect("the checkout")))
}

/// A program other than ours, at a terminal in the project's home.
fn other(project: &Project, program: &str, arguments: &[&str]) -> Terminal {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(project.home()).env("PATH", std::env::var_os("PATH").expect("a PATH"));
    Terminal::start(&command)
}

fn under_passphrase(project: &Project) {
    let mut terminal =
        at_terminal(project, &["secret", "set", "--username", USER, "--identity", "passphrase", "--json"]);
    terminal.sees("New passphrase of the vault: ").types(PASSPHRASE);
    terminal.sees("The same once more: ").types(PASSPHRASE);
    terminal.sees("Password: ").types(PASSWORD);
    no_value_in(&terminal.ends().exits(0));
}

#[track_caller]
fn no_value_in(session: &Session) {
    for value in [PASSWORD, PASSPHRASE, "horse"] {
        assert!(!session.transcript.contains(value), "{value} was shown: {}", session.transcript);
    }
}

fn ssh_key(project: &Project, passphrase: &str) -> PathBuf {
    let folder = project.user().join(".ssh");
    fs::create_dir(&folder).expect("a folder of ours");
    let key = folder.join("id_ed25519");
    let mut keygen = Command::new("ssh-keygen");
    let made = keygen.args(["-q", "-t", "ed25519", "-N", passphrase, "-f"]).arg(&key).status();
    assert!(made.expect("ssh-keygen is installed (tests/run.sh installs openssh-client)").success());
    key
}

#[test]
fn the_first_secret_is_set_by_answering() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    let mut terminal = at_terminal(&project, &["secret", "set"]);
    terminal.sees("User name: ").types(USER);
    terminal.sees("Password: ").types(PASSWORD);
    terminal.sees("This makes the vault ").sees("(recommended)");
    terminal.sees("1, 2 or 3 [1]: ").types("4");
    terminal.sees("1, 2 or 3 [1]: ").types("");
    terminal.sees("New passphrase of the vault: ").types("short");
    terminal.sees("fewer than 8 characters").sees("New passphrase of the vault: ").types(PASSPHRASE);
    terminal.sees("The same once more: ").types("another horse");
    terminal.sees("not the same").sees("New passphrase of the vault: ").types(PASSPHRASE);
    terminal.sees("The same once more: ").types(PASSPHRASE);
    let session = terminal.ends().exits(0);
    no_value_in(&session);
    assert!(session.screen.contains("is set, bound to"), "{}", session.screen);
    assert!(session.screen.contains("under your passphrase: without it nobody opens the vault"), "{}", session.screen);

    let mut terminal = at_terminal(&project, &["secret", "check"]);
    terminal.sees("Passphrase of ").types("a wrong one");
    terminal.sees("That is not it. Passphrase of ").types(PASSPHRASE);
    let session = terminal.ends().exits(0);
    no_value_in(&session);
    assert!(session.screen.contains("may push"), "{}", session.screen);
}

#[test]
fn an_answer_that_never_comes_leaves_nothing() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    let mut terminal = at_terminal(&project, &["secret", "set", "--username", USER]);
    terminal.sees("Password: ").presses("half of it\u{3}");
    let session = terminal.ends().exits(130);
    assert!(!session.transcript.contains("half of it"), "{}", session.transcript);
    let mut terminal = at_terminal(&project, &["secret", "set", "--username", USER]);
    terminal.sees("Password: ").types(PASSWORD);
    for _ in 0..3 {
        terminal.sees("1, 2 or 3 [1]: ").types("no");
    }
    no_value_in(&terminal.ends().exits(2));
    assert!(!project.home().join("vault.age").exists() && !project.home().join("identity.txt").exists());
}

#[test]
fn a_release_asks_for_the_passphrase_once_and_keeps_it_to_itself() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    under_passphrase(&project);
    let mut terminal = at_terminal(&project, &["release"]);
    terminal.sees("Passphrase of ").types(PASSPHRASE);
    terminal.sees("Go on? [y/N] ");
    for file in ["cmdline", "environ"] {
        let bytes = fs::read(format!("/proc/{}/{file}", terminal.process())).expect("its process");
        assert!(!String::from_utf8_lossy(&bytes).contains("horse"), "{file}");
    }
    terminal.types("y");
    let session = terminal.ends().exits(0);
    no_value_in(&session);
    assert_eq!(session.transcript.matches("Passphrase of").count(), 1, "{}", session.transcript);
    let mut terminal = at_terminal(&project, &["release", "--yes"]);
    terminal.sees("Passphrase of ").types(PASSPHRASE);
    no_value_in(&terminal.ends().exits(0));
    for file in walk(&project.home()) {
        let bytes = fs::read(&file).expect("a file of ours");
        for value in [PASSPHRASE, PASSWORD] {
            assert!(memchr::memmem::find(&bytes, value.as_bytes()).is_none(), "{} holds {value}", file.display());
        }
    }
}

#[test]
fn a_release_that_outlives_the_terminal_is_handed_the_passphrase() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    under_passphrase(&project);
    let mut terminal = at_terminal(&project, &["release", "--yes", "--detach"]);
    terminal.sees("Passphrase of ").types(PASSPHRASE);
    let session = terminal.ends().exits(0);
    no_value_in(&session);
    assert!(session.screen.contains("runs on its own"), "{}", session.screen);
    until("the release ended", || project.releases()[0]["ended"].is_string());
    assert_eq!(project.releases()[0]["state"], "succeeded");
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of ours").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn the_question_before_a_release_is_heard() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    for answer in ["n", "", "what?"] {
        let mut terminal = at_terminal(&project, &["release"]);
        terminal.sees(&project.repository).sees("Go on? [y/N] ").types(answer);
        let session = terminal.ends().exits(2);
        assert!(session.screen.contains("it was not confirmed"), "{}", session.screen);
    }
    assert_eq!(project.releases().len(), 0);
    let mut terminal = at_terminal(&project, &["release"]);
    terminal.sees("Go on? [y/N] ").types("y");
    terminal.ends().exits(0);
    assert_eq!(project.releases()[0]["state"], "succeeded");
}

#[test]
fn without_a_terminal_or_with_a_wrong_passphrase_nothing_happens() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    under_passphrase(&project);
    let before = fs::read(project.home().join("vault.age")).expect("a vault");
    for command in [["release", "--yes"], ["secret", "show"], ["secret", "list"]] {
        let error = without_terminal(&project, &[&command[..], &["--json"]].concat()).exits(2).error();
        assert!(error["why"].as_str().expect("text").contains("no terminal to ask at"), "{error}");
    }
    for command in [["release", "--yes"], ["secret", "show"]] {
        let mut terminal = at_terminal(&project, &command);
        for _ in 0..3 {
            terminal.sees("Passphrase of ").types("stable staple");
        }
        let session = terminal.ends().exits(3);
        assert!(session.screen.contains("none of 3 passphrases opens "), "{}", session.screen);
        assert!(!session.transcript.contains("stable staple"), "{}", session.transcript);
    }
    assert_eq!(project.releases().len(), 0);
    assert_eq!(fs::read(project.home().join("vault.age")).expect("a vault"), before);
}

#[test]
fn the_passphrase_is_asked_for_beside_a_piped_password() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    under_passphrase(&project);
    let program = project.program(&["secret", "set", "--username", USER, "--password-stdin"]);
    let words: Vec<&str> = program.get_args().map(|word| word.to_str().expect("text")).collect();
    let mut shell = Command::new("/bin/busybox");
    let line = format!("printf %s 'another password' | '{}' {}", env!("CARGO_BIN_EXE_windlass"), words.join(" "));
    shell.args(["sh", "-c", &line]).current_dir(project.checkout());
    shell.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut terminal = Terminal::start(&shell);
    terminal.sees("Passphrase of ").types(PASSPHRASE);
    let session = terminal.ends().exits(0);
    assert!(session.screen.contains("is set, bound to"), "{}", session.screen);
}

#[test]
fn age_opens_what_we_put_under_a_passphrase_and_we_what_age_put_there() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    under_passphrase(&project);
    let mut age = other(&project, "age", &["-d", "-i", "identity.txt", "vault.age"]);
    age.sees("passphrase").types(PASSPHRASE);
    assert!(age.ends().exits(0).transcript.contains("\"schema\":\"windlass.vault/1\""));
    let mut age = other(&project, "age", &["-d", "-o", "plain", "identity.txt"]);
    age.sees("passphrase").types(PASSPHRASE);
    age.ends().exits(0);

    for armor in [&["-p"][..], &["-p", "-a"]] {
        let mut age = other(&project, "age", &[armor, &["-o", "locked", "plain"]].concat());
        age.sees("passphrase").types("of another kind");
        age.sees("onfirm").types("of another kind");
        age.ends().exits(0);
        let identity = project.home().join("identity.txt");
        fs::rename(project.home().join("locked"), &identity).expect("files of ours");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(&identity, mode).expect("a file of ours");
        let mut terminal = at_terminal(&project, &["secret", "check"]);
        terminal.sees("Passphrase of ").types("of another kind");
        assert!(terminal.ends().exits(0).screen.contains("may push"));
    }
}

#[test]
fn an_ssh_key_is_chosen_at_the_terminal() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    let key = ssh_key(&project, PASSPHRASE);
    let mut terminal = at_terminal(&project, &["secret", "set", "--username", USER]);
    terminal.sees("Password: ").types(PASSWORD);
    terminal.sees(&format!("your SSH key, such as {}", key.display())).sees("1, 2 or 3 [1]: ").types("2");
    terminal.sees(&format!("[{}]: ", key.display())).types("");
    terminal.sees(&format!("Passphrase of {}: ", key.display())).types(PASSPHRASE);
    let session = terminal.ends().exits(0);
    no_value_in(&session);
    assert!(session.screen.contains(&format!("your SSH key {} opens it", key.display())), "{}", session.screen);

    let mut age = other(&project, "age", &["-d", "-i", key.to_str().expect("text"), "vault.age"]);
    age.sees("passphrase").types(PASSPHRASE);
    assert!(age.ends().exits(0).transcript.contains("\"schema\":\"windlass.vault/1\""));
    without_terminal(&project, &["secret", "show"]).exits(2);
}

#[test]
fn how_the_key_is_kept_is_chosen_by_option_and_told() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    assert!(project.windlass(&["secret", "list", "--json"]).exits(0).json()["identity"].is_null());
    let key = ssh_key(&project, "");
    let set = |identity: &str| {
        let arguments = ["secret", "set", "--username", USER, "--password-stdin", "--identity", identity];
        project.windlass_told(&arguments, PASSWORD)
    };
    set("gpg").exits(2);
    let public = set(&format!("ssh:{}.pub", key.display())).exits(3);
    assert!(public.stderr.contains("id_ed25519.pub"), "{}", public.stderr);
    let missing = set("ssh:~/.ssh/id_rsa").exits(2);
    assert!(missing.stderr.contains("id_rsa: there is no such file"), "{}", missing.stderr);
    assert!(!project.home().join("vault.age").exists());
    let made = set("ssh:~/.ssh/id_ed25519").exits(0);
    assert!(made.stderr.contains(&format!("your SSH key {} opens it", key.display())), "{}", made.stderr);
    let wanted = serde_json::json!({
        "path": project.home().join("identity.txt"), "kind": "ssh", "ssh_key": key, "passphrase": false,
    });
    for command in ["list", "show"] {
        assert_eq!(project.windlass(&["secret", command, "--json"]).exits(0).json()["identity"], wanted);
        let text = project.windlass(&["secret", command]).exits(0).stdout;
        assert!(text.contains(&format!("the SSH key {}", key.display())), "{text}");
    }
    let late = set("passphrase").exits(2);
    assert!(late.stderr.contains("--identity is for a new vault"), "{}", late.stderr);
    project.release();

    let plain = Project::new(&registry);
    plain.set_secret();
    let shown = plain.windlass(&["secret", "show", "--json"]).exits(0).json();
    assert_eq!((&shown["identity"]["kind"], &shown["identity"]["ssh_key"]), (&"plain".into(), &().into()));
}

#[test]
fn a_rotation_reads_the_vault_again_and_asks_once() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    under_passphrase(&project);
    let new = "the-password-after-this-one";
    registry.accept(&[(USER, new)]);
    let mut terminal = at_terminal(&project, &["secret", "rotate"]);
    terminal.sees("assphrase").types(PASSPHRASE);
    terminal.sees("New password: ").types(new);
    let session = terminal.ends().exits(0);
    no_value_in(&session);
    assert!(!session.transcript.contains(new), "{}", session.transcript);
    assert_eq!(session.transcript.matches("assphrase").count(), 1, "{}", session.transcript);
    assert!(session.screen.contains("rotated: the new one is the secret"), "{}", session.screen);
}
