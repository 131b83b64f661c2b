//! Releases that run on Taskcluster: which there are, what their tasks did, and which of what they recorded counts.

use serde_json::{Value, json};

use windlass::{
    domain::release::{ReleaseState, StepState},
    release::cluster::Cluster,
};

use super::{
    deployment::nobody,
    site::{ARTIFACT, Site},
};
use crate::support::{
    project::pushed,
    registry::Registry,
    taskcluster::{
        fault::Fault,
        queue::{artifacts::Stored, task::Outcome},
    },
};

fn shasum(id: &Value) -> Stored {
    let bytes = id.as_str().expect("a digest").as_bytes().to_vec();
    Stored::S3 { bytes, media: "text/plain", gzip: false }
}

fn steps(release: &Value) -> Vec<(&str, &str)> {
    let steps = release["steps"].as_array().expect("steps").iter();
    steps.map(|step| (step["name"].as_str().unwrap(), step["state"].as_str().unwrap())).collect()
}

#[test]
fn a_push_is_listed_and_its_tasks_are_its_steps() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    site.group("pull_request.opened", "success");
    let group = site.group("push", "pending");
    let listed = site.elsewhere(&["releases", "--json"]).exits(0).json();
    let [release] = &listed["releases"].as_array().expect("a list")[..] else { panic!("{listed}") };
    assert_eq!((&release["id"], &release["runner"]), (&group.id.as_str().into(), &"taskcluster".into()));
    assert_eq!((&release["commit"], &release["state"]), (&site.commit().into(), &"running".into()));
    let shown = site.show("@");
    assert_eq!((&shown["trigger"], &shown["ref"]), (&"push".into(), &"refs/heads/master".into()));
    assert_eq!(steps(&shown), [("docker-image", "pending"), ("push-image", "pending")]);
    site.run(&group.build, Outcome::Completed);
    site.run(&group.push, Outcome::Failed);
    for name in
        [group.id.as_str(), &group.push, &site.commit()[..10], &format!("{}/tasks/{}", site.double.root, group.push)]
    {
        let shown = site.show(name);
        assert_eq!(steps(&shown), [("docker-image", "succeeded"), ("push-image", "failed")], "{name}");
        assert_eq!(shown["failure"]["what"], "the task push-image failed");
        assert_eq!(shown["failure"]["why"], "its command failed");
    }
    let told = site.elsewhere(&["show", &group.id]).exits(0).stdout;
    assert!(told.contains("push-image") && told.contains("windlass log"), "{told}");
    let watched = site.elsewhere(&["show", &group.id, "--watch"]).exits(1);
    assert!(watched.stderr.contains("push-image") && watched.stderr.contains("its command failed"), "{watched:?}");
    site.elsewhere(&["show", "https://other.example/tasks/f18OCIBgRoSL6-8OrQg82Q"]).exits(2);
    site.elsewhere(&["show", "f18OCIBgRoSL6-8OrQg82Q"]).exits(1);
}

#[test]
fn what_a_push_recorded_is_compared_and_what_a_pull_request_claims_is_not() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    site.project.set_secret();
    let local = site.project.release();
    let (moving, frozen) = (pushed(&local, "moving"), pushed(&local, "frozen"));
    // A secret of the other home, so that the registry can be read from there.
    let home = site.project.folder();
    std::fs::create_dir_all(home.join("elsewhere")).unwrap();
    crate::support::project::told(
        site.project
            .program(&["secret", "set", "--username", crate::support::registry::USER, "--password-stdin"])
            .env("WINDLASS_HOME", home.join("elsewhere")),
        crate::support::registry::PASSWORD,
    )
    .exits(0);
    assert_eq!(site.row(moving)["verdict"], "not-recorded");

    let claimed = site.group("pull_request.opened", "success");
    site.run(&claimed.build, Outcome::Completed);
    site.run(&claimed.push, Outcome::Completed);
    site.double.artifact(&claimed.push, 0, ARTIFACT, shasum(&local["image_id"]));
    let shown = site.elsewhere(&["show", &claimed.id]).exits(0).stdout;
    assert!(shown.contains("only claimed: its group comes from pull request"), "{shown}");
    assert_eq!(site.row(moving)["verdict"], "not-recorded", "a task of the same name of a pull request");

    let group = site.group("push", "success");
    site.run(&group.build, Outcome::Completed);
    site.run(&group.push, Outcome::Completed);
    site.double.artifact(&group.push, 0, ARTIFACT, shasum(&local["image_id"]));
    for tag in [moving, frozen] {
        let row = site.row(tag);
        assert_eq!(row["verdict"], "match", "{row}");
        assert_eq!(row["record"]["release"], group.id.as_str());
        let source = row["record"]["source"].as_str().unwrap();
        assert_eq!(source, format!("{ARTIFACT} of task {}, run 0", group.push));
    }
    assert_eq!(site.show(&group.id)["image_id"], local["image_id"]);

    // While it runs again its last record stands, and what the newest run has is asked for by its number.
    site.double.rerun(&group.push);
    let shown = site.show(&group.id);
    assert_eq!((&shown["image_id"], &shown["state"]), (&local["image_id"], &"running".into()));
    site.double.claim(&group.push);
    let other = json!(format!("sha256:{}", "0".repeat(64)));
    site.double.artifact(&group.push, 1, ARTIFACT, shasum(&other));
    site.double.resolve(&group.push, Outcome::Completed);
    assert_eq!(site.show(&group.id)["image_id"], other);
    // What was kept of it is known without the deployment, too.
    site.double.fault("GET", "/api/", Fault::Html500, 1000);
    let row = site.elsewhere(&["tags", "--fresh"]).exits(0);
    assert!(row.stderr.contains("records on Taskcluster are not known"), "{row:?}");
}

