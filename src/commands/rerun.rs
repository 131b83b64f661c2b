//! `windlass rerun`: an earlier release once more, or from one of its steps on. Of one on Taskcluster see
//! `cluster_again.rs`.

use super::{
    args::RerunArgs,
    carry_out::{self, Job, Prepared},
    cluster_again,
    ground::{Ground, image_of},
    release::{confirm, tell_plan, text, who},
    seen::{Seen, seen_to_change},
};
use crate::{
    domain::{audit::Act, event::Step, failure::Failure, nearest::nearest, release::Release},
    git::Checkout,
    journal::Journal,
    release::rerun,
};

pub async fn run(ground: &Ground, args: RerunArgs) -> Result<u8, Failure> {
    let journal = ground.journal().await?;
    match seen_to_change(ground, &journal, &args.release).await? {
        Seen::Here(earlier) => Box::pin(here(ground, &journal, &earlier, &args)).await,
        Seen::There(there) => Box::pin(cluster_again::run(ground, &journal, *there, &args)).await,
    }
}

/// Of this machine.
async fn here(ground: &Ground, journal: &Journal, earlier: &Release, args: &RerunArgs) -> Result<u8, Failure> {
    let (id, from) = (&earlier.plan.release, step(earlier, args)?);
    let prepared = prepare(ground, journal, earlier, from, args.manner.move_tags).await?;
    if args.manner.dry_run {
        return tell_plan(ground, &prepared.preview(ground, journal).await?);
    }
    let permit = ground.permit("rerun")?;
    if !args.manner.yes && !ground.detached {
        let what = async || {
            let first = from.map_or("with new tags".to_owned(), |step| format!("from {} on", step.name()));
            let preview = prepared.preview(ground, journal).await?;
            Ok(format!("release {id} once more, {first}\n{}", text(ground.output.err, &preview)))
        };
        let next = format!("look at `windlass rerun {id} --dry-run`, then say --yes");
        confirm(ground, what, &next).await?;
    }
    if args.manner.detach {
        return carry_out::detached(ground, permit).await;
    }
    Box::pin(carry_out::run(ground, journal, prepared, permit)).await
}

/// The step to begin with, of a release that has no tasks.
fn step(earlier: &Release, args: &RerunArgs) -> Result<Option<Step>, Failure> {
    let id = &earlier.plan.release;
    if args.clone || !args.tasks.is_empty() {
        return Err(Failure::usage(
            format!("release {id} has no tasks"),
            "it ran on this machine; --task and --clone are for releases on Taskcluster",
            format!("take it up at a step: windlass rerun {id} --from STEP"),
        ));
    }
    let Some(name) = &args.from else { return Ok(None) };
    let names = Step::ALL.map(Step::name);
    Step::named(name).map(Some).ok_or_else(|| {
        let next = match nearest(name, names) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("one of {}", names.join(", ")),
        };
        Failure::usage(format!("a release has no step `{name}`"), format!("release {id} ran on this machine"), next)
    })
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
