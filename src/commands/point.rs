//! `windlass point`: a moving tag rolled back to the image of a release.

use super::{
    args::PointArgs,
    carry_out::{self, Job, Prepared},
    ground::{Ground, image_of},
    json,
    release::{confirm, who},
    show,
};
use crate::{
    domain::{audit::Act, failure::Failure, plan::TagKind, reference::Tag, release::Release},
    git::Checkout,
    journal::Journal,
    release::point,
};

pub async fn run(ground: &Ground, args: PointArgs) -> Result<u8, Failure> {
    let permit = ground.permit("point")?;
    let journal = ground.journal().await?;
    let target = ground.release(&journal, &args.release).await?;
    let (tag, id) = (&args.tag, &target.plan.release);
    let prepared = prepare(ground, &journal, tag, &target).await?;
    // Whoever waits for a process of its own reads nothing but its failure.
    if !ground.detached {
        let preview = prepared.preview(ground, &journal).await?;
        let rows = preview.rows(ground.output.err.signs());
        let change = rows.into_iter().find(|(label, _)| *label == TagKind::Moving.word()).map(|(_, change)| change);
        let change = format!("{}: {}", preview.plan.repository, change.unwrap_or_default());
        if preview.changes_nothing() {
            ground.output.note(&change);
            ground.output.result(|| json::one_release(&target), |style| show::text(style, &target, &[]))?;
            return Ok(0);
        }
        if args.yes {
            ground.output.note(&change);
        } else {
            confirm(ground, async || Ok(change), &format!("if that is meant: windlass point {tag} {id} --yes")).await?;
        }
    }
    Box::pin(carry_out::run(ground, &journal, prepared, permit)).await
}

/// This moving tag put on the image of this release.
pub async fn prepare(ground: &Ground, journal: &Journal, tag: &Tag, target: &Release) -> Result<Prepared, Failure> {
    let project = ground.project()?;
    image_of(&project, target)?;
    let checkout = Checkout::open(&project.root).await?;
    let client = ground.reader_of(&target.plan).await?;
    let (plan, manifest) = point::prepare(tag, target, journal, &client, &who()).await?;
    let beginning = point::beginning(plan, manifest, target);
    Ok(Prepared { project, checkout, job: Job { act: Act::Point, beginning, from_worktree: false } })
}
