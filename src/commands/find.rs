//! `windlass find`: what a digest is, in one sentence.

use serde_json::json;

use super::{args::ImageArg, ground::Ground};
use crate::{
    domain::failure::Failure,
    journal::Journal,
    verify::find::{Finding, Sought, find},
};

pub async fn run(ground: &Ground, digest: &str, image: &ImageArg) -> Result<u8, Failure> {
    let journal = ground.journal().await?;
    let found = found(ground, &journal, digest, image.image.as_deref()).await?;
    ground.output.result(
        || json!({"schema": "windlass.find/1", "sought": digest, "found": found}),
        |_| found.iter().map(|f| f.sentence.as_str()).collect::<Vec<_>>().join("\n"),
    )?;
    Ok(0)
}

/// What a digest is: by the records, and in the repository of this image or in those of all of the project's images.
///
/// # Errors
/// When it is no digest, or nobody knows it.
pub async fn found(
    ground: &Ground,
    journal: &Journal,
    digest: &str,
    image: Option<&str>,
) -> Result<Vec<Finding>, Failure> {
    let sought = Sought::parse(digest)?;
    let mut clients = Vec::new();
    if let Ok(project) = ground.project() {
        for candidate in &project.images {
            if image.is_none_or(|name| name == candidate.name) {
                clients.push(ground.reader(candidate).await?);
            }
        }
    }
    let found = find(&sought, journal, &clients).await?;
    if found.is_empty() {
        return Err(Failure::failed(
            format!("{digest} is not known"),
            "no record, no image seen before and no repository of this project has it",
            "see the newest state first: windlass tags --fresh",
        ));
    }
    Ok(found)
}
