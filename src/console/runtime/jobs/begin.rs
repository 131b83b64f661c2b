//! Finds out what would begin a release on Taskcluster, and leaves that to a process of its own: git asks for nothing on
//! the console's terminal, and its build is waited for whether or not the console is open.

use std::ffi::OsString;

use serde_json::{Value, json};

use super::{Shared, flags};
use crate::{
    commands::begin,
    config::Trigger,
    console::{dialogs::Answer, request::Request},
    domain::{failure::Failure, wishes::Wishes},
    git::Checkout,
    release::{
        cluster::Cluster,
        cluster_hook, cluster_yml,
        detach::{self, Started},
    },
};

impl Shared {
    /// What beginning it as the project's trigger says would do, or what that takes.
    pub(super) async fn prepare_beginning(&self, request: &Request) -> Result<Answer, Failure> {
        let ground = &self.ground;
        ground.permit("release")?;
        let project = ground.project()?;
        let (trigger, cluster) = (project.trigger(), self.cluster_to_change().await?);
        let nothing = Wishes::default();
        let (wishes, payload) = match request {
            Request::Release { wishes, .. } => (wishes, json!({})),
            Request::Fire { payload } => (&nothing, read(payload)?),
            _ => (&nothing, json!({})),
        };
        let beginning = match &trigger {
            Trigger::Hook { group, id } if *request == Request::Payload => {
                return Ok(Answer::Takes(Box::new(cluster_hook::takes(&cluster, (group, id)).await?)));
            }
            Trigger::Hook { group, id } => cluster_hook::prepare(&cluster, (group, id), payload).await?.beginning(),
            Trigger::Yml(file) => {
                let checkout = Checkout::open(&project.root).await?;
                let made = cluster_yml::prepare(&cluster, &project, &checkout, (file, None), wishes).await?;
                made.beginning(wishes)
            }
            Trigger::GitPush | Trigger::GitTag => {
                let checkout = Checkout::open(&project.root).await?;
                let (journal, all) = (self.journal().await?, (&project, None));
                let prepared = begin::prepare(ground, journal, &cluster, all, &checkout, &trigger, wishes).await?;
                if prepared.push.is_there() && prepared.built().is_none() {
                    return Err(begin::nothing_begun(ground).await);
                }
                prepared.beginning(wishes)
            }
        };
        Ok(Answer::Beginning(Box::new(beginning)))
    }

    /// The project's deployment, seen by whoever has credentials to change something there.
    pub(super) async fn cluster_to_change(&self) -> Result<Cluster, Failure> {
        if let Some(at) = self.ground.project()?.taskcluster {
            // Those of a sign-in are in the vault, which may ask for its passphrase; from then on it is known.
            tokio::task::block_in_place(|| self.ground.taskcluster(at.root_url))?;
        }
        self.ground.remote_to_change().await
    }

    pub(super) async fn hand_over(&self, words: Vec<String>, agreed: Option<&str>) -> Result<Started, Failure> {
        let permit = self.ground.permit("release")?;
        let here = self.ground.place.folder()?;
        let words: Vec<OsString> = flags(&self.ground).into_iter().chain(words.into_iter().map(Into::into)).collect();
        // It was asked for when the release was prepared, where it is needed: nobody is asked once more.
        let passphrase = self.ground.passphrase.used();
        detach::hand_over(&here, &words, passphrase.as_ref(), agreed, permit).await
    }
}

fn read(payload: &str) -> Result<Value, Failure> {
    serde_json::from_str(payload)
        .map_err(|error| Failure::usage("the payload could not be read", error.to_string(), "type one JSON document"))
}
