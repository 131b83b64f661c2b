//! Carries out effects. Each is a task that ends with a message; none changes anything else of the console. What they
//! do is in the files of this folder, one an area.

mod actions;
mod activity;
mod begin;
mod cluster;
mod doctor;
mod faults;
mod log;
mod outside;
mod projects;
mod releases;
mod secrets;
mod tags;

use std::{ffi::OsString, sync::Arc};

use tokio::sync::{Mutex, OnceCell, RwLock};

use super::{
    Outbox,
    logs::{Logs, Request},
    question::Question,
    watch::Watch,
};
use crate::{
    commands::{ground::Ground, place::Place},
    console::{
        effect::Effect,
        message::{Message, Save, Verified},
    },
    domain::{failure::Failure, name::ProjectName},
    journal::Journal,
    release::cluster::Cluster,
    secrets::Passphrase,
};

pub struct Jobs {
    shared: Arc<Shared>,
    logs: Logs,
    question: Question,
    handing: Handing,
}

/// Held for reading by whatever must be handed over before the console ends, for writing by its end.
pub type Handing = Arc<RwLock<()>>;

/// What every job stands on.
struct Shared {
    ground: Ground,
    /// Opened by the first that needs it, together with the eye on it.
    journal: OnceCell<(Journal, Option<Watch>)>,
    /// As whoever had credentials when it was made.
    cluster: Mutex<Option<Arc<Cluster>>>,
    to: Outbox,
}

impl Jobs {
    /// What they find out goes `to` the model.
    pub fn new(mut ground: Ground, to: Outbox, handing: Handing) -> Result<Self, Failure> {
        let question = Question::default();
        // One that was typed in this console already opens the vault for every project.
        ground.passphrase = match ground.passphrase.used() {
            Some(known) => Passphrase::given(known),
            None => question.asked_through(to.clone()),
        };
        let logs = Logs::new(ground.paths.logs(), to.clone())?;
        let shared = Arc::new(Shared { ground, journal: OnceCell::new(), cluster: Mutex::default(), to });
        Ok(Self { shared, logs, question, handing })
    }

    /// What the jobs of another known project stand on.
    pub fn ground_of(&self, project: ProjectName) -> Result<Ground, Failure> {
        let ground = &self.shared.ground;
        Ok(Ground { place: Place::named(project, &ground.paths)?, ..ground.clone() })
    }

    pub fn start(&self, effect: Effect) {
        let shared = Arc::clone(&self.shared);
        match effect {
            Effect::ReadLog { release, sight } => self.logs.ask(Request::Read(release, *sight)),
            Effect::SearchLog { release, wanted } => self.logs.ask(Request::Search(release, wanted)),
            Effect::TakeLines { release, lines, filter } => {
                self.logs.ask(Request::Take(release, lines, filter));
            }
            Effect::ReadSteps { release } => self.logs.ask(Request::Steps(release)),
            Effect::FindInLog { release, wanted, which } => self.logs.ask(Request::Find(release, wanted, which)),
            Effect::Answer(answer) => self.question.answer(answer.as_ref()),
            Effect::Follow { release, repository, after } => {
                tokio::spawn(async move {
                    // Nobody is told any more once the console has ended, or is about another project.
                    tokio::select! {
                        () = shared.to.closed() => {}
                        () = shared.follow(release, &repository, after) => {}
                    }
                });
            }
            Effect::LookAtCluster { .. } | Effect::LookAtTasks { .. } | Effect::FetchLog { .. } => {
                tokio::spawn(async move {
                    tokio::select! {
                        () = shared.to.closed() => {}
                        () = shared.look_at_cluster(effect) => {}
                    }
                });
            }
            Effect::Examine(which) => {
                tokio::spawn(async move { shared.examine(which).await });
            }
            Effect::Begin { words, agreed } => {
                // The end, which alone writes, comes after all keys.
                let held = Arc::clone(&self.handing).try_read_owned().ok();
                tokio::spawn(async move {
                    let started = shared.hand_over(words, agreed.as_deref()).await;
                    drop(held);
                    let begun = async { started?.ready().await };
                    shared.tell(Message::Started(begun.await)).await;
                });
            }
            effect => {
                tokio::spawn(async move {
                    if let Some(message) = shared.answer(effect).await {
                        shared.tell(message).await;
                    }
                });
            }
        }
    }
}