#[test]
fn files_with_several_digests_or_none_are_no_record() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    let group = site.group("push", "success");
    site.run(&group.build, Outcome::Completed);
    site.run(&group.push, Outcome::Completed);
    let one = format!("sha256:{}", "a".repeat(64));
    for (text, image_id) in [
        (format!("{one}\nsha256:{}\n", "b".repeat(64)), Value::Null),
        (String::new(), Value::Null),
        ("a".repeat(64), one.as_str().into()),
        (format!("{one}\r\n{one}\r\n"), one.as_str().into()),
    ] {
        let stored = Stored::S3 { bytes: text.clone().into_bytes(), media: "text/plain", gzip: true };
        site.double.artifact(&group.push, 0, ARTIFACT, stored);
        assert_eq!(site.show(&group.id)["image_id"], image_id, "{text:?}");
    }
    site.double.artifact(&group.push, 0, ARTIFACT, Stored::NeverUploaded);
    site.elsewhere(&["show", &group.id]).exits(0);
    site.double.artifact(&group.push, 0, ARTIFACT, Stored::Error { reason: "file-missing-on-worker", message: "no" });
    assert_eq!(site.show(&group.id)["image_id"], Value::Null);
}

#[tokio::test]
async fn looking_again_at_what_runs_asks_for_its_tasks_alone() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    let group = site.group("push", "pending");
    site.run(&group.build, Outcome::Completed);
    site.double.claim(&group.push);
    let project = windlass::config::load(&site.project.checkout(), None).unwrap();
    let cluster = Cluster::new(project, |_| Ok(nobody(&site.double))).await.unwrap();
    let id = group.id.parse().unwrap();
    let look = async || cluster.detailed(&id, jiff::Timestamp::now()).await.unwrap().release;
    assert_eq!(look().await.steps.len(), 2);
    let before = site.double.requests().len();
    assert_eq!(look().await.steps[1].state, StepState::Running);
    let asked: Vec<_> = site.double.requests()[before..].iter().map(|asked| asked.status).collect();
    assert_eq!(asked, [Some(304)]);
    // What changes is seen, and what a run that is over left is asked for once.
    site.double.resolve(&group.push, Outcome::Completed);
    assert_eq!(look().await.state, ReleaseState::Succeeded);
    let before = site.double.requests().len();
    look().await;
    assert_eq!(site.double.requests().len() - before, 1);
}

#[test]
fn a_hundred_builds_and_a_group_of_five_hundred_tasks_take_few_requests() {
    let registry = Registry::with_login();
    let site = Site::new(&registry);
    let group = site.group("push", "pending");
    for n in 0..498 {
        site.double.task(&json!({
            "taskGroupId": group.id,
            "metadata": {"name": format!("test-{n}"), "owner": "a@b.c", "source": "https://a.b/", "description": ""},
        }));
    }
    for _ in 0..99 {
        site.group("push", "pending");
    }
    let before = site.double.requests().len();
    let listed = site.elsewhere(&["releases", "--limit", "100", "--json"]).exits(0).json();
    assert_eq!(listed["releases"].as_array().unwrap().len(), 100);
    let shown = site.show(&group.id);
    assert_eq!(steps(&shown).len(), 2);
    let asked = site.double.requests().len() - before;
    assert!(asked <= 12, "{asked} requests");
}
