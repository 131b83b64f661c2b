//! Asks the registry what the tags of an image show, beside what was recorded; all of them, or some anew.

use super::Shared;
use crate::{
    commands::tags::about,
    console::{message::Message, model::Depth},
    domain::{failure::Failure, reference::Tag, table::Table},
    verify,
};

impl Shared {
    pub(super) async fn tags(&self, image: &str, depth: Depth) -> Result<Table, Failure> {
        let project = self.ground.project()?;
        let image = project.image(Some(image))?;
        let journal = self.journal().await?;
        if project.taskcluster.is_some() {
            // The one that is looked through all the time: it knows what has not changed.
            let kept = async { self.cluster().await?.keep_records(journal).await };
            if let Err(failure) = kept.await {
                self.tell(Message::Unwatched(failure)).await;
            }
        }
        let (client, locks) = (self.ground.reader(image).await?, self.ground.paths.run());
        let fresh = depth == Depth::Fresh;
        verify::table(&verify::Question { fresh, ..about(image, &client, journal, &locks) }).await
    }

    /// These tags, and what could not be looked at.
    pub(super) async fn verify(
        &self,
        image: &str,
        tags: Vec<Tag>,
        deep: bool,
    ) -> Result<(Table, Vec<String>), Failure> {
        let project = self.ground.project()?;
        let image = project.image(Some(image))?;
        let journal = self.journal().await?;
        let (client, locks) = (self.ground.reader(image).await?, self.ground.paths.run());
        let question = verify::Question { fresh: true, tags: Some(tags), ..about(image, &client, journal, &locks) };
        let mut table = verify::table(&question).await?;
        let mut missed = Vec::new();
        if deep {
            verify::deep(&client, &mut table, &mut |text| missed.push(text.to_owned())).await?;
        }
        Ok((table, missed))
    }
}
