//! `windlass rerun`: an earlier release once more, or from one of its steps on.

use super::{
    args::RerunArgs,
    carry_out::{self, Job, Prepared},
    ground::{Ground, image_of},
    release::{confirm, supported, tell_plan, text, who},
};
use crate::{
    domain::{audit::Act, event::Step, failure::Failure, release::Release},
    git::Checkout,
    journal::Journal,
    release::rerun,
};

pub async fn run(ground: &Ground, args: RerunArgs) -> Result<u8, Failure> {
    let journal = ground.journal().await?;
    let earlier = ground.release(&journal, &args.release).await?;
    let prepared = prepare(ground, &journal, &earlier, args.from, args.manner.move_tags).await?;
    if args.manner.dry_run {
        return tell_plan(ground, &prepared.preview(ground, &journal).await?);
    }
    let permit = ground.permit("rerun")?;
    if !args.manner.yes && !ground.detached {
        let id = &earlier.plan.release;
        let what = async || {
            let first = args.from.map_or("with new tags".to_owned(), |step| format!("from {} on", step.name()));
            let preview = prepared.preview(ground, &journal).await?;
            Ok(format!("release {id} once more, {first}\n{}", text(ground.output.err, &preview)))
        };
        let next = format!("look at `windlass rerun {id} --dry-run`, then say --yes");
        confirm(ground, what, &next).await?;
    }
    if args.manner.detach {
        return carry_out::detached(ground, permit).await;
    }
    Box::pin(carry_out::run(ground, &journal, prepared, permit)).await
}

/// This release once more from this step on; without one, the whole of it under new tags.
pub async fn prepare(
    ground: &Ground,
    journal: &Journal,
    earlier: &Release,
    first: Option<Step>,
    move_tags: bool,
) -> Result<Prepared, Failure> {
    let project = ground.project()?;
    rerun::repeatable(earlier)?;
    supported(&project)?;
    image_of(&project, earlier)?;
    let checkout = Checkout::open(&project.root).await?;
    let beginning = if let Some(first) = first {
        rerun::from(earlier, first, move_tags, &who(), ground.environment.as_ref()).await?
    } else {
        let scratch = ground.paths.run();
        rerun::anew(earlier, &project, &checkout, journal, move_tags, &who(), &scratch).await?
    };
    Ok(Prepared { project, checkout, job: Job { act: Act::Rerun, beginning, from_worktree: true } })
}
