//! No test: a deployment with something of everything, for whoever wants to try the program before it. CONTRIBUTING says
//! how it is started.

use std::{
    fs,
    io::{BufRead as _, stdin},
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
    thread,
    time::Duration,
};

use jiff::SignedDuration;
use serde_json::json;

use super::site::{ARTIFACT, Group, LIVE, LOG, Site};
use crate::support::{
    project::{SECRET, pushed, ran},
    registry::{PASSWORD, Registry, USER},
    taskcluster::{
        live::Live,
        moment,
        queue::{artifacts::Stored, task::Outcome},
    },
};

const ME: &str = "github/1|ada";
const TOKEN: &str = "ada-may-do-everything-here";

/// What can be typed.
const HELP: &str = "\
clock SECONDS   sets the services' clock ahead by this, or behind
end             has the running tasks end
build           has a push of what is checked out make a build, which ends well
quit            ends it";

#[test]
#[ignore = "runs until its stdin ends, for whoever tries the program by hand"]
fn a_deployment_to_try_the_program_at() {
    let registry = Registry::with_login();
    let site = Site::with(&registry, "store = \"taskcluster\"\n\n[runner]\nkind = \"taskcluster\"\n");
    let (double, project) = (&site.double, &site.project);
    double.client(ME, TOKEN, &["*"]);
    double.secret(SECRET, json!({"username": USER, "password": PASSWORD, "note": 7}), double.now() + moment::days(30));
    let signed = [
        ("TASKCLUSTER_ROOT_URL", double.root.as_str()),
        ("TASKCLUSTER_CLIENT_ID", ME),
        ("TASKCLUSTER_ACCESS_TOKEN", TOKEN),
    ];
    let windlass = |arguments: &[&str]| ran(project.program(arguments).envs(signed)).exits(0);

    let failed = site.group("push", "failure");
    ends(&site, &failed.build, &("step\n".repeat(400) + "ERROR: no space left on device\n"), Outcome::Failed);
    project.dockerfile("ENV SECOND=1\n");
    project.commit("the second");
    windlass(&["secret", "bind"]);
    let local = windlass(&["release", "--on", "local", "--yes", "--json"]).json();
    let good = site.group("push", "success");
    ends(&site, &good.build, "built\n", Outcome::Completed);
    let image = local["image_id"].as_str().expect("an image id").as_bytes().to_vec();
    double.artifact(&good.push, 0, ARTIFACT, Stored::S3 { bytes: image, media: "text/plain", gzip: false });
    let object = Stored::Object { bytes: b"the image\n".to_vec(), media: "application/octet-stream" };
    double.artifact(&good.build, 0, "public/image.bin", object);
    let gone = Stored::Error { reason: "file-missing-on-worker", message: "could not find it" };
    double.artifact(&good.build, 0, "public/gone.txt", gone);
    ends(&site, &good.push, &format!("pushed {}\n", pushed(&local, "frozen")), Outcome::Completed);
    offers_an_action(&site, &good.build);
    let claimed = site.group("pull_request.opened", "success");
    ends(&site, &claimed.build, "built\n", Outcome::Completed);
    project.dockerfile("ENV THIRD=1\n");
    project.commit("the third");
    let running = site.group("push", "pending");
    double.claim(&running.build);
    let live = Live::start();
    double.artifact(&running.build, 0, LIVE, Stored::Reference { url: live.url.clone() });

    let environment = project.folder().join("environment");
    fs::write(&environment, said(&site, &signed)).expect("a file");
    println!("\n. {}\n{}\n{HELP}", environment.display(), named(&[("FAILED", &failed), ("GOOD", &good)]));
    let (ended, lines) = (AtomicBool::new(false), AtomicU32::new(0));
    thread::scope(|scope| {
        scope.spawn(|| speaks(&live, &ended, &lines));
        for typed in stdin().lock().lines().map_while(Result::ok) {
            match typed.split_whitespace().collect::<Vec<_>>()[..] {
                ["clock", seconds] => double.clock(SignedDuration::from_secs(seconds.parse().unwrap_or_default())),
                ["end"] if !ended.swap(true, Ordering::Relaxed) => {
                    live.close();
                    let kept: String = (1..=lines.load(Ordering::Relaxed)).map(line).collect();
                    double.artifact(&running.build, 0, LOG, Stored::log(&kept));
                    double.artifact(&running.build, 0, LIVE, Stored::Link { to: LOG });
                    double.resolve(&running.build, Outcome::Completed);
                    site.run(&running.push, Outcome::Completed);
                }
                ["build"] => {
                    let group = site.group("push", "success");
                    ends(&site, &group.build, "built\n", Outcome::Completed);
                    ends(&site, &group.push, "pushed\n", Outcome::Completed);
                }
                ["quit"] => break,
                _ => println!("{HELP}"),
            }
        }
        ended.store(true, Ordering::Relaxed);
    });
}

