//! Looks at the releases on Taskcluster, has the logs of their tasks come in, and finds out what changing them would do.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;
use tokio::time::sleep;

use super::Shared;
use crate::{
    commands::{cluster_again::prepare, release::who},
    config::from_home,
    console::{
        dialogs::Answer,
        effect::Effect,
        message::{Download, Message, News},
        request::Request,
    },
    domain::{
        again::{Which, ways},
        artifact::Left,
        asker::Asker,
        ending::ending,
        failure::Failure,
        name::ReleaseId,
        permission::MayWrite,
        release::Release,
    },
    release::{
        artifacts,
        cluster::{Cluster, Detailed},
        cluster_again::{By, facts, look_at_inputs},
        cluster_ending,
        cluster_log::{self, Fetching},
    },
    spool::Reader,
    taskcluster::Deployment,
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

    pub(super) async fn cluster(&self) -> Result<Arc<Cluster>, Failure> {
        let mut kept = self.cluster.lock().await;
        if let Some(cluster) = &*kept {
            return Ok(Arc::clone(cluster));
        }
        let made = Arc::new(self.ground.remote().await?);
        *kept = Some(Arc::clone(&made));
        Ok(made)
    }

    /// Who the deployment is asked as now. What was asked as somebody else is let go.
    pub(super) async fn asker(&self) -> Result<Option<Asker>, Failure> {
        let Some((asker, access)) = tokio::task::block_in_place(|| self.ground.asker())? else { return Ok(None) };
        let who = |deployment: &Deployment| {
            deployment.credentials().map(|credentials| (credentials.client_id.clone(), credentials.expiry()))
        };
        let mut kept = self.cluster.lock().await;
        if kept.as_ref().is_some_and(|cluster| who(&cluster.deployment) != who(&access.deployment)) {
            *kept = None;
        }
        Ok(Some(asker))
    }

    /// Asks for the vault's passphrase, where it has one.
    pub(super) fn unlock(&self) -> Result<(), Failure> {
        tokio::task::block_in_place(|| self.ground.unlock()).map(drop)
    }

    async fn tasks(&self, release: &ReleaseId) -> Result<Release, Failure> {
        let (id, _) = release.task().ok_or_else(|| no_task(release))?;
        let detailed = self.cluster().await?.detailed(&id, Timestamp::now()).await?;
        // What counts is known from now on, also once it has expired there.
        self.journal().await?.keep_seen(detailed.known.as_slice()).await?;
        Ok(detailed.release)
    }

    /// What the tasks of a release left.
    pub(super) async fn left(&self, release: &ReleaseId) -> Result<Vec<Left>, Failure> {
        let (id, _) = release.task().ok_or_else(|| no_task(release))?;
        let cluster = self.cluster().await?;
        let detailed = cluster.detailed(&id, Timestamp::now()).await?;
        artifacts::left(&cluster, &detailed, None).await
    }

    /// Writes one of them to a file, with `~/` as in a shell.
    pub(super) async fn download(&self, left: Box<Left>, path: &str, over: bool) -> Message {
        let to = from_home(Path::new(path), &*self.ground.environment);
        let to = std::path::absolute(&to).unwrap_or(to);
        let got = async { artifacts::get(&self.cluster().await?.deployment, &left, &to, over).await };
        let got = got.await;
        Message::Downloaded(Download { left, path: to.display().to_string() }, got)
    }

    /// What running tasks of a release again, or ending them, would do.
    pub(super) async fn prepare_tasks(&self, request: &Request) -> Result<Answer, Failure> {
        let (Request::TaskWays(release) | Request::Again { release, .. } | Request::End { release, .. }) = request
        else {
            return Err(Failure::failed("this is about no tasks", "nothing is found out", "report this"));
        };
        let (cluster, detailed) = self.to_change(release).await?;
        let mut facts = facts(&cluster, &detailed).await?;
        if let Request::End { .. } = request {
            return Ok(Answer::End(Box::new(ending(&facts, None, false)?)));
        }
        let Request::Again { which, manner, .. } = request else {
            look_at_inputs(&cluster, &mut facts, &Which::Whole).await;
            return Ok(Answer::TaskWays(ways(&facts)));
        };
        look_at_inputs(&cluster, &mut facts, which).await;
        let (plan, journal) = (&detailed.release.plan, self.journal().await?);
        let prepared = prepare(&self.ground, journal, &cluster, &facts, plan, (which, *manner)).await?;
        Ok(Answer::Again(Box::new(prepared.again)))
    }

    pub(super) async fn end_tasks(&self, release: &ReleaseId, permit: MayWrite) -> Result<(), Failure> {
        let (cluster, detailed) = self.to_change(release).await?;
        let ending = ending(&facts(&cluster, &detailed).await?, None, false)?;
        let (journal, who) = (self.journal().await?, who());
        cluster_ending::carry_out(&cluster, &ending, By { journal, who: &who, permit }).await?;
        Ok(())
    }

    /// The release, seen by whoever has credentials to change it.
    pub(super) async fn to_change(&self, release: &ReleaseId) -> Result<(Cluster, Detailed), Failure> {
        let (id, _) = release.task().ok_or_else(|| no_task(release))?;
        let cluster = self.cluster_to_change().await?;
        let detailed = cluster.detailed(&id, Timestamp::now()).await?;
        Ok((cluster, detailed))
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
        let ended = cluster_log::fetch(&cluster, fetching).await;
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
