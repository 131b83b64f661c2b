//! Lists releases, follows those that run, finds out what a new one would do, starts and cancels.

use std::{cmp::Reverse, ffi::OsString};

use jiff::Timestamp;

use super::{Shared, flags};
use crate::{
    commands::release as command,
    console::{
        message::{Listing, Message, News},
        model::Request,
        runtime::follow,
    },
    domain::{
        audit::{Act, AuditRow, Ended},
        failure::Failure,
        name::ReleaseId,
        preview::Preview,
        reference::Repository,
    },
    git::Checkout,
    journal::ReleaseFilter,
    release::{
        attach::{self, Follower},
        detach, plan,
    },
};

/// Releases that the list has, of each repository.
const LISTED: usize = 100;

impl Shared {
    pub(super) async fn releases(&self, repositories: Vec<Repository>) -> Result<Listing, Failure> {
        let journal = self.journal().await?;
        let filters: Vec<ReleaseFilter> = if repositories.is_empty() {
            vec![ReleaseFilter::default()]
        } else {
            repositories.into_iter().map(|r| ReleaseFilter { image: None, repository: Some(r) }).collect()
        };
        let several = filters.len() > 1;
        let mut all = Listing { releases: Vec::new(), damaged: 0 };
        for filter in filters {
            let listing = journal.releases(filter, LISTED).await?;
            all.releases.extend(listing.releases);
            all.damaged += listing.damaged.len();
        }
        for release in &mut all.releases {
            self.ground.check_alive(journal, release).await?;
        }
        // Those of one repository are in the order of their arrival, whatever the clock said.
        if several {
            all.releases.sort_by_key(|release| Reverse(release.started));
        }
        Ok(all)
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

    pub(super) async fn prepare(&self, request: &Request) -> Result<Preview, Failure> {
        let Request::Release { image } = request;
        let ground = &self.ground;
        ground.permit("release")?;
        let project = ground.project()?;
        let image = project.image(Some(image))?;
        command::supported(&project, image.secret.store)?;
        let journal = self.journal().await?;
        let checkout = Checkout::open(&project.root).await?;
        let (wishes, who) = (plan::Wishes::default(), command::who());
        let plan = plan::make(&project, image, &checkout, journal, &wishes, &who, &ground.paths.run()).await?;
        command::preview(&ground.reader(image)?, plan).await
    }

    pub(super) async fn start(&self, words: Vec<String>) -> Result<ReleaseId, Failure> {
        let permit = self.ground.permit("release")?;
        let here = self.ground.place.folder()?;
        let words: Vec<OsString> = flags(&self.ground).into_iter().chain(words.into_iter().map(Into::into)).collect();
        // It was asked for when the plan was made.
        let passphrase = self.ground.unlock()?;
        detach::start(&here, &words, passphrase.as_ref(), permit).await
    }

    pub(super) async fn cancel(&self, release: &ReleaseId, repository: &Repository) -> Result<(), Failure> {
        let permit = self.ground.permit("cancel")?;
        let journal = self.journal().await?;
        let row = AuditRow::begun(Timestamp::now(), &command::who(), Act::Cancel, release.as_str());
        let work = async {
            attach::cancel(&self.ground.paths, journal, release, repository, permit).await?;
            Ok(((), Ended::with(None, None)))
        };
        journal.audited(row, work).await
    }
}
