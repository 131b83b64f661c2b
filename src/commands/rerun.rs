//! `windlass rerun`: earlier releases once more, or from one of their steps on. Of one on Taskcluster see
//! `cluster_again.rs`.

use super::{
    args::{Manner, ReleaseArg, RerunArgs},
    carry_out::{self, Job, Prepared},
    cluster_again,
    ground::{Ground, image_of},
    release::{tell_plan, text, who},
    seen::{Seen, seen_to_change},
    turns::{Looked, Turn, Way, turns},
};
use crate::{
    domain::{audit::Act, event::Step, failure::Failure, nearest::nearest, permission::MayWrite, release::Release},
    git::Checkout,
    journal::Journal,
    release::rerun,
};

pub async fn run(ground: &Ground, args: RerunArgs) -> Result<u8, Failure> {
    let journal = ground.journal().await?;
    let Manner { dry_run, yes, detach, .. } = args.manner;
    let way = Way { command: "rerun", dry_run, yes, detach };
    let look = async |wanted: &ReleaseArg| {
        Ok(match seen_to_change(ground, &journal, wanted).await? {
            Seen::Here(earlier) => Looked::Here(Box::new(here(ground, &journal, *earlier, &args).await?)),
            Seen::There(there) => {
                let looked = Box::pin(cluster_again::look(ground, &journal, *there, &args)).await?;
                Looked::There(Box::new(looked))
            }
        })
    };
    turns(ground, &journal, way, &args.releases, look).await
}

/// One of this machine, which is to be done once more.
struct Here {
    earlier: Release,
    from: Option<Step>,
    prepared: Prepared,
    detach: bool,
}

async fn here(ground: &Ground, journal: &Journal, earlier: Release, args: &RerunArgs) -> Result<Here, Failure> {
    let from = step(&earlier, args)?;
    let prepared = prepare(ground, journal, &earlier, from, args.manner.move_tags).await?;
    Ok(Here { earlier, from, prepared, detach: args.manner.detach })
}

impl Turn for Here {
    fn named(&self) -> String {
        self.earlier.plan.release.to_string()
    }

    fn refused(&self) -> Option<Failure> {
        None
    }

    fn asks(&self) -> bool {
        true
    }

    fn outlives(&self) -> bool {
        true
    }

    async fn shown(&self, ground: &Ground, journal: &Journal) -> Result<String, Failure> {
        let Self { earlier, from, prepared, .. } = self;
        let first = from.map_or("with new tags".to_owned(), |step| format!("from {} on", step.name()));
        let preview = prepared.preview(ground, journal).await?;
        let id = &earlier.plan.release;
        Ok(format!("release {id} once more, {first}\n{}", text(ground.output.err, &preview)))
    }

    async fn tell(&self, ground: &Ground, journal: &Journal) -> Result<(), Failure> {
        tell_plan(ground, &self.prepared.preview(ground, journal).await?).map(drop)
    }

    async fn carry_out(self, ground: &Ground, journal: &Journal, permit: MayWrite) -> Result<u8, Failure> {
        if self.detach {
            return carry_out::detached(ground, permit).await;
        }
        Box::pin(carry_out::run(ground, journal, self.prepared, permit)).await
    }
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
