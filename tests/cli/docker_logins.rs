//! Logins that Docker has are taken over into the vault: out of its file, and out of credential helpers.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::json;

use crate::support::{
    project::{Project, Ran, ran},
    registry::{PASSWORD, Registry, USER},
    terminal::Terminal,
};

/// A project whose user has this as Docker's settings, and a helper that speaks the protocol of
/// docker-credential-helpers to the letter.
struct Settled {
    project: Project,
    host: String,
}

impl Settled {
    fn new(registry: &Registry) -> Self {
        let project = Project::new(registry);
        fs::create_dir_all(project.user().join(".docker")).expect("a folder of ours");
        fs::create_dir(project.user().join("bin")).expect("a folder of ours");
        Self { project, host: registry.host.clone() }
    }

    fn config(&self, config: &serde_json::Value) {
        fs::write(self.project.user().join(".docker/config.json"), config.to_string()).expect("docker's settings");
    }

    /// Answers a `get` for the registry by this, and exits with this code; knows no other registry and no other verb.
    fn helper(&self, answer: &str, code: u8) {
        let answer_file = self.project.user().join("answer");
        fs::write(&answer_file, answer).expect("a file of ours");
        let script = format!(
            "#!/bin/busybox sh\n[ \"$#:$1\" = 1:get ] || {{ echo 'wrong verb'; exit 9; }}\n\
             [ \"$(/bin/busybox cat)\" = '{}' ] || {{ echo 'credentials not found in native keychain'; exit 1; }}\n\
             /bin/busybox cat '{}'\nexit {code}\n",
            self.host,
            answer_file.display()
        );
        let helper = self.project.user().join("bin/docker-credential-it");
        fs::write(&helper, script).expect("a file of ours");
        fs::set_permissions(&helper, fs::Permissions::from_mode(0o755)).expect("a file of ours");
    }

    fn program(&self, arguments: &[&str]) -> std::process::Command {
        let mut program = self.project.program(arguments);
        let path = std::env::var("PATH").expect("a PATH");
        program.env("PATH", format!("{}:{path}", self.project.user().join("bin").display()));
        program
    }

    fn set_from_docker(&self, more: &[&str]) -> Ran {
        let ran = ran(&mut self.program(&[&["secret", "set", "--from-docker"], more].concat()));
        for text in [&ran.stdout, &ran.stderr] {
            assert!(!text.contains(PASSWORD), "{text}");
        }
        ran
    }

    fn no_vault(&self) {
        assert!(!self.project.home().join("vault.age").exists());
    }
}

fn of_helper(user: &str, secret: &str) -> String {
    json!({"ServerURL": "it", "Username": user, "Secret": secret}).to_string()
}

#[test]
fn out_of_the_file_and_bound_as_any_other() {
    let registry = Registry::with_login();
    let settled = Settled::new(&registry);
    let project = &settled.project;
    // The login is in the folder that DOCKER_CONFIG names; the one in the home is not asked.
    settled.config(&json!({"auths": {&settled.host: {"auth": "d3Jvbmc6d3Jvbmc="}}}));
    let config = project.user().with_file_name("docker");
    let arguments = ["secret", "set", "--from-docker", "--json"];
    let set = ran(project.program(&arguments).env("DOCKER_CONFIG", &config)).exits(0).json();
    assert_eq!(set["bindings"], json!([project.repository]));
    let file = config.join("config.json");
    assert_eq!(set["docker"], json!([{"registry": settled.host, "username": USER, "from": file}]));
    assert_eq!(set["identity"]["kind"], "plain");
    assert!(!set.to_string().contains(PASSWORD), "{set}");
    let check = project.windlass(&["secret", "check", "--json"]).exits(0).json();
    assert_eq!(
        (&check["repositories"][0]["login"], &check["repositories"][0]["push"]),
        (&"proven".into(), &"may".into())
    );
}

#[test]
fn out_of_a_helper_which_is_named() {
    let registry = Registry::with_login();
    let settled = Settled::new(&registry);
    settled.helper(&of_helper(USER, PASSWORD), 0);
    for config in [json!({"credsStore": "it"}), json!({"credsStore": "none", "credHelpers": {&settled.host: "it"}})] {
        settled.config(&config);
        let set = settled.set_from_docker(&[]).exits(0);
        let told = format!("a login of {USER} for {}, in docker-credential-it", settled.host);
        assert!(set.stdout.contains(&told), "{}", set.stdout);
    }
    settled.project.windlass(&["secret", "check"]).exits(0);
}

