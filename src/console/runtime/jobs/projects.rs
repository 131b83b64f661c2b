//! Reads the project and the list of known ones; enters, forgets and makes projects.

use std::path::Path;

use super::Shared;
use crate::{
    commands::init,
    config::{ConfigError, Known, PROJECT_FILE, load, write_new},
    console::{
        message::{Drafted, Message},
        model::{Image, KnownProject, Past, Project},
    },
    domain::{failure::Failure, name::ProjectName, plan::Runner},
    journal::{Journal, ReleaseFilter},
};

impl Shared {
    /// The project of this console. One that is used here is known from then on.
    pub(super) async fn project(&self) -> Message {
        let project = match self.ground.project() {
            Ok(project) => project,
            Err(failure) if self.ground.place.is_no_project() => return Message::NoProject(failure),
            Err(failure) => return Message::Project(Err(failure)),
        };
        if let Err(error) = self.ground.remember() {
            self.tell(Message::NotRemembered(error.into())).await;
        }
        let image = |image: crate::config::Image| Image { name: image.name, repository: image.repository };
        let begun = (project.runner == Runner::Taskcluster).then(|| project.trigger().by());
        let cluster = project.taskcluster.map(|taskcluster| taskcluster.root_url.host());
        Message::Project(Ok(Project { begun, images: project.images.into_iter().map(image).collect(), cluster }))
    }

    pub(super) async fn known(&self) -> Result<Vec<KnownProject>, Failure> {
        let journal = self.journal().await?;
        let open = self.ground.project().ok().map(|project| project.root);
        let mut projects = Vec::new();
        for (name, folder) in Known::load(&self.ground.paths)?.iter() {
            let past = match self.last_release(journal, folder).await {
                Ok(past) => past,
                Err(failure) => Past::Wrong(failure),
            };
            projects.push(KnownProject {
                name: name.clone(),
                folder: folder.display().to_string(),
                open: open.as_deref() == Some(folder),
                past,
            });
        }
        Ok(projects)
    }

    async fn last_release(&self, journal: &Journal, folder: &Path) -> Result<Past, Failure> {
        let file = folder.join(PROJECT_FILE);
        if !file.exists() {
            return Ok(Past::Gone);
        }
        let repositories = load(folder, Some(&file))?.images.into_iter().map(|image| image.repository).collect();
        let of = ReleaseFilter { repositories, ..ReleaseFilter::default() };
        let last = journal.releases(of, 1).await?.releases.into_iter().next();
        let Some(mut last) = last else { return Ok(Past::NoRelease) };
        self.ground.check_alive(journal, &mut last).await?;
        Ok(Past::Last(Box::new(last)))
    }

    pub(super) fn forget(&self, name: &ProjectName) -> Result<(), Failure> {
        let permit = self.ground.permit("forgetting a project")?;
        Ok(Known::forget(&self.ground.paths, name, permit)?)
    }

    /// What `windlass init` would write here, or what it would have to ask.
    pub(super) async fn draft(&self) -> Result<Drafted, Failure> {
        self.ground.permit("init")?;
        let (file, draft) = init::proposed(&self.ground).await?;
        let file = file.to_str().ok_or_else(|| ConfigError::Unnameable { folder: file.clone() })?;
        Ok(match draft {
            Ok(draft) => Drafted::File { file: file.to_owned(), text: draft.text() },
            Err(untold) => Drafted::Asks(untold.why),
        })
    }

    pub(super) fn write_project(&self, file: &str, text: &str) -> Result<(), Failure> {
        let permit = self.ground.permit("init")?;
        Ok(write_new(Path::new(file), text, permit)?)
    }
}
