//! The first steps: `windlass init`, completions, the manual.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use clap::CommandFactory as _;
use windlass::{
    commands::args::Cli,
    config::{self, Project as Configured},
};

use crate::support::{
    project::{Project, ran},
    registry::{PASSWORD, Registry, USER},
    terminal::Terminal,
};

/// A project without a configuration, whose code seems to come from there.
fn fresh(registry: &Registry, origin: &str) -> Project {
    let project = Project::new(registry);
    fs::remove_file(project.path("windlass.toml")).expect("it was there");
    project.git(&["remote", "set-url", "origin", origin]);
    project
}

fn written(project: &Project) -> Configured {
    let folder = project.checkout();
    config::load(&folder, None).unwrap_or_else(|e| panic!("{e}"))
}

/// `context repository` of each image.
fn images(project: &Configured) -> Vec<String> {
    project.images.iter().map(|image| format!("{} {}", image.context, image.repository)).collect()
}

#[test]
fn what_is_found_is_written() {
    let registry = Registry::open();
    let project = fresh(&registry, "https://me:token@github.com/mozilla/balrog.git");
    for folder in ["agent", "web", "docs"] {
        fs::create_dir(project.path(folder)).expect("a folder");
    }
    for folder in ["agent", "web"] {
        project.write(&format!("{folder}/Dockerfile"), "FROM scratch\n");
    }
    let ran = project.windlass(&["init", "--yes"]).exits(0);
    for next in ["windlass secret set", "windlass doctor", "windlass release --dry-run"] {
        assert!(ran.stdout.contains(next), "{}", ran.stdout);
    }
    let found = written(&project);
    let expected = [". mozilla/balrog", "agent mozilla/balrog-agent", "web mozilla/balrog-web"];
    assert_eq!(images(&found), expected.map(|image| image.replace(' ', " docker.io/")));
    assert_eq!(found.images[0].secret.name.as_str(), "repo:github.com/mozilla/balrog:dockerhub");
    assert_eq!(found.policy.branches, ["master"]);
    let text = fs::read_to_string(project.path("windlass.toml")).expect("the file");
    assert!(text.contains("# clean = true") && !text.contains("token"), "{text}");
    let config = project.windlass(&["doctor", "config", "--json"]).exits(0).json();
    assert_eq!(config["checks"][0]["outcome"], "pass");
}

#[test]
fn flags_decide_and_a_release_follows() {
    let registry = Registry::with_login();
    let project = fresh(&registry, "/srv/git/somewhere.git");
    let remote = format!("file://{}", project.remote().display());
    project.git(&["remote", "set-url", "origin", &remote]);
    let refused = project.windlass(&["init", "--yes", "--json"]).exits(2).error();
    assert!(refused["next"].as_str().expect("text").contains("--repository"), "{refused}");
    assert!(!project.path("windlass.toml").exists());
    let document = project
        .windlass(&[
            "init",
            "--yes",
            "--json",
            "--repository",
            &project.repository,
            "--branch",
            "master",
            "--branch",
            "v/*",
        ])
        .exits(0)
        .json();
    assert_eq!(document["schema"], "windlass.init/1");
    assert_eq!(document["branches"], serde_json::json!(["master", "v/*"]));
    assert_eq!(images(&written(&project)), [format!(". {}", project.repository)]);
    project.commit("released from now on");
    project.windlass_told(&["secret", "set", "--username", USER, "--password-stdin"], PASSWORD).exits(0);
    assert_eq!(project.windlass(&["doctor"]).code, 0);
    assert_eq!(crate::support::project::pushed(&project.release(), "moving"), "latest");
}

