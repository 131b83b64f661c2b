//! Carries out effects. Each is a task that ends with a message; none changes anything else of the console.

use std::{cmp::Reverse, ffi::OsString, sync::Arc};

use jiff::Timestamp;
use tokio::sync::{
    OnceCell,
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

use super::{
    logs::{Logs, Search},
    question::Question,
    watch::Watch,
};
use crate::{
    commands::{ground::Ground, release as command, tags},
    console::{
        effect::Effect,
        message::{Listing, Message, News},
        model::{Depth, Image, Project},
    },
    domain::{
        audit::{Act, AuditRow, Ended},
        failure::Failure,
        name::ReleaseId,
        preview::Preview,
        reference::Repository,
        table::Table,
    },
    git::Checkout,
    journal::{Journal, ReleaseFilter},
    release::{
        attach::{self, Follower},
        detach, plan,
    },
    verify,
};

/// Releases that the list has, of each repository.
const LISTED: usize = 100;

pub struct Jobs {
    shared: Arc<Shared>,
    logs: Logs,
    question: Question,
}

/// What every job stands on.
struct Shared {
    ground: Ground,
    /// Opened by the first that needs it, together with the eye on it.
    journal: OnceCell<(Journal, Option<Watch>)>,
    to: UnboundedSender<Message>,
}

impl Jobs {
    pub fn new(mut ground: Ground) -> Result<(Self, UnboundedReceiver<Message>), Failure> {
        let (to, inbox) = unbounded_channel();
        let question = Question::default();
        ground.passphrase = question.asked_through(to.clone());
        let logs = Logs::new(ground.paths.logs(), to.clone())?;
        let shared = Arc::new(Shared { ground, journal: OnceCell::new(), to });
        Ok((Self { shared, logs, question }, inbox))
    }

    pub fn start(&self, effect: Effect) {
        let shared = Arc::clone(&self.shared);
        match effect {
            Effect::ReadLog { release, part } => self.logs.read(release, part),
            Effect::SearchLog { release, pattern, from, most } => {
                self.logs.search(Search { release, pattern, from, most });
            }
            Effect::Answer(answer) => self.question.answer(answer.as_ref()),
            Effect::Follow { release, repository, after } => {
                tokio::spawn(async move { shared.follow(release, &repository, after).await });
            }
            effect => {
                tokio::spawn(async move {
                    if let Some(message) = shared.answer(effect).await {
                        shared.tell(message);
                    }
                });
            }
        }
    }
}

/// The words between `windlass` and a command that a process started by us gets too.
pub fn flags(ground: &Ground) -> Vec<OsString> {
    ground.config.iter().flat_map(|file| ["--config".into(), file.clone().into_os_string()]).collect()
}

impl Shared {
    fn tell(&self, message: Message) {
        // The console has ended when nobody is there to be told.
        let _ = self.to.send(message);
    }

    async fn answer(&self, effect: Effect) -> Option<Message> {
        Some(match effect {
            Effect::LoadProject => Message::Project(self.project()),
            Effect::LoadReleases(repositories) => Message::Releases(Box::pin(self.releases(repositories)).await),
            Effect::LoadTags { image, depth } => {
                let table = Box::pin(self.tags(&image, depth)).await;
                Message::Tags(image, table)
            }
            Effect::Plan { image } => {
                let planned = Box::pin(self.plan(&image)).await.map(Box::new);
                Message::Planned(image, planned)
            }
            Effect::Start { words } => Message::Started(self.start(words).await),
            Effect::Cancel { release, repository } => {
                let told = Box::pin(self.cancel(&release, &repository)).await;
                Message::CancelTold(release, told)
            }
            // Those are carried out elsewhere.
            Effect::Follow { .. }
            | Effect::ReadLog { .. }
            | Effect::SearchLog { .. }
            | Effect::Answer(_)
            | Effect::Suspend
            | Effect::Quit => return None,
        })
    }

    fn project(&self) -> Result<Project, Failure> {
        let project = self.ground.project()?;
        let image = |image: crate::config::Image| Image { name: image.name, repository: image.repository };
        Ok(Project { images: project.images.into_iter().map(image).collect() })
    }

    async fn journal(&self) -> Result<&Journal, Failure> {
        let opened = self.journal.get_or_try_init(|| async {
            let journal = self.ground.journal().await?;
            let watch = match Watch::begin(&self.ground.paths, self.to.clone()) {
                Ok(watch) => Some(watch),
                Err(failure) => {
                    self.tell(Message::Unwatched(failure));
                    None
                }
            };
            Ok::<_, Failure>((journal, watch))
        });
        Ok(&opened.await?.0)
    }

    async fn releases(&self, repositories: Vec<Repository>) -> Result<Listing, Failure> {
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

    async fn tags(&self, image: &str, depth: Depth) -> Result<Table, Failure> {
        let project = self.ground.project()?;
        let image = project.image(Some(image))?;
        let journal = self.journal().await?;
        let (client, locks) = (self.ground.reader(image)?, self.ground.paths.run());
        let fresh = depth == Depth::Fresh;
        verify::table(&verify::Question { fresh, ..tags::about(image, &client, journal, &locks) }).await
    }

    async fn follow(&self, release: ReleaseId, repository: &Repository, after: u64) {
        let tell = |news| self.tell(Message::News(release.clone(), news));
        let follow = async {
            let journal = self.journal().await?;
            let mut follower = Follower::open(&self.ground.paths, journal, &release, repository, after).await?;
            loop {
                match follower.next().await? {
                    attach::News::Event(stamped) => tell(News::Event(stamped)),
                    attach::News::Progress(progress) => tell(News::Progress(progress)),
                    attach::News::Log { lines, .. } => tell(News::Log(lines)),
                    attach::News::Ended => return Ok(News::Ended),
                    attach::News::Interrupted => return Ok(News::Interrupted),
                }
            }
        };
        let last = Box::pin(follow).await.unwrap_or_else(News::Lost);
        tell(last);
    }

    async fn plan(&self, image: &str) -> Result<Preview, Failure> {
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

    async fn start(&self, words: Vec<String>) -> Result<ReleaseId, Failure> {
        let permit = self.ground.permit("release")?;
        let here = std::env::current_dir().map_err(|e| {
            Failure::usage("the current folder cannot be read", e.to_string(), "leave, and change to the project")
        })?;
        let words: Vec<OsString> = flags(&self.ground).into_iter().chain(words.into_iter().map(Into::into)).collect();
        // It was asked for when the plan was made.
        let passphrase = self.ground.unlock()?;
        detach::start(&here, &words, passphrase.as_ref(), permit).await
    }

    async fn cancel(&self, release: &ReleaseId, repository: &Repository) -> Result<(), Failure> {
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
