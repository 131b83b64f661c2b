//! Asks the registry what the tags of an image show, beside what was recorded.

use super::Shared;
use crate::{
    commands::tags,
    console::model::Depth,
    domain::{failure::Failure, table::Table},
    verify,
};

impl Shared {
    pub(super) async fn tags(&self, image: &str, depth: Depth) -> Result<Table, Failure> {
        let project = self.ground.project()?;
        let image = project.image(Some(image))?;
        let journal = self.journal().await?;
        let (client, locks) = (self.ground.reader(image)?, self.ground.paths.run());
        let fresh = depth == Depth::Fresh;
        verify::table(&verify::Question { fresh, ..tags::about(image, &client, journal, &locks) }).await
    }
}
