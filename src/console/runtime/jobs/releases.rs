//! Lists releases, follows those that run, finds out what a request would do, starts and cancels.

use jiff::Timestamp;

use super::Shared;
use crate::{
    commands::{find, point, release as command, rerun, tags},
    console::{
        dialogs::Answer,
        message::{Listing, Message, News, PAGE},
        request::Request,
        runtime::follow,
    },
    domain::{
        audit::{Act, AuditRow, Ended},
        failure::Failure,
        name::ReleaseId,
        plan::Runner,
        reference::Repository,
    },
    journal::ReleaseFilter,
    release::{
        attach::{self, Follower},
        rerun::ways,
    },
};

impl Shared {
    /// The newest ones, or those that came before one.
    pub(super) async fn releases(
        &self,
        repositories: Vec<Repository>,
        before: Option<ReleaseId>,
    ) -> Result<Listing, Failure> {
        let journal = self.journal().await?;
        let listing = journal.releases(ReleaseFilter { image: None, repositories, before }, PAGE).await?;
        let mut listing = Listing { releases: listing.releases, damaged: listing.damaged.len() };
        for release in &mut listing.releases {
            self.ground.check_alive(journal, release).await?;
        }
        Ok(listing)
    }

    pub(super) async fn follow(&self, release: ReleaseId, repository: &Repository, after: u64) {
        let follow = async {
            let journal = self.journal().await?;
            let follower = Follower::open(&self.ground.paths, journal, &release, repository, after).await?;
            follow::tell(follower, &release, &self.to).await
        };
        if let Err(failure) = Box::pin(follow).await {
            self.tell(Message::News(release, News::Lost(failure))).await;
        }
    }

    pub(super) async fn prepare(&self, request: &Request) -> Result<Answer, Failure> {
        let ground = &self.ground;
        let journal = self.journal().await?;
        let prepared = match request {
            Request::Payload | Request::Fire { .. } => return self.prepare_beginning(request).await,
            Request::Release { wishes, .. } if !wishes.local && ground.project()?.runner == Runner::Taskcluster => {
                return self.prepare_beginning(request).await;
            }
            Request::Release { image, wishes } => {
                ground.permit("release")?;
                command::prepare(ground, journal, Some(image), wishes).await?
            }
            Request::Rerun { release, first, move_tags } => {
                ground.permit("rerun")?;
                let earlier = ground.release_of(journal, release).await?;
                rerun::prepare(ground, journal, &earlier, *first, *move_tags).await?
            }
            Request::Point { tag, release } => {
                ground.permit("point")?;
                let target = ground.release_of(journal, release).await?;
                point::prepare(ground, journal, tag, &target).await?
            }
            Request::History { image, tag, .. } => {
                let project = ground.project()?;
                let (_, past) = tags::past(ground, journal, project.image(Some(image))?, tag).await?;
                return Ok(Answer::Past(past));
            }
            Request::Find { digest } => {
                let found = find::found(ground, journal, digest, None).await?;
                return Ok(Answer::Found(found.into_iter().map(|finding| finding.sentence).collect()));
            }
            Request::Artifacts { release, .. } => return Ok(Answer::Left(self.left(release).await?)),
            Request::Download(_) => {
                let folder = std::env::current_dir().unwrap_or_default();
                return Ok(Answer::Folder(folder.display().to_string()));
            }
            Request::Several(several) => {
                let mut answers = Vec::new();
                for (_, request) in &several.each {
                    answers.push(self.prepare_tasks(request).await);
                }
                return Ok(Answer::Several(answers));
            }
            Request::Actions { .. } | Request::Act(_) => return Box::pin(self.prepare_action(request)).await,
            Request::TaskWays(_) | Request::Again { .. } | Request::End { .. } => {
                return self.prepare_tasks(request).await;
            }
            Request::Ways(release) => {
                let earlier = ground.release_of(journal, release).await?;
                let ways = ways(&earlier, ground.environment.as_ref()).await?;
                return Ok(Answer::Ways(Box::new(earlier), ways));
            }
        };
        Ok(Answer::Preview(Box::new(prepared.preview(ground, journal).await?)))
    }

    pub(super) async fn start(&self, words: Vec<String>) -> Result<ReleaseId, Failure> {
        self.ground.permit("release")?;
        // It was asked for when the plan was made.
        self.ground.unlock()?;
        self.hand_over(words, None).await?.ready().await
    }

    pub(super) async fn cancel(&self, release: &ReleaseId, repository: &Repository) -> Result<(), Failure> {
        let permit = self.ground.permit("cancel")?;
        let journal = self.journal().await?;
        if release.task().is_some() {
            return self.end_tasks(release, permit).await;
        }
        let row = AuditRow::begun(Timestamp::now(), &command::who(), Act::Cancel, release.as_str());
        let work = async {
            attach::cancel(&self.ground.paths, journal, release, repository, permit).await?;
            Ok(((), Ended::with(None, None)))
        };
        journal.audited(row, work).await
    }
}
