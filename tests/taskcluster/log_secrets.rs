//! What the log of a task is kept clean of: what this process knows of secrets, and comes to know while the log comes in.

use std::{collections::BTreeSet, ffi::OsString, fs, path::Path, sync::Arc};

use serde_json::json;
use tokio::sync::mpsc::unbounded_channel;
use windlass::{
    config,
    domain::failure::Failure,
    keeping::{self, Learned, Redaction},
    release::{
        cluster::Cluster,
        cluster_log::{self, Fetching},
    },
    taskcluster::Access,
};

use super::{
    deployment::nobody,
    site::{LIVE, LOG, Site},
};
use crate::support::{
    project::SECRET,
    registry::{PASSWORD, Registry, USER},
    taskcluster::{
        live::Live,
        moment,
        queue::{artifacts::Stored, task::Outcome},
    },
};

/// What else the document holds, of which no recipe knows.
const NOTE: &str = "only-for-the-team";
const TOKEN: &str = "tokentokentokentoken44";

/// Reads the project's secret as whoever may.
async fn read_secret(site: &Site, project: &config::Project, learned: &Learned) {
    let image = &project.images[0];
    let environment = |root: String| {
        move |name: &str| {
            let value = match name {
                "TASKCLUSTER_ROOT_URL" => root.as_str(),
                "TASKCLUSTER_CLIENT_ID" => "github/1|ada",
                "TASKCLUSTER_ACCESS_TOKEN" => TOKEN,
                _ => return None,
            };
            Some(OsString::from(value))
        }
    };
    let environment = environment(site.double.root.clone());
    site.double.client("github/1|ada", TOKEN, &["secrets:get:*"]);
    let (root, plain) = (site.double.root.parse().unwrap(), Arc::new(|_: &str| false));
    let access = Access::to(root, &environment, |_| Ok::<_, Failure>(None), plain).unwrap();
    let home = site.project.home();
    let paths = config::Paths::from_env(&|name| (name == "WINDLASS_HOME").then(|| home.clone().into_os_string()));
    let store = keeping::Cluster::new(access, &paths.unwrap(), learned);
    store.entry(&image.secret.name, &BTreeSet::new()).await.unwrap();
}

#[tokio::test]
async fn a_secret_that_is_read_while_a_log_comes_in_is_taken_out_from_then_on() {
    let registry = Registry::open();
    let site = Site::new(&registry);
    let document = json!({"username": USER, "password": PASSWORD, "note": NOTE});
    site.double.secret(SECRET, document, site.double.now() + moment::days(1));
    let group = site.group("push", "pending");
    site.double.claim(&group.build);
    let live = Live::start();
    site.double.artifact(&group.build, 0, LIVE, Stored::Reference { url: live.url.clone() });

    let project = config::load(Path::new(&site.project.path("windlass.toml")).parent().unwrap(), None).unwrap();
    let learned = Learned::default();
    let (grown, mut lines) = unbounded_channel();
    let file = site.project.home().join("logs").join("a.log");
    let fetching = Fetching {
        task: group.build.parse().unwrap(),
        run: 0,
        file: file.clone(),
        redaction: Redaction::of(&project.images, None, &learned),
        grown: Arc::new(move |count| {
            let _ = grown.send(count);
        }),
    };
    let cluster = Cluster::new(project.clone(), |_| Ok(nobody(&site.double))).await.unwrap();
    let before = site.double.requests().len();
    let fetched = tokio::spawn(async move { cluster_log::fetch(&cluster, fetching).await });
    live.push("begins\n");
    while lines.recv().await != Some(1) {}
    let asked = site.double.requests().split_off(before);
    assert!(asked.iter().all(|asked| !asked.path.contains("/secret")), "nothing is fetched for a log: {asked:?}");

    read_secret(&site, &project, &learned).await;
    let rest = format!("{USER} logs in with {PASSWORD}, and {NOTE}\n");
    live.push(&rest);
    live.close();
    site.double.artifact(&group.build, 0, LOG, Stored::log(&format!("begins\n{rest}")));
    site.double.artifact(&group.build, 0, LIVE, Stored::Link { to: LOG });
    site.double.resolve(&group.build, Outcome::Completed);
    assert_eq!(fetched.await.unwrap().unwrap(), None, "it is whole");
    let log = fs::read_to_string(file).unwrap();
    assert_eq!(log, format!("begins\n{USER} logs in with [redacted], and [redacted]\n"));
}
