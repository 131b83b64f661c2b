//! Looks at the releases on Taskcluster, and has the logs of their tasks come in.

use std::{path::PathBuf, sync::Arc};

use jiff::Timestamp;
use tokio::time::sleep;

use super::Shared;
use crate::{
    console::{
        effect::Effect,
        message::{Message, News},
    },
    domain::{failure::Failure, name::ReleaseId, release::Release},
    release::{
        cluster::Cluster,
        cluster_log::{self, Fetching},
    },
    spool::Reader,
};

impl Shared {
    pub(super) async fn look_at_cluster(&self, effect: Effect) {
        let message = match effect {
            Effect::LookAtCluster { turn, after } => {
                sleep(after).await;
                let seen = async { self.cluster().await?.releases(crate::console::message::PAGE).await };
                Message::Cluster(turn, Box::pin(seen).await)
            }
            Effect::LookAtTasks { release, turn, after } => {
                sleep(after).await;
                let seen = Box::pin(self.tasks(&release)).await.map(Box::new);
                Message::Tasks(release, turn, seen)
            }
            Effect::FetchLog { run } => {
                let ended = Box::pin(self.fetch(&run)).await;
                Message::Fetched(run, ended)
            }
            _ => return,
        };
        self.tell(message).await;
    }

    pub(super) async fn cluster(&self) -> Result<&Cluster, Failure> {
        self.cluster.get_or_try_init(|| self.ground.remote()).await
    }

    async fn tasks(&self, release: &ReleaseId) -> Result<Release, Failure> {
        let (id, _) = release.task().ok_or_else(|| no_task(release))?;
        let detailed = self.cluster().await?.detailed(&id, Timestamp::now()).await?;
        // What counts is known from now on, also once it has expired there.
        self.journal().await?.keep_seen(detailed.known.as_slice()).await?;
        Ok(detailed.release)
    }

    async fn fetch(&self, key: &ReleaseId) -> Result<Option<String>, Failure> {
        let (Some((task, Some(run))), cluster) = (key.task(), self.cluster().await?) else {
            return Err(no_task(key));
        };
        let file: PathBuf = self.ground.paths.logs().join(format!("{key}.log"));
        let (to, told) = (self.to.clone(), key.clone());
        let grown = Arc::new(move |lines: u64| {
            // The newest count is enough: where there is no room, the next one tells.
            let _ = to.try_send(Message::News(told.clone(), News::Log(lines)));
        });
        let fetching = Fetching { task, run, file, redaction: self.ground.redaction(), grown };
        let ended = cluster_log::fetch(cluster, fetching).await;
        // The last count must arrive, whatever room there was for those before it.
        if let Ok(log) = Reader::open(&self.ground.paths.logs().join(format!("{key}.log"))) {
            self.tell(Message::News(key.clone(), News::Log(log.lines()))).await;
        }
        ended
    }
}

fn no_task(key: &ReleaseId) -> Failure {
    Failure::failed(format!("{key} is of no task"), "only those have logs on Taskcluster", "report this")
}