/// The words between `windlass` and a command that a process started by us gets too.
pub fn flags(ground: &Ground) -> Vec<OsString> {
    ground.place.words()
}

impl Shared {
    async fn tell(&self, message: Message) {
        // The console has ended when nobody is there to be told.
        let _ = self.to.send(message).await;
    }

    async fn answer(&self, effect: Effect) -> Option<Message> {
        Some(match effect {
            Effect::LoadProject => self.project().await,
            Effect::LoadKnown => Message::Known(Box::pin(self.known()).await),
            Effect::Forget(name) => {
                let forgotten = self.forget(&name);
                Message::Forgotten(name, forgotten)
            }
            Effect::DraftProject => Message::Drafted(Box::pin(self.draft()).await),
            Effect::WriteProject { file, text } => {
                let written = self.write_project(&file, &text);
                Message::Written(file, written)
            }
            Effect::LoadReleases(repositories) => Message::Releases(Box::pin(self.releases(repositories, None)).await),
            Effect::LoadOlder { repositories, before } => {
                Message::Older(Box::pin(self.releases(repositories, Some(before))).await)
            }
            Effect::LoadTags { image, depth } => {
                let table = Box::pin(self.tags(&image, depth)).await;
                Message::Tags(image, table)
            }
            Effect::LookAround => Message::Around(Box::pin(self.look_around()).await),
            Effect::ReadTrail => Message::Trail(self.trail().await),
            Effect::Prepare(request) => {
                let prepared = Box::pin(self.prepare(&request)).await;
                Message::Prepared(request, prepared)
            }
            Effect::Verify { image, release, tags, deep } => {
                let found = Box::pin(self.verify(&image, tags, deep)).await;
                Message::Verified(Verified { image, release, deep, found })
            }
            Effect::FindFault { release } => {
                let found = self.fault(&release).await;
                Message::Fault(release, found)
            }
            Effect::SaveLog { release, path, filter, over } => {
                let save = Save { release, path, filter };
                let saved = self.save(&save, over).await;
                Message::Saved(save, saved)
            }
            Effect::Download { left, path, over } => Box::pin(self.download(left, &path, over)).await,
            Effect::Start { words } => Message::Started(self.start(words).await),
            Effect::Act { act, payload } => Message::Acted(Box::pin(self.act(&act, &payload)).await),
            Effect::Cancel { release, repository } => {
                let told = Box::pin(self.cancel(&release, &repository)).await;
                Message::CancelTold(release, told)
            }
            Effect::SeeAsker => Message::Asker(Box::pin(self.asker()).await),
            Effect::Unlock => Message::Unlocked(self.unlock()),
            Effect::Copy(text) => self.copy(text).await,
            Effect::Browse(page) => {
                let opened = self.browse(&page).await;
                Message::Browsed(page, opened)
            }
            Effect::Secrets(errand) => Message::Secrets(Box::pin(self.secrets(errand)).await),
            // Those are carried out elsewhere.
            Effect::Follow { .. }
            | Effect::Begin { .. }
            | Effect::LookAtCluster { .. }
            | Effect::LookAtTasks { .. }
            | Effect::FetchLog { .. }
            | Effect::ReadLog { .. }
            | Effect::SearchLog { .. }
            | Effect::FindInLog { .. }
            | Effect::ReadSteps { .. }
            | Effect::TakeLines { .. }
            | Effect::Answer(_)
            | Effect::CopyByTerminal(_)
            | Effect::Lend(_)
            | Effect::Capture(_)
            | Effect::Examine(_)
            | Effect::OpenProject(_)
            | Effect::Suspend
            | Effect::Quit => return None,
        })
    }

    async fn journal(&self) -> Result<&Journal, Failure> {
        let opened = self.journal.get_or_try_init(|| async {
            let journal = self.ground.journal().await?;
            let watch = match Watch::begin(&self.ground.paths, self.to.clone()) {
                Ok(watch) => Some(watch),
                Err(failure) => {
                    self.tell(Message::Unwatched(failure)).await;
                    None
                }
            };
            Ok::<_, Failure>((journal, watch))
        });
        Ok(&opened.await?.0)
    }
}