/// An action that runs tasks again, whose hook the user's settings allow.
fn offers_an_action(site: &Site, decision: &str) {
    let task = json!({
        "taskQueueId": "proj/ci", "payload": {}, "taskGroupId": {"$eval": "payload.group"},
        "metadata": {"name": "Action: retrigger", "owner": "ada@example.org", "source": "https://example.org/", "description": ""},
    });
    site.double.hook("project-x", "retrigger", &task, &json!({"type": "object", "required": ["group"]}));
    site.double.role("hook-id:project-x/retrigger", &["queue:*"]);
    let times = json!({"type": "object", "properties": {"times": {"type": "integer", "default": 1}}});
    let action = |name: &str, group: &str| {
        json!({
            "name": name, "title": name, "description": "runs it again", "context": [], "schema": times,
            "kind": "hook", "hookGroupId": group, "hookId": "retrigger",
            "hookPayload": {"group": {"$eval": "taskGroupId"}, "input": {"$eval": "input"}},
        })
    };
    let actions = [action("retrigger", "project-x"), action("of-others", "project-y")];
    let document = json!({"version": 1, "variables": {}, "actions": actions});
    let stored = Stored::S3 { bytes: document.to_string().into_bytes(), media: "application/json", gzip: false };
    site.double.artifact(decision, 0, "public/actions.json", stored);
    let settings = site.project.home().join("settings.toml");
    fs::write(settings, "[taskcluster]\nhook-groups = [\"project-x\"]\n").expect("settings");
}

/// Runs a task to this end, with this log.
fn ends(site: &Site, task: &str, log: &str, outcome: Outcome) {
    site.double.claim(task);
    site.double.artifact(task, 0, LOG, Stored::log(log));
    site.double.artifact(task, 0, LIVE, Stored::Link { to: LOG });
    site.double.resolve(task, outcome);
}

/// A line a second, as somebody's build.
fn speaks(live: &Live, ended: &AtomicBool, lines: &AtomicU32) {
    while !ended.load(Ordering::Relaxed) {
        live.push(&line(lines.fetch_add(1, Ordering::Relaxed) + 1));
        thread::sleep(Duration::from_secs(1));
    }
}

fn line(number: u32) -> String {
    format!("line {number} of the build\n")
}

/// What a shell has to know to run the program there.
fn said(site: &Site, signed: &[(&str, &str)]) -> String {
    let mut program = site.project.program(&[]);
    program.envs(signed.iter().copied());
    let set = program.get_envs().filter_map(|(key, value)| Some((key.to_str()?, value?.to_str()?)));
    let mut lines: Vec<String> = set.map(|(key, value)| format!("export {key}='{value}'")).collect();
    lines.extend(
        ["AUTHOR", "COMMITTER"].map(|role| format!("export GIT_{role}_NAME=Ada GIT_{role}_EMAIL=ada@example.org")),
    );
    lines.push(format!("alias windlass='{}'", env!("CARGO_BIN_EXE_windlass")));
    lines.push(format!("cd '{}'", site.project.checkout().display()));
    lines.join("\n") + "\n"
}

fn named(groups: &[(&str, &Group)]) -> String {
    let named = groups.iter().map(|(name, group)| format!("{name}: {}, {}", group.build, group.push));
    named.collect::<Vec<_>>().join("\n")
}