#[test]
fn docker_knows_the_registry() {
    let registry = Registry::open();
    let project = fresh(&registry, "git@git.example.org:Team/App.git");
    project.write(".docker-config", "");
    let config = project.checkout().join("docker-settings");
    fs::create_dir(&config).expect("a folder");
    fs::write(config.join("config.json"), r#"{"auths":{"ghcr.io":{}},"credsStore":"none"}"#).expect("a file");
    ran(project.program(&["init", "--yes"]).env("DOCKER_CONFIG", &config)).exits(0);
    let found = written(&project);
    assert_eq!(images(&found), [". ghcr.io/team/app"]);
    assert_eq!(found.images[0].secret.name.as_str(), "repo:git.example.org/Team/App:ghcr");
}

#[test]
fn nothing_is_written_over_or_against_the_will() {
    let registry = Registry::open();
    let project = fresh(&registry, "https://github.com/a/b");
    project.windlass(&["init", "--yes", "--read-only"]).exits(3);
    let error = project.windlass(&["init", "--json"]).exits(2).error();
    assert!(error["why"].as_str().expect("text").contains("nobody to ask"), "{error}");
    assert!(!project.path("windlass.toml").exists());
    project.write("windlass.toml", "# mine\n");
    let error = project.windlass(&["init", "--yes", "--json"]).exits(2).error();
    assert!(error["next"].as_str().expect("text").contains("windlass doctor config"), "{error}");
    assert_eq!(fs::read_to_string(project.path("windlass.toml")).expect("the file"), "# mine\n");
}

#[test]
fn a_maintainer_is_asked() {
    let registry = Registry::open();
    let project = fresh(&registry, "https://github.com/mozilla/balrog");
    fs::create_dir(project.path("web")).expect("a folder");
    project.write("web/Dockerfile", "FROM scratch\n");
    let mut terminal = Terminal::start(&project.program(&["init"]));
    terminal.sees("Repository for Dockerfile (- for none) [docker.io/mozilla/balrog]: ").types("Not A Repository");
    terminal.sees("is not a repository").types("");
    terminal.sees("Repository for web/Dockerfile (- for none) [docker.io/mozilla/balrog-web]: ").types("-");
    terminal.sees("Branches that are released [master]: ").types("trunk, release/*");
    terminal.sees("[repo:github.com/mozilla/balrog:dockerhub]: ").types("mine");
    terminal.sees("Write this to windlass.toml? [Y/n] ").types("");
    terminal.ends().exits(0);
    let found = written(&project);
    assert_eq!(images(&found), [". docker.io/mozilla/balrog"]);
    assert_eq!(found.policy.branches, ["trunk", "release/*"]);
    assert_eq!(found.tags.alias_of("trunk"), "latest");
    assert_eq!(found.images[0].secret.name.as_str(), "mine");

    fs::remove_file(project.path("windlass.toml")).expect("it was written");
    let mut terminal =
        Terminal::start(&project.program(&["init", "--repository", "a/b", "--branch", "main", "--secret", "s"]));
    terminal.sees("[docker.io/a/b]: ").types("");
    terminal.sees("[docker.io/a/b-web]: ").types("");
    terminal.sees("? [Y/n] ").types("n");
    terminal.ends().exits(2);
    assert!(!project.path("windlass.toml").exists());
}

#[test]
fn bash_completes_commands_options_checks_and_known_projects() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    project.set_secret();
    let program = project.program(&[]);
    let windlass = program.get_program().to_str().expect("a path in UTF-8");
    let script = project.windlass(&["completions", "bash"]).exits(0).stdout;
    let complete = |words: &str| {
        let ask = format!(
            "{script}\nCOMP_WORDS=({windlass} {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); cur=${{COMP_WORDS[-1]}}\n_windlass {windlass} \"$cur\" \"${{COMP_WORDS[-2]}}\"; echo \"${{COMPREPLY[@]}}\""
        );
        let mut bash = Command::new("bash")
            .args(["--norc", "-s"])
            .envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash");
        bash.stdin.take().expect("stdin is piped").write_all(ask.as_bytes()).expect("bash reads");
        let output = bash.wait_with_output().expect("bash");
        assert!(output.status.success());
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    };
    assert_eq!(complete("doc"), "doctor");
    assert_eq!(complete("doctor eng"), "engine");
    assert_eq!(complete("init --rep"), "--repository");
    assert_eq!(complete("--project che"), "checkout");
    assert_eq!(complete("tags --project che"), "checkout");
    assert_eq!(complete("tags --project other"), "");
    for (shell, projects) in [("zsh", true), ("fish", true), ("elvish", false), ("powershell", false)] {
        let script = project.windlass(&["completions", shell]).exits(0).stdout;
        assert!(script.contains("doctor") && script.contains("dry-run"), "{shell}");
        assert_eq!(script.contains("windlass completions --projects"), projects, "{shell}");
    }
    project.windlass(&["completions", "command.com"]).exits(2);
    project.windlass(&["completions"]).exits(2);
    assert_eq!(project.windlass(&["completions", "--projects"]).exits(0).stdout, "checkout\n");
}

/// The page as a terminal shows it. What groff does not understand is an error.
fn rendered(page: &str) -> String {
    let arguments = ["-man", "-Tutf8", "-ww", "-P-cbou"];
    let mut groff = Command::new("groff")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("groff is installed (tests/run.sh installs it)");
    groff.stdin.take().expect("stdin is piped").write_all(page.as_bytes()).expect("groff reads");
    let output = groff.wait_with_output().expect("groff");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn the_manual_names_every_command() {
    let registry = Registry::open();
    let project = Project::new(&registry);
    let page = rendered(&project.windlass(&["man"]).exits(0).stdout);
    let pages = project.checkout().join("pages");
    let folder = pages.display().to_string();
    project.windlass(&["man", "--dir", &folder, "--read-only"]).exits(3);
    assert!(!pages.exists());
    project.windlass(&["man", "--dir", &folder]).exits(0);
    for command in Cli::command().get_subcommands() {
        let name = format!("windlass-{}", command.get_name());
        assert!(page.contains(&name), "{name}: {page}");
        has_page(&pages, &name, command);
    }
}

fn has_page(pages: &Path, name: &str, command: &clap::Command) {
    let file = pages.join(format!("{name}.1"));
    let page = rendered(&fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display())));
    assert!(page.contains("SYNOPSIS"), "{page}");
    for below in command.get_subcommands() {
        has_page(pages, &format!("{name}-{}", below.get_name()), below);
    }
}
