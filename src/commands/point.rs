//! `windlass point`: a moving tag rolled back to the image of a release.

use super::{
    args::PointArgs,
    carry_out::{self, Job},
    ground::{Ground, image_of},
    release::{confirm, supported, who},
};
use crate::{
    domain::{audit::Act, digest::Digest, failure::Failure, reference::Repository},
    git::Checkout,
    journal::Journal,
    registry::Reference,
    release::point,
};

pub async fn run(ground: &Ground, args: PointArgs) -> Result<u8, Failure> {
    let permit = ground.permit("point")?;
    let project = ground.project()?;
    let journal = ground.journal().await?;
    let target = ground.release(&journal, &args.release).await?;
    supported(&project, image_of(&project, &target)?.secret.store)?;
    let checkout = Checkout::open(&project.root).await?;
    let (tag, id) = (&args.tag, &target.plan.release);
    let client = ground.reader_of(&target.plan)?;
    let (plan, manifest) = point::prepare(tag, &target, &journal, &client, &who()).await?;
    let old = match client.head(&Reference::Tag(tag.clone())).await? {
        Some(digest) => cited(&journal, &plan.repository, &digest).await?,
        None => "nothing".to_owned(),
    };
    let new = format!("{} (release {id})", manifest.digest.short());
    let change = format!("{tag} of {}: {old} → {new}", plan.repository);
    if args.yes {
        ground.output.note(&change);
    } else {
        confirm(ground, async || Ok(change), &format!("if that is meant: windlass point {tag} {id} --yes")).await?;
    }
    let beginning = point::beginning(plan, manifest, &target);
    let job = Job { act: Act::Point, beginning, from_worktree: false };
    Box::pin(carry_out::run(ground, &project, &checkout, &journal, job, permit)).await
}

/// A digest with the release that recorded it last.
async fn cited(journal: &Journal, repository: &Repository, digest: &Digest) -> Result<String, Failure> {
    let records = journal.records(repository).await?;
    let of = records.iter().find(|record| record.top_digests().any(|top| top == digest));
    let whose = of.map_or("of no record".to_owned(), |record| format!("release {}", record.release));
    Ok(format!("{} ({whose})", digest.short()))
}