#[test]
fn what_cannot_be_taken_over_is_told_and_nothing_is_made() {
    let registry = Registry::with_login();
    let settled = Settled::new(&registry);
    let why = |ran: Ran| format!("{} {}", ran.error()["what"], ran.error()["why"]);
    let json = &["--json"];
    let none = why(settled.set_from_docker(json).exits(2));
    assert!(none.contains(&format!("Docker has no login for {}", settled.host)), "{none}");

    settled.config(&json!({"credsStore": "it"}));
    let missing = why(settled.set_from_docker(json).exits(1));
    assert!(missing.contains("docker-credential-it") && missing.contains("not on the PATH"), "{missing}");

    settled.helper("credentials not found in native keychain\n", 1);
    assert!(why(settled.set_from_docker(json).exits(2)).contains("Docker has no login for"));

    settled.helper("the keyring is \u{1b}[31mlocked\n", 1);
    let failed = why(settled.set_from_docker(json).exits(1));
    assert!(failed.contains("the keyring is") && failed.contains("locked") && !failed.contains("u001b"), "{failed}");

    settled.helper(PASSWORD, 0);
    assert!(why(settled.set_from_docker(json).exits(1)).contains("not the JSON of a login"));

    settled.helper(&of_helper("<token>", PASSWORD), 0);
    let token = why(settled.set_from_docker(json).exits(2));
    assert!(token.contains("docker-credential-it has an identity token"), "{token}");

    settled.helper(&of_helper(USER, "hunter2"), 0);
    let weak = settled.set_from_docker(json).exits(2);
    assert!(!weak.stderr.contains("hunter2"), "{}", weak.stderr);
    assert!(why(weak).contains("has 7 characters"));

    settled.config(&json!({"auths": {&settled.host: {"auth": "Ym90Og==", "identitytoken": PASSWORD}}}));
    assert!(why(settled.set_from_docker(json).exits(2)).contains("config.json has an identity token"));
    settled.project.windlass(&["--read-only", "secret", "set", "--from-docker"]).exits(3);
    settled.no_vault();
}

#[test]
fn a_recipe_for_one_login_takes_none_of_two_registries() {
    let (registry, other) = (Registry::with_login(), Registry::open());
    let settled = Settled::new(&registry);
    let (one, two) = (&settled.project.repository, other.repository("team/other"));
    let text =
        format!("[[image]]\nrepository = \"{one}\"\n[[image]]\nrepository = \"{two}\"\n[secret]\nname = \"s\"\n");
    let auths =
        json!({&settled.host: {"auth": "Ym90OmZpcnN0LXBhc3N3b3Jk"}, &other.host: {"auth": "Ym90OnNlY29uZC1wYXNz"}});
    settled.config(&json!({"auths": auths}));
    settled.project.write("windlass.toml", &format!("{text}recipe = {{ username = \"/u\", password = \"/p\" }}\n"));
    let refused = settled.set_from_docker(&["--image", "other", "--json"]).exits(2).error();
    assert!(refused["why"].as_str().expect("text").contains("room for one"), "{refused}");
    settled.no_vault();
    settled.project.write("windlass.toml", &format!("{text}recipe = {{ docker-config = \"/d\" }}\n"));
    let set = settled.set_from_docker(&["--image", "other", "--json"]).exits(0).json();
    assert_eq!(set["docker"].as_array().expect("a list").len(), 2, "{set}");
    let shown = settled.project.windlass(&["secret", "show", "--image", "other", "--json"]).exits(0).json();
    assert_eq!(shown["keys"].as_array().expect("a list").len(), 2, "{shown}");
}

#[test]
fn a_login_that_is_there_is_offered() {
    let registry = Registry::with_login();
    let settled = Settled::new(&registry);
    settled.config(&json!({"credsStore": "it"}));
    settled.helper("the keyring is locked", 1);
    let mut terminal = Terminal::start(&settled.program(&["secret", "set", "--identity", "plain"]));
    terminal.sees("the keyring is locked").sees("User name: ").types("somebody");
    terminal.sees("Password: ").types("a password of theirs");
    terminal.ends().exits(0);

    settled.helper(&of_helper(USER, PASSWORD), 0);
    let mut terminal = Terminal::start(&settled.program(&["secret", "set"]));
    terminal.sees(&format!("Docker has a login of {USER} for {}", settled.host));
    terminal.sees("docker-credential-it. Use it? [Y/n] ").types("n");
    terminal.sees("User name: ").types("somebody");
    terminal.sees("Password: ").types("another password of theirs");
    terminal.ends().exits(0);
    settled.project.windlass(&["secret", "check"]).exits(3);

    let mut terminal = Terminal::start(&settled.program(&["secret", "set"]));
    terminal.sees("Use it? [Y/n] ").types("");
    let session = terminal.ends().exits(0);
    assert!(!session.transcript.contains(PASSWORD), "{}", session.transcript);
    settled.project.windlass(&["secret", "check"]).exits(0);
}
