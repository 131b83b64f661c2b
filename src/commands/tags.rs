//! `windlass tags`: registry and record side by side, and the history of one tag.

use std::path::Path;

use serde_json::json;

use super::{
    args::{ImageArg, RecordsArg},
    ground::{self, Ground},
    json,
    output::{Cell, Tone, columns, time},
    table,
};
use crate::{
    config::Image,
    domain::{failure::Failure, reference::Tag},
    journal::Journal,
    registry::Client,
    verify::{self, Question},
};

pub async fn run(ground: &Ground, image: &ImageArg, fresh: bool, records: &RecordsArg) -> Result<u8, Failure> {
    let project = ground.project()?;
    let image = ground::image(&project, image)?;
    let journal = ground.journal().await?;
    let client = ground.reader(image)?;
    let folder = records.records.as_deref();
    let locks = ground.paths.run();
    let table = verify::table(&Question { folder, fresh, ..about(image, &client, &journal, &locks) }).await?;
    ground.output.result(
        || json::tags(&image.repository, &table),
        |style| table::side_by_side(style, &image.repository, &table),
    )?;
    Ok(0)
}

/// Every tag of an image, by what this machine knows.
pub fn about<'a>(image: &'a Image, client: &'a Client, journal: &'a Journal, locks: &'a Path) -> Question<'a> {
    Question { repository: &image.repository, client, journal, locks, folder: None, tags: None, fresh: false }
}

pub async fn history(ground: &Ground, image: &ImageArg, tag: &str) -> Result<u8, Failure> {
    let tag: Tag = tag.parse().map_err(|e: crate::domain::reference::NotAReference| {
        Failure::usage("that is not a tag", e.to_string(), "name one of `windlass tags`")
    })?;
    let project = ground.project()?;
    let image = ground::image(&project, image)?;
    let journal = ground.journal().await?;
    let client = ground.reader(image)?;
    let (tags, locks) = (Some(vec![tag.clone()]), ground.paths.run());
    let now = verify::table(&Question { tags, ..about(image, &client, &journal, &locks) }).await?;
    let sightings = journal.history(&image.repository, &tag).await?;
    let records = verify::records(&journal, &image.repository, None).await?;
    let release_of = |digest: Option<&crate::domain::digest::Digest>| {
        let digest = digest?;
        records.iter().find(|k| k.record.top_digests().any(|d| d == digest)).map(|k| k.record.release.to_string())
    };
    ground.output.result(
        || {
            let rows: Vec<_> = sightings
                .iter()
                .map(|s| {
                    json!({
                        "digest": s.digest, "first_seen": s.first_seen, "last_seen": s.last_seen,
                        "release": release_of(s.digest.as_ref()),
                    })
                })
                .collect();
            json!({
                "schema": "windlass.tag-history/1", "repository": image.repository, "tag": tag,
                "as_of": now.as_of, "rows": rows,
            })
        },
        |style| {
            if sightings.is_empty() {
                return format!("{tag} was never seen in {}", image.repository);
            }
            let rows: Vec<Vec<Cell>> = sightings
                .iter()
                .map(|s| {
                    vec![
                        Cell::new(time(s.first_seen)),
                        Cell::toned(format!("until {}", time(s.last_seen)), Tone::Dim),
                        Cell::new(s.digest.as_ref().map_or("absent".to_owned(), ToString::to_string)),
                        Cell::toned(release_of(s.digest.as_ref()).unwrap_or_else(|| "no record".into()), Tone::Dim),
                    ]
                })
                .collect();
            columns(style, &rows)
        },
    )?;
    Ok(0)
}
