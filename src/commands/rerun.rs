//! `windlass rerun`: an earlier release once more, or from one of its steps on.

use super::{
    args::RerunArgs,
    carry_out::{self, Job},
    ground::{Ground, image_of},
    release::{confirm, preview, supported, tell_plan, text, who},
};
use crate::{
    domain::{audit::Act, failure::Failure},
    git::Checkout,
    release::rerun,
};

pub async fn run(ground: &Ground, args: RerunArgs) -> Result<u8, Failure> {
    let project = ground.project()?;
    let journal = ground.journal().await?;
    let earlier = ground.release(&journal, &args.release).await?;
    rerun::repeatable(&earlier)?;
    supported(&project, image_of(&project, &earlier)?.secret.store)?;
    let checkout = Checkout::open(&project.root).await?;
    let beginning = if let Some(first) = args.from {
        rerun::from(&earlier, first, args.manner.move_tags, &who(), ground.environment.as_ref()).await?
    } else {
        let scratch = ground.paths.run();
        rerun::anew(&earlier, &project, &checkout, &journal, args.manner.move_tags, &who(), &scratch).await?
    };
    let plan = &beginning.plan;
    if args.manner.dry_run {
        return tell_plan(ground, &preview(&ground.reader_of(plan)?, plan.clone()).await?);
    }
    let permit = ground.permit("rerun")?;
    if !args.manner.yes && !ground.detached {
        let id = &earlier.plan.release;
        let what = async || {
            let first = args.from.map_or("with new tags".to_owned(), |step| format!("from {} on", step.name()));
            let preview = preview(&ground.reader_of(plan)?, plan.clone()).await?;
            Ok(format!("release {id} once more, {first}\n{}", text(ground.output.err, &preview)))
        };
        let next = format!("look at `windlass rerun {id} --dry-run`, then say --yes");
        confirm(ground, what, &next).await?;
    }
    if args.manner.detach {
        return carry_out::detached(ground, permit).await;
    }
    let job = Job { act: Act::Rerun, beginning, from_worktree: true };
    Box::pin(carry_out::run(ground, &project, &checkout, &journal, job, permit)).await
}
