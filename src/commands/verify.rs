//! `windlass verify`: everything fetched and hashed now; the exit code is the verdict.

use super::{
    args::VerifyArgs,
    ground::{self, Ground},
    json, table,
};
use crate::{
    domain::{
        failure::Failure,
        reference::{NotAReference, Repository, Tag},
        table::Table,
        verdict::{Class, Verdict},
    },
    registry::Client,
    verify::{self, Question},
};

pub async fn run(ground: &Ground, args: &VerifyArgs) -> Result<u8, Failure> {
    let journal = ground.journal().await?;
    let (client, repository, tag) = asked(ground, args).await?;
    ground.keep_records(&journal).await;
    let question = Question {
        repository: &repository,
        client: &client,
        journal: &journal,
        locks: &ground.paths.run(),
        folder: args.records.records.as_deref(),
        tags: tag.clone().map(|tag| vec![tag]),
        fresh: true,
    };
    let mut table = verify::table(&question).await?;
    if args.deep {
        verify::deep(&client, &mut table, &mut |text| ground.output.note(text)).await?;
    }
    ground
        .output
        .result(|| json::tags(&repository, &table), |style| table::side_by_side(style, &repository, &table))?;
    Ok(exit_code(&table, tag.is_some(), args.strict))
}

/// The client, repository and tag that REF names: `REPOSITORY:TAG` needs no project.
async fn asked(ground: &Ground, args: &VerifyArgs) -> Result<(Client, Repository, Option<Tag>), Failure> {
    let wrong = |e: NotAReference| {
        Failure::usage(
            "that names no tag",
            e.to_string(),
            "write TAG, or REPOSITORY:TAG as in docker.io/team/app:latest",
        )
    };
    let project = ground.project();
    let Some(reference) = &args.reference else {
        let project = project?;
        let image = ground::image(&project, &args.image)?;
        return Ok((ground.reader(image).await?, image.repository.clone(), None));
    };
    let Some((repository, tag)) = reference.rsplit_once(':').filter(|(left, _)| left.contains('/')) else {
        let project = project?;
        let image = ground::image(&project, &args.image)?;
        return Ok((ground.reader(image).await?, image.repository.clone(), Some(reference.parse().map_err(wrong)?)));
    };
    let repository: Repository = repository.parse().map_err(wrong)?;
    let tag = Some(tag.parse().map_err(wrong)?);
    let image = project.ok().and_then(|p| p.images.into_iter().find(|i| i.repository == repository));
    let client = match image {
        Some(image) => ground.reader(&image).await?,
        None => ground.client(&repository, None)?,
    };
    Ok((client, repository, tag))
}

/// 1 if any verdict is bad, else 3 if any denied, else 4 if any could not be had, else 0.
fn exit_code(table: &Table, named: bool, strict: bool) -> u8 {
    let verdicts: Vec<Verdict> = table.rows.iter().map(|r| r.judgement.verdict).collect();
    let bad = |v: &Verdict| {
        v.class() == Class::Bad || (named && *v == Verdict::NotRecorded) || (strict && v.class() == Class::Notice)
    };
    if verdicts.iter().any(bad) {
        1
    } else if verdicts.contains(&Verdict::Denied) {
        3
    } else if verdicts.iter().any(|v| v.class() == Class::Unknown) {
        4
    } else {
        0
    }
}
