//! `windlass tags`: registry and record side by side, and the history of one tag.

use std::path::Path;

use jiff::Timestamp;
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
    domain::{digest::Digest, failure::Failure, name::ReleaseId, observation::Sighting, reference::Tag},
    journal::Journal,
    registry::Client,
    verify::{self, Question},
};

pub async fn run(ground: &Ground, image: &ImageArg, fresh: bool, records: &RecordsArg) -> Result<u8, Failure> {
    let project = ground.project()?;
    let image = ground::image(&project, image)?;
    let journal = ground.journal().await?;
    ground.keep_records(&journal).await;
    let client = ground.reader(image).await?;
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
    let (as_of, past) = past(ground, &journal, image, &tag).await?;
    ground.output.result(
        || {
            let rows: Vec<_> = past
                .iter()
                .map(|(s, release)| {
                    json!({
                        "digest": s.digest, "first_seen": s.first_seen, "last_seen": s.last_seen,
                        "release": release,
                    })
                })
                .collect();
            json!({
                "schema": "windlass.tag-history/1", "repository": image.repository, "tag": tag,
                "as_of": as_of, "rows": rows,
            })
        },
        |style| {
            if past.is_empty() {
                return format!("{tag} was never seen in {}", image.repository);
            }
            let rows: Vec<Vec<Cell>> = past
                .iter()
                .map(|(s, release)| {
                    vec![
                        Cell::new(time(s.first_seen)),
                        Cell::toned(format!("until {}", time(s.last_seen)), Tone::Dim),
                        Cell::new(s.digest.as_ref().map_or("absent".to_owned(), ToString::to_string)),
                        Cell::toned(release.as_ref().map_or("no record".to_owned(), ToString::to_string), Tone::Dim),
                    ]
                })
                .collect();
            columns(style, &rows)
        },
    )?;
    Ok(0)
}

/// Looks at a tag now. Gives when that was, and what the tag showed over time, newest first, with the release that
/// recorded it.
pub async fn past(
    ground: &Ground,
    journal: &Journal,
    image: &Image,
    tag: &Tag,
) -> Result<(Timestamp, Vec<(Sighting, Option<ReleaseId>)>), Failure> {
    let client = ground.reader(image).await?;
    let (tags, locks) = (Some(vec![tag.clone()]), ground.paths.run());
    let now = verify::table(&Question { tags, ..about(image, &client, journal, &locks) }).await?;
    let records = verify::records(journal, &image.repository, None).await?;
    let release_of = |digest: &Digest| {
        let known = records.iter().find(|known| known.record.top_digests().any(|top| top == digest));
        known.map(|known| known.record.release.clone())
    };
    let sightings = journal.history(&image.repository, tag).await?.into_iter();
    let past = sightings.map(|sighting| {
        let release = sighting.digest.as_ref().and_then(release_of);
        (sighting, release)
    });
    Ok((now.as_of, past.collect()))
}
